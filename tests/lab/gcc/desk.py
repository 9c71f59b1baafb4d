# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to an order between its coming in and its end. Every step is in the history."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import replace
from datetime import timedelta

from lab.clock import LabClock, iso_utc
from lab.history import History
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
from .values import CANCELED_BEFORE, INITIAL, ISSUED, OPEN, PHISHING, REVOKED, REVOKING, Link, Order

SLOW_SECONDS = 3
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
        mailer: ApprovalMailer,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self._book, self._proving, self._making = book, proving, making
        self._mailer = mailer
        self._clock, self._history, self._switches = clock, history, switches

    # --- new orders ---

    def take(self, application: Application) -> Order:
        with self._book.lock:
            self.judge(application)
            now = self._clock.now()
            number = application.reserved if application.method == MAIL else self._book.new_id()
            order = self._book.add(Order(number, application, INITIAL, now, new_code()))
            self.note(order)
            order = self._book.change(order.id, "ORDER_REQUEST")
            if application.method == URL:
                order = self._book.change(order.id, "READY_VARIFICATION_URL")
            if self._switches.is_on("gcc_sub_id_shared") and application.sub_id:
                self._add_decoy(order)
        if application.method == MAIL:
            order = self.mail(order, self.new_link(application.approver_email))
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
            self.judge_key(application.request)
        if application.kind == "renewal":
            self._judge_renewal(application)
        if application.method == MAIL:
            self._judge_mail(application)

    def judge_key(self, request: Request) -> None:
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
            self.judge_approver(application.approver_email, name)

    def judge_approver(self, address: str, name: str) -> None:
        if terms.mail_is_over(self._clock.now()) or address not in self._proving.addresses(name):
            raise problem(problems.APPROVER, "ApproverEmail")

    def note(self, order: Order) -> None:
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
        order = self.waiting(order_id, DNS)
        if domain not in self._proving.fqdns(order):
            raise problem(problems.INVALID, "ApproverFQDN")
        return self._verify(order, domain, lambda: self._proving.record_is_there(order, domain))

    def verify_page(self, order_id: str, url: str) -> Order:
        order = self.waiting(order_id, URL)
        if url not in self._proving.urls(order):
            raise problem(problems.INVALID, "ApproverURL")
        name = url.partition("://")[2].partition("/")[0]
        return self._verify(order, name, lambda: self._proving.page_is_there(order, url))

    def waiting(self, order_id: str, method: str) -> Order:
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
            order = self.prove(order.id, domain)
            if self._proving.missing(order):
                raise problem(problems.NOT_VERIFIED)
            if self._proving.forbidden(order.application.names):
                raise problem(problems.CAA)
        return self.finish(order.id)

    def prove(self, order_id: str, *domains: str) -> Order:
        with self._book.lock:
            order = self.order(order_id)
            order = self._book.change(order_id, proven=tuple(dict.fromkeys((*order.proven, *domains))))
            for domain in domains:
                method = order.application.method
                self._history.add("validated", ca=CA, order=order_id, domain=domain, method=method)
            if not self._proving.missing(order) and order.validated_at is None:
                order = self._book.change(order_id, "ORDER_VALIDATE_REGISTER", validated_at=self._clock.now())
        return order

    # --- mails ---

    def new_link(self, address: str) -> Link:
        return Link(address, secrets.token_urlsafe(24), self._clock.now())

    def mail(self, order: Order, link: Link) -> Order:
        order = self._book.change(order.id, link=link)
        self._mailer.send(order, link)
        return order

    # --- people at the CA ---

    def vet(self, order_id: str, yes: bool, hours: float) -> None:
        order = self.waiting(order_id, HUMAN)
        self._history.add("vetted", ca=CA, order=order.id, approved=yes, hours=hours)
        if not yes:
            self.cancel(order)
        else:
            self._book.change(order.id, vetted_at=self._clock.now() + timedelta(hours=hours))
            self.work()

    # --- the end ---

    def finish(self, order_id: str) -> Order:
        """The certificate is made when nothing stands in its way any more."""
        with self._book.lock:
            order = self.order(order_id)
            if order.status not in OPEN or order.validated_at is None:
                return order
            if self._proving.forbidden(order.application.names) or self._must_wait(order):
                return self.order(order_id)
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
                self.prove(order.id, *dict.fromkeys(map(self._proving.base, order.application.names)))
            self.finish(order.id)
        for order in self._book.orders(REVOKING):
            if self._book.rest(order.id) >= SLOW_SECONDS:
                self._book.change(order.id, status=REVOKED)

    def cancel(self, order: Order) -> Order:
        """Before it was issued."""
        return self._book.change(order.id, "ORDER_CANCEL", status=CANCELED_BEFORE, canceled_at=self._clock.now())

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

    def order(self, order_id: str) -> Order:
        return t.cast(Order, self._book.order(order_id))
