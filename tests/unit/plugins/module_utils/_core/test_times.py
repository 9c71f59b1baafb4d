# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.times import (
    add_months,
    end_of_month,
    parse_end,
    parse_time,
    render_day,
    render_time,
)
from hypothesis import given
from hypothesis import strategies as st

JAPAN = timedelta(hours=9)

# issue (UTC), months, clocks ahead, the last second (UTC)
ENDS = [
    pytest.param("2026-06-23T01:00:00Z", 5, 9, "2026-11-30T14:59:59Z", id="a day inside a month"),
    pytest.param(
        "2026-08-31T12:00:00Z", 5, 9, "2027-01-31T14:59:59Z", id="the last day of a long month, over a new year"
    ),
    pytest.param("2026-09-30T12:00:00Z", 5, 9, "2027-02-28T14:59:59Z", id="into a February of 28 days"),
    pytest.param("2027-09-01T00:00:00Z", 5, 9, "2028-02-29T14:59:59Z", id="into a leap February"),
    pytest.param("2028-02-29T14:59:59Z", 5, 9, "2028-07-31T14:59:59Z", id="on the 29th of February in Japan"),
    pytest.param("2028-02-29T15:00:00Z", 5, 9, "2028-08-31T14:59:59Z", id="a second later it is March in Japan"),
    pytest.param(
        "2099-09-30T12:00:00Z", 5, 9, "2100-02-28T14:59:59Z", id="into a February of a year that does not leap"
    ),
    pytest.param("2026-07-31T14:59:59Z", 5, 9, "2026-12-31T14:59:59Z", id="the last second of July in Japan"),
    pytest.param("2026-07-31T15:00:00Z", 5, 9, "2027-01-31T14:59:59Z", id="the first second of August in Japan"),
    pytest.param("2026-07-31T23:59:59Z", 5, 0, "2026-12-31T23:59:59Z", id="the last second of July in UTC"),
    pytest.param("2026-12-31T15:00:00Z", 5, 9, "2027-06-30T14:59:59Z", id="the new year begins in Japan"),
    pytest.param("2026-07-01T00:00:00Z", 12, 9, "2027-07-31T14:59:59Z", id="twelve months"),
    pytest.param("2026-07-01T00:00:00Z", 0, 9, "2026-07-31T14:59:59Z", id="the same month"),
    pytest.param("2026-07-01T02:00:00Z", 1, -5, "2026-08-01T04:59:59Z", id="behind UTC it is still June"),
]


@pytest.mark.parametrize(("issued", "months", "ahead", "end"), ENDS)
def test_the_end_of_a_month(issued: str, months: int, ahead: int, end: str) -> None:
    assert render_time(end_of_month(parse_time(issued), months, timedelta(hours=ahead))) == end


FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)


@given(
    moment=st.integers(0, 75 * 366 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds)),
    months=st.integers(0, 24),
)
def test_it_is_always_the_last_second_of_the_month_so_many_later(moment: datetime, months: int) -> None:
    end = end_of_month(moment, months, JAPAN) + JAPAN
    there = moment + JAPAN
    assert (end.year * 12 + end.month) - (there.year * 12 + there.month) == months
    assert end.day == calendar.monthrange(end.year, end.month)[1]
    assert (end.hour, end.minute, end.second, end.microsecond) == (23, 59, 59, 0)


@pytest.mark.parametrize(
    ("moment", "months", "ahead", "expected"),
    [
        ("2026-08-31T12:00:00Z", 6, 0, "2027-02-28T12:00:00Z"),
        ("2027-08-31T12:00:00Z", 6, 0, "2028-02-29T12:00:00Z"),
        ("2026-12-15T14:59:59Z", 12, 9, "2027-12-15T14:59:59Z"),
        ("2026-08-30T15:00:00Z", 6, 9, "2027-02-27T15:00:00Z"),  # 31 August in Japan: 28 February there
        ("2026-11-20T00:00:00Z", 0, 9, "2026-11-20T00:00:00Z"),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_its_month(
    moment: str, months: int, ahead: int, expected: str
) -> None:
    assert render_time(add_months(parse_time(moment), months, timedelta(hours=ahead))) == expected


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z", id="in UTC"),
        pytest.param("2026-11-20T00:00:00z", "2026-11-20T00:00:00Z", id="a small z"),
        pytest.param("2026-11-20 09:30:00+09:00", "2026-11-20T00:30:00Z", id="a blank between, an offset with a colon"),
        pytest.param("2026-11-20T09:30:00+0930", "2026-11-20T00:00:00Z", id="an offset without a colon"),
        pytest.param("2026-11-19T19:00:00-05:00", "2026-11-20T00:00:00Z", id="behind UTC"),
        pytest.param("2026-11-20T00:00Z", "2026-11-20T00:00:00Z", id="no seconds"),
        pytest.param("2026-11-20T00:00:59.999Z", "2026-11-20T00:00:59Z", id="parts of a second are dropped"),
        pytest.param(" 2026-11-20 ", "2026-11-20T00:00:00Z", id="a bare date is its first second"),
        pytest.param("1970-01-01", "1970-01-01T00:00:00Z", id="the first day that is taken"),
        pytest.param("1970-12-31T23:59:59Z", "1970-12-31T23:59:59Z", id="the first year that is taken"),
    ],
)
def test_a_time_is_read(text: str, moment: str) -> None:
    assert render_time(parse_time(text)) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("1969-12-31T23:59:59Z", "lies before 1970", id="before 1970"),
        pytest.param("0001-01-01T00:00:00+09:00", "outside the calendar", id="before the calendar, once in UTC"),
        pytest.param("2026-11-20T00:00:00", "no ISO 8601 time with its offset", id="no offset"),
        pytest.param("2026-11-20T00:00:00 JST", "no ISO 8601 time with its offset", id="an offset by name"),
        pytest.param("20261120", "no ISO 8601 time with its offset", id="a date without hyphens"),
        pytest.param("2026-02-30", "day", id="a day that is not"),
    ],
)
def test_a_text_that_is_no_time_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_time(text)


def test_an_end_that_is_a_date_is_the_first_second_after_it() -> None:
    assert render_time(parse_end("2026-11-20")) == "2026-11-21T00:00:00Z"
    assert render_time(parse_end("2026-11-20T08:00:00Z")) == "2026-11-20T08:00:00Z"
    with pytest.raises(ValueError, match="outside the calendar"):
        parse_end("9999-12-31")


def test_a_time_with_an_offset_is_written_in_utc_and_a_day_as_a_day() -> None:
    assert render_time(datetime(2026, 11, 20, 9, 0, 0, 7, timezone(JAPAN))) == "2026-11-20T00:00:00Z"
    assert render_day(date(2026, 11, 20)) == "2026-11-20"


def test_without_an_offset_months_are_counted_in_utc() -> None:
    last = parse_time("2026-07-31T23:59:59Z")
    assert render_time(end_of_month(last, 1)) == "2026-08-31T23:59:59Z"
    assert render_time(add_months(last, 2)) == "2026-09-30T23:59:59Z"
    assert render_time(add_months(parse_time("2026-11-30T12:00:00Z"), 1)) == "2026-12-30T12:00:00Z"
