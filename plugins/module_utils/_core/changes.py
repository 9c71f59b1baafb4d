# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that a seller refuses (ChangeRule): what is declared now against what was declared before. Pure.

    the certificate before (``previous``) ─▶ rules for renew, reissue
    an open, validated order              ─▶ rules for validated

What is not known of before is not compared.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, NameTools, Page
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.judge_names import refused
from ansible_collections.inkan.tls.plugins.module_utils._core.states import VALIDATED
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Ordered, Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import ChangeRule

_OPTION = "options."


def change_errors(wish: Wish, names: t.Sequence[str], page: Page, kind: str | None, book: Book) -> list[InkanError]:
    """kind: ``renew`` or ``reissue``; anything else is judged as the renewal that comes."""
    errors: list[InkanError] = []
    if wish.previous is not None and not is_moved(wish, page, book):
        purpose = "reissue" if kind == "reissue" else "renew"
        rules = (*page.changes, *_of_product_before(wish.previous, page, book))
        errors += _errors(wish, names, page, rules, purpose, wish.previous, book.tools)
    order = wish.order
    if order is not None and order.state in VALIDATED:
        errors += _errors(wish, names, page, page.changes, "validated", order.ordered, book.tools)
    return errors


def is_moved(wish: Wish, page: Page, book: Book) -> bool:
    """Whether it is bought somewhere else than before: a first order there, to which no rule of a renewal applies."""
    before = wish.previous
    if before is None:
        return False
    if before.ca_account is not None and wish.ca_account is not None and before.ca_account != wish.ca_account:
        return True
    product = book.products.get(before.product or "")
    return product is not None and product.seller != page.product.seller


def _of_product_before(previous: Ordered, page: Page, book: Book) -> tuple[ChangeRule, ...]:
    """The product that was declared before has its say on being left."""
    product = book.products.get(previous.product or "")
    if product is None or product is page.product:
        return ()
    told = {rule.field for rule in page.changes}
    return tuple(rule for rule in book.page(product).changes if rule.field == "product" and "product" not in told)


def _errors(
    wish: Wish,
    names: t.Sequence[str],
    page: Page,
    rules: t.Iterable[ChangeRule],
    purpose: str,
    before: Ordered,
    tools: NameTools,
) -> t.Iterator[InkanError]:
    for rule in rules:
        if purpose not in rule.at:
            continue
        old, new = _before(rule.field, before, tools), _now(rule.field, wish, names)
        if old is not None and old != new:
            facts = ", ".join(rule.facts)
            when = {"renew": "at a renewal", "reissue": "at a reissue", "validated": "once the domain is validated"}
            what = f"{page.product.title} does not let {rule.field} be changed {when[purpose]}"
            why = f"it was {_shown(old)}, declared is {_shown(new)} ({facts})"
            yield refused(wish, "change_refused", what, why, rule.todo[:1].upper() + rule.todo[1:], facts)


def _before(field: str, before: Ordered, tools: NameTools) -> t.Any:
    if field.startswith(_OPTION):
        options = before.options
        return None if options is None else _value(options.get(field[len(_OPTION) :]))
    if field == "common_name" and before.common_name is not None:
        try:
            return tools.to_alabel(before.common_name)
        except ValueError:
            return before.common_name
    return {
        "product": before.product,
        "ca_account": before.ca_account,
        "organization": before.organization,
        "key.made_by": before.key_made_by,
        "deploy.by": before.deployed_by,
    }.get(field)


def _now(field: str, wish: Wish, names: t.Sequence[str]) -> t.Any:
    if field.startswith(_OPTION):
        return _value(wish.options.get(field[len(_OPTION) :]))
    return {
        "common_name": names[0] if names else None,
        "product": wish.product,
        "ca_account": wish.ca_account,
        "organization": wish.organization,
        "key.made_by": wish.key.made_by,
        "deploy.by": wish.deploy.by,
    }.get(field)


def _value(option: t.Any) -> t.Any:
    """Not set and false are the same wish."""
    return option if option is not None else False


def _shown(value: t.Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
