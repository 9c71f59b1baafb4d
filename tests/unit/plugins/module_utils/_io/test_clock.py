# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock


def test_a_moved_clock_shifts_the_date_and_runs_on() -> None:
    there = datetime(2028, 3, 15, tzinfo=timezone.utc)
    clock = SystemClock(there)
    first, second = clock.now(), clock.now()
    assert there <= first <= second < there + timedelta(minutes=10)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no clock that counts its sleep")
def test_seconds_go_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def read(which: int) -> float:
        asked.append(which)
        return 4711.0

    monkeypatch.setattr(time, "clock_gettime", read)
    assert SystemClock().monotonic() == 4711.0
    assert asked == [time.CLOCK_BOOTTIME]
