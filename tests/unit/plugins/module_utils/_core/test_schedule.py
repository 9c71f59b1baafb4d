# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The day of renewal: the user's own, the CA's, the seller's window, the calendar."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.calendar import Calendar, Freeze
from ansible_collections.inkan.tls.plugins.module_utils._core.schedule import (
    SellersWindow,
    begin_of,
    midnight_of,
    renewal_day,
    schedule_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
JST = timedelta(hours=9)


@dataclass(frozen=True)
class Policy:
    fraction: float = 0.5
    days_left: int | None = None
    jitter: timedelta = timedelta(0)
    calendar: Calendar = field(default_factory=Calendar)


def live(days: int = 100, obtained: datetime | None = None, suggested: t.Any = None) -> Live:
    return Live(NOW, NOW + days * DAY, None, None, obtained, None, suggested=suggested)


def window(opens: int = 30, closes: int = 10, renews: bool = True) -> SellersWindow:
    return SellersWindow(opens, closes, JST, renews, ("F-1", "F-2"), NOW + 100 * DAY)


@pytest.mark.parametrize(
    ("policy", "certificate", "day"),
    [
        pytest.param(Policy(), live(), 50, id="half of its life"),
        pytest.param(Policy(days_left=30), live(), 70, id="thirty days before its end"),
        pytest.param(Policy(days_left=99), live(), 1, id="nearly as many days as it lives"),
        pytest.param(Policy(days_left=100), live(), 50, id="as many days as it lives: the fraction holds"),
        pytest.param(Policy(), live(obtained=NOW + 50 * DAY), 75, id="counted from the day it came"),
        pytest.param(Policy(), live(obtained=NOW - 50 * DAY), 50, id="or from its begin, where that is later"),
        pytest.param(Policy(), live(obtained=NOW + 200 * DAY), 200, id="it came after its end: at once"),
    ],
)
def test_the_users_own_day(policy: Policy, certificate: Live, day: int) -> None:
    assert renewal_day("shop", certificate, policy) == NOW + day * DAY
    assert schedule_of("shop", certificate, policy, None).day == NOW + day * DAY


def test_the_jitter_brings_names_forward_each_by_its_own_share() -> None:
    days = {name: renewal_day(name, live(), Policy(jitter=10 * DAY)) for name in "abcdefgh"}
    assert all(NOW + 40 * DAY < day <= NOW + 50 * DAY for day in days.values())
    assert len(set(days.values())) == len(days)
    assert days["a"] == renewal_day("a", live(), Policy(jitter=10 * DAY)), "always the same"
    wide = [renewal_day(name, live(), Policy(jitter=1000 * DAY)) for name in "abcdefgh"]
    assert all(day >= NOW + 25 * DAY for day in wide), "never more than half of the wait"
    assert all(day.microsecond == 0 for day in (*wide, *days.values()))


def test_the_cas_suggestion_goes_before_the_users_day() -> None:
    plan = schedule_of("shop", live(suggested=(NOW + 20 * DAY, NOW + 21 * DAY)), Policy(), None)
    assert NOW + 20 * DAY <= plan.day < NOW + 21 * DAY
    assert plan.suggested == plan.day == plan.at
    assert schedule_of("shop", live(), Policy(), None).suggested is None


def test_a_window_is_days_of_the_sellers_own_calendar() -> None:
    one = window()
    assert one.opens == datetime(2027, 1, 9, 15, tzinfo=timezone.utc), "midnight in Japan"
    assert one.closes == datetime(2027, 1, 30, 15, tzinfo=timezone.utc), "the whole last day counts"
    later = one.moved(NOW + 110 * DAY)
    assert (later.opens, later.closes) == (one.opens + 10 * DAY, one.closes + 10 * DAY)
    assert (later.renews, later.facts, later.utc_offset) == (True, ("F-1", "F-2"), JST)
    assert midnight_of(date(2026, 11, 1)) == NOW
    assert begin_of(live()) == NOW


@pytest.mark.parametrize(
    ("fraction", "inside"),
    [
        pytest.param(0.5, False, id="before"),
        pytest.param(0.8, True, id="inside"),
        pytest.param(0.95, False, id="after"),
    ],
)
def test_a_day_outside_the_window_moves_to_its_opening(fraction: float, inside: bool) -> None:
    plan = schedule_of("shop", live(), Policy(fraction), window())
    assert plan.closes == window().closes
    assert plan.day == (NOW + 80 * DAY if inside else window().opens)
    spread = schedule_of("shop", live(), Policy(0.5, jitter=5 * DAY), window()).day
    assert window().opens < spread < window().opens + 5 * DAY
    half = [schedule_of(name, live(), Policy(0.5, jitter=500 * DAY), window()).day for name in "abcdefgh"]
    assert all(window().opens <= day <= window().opens + 10.5 * DAY for day in half), "at most half of the window"


def test_the_end_of_the_certificate_closes_before_the_window() -> None:
    late = window(opens=30, closes=-5)
    assert schedule_of("shop", live(), Policy(), late).closes == NOW + 100 * DAY


def frozen(start: int, end: int) -> Policy:
    return Policy(0.8, calendar=Calendar(freezes=(Freeze(NOW + start * DAY, NOW + end * DAY, "sale"),)))


def test_a_freeze_moves_it_and_early_in_the_window_is_better_than_not_at_all() -> None:
    assert schedule_of("shop", live(), frozen(79, 85), window()).at == NOW + 85 * DAY
    whole = schedule_of("shop", live(), frozen(79, 99), window())
    assert whole.day == whole.at == window().opens
    closed = schedule_of("shop", live(), frozen(60, 99), window())
    assert (closed.day, closed.at) == (NOW + 80 * DAY, None)
    assert schedule_of("shop", live(), frozen(79, 101), None).at is None


def test_whose_turn_it_is_and_how_it_is_told() -> None:
    plan = schedule_of("shop", live(), Policy(), window())
    assert not plan.is_sellers_turn(plan.closes - timedelta(seconds=1))
    assert plan.is_sellers_turn(plan.closes)
    assert not schedule_of("shop", live(), Policy(), window(renews=False)).is_sellers_turn(plan.closes)
    assert not schedule_of("shop", live(), Policy(), None).is_sellers_turn(plan.closes)
    assert plan.words() == "the seller takes renewals from 2027-01-09T15:00:00Z until 2027-01-30T15:00:00Z (F-1, F-2)"
    assert plan.sellers_words() == ("the seller renews it by itself since its window closed on 2027-01-30 (F-1, F-2)")
    own = schedule_of("shop", live(), Policy(), None)
    assert (own.words(), own.sellers_words()) == ("its day of renewal was 2026-12-21T00:00:00Z", "")


@pytest.mark.parametrize("days", [40, 65, 69])
def test_a_window_without_room_is_its_first_moment_whatever_the_jitter(days: int) -> None:
    """The certificate ends before it opens."""
    for name in "abcdefgh":
        assert schedule_of(name, live(days=days), Policy(jitter=10 * DAY), window()).day == window().opens
    assert schedule_of("a", live(), Policy(0.99, jitter=10 * DAY), window()).day > window().opens


def test_a_day_in_the_window_is_a_whole_second() -> None:
    days = [schedule_of(name, live(), Policy(jitter=5 * DAY), window()).day for name in "abcdefgh"]
    assert all(day.microsecond == 0 for day in days) and len(set(days)) == len(days)
