# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule book as a function: one wish and a day in, a plan out. Pure.

    wish ──▶ judge() ──▶ names, methods, errors ──▶ contacts, records, files, steps, renewal, validity, cliffs
                                             └───▶ due decision, normalized certificate

The plan of a refused certificate is filled as far as it can be; ``error`` says why it is refused.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book
from ansible_collections.inkan.tls.plugins.module_utils._core.changes import change_errors, is_moved
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement, judge, one_error
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import is_standing
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_cliffs import (
    cliffs_of,
    method_ends,
    validation_ends,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_final import final_form
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_renewal import (
    brought_validity,
    renewal_of,
    sellers_window,
    source_of,
    validity_data,
    window_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_steps import shown_day, steps_of
from ansible_collections.inkan.tls.plugins.module_utils._core.plan_tasks import tasks_of
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Due, Facts, Outcome, decide
from ansible_collections.inkan.tls.plugins.module_utils._core.states import UNDER_WAY
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Asked, Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import MethodOffer

Data = dict[str, t.Any]


@dataclass(frozen=True)
class Planned:
    """plan: plain data in the pinned shape; certificate and due are None where the item is refused."""

    name: str
    plan: Data
    certificate: Data | None
    due: Due | None
    error: InkanError | None


def plan_certificate(wish: Wish, book: Book) -> Planned:
    judgement = judge(wish, book)
    due = _decide(wish, judgement, book) if judgement.names else None
    errors = [*judgement.errors, *_late_errors(wish, judgement, due, book)]
    error = one_error(wish, errors)
    plan = _plan(wish, judgement, book, _purpose(wish, due), _ordered_at(wish, due, book), error)
    if error is not None:
        return Planned(wish.name, plan, None, None, error)
    return Planned(wish.name, plan, final_form(wish, judgement, book), due, None)


def _decide(wish: Wish, judgement: Judgement, book: Book) -> Due:
    page = judgement.page
    reissue = page.reissue if page is not None else None
    revalidation = page.revalidation if page is not None else None
    facts = Facts(
        name=wish.name,
        dns_names=judgement.names,
        key_type=wish.key.type,
        live=wish.live,
        order=wish.order,
        held=_held(wish, judgement),
        held_code="order_cancelled" if wish.order is not None and wish.order.cancelled_by_seller else "order_refused",
        window=sellers_window(wish, page),
        contract_ends=wish.contract_ends,
        reissues="" if reissue is None else "contract" if reissue.whole_contract else "certificate",
        method_ends=method_ends(judgement, book),
        validation_ends=validation_ends(wish, judgement, book) if revalidation is not None else None,
        revalidate_days=revalidation.before_days if revalidation is not None else None,
    )
    due = decide(facts, book.policy, book.choose, book.as_of)
    if page is not None and is_moved(wish, page, book):
        return replace(due, kind="issue") if due.kind in ("renew", "reissue") else due
    known = wish.previous is not None or wish.expires is not None  # there is one, no host showed it
    return replace(due, kind="renew") if known and due.kind == "issue" else due


def _late_errors(wish: Wish, judgement: Judgement, due: Due | None, book: Book) -> list[InkanError]:
    """What can be judged only once it is known whether the certificate is renewed or reissued."""
    page = judgement.page
    if page is None or not page.is_sold:
        return []
    errors = change_errors(wish, judgement.names, page, due.kind if due is not None else None, book)
    window = window_error(wish, page, book)
    return errors + ([window] if window is not None else [])


def _purpose(wish: Wish, due: Due | None) -> str:
    """What the steps are for: the next order, or a validation that is made anew without one."""
    if due is not None and due.kind is not None:
        return due.kind
    return "renew" if wish.live is not None or wish.previous is not None or wish.expires is not None else "issue"


def _ordered_at(wish: Wish, due: Due | None, book: Book) -> datetime:
    """When the open order was made; else when the next one is: now, or on a day of renewal that lies ahead.

    A validation that can be made anew is: now.
    """
    order = wish.order
    if order is not None and order.state in UNDER_WAY:
        return order.ordered.at or book.as_of
    if due is None or due.at is None or due.outcome is not Outcome.NOT_DUE or due.kind == "revalidate":
        return book.as_of
    return max(due.at, book.as_of)


def _held(wish: Wish, judgement: Judgement) -> str:
    """An order that was refused is not made again as it was, where the seller's row leaves that to a person."""
    order, page, mailbox = wish.order, judgement.page, judgement.mailbox
    if order is not None and order.state == "cancelled" and order.cancelled_by_seller:
        todo = "see at the portal how it stands, then order it once more by inkan_renewal.force"
        return f"its last order was cancelled by the seller ({order.cancelled_by_seller}): {todo}"
    if order is None or order.asked is None or page is None:
        return ""
    contact = (mailbox.kind, mailbox.address) if mailbox is not None else None
    asked = Asked(wish.ca_account, wish.product, judgement.link.ordered, frozenset(judgement.names), contact)
    if asked != order.asked or page.renewal is None or page.renewal.after_refusal != "person":
        return ""
    why = f" ({order.problem})" if order.problem else ""
    todo = "correct what was refused, or order it once more as it is by inkan_renewal.force"
    return f"its last order was refused{why}, and nothing of it was changed since: {todo}"


def _plan(
    wish: Wish, judgement: Judgement, book: Book, purpose: str, ordered_at: datetime, error: InkanError | None
) -> Data:
    product, page, offer = judgement.product, judgement.page, judgement.offer
    source = source_of(wish, page, book)
    ordered = source[1].product if source is not None else product
    steps = steps_of(wish, judgement, book, purpose, ordered_at)
    return {
        "name": wish.name,
        "product": wish.product,
        "seller": product.seller if product is not None else None,
        "ca": product.ca if product is not None else None,
        "validation_level": ordered.validation_level if ordered is not None else None,
        "methods": _methods(judgement),
        "contacts": _contacts(judgement),
        "records": _records(judgement, offer) if error is None else [],
        "files": _files(judgement, offer) if error is None else [],
        "steps": steps,
        "tasks": tasks_of(steps, wish, judgement, book, ordered_at),
        "renewal": renewal_of(wish, page, book),
        "validity": brought_validity(wish.issued_from, *source, book) if source else validity_data(wish, page, book),
        "cliffs": cliffs_of(wish, judgement, book),
        "error": error.as_data() if error is not None else None,
    }


# -- how it is validated ----------------------------------------------------------------------------------------------


def _methods(judgement: Judgement) -> list[Data]:
    return [
        {
            "method": answer.offer.method,
            "allowed": answer.verdict.allowed,
            "discouraged": answer.verdict.discouraged,
            "ends_on": shown_day(answer.verdict.ends_on),
            "reasons": list(answer.verdict.reasons),
            "facts": list(answer.verdict.facts),
        }
        for answer in judgement.methods
    ]


def _contacts(judgement: Judgement) -> list[Data]:
    """Where approval mails can go; no offer, no contact."""
    return [
        {
            "address": box.address,
            "kind": box.offer.kind,
            "domain": box.domain,
            "allowed": box.allowed,
            "selectable": box.offer.selectable,
            "mailed": box.offer.mailed,
            "covers": box.offer.covers,
            **({"holder": box.offer.holder} if box.offer.holder else {}),
            "reasons": list(box.reasons),
            "facts": list(box.facts),
        }
        for box in judgement.mailboxes
    ]


def _records(judgement: Judgement, offer: MethodOffer | None) -> list[Data]:
    """What an order will want; or the mailbox, which stands there without one."""
    if judgement.mailbox is not None:
        standing = judgement.mailbox.records
        return [{"name": owner, "type": kind, "value": value, "standing": True} for owner, kind, value in standing]
    templates = offer.records if offer is not None else ()
    return [
        {
            "name": _filled(owner, name),
            "type": kind,
            "value": _filled(value, name),
            **({"standing": True} if is_standing(owner) else {}),
        }
        for name in judgement.validated_names
        for owner, kind, value in templates
    ]


def _files(judgement: Judgement, offer: MethodOffer | None) -> list[Data]:
    templates = offer.files if offer is not None else ()
    return [{"url": _filled(url, name)} for name in judgement.validated_names for url in templates]


def _filled(template: str, adn: str) -> str:
    return template.replace("{adn}", adn)
