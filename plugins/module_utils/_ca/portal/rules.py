# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with an application before anybody types it in: all of it in one error, so that it is typed once.

Held against the portal's fields (``_data/portals``), the CSR and what a CA may certify (BR 7.1.2.7: no OU, no mail
address; RFC 5280 appendix A.1: lengths; ca-apis 6.2: the DN is in English, no free mail for an organization).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.sheet import dn_of, is_of_organization, value_of
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts, subject_errors
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import FIELDS, Portal

__all__ = ["order_error"]

_DN = ("C", "ST", "L", "O")
#: where anybody gets a mailbox: no proof that a person works for an organization (ca-apis 6.2)
_FREE_MAIL = frozenset(
    "gmail.com googlemail.com yahoo.co.jp yahoo.com ymail.ne.jp hotmail.com hotmail.co.jp outlook.com outlook.jp"
    " live.jp icloud.com me.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp".split()
)


def order_error(portal: Portal, request: OrderRequest, csr: CsrFacts | None) -> InkanError | None:
    found = [*_field_errors(portal, request, csr), *_dn_errors(request, csr), *_mail_errors(request)]
    found += _csr_errors(portal, request, csr)
    if not found:
        return None
    why = found[0] if len(found) == 1 else " ".join(f"{number}. {text}." for number, text in enumerate(found, 1))
    return InputError(
        code="application_incomplete",
        what=f"The application for {request.common_name} at {portal.title} cannot be filled in",
        why=why,
        todo="Nothing was ordered and no sheet was written. Correct inkan_certificates or inkan_organizations",
        reference=", ".join(portal.facts),
    )


def _field_errors(portal: Portal, request: OrderRequest, csr: CsrFacts | None) -> t.Iterator[str]:
    required = portal.ov_required if is_of_organization(request) else portal.required
    dn = dn_of(request, csr)
    for field in FIELDS:
        if field.key not in required or (field.key == "approver" and request.method != "email"):
            continue
        value = dn.get(field.key, "") if field.key in _DN else _value(field.key, field.source, request)
        if not value:
            yield f"{field.label} is missing ({_declared_in(field.source)})"


def _value(key: str, source: str, request: OrderRequest) -> str:
    return request.csr_pem if key == "csr" else value_of(source, request)


def _declared_in(source: str) -> str:
    room, _dot, key = source.partition(".")
    words = {
        "contact": "validation.contact",
        "dn": "the item's subject",
        "organization": "inkan_organizations",
        "options": "the item's options",
    }
    if room in ("responsible", "technical", "billing"):
        return f"inkan_organizations, {room}.{key}"
    return f"{words.get(room, 'the item')}{', ' + key if key else ''}"


def _dn_errors(request: OrderRequest, csr: CsrFacts | None) -> t.Iterator[str]:
    """Only where the CA certifies the organization: at DV nothing of it comes into the certificate."""
    if not is_of_organization(request):
        return
    dn = dn_of(request, csr)
    if csr is None:
        yield from subject_errors(dn)
    for field in ("ST", "L", "O"):
        if not dn.get(field, "").isascii():
            yield f"{field} is {dn[field]!r}: the DN is written in English letters, as the applicant is registered"
    if len(dn.get("O", "")) > 64:
        yield f"O has {len(dn['O'])} characters, 64 are possible"
    declared = dn_of(request)
    if csr is not None and declared:
        for field in _DN:
            if declared.get(field) and declared[field] != dn.get(field):
                yield f"{field} of the CSR is {dn.get(field) or 'missing'}, declared is {declared[field]}"


def _mail_errors(request: OrderRequest) -> t.Iterator[str]:
    applicant = request.options.get("applicant")
    people = applicant if isinstance(applicant, dict) else {}
    for word in ("responsible", "technical", "billing"):
        person = people.get(word)
        mail = str(person.get("mail") or "") if isinstance(person, dict) else ""
        if mail and address_error(mail):
            yield f"the mail address of {word} cannot be used: {address_error(mail)}"
        elif word == "responsible" and is_of_organization(request) and mail.rpartition("@")[2].lower() in _FREE_MAIL:
            yield f"{mail} is free mail, which is refused for the 申請責任者 of an organization"


def _csr_errors(portal: Portal, request: OrderRequest, csr: CsrFacts | None) -> t.Iterator[str]:
    if csr is None:
        return
    if "csr" not in (portal.ov_fields if is_of_organization(request) else portal.fields):
        yield f"{portal.title} takes no CSR: it makes the key itself (key: {{made_by: seller}})"
    if csr.common_name is not None and csr.common_name.lower() != request.common_name:
        yield f"the common name of the CSR is {csr.common_name}, applied for is {request.common_name}"
    if csr.common_name is None:
        yield f"the CSR has no common name, as {request.common_name} has more than 64 characters: a portal needs one"
    yield from (f"the CSR: {other}" for other in csr.others)
