# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a description's placeholders are filled with, for one order, in the seller's words.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Description
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest

__all__ = ["known_word", "words_of"]


def words_of(
    described: Description, request: OrderRequest, *, must_know: bool = False, **more: t.Any
) -> dict[str, t.Any]:
    """must_know: what is ordered must have its words in the description; an order that exists goes on without."""
    options = dict(request.options)
    given = options.get("contact")
    contact: t.Mapping[str, t.Any] = given if isinstance(given, dict) else {}
    method, kind, product = described.methods.get(request.method), contact.get("kind"), request.product
    if must_know:
        known_word(described.methods, request.method, "methods", request.reference)
        if described.products is not None:
            known_word(described.products, product, "products", request.reference)
        if described.contacts is not None and kind is not None:
            known_word(described.contacts, str(kind), "contacts", request.reference)
    return {
        "reference": request.reference,
        "product": product if described.products is None else described.products.get(product),
        "method": method.word if method is not None else request.method,
        "contact": kind if described.contacts is None else described.contacts.get(str(kind)),
        "address": contact.get("address"),
        "common_name": request.common_name,
        "names": list(request.dns_names),
        "replaces": _predecessor(request),
        "csr": request.csr_pem,
        "options": options,
        **more,
    }


def known_word(table: t.Mapping[str, t.Any], word: str, what: str, reference: str) -> t.Any:
    if word not in table:
        raise InputError(
            code="rest_no_word_for",
            what=f"Cannot say {word!r} to this seller",
            where=f"{what} in the description, order {reference}",
            why=f"{what} has no {word!r}",
            todo=nearest(word, table),
        )
    return table[word]


def _predecessor(request: OrderRequest) -> dict[str, str] | None:
    known = request.replaces
    return {"order_id": known.handle, "serial": known.serial} if known is not None else None
