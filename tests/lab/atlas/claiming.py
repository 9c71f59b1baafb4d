# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims of domains: made, asserted, verified, and what names they are good for."""

from __future__ import annotations

import contextlib
import secrets
import typing as t
from datetime import datetime, timedelta

from lab.clock import LabClock
from lab.history import History
from lab.names import bare, covers, is_name
from lab.refusal import Refused
from lab.vices import Switches

from . import terms
from .api import missing, violated
from .book import CA, Book
from .mailer import ApprovalMailer
from .proving import Proving
from .values import DNS, EMAIL, ERROR, HTTP, INFO, PENDING, SUCCESS, VERIFIED, Asserted, Claim

FORMER_REUSE = timedelta(days=398)


class Claiming:
    def __init__(
        self,
        book: Book,
        proving: Proving,
        mailer: ApprovalMailer,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._book, self._proving, self._mailer = book, proving, mailer
        self._clock, self._history, self._switches = clock, history, switches
        #: of claims whose assertion was recorded, and not looked at yet
        self._recorded: set[str] = set()

    # --- what callers do ---

    def start(self, domain: str) -> Claim:
        name = domain.lower().rstrip(".")
        if not is_name(name) or name != bare(name) or not self._proving.authorization_domains(name):
            raise violated(f"{domain} is no domain that can be claimed")
        now = self._clock.now()
        with self._book.lock:
            if self._switches.is_on("atlas_claim_once") and any(one.domain == name for one in self._book.claims()):
                raise violated(f"{name} is claimed already")
            claim = Claim(secrets.token_hex(16).upper(), name, self._proving.token(), now, _end(now))
            self._book.add_claim(claim)
        return claim

    def find(self, claim_id: str) -> Claim:
        claim = self._book.claim(claim_id.upper())
        if claim is None:
            raise missing("claim")
        return claim

    def reassert(self, claim: Claim) -> Claim:
        """A new token; what the claim is verified for stays."""
        now = self._clock.now()
        facts: dict[str, t.Any] = {"token": self._proving.token(), "assert_by": _end(now), "asserted": None, "link": ""}
        self._book.change_claim(claim.id, **facts)
        return self._book.log(claim.id, INFO, "A new token was made")

    def remove(self, claim: Claim) -> None:
        self._book.remove_claim(claim.id)

    def by_dns(self, claim: Claim, domain: str) -> bool:
        """Whether it is verified now."""
        name = self._judge_domain(claim, domain)
        return self._assert(claim, Asserted(DNS, name))

    def by_http(self, claim: Claim, domain: str, scheme: str) -> bool:
        """A file speaks for its own name only (BR 3.2.2.4.18)."""
        if scheme not in ("HTTP", "HTTPS"):
            raise violated(f"there is no scheme {scheme}")
        if self._judge_domain(claim, domain) != claim.domain:
            raise violated(f"a file at {domain} does not speak for {claim.domain}")
        return self._assert(claim, Asserted(HTTP, claim.domain, scheme))

    def by_mail(self, claim: Claim, address: str) -> bool:
        """Every time a mail, whose link is the only good one."""
        if terms.mail_is_over(self._clock.now()):
            raise violated("mails prove nothing any more")
        constructed, published = self._proving.addresses(claim.domain)
        if address not in (*constructed, *published):
            raise violated(f"{address} is no approver of {claim.domain}")
        self._judge_time(claim)
        link = secrets.token_urlsafe(24)
        self._book.change_claim(claim.id, asserted=Asserted(EMAIL, address), link=link)
        self._book.log(claim.id, INFO, f"A mail was sent to {address}")
        self._mailer.send(claim, address, link)
        return False

    def _judge_domain(self, claim: Claim, domain: str) -> str:
        name = domain.lower().rstrip(".")
        if name not in self._proving.authorization_domains(claim.domain):
            raise violated(f"{domain} does not speak for {claim.domain}")
        return name

    def _judge_time(self, claim: Claim) -> None:
        if self._clock.now() >= claim.assert_by:
            raise violated("the token is too old: reassert")

    def _assert(self, claim: Claim, asserted: Asserted) -> bool:
        self._judge_time(claim)
        claim = self._book.change_claim(claim.id, asserted=asserted, link="")
        if self._switches.strikes("atlas_assert_late", claim.id):
            self._book.log(claim.id, INFO, "The assertion was recorded")
            self._recorded.add(claim.id)
            return False
        return self.look(claim)

    # --- what the CA does ---

    def look(self, claim: Claim) -> bool:
        """Whether what was asserted is true."""
        asserted = claim.asserted
        if asserted is None or self._clock.now() >= claim.assert_by:
            return False
        if self._proving.is_true(claim):
            self._verify(claim, asserted)
            return True
        self._book.log(claim.id, ERROR, f"The token was not found by {asserted.method} at {asserted.where}")
        return False

    def _verify(self, claim: Claim, asserted: Asserted) -> None:
        now = self._clock.now()
        until = now + (FORMER_REUSE if self._switches.is_on("atlas_claims_398") else terms.reuse(now))
        self._book.change_claim(
            claim.id, verified_at=now, verified_by=asserted.method, verified_until=until, asserted=None, link=""
        )
        self._book.log(claim.id, SUCCESS, f"Verified by {asserted.method} at {asserted.where}")
        self._history.add("validated", ca=CA, claim=claim.id, name=claim.domain, method=asserted.method)

    def look_at_recorded(self) -> None:
        while self._recorded:
            claim = self._book.claim(self._recorded.pop())
            if claim is not None:
                self._look_again(claim)

    def look_at_all(self) -> None:
        """The CA goes on looking by itself."""
        for claim in self._book.claims():
            if claim.asserted and claim.asserted.method != EMAIL:
                self._look_again(claim)

    def _look_again(self, claim: Claim) -> None:
        with contextlib.suppress(Refused):  # it was deleted meanwhile
            self.look(claim)

    # --- the page behind a mail's link ---

    def linked(self, link: str) -> Claim | None:
        return next((one for one in self._book.claims() if link and one.link == link), None)

    def approve(self, claim: Claim) -> bool:
        asserted, now = claim.asserted, self._clock.now()
        if asserted is None or now >= claim.assert_by or terms.mail_is_over(now):
            return False
        self._verify(claim, asserted)
        self._history.add("approved", ca=CA, claim=claim.id, name=claim.domain, by=asserted.where)
        return True

    # --- what claims are good for ---

    def status(self, claim: Claim) -> str:
        now = self._clock.now()
        if claim.verified_by == EMAIL and terms.mail_is_over(now):
            return PENDING
        return claim.status(now)

    def uncovered(self, names: t.Iterable[str]) -> list[str]:
        """The names that no verified claim speaks for."""
        claims = [claim for claim in self._book.claims() if self.status(claim) == VERIFIED]
        return [name for name in names if not any(self._speaks_for(claim, name) for claim in claims)]

    def _speaks_for(self, claim: Claim, name: str) -> bool:
        if claim.verified_by == HTTP:
            return name == claim.domain
        if self._switches.is_on("atlas_exact_only"):
            return bare(name) == claim.domain
        return covers(claim.domain, name)


def _end(now: datetime) -> datetime:
    return now + timedelta(days=terms.TOKEN_DAYS)
