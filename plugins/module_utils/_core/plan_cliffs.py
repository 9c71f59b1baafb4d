# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that will hit a certificate, soonest first, with the way out. Pure.

    rules of the BR   ends of its method, shorter lives and reuse, switches that its method or name feels
    its validation    the day on which it is worth nothing any more
    its seller        ends of what it uses (product, method, kind of mailbox), other arithmetic of its validity

The way out is the one that the seller documents; where it documents none, the seller is asked, or another product that
has a method which goes on is named: none is invented.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.arithmetic import terms
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement
from ansible_collections.inkan.tls.plugins.module_utils._core.way_out import way_out
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish

Data = dict[str, t.Any]


def cliffs_of(wish: Wish, judgement: Judgement, book: Book) -> list[Data]:
    """The dictionaries may be the same for several certificates: they are told, not changed."""
    rules = usable_rules(judgement, book)
    found = [*_of_rules(judgement, rules, book), *_of_seller(wish, judgement)]
    if wish.validated_on is not None and wish.validated_on <= book.as_of and rules:
        found += _of_reuse(wish.validated_on.date(), book.day, rules)
    found.sort(key=lambda cliff: cliff["date"])
    return found


def usable_rules(judgement: Judgement, book: Book) -> tuple[str, ...]:
    """Those that the certificate may be validated by: of a mailbox only its own."""
    rules = judgement.offer.rules if judgement.offer is not None else ()
    chosen = (judgement.mailbox.rule,) if judgement.mailbox is not None else rules
    # of plain names one stands for all
    special = [name for name in judgement.names if name.startswith("*.") or name.endswith(".onion")]
    names = special if len(special) == len(judgement.names) else [*special, ""]
    return tuple(rule for rule in chosen if all(dcv.allowed(rule, book.day, name).allowed for name in names))


def method_ends(judgement: Judgement, book: Book) -> date | None:
    """The first day on which nothing of the method remains; None: it goes on."""
    ends = [dcv.method_rule(rule).must_not_rely_from for rule in usable_rules(judgement, book)]
    last = None if not ends or None in ends else max(end for end in ends if end is not None)
    offered = judgement.offer.until if judgement.offer is not None else None
    return min((end for end in (last, offered) if end is not None), default=None)


def validation_ends(wish: Wish, judgement: Judgement, book: Book) -> date | None:
    """The first day on which the last validation is worth nothing: today, if it is so already."""
    if wish.validated_on is None or wish.validated_on > book.as_of:
        return None
    ends = [
        dcv.next_cliff(dcv.method_rule(rule), wish.validated_on.date(), book.day) or book.day
        for rule in usable_rules(judgement, book)
    ]
    return max(ends, default=None)


def _of_rules(judgement: Judgement, rules: tuple[str, ...], book: Book) -> tuple[Data, ...]:
    """The same for all certificates of a product and method, but for wildcard names."""
    page, offer = judgement.page, judgement.offer
    stars = any(name.startswith("*.") for name in judgement.names)
    if page is None:
        return _rule_cliffs(book.day, rules, "", "")
    key = (_rule_cliffs, rules, offer.method if offer is not None else None, stars)
    found: tuple[Data, ...] | None = page.memo.get(key)
    if found is None:
        level = page.product.validation_level
        found = page.memo[key] = _rule_cliffs(book.day, rules, way_out(offer, stars, book), level)
    return found


def _rule_cliffs(day: date, rules: tuple[str, ...], instead: str, level: str) -> tuple[Data, ...]:
    found = [cliff for rule in rules for cliff in _method_cliffs(day, rule, instead)]
    for validity, reuse in dcv.limits_after(day):
        what = f"certificates live at most {validity.days} days, validations count for at most {reuse.days} days"
        do = "let renew run every day: it follows the lifetime of each certificate"
        found.append(_cliff(validity.since, what, do, validity.source))
    for limit in dcv.identity_limits_after(day) if level in ("ov", "ev") else ():
        what = f"the identity of an organization counts for at most {limit.days} days"
        found.append(_cliff(limit.since, what, "expect its examination, call and papers, again by then", limit.source))
    found += [
        _cliff(switch.since, switch.rule, switch.do, switch.source)
        for switch in dcv.switches_after(day)
        if switch.hits in ("all", level) or _hits(switch.hits, rules)
    ]
    return tuple(found)


def _hits(tick: str, rules: tuple[str, ...]) -> bool:
    rows = [dcv.method_rule(rule) for rule in rules]
    if tick == "mpic":
        return any(row.mpic_required for row in rows)
    return tick == "adn" and any(row.prune or row.adn_cname_step for row in rows)


def _method_cliffs(day: date, rule_id: str, instead: str) -> list[Data]:
    rule = dcv.method_rule(rule_id)
    name = f"{rule.title} (BR {rule.id})"
    dates = (
        (rule.discouraged_from, f"validation by {name} is discouraged"),
        (rule.must_not_rely_from, f"validation by {name} ends, earlier validations included"),
    )
    return [_cliff(since, what, instead, rule.source) for since, what in dates if since is not None and since > day]


def _of_reuse(validated_on: date, day: date, rules: tuple[str, ...]) -> list[Data]:
    ends = [dcv.next_cliff(dcv.method_rule(rule), validated_on, day) for rule in rules]
    last = max((end for end in ends if end is not None), default=None)
    what = f"the validation of {validated_on} is worth nothing any more"
    return [_cliff(last, what, "validate again before", "BR 4.2.1")] if last is not None else []


def _of_seller(wish: Wish, judgement: Judgement) -> list[Data]:
    page, offer, mailbox = judgement.page, judgement.offer, judgement.mailbox
    if page is None:
        return []
    found, product = [], page.product
    if product.until is not None and product.until > page.day:
        what = f"{product.title} is not sold any more"
        found.append(_cliff(product.until, what, "ask the seller what takes its place", product.source))
    if offer is not None and offer.until is not None and offer.until > page.day:
        do = f"move to {offer.way_out}" if offer.way_out else "ask the seller which method replaces it"
        found.append(_cliff(offer.until, f"the seller ends the method {offer.method}", do, *offer.facts))
    for contact, _stop in page.contacts:
        if mailbox is not None and contact.kind == mailbox.kind and contact.until and contact.until > page.day:
            what = f"the seller mails no contact of kind {contact.kind} any more"
            found.append(_cliff(contact.until, what, "choose another kind of contact before", *contact.facts))
    key = (_of_arithmetic, wish.period)
    changes: list[Data] | None = page.memo.get(key)
    if changes is None:
        changes = page.memo[key] = _of_arithmetic(wish.period, page)
    return found + changes


def _of_arithmetic(period: str | None, page: Page) -> list[Data]:
    """The seller's validity changes; what the rules demand of everybody on the same day is told by them."""
    now = {rule.period for rule in terms(page, period)}
    what = "the seller counts the validity of new certificates in another way"
    do = "let renew run every day: it follows the lifetime of each certificate"
    since = {
        rule.since: rule
        for rule in page.product.validity
        if rule.since is not None and rule.since > page.day and rule.period in now
    }
    return [_cliff(day, f"{what}: {rule.source}", do, *rule.facts) for day, rule in since.items()]


def _cliff(since: date, what: str, do: str, *facts: str) -> Data:
    rules = dict.fromkeys(rule for fact in facts for rule in dcv.cited(fact))
    return {"date": since.isoformat(), "what": what, "do": do, "facts": list(rules)}
