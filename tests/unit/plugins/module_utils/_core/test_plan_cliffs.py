# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that will hit a certificate: each with its day, soonest first, and only to those that they hit."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import judge
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_cliffs import (
    cliffs_of,
    method_ends,
    usable_rules,
    validation_ends,
)
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import (
    DNS,
    FILE,
    HTTP,
    NOW,
    PRODUCT,
    a_book,
    a_wish,
    own,
)

PHONE = rows.MethodOffer("phone", ("3.2.2.4.16",), "nothing", ("M-8",), "here")


def cliffs(product: rows.Product = PRODUCT, as_of: str = NOW, **changes: t.Any) -> list[tuple[str, str]]:
    wish, book = a_wish(**changes), a_book(product, as_of=as_of)
    return [(one["date"], one["what"]) for one in cliffs_of(wish, judge(wish, book), book)]


def said(word: str, *more: t.Any, **changes: t.Any) -> list[str]:
    """The days of those that speak of it."""
    return [day for day, what in cliffs(*more, **changes) if word in what]


def test_they_come_soonest_first() -> None:
    product = own(
        until=date(2026, 12, 1),
        methods=(DNS._replace(until=date(2026, 11, 25)),),
        validity=(
            rows.ValidityRule("days", ("V-1",), "here", 90),
            rows.ValidityRule("days", ("V-1",), "here", 60, since=date(2026, 11, 22)),
        ),
    )
    found = cliffs(product, validated_on="2026-11-01T00:00:00Z")
    assert [day for day, _what in found] == sorted(day for day, _what in found)
    assert found[:3] == [
        ("2026-11-22", "the seller counts the validity of new certificates in another way: here"),
        ("2026-11-25", "the seller ends the method dns-01"),
        ("2026-12-01", "Somebody's DV is not sold any more"),
    ]


@pytest.mark.parametrize(
    ("product", "as_of", "word", "days"),
    [
        pytest.param(PRODUCT, "2026-11-01", "Authorization Domain Name", ["2026-11-15"], id="DNS is pruned"),
        pytest.param(own(methods=(HTTP,)), "2026-11-01", "Authorization Domain Name", [], id="a file of ACME is not"),
        pytest.param(PRODUCT, "2026-11-15", "Authorization Domain Name", [], id="on the day it is no change any more"),
        pytest.param(PRODUCT, "2026-12-01", "five remote", ["2026-12-15"], id="who looks from several places"),
        pytest.param(PRODUCT, "2026-12-01", "identity of an organization", [], id="no organization in DV"),
        pytest.param(own(until=date(2026, 11, 20)), "2026-11-19", "not sold any more", ["2026-11-20"], id="tomorrow"),
        pytest.param(own(until=date(2026, 11, 20)), "2026-11-20", "not sold any more", [], id="since today"),
        pytest.param(
            own(methods=(DNS._replace(until=date(2026, 11, 20)),)), "2026-11-20", "ends the method", [], id="it ended"
        ),
    ],
)
def test_each_hits_whom_it_hits_until_its_day(product: rows.Product, as_of: str, word: str, days: list[str]) -> None:
    method = product.methods[0].method
    assert said(word, product, f"{as_of}T00:00:00Z", validation={"method": method}) == days


def test_the_end_of_a_method_is_told_twice_and_of_no_wildcard_that_has_it_not() -> None:
    product = own(methods=(PHONE, FILE))
    words = {"validation": {"method": "phone"}}
    assert said("is discouraged", product, "2025-10-01T00:00:00Z", **words) != []
    assert said("ends, earlier validations included", product, **words) == ["2027-03-15"]
    assert (
        said("ends, earlier validations included", product, validation={"method": "file", "document_root": "/s"}) == []
    )


def test_what_was_worked_out_for_one_method_and_kind_of_name_is_not_told_of_another() -> None:
    book = a_book(own(methods=(PHONE, DNS)))

    def ends(method: str, name: str) -> bool:
        wish = a_wish(common_name=name, validation={"method": method})
        return any(
            "by Phone" in one["what"] or "phone" in one["what"].lower()
            for one in cliffs_of(wish, judge(wish, book), book)
        )

    asked = [
        ("phone", "a.example.jp"),
        ("dns-01", "a.example.jp"),
        ("phone", "b.example.jp"),
        ("dns-01", "*.example.jp"),
    ]
    assert [ends(*one) for one in asked] == [True, False, True, False]


class TestDays:
    def of(self, *offers: rows.MethodOffer, **changes: t.Any) -> tuple[date | None, date | None]:
        wish, book = a_wish(**{"validation": {"method": offers[0].method}, **changes}), a_book(own(methods=offers))
        judgement = judge(wish, book)
        return method_ends(judgement, book), validation_ends(wish, judgement, book)

    def test_a_method_ends_by_its_rule_or_its_seller_whatever_is_first(self) -> None:
        assert self.of(DNS)[0] is None
        assert self.of(PHONE)[0] == date(2027, 3, 15)
        assert self.of(PHONE._replace(until=date(2027, 1, 1)))[0] == date(2027, 1, 1)
        assert self.of(DNS._replace(until=date(2027, 1, 1)))[0] == date(2027, 1, 1)

    def test_of_several_rules_the_last_end_counts_and_none_is_none(self) -> None:
        both = PHONE._replace(rules=("3.2.2.4.16", "3.2.2.4.14"))
        assert self.of(both)[0] == date(2028, 3, 15)
        assert self.of(PHONE._replace(rules=("3.2.2.4.16", "3.2.2.4.7")))[0] is None

    @pytest.mark.parametrize(
        ("validated_on", "ends"),
        [
            pytest.param(None, None, id="nobody said when"),
            pytest.param("2026-11-20T00:00:01Z", None, id="a moment ahead"),
            pytest.param("2024-01-01T00:00:00Z", date(2026, 11, 20), id="it is worth nothing already"),
        ],
    )
    def test_a_validation_ends(self, validated_on: str | None, ends: date | None) -> None:
        assert self.of(DNS, **({"validated_on": validated_on} if validated_on else {}))[1] == ends

    def test_a_validation_of_this_moment_counts(self) -> None:
        found = self.of(DNS, validated_on=NOW)[1]
        assert found is not None and date(2027, 3, 15) <= found <= date(2027, 6, 9)
        assert self.of(PHONE._replace(rules=("3.2.2.4.16", "3.2.2.4.7")), validated_on=NOW)[1] == found, "the last end"


def whole(sold: rows.Product, word: str, as_of: str = NOW, **changes: t.Any) -> list[dict[str, t.Any]]:
    wish, book = a_wish(**changes), a_book(sold, as_of=as_of)
    return [one for one in cliffs_of(wish, judge(wish, book), book) if word in one["what"]]


def test_a_cliff_says_what_to_do_and_by_which_rules() -> None:
    ending = own(methods=(DNS._replace(until=date(2027, 1, 1), facts=("JPRS-5, SC-090", "M-1")),))
    (plain,) = whole(ending, "ends the method")
    assert plain["do"] == "ask the seller which method replaces it" and set(plain) == {"date", "what", "do", "facts"}
    moved = own(methods=(ending.methods[0]._replace(way_out="dns-persist-01"),))
    assert whole(moved, "ends the method")[0]["do"] == "move to dns-persist-01"
    (rule,) = whole(own(methods=(PHONE,)), "ends, earlier", validation={"method": "phone"})
    assert rule["do"] and rule["facts"]


@pytest.mark.parametrize(("level", "told"), [("dv", False), ("ov", True), ("ev", True)])
def test_the_identity_of_an_organization_is_told_where_there_is_one(level: str, told: bool) -> None:
    product = PRODUCT._replace(validation_level=level)
    assert bool(whole(product, "identity of an organization", "2026-01-01T00:00:00Z")) is told


def test_lives_and_validations_get_shorter_for_all() -> None:
    assert [one["date"] for one in whole(PRODUCT, "certificates live at most")] == ["2027-03-15", "2029-03-15"]
    assert whole(PRODUCT, "every CA obeys accounturi")[0]["date"] == "2027-03-15"


BOXES = (
    rows.ContactOffer("txt", ("base",), True, "all", "fqdn", ("A-1",), "here", until=date(2026, 12, 1)),
    rows.ContactOffer("caa", ("base",), True, "all", "fqdn", ("A-2",), "here", until=date(2026, 12, 2)),
)
MAIL = rows.MethodOffer("email", ("3.2.2.4.14", "3.2.2.4.13"), "mail", ("M-9",), "here")


@pytest.mark.parametrize(
    ("kind", "as_of", "days"),
    [
        ("txt", "2026-11-20", ["2026-12-01"]),
        ("caa", "2026-11-20", ["2026-12-02"]),
        ("txt", "2026-11-30", ["2026-12-01"]),
        ("caa", "2026-12-02", []),
    ],
)
def test_the_end_of_a_kind_of_mailbox_is_told_to_who_uses_it(kind: str, as_of: str, days: list[str]) -> None:
    contact = {"kind": kind, "address": "a@example.jp"}
    found = whole(
        own(methods=(MAIL,), contacts=BOXES),
        "mails no contact",
        f"{as_of}T00:00:00Z",
        validation={"method": "email", "contact": contact},
    )
    assert [one["date"] for one in found] == days
    assert all(one["what"] == f"the seller mails no contact of kind {kind} any more" for one in found)


@pytest.mark.parametrize(
    ("validated_on", "told"),
    [
        (NOW, True),
        ("2026-11-20T00:00:01Z", False),
        ("2024-01-01T00:00:00Z", False),
        (None, False),
    ],
)
def test_the_end_of_a_validation_is_told_while_it_is_worth_something(validated_on: str | None, told: bool) -> None:
    changes = {"validated_on": validated_on} if validated_on else {}
    assert bool(whole(PRODUCT, "is worth nothing any more", **changes)) is told


def test_a_product_that_nobody_knows_has_the_cliffs_of_all() -> None:
    found = whole(PRODUCT, "", product="nobody-knows")
    assert [one["date"] for one in found] == sorted(one["date"] for one in found)
    assert any("every CA obeys" in one["what"] for one in found)


def test_a_change_of_the_arithmetic_is_told_from_tomorrow_on_and_of_its_own_term() -> None:
    rules = tuple(
        rows.ValidityRule("days", ("V-1",), f"rule {number}", 90, since=since, period=period)
        for number, (since, period) in enumerate(
            [(None, "1y"), (date(2026, 11, 20), "1y"), (date(2026, 11, 21), "1y"), (date(2026, 12, 1), "6m")]
        )
    )
    found = whole(own(validity=rules), "in another way", options={"period": "1y"})
    assert [(one["date"], one["what"].rpartition(": ")[2]) for one in found] == [("2026-11-21", "rule 2")]


@pytest.mark.parametrize(
    ("names", "usable"),
    [
        (["a.example.jp"], True),
        (["*.example.jp"], False),
        (["a.example.jp", "*.example.jp"], False),
    ],
)
def test_a_method_that_has_no_wildcard_ends_nothing_for_one(names: list[str], usable: bool) -> None:
    wish = a_wish(common_name=names[0], dns_names=names[1:], validation={"method": "http-01"})
    book = a_book(own(methods=(HTTP,)))
    assert bool(usable_rules(judge(wish, book), book)) is usable


def test_on_the_day_a_rule_ends_its_end_is_no_change_any_more() -> None:
    product, words = own(methods=(PHONE,)), {"validation": {"method": "phone"}}
    assert said("earlier validations included", product, "2027-03-14T00:00:00Z", **words) == ["2027-03-15"]
    assert said("earlier validations included", product, "2027-03-15T00:00:00Z", **words) == []


def test_the_way_out_is_one_for_its_own_kind_of_names() -> None:
    """A wildcard has no way out by file."""
    dying = PHONE._replace(other_products=("other",))
    book = a_book(own(methods=(dying,)), PRODUCT._replace(key="other", methods=(HTTP,)))
    for name, others in (("www.example.jp", True), ("*.example.jp", False), ("a.example.jp", True)):
        wish = a_wish(common_name=name, validation={"method": "phone"})
        (ends,) = [one for one in cliffs_of(wish, judge(wish, book), book) if "earlier validations" in one["what"]]
        assert ("or order other (http-01)" in ends["do"]) is others
