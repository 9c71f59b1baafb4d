# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS service ``rfc2136``: dynamic update with TSIG (BIND, Knot, PowerDNS).

What servers do, measured, and what this file does about it:

    NOERROR proves nothing: TXT beside a CNAME is ignored in silence   every write is read back, signed (same view)
    an add with another TTL rewrites the TTL of the whole RRset        an existing RRset keeps its TTL
    one denied record refuses the whole message                        the message is halved to save the others
    Knot says BADKEY of a known key that its acl denies the update     taken for a refusal: the look was signed with it
    PowerDNS refuses TXT beside a CNAME, the others ignore it          what stands there is told, not what was said
    a neighbour may have cut the same text into other strings          what is removed is the RDATA that was seen
    an answer may be lost after the update took effect                 the read-back decides, nothing is sent twice

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.records import longest_zone, shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    DnsService,
    Look,
    Question,
    Receipts,
    RRset,
    ServiceConfig,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.rcodes import (
    UNWRITTEN,
    answer_lost,
    denied_update,
    rcode_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import (
    Section,
    Told,
    query_for,
    read_answer,
    to_rdata,
    value_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136_settings import (
    open_exchange,
    settings_errors,
    settings_warnings,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136_soa import Pause, SoaEditor, no_pause, soa_of
from ansible_collections.inkan.tls.plugins.module_utils._dns.update import Edit, batches, message_of
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import Exchange
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock

#: how many more messages a zone gets to find out which record it denies
MAX_HALVINGS = 64


class _Seen(t.NamedTuple):
    look: Look
    rdatas: tuple[dns.rdata.Rdata, ...]


class Rfc2136:
    """One server with one key. Not safe for threads."""

    def __init__(
        self, name: str, zones: t.Sequence[str], exchange: Exchange, where: str, pause: Pause = no_pause
    ) -> None:
        self._name = name
        self._zones = tuple(zones)
        self._exchange = exchange
        self._where = f'service "{name}", server {where}'
        self._pause = pause
        self._seen: dict[Question, _Seen] = {}
        #: why the server as a whole cannot be asked: asked once, not once a record
        self._down: InkanError | None = None

    # --- reading ---------------------------------------------------------------------------------------------------

    def zone_for(self, name: str) -> str:
        self._down = None
        return self._look(Question(name, "SOA")).look.zone

    def get(self, zone: str, name: str, type: str) -> RRset:
        self._down = None
        return self._look(Question(name, type)).look.rrset

    def looks(self, questions: t.Sequence[Question]) -> list[Look | InkanError]:
        self._down = None
        return [self._looked(question) for question in questions]

    def _looked(self, question: Question) -> Look | InkanError:
        try:
            return self._look(question).look
        except InkanError as error:
            return error

    def _look(self, question: Question) -> _Seen:
        self._seen.pop(question, None)
        if longest_zone(question.name, self._zones) is None:
            raise self._no_zone(question.name, f"none of its zones holds it ({', '.join(self._zones)})")
        told = read_answer(question, self._ask(question))
        # BIND says SERVFAIL beside the CNAMEs of a loop
        if told.alias is None and told.rcode not in ("NOERROR", "NXDOMAIN"):
            raise rcode_error(told.rcode, self._where, f"Cannot read {question.type} {question.name}")
        zone = self._zone_of(question.name, told)
        found = told.found or Section(question.name, question.type, 0, ())
        ttl = found.ttl if found.rdatas else None
        rrset = RRset(question.name, question.type, found.values, ttl)
        seen = _Seen(Look(zone, rrset, told.alias), found.rdatas)
        self._seen[question] = seen
        return seen

    def _ask(self, question: Question) -> dns.message.Message:
        if self._down is not None:
            raise self._down
        try:
            return self._exchange.send(query_for(question, recurse=False))
        except InkanError as error:
            # Knot and PowerDNS do not sign their answer for a zone that they do not serve: the others may be well
            if isinstance(error, TransportError) or (error.code.startswith("tsig_") and error.code != "tsig_missing"):
                self._down = error
            raise

    def _zone_of(self, name: str, told: Told) -> str:
        declared = longest_zone(name, self._zones) or ""
        if told.referral is not None:
            raise self._no_zone(name, f"the server delegates {told.referral.name} to other servers")
        if not told.authoritative:
            raise self._no_zone(name, "the server is not authoritative for it")
        if told.zone is not None and told.zone != declared:
            if told.zone in self._zones:
                return told.zone
            raise self._no_zone(name, f'the server says that it lies in zone "{told.zone}", which is not declared')
        return declared

    def _no_zone(self, name: str, why: str) -> RefusedError:
        return RefusedError(
            code="zone_not_found",
            what=f"The DNS service does not hold {name}",
            where=self._where,
            why=why,
            todo="Correct the zones of the service, or declare the service that holds the name",
        )

    # --- writing ---------------------------------------------------------------------------------------------------

    def add(self, zone: str, changes: t.Sequence[Change]) -> Receipts:
        return self._change(zone, changes, adding=True)

    def remove(self, zone: str, changes: t.Sequence[Change]) -> Receipts:
        return self._change(zone, changes, adding=False)

    def _change(self, zone: str, changes: t.Sequence[Change], adding: bool) -> Receipts:
        wanted: dict[Question, list[Change]] = {}
        for change in changes:
            wanted.setdefault(Question(change.name, change.type), []).append(change)
        self._down = None
        failures: dict[Question, InkanError] = {}
        edits: list[Edit] = []
        for question, group in wanted.items():
            edit = self._edit(question, group, adding)
            if isinstance(edit, InkanError):
                failures[question] = edit
            else:
                edits += edit.pieces()
        for batch in batches(edits):
            failures.update(self._transact(zone, batch, [MAX_HALVINGS]))
        self._down = None
        for edit in edits:
            self._seen.pop(edit.question, None)
        return [self._receipt(change, adding, failures) for change in changes]

    def _edit(self, question: Question, changes: t.Sequence[Change], adding: bool) -> Edit | InkanError:
        try:
            seen = self._seen.get(question) or self._look(question)
        except InkanError as error:
            return error
        there = seen.look.rrset
        values = {change.value for change in changes}
        if not adding:
            return Edit(question, 0, (), tuple(rdata for rdata in seen.rdatas if value_of(rdata) in values))
        new = sorted(values - there.values)
        if new and seen.look.alias is not None:  # BIND and Knot would ignore the record, PowerDNS refuse the message
            return self._conflict(question, f"a CNAME to {seen.look.alias} is there")
        if question.type == "CNAME" and new and (there.values or len(new) > 1):
            return self._conflict(question, f"a CNAME to {min(there.values or set(new))} is there; a name has only one")
        ttl = there.ttl if there.ttl is not None else min(change.ttl for change in changes)
        return Edit(question, ttl, tuple(to_rdata(question.type, value) for value in new), ())

    def _transact(self, zone: str, edits: t.Sequence[Edit], halvings: list[int]) -> dict[Question, InkanError]:
        """Send one message; if the zone denies it, halve it to save what it would take. Failures by RRset."""
        error = self._send(message_of(zone, edits), f"Cannot update zone {zone}")
        if error is None:
            return {}
        if error.code not in ("dns_refused", "rrset_changed") or len(edits) < 2 or halvings[0] < 2:
            return {edit.question: error for edit in edits}
        halvings[0] -= 2
        middle = len(edits) // 2
        return {**self._transact(zone, edits[:middle], halvings), **self._transact(zone, edits[middle:], halvings)}

    def _send(self, message: dns.update.UpdateMessage, what: str) -> InkanError | None:
        try:
            answer = self._exchange.send(message)
        except InkanError as error:
            return denied_update(error, self._where, what)
        rcode = dns.rcode.to_text(answer.rcode())
        return None if rcode == "NOERROR" else rcode_error(rcode, self._where, what, UNWRITTEN)

    def _receipt(self, change: Change, adding: bool, failures: t.Mapping[Question, InkanError]) -> InkanError | None:
        question = Question(change.name, change.type)
        error = failures.get(question)
        if error is not None and not answer_lost(error):
            return self._refusal(question, error) if adding else error
        try:
            seen = self._seen.get(question) or self._look(question)
        except InkanError as unread:
            return error or _with_change(unread)
        if (change.value in seen.look.rrset.values) == adding:
            return None
        return error or self._unkept(change, seen.look, adding)

    def _refusal(self, question: Question, error: InkanError) -> InkanError:
        """PowerDNS refuses a record beside a CNAME as it refuses what the key may not."""
        if error.code != "dns_refused" or question.type == "CNAME":
            return error
        look = self._looked(question)
        if isinstance(look, InkanError) or look.alias is None:
            return error
        return self._conflict(question, f"a CNAME to {look.alias} is there")

    def _unkept(self, change: Change, look: Look, adding: bool) -> InkanError:
        question = Question(change.name, change.type)
        if look.alias is not None:
            return self._conflict(question, f"a CNAME to {look.alias} is there, so the server ignored the record")
        if adding and change.type == "CNAME":
            return self._conflict(question, "other records are there, so the server ignored the CNAME")
        what, still = ("publish", "does not show it") if adding else ("remove", "still shows it")
        return ProtocolError(
            code="readback_missing",
            what=f"Cannot {what} {change.type} {change.name}",
            where=self._where,
            why=f"the server said NOERROR and {still}: {shown_value(change.type, change.value)}",
            todo="Name the primary server of the zone in settings.server, and the view that the key selects; PowerDNS"
            " with lua-dnsupdate-policy-script ignores without a word what the script denies",
            retryable=True,
            did_change=True,
        )

    def _conflict(self, question: Question, why: str) -> RefusedError:
        return RefusedError(
            code="cname_conflict",
            what=f"Cannot publish {question.type} {question.name}",
            where=self._where,
            why=why,
            todo="Remove what is there, or publish at the target of the CNAME",
            reference="RFC 2136 §3.4.2.2",
        )

    # --- compare and swap ------------------------------------------------------------------------------------------

    def replace(self, zone: str, expected: RRset, values: frozenset[str], ttl: int) -> None:
        question = Question(expected.name, expected.type)
        self._down = None
        seen = self._seen.get(question) or self._look(question)
        if seen.look.rrset.values != expected.values:
            raise self._changed(question)
        if values == expected.values:
            return
        message = message_of(zone, [_swap(seen, question, values, ttl)])
        owner = dns.name.from_text(question.name)
        if seen.rdatas:
            message.present(owner, *seen.rdatas)
        else:
            message.absent(owner, question.type)
        error = self._send(message, f"Cannot replace {question.type} {question.name}")
        self._seen.pop(question, None)
        if error is not None and not answer_lost(error):
            raise error
        self._check_swapped(question, values, error)

    def _check_swapped(self, question: Question, values: frozenset[str], lost: InkanError | None) -> None:
        look = self._look(question).look
        missing = sorted(values - look.rrset.values)
        surplus = sorted(look.rrset.values - values)
        if not missing and not surplus:
            return
        if lost is not None:
            raise lost
        change = Change(question.name, question.type, (missing or surplus)[0])
        raise self._unkept(change, look, adding=bool(missing))

    # --- the mailbox of a zone -------------------------------------------------------------------------------------

    def soas(self, zones: t.Sequence[str]) -> list[Soa | InkanError]:
        self._down = None
        return [self._soa(zone) for zone in zones]

    def _soa(self, zone: str) -> Soa | InkanError:
        try:
            seen = self._look(Question(zone, "SOA"))
        except InkanError as error:
            return error
        if seen.look.zone != zone or len(seen.rdatas) != 1 or seen.look.rrset.ttl is None:
            return self._no_zone(zone, f"the server shows no SOA record there (its zone is {seen.look.zone})")
        return soa_of(seen.rdatas[0], seen.look.rrset.ttl)

    def set_rname(self, zone: str, expected: Soa, rname: str) -> Soa:
        return self._editor(zone).set_rname(expected, rname)

    def _editor(self, zone: str) -> SoaEditor:
        return SoaEditor(zone, self._exchange, self._where, self._pause)

    def _changed(self, question: Question) -> RefusedError:
        return RefusedError(
            code="rrset_changed",
            what=f"Cannot replace {question.type} {question.name}",
            where=self._where,
            why="somebody else changed the records in the meantime",
            todo="Run again: it starts from what is there then",
            retryable=True,
        )


def _swap(seen: _Seen, question: Question, values: frozenset[str], ttl: int) -> Edit:
    there = seen.look.rrset.values
    adds = tuple(to_rdata(question.type, value) for value in sorted(values - there))
    return Edit(question, ttl, adds, tuple(rdata for rdata in seen.rdatas if value_of(rdata) not in values))


def _with_change(error: InkanError) -> InkanError:
    error.did_change = True
    return error


class Rfc2136Factory:
    def settings_errors(self, config: ServiceConfig) -> list[str]:
        return settings_errors(config)

    def settings_warnings(self, config: ServiceConfig) -> list[str]:
        return settings_warnings(config)

    def open(self, config: ServiceConfig) -> DnsService:
        exchange = open_exchange(config)
        return Rfc2136(config.name, config.zones, exchange, exchange.where, SystemClock().sleep)
