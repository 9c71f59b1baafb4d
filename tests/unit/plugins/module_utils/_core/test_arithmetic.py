# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a certificate lives: each of the sellers' ways to count, under the cap of the day, and whose end it is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.arithmetic import (
    Validity,
    counts_from_old_end,
    terms,
    validity_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Page, open_page
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import RenewalRule, ValidityRule

ISSUED = parse_time("2026-11-20T00:00:00Z")  # 200 days are the cap until 2027-03-15
SOURCE = "BR 6.3.2"


def row(kind: str, amount: int = 0, **more: object) -> ValidityRule:
    return ValidityRule(kind, ("F-1", "F-2"), "a document", amount=amount, **more)  # type: ignore[arg-type]


def page(*rows: ValidityRule, **more: object) -> Page:
    product = PRODUCTS[0]._replace(validity=rows, utc_offset=9, renewal=())._replace(**more)  # type: ignore[arg-type]
    return open_page(product, ISSUED.date())


def validity(*rows: ValidityRule, old_end: datetime | None = None, period: str | None = None) -> Validity:
    return validity_of(page(*rows), ISSUED, old_end, period)


CAP = ("2027-06-07T23:59:59Z", 200, "a certificate issued on 2026-11-20 lives at most 200 days")
STRICTER = "the seller is stricter than the rule: "
OLD = ISSUED + timedelta(days=30, hours=23)

COUNTED = [
    pytest.param(row("ca_decides"), None, *CAP, id="the CA decides"),
    pytest.param(row("days", 200), None, *CAP, id="as many days as the cap"),
    pytest.param(row("days", 201), None, *CAP, id="more than the cap"),
    pytest.param(row("days", 199), None, "2027-06-06T23:59:59Z", 199, STRICTER + "199 days from issue", id="days"),
    pytest.param(row("days", 1), None, "2026-11-20T23:59:59Z", 1, STRICTER + "1 day from issue", id="one day"),
    pytest.param(
        row("after_issue", 90, seconds=60),
        None,
        "2027-02-18T00:01:00Z",
        91,
        STRICTER + "90 days from issue",
        id="days and a minute, which is a further day",
    ),
    pytest.param(
        row("after_issue", 90, adds_days_left=True),
        OLD,
        "2027-03-20T00:00:00Z",
        121,
        STRICTER + "90 days from issue, and the days left on the certificate before",
        id="days and those left, whole ones",
    ),
    pytest.param(
        row("after_issue", 90, adds_days_left=True),
        ISSUED - timedelta(days=9),
        "2027-02-18T00:00:00Z",
        91,
        STRICTER + "90 days from issue, and the days left on the certificate before",
        id="none are left",
    ),
    pytest.param(
        row("after_issue", 90),
        OLD,
        "2027-02-18T00:00:00Z",
        91,
        STRICTER + "90 days from issue",
        id="those left do not count",
    ),
    pytest.param(row("months", 1), None, "2026-12-19T23:59:59Z", 30, STRICTER + "1 month from issue", id="one month"),
    pytest.param(row("months", 3), None, "2027-02-19T23:59:59Z", 92, STRICTER + "3 months from issue", id="months"),
    pytest.param(
        row("after_expiry", 1),
        OLD,
        "2027-01-20T23:00:00Z",
        62,
        STRICTER + "1 month from the end of the certificate before",
        id="a month after the end of the one before",
    ),
    pytest.param(
        row("after_expiry", 1),
        ISSUED,
        "2026-12-19T23:59:59Z",
        30,
        STRICTER + "1 month from the end of the certificate before",
        id="the one before ends now",
    ),
    pytest.param(
        row("after_expiry", 1),
        None,
        "2026-12-19T23:59:59Z",
        30,
        STRICTER + "1 month from the end of the certificate before",
        id="there was none before",
    ),
    pytest.param(
        row("end_of_month", 1),
        None,
        "2026-12-31T14:59:59Z",
        42,
        STRICTER + "until the last day of the month that is 1 month after the month of issue",
        id="the end of a month in Japan",
    ),
]


@pytest.mark.parametrize(("rule", "old_end", "end", "days", "reason"), COUNTED)
def test_how_a_seller_counts(rule: ValidityRule, old_end: datetime | None, end: str, days: int, reason: str) -> None:
    found = validity(rule, old_end=old_end)
    assert (render_time(found.not_after), found.max_days, found.reason) == (end, days, reason)
    assert (found.facts == ("F-1", "F-2")) is reason.startswith(STRICTER)


def test_of_several_rows_the_earliest_end_wins_wherever_it_stands() -> None:
    rows = (row("days", 90), row("days", 30), row("days", 60))
    assert validity(*rows).max_days == 30
    assert validity(*reversed(rows)).max_days == 30


def test_without_a_product_the_rule_of_the_day_counts() -> None:
    found = validity_of(None, ISSUED, None)
    assert (render_time(found.not_after), found.max_days, found.reason) == CAP
    assert found.facts


def test_a_certificate_that_would_have_ended_lives_no_day() -> None:
    found = validity(row("after_issue", -3))
    assert found.max_days == 0


SOLD = (row("days", 30, period="1m"), row("days", 90, period="3m"), row("days", 199))


@pytest.mark.parametrize(
    ("asked", "days"), [(None, [30, 199]), ("1m", [30, 199]), ("3m", [90, 199]), ("1y", [30, 199])]
)
def test_the_rows_of_a_term_are_those_of_the_first_where_none_is_sold_that_is_asked_for(
    asked: str | None, days: list[int]
) -> None:
    assert [rule.amount for rule in terms(page(*SOLD), asked)] == days


def test_a_term_that_nobody_issues_any_more_becomes_another() -> None:
    renewal = RenewalRule("renews", ("F-3",), "a document", stopped_periods=("1y",), period_instead="3m")
    changed = page(*SOLD, renewal=(renewal,))
    assert [rule.amount for rule in terms(changed, "1y")] == [90, 199]
    assert [rule.amount for rule in terms(changed, "1m")] == [30, 199]
    assert [rule.amount for rule in terms(page(row("days", 7)), "1y")] == [7], (
        "where there are no terms, all rows count"
    )


def test_whether_the_end_of_the_one_before_counts() -> None:
    assert counts_from_old_end(page(row("days", 30), row("after_expiry", 1)))
    assert counts_from_old_end(page(row("after_issue", 30, adds_days_left=True)))
    assert not counts_from_old_end(page(row("after_issue", 30), row("months", 1)))
