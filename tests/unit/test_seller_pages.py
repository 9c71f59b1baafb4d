# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sellers' pages, in English and Japanese, are those of the catalogue."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

yaml = pytest.importorskip("yaml")

from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS, SELLERS  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import TABLES  # noqa: E402
from ansible_collections.inkan.tls.plugins.module_utils._data.facts import FACTS  # noqa: E402
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY  # noqa: E402

PAGES = REPOSITORY / "docs" / "docsite" / "rst"

every_page = pytest.mark.parametrize("ending", ["", "_ja"], ids=["English", "Japanese"])
every_seller = pytest.mark.parametrize("key", [seller.key for seller in SELLERS])


def page(key: str, ending: str) -> str:
    """Without what reStructuredText needs."""
    return (PAGES / f"seller_{key}{ending}.rst").read_text(encoding="utf-8").replace("\\", "")


def test_the_pages_are_those_of_the_catalogue_and_every_text_has_its_japanese() -> None:
    script = REPOSITORY / "scripts" / "write_seller_pages.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@every_page
@every_seller
def test_every_row_of_the_seller_is_on_its_page_with_its_facts_and_dates(key: str, ending: str) -> None:
    text = page(key, ending)
    for product in PRODUCTS:
        if product.seller != key:
            continue
        assert f"``{product.key}``" in text
        for name in TABLES:
            for row in getattr(product, name):
                assert ", ".join(row.facts) in text, (product.key, name, row.facts)
                assert row.source in text
                for day in (row.since, row.until):
                    assert day is None or str(day) in text, (product.key, name, day)


@every_page
def test_every_fact_stands_on_a_page_in_its_language(ending: str) -> None:
    texts = " ".join(page(seller.key, ending) for seller in SELLERS)
    words = re.sub(r"\s+", " ", texts)
    for fact in FACTS:
        assert f"   * - {fact.id}\n" in texts
        assert " ".join((fact.ja if ending else fact.text).split()) in words, fact.id
        assert fact.until is None or str(fact.until) in texts


@every_seller
def test_both_pages_lead_to_each_other(key: str) -> None:
    assert f"docsite.seller_{key}_ja>`" in page(key, "")
    assert f"docsite.seller_{key}>`" in page(key, "_ja")
