# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as a whole: its zones at the start, its rooms put together, and what the lab sees of it."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

from lab.clock import LabClock
from lab.dns_server import NAMES
from lab.history import History
from lab.http_server import Routes
from lab.vices import Switches

from .api import BASE, Api, Tokens
from .edits import SOMEBODY, Editing
from .jobs import Jobs
from .looks import Looking
from .publishing import Servers, publish
from .records import Record, name_of
from .wrongs import Document
from .zones import PUBLISHED_ZONE, UNPUBLISHED_ZONE, DpfZone, new_id

SERVICES = ("dpm00000001", "dpm00000002")
MAILBOX = "dns-managers.lab.example."
MAIL_HOST, WEB_ADDRESS = "mail.lab.example.", "127.0.0.11"


class First(t.NamedTuple):
    """A zone at the start."""

    name: str
    service: str = SERVICES[0]
    state: int = PUBLISHED_ZONE
    proxy: bool = False


ZONES = (
    First("example.net."),
    First("sub.example.net."),
    First("proxied.example.net.", proxy=True),
    First("fresh.example.org.", state=UNPUBLISHED_ZONE),
    First("example.ne.jp.", SERVICES[1]),
)
DOMAINS = ("example.net", "example.org", "example.ne.jp")


class Registrar(t.Protocol):
    def register(self, domain: str) -> None: ...


class Dns(t.Protocol):
    @property
    def data(self) -> Servers: ...


class Dpf:
    """The lab calls tick() five times a second. ``url`` is that of its HTTPS server."""

    def __init__(
        self,
        _folder: Path,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        dns: Dns,
        registrar: Registrar,
        url: str,
        **_world: t.Any,
    ) -> None:
        self._url, self._servers, self._lock = url + BASE, dns.data, threading.RLock()
        self.zones: dict[str, DpfZone] = {}
        for first in ZONES:
            self.add_zone(*first)
        for domain in DOMAINS:
            registrar.register(domain)
        self.tokens = Tokens(SERVICES)
        self.jobs = Jobs(self._lock, switches)
        self._looking = Looking(self._url, self.zones, self.jobs, NAMES, switches)
        self._editing = Editing(
            self._url, self._looking, self.jobs, self._servers, clock=clock, history=history, switches=switches
        )
        self._api = Api(self.tokens, self._lock, self.jobs.work, clock=clock, history=history, switches=switches)
        self.rate = self._api.rate

    def facts(self) -> Document:
        return {
            "url": self._url,
            "token": self.tokens.named["write"].secret,
            "tokens": {name: token.secret for name, token in self.tokens.named.items()},
            "service_codes": list(SERVICES),
            "zones": {zone.name.rstrip("."): zone.id for zone in self.zones.values()},
        }

    def roots(self) -> t.Sequence[Path]:
        return ()

    def routes(self, routes: Routes) -> None:
        self._api.add_to(routes, [*self._looking.calls(), *self._editing.calls()])

    def start(self, stack: t.Any) -> None:
        """Nothing: it lives at the lab's HTTPS and DNS servers."""

    def tick(self) -> None:
        self.jobs.work()

    def poll(self) -> None:
        self.jobs.work()

    def orders(self) -> list[Document]:
        return []

    # --- what people of the contract do ---

    def add_zone(
        self, name: str, service: str = SERVICES[0], state: int = PUBLISHED_ZONE, proxy: bool = False
    ) -> DpfZone:
        """With its SOA, its name servers, a mail server and www."""
        name = name_of(name)
        zone = DpfZone(new_id("m"), service, name, state, proxy)
        soa = f"{NAMES[0]}. {MAILBOX} 1 3600 600 604800 300"
        rows = [
            (name, "SOA", (soa,)),
            (name, "NS", tuple(f"{server}." for server in NAMES)),
            (name, "MX", (f"10 {MAIL_HOST}",)),
            (f"www.{name}", "A", (WEB_ADDRESS,)),
        ]
        for owner, rrtype, values in rows:
            record = Record(new_id("r"), owner, rrtype, values)
            zone.published[record.id] = zone.edited[record.id] = record
        with self._lock:
            self.zones[zone.id] = zone
        if state == PUBLISHED_ZONE:
            publish(self._servers, zone)
        return zone

    def zone(self, name: str) -> DpfZone:
        return next(zone for zone in self.zones.values() if zone.name == name_of(name))

    def records(self, zone: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """What is published: name, type, values."""
        with self._lock:
            return sorted((one.name, one.rrtype, one.rdata) for one in self.zone(zone).published.values())

    def somebody_edits(
        self, zone: str, name: str, rrtype: str, values: t.Sequence[str], ttl: int | None = None
    ) -> None:
        """Another person of the contract stages this; no values: a deletion."""
        with self._lock:
            self._editing.somebody_edits(self.zone(zone), name_of(name), rrtype, values, ttl)

    def somebody_publishes(self, zone: str) -> None:
        with self._lock:
            self._editing.publish(self.zone(zone), SOMEBODY, "")

    def put(self, zone: str, name: str, rrtype: str, values: t.Sequence[str], ttl: int | None = None) -> None:
        """As the zone is, published: not what anybody edits."""
        with self._lock:
            there = self.zone(zone)
            for one in [one for one in there.edited.values() if one.key == (name_of(name), rrtype)]:
                del there.edited[one.id]
                there.published.pop(one.id, None)
            if values:
                record = Record(new_id("r"), name_of(name), rrtype, tuple(values), ttl)
                there.published[record.id] = there.edited[record.id] = record
            if there.state == PUBLISHED_ZONE:
                publish(self._servers, there)
