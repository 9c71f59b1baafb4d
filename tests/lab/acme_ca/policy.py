# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAA: whether the owner of a domain lets this CA issue, to this account, by this method (RFC 8659; RFC 8657)."""

from __future__ import annotations

import typing as t

from lab.looking import Resolver

from . import issue_values
from .problems import Problem

KNOWN = ("issue", "issuewild", "issuemail", "iodef", "contactemail", "contactphone", "issuevmc")
CRITICAL = 0x80


class Asking(t.NamedTuple):
    """Who wants a certificate for what, and how it was proven."""

    name: str
    wildcard: bool
    account_url: str
    method: str


class Policy:
    def __init__(self, resolver: Resolver, identities: t.Sequence[str]) -> None:
        self._resolver, self._identities = resolver, tuple(identities)

    def check(self, asking: Asking) -> None:
        """Problem: the records forbid it."""
        records = self._resolver.caa_records(asking.name)
        unknown = [tag for flags, tag, _value in records if flags & CRITICAL and tag not in KNOWN]
        if unknown:
            raise Problem("caa", f"{asking.name}: its CAA records have the critical tag {unknown[0]}, unknown here.")
        wild = [value for _flags, tag, value in records if tag == "issuewild"]
        usual = [value for _flags, tag, value in records if tag == "issue"]
        values = wild if asking.wildcard and wild else usual
        if not values or any(self._allows(value, asking) for value in values):
            return
        shown = "*." * asking.wildcard + asking.name
        raise Problem("caa", f"CAA records for {shown} do not let {self._identities[0]} issue: {', '.join(values)}")

    def _allows(self, text: str, asking: Asking) -> bool:
        value = issue_values.parse(text)
        if value is None or value.domain not in self._identities:
            return False
        accounts, methods = value.all("accounturi"), value.all("validationmethods")
        if len(accounts) > 1 or len(methods) > 1:  # RFC 8657, 3 and 4: such a property authorizes nobody
            return False
        return (not accounts or accounts[0] == asking.account_url) and (
            not methods or asking.method in methods[0].split(",")
        )
