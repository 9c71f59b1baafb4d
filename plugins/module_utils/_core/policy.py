# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wished for a certificate in this run, and which of its orders that concerns. Pure.

    wish present:   an open order goes on; else a CSR that the ledger has no certificate for makes a new one
    wish cancelled: the open order ends
    wish revoked:   the newest certificate, or the one named by its serial, is revoked

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, State, newest


class Goal(enum.Enum):
    PRESENT = "present"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class Until(enum.Enum):
    """Where this call stops: once it is known what to publish, or once the certificate is in the ledger."""

    WANTED = "wanted"
    ISSUED = "issued"


class Resolve(enum.Enum):
    """A person's answer to needs_person."""

    ADOPT = "adopt"  # the order is at the CA under this handle
    RESUBMIT = "resubmit"  # there is none (or it is of no use): close the entry and order again
    GIVE_UP = "give_up"  # close the entry, order nothing now


#: Between two questions to the CA before a lost order counts as never made: a slow CA may still be writing it down when
#: we ask first (DigiCert's index lags its orders, facts/ca-apis 0.1). Five seconds are more than any was seen to take.
SETTLE = timedelta(seconds=5)


@dataclass(frozen=True)
class Policy:
    """What ``next_step`` must know beside facts and time.

    visible    everything wanted was seen by our own check
    can_ask    the CA looks when it is asked to; else only when its crawler comes round
    can_find   the CA can be asked for an order whose handle was lost; can_cancel: orders can be cancelled there
    looks      how often the CA was asked about this order in this call
    unprepared the CA said that it has to be asked for what it wants
    none_for   how long ago it first said in this call that it has no such order
    resend     approval mails are wanted once more; new_contact: another contact than so far is wanted. Only where the
               CA can
    """

    goal: Goal = Goal.PRESENT
    until: Until = Until.ISSUED
    visible: bool = False
    can_ask: bool = True
    can_find: bool = True
    can_cancel: bool = True
    resend: bool = False
    new_contact: bool = False
    looks: int = 0
    unprepared: bool = False
    none_for: timedelta | None = None
    settle: timedelta = SETTLE

    @property
    def looked(self) -> bool:
        return self.looks > 0


@dataclass(frozen=True)
class Wish:
    """The caller's item, reduced to what decides. csr_key: the public key's digest of the CSR given, "" if none was;
    brought: PEM of the certificate that is brought, not ordered."""

    goal: Goal
    ca_account: str = ""
    product: str = ""
    method: str = ""
    dns_names: frozenset[str] = frozenset()
    csr_key: str = ""
    replaces: str = ""
    serial: str = ""
    custodian: str = ""
    resolve: Resolve | None = None
    brought: str = ""


class Act(enum.Enum):
    NEW = "new"  # a new order
    GO_ON = "go_on"  # with ``entry``
    REPLACE = "replace"  # cancel ``entry``, then a new order
    CLOSE = "close"  # ``entry`` is closed by a person's word
    REORDER = "reorder"  # the same, then a new order
    NOTHING = "nothing"  # ``entry`` is what the ledger knows, if anything
    REFUSE = "refuse"


class Choice(t.NamedTuple):
    act: Act
    entry: Entry | None
    why: str


def choose(wish: Wish, entries: t.Sequence[Entry], now: datetime) -> Choice:
    """Which order a wish is about. entries: those of one certificate name and purpose."""
    if wish.goal is Goal.REVOKED:
        return _choose_to_revoke(wish, entries)
    entry = newest(entries)
    if entry is None or not entry.is_open:
        if wish.goal is Goal.CANCELLED:
            return Choice(Act.NOTHING, entry, "no order is open")
        return _choose_to_order(wish, entry, now)
    if entry.state is State.NEEDS_PERSON and wish.resolve in (Resolve.GIVE_UP, Resolve.RESUBMIT):
        again = wish.resolve is Resolve.RESUBMIT and wish.goal is Goal.PRESENT
        return Choice(Act.REORDER if again else Act.CLOSE, entry, "a person decided so")
    difference = difference_of(wish, entry) if wish.goal is Goal.PRESENT and wish.csr_key else ""
    if difference and entry.state is not State.NEEDS_PERSON:
        return Choice(Act.REPLACE, entry, difference)
    return Choice(Act.GO_ON, entry, "the order is open")


def difference_of(wish: Wish, entry: Entry) -> str:
    """Why an open order is not the one wished for, or "".

    A different key alone is no reason once the order was sent: it keeps its own. The key of another custodian is one:
    the host that has the ordered key is gone for good.
    """
    order = entry.order
    if entry.state is State.NONE and wish.csr_key != order.public_key_sha256:
        return "it was never sent, and its key is another one"
    if wish.dns_names != frozenset(order.dns_names):
        return f"it was made for {', '.join(order.dns_names)}"
    for word, wished, ordered in (
        ("CA account", wish.ca_account, order.ca_account),
        ("product", wish.product, order.product),
        ("validation method", wish.method, order.method),
    ):
        if wished and wished != ordered:
            return f"it was made with the {word} {ordered}"
    if wish.brought and wish.brought != (order.options.get("brought") or {}).get("certificate"):
        return "it was made for the certificate before"
    if wish.custodian not in ("", order.custodian) and wish.csr_key != order.public_key_sha256:
        return f"its private key is on {order.custodian}, the new one on {wish.custodian}"
    return ""


def _choose_to_order(wish: Wish, entry: Entry | None, now: datetime) -> Choice:
    if not wish.csr_key:
        return Choice(Act.NOTHING, entry, "no order is open and no CSR was given")
    if entry is None:
        return Choice(Act.NEW, None, "nothing was ordered yet")
    same_key = entry.order.public_key_sha256 == wish.csr_key
    reason = entry.standing.reason
    if same_key and entry.state is State.REVOKED and reason is not None and reason.text == "keyCompromise":
        return Choice(Act.REFUSE, entry, "the certificate of this key was revoked because the key is compromised")
    if same_key and _is_what_is_wished(wish, entry, now):
        return Choice(Act.NOTHING, entry, "the ledger holds the certificate of this CSR")
    return Choice(Act.NEW, entry, "the CSR is for a new certificate")


def _is_what_is_wished(wish: Wish, entry: Entry, now: datetime) -> bool:
    certificate = entry.standing.certificate
    if certificate is None or entry.state not in (State.ISSUED, State.DEPLOY_PENDING, State.DEPLOYED):
        return False
    covers = wish.dns_names == frozenset(entry.order.dns_names)
    return covers and certificate.not_after > now and certificate.serial != wish.replaces


def _choose_to_revoke(wish: Wish, entries: t.Sequence[Entry]) -> Choice:
    issued = [entry for entry in entries if entry.standing.certificate is not None]
    chosen = [entry for entry in issued if not wish.serial or _serial(entry) == wish.serial]
    if wish.serial and not chosen:
        why = f"the ledger holds no certificate with the serial number {wish.serial}"
        return Choice(Act.REFUSE, newest(entries), why)
    entry = max(chosen, key=lambda one: one.number, default=None)
    if entry is None or entry.state is State.REVOKED:
        return Choice(Act.NOTHING, entry or newest(entries), "there is no certificate to revoke")
    return Choice(Act.GO_ON, entry, "the certificate is to be revoked")


def _serial(entry: Entry) -> str:
    certificate = entry.standing.certificate
    return certificate.serial if certificate else ""
