# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work to come, month by month: how many orders, how many of them a person has to approve. Pure.

    order ──▶ it lives as long as seller and rules allow on that day ──▶ its day of renewal is the next order ──▶ …

Every certificate is renewed as it is declared today, and every order is validated anew: whether a seller counts an old
validation again, most of them do not say. From the day on which its method ends an order has none: it must have moved
before.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

#: certificates without a way out that are named
_MOST_NAMES = 20
#: a rule that gave a certificate less than that would never end
_SHORTEST = timedelta(days=1)


class Next(t.NamedTuple):
    """When the next order is due, and when the certificate of the one before ends."""

    at: datetime
    ends: datetime | None = None


class Course(t.NamedTuple):
    """One certificate and its orders to come.

    first    when it is ordered next, and when the one that is there ends
    after    an order at a moment, with the end of the certificate that it replaces: what comes next
    by_hand  a person approves each of its orders
    ends_on  the first day on which its method is not possible any more
    others   methods of its product that need no such person and are possible today for all its names
    """

    name: str
    first: Next
    after: t.Callable[[datetime, datetime | None], Next]
    by_hand: bool = False
    ends_on: date | None = None
    others: tuple[str, ...] = ()


class Month(t.NamedTuple):
    """without_method: of the orders, those whose method has ended by then."""

    month: str
    orders: int
    approvals: int
    without_method: int


@dataclass(frozen=True)
class Share:
    """Certificates that are approved by hand: their approvals, and their orders after the end of their method."""

    names: tuple[str, ...]
    approvals: int
    without_method: int


@dataclass(frozen=True)
class Load:
    """movable: what moving to ``methods`` would save; stuck: certificates whose product has no other method today."""

    months: tuple[Month, ...]
    movable: Share
    methods: tuple[str, ...]
    stuck: Share

    def as_data(self) -> dict[str, t.Any]:
        return {
            "months": [month._asdict() for month in self.months],
            "movable": {**_share_data(self.movable), "methods": list(self.methods)},
            "stuck": _share_data(self.stuck),
        }


def _share_data(share: Share) -> dict[str, t.Any]:
    return {
        "certificates": len(share.names),
        "names": list(share.names[:_MOST_NAMES]),
        "approvals": share.approvals,
        "without_method": share.without_method,
    }


_Month = tuple[int, int]
#: a certificate, its approvals, and its orders after the end of its method
_Counted = tuple[str, int, int]


def load_of(courses: t.Iterable[Course], since: datetime, until: date) -> Load:
    """From the month of ``since`` to that of ``until``, both included. An order that is late counts in the first."""
    orders: Counter[_Month] = Counter()
    approvals: Counter[_Month] = Counter()
    lost: Counter[_Month] = Counter()
    movable: list[_Counted] = []
    stuck: list[_Counted] = []
    methods: set[str] = set()
    for course in courses:
        counted = [0, 0]
        for moment in _orders(course, since, until):
            month = moment.year, moment.month
            orders[month] += 1
            ended = course.ends_on is not None and moment.date() >= course.ends_on
            lost[month] += ended
            approvals[month] += course.by_hand and not ended
            counted[ended] += 1
        if course.by_hand:
            (movable if course.others else stuck).append((course.name, counted[0], counted[1]))
            methods.update(course.others)
    months = (
        Month(f"{month[0]:04}-{month[1]:02}", orders[month], approvals[month], lost[month])
        for month in _months(since.date(), until)
    )
    return Load(tuple(months), _share(movable), tuple(sorted(methods)), _share(stuck))


def _share(counted: t.Sequence[_Counted]) -> Share:
    return Share(tuple(one[0] for one in counted), sum(one[1] for one in counted), sum(one[2] for one in counted))


def _orders(course: Course, since: datetime, until: date) -> t.Iterator[datetime]:
    moment, ends = max(course.first.at, since), course.first.ends
    while (moment.year, moment.month) <= (until.year, until.month):
        yield moment
        following = course.after(moment, ends)
        moment, ends = max(following.at, moment + _SHORTEST), following.ends


def _months(since: date, until: date) -> t.Iterator[_Month]:
    year, month = since.year, since.month
    while (year, month) <= (until.year, until.month):
        yield year, month
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
