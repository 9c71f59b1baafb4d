# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to ask again: what the other side said, else a table; never past the deadline of the run.

This file is private to the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

__all__ = ["LEAST", "Pause", "next_pause", "parse_http_date", "retry_after_seconds"]

#: Seconds that an answer may take: with less left nobody is asked any more, or the end of our own time would look like
#: a server that does not answer.
LEAST = 0.5

#: Seconds before the n-th repetition; elapsed in brackets. The first two catch a service that restarts or a lost
#: packet, the middle ones a short overload; whatever lasts longer than a minute is a matter for the next run.
_TABLE = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # (0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 60.5)
#: Longest Retry-After that is believed: the widest window of a public rate limit is 7 days; a month covers all of them
#: and keeps a hostile number from overflowing a date.
_LONGEST = 31 * 86400.0

#: calendar.month_abbr would speak the locale's language.
_MONTHS = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
#: The three forms of RFC 9110 §5.6.7.
_DATES = (
    re.compile(r"[A-Z][a-z]{2}, (?P<d>\d{2}) (?P<b>[A-Z][a-z]{2}) (?P<y>\d{4}) (?P<t>\d{2}:\d{2}:\d{2}) GMT"),
    re.compile(r"[A-Z][a-z]{5,8}, (?P<d>\d{2})-(?P<b>[A-Z][a-z]{2})-(?P<y>\d{2}) (?P<t>\d{2}:\d{2}:\d{2}) GMT"),
    re.compile(r"[A-Z][a-z]{2} (?P<b>[A-Z][a-z]{2}) (?P<d>[ \d]\d) (?P<t>\d{2}:\d{2}:\d{2}) (?P<y>\d{4})"),
)


@dataclass(frozen=True)
class Pause:
    """seconds: how long to wait; until: the same as an instant; fits: whether the deadline leaves room for it, and for
    an answer afterwards."""

    seconds: float
    until: datetime
    fits: bool


def next_pause(
    repetition: int,
    *,
    now: datetime,
    left: float,
    retry_after: str | None = None,
    server_date: str | None = None,
) -> Pause:
    """The pause before the ``repetition``-th (1, 2 …) repetition, with ``left`` seconds to the deadline.

    A pause that was asked for is never shortened: where it does not fit, the caller gives up politely instead.
    """
    asked = retry_after_seconds(retry_after, now=now, server_date=server_date)
    seconds = _TABLE[min(repetition, len(_TABLE)) - 1] if asked is None else asked
    return Pause(seconds, now + timedelta(seconds=seconds), seconds + LEAST <= left)


def retry_after_seconds(value: str | None, *, now: datetime, server_date: str | None = None) -> float | None:
    """Retry-After in either form (RFC 9110 §10.2.3) as seconds from now; None if absent or unreadable.

    A date is measured against the Date header of the same answer where there is one, so that neither a wrong clock
    nor a moved one counts.
    """
    text = (value or "").strip()
    if re.fullmatch(r"\d{1,20}", text, re.ASCII):
        return min(float(text), _LONGEST)
    then = parse_http_date(text, now=now)
    if then is None:
        return None
    reference = parse_http_date((server_date or "").strip(), now=now) or now
    return min(max((then - reference).total_seconds(), 0.0), _LONGEST)


def parse_http_date(text: str, *, now: datetime) -> datetime | None:
    """An HTTP date in any of its three forms (strptime would ask the locale); None if it is none."""
    found = next((match for match in (shape.fullmatch(text) for shape in _DATES) if match), None)
    if found is None or found["b"] not in _MONTHS:
        return None
    hour, minute, second = (int(part) for part in found["t"].split(":"))
    try:
        return datetime(
            _year(found["y"], now),
            _MONTHS[found["b"]],
            int(found["d"]),
            hour,
            minute,
            min(second, 59),
            tzinfo=timezone.utc,
        )
    except ValueError:
        return None


def _year(digits: str, now: datetime) -> int:
    """Two digits that seem more than 50 years ahead are of the past (RFC 9110 §5.6.7)."""
    if len(digits) == 4:
        return int(digits)
    year = now.year // 100 * 100 + int(digits)
    return year - 100 if year > now.year + 50 else year
