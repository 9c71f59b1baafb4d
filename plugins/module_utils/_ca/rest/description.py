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

FORMAT = 1
CALLS = ("submit", "find", "look", "ready", "resend", "change_contact", "download", "cancel", "revoke")
#: What each call may fill in. An order's number is known after ``submit``; a certificate is revoked without one.
_ORDER = ("reference", "product", "method", "contact", "address", "common_name", "names", "csr", "options", "secrets")
WORDS: t.Mapping[str, tuple[str, ...]] = {
    "submit": (*_ORDER, "replaces"),
    "find": (*_ORDER, "page", "offset"),
    "look": (*_ORDER, "order_id"),
    "ready": (*_ORDER, "order_id"),
    "resend": (*_ORDER, "order_id"),
    "change_contact": (*_ORDER, "order_id"),
    "download": (*_ORDER, "order_id"),
    "cancel": (*_ORDER, "order_id"),
    "revoke": ("serial", "certificate", "reason", "secrets"),
    "headers": ("secrets",),
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
#: The words for ``statuses``; ``unknown`` is what all other words of the seller are.
MEANINGS = tuple(status.value for status in Status if status not in (Status.UNKNOWN, Status.WANTS_PREPARATION))


@dataclass(frozen=True)
class Method:
    """word: the seller's own, of any type; wildcard: whether it validates ``*.`` names."""

    word: t.Any
    wildcard: bool = False


@dataclass(frozen=True)
class Call:
    """One request. body: a tree of plain values and Templates (JSON), or form: fields; both None: no body.

    order: where the order is in the answer, if not where order.at says. orders, total: of find.
    certificate, chain: of download.
    only_for: of ready: the methods that it is for, None: all. already: error codes which say that it was done before.
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

    @property
    def is_paged(self) -> bool:
        templates = [self.path, *(template for _name, template in self.query)]
        roots = {root for one in templates for expression in one.expressions for root, _next in expression.roots}
        return bool(roots & {"page", "offset"})


@dataclass(frozen=True)
class OrderShape:
    """Where each thing is in an order of the seller; None: its answers do not have it. at: where the order itself is
    in an answer about one order."""

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


@dataclass(frozen=True)
class Description:
    """products, contacts, reasons: from our word to the seller's; None: the seller has our words.

    secrets: the names of the secrets that it uses. zone: of times that come without one. renewing: a new order says
    which one it follows.
    """

    seller: str
    zone: timezone
    headers: t.Mapping[str, Template]
    basic_auth: Template | None
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
