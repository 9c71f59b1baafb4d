# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ISO 8601 in and out. Inside there are aware UTC datetimes only.

This file is private to the collection.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta, timezone

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?(Z|z|[+-]\d{2}:?\d{2})")


def parse_time(text: str) -> datetime:
    """``2026-11-20T00:00:00Z``, with any offset, or a bare date (its first second in UTC); ValueError says why not."""
    moment = _parse(text.strip())
    if moment.year < 1970:
        raise ValueError(f"{text} lies before 1970")
    return moment


def _parse(text: str) -> datetime:
    if _DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("it is no ISO 8601 time with its offset, such as 2026-11-20T00:00:00Z, and no date")
    day, clock, offset = found.groups()
    offset = "+00:00" if offset in "Zz" else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
    try:
        return datetime.fromisoformat(f"{day}T{clock}{offset}").astimezone(timezone.utc)
    except OverflowError as reason:
        raise ValueError(f"{text} lies outside the calendar") from reason


def parse_end(text: str) -> datetime:
    """As ``parse_time``, but a bare date means all of that day: the first second after it."""
    moment = parse_time(text)
    try:
        return moment + timedelta(days=1) if _DATE.fullmatch(text.strip()) else moment
    except OverflowError as reason:
        raise ValueError(f"{text} lies outside the calendar") from reason


def render_time(moment: datetime) -> str:
    utc = moment if moment.tzinfo is timezone.utc else moment.astimezone(timezone.utc)
    return utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def render_day(day: date) -> str:
    return day.isoformat()


def end_of_month(moment: datetime, months: int, ahead: timedelta = timedelta(0)) -> datetime:
    """The last second of the month that is so many after that of ``moment``, where clocks are ``ahead`` of UTC."""
    local = moment.astimezone(timezone.utc) + ahead
    year, month = divmod(local.year * 12 + local.month + months, 12)  # month counts from 0: the one after
    return datetime(year, month + 1, 1, tzinfo=timezone.utc) - ahead - timedelta(seconds=1)


def add_months(moment: datetime, months: int, ahead: timedelta = timedelta(0)) -> datetime:
    """The same day and time so many months later, where clocks are ``ahead`` of UTC; at most the month's last day."""
    local = moment.astimezone(timezone.utc) + ahead
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day) - ahead
