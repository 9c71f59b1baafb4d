# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS zone as a value: whoever changes it makes a new one. Pure; also the words in which people give records.

People write names without the last dot ("@" is the zone itself, a name that does not end in the zone is below it), and
TXT values as plain text.
"""

from __future__ import annotations

import typing as t

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType
from dns.rrset import RRset

TTL = 60
CHARACTER_STRING = 255
#: a record as people read it: name, type, value
Record = tuple[str, str, str]
Key = tuple[Name, RdataType]


class Zone(t.NamedTuple):
    origin: Name
    sets: t.Mapping[Key, RRset]

    def get(self, name: Name, rdtype: RdataType) -> RRset | None:
        return self.sets.get((name, rdtype))

    def at(self, name: Name) -> list[RRset]:
        return [rrset for (owner, _rdtype), rrset in self.sets.items() if owner == name]

    def has_below(self, name: Name) -> bool:
        """The name itself, or one below it, owns something: it exists."""
        return any(owner.is_subdomain(name) for owner, _rdtype in self.sets)

    def cut_above(self, name: Name) -> RRset | None:
        """The delegation at or above the name, the highest first."""
        for depth in range(len(self.origin) + 1, len(name) + 1):
            servers = self.get(name.split(depth)[1], dns.rdatatype.NS)
            if servers is not None:
                return servers
        return None

    def wildcard_for(self, name: Name) -> list[RRset]:
        """RFC 4592: what the asterisk below the closest name that exists gives for this one."""
        parent = name
        while parent != self.origin:
            parent = parent.parent()
            if self.has_below(parent):
                break
        found = self.at(Name((b"*", *parent.labels)))
        return [dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset)) for rrset in found]

    @property
    def soa(self) -> RRset:
        return self.sets[self.origin, dns.rdatatype.SOA]

    @property
    def serial(self) -> int:
        return int(t.cast(t.Any, self.soa[0]).serial)

    def with_sets(self, sets: t.Mapping[Key, RRset]) -> Zone:
        return self._replace(sets=dict(sets))

    def bumped(self) -> Zone:
        serial = (self.serial + 1) % 2**32 or 1
        soa = dns.rrset.from_rdata(self.origin, self.soa.ttl, self.soa[0].replace(serial=serial))
        return self.with_sets({**self.sets, (self.origin, RdataType.SOA): soa})

    def with_values(self, owner: Name, rdtype: RdataType, values: t.Iterable[str], ttl: int = TTL) -> Zone:
        """This RRset holds exactly these values; none: it is gone."""
        sets = {key: rrset for key, rrset in self.sets.items() if key != (owner, rdtype)}
        rdatas = [rdata_of(rdtype, value) for value in values]
        if rdatas:
            sets[owner, rdtype] = dns.rrset.from_rdata_list(owner, ttl, rdatas)
        return self.with_sets(sets)

    def records(self) -> list[Record]:
        return sorted(
            (shown_name(rrset.name), RdataType.to_text(rrset.rdtype), value_of(rdata))
            for rrset in self.sets.values()
            for rdata in rrset
        )


def new_zone(origin: Name, servers: t.Sequence[str], records: t.Iterable[Record] = ()) -> Zone:
    """With its SOA and NS, and these records."""
    apex = Zone(origin, {})
    zone = apex.with_values(origin, RdataType.SOA, [f"{servers[0]} dns-admin.lab.example 1 3600 600 86400 60"])
    zone = zone.with_values(origin, RdataType.NS, servers)
    groups: dict[Key, list[str]] = {}
    for name, type, value in records:
        groups.setdefault((owner_of(origin, name), RdataType.from_text(type)), []).append(value)
    for (owner, rdtype), values in groups.items():
        zone = zone.with_values(owner, rdtype, values)
    return zone


def differences(before: Zone, after: Zone) -> tuple[list[Record], list[Record]]:
    """Records that came and went. A serial that only counted this is no difference."""
    old, new = (set(_changed(one, other).records()) for one, other in ((before, after), (after, before)))
    if _is_counted(before, after):
        old, new = ({record for record in records if record[1] != "SOA"} for records in (old, new))
    return sorted(new - old), sorted(old - new)


def _changed(zone: Zone, other: Zone) -> Zone:
    """Without the sets that the other one took over: a zone of thousands is not written out for each of its changes."""
    return zone.with_sets({key: rrset for key, rrset in zone.sets.items() if other.sets.get(key) is not rrset})


def _is_counted(before: Zone, after: Zone) -> bool:
    return after.soa.ttl == before.soa.ttl and after.soa[0] == before.soa[0].replace(serial=after.serial)


# --- names and values as people write them ---


def name_of(text: str) -> Name:
    return dns.name.from_text(text)


def shown_name(name: Name) -> str:
    return name.to_text(omit_final_dot=True)


def owner_of(origin: Name, text: str) -> Name:
    if text == "@":
        return origin
    name = name_of(text)
    return name if name.is_subdomain(origin) else dns.name.from_text(text.rstrip("."), origin)


def rdata_of(rdtype: RdataType, value: str) -> Rdata:
    if rdtype == RdataType.TXT:
        octets = value.encode("utf-8")
        pieces = [octets[at : at + CHARACTER_STRING] for at in range(0, len(octets), CHARACTER_STRING)] or [b""]
        wire = b"".join(bytes([len(piece)]) + piece for piece in pieces)
        return dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire))
    return dns.rdata.from_text(dns.rdataclass.IN, rdtype, value, dns.name.root, relativize=False)


def value_of(rdata: Rdata) -> str:
    if rdata.rdtype == RdataType.TXT:
        return b"".join(t.cast(t.Any, rdata).strings).decode("utf-8", "backslashreplace")
    return rdata.to_text(origin=dns.name.root, relativize=True)
