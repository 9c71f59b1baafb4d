# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.calendar import (
    Calendar,
    Freeze,
    Hours,
    read_calendar,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields
from hypothesis import given
from hypothesis import strategies as st


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def calendar(**raw: t.Any) -> Calendar:
    errors = InputCollector()
    found = read_calendar(Fields(raw, where="test", path="renewal", errors=errors))
    errors.refuse()
    return found


WORKDAYS = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "10:00", "to": "16:00"}

# 2026-11-20 is a Friday; 10:00 in Japan is 01:00 UTC; Monday 2026-11-23 is 勤労感謝の日
OPEN = [
    pytest.param({}, "2026-11-20T00:00:00", "2026-11-20T00:00:00", id="no calendar, any time"),
    pytest.param({"hours": [WORKDAYS]}, "2026-11-20T00:59:59", "2026-11-20T01:00:00", id="before the hours"),
    pytest.param({"hours": [WORKDAYS]}, "2026-11-20T01:00:00", "2026-11-20T01:00:00", id="their first minute"),
    pytest.param({"hours": [WORKDAYS]}, "2026-11-20T06:59:59", "2026-11-20T06:59:59", id="their last second"),
    pytest.param({"hours": [WORKDAYS]}, "2026-11-20T07:00:00", "2026-11-23T01:00:00", id="after them, over a weekend"),
    pytest.param(
        {"hours": [WORKDAYS], "holidays": ["japan"]}, "2026-11-20T07:00:00", "2026-11-24T01:00:00", id="and a holiday"
    ),
    pytest.param({"holidays": ["japan"]}, "2026-11-22T15:00:00", "2026-11-23T15:00:00", id="a whole day in Japan"),
    pytest.param(
        {"holidays": ["2026-11-20"], "utc_offset": 0}, "2026-11-20T12:00:00", "2026-11-21T00:00:00", id="your own list"
    ),
    pytest.param(
        {"holidays": ["japan", "2026-11-24"]}, "2026-11-22T15:00:00", "2026-11-24T15:00:00", id="both beside each other"
    ),
    pytest.param({"holidays": "none"}, "2026-11-23T00:00:00", "2026-11-23T00:00:00", id="none is none"),
    pytest.param(
        {"freeze": [{"from": "2026-11-20", "to": "2026-11-30"}], "hours": [WORKDAYS]},
        "2026-11-20T02:00:00",
        "2026-12-01T01:00:00",
        id="a freeze, then the hours",
    ),
    pytest.param(
        {"freeze": [{"from": "2026-11-20", "to": "2026-11-25"}, {"from": "2026-11-24", "to": "2026-11-30"}]},
        "2026-11-21T00:00:00",
        "2026-12-01T00:00:00",
        id="two freezes that touch",
    ),
    pytest.param(
        {"hours": [{"from": "22:00", "to": "24:00"}, {"days": ["sun"]}], "utc_offset": 0},
        "2026-11-21T12:00:00",
        "2026-11-21T22:00:00",
        id="several spans, the next one",
    ),
]


@pytest.mark.parametrize(("raw", "moment", "expected"), OPEN)
def test_the_next_open_moment(raw: dict[str, t.Any], moment: str, expected: str) -> None:
    found = calendar(**raw)
    assert found.next_open(at(moment), at("2027-12-31")) == at(expected)
    assert (found.closed(at(moment)) is None) is (moment == expected)
    assert found.closed(at(expected)) is None


def test_there_is_none_before_the_end() -> None:
    frozen = calendar(freeze=[{"from": "2026-11-20", "to": "2026-11-30", "reason": "year-end sale"}])
    assert frozen.next_open(at("2026-11-21"), at("2026-12-01")) is None
    assert frozen.closed(at("2026-11-21")) == "year-end sale"
    assert calendar(holidays=["japan"]).closed(at("2026-11-23")) == "2026-11-23 is a holiday (勤労感謝の日)"
    assert calendar(hours=[WORKDAYS]).closed(at("2026-11-21")) == "it is outside the hours of renewal"


@given(
    days=st.lists(st.sampled_from("mon tue wed thu fri sat sun".split()), min_size=1, unique=True),
    start=st.integers(0, 23),
    length=st.integers(1, 24),
    seconds=st.integers(0, 6 * 365 * 86_400),
)
def test_the_next_open_moment_is_open_the_first_and_comes_within_days(
    days: list[str], start: int, length: int, seconds: int
) -> None:
    hours = {"days": days, "from": f"{start:02}:00", "to": f"{min(start + length, 24):02}:00"}
    found, moment = calendar(hours=[hours], holidays=["japan"]), at("2024-06-01") + timedelta(seconds=seconds)
    later = found.next_open(moment, moment + timedelta(days=60))
    assert later is not None
    assert later >= moment
    assert found.closed(later) is None
    assert later == moment or found.closed(later - timedelta(seconds=1)) is not None


def test_the_fields_of_a_calendar_at_their_bounds() -> None:
    assert calendar().is_empty
    for raw in ({"freeze": [{"from": "2026-11-20", "to": "2026-11-20"}]}, {"hours": [{}]}, {"holidays": "japan"}):
        assert not calendar(**raw).is_empty
    assert calendar(holidays="none").is_empty
    assert calendar(hours=[{}]).hours == (Hours(frozenset(range(7)), 0, 24 * 60),)
    assert calendar(hours=[{"days": "tue", "from": "9:05", "to": "23:59"}]).hours == (Hours(frozenset({1}), 545, 1439),)
    assert calendar(freeze=[{"from": "2026-11-20", "to": "2026-11-20"}]).freezes == (
        Freeze(at("2026-11-20"), at("2026-11-21"), "no reason given"),
    )
    for said, hours in ((None, 9), (0, 0), ("-12", -12), (" +14 ", 14), (-3, -3)):
        assert calendar(utc_offset=said).utc_offset == timedelta(hours=hours)
    assert calendar(holidays=["2026-11-20"]).holidays == {date(2026, 11, 20): "your own list"}


def test_the_freeze_that_lasts_longest_gives_the_reason() -> None:
    short = {"from": "2026-11-20", "to": "2026-11-25", "reason": "short"}
    long = {"from": "2026-11-21", "to": "2026-11-30", "reason": "long"}
    for freezes in ([short, long], [long, short]):
        assert calendar(freeze=freezes).closed(at("2026-11-22")) == "long"
        assert calendar(freeze=freezes).closed(at("2026-11-20")) == "short"
        assert calendar(freeze=freezes).closed(at("2026-12-01")) is None


def test_a_moment_that_is_the_end_is_too_late() -> None:
    assert calendar().next_open(at("2026-11-20"), at("2026-11-20")) is None
    assert calendar().next_open(at("2026-11-20"), at("2026-11-20T00:00:01")) == at("2026-11-20")


def test_of_two_spans_later_that_day_the_first_comes() -> None:
    spans = [{"from": "18:00", "to": "19:00"}, {"from": "12:30", "to": "13:00"}]
    found = calendar(hours=spans, utc_offset=0)
    assert found.next_open(at("2026-11-20T12:29:00"), at("2027-01-01")) == at("2026-11-20T12:30:00")
    assert found.next_open(at("2026-11-20T13:00:00"), at("2027-01-01")) == at("2026-11-20T18:00:00")


WRONG = [
    ({"hours": [{"from": "09:00", "to": "09:00"}]}, "09:00"),
    ({"hours": [{"from": "009:00", "to": "10:00"}]}, "09:00"),
    ({"hours": [{"from": "x:00", "to": "10:00"}]}, "09:00"),
    ({"hours": [{"from": "9:x", "to": "10:00"}]}, "09:00"),
    ({"utc_offset": -13}, "-12 to 14"),
    ({"utc_offset": "+009"}, "-12 to 14"),
    ({"utc_offset": "nine"}, "-12 to 14"),
    ({"freeze": [{"from": "2026-12-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}]}, "before from"),
    ({"freeze": [{"to": "2026-12-01"}]}, "from and to"),
    ({"freeze": [{"form": "2026-12-01"}]}, "no such field"),
    ({"hours": [{"days": ["monday"]}]}, "no day of the week"),
    ({"hours": [{"from": "10", "to": "12:00"}]}, "09:00"),
    ({"hours": [{"from": "12:00", "to": "10:00"}]}, "09:00"),
    ({"hours": [{"from": "12:00", "to": "24:01"}]}, "09:00"),
    ({"hours": [{"from": "12:60", "to": "13:00"}]}, "09:00"),
    ({"hours": [{"form": "12:00"}]}, "from"),
    ({"holidays": ["germany"]}, "japan, none or a list of dates"),
    ({"utc_offset": 15}, "-12 to 14"),
    ({"utc_offset": True}, "-12 to 14"),
    ({"freeze": [{"from": "2026-12-31", "to": "2026-12-01"}]}, "before from"),
    ({"freeze": [{"from": "2026-12-01"}]}, "from and to"),
]


@pytest.mark.parametrize(("raw", "words"), WRONG, ids=[str(raw) for raw, _words in WRONG])
def test_wrong_calendars_are_named(raw: dict[str, t.Any], words: str) -> None:
    errors = InputCollector()
    read_calendar(Fields(raw, where="test", path="renewal", errors=errors))
    assert any(words in error.sentence() and "renewal." in error.sentence() for error in errors.errors)
