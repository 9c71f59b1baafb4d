# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an authoritative server answers to a question (RFC 1034 §4.3.2, RFC 2308, RFC 4592, RFC 6604). Pure."""

from __future__ import annotations

import typing as t

import dns.flags
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

from .dns_zone import Zone

Zones = t.Mapping[Name, Zone]
TRANSFERS = (RdataType.AXFR, RdataType.IXFR)


def holder(zones: Zones, name: Name) -> Zone | None:
    """The longest zone that the name lies in."""
    return max((zone for zone in zones.values() if name.is_subdomain(zone.origin)), key=_depth, default=None)


def _depth(zone: Zone) -> int:
    return len(zone.origin)


def fill(response: Message, zones: Zones) -> None:
    """``response`` holds the question and gets the rest. CNAMEs are followed as far as these zones go."""
    question = response.question[0]
    if question.rdclass != dns.rdataclass.IN or question.rdtype in TRANSFERS or holder(zones, question.name) is None:
        response.set_rcode(dns.rcode.REFUSED)
        return
    response.flags |= dns.flags.AA
    name: Name | None = question.name
    seen: set[Name] = set()
    while name is not None:
        if name in seen:
            response.set_rcode(dns.rcode.SERVFAIL)  # as BIND does, beside the CNAMEs of the loop
            return
        seen.add(name)
        zone = holder(zones, name)
        name = _step(response, zone, name, question.rdtype) if zone is not None else None
    _add_addresses(response, zones)


def _step(response: Message, zone: Zone, name: Name, rdtype: RdataType) -> Name | None:
    """Puts what the zone has at the name. The name to go on with, or None at the end."""
    cut = zone.cut_above(name)
    if cut is not None and not (rdtype == RdataType.DS and name == cut.name):
        _refer(response, cut)
        return None
    sets = zone.at(name)
    exists = bool(sets) or zone.has_below(name)
    if not exists:
        sets = zone.wildcard_for(name)
    found = [rrset for rrset in sets if rdtype in (rrset.rdtype, RdataType.ANY)]
    if found:
        response.answer += found
        return None
    alias = next((rrset for rrset in sets if rrset.rdtype == RdataType.CNAME), None)
    if alias is not None:
        response.answer.append(alias)
        return t.cast(Name, t.cast(t.Any, alias[0]).target)
    _deny(response, zone, exists or bool(sets))
    return None


def _refer(response: Message, cut: RRset) -> None:
    if not response.answer:
        response.flags &= ~dns.flags.AA
    response.authority.append(cut)


def _deny(response: Message, zone: Zone, exists: bool) -> None:
    soa = zone.soa
    ttl = min(soa.ttl, t.cast(t.Any, soa[0]).minimum)  # RFC 2308 §3
    response.authority.append(dns.rrset.from_rdata(zone.origin, ttl, soa[0]))
    if not exists:
        response.set_rcode(dns.rcode.NXDOMAIN)


def _add_addresses(response: Message, zones: Zones) -> None:
    """Of name servers and mail servers, as far as they are known here; glue of a referral is always."""
    hosts = [
        rdata.target if rrset.rdtype == RdataType.NS else rdata.exchange
        for rrset in response.answer + response.authority
        if rrset.rdtype in (RdataType.NS, RdataType.MX)
        for rdata in t.cast(t.Any, rrset)
    ]
    for host in dict.fromkeys(hosts):
        zone = holder(zones, host)
        for rdtype in (RdataType.A, RdataType.AAAA):
            found = zone.get(host, rdtype) if zone is not None else None
            if found is not None and found not in response.answer:
                response.additional.append(found)
