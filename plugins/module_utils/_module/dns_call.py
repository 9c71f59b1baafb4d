# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that write to DNS services share: options, the outside as ports, and how an item is named.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.names import shown_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import record_lines
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import DnsService, Question, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import DNSPYTHON_ERROR
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import OpenService, Outcome, ZoneDiff
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import FACTORIES
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io.system_resolvers import system_resolvers
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import Library

#: seconds for one answer of a server that is no service
SIGHT_TIMEOUT = 5.0
MAX_TTL = 2**31 - 1  # RFC 2181 §8
DNSPYTHON = Library("dnspython", DNSPYTHON_ERROR, "to speak DNS")
#: of AnsibleModule; documented by the fragment inkan.tls.dns_services
SERVICES_SPEC: dict[str, t.Any] = {
    "dns_services": {"type": "dict", "required": True},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
}


class Ports(t.NamedTuple):
    """The outside: a service for its configuration, and who looks where no service is declared."""

    open_service: t.Callable[[ServiceConfig], DnsService]
    outside: t.Callable[[Sight], Outside]


class Outside(t.Protocol):
    def alias_of(self, name: str) -> str | None:
        """The target of a CNAME at ``name``."""

    def values_of(self, question: Question) -> frozenset[str]:
        """What is there, itself or behind its CNAMEs."""


def real_ports() -> Ports:
    return Ports(lambda config: FACTORIES[config.service].open(config), _resolver)


def _resolver(sight: Sight) -> Resolver:
    resolvers = sight.resolvers or system_resolvers()
    return Resolver(resolvers, lambda address: WireExchange(address, sight.dns_port, SIGHT_TIMEOUT))


def open_services(configs: t.Iterable[ServiceConfig], ports: Ports) -> dict[str, OpenService]:
    return {config.name: OpenService(ports.open_service(config), config.zones) for config in configs}


def judge_item(errors: InputCollector, what: str, number: int, name: str, names: t.Container[str]) -> str:
    """What is wrong with the name of an item goes to ``errors``; ``names`` are those of the items before it.

    Returns where it stands, for what else is wrong with it.
    """
    where = f'item {number} "{escaped(name, 80)}"'
    why = shown_name_error(name)
    if why:
        errors.add("bad_name", what=what, where=where, why=why, todo="Correct the name")
    if name in names:
        why = "another item has the same name"
        errors.add("duplicate_name", what=what, where=where, why=why, todo="Give each item its own name")
    return where


def judge_ttl(errors: InputCollector, what: str, where: str, ttl: int) -> None:
    if not 0 <= ttl <= MAX_TTL:
        todo = f"Write seconds from 0 to {MAX_TTL}"
        errors.add("bad_ttl", what=what, where=where, why=f"{ttl} is no TTL", todo=todo)


def record_item(outcome: Outcome) -> ItemResult:
    """Of a module that publishes records."""
    token, place = outcome.token, outcome.place
    return ItemResult(
        name=token.name,
        outcome=_outcome_word(outcome),
        state=None if outcome.there is None else "present" if outcome.there else "absent",
        changed=outcome.changed,
        error=outcome.error,
        extra={
            "service": place.service if place else None,
            "zone": place.zone if place else None,
            "record": place.rrset.name if place else token.record,
            "type": token.type,
            "value": token.value,
        },
    )


def _outcome_word(outcome: Outcome) -> str:
    if outcome.token.present:
        if outcome.error is not None:
            return "not_published"
        return "published" if outcome.changed else "already_there"
    if outcome.error is not None:
        return "not_removed"
    return "removed" if outcome.changed else "already_absent"


def zone_diff(one: ZoneDiff) -> Diff:
    return Diff(f"zone {one.zone} at {one.service}", record_lines(one.before), record_lines(one.after))
