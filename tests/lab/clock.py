# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the made-up world: it can be moved, and runs on from where it was set."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")


class LabClock:
    def __init__(self, now: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self.set(now if now is not None else datetime.now(timezone.utc))

    def now(self) -> datetime:
        with self._lock:
            return self._set_to + timedelta(seconds=time.monotonic() - self._set_at)

    def set(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError(f"a moment of the lab needs its zone: {moment.isoformat()}")
        with self._lock:
            self._set_to = moment.astimezone(timezone.utc)
            self._set_at = time.monotonic()

    def advance(self, *, hours: float = 0, days: float = 0) -> None:
        """Also backwards, by negative numbers. Nothing that runs at the same time is lost: the clock never stops."""
        with self._lock:
            self._set_to += timedelta(hours=hours, days=days)


def jst(moment: datetime) -> datetime:
    return moment.astimezone(JST)


def iso_jst(moment: datetime) -> str:
    """As sellers in Japan write it: 2026-06-23T10:00:00+09:00."""
    return jst(moment).isoformat(timespec="seconds")


def iso_utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
