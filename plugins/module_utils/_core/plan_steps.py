# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who does what until the certificate is in service: the steps of a product that concern one item. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import Organization
from ansible_collections.inkan.tls.plugins.module_utils._core.states import UNDER_WAY
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import StepRule

Data = dict[str, t.Any]


def steps_of(wish: Wish, judgement: Judgement, book: Book, purpose: str) -> list[Data]:
    """purpose: ``issue``, ``renew`` or ``reissue``."""
    page = judgement.page
    if page is None:
        return []
    organization = book.organization(wish.organization)
    today = _ordered_on(wish, page, book)
    found = []
    for rule in page.steps:
        if _concerns(rule, wish, judgement, purpose) and _is_of(rule, organization, page.day):
            due = today + timedelta(days=rule.after_days) if rule.after_days is not None else None
            step: Data = {
                "actor": rule.actor,
                "action": _filled(rule.action, judgement, organization),
                "due": shown_day(due or before_end(wish, page, rule.before_expiry_days)),
                "facts": list(rule.facts),
            }
            if rule.opens_before_expiry_days is not None:
                step["opens"] = shown_day(before_end(wish, page, rule.opens_before_expiry_days))
            found.append(step)
    return found


def _ordered_on(wish: Wish, page: Page, book: Book) -> date:
    """The day that ``after_days`` counts from: of the open order, or of the one that would be made now."""
    order = wish.order
    at = order.ordered.at if order is not None and order.state in UNDER_WAY else None
    return page.local(at or book.as_of).date()


def _concerns(rule: StepRule, wish: Wish, judgement: Judgement, purpose: str) -> bool:
    if rule.methods and (judgement.offer is None or judgement.offer.method not in rule.methods):
        return False
    if rule.contacts and (judgement.mailbox is None or judgement.mailbox.kind not in rule.contacts):
        return False
    if rule.purposes and purpose not in rule.purposes:
        return False
    if rule.when and rule.when != judgement.link.when:
        return False
    if rule.key_made_by and wish.key.made_by not in rule.key_made_by:
        return False
    if rule.deployed_by and wish.deploy.by not in rule.deployed_by:
        return False
    return all(wish.options.get(option) for option in rule.options)


def _is_of(rule: StepRule, organization: Organization, day: date) -> bool:
    """What is not known of an organization does not hide a step."""
    if rule.organization_kinds and organization.kind is not None and organization.kind not in rule.organization_kinds:
        return False
    opened = organization.opened_on
    if not rule.organization_year or opened is None:
        return True
    # by calendar years: the papers of a later year are last year's tax return
    return rule.organization_year == ("first" if day.year <= opened.year else "later")


def _filled(action: str, judgement: Judgement, organization: Organization) -> str:
    if "{" not in action:
        return action
    mailbox = judgement.mailbox.address if judgement.mailbox is not None else None
    action = action.replace("{mailbox}", mailbox or "the mailbox").replace("{common_name}", judgement.common_name)
    return organization.filled(action)


def before_end(wish: Wish, page: Page, days: int | None) -> date | None:
    """So many days before the day on which the certificate ends, by the seller's calendar."""
    end = wish.live.not_after if wish.live is not None else wish.expires
    return page.local(end).date() - timedelta(days=days) if end is not None and days is not None else None


def shown_day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
