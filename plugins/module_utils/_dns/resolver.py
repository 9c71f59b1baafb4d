# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds who is authoritative, by asking resolvers, and never plants a negative answer in their caches.

A resolver that is asked for a record that is not yet there remembers its absence for minutes to hours (RFC 2308 §5),
and the CA may use the same resolver. So resolvers are asked for zones, their name servers and addresses only; the
record itself is asked of the authoritative servers:

    _acme-challenge.www.example.jp   resolvers: SOA of www.example.jp → zone example.jp → its NS → their A and AAAA
                                     each server: TXT of _acme-challenge.www.example.jp (or a referral: once more)

A "resolver" may itself be an authoritative server without recursion (a lab): its referrals are followed, and the next
one is asked for what it refuses.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import parent_of
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Section, Told, query_for, read_answer
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import ExchangeTo
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor, SerialExecutor

#: CNAMEs in a row (BR names no number; resolvers stop at 8 to 16), and referrals in a row
MAX_CHAIN = 8
#: a hostile zone may name any number of servers
MAX_SERVERS = 32
MAX_NS = 16
#: of servers that are as good as each other
MAX_ASKED = 4
#: a server that left so many questions without an answer is not asked again
MAX_SILENCES = 2


class Server(t.NamedTuple):
    """One address of one name server."""

    name: str
    address: str


class Zone(t.NamedTuple):
    name: str
    servers: tuple[Server, ...]


class Resolver:
    """Remembers what it found for as long as it lives: one run. Threads may share it."""

    def __init__(
        self,
        resolvers: t.Sequence[str],
        exchange_to: ExchangeTo,
        executor: Executor | None = None,
        *,
        dnssec: bool = False,
        more_servers: t.Mapping[str, t.Sequence[Server]] | None = None,
    ) -> None:
        """dnssec: ask with signatures. more_servers: zone -> those that the zone above names beside its own."""
        self._resolvers = tuple(resolvers)
        self._exchange_to = exchange_to
        self._executor = executor or SerialExecutor()
        self._dnssec = dnssec
        self._more_servers = more_servers or {}
        self._silences: dict[str, list[InkanError]] = {}
        self._zone_names: dict[str, str] = {}
        self._above: dict[str, str] = {}
        self._zones: dict[str, Zone] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}

    # --- who is authoritative --------------------------------------------------------------------------------------

    def zone_of(self, name: str) -> Zone:
        """The zone that holds ``name``, or the one above that delegates it, with every address of every server."""
        return self.zone_named(self._zone_name(name))

    def zone_named(self, zone: str) -> Zone:
        """This zone, as it names its servers itself."""
        if zone not in self._zones:
            told = self._resolve(Question(zone, "NS"))
            hosts = sorted(told.found.values) if told.found else []
            found = self._with_addresses(zone, hosts, {})
            known = {server.address for server in found.servers}
            more = (server for server in self._more_servers.get(zone, ()) if server.address not in known)
            self._zones[zone] = found._replace(servers=(*found.servers, *more))
        return self._zones[zone]

    def zone_below(self, told: Told) -> Zone:
        """The zone that a referral points to."""
        referral = t.cast(Section, told.referral)
        return self._with_addresses(referral.name, sorted(referral.values), told.glue)

    def zone_above(self, zone: str) -> str:
        """The name of the zone that delegates this one; "" is the root."""
        above = parent_of(zone)
        if above not in self._above:
            self._above[above] = self._climb(above) if above else ""
        return self._above[above]

    def alias_of(self, name: str) -> str | None:
        """The target of a CNAME at ``name``, as the first authoritative server tells that answers."""
        told = self._authoritative(Question(name, "CNAME"))
        return min(told.found.values) if told.found else told.alias

    def values_of(self, question: Question) -> frozenset[str]:
        """What is there, itself or behind its CNAMEs, as the first authoritative server of each tells."""
        here = question
        for _turn in range(MAX_CHAIN):
            told = self._authoritative(here)
            if told.found is not None or told.alias is None:
                return told.found.values if told.found is not None else frozenset()
            here = Question(told.alias, question.type)
        raise _unfound(question, f"more than {MAX_CHAIN} CNAMEs in a row, or a loop")

    def _authoritative(self, question: Question) -> Told:
        zone = self.zone_of(question.name)
        for _turn in range(MAX_CHAIN):
            told = self._first(question, zone.servers)
            if told.referral is None:
                return told
            zone = self.zone_below(told)
        raise _unfound(question, "the servers point from one to the next without an end")

    def _zone_name(self, name: str) -> str:
        start = parent_of(name) if "." in parent_of(name) else name
        if start not in self._zone_names:
            try:
                found = self._climb(start)
            except InkanError:
                if start == name:
                    raise
                found = self._climb(name)
            self._zone_names[start] = found
        return self._zone_names[start]

    def _climb(self, start: str) -> str:
        """The zone of ``start``; a CNAME there hides it, then the name above tells."""
        name = start
        while name:
            told = self._resolve(Question(name, "SOA"))
            if told.alias is None:
                if told.zone is None:
                    raise _unfound(Question(name, "SOA"), "the answer names no zone")
                return told.zone
            name = parent_of(name)
        raise _unfound(Question(start, "SOA"), "every name above is an alias")

    def _with_addresses(self, zone: str, hosts: t.Sequence[str], glue: t.Mapping[str, tuple[str, ...]]) -> Zone:
        servers: dict[str, Server] = {}
        shown = list(hosts[:MAX_NS])
        for host, found in zip(shown, self._executor.map(self._server_addresses, shown)):
            for address in found or glue.get(host, ()):
                servers.setdefault(address, Server(host, address))
        if not servers:
            names = ", ".join(hosts[:MAX_NS]) or "none"
            raise _unfound(Question(zone, "NS"), f"no address of a name server is known (name servers: {names})")
        return Zone(zone, tuple(servers.values())[:MAX_SERVERS])

    def _server_addresses(self, host: str) -> tuple[str, ...]:
        try:
            return self.addresses(host)
        except InkanError:
            return ()

    # --- addresses -------------------------------------------------------------------------------------------------

    def addresses(self, host: str) -> tuple[str, ...]:
        """Every IPv4 and IPv6 address; CNAMEs are followed. Raises if none could be found."""
        if host not in self._addresses:
            failures: list[InkanError] = []
            found: list[str] = []
            for type in ("A", "AAAA"):
                try:
                    found += self._addresses_of(Question(host, type))
                except InkanError as error:
                    failures.append(error)
            if not found and failures:
                raise failures[0]
            self._addresses[host] = tuple(dict.fromkeys(found))
        return self._addresses[host]

    def _addresses_of(self, question: Question) -> list[str]:
        for _turn in range(MAX_CHAIN + 1):
            told = self._resolve(question)
            if told.alias is None:
                return sorted(told.found.values) if told.found else []
            question = Question(told.alias, question.type)
        raise _unfound(question, f"more than {MAX_CHAIN} CNAMEs in a row, or a loop")

    # --- asking ----------------------------------------------------------------------------------------------------

    def ask(self, question: Question, address: str) -> Told:
        """One authoritative server."""
        silences = self._silences.setdefault(address, [])
        if len(silences) >= MAX_SILENCES:
            raise silences[0]
        query = query_for(question, recurse=False, dnssec=self._dnssec)
        try:
            return read_answer(question, self._exchange_to(address).send(query))
        except TransportError as error:
            if error.code == "dns_no_answer":
                silences.append(error)
            raise

    def told_by_servers(self, question: Question, zone: str) -> Told:
        """By the first server of the zone that answers, of a few: above the own zones there are many."""
        return self._first(question, self.zone_named(zone).servers[:MAX_ASKED])

    def told_by_resolver(self, question: Question) -> Told:
        """For what does exist only: a resolver remembers what does not."""
        return self._resolve(question)

    def _first(self, question: Question, servers: t.Iterable[Server]) -> Told:
        reasons = []
        for server in servers:
            try:
                told = self.ask(question, server.address)
            except InkanError as error:
                reasons.append(f"{server.address}: {error.why}")
                continue
            if told.rcode in ("NOERROR", "NXDOMAIN") or told.alias is not None:
                return told
            reasons.append(f"{server.address}: {told.rcode}")
        raise _unfound(question, "; ".join(reasons))

    def _resolve(self, question: Question) -> Told:
        """From the first resolver that knows; what each of the others said is kept for the sentence."""
        reasons = []
        for resolver in self._resolvers:
            try:
                query = query_for(question, recurse=True, dnssec=self._dnssec)
                message = self._exchange_to(resolver).send(query)
                told = read_answer(question, message)
                if told.referral is not None:
                    told = self._follow(question, told)
            except InkanError as error:
                reasons.append(f"{resolver}: {error.why}")
                continue
            recursive = bool(message.flags & dns.flags.RA)
            if told.rcode in ("NOERROR", "NXDOMAIN") and (recursive or told.authoritative or told.found or told.alias):
                return told
            reasons.append(f"{resolver}: {told.rcode if told.rcode != 'NOERROR' else 'it does not know'}")
        raise _unfound(question, "; ".join(reasons) or "no resolver is known: name some in sight.resolvers")

    def _follow(self, question: Question, told: Told) -> Told:
        """A resolver without recursion only points: walk down, with the addresses that come along."""
        for _turn in range(MAX_CHAIN):
            referral = told.referral
            if referral is None:
                return told
            hosts = sorted(referral.values)[:MAX_NS]
            servers = [Server(host, address) for host in hosts for address in told.glue.get(host, ())]
            if not servers:
                raise _unfound(question, f"{referral.name} is delegated without an address")
            told = self._first(question, servers[:MAX_SERVERS])
        raise _unfound(question, "the servers point from one to the next without an end")


def _unfound(question: Question, why: str) -> TransportError:
    return TransportError(
        code="dns_unresolved",
        what=f"Cannot find {question.type} {escaped(question.name, 260)}",
        where="sight.resolvers",
        why=escaped(why, 600),
        todo="Check sight.resolvers and the delegation of the zone",
    )
