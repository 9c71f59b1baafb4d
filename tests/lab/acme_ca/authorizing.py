# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorizations: made for an order or in advance, validated, used again, given up (RFC 8555, 7.4.1, 7.5; RFC 9444)."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta

import dns.exception

from lab.clock import LabClock
from lab.history import History
from lab.names import bare, covers
from lab.vices import Switches

from . import jws
from .accounts import Accounts
from .book import (
    CA,
    DEACTIVATED,
    EXPIRED,
    INVALID,
    PENDING,
    PROCESSING,
    VALID,
    Account,
    Authorization,
    Book,
    Challenge,
)
from .ordering import Rules
from .policy import Asking, Policy
from .problems import Document, Problem, malformed
from .proving import ACCOUNT, DNS, HTTP, PERSIST, Claim, Proving

#: the simulator's own: how long one waits, and how long what was proven is good
PENDING_DAYS, VALID_DAYS = timedelta(days=7), timedelta(days=30)
SLOW_SECONDS = 2.0


class Authorizing:
    def __init__(
        self,
        book: Book,
        accounts: Accounts,
        rules: Rules,
        proving: Proving,
        policy: Policy,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._book, self._accounts, self._rules = book, accounts, rules
        self._proving, self._policy = proving, policy
        self._clock, self._history, self._switches = clock, history, switches
        #: (due in real seconds, challenge) that somebody has asked to look at
        self._asked: list[tuple[float, str]] = []

    def find_or_make(self, account: Account, name: str, ancestor: str) -> Authorization:
        """What was proven already is not asked again; of one order's names below one domain, it is asked once."""
        subject = ancestor or bare(name)
        wildcard = name.startswith("*.") and not ancestor
        if not self._switches.is_on("acme_no_reuse"):
            for one in self._book.authorizations.values():
                self.refresh(one)
                if one.account == account.id and one.status == VALID and serves(one, name, ancestor):
                    return one
        for one in self._book.authorizations.values():
            fits = (one.account, one.name, one.subdomains, one.status) == (account.id, ancestor, True, PENDING)
            if ancestor and fits:
                return one
        return self._make(account, subject, wildcard, bool(ancestor))

    def new(self, account: Account, document: Document) -> Authorization:
        name, subdomains = self._rules.read_authorization(document)
        for one in self._book.authorizations.values():
            self.refresh(one)
            same = (one.account, one.name, one.wildcard, one.subdomains) == (account.id, name, False, subdomains)
            if same and one.status in (PENDING, VALID) and not self._switches.is_on("acme_no_reuse"):
                return one
        self._history.add("authorization", ca=CA, account=account.id, name=name, subdomains=subdomains)
        return self._make(account, name, False, subdomains)

    def _make(self, account: Account, name: str, wildcard: bool, subdomains: bool) -> Authorization:
        kinds = [DNS, ACCOUNT, PERSIST] if wildcard or subdomains else [HTTP, DNS, ACCOUNT, PERSIST]
        if self._switches.is_on("acme_only_old_challenges"):
            kinds = [kind for kind in kinds if kind in (HTTP, DNS)]
        if self._switches.is_on("acme_unknown_challenge"):
            kinds.insert(0, "lab-dance-01")
        challenges = [Challenge(self._book.number("challenge"), kind, secrets.token_urlsafe(32)) for kind in kinds]
        expires = self._clock.now() + PENDING_DAYS
        number = self._book.number("authorization")
        made = Authorization(number, account.id, name, wildcard, expires, challenges, subdomains)
        self._book.authorizations[made.id] = made
        if self._switches.is_on("acme_persist_at_once"):
            self._prove_at_once(made)
        return made

    # --- how things stand ---

    def refresh(self, one: Authorization) -> None:
        if one.expires < self._clock.now():
            one.status = {PENDING: INVALID, VALID: EXPIRED}.get(one.status, one.status)

    def deactivate(self, one: Authorization) -> None:
        """RFC 8555, 7.5.2."""
        self.refresh(one)
        if one.status not in (PENDING, VALID):
            raise malformed(f"The authorization is {one.status}.")
        one.status = DEACTIVATED

    def proven(self, account: Account) -> list[Authorization]:
        """By this account, and good still."""
        mine = [one for one in self._book.authorizations.values() if one.account == account.id]
        for one in mine:
            self.refresh(one)
        return [one for one in mine if one.status == VALID]

    # --- validation ---

    def respond(self, one: Authorization, challenge: Challenge) -> None:
        """The client says that it is ready (RFC 8555, 7.5.1)."""
        self.refresh(one)
        if challenge.status in (PROCESSING, VALID):
            return
        if one.status != PENDING:
            raise malformed(f"The authorization is {one.status}: it cannot be validated any more.")
        challenge.status = PROCESSING
        late = SLOW_SECONDS if self._switches.is_on("acme_validation_slow") else 0
        self._asked.append((time.monotonic() + late, challenge.id))

    def work(self) -> None:
        """Looks at all that is due. The book is not locked: looking may take seconds."""
        for one, challenge in self._due():
            self._look(one, challenge)

    def _due(self) -> list[tuple[Authorization, Challenge]]:
        with self._book.lock:
            due = [id for at, id in self._asked if at <= time.monotonic()]
            self._asked = [(at, id) for at, id in self._asked if id not in due]
            found = [self._book.challenge(id) for id in due]
        return [pair for pair in found if pair is not None]

    def _look(self, one: Authorization, challenge: Challenge) -> None:
        with self._book.lock:
            claim = self._claim(one, challenge)
        try:
            if self._switches.strikes("acme_validation_fails_first", one.name):
                raise Problem("connection", "During secondary validation: Timeout during connect (likely firewall)")
            until = self._prove(claim)
        except Problem as problem:
            with self._book.lock:
                challenge.status, challenge.error = INVALID, problem.document()
                one.status = INVALID
                self._tell_look(one, challenge, problem.detail)
            return
        with self._book.lock:
            self._prove_done(one, challenge, until)

    def _claim(self, one: Authorization, challenge: Challenge) -> Claim:
        account = self._book.accounts[one.account]
        thumbprints = tuple(jws.thumbprint(key) for key in reversed(account.keys))
        address = self._accounts.address(account)
        return Claim(challenge.kind, one.name, one.wildcard, one.subdomains, challenge.token, address, thumbprints)

    def _prove(self, claim: Claim) -> datetime | None:
        try:
            until = self._proving.prove(claim)
        except dns.exception.DNSException as error:
            raise Problem("dns", f"{claim.name}: cannot be asked for: {error}") from None
        self._policy.check(Asking(claim.name, claim.wildcard, claim.account_url, claim.kind))
        return until

    def _prove_done(self, one: Authorization, challenge: Challenge, until: datetime | None) -> None:
        now = self._clock.now()
        challenge.status, challenge.validated = VALID, now
        if one.status == PENDING:
            one.status = VALID
        usual = now + VALID_DAYS
        one.expires = usual if until is None else min(usual, until)  # dns-persist, 4.1 item 5
        self._tell_look(one, challenge, "")

    def _prove_at_once(self, one: Authorization) -> None:
        """dns-persist, 4.4: a record that is there already is enough."""
        challenge = next((part for part in one.challenges if part.kind == PERSIST), None)
        if challenge is None:
            return
        try:
            until = self._prove(self._claim(one, challenge))
        except Problem:
            return
        self._prove_done(one, challenge, until)

    def _tell_look(self, one: Authorization, challenge: Challenge, why: str) -> None:
        name = "*." * one.wildcard + one.name
        self._history.add("look", ca=CA, name=name, method=challenge.kind, found=not why, why=why)


def serves(one: Authorization, name: str, ancestor: str) -> bool:
    """What was proven is enough for this name of an order."""
    if one.subdomains:
        return covers(one.name, name) and ancestor in ("", one.name)
    return not ancestor and one.name == bare(name) and one.wildcard == name.startswith("*.")
