# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks with the CA's eyes at many items at once, again and again until the deadline, and only at what is still open.

    records, files      as long as something is not visible
    CAA, contacts       as long as what was found there may pass by itself; a policy does not
    delegations         once; servers that only the zone above names are looked at like the others
    hints, own view     at the end: where a record got to; what this machine's own resolvers show

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.records import is_at_or_below
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._dns import caa_look, contact_look, visibility
from ansible_collections.inkan.tls.plugins.module_utils._dns.caa_look import CaaWish
from ansible_collections.inkan.tls.plugins.module_utils._dns.contact_look import ContactWish
from ansible_collections.inkan.tls.plugins.module_utils._dns.delegation import Delegation, look_above
from ansible_collections.inkan.tls.plugins.module_utils._dns.dnssec import Validator
from ansible_collections.inkan.tls.plugins.module_utils._dns.flaws import see
from ansible_collections.inkan.tls.plugins.module_utils._dns.hints import add_hints
from ansible_collections.inkan.tls.plugins.module_utils._dns.own_view import add_views
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver, Server
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Sighting, Wish
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import ExchangeTo
from ansible_collections.inkan.tls.plugins.module_utils._io import web_look
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor
from ansible_collections.inkan.tls.plugins.module_utils._io.system_resolvers import system_resolvers
from ansible_collections.inkan.tls.plugins.module_utils._io.web_look import FileSighting, FileWish

#: seconds between two looks: soon at first, then so that servers do not mind
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
#: the port of DNS itself: elsewhere there is a lab, which this machine's resolvers know nothing of
_DNS_PORT = 53
#: what is fatal and may pass by itself
_PASSING = ("server_", "dnssec_", "zone_", "delegation_", "caa_lookup", "caa_servers", "view_")


class Ports(t.NamedTuple):
    """The outside: time, DNS servers by address, workers, one HTTP request, registrable domains."""

    clock: Clock
    exchange_to: t.Callable[[Sight], ExchangeTo]
    executor: Executor
    fetch: web_look.Fetch
    base_of: t.Callable[[str], str | None] = lambda _name: None


@dataclass
class Check:
    """One item, and the latest look at it. known: whether all its values are; mailed: findings of the test mail."""

    name: str
    records: list[Wish]
    files: list[FileWish]
    known: bool
    names: list[CaaWish] = field(default_factory=list)
    contacts: list[ContactWish] = field(default_factory=list)
    seen_records: dict[Wish, Sighting] = field(default_factory=dict)
    seen_files: dict[FileWish, FileSighting] = field(default_factory=dict)
    #: None: not looked at yet
    policy: list[Finding] | None = None
    mailed: list[Finding] = field(default_factory=list)

    def open_records(self) -> list[Wish]:
        if not self.known:
            return []
        return [one for one in self.records if one not in self.seen_records or not self.seen_records[one].visible]

    def open_files(self) -> list[FileWish]:
        if not self.known:
            return []
        return [one for one in self.files if one not in self.seen_files or not self.seen_files[one].visible]

    @property
    def is_policy_open(self) -> bool:
        if not self.names and not self.contacts:
            return False
        if self.policy is None:
            return True
        waits = self.known and bool(self.records or self.files)  # for nothing else is waited
        return waits and any(one.is_fatal and one.word.startswith(_PASSING) for one in self.policy)

    @property
    def is_open(self) -> bool:
        return bool(self.open_records() or self.open_files()) or self.is_policy_open

    @property
    def findings(self) -> list[Finding]:
        seen: list[Sighting | FileSighting] = [*self.seen_records.values(), *self.seen_files.values()]
        found = [finding for one in seen for finding in one.findings]
        return list(dict.fromkeys([*found, *(self.policy or ()), *self.mailed]))


class Watch:
    """Only what is still open is looked at again."""

    def __init__(self, checks: t.Sequence[Check], sight: Sight, ports: Ports) -> None:
        self._checks = checks
        self._sight = sight
        self._ports = ports
        self._above: dict[str, Delegation] | None = None
        self._resolver: Resolver | None = None
        self.looks = 0

    def until(self, deadline: int) -> None:
        clock = self._ports.clock
        ends = clock.monotonic() + max(deadline, 0)
        pause = FIRST_PAUSE
        while any(check.is_open for check in self._checks):
            self._look([check for check in self._checks if check.is_open])
            self.looks += 1
            left = ends - clock.monotonic()
            if left <= 0 or not any(check.is_open for check in self._checks):
                break
            clock.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
        self._look_around()

    def _new_resolver(self) -> Resolver:
        """With a new memory for each look: a name server or an address may be what was wrong."""
        more: dict[str, t.Sequence[Server]] = {zone: one.more for zone, one in (self._above or {}).items()}
        return Resolver(
            self._sight.resolvers or system_resolvers(),
            self._ports.exchange_to(self._sight),
            self._ports.executor,
            dnssec=bool(self._sight.anchors),
            more_servers=more,
        )

    def _look(self, checks: t.Sequence[Check]) -> None:
        if self._above is None:
            self._above = self._look_above(checks)
        resolver = self._resolver = self._new_resolver()
        validator = None
        if self._sight.anchors:
            validator = Validator(resolver, self._sight.anchors, self._ports.clock.now())
        self._look_at_records(checks, resolver, validator)
        self._look_at_policy([check for check in checks if check.is_policy_open], resolver, validator)
        self._look_at_files(checks, resolver)

    def _look_above(self, checks: t.Sequence[Check]) -> dict[str, Delegation]:
        names = [record.name for check in checks for record in check.open_records()]
        names += [validated_name(one.dns_name) for check in checks for one in check.names]
        resolver = self._new_resolver()
        zones = [zone for zone in self._ports.executor.map(lambda name: _zone(name, resolver), names) if zone]
        return look_above(zones, resolver, self._ports.executor)

    def _look_at_records(self, checks: t.Sequence[Check], resolver: Resolver, validator: Validator | None) -> None:
        wishes = [one for check in checks for one in check.open_records()]
        executor, private = self._ports.executor, self._sight.may_be_private
        found = visibility.look(wishes, resolver, executor, validator, private)
        for wish, sighting in found.items():
            found[wish] = sighting.with_findings(self._delegation(wish, resolver))
        for check in checks:
            check.seen_records.update({one: found[one] for one in check.open_records()})

    def _delegation(self, wish: Wish, resolver: Resolver) -> list[Finding]:
        zone, base = _zone(wish.name, resolver), self._ports.base_of(wish.name)
        if zone is None:
            return []
        if base is not None and not is_at_or_below(zone, base):
            why = f"{base} is not delegated: the nearest zone is {zone or 'the root'}"
            return [Finding("zone_not_found", wish.shown, "", why)]
        flaws = (self._above or {}).get(zone, Delegation()).flaws
        return [Finding(word, wish.shown, place, why) for word, place, why in flaws]

    def _look_at_policy(self, checks: t.Sequence[Check], resolver: Resolver, validator: Validator | None) -> None:
        base_of = self._ports.base_of
        questions = caa_look.questions_of((one for check in checks for one in check.names), base_of)
        questions += contact_look.questions_of((one for check in checks for one in check.contacts), base_of)
        unique = list(dict.fromkeys(questions))
        seen = see(unique, resolver, self._ports.executor, validator, self._sight.may_be_private)

        def judge(check: Check) -> list[Finding]:
            found = [finding for one in check.names for finding in caa_look.judge(one, seen, base_of)]
            mailboxes = [contact_look.judge(one, seen, resolver, base_of) for one in check.contacts]
            return [*found, *(finding for part in mailboxes for finding in part)]

        for check, findings in zip(checks, self._ports.executor.map(judge, checks)):
            check.policy = findings

    def _look_at_files(self, checks: t.Sequence[Check], resolver: Resolver) -> None:
        ports = self._ports
        wishes = [one for check in checks for one in check.open_files()]
        found = web_look.look(
            wishes, resolver, self._sight, ports.executor, ports.fetch, ports.clock.monotonic, ports.base_of
        )
        for check in checks:
            check.seen_files.update({one: found[one] for one in check.open_files()})

    def _look_around(self) -> None:
        """Of what is not there: where it is. Of what is there: whether this machine sees it, too."""
        if self._resolver is None:
            return
        ports, sight = self._ports, self._sight
        own = sight.own_resolvers
        if own is None:
            own = system_resolvers() if sight.dns_port == _DNS_PORT else ()
        seen = {wish: sighting for check in self._checks for wish, sighting in check.seen_records.items()}
        seen = add_hints(seen, self._resolver, ports.executor)
        seen = add_views(seen, own, self._resolver, ports.exchange_to(sight), ports.executor)
        for check in self._checks:
            check.seen_records = {wish: seen[wish] for wish in check.seen_records}


def _zone(name: str, resolver: Resolver) -> str | None:
    try:
        return resolver.zone_of(name).name
    except InkanError:
        return None
