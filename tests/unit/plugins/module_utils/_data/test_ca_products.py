# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue as a whole."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import CONTACT_KINDS as WORDS
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS, SELLERS
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import CONTACT_KINDS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._data.catalogue_rules import (
    IDENTITY,
    KINDS,
    RULES,
    complaints,
    identity,
)

#: pinned: users and other documents name them
KEYS = """
    jprs-dv jprs-dv-wildcard jprs-ov jprs-ov-wildcard cpi-dv iij-digicert-secure-server-id
    iij-digicert-secure-server-id-ev iij-digicert-global-server-id iij-digicert-global-server-id-ev
    iij-cybertrust-sureserver-cloud iij-cybertrust-sureserver-cloud-ev iij-globalsign-ov iij-globalsign-ov-wildcard
    iij-globalsign-quick-dv iij-globalsign-quick-dv-wildcard iij-byo idcf-digicert-secure-server-id
    idcf-digicert-secure-server-id-ev idcf-geotrust-true-businessid idcf-geotrust-true-businessid-ev
    idcf-cybertrust-sureserver idcf-bizcert digicert-dv digicert-ov digicert-ev globalsign-dv globalsign-ov
    globalsign-atlas cybertrust-ov cybertrust-ev acme
""".split()
SOLD = {product.key for product in PRODUCTS}
SELLING = {seller.key for seller in SELLERS}


def test_every_product_is_there_once_and_so_is_every_seller() -> None:
    assert sorted(product.key for product in PRODUCTS) == sorted(KEYS)
    assert sorted(seller.key for seller in SELLERS) == sorted({product.seller for product in PRODUCTS})


@pytest.mark.parametrize("product", PRODUCTS, ids=[product.key for product in PRODUCTS])
def test_a_product_has_no_row_that_is_wrong_in_itself(product: rows.Product) -> None:
    assert complaints(product, SOLD, SELLING) == []


@pytest.mark.parametrize("product", PRODUCTS, ids=[product.key for product in PRODUCTS])
def test_a_key_stands_for_what_it_is_known_to_stand_for(product: rows.Product) -> None:
    assert identity(product) == []


@pytest.mark.parametrize("key", KEYS)
def test_level_form_and_ca_are_what_the_words_of_the_key_say(key: str) -> None:
    ca, level, form, hours, _title = IDENTITY[key]
    words = set(key.split("-"))
    assert (level == "ev") is ("ev" in words)
    assert (level == "dv") is (bool({"dv", "acme", "byo", "atlas"} & words))
    by_others = key.partition("-")[0] in ("cpi", "iij", "idcf")
    assert form == ("byo" if "byo" in words else "agency" if by_others else "direct")
    named = {"digicert", "cybertrust", "globalsign", "jprs"} & words
    assert ca == next(iter(named), {"cpi-dv": "jprs", "idcf-bizcert": "cybertrust"}.get(key, ca))
    assert hours == (0 if "acme" in words or key.startswith("digicert") or "atlas" in words else 9)


SELLER_ROWS = {
    "acme": ("The operator of the ACME directory", "RFC 8555 §7.1.1"),
    "jprs": ("JPRS, through a designated reseller (指定事業者)", "https://jprs.jp/pubcert/"),
    "cpi": ("CPI (KDDI Web Communications)", "https://support.cpi.ad.jp/purpose/ssl"),
    "iij": ("IIJサーバ証明書管理サービス", "https://manual.iij.jp/ct/help/"),
    "idcf": (
        "IDC Frontier rental server (IDCフロンティア レンタルサーバー)",
        "https://www.idcf.jp/rentalserver/support/procedure/ssl_procedure.html",
    ),
    "digicert": ("DigiCert CertCentral", "https://dev.digicert.com/certcentral-apis/services-api/"),
    "globalsign": ("GMO GlobalSign (GMOグローバルサイン)", "https://jp.globalsign.com/ssl/"),
    "cybertrust": ("Cybertrust Japan", "https://www.cybertrust.co.jp/ssl/"),
}


def test_sellers_are_known_by_title_and_page() -> None:
    assert {seller.key: (seller.title, seller.source) for seller in SELLERS} == SELLER_ROWS


BROKEN: list[t.Any] = [
    pytest.param("steps", {"facts": ()}, "no fact", id="a row without a fact"),
    pytest.param("steps", {"facts": ("JPRS-99",)}, "unknown fact", id="a fact that nobody has"),
    pytest.param("methods", {"source": "hearsay"}, "nobody finds", id="a source that nobody finds"),
    pytest.param("contacts", {"kind": "fax"}, "no word", id="a word of nobody"),
    pytest.param("steps", {"action": "ask {nobody}"}, "placeholder", id="a placeholder that nobody fills"),
    pytest.param("methods", {"rules": ("3.2.2.4.99",)}, "Baseline", id="a method of nobody"),
    pytest.param("validity", {"amount": 3}, "number", id="a number where the CA decides"),
]


@pytest.mark.parametrize(("table", "change", "words"), BROKEN)
def test_a_row_that_is_wrong_is_complained_of(table: str, change: dict[str, t.Any], words: str) -> None:
    product = next(product for product in PRODUCTS if product.key == "jprs-dv")
    first, *others = getattr(product, table)
    broken = product._replace(**{table: (first._replace(**change), *others)})
    assert any(words in text for text in complaints(broken, SOLD, SELLING))


def test_kinds_of_contact_are_the_words_of_an_item() -> None:
    assert set(KINDS) == set(WORDS)
    assert {kind.rule for kind in CONTACT_KINDS} <= RULES
