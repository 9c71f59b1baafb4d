# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of a wish in their final form, and whether the product carries them.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.dcv import reverse_tree_error
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import NameRule, Product


def refused(wish: Wish, code: str, what: str, why: str, todo: str, reference: str = "") -> InkanError:
    return PolicyError(code=code, what=what, where=f'item "{wish.name}"', why=why, todo=todo, reference=reference)


def read_names(wish: Wish, book: Book) -> tuple[tuple[str, ...], list[InkanError]]:
    """A-labels, common name first, no repeats: those that are possible; and why others are not."""
    errors: list[InkanError] = []
    names: dict[str, None] = {}
    for text in ((wish.common_name,) if wish.common_name else ()) + wish.dns_names:
        try:
            name = book.tools.to_alabel(text)
        except ValueError as exc:
            errors.append(_bad_name(wish, text, str(exc)))
            continue
        plain = validated_name(name)
        reason = dns_name_error(name) or reverse_tree_error(plain, book.day)
        if reason is not None:
            errors.append(_bad_name(wish, text, reason))
            continue
        if book.tools.is_public_suffix(plain):
            errors.append(_public_suffix(wish, name))
        names[name] = None
    return tuple(names), errors


def _public_suffix(wish: Wish, name: str) -> InkanError:
    return refused(
        wish,
        "public_suffix",
        f"No CA may issue for {name}",
        f"{validated_name(name)} is a public suffix: names below it belong to different people",
        "Name a domain that is registered below it",
        "BR 3.2.2.6",
    )


def _bad_name(wish: Wish, text: str, reason: str) -> InkanError:
    return InputError(
        code="bad_dns_name",
        what=f"No certificate can carry the name {text!r}",
        where=f'item "{wish.name}"',
        why=reason,
        todo="Correct the name",
        reference="BR 7.1.2.7.12",
    )


def name_rule_errors(wish: Wish, names: t.Sequence[str], page: Page, book: Book) -> list[InkanError]:
    errors: list[InkanError] = []
    for rule in page.names:
        errors += _wildcard_errors(wish, names, page.product, rule)
        if not rule.www_option:
            errors += _count_errors(wish, names, rule)
        elif names and not names[0].startswith("*."):
            errors += _www_errors(wish, names, page.product, rule, book)
    return errors


def _count_errors(wish: Wish, names: t.Sequence[str], rule: NameRule) -> list[InkanError]:
    option = wish.options.get("max_names") if rule.raisable else None
    most = option if isinstance(option, int) and not isinstance(option, bool) else rule.max_names
    if len(names) <= most:
        return []
    why = f"it has {len(names)} names, {most} {'is' if most == 1 else 'are'} possible"
    todo = "Split it into several certificates"
    todo += ", or set options.max_names if the CA takes more" if rule.raisable else ""
    return [refused(wish, "too_many_names", "The certificate has too many names", why, todo, rule.source)]


def _www_errors(wish: Wish, names: t.Sequence[str], product: Product, rule: NameRule, book: Book) -> list[InkanError]:
    """A product of one name, to which an option adds its counterpart with or without www."""
    partner, option = _www_partner(names[0], book), f"options.{rule.www_option}"
    asked = bool(wish.options.get(rule.www_option))
    why = f"one name more is possible: {partner}, by {option} ({', '.join(rule.facts)})"
    strange = [name for name in names[1:] if not asked or name != partner]
    if strange:
        what = f"{product.title} does not take {', '.join(strange)} beside {names[0]}"
        todo = f"Set {option} to true" if strange == [partner] else "Order the other names as certificates of their own"
        return [refused(wish, "name_not_sold", what, why, todo, ", ".join(rule.facts))]
    if asked and partner not in names:
        add = f"Add {partner} to dns_names, or leave {option} out"
        lacks = f"The certificate lacks {partner}"
        return [refused(wish, "name_missing", lacks, why, add, ", ".join(rule.facts))]
    return []


def _www_partner(name: str, book: Book) -> str:
    """The same name with www., or without; a registered www (``www.tokyo.jp``) is no such label."""
    is_www = name.startswith("www.") and name != book.tools.registrable_domain(name)
    return name[4:] if is_www else f"www.{name}"


def _wildcard_errors(wish: Wish, names: t.Sequence[str], product: Product, rule: NameRule) -> list[InkanError]:
    stars = [name for name in names if name.startswith("*.")]
    if stars and product.validation_level == "ev":
        why = f"no EV certificate carries one ({stars[0]}; EVG 7.1.2.1)"
        todo = "Name the hosts one by one, or choose a wildcard product that is DV or OV"
    elif rule.wildcard == "no" and stars:
        why, todo = f"{product.title} carries none ({stars[0]})", "Choose a wildcard product"
    elif rule.wildcard == "only" and names and not names[0].startswith("*."):
        why, todo = f"the common name of {product.title} must be one, {names[0]} is not", "Choose another product"
    else:
        return []
    return [refused(wish, "wildcard_not_sold", "The wildcard rule is broken", why, todo, ", ".join(rule.facts))]
