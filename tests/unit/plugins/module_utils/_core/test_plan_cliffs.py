# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that will hit a certificate: each with its day, soonest first, and only to those that they hit."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import judge
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_cliffs import cliffs_of, method_ends, validation_ends
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
