# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether somebody controls a name: files on the web, records in the DNS at every authoritative server.

http-01          RFC 8555, 8.3
dns-01           RFC 8555, 8.4
dns-account-01   draft-ietf-acme-dns-account-label-02
dns-persist-01   in persisting.py
"""

from __future__ import annotations

import base64
import hashlib
import typing as t
from datetime import datetime

from lab.looking import Fetcher, Resolver, in_all

from .jws import encode
from .problems import Problem

HTTP, DNS, ACCOUNT, PERSIST = "http-01", "dns-01", "dns-account-01", "dns-persist-01"
MOST_REDIRECTS, MOST_BYTES = 10, 4096


class Claim(t.NamedTuple):
    """What was asked to be looked at."""

    kind: str
    #: without ``*.``
    name: str
    wildcard: bool
    #: it is to be good for names below
    subdomains: bool
    token: str
    account_url: str
    #: of all keys of the account, the current one first
    thumbprints: tuple[str, ...]

    @property
    def key_authorization(self) -> str:
        return f"{self.token}.{self.thumbprints[0]}"

    @property
    def digest(self) -> str:
        """What a TXT record has to say."""
        return encode(hashlib.sha256(self.key_authorization.encode("ascii")).digest())


class Persisting(t.Protocol):
    def prove(self, claim: Claim) -> datetime | None: ...


class Proving:
    def __init__(self, resolver: Resolver, fetcher: Fetcher, persisting: Persisting) -> None:
        self._resolver, self._fetcher, self._persisting = resolver, fetcher, persisting

    def prove(self, claim: Claim) -> datetime | None:
        """Until when it is good at most, if that is told. Problem: it is not proven."""
        if claim.kind == HTTP:
            self._look_at_file(claim)
        elif claim.kind == DNS:
            self._look_at_record(f"_acme-challenge.{claim.name}", claim.digest)
        elif claim.kind == ACCOUNT:
            self._look_at_record(f"{account_label(claim.account_url)}._acme-challenge.{claim.name}", claim.digest)
        elif claim.kind == PERSIST:
            return self._persisting.prove(claim)
        else:
            raise Problem("malformed", f"Nothing is validated by {claim.kind} here.")
        return None

    def _look_at_file(self, claim: Claim) -> None:
        url = f"http://{claim.name}/.well-known/acme-challenge/{claim.token}"
        for seen in self._fetcher.fetch(url):
            where = f"{seen.address or claim.name}: {' -> '.join((url, *seen.hops))}"
            if not seen.address:
                raise Problem("dns", f"no valid A records found for {claim.name}")
            if seen.why:
                raise Problem("connection", f"{where}: {seen.why}")
            if seen.status != 200:
                raise Problem("unauthorized", f"{where}: Invalid response, status {seen.status}")
            if seen.body.rstrip() != claim.key_authorization.encode("ascii"):
                raise Problem("unauthorized", f"{where}: The key authorization file is not that of the challenge")

    def _look_at_record(self, owner: str, wanted: str) -> None:
        seen = self._resolver.txt_everywhere(owner)
        if not seen:
            raise Problem("dns", f"no authoritative server was found for {owner}")
        if wanted in in_all(seen):
            return
        without = [server for server, values in seen.items() if wanted not in values]
        found = sorted({value for server in without for value in seen[server]})
        if not found:
            raise Problem("unauthorized", f"No TXT record found at {owner} (servers: {', '.join(without)})")
        raise Problem(
            "unauthorized", f"Incorrect TXT record {found[0][:80]!r} found at {owner} (servers: {', '.join(without)})"
        )


def account_label(account_url: str) -> str:
    digest = hashlib.sha256(account_url.encode("ascii")).digest()
    return "_" + base64.b32encode(digest[:10]).decode("ascii").lower()
