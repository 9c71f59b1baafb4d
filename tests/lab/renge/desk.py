# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to an order: its CSR, its records, its certificate."""

from __future__ import annotations

import secrets
import time
import typing as t
from datetime import timedelta, timezone

from cryptography import x509

from lab import signing_request
from lab.clock import LabClock
from lab.history import History
from lab.issuing import House, Issuing, pem
from lab.looking import Resolver, in_all
from lab.names import bare, is_name
from lab.refusal import Refused

from . import book
from .book import CA, CSR_WANTED, ISSUED, MAKING, OPEN, RECORDS_WANTED, Book, Order

HOUSE = House(
    organization="Renge SSL of the Lab",
    root="Lab Renge Root CA",
    issuing=("Lab Renge DV CA 1",),
    base_url="http://ca.lab.example/renge/ca",
)
PLANS = ("R-DV",)
DAYS_TO_VALIDATE, DAYS = 30, 199
MOST_NAMES = 10
CRAWL_SECONDS = 60.0


def refused(code: str, message: str, status: int = 200) -> Refused:
    return Refused(status, code, message)


class Desk:
    def __init__(self, its_book: Book, clock: LabClock, history: History, resolver: Resolver, issuing: Issuing) -> None:
        self._book, self._clock, self._history = its_book, clock, history
        self._resolver, self._issuing = resolver, issuing
        self._crawled = time.monotonic()

    def order(self, cart: int, names: t.Sequence[str]) -> Order:
        if not 1 <= len(names) <= MOST_NAMES or not all(is_name(name) for name in names):
            raise refused("E1002", "ご指定のドメイン名では発行できません。")
        filled = self._book.take_cart(cart)
        if filled is None:
            raise refused("E1004", f"カート {cart} は見つからないか、注文済みです。")
        now = self._clock.now()
        return self._book.add(
            lambda number: Order(
                number=number,
                ref=filled.ref,
                plan=filled.plan,
                names=tuple(names),
                token=secrets.token_hex(16),
                created_at=now,
                expires_at=now + timedelta(days=DAYS_TO_VALIDATE),
            )
        )

    def take_csr(self, order: Order, csr: str) -> Order:
        try:
            read = signing_request.read(csr)
        except signing_request.Invalid:
            raise refused("E1005", "CSRを読み取れません。") from None
        if read.names != set(order.names):
            raise refused("E1005", "CSRに含まれる名前がお申し込みと一致しません。")
        changed = self._book.change(order, (CSR_WANTED,), csr=csr, status=RECORDS_WANTED)
        if changed is None:
            raise refused("E2002", f"{order.number} のCSRは受付済みです。")
        return changed

    def check(self, order: Order) -> Order:
        if order.status != RECORDS_WANTED:
            return order
        done = tuple(name for name in order.names if self._is_there(order, name))
        status = MAKING if set(done) == set(order.names) else RECORDS_WANTED
        return self._book.change(order, (RECORDS_WANTED,), done=done, status=status) or order

    def cancel(self, order: Order) -> Order:
        changed = self._book.change(order, (*OPEN, book.CANCELLED), status=book.CANCELLED)
        if changed is None:
            raise refused("E2003", f"{order.number} は取り消せません。")
        return changed

    def revoke(self, order: Order, reason: x509.ReasonFlags) -> None:
        self._issuing.revoke(int(order.serial, 16), self._clock.now(), reason)

    def work(self) -> None:
        """What goes on by itself."""
        is_due = time.monotonic() - self._crawled >= CRAWL_SECONDS
        if is_due:
            self._crawled = time.monotonic()
        for order in self._book.all():
            if order.status in (CSR_WANTED, RECORDS_WANTED) and self._clock.now() >= order.expires_at:
                self._book.change(order, (CSR_WANTED, RECORDS_WANTED), status=book.EXPIRED)
            elif order.status == RECORDS_WANTED and is_due:
                self.check(order)
            elif order.status == MAKING:
                self._issue(order)

    def host(self, name: str) -> str:
        return f"_renge.{bare(name)}"

    def _is_there(self, order: Order, name: str) -> bool:
        seen = self._resolver.txt_everywhere(self.host(name))
        self._history.add(
            "look", ca=CA, order=order.number, name=self.host(name), type="TXT",
            servers={server: order.token in values for server, values in seen.items()},
        )  # fmt: skip
        return order.token in in_all(seen)

    def _issue(self, order: Order) -> None:
        now = self._clock.now().astimezone(timezone.utc)
        key = signing_request.read(order.csr).key
        certificate = self._issuing.issue(
            key, order.names, now - timedelta(minutes=1), now + timedelta(days=DAYS) - timedelta(minutes=2)
        )
        texts = [pem(one) for one in (certificate, *self._issuing.chain(0))]
        self._book.change(
            order, (MAKING,), status=ISSUED, pem="".join(texts), serial=f"{certificate.serial_number:x}",
            certificate_no=len(self._book.issued()) + 1,
        )  # fmt: skip
