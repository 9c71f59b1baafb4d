# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things live, by date (SC-081, SC-090). Pure."""

from __future__ import annotations

import calendar
import typing as t
from datetime import date, datetime, timedelta, timezone

SECOND = timedelta(seconds=1)
#: of a link in a mail, and of a code
TOKEN_DAYS = 30
#: from this day on, certificates live so many days at most, and domains stay validated so many
CERTIFICATE_DAYS = ((date(2026, 3, 15), 200), (date(2027, 3, 15), 100), (date(2029, 3, 15), 47))
CERTIFICATE_DAYS_BEFORE = 398
REUSE_DAYS = ((date(2026, 3, 15), 200), (date(2027, 3, 15), 100), (date(2029, 3, 15), 10))
REUSE_DAYS_BEFORE = 398
#: no mail validates a domain any more
MAIL_ENDS = date(2028, 3, 15)
#: an issued order can be cancelled so long: the simulator's own choice
CANCEL_DAYS = 7


def longest(now: datetime) -> timedelta:
    """A day is 86,400 seconds, and both ends count."""
    return timedelta(days=_by_date(CERTIFICATE_DAYS, CERTIFICATE_DAYS_BEFORE, now)) - SECOND


def reuse(now: datetime) -> timedelta:
    return timedelta(days=_by_date(REUSE_DAYS, REUSE_DAYS_BEFORE, now))


def mail_is_over(now: datetime) -> bool:
    return now.astimezone(timezone.utc).date() >= MAIL_ENDS


def after_months(begin: datetime, months: int) -> datetime:
    """The last second of so many months."""
    count = begin.year * 12 + begin.month - 1 + months
    year, month = count // 12, count % 12 + 1
    day = min(begin.day, calendar.monthrange(year, month)[1])
    return begin.replace(year=year, month=month, day=day) - SECOND


def _by_date(table: t.Iterable[tuple[date, int]], before: int, now: datetime) -> int:
    day = now.astimezone(timezone.utc).date()
    return next((days for begin, days in reversed(tuple(table)) if day >= begin), before)
