# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that reads the time. A moved clock shifts ``now`` and nothing else.

This file is private to the collection.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

#: It counts while the machine sleeps too, so that a deadline is over where a lease is. Not every system has it.
_SINCE_THE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """moved_to: the instant (aware) that ``now`` showed when the clock was made; it runs on from there."""

    def __init__(self, moved_to: datetime | None = None) -> None:
        real = datetime.now(timezone.utc)
        self._shift = moved_to - real if moved_to is not None else timedelta(0)

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self._shift

    def monotonic(self) -> float:
        return time.clock_gettime(_SINCE_THE_BOOT)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def real_time() -> float:
    """Seconds since the epoch by the real clock, for what must not follow a moved one: leases, backups."""
    return time.time()
