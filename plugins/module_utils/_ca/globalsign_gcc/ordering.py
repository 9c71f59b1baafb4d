# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an order of ours is in GCC's words: the requests of the calls that order. Pure.

Elements stand in the order of the WSDL (ca-apis 2b, OrderRequestParameter): JAX-WS servers may insist on it.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderKind, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.answers import order_number
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.network import QUERY, SERVER, Call
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.parties import Organization
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.settings import Product, Settings
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Body
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import free_names
from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import METHOD_WORDS

__all__ = ["address_of", "approver_list", "is_by_mail", "is_by_token", "order_call", "product_of", "reissue_call"]

_OPERATIONS = {row.method: row.operation for row in METHOD_WORDS}


def product_of(request: OrderRequest, settings: Settings) -> Product:
    product = settings.products.get(request.product)
    if product is None:
        raise _cannot(request, f"no product {request.product!r}", nearest(request.product, settings.products))
    return product


def is_by_mail(request: OrderRequest, settings: Settings) -> bool:
    """Whether its number is reserved first: DVOrder only. An order whose product was taken away goes on."""
    product = settings.products.get(request.product)
    return request.method == "email" and (product is None or product.level == "dv")


def is_by_token(request: OrderRequest, settings: Settings) -> bool:
    """Whether the answer to its submit tells a token, and no other answer does."""
    product = settings.products.get(request.product)
    is_dv = product is None or product.level == "dv"
    return is_dv and request.method in ("dns", "file") and request.kind is not OrderKind.REISSUE


def address_of(request: OrderRequest) -> str:
    contact = request.options.get("contact")
    address = contact.get("address") if isinstance(contact, dict) else None
    return address if isinstance(address, str) else ""


def approver_list(common_name: str) -> Call:
    """Its answer reserves an order number, too."""
    return Call(SERVER, "GetDVApproverList", "list approvers", {"FQDN": common_name}, is_query=True)


def order_call(request: OrderRequest, settings: Settings) -> Call:
    """NEW and RENEW. The order of elements is that of the sheet for DVOrder, of the WSDL for OV and EV."""
    product = product_of(request, settings)
    if request.method not in _OPERATIONS:
        raise _cannot(request, f"no method {request.method!r}", nearest(request.method, _OPERATIONS))
    operation = _OPERATIONS[request.method] if product.level == "dv" else settings.operations[product.level]
    body: dict[str, t.Any] = {"OrderRequestParameter": _parameter(request, product, settings)}
    body["SubID"] = request.reference
    if operation == "DVOrder":
        body["OrderID"] = request.reserved
        body["ApproverEmail"] = address_of(request)
    elif product.level != "dv":
        body.update(_organization_blocks(request, product, settings))
    body["ContactInfo"] = dict(settings.contact)
    if settings.second_contact is not None:
        body["SecondContactInfo"] = dict(settings.second_contact)
    entries = _san_entries(request, settings)
    if entries:
        body["SANEntries"] = {"SANEntry": entries}
    return Call(SERVER, operation, "order", body, is_submit=True)


def reissue_call(request: OrderRequest, settings: Settings) -> Call:
    """Another certificate of an order that was paid for; it gets a number of its own."""
    target = order_number(request.replaces.handle) if request.replaces is not None else ""
    others = [name for name in request.dns_names if name != request.common_name]
    parameter: dict[str, t.Any] = {"CSR": request.csr_pem}
    if others:
        parameter["DNSNames"] = settings.reissue_separator.join(others)
    body = {"OrderParameter": parameter, "TargetOrderID": target, "HashAlgorithm": settings.hash_algorithm}
    return Call(QUERY, "ReIssue", "reissue", body, is_submit=True)


def _parameter(request: OrderRequest, product: Product, settings: Settings) -> Body:
    code = product.codes.get(request.method) or product.codes.get("")
    if code is None:
        methods = ", ".join(product.codes)
        raise _cannot(request, f"no ProductCode of {request.product} by {request.method}, only by {methods}", "Set one")
    is_wildcard = request.common_name.startswith("*.")
    is_renewal = request.kind is OrderKind.RENEW and request.replaces is not None
    return {
        "ProductCode": code,
        "BaseOption": "wildcard" if is_wildcard else settings.base_option or None,
        "OrderKind": "renewal" if is_renewal else "new",
        "Licenses": 1,
        "Options": {"Option": {"OptionName": "SAN", "OptionValue": True}} if _others(request, settings) else None,
        "ValidityPeriod": {"Months": product.months},
        "CSR": request.csr_pem,
        "RenewalTargetOrderID": order_number(request.replaces.handle) if is_renewal and request.replaces else None,
        **settings.order_extra,
    }


def _others(request: OrderRequest, settings: Settings) -> list[str]:
    """The names beside the common name; those that come for free may be left out."""
    free = frozenset() if settings.send_free_names else free_names([request.common_name])
    return [name for name in request.dns_names if name != request.common_name and name not in free]


def _san_entries(request: OrderRequest, settings: Settings) -> list[Body]:
    return [
        {
            "SANOptionType": settings.san_wildcard if name.startswith("*.") else settings.san_fqdn,
            "SubjectAltName": name,
        }
        for name in _others(request, settings)
    ]


def _organization_blocks(request: OrderRequest, product: Product, settings: Settings) -> Body:
    organization = _organization_of(request, settings)
    if product.level == "ov":
        return {"OrganizationInfo": dict(organization.info)}
    if not organization.category:
        raise _cannot(request, "no category of its organization", "Set category: PO, GE or BE (EV needs it)")
    info = dict(organization.info)
    address = info.pop("OrganizationAddress")
    name = info.pop("OrganizationName")
    info = {"OrganizationName": name, **info, "BusinessCategoryCode": organization.category}
    return {"OrganizationInfoEV": {**info, "OrganizationAddress": address}, **organization.blocks}


def _organization_of(request: OrderRequest, settings: Settings) -> Organization:
    """The item's organization; else the account's only one."""
    name = request.options.get("organization")
    found = settings.organizations.get(name) if isinstance(name, str) else None
    found = found or settings.organizations.get("")
    if found is None:
        raise InputError(
            code="gcc_no_organization",
            what=f"Cannot order {request.common_name} for an organization",
            where=f"product {request.product}",
            why=f"the account's settings have no facts of {name!r}" if name else "the account's settings have none",
            todo="Set organization, or organizations: {name of yours: {name, address, …}}",
        )
    return found


def _cannot(request: OrderRequest, why: str, todo: str) -> InputError:
    return InputError(
        code="gcc_no_word_for",
        what=f"Cannot order {request.common_name} at GlobalSign",
        where=f"order {request.reference}",
        why=f"this account has {why}",
        todo=todo,
    )
