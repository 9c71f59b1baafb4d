# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contacts and organizations of a GCC account's settings, as the elements that its orders take (ca-apis 2b).

    contact         {first_name, last_name, phone, email}                        ContactInfo
    second_contact  {first_name, last_name, email}                               SecondContactInfo
    organization    {name, credit_agency, code, address: {…}, category}          OrganizationInfo

Each takes ``extra``: elements as the API has them, for what is not here (the Native fields of OVOrderJP, say).

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Body, escaped_text
from ansible_collections.inkan.tls.plugins.module_utils._ca.setting_reader import SettingReader

__all__ = ["Organization", "contact_in", "elements_in", "organizations_in", "second_contact_in"]

_MAIL = re.compile(r"[^\s@<>]{1,64}@[A-Za-z0-9.-]{1,253}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
#: CreditAgency
_AGENCIES = {"duns": "1", "tdb": "2"}
#: private organization, government entity, business entity
_CATEGORIES = ("PO", "GE", "BE")
_DEEPEST = 4


@dataclass(frozen=True)
class Organization:
    """info: the element OrganizationInfo. category: "", or what EV needs. blocks: of EV (approver, signer …)."""

    info: Body
    category: str = ""
    blocks: Body = field(default_factory=dict)


def contact_in(reader: SettingReader) -> Body:
    inner = reader.inner("contact")
    if inner is None:
        reader.wrong("contact", "is missing: {first_name, last_name, phone, email} of whom GlobalSign asks")
        return {}
    found: dict[str, t.Any] = {
        "FirstName": inner.needed("first_name"),
        "LastName": inner.needed("last_name"),
        "Phone": inner.needed("phone"),
        "Email": inner.needed("email", _MAIL, "a mail address"),
    }
    return _closed(inner, found)


def second_contact_in(reader: SettingReader) -> Body | None:
    inner = reader.inner("second_contact")
    if inner is None:
        return None
    found: dict[str, t.Any] = {
        "FirstName": inner.needed("first_name"),
        "LastName": inner.needed("last_name"),
        "Email": inner.needed("email", _MAIL, "a mail address"),
    }
    return _closed(inner, found)


def organizations_in(reader: SettingReader) -> dict[str, Organization]:
    """By the key of ``inkan_organizations``; "" for that of items that name none."""
    found: dict[str, Organization] = {}
    only = reader.inner("organization")
    if only is not None:
        found[""] = _organization(only)
    for name, value in reader.table("organizations").items():
        given = value if isinstance(value, dict) else {"": value}
        found[name] = _organization(SettingReader(given, f"organizations.{name}", reader.errors))
    return found


def _organization(reader: SettingReader) -> Organization:
    agency = reader.word("credit_agency", "", tuple(_AGENCIES))
    code = reader.text("code")
    info: dict[str, t.Any] = {
        "OrganizationName": reader.needed("name"),
        "CreditAgency": _AGENCIES.get(agency),
        "OrganizationCode": code or None,
        "OrganizationAddress": _address(reader),
    }
    if bool(agency) != bool(code):
        reader.wrong("code", "and credit_agency go together: the number that duns or tdb gave")
    category = reader.word("category", "", _CATEGORIES)
    blocks = elements_in(reader, "blocks")
    return Organization(_closed(reader, info), category, blocks)


def _address(reader: SettingReader) -> Body:
    inner = reader.inner("address")
    if inner is None:
        reader.wrong("address", "is missing: {line1, city, region, postal_code, country, phone}")
        return {}
    found: dict[str, t.Any] = {
        "AddressLine1": inner.needed("line1"),
        "AddressLine2": inner.text("line2") or None,
        "AddressLine3": inner.text("line3") or None,
        "City": inner.needed("city"),
        "Region": inner.needed("region"),
        "PostalCode": inner.needed("postal_code"),
        "Country": inner.needed("country", _COUNTRY, "two capital letters such as JP"),
        "Phone": inner.needed("phone"),
        "Fax": inner.text("fax") or None,
    }
    return _closed(inner, found)


def _closed(reader: SettingReader, found: dict[str, t.Any]) -> Body:
    """What is not told is left out; ``extra`` comes after what is."""
    extra = elements_in(reader, "extra")
    reader.close()
    return {**{name: value for name, value in found.items() if value is not None}, **extra}


def elements_in(reader: SettingReader, name: str) -> dict[str, t.Any]:
    """A dictionary of elements as the API has them."""
    table = reader.table(name)
    why = _element_error(table, _DEEPEST)
    if why:
        reader.wrong(name, why)
        return {}
    return table


def _element_error(value: object, left: int) -> str:
    if isinstance(value, dict):
        if not left:
            return f"is nested deeper than {_DEEPEST}"
        strange = [key for key in value if not isinstance(key, str) or not _ELEMENT.fullmatch(key)]
        if strange:
            return f"has {strange[0]!r}, which is no name of an element"
        return next((why for one in value.values() for why in [_element_error(one, left - 1)] if why), "")
    if isinstance(value, (list, tuple)):
        return next((why for one in value for why in [_element_error(one, left - 1)] if why), "") if left else "is deep"
    if not isinstance(value, (str, int, bool)):
        return f"has {value!r}, which is no text"
    try:
        escaped_text(str(value))
    except ValueError as failure:
        return f"has what cannot be sent: {failure}"
    return ""
