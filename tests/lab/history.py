# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in the lab, in order: for tests that ask, and for people who look at /_lab/.

An event is a dictionary: number (from 1), at (lab time, ISO 8601 UTC), kind, and the facts that its writer gave.
Facts are what JSON can hold. Every event is also a line of the file.
"""

from __future__ import annotations

import json
import threading
import typing as t
from pathlib import Path

from .clock import LabClock, iso_utc

Event = dict[str, t.Any]
RESERVED = ("number", "at")


class History:
    def __init__(self, clock: LabClock, path: Path | None = None) -> None:
        self._clock = clock
        self._path = path
        self._events: list[Event] = []
        self._by_kind: dict[str, list[Event]] = {}
        self._lock = threading.Lock()

    def add(self, kind: str, **facts: t.Any) -> Event:
        for word in RESERVED:
            if word in facts:
                raise ValueError(f"the history itself writes {word}")
        with self._lock:
            event = {"number": len(self._events) + 1, "at": iso_utc(self._clock.now()), "kind": kind, **facts}
            line = json.dumps(event, ensure_ascii=False)
            event = json.loads(line)  # nobody changes the past through a list that he still holds
            self._events.append(event)
            self._by_kind.setdefault(kind, []).append(event)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
        return dict(event)

    def events(self, kind: str | None = None, **where: t.Any) -> list[Event]:
        """The events of this kind whose facts are these, oldest first."""
        with self._lock:
            events = list(self._events if kind is None else self._by_kind.get(kind, ()))
        return [dict(event) for event in events if _has(event, where)]


def _has(event: Event, facts: t.Mapping[str, t.Any]) -> bool:
    return all(word in event and event[word] == value for word, value in facts.items())
