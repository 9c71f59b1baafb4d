# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seller's API as values: what a description says once it is read and found right (``reading`` makes them).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.library import Expression
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.template import Template
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit

FORMAT = 1
CALLS = ("submit", "find", "look", "prepare", "ready", "resend", "change_contact", "download", "cancel", "revoke")
#: The calls that may be a list of steps. The other two ask one thing, again and again.
STEPPED = tuple(name for name in CALLS if name not in ("find", "look"))
#: What each call may fill in. An order's number is known after ``submit``; a certificate is revoked without one.
_ALWAYS = ("secrets", "token")
_ORDER = ("reference", "product", "method", "contact", "address", "common_name", "names", "csr", "options", *_ALWAYS)
#: What a signature may be made of: the request as it is sent. ``target`` is path and query as in the request line.
_SENT = ("verb", "path", "query", "target", "url", "host", "body", "body_sha256", "body_sha256_base64")
_SIGNED = (*_ALWAYS, *_SENT, "timestamp", "nonce")
WORDS: t.Mapping[str, tuple[str, ...]] = {
    "submit": (*_ORDER, "replaces"),
    "find": (*_ORDER, "page", "offset", "cursor"),
    "look": (*_ORDER, "order_id"),
    "prepare": (*_ORDER, "order_id"),
    "ready": (*_ORDER, "order_id"),
    "resend": (*_ORDER, "order_id"),
    "change_contact": (*_ORDER, "order_id"),
    "download": (*_ORDER, "order_id"),
    "cancel": (*_ORDER, "order_id"),
    "revoke": ("serial", "certificate", "reason", *_ALWAYS),
    "headers": _ALWAYS,
    "login": ("secrets",),
    "signed": _SIGNED,
    "signature": (*_SIGNED, "signature"),
}
#: RFC 5280 §5.3.1, those that a subscriber may give (BR 7.2.2).
REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
#: The words for ``statuses``; ``unknown`` is what all other words of the seller are, and a seller with an API hands
#: nothing to a clerk.
MEANINGS = tuple(status.value for status in Status if status not in (Status.UNKNOWN, Status.WANTS_PERSON))


@dataclass(frozen=True)
class Method:
    """word: the seller's own, of any type; wildcard: whether it validates ``*.`` names."""

    word: t.Any
    wildcard: bool = False


@dataclass(frozen=True)
class Call:
    """One request. body: a tree of plain values and Templates (JSON), or form: fields; both None: no body.

    order: where the order is in the answer, if not where order.at says. orders, total: of find.
    certificate, chain: of download. when: of prepare, true in an order that still has to be prepared.
    only_for: of ready: the methods that it is for, None: all. already: error codes which say that it was done before.
    next: of find: the cursor of the next page, or its address; has_link_header: that is told in the header Link.
    delay: of find: seconds after which a new order is in the list.
    before: the steps that come first, in order; keep: what a step takes from its answer for those after it.
    buys: after it an order may exist.
    """

    name: str
    verb: str
    path: Template
    query: tuple[tuple[str, Template], ...] = ()
    headers: t.Mapping[str, Template] = field(default_factory=dict)
    body: t.Any = None
    form: t.Any = None
    expect: frozenset[int] = frozenset()
    already: frozenset[str] = frozenset()
    order: Expression | None = None
    orders: Expression | None = None
    total: Expression | None = None
    only_for: frozenset[str] | None = None
    certificate: Expression | None = None
    chain: Expression | None = None
    when: Expression | None = None
    next: Expression | None = None
    has_link_header: bool = False
    delay: float = 5.0
    before: tuple[Call, ...] = ()
    keep: t.Mapping[str, Expression] = field(default_factory=dict)
    buys: bool = False

    @property
    def has_cursor(self) -> bool:
        return "cursor" in self._roots

    @property
    def is_paged(self) -> bool:
        return bool(self._roots & {"page", "offset"})

    @property
    def _roots(self) -> set[str]:
        templates = [self.path, *(template for _name, template in self.query)]
        return {root for one in templates for expression in one.expressions for root, _next in expression.roots}


@dataclass(frozen=True)
class OrderShape:
    """Where each thing is in an order of the seller; None: its answers do not have it. at: where the order itself is
    in an answer about one order. poll: seconds until another look is worth it, as the answer says."""

    at: Expression | None = None
    order_id: Expression | None = None
    status: Expression | None = None
    reference: Expression | None = None
    names: Expression | None = None
    expires: Expression | None = None
    problem: Expression | None = None
    validated: Expression | None = None
    mails: Expression | None = None
    notes: Expression | None = None
    files: Expression | None = None
    records: Expression | None = None
    certificate: Expression | None = None
    chain: Expression | None = None
    poll: Expression | None = None


@dataclass(frozen=True)
class Meaning:
    """What a status word of the seller means; poll: seconds until it is worth another look."""

    status: Status
    poll: float | None = None


@dataclass(frozen=True)
class ErrorShape:
    """when: true in an answer that is an error though its HTTP status is 2xx. The others: error codes which say retry
    (later), gone (there is no such order), account (it is not let in), predecessor (there is none to renew)."""

    when: Expression | None = None
    code: Expression | None = None
    message: Expression | None = None
    retry: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    account: frozenset[str] = frozenset()
    predecessor: frozenset[str] = frozenset()


ALGORITHMS = ("sha256", "sha384", "sha512", "sha1")
KEY_ENCODINGS = ("text", "hex", "base64")
ENCODINGS = ("hex", "base64")
TIMES = ("seconds", "milliseconds", "iso8601", "http")


@dataclass(frozen=True)
class Hmac:
    """text: what is signed. timestamp: in which form {timestamp} is. headers: those that the signature travels in."""

    algorithm: str
    key: Template
    text: Template
    headers: t.Mapping[str, Template]
    key_encoding: str = "text"
    encoding: str = "hex"
    timestamp: str = "seconds"


@dataclass(frozen=True)
class Login:
    """call: gives a token; token, expires_in: where it and its seconds are in the answer; lifetime: seconds, where the
    answer does not say."""

    call: Call
    token: Expression
    expires_in: Expression | None = None
    lifetime: float = 300.0


@dataclass(frozen=True)
class Auth:
    """How the seller knows us, beside ``headers``. query: parameters of every request."""

    basic: Template | None = None
    bearer: Template | None = None
    query: tuple[tuple[str, Template], ...] = ()
    hmac: Hmac | None = None
    login: Login | None = None
    has_client_certificate: bool = False


@dataclass(frozen=True)
class Limits:
    """budget: how many requests it takes. remaining, reset: headers that say how many are left, and when there are
    more. wait: where an error says how many seconds to wait."""

    budget: tuple[Limit, ...] = ()
    remaining: str = ""
    reset: str = ""
    wait: Expression | None = None


@dataclass(frozen=True)
class Description:
    """products, contacts, reasons: from our word to the seller's; None: the seller has our words.

    secrets: the names of the secrets that it uses. zone: of times that come without one. renewing: a new order says
    which one it follows.
    """

    seller: str
    zone: timezone
    headers: t.Mapping[str, Template]
    auth: Auth
    limits: Limits
    products: t.Mapping[str, t.Any] | None
    methods: t.Mapping[str, Method]
    contacts: t.Mapping[str, t.Any] | None
    reasons: t.Mapping[str, t.Any] | None
    calls: t.Mapping[str, Call]
    order: OrderShape
    statuses: t.Mapping[str, Meaning]
    errors: ErrorShape
    secrets: frozenset[str]
    renewing: bool = False
