# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of the sellers' documents: all there, each in both languages, each behind a row."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._data.facts import DOCUMENTS, FACTS, Fact
from ansible_collections.inkan.tls.plugins.module_utils._data.facts_cas import CA_DOCUMENTS, CA_FACTS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._data.catalogue_rules import table_rows

COUNTS = {"JPRS": 13, "CPI": 12, "IIJ": 24, "IDCF": 7}
CITED = {fact for product in PRODUCTS for _place, row in table_rows(product) for fact in row.facts}
WHOIS_ENDS = {"JPRS-5": 7, "CPI-2": 7, "CPI-9": 7, "IIJ-2": 7, "IIJ-3": 6, "IIJ-4": 7, "IIJ-6": 7, "IIJ-19": 7}


def test_every_fact_of_the_sellers_documents_has_its_number() -> None:
    expected = [f"{seller}-{number}" for seller, count in COUNTS.items() for number in range(1, count + 1)]
    assert [fact.id for fact in FACTS] == expected


@pytest.mark.parametrize("fact", FACTS + CA_FACTS, ids=[fact.id for fact in FACTS + CA_FACTS])
def test_a_fact_stands_behind_a_row_of_the_catalogue(fact: Fact) -> None:
    assert fact.id in CITED


@pytest.mark.parametrize("fact", FACTS + CA_FACTS, ids=[fact.id for fact in FACTS + CA_FACTS])
def test_a_fact_is_told_in_both_languages_from_a_document_that_is_named(fact: Fact) -> None:
    assert fact.text and not fact.text.endswith(".") and fact.text[0] not in " "
    assert any("\u3040" <= letter <= "\u9fff" for letter in fact.ja)
    assert fact.documents
    assert set(fact.documents) <= {document.key for document in DOCUMENTS + CA_DOCUMENTS}
    assert not fact.part or fact.until is not None


def test_what_is_history_of_a_fact_says_since_when() -> None:
    assert {fact.id: fact.until.month for fact in FACTS if fact.until is not None} == WHOIS_ENDS
    assert {fact.id for fact in FACTS if fact.part} == {"CPI-2", "IIJ-2", "IIJ-3", "IIJ-4"}
    assert all(fact.until <= date(2025, 7, 15) for fact in FACTS if fact.until is not None)


def test_documents_have_keys_of_their_own() -> None:
    keys = [document.key for document in DOCUMENTS + CA_DOCUMENTS]
    assert len(set(keys)) == len(keys)
    assert {key for fact in FACTS + CA_FACTS for key in fact.documents} == set(keys)
