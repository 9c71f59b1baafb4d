# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic update (RFC 2136): prerequisites, then all changes or none. Pure: the zone before, the zone after.

Where RFC 2136 leaves a choice or servers are quiet about what they ignore, this follows what BIND 9.18, Knot 3.2 and
PowerDNS 4.7 were seen to do.
"""

from __future__ import annotations

import typing as t

import dns.rcode
import dns.rdataclass
import dns.rrset
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.update import UpdateMessage

from .dns_answers import Zones
from .dns_zone import Key, Zone

#: types that no record has
META = (RdataType.AXFR, RdataType.IXFR, RdataType.MAILA, RdataType.MAILB)
Sets = dict[Key, RRset]


class Refused(Exception):
    def __init__(self, rcode: Rcode, why: str) -> None:
        super().__init__(why)
        self.rcode = rcode
        self.why = why


def zone_named(message: UpdateMessage, zones: Zones) -> Zone:
    """The zone that the message wants to change (§3.1). The message was read with one record an RRset."""
    if len(message.zone) != 1 or message.zone[0].rdtype != RdataType.SOA:
        raise Refused(Rcode.FORMERR, "the zone section must hold one SOA")
    zone = zones.get(message.zone[0].name)
    if zone is None or message.zone[0].rdclass != RdataClass.IN:
        raise Refused(Rcode.NOTAUTH, f"there is no zone {message.zone[0].name}")
    return zone


def updated(zone: Zone, message: UpdateMessage) -> Zone:
    """The zone afterwards; the same object if nothing changed. Raises Refused."""
    _check_prerequisites(zone, message.prerequisite)
    for change in message.update:
        _check_change(zone, change)
    sets = dict(zone.sets)
    for change in message.update:
        _apply(zone.origin, sets, change)
    if sets == dict(zone.sets) and all(sets[key].ttl == rrset.ttl for key, rrset in zone.sets.items()):
        return zone
    after = zone.with_sets(sets)
    return after if after.serial != zone.serial else after.bumped()


# --- prerequisites (§3.2) ---


def _check_prerequisites(zone: Zone, prerequisites: t.Sequence[RRset]) -> None:
    expected: dict[Key, set[t.Any]] = {}
    for one in prerequisites:
        if one.ttl != 0:
            raise Refused(Rcode.FORMERR, "a prerequisite has a TTL")
        if not one.name.is_subdomain(zone.origin):
            raise Refused(Rcode.NOTZONE, f"{one.name} lies outside the zone")
        if one.deleting is None:
            expected.setdefault((one.name, one.rdtype), set()).update(one)
        else:
            _check_existence(zone, one)
    for (name, rdtype), rdatas in expected.items():
        if set(zone.get(name, rdtype) or ()) != rdatas:
            raise Refused(Rcode.NXRRSET, f"{name} {RdataType.to_text(rdtype)} is not as expected")


def _check_existence(zone: Zone, one: RRset) -> None:
    """Class ANY: it must be there; class NONE: it must not."""
    must_be = one.deleting == RdataClass.ANY
    any_type = one.rdtype == RdataType.ANY
    there = bool(zone.at(one.name)) if any_type else zone.get(one.name, one.rdtype) is not None
    if there == must_be:
        return
    if any_type:
        raise Refused(Rcode.NXDOMAIN if must_be else Rcode.YXDOMAIN, f"{one.name} is not as expected")
    shown = f"{one.name} {RdataType.to_text(one.rdtype)}"
    raise Refused(Rcode.NXRRSET if must_be else Rcode.YXRRSET, f"{shown} is not as expected")


# --- changes (§3.4) ---


def _check_change(zone: Zone, change: RRset) -> None:
    if not change.name.is_subdomain(zone.origin):
        raise Refused(Rcode.NOTZONE, f"{change.name} lies outside the zone")
    wildcard_ok = change.deleting == RdataClass.ANY
    if change.rdtype in META or (change.rdtype == RdataType.ANY and not wildcard_ok):
        raise Refused(Rcode.FORMERR, f"{RdataType.to_text(change.rdtype)} is no type of a record")
    if change.deleting is not None and change.ttl != 0:
        raise Refused(Rcode.FORMERR, "what is to be deleted has a TTL")
    if change.deleting is None and not change:
        raise Refused(Rcode.FORMERR, "what is to be added has no data")


def _apply(origin: Name, sets: Sets, change: RRset) -> None:
    if change.deleting is None:
        _add(origin, sets, change)
    elif change.deleting == RdataClass.ANY:
        for key in [key for key in sets if key[0] == change.name and change.rdtype in (key[1], RdataType.ANY)]:
            if key not in ((origin, RdataType.SOA), (origin, RdataType.NS)):
                del sets[key]
    else:
        _delete_one(origin, sets, change)


def _add(origin: Name, sets: Sets, change: RRset) -> None:
    key = (change.name, change.rdtype)
    is_alias = change.rdtype == RdataType.CNAME
    others = {rdtype for name, rdtype in sets if name == change.name and rdtype != change.rdtype}
    if (is_alias and others) or (not is_alias and RdataType.CNAME in others):
        return  # §3.4.2.2: a CNAME stands alone; ignored in silence
    if change.rdtype == RdataType.SOA and (change.name != origin or not _is_newer(change, sets[key])):
        return
    there = [] if is_alias or change.rdtype == RdataType.SOA or key not in sets else list(sets[key])
    rdatas = there + [rdata for rdata in change if rdata not in there]
    sets[key] = dns.rrset.from_rdata_list(change.name, change.ttl, rdatas)


def _is_newer(change: RRset, soa: RRset) -> bool:
    """RFC 1982. A distance of exactly half the circle is defined by nobody: not newer."""
    ahead: int = (t.cast(t.Any, change[0]).serial - t.cast(t.Any, soa[0]).serial) % 2**32
    return 0 < ahead < 2**31


def _delete_one(origin: Name, sets: Sets, change: RRset) -> None:
    key = (change.name, change.rdtype)
    if key not in sets or change.rdtype == RdataType.SOA:
        return
    rdatas = [rdata for rdata in sets[key] if rdata not in change]
    if rdatas:
        sets[key] = dns.rrset.from_rdata_list(change.name, sets[key].ttl, rdatas)
    elif key != (origin, RdataType.NS):
        del sets[key]
