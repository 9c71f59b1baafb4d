# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to an order between its coming in and its end. Every step is in the history."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from lab.clock import LabClock, iso_utc
from lab.history import History
from lab.issuing import Issuing
from lab.refusal import Refused
from lab.vices import Switches

from . import terms
from .application import Application, Document, Wish, a_flag, broken, read_method, read_wish
from .book import CA, Book
from .claiming import OPEN, Claiming
from .making import Making
from .methods import EMAIL
from .products import DV
from .proving import Proving, not_found
from .values import Ask, Certificate, Job, Order

SLOW_SECONDS = 3


class Who(t.NamedTuple):
    """Whose key it is."""

    name: str
    may_approve: bool


class Desk:
    def __init__(
        self,
        book: Book,
        claiming: Claiming,
        proving: Proving,
        making: Making,
        issuing: Issuing,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
    ) -> None:
        self.book, self.claiming, self.making = book, claiming, making
        self._proving, self._issuing = proving, issuing
        self._clock, self._history, self._switches = clock, history, switches
        #: what follows when a request is approved, or rejected
        self._follows: dict[int, tuple[t.Callable[[], object], t.Callable[[], object]]] = {}
        self._slow_since: dict[int, float] = {}

    # --- new orders ---

    def take(self, application: Application, who: Who) -> Order:
        self._judge(application)
        now, wish = self._clock.now(), application.wish

        def make(number: int) -> Order:
            till = application.term.ends(terms.today(now))
            return Order(
                number, application, "needs_approval", now, till, now, None,
                auto_renew=application.auto_renew, auto_reissue=application.auto_reissue,
            )  # fmt: skip

        with self.book.lock:
            order = self.book.add_order(make)
            self._history.add(
                "order", ca=CA, order=order.id, reference=application.alternative_order_id,
                product=application.product.name_id, method=application.method, names=list(wish.names),
                renewal_of=application.renewal_of,
            )  # fmt: skip
            if application.renewal_of is not None:
                self.book.change(application.renewal_of, renewed_by=order.id)
            ask = self._ask(
                order, "new_request", who, application.skip_approval, application.comments,
                lambda: self._begin(order.id), lambda: self._change(order.id, state="rejected"),
            )  # fmt: skip
            self.book.change(order.id, job=Job("order", wish, ask.id))
            self._approved_at_once(ask)
            return self._order(order.id)

    def _judge(self, application: Application) -> None:
        if application.organization is not None and application.organization not in self.book.organizations:
            raise Refused(404, "not_found", f"There is no organization {application.organization}.")
        if application.container is not None and application.container not in self.book.containers:
            raise Refused(404, "not_found", f"There is no container {application.container}.")
        if application.renewal_of is not None:
            self.the_order(application.renewal_of)
        self.making.judge(application.wish)
        for name in application.wish.names:
            self._proving.base(name)
        for mail in application.mails:
            self._proving.judge_mail(mail)

    def _begin(self, order_id: int) -> None:
        order = self._change(order_id, state="pending", free_names=self.claiming.free_names(self._order(order_id)))
        self.claiming.begin(order, order.application)
        self.claiming.ask_approver(order)
        self.finish(order_id)

    # --- the end ---

    def finish(self, order_id: int) -> None:
        """The certificate is made when nothing stands in its way any more."""
        with self.book.lock:
            order = self._order(order_id)
            if order.job is None or order.state not in OPEN or self.claiming.missing(order):
                return
            if not self._organization_is_valid(order) or self._waits_for_approver(order):
                return
            if self._proving.forbidden(self.claiming.names(order)) or self._is_too_late(order, order.job.wish):
                return
            if order.state == "pending":
                order = self._change(order.id, state="processing")
            since = self._slow_since.setdefault(order.job.ask if order.job else 0, time.monotonic())
            if self._switches.is_on("dc_processing_slow") and time.monotonic() - since < SLOW_SECONDS:
                return
            self._issue(order, t.cast(Job, order.job))

    def _organization_is_valid(self, order: Order) -> bool:
        kind, organization = order.product.validation, self.claiming.organization(order)
        return kind == DV or (organization is not None and kind in organization.validated)

    def _waits_for_approver(self, order: Order) -> bool:
        return bool(order.approver_links) and not order.approver_pressed

    def _is_too_late(self, order: Order, wish: Wish) -> bool:
        now = self._clock.now()
        return self.making.end(order, wish, now) <= now

    def _issue(self, order: Order, job: Job) -> Certificate:
        now = self._clock.now()
        names = (*job.wish.names, *order.free_names)
        made = self.making.make(order, job.wish, names, self.claiming.organization(order), now)
        number = len(self.book.certificates(order.id)) + 1
        certificate = self.book.add_certificate(
            lambda its: Certificate(
                its, order.id, job.kind, f"{number:03}", job.wish, names, made.pem, made.serial, made.thumbprint,
                made.issuer, now, made.valid_from, made.valid_till,
            )
        )  # fmt: skip
        if job.kind == "duplicate":
            self.book.change(order.id, state="issued", job=None)
        else:
            self.book.change(order.id, state="issued", job=None, certificate=certificate.id)
        self._history.add(
            "issued", ca=CA, order=order.id, certificate=certificate.id, of=job.kind, serial=made.serial.lower(),
            names=list(names), not_after=iso_utc(made.valid_till),
        )  # fmt: skip
        return certificate

    def work(self) -> None:
        """What goes on by itself, other than looking."""
        for order in self.book.orders(*OPEN):
            self.finish(order.id)

    def poll(self) -> int:
        """The CA looks by itself; at how many orders."""
        orders = self.book.orders("pending", "reissue_pending")
        for order in orders:
            self.claiming.look(order)
            self.finish(order.id)
        return len(orders)

    # --- what the customer asks for meanwhile ---

    def check(self, order: Order, only: t.Collection[str] = ()) -> Order:
        """Look now. Refused while something is missing."""
        if order.state == "issued":
            return order
        self.open_order(order)
        if order.application.method == EMAIL:
            raise Refused(400, "invalid_dcv_method", "This order is validated by email.")
        names = [name for name in self.claiming.missing(order) if not only or name in only]
        if names and self._switches.strikes("dc_check_late", order.id):
            raise not_found(order.application.method, names)
        self.claiming.look(order)
        names = [name for name in self.claiming.missing(order) if not only or name in only]
        if names:
            raise not_found(order.application.method, names)
        forbidden = self._proving.forbidden(self.claiming.names(order))
        if forbidden:
            raise Refused(400, f"caa_check_failed|{forbidden}", "CAA records do not allow this CA to issue.")
        self.finish(order.id)
        return self._order(order.id)

    def change_method(self, order: Order, method: object) -> Order:
        self.open_order(order)
        chosen = read_method(method, order.product, self.claiming.wish(order), self._clock.now())
        with self.book.lock:
            changed = replace(order.application, method=chosen, mails=())
            order = self.book.change(order.id, application=changed)
            self.claiming.begin(order, changed)
            self._history.add("method", ca=CA, order=order.id, method=chosen)
            return self._order(order.id)

    def cancel(self, order: Order, note: str) -> Order:
        with self.book.lock:
            order = self._order(order.id)
            if order.state in ("pending", "waiting_pickup"):
                return self._change(order.id, state="canceled", job=None, note=note)
            if order.state == "reissue_pending":
                return self._change(order.id, state="issued", job=None, note=note)
        raise broken(f"An order that is {order.state} cannot be canceled.")

    # --- further certificates of an order ---

    def reissue(self, order: Order, body: Document, who: Who) -> tuple[Order, Ask]:
        if order.state != "issued":
            raise broken(f"An order that is {order.state} cannot be reissued.")
        now = self._clock.now()
        wish = read_wish(body, order.product, now, self.claiming.wish(order))
        self._judge_wish(order, wish)
        method = read_method(body.get("dcv_method") or order.application.method, order.product, wish, now)
        for name in wish.names:
            self._proving.base(name)
        as_duplicate = a_flag(body, "store_reissue_as_duplicate")
        application = replace(order.application, method=method, mails=())
        scope = body.get("certificate_dcv_scope")
        application = application if scope is None else replace(application, scope=str(scope))

        def begin() -> None:
            self.claiming.begin(self.book.change(order.id, application=application), application)
            self.finish(order.id)

        with self.book.lock:
            ask = self._ask(
                order, "reissue", who, a_flag(body, "skip_approval"), str(body.get("comments") or ""),
                begin, lambda: self._change(order.id, state="issued", job=None),
            )  # fmt: skip
            job = Job("duplicate" if as_duplicate else "reissue", wish, ask.id)
            self._change(order.id, state="reissue_pending", job=job)
            self._approved_at_once(ask)
            return self._order(order.id), ask

    def duplicate(self, order: Order, body: Document, who: Who) -> tuple[Order, Ask]:
        if order.state != "issued":
            raise broken(f"An order that is {order.state} has no duplicates.")
        before = self.claiming.wish(order)
        wish = read_wish(body, order.product, self._clock.now(), before)
        if set(wish.names) != set(before.names):
            raise broken("A duplicate has the names of its order.")
        if self.claiming.missing(order):
            raise broken("The domains of this order are to be validated again: reissue it.")
        self._judge_wish(order, wish)
        with self.book.lock:
            ask = self._ask(
                order, "duplicate", who, a_flag(body, "skip_approval"), str(body.get("comments") or ""),
                lambda: self._issue_duplicate(order.id, wish), lambda: None,
            )  # fmt: skip
            self._approved_at_once(ask)
            return self._order(order.id), ask

    def _judge_wish(self, order: Order, wish: Wish) -> None:
        self.making.judge(wish)
        if self._is_too_late(order, wish):
            raise broken("The order has expired.")

    def _issue_duplicate(self, order_id: int, wish: Wish) -> None:
        self._issue(self._order(order_id), Job("duplicate", wish, 0))

    def revoke(
        self, order: Order, certificates: t.Sequence[Certificate], reason: t.Any, comments: str, skip: bool, who: Who
    ) -> Ask:
        if order.state == "reissue_pending":
            raise broken("A reissue of this order is pending.")
        if order.state != "issued":
            raise broken(f"An order that is {order.state} cannot be revoked.")

        def follow() -> None:
            for certificate in certificates:
                self._issuing.revoke(int(certificate.serial, 16), self._clock.now(), reason)
                self.book.revoke(certificate.id)
                self._history.add(
                    "revoked", ca=CA, order=order.id, certificate=certificate.id, serial=certificate.serial.lower(),
                    reason=reason.value,
                )  # fmt: skip
            if all(one.revoked for one in self.book.certificates(order.id)):
                self._change(order.id, state="revoked")

        with self.book.lock:
            ask = self._ask(order, "revoke", who, skip, comments, follow, lambda: None, always=True)
            self._approved_at_once(ask)
            return self.book.ask(ask.id) or ask

    # --- the approval queue ---

    def _ask(
        self, order: Order, kind: str, who: Who, skip: bool, comments: str, yes: t.Callable[[], object],
        no: t.Callable[[], object], always: bool = False,
    ) -> Ask:  # fmt: skip
        """``always``: it waits for approval whenever nobody who may has skipped it."""
        waits = (always or self._switches.is_on("dc_approval_queue")) and not (skip and who.may_approve)
        ask = self.book.add_ask(order.id, kind, "pending" if waits else "approved", who.name, comments)
        self._follows[ask.id] = (yes, no)
        return ask

    def _approved_at_once(self, ask: Ask) -> None:
        if ask.status == "approved":
            self._follows.pop(ask.id)[0]()

    def answer(self, ask: Ask, status: str, comment: str, who: Who) -> None:
        if self._switches.is_on("dc_invalid_approver") and who.name == ask.by:
            raise Refused(400, "access_denied|invalid_approver", "The requester may not approve this request.")
        with self.book.lock:
            if ask.id not in self._follows:
                raise broken(f"This request is {ask.status}.")
            self.book.change_ask(ask, status=status, processor_comment=comment)
            if status in ("approved", "rejected"):
                yes, no = self._follows.pop(ask.id)
                (yes if status == "approved" else no)()

    def add_decoy(self, order: Order) -> None:
        """Another order with the same reference, canceled long ago: references are nobody's own."""
        now = self._clock.now()
        names = (f"old.{order.application.wish.common_name.removeprefix('*.')}",)
        wish = replace(order.application.wish, names=names)
        applied = replace(order.application, wish=wish)
        with self.book.lock:
            decoy = self.book.add_order(lambda n: Order(n, applied, "canceled", now, now, now, None, is_decoy=True))
        self._history.add("decoy", ca=CA, order=decoy.id, reference=applied.alternative_order_id)

    # --- looking things up ---

    def the_order(self, order_id: int) -> Order:
        order = self.book.order(order_id)
        if order is None:
            raise Refused(404, "not_found|order", f"There is no order {order_id}.")
        return order

    def open_order(self, order: Order) -> None:
        if order.state not in OPEN:
            raise broken(f"The order is {order.state}.")

    def _order(self, order_id: int) -> Order:
        return t.cast(Order, self.book.order(order_id))

    def _change(self, order_id: int, **facts: t.Any) -> Order:
        return self.book.change(order_id, **facts)
