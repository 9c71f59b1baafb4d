# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains of the account, validated before anybody orders: for OV and EV."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from lab import names
from lab.clock import LabClock
from lab.refusal import Refused

from . import terms
from .application import Document, a_flag, a_mapping, broken
from .book import Book
from .claiming import Claiming
from .mailer import ApprovalMailer, Subject
from .methods import EMAIL, METHODS
from .products import EV, OV
from .proving import Proving, not_found
from .values import Claim, Domain


class Domains:
    def __init__(
        self, book: Book, proving: Proving, claiming: Claiming, mailer: ApprovalMailer, clock: LabClock
    ) -> None:
        self._book, self._proving, self._claiming, self._mailer, self._clock = book, proving, claiming, mailer, clock

    def add(self, body: Document) -> Domain:
        name = str(body.get("name") or "").lower()
        if not names.is_name(name) or name.startswith("*."):
            raise broken("name must be a domain.")
        if name.startswith("www.") and not a_flag(body, "keep_www"):
            name = name[4:]
        self._proving.base(name)
        organization = a_mapping(body.get("organization"), "organization").get("id")
        if organization not in self._book.organizations:
            raise Refused(404, "not_found", f"There is no organization {organization}.")
        types = _types(body)
        claim = self._claim(name, self._method(body.get("dcv_method") or EMAIL), body.get("email_array"))
        now = self._clock.now()
        with self._book.lock:
            known = [one for one in self._book.domains() if (one.name, one.organization) == (name, organization)]
            if known:
                both = tuple(dict.fromkeys((*known[0].types, *types)))
                domain = self._book.change_domain(known[0].id, claim=claim, types=both)
            else:
                domain = self._book.add_domain(lambda number: Domain(number, name, organization, types, claim, now))
        self._mail(domain, str(body.get("locale") or "ja"))
        return domain

    def submit_again(self, domain: Domain, body: Document) -> Domain:
        """For these types; with a token of its own, unless mails are wanted."""
        types = _types(body) if body.get("validations") else domain.types
        method = self._method(body.get("dcv_method") or domain.claim.method)
        claim = self._kept(domain, method) or self._claim(domain.name, method, body.get("email_array"))
        changed = self._book.change_domain(domain.id, types=types, claim=claim)
        self._mail(changed, str(body.get("locale") or "ja"))
        return changed

    def mail_again(self, domain: Domain, body: Document) -> None:
        if domain.claim.method != EMAIL:
            raise Refused(400, "invalid_dcv_method", "This domain is not validated by email.")
        if body.get("email_array"):
            links = self._claim(domain.name, EMAIL, body["email_array"]).links
            known = {link.address for link in domain.claim.links}
            more = tuple(link for link in links if link.address not in known)
            domain = self._book.change_domain(
                domain.id, claim=replace(domain.claim, links=(*domain.claim.links, *more))
            )
        wanted = body.get("email_array") or [link.address for link in domain.claim.links]
        self._mail(domain, str(body.get("locale") or "ja"), [str(address).lower() for address in wanted])

    def change_method(self, domain: Domain, body: Document) -> Domain:
        method = self._method(body.get("dcv_method"))
        claim = self._kept(domain, method) or self._claim(domain.name, method, None)
        changed = self._book.change_domain(domain.id, claim=claim)
        if body.get("send_dcv_email_flag") is not False:
            self._mail(changed, "ja")
        return changed

    def new_token(self, domain: Domain) -> Claim:
        """A new one, whatever the old one is worth."""
        if domain.claim.method == EMAIL:
            raise Refused(400, "invalid_dcv_method", "This domain is validated by email.")
        claim = self._proving.with_token([replace(domain.claim, path="", proven_at=None)])[0]
        return self._book.change_domain(domain.id, claim=claim).claim

    def check(self, domain: Domain) -> Domain:
        if domain.claim.method == EMAIL:
            raise Refused(400, "invalid_dcv_method", "This domain is validated by email.")
        if not domain.claim.is_proven(self._clock.now()):
            if not self._proving.is_true(domain.claim, domain=domain.id):
                raise not_found(domain.claim.method, [domain.name])
            self._claiming.prove_domain(domain)
        return self.the_domain(str(domain.id))

    def the_domain(self, number: str) -> Domain:
        domain = self._book.domain(int(number)) if number.isdigit() and len(number) < 13 else None
        if domain is None:
            raise Refused(404, "not_found", f"There is no domain {number}.")
        return domain

    def poll(self) -> None:
        """The CA looks by itself."""
        for domain in self._book.domains():
            claim = domain.claim
            if not claim.is_proven(self._clock.now()) and self._proving.is_true(claim, domain=domain.id):
                self._claiming.prove_domain(domain)

    # --- inside ---

    def _method(self, method: object) -> str:
        if method not in METHODS or (method == EMAIL and terms.mail_is_over(self._clock.now())):
            raise Refused(400, "invalid_dcv_method", f"dcv_method cannot be {method}.")
        return str(method)

    def _kept(self, domain: Domain, method: str) -> Claim | None:
        """The value that still lives."""
        ends = domain.claim.token_ends
        lives = ends is not None and self._clock.now() < ends
        return replace(domain.claim, proven_at=None) if lives and domain.claim.method == method else None

    def _claim(self, name: str, method: str, addresses: object) -> Claim:
        if addresses is None or method != EMAIL:
            return self._proving.domain_claim(name, method)
        if not isinstance(addresses, list) or not addresses:
            raise broken("email_array must be a list of addresses.")
        tidy = [names.tidy(str(address)) for address in addresses]
        allowed = self._proving.addresses(name)
        for address in tidy:
            if address not in allowed:
                raise broken(f"{address} is no approver of {name}.")
        return self._proving.domain_claim(name, method, tidy)

    def _mail(self, domain: Domain, locale: str, only: t.Collection[str] | None = None) -> None:
        organization = self._book.organizations[domain.organization].name
        for link in domain.claim.links:
            if only is None or link.address.lower() in only:
                self._mailer.send(Subject(domain.id, domain.name, (domain.name,), organization, locale), link)


def _types(body: Document) -> tuple[str, ...]:
    given = body.get("validations")
    if not isinstance(given, list) or not given:
        raise broken("validations is required.")
    types = tuple(str(a_mapping(one, "a validation").get("type")) for one in given)
    for kind in types:
        if kind not in (OV, EV):
            raise broken(f"There is no validation type {kind}.")
    return types
