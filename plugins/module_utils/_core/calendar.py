# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a team lets certificates be renewed: not in a freeze, not on holidays, only in some hours of the week. Pure.

Freezes have instants. Days and hours are those of a clock that is ``utc_offset`` ahead of UTC.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_end, parse_time
from ansible_collections.inkan.tls.plugins.module_utils._data.holidays import JAPAN

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: hours that clocks in Japan are ahead of UTC: the teams that use this are there
JST = 9
_MIDNIGHT = 24 * 60
#: more steps than any calendar needs from one open moment to the next: a freeze, a holiday or a night each
_MOST_STEPS = 4000


@dataclass(frozen=True)
class Freeze:
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True)
class Hours:
    """On these weekdays (Monday is 0) from one minute of the day to another, the last one not included."""

    weekdays: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True)
class Calendar:
    """hours: none means at any hour. holidays: local days on which nothing is renewed."""

    freezes: tuple[Freeze, ...] = ()
    hours: tuple[Hours, ...] = ()
    holidays: t.Mapping[date, str] | None = None
    utc_offset: timedelta = timedelta(hours=JST)

    @property
    def is_empty(self) -> bool:
        return not self.freezes and not self.hours and not self.holidays

    def closed(self, moment: datetime) -> str | None:
        """Why nothing is renewed at ``moment``; None: it may be."""
        found = self._freeze(moment)
        if found is not None:
            return found.reason
        local = moment + self.utc_offset
        holiday = (self.holidays or {}).get(local.date())
        if holiday is not None:
            return f"{local.date()} is a holiday ({holiday})"
        if self.hours and not self._is_in_hours(local):
            return "it is outside the hours of renewal"
        return None

    def next_open(self, moment: datetime, before: datetime) -> datetime | None:
        """The first moment from ``moment`` on that is open; None where none comes before ``before``."""
        for _step in range(_MOST_STEPS):
            if moment >= before:
                return None
            found = self._freeze(moment)
            if found is not None:
                moment = found.end
                continue
            later = self._next_hours(moment)
            if later == moment:
                return moment
            moment = later
        return None

    def _freeze(self, moment: datetime) -> Freeze | None:
        """The one that lasts longest."""
        now = [freeze for freeze in self.freezes if freeze.start <= moment < freeze.end]
        return max(now, key=lambda freeze: freeze.end, default=None)

    def _is_in_hours(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return any(local.weekday() in one.weekdays and one.start <= minute < one.end for one in self.hours)

    def _next_hours(self, moment: datetime) -> datetime:
        """``moment`` where it is no holiday and in the hours; else the next one of that day, or the next midnight."""
        local = moment + self.utc_offset
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if local.date() not in (self.holidays or {}):
            if not self.hours or self._is_in_hours(local):
                return moment
            minute = local.hour * 60 + local.minute
            starts = [one.start for one in self.hours if local.weekday() in one.weekdays and one.start > minute]
            if starts:
                return midnight + timedelta(minutes=min(starts)) - self.utc_offset
        return midnight + timedelta(days=1) - self.utc_offset


ALWAYS = Calendar()


def read_calendar(fields: Fields) -> Calendar:
    """The fields ``freeze``, ``hours``, ``holidays`` and ``utc_offset`` of ``inkan_renewal``."""
    return Calendar(
        freezes=tuple(freeze for freeze in map(_read_freeze, fields.items("freeze")) if freeze is not None),
        hours=tuple(hours for hours in map(_read_hours, fields.items("hours")) if hours is not None),
        holidays=_read_holidays(fields),
        utc_offset=timedelta(hours=_read_offset(fields)),
    )


def _read_freeze(fields: Fields) -> Freeze | None:
    start, end = fields.text("from"), fields.text("to")
    reason = fields.text("reason") or "no reason given"
    fields.close()
    try:
        freeze = Freeze(parse_time(start or ""), parse_end(end or ""), reason)
    except ValueError as why:
        fields.wrong("", f"{start} to {end}", f"from and to are needed: {why}")
        return None
    if freeze.end <= freeze.start:
        fields.wrong("to", end, "it lies before from")
    return freeze


def _read_hours(fields: Fields) -> Hours | None:
    days, start, end = fields.texts("days"), fields.text("from", "00:00"), fields.text("to", "24:00")
    fields.close()
    wrong = [day for day in days if day not in WEEKDAYS]
    if wrong:
        fields.wrong("days", wrong[0], f"it is no day of the week: {', '.join(WEEKDAYS)}")
        return None
    minutes = [_minute(start or ""), _minute(end or "")]
    if None in minutes or not t.cast(int, minutes[0]) < t.cast(int, minutes[1]):
        fields.wrong("", f"{start} to {end}", "two times of one day are needed, such as 09:00 and 17:00, in quotes")
        return None
    weekdays = frozenset(WEEKDAYS.index(day) for day in days) if days else frozenset(range(7))
    return Hours(weekdays, t.cast(int, minutes[0]), t.cast(int, minutes[1]))


def _minute(text: str) -> int | None:
    hour, mark, minute = text.partition(":")
    if not (mark and hour.isascii() and minute.isascii() and hour.isdigit() and minute.isdigit() and len(text) <= 5):
        return None
    found = int(hour) * 60 + int(minute)
    return found if found <= _MIDNIGHT and int(minute) < 60 else None


def _read_holidays(fields: Fields) -> dict[date, str] | None:
    """``japan``, or a list of dates that takes its place; ``none``, or nothing: no day is a holiday."""
    said = fields.texts("holidays")
    found: dict[date, str] = {}
    for word in said:
        if word == "japan":
            found.update((row.day, row.name) for row in JAPAN)
        elif word != "none":
            try:
                found[parse_time(word).date()] = "your own list"
            except ValueError as why:
                fields.wrong("holidays", word, f"japan, none or a list of dates is needed: {why}")
    return found or None


def _read_offset(fields: Fields) -> int:
    value = fields.raw("utc_offset")
    if value is None:
        return JST
    text = str(value).strip()
    if not isinstance(value, bool) and text.lstrip("+-").isdigit() and len(text) <= 3 and -12 <= int(text) <= 14:
        return int(text)
    fields.wrong("utc_offset", value, "whole hours from -12 to 14 are needed")
    return JST
