# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a GCC account: what is wrong is told at once, each in a sentence."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Settings, parse_settings
from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import ERROR_WORDS, STATUS_WORDS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_gcc.gspanel import (
    PASSWORD,
    PERSON,
    account,
)

ADDRESS = {"line1": "1", "city": "C", "region": "R", "postal_code": "1", "country": "JP", "phone": "03"}


def parsed(**settings: t.Any) -> Settings:
    found, errors = parse_settings(account(**settings))
    assert errors == [] and found is not None
    return found


def test_what_is_not_told_has_the_likeliest_default() -> None:
    settings = parsed()
    assert (settings.url, settings.cancel_word, settings.revoke_word) == (
        "https://system.globalsign.com/kb/ws/v1",
        "CANCEL",
        "REVOKE",
    )
    assert settings.products["globalsign-dv"].codes["file"] == "DV_HIGH_URL"
    assert settings.contact == {
        "FirstName": "Hana",
        "LastName": "Yamada",
        "Phone": "+81-3-0000-0000",
        "Email": "hana@example.jp",
    }
    assert PASSWORD not in repr(settings)


def test_products_levels_and_months_are_told() -> None:
    products = {"alphassl": {"level": "dv", "codes": {"dns": "DV_LOW_DNS"}, "months": 12}, "globalsign-ov": "OV"}
    found = parsed(products=products, months=3).products
    assert (found["alphassl"].months, found["alphassl"].codes) == (12, {"dns": "DV_LOW_DNS"})
    assert (found["globalsign-ov"].level, found["globalsign-ov"].codes, found["globalsign-ov"].months) == (
        "ov",
        {"": "OV"},
        3,
    )


def test_words_are_added_to_the_tables() -> None:
    settings = parsed(statuses={"11": "issuing", "2": "wants_approval"}, error_kinds={"-7777": "retry"})
    assert settings.statuses["11"] is Status.ISSUING and settings.statuses["2"] is Status.WANTS_APPROVAL
    assert settings.error_kinds["-7777"] == "retry"


def test_tables_have_each_word_once() -> None:
    assert len({row.code for row in ERROR_WORDS}) == len(ERROR_WORDS)
    assert [row.number for row in STATUS_WORDS] == [str(number) for number in range(1, 11)]
    assert {Status(row.means) for row in STATUS_WORDS}


WRONG = {
    "no user": ({"user_name": None}, "user_name is missing"),
    "a user with blanks": ({"user_name": "a b"}, "user_name must be"),
    "no contact": ({"contact": None}, "contact is missing"),
    "half a contact": ({"contact": {"first_name": "A"}}, "contact.last_name is missing"),
    "a contact that is none": ({"contact": {**PERSON, "email": "x"}}, "contact.email must be a mail address"),
    "a contact with more": ({"contact": {**PERSON, "mail": "x"}}, "contact.mail is unknown"),
    "no dictionary": ({"contact": "Hana"}, "contact must be a dictionary"),
    "plain http": ({"url": "http://gcc.example.jp/kb"}, "must be an https URL"),
    "an unknown setting": ({"user": "x"}, "unknown setting 'user'"),
    "a product without a level": ({"products": {"x": "OV_SHA2"}}, "products.x.level is missing"),
    "a product without a code": ({"products": {"x": {"level": "dv"}}}, "products.x.code is missing"),
    "a product of a strange method": (
        {"products": {"x": {"level": "dv", "codes": {"http": "DV"}}}},
        "products.x.codes has 'http'",
    ),
    "a code that is none": (
        {"products": {"x": {"level": "dv", "codes": {"dns": "dv low"}}}},
        "which is no ProductCode",
    ),
    "a product with more": (
        {"products": {"x": {"level": "ov", "code": "OV", "kind": 1}}},
        "products.x.kind is unknown",
    ),
    "no address": ({"organization": {"name": "A"}}, "organization.address is missing"),
    "a country that is none": (
        {"organization": {"name": "A", "address": {**ADDRESS, "country": "Japan"}}},
        "organization.address.country must be two capital letters",
    ),
    "half a credit agency": (
        {"organizations": {"a": {"name": "A", "address": ADDRESS, "credit_agency": "duns"}}},
        "organizations.a.code and credit_agency go together",
    ),
    "a block with a strange element": (
        {"organization": {"name": "A", "address": ADDRESS, "blocks": {"Approver Info": {}}}},
        "no name of an element",
    ),
    "an element that cannot be sent": ({"order_extra": {"Coupon": "a\x00"}}, "cannot be sent"),
    "an element that is no text": ({"order_extra": {"Coupon": 1.5}}, "which is no text"),
    "elements that are too deep": ({"order_extra": {"A": {"B": {"C": {"D": {"E": "x"}}}}}}, "nested deeper"),
    "a file without its token": ({"file_content": "x"}, "file_content must have"),
    "a code without its place": ({"dvc_text": "x"}, "dvc_text must have {code}"),
    "a place that is none": ({"txt_at": "apex"}, "txt_at must be one of"),
    "no search": ({"find_by": []}, "find_by must be a list"),
    "a strange search": ({"find_by": ["serial"]}, "find_by must be a list"),
    "a status that is none": ({"statuses": {"11": "done"}}, "statuses has 11 as 'done'"),
    "a kind that is none": ({"error_kinds": {"-1": "fatal"}}, "error_kinds has -1"),
    "months": ({"months": 0}, "months must be a whole number"),
    "a flag": ({"cancel_lost": "yes"}, "cancel_lost must be true or false"),
    "no password": ({"secrets": {}}, "the secret password is missing"),
    "another secret": ({"secrets": {"password": PASSWORD, "key": "x"}}, "unknown secret 'key'"),
    "a password that cannot be sent": ({"secrets": {"password": "12345678\x01"}}, "XML cannot say"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told(case: str) -> None:
    settings, why = WRONG[case]
    found, errors = parse_settings(account(**settings))
    assert found is None
    assert any(why in error for error in errors), errors
    assert PASSWORD not in str(errors)


def test_all_that_is_wrong_is_told_together() -> None:
    _settings, errors = parse_settings(account(user_name=None, contact=None, months=0, secrets={}))
    assert len(errors) == 4
