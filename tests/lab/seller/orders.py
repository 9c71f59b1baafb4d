# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders as values, kept in memory; every change is a line of the journal file and an event of the history."""

from __future__ import annotations

import json
import threading
import time
import typing as t
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from lab.clock import iso_jst
from lab.history import History

PENDING = ("received", "mail_sent", "waiting_file", "waiting_dns", "checking_registrar")
ENDED = ("issued", "rejected", "expired", "cancelled")


class Link(t.NamedTuple):
    """The approval page of one recipient."""

    address: str
    key: str


class File(t.NamedTuple):
    name: str
    uri: str
    content: str


class Record(t.NamedTuple):
    name: str
    type: str
    value: str


@dataclass(frozen=True)
class Order:
    order_id: str
    partner_order_id: str
    product: str
    common_name: str
    names: tuple[str, ...]
    csr: str
    method: str
    state: str
    created_at: datetime
    expires_at: datetime
    reason: str | None = None
    links: tuple[Link, ...] = ()
    files: tuple[File, ...] = ()
    records: tuple[Record, ...] = ()
    done: tuple[str, ...] = ()
    certificate: str = field(default="", repr=False)
    serial: str = ""
    not_after: datetime | None = None
    #: which issuing CA signed it
    issuer: int = 0
    #: how often the crawler came by after the end
    rounds_after_end: int = 0

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def sent_to(self) -> list[str]:
        return [link.address for link in self.links]


class Orders:
    """All changes go through here. Safe for threads."""

    def __init__(self, journal: Path, history: History) -> None:
        self._lock = threading.RLock()
        self._orders: dict[str, Order] = {}
        self._before: dict[str, Order] = {}
        self._taken_at: dict[str, float] = {}
        self._journal = journal
        self._history = history

    def add(self, make: t.Callable[[int], Order]) -> Order:
        """``make`` gets the number of the new order."""
        with self._lock:
            order = make(len(self._orders) + 1)
            self._orders[order.order_id] = order
            self._taken_at[order.order_id] = time.monotonic()
            self._write(order)
        return order

    def get(self, order_id: str) -> Order | None:
        with self._lock:
            return self._orders.get(order_id)

    def before(self, order_id: str) -> Order | None:
        """The order as it was before its last change of state."""
        with self._lock:
            return self._before.get(order_id)

    def age(self, order_id: str) -> float:
        """In seconds of the real clock."""
        with self._lock:
            return time.monotonic() - self._taken_at[order_id]

    def all(self) -> list[Order]:
        """The newest first."""
        with self._lock:
            return list(reversed(self._orders.values()))

    def in_state(self, *states: str) -> list[Order]:
        """The oldest first."""
        return [order for order in reversed(self.all()) if order.state in states]

    def change(self, order_id: str, states: t.Collection[str], **facts: t.Any) -> Order | None:
        """None, and no change, if the order is in none of these states (any more)."""
        with self._lock:
            before = self._orders[order_id]
            if before.state not in states:
                return None
            order = self._orders[order_id] = replace(before, **facts)
            self._write(order)
            if order.state != before.state:
                self._before[order_id] = before
                self._history.add("state", order=order_id, before=before.state, state=order.state, reason=order.reason)
        return order

    def _write(self, order: Order) -> None:
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(order), ensure_ascii=False, default=_plain) + "\n")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return iso_jst(value)
    raise TypeError(f"an order holds {type(value).__name__}")
