# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the zone above says of a zone's servers. Resolvers begin there, so a server that is named there only counts too.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.flaws import Flaw
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver, Server
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor


class Delegation(t.NamedTuple):
    """more: servers that only the zone above names, by name or by address."""

    flaws: tuple[Flaw, ...] = ()
    more: tuple[Server, ...] = ()


def look_above(zones: t.Sequence[str], resolver: Resolver, executor: Executor) -> dict[str, Delegation]:
    unique = list(dict.fromkeys(zones))
    return dict(zip(unique, executor.map(lambda zone: _look(zone, resolver), unique)))


def _look(zone: str, resolver: Resolver) -> Delegation:
    """Nothing, where nobody above can be asked: the zone's own servers are looked at in any case."""
    try:
        told = resolver.told_by_servers(Question(zone, "NS"), resolver.zone_above(zone))
        if told.referral is None or told.referral.name != zone:
            return Delegation()  # the same servers hold both zones
        above = resolver.zone_below(told)
        own = resolver.zone_named(zone)
    except InkanError:
        return Delegation()
    there = {server.address for server in own.servers}
    glue = [Server(host, address) for host, addresses in told.glue.items() for address in addresses]
    candidates = {one.address: one for one in (*above.servers, *glue) if one.name in told.referral.values}
    more = tuple(server for server in candidates.values() if server.address not in there)
    names_above, names_own = set(told.referral.values), {server.name for server in own.servers}
    if not more and names_own <= names_above:
        return Delegation()
    words = f"the zone above names {_list(names_above)}, the zone itself {_list(names_own)}"
    if names_above == names_own:
        words = f"the zone above has other addresses: {', '.join(f'{one.name} ({one.address})' for one in more)}"
    return Delegation((("delegation_differs", f"zone {escaped(zone, 260)}", words),), more)


def _list(names: t.Iterable[str]) -> str:
    return ", ".join(escaped(name, 260) for name in sorted(names)[:8])
