# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling windows: whatever was sent before, one more request never breaks a limit, and never waits for nothing."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit, earliest, kept
from hypothesis import given
from hypothesis import strategies as some

TWO_A_SECOND = Limit(2, 1.0)
FIVE_IN_TEN = Limit(5, 10.0)
BOTH = (TWO_A_SECOND, FIVE_IN_TEN)


@pytest.mark.parametrize(
    ("taken", "now", "at"),
    [
        pytest.param([], 7.0, 7.0, id="the first one goes at once"),
        pytest.param([7.0], 7.0, 7.0, id="so does the second of two a second"),
        pytest.param([7.0, 7.2], 7.3, 8.0, id="the third waits until the first is a second old"),
        pytest.param([7.0, 7.2], 8.1, 8.1, id="and not longer"),
        pytest.param([0.0, 1.0, 2.0, 3.0, 4.0], 6.0, 10.0, id="the longer window counts as well"),
        pytest.param([7.0, 7.0, 8.0], 7.1, 8.0, id="nobody overtakes what was promised a later instant"),
        pytest.param([7.0, 7.0, 8.0, 8.0], 7.1, 9.0, id="and the queue grows behind it"),
    ],
)
def test_when_one_more_may_be_sent(taken: list[float], now: float, at: float) -> None:
    assert earliest(taken, BOTH, now) == at


@given(some.lists(some.floats(0, 3), max_size=60), some.sampled_from([BOTH, (TWO_A_SECOND,), (Limit(1, 0.5),)]))
def test_no_window_ever_holds_more_than_its_limit(pauses: list[float], limits: tuple[Limit, ...]) -> None:
    now = 100.0
    taken: list[float] = []
    sent: list[float] = []
    for pause in pauses:
        now += pause
        taken = kept(taken, limits, now)
        at = earliest(taken, limits, now)
        assert at >= now
        taken.append(at)
        sent.append(at)
    for limit in limits:
        for first, after in zip(sent, sent[limit.requests :]):
            assert after - first >= limit.seconds - 1e-9


def test_what_is_too_old_or_of_another_clock_counts_no_more() -> None:
    assert kept([0.0, 90.0, 95.0, 9999.0], BOTH, 100.0) == [95.0]
    assert kept([91.0] * 9, BOTH, 100.0) == [91.0] * 5


def test_the_bounds_of_what_counts() -> None:
    limits = (Limit(2, 10.0),)
    assert kept([90.0, 90.1], limits, 100.0) == [90.1], "what is just as old as the window is counts no more"
    assert kept([3700.0], limits, 100.0) == [3700.0], "an hour ahead somebody may wait"
    assert kept([3700.1], limits, 100.0) == []
    assert earliest([95.0, 96.0], (Limit(3, 10.0),), 100.0) == 100.0
    assert earliest([94.0, 95.0, 96.0], (Limit(3, 10.0),), 100.0) == 104.0
