# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published, as the lab's DNS servers answer it."""

from __future__ import annotations

import typing as t

import dns.rdatatype
import dns.rrset

from lab.dns_zone import Zone, name_of

from .records import rdata_of
from .zones import DpfZone


class Servers(t.Protocol):
    """The lab's DNS."""

    def follow(self, zone: Zone) -> None: ...


def publish(servers: Servers, zone: DpfZone) -> None:
    origin = name_of(zone.name)
    sets = {}
    for one in zone.published.values():
        if one.rrtype == "ANAME":  # no type of the DNS: the service answers with addresses instead
            continue
        owner, kind = name_of(one.name), dns.rdatatype.from_text(one.rrtype)
        ttl = zone.default_ttl if one.ttl is None else one.ttl
        rdatas = [rdata_of(one.rrtype, value) for value in one.rdata]
        sets[owner, kind] = dns.rrset.from_rdata_list(owner, ttl, rdatas)
    servers.follow(Zone(origin, sets))
