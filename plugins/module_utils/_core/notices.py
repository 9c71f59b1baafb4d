# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a channel is told: how a certificate stands now against what the channel knows of it. Pure.

    Seen (this run) ──┐
                      ├──▶ news() ──▶ Event, Event … ──▶ the channel's queue in the ledger
    Known (ledger) ───┘         └───▶ Known, as it is after that

Only a change is news: a second run finds nothing. A channel that knows nothing of a certificate is told what is wrong
with it or waits, and not that all is well.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

#: How a certificate stands: what asks for a person, then what does not.
TROUBLE, UNREACHABLE, WAITING, REFUSED, REVOKED = "trouble", "unreachable", "waiting", "refused", "revoked"
UNDERWAY, IN_ORDER = "underway", "in_order"
CONDITIONS = (TROUBLE, UNREACHABLE, WAITING, REFUSED, REVOKED, UNDERWAY, IN_ORDER)
_ALARMING = frozenset({TROUBLE, UNREACHABLE, WAITING, REFUSED, REVOKED})
#: what only a run that tries everything can find to be over
_TRIED = frozenset({TROUBLE, UNREACHABLE})

EXPIRING, REMINDER, ISSUED, RESOLVED = "expiring", "reminder", "issued", "resolved"
#: what ``on`` of a channel can hold, most urgent first
KINDS = (TROUBLE, EXPIRING, REFUSED, UNREACHABLE, WAITING, REMINDER, REVOKED, RESOLVED, ISSUED)
#: where ``on`` is not given: all but what is as it should be
USUAL = tuple(kind for kind in KINDS if kind != ISSUED)

#: The name under which a run itself stands, beside those of certificates (which never hold a bracket).
THE_RUN = "(run)"

#: Shares of its lifetime that are left of a certificate, level by level. Renewals begin at a third; whatever still is
#: live at a sixth was not renewed. Fractions, for days mean something else with 398, 100 and 47 days (awx-and-mail 4).
_LEFT = (1 / 6, 1 / 12, 0.0)
EXPIRED = len(_LEFT)
_MOST_REMINDED = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Reminder(t.NamedTuple):
    """key: tells one reminder from the next."""

    key: str
    what: str
    owner: str = ""
    due: str | None = None


@dataclass(frozen=True)
class Seen:
    """One certificate (or the run) as it is now.

    mark: what makes this condition another one of the same kind: error codes, an order and its step
    is_new: it went live in this very run
    """

    name: str
    condition: str
    mark: str = ""
    sentences: tuple[str, ...] = ()
    serial: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    order: str | None = None
    actor: str | None = None
    owner: str = ""
    due: str | None = None
    is_new: bool = False
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True)
class Known:
    """What a channel knows of a certificate. level: of ``_LEFT``; reminded: keys of reminders."""

    condition: str = IN_ORDER
    mark: str = ""
    serial: str | None = None
    level: int = 0
    reminded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event:
    """One piece of news. before: the condition before it, None for none that was known. thread: what it belongs to."""

    kind: str
    name: str
    at: str
    before: str | None = None
    sentences: tuple[str, ...] = ()
    not_after: str | None = None
    serial: str | None = None
    order: str | None = None
    actor: str | None = None
    owner: str = ""
    due: str | None = None
    level: int = 0


def news(
    known: Known | None, seen: Seen, now: datetime, on: t.Collection[str], tried_all: bool
) -> tuple[list[Event], Known]:
    """What of ``on`` is to be told, and what is known from then on."""
    before = known or Known()
    seen = _as_before(before, seen) if not tried_all else seen
    level = _level(seen, now, before)
    after = Known(seen.condition, seen.mark, seen.serial or before.serial, level, _reminded(before, seen))
    kinds = [kind for kind in _changes(known, seen, after, on) if kind in on]
    found = [_event(kind, known, seen, now, level) for kind in kinds]
    if REMINDER in on:
        new = [one for one in seen.reminders if one.key not in before.reminded]
        found += [_reminding(one, known, seen, now) for one in new]
    return found, after


def _as_before(before: Known, seen: Seen) -> Seen:
    """A run that did not try everything sees no error where there still is one."""
    is_other = seen.is_new or (seen.serial or before.serial) != before.serial
    if before.condition in _TRIED and seen.condition in (IN_ORDER, UNDERWAY) and not is_other:
        return replace(seen, condition=before.condition, mark=before.mark)
    return seen


def _changes(known: Known | None, seen: Seen, after: Known, on: t.Collection[str]) -> t.Iterator[str]:
    before = known or Known()
    if seen.condition in _ALARMING and (seen.condition, seen.mark) != (before.condition, before.mark):
        yield seen.condition
    if after.level > (before.level if after.serial == before.serial else 0):
        yield EXPIRING
    is_issued = seen.is_new if known is None else seen.serial is not None and seen.serial != before.serial
    if is_issued:
        yield ISSUED
    is_over = before.condition in _ALARMING and before.condition in on and seen.condition not in _ALARMING
    if is_over and not (is_issued and ISSUED in on):
        yield RESOLVED


def _event(kind: str, known: Known | None, seen: Seen, now: datetime, level: int) -> Event:
    is_about_now = kind in _ALARMING
    return Event(
        kind=kind,
        name=seen.name,
        at=_text(now),
        before=known.condition if known else None,
        sentences=seen.sentences if is_about_now else (),
        not_after=_text(seen.not_after) if seen.not_after else None,
        serial=seen.serial,
        order=seen.order,
        actor=seen.actor if is_about_now else None,
        owner=seen.owner if is_about_now else "",
        due=seen.due if is_about_now else None,
        level=level if kind == EXPIRING else 0,
    )


def _reminding(reminder: Reminder, known: Known | None, seen: Seen, now: datetime) -> Event:
    event = _event(REMINDER, known, seen, now, 0)
    return replace(event, sentences=(reminder.what,), owner=reminder.owner, due=reminder.due, actor=seen.actor)


def _reminded(before: Known, seen: Seen) -> tuple[str, ...]:
    """The newest keys; a certificate has few at a time."""
    return tuple(dict.fromkeys([*before.reminded, *(one.key for one in seen.reminders)]))[-_MOST_REMINDED:]


def _level(seen: Seen, now: datetime, before: Known) -> int:
    if seen.not_before is None or seen.not_after is None:
        return before.level if seen.serial in (None, before.serial) else 0
    left = (seen.not_after - now) / max(seen.not_after - seen.not_before, seen.not_after.resolution)
    return sum(left <= share for share in _LEFT)


def _text(moment: datetime) -> str:
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def is_name(text: str) -> bool:
    """Whether it can be the name of a certificate, as the plan takes them."""
    return _NAME.fullmatch(text) is not None


class Pattern(t.NamedTuple):
    """Names with ``*`` (any text) and ``?`` (any one character)."""

    text: str

    def fits(self, name: str) -> bool:
        return _fits(self.text, name)


def _fits(pattern: str, name: str) -> bool:
    """Without regular expressions, which a pattern of many stars can make slow: between two stars the first place that
    fits is the best one."""
    first, *others = pattern.split("*")
    if not others:
        return _is_like(first, name)
    *between, last = others
    place, end = len(first), len(name) - len(last)
    if place > end or not _is_like(first, name[:place]) or not _is_like(last, name[end:]):
        return False
    for piece in filter(None, between):
        found = _first_place(piece, name[place:end])
        if found is None:
            return False
        place += found + len(piece)
    return True


def _first_place(piece: str, text: str) -> int | None:
    return next((at for at in range(len(text)) if _is_like(piece, text[at : at + len(piece)])), None)


def _is_like(piece: str, text: str) -> bool:
    return len(piece) == len(text) and all(one in ("?", other) for one, other in zip(piece, text))


def concerns(patterns: t.Sequence[str], name: str) -> bool:
    """Whether a channel for these certificates is told of ``name``; how the run went concerns every channel."""
    return name == THE_RUN or any(Pattern(pattern).fits(name) for pattern in patterns)
