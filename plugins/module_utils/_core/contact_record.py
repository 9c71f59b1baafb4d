# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DNS records that tell a CA whom to write to: TXT ``_validation-contactemail`` (BR 3.2.2.4.14, A.2.1) and CAA
``contactemail`` (3.2.2.4.13, A.1.1); and what a CAA record set says beside.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_value, parse_caa
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import (
    CONTACT_KINDS,
    METHOD_RULES,
    ContactKind,
)

#: kind -> its row, of those that are published
KINDS: dict[str, ContactKind] = {row.kind: row for row in CONTACT_KINDS if row.record is not None}
#: CAA properties that restrict nobody, unless they are marked critical (RFC 8659 §4.5); all others may be policy
_NO_POLICY = frozenset(("contactemail", "contactphone", "iodef"))


class ContactRecord(t.NamedTuple):
    """One record; name and value in canonical form."""

    name: str
    type: str
    value: str


def contact_record(kind: str, domain: str, address: str) -> ContactRecord:
    """domain: the Authorization Domain Name. The whole RDATA is the address, and so one for each record."""
    owner, type, value = t.cast("tuple[str, str, str]", KINDS[kind].record)
    text = value.replace("{address}", address)
    return ContactRecord(owner.replace("{adn}", domain), type, canonical_value(type, text))


def policy_of(values: t.Iterable[str]) -> list[str]:
    """Those CAA values that restrict who may issue, or may do so."""
    return [value for value in sorted(values) if _is_policy(value)]


def _is_policy(value: str) -> bool:
    parsed = parse_caa(value)
    return parsed is None or parsed.is_critical or parsed.tag not in _NO_POLICY


def last_days(kind: str) -> str:
    """What the calendar has for the rule behind a kind."""
    rule = next(one for one in METHOD_RULES if one.id == KINDS[kind].rule)
    return (
        f"are discouraged since {rule.discouraged_from} and not relied on from {rule.must_not_rely_from} (BR {rule.id})"
    )
