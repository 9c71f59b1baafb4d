# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of an issued order: another certificate, or none any more."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta

from cryptography import x509

from lab.clock import LabClock
from lab.history import History
from lab.issuing import Issuing
from lab.vices import Switches

from . import problems, terms
from .application import Request
from .book import CA, Book
from .desk import Desk
from .problems import problem
from .proving import new_code
from .values import CANCELED_AFTER, CANCELED_BEFORE, INITIAL, ISSUED, OPEN, REVOKED, REVOKING, Order

CANCEL, REVOKE = "cancel", "revoke"
#: while one of these is on, the words have to be written so
SPELLINGS: t.Mapping[str, t.Callable[[str], str]] = {
    "gcc_words_upper": str.upper,
    "gcc_words_capital": str.capitalize,
    "gcc_words_lower": str.lower,
}


class Afterwards:
    def __init__(
        self, book: Book, desk: Desk, issuing: Issuing, *, clock: LabClock, history: History, switches: Switches
    ) -> None:
        self._book, self._desk, self._issuing = book, desk, issuing
        self._clock, self._history, self._switches = clock, history, switches

    def reissue(self, target_id: str, request: Request, names: t.Sequence[str]) -> Order:
        """At once, as what was proven for the order is still good; with its names, or with some of them."""
        with self._book.lock:
            target = self._desk.the_order(target_id)
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
            self._desk.note(order)
            self._book.change(order.id, "ORDER_REQUEST")
            return self._desk.finish(order.id)

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
            self._desk.judge_key(request)
        if not set(names) <= set(target.application.names):
            raise problem(problems.INVALID, "OrderParameter.DNSNames")
        now = self._clock.now()
        if target.ends is not None and target.ends <= now:
            raise problem(problems.COMBINATION, "TargetOrderID")
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
            return self._desk.cancel(order)
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
