# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CA knows: accounts, orders, authorizations, challenges, certificates. Values that their rooms change.

Whoever reads or changes them holds ``Book.lock``.
"""

from __future__ import annotations

import itertools
import threading
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from josepy.jwk import JWK

from .problems import Document

CA = "acme_ca"
PENDING, READY, PROCESSING, VALID, INVALID = "pending", "ready", "processing", "valid", "invalid"
DEACTIVATED, EXPIRED, REVOKED = "deactivated", "expired", "revoked"


@dataclass
class Account:
    id: str
    #: all that it ever had, the current one last
    keys: list[JWK]
    contact: list[str]
    agreed: bool
    created: datetime
    status: str = VALID
    #: as it came in the request
    binding: Document | None = None
    #: the name of the binding's key
    external: str = ""

    @property
    def key(self) -> JWK:
        return self.keys[-1]


@dataclass
class Challenge:
    id: str
    kind: str
    token: str
    status: str = PENDING
    validated: datetime | None = None
    error: Document | None = None


@dataclass
class Authorization:
    id: str
    account: str
    #: without ``*.``
    name: str
    wildcard: bool
    expires: datetime
    challenges: list[Challenge]
    #: it is good for names below it (RFC 9444)
    subdomains: bool = False
    status: str = PENDING

    @property
    def method(self) -> str:
        """By which it was validated."""
        return next((one.kind for one in self.challenges if one.status == VALID), "")


@dataclass
class Order:
    id: str
    account: str
    #: as they were ordered, with ``*.``
    names: tuple[str, ...]
    profile: str
    replaces: str
    created: datetime
    expires: datetime
    #: name -> id of its authorization
    authorizations: dict[str, str] = field(default_factory=dict)
    #: name -> the domain above it that is validated in its place (RFC 9444)
    ancestors: dict[str, str] = field(default_factory=dict)
    status: str = PENDING
    error: Document | None = None
    csr: x509.CertificateSigningRequest | None = None
    #: real seconds, since when it is ``processing``
    since: float = 0
    certificate: str = ""


@dataclass
class Window:
    """What renewalInfo says; the texts are sent as they are, also when they are nonsense."""

    start: str
    end: str
    explanation: str = ""
    retry_after: str = ""


@dataclass
class Certificate:
    #: of RFC 9773, 4.1
    id: str
    #: of its URL
    number: str
    account: str
    order: str
    names: tuple[str, ...]
    leaf: x509.Certificate
    issuer: int
    profile: str
    #: set by somebody at the CA; else the usual one
    window: Window | None = None
    revoked: datetime | None = None


class Book:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, Order] = {}
        self.authorizations: dict[str, Authorization] = {}
        #: by their id in RFC 9773
        self.certificates: dict[str, Certificate] = {}
        self._numbers = {word: itertools.count(start) for word, start in _STARTS.items()}

    def number(self, word: str) -> str:
        return str(next(self._numbers[word]))

    def challenge(self, id: str) -> tuple[Authorization, Challenge] | None:
        found = ((one, part) for one in self.authorizations.values() for part in one.challenges if part.id == id)
        return next(found, None)

    def numbered(self, number: str) -> Certificate | None:
        return next((one for one in self.certificates.values() if one.number == number), None)

    def of_account(self, account: str) -> list[Order]:
        return [order for order in self.orders.values() if order.account == account]

    def replacing(self, certificate: str) -> Order | None:
        """The order that is to replace it, and has not failed (RFC 9773, 5)."""
        orders = (order for order in self.orders.values() if order.replaces == certificate)
        return next((order for order in orders if order.status != INVALID), None)

    def with_key(self, jwk: JWK) -> Account | None:
        """An account has as many thumbprints as it had keys, but only its current key speaks for it."""
        found: t.Iterator[Account] = (one for one in self.accounts.values() if one.key == jwk)
        return next(found, None)


_STARTS = {"account": 1000001, "order": 2000001, "authorization": 3000001, "challenge": 4000001, "certificate": 5000001}
