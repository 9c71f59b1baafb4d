# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.catalogue_input import (
    _READERS,
    Catalogue,
    field_kinds,
    read_catalogue,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS, SELLERS
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import TABLES, Product
from hypothesis import given
from hypothesis import strategies as st

KNOWN = Catalogue({seller.key: seller for seller in SELLERS}, {product.key: product for product in PRODUCTS})
WHOLE: dict[str, t.Any] = {
    "seller": "mine",
    "ca": "jprs",
    "validation_level": "dv",
    "title": "Mine",
    "source": "https://example.jp/manual",
    "names": [{"wildcard": "no", "max_names": 1}],
    "custody": [{"key_made_by": ["us"], "deployed_by": ["us", "seller"]}],
    "methods": [
        {"method": "email", "rules": ["3.2.2.4.4"], "places": "mail", "facts": ["MINE-1"], "until": "2028-03-15"},
        {
            "method": "dns",
            "rules": ["3.2.2.4.7"],
            "places": "record",
            "records": [{"name": "_x.{adn}", "type": "TXT", "value": "v"}],
        },
    ],
    "contacts": [
        {
            "kind": "constructed",
            "levels": ["fqdn", "base"],
            "selectable": True,
            "mailed": "chosen",
            "covers": "fqdn",
            "local_parts": "postmaster",
        }
    ],
    "steps": [{"actor": "customer", "action": "approve", "after_days": 25}],
    "renewal": [{"outcome": "lapses"}],
    "validity": [{"kind": "months", "amount": 6}],
    "utc_offset": 9,
}


def read(products: t.Any, sellers: t.Any = None) -> tuple[Catalogue, list[str]]:
    errors = InputCollector()
    found = read_catalogue(products, sellers, KNOWN, errors)
    return found, [error.sentence() for error in errors.errors]


def test_a_whole_product_of_ones_own() -> None:
    found, errors = read({"my-dv": WHOLE}, {"mine": {"title": "My seller"}})
    assert errors == []
    product = found.products["my-dv"]
    assert (product.key, product.seller, product.ca, product.utc_offset) == ("my-dv", "mine", "jprs", 9)
    assert product.methods[0].facts == ("MINE-1",)
    assert product.methods[0].until == date(2028, 3, 15)
    assert product.methods[1].records == (("_x.{adn}", "TXT", "v"),)
    assert product.methods[1].facts == ("inkan_products my-dv",)  # no fact, then the user's word
    assert product.contacts[0].local_parts == ("postmaster",)
    assert (product.steps[0].after_days, product.steps[0].source) == (25, "inkan_products")
    assert found.sellers["mine"].title == "My seller"
    assert found.products["jprs-dv"] is KNOWN.products["jprs-dv"]


def test_a_product_like_another_says_only_what_differs() -> None:
    names = [{"wildcard": "may", "max_names": 3}]
    found, errors = read({"my-dv": {"like": "jprs-dv", "title": "Mine", "names": names}})
    assert errors == []
    mine, theirs = found.products["my-dv"], KNOWN.products["jprs-dv"]
    assert (mine.key, mine.title, mine.names[0].max_names) == ("my-dv", "Mine", 3)
    assert mine._replace(key=theirs.key, title=theirs.title, names=theirs.names) == theirs


def test_a_product_may_be_like_one_of_ones_own() -> None:
    found, errors = read({"a": {"like": "cpi-dv", "title": "A"}, "b": {"like": "a", "title": "B"}})
    assert errors == []
    assert found.products["b"].contacts == KNOWN.products["cpi-dv"].contacts


def without(key: str) -> dict[str, t.Any]:
    return {name: value for name, value in WHOLE.items() if name != key}


WRONG: list[t.Any] = [
    pytest.param(["x"], "products", "a dictionary", id="no dictionary"),
    pytest.param({"Jprs DV": WHOLE}, "products", "64 characters", id="a key with a blank"),
    pytest.param({"jprs-dv": WHOLE}, "products", "like: jprs-dv", id="a key of the catalogue"),
    pytest.param({"x": "jprs-dv"}, "products.x", "a dictionary", id="a product that is a text"),
    pytest.param({"x": {"like": "jprs-dvv"}}, "products.x.like", 'mean "jprs-dv"', id="like nothing"),
    pytest.param({"x": {**WHOLE, "titel": "x"}}, "products.x.titel", 'mean "title"', id="an unknown field"),
    pytest.param({"x": without("title")}, "products.x.title", "needed", id="a field that lacks"),
    pytest.param({"x": without("validity")}, "products.x.validity", "needs rows", id="a table that lacks"),
    pytest.param({"x": {**WHOLE, "validation_level": "xv"}}, "products.x.validation_level", "no word", id="a word"),
    pytest.param({"x": {**WHOLE, "seller": "nobody"}}, "products.x.seller", "no such seller", id="a seller"),
    pytest.param({"x": {**WHOLE, "utc_offset": 15}}, "products.x.utc_offset", "-12 to 14", id="an offset"),
    pytest.param({"x": {**WHOLE, "steps": {"actor": "ca"}}}, "products.x.steps", "a list", id="no list"),
    pytest.param({"x": {**WHOLE, "steps": [{"actor": "bank", "action": "pay"}]}}, "products.x.steps[0].actor",
                 "no word", id="a word of a row"),
    pytest.param({"x": {**WHOLE, "steps": [{"actor": "ca"}]}}, "products.x.steps[0].action", "needed",
                 id="a field of a row that lacks"),
    pytest.param({"x": {**WHOLE, "validity": [{"kind": "days", "amount": "many"}]}}, "products.x.validity[0].amount",
                 "whole number", id="a number of a row"),
    pytest.param({"x": {**WHOLE, "renewal": [{"outcome": "lapses", "since": "soon"}]}}, "products.x.renewal[0].since",
                 "ISO 8601", id="a date of a row"),
    pytest.param({"x": {**WHOLE, "methods": [{**WHOLE["methods"][0], "rules": ["3.2.2.4.99"]}]}},
                 "products.x.methods[0].rules", "no word", id="a rule that is none"),
    pytest.param({"x": {**WHOLE, "methods": [{"method": "email", "places": "mail"}]}}, "products.x.methods[0].rules",
                 "Baseline", id="no rule"),
    pytest.param({"x": {**WHOLE, "methods": [{**WHOLE["methods"][1], "places": "file"}]}},
                 "products.x.methods[0].places", "records go with record", id="records of a file"),
    pytest.param({"x": {**WHOLE, "methods": [{**WHOLE["methods"][1], "records": [{"name": "a"}]}]}},
                 "products.x.methods[0].records[0]", "name, type and value", id="half a record"),
    pytest.param({"x": without("contacts")}, "products.x.contacts", "go together", id="a mail to nobody"),
    pytest.param({"x": {**WHOLE, "contacts": [{**WHOLE["contacts"][0], "kind": "txt"}]}},
                 "products.x.contacts[0].local_parts", "constructed", id="local parts of a record"),
    pytest.param({"x": {**WHOLE, "contacts": [{**WHOLE["contacts"][0], "levels": ["top"]}]}},
                 "products.x.contacts[0].levels", "no word", id="a level"),
    pytest.param({"x": {**WHOLE, "links": [{"option": "o", "method": "registrar", "without": "email"}]}},
                 "products.x.links[0]", "methods of the product", id="a link to a method that is not there"),
    pytest.param({"x": {"like": "jprs-dv", "methods": WHOLE["methods"]}},
                 "products.x.links[0] is {'method': 'registrar'", "Say links of its own",
                 id="a link of its like to a method that is not there any more"),
]  # fmt: skip


@pytest.mark.parametrize(("products", "field", "words"), WRONG)
def test_what_is_wrong_is_named_by_its_field(products: t.Any, field: str, words: str) -> None:
    _found, errors = read(products, {"mine": {}})
    assert any(field in error and words in error for error in errors), errors


def test_a_key_that_is_taken_is_told_with_what_there_is_instead() -> None:
    _found, errors = read({"jprs-dv": WHOLE}, {"mine": {}, "jprs": {"title": "J"}})
    seller, product = errors
    assert "sellers is 'jprs': the catalogue has this key" in seller
    assert seller.endswith("Choose another, or name jprs as seller of your products.")
    assert "products is 'jprs-dv': the catalogue has this key" in product
    assert product.endswith("Choose another, and say like: jprs-dv.")


def test_all_that_is_wrong_is_told_at_once() -> None:
    raw = {"x": {**WHOLE, "title": 7, "names": [{"wildcard": "maybe", "max_names": -1}]}}
    _found, errors = read(raw, {"mine": {"name": "x"}})
    assert len(errors) == 4


@pytest.mark.parametrize("lacking", ["kind", "levels", "mailed", "selectable"])
def test_no_product_comes_of_a_row_that_lacks_something(lacking: str) -> None:
    """Plans are made in spite of errors, so that all that is wrong is told at once: nobody may trip over such a row."""
    row = {word: value for word, value in WHOLE["contacts"][0].items() if word != lacking}
    found, errors = read({"x": {**WHOLE, "contacts": [row]}}, {"mine": {}})
    assert "x" not in found.products
    assert [error for error in errors if f"products.x.contacts[0].{lacking}" in error]


def test_every_field_of_every_row_can_be_read() -> None:
    for row_type in (Product, *TABLES.values()):
        kinds = {kind for name, kind in field_kinds(row_type).items() if name not in TABLES}
        assert kinds <= set(_READERS), row_type


@given(
    st.dictionaries(
        st.sampled_from(["x", "jprs-dv", "A B", "y-1"]),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(
                    st.sampled_from([*Product._fields, "like", "kind", "rules", "since", "records"]), inner, max_size=4
                ),
            ),
            max_leaves=12,
        ),
        max_size=2,
    )
)
def test_whatever_is_written_is_read_or_complained_of(raw: t.Any) -> None:
    found, errors = read(raw)
    assert errors or all(isinstance(found.products[key], Product) for key in raw)


def of_methods(*methods: dict[str, t.Any]) -> list[str]:
    mail = WHOLE["methods"][0]
    _found, errors = read({"my-dv": {**WHOLE, "methods": [mail, *methods]}}, {"mine": {"title": "My seller"}})
    return errors


RECORD = {"name": "_x.{adn}", "type": "TXT", "value": "v"}
OFFER = {"method": "m", "rules": ["3.2.2.4.7"], "facts": ["MINE-2"]}


@pytest.mark.parametrize(
    ("offer", "good"),
    [
        ({"places": "record", "records": [RECORD]}, True),
        ({"places": "file", "files": ["http://{adn}/x"]}, True),
        ({"places": "nothing"}, True),
        ({"places": "record"}, False),
        ({"places": "file"}, False),
        ({"places": "nothing", "records": [RECORD]}, False),
        ({"places": "nothing", "files": ["http://{adn}/x"]}, False),
        ({"places": "record", "records": [RECORD], "files": ["http://{adn}/x"]}, False),
        ({"places": "file", "records": [RECORD]}, False),
    ],
    ids=str,
)
def test_records_go_with_record_and_files_with_file(offer: dict[str, t.Any], good: bool) -> None:
    errors = of_methods({**OFFER, **offer})
    assert [True for error in errors if "products.my-dv.methods[1].places" in error] == ([] if good else [True])
    assert len(errors) == (0 if good else 1)


def test_a_method_without_rules_is_asked_which_it_can_be() -> None:
    (error,) = of_methods({"method": "m", "facts": ["MINE-2"], "places": "nothing"})
    assert "which methods of the Baseline Requirements can it be?" in error
