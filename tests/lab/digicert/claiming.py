# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks for the names of an order. A DV order has claims of its own; OV and EV have those of account's domains."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import replace
from datetime import timedelta

from lab.clock import LabClock
from lab.history import History
from lab.names import bare
from lab.refusal import Refused
from lab.vices import Switches

from . import terms
from .application import Application, ChosenMail, Wish, broken
from .book import CA, Book
from .mailer import ApprovalMailer, Subject
from .methods import EMAIL, FILES, FQDN
from .products import DV, EV
from .proving import Proving
from .values import Claim, Domain, Link, Order, Organization

OPEN = ("pending", "processing", "reissue_pending")


class Found(t.NamedTuple):
    """What the link of a mail leads to. Without an order: a domain of the account; without a claim: an EV order."""

    link: Link
    order: Order | None
    domain: Domain | None
    claim: Claim | None


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

    def names(self, order: Order) -> tuple[str, ...]:
        """Of the certificate that is being made, or of the first one."""
        return (*self.wish(order).names, *order.free_names)

    def wish(self, order: Order) -> Wish:
        certificate = self._book.certificate(order.certificate)
        made = certificate.wish if certificate else order.application.wish
        return order.job.wish if order.job else made

    def claims(self, order: Order) -> list[Claim]:
        """As they are by now, whatever the caller still holds."""
        order = self._order(order)
        domains = [self._book.domain(number) for number in order.domains]
        return [*order.claims, *(domain.claim for domain in domains if domain)]

    def missing(self, order: Order) -> list[str]:
        """The names for which nobody has shown that he speaks for them."""
        now = self._clock.now()
        proven = [claim for claim in self.claims(order) if claim.is_proven(now)]
        return [name for name in self.names(order) if not any(claim.speaks_for(name) for claim in proven)]

    def begin(self, order: Order, application: Application) -> None:
        """What has to be shown for the names that are not proven; and mails, where they show it."""
        if application.product.validation != DV:
            self._claim_domains(order, application)
            return
        if self._switches.is_on("dc_dv_reuses_domains"):
            order = self._book.change(order.id, claims=(*order.claims, *self._proven_elsewhere(order)))
        now = self._clock.now()
        kept = tuple(claim for claim in order.claims if claim.is_proven(now))
        new = self._proving.claims(application, self.missing(order), order.claims)
        self._book.change(order.id, claims=(*kept, *new))
        self._mail(order, new)

    def _proven_elsewhere(self, order: Order) -> t.Iterator[Claim]:
        now = self._clock.now()
        for other in self._book.orders():
            for claim in other.claims if other.id != order.id else ():
                if claim.is_proven(now) and any(map(claim.speaks_for, self.names(order))):
                    yield claim

    def _claim_domains(self, order: Order, application: Application) -> None:
        now = self._clock.now()
        kept = [number for number in order.domains if self._domain(number).claim.is_proven(now)]
        for domain in self._book.domains():
            if domain.organization == application.organization and domain.claim.is_proven(now):
                kept.append(domain.id)
        order = self._book.change(order.id, domains=tuple(dict.fromkeys(kept)))
        alone = application.scope == FQDN or application.method in FILES
        wanted = dict.fromkeys(bare(n) if alone else self._proving.base(n) for n in self.missing(order))
        new = [self._domain_for(name, application) for name in wanted]
        claims = self._proving.with_token([domain.claim for domain in new], [domain.claim for domain in new])
        for domain, claim in zip(new, claims, strict=True):
            self._book.change_domain(domain.id, claim=claim)
        used = {d for d in order.domains if any(map(self._domain(d).claim.speaks_for, self.names(order)))}
        self._book.change(order.id, domains=(*(d for d in order.domains if d in used), *(d.id for d in new)))
        self._mail(order, claims)

    def _domain_for(self, name: str, application: Application) -> Domain:
        organization = application.organization or 0
        claim = self._proving.domain_claim(name, application.method)
        for domain in self._book.domains():
            if (domain.name, domain.organization) == (name, organization):
                same = domain.claim.method == application.method
                return domain if same else self._book.change_domain(domain.id, claim=claim)
        kind, now = application.product.validation, self._clock.now()
        return self._book.add_domain(lambda number: Domain(number, name, organization, (kind,), claim, now))

    def _mail(self, order: Order, claims: t.Iterable[Claim]) -> None:
        for claim in claims:
            for link in claim.links:
                self._mailer.send(self.subject(order, claim.domain, claim.names), link)

    def subject(self, order: Order, domain: str, names: tuple[str, ...]) -> Subject:
        organization = self.organization(order)
        name = organization.name if organization else ""
        return Subject(order.id, domain, names, name, order.application.locale)

    def organization(self, order: Order) -> Organization | None:
        return self._book.organizations.get(order.application.organization or 0)

    def ask_approver(self, order: Order) -> None:
        """UNVERIFIED when the approver of an EV order is asked: he is only while this is switched on."""
        if order.product.validation != EV or not self._switches.is_on("dc_ev_approver_mail"):
            return
        contacts = order.application.contacts
        addresses = [str(one["email"]) for one in contacts if one["contact_type"] == "ev_approver" and "email" in one]
        self.mail_approver(order, addresses)

    def mail_approver(self, order: Order, addresses: t.Sequence[str]) -> None:
        links = self._proving.links(addresses)
        self._book.change(order.id, approver_links=(*order.approver_links, *links))
        for link in links:
            self._mailer.send(self.subject(order, order.application.wish.common_name, self.names(order)), link)

    def set_claims(self, order: Order, change: t.Callable[[Claim], Claim]) -> None:
        with self._book.lock:
            now = self._order(order)
            self._book.change(order.id, claims=tuple(map(change, now.claims)))
            for number in now.domains:
                self._book.change_domain(number, claim=change(self._domain(number).claim))

    def look(self, order: Order) -> None:
        """Whether what is claimed is true by now."""
        now = self._clock.now()
        claims = [claim for claim in self.claims(order) if not claim.is_proven(now)]
        self.proven(order, [claim for claim in claims if self._proving.is_true(claim, order=order.id)])

    def proven(self, order: Order, claims: t.Sequence[Claim]) -> None:
        now = self._clock.now()
        shown = {(claim.domain, claim.method) for claim in claims}
        self.set_claims(order, lambda one: replace(one, proven_at=now) if (one.domain, one.method) in shown else one)
        for claim in claims:
            self._history.add("validated", ca=CA, order=order.id, domain=claim.domain, method=claim.method)

    def free_names(self, order: Order) -> tuple[str, ...]:
        name, product = order.application.wish.common_name, order.product
        is_wanted = self._switches.is_on("dc_free_base_name") and product.validation == DV and name.startswith("www.")
        return (name[4:],) if is_wanted and name[4:] not in order.application.wish.names else ()

    def token(self, order: Order) -> Claim:
        """The value that is still good, else a new one."""
        self._judge_open(order)
        if order.application.method == EMAIL:
            raise Refused(400, "invalid_dcv_method", "This order is validated by email.")
        now = self._clock.now()
        with self._book.lock:
            before = [claim for claim in self.claims(order) if not claim.is_proven(now)]
            if not before:
                raise broken("All domains of this order are validated.")
            fresh = {claim.domain: claim for claim in self._proving.with_token(before, before)}
            self.set_claims(order, lambda one: one if one.is_proven(now) else fresh[one.domain])
        return fresh[before[0].domain]

    # --- mails and their links ---

    def send_again(self, order: Order, mails: t.Sequence[ChosenMail], locale: str) -> None:
        """To everybody, or to these: whoever was not asked yet may approve from now on, too."""
        self._judge_open(order)
        if order.application.method != EMAIL:
            raise Refused(400, "invalid_dcv_method", "This order is not validated by email.")
        names = self.names(order)
        for mail in mails:
            known = {*map(bare, names), *(claim.domain for claim in self.claims(order))}
            if bare(mail.dns_name) not in known:
                raise broken(f"{mail.dns_name} is no name of this order.")
            self._proving.judge_mail(mail)
        if locale:
            order = self._book.change(order.id, application=replace(order.application, locale=locale))
        now = self._clock.now()
        for claim in self.claims(order) if not mails else ():
            if not claim.is_proven(now):
                self._mail_again(order, claim, claim.links)
        for mail in mails:
            self._mail_to(self._order(order), mail)

    def _mail_to(self, order: Order, mail: ChosenMail) -> None:
        claim = next((one for one in self.claims(order) if one.domain == mail.email_domain), None)
        if claim is None:
            alone = order.application.scope == FQDN
            name = bare(mail.dns_name)
            claim = Claim(mail.email_domain, (name,), EMAIL, is_exact=alone)
            order = self._book.change(order.id, claims=(*order.claims, claim))
        links = [link for link in claim.links if link.address == mail.email]
        self._mail_again(order, claim, links or self._proving.links([mail.email]))

    def _mail_again(self, order: Order, claim: Claim, links: t.Sequence[Link]) -> None:
        """What is sent again is the same, letter by letter."""
        now = self._clock.now()
        keys = {link.key for link in claim.links}
        again = {link.key for link in links}
        all_links = (*claim.links, *(link for link in links if link.key not in keys))
        sent = tuple(link._replace(sent_at=now) if link.key in again else link for link in all_links)
        self.set_claims(order, lambda one: replace(one, links=sent) if one.domain == claim.domain else one)
        for link in links:
            self._mailer.send(self.subject(order, claim.domain, claim.names), link)

    def find_link(self, key: str) -> Found | None:
        for order in self._book.orders():
            for link in order.approver_links:
                if _same(link.key, key):
                    return Found(link, order, None, None)
            for claim in order.claims:
                for link in claim.links:
                    if _same(link.key, key):
                        return Found(link, order, None, claim)
        for domain in self._book.domains():
            for link in domain.claim.links:
                if _same(link.key, key):
                    waiting = [one for one in self._book.orders(*OPEN) if domain.id in one.domains]
                    return Found(link, waiting[0] if waiting else None, domain, domain.claim)
        return None

    def still_waits(self, found: Found) -> bool:
        now = self._clock.now()
        if now >= found.link.made_at + timedelta(days=terms.TOKEN_DAYS) or terms.mail_is_over(now):
            return False
        if found.claim is None:
            return found.order is not None and found.order.state in OPEN and not found.order.approver_pressed
        is_open = found.domain is not None or (found.order is not None and found.order.state in OPEN)
        return is_open and not found.claim.is_proven(now)

    def approve(self, found: Found) -> bool:
        """Any one of those who were asked is enough. False: it was too late."""
        with self._book.lock:
            if not self.still_waits(found):
                return False
            about = {"order": found.order.id} if found.order else {}
            domain = found.claim.domain if found.claim else None
            self._history.add("approved", ca=CA, address=found.link.address, domain=domain, **about)
            if found.domain is not None and found.claim is not None:
                self.prove_domain(found.domain)
            elif found.claim is not None and found.order is not None:
                self.proven(found.order, [found.claim])
            elif found.order is not None:
                self._book.change(found.order.id, approver_pressed=True)
            return True

    def prove_domain(self, domain: Domain) -> None:
        claim = replace(domain.claim, proven_at=self._clock.now())
        self._book.change_domain(domain.id, claim=claim)
        self._history.add("validated", ca=CA, domain=domain.name, domain_id=domain.id, method=claim.method)

    def organization_name(self, found: Found) -> str:
        number = found.domain.organization if found.domain else 0
        organization = self.organization(found.order) if found.order else self._book.organizations.get(number)
        return organization.name if organization else ""

    # --- looking things up ---

    def _judge_open(self, order: Order) -> None:
        if order.state not in OPEN:
            raise broken(f"The order is {order.state}.")

    def _order(self, order: Order) -> Order:
        return t.cast(Order, self._book.order(order.id))

    def _domain(self, domain_id: int) -> Domain:
        return t.cast(Domain, self._book.domain(domain_id))


def _same(key: str, other: str) -> bool:
    return secrets.compare_digest(key.encode(), other.encode())
