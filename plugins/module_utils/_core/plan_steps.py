# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who does what until the certificate is in service: the steps of a product that concern one item. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import Organization
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import StepRule

Data = dict[str, t.Any]

#: what a step is for that names no purpose: every order. A validation made anew is none
ORDERS = ("issue", "renew", "reissue")


def steps_of(wish: Wish, judgement: Judgement, book: Book, purpose: str, ordered_at: datetime) -> list[Data]:
    """purpose: ``issue``, ``renew``, ``reissue`` or ``revalidate``. A step that is the same for all is one dictionary.

    ordered_at: when the order was made, or will be: ``after_days`` counts from there
    """
    page = judgement.page
    if page is None:
        return []
    organization = book.organization(wish.organization)
    rules = _chosen(wish, judgement, organization, purpose, page)
    ordered_on = page.local(ordered_at).date()
    return [same or _step(rule, wish, judgement, organization, page, ordered_on) for rule, same in rules]


def _chosen(
    wish: Wish, judgement: Judgement, organization: Organization, purpose: str, page: Page
) -> list[tuple[StepRule, Data | None]]:
    """The rules that concern the item; with the step itself, where nothing in it is the item's own."""
    offer, mailbox, opened = judgement.offer, judgement.mailbox, organization.opened_on
    key = (
        _concerns,
        offer.method if offer is not None else None,
        mailbox.kind if mailbox is not None else None,
        purpose,
        judgement.link.when,
        wish.key.made_by,
        wish.deploy.by,
        organization.kind,
        opened.year if opened is not None else None,
        tuple(sorted(option for option, value in wish.options.items() if value)),
    )
    found: list[tuple[StepRule, Data | None]] | None = page.memo.get(key)
    if found is None:
        found = page.memo[key] = [
            (rule, None if _is_own(rule) else _plain(rule, rule.action, None))
            for rule in page.steps
            if _concerns(rule, wish, judgement, purpose) and _is_of(rule, organization, page.day)
        ]
    return found


def _is_own(rule: StepRule) -> bool:
    days = (rule.after_days, rule.before_expiry_days, rule.opens_before_expiry_days)
    return "{" in rule.action or any(one is not None for one in days)


def _step(
    rule: StepRule, wish: Wish, judgement: Judgement, organization: Organization, page: Page, ordered_on: date
) -> Data:
    due = ordered_on + timedelta(days=rule.after_days) if rule.after_days is not None else None
    due = due or before_end(wish, page, rule.before_expiry_days)
    step = _plain(rule, _filled(rule.action, judgement, organization), due)
    if rule.opens_before_expiry_days is not None:
        step["opens"] = shown_day(before_end(wish, page, rule.opens_before_expiry_days))
    return step


def _plain(rule: StepRule, action: str, due: date | None) -> Data:
    step = {"actor": rule.actor, "action": action, "due": shown_day(due), "facts": list(rule.facts)}
    return {**step, "task": rule.task} if rule.task else step


def _concerns(rule: StepRule, wish: Wish, judgement: Judgement, purpose: str) -> bool:
    if rule.methods and (judgement.offer is None or judgement.offer.method not in rule.methods):
        return False
    if rule.contacts and (judgement.mailbox is None or judgement.mailbox.kind not in rule.contacts):
        return False
    if purpose not in (rule.purposes or ORDERS):
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
