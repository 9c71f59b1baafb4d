# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an order of ours is in DigiCert's words: the bodies of submit and reissue. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.placing import approval_domain
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.settings import Product, Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._data.digicert_words import METHOD_WORDS

__all__ = [
    "approval_mails",
    "contact_of",
    "duplicate_body",
    "method_word",
    "order_body",
    "organization_of",
    "product_of",
    "reissue_body",
]

Body = dict[str, t.Any]


def product_of(request: OrderRequest, settings: Settings) -> Product:
    product = settings.products.get(request.product)
    if product is None:
        raise _cannot(request, f"no product {request.product!r}", nearest(request.product, settings.products))
    return product


def method_word(request: OrderRequest, settings: Settings) -> str:
    """Their word. A dynamic file token is for OV and EV only; an order whose product was taken away goes on."""
    words = {row.method: row.word for row in METHOD_WORDS}
    if request.method not in words:
        raise _cannot(request, f"no method {request.method!r}", nearest(request.method, words))
    product = settings.products.get(request.product)
    is_dynamic = request.method == "file" and product is not None and product.level != "dv"
    return settings.file_method if is_dynamic else words[request.method]


def order_body(request: OrderRequest, settings: Settings, mails: t.Sequence[Body] = ()) -> Body:
    """mails: as ``approval_mails`` has them. What is approved above a name proves its registered domain."""
    product = product_of(request, settings)
    is_above = any(one["email_domain"] != one["dns_name"] for one in mails)
    body: Body = {
        "certificate": _certificate(request, settings),
        "order_validity": dict(settings.order_validity),
        "dcv_method": method_word(request, settings),
        "certificate_dcv_scope": "base_domain" if is_above else settings.dcv_scope,
        "alternative_order_id": request.reference,
        **settings.extra,
        **_approval(settings),
    }
    if settings.division is not None:
        body["container"] = {"id": settings.division}
    if product.level == "dv":
        body.update({"dcv_emails": list(mails)} if mails else {})
    else:
        body.pop("technical_contact", None)  # theirs is among the contacts of the organization
        body["organization"] = {"id": organization_of(request, settings)}
        if settings.contacts:
            body["organization"]["contacts"] = [dict(contact) for contact in settings.contacts]
    if request.kind is OrderKind.RENEW and request.replaces is not None:
        number = request.replaces.handle.partition("/")[0]
        body["renewal_of_order_id"] = int(number) if number.isdigit() else number
    return body


def reissue_body(request: OrderRequest, settings: Settings) -> Body:
    """The comment bears our reference: a lost reissue is known by it."""
    return {
        "certificate": _certificate(request, settings),
        "dcv_method": method_word(request, settings),
        "certificate_dcv_scope": settings.dcv_scope,
        "comments": request.reference,
        **_approval(settings),
    }


def duplicate_body(request: OrderRequest, settings: Settings) -> Body:
    """The names are those of the order; nothing is validated anew. Whether a comment is taken is documented nowhere."""
    comments = {"comments": request.reference} if settings.duplicate_comments else {}
    return {"certificate": _certificate(request, settings), **comments, **_approval(settings)}


def contact_of(request: OrderRequest) -> tuple[str, str]:
    """kind and address, "" where it is not told."""
    contact = request.options.get("contact")
    given: t.Mapping[str, t.Any] = contact if isinstance(contact, dict) else {}
    kind, address = given.get("kind"), given.get("address")
    return (kind if isinstance(kind, str) else ""), (address if isinstance(address, str) else "")


def approval_mails(
    request: OrderRequest, address: str = "", found_at: t.Callable[[str, str], str] = approval_domain
) -> list[Body]:
    """``dcv_emails``: to whom the approval of each name goes. Without an address DigiCert writes to all it knows.

    found_at: the domain where an address was found, for a name.
    """
    chosen = address or contact_of(request)[1]
    if not chosen:
        return []
    names = dict.fromkeys(validated_name(name) for name in request.dns_names)
    return [{"dns_name": name, "email_domain": found_at(name, chosen), "email": chosen} for name in names]


def organization_of(request: OrderRequest, settings: Settings) -> int:
    """The number of the item's organization; else the account's only one."""
    name = request.options.get("organization")
    number = settings.organizations.get(name) if isinstance(name, str) else None
    number = number or settings.organization
    if number is None:
        raise InputError(
            code="digicert_no_organization",
            what=f"Cannot order {request.common_name} for an organization",
            where=f"product {request.product}",
            why=f"the account's settings have no number of {name!r} at DigiCert"
            if name
            else "the account's settings have no number of an organization at DigiCert",
            todo="Set organization, or organizations: {name of yours: its number in CertCentral}",
        )
    return number


def _certificate(request: OrderRequest, settings: Settings) -> Body:
    others = [name for name in request.dns_names if name != request.common_name]
    found: Body = {
        "common_name": request.common_name,
        "csr": request.csr_pem,
        "signature_hash": settings.signature_hash,
        **settings.certificate_extra,
    }
    if others:
        found["dns_names"] = others
    if settings.certificate_validity is not None:
        found["cert_validity"] = dict(settings.certificate_validity)
    return found


def _approval(settings: Settings) -> Body:
    return {} if settings.skip_approval is None else {"skip_approval": settings.skip_approval}


def _cannot(request: OrderRequest, why: str, todo: str) -> InputError:
    return InputError(
        code="digicert_no_word_for",
        what=f"Cannot order {request.common_name} at DigiCert",
        where=f"order {request.reference}",
        why=f"this account has {why}",
        todo=todo,
    )
