# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the simulator knows, in memory. Whoever changes more than one thing holds the lock meanwhile."""

from __future__ import annotations

import itertools
import re
import threading
import time
import typing as t
from dataclasses import replace

from lab.clock import LabClock, jst
from lab.history import History

from .values import Event, Order

CA = "gcc"
ORDER_ID = re.compile(r"[A-Z]{4}[0-9]{10}")


class Book:
    def __init__(self, clock: LabClock, history: History) -> None:
        self.lock = threading.RLock()
        self._clock, self._history = clock, history
        self._numbers = itertools.count(1001)
        #: reserved order number -> the name for which it was
        self.reserved: dict[str, str] = {}
        self._orders: dict[str, Order] = {}
        self._before: dict[str, Order] = {}
        self._taken_at: dict[str, float] = {}
        self._changed_at: dict[str, float] = {}

    def new_id(self) -> str:
        """CEAP, the day in Japan, four digits."""
        day = jst(self._clock.now()).strftime("%y%m%d")
        return f"CEAP{day}{next(self._numbers) % 10_000:04}"

    def reserve(self, name: str) -> str:
        with self.lock:
            number = self.new_id()
            self.reserved[number] = name
        return number

    def add(self, order: Order) -> Order:
        with self.lock:
            self._orders[order.id] = order
            self._taken_at[order.id] = self._changed_at[order.id] = time.monotonic()
        return order

    def order(self, order_id: str) -> Order | None:
        return self._orders.get(order_id)

    def orders(self, *statuses: str) -> list[Order]:
        """The oldest first; of these statuses, or all."""
        with self.lock:
            return [order for order in self._orders.values() if not statuses or order.status in statuses]

    def before(self, order_id: str) -> Order | None:
        """The order as it was before its last change of status."""
        return self._before.get(order_id)

    def age(self, order_id: str) -> float:
        """In seconds of the real clock."""
        return time.monotonic() - self._taken_at[order_id]

    def rest(self, order_id: str) -> float:
        """How long it has been in its status, in seconds of the real clock."""
        return time.monotonic() - self._changed_at[order_id]

    def change(self, order_id: str, event: str = "", **facts: t.Any) -> Order:
        """``event``: as ModificationEvents name it."""
        with self.lock:
            before = self._orders[order_id]
            if event:
                facts["events"] = (*before.events, Event(event, self._clock.now()))
            order = self._orders[order_id] = replace(before, **facts)
            if order.status != before.status:
                self._before[order_id] = before
                self._changed_at[order_id] = time.monotonic()
                self._history.add("state", ca=CA, order=order_id, before=before.status, state=order.status)
        return order

    def renewed_by(self, order_id: str) -> list[Order]:
        """Orders that renew this one, and are not cancelled."""
        return [one for one in self._live() if one.application.renewal_target == order_id and not one.reissue_of]

    def reissued_by(self, order_id: str) -> list[Order]:
        return [one for one in self._live() if one.reissue_of == order_id]

    def _live(self) -> list[Order]:
        return [order for order in self.orders() if not order.canceled_at and not order.is_decoy]
