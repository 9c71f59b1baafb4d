# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carts and orders, in memory. Safe for threads."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from lab.history import History

CA = "renge"
CSR_WANTED, RECORDS_WANTED, MAKING, ISSUED, REJECTED, CANCELLED, EXPIRED = 10, 20, 30, 40, 90, 91, 92
OPEN = (CSR_WANTED, RECORDS_WANTED, MAKING)


class Cart(t.NamedTuple):
    number: int
    ref: str
    plan: str


@dataclass(frozen=True)
class Order:
    number: str
    ref: str
    plan: str
    names: tuple[str, ...]
    token: str
    created_at: datetime
    expires_at: datetime
    status: int = CSR_WANTED
    csr: str = ""
    done: tuple[str, ...] = ()
    note: str | None = None
    pem: str = ""
    serial: str = ""
    certificate_no: int = 0


class Book:
    def __init__(self, history: History) -> None:
        self.lock = threading.RLock()
        self._history = history
        self._carts: dict[int, Cart] = {}
        self._number = 0
        self._orders: dict[str, Order] = {}

    def fill_cart(self, ref: str, plan: str) -> Cart:
        with self.lock:
            self._number += 1
            cart = self._carts[self._number] = Cart(self._number, ref, plan)
        return cart

    def ref_of(self, number: int) -> str:
        with self.lock:
            cart = self._carts.get(number)
        return cart.ref if cart is not None else ""

    def take_cart(self, number: int) -> Cart | None:
        """It is gone then."""
        with self.lock:
            return self._carts.pop(number, None)

    def add(self, make: t.Callable[[str], Order]) -> Order:
        with self.lock:
            order = make(f"RG{len(self._orders) + 1:06}")
            self._orders[order.number] = order
        self._history.add("order", ca=CA, order=order.number, ref=order.ref, names=list(order.names))
        return order

    def get(self, number: str) -> Order | None:
        with self.lock:
            return self._orders.get(number)

    def all(self) -> list[Order]:
        """The newest first."""
        with self.lock:
            return list(reversed(self._orders.values()))

    def change(self, order: Order, statuses: t.Collection[int], **facts: t.Any) -> Order | None:
        """None, and no change, if the order is in none of these statuses (any more)."""
        with self.lock:
            before = self._orders[order.number]
            if before.status not in statuses:
                return None
            after = self._orders[order.number] = replace(before, **facts)
        if after.status != before.status:
            self._history.add("state", ca=CA, order=order.number, before=before.status, state=after.status)
        return after

    def issued(self) -> list[Order]:
        return [order for order in self.all() if order.serial]
