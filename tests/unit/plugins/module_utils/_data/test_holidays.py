# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of holidays against the law, told here once more in other words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._data.holidays import JAPAN

BY_DAY = {row.day: row for row in JAPAN}
YEARS = range(2024, 2031)
#: as the Cabinet Office lists them (振替休日 and 国民の休日 among them): what rules alone do not give
PUBLISHED = {
    "2024-03-20": "春分の日",
    "2024-08-12": "振替休日",
    "2024-09-22": "秋分の日",
    "2024-09-23": "振替休日",
    "2025-05-06": "振替休日",
    "2025-09-23": "秋分の日",
    "2026-03-20": "春分の日",
    "2026-05-06": "振替休日",
    "2026-09-22": "国民の休日",
    "2026-09-23": "秋分の日",
    "2027-03-21": "春分の日",
    "2027-03-22": "振替休日",
}


@pytest.mark.parametrize(("day", "name"), PUBLISHED.items())
def test_what_the_cabinet_office_lists(day: str, name: str) -> None:
    assert (BY_DAY[date.fromisoformat(day)].name, BY_DAY[date.fromisoformat(day)].estimated) == (name, False)


@pytest.mark.parametrize("year", YEARS)
def test_the_days_that_the_law_fixes(year: int) -> None:
    fixed = {
        (1, 1): "元日",
        (2, 11): "建国記念の日",
        (2, 23): "天皇誕生日",
        (4, 29): "昭和の日",
        (5, 3): "憲法記念日",
        (5, 4): "みどりの日",
        (5, 5): "こどもの日",
        (8, 11): "山の日",
        (11, 3): "文化の日",
        (11, 23): "勤労感謝の日",
    }
    for (month, day), name in fixed.items():
        assert BY_DAY[date(year, month, day)].name == name
    mondays = {"成人の日": (1, 2), "海の日": (7, 3), "敬老の日": (9, 3), "スポーツの日": (10, 2)}
    for name, (month, which) in mondays.items():
        (row,) = [row for row in JAPAN if row.name == name and row.day.year == year]
        assert (row.day.weekday(), row.day.month, (row.day.day - 1) // 7 + 1) == (0, month, which)


def test_a_holiday_on_a_sunday_gives_the_next_day_that_is_none() -> None:
    for row in JAPAN:
        if row.day.weekday() == 6:
            later = row.day + timedelta(days=1)
            while BY_DAY[later].name != "振替休日":
                later += timedelta(days=1)  # another holiday, or a KeyError: then a day is missing
    assert {row.name for row in JAPAN if row.day.weekday() == 6}.isdisjoint({"振替休日", "国民の休日"})


def test_no_working_day_lies_between_two_holidays() -> None:
    for row in JAPAN:
        between = row.day + timedelta(days=1)
        if row.day + timedelta(days=2) in BY_DAY and between.weekday() != 6:
            assert between in BY_DAY or row.name in ("振替休日", "国民の休日")


def test_only_what_hangs_on_an_equinox_that_is_not_in_the_gazette_is_an_estimate() -> None:
    assert {row.day.isoformat() for row in JAPAN if row.estimated} == {
        "2028-03-20",
        "2028-09-22",
        "2029-03-20",
        "2029-09-23",
        "2029-09-24",
        "2030-03-20",
        "2030-09-23",
    }


def test_every_year_is_there_in_order_and_once() -> None:
    days = [row.day for row in JAPAN]
    assert days == sorted(set(days))
    assert {day.year for day in days} == set(YEARS)
    assert all(16 <= sum(day.year == year for day in days) <= 21 for year in YEARS)
