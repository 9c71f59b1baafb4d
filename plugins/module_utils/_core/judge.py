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

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, in_force, offered_when
from ansible_collections.inkan.tls.plugins.module_utils._core.dcv import (
    Evidence,
    Verdict,
    allowed,
    method_rule,
    reverse_tree_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.mailboxes import ChosenMailbox, Mailbox, choose, mailboxes
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    CustodyRule,
    MethodOffer,
    NameRule,
    Product,
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
    methods: tuple[MethodAnswer, ...]
    chosen: MethodAnswer | None
    errors: tuple[InkanError, ...]
    mailboxes: tuple[Mailbox, ...] = ()
    mailbox: ChosenMailbox | None = None

    @property
    def validated_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(validated_name(name) for name in self.names))


def judge(wish: Wish, book: Book) -> Judgement:
    names, errors = _names(wish, book)
    common_name = names[0] if names else ""
    product = book.products.get(wish.product)
    if product is None or not in_force([product], book.day_at(product)):
        errors.append(_unknown_product(wish, product, book))
        return Judgement(names, common_name, product, (), None, tuple(errors))
    methods = tuple(_answer(offer, names, product, wish, book) for offer in product.methods)
    found = mailboxes(product, names, wish, book)
    chosen, method_errors = _chosen(wish, methods, names, product, book)
    mailbox, contact_error = None, None
    if chosen is not None and chosen.offer.places == "mail" and not errors and not method_errors:
        mailbox, contact_error = choose(wish, found, names, product, book)
    errors += _name_rule_errors(wish, names, product, book)
    errors += _custody_errors(wish, product, book)
    errors += method_errors + ([contact_error] if contact_error is not None else [])
    errors += _account_errors(wish, book)
    return Judgement(names, common_name, product, methods, chosen, tuple(errors), found, mailbox)


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


def _refused(wish: Wish, code: str, what: str, why: str, todo: str, reference: str = "") -> InkanError:
    return PolicyError(code=code, what=what, where=f'item "{wish.name}"', why=why, todo=todo, reference=reference)


# -- names ------------------------------------------------------------------------------------------------------------


def _names(wish: Wish, book: Book) -> tuple[tuple[str, ...], list[InkanError]]:
    errors: list[InkanError] = []
    names: dict[str, None] = {}
    for text in ((wish.common_name,) if wish.common_name else ()) + wish.dns_names:
        try:
            name = book.tools.to_alabel(text)
        except ValueError as exc:
            errors.append(_bad_name(wish, text, str(exc)))
            continue
        reason = dns_name_error(name) or _address_error(name) or reverse_tree_error(validated_name(name), book.day)
        if reason is not None:
            errors.append(_bad_name(wish, text, reason))
            continue
        if book.tools.is_public_suffix(validated_name(name)):
            errors.append(_public_suffix(wish, name))
        names[name] = None
    return tuple(names), errors


def _public_suffix(wish: Wish, name: str) -> InkanError:
    return _refused(
        wish,
        "public_suffix",
        f"No CA may issue for {name}",
        f"{validated_name(name)} is a public suffix: names below it belong to different people",
        "Name a domain that is registered below it",
        "BR 3.2.2.6",
    )


def _address_error(name: str) -> str | None:
    return "it is an IP address or ends in a number" if name.rpartition(".")[2].isdigit() else None


def _bad_name(wish: Wish, text: str, reason: str) -> InkanError:
    return InputError(
        code="bad_dns_name",
        what=f"No certificate can carry the name {text!r}",
        where=f'item "{wish.name}"',
        why=reason,
        todo="Correct the name",
        reference="BR 7.1.2.7.12",
    )


def _name_rule_errors(wish: Wish, names: t.Sequence[str], product: Product, book: Book) -> list[InkanError]:
    errors: list[InkanError] = []
    for rule in in_force(product.names, book.day_at(product)):
        errors += _wildcard_errors(wish, names, product, rule)
        if not rule.www_option:
            errors += _count_errors(wish, names, rule)
        elif names and not names[0].startswith("*."):
            errors += _www_errors(wish, names, product, rule, book)
    return errors


def _count_errors(wish: Wish, names: t.Sequence[str], rule: NameRule) -> list[InkanError]:
    option = wish.options.get("max_names") if rule.raisable else None
    most = option if isinstance(option, int) and not isinstance(option, bool) else rule.max_names
    if len(names) <= most:
        return []
    why = f"it has {len(names)} names, {most} {'is' if most == 1 else 'are'} possible"
    todo = "Split it into several certificates"
    todo += ", or set options.max_names if the CA takes more" if rule.raisable else ""
    return [_refused(wish, "too_many_names", "The certificate has too many names", why, todo, rule.source)]


def _www_errors(wish: Wish, names: t.Sequence[str], product: Product, rule: NameRule, book: Book) -> list[InkanError]:
    """A product of one name, to which an option adds its counterpart with or without www."""
    partner, option = _www_partner(names[0], book), f"options.{rule.www_option}"
    asked = bool(wish.options.get(rule.www_option))
    why = f"one name more is possible: {partner}, by {option} ({', '.join(rule.facts)})"
    strange = [name for name in names[1:] if not asked or name != partner]
    if strange:
        what = f"{product.title} does not take {', '.join(strange)} beside {names[0]}"
        todo = f"Set {option} to true" if strange == [partner] else "Order the other names as certificates of their own"
        return [_refused(wish, "name_not_sold", what, why, todo, ", ".join(rule.facts))]
    if asked and partner not in names:
        add = f"Add {partner} to dns_names, or leave {option} out"
        lacks = f"The certificate lacks {partner}"
        return [_refused(wish, "name_missing", lacks, why, add, ", ".join(rule.facts))]
    return []


def _www_partner(name: str, book: Book) -> str:
    """The same name with www., or without; a registered www (``www.tokyo.jp``) is no such label."""
    is_www = name.startswith("www.") and name != book.tools.registrable_domain(name)
    return name[4:] if is_www else f"www.{name}"


def _wildcard_errors(wish: Wish, names: t.Sequence[str], product: Product, rule: NameRule) -> list[InkanError]:
    stars = [name for name in names if name.startswith("*.")]
    if rule.wildcard == "no" and stars:
        why, todo = f"{product.title} carries none ({stars[0]})", "Choose a wildcard product"
    elif rule.wildcard == "only" and names and not names[0].startswith("*."):
        why, todo = f"the common name of {product.title} must be one, {names[0]} is not", "Choose another product"
    else:
        return []
    return [_refused(wish, "wildcard_not_sold", "The wildcard rule is broken", why, todo, ", ".join(rule.facts))]


def _custody_errors(wish: Wish, product: Product, book: Book) -> list[InkanError]:
    errors = []
    for rule in in_force(product.custody, book.day_at(product)):
        asked = (("key.made_by", wish.key.made_by, rule.key_made_by), ("deploy.by", wish.deploy.by, rule.deployed_by))
        errors += [_custody_error(wish, product, rule, *one) for one in asked if one[1] not in one[2]]
    return errors


def _custody_error(
    wish: Wish, product: Product, rule: CustodyRule, option: str, value: str, possible: tuple[str, ...]
) -> InkanError:
    why = f"{option} is {value}, {product.title} knows only: {', '.join(possible)}"
    return _refused(
        wish, "custody_not_offered", "The seller does not work this way", why, f"Correct {option}", rule.facts[0]
    )


# -- product and account ----------------------------------------------------------------------------------------------


def _unknown_product(wish: Wish, product: Product | None, book: Book) -> InkanError:
    if product is not None:
        why = f"it was sold from {product.since or 'long ago'} until {product.until or 'now'}"
        return _refused(wish, "product_not_sold", f"{product.title} is not sold on {book.day}", why, "Choose another")
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
        return [_refused(wish, "no_ca_account", "Nothing can be ordered", why, todo)]
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


def _answer(offer: MethodOffer, names: t.Sequence[str], product: Product, wish: Wish, book: Book) -> MethodAnswer:
    """One verdict for all names: the strictest; for each name the best of the rules that the offer can be."""
    reason = _not_offered(offer, names, product, wish, book)
    if reason is not None:
        return MethodAnswer(offer, Verdict(False, ends_on=_ends_on(offer), reasons=(reason,), facts=offer.facts))
    per_name = [_best(offer, name, product, wish, book) for name in names]
    reasons = tuple(dict.fromkeys(reason for verdict in per_name for reason in verdict.reasons))
    facts = tuple(dict.fromkeys(offer.facts + tuple(fact for verdict in per_name for fact in verdict.facts)))
    return MethodAnswer(
        offer,
        Verdict(
            allowed=all(verdict.allowed for verdict in per_name),
            discouraged=any(verdict.discouraged for verdict in per_name),
            revalidate=any(verdict.revalidate for verdict in per_name),
            ends_on=_ends_on(offer),
            reasons=reasons,
            facts=facts,
        ),
    )


def _not_offered(offer: MethodOffer, names: t.Sequence[str], product: Product, wish: Wish, book: Book) -> str | None:
    if not in_force([offer], book.day_at(product)):
        return offered_when(offer)
    methods = book.account(wish.ca_account).methods
    if methods is not None and offer.method not in methods:
        return f'the seller behind the account "{wish.ca_account}" does not offer it'
    star = next((name for name in names if name.startswith("*.")), None)
    if star is not None and not offer.wildcard:
        return f"the seller does not offer it for a wildcard name ({star})"
    return None


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
    wish: Wish, methods: t.Sequence[MethodAnswer], names: t.Sequence[str], product: Product, book: Book
) -> tuple[MethodAnswer | None, list[InkanError]]:
    possible = [answer.offer.method for answer in methods if answer.verdict.allowed]
    todo = f"Choose {' or '.join(possible)}" if possible else "Ask the seller"
    asked = wish.validation.method
    chosen = next((answer for answer in methods if answer.offer.method == asked), None)
    if asked is None:
        return None, [
            _refused(wish, "no_method", "No validation method is chosen", "validation.method is missing", todo)
        ]
    if chosen is None:
        why = f"{product.title} offers: {', '.join(answer.offer.method for answer in methods)}"
        return None, [_refused(wish, "method_not_offered", f'There is no method "{asked}" here', why, todo)]
    if not chosen.verdict.allowed:
        stars = chosen.offer.places == "file" and any(name.startswith("*.") for name in names)
        code = "wildcard_with_file" if stars else "method_not_allowed"
        reference = ", ".join(chosen.verdict.facts)
        why = f"{'; '.join(chosen.verdict.reasons)} ({reference})"
        return chosen, [
            _refused(wish, code, f"Validation by {asked} is not possible on {book.day}", why, todo, reference)
        ]
    if chosen.offer.places == "file" and wish.validation.document_root is None:
        why, todo = "validation.document_root is missing", "Name the folder that the web server serves on port 80"
        what, reference = f"Validation by {asked} needs a place", ", ".join(chosen.offer.facts)
        return chosen, [_refused(wish, "no_document_root", what, why, todo, reference)]
    return chosen, []
