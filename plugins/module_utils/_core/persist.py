# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standing TXT record of dns-persist-01 (BR 3.2.2.4.22, draft-ietf-acme-dns-persist-02): as text, and when it ends.

    _validation-persist.shop.example.jp  TXT  "ca.example; accounturi=…; policy=wildcard; persistUntil=1800144000"

    accounturi   at servers of drafts 00 and 01: the account's URL, in clear
                 since draft 02: the directory's accountHashPrefix, "sha-256/", and a hash over the domain, a thumbprint
                 of the account's key and the account's URL: nobody sees which domains have one account

``persistUntil`` comes from a grid and not from the moment of asking: an order and role contacts, which know nothing of
each other, write the same record on the same day. With steps of half the days, a record that was written anew ends in
no less than half of them, and one that ends is followed by the next as long before.

    days 90     step 45 days      now is in step n  ──►  persistUntil = start of step n + 2

This file is private to the collection.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.caa_judge import parse_parameter

__all__ = ["STANDING_TTL", "Holder", "Standing", "is_standing", "owner_name", "read_standing", "until"]

LABEL = "_validation-persist"
#: It stands for months; an hour is what DNS may lag behind a change of it.
STANDING_TTL = 3600
_DAY = 86400
_LONGEST_TIME = 12


class Standing(t.NamedTuple):
    """What the record says. until: seconds of Unix time, 0: no end."""

    issuer: str
    account: str
    wildcard: bool = False
    until: int = 0

    def value(self) -> str:
        """RFC 8659 §4.2, with tags as the draft spells them."""
        parts = [self.issuer, f"accounturi={self.account}"]
        parts += ["policy=wildcard"] if self.wildcard else []
        parts += [f"persistUntil={self.until}"] if self.until else []
        return "; ".join(parts)


class Holder(t.NamedTuple):
    """The account that records are to name. hash_prefix: of the directory, "" before draft 02; thumbprint: RFC 7638."""

    url: str
    thumbprint: str = ""
    hash_prefix: str = ""

    def uri(self, domain: str) -> str:
        """draft 02: one octet with the length of the domain, then domain, thumbprint, URL. domain: without ``*.``."""
        if not self.hash_prefix:
            return self.url
        told = domain.encode("ascii")
        digest = hashlib.sha256(
            bytes([len(told)]) + told + self.thumbprint.encode("ascii") + self.url.encode()
        ).digest()
        return f"{self.hash_prefix}sha-256/" + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def owner_name(fqdn: str) -> str:
    """fqdn: without ``*.``."""
    return f"{LABEL}.{fqdn}"


def is_standing(owner: str) -> bool:
    """Whether a record of that name belongs to no single order, and so is not removed with one."""
    return owner.lower().startswith(f"{LABEL}.")


def until(now: datetime, days: int) -> int:
    """The end of a record that is written now; days 0: none."""
    if not days:
        return 0
    step = days * _DAY // 2
    return (int(now.timestamp()) // step + 2) * step


def read_standing(value: str) -> Standing | None:
    """RFC 8659 §4.2. None: it is no such record, or not one of ours (a tag twice, no account)."""
    issuer, *parameters = (part.strip(" \t") for part in value.split(";"))
    tags: dict[str, str] = {}
    for parameter in parameters:
        found = parse_parameter(parameter)
        if found is None or found[0] in tags:
            return None
        tags[found[0]] = found[1]
    end = tags.get("persistuntil", "0")
    if not issuer or not tags.get("accounturi") or not end.isdigit() or len(end) > _LONGEST_TIME:
        return None
    return Standing(issuer.lower(), tags["accounturi"], tags.get("policy", "").lower() == "wildcard", int(end))
