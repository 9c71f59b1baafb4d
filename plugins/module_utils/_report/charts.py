# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bars as inline SVG: what ends in which month and where the rules change, the work of the months ahead, and the line
of one certificate. Colours come from classes, so that they follow the reader's light or dark; numbers stand in a table
beside each chart, for those who do not see it.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._report.markup import Markup, join, tag
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Group, Load, Report, Row, all_cliffs
from ansible_collections.inkan.tls.plugins.module_utils._report.words import Words

_WIDE, _HIGH = 960, 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 40, 36
_MOST_MONTHS = 40
_LABEL_WIDE = 78  # of a date over its line
_MONTH_WIDE = 34  # of the name of a month
_TICKS = 4
#: days of the line of one certificate, at least and at most
SHORTEST, LONGEST = 60, 400


class Column(t.NamedTuple):
    """month: ``2027-03``, or "before" or "later". parts: number by class, from the ground up."""

    month: str
    parts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(number for _kind, number in self.parts)


class Mark(t.NamedTuple):
    """A line at a day: where it stands, counted in columns."""

    at: float
    text: str
    kind: str


# -- what ends when ---------------------------------------------------------------------------------------------------


def endings(report: Report) -> list[Column]:
    """The months from that of the report to the last end or change of the rules that is in sight."""
    if report.as_of is None or not _is_day(report.as_of):
        return []
    first = report.as_of[:7]
    ends = [(row.not_after[:7], row.group) for row in report.rows if row.not_after and _is_month(row.not_after)]
    last = max([first, *(month for month, _group in ends), *(day[:7] for day in cliff_days(report))])
    months = months_between(first, last)[:_MOST_MONTHS]
    counted: dict[tuple[str, Group], int] = {}
    for month, group in ends:
        key = "before" if month < first else month if month <= months[-1] else "later"
        counted[key, group] = counted.get((key, group), 0) + 1
    shown = [*(["before"] if any(key == "before" for key, _group in counted) else []), *months]
    shown += ["later"] if any(key == "later" for key, _group in counted) else []
    groups = [Group.IN_ORDER, Group.DUE, Group.WAITING, Group.ATTENTION]
    return [Column(month, tuple((one.value, counted.get((month, one), 0)) for one in groups)) for month in shown]


def endings_chart(report: Report, words: Words) -> Markup:
    columns = endings(report)
    months = [column.month for column in columns]
    dates = [day for day in cliff_days(report) if day[:7] in months]
    marks = [Mark(_place(day, months), day, "cliff") for day in dates]
    if report.as_of and months:
        marks.append(Mark(_place(report.as_of, months), "", "now"))
    return _bars(columns, marks, words, words.say("timeline.alt"))


def cliff_days(report: Report) -> list[str]:
    """The days on which the rules change for some certificate of the report."""
    return sorted({cliff.date for cliff in all_cliffs(report.rows) if _is_day(cliff.date)})


# -- the work ahead ---------------------------------------------------------------------------------------------------


def work(load: Load) -> list[Column]:
    return [
        Column(
            one.month,
            (
                ("machine", max(0, one.orders - one.approvals - one.without_method)),
                ("approvals", one.approvals),
                ("without_method", one.without_method),
            ),
        )
        for one in load.months
    ]


def work_chart(report: Report, load: Load, words: Words) -> Markup:
    columns = work(load)
    months = [column.month for column in columns]
    dates = [day for day in cliff_days(report) if day[:7] in months]
    return _bars(columns, [Mark(_place(day, months), day, "cliff") for day in dates], words, words.say("load.alt"))


# -- one certificate --------------------------------------------------------------------------------------------------


def span_of(rows: t.Iterable[Row]) -> int:
    """Days that the lines of all rows stand for, so that they can be compared."""
    return max(SHORTEST, min(LONGEST, max((row.days_left or 0 for row in rows), default=0)))


def line(row: Row, as_of: str, span: int) -> Markup | None:
    """From the day of the report to the end; a notch where renewal begins, one where the rules change before."""
    if row.days_left is None:
        return None
    left = max(0, min(row.days_left, span))
    days = [(_days(as_of, row.renews_on), "r")] if row.renews_on else []
    days += [(_days(as_of, cliff.date), "c") for cliff in row.cliffs if _is_day(cliff.date)]
    notches: dict[str, str] = {}
    for day, kind in days:
        if 0 <= day <= span:
            notches[kind] = notches.get(kind, "") + f"M{_tenths(day * 100 / span)} 0v8"
    paths = [tag("path", d=path, class_=kind) for kind, path in sorted(notches.items())]
    body = tag("path", d=f"M0 4h{_tenths(left * 100 / span)}", class_="l")
    return tag("svg", tag("path", d="M0 4h100", class_="g"), body, *paths, **_LINE)


_LINE: dict[str, str] = {
    "class_": "line",
    "viewBox": "0 0 100 8",
    "preserveAspectRatio": "none",
    "aria_hidden": "true",
}


# -- drawing ----------------------------------------------------------------------------------------------------------


def _bars(columns: t.Sequence[Column], marks: t.Sequence[Mark], words: Words, alt: str) -> Markup:
    most = max([column.total for column in columns] + [1])
    step = _step(most)
    top = -(-most // step) * step
    wide = (_WIDE - _LEFT - _RIGHT) / max(1, len(columns))
    ground = _HIGH - _BOTTOM

    def height(number: float) -> float:
        return number / top * (ground - _TOP)

    grid = [
        join(
            tag("path", d=f"M{_LEFT} {_tenths(ground - height(number))}H{_WIDE - _RIGHT}", class_="grid"),
            tag("text", number, x=_LEFT - 6, y=_tenths(ground - height(number) + 3.5), class_="end"),
        )
        for number in range(0, top + 1, step)
    ]
    bars = [_bar(column, number, wide, ground, height, words) for number, column in enumerate(columns)]
    return tag(
        "svg",
        *grid,
        *bars,
        *_axis(columns, wide, ground, words),
        *_marks(marks, wide, ground),
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        class_="chart",
        role="img",
        aria_label=alt,
    )


def _bar(
    column: Column, number: int, wide: float, ground: int, height: t.Callable[[float], float], words: Words
) -> Markup | None:
    if not column.total:
        return None
    left, y = _LEFT + number * wide + wide * 0.14, float(ground)
    parts = []
    for kind, count in column.parts:
        if count:
            y -= height(count)
            place = {
                "x": _tenths(left),
                "y": _tenths(y),
                "width": _tenths(wide * 0.72),
                "height": _tenths(height(count)),
            }
            parts.append(tag("rect", class_=f"f-{kind}", **place))
    return tag("g", tag("title", f"{_column_name(column.month, words)}: {column.total}"), *parts)


def _column_name(month: str, words: Words) -> str:
    return words.month(month) if _is_month(month) else words.say(month)


def _axis(columns: t.Sequence[Column], wide: float, ground: int, words: Words) -> t.Iterator[Markup]:
    """The name of every so many months, and the year under the first of each year."""
    every = next((one for one in (1, 2, 3, 6) if one * wide >= _MONTH_WIDE), 12)
    year = ""
    for number, column in enumerate(columns):
        x = _tenths(_LEFT + (number + 0.5) * wide)
        if not _is_month(column.month):
            yield tag("text", words.say(column.month), x=x, y=ground + 14, class_="mid")
            continue
        if (int(column.month[5:]) - 1) % every == 0:
            yield tag("text", words.short_month(column.month), x=x, y=ground + 14, class_="mid")
        if column.month[:4] != year:
            year = column.month[:4]
            # a year of one column has no room for its number before the next begins
            if number + 1 == len(columns) or columns[number + 1].month[:4] == year:
                yield tag("text", year, x=x, y=ground + 29, class_="mid year")


def _marks(marks: t.Sequence[Mark], wide: float, ground: int) -> t.Iterator[Markup]:
    """Labels that would touch stand one below the other."""
    ends = [float("-inf"), float("-inf")]
    for mark in sorted(marks):
        x = _LEFT + mark.at * wide
        yield tag("path", d=f"M{_tenths(x)} {_TOP - 8}V{ground}", class_=mark.kind)
        if mark.text:
            row = 0 if ends[0] <= x - 2 else 1
            start = min(x, float(_WIDE - _LABEL_WIDE))
            ends[row] = start + _LABEL_WIDE
            yield tag("text", mark.text, x=_tenths(start), y=_TOP - 13 - 13 * (1 - row), class_="mark")


# -- days -------------------------------------------------------------------------------------------------------------


def months_between(first: str, last: str) -> list[str]:
    year, month = int(first[:4]), int(first[5:7])
    found: list[str] = []
    while f"{year:04}-{month:02}" <= last and len(found) < 1200:
        found.append(f"{year:04}-{month:02}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found or [first]


def _place(day: str, months: t.Sequence[str]) -> float:
    """A day as so many columns from the left."""
    return months.index(day[:7]) + (int(day[8:10]) - 1) / 31


def _is_month(text: str) -> bool:
    return (
        len(text) >= 7 and text[:4].isdigit() and text[4] == "-" and text[5:7].isdigit() and "01" <= text[5:7] <= "12"
    )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _days(since: str, until: str) -> int:
    try:
        return (date.fromisoformat(until) - date.fromisoformat(since)).days
    except ValueError:
        return -1


def _step(most: int) -> int:
    """1, 2, 5, 10, 20 … so that there are few lines."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if most <= step * factor * _TICKS:
                return step * factor
        step *= 10


def _tenths(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
