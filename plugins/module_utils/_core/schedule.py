# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a certificate is renewed: the user's own day, the CA's suggestion, the seller's window, the user's calendar.

    day = start + fraction · (notAfter − start), or days_left before notAfter; less the name's share of the jitter
    ARI given           ─▶ a moment of the CA's window instead, always the same one for a name
    seller has a window ─▶ not before it opens; a day after it has closed moves to its opening
    calendar            ─▶ at: the next open moment of that, before the window or the certificate ends

The day is counted from the later of notBefore and the day the certificate was obtained: a CA whose new certificate is
already inside the window is not asked again every day.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.calendar import Calendar
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live

_DAY = timedelta(days=1)


class Policy(t.Protocol):
    """What is read here of ``policy_renewal.RenewalPolicy``."""

    @property
    def fraction(self) -> float: ...
    @property
    def days_left(self) -> int | None: ...
    @property
    def jitter(self) -> timedelta: ...
    @property
    def calendar(self) -> Calendar: ...


@dataclass(frozen=True)
class SellersWindow:
    """Days in which a seller takes renewals, counted back from the end of the certificate by its own calendar.

    renews: after it the seller renews by itself. opens, closes: the first second of it and the first one after it.
    """

    opens_days: int
    closes_days: int
    utc_offset: timedelta
    renews: bool
    facts: tuple[str, ...]
    ends: datetime

    @property
    def opens(self) -> datetime:
        return self._midnight(self.opens_days)

    @property
    def closes(self) -> datetime:
        return self._midnight(self.closes_days) + _DAY

    def _midnight(self, days: int) -> datetime:
        return midnight_of((self.ends + self.utc_offset).date() - timedelta(days=days)) - self.utc_offset

    def moved(self, ends: datetime) -> SellersWindow:
        return SellersWindow(self.opens_days, self.closes_days, self.utc_offset, self.renews, self.facts, ends)


@dataclass(frozen=True)
class Schedule:
    """day: when it is due by the clock. at: the first moment from then on that the calendar leaves open; None: there is
    none before ``closes``. suggested: the moment that the CA's suggestion comes to."""

    day: datetime
    at: datetime | None
    closes: datetime
    window: SellersWindow | None
    suggested: datetime | None

    def is_sellers_turn(self, now: datetime) -> bool:
        return self.window is not None and self.window.renews and now >= self.window.closes

    def sellers_words(self) -> str:
        window = self.window
        if window is None:
            return ""
        return f"the seller renews it by itself since its window closed on {window.closes.date()} {_facts(window)}"

    def words(self) -> str:
        if self.window is None:
            return f"its day of renewal was {render_time(self.day)}"
        span = f"from {render_time(self.window.opens)} until {render_time(self.window.closes)}"
        return f"the seller takes renewals {span} {_facts(self.window)}"


def _facts(window: SellersWindow) -> str:
    return f"({', '.join(window.facts)})"


def midnight_of(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)


def begin_of(live: Live) -> datetime:
    return max(live.not_before, live.obtained_at or live.not_before)


def schedule_of(name: str, live: Live, policy: Policy, window: SellersWindow | None) -> Schedule:
    suggested = _suggested(name, live)
    day = suggested or renewal_day(name, live, policy)
    closes = live.not_after
    if window is not None:
        closes = min(closes, window.closes)
        if not window.opens < day < closes:
            day = _in_window(name, window.opens, closes, policy)
    calendar = policy.calendar
    at: datetime | None = day
    if not calendar.is_empty:
        at = calendar.next_open(day, closes)
        if at is None and window is not None:  # rather early in the seller's window than not at all
            at = calendar.next_open(window.opens, closes)
            day = at if at is not None else day
    return Schedule(day, at, closes, window, suggested)


def _in_window(name: str, opens: datetime, closes: datetime, policy: Policy) -> datetime:
    """The jitter spreads what would all come on the first day."""
    room = max(closes - opens, timedelta(0)) / 2
    return (opens + min(policy.jitter, room) * _share(name)).replace(microsecond=0)


def renewal_day(name: str, live: Live, policy: Policy) -> datetime:
    """The day by the user's own policy."""
    start = begin_of(live)
    life = max(live.not_after - start, timedelta(0))
    wait = life * policy.fraction
    if policy.days_left is not None and timedelta(days=policy.days_left) < life:
        # a certificate shorter than days_left would be due on the day it came: the fraction holds then
        wait = life - timedelta(days=policy.days_left)
    shift = min(policy.jitter * _share(name), wait / 2) if policy.jitter else timedelta(0)
    return (start + wait - shift).replace(microsecond=0)


def _suggested(name: str, live: Live) -> datetime | None:
    if live.suggested is None:
        return None
    start, end = live.suggested
    return (start + (end - start) * _share(name)).replace(microsecond=0)


def _share(name: str) -> float:
    """A number in [0, 1) that is always the same for a name: the load is spread without chance."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32
