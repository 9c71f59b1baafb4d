# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the simulator knows, in memory. Whoever changes more than one thing holds the lock meanwhile."""

from __future__ import annotations

import itertools
import threading
import time
import typing as t
from dataclasses import replace

from lab.clock import LabClock
from lab.history import History

from .values import Ask, Certificate, Container, Domain, Order, Organization

CA = "digicert"
ORGANIZATIONS = (
    Organization(117483, "Example K.K.", ("ov", "ev")),
    Organization(117484, "Example New K.K.", ()),
)
CONTAINERS = (Container(5, "Example K.K."), Container(6, "Web"))


class Book:
    def __init__(self, clock: LabClock, history: History) -> None:
        self.lock = threading.RLock()
        self._clock, self._history = clock, history
        self._order_ids, self._ask_ids = itertools.count(1_000_001), itertools.count(922_001)
        self._domain_ids, self._certificate_ids = itertools.count(41_001), itertools.count(456_789_001)
        self._orders: dict[int, Order] = {}
        self._before: dict[int, Order] = {}
        self._taken_at: dict[int, float] = {}
        self._asks: dict[int, Ask] = {}
        self._domains: dict[int, Domain] = {}
        self._certificates: dict[int, Certificate] = {}
        self.organizations = {one.id: one for one in ORGANIZATIONS}
        self.containers = {one.id: one for one in CONTAINERS}

    # --- orders ---

    def add_order(self, make: t.Callable[[int], Order]) -> Order:
        with self.lock:
            order = make(next(self._order_ids))
            self._orders[order.id] = order
            self._taken_at[order.id] = time.monotonic()
        return order

    def order(self, order_id: int) -> Order | None:
        return self._orders.get(order_id)

    def orders(self, *states: str) -> list[Order]:
        """The oldest first; those in these states, or all."""
        with self.lock:
            return [order for order in self._orders.values() if not states or order.state in states]

    def before(self, order_id: int) -> Order | None:
        """The order as it was before its last change of state."""
        return self._before.get(order_id)

    def age(self, order_id: int) -> float:
        """In seconds of the real clock."""
        return time.monotonic() - self._taken_at[order_id]

    def change(self, order_id: int, **facts: t.Any) -> Order:
        with self.lock:
            before = self._orders[order_id]
            now = self._clock.now()
            if facts.get("state", before.state) != before.state:
                facts["updated_at"] = now
            order = self._orders[order_id] = replace(before, **facts)
            if order.state != before.state:
                self._before[order_id] = before
                self._history.add("state", ca=CA, order=order_id, before=before.state, state=order.state)
        return order

    # --- requests, domains, certificates ---

    def add_ask(self, order: int, kind: str, status: str, by: str, comments: str) -> Ask:
        with self.lock:
            ask = Ask(next(self._ask_ids), order, kind, status, self._clock.now(), by, comments)
            self._asks[ask.id] = ask
            self._history.add("ask", ca=CA, request=ask.id, order=order, type=kind, status=status)
        return ask

    def ask(self, ask_id: int) -> Ask | None:
        return self._asks.get(ask_id)

    def asks(self, order: int | None = None) -> list[Ask]:
        with self.lock:
            return [ask for ask in self._asks.values() if order in (None, ask.order)]

    def change_ask(self, ask: Ask, **facts: t.Any) -> Ask:
        with self.lock:
            changed = self._asks[ask.id] = replace(self._asks[ask.id], **facts)
            self._history.add("ask", ca=CA, request=ask.id, order=ask.order, type=ask.type, status=changed.status)
        return changed

    def add_domain(self, make: t.Callable[[int], Domain]) -> Domain:
        with self.lock:
            domain = make(next(self._domain_ids))
            self._domains[domain.id] = domain
            self._history.add(
                "domain", ca=CA, domain=domain.id, name=domain.name, organization=domain.organization,
                method=domain.claim.method,
            )  # fmt: skip
        return domain

    def domain(self, domain_id: int) -> Domain | None:
        return self._domains.get(domain_id)

    def domains(self) -> list[Domain]:
        with self.lock:
            return list(self._domains.values())

    def change_domain(self, domain_id: int, **facts: t.Any) -> Domain:
        with self.lock:
            domain = self._domains[domain_id] = replace(self._domains[domain_id], **facts)
        return domain

    def add_certificate(self, make: t.Callable[[int], Certificate]) -> Certificate:
        with self.lock:
            certificate = make(next(self._certificate_ids))
            self._certificates[certificate.id] = certificate
        return certificate

    def certificate(self, certificate_id: int | None) -> Certificate | None:
        return None if certificate_id is None else self._certificates.get(certificate_id)

    def certificates(self, order: int | None = None) -> list[Certificate]:
        with self.lock:
            return [one for one in self._certificates.values() if order in (None, one.order)]

    def revoke(self, certificate_id: int) -> None:
        with self.lock:
            self._certificates[certificate_id] = replace(self._certificates[certificate_id], revoked=True)
