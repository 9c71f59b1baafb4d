# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a certificate lives: the seller's own arithmetic (ValidityRule) under the cap of the day. Pure.

The cap is the law, the seller may be stricter: the earlier end wins, and the answer says whose it is.

This file is private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Page
from ansible_collections.inkan.tls.plugins.module_utils._core.times import add_months, end_of_month
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import ValidityRule

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Validity:
    """reason: whose end it is."""

    max_days: int
    not_after: datetime
    reason: str
    facts: tuple[str, ...]


def validity_of(page: Page | None, issued: datetime, old_end: datetime | None, period: str | None = None) -> Validity:
    """old_end: of the certificate that is renewed. period: the term that the item asks for."""
    limit = dcv.validity_limit(issued.date())
    end = dcv.end_of(issued, limit.days)
    reason = f"a certificate issued on {issued.date()} lives at most {limit.days} days"
    facts = dcv.cited(limit.source)
    for rule in terms(page, period) if page is not None else ():
        own = sellers_end(rule, page, issued, old_end) if page is not None else None
        if own is not None and own < end:
            end, reason, facts = own, f"the seller is stricter than the rule: {_words(rule)}", rule.facts
    # any excess over a whole day counts as a further one (BR 6.3.2)
    days = -(-(end + _SECOND - issued) // _DAY)
    return Validity(max(days, 0), end, reason, facts)


def end_of_one_issued(page: Page, issued: datetime, old_end: datetime | None, period: str | None = None) -> datetime:
    """The end alone, where nobody asks whose it is."""
    key = ("terms", period)
    rules = page.memo.get(key)
    if rules is None:
        rules = page.memo[key] = terms(page, period)
    ends = (sellers_end(rule, page, issued, old_end) for rule in rules)
    return min([dcv.latest_end(issued), *(end for end in ends if end is not None)])


def counts_from_old_end(page: Page) -> bool:
    return any(rule.kind == "after_expiry" or rule.adds_days_left for rule in page.validity)


def terms(page: Page, period: str | None = None) -> list[ValidityRule]:
    """The rows of one term (the first one where none is asked for, or none is sold), and those of every term."""
    sold = [rule.period for rule in page.validity if rule.period]
    renewal = page.renewal
    if renewal is not None and period in renewal.stopped_periods:
        period = renewal.period_instead
    chosen = period if period in sold else next(iter(sold), "")
    return [rule for rule in page.validity if rule.period in ("", chosen)]


def sellers_end(rule: ValidityRule, page: Page, issued: datetime, old_end: datetime | None) -> datetime | None:
    """None: the seller says nothing of its own."""
    ahead = timedelta(hours=page.product.utc_offset)
    if rule.kind == "days":
        return dcv.end_of(issued, rule.amount)
    if rule.kind == "after_issue":
        left = max((old_end - issued) // _DAY, 0) if old_end is not None and rule.adds_days_left else 0
        return issued + timedelta(days=rule.amount + left, seconds=rule.seconds)
    if rule.kind == "months":
        return add_months(issued, rule.amount, ahead) - _SECOND
    if rule.kind == "after_expiry":
        # one that has ended, or never was, cannot be counted from
        if old_end is not None and old_end > issued:
            return add_months(old_end, rule.amount, ahead)
        return add_months(issued, rule.amount, ahead) - _SECOND
    if rule.kind == "end_of_month":
        return end_of_month(issued, rule.amount, ahead)
    return None


def _words(rule: ValidityRule) -> str:
    count = f"{rule.amount} {{}}{'' if rule.amount == 1 else 's'}"
    if rule.kind in ("days", "after_issue"):
        words = f"{count.format('day')} from issue"
        return f"{words}, and the days left on the certificate before" if rule.adds_days_left else words
    if rule.kind == "end_of_month":
        return f"until the last day of the month that is {count.format('month')} after the month of issue"
    start = "the end of the certificate before" if rule.kind == "after_expiry" else "issue"
    return f"{count.format('month')} from {start}"
