# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of the net that is looked at: what is in them, what they say to a question, signed or not.

Records are written as people write them: names without the last dot, "@" is the zone, TXT as plain text; a tuple of
texts is one TXT record of several character-strings.
"""

from __future__ import annotations

import typing as t

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from .net_signing import Signer

TTL = 60
Value = t.Union[str, tuple[str, ...]]


def name_of(text: str) -> Name:
    return dns.name.from_text(text)


class Zone:
    """sets can be changed at any time; signatures are made when they are asked for."""

    def __init__(self, origin: str, servers: t.Sequence[str], signer: Signer | None = None) -> None:
        self.origin = name_of(origin)
        self.signer = signer
        self.sets: dict[tuple[Name, RdataType], RRset] = {}
        #: a CNAME is shown beside what stands at its name
        self.shows_both = False
        self.put("@", "SOA", f"{(servers or ['none.jp'])[0]}. hostmaster.{origin or 'root'}. 1 3600 600 86400 60")
        self.put("@", "NS", *(f"{server}." for server in servers))
        if signer is not None:
            self.sets[self.origin, RdataType.DNSKEY] = dns.rrset.from_rdata_list(self.origin, TTL, signer.dnskeys)

    def copy(self) -> Zone:
        other = Zone.__new__(Zone)
        other.origin, other.signer, other.shows_both = self.origin, self.signer, self.shows_both
        other.sets = dict(self.sets)
        return other

    def put(self, name: str, type: str, *values: Value) -> Zone:
        """These values and no others; none: it is gone."""
        owner, rdtype = self._owner(name), RdataType.from_text(type)
        self.sets.pop((owner, rdtype), None)
        if values:
            rdatas = [_rdata(rdtype, value) for value in values]
            self.sets[owner, rdtype] = dns.rrset.from_rdata_list(owner, TTL, rdatas)
        return self

    def _owner(self, text: str) -> Name:
        if text == "@":
            return self.origin
        name = name_of(text)
        return name if name.is_subdomain(self.origin) and text.endswith(".") else dns.name.from_text(text, self.origin)

    def at(self, name: Name) -> list[RRset]:
        return [rrset for (owner, _rdtype), rrset in self.sets.items() if owner == name]

    def is_there(self, name: Name) -> bool:
        return any(owner.is_subdomain(name) for owner, _rdtype in self.sets)

    def cut_above(self, name: Name) -> RRset | None:
        for depth in range(len(self.origin) + 1, len(name) + 1):
            found = self.sets.get((name.split(depth)[1], RdataType.NS))
            if found is not None:
                return found
        return None

    def dname_above(self, name: Name) -> RRset | None:
        while name != self.origin:
            name = name.parent()
            if (name, RdataType.DNAME) in self.sets:
                return self.sets[name, RdataType.DNAME]
        return None

    def encloser(self, name: Name) -> Name:
        while not self.is_there(name):
            name = name.parent()
        return name


def _rdata(rdtype: RdataType, value: Value) -> dns.rdata.Rdata:
    if rdtype == RdataType.TXT:
        strings = [value] if isinstance(value, str) else value
        octets = [part.encode("utf-8") for part in strings]
        pieces = [part[at : at + 255] for part in octets for at in range(0, max(len(part), 1), 255)]
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, rdtype, pieces)
    return dns.rdata.from_text(dns.rdataclass.IN, rdtype, str(value), dns.name.root, relativize=False)


# --- answers ---------------------------------------------------------------------------------------------------------


class Answering:
    """Fills a response from the zones that one server has. knows: addresses of names beside its own, for glue."""

    def __init__(self, zones: t.Mapping[Name, Zone], response: dns.message.Message, signed: bool) -> None:
        self._zones = zones
        self._response = response
        self._signed = signed

    def fill(self) -> None:
        question = self._response.question[0]
        name: Name | None = question.name
        seen: set[Name] = set()
        if self._zone(question.name, question.rdtype) is None:
            self._response.set_rcode(dns.rcode.REFUSED)
            return
        self._response.flags |= dns.flags.AA
        while name is not None and name not in seen:
            seen.add(name)
            zone = self._zone(name, question.rdtype)
            name = self._step(zone, name, question.rdtype) if zone is not None else None

    def _zone(self, name: Name, rdtype: RdataType) -> Zone | None:
        """A DS record is above the cut, where that zone is served too."""
        zones = sorted(
            (one for one in self._zones.values() if name.is_subdomain(one.origin)), key=lambda one: len(one.origin)
        )
        if rdtype == RdataType.DS and len(zones) > 1 and zones[-1].origin == name:
            return zones[-2]
        return zones[-1] if zones else None

    def _step(self, zone: Zone, name: Name, rdtype: RdataType) -> Name | None:
        cut = zone.cut_above(name)
        if cut is not None and not (rdtype == RdataType.DS and cut.name == name):
            self._refer(zone, cut)
            return None
        dname = zone.dname_above(name)
        if dname is not None:
            target = name.relativize(dname.name).derelativize(t.cast(t.Any, dname[0]).target)
            self._add(zone, dname, dname.name)
            self._response.answer.append(dns.rrset.from_text(name, TTL, "IN", "CNAME", target.to_text()))
            return target
        there = zone.is_there(name)
        encloser = zone.encloser(name)
        sets = zone.at(name) if there else zone.at(dns.name.Name((b"*", *encloser.labels)))
        found = [one for one in sets if one.rdtype == rdtype]
        alias = next((one for one in sets if one.rdtype == RdataType.CNAME), None)
        if found and alias is not None and zone.shows_both:
            found.append(alias)
        if found:
            for rrset in found:
                self._add(zone, rrset, name)
            return None
        if alias is not None:
            self._add(zone, alias, name)
            return t.cast(Name, t.cast(t.Any, alias[0]).target)
        self._deny(zone, name, rdtype, there or bool(sets))
        return None

    def _add(self, zone: Zone, rrset: RRset, name: Name) -> None:
        """As it is, or as a wildcard gives it: then with the proof that nothing nearer is there."""
        shown = dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))
        self._response.answer.append(shown)
        if self._signed and zone.signer is not None:
            self._response.answer += zone.signer.signatures(rrset, name)
            if rrset.name != name:
                self._response.authority += zone.signer.denial(zone, name, RdataType.NONE, exists=False, wildcard=True)

    def _refer(self, zone: Zone, cut: RRset) -> None:
        if not self._response.answer:
            self._response.flags &= ~dns.flags.AA
        self._response.authority.append(cut)
        if self._signed and zone.signer is not None:
            ds = zone.sets.get((cut.name, RdataType.DS))
            if ds is not None:
                self._response.authority += [ds, *zone.signer.signatures(ds, ds.name)]
            else:
                self._response.authority += zone.signer.denial(zone, cut.name, RdataType.DS, exists=True)
        for rdata in t.cast(t.Any, cut):
            for rdtype in (RdataType.A, RdataType.AAAA):
                glue = zone.sets.get((rdata.target, rdtype))
                if glue is not None:
                    self._response.additional.append(glue)

    def _deny(self, zone: Zone, name: Name, rdtype: RdataType, exists: bool) -> None:
        soa = zone.sets[zone.origin, RdataType.SOA]
        self._response.authority.append(soa)
        if not exists:
            self._response.set_rcode(dns.rcode.NXDOMAIN)
        if self._signed and zone.signer is not None:
            self._response.authority += zone.signer.signatures(soa, soa.name)
            self._response.authority += zone.signer.denial(zone, name, rdtype, exists=exists)
