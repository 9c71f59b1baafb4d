# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of a wish: which are possible, and which its product carries."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import judged, own, told


def by_rules(*rules: rows.NameRule, level: str = "dv", **changes: t.Any) -> list[tuple[str, str]]:
    return told(judged(own(names=rules)._replace(validation_level=level), **changes))


def rule(wildcard: str = "may", most: int = 100, **more: t.Any) -> rows.NameRule:
    return rows.NameRule(wildcard, most, ("N-1",), "names of the seller", **more)


def test_the_common_name_comes_first_and_no_name_twice() -> None:
    judgement = judged(dns_names=["b.example.jp", "WWW.example.jp", "a b", "b.example.jp"])
    assert judgement.names == ("www.example.jp", "b.example.jp")
    assert judgement.common_name == "www.example.jp"
    assert told(judgement) == [("bad_dns_name", "a blank")]
    assert judged(common_name=None, dns_names=["c.example.jp"]).common_name == "c.example.jp"


def test_what_nobody_may_have_is_refused_and_the_others_are_judged() -> None:
    judgement = judged(dns_names=["1.2.0.192.in-addr.arpa", "*.co.jp", "a_b.example.jp", "c.example.jp"])
    assert [code for code, _why in told(judgement)] == ["bad_dns_name", "public_suffix", "bad_dns_name"]
    assert judgement.names == ("www.example.jp", "*.co.jp", "c.example.jp")


class TestCounts:
    @pytest.mark.parametrize(
        ("most", "why"),
        [(1, "it has 3 names, 1 is possible"), (2, "it has 3 names, 2 are possible"), (3, None)],
    )
    def test_too_many_names_are_told_with_how_many_are_possible(self, most: int, why: str | None) -> None:
        found = by_rules(rule(most=most), dns_names=["a.example.jp", "b.example.jp"])
        assert found == ([("too_many_names", why)] if why else [])

    @pytest.mark.parametrize(
        ("raisable", "option", "refused"),
        [(True, 3, False), (True, 2, True), (True, True, True), (True, "3", True), (False, 3, True)],
    )
    def test_only_a_number_raises_it_and_only_where_the_seller_lets_it(
        self, raisable: bool, option: t.Any, refused: bool
    ) -> None:
        changes = {"dns_names": ["a.example.jp", "b.example.jp"], "options": {"max_names": option}}
        errors = judged(own(names=(rule(most=1, raisable=raisable),)), **changes).errors
        assert [one.code for one in errors] == (["too_many_names"] if refused else [])
        assert all(("options.max_names" in one.todo) is raisable for one in errors)


class TestWildcards:
    def test_each_rule_that_is_broken_is_told(self) -> None:
        found = by_rules(rule("no"), rule("may", 1), common_name="*.example.jp", dns_names=["a.example.jp"])
        assert [code for code, _why in found] == ["wildcard_not_sold", "too_many_names"]
        found = by_rules(rule("may"), rule("no"), rule("only"), dns_names=["*.example.jp"])
        assert found == [
            ("wildcard_not_sold", "Somebody's DV carries none (*.example.jp)"),
            ("wildcard_not_sold", "the common name of Somebody's DV must be one, www.example.jp is not"),
        ]

    def test_no_ev_certificate_has_one(self) -> None:
        found = by_rules(rule("only"), level="ev", common_name="*.example.jp")[0]
        assert found == ("wildcard_not_sold", "no EV certificate carries one (*.example.jp; EVG 7.1.2.1)")
        assert by_rules(rule("no"), level="ev") == by_rules(rule("only"), common_name="*.example.jp") == []


class TestWww:
    RULE = rule("may", 1, www_option="www_option")

    def asked(self, name: str, *more: str, option: t.Any = None) -> list[tuple[str, str, str]]:
        options = {"www_option": option} if option is not None else {}
        errors = judged(own(names=(self.RULE,)), common_name=name, dns_names=list(more), options=options).errors
        return [(one.code, one.what, one.todo) for one in errors]

    @pytest.mark.parametrize(
        ("name", "partner"),
        [
            ("shop.example.jp", "www.shop.example.jp"),
            ("www.shop.example.jp", "shop.example.jp"),
            ("www.jp", "www.www.jp"),
        ],
    )
    def test_the_option_adds_the_name_with_or_without_www(self, name: str, partner: str) -> None:
        assert self.asked(name, partner, option=True) == self.asked(name) == []
        assert self.asked(name, option=True) == [
            (
                "name_missing",
                f"The certificate lacks {partner}",
                f"Add {partner} to dns_names, or leave options.www_option out",
            )
        ]
        assert self.asked(name, partner) == [
            (
                "name_not_sold",
                f"Somebody's DV does not take {partner} beside {name}",
                "Set options.www_option to true",
            )
        ]

    def test_other_names_are_certificates_of_their_own(self) -> None:
        (found,) = self.asked("shop.example.jp", "a.example.jp", "www.shop.example.jp", "b.example.jp", option=True)
        assert found == (
            "name_not_sold",
            "Somebody's DV does not take a.example.jp, b.example.jp beside shop.example.jp",
            "Order the other names as certificates of their own",
        )

    def test_a_wildcard_has_no_www(self) -> None:
        assert self.asked("*.example.jp", "example.jp") == []
