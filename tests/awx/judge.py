# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab saw, judged: orders that were one too many, and certificates that were served past their end.

Nothing is asked of the collection or its ledger: only the history of the sellers, and handshakes.
"""

from __future__ import annotations

import collections
import typing as t
from datetime import datetime, timedelta

from lab.web_host import WebHost

from .estate import Data, SellersServer

#: words of the sellers' states in which an order has ended without a certificate
ENDED = frozenset({"rejected", "expired", "cancelled", "canceled", "refused", "invalid", "failed", "denied"})
#: nobody needs another certificate while the last one has this much of its life before it
TOO_EARLY = 0.5


class Order(t.NamedTuple):
    ca: str
    id: str
    names: tuple[str, ...]
    at: datetime


def orders(events: t.Iterable[Data]) -> list[Order]:
    return [_order(event) for event in events if event["kind"] == "order"]


def orders_by_ca(events: t.Iterable[Data]) -> dict[str, int]:
    return dict(sorted(collections.Counter(ca for ca, _id in {(one.ca, one.id) for one in orders(events)}).items()))


def duplicates(events: t.Sequence[Data]) -> list[str]:
    """Two orders for the same names that were open at once, or certificates of which the second was too early."""
    found: list[str] = []
    open_now: dict[tuple[str, tuple[str, ...]], Order] = {}
    issued: dict[tuple[str, tuple[str, ...]], Data] = {}
    for event in events:
        if event["kind"] == "order":
            order = _order(event)
            before = open_now.get((order.ca, order.names))
            if before is not None and before.id != order.id:  # an ACME CA hands the same order out again
                found.append(f"{order.ca}: {order.id} of {order.at} for {order.names[0]}, while {before.id} was open")
            open_now[order.ca, order.names] = order
        elif event["kind"] == "issued":
            place = (str(event.get("ca", "labssl")), tuple(sorted(event.get("names", ()))))
            open_now.pop(place, None)
            found += _early(place, issued.get(place), event)
            issued[place] = event
        elif (event["kind"] == "state" and str(event.get("state", "")).lower() in ENDED) or event["kind"] == "failed":
            ended = (str(event.get("ca", "labssl")), str(event.get("order")))
            for place, order in list(open_now.items()):
                if (order.ca, order.id) == ended:
                    del open_now[place]
    return found


def _early(place: tuple[str, tuple[str, ...]], before: Data | None, event: Data) -> list[str]:
    if before is None or not before.get("not_after"):
        return []
    begin, end = _moment(before["at"]), _moment(before["not_after"])
    if _moment(event["at"]) - begin >= (end - begin) * TOO_EARLY:
        return []
    return [f"{place[0]}: issued again on {event['at']} for {place[1][0]}; that of {before['at']} ends on {end}"]


def _order(event: Data) -> Order:
    names = tuple(sorted(event.get("names", ())))
    return Order(str(event.get("ca", "labssl")), str(event.get("order")), names, _moment(event["at"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Watch:
    """Asks every server each day, and keeps what it saw: once served, a certificate is served for ever, and valid."""

    def __init__(self, certificates: t.Sequence[Data], web: t.Mapping[str, WebHost], server: SellersServer) -> None:
        self._certificates = [one for one in certificates if "issued_from" not in one]
        self._web = web
        self._server = server
        self.seen: dict[str, set[str]] = collections.defaultdict(set)
        self.lifetimes: collections.Counter[int] = collections.Counter()
        self.expired: list[str] = []
        self.days = 0
        self.handshakes = 0

    def look(self, now: datetime) -> None:
        self.days += 1
        for one in self._certificates:
            if one["deploy"].get("by") == "seller":
                end = self._server.ends.get(one["common_name"])
                if end is not None:
                    self._note(one["name"], "seller", end.isoformat(), end, now)
                continue
            for host in self._web.values() if one["hosts"] == "webservers" else [self._web[one["hosts"]]]:
                asked = one["common_name"].replace("*", "any", 1)
                shown = host.served(asked)
                self.handshakes += 1
                if shown is not None and {one["common_name"], asked} & set(shown.dns_names):
                    fresh = shown.serial not in self.seen[one["name"]]
                    if fresh:
                        self.lifetimes[round((shown.not_after - shown.not_before) / timedelta(days=1))] += 1
                    self._note(one["name"], host.name, shown.serial, shown.not_after, now)
                elif self.seen[one["name"]]:
                    self.expired.append(f"{one['name']} is not served any more by {host.name} on {now:%Y-%m-%d}")

    def _note(self, name: str, where: str, serial: str, end: datetime, now: datetime) -> None:
        self.seen[name].add(serial)
        if end <= now:
            self.expired.append(f"{name}: {where} serves one that ended on {end:%Y-%m-%d %H:%M} on {now:%Y-%m-%d}")
