# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.load import Course, Load, Next, load_of

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
END = date(2030, 12, 31)


After = t.Callable[[datetime, t.Optional[datetime]], Next]


def every(days: int) -> After:
    return lambda moment, _ends: Next(moment + timedelta(days=days))


def capped(moment: datetime, _ends: datetime | None) -> Next:
    """Two thirds of what the Baseline Requirements allow on that day."""
    days = 200 if moment.date() < date(2027, 3, 15) else 100 if moment.date() < date(2029, 3, 15) else 47
    return Next(moment + timedelta(days=days * 2 / 3))


def orders_in(load: Load, year: str) -> int:
    return sum(month.orders for month in load.months if month.month.startswith(year))


def test_every_month_of_the_years_to_come_has_a_row() -> None:
    months = load_of([], NOW, END).months
    assert [months[0].month, months[1].month, months[2].month, months[-1].month] == [
        "2026-11",
        "2026-12",
        "2027-01",
        "2030-12",
    ]
    assert len(months) == 50
    assert {month[1:] for month in months} == {(0, 0, 0)}


@pytest.mark.parametrize(
    ("first", "month"),
    [
        pytest.param(NOW - timedelta(days=400), "2026-11", id="what is late is ordered now"),
        pytest.param(NOW, "2026-11", id="what is due is ordered now"),
        pytest.param(datetime(2030, 12, 31, 23, tzinfo=timezone.utc), "2030-12", id="the last month is whole"),
        pytest.param(datetime(2031, 1, 1, tzinfo=timezone.utc), None, id="what comes later does not count"),
    ],
)
def test_the_first_order(first: datetime, month: str | None) -> None:
    load = load_of([Course("shop", Next(first), every(10_000))], NOW, END)
    assert [one.month for one in load.months if one.orders] == ([month] if month else [])


def test_the_steps_of_the_lifetimes_multiply_the_orders() -> None:
    load = load_of([Course("shop", Next(NOW), capped)], NOW, END)
    assert [orders_in(load, year) for year in ("2026", "2027", "2028", "2029", "2030")] == [1, 5, 5, 10, 12]
    assert sum(month.approvals + month.without_method for month in load.months) == 0


def test_approvals_end_with_the_method_and_the_orders_after_it_have_none() -> None:
    """BR 3.2.2.4.4: e-mail validation ends on 2028-03-15, earlier validations included."""
    course = Course("shop", Next(NOW), every(30), by_hand=True, ends_on=date(2028, 3, 15))
    load = load_of([course], NOW, END)
    last = max(month.month for month in load.months if month.approvals)
    first = min(month.month for month in load.months if month.without_method)
    assert (last, first) == ("2028-03", "2028-04")
    assert sum(month.approvals + month.without_method for month in load.months) == sum(
        month.orders for month in load.months
    )


def test_on_the_day_itself_the_method_is_gone() -> None:
    ends = datetime(2028, 3, 15, tzinfo=timezone.utc)
    for moment, found in ((ends - timedelta(seconds=1), (1, 0)), (ends, (0, 1))):
        load = load_of([Course("shop", Next(moment), every(10_000), by_hand=True, ends_on=ends.date())], NOW, END)
        (month,) = [month for month in load.months if month.orders]
        assert (month.approvals, month.without_method) == found


def test_what_moving_off_mail_would_save() -> None:
    ends = date(2028, 3, 15)
    courses = [
        Course("machine", Next(NOW), every(60)),
        Course("movable", Next(NOW), every(100), by_hand=True, ends_on=ends, others=("registrar", "file")),
        Course("stuck", Next(NOW), every(200), by_hand=True, ends_on=ends),
    ]
    load = load_of(courses, NOW, END)
    assert load.methods == ("file", "registrar")
    assert load.movable.names == ("movable",)
    assert (load.movable.approvals, load.movable.without_method) == (5, 11)
    assert load.stuck.names == ("stuck",)
    assert (load.stuck.approvals, load.stuck.without_method) == (3, 5)
    assert sum(month.approvals for month in load.months) == 5 + 3


def test_a_certificate_that_lives_no_day_does_not_go_on_for_ever() -> None:
    load = load_of([Course("odd", Next(NOW), lambda moment, _ends: Next(moment))], NOW, date(2026, 12, 31))
    assert [month.orders for month in load.months] == [11, 31]


def test_an_order_knows_when_the_certificate_before_ends() -> None:
    """IIJ-8: days that are left count in the new one."""
    seen: list[tuple[datetime, datetime | None]] = []

    def after(moment: datetime, ends: datetime | None) -> Next:
        seen.append((moment, ends))
        return Next(moment + timedelta(days=20), moment + timedelta(days=30))

    load_of([Course("shop", Next(NOW, NOW + timedelta(days=3)), after)], NOW, date(2026, 12, 31))
    assert seen == [
        (NOW, NOW + timedelta(days=3)),
        (NOW + timedelta(days=20), NOW + timedelta(days=30)),
        (NOW + timedelta(days=40), NOW + timedelta(days=50)),
    ]


def test_many_names_are_counted_and_some_are_told() -> None:
    courses = [Course(f"c{number:03}", Next(NOW), every(10_000), by_hand=True) for number in range(100)]
    data = load_of(courses, NOW, END).as_data()
    assert data["stuck"]["certificates"] == 100
    assert data["stuck"]["names"] == [f"c{number:03}" for number in range(20)]
    assert data["movable"] == {"certificates": 0, "names": [], "approvals": 0, "without_method": 0, "methods": []}
    assert data["months"][0] == {"month": "2026-11", "orders": 100, "approvals": 100, "without_method": 0}
