# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a calendar to subscribe to: ``report.ics`` (RFC 5545), every date of the report as an all-day event.

    due      what somebody has to do                 one a certificate and task
    expiry   the end of the live certificate         one a certificate: a renewal moves it
    renewal  from then on the next run may renew it
    cancel   the last day to end its contract
    cliff    a change of the rules                   one for all certificates

A calendar is written from the one before: an event that says the same keeps its SEQUENCE and DTSTAMP, one that says
something else has the next number and the day of the report (RFC 5546, 2.1.4). So nothing changes where nothing did.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from datetime import date, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report, Row, all_cliffs
from ansible_collections.inkan.tls.plugins.module_utils._report.words import Words

_FOLD = 75  # octets of a line at most, without its end (RFC 5545, 3.1)
_SUMMARY, _DESCRIPTION = 160, 1200
_HIGHEST = 2_147_483_646
#: days before an event at which a calendar reminds of it
_ALARMS = {"due": (2, 0), "expiry": (14, 3), "cancel": (14, 3), "cliff": (30,), "renewal": ()}
_TO_ESCAPE = re.compile(r"([\\;,])")


class Event(t.NamedTuple):
    uid: str
    day: date
    kind: str
    summary: str
    description: str


class Known(t.NamedTuple):
    """An event of the calendar before: what it says, without the lines that tell how often it has changed."""

    sequence: int
    stamp: str
    lines: tuple[str, ...]


def report_calendar(report: Report, before: str | None = None, language: str = "en") -> str:
    """before: the text of the calendar that is there."""
    words = Words(language)
    known = read_calendar(before) if before else {}
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//inkan.tls//report//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(words.say('ics.name'))}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    stamp = f"{(_day(report.as_of) or date(1970, 1, 1)):%Y%m%d}T000000Z"
    for event in sorted(events(report, words), key=lambda one: (one.day, one.uid)):
        lines += _event(event, known.get(event.uid), stamp)
    lines.append("END:VCALENDAR")
    return "".join(folded(line) for line in lines)


def events(report: Report, words: Words) -> t.Iterator[Event]:
    for row in report.rows:
        yield from _of_certificate(row, words)
    for cliff, names in all_cliffs(report.rows).items():
        day = _day(cliff.date)
        if day is not None:
            what, do = words.told(cliff.what)[0], words.told(cliff.do)[0]
            told = f"{what}\n{do}\n{words.say('some_of', n=len(names), all=len(report.rows))}"
            yield Event(_uid("cliff", *cliff), day, "cliff", words.say("ics.cliff", what=what), told)


def _of_certificate(row: Row, words: Words) -> t.Iterator[Event]:
    about = "\n".join(filter(None, [", ".join(row.dns_names[:20]), row.product, ", ".join(row.hosts[:20])]))
    for number, waiting in enumerate(row.for_people):
        day = _day(waiting.by)
        if day is not None:
            what = words.told(waiting.what)[0]
            who = waiting.owner or words.actor(waiting.actor)
            summary = words.say("ics.due", who=who, name=row.name, what=what)
            yield Event(_uid("due", row.name, str(number)), day, "due", summary, f"{who}: {what}\n{about}")
    dates = {"expiry": row.not_after, "renewal": row.renews_on, "cancel": row.cancel_by}
    for kind, moment in dates.items():
        day = _day(moment)
        if day is not None:
            yield Event(_uid(kind, row.name), day, kind, words.say(f"ics.{kind}", name=row.name), about)


def _uid(kind: str, *of: str) -> str:
    """The same for the same thing in every report, and no text of others."""
    digest = hashlib.sha256("\0".join(of).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}-{digest[:32]}@inkan.tls"


def _day(moment: str | None) -> date | None:
    try:
        return date.fromisoformat((moment or "")[:10])
    except ValueError:
        return None


# -- writing ----------------------------------------------------------------------------------------------------------


def _event(event: Event, known: Known | None, stamp: str) -> list[str]:
    said = _said(event)
    sequence = 0
    if known is not None:
        same = known.lines == tuple(said)
        sequence = known.sequence if same else min(known.sequence + 1, _HIGHEST)
        stamp = known.stamp if same else stamp
    return ["BEGIN:VEVENT", f"UID:{event.uid}", f"DTSTAMP:{stamp}", f"SEQUENCE:{sequence}", *said, "END:VEVENT"]


def _said(event: Event) -> list[str]:
    summary = _escaped(event.summary, _SUMMARY)
    lines = [
        f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{_next(event.day):%Y%m%d}",
        f"SUMMARY:{summary}",
        f"DESCRIPTION:{_escaped(event.description, _DESCRIPTION)}",
        f"CATEGORIES:{event.kind.upper()}",
        "TRANSP:TRANSPARENT",
    ]
    for days in _ALARMS[event.kind]:
        trigger = f"-P{days}D" if days else "PT9H"
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{summary}", f"TRIGGER:{trigger}", "END:VALARM"]
    return lines


def _next(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _escaped(text: str, bound: int = 200) -> str:
    """RFC 5545, 3.3.11: line breaks are told as ``\\n``; control characters and direction marks as escapes."""
    lines = [_TO_ESCAPE.sub(r"\\\1", escaped(line, bound)) for line in text.split("\n")]
    return "\\n".join(lines)


def folded(line: str) -> str:
    """Lines of 75 octets, broken between letters, never inside of one (RFC 5545, 3.1)."""
    if len(line.encode("utf-8", "replace")) <= _FOLD:
        return f"{line}\r\n"
    parts, part, size = [], "", 0
    for letter in line:
        octets = len(letter.encode("utf-8", "replace"))
        if size + octets > _FOLD:
            parts.append(part)
            part, size = " ", 1
        part, size = part + letter, size + octets
    return "\r\n".join([*parts, part]) + "\r\n"


# -- reading what was written -----------------------------------------------------------------------------------------


def read_calendar(text: str) -> dict[str, Known]:
    """The events by UID. What is no calendar of ours has none that is known, so it is written anew."""
    found: dict[str, Known] = {}
    own: list[str] | None = None
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        if line == "BEGIN:VEVENT":
            own = []
        elif line == "END:VEVENT" and own is not None:
            uid, known = _known(own)
            if known is not None:
                found[uid] = known
            own = None
        elif own is not None:
            own.append(line)
    return found


def _known(lines: t.Sequence[str]) -> tuple[str, Known | None]:
    heads = dict(line.split(":", 1) for line in lines[:3] if ":" in line)
    uid, stamp, sequence = (heads.get(key, "") for key in ("UID", "DTSTAMP", "SEQUENCE"))
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp) or not re.fullmatch(r"\d{1,10}", sequence):
        return uid, None
    return uid, Known(min(int(sequence), _HIGHEST), stamp, tuple(lines[3:]))
