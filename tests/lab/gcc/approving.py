# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with approval mails and their links."""

from __future__ import annotations

import secrets
import typing as t
from datetime import timedelta

from lab.clock import LabClock
from lab.history import History
from lab.names import bare

from . import problems, terms
from .book import CA, Book
from .desk import Desk
from .problems import problem
from .products import MAIL
from .values import INITIAL, OPEN, Link, Order


class Approving:
    def __init__(self, book: Book, desk: Desk, clock: LabClock, history: History) -> None:
        self._book, self._desk, self._clock, self._history = book, desk, clock, history

    def link_lives(self, link: Link) -> bool:
        now = self._clock.now()
        return now < link.made_at + timedelta(days=terms.TOKEN_DAYS) and not terms.mail_is_over(now)

    def mail_again(self, order_id: str) -> Order:
        order = self._waiting_for_mail(order_id)
        link = t.cast(Link, order.link)
        return self._desk.mail(order, link if self.link_lives(link) else self._desk.new_link(link.address))

    def change_approver(self, order_id: str, address: str, name: str) -> Order:
        """The old link is worth nothing any more."""
        order = self._waiting_for_mail(order_id)
        if bare(name) not in map(bare, order.application.names):
            raise problem(problems.INVALID, "FQDN")
        for one in order.application.names:
            self._desk.judge_approver(address, one)
        return self._desk.mail(order, self._desk.new_link(address))

    def _waiting_for_mail(self, order_id: str) -> Order:
        order = self._desk.waiting(order_id, MAIL)
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
            order = self._desk.order(order.id)
            if not self.still_waits(order):
                return False
            address = t.cast(Link, order.link).address
            self._history.add("approved" if yes else "refused", ca=CA, order=order.id, address=address)
            if yes:
                self._desk.prove(order.id, address.partition("@")[2])
            else:
                self._desk.cancel(order)
        self._desk.finish(order.id)
        return True
