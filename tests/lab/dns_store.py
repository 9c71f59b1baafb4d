# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zones of the lab's two DNS servers: the first has the truth, the second follows, as the vices let it."""

from __future__ import annotations

import threading
import time
import typing as t

from dns.name import Name
from dns.rdatatype import RdataType

from .dns_zone import Record, Zone, name_of, new_zone, owner_of
from .vices import Switches

LAG_SECONDS = 2.0


class ZoneStore:
    """Safe for threads. Zones are values: what was handed out never changes."""

    def __init__(self, zones: t.Iterable[Zone], switches: Switches) -> None:
        self._lock = threading.RLock()
        self._switches = switches
        self._first = {zone.origin: zone for zone in zones}
        self._second = dict(self._first)
        #: (when, zone) that the second server has not yet, oldest first
        self._under_way: list[tuple[float, Zone]] = []

    def first(self) -> dict[Name, Zone]:
        with self._lock:
            return dict(self._first)

    def second(self) -> dict[Name, Zone]:
        with self._lock:
            self._follow()
            return dict(self._second)

    def change(self, origin: Name, work: t.Callable[[Zone], Zone]) -> tuple[Zone, Zone]:
        """The zone before and after. Nobody changes it meanwhile."""
        with self._lock:
            self._follow()
            before = self._first[origin]
            after = work(before)
            if after is not before:
                self._first[origin] = after
                self._under_way.append((time.monotonic(), after))
            return before, after

    def put(self, zone: Zone) -> None:
        """At once on both servers: this is how the world is, not a change that somebody asks for."""
        self.put_changed(zone.origin, lambda _before: zone)

    def put_changed(self, origin: Name, work: t.Callable[[Zone | None], Zone]) -> None:
        """The same, made of the zone as it is. Nobody changes it meanwhile."""
        with self._lock:
            zone = work(self._first.get(origin))
            self._follow()
            self._first[zone.origin] = self._second[zone.origin] = zone
            self._under_way = [(when, other) for when, other in self._under_way if other.origin != zone.origin]

    def _follow(self) -> None:
        if self._switches.is_on("dns_servers_disagree"):
            return
        lag = LAG_SECONDS if self._switches.is_on("dns_secondary_lags") else 0
        arrived = time.monotonic() - lag
        for when, zone in self._under_way:
            if when <= arrived:
                self._second[zone.origin] = zone
        self._under_way = [(when, zone) for when, zone in self._under_way if when > arrived]


class DnsData:
    """What tests and the other rooms read and set, by names and values as people write them."""

    def __init__(self, store: ZoneStore, servers: t.Sequence[str]) -> None:
        self._store = store
        self._servers = tuple(servers)

    def zones(self) -> list[str]:
        return sorted(origin.to_text(omit_final_dot=True) for origin in self._store.first())

    def records(self, zone: str) -> list[Record]:
        """As the first server has them: (name, type, value)."""
        return self._zone(zone).records()

    def serial(self, zone: str) -> int:
        return self._zone(zone).serial

    def set(self, zone: str, name: str, type: str, values: t.Iterable[str]) -> None:
        """This RRset holds exactly these values, on both servers at once; none: it is gone."""

        def work(before: Zone | None) -> Zone:
            if before is None:
                raise KeyError(zone)
            after = before.with_values(owner_of(before.origin, name), RdataType.from_text(type), values)
            return after.bumped() if type != "SOA" else after

        self._store.put_changed(name_of(zone), work)

    def follow(self, zone: Zone) -> None:
        """The zone is this from now on; the second server learns it as it learns what it is updated with."""
        if zone.origin in self._store.first():
            self._store.change(zone.origin, lambda _before: zone)
        else:
            self._store.put(zone)

    def add_zone(self, zone: str, records: t.Iterable[Record] = ()) -> None:
        self._store.put(new_zone(name_of(zone), self._servers, records))

    def _zone(self, zone: str) -> Zone:
        return self._store.first()[name_of(zone)]
