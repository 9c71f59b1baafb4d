# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the ledger as approval mails see them.

This file is private to the collection.
"""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import Attempt, OurOrder
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, State
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_options import ApprovalItem

__all__ = ["attempts_of", "evidence_of", "our_order"]

_PRODUCTS = {row.key: row for row in PRODUCTS}
_CA_OF_ADAPTER = {"digicert": "digicert", "globalsign_atlas": "globalsign", "globalsign_gcc": "globalsign"}
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{3,63}")


def our_order(
    entry: Entry, account: AccountConfig | None, item: ApprovalItem | None, published: bool | None = None
) -> OurOrder:
    order, standing, options = entry.order, entry.standing, entry.options
    row = _PRODUCTS.get(order.product)
    adapter = account.adapter if account is not None else ""
    contact = _mapping(options.get("contact"))
    level = options.get("validation_level") or (row.validation_level if row else "")
    chosen = [contact.get("address"), *standing.wanted.mails]
    is_portal = adapter in ("portal", "")
    return OurOrder(
        name=order.name,
        reference=order.reference,
        ca=(item.ca if item else "") or (row.ca if row else None) or _CA_OF_ADAPTER.get(adapter, ""),
        account=order.ca_account,
        dns_names=order.dns_names,
        created_at=order.created_at,
        seller=(item.seller if item else "") or _seller(account, row.seller if row else ""),
        numbers=_numbers(entry),
        is_numbered=not is_portal,
        is_open=entry.is_open,
        waits=entry.is_open and entry.state is State.AWAITING_APPROVAL,
        is_of_organization=level in ("ov", "ev"),
        organizations=_organizations(options, item),
        recipients=frozenset(str(one).lower() for one in chosen if one),
        contact_kind=str(contact.get("kind") or "constructed"),
        is_published=published,
        attempts=attempts_of(entry.facts),
    )


def _seller(account: AccountConfig | None, otherwise: str) -> str:
    said = account.settings.get("seller") if account is not None and account.adapter == "portal" else None
    return said if isinstance(said, str) else otherwise


def _numbers(entry: Entry) -> frozenset[str]:
    """Whatever a CA may call the order: its handle, and the numbers in it; what was told of it at a portal."""
    handle = entry.standing.handle
    told = entry.standing.taken.get("order_number")
    return frozenset({*_NUMBER.findall(handle), *([told.text] if told else []), *([handle] if handle else [])})


def _organizations(options: t.Mapping[str, t.Any], item: ApprovalItem | None) -> tuple[str, ...]:
    applicant, subject = _mapping(options.get("applicant")), _mapping(options.get("subject"))
    said = [applicant.get("japanese_name"), applicant.get("name"), subject.get("O"), subject.get("organizationName")]
    found = [str(one) for one in said if one] + list(item.organizations if item else ())
    return tuple(dict.fromkeys(found))


def _mapping(value: t.Any) -> t.Mapping[str, t.Any]:
    return value if isinstance(value, dict) else {}


# --- what was begun --------------------------------------------------------------------------------------------------


def attempts_of(facts: t.Iterable[Fact]) -> dict[str, Attempt]:
    """By domain, the last one. An intent whose outcome is missing has none."""
    found: dict[str, Attempt] = {}
    for fact in facts:
        if fact.kind is Kind.APPROVAL_INTENDED:
            found[fact.host] = Attempt(fact.host, fact.token, fact.at)
        elif fact.kind is Kind.APPROVAL_OUTCOME and fact.host in found:
            found[fact.host] = found[fact.host]._replace(outcome=fact.code)
    return found


def evidence_of(words: t.Mapping[str, str]) -> str:
    """Who, with which job, and what was seen: as one line, in a fixed order."""
    return json.dumps(dict(sorted(words.items())), ensure_ascii=False, separators=(",", ":"))


def counted(entries: t.Iterable[Entry], since: datetime) -> int:
    """Approvals of machines since then."""
    facts = (fact for entry in entries for fact in entry.facts)
    return sum(one.kind is Kind.APPROVAL_INTENDED and one.by == "auto" and one.at >= since for one in facts)
