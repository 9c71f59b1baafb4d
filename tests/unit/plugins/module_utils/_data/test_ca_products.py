# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue as a whole: what every row of every seller must be, whoever adds one."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import CONTACT_KINDS as WORDS
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import OPTION_FLAGS
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS, SELLERS
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    ContactOffer,
    MethodOffer,
    NameRule,
    Product,
    StepRule,
    ValidityRule,
)
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import CONTACT_KINDS, METHOD_RULES

RULES = {rule.id for rule in METHOD_RULES}
KINDS = {kind.kind: kind for kind in CONTACT_KINDS}
TABLES = ("names", "custody", "methods", "contacts", "steps", "notices", "renewal", "validity")
PLACEHOLDER = re.compile(r"\{(\w*)\}")


def rows() -> t.Iterator[tuple[str, t.Any]]:
    for product in PRODUCTS:
        for table in TABLES:
            for number, row in enumerate(getattr(product, table)):
                yield f"{product.key} {table}[{number}]", row


ROWS = list(rows())


def each(kind: type) -> t.Any:
    chosen = [(place, row) for place, row in ROWS if isinstance(row, kind)]
    return pytest.mark.parametrize("row", [row for _place, row in chosen], ids=[place for place, _row in chosen])


def test_keys_are_unique_and_every_seller_is_known() -> None:
    keys = [product.key for product in PRODUCTS]
    sellers = [seller.key for seller in SELLERS]
    assert len(set(keys)) == len(keys)
    assert len(set(sellers)) == len(sellers)
    assert {product.seller for product in PRODUCTS} == set(sellers)


@pytest.mark.parametrize("product", PRODUCTS, ids=[product.key for product in PRODUCTS])
def test_a_product_says_all_that_an_answer_needs(product: Product) -> None:
    for table in ("names", "custody", "methods", "steps", "renewal", "validity"):
        assert getattr(product, table), table
    words = [offer.method for offer in product.methods]
    assert len(set(words)) == len(words)
    assert any(offer.places == "mail" for offer in product.methods) == bool(product.contacts)
    assert -12 <= product.utc_offset <= 14
    assert product.validation_level in ("dv", "ov", "ev")
    # the validity of every day is told by one row
    dated = sorted(product.validity, key=lambda row: str(row.since or ""))
    assert (dated[0].since, dated[-1].until) == (None, None)
    assert [row.until for row in dated[:-1]] == [row.since for row in dated[1:]]


@pytest.mark.parametrize("row", [row for _place, row in ROWS], ids=[place for place, _row in ROWS])
def test_a_row_stands_on_facts_and_a_source_and_ends_after_it_begins(row: t.Any) -> None:
    assert row.facts
    assert all(row.facts)
    assert row.source
    assert row.since is None or row.until is None or row.since < row.until


@each(MethodOffer)
def test_a_method_is_one_of_the_baseline_requirements(row: MethodOffer) -> None:
    assert row.rules
    assert set(row.rules) <= RULES
    assert row.places in ("record", "file", "mail", "nothing")
    assert bool(row.records) == (row.places == "record")
    assert bool(row.files) == (row.places == "file")
    texts = [text for record in row.records for text in record] + list(row.files)
    assert {word for text in texts for word in PLACEHOLDER.findall(text)} <= {"adn"}


@each(ContactOffer)
def test_a_contact_is_a_kind_and_stands_at_known_levels(row: ContactOffer) -> None:
    assert row.kind in KINDS
    assert row.levels
    assert set(row.levels) <= {"fqdn", "unwww", "base", "parents"}
    assert bool(row.local_parts) == (row.kind == "constructed")
    assert row.mailed in ("all", "chosen", "first", "on_request")
    assert row.covers in ("fqdn", "subtree")


@pytest.mark.parametrize("product", PRODUCTS, ids=[product.key for product in PRODUCTS])
def test_what_a_living_contact_is_its_mail_method_may_be(product: Product) -> None:
    mails = {rule for offer in product.methods if offer.places == "mail" for rule in offer.rules}
    assert {KINDS[row.kind].rule for row in product.contacts if row.until is None} == mails


@each(StepRule)
def test_a_step_has_an_actor_and_concerns_methods_of_its_product(row: StepRule) -> None:
    product = next(product for product in PRODUCTS if row in product.steps)
    assert row.actor in ("customer", "seller", "ca")
    assert set(row.methods) <= {offer.method for offer in product.methods}
    assert set(row.contacts) <= {offer.kind for offer in product.contacts}
    assert set(PLACEHOLDER.findall(row.action)) <= {"mailbox"}
    assert "{mailbox}" not in row.action or row.methods == ("email",)


@each(ValidityRule)
def test_an_arithmetic_of_validity_is_known(row: ValidityRule) -> None:
    assert row.kind in ("ca_decides", "days", "end_of_month")
    assert (row.amount > 0) == (row.kind != "ca_decides")


@each(NameRule)
def test_a_rule_of_names_reads_an_option_that_is_read_as_a_flag(row: NameRule) -> None:
    assert row.wildcard in ("no", "may", "only")
    assert row.max_names > 0
    if row.www_option:
        assert row.www_option in OPTION_FLAGS
        assert (row.max_names, row.raisable) == (1, False)


def test_kinds_of_contact_are_the_words_of_an_item() -> None:
    assert set(KINDS) == set(WORDS)
    assert {kind.rule for kind in CONTACT_KINDS} <= RULES
