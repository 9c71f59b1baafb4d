# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a plan that is about its renewal: window, notices, what happens if nobody acts, the seller's validity."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned, plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Outcome
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import (
    DNS,
    PRODUCT,
    a_book,
    a_wish,
    own,
)

LIVE = {"not_before": "2026-10-01T00:00:00Z", "not_after": "2026-12-30T00:00:00Z"}
WINDOW = rows.RenewalRule("renews", ("R-1",), "here", opens_days=30, closes_days=20, key_made_by="us", period="1y")
FREEZE = {"freeze": [{"from": "2026-11-25", "to": "2027-01-31", "reason": "a move"}]}


def planned(product: rows.Product = PRODUCT, renewal: t.Any = None, **changes: t.Any) -> Planned:
    return plan_certificate(a_wish(**changes), a_book(product, renewal=renewal))


class TestWindowsThatACalendarCloses:
    @pytest.mark.parametrize(
        ("rule", "reference", "todo"),
        [
            pytest.param((WINDOW,), "R-1", "Shorten the freeze, or widen the hours", id="the seller's window"),
            pytest.param(
                (),
                "",
                "Shorten the freeze, widen the hours, or renew it before by inkan_renewal.force",
                id="our own day",
            ),
        ],
    )
    def test_a_freeze_over_all_of_it_is_told_while_it_can_be_corrected(
        self, rule: tuple[rows.RenewalRule, ...], reference: str, todo: str
    ) -> None:
        error = planned(own(renewal=rule), FREEZE, live=LIVE).error
        assert error is not None
        assert (error.code, error.reference, error.todo) == ("no_renewal_window", reference, todo)
        assert "until 2026-12-" in error.why and "(a move" in error.why

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({}, id="there is none yet"),
            pytest.param({"live": {**LIVE, "matches": False}}, id="its key is lost: it is renewed at once"),
            pytest.param({"live": LIVE, "order": {"state": "validating"}}, id="an order is under way"),
            pytest.param({"live": {**LIVE, "not_after": "2026-11-21T00:00:00Z"}}, id="it is too late to plan"),
            pytest.param({"live": {**LIVE, "not_after": "2027-10-01T00:00:00Z"}}, id="it is renewed after the freeze"),
        ],
    )
    def test_where_nothing_is_to_be_planned_nothing_is_told(self, changes: dict[str, t.Any]) -> None:
        assert planned(own(), FREEZE, **changes).error is None
        assert planned(own(), None, **changes).error is None


class TestRenewal:
    def test_all_of_a_seller_is_told_with_its_days(self) -> None:
        product = own(
            renewal=(WINDOW._replace(cancel_days=26, immutable=("subject",), note="a note"),),
            notices=(rows.NoticeRule(60, "the technical contact", ("T-1",), "here"),),
            changes=(
                rows.ChangeRule("product", ("renew",), "ask", ("X-1",), "here"),
                rows.ChangeRule("options.x", ("validated",), "ask", ("X-2",), "here"),
            ),
        )
        assert planned(product, live=LIVE).plan["renewal"] == {
            "notices": [{"date": "2026-10-31", "to": "the technical contact"}],
            "window_opens": "2026-11-30",
            "window_closes": "2026-12-10",
            "immutable": ["subject", "product"],
            "if_ignored": {"outcome": "renews", "key_made_by": "us", "period": "1y"},
            "cancel_by": "2026-12-04",
            "cancel_days": 26,
            "note": "a note",
            "facts": ["T-1", "R-1", "X-1"],
        }

    def test_without_a_sellers_word_our_own_day_counts_and_it_lapses(self) -> None:
        expected = {
            "notices": [],
            "window_opens": "2026-11-30T00:43:12Z",
            "window_closes": "2026-12-30T00:00:00Z",
            "immutable": [],
            "if_ignored": {"outcome": "lapses", "key_made_by": None, "period": None},
            "cancel_by": None,
            "cancel_days": None,
            "note": "",
            "facts": [],
        }
        assert planned(live=LIVE).plan["renewal"] == expected
        closes = {**expected, "window_opens": None}
        assert planned(expires=LIVE["not_after"]).plan["renewal"] == closes
        assert planned().plan["renewal"] == {**closes, "window_closes": None}

    def test_who_had_a_term_that_is_gone_is_renewed_with_another(self) -> None:
        terms = (rows.ValidityRule("months", ("V-1",), "here", 12, period="1y"),)
        rule = WINDOW._replace(stopped_periods=("2y",), period_instead="6m")
        for period, then in (("2y", "6m"), ("1y", "1y")):
            one = planned(own(renewal=(rule,), validity=terms), live=LIVE, options={"period": period})
            assert one.plan["renewal"]["if_ignored"]["period"] == then


class TestValidity:
    def test_each_term_has_its_own(self) -> None:
        months = [rows.ValidityRule("months", ("V-1",), "here", one, period=f"{one}m") for one in (1, 3)]
        book = a_book(own(validity=tuple(months)))
        ends = [
            plan_certificate(a_wish(options={"period": period}), book).plan["validity"]["not_after"][:10]
            for period in ("1m", "3m", "1m")
        ]
        assert ends[0] == ends[2] < ends[1]

    def test_one_that_follows_the_old_end_is_counted_for_each_certificate(self) -> None:
        book = a_book(own(validity=(rows.ValidityRule("after_expiry", ("V-1",), "here", 1),)))
        ends = [
            plan_certificate(a_wish(expires=f"2026-12-{day}T00:00:00Z"), book).plan["validity"]["not_after"][:10]
            for day in (10, 20)
        ]
        assert ends == ["2027-01-10", "2027-01-20"]


class TestBrought:
    """A certificate that is brought to a seller has the validity and the level of where it is ordered."""

    PORTAL = PRODUCT._replace(key="portal", methods=(), sources=(rows.SourceRule(("S-1",), "here"),))
    ORDERED = PRODUCT._replace(key="ordered", validation_level="ov")

    def plan(self, source: str, *products: rows.Product) -> dict[str, t.Any]:
        brought = {"y": a_wish(name="y", product=source)}
        book = a_book(self.PORTAL, *products, brought=brought, sources={"y": "www.example.jp"})
        return plan_certificate(a_wish(product="portal", issued_from="y", validation={}), book).plan

    def test_it_is_told_whence(self) -> None:
        plan = self.plan("ordered", self.ORDERED)
        assert plan["validation_level"] == "ov"
        assert all(text.startswith('as of "y", where it is ordered: ') for text in plan["validity"]["reasons"])

    @pytest.mark.parametrize("source", ["nobody-knows", "portal"])
    def test_where_that_is_not_told_it_is_the_portals(self, source: str) -> None:
        plan = self.plan(source, self.ORDERED)
        assert plan["validation_level"] == "dv"
        assert not any("where it is ordered" in text for text in plan["validity"]["reasons"])

    def test_what_is_ordered_is_not_told_of_another_item(self) -> None:
        brought = {"y": a_wish(name="y", product="ordered")}
        book = a_book(PRODUCT, self.ORDERED, brought=brought)
        for issued_from in (None, "y"):
            plan = plan_certificate(a_wish(issued_from=issued_from), book).plan
            assert not any("where it is ordered" in text for text in plan["validity"]["reasons"])


class TestDays:
    def test_a_certificate_is_renewed_once_more_before_its_method_ends(self) -> None:
        dying = own(methods=(DNS._replace(until=date(2026, 11, 25)),))
        for product, outcome in ((dying, Outcome.DUE), (own(), Outcome.NOT_DUE)):
            due = planned(product, live={**LIVE, "dns_names": ["www.example.jp"]}).due
            assert due is not None and due.outcome is outcome
