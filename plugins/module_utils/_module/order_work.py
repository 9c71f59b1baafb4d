# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One item of certificate_orders on its way through the loop, and what is ordered for it.

This file is private to the collection.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Capabilities, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Order, tokens_of
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Choice, Goal, Until
from ansible_collections.inkan.tls.plugins.module_utils._module.order_errors import bug
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Item


@dataclass
class Work:
    """One item on its way. entries: all orders of its name that the ledger reads, ``entry`` among them."""

    item: Item
    choice: Choice
    entries: list[Entry]
    goal: Goal
    until: Until
    entry: Entry | None = None
    #: a new order follows when ``entry`` is closed (or at once, if there is none)
    then_new: bool = False
    public_key_sha256: str = ""
    csr: str = ""
    error: InkanError | None = None
    #: what persons told and does not fit: stands beside whatever the CA says
    intake_error: InkanError | None = None
    changed: bool = False
    submitted: bool = False
    obtained: bool = False
    resent: bool = False
    busy: bool = False
    finished: bool = False
    looks: int = 0
    submits: int = 0
    #: waits for which the CA gave no time, by the status that they were for
    polls: collections.Counter[Status] = field(default_factory=collections.Counter)
    failures: int = 0
    #: the CA has to be asked for what it wants (``prepare``): of no use to a later call, which looks first
    unprepared: bool = False
    wait_until: float = 0.0
    #: when the CA first said that it has no order of the intent that is open
    none_at: float | None = None
    #: ids of what was wanted when this call first knew: it is what ``item.visible`` is about
    vouched: frozenset[str] | None = None

    def has_seen(self, entry: Entry) -> bool:
        """Whether the CA wants nothing else by now than the caller can have looked at."""
        wanted = frozenset(tokens_of(entry.standing.wanted))
        if self.vouched is None and wanted:
            self.vouched = wanted
        return wanted <= (self.vouched or frozenset())

    @property
    def account(self) -> str:
        return self.item.ca_account if self.is_new or self.entry is None else self.entry.order.ca_account

    @property
    def is_new(self) -> bool:
        """Whether a new order is to be inserted now."""
        return self.then_new and (self.entry is None or not self.entry.is_open)

    def update(self, entry: Entry) -> None:
        """The order that is worked on, as the ledger has it now."""
        self.entry = entry
        self.put(entry)

    def put(self, entry: Entry) -> None:
        """An order of this name, as the ledger has it now, in its place."""
        self.entries = sorted(
            [one for one in self.entries if one.number != entry.number] + [entry], key=lambda one: one.number
        )
        if self.entry is not None and self.entry.number == entry.number:
            self.entry = entry

    def finish(self, error: InkanError | None = None) -> None:
        self.finished = True
        self.error = error or self.error

    @property
    def order(self) -> Entry:
        """The entry, where there surely is one."""
        if self.entry is None:
            raise bug(f'Cannot work on "{self.item.name}"', RuntimeError("there is no entry"))
        return self.entry


def new_order(work: Work, reference: str, now: datetime) -> Order:
    item = work.item
    return Order(
        name=item.name,
        purpose=item.purpose,
        reference=reference,
        ca_account=item.ca_account,
        product=item.product,
        common_name=item.common_name,
        dns_names=item.dns_names,
        method=item.method,
        csr=work.csr,
        public_key_sha256=work.public_key_sha256,
        custodian=item.custodian,
        hosts=item.hosts or (),
        options=item.options or {},
        created_at=now,
    )


def method_error(item: Item, capabilities: Capabilities) -> InkanError | None:
    """Why this account cannot validate this item, before anything is written or sent."""
    wildcard = any(dns_name.startswith("*.") for dns_name in item.dns_names)
    offered = capabilities.wildcard_methods if wildcard else capabilities.methods
    if item.method in offered:
        return None
    return RefusedError(
        code="method_not_offered",
        what=f"Cannot order {item.common_name}",
        where=f'item "{item.name}", CA account "{item.ca_account}"',
        why=f"{'for wildcard names ' if wildcard else ''}it offers {', '.join(offered) or 'none'}, not {item.method}",
        todo="Choose another validation method",
    )
