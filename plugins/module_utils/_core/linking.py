# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the domain is held at the seller, nobody is mailed (LinkRule); and what follows where that is not so any more.

    flag set,     method or without ─▶ planned as the rule's method       steps "link"
    flag not set, method            ─▶ refused: it is not linked
                  and an order open ─▶ planned as ``without``             steps "link_lost"; the order goes on

The order that is open keeps its method: it is the same application, answered another way.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Page
from ansible_collections.inkan.tls.plugins.module_utils._core.states import UNDER_WAY
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import LinkRule


class Link(t.NamedTuple):
    """method: the one that is planned; ordered: the one of the order. when: the steps that concern it.

    reasons: (method, why it is not possible) where a rule says so
    """

    method: str | None = None
    ordered: str | None = None
    when: str = ""
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def lost(self) -> bool:
        return self.when == "link_lost"

    def reason(self, method: str) -> str | None:
        return next((why for word, why in self.reasons if word == method), None)


UNLINKED = Link()
#: ACME's own words for what other sellers call so, too (RFC 8555 §8.4, §8.3): a certificate may move without an edit.
_IN_ACME = {"dns": "dns-01", "file": "http-01"}


def link_of(wish: Wish, page: Page) -> Link:
    asked = _word_of(wish.validation.method, page)
    for rule in page.links:
        found = _link(rule, asked, wish)
        if found is not None:
            return found
    reasons = tuple((rule.method, _why(rule)) for rule in page.links if not _holds(rule, wish))
    return Link(asked, asked, reasons=reasons)


def _word_of(asked: str | None, page: Page) -> str | None:
    words = {offer.method for offer, _stop in page.methods}
    other = _IN_ACME.get(asked or "")
    return other if asked not in words and other in words else asked


def _link(rule: LinkRule, asked: str | None, wish: Wish) -> Link | None:
    if asked not in (rule.method, rule.without):
        return None
    order = wish.order
    opened = order.ordered.method if order is not None and order.state in UNDER_WAY else None
    if _holds(rule, wish):
        if asked == rule.method:
            return Link(asked, asked, "link")
        said = wish.options.get(rule.option) is not None
        return Link(rule.method, rule.method, "link") if said and opened is None else None
    if opened == rule.method:
        lost = f"what it stands on was lost while the order is open ({', '.join(rule.facts)})"
        return Link(rule.without, rule.method, "link_lost", ((rule.method, lost),))
    return Link(asked, asked, reasons=((rule.method, _why(rule)),))


def _holds(rule: LinkRule, wish: Wish) -> bool:
    said = wish.options.get(rule.option)
    return bool(said) if said is not None else rule.assumed


def _why(rule: LinkRule) -> str:
    return f"it is only where options.{rule.option} is true ({', '.join(rule.facts)})"
