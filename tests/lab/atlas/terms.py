# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things live, by date. Pure."""

from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta, timezone

LOGIN_MINUTES = 10
TOKEN_DAYS = 30
#: from this day on, certificates live so many days at most: one less than the Baseline Requirements allow (SC-081)
CERTIFICATE_DAYS = ((date(2026, 3, 15), 199), (date(2027, 3, 15), 99), (date(2029, 3, 15), 46))
CERTIFICATE_DAYS_BEFORE = 397
#: and claims stay verified so many (SC-081)
REUSE_DAYS = ((date(2026, 3, 15), 200), (date(2027, 3, 15), 100), (date(2029, 3, 15), 10))
REUSE_DAYS_BEFORE = 398
#: no mail proves anything any more (SC-090)
MAIL_ENDS = date(2028, 3, 15)


def longest(now: datetime) -> timedelta:
    return timedelta(days=_by_date(CERTIFICATE_DAYS, CERTIFICATE_DAYS_BEFORE, now))


def reuse(now: datetime) -> timedelta:
    return timedelta(days=_by_date(REUSE_DAYS, REUSE_DAYS_BEFORE, now))


def mail_is_over(now: datetime) -> bool:
    return _day(now) >= MAIL_ENDS


def _by_date(table: t.Iterable[tuple[date, int]], before: int, now: datetime) -> int:
    return next((days for begin, days in reversed(tuple(table)) if _day(now) >= begin), before)


def _day(now: datetime) -> date:
    return now.astimezone(timezone.utc).date()
