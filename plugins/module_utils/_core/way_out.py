# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What replaces a method that ends: as its seller documents it, or other products that have one which goes on. Pure.

Where the seller documents none, the seller is asked: none is invented. This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Book
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import MethodOffer, Product


def way_out(offer: MethodOffer | None, stars: bool, book: Book) -> str:
    """stars: of a certificate with wildcard names."""
    if offer is None:
        return "choose another method"
    if offer.way_out:
        return f"move to {offer.way_out}"
    others = [words for key in offer.other_products for words in [_other(book.products.get(key), stars)] if words]
    return "ask the seller which method replaces it" + (f", or order {' or '.join(others)}" if others else "")


def _other(product: Product | None, stars: bool) -> str:
    """A product with its methods that no known date ends."""
    if product is None:
        return ""
    if product.sources and not product.methods:
        return f"{product.key} (a certificate that is ordered elsewhere by a method that goes on)"
    lasting = [offer.method for offer in product.methods if _lasts(offer, stars)]
    return f"{product.key} ({', '.join(lasting)})" if lasting else ""


def _lasts(offer: MethodOffer, stars: bool) -> bool:
    if offer.until is not None or (stars and not offer.wildcard):
        return False
    rules = [dcv.method_rule(rule) for rule in offer.rules]
    return any(not rule.retired and rule.must_not_rely_from is None and (rule.wildcard or not stars) for rule in rules)
