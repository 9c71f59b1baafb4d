# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""dns-persist-01: a record that stays, and names the CA and the account (draft-ietf-acme-dns-persist-02).

The account is named by a hash over the domain, a key of the account and its URL (section 4.1). As of -01, and at those
who play that still, it is named by its URL.
"""

from __future__ import annotations

import hashlib
import typing as t
from datetime import datetime, timedelta, timezone

from lab.clock import LabClock
from lab.looking import Resolver, in_all
from lab.vices import Switches

from . import issue_values
from .issue_values import IssueValue
from .jws import encode
from .problems import Problem
from .proving import Claim

LABEL = "_validation-persist"
ALGORITHM = "sha-256"
ANY_DOMAIN = "*"


class Persistence:
    def __init__(
        self, resolver: Resolver, issuers: t.Sequence[str], prefix: str, clock: LabClock, switches: Switches
    ) -> None:
        """``prefix``: accountHashPrefix of the directory."""
        self._resolver, self._issuers, self._prefix = resolver, tuple(issuers), prefix
        self._clock, self._switches = clock, switches

    @property
    def is_old(self) -> bool:
        return self._switches.is_on("acme_persist_00") or self._switches.is_on("acme_persist_01")

    def prove(self, claim: Claim) -> datetime | None:
        """Until when the record is good, if it says so."""
        problems = []
        for domain in self._domains(claim.name):
            try:
                return self._prove_at(domain, claim)
            except Problem as problem:
                problems.append(problem)
        raise problems[0]

    def _domains(self, name: str) -> list[str]:
        if not self._switches.is_on("acme_persist_above"):
            return [name]
        labels = name.split(".")
        return [".".join(labels[at:]) for at in range(len(labels) - 1)]

    def _prove_at(self, domain: str, claim: Claim) -> datetime | None:
        owner = f"{LABEL}.{domain}"
        seen = self._resolver.txt_everywhere(owner, joined=True)
        if not seen:
            raise Problem("dns", f"no authoritative server was found for {owner}")
        ours = [text for text in sorted(in_all(seen)) if issue_values.domain_of(text) in self._issuers]
        if not ours:
            raise Problem("unauthorized", f"No TXT record at {owner} names {' or '.join(self._issuers)}")
        problems = []
        for text in ours:
            try:
                return self._good_until(text, domain, claim)
            except Problem as problem:
                problems.append(problem)
        raise problems[0]

    def _good_until(self, text: str, domain: str, claim: Claim) -> datetime | None:
        value = issue_values.parse(text)
        if value is None:
            raise Problem("malformed", f"This is no issue-value: {text}")
        accounts, policies, untils = (value.all(tag) for tag in ("accounturi", "policy", "persistUntil"))
        if len(accounts) != 1 or len(policies) > 1 or len(untils) > 1:
            raise Problem("malformed", f"accounturi must be there once, policy and persistUntil at most: {text}")
        if accounts[0] not in self._names_of(domain, claim):
            algorithm = accounts[0].removeprefix(self._prefix).partition("/")[0]
            if not self.is_old and accounts[0].startswith(self._prefix) and algorithm != ALGORITHM:
                raise Problem("malformed", f"The hash algorithm {algorithm} is not taken here: {text}")
            raise Problem("unauthorized", f"accounturi is not this account, by any of its keys: {text}")
        until = _moment(untils[0], text) if untils else None
        if until is not None and until < self._clock.now():
            raise Problem("unauthorized", f"persistUntil has passed: {text}")
        self._check_scope(value, domain, claim)
        return until

    def _names_of(self, domain: str, claim: Claim) -> set[str]:
        if self.is_old:
            return {claim.account_url}
        return {
            hashed_uri(self._prefix, name, thumbprint, claim.account_url)
            for name in (domain, ANY_DOMAIN)
            for thumbprint in claim.thumbprints
        }

    def _check_scope(self, value: IssueValue, domain: str, claim: Claim) -> None:
        wide = [policy.lower() for policy in value.all("policy")] == ["wildcard"]
        if not wide and (claim.wildcard or claim.subdomains or claim.name != domain):
            raise Problem("unauthorized", f"Without policy=wildcard the record is good for {domain} only")


def hashed_uri(prefix: str, domain: str, thumbprint: str, account_url: str) -> str:
    """Section 4.1, item 3."""
    octets = bytes([len(domain)]) + domain.encode("ascii") + thumbprint.encode("ascii") + account_url.encode("ascii")
    return f"{prefix}{ALGORITHM}/{encode(hashlib.sha256(octets).digest())}"


def _moment(text: str, record: str) -> datetime:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Problem("malformed", f"persistUntil is no number of seconds: {record}")
    try:
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(text))
    except OverflowError:
        raise Problem("malformed", f"persistUntil is no moment: {record}") from None
