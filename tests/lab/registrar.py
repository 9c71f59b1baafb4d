# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's registry and its one registrar: which domains are registered, for which customer, linked to the seller."""

from __future__ import annotations

import threading
import typing as t

#: the customer that the lab's user is
CUSTOMER = "customer-1"


class Registration(t.NamedTuple):
    customer: str
    #: managed by the registrar that sells the certificates, under the same customer (JPRS-11)
    linked: bool


class Registrar:
    def __init__(self, domains: t.Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._domains = {domain.lower(): Registration(CUSTOMER, linked=True) for domain in domains}

    def register(self, domain: str, customer: str = CUSTOMER, linked: bool = True) -> None:
        with self._lock:
            self._domains[domain.lower()] = Registration(customer, linked)

    def registration(self, domain: str) -> Registration | None:
        with self._lock:
            return self._domains.get(domain.lower())

    def registered_domain(self, name: str) -> str | None:
        """The longest registered suffix of the name."""
        labels = name.lower().rstrip(".").split(".")
        suffixes = (".".join(labels[at:]) for at in range(len(labels)))
        with self._lock:
            return next((suffix for suffix in suffixes if suffix in self._domains), None)

    def is_linked(self, name: str, customer: str = CUSTOMER) -> bool:
        """The domain of the name is managed by the seller's registrar for this customer."""
        domain = self.registered_domain(name)
        registration = self.registration(domain) if domain is not None else None
        return registration == Registration(customer, linked=True)
