# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to an order between its coming in and its end. Every step is in the history."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import replace
from datetime import timedelta

from cryptography import x509

from lab.clock import LabClock, iso_utc
from lab.history import History
from lab.issuing import Issuing
from lab.names import bare
from lab.vices import Switches

from . import problems, terms
from .application import PARAMETER, Application, Request
from .book import CA, ORDER_ID, Book
from .mailer import ApprovalMailer
from .making import Making
from .problems import problem
from .products import DNS, HUMAN, MAIL, URL
from .proving import Proving, new_code
from .values import CANCELED_AFTER, CANCELED_BEFORE, INITIAL, ISSUED, OPEN, PHISHING, REVOKED, REVOKING, Link, Order

SLOW_SECONDS = 3
CANCEL, REVOKE = "cancel", "revoke"
#: while one of these is on, the words have to be written so
SPELLINGS: t.Mapping[str, t.Callable[[str], str]] = {
    "gcc_words_upper": str.upper,
    "gcc_words_capital": str.capitalize,
    "gcc_words_lower": str.lower,
}
#: refused as long as they are on
REFUSALS = {
    "gcc_no_balance": problems.BALANCE,
    "gcc_phishing_refused": problems.PHISHING,
    "gcc_logical_limit": problems.LIMIT,
}


class Desk:
    def __init__(
        self,
        book: Book,
        proving: Proving,
        making: Making,
        issuing: Issuing,
        mailer: ApprovalMailer,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._book, self._proving, self._making, self._issuing = book, proving, making, issuing
        self._mailer = mailer
        self._clock, self._history, self._switches = clock, history, switches

    # --- new orders ---

    def take(self, application: Application) -> Order:
        with self._book.lock:
            self.judge(application)
            now = self._clock.now()
            number = application.reserved if application.method == MAIL else self._book.new_id()
            order = self._book.add(Order(number, application, INITIAL, now, new_code()))
            self._note(order)
            order = self._book.change(order.id, "ORDER_REQUEST")
            if application.method == URL:
                order = self._book.change(order.id, "READY_VARIFICATION_URL")
            if self._switches.is_on("gcc_sub_id_shared") and application.sub_id:
                self._add_decoy(order)
        if application.method == MAIL:
            order = self._mail(order, self._new_link(application.approver_email))
        return order

    def judge(self, application: Application) -> None:
        for vice, code in REFUSALS.items():
            if self._switches.is_on(vice):
                raise problem(code)
        for number, name in enumerate(application.names):
            if not self._proving.base(name):
                field = "SANEntries.SANEntry.SubjectAltName" if number else f"{PARAMETER}.CSR"
                raise problem(problems.INVALID, field)
        if self._switches.is_on("gcc_key_reuse_refused"):
            self._judge_key(application.request)
        if application.kind == "renewal":
            self._judge_renewal(application)
        if application.method == MAIL:
            self._judge_mail(application)

    def _judge_key(self, request: Request) -> None:
        for order in self._book.orders():
            if order.application.request.public_key == request.public_key:
                raise problem(problems.KEY_REUSED, f"{PARAMETER}.CSR")

    def _judge_renewal(self, application: Application) -> None:
        target = self._book.order(application.renewal_target)
        if (
            target is None
            or target.status != ISSUED
            or target.application.common_name != application.common_name
            or self._book.renewed_by(target.id)
        ):
            raise problem(problems.RENEWAL)

    def _judge_mail(self, application: Application) -> None:
        if self._book.order(application.reserved):
            raise problem(problems.ORDER_EXISTS)
        if self._book.reserved.get(application.reserved) != bare(application.common_name):
            raise problem(problems.INVALID, "OrderID")
        for name in application.names:
            self._judge_approver(application.approver_email, name)

    def _judge_approver(self, address: str, name: str) -> None:
        if terms.mail_is_over(self._clock.now()) or address not in self._proving.addresses(name):
            raise problem(problems.APPROVER, "ApproverEmail")

    def _note(self, order: Order) -> None:
        application = order.application
        self._history.add(
            "order", ca=CA, order=order.id, reference=application.sub_id, product=application.product.code,
            method=application.method, names=list(application.names), renewal_of=application.renewal_target or None,
            reissue_of=order.reissue_of or None,
        )  # fmt: skip

    def _add_decoy(self, order: Order) -> None:
        """Another order with the same SubID, cancelled: it is nobody's own."""
        names = (f"old.{bare(order.application.common_name)}",)
        now = self._clock.now()
        application = replace(order.application, names=names, sans=())
        decoy = Order(
            self._book.new_id(), application, CANCELED_BEFORE, now, canceled_at=now, is_decoy=True, code=new_code()
        )
        self._book.add(decoy)
        self._history.add("decoy", ca=CA, order=decoy.id, reference=application.sub_id)

    # --- showing that one speaks for the names ---

    def verify_record(self, order_id: str, domain: str) -> Order:
        order = self._waiting(order_id, DNS)
        if domain not in self._proving.fqdns(order):
            raise problem(problems.INVALID, "ApproverFQDN")
        return self._verify(order, domain, lambda: self._proving.record_is_there(order, domain))

    def verify_page(self, order_id: str, url: str) -> Order:
        order = self._waiting(order_id, URL)
        if url not in self._proving.urls(order):
            raise problem(problems.INVALID, "ApproverURL")
        name = url.partition("://")[2].partition("/")[0]
        return self._verify(order, name, lambda: self._proving.page_is_there(order, url))

    def _waiting(self, order_id: str, method: str) -> Order:
        """The order, if this call is of use for it."""
        order = self.the_order(order_id)
        if order.status == CANCELED_BEFORE:
            raise problem(problems.CANCELED)
        if order.application.method != method:
            raise problem(problems.COMBINATION, "OrderID")
        return order

    def _verify(self, order: Order, domain: str, look: t.Callable[[], bool]) -> Order:
        """Looks now; the certificate is made at once if nothing else is missing."""
        if order.status not in OPEN:
            if self._switches.is_on("gcc_verify_again"):
                return order
            raise problem(problems.MODIFIED)
        if order.status == INITIAL:
            if self._switches.strikes("gcc_check_late", order.id) or not look():
                raise problem(problems.NOT_VERIFIED)
            order = self._prove(order.id, domain)
            if self._proving.missing(order):
                raise problem(problems.NOT_VERIFIED)
            if self._proving.forbidden(order.application.names):
                raise problem(problems.CAA)
        return self.finish(order.id)

    def _prove(self, order_id: str, *domains: str) -> Order:
        with self._book.lock:
            order = self._order(order_id)
            order = self._book.change(order_id, proven=tuple(dict.fromkeys((*order.proven, *domains))))
            for domain in domains:
                method = order.application.method
                self._history.add("validated", ca=CA, order=order_id, domain=domain, method=method)
            if not self._proving.missing(order) and order.validated_at is None:
                order = self._book.change(order_id, "ORDER_VALIDATE_REGISTER", validated_at=self._clock.now())
        return order

    # --- mails ---

    def _new_link(self, address: str) -> Link:
        return Link(address, secrets.token_urlsafe(24), self._clock.now())

    def _mail(self, order: Order, link: Link) -> Order:
        order = self._book.change(order.id, link=link)
        self._mailer.send(order, link)
        return order

    def link_lives(self, link: Link) -> bool:
        now = self._clock.now()
        return now < link.made_at + timedelta(days=terms.TOKEN_DAYS) and not terms.mail_is_over(now)

    def mail_again(self, order_id: str) -> Order:
        order = self._waiting_for_mail(order_id)
        link = t.cast(Link, order.link)
        return self._mail(order, link if self.link_lives(link) else self._new_link(link.address))

    def change_approver(self, order_id: str, address: str, name: str) -> Order:
        """The old link is worth nothing any more."""
        order = self._waiting_for_mail(order_id)
        if bare(name) not in map(bare, order.application.names):
            raise problem(problems.INVALID, "FQDN")
        for one in order.application.names:
            self._judge_approver(address, one)
        return self._mail(order, self._new_link(address))

    def _waiting_for_mail(self, order_id: str) -> Order:
        order = self._waiting(order_id, MAIL)
        if order.status not in OPEN:
            raise problem(problems.MODIFIED)
        return order

    def find_link(self, key: str) -> Order | None:
        for order in self._book.orders():
            if order.link and secrets.compare_digest(order.link.key.encode(), key.encode()):
                return order
        return None

    def still_waits(self, order: Order) -> bool:
        return bool(order.status == INITIAL and order.link and self.link_lives(order.link))

    def press(self, order: Order, yes: bool) -> bool:
        """False: it was too late."""
        with self._book.lock:
            order = self._order(order.id)
            if not self.still_waits(order):
                return False
            address = t.cast(Link, order.link).address
            self._history.add("approved" if yes else "refused", ca=CA, order=order.id, address=address)
            if yes:
                self._prove(order.id, address.partition("@")[2])
            else:
                self._cancel(order)
        self.finish(order.id)
        return True

    # --- people at the CA ---

    def vet(self, order_id: str, yes: bool, hours: float) -> None:
        order = self._waiting(order_id, HUMAN)
        self._history.add("vetted", ca=CA, order=order.id, approved=yes, hours=hours)
        if not yes:
            self._cancel(order)
        else:
            self._book.change(order.id, vetted_at=self._clock.now() + timedelta(hours=hours))
            self.work()

    # --- the end ---

    def finish(self, order_id: str) -> Order:
        """The certificate is made when nothing stands in its way any more."""
        with self._book.lock:
            order = self._order(order_id)
            if order.status not in OPEN or order.validated_at is None:
                return order
            if self._proving.forbidden(order.application.names) or self._must_wait(order):
                return self._order(order_id)
            return self._issue(order)

    def _must_wait(self, order: Order) -> bool:
        if order.reissue_of:
            return self._switches.is_on("gcc_reissue_slow") and self._book.rest(order.id) < SLOW_SECONDS
        if not self._switches.is_on("gcc_phishing_wait"):
            return False
        if order.status == INITIAL:
            self._book.change(order.id, status=PHISHING)
        return self._book.rest(order.id) < SLOW_SECONDS

    def _issue(self, order: Order) -> Order:
        now = self._clock.now()
        application = order.application
        bought = order.ends or self._making.ends(application, now)
        if bought <= now:
            return order
        made = self._making.make(order, application.request, application.names, bought, now)
        order = self._book.change(order.id, "ORDER_ISSUE", status=ISSUED, made=made, completed_at=now, ends=bought)
        self._history.add(
            "issued", ca=CA, order=order.id, serial=made.serial.lower(), names=list(made.names),
            not_after=iso_utc(made.end),
        )  # fmt: skip
        return order

    def work(self) -> None:
        """What goes on by itself."""
        now = self._clock.now()
        for order in self._book.orders(*OPEN):
            quick = self._switches.is_on("gcc_vetting_quick") and self._book.rest(order.id) >= SLOW_SECONDS
            vetted = order.vetted_at is not None and order.vetted_at <= now
            if order.application.method == HUMAN and order.validated_at is None and (quick or vetted):
                self._prove(order.id, *dict.fromkeys(map(self._proving.base, order.application.names)))
            self.finish(order.id)
        for order in self._book.orders(REVOKING):
            if self._book.rest(order.id) >= SLOW_SECONDS:
                self._book.change(order.id, status=REVOKED)

    # --- further certificates, and none ---

    def reissue(self, target_id: str, request: Request, names: t.Sequence[str]) -> Order:
        """At once, as what was proven for the order is still good; with its names, or with some of them."""
        with self._book.lock:
            target = self.the_order(target_id)
            self._judge_reissue(target, request, names)
            application = replace(
                target.application,
                request=request,
                names=tuple(dict.fromkeys((target.application.common_name, *(names or target.application.names)))),
                sub_id="" if self._switches.is_on("gcc_reissue_no_sub_id") else target.application.sub_id,
            )
            order = self._book.add(
                Order(
                    self._book.new_id(), application, INITIAL, self._clock.now(), new_code(), proven=target.proven,
                    validated_at=target.validated_at, ends=target.ends, reissue_of=target.id,
                )
            )  # fmt: skip
            self._note(order)
            self._book.change(order.id, "ORDER_REQUEST")
            return self.finish(order.id)

    def _judge_reissue(self, target: Order, request: Request, names: t.Sequence[str]) -> None:
        if target.status in (CANCELED_BEFORE, CANCELED_AFTER):
            raise problem(problems.CANCELED)
        if target.status != ISSUED:
            raise problem(problems.NO_CERTIFICATE)
        if self._book.reissued_by(target.id):
            raise problem(problems.REISSUED)
        if request.common_name != target.application.common_name:
            raise problem(problems.OTHER_NAME, "OrderParameter.CSR")
        if self._switches.is_on("gcc_key_reuse_refused"):
            self._judge_key(request)
        if not set(names) <= set(target.application.names):
            raise problem(problems.INVALID, "OrderParameter.DNSNames")
        now = self._clock.now()
        if target.validated_at is None or now >= target.validated_at + terms.reuse(now):
            raise problem(problems.NOT_VERIFIED)

    def modify(self, order_id: str, word: str) -> Order:
        operation = self._operation(word)
        with self._book.lock:
            order = self._book.order(order_id)
            if order is None:
                raise problem(problems.NO_CERTIFICATE)
            if order.status == CANCELED_BEFORE:
                raise problem(problems.CANCELED)
            if order.status in (CANCELED_AFTER, REVOKING, REVOKED):
                raise problem(problems.MODIFIED)
            return self._cancel(order) if operation == CANCEL else self._revoke(order)

    def _operation(self, word: str) -> str:
        """UNVERIFIED how they are written: any letter case will do, unless a switch says so."""
        spelled = [spell for vice, spell in SPELLINGS.items() if self._switches.is_on(vice)]
        known = [one for one in (CANCEL, REVOKE) if word.lower() == one]
        if not known or (spelled and word not in [spell(known[0]) for spell in spelled]):
            raise problem(problems.INVALID, "ModifyOrderOperation")
        return known[0]

    def _cancel(self, order: Order) -> Order:
        now = self._clock.now()
        if order.status in OPEN:
            return self._book.change(order.id, "ORDER_CANCEL", status=CANCELED_BEFORE, canceled_at=now)
        if order.completed_at is None or now >= order.completed_at + timedelta(days=terms.CANCEL_DAYS):
            raise problem(problems.COMBINATION, "ModifyOrderOperation")
        self._revoke_certificate(order)
        return self._book.change(order.id, "ORDER_CANCEL", status=CANCELED_AFTER, canceled_at=now, deactivated_at=now)

    def _revoke(self, order: Order) -> Order:
        if order.made is None:
            raise problem(problems.NO_CERTIFICATE)
        self._revoke_certificate(order)
        status = REVOKING if self._switches.is_on("gcc_revoking_slow") else REVOKED
        return self._book.change(order.id, "CERTIFICATE_REVOKE", status=status, deactivated_at=self._clock.now())

    def _revoke_certificate(self, order: Order) -> None:
        if order.made is None:
            return
        serial = order.made.serial
        self._issuing.revoke(int(serial, 16), self._clock.now(), x509.ReasonFlags.unspecified)
        self._history.add("revoked", ca=CA, order=order.id, serial=serial.lower())

    # --- looking things up ---

    def the_order(self, order_id: str) -> Order:
        """What is no order number at all is an internal error, as recorded."""
        if not ORDER_ID.fullmatch(order_id):
            raise problem(problems.INTERNAL)
        order = self._book.order(order_id)
        if order is None:
            unknown = self._switches.is_on("gcc_unknown_order_internal")
            raise problem(problems.INTERNAL if unknown else problems.NO_ORDER)
        return order

    def find_order(self, order_id: str) -> Order | None:
        return self._book.order(order_id)

    def _order(self, order_id: str) -> Order:
        return t.cast(Order, self._book.order(order_id))
