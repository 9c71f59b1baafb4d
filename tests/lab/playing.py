# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How answers of an API go wrong on their way: one vice a request at most, once for each call and its subject.

Each API has its own table of plays, whose words it knows; what every server can do to an answer is here.
"""

from __future__ import annotations

import gzip
import json
import threading
import typing as t
from dataclasses import replace

from .clock import LabClock
from .http_server import Response
from .vices import Switches

DRIP_SECONDS = 2
HUGE = 32 * 1024 * 1024

Act = t.Callable[[], Response]


class Play(t.NamedTuple):
    vice: str
    #: what the caller gets; whoever does not call the act has no effect
    answer: t.Callable[[Act, LabClock], Response]
    #: empty: all
    calls: tuple[str, ...] = ()


class Playing:
    def __init__(
        self, plays: t.Sequence[Play], clock: LabClock, switches: Switches, shared: t.Collection[str] = ()
    ) -> None:
        """``shared``: calls with one subject for all orders."""
        self._plays, self._clock, self._switches, self._shared = plays, clock, switches, shared
        self._lock = threading.Lock()
        self._struck: dict[tuple[str, str], str] = {}

    def play(self, call: str, subject: str, act: Act) -> tuple[Response, str]:
        """The answer, and the vice that had its hand in it."""
        chosen = self._choose(call, "" if call in self._shared else subject)
        return (chosen.answer(act, self._clock), chosen.vice) if chosen else (act(), "")

    def _choose(self, call: str, subject: str) -> Play | None:
        """The vices take turns. Whom one has struck, no other strikes as long as that one is on."""
        with self._lock:
            before = self._struck.get((call, subject), "")
            fitting = [p for p in self._plays if call in (p.calls or (call,)) and self._switches.is_on(p.vice)]
            if before in [play.vice for play in fitting]:
                fitting = [play for play in fitting if play.vice == before]  # and only if it was switched on anew
            turn = sum(1 for other, _subject in self._struck if other == call) % max(1, len(fitting))
            for play in (*fitting[turn:], *fitting[:turn]):
                if self._switches.strikes(play.vice, f"{call} {subject}"):
                    self._struck[call, subject] = play.vice
                    return play
        return None


# --- what can happen to any answer ---


def lost(act: Act, _clock: LabClock) -> Response:
    return replace(act(), cut=0)


def cut(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, cut=max(1, len(answer.body) // 2))


def half(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def drip(act: Act, _clock: LabClock) -> Response:
    return replace(act(), drip=DRIP_SECONDS)


def zipped(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=gzip.compress(answer.body))


def with_mark(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, body=b"\xef\xbb\xbf" + answer.body)


def huge(act: Act, _clock: LabClock) -> Response:
    answer = act()
    return replace(answer, body=b" " * HUGE + answer.body)


def as_json(document: t.Any, status: int = 200) -> Response:
    """Keys in the order of the manual."""
    body = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8")
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, body)
