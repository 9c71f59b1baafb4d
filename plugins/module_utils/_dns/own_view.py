# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the resolvers of this machine show, beside what the authoritative servers do: split horizon, and old memories.

A resolver is asked for a record only once every authoritative server shows it, so that no absence is remembered.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.records import shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told, query_for, read_answer
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import MAX_CHAIN, Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Sighting, Wish
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import ExchangeTo
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor

_MOST_RESOLVERS = 3


def add_views(
    seen: t.Mapping[Wish, Sighting],
    own: t.Sequence[str],
    resolver: Resolver,
    exchange_to: ExchangeTo,
    executor: Executor,
) -> dict[Wish, Sighting]:
    """own: the resolvers of this machine. resolver: who found the authoritative servers."""
    pairs = [(wish, address) for wish, one in seen.items() if one.visible for address in own[:_MOST_RESOLVERS]]

    def look(pair: tuple[Wish, str]) -> list[Finding]:
        return _look(pair[0], pair[1], resolver, exchange_to)

    found: dict[Wish, list[Finding]] = {}
    for (wish, _address), findings in zip(pairs, executor.map(look, pairs)):
        found.setdefault(wish, []).extend(findings)
    return {wish: sighting.with_findings(found.get(wish, ())) for wish, sighting in seen.items()}


def _look(wish: Wish, address: str, resolver: Resolver, exchange_to: ExchangeTo) -> list[Finding]:
    """A resolver that says nothing of use says nothing of the CA's either."""
    try:
        told = _asked(Question(wish.name, wish.type), address, exchange_to)
        if told.rcode not in ("NOERROR", "NXDOMAIN"):
            return []
        values = told.found.values if told.found is not None else frozenset()
        if wish.value in values:
            return []
        zone = resolver.zone_of(wish.name)
        servers = _asked(Question(zone.name, "NS"), address, exchange_to)
    except InkanError:
        return []
    place = f"resolver {address}"
    there, here = {server.name for server in zone.servers}, servers.found.values if servers.found else frozenset()
    if here and not here & there:
        why = f"says that {zone.name} is at {', '.join(escaped(one, 260) for one in sorted(here)[:5])}"
        return [Finding("view_other_servers", wish.shown, place, why)]
    if values:
        shown = ", ".join(shown_value(wish.type, value[:300]) for value in sorted(values)[:5])
        return [Finding("view_other_value", wish.shown, place, f"has {shown}")]
    return [Finding("view_missing", wish.shown, place, f"says {told.rcode} without it")]


def _asked(question: Question, address: str, exchange_to: ExchangeTo) -> Told:
    """CNAMEs come along in a resolver's answer."""
    answer = exchange_to(address).send(query_for(question, recurse=True))
    told = read_answer(question, answer)
    for _turn in range(MAX_CHAIN):
        if told.alias is None:
            break
        told = read_answer(Question(told.alias, question.type), answer)
    return told
