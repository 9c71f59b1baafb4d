# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking whether a claim is true: in the DNS at every server, on the web at every address."""

from __future__ import annotations

import secrets
import typing as t

from lab.history import History
from lab.looking import Fetcher, Resolver, in_all
from lab.names import LOCAL_PARTS, bare, tidy
from lab.vices import Switches

from .book import CA
from .values import DNS, HTTP, Claim

TOKEN_NAME = "_globalsign-domain-verification="
PATH = "/.well-known/pki-validation/gsdv.txt"
CAA_NAME = "globalsign.com"
MOST_BYTES, MOST_REDIRECTS = 5000, 5


class Registrar(t.Protocol):
    def registered_domain(self, name: str) -> str | None: ...


class Proving:
    def __init__(
        self, *, history: History, switches: Switches, resolver: Resolver, fetcher: Fetcher, registrar: Registrar
    ) -> None:
        self._history, self._switches = history, switches
        self._resolver, self._fetcher, self._registrar = resolver, fetcher, registrar

    def token(self) -> str:
        """At least 112 bits (BR 1.6.1, Random Value)."""
        if self._switches.is_on("atlas_token_bare"):
            return secrets.token_hex(16)
        return TOKEN_NAME + secrets.token_urlsafe(31)

    def authorization_domains(self, domain: str) -> list[str]:
        """The domain and those above it, up to the registered one; none if nobody has registered it."""
        registered = self._registrar.registered_domain(domain)
        if registered is None:
            return []
        labels = domain.split(".")
        above = [".".join(labels[number:]) for number in range(len(labels))]
        return above[: above.index(registered) + 1]

    def addresses(self, domain: str) -> tuple[list[str], list[str]]:
        """The five that are always there, and those of the SOA records."""
        mailbox = tidy(self._resolver.soa_mailbox(domain))
        return [f"{local}@{domain}" for local in LOCAL_PARTS], [mailbox] if mailbox else []

    # --- looking ---

    def is_true(self, claim: Claim) -> bool:
        asserted = claim.asserted
        if asserted is None:
            return False
        if asserted.method == DNS:
            return self._record_is_there(claim, asserted.where)
        return asserted.method == HTTP and self._file_is_there(claim, asserted.scheme.lower(), asserted.where)

    def _record_is_there(self, claim: Claim, name: str) -> bool:
        seen = self._resolver.txt_everywhere(name)
        servers = {server: claim.token in values for server, values in seen.items()}
        self._history.add("look", ca=CA, claim=claim.id, name=name, type="TXT", servers=servers)
        return claim.token in in_all(seen)

    def _file_is_there(self, claim: Claim, scheme: str, name: str) -> bool:
        everywhere = True
        for seen in self._fetcher.fetch(f"{scheme}://{name}{PATH}"):
            small = len(seen.body) <= MOST_BYTES
            found = 200 <= seen.status < 300 and small and claim.token.encode() in seen.body.split()
            if seen.hops and self._switches.is_on("atlas_no_redirects"):
                found = False
            everywhere = everywhere and found
            self._history.add(
                "fetch", ca=CA, claim=claim.id, url=seen.url, name=name, address=seen.address, found=found,
                status=seen.status, hops=list(seen.hops), why=seen.why,
            )  # fmt: skip
        return everywhere

    # --- CAA ---

    def forbidden(self, names: t.Iterable[str]) -> str:
        """The first name whose CAA records keep this CA out; empty: none."""
        for name in names:
            records = self._resolver.caa(bare(name))
            tags = [tag for tag, _value in records]
            tag = "issuewild" if name.startswith("*.") and "issuewild" in tags else "issue"
            allowed = [value.partition(";")[0].strip().lower() for its, value in records if its == tag]
            if allowed and CAA_NAME not in allowed:
                return name
        return ""
