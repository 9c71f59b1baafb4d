# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What replaces a method that ends: documented words first, then products that go on, then the seller's word."""

from __future__ import annotations

import typing as t
from datetime import date, datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book, NameTools
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, read_policy
from ansible_collections.inkan.tls.plugins.module_utils._core.way_out import way_out
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import MethodOffer, Product, SourceRule

ENDS = ("3.2.2.4.4",)  # constructed mail: MUST NOT from 2028-03-15
STAR = ("3.2.2.4.7",)  # DNS change: goes on, wildcard names too
PLAIN = ("3.2.2.4.19",)  # http-01: goes on, plain names only
ASK = "ask the seller which method replaces it"


def offer(method: str = "email", rules: tuple[str, ...] = ENDS, **more: t.Any) -> MethodOffer:
    return MethodOffer(method, rules, "mail", ("A-1",), "here", **more)


def product(key: str, *methods: MethodOffer, **more: t.Any) -> Product:
    return Product(key, "seller", None, "dv", key.upper(), "here", methods=methods, **more)


def told(one: MethodOffer | None, *products: Product, stars: bool = False) -> str:
    tools = NameTools(str, lambda _name: False, lambda name: name, lambda name: name)
    policy = read_policy(None, InputCollector())
    now = datetime(2026, 11, 20, tzinfo=timezone.utc)
    return way_out(one, stars, Book(now, tools, {row.key: row for row in products}, policy, Choose.RENEW, None))


def test_without_an_offer_another_method_is_chosen() -> None:
    assert told(None) == "choose another method"


def test_what_the_seller_documents_comes_first() -> None:
    other = product("other", offer("dns", STAR))
    assert told(offer(way_out="dns, by its page", other_products=("other",)), other) == "move to dns, by its page"


def test_without_a_product_that_goes_on_the_seller_is_asked() -> None:
    assert told(offer()) == ASK
    assert told(offer(other_products=("gone",))) == ASK
    assert told(offer(other_products=("other",)), product("other", offer())) == ASK


def test_products_that_go_on_are_named_with_the_methods_that_do() -> None:
    rows = product("one", offer("dns", STAR), offer(), offer("file", PLAIN)), product("two", offer("dns", STAR))
    said = told(offer(other_products=("one", "none", "two")), *rows)
    assert said == f"{ASK}, or order one (dns, file) or two (dns)"


@pytest.mark.parametrize(
    ("one", "plain", "star"),
    [
        (offer("dns", STAR), True, True),
        (offer("file", PLAIN), True, False),
        (offer("dns", STAR, wildcard=False), True, False),
        (offer("dns", STAR, until=date(2030, 1, 1)), False, False),
        (offer("mail or dns", (*ENDS, *STAR)), True, True),
        (offer("agreed", ("3.2.2.4.6",)), False, False),
    ],
    ids=lambda case: case.method if isinstance(case, MethodOffer) else "",
)
def test_a_method_goes_on_where_no_day_ends_it_and_it_serves_the_names(
    one: MethodOffer, plain: bool, star: bool
) -> None:
    row, asking = product("other", one), offer(other_products=("other",))
    words = f"{ASK}, or order other ({one.method})"
    assert told(asking, row) == (words if plain else ASK)
    assert told(asking, row, stars=True) == (words if star else ASK)


def test_a_certificate_that_is_brought_goes_on_by_the_method_of_its_own_order() -> None:
    bring = product("bring", sources=(SourceRule(("A-2",), "here"),))
    said = told(offer(other_products=("bring",)), bring)
    assert said == f"{ASK}, or order bring (a certificate that is ordered elsewhere by a method that goes on)"
    both = product("both", offer("dns", STAR), sources=(SourceRule(("A-2",), "here"),))
    assert told(offer(other_products=("both",)), both) == f"{ASK}, or order both (dns)"
