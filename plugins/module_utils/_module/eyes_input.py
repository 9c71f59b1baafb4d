# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``dcv_check``, parsed; everything that is wrong with them at once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.caa_judge import Asker
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error
from ansible_collections.inkan.tls.plugins.module_utils._core.names import (
    dns_name_error,
    owner_name_error,
    shown_name_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_name,
    canonical_value,
    value_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.caa_issuers import CAA_ISSUERS, CaaIssuer
from ansible_collections.inkan.tls.plugins.module_utils._dns.caa_look import CaaWish
from ansible_collections.inkan.tls.plugins.module_utils._dns.contact_look import KINDS, ContactWish
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Wish
from ansible_collections.inkan.tls.plugins.module_utils._io import web_look
from ansible_collections.inkan.tls.plugins.module_utils._io.web_look import FileWish
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes import Check

ISSUERS: dict[str, CaaIssuer] = {row.key: row for row in CAA_ISSUERS}

CHECKS_SPEC: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "name": {"type": "str", "required": True},
        "records": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "type": {"type": "str", "choices": ["TXT", "CNAME", "CAA"], "default": "TXT"},
                "value": {"type": "str", "required": True},
            },
        },
        "files": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"url": {"type": "str", "required": True}, "content": {"type": "str", "required": True}},
        },
        "dns_names": {"type": "list", "elements": "str", "default": []},
        "ca": {"type": "str", "choices": sorted(ISSUERS)},
        "caa_issuers": {"type": "list", "elements": "str", "default": []},
        "account_uri": {"type": "str"},
        "validation_methods": {"type": "list", "elements": "str", "default": []},
        "contacts": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "kind": {"type": "str", "choices": list(KINDS), "required": True},
                "domain": {"type": "str", "required": True},
                "address": {"type": "str", "required": True},
            },
        },
    },
}

#: code, why, and what to do
Reason = tuple[str, str, str]


def parse_checks(raw: list[dict[str, t.Any]], check_mode: bool, errors: InputCollector) -> list[Check]:
    checks: list[Check] = []
    for number, item in enumerate(raw, 1):
        check = _check(item)
        reasons = [*_name_reasons(check.name, {one.name for one in checks})]
        reasons += [reason for record in check.records for reason in _record_reasons(record)]
        reasons += [reason for file in check.files for reason in _file_reasons(file)]
        reasons += [reason for one in check.names for reason in _dns_name_reasons(one)]
        reasons += [reason for one in check.contacts for reason in _contact_reasons(one)]
        if not check.known and not check_mode:
            reasons.append(("known_after_order", "a value is only known after the order", "Order first, then look"))
        for code, why, todo in reasons:
            where = f'item {number} "{escaped(check.name, 80)}"'
            errors.add(code, what="A check cannot be done", where=where, why=why, todo=todo)
        checks.append(check)
    return checks


def _check(item: t.Mapping[str, t.Any]) -> Check:
    issuer = ISSUERS.get(item.get("ca") or "")
    look = issuer.file_look if issuer else "any"
    records = [_wish(one) for one in item["records"] or []]
    files = [FileWish(one["url"], one["content"], look) for one in item["files"] or []]
    known = not any(KNOWN_AFTER_ORDER in text for one in [*records, *files] for text in one)
    dns_names = tuple(canonical_name(name) for name in item.get("dns_names") or ())
    own = tuple(canonical_name(name) for name in item.get("caa_issuers") or ())
    asker = Asker(
        own or (issuer.names if issuer else ()),
        item.get("account_uri") or None,
        tuple(item.get("validation_methods") or ()),
    )
    sure = bool(own) or issuer is None or issuer.sure
    contacts = [
        ContactWish(one["kind"], canonical_name(one["domain"]), one["address"], dns_names)
        for one in item.get("contacts") or ()
    ]
    names = [CaaWish(name, asker, sure) for name in dict.fromkeys(dns_names)]
    return Check(item["name"], records, files, known, names, contacts)


def _wish(raw: dict[str, t.Any]) -> Wish:
    known = raw["value"] != KNOWN_AFTER_ORDER
    value = canonical_value(raw["type"], raw["value"]) if known else raw["value"]
    return Wish(canonical_name(raw["name"]), raw["type"], value)


def _name_reasons(name: str, names: set[str]) -> t.Iterator[Reason]:
    why = shown_name_error(name)
    if why:
        yield "bad_name", why, "Correct the name"
    if name in names:
        yield "duplicate_name", "another item has the same name", "Give each item its own name"


def _record_reasons(wish: Wish) -> t.Iterator[Reason]:
    shown = escaped(wish.name, 80)
    why = owner_name_error(wish.name)
    if why:
        yield "bad_record", f"{shown!r} is no owner name: {why}", "Write an absolute A-label name"
    why = None if wish.value == KNOWN_AFTER_ORDER else value_error(wish.type, wish.value)
    if why:
        yield "bad_value", f"the value at {shown} is no {wish.type} value: {why}", "Take the value that the order wants"


def _file_reasons(wish: FileWish) -> t.Iterator[Reason]:
    why = None if KNOWN_AFTER_ORDER in wish.url else web_look.url_error(wish.url)
    if why:
        yield "bad_url", f"{escaped(wish.url, 200)!r} cannot be fetched: {why}", "Take the URL that the order wants"
    if not wish.content.strip():
        yield "no_content", "the content of a file is empty", "Take the content that the order wants"


def _dns_name_reasons(wish: CaaWish) -> t.Iterator[Reason]:
    why = dns_name_error(wish.dns_name)
    if why:
        yield "bad_dns_name", f"{escaped(wish.dns_name, 80)!r} is no name: {why}", "Write an absolute A-label name"


def _contact_reasons(wish: ContactWish) -> t.Iterator[Reason]:
    why = owner_name_error(wish.domain)
    if why:
        yield "bad_dns_name", f"{escaped(wish.domain, 80)!r} is no domain: {why}", "Write an absolute A-label name"
    why = address_error(wish.address)
    if why:
        yield "bad_address", f"{escaped(wish.address, 80)!r} is no mail address: {why}", "Write one address"
