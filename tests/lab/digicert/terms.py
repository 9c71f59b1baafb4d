# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things live, by date. Pure. A day of validity is 86,400 seconds, and both its ends count."""

from __future__ import annotations

import typing as t
from datetime import date, datetime, time, timedelta, timezone

SECOND = timedelta(seconds=1)
TOKEN_DAYS = 30
#: from this day on, certificates live so many days at most
CERTIFICATE_DAYS = ((date(2026, 2, 24), 199), (date(2027, 3, 15), 99), (date(2029, 3, 15), 46))
CERTIFICATE_DAYS_BEFORE = 397
#: and domains stay validated so many
REUSE_DAYS = ((date(2026, 3, 15), 200), (date(2027, 3, 15), 100), (date(2029, 3, 15), 10))
REUSE_DAYS_BEFORE = 398
#: no mail validates a domain any more
MAIL_ENDS = date(2028, 3, 15)
CLIENT_EKU_ENDS = date(2026, 5, 1)


class Term(t.NamedTuple):
    """One of these is not empty."""

    years: int = 0
    days: int = 0
    until: date | None = None

    def ends(self, begin: datetime) -> datetime:
        """The last second of it."""
        if self.until is not None:
            return last_second(self.until)
        if self.days:
            return begin + timedelta(days=self.days) - SECOND
        try:
            return begin.replace(year=begin.year + self.years) - SECOND
        except ValueError:  # the 29th of February
            return begin.replace(year=begin.year + self.years, day=28) - SECOND


def today(now: datetime) -> datetime:
    """Certificates begin with the day (UTC) of their issue."""
    return datetime.combine(now.astimezone(timezone.utc).date(), time(), timezone.utc)


def last_second(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), timezone.utc)


def longest(now: datetime) -> timedelta:
    return timedelta(days=_by_date(CERTIFICATE_DAYS, CERTIFICATE_DAYS_BEFORE, now)) - SECOND


def reuse(now: datetime) -> timedelta:
    return timedelta(days=_by_date(REUSE_DAYS, REUSE_DAYS_BEFORE, now))


def mail_is_over(now: datetime) -> bool:
    return now.astimezone(timezone.utc).date() >= MAIL_ENDS


def _by_date(table: t.Iterable[tuple[date, int]], before: int, now: datetime) -> int:
    day = now.astimezone(timezone.utc).date()
    return next((days for begin, days in reversed(tuple(table)) if day >= begin), before)
