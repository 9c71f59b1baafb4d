# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain claims behind an order: found, begun, asserted, asked about. One claim serves all orders of its domain.

    (none) ── begin ──► PENDING ── assert dns, http (204 at once, 201 later), or a person by mail ──► VERIFIED
                          ▲ │ assert_by has passed                                                       │ expires_at
                          └─┴──────────────────────────── reassert: a new token ◄───────────────────────┘ has passed

What was read is believed for a moment, and what is verified until it expires: fifty orders of a domain ask once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.claim import (
    Book,
    Claim,
    ClaimNote,
    read_claim,
    read_note,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.network import (
    Answered,
    Call,
    Network,
    is_gone,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.atlas_words import METHOD_WORDS

__all__ = ["Claims", "contact_of"]

_PATH = "/claims/domains"
#: Seconds for which a pending claim is not asked about again.
_FRESH = 0.5
#: Seconds after which one that was asserted, and is not verified yet, is asserted once more.
_ASSERT_AGAIN = 3.0
_WORDS = {row.method: row.word for row in METHOD_WORDS}


class Claims:
    def __init__(self, network: Network, settings: Settings, book: Book) -> None:
        self._network = network
        self._settings = settings
        self._book = book
        self._known: dict[str, tuple[float, Claim]] = {}
        self._asserted: dict[str, float] = {}
        self._sent_again: set[tuple[str, str]] = set()
        self._lists: dict[str, list[Claim]] = {}

    # --- which ones ------------------------------------------------------------------------------------------------

    def domains(self, request: OrderRequest) -> tuple[str, ...]:
        """The domain that is claimed for each name."""
        return tuple(dict.fromkeys(self._domain_of(validated_name(name), request) for name in request.dns_names))

    def _domain_of(self, name: str, request: OrderRequest) -> str:
        """A file proves its own name only. A mail is answered for its address's domain, where claims reach down."""
        if request.method == "file":
            return name
        bases = [base for base in self._settings.claim_domains if _is_under(name, base)]
        if request.method == "email" and self._settings.parent_claims and not bases:
            mailbox = contact_of(request)[1].partition("@")[2].lower()
            bases = [mailbox] if mailbox and _is_under(name, mailbox) else []
        return max(bases, key=len) if bases else name

    def token(self, domain: str) -> str:
        note = self._book.note(domain)
        return note.token if note is not None else ""

    # --- reading ---------------------------------------------------------------------------------------------------

    def standing(self, request: OrderRequest) -> dict[str, Claim | None]:
        """By domain; None: there is none that can lead to anything. Changes nothing at Atlas."""
        return {domain: self._standing(domain) for domain in self.domains(request)}

    def _standing(self, domain: str) -> Claim | None:
        """One of its own; else one above it that is verified."""
        now = self._network.now()
        own = self._own(domain)
        if own is not None and own.is_verified(now):
            return own
        above = next((one for one in self._verified() if self._covers(one.domain, domain)), None)
        if above is not None:
            return above
        is_usable = own is not None and (own.is_open(now) or not own.means)
        return own if is_usable else None

    def _covers(self, claimed: str, domain: str) -> bool:
        return claimed == domain or (self._settings.parent_claims and _is_under(domain, claimed))

    def _own(self, domain: str) -> Claim | None:
        read_at, claim = self._known.get(domain, (0.0, None))
        if claim is not None:
            is_fresh = self._network.monotonic - read_at < _FRESH
            if is_fresh or claim.is_verified(self._network.now()):
                return claim
        note = self._book.note(domain)
        return self._read(domain, note.number) if note is not None else None

    def _read(self, domain: str, number: str) -> Claim | None:
        try:
            answer = self._network.ask(Call("GET", f"{_PATH}/{_quoted(number)}", "look at a claim"))
        except RefusedError as refusal:
            if is_gone(refusal):
                return None
            raise
        claim = read_claim(answer.data, self._settings.claim_statuses)
        return self._keep(claim) if claim.domain == domain else None

    def _keep(self, claim: Claim) -> Claim:
        self._known[claim.domain] = (self._network.monotonic, claim)
        return claim

    def _verified(self) -> list[Claim]:
        now = self._network.now()
        return [one for one in self._listed("VERIFIED") if one.is_verified(now)]

    def _listed(self, word: str, *, anew: bool = False) -> list[Claim]:
        """Asked once a call, for all orders."""
        if anew or word not in self._lists:
            rows = self._network.every(f"{_PATH}?status={word}", f"list the claims that are {word}")
            self._lists[word] = [read_claim(row, self._settings.claim_statuses) for row in rows]
        return self._lists[word]

    # --- acting ----------------------------------------------------------------------------------------------------

    def begin(self, request: OrderRequest) -> dict[str, Claim | None]:
        """Every domain has a claim that is verified, or a token that can be asserted; mails are on their way."""
        claims = {domain: self._begun(domain) for domain in self.domains(request)}
        if request.method == "email":
            address = contact_of(request)[1]
            for domain, claim in claims.items():
                note = self._book.note(domain)
                if claim.means == "pending" and not (note is not None and address in note.mailed):
                    self.send_mail(claim, address)
        return dict(claims)

    def _begun(self, domain: str) -> Claim:
        claim = self._standing(domain)
        if claim is not None and (not claim.means or claim.is_verified(self._network.now()) or self.token(domain)):
            return claim
        note = self._book.note(domain)
        if note is not None:
            again = self._reasserted(domain, note.number)
            if again is not None:
                return again
        return self._started(domain)

    def _started(self, domain: str) -> Claim:
        """Where Atlas has a pending one whose token nobody here knows, it may want no other."""
        call = Call("POST", f"{_PATH}/{_quoted(domain)}", "claim a domain", good=(200, 201))
        try:
            return self._noted(domain, self._network.ask(call))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            numbers = [one.number for one in self._listed("PENDING", anew=True) if one.domain == domain]
            found = [again for number in numbers[-1:] for again in [self._reasserted(domain, number)] if again]
            if not found:
                raise
            return found[0]

    def _reasserted(self, domain: str, number: str) -> Claim | None:
        call = Call("POST", f"{_PATH}/{_quoted(number)}/reassert", "claim a domain anew", good=(200, 201))
        try:
            return self._noted(domain, self._network.ask(call))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return None

    def _noted(self, domain: str, answer: Answered) -> Claim:
        note, assert_by = read_note(answer.data, answer.located)
        self._book.put(domain, note)
        self._asserted.pop(note.number, None)
        return self._keep(Claim(note.number, domain, "PENDING", "pending", assert_by=assert_by))

    def check(self, claim: Claim, method: str) -> Claim:
        """Ask Atlas to look. 204: verified; 201: it took note, and may look by itself later."""
        since = self._asserted.get(claim.number)
        if since is not None and self._network.monotonic - since < _ASSERT_AGAIN:
            return claim
        body = {"authorization_domain": claim.domain}
        if method == "file":
            body["scheme"] = self._settings.file_scheme
        path = f"{_PATH}/{_quoted(claim.number)}/{_WORDS[method]}"
        answer = self._network.ask(Call("POST", path, "assert a claim", body, good=(201, 204)))
        self._asserted[claim.number] = self._network.monotonic
        if answer.status == 204:
            return self._keep(replace(claim, word="VERIFIED", means="verified", trouble=""))
        return claim

    # --- mail ------------------------------------------------------------------------------------------------------

    def send_mail(self, claim: Claim, address: str) -> Claim:
        """Sent again, it is the same call. Atlas writes to addresses that it lists, and to no other."""
        if not address:
            raise InputError(
                code="atlas_no_contact",
                what=f"Cannot ask anybody to approve {claim.domain}",
                why="the certificate has no contact, and Atlas writes to the address that is chosen",
                todo="Declare validation.contact",
            )
        path = f"{_PATH}/{_quoted(claim.number)}/email"
        offered = self._addresses(path)
        if offered and address.lower() not in offered:
            raise _not_offered(claim.domain, address, offered)
        body = {"email_address": address}
        answer = self._network.ask(Call("POST", path, "send an approval mail", body, good=(201, 204)))
        note = self._book.note(claim.domain)
        self._book.put(claim.domain, note if note is not None else ClaimNote(claim.number))
        self._book.wrote_to(claim.domain, address)
        if answer.status == 204:
            return self._keep(replace(claim, word="VERIFIED", means="verified"))
        return claim

    def send_again(self, claim: Claim, address: str) -> Claim:
        """One mail for all orders of the claim, however many ask for it in a call."""
        if (claim.number, address) in self._sent_again:
            return claim
        sent = self.send_mail(claim, address)
        self._sent_again.add((claim.number, address))
        return sent

    def _addresses(self, path: str) -> tuple[str, ...]:
        data = self._network.ask(Call("GET", path, "addresses of a claim")).data
        fields = data if isinstance(data, dict) else {}
        dns = fields.get("DNS") if isinstance(fields.get("DNS"), dict) else {}
        soa = dns.get("SOA") if isinstance(dns, dict) and isinstance(dns.get("SOA"), dict) else {}
        lists = [fields.get("constructed"), soa.get("emails") if isinstance(soa, dict) else None]
        found = [one for rows in lists if isinstance(rows, list) for one in rows]
        return tuple(dict.fromkeys(one.lower() for one in found if isinstance(one, str) and len(one) <= 254))


def contact_of(request: OrderRequest) -> tuple[str, str]:
    """kind and address, "" where it is not told."""
    contact = request.options.get("contact")
    given: t.Mapping[str, t.Any] = contact if isinstance(contact, dict) else {}
    kind, address = given.get("kind"), given.get("address")
    return (kind if isinstance(kind, str) else ""), (address if isinstance(address, str) else "")


def _is_under(name: str, base: str) -> bool:
    return name == base or name.endswith("." + base)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _not_offered(domain: str, address: str, offered: t.Sequence[str]) -> InputError:
    return InputError(
        code="atlas_address_not_offered",
        what=f"Atlas does not write to {address} for {domain}",
        why="it is not among the addresses that the claim lists",
        todo=f"Possible are {escaped(', '.join(offered), 600)}",
    )
