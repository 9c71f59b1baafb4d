# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the rule book: what of a product's rows holds on a day."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.book import in_force, offered_when, open_page
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import judge
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import (
    DNS,
    PRODUCT,
    a_book,
    a_wish,
    own,
)

DAY = date(2026, 11, 20)


def test_what_was_worked_out_before_is_no_part_of_a_page() -> None:
    book = a_book()
    page = book.page(PRODUCT)
    fresh, shown = open_page(PRODUCT, DAY), repr(page)
    judge(a_wish(), book)
    assert page.memo and page == fresh and repr(page) == shown
    assert book == a_book() or book.tools != a_book().tools
    assert book.page(PRODUCT) is page, "it is opened once"
    assert book.page(own(seller="another")).product.seller == "another"


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True),
        (DAY, None, True),
        (date(2026, 11, 21), None, False),
        (None, DAY, False),
        (None, date(2026, 11, 21), True),
    ],
)
def test_a_row_holds_from_its_first_day_to_the_one_before_its_end(
    since: date | None, until: date | None, holds: bool
) -> None:
    row = DNS._replace(since=since, until=until)
    assert in_force((row,), DAY) == ((row,) if holds else ())
    assert open_page(own(methods=(row,)), DAY).methods == ((row, None if holds else offered_when(row)),)
    assert open_page(own(since=since, until=until), DAY).is_sold is holds


def test_why_something_is_not_offered_is_told_with_its_days() -> None:
    first, last = date(2027, 1, 1), date(2028, 1, 1)
    assert offered_when(DNS._replace(until=DAY)) == "the seller offers it no more since 2026-11-20 (M-1)"
    assert offered_when(DNS._replace(since=first)) == "the seller offers it only since 2027-01-01 (M-1)"
    assert offered_when(DNS._replace(since=first, until=last)) == (
        "the seller offers it only since 2027-01-01 until 2028-01-01 (M-1)"
    )


def test_of_rules_of_which_there_can_be_one_the_last_holds() -> None:
    older, newer = (rows.RenewalRule(outcome, ("R-1",), "here") for outcome in ("lapses", "renews"))
    assert open_page(own(renewal=(older, newer)), DAY).renewal is newer
    assert open_page(own(renewal=(older, newer._replace(until=DAY))), DAY).renewal is older
    assert open_page(own(), DAY).renewal is None


@pytest.mark.parametrize(("offset", "day"), [(0, DAY), (9, date(2026, 11, 21)), (-9, DAY)])
def test_a_page_is_opened_on_the_day_at_its_sellers(offset: int, day: date) -> None:
    book = a_book(as_of="2026-11-20T15:00:00Z")
    assert book.page(own(utc_offset=offset)).day == day
    assert book.day == DAY
