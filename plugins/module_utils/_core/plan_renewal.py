# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When and how a certificate is renewed, and what happens if nobody acts. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.arithmetic import (
    counts_from_old_end,
    validity_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.judge_names import refused
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_steps import before_end, shown_day
from ansible_collections.inkan.tls.plugins.module_utils._core.schedule import SellersWindow, schedule_of
from ansible_collections.inkan.tls.plugins.module_utils._core.states import TO_DEPLOY, UNDER_WAY
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import RenewalRule

Data = dict[str, t.Any]


def end_of(wish: Wish) -> datetime | None:
    return wish.live.not_after if wish.live is not None else wish.expires


def sellers_window(wish: Wish, page: Page | None) -> SellersWindow | None:
    rule, end = page.renewal if page is not None else None, end_of(wish)
    if page is None or rule is None or rule.opens_days is None or end is None:
        return None
    offset = timedelta(hours=page.product.utc_offset)
    closes = rule.closes_days if rule.closes_days is not None else 0
    return SellersWindow(rule.opens_days, closes, offset, rule.outcome == "renews", rule.facts, end)


def window_error(wish: Wish, page: Page | None, book: Book) -> InkanError | None:
    """A calendar that leaves no moment for the renewal that comes is told while there is time to correct it."""
    live, order = wish.live, wish.order
    if live is None or book.policy.calendar.is_empty or not live.matches:
        return None
    if order is not None and order.state in UNDER_WAY | TO_DEPLOY:
        return None
    plan = schedule_of(wish.name, live, book.policy, sellers_window(wish, page))
    if plan.at is not None or book.as_of >= plan.day:  # too late to plan: losing the certificate is worse than a freeze
        return None
    begin = plan.window.opens if plan.window is not None else plan.day
    why = f"inkan_renewal leaves no moment open from {render_time(begin)} until {render_time(plan.closes)}"
    closed = book.policy.calendar.closed(begin)
    why += f" ({closed})" if closed else ""
    todo = "Shorten the freeze, or widen the hours"
    if plan.window is None:  # a seller's window does not open for a word of ours
        todo = "Shorten the freeze, widen the hours, or renew it before by inkan_renewal.force"
    facts = ", ".join(plan.window.facts) if plan.window is not None else ""
    return refused(wish, "no_renewal_window", "The certificate could not be renewed in time", why, todo, facts)


def renewal_of(wish: Wish, page: Page | None, book: Book) -> Data:
    rule = page.renewal if page is not None else None
    opens, closes = _window(wish, page, book)
    facts = [fact for notice in page.notices for fact in notice.facts] if page is not None else []
    facts += rule.facts if rule is not None else ()
    changes = [change for change in page.changes if "renew" in change.at] if page is not None else []
    facts += [fact for change in changes for fact in change.facts]
    immutable = [*(rule.immutable if rule is not None else ()), *(change.field for change in changes)]
    return {
        "notices": _notices(wish, page) if page is not None else [],
        "window_opens": opens,
        "window_closes": closes,
        "immutable": list(dict.fromkeys(immutable)),
        "if_ignored": _if_ignored(wish, rule),
        "cancel_by": shown_day(before_end(wish, page, rule.cancel_days)) if page is not None and rule else None,
        "cancel_days": rule.cancel_days if rule is not None else None,
        "note": rule.note if rule is not None else "",
        "facts": list(dict.fromkeys(facts)),
    }


def _notices(wish: Wish, page: Page) -> list[Data]:
    return [
        {"date": shown_day(before_end(wish, page, notice.before_expiry_days)), "to": notice.to}
        for notice in page.notices
    ]


def _window(wish: Wish, page: Page | None, book: Book) -> tuple[str | None, str | None]:
    """The seller's days; the user's own policy, where the seller has no window."""
    rule = page.renewal if page is not None else None
    if page is not None and rule is not None and rule.opens_days is not None:
        return shown_day(before_end(wish, page, rule.opens_days)), shown_day(before_end(wish, page, rule.closes_days))
    end, live = end_of(wish), wish.live
    plan = schedule_of(wish.name, live, book.policy, None) if live is not None else None
    opens = render_time(plan.at or plan.day) if plan is not None else None
    return opens, render_time(end) if end is not None else None


def _if_ignored(wish: Wish, rule: RenewalRule | None) -> Data:
    if rule is None:
        return {"outcome": "lapses", "key_made_by": None, "period": None}
    period = rule.period_instead if wish.period in rule.stopped_periods else rule.period
    return {"outcome": rule.outcome, "key_made_by": rule.key_made_by, "period": period}


def validity_data(wish: Wish, page: Page | None, book: Book) -> Data:
    """The seller's arithmetic under the cap of the day; one answer for all items that it does not depend on."""
    end = end_of(wish) if page is not None and counts_from_old_end(page) else None
    key = (_validity, end, wish.period)
    found: Data | None = page.memo.get(key) if page is not None else None
    if found is None:
        found = _validity(page, book, end, wish.period)
        if page is not None:
            page.memo[key] = found
    return found


def source_of(wish: Wish, page: Page | None, book: Book) -> tuple[Wish, Page] | None:
    """Where the certificate that is brought is ordered; None: it is not brought, or that is not told."""
    source = book.brought.get(wish.issued_from or "") if page is not None and page.sources else None
    product = book.products.get(source.product or "") if source is not None else None
    if source is None or product is None or product.sources:
        return None
    return source, book.page(product)


def brought_validity(name: str | None, source: Wish, page: Page, book: Book) -> Data:
    found = validity_data(source, page, book)
    return {**found, "reasons": [f'as of "{name}", where it is ordered: {text}' for text in found["reasons"]]}


def _validity(page: Page | None, book: Book, end: datetime | None, period: str | None) -> Data:
    found = validity_of(page, book.as_of, end, period)
    return {
        "max_days": found.max_days,
        "not_after": render_time(found.not_after),
        "reasons": [found.reason],
        "facts": list(found.facts),
    }
