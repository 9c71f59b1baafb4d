# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a wish lawful on a day? Its names in their final form, its product and method, and every reason against it.

An item that is refused has errors here; it never stops the others.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.dcv import Evidence, Verdict, allowed, method_rule
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.judge_names import name_rule_errors, read_names, refused
from ansible_collections.inkan.tls.plugins.module_utils._core.judge_places import place_errors
from ansible_collections.inkan.tls.plugins.module_utils._core.linking import UNLINKED, Link, link_of
from ansible_collections.inkan.tls.plugins.module_utils._core.mailboxes import ChosenMailbox, Mailbox, choose, mailboxes
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose
from ansible_collections.inkan.tls.plugins.module_utils._core.way_out import way_out
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    CustodyRule,
    MethodOffer,
    Product,
    SourceRule,
)


@dataclass(frozen=True)
class MethodAnswer:
    """An offered method, judged for all names of one certificate."""

    offer: MethodOffer
    verdict: Verdict


@dataclass(frozen=True)
class Judgement:
    """names: A-labels, common name first, no repeats (only those that are possible).

    chosen, mailbox: the method and the mailbox of the wish; mailboxes: all that the product has
    """

    names: tuple[str, ...]
    common_name: str
    product: Product | None
    page: Page | None
    methods: tuple[MethodAnswer, ...]
    chosen: MethodAnswer | None
    errors: tuple[InkanError, ...]
    mailboxes: tuple[Mailbox, ...] = ()
    mailbox: ChosenMailbox | None = None
    link: Link = UNLINKED

    @property
    def offer(self) -> MethodOffer | None:
        return self.chosen.offer if self.chosen is not None else None

    @property
    def validated_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(validated_name(name) for name in self.names))


def judge(wish: Wish, book: Book) -> Judgement:
    names, errors = read_names(wish, book)
    common_name = names[0] if names else ""
    product = book.products.get(wish.product)
    page = book.page(product) if product is not None else None
    if product is None or page is None or not page.is_sold:
        errors.append(_unknown_product(wish, product, book))
        return Judgement(names, common_name, product, page, (), None, tuple(errors))
    link = link_of(wish, page)
    methods = _answers(names, wish, page, link, book)
    found = mailboxes(page, names, wish, book)
    chosen, method_errors = _chosen(wish, methods, names, page, link, book)
    mailbox, contact_error = None, None
    by_mail = chosen is not None and chosen.offer.places == "mail" and not errors and not method_errors
    if by_mail and not (link.lost and wish.validation.contact is None):  # then the seller asks which mailbox it is
        mailbox, contact_error = choose(wish, found, names, product, book)
    errors += name_rule_errors(wish, names, page, book)
    errors += _custody_errors(wish, page)
    errors += _term_errors(wish, page)
    errors += _source_errors(wish, names, page, book)
    errors += method_errors + ([contact_error] if contact_error is not None else [])
    errors += _account_errors(wish, book)
    return Judgement(names, common_name, product, page, methods, chosen, tuple(errors), found, mailbox, link)


def one_error(wish: Wish, errors: t.Sequence[InkanError]) -> InkanError | None:
    """All reasons of a refused item as one error: the code of the first, the words of all."""
    if len(errors) < 2:
        return errors[0] if errors else None
    return PolicyError(
        code=errors[0].code,
        what="The certificate is refused",
        where=f'item "{wish.name}"',
        why=" ".join(f"{number}. {_placeless(error)}" for number, error in enumerate(errors, 1)),
        reference=errors[0].reference,
    )


def _placeless(error: InkanError) -> str:
    return InputError(code=error.code, what=error.what, why=error.why, todo=error.todo).sentence()


# -- custody, term, source --------------------------------------------------------------------------------------------


def _custody_errors(wish: Wish, page: Page) -> list[InkanError]:
    errors = []
    for rule in page.custody:
        asked = (("key.made_by", wish.key.made_by, rule.key_made_by), ("deploy.by", wish.deploy.by, rule.deployed_by))
        errors += [_custody_error(wish, page.product, rule, *one) for one in asked if one[1] not in one[2]]
    return errors


def _custody_error(
    wish: Wish, product: Product, rule: CustodyRule, option: str, value: str, possible: tuple[str, ...]
) -> InkanError:
    why = f"{option} is {value}, {product.title} knows only: {', '.join(possible)}"
    what, facts = "The seller does not work this way", ", ".join(rule.facts)
    return refused(wish, "custody_not_offered", what, why, f"Correct {option}", facts)


def _term_errors(wish: Wish, page: Page) -> list[InkanError]:
    """options.period: a term that the product is sold for."""
    asked, sold = wish.options.get("period"), tuple(rule.period for rule in page.validity if rule.period)
    if asked is None or not sold or asked in sold:
        return []
    instead = page.renewal.period_instead if page.renewal is not None else ""
    if page.renewal is not None and asked in page.renewal.stopped_periods and (wish.live or wish.previous):
        return []  # who had it is renewed with another term; the plan says which
    why = f"options.period is {asked}; {page.product.title} is sold for: {', '.join(dict.fromkeys(sold))}"
    facts = [fact for rule in page.validity for fact in rule.facts]
    facts += list(page.renewal.facts) if instead and page.renewal is not None else []
    reference = ", ".join(dict.fromkeys(facts))
    return [refused(wish, "period_not_sold", "The term is not sold", why, f"Choose {' or '.join(sold)}", reference)]


def _source_errors(wish: Wish, names: t.Sequence[str], page: Page, book: Book) -> list[InkanError]:
    errors = []
    for rule in page.sources:
        facts = ", ".join(rule.facts)
        if wish.issued_from is None:
            why, todo = "issued_from is missing", "Name the item whose certificate is brought to the seller"
            what = f"{page.product.title} takes a certificate that was ordered elsewhere"
            errors.append(refused(wish, "no_source", what, f"{why} ({facts})", todo, facts))
        elif book.sources and wish.issued_from not in book.sources:
            why, todo = "certificates has no such item", nearest(wish.issued_from, book.sources)
            what = f'There is no certificate "{wish.issued_from}" to bring'
            errors.append(refused(wish, "unknown_source", what, why, todo, facts))
        else:
            errors += _other_common_name(wish, names, rule, book)
    return errors


def _other_common_name(wish: Wish, names: t.Sequence[str], rule: SourceRule, book: Book) -> list[InkanError]:
    source = book.sources.get(wish.issued_from or "")
    try:
        name = book.tools.to_alabel(source) if source else None
    except ValueError:  # its own refusal says why
        name = None
    if not rule.same_common_name or name is None or not names or name == names[0]:
        return []
    facts = ", ".join(rule.facts)
    what = f'The certificate of "{wish.issued_from}" cannot be brought'
    why = f"its common name is {name}, the contract's is {names[0]} ({facts})"
    todo = f"Give both the same common name, or apply for another contract for {name}"
    return [refused(wish, "other_common_name", what, why, todo, facts)]


# -- product and account ----------------------------------------------------------------------------------------------


def _unknown_product(wish: Wish, product: Product | None, book: Book) -> InkanError:
    if product is not None:
        why = f"it was sold from {product.since or 'long ago'} until {product.until or 'now'}"
        return refused(wish, "product_not_sold", f"{product.title} is not sold on {book.day}", why, "Choose another")
    return InputError(
        code="unknown_product",
        what=f'There is no product "{wish.product}"',
        where=f'item "{wish.name}"',
        why="the catalogue has no row for it",
        todo=nearest(wish.product, book.products),
    )


def _account_errors(wish: Wish, book: Book) -> list[InkanError]:
    if book.choose is not Choose.NONE and wish.ca_account is None:
        why, todo = "ca_account is missing", "Name an entry of inkan_ca_accounts"
        return [refused(wish, "no_ca_account", "Nothing can be ordered", why, todo)]
    if wish.ca_account is None or book.accounts is None or wish.ca_account in book.accounts:
        return []
    return [
        InputError(
            code="unknown_ca_account",
            what=f'There is no CA account "{wish.ca_account}"',
            where=f'item "{wish.name}"',
            why="ca_accounts has no such entry",
            todo=nearest(wish.ca_account, book.accounts),
        )
    ]


# -- methods ----------------------------------------------------------------------------------------------------------


def _answers(names: t.Sequence[str], wish: Wish, page: Page, link: Link, book: Book) -> tuple[MethodAnswer, ...]:
    """The same for all certificates of plain names, unless an old validation is to be judged."""
    plain = not any(name.startswith("*.") or name.endswith(".onion") for name in names)
    if not plain or wish.validated_on is not None:
        return tuple(_answer(offer, stop, names, wish, page, link, book) for offer, stop in page.methods)
    key = (_answer, wish.ca_account, link.reasons, bool(names))
    found: tuple[MethodAnswer, ...] | None = page.memo.get(key)
    if found is None:
        found = tuple(_answer(offer, stop, names[:1], wish, page, link, book) for offer, stop in page.methods)
        page.memo[key] = found
    return found


def _answer(
    offer: MethodOffer, stop: str | None, names: t.Sequence[str], wish: Wish, page: Page, link: Link, book: Book
) -> MethodAnswer:
    """One verdict for all names: the strictest; for each name the best of the rules that the offer can be."""
    reason = stop or _not_offered(offer, names, wish, link, book)
    if reason is not None:
        reasons = (reason, *offer.notes)
        return MethodAnswer(offer, Verdict(False, ends_on=_ends_on(offer), reasons=reasons, facts=offer.facts))
    per_name = [_best(offer, name, page.product, wish, book) for name in names]
    reasons = tuple(dict.fromkeys(reason for verdict in per_name for reason in verdict.reasons))
    facts = tuple(dict.fromkeys(offer.facts + tuple(fact for verdict in per_name for fact in verdict.facts)))
    return MethodAnswer(
        offer,
        Verdict(
            allowed=all(verdict.allowed for verdict in per_name),
            discouraged=any(verdict.discouraged for verdict in per_name),
            revalidate=any(verdict.revalidate for verdict in per_name),
            ends_on=_ends_on(offer),
            reasons=reasons + offer.notes,
            facts=facts,
        ),
    )


def _not_offered(offer: MethodOffer, names: t.Sequence[str], wish: Wish, link: Link, book: Book) -> str | None:
    methods = book.account(wish.ca_account).methods
    if methods is not None and offer.method not in methods:
        return f'the seller behind the account "{wish.ca_account}" does not offer it'
    star = next((name for name in names if name.startswith("*.")), None)
    if star is not None and not offer.wildcard and any(method_rule(rule).wildcard for rule in offer.rules):
        return f"the seller does not offer it for a wildcard name ({star})"
    return link.reason(offer.method)


def _best(offer: MethodOffer, name: str, product: Product, wish: Wish, book: Book) -> Verdict:
    done = wish.validated_on.date() if wish.validated_on is not None else None
    evidence = (
        Evidence(validated_name(name), validated_on=done) if done and offer.method == wish.validation.method else None
    )
    verdicts = [
        allowed(rule, book.day, name, ev=product.validation_level == "ev", evidence=evidence) for rule in offer.rules
    ]
    return max(verdicts, key=lambda verdict: (verdict.allowed, not verdict.discouraged))


def _ends_on(offer: MethodOffer) -> date | None:
    """The first day without it: the seller's own end, or the last end of the rules that it can be."""
    ends = [method_rule(rule).must_not_rely_from for rule in offer.rules]
    last = None if None in ends else max(end for end in ends if end is not None)
    return min((end for end in (last, offer.until) if end is not None), default=None)


def _chosen(
    wish: Wish, methods: t.Sequence[MethodAnswer], names: t.Sequence[str], page: Page, link: Link, book: Book
) -> tuple[MethodAnswer | None, list[InkanError]]:
    possible = [answer.offer.method for answer in methods if answer.verdict.allowed]
    todo = f"Choose {' or '.join(possible)}" if possible else "Ask the seller"
    asked = link.method
    chosen = next((answer for answer in methods if answer.offer.method == asked), None)
    if asked is None and not methods:
        return None, []  # a certificate that is brought was validated elsewhere
    if asked is None:
        return None, [
            refused(wish, "no_method", "No validation method is chosen", "validation.method is missing", todo)
        ]
    if chosen is None:
        offered = ", ".join(answer.offer.method for answer in methods) or "none: it is brought, not ordered"
        why = f"{page.product.title} offers: {offered}"
        return None, [refused(wish, "method_not_offered", f'There is no method "{asked}" here', why, todo)]
    if not chosen.verdict.allowed:
        return chosen, [_method_not_allowed(wish, chosen, names, possible, todo, book)]
    if chosen.offer.places == "file":
        return chosen, place_errors(wish, names, chosen.offer.method, ", ".join(chosen.offer.facts), book)
    return chosen, []


def _method_not_allowed(
    wish: Wish, chosen: MethodAnswer, names: t.Sequence[str], possible: t.Sequence[str], todo: str, book: Book
) -> InkanError:
    stars = chosen.offer.places == "file" and any(name.startswith("*.") for name in names)
    code = "wildcard_with_file" if stars else "method_not_allowed"
    reference = ", ".join(chosen.verdict.facts)
    why = f"{'; '.join(chosen.verdict.reasons)} ({reference})"
    ends_on = chosen.verdict.ends_on
    if not possible and ends_on is not None and ends_on <= book.day:
        words = way_out(chosen.offer, any(name.startswith("*.") for name in names), book)
        todo = words[:1].upper() + words[1:]
    what = f"Validation by {chosen.offer.method} is not possible on {book.day}"
    return refused(wish, code, what, why, todo, reference)
