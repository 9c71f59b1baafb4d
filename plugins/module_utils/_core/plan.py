# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule book as a function: one wish and a day in, a plan out. Pure.

    wish ──▶ judge() ──▶ names, methods, errors ──▶ contacts, records, files, steps, renewal, validity, cliffs
                                             └───▶ due decision, normalized certificate

The plan of a refused certificate is filled as far as it can be; ``error`` says why it is refused.

This file is private to the collection.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, in_force
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement, judge, one_error
from ansible_collections.inkan.tls.plugins.module_utils._core.mailboxes import ChosenMailbox
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Due, Facts, decide, renewal_day
from ansible_collections.inkan.tls.plugins.module_utils._core.times import end_of_month, render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Asked, Deploy, Handshake, Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    MethodOffer,
    Product,
    StepRule,
    ValidityRule,
)

Data = dict[str, t.Any]

_HANDSHAKE_SECONDS = 10


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
    error = one_error(wish, judgement.errors)
    plan = _plan(wish, judgement, book, error)
    if error is not None:
        return Planned(wish.name, plan, None, None, error)
    facts = Facts(wish.name, judgement.names, wish.key.type, wish.live, wish.order, _held(wish, judgement, book))
    due = decide(facts, book.policy, book.choose, book.as_of)
    return Planned(wish.name, plan, _certificate(wish, judgement, book), due, None)


def _held(wish: Wish, judgement: Judgement, book: Book) -> str:
    """An order that was refused is not made again as it was, where the seller's row leaves that to a person."""
    order, product, mailbox = wish.order, judgement.product, judgement.mailbox
    if order is None or order.asked is None or product is None:
        return ""
    rules = in_force(product.renewal, book.day)
    contact = (mailbox.kind, mailbox.address) if mailbox is not None else None
    asked = Asked(wish.ca_account, wish.product, wish.validation.method, frozenset(judgement.names), contact)
    if asked != order.asked or not rules or rules[-1].after_refusal != "person":
        return ""
    why = f" ({order.problem})" if order.problem else ""
    todo = "correct what was refused, or order it once more as it is by inkan_renewal.force"
    return f"its last order was refused{why}, and nothing of it was changed since: {todo}"


def _plan(wish: Wish, judgement: Judgement, book: Book, error: InkanError | None) -> Data:
    product = judgement.product
    offer = judgement.chosen.offer if judgement.chosen is not None else None
    return {
        "name": wish.name,
        "product": wish.product,
        "seller": product.seller if product is not None else None,
        "ca": product.ca if product is not None else None,
        "validation_level": product.validation_level if product is not None else None,
        "methods": _methods(judgement),
        "contacts": _contacts(judgement),
        "records": _records(judgement, offer) if error is None else [],
        "files": _files(judgement, offer) if error is None else [],
        "steps": _steps(wish, judgement, offer, book),
        "renewal": _renewal(wish, product, book),
        "validity": _validity(product, book),
        "cliffs": _cliffs(wish, judgement, offer, book),
        "error": error.as_data() if error is not None else None,
    }


# -- how it is validated ----------------------------------------------------------------------------------------------


def _methods(judgement: Judgement) -> list[Data]:
    return [
        {
            "method": answer.offer.method,
            "allowed": answer.verdict.allowed,
            "discouraged": answer.verdict.discouraged,
            "ends_on": _day(answer.verdict.ends_on),
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
        {"name": _filled(owner, name), "type": kind, "value": _filled(value, name)}
        for name in judgement.validated_names
        for owner, kind, value in templates
    ]


def _files(judgement: Judgement, offer: MethodOffer | None) -> list[Data]:
    templates = offer.files if offer is not None else ()
    return [{"url": _filled(url, name)} for name in judgement.validated_names for url in templates]


def _filled(template: str, adn: str) -> str:
    return template.replace("{adn}", adn)


# -- when -------------------------------------------------------------------------------------------------------------


def _steps(wish: Wish, judgement: Judgement, offer: MethodOffer | None, book: Book) -> list[Data]:
    product, mailbox = judgement.product, judgement.mailbox
    found: list[Data] = []
    for rule in in_force(product.steps, book.day_at(product)) if product is not None else ():
        if not _concerns(rule, offer, mailbox):
            continue
        due = None
        if rule.after_days is not None:
            due = book.day + timedelta(days=rule.after_days)
        elif rule.before_expiry_days is not None:
            due = _before_end(wish, rule.before_expiry_days)
        address = mailbox.address if mailbox is not None else None
        action = rule.action.replace("{mailbox}", address or "the mailbox")
        found.append({"actor": rule.actor, "action": action, "due": _day(due), "facts": list(rule.facts)})
    return found


def _concerns(rule: StepRule, offer: MethodOffer | None, mailbox: ChosenMailbox | None) -> bool:
    if rule.methods and (offer is None or offer.method not in rule.methods):
        return False
    return not rule.contacts or (mailbox is not None and mailbox.kind in rule.contacts)


def _end(wish: Wish) -> datetime | None:
    return wish.live.not_after if wish.live is not None else wish.expires


def _before_end(wish: Wish, days: int | None) -> date | None:
    end = _end(wish)
    return (end - timedelta(days=days)).date() if end is not None and days is not None else None


def _renewal(wish: Wish, product: Product | None, book: Book) -> Data:
    notices = in_force(product.notices, book.day_at(product)) if product is not None else []
    rules = in_force(product.renewal, book.day_at(product)) if product is not None else []
    rule = rules[-1] if rules else None
    opens, closes = _window(wish, book)
    if rule is not None and rule.opens_days is not None:
        opens, closes = _day(_before_end(wish, rule.opens_days)), _day(_before_end(wish, rule.closes_days))
    return {
        "notices": [{"date": _day(_before_end(wish, n.before_expiry_days)), "to": n.to} for n in notices],
        "window_opens": opens,
        "window_closes": closes,
        "immutable": list(rule.immutable) if rule is not None else [],
        "if_ignored": {
            "outcome": rule.outcome if rule is not None else "lapses",
            "key_made_by": rule.key_made_by if rule is not None else None,
            "period": rule.period if rule is not None else None,
        },
        "cancel_by": _day(_before_end(wish, rule.cancel_days)) if rule is not None else None,
    }


def _window(wish: Wish, book: Book) -> tuple[str | None, str | None]:
    """The user's own policy, where the seller has no window."""
    end = _end(wish)
    opens = renewal_day(wish.name, wish.live, book.policy) if wish.live is not None else None
    return render_time(opens) if opens else None, render_time(end) if end else None


def _validity(product: Product | None, book: Book) -> Data:
    """The seller's arithmetic under the cap of the day."""
    end = dcv.latest_end(book.as_of)
    for rule in in_force(product.validity, book.day_at(product)) if product is not None else ():
        end = min(end, _sellers_end(rule, product, book.as_of) or end)
    # any excess over a whole day counts as a further one (BR 6.3.2)
    days = -(-(end + timedelta(seconds=1) - book.as_of) // timedelta(days=1))
    return {"max_days": days, "not_after": render_time(end)}


def _sellers_end(rule: ValidityRule, product: Product | None, issued: datetime) -> datetime | None:
    if rule.kind == "days":
        return dcv.end_of(issued, rule.amount)
    if rule.kind == "end_of_month" and product is not None:
        return end_of_month(issued, rule.amount, timedelta(hours=product.utc_offset))
    return None


# -- what will hit it -------------------------------------------------------------------------------------------------


def _cliffs(wish: Wish, judgement: Judgement, offer: MethodOffer | None, book: Book) -> list[Data]:
    rules = _usable_rules(judgement, offer, book)
    found = list(_rule_cliffs(book.day, rules, offer))
    if wish.validated_on is not None and wish.validated_on <= book.as_of and rules:
        found += _reuse_cliffs(wish.validated_on.date(), book.day, rules)
    found.sort(key=lambda cliff: cliff["date"])
    return [dict(cliff) for cliff in found]


def _usable_rules(judgement: Judgement, offer: MethodOffer | None, book: Book) -> tuple[str, ...]:
    """Those that the certificate may be validated by: of a mailbox only its own."""
    names = judgement.names
    rules = offer.rules if offer is not None else ()
    return tuple(
        rule
        for rule in ((judgement.mailbox.rule,) if judgement.mailbox is not None else rules)
        if all(dcv.allowed(rule, book.day, name).allowed for name in names)
    )


@functools.lru_cache(maxsize=256)
def _rule_cliffs(day: date, rules: tuple[str, ...], offer: MethodOffer | None) -> tuple[Data, ...]:
    found = [cliff for rule in rules for cliff in _method_cliffs(day, rule, offer)]
    for validity, reuse in dcv.limits_after(day):
        what = f"certificates live at most {validity.days} days, validations count for at most {reuse.days} days"
        do = "let renew run every day: it follows the lifetime of each certificate"
        found.append(_cliff(validity.since, what, do, validity.source))
    found += [
        _cliff(switch.since, switch.rule, switch.do, switch.source)
        for switch in dcv.switches_after(day)
        if switch.hits == "all" or _hits(switch.hits, rules)
    ]
    return tuple(found)


def _hits(tick: str, rules: tuple[str, ...]) -> bool:
    rows = [dcv.method_rule(rule) for rule in rules]
    if tick == "mpic":
        return any(row.mpic_required for row in rows)
    return tick == "adn" and any(row.prune or row.adn_cname_step for row in rows)


def _method_cliffs(day: date, rule_id: str, offer: MethodOffer | None) -> list[Data]:
    rule = dcv.method_rule(rule_id)
    way_out = offer.way_out if offer is not None else ""
    do = f"move to {way_out}" if way_out else "ask the seller which method replaces it"
    name = f"{rule.title} (BR {rule.id})"
    dates = (
        (rule.discouraged_from, f"validation by {name} is discouraged"),
        (rule.must_not_rely_from, f"validation by {name} ends, earlier validations included"),
    )
    return [_cliff(since, what, do, rule.source) for since, what in dates if since is not None and since > day]


def _reuse_cliffs(validated_on: date, day: date, rules: tuple[str, ...]) -> list[Data]:
    ends = [dcv.next_cliff(dcv.method_rule(rule), validated_on, day) for rule in rules]
    last = max((end for end in ends if end is not None), default=None)
    what = f"the validation of {validated_on} is worth nothing any more"
    return [_cliff(last, what, "validate again before", "BR 4.2.1")] if last is not None else []


def _cliff(since: date, what: str, do: str, source: str) -> Data:
    return {"date": since.isoformat(), "what": what, "do": do, "facts": [source]}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


# -- the item in its final form ---------------------------------------------------------------------------------------


def _certificate(wish: Wish, judgement: Judgement, book: Book) -> Data:
    """What roles and later modules take: nothing left to default, names as A-labels with the common name first."""
    product = judgement.product
    return {
        "name": wish.name,
        "common_name": judgement.common_name,
        "dns_names": list(judgement.names),
        "product": wish.product,
        "seller": product.seller if product is not None else None,
        "ca_account": wish.ca_account,
        "method": wish.validation.method,
        "validation": {
            "method": wish.validation.method,
            "contact": _contact(judgement.mailbox),
            "document_root": wish.validation.document_root,
            "hosts": list(wish.validation.hosts or wish.hosts),
        },
        "key": {"type": wish.key.type, "reuse": wish.key.reuse, "made_by": wish.key.made_by},
        "organization": wish.organization,
        "subject": dict(wish.subject),
        "hosts": list(wish.hosts),
        "paths": dict(wish.paths),
        "issued_from": wish.issued_from,
        "options": dict(wish.options),
        "deploy": _deploy(wish.deploy, judgement.names, book),
    }


def _contact(mailbox: ChosenMailbox | None) -> Data | None:
    """domains: the names at which it is published (kinds txt and caa)."""
    if mailbox is None:
        return None
    return {
        "kind": mailbox.kind,
        "address": mailbox.address,
        "exclusive": mailbox.exclusive,
        "domains": list(mailbox.domains),
    }


def _deploy(deploy: Deploy, names: t.Sequence[str], book: Book) -> Data:
    return {
        "by": deploy.by,
        "reload": deploy.reload,
        "owner": deploy.owner,
        "group": deploy.group,
        "mode": deploy.mode,
        "copies": [
            {"path": c.path, "content": c.content, "owner": c.owner, "group": c.group, "mode": c.mode}
            for c in deploy.copies
        ],
        "post_check": deploy.post_check,
        "handshake": _handshake(deploy.handshake, names, book) if deploy.handshake is not None else None,
    }


def _handshake(handshake: Handshake, names: t.Sequence[str], book: Book) -> Data:
    return {
        "address": handshake.address,
        "port": handshake.port or book.https_port,
        "server_name": handshake.server_name or _server_name(names),
        "timeout": handshake.timeout or _HANDSHAKE_SECONDS,
    }


def _server_name(names: t.Sequence[str]) -> str:
    """A name to ask a service for: the first plain one, else one that the first wildcard name covers."""
    plain = next((name for name in names if not name.startswith("*.")), None)
    return plain if plain is not None else f"wildcard.{validated_name(names[0])}"
