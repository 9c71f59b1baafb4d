# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The orders to come of one certificate, by the rule book: what ``load`` counts. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.arithmetic import end_of_one_issued
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page, local_time, open_page
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement, judge
from ansible_collections.inkan.tls.plugins.module_utils._core.load import Course, Load, Next, load_of
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_cliffs import method_ends
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_renewal import end_of, sellers_window
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Due, Outcome
from ansible_collections.inkan.tls.plugins.module_utils._core.schedule import midnight_of, schedule_of
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live, Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import Product

_MAIL = "mail"
_MOST_KNOWN = 20_000  # where each has a second of its own, remembering is of no use


class Known(t.NamedTuple):
    """What holds for many certificates: the seller's pages by product and day, what follows an order by all that it
    depends on. Estates that were renewed together go on together."""

    pages: dict[tuple[str, date], Page]
    following: dict[tuple[t.Any, ...], Next]


def load_to_come(wishes: t.Sequence[Wish], planned: t.Sequence[Planned], book: Book, until: date) -> Load:
    """Of all that are not refused; what is brought to a seller is counted where it is ordered."""
    known = Known({}, {})
    found = [course_of(wish, one.due, book, known) for wish, one in zip(wishes, planned) if one.due is not None]
    return load_of([course for course in found if course is not None], book.as_of, until)


def course_of(wish: Wish, due: Due, book: Book, known: Known) -> Course | None:
    judgement = judge(wish, book)
    product, page = judgement.product, judgement.page
    if product is None or page is None or page.sources:
        return None
    first = due.at if due.outcome is Outcome.NOT_DUE and due.at is not None else book.as_of
    ends_on = method_ends(judgement, book)

    def after(moment: datetime, ends: datetime | None) -> Next:
        key = (product.key, wish.options.get("period"), ends_on, moment, ends)
        following = known.following.get(key)
        if following is None:
            following = _next(wish, product, moment, ends, ends_on, book, known.pages)
            if not book.policy.jitter and len(known.following) < _MOST_KNOWN:  # jitter tells certificates apart
                known.following[key] = following
        return following

    by_hand = judgement.offer is not None and judgement.offer.places == _MAIL
    return Course(wish.name, Next(first, end_of(wish)), after, by_hand, ends_on, _others(judgement))


def _others(judgement: Judgement) -> tuple[str, ...]:
    return tuple(
        answer.offer.method
        for answer in judgement.methods
        if answer.verdict.allowed and answer.verdict.ends_on is None and answer.offer.places != _MAIL
    )


def _next(
    wish: Wish,
    product: Product,
    moment: datetime,
    ends: datetime | None,
    ends_on: date | None,
    book: Book,
    pages: dict[tuple[str, date], Page],
) -> Next:
    page = _page(product, moment, pages)
    not_after = end_of_one_issued(page, moment, ends, wish.options.get("period"))
    live = Live(moment, not_after, None, None, moment, None)
    has_window = page.renewal is not None and page.renewal.opens_days is not None
    window = sellers_window(replace(wish, live=live), page) if has_window else None
    plan = schedule_of(wish.name, live, book.policy, window)
    return Next(_before_cliff(moment, plan.at or plan.day, ends_on, book), not_after)


def _before_cliff(moment: datetime, at: datetime, ends_on: date | None, book: Book) -> datetime:
    """The policy uses a method that ends once more, rather than miss its last days."""
    if ends_on is None or not book.policy.cliff_days or at < midnight_of(ends_on):
        return at
    last = midnight_of(ends_on) - timedelta(days=book.policy.cliff_days)
    return last if moment < last else at


def _page(product: Product, moment: datetime, pages: dict[tuple[str, date], Page]) -> Page:
    key = product.key, local_time(moment, product).date()
    if key not in pages:
        pages[key] = open_page(product, key[1])
    return pages[key]
