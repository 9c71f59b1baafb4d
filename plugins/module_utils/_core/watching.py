# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to tell between two looks at the ledger or a mailbox, for event-driven Ansible. Pure.

    orders, plan ─▶ notices(): due, pending, issued ─┐
    letters      ─▶ as they are                      ├─▶ Told.news(): each state once ─▶ events(): one for each kind
                                                     ┘

Who is due is said by the plan (``_core/policy_renewal``), what an order waits for by its facts (``_core/steps``).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import (
    Choose,
    Facts,
    RenewalPolicy,
    decide,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.run import OPEN, ByName, Said
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import read_wishes

Data = dict[str, t.Any]
Key = tuple[str, ...]

#: A certificate is told as due at most once in this time, whatever becomes of it: an event may buy one, and a policy by
#: which each new certificate is due at once must not buy one with every look.
REST_OF_DUE = timedelta(hours=24)
#: Names in one event; a message of a rulebook is no place for a whole estate.
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Notice:
    """kind: the word of the event; key: names the state for good; rest: not told again of this name within it."""

    kind: str
    name: str
    key: Key
    data: Data = field(default_factory=dict)
    rest: timedelta = timedelta(0)


@dataclass(frozen=True)
class Since:
    """pending: orders made before then are pending too long; issued: certificates obtained before then are no news."""

    pending: datetime
    issued: datetime


def notices(orders: ByName, planned: ByName, since: Since) -> list[Notice]:
    """orders: the ledger's newest word by certificate; planned: results of dcv_plan."""
    found = [_due(name, one, orders.get(name, {})) for name, one in planned.items() if one.get("outcome") == "due"]
    for name, order in orders.items():
        if order.get("state") in OPEN and _before(order.get("created_at"), since.pending):
            found.append(_pending(name, order))
        elif order.get("serial") and order.get("obtained_at") and not _before(order["obtained_at"], since.issued):
            found.append(_issued(name, order))
    return found


def _before(moment: t.Any, limit: datetime) -> bool:
    return bool(moment) and parse_time(str(moment)) < limit


def _due(name: str, planned: Said, order: Said) -> Notice:
    due = planned.get("due") or {}
    data = {key: due.get(key) for key in ("code", "reason", "kind", "at")}
    known = str(order.get("serial") or order.get("reference") or "")
    return Notice("due", name, ("due", name, known, str(due.get("code"))), data, REST_OF_DUE)


def _pending(name: str, order: Said) -> Notice:
    waiting = order.get("waiting_for") or {}
    data = {
        "state": order["state"],
        "reference": order.get("reference"),
        "created_at": order["created_at"],
        "actor": waiting.get("actor"),
        "what": waiting.get("what"),
        "by": waiting.get("by"),
    }
    return Notice("pending", name, ("pending", name, str(order.get("reference")), str(order["state"])), data)


def _issued(name: str, order: Said) -> Notice:
    data = {key: order.get(key) for key in ("serial", "not_before", "not_after", "obtained_at", "hosts_pending")}
    return Notice("issued", name, ("issued", name, str(order["serial"])), data)


class Told:
    """What was told already: a state is told when it begins, and not again before it has ended and begun anew."""

    def __init__(self) -> None:
        self._told: set[Key] = set()
        self._last: dict[tuple[str, str], datetime] = {}

    def news(self, found: t.Sequence[Notice], now: datetime) -> list[Notice]:
        """found: all that holds now. What has to rest is told by a later look, if it holds then."""
        new = [one for one in found if one.key not in self._told and not self._rests(one, now)]
        self._told &= {one.key for one in found}
        for one in new:
            self._told.add(one.key)
            if one.rest:
                self._last[one.kind, one.name] = now
        return new

    def _rests(self, one: Notice, now: datetime) -> bool:
        last = self._last.get((one.kind, one.name))
        return last is not None and now - last < one.rest


def events(news: t.Sequence[Notice], about: Data) -> list[Data]:
    """One for each kind, in the order in which they were found; about: what all of them say, too."""
    kinds = dict.fromkeys(one.kind for one in news)
    return [
        {
            "type": kind,
            "names": [one.name for one in part],
            "certificates": [{"name": one.name, **one.data} for one in part],
            **about,
        }
        for kind in kinds
        for part in _parts([one for one in news if one.kind == kind])
    ]


def _parts(news: list[Notice]) -> t.Iterator[list[Notice]]:
    for begin in range(0, len(news), MOST_AT_ONCE):
        yield news[begin : begin + MOST_AT_ONCE]


def dues_of(items: t.Sequence[Data], policy: RenewalPolicy, now: datetime) -> dict[str, Said]:
    """Where nobody has declared anything to the watcher: which certificates of the ledger have come to their days.

    items: what ``plan_items`` makes of ``known_items``. Of certificates that are there alone, and in the form of
    results of dcv_plan; sellers' windows and changed declarations are beyond it.
    """
    found: dict[str, Said] = {}
    for wish in read_wishes(items, InputCollector()):
        if wish.live is not None:
            names = wish.live.dns_names or wish.dns_names
            key_type = wish.live.key_type or wish.key.type
            due = decide(Facts(wish.name, names, key_type, wish.live, wish.order), policy, Choose.RENEW, now)
            words = {"code": due.code, "reason": due.reason, "kind": due.kind, "at": due.at and render_time(due.at)}
            found[wish.name] = {"outcome": due.outcome.value, "due": words}
    return found


def known_items(orders: ByName) -> list[Data]:
    """As far as they were ordered, which is enough for ``dues_of``."""
    return [
        {"name": name, **{key: order.get(key) for key in ("common_name", "product", "ca_account")}}
        for name, order in orders.items()
        if order.get("common_name")
    ]
