# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule book with one made-up product, and items for it: what a product's rows make of an item."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, NameTools
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import Judgement, judge
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, read_policy
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish, read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows

NOW = "2026-11-20T00:00:00Z"
DNS = rows.MethodOffer("dns-01", ("3.2.2.4.7",), "record", ("M-1",), "here")
HTTP = rows.MethodOffer("http-01", ("3.2.2.4.19",), "nothing", ("M-2",), "here")
FILE = rows.MethodOffer("file", ("3.2.2.4.18",), "file", ("M-3",), "here")
NAMES = rows.NameRule("may", 100, ("N-1",), "names of the seller")
PRODUCT = rows.Product(
    "own",
    "somebody",
    "letsencrypt",
    "dv",
    "Somebody's DV",
    "here",
    names=(NAMES,),
    methods=(DNS, HTTP),
    validity=(rows.ValidityRule("ca_decides", ("V-1",), "here"),),
)


def own(**tables: t.Any) -> rows.Product:
    return PRODUCT._replace(**tables)


def a_wish(**changes: t.Any) -> Wish:
    raw = {"name": "x", "common_name": "www.example.jp", "product": "own", "ca_account": "a"}
    errors = InputCollector()
    (wish,) = read_wishes([{**raw, "validation": {"method": "dns-01"}, **changes}], errors)
    errors.refuse()
    return wish


def _registrable(name: str) -> str | None:
    return ".".join(name.split(".")[-2:])


def a_book(*products: rows.Product, as_of: str = NOW, renewal: t.Any = None, **changes: t.Any) -> Book:
    errors = InputCollector()
    policy = read_policy(renewal, errors)
    errors.refuse()
    tools = NameTools(_alabel, lambda name: name in ("jp", "co.jp"), _registrable)
    known = {one.key: one for one in products or (PRODUCT,)}
    return Book(parse_time(as_of), tools, known, policy, changes.pop("choose", Choose.RENEW), **changes)


def _alabel(text: str) -> str:
    if " " in text:
        raise ValueError("a blank")
    return text.lower()


def judged(product: rows.Product = PRODUCT, book: Book | None = None, **changes: t.Any) -> Judgement:
    return judge(a_wish(**changes), book or a_book(product))


def told(judgement: Judgement) -> list[tuple[str, str]]:
    """Code and why of each error, in their order."""
    return [(one.code, one.why or "") for one in judgement.errors]
