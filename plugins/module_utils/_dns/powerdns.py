# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS service ``powerdns``: the HTTP API of PowerDNS Authoritative Server, 4.7 to 5.x.

What the API does, measured or read in its source, and what this file does about it:

    one PATCH is one transaction                               one PATCH a zone; halved where one record spoils it
    EXTEND and PRUNE add and remove one record, atomically     used where the server knows them (4.9.12, 5.0.2)
    REPLACE is what older ones know: the last writer wins      the zone is read just before, and what was seen is kept
    EXTEND and PRUNE lose records that are disabled, and       such sets are replaced; the TTL that is there is sent
      refuse a TTL that is not that of the set
    REPLACE with the same content moves the serial             nothing to do means no PATCH
    an SOA record is taken with whatever serial is sent        never an earlier one; DELETE is never sent
    zones of secondaries take edits that the next transfer     refused before anything is written
      undoes

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    longest_zone,
    parent_of,
    shown_value,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import labels_of, name_text
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa, is_later, next_serial
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    DnsService,
    Look,
    Question,
    Receipts,
    RRset,
    ServiceConfig,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns_api import (
    MAX_REQUEST,
    Api,
    Held,
    Record,
    Zone,
    content_of,
    is_unknown_changetype,
    may_have_happened,
    open_api,
    settings_errors,
    settings_warnings,
    unreachable,
    value_of,
)

#: how many more PATCH calls a zone gets to find out which record spoils it
MAX_HALVINGS = 64

Entry = dict[str, t.Any]


class Edit(t.NamedTuple):
    """What is done to one RRset: entries of a PATCH."""

    question: Question
    entries: tuple[Entry, ...]


class PowerDns:
    """One server with one key. Not safe for threads."""

    def __init__(self, zones: t.Sequence[str], api: Api) -> None:
        self._zones = tuple(zones)
        self._api = api
        self._seen: dict[str, Zone | InkanError] = {}
        #: every zone of the server, None: it does not tell; not yet asked for: absent
        self._all: list[frozenset[str] | None] = []
        self._extends: bool | None = None
        #: why the server as a whole cannot be asked: asked once, not once a zone
        self._down: InkanError | None = None

    # --- reading ---------------------------------------------------------------------------------------------------

    def zone_for(self, name: str) -> str:
        self._forget()
        return self._look(Question(name, "SOA")).zone

    def get(self, zone: str, name: str, type: str) -> RRset:
        self._forget()
        return self._look(Question(name, type)).rrset

    def looks(self, questions: t.Sequence[Question]) -> list[Look | InkanError]:
        self._forget()
        return [self._looked(question) for question in questions]

    def _forget(self) -> None:
        self._seen.clear()
        self._down = None

    def _looked(self, question: Question) -> Look | InkanError:
        try:
            return self._look(question)
        except InkanError as error:
            return error

    def _look(self, question: Question) -> Look:
        name = question.name
        declared = longest_zone(name, self._zones)
        if declared is None:
            raise self._no_zone(name, f"none of its zones holds it ({', '.join(self._zones)})")
        zone = self._zone(declared)
        self._judge_place(name, zone)
        held = zone.held(question)
        values = held.values(question.type) if held is not None else frozenset[str]()
        rrset = RRset(name, question.type, values, held.ttl if held is not None else None)
        cname = zone.held(Question(name, "CNAME")) if question.type != "CNAME" else None
        return Look(declared, rrset, min(cname.values("CNAME")) if cname is not None else None)

    def _zone(self, name: str) -> Zone:
        """As it was read since the last ``_forget``."""
        found = self._seen.get(name)
        if found is None:
            found = self._seen[name] = self._read(name)
        if isinstance(found, InkanError):
            raise found
        return found

    def _read(self, name: str) -> Zone | InkanError:
        try:
            if self._down is not None:
                raise self._down
            zone = self._api.zone(name)
            if not self._all:
                self._all.append(self._api.zone_names())
        except InkanError as error:
            self._down = error if unreachable(error) else None
            return error
        return self._secondary(name) if zone.is_copy else zone

    def _judge_place(self, name: str, zone: Zone) -> None:
        """What the API takes and the world never sees: names below a delegation, and in a zone of their own."""
        above = name
        while above != zone.name:
            if zone.held(Question(above, "NS")) is not None:
                raise self._no_zone(name, f"the server delegates {above} to other servers")
            if self._all and self._all[0] is not None and above in self._all[0]:
                raise self._no_zone(name, f'the server has it in zone "{above}", which is not declared')
            above = parent_of(above)

    def _no_zone(self, name: str, why: str) -> RefusedError:
        return RefusedError(
            code="zone_not_found",
            what=f"The DNS service does not hold {name}",
            where=self._api.where,
            why=why,
            todo="Correct the zones of the service, or declare the service that holds the name",
        )

    def _secondary(self, zone: str) -> RefusedError:
        return RefusedError(
            code="dns_not_auth",
            what=f"Zone {zone} cannot be written here",
            where=self._api.where,
            why="this server is a secondary of it: the next transfer would undo every change",
            todo="Name the primary server of the zone",
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
        failures = self._write(zone, wanted, adding)
        if failures is None:  # the server does not know EXTEND, whatever its version says
            failures = self._write(zone, wanted, adding) or {}
        return [self._receipt(change, adding, failures) for change in changes]

    def _write(
        self, zone: str, wanted: t.Mapping[Question, list[Change]], adding: bool
    ) -> dict[Question, InkanError] | None:
        self._forget()  # just before the write: what others wrote since the look is kept
        failures: dict[Question, InkanError] = {}
        edits: list[Edit] = []
        for question, group in wanted.items():
            try:
                edits += self._edit(question, group, adding)
            except InkanError as error:
                failures[question] = error
        for batch in _batches(edits):
            failed = self._transact(zone, batch, [MAX_HALVINGS])
            if failed is None:
                return None
            failures.update(failed)
        if edits:
            self._after_write(zone)
        return failures

    def _edit(self, question: Question, changes: t.Sequence[Change], adding: bool) -> list[Edit]:
        """Nothing to do: no edit."""
        look = self._look(question)
        there = look.rrset.values
        values = {change.value for change in changes}
        new = values - there if adding else frozenset[str]()
        gone = frozenset[str]() if adding else values & there
        if new:
            self._judge_cname(question, look, new)
        if not new and not gone:
            return []
        ttl = look.rrset.ttl if look.rrset.ttl is not None else min(change.ttl for change in changes)
        return [Edit(question, self._entries(look.zone, question, new, gone, ttl))]

    def _judge_cname(self, question: Question, look: Look, new: t.Collection[str]) -> None:
        if look.alias is not None:
            raise self._conflict(question, f"a CNAME to {look.alias} is there")
        if question.type == "CNAME" and (look.rrset.values or len(new) > 1):
            there = min(look.rrset.values or frozenset(new))
            raise self._conflict(question, f"a CNAME to {there} is there; a name has only one")

    def _entries(
        self, zone: str, question: Question, new: t.Collection[str], gone: t.Collection[str], ttl: int
    ) -> tuple[Entry, ...]:
        held = self._zone(zone).sets.get(question, Held(ttl, ()))
        head = {"name": question.name + ".", "type": question.type, "ttl": ttl}
        add = [Record(content_of(question.type, value), False) for value in sorted(new)]
        lost = [one for one in held.records if not one.disabled and value_of(question.type, one.content) in gone]
        if self._can_extend() and not any(one.disabled for one in held.records):
            entries = [(head, "PRUNE", [one]) for one in lost] + [(head, "EXTEND", [one]) for one in add]
            return tuple(_entry(*entry) for entry in entries)
        contents = {one.content for one in add}
        kept = [one for one in held.records if one not in lost and one.content not in contents]
        return (_entry(head, "REPLACE", [*kept, *add]),)

    def _can_extend(self) -> bool:
        if self._extends is None:
            self._extends = self._api.extends() is not False  # where it does not tell, it is tried
        return self._extends

    def _transact(self, zone: str, edits: t.Sequence[Edit], halvings: list[int]) -> dict[Question, InkanError] | None:
        """Failures by RRset; a transaction that one record spoils is halved to save the others."""
        try:
            self._api.patch(zone, [entry for edit in edits for entry in edit.entries])
            return {}
        except InkanError as error:
            if is_unknown_changetype(error):
                self._extends = False
                return None
            if error.code not in ("dns_refused", "cname_conflict") or unreachable(error):
                return {edit.question: error for edit in edits}
            if len(edits) < 2 or halvings[0] < 2:
                return {edit.question: error for edit in edits}
        halvings[0] -= 2
        middle = len(edits) // 2
        first = self._transact(zone, edits[:middle], halvings)
        second = self._transact(zone, edits[middle:], halvings)
        return None if first is None or second is None else {**first, **second}

    def _after_write(self, zone: str) -> None:
        """Secondaries are told now; without that the server tells them within a minute."""
        seen = self._seen.get(zone)
        self._forget()
        if isinstance(seen, Zone) and seen.notifies:
            with contextlib.suppress(InkanError):
                self._api.notify(zone)

    def _receipt(self, change: Change, adding: bool, failures: t.Mapping[Question, InkanError]) -> InkanError | None:
        question = Question(change.name, change.type)
        error = failures.get(question)
        if error is not None and not may_have_happened(error):
            return error
        look = self._looked(question)
        if isinstance(look, InkanError):
            look.did_change = error is None
            return error or look
        if (change.value in look.rrset.values) == adding:
            return None
        return error or self._unkept(change, adding)

    def _unkept(self, change: Change, adding: bool) -> ProtocolError:
        what, still = ("publish", "does not show it") if adding else ("remove", "still shows it")
        return ProtocolError(
            code="readback_missing",
            what=f"Cannot {what} {change.type} {change.name}",
            where=self._api.where,
            why=f"the API took it and {still}: {shown_value(change.type, change.value)}",
            todo="Look whether another program writes this zone as a whole",
            retryable=True,
            did_change=True,
        )

    def _conflict(self, question: Question, why: str) -> RefusedError:
        return RefusedError(
            code="cname_conflict",
            what=f"Cannot publish {question.type} {question.name}",
            where=self._api.where,
            why=why,
            todo="Remove what is there, or publish at the target of the CNAME",
        )

    # --- compare and swap ------------------------------------------------------------------------------------------

    def replace(self, zone: str, expected: RRset, values: frozenset[str], ttl: int) -> None:
        question = Question(expected.name, expected.type)
        self._forget()
        there = self._look(question).rrset.values
        if there != expected.values:
            raise self._changed(question, did_change=False)
        if values == there:
            return None
        entries = self._entries(zone, question, values - there, there - values, ttl)
        failed = self._transact(zone, [Edit(question, entries)], [0])
        if failed is None:
            return self.replace(zone, expected, values, ttl)
        error = failed.get(question)
        self._after_write(zone)
        if error is not None and error.code == "cname_conflict":
            raise self._changed(question, did_change=False) from error
        if error is not None and not may_have_happened(error):
            raise error
        self._check_swapped(question, values, error)
        return None

    def _check_swapped(self, question: Question, values: frozenset[str], lost: InkanError | None) -> None:
        there = self._look(question).rrset.values
        if there == values:
            return
        if lost is not None:
            raise lost
        if not values - there:  # what is too much came from somebody else in the last moment, and was not lost
            raise self._changed(question, did_change=True)
        raise self._unkept(Change(question.name, question.type, min(values - there)), adding=True)

    def _changed(self, question: Question, did_change: bool) -> RefusedError:
        return RefusedError(
            code="rrset_changed",
            what=f"Cannot replace {question.type} {question.name}",
            where=self._api.where,
            why="somebody else changed the records in the meantime",
            todo="Run again: it starts from what is there then",
            retryable=True,
            did_change=did_change,
        )

    # --- the mailbox of a zone -------------------------------------------------------------------------------------

    def soas(self, zones: t.Sequence[str]) -> list[Soa | InkanError]:
        self._forget()
        return [self._soa(zone) for zone in zones]

    def _soa(self, zone: str) -> Soa | InkanError:
        try:
            held = self._zone(zone).held(Question(zone, "SOA"))
        except InkanError as error:
            return error
        found = _soa_of(held) if held is not None and len(held.records) == 1 else None
        return found if found is not None else self._no_zone(zone, "the API shows no SOA record there")

    def set_rname(self, zone: str, expected: Soa, rname: str) -> Soa:
        self._forget()
        seen = self._one_soa(zone)
        if seen.has_rname(rname):
            return seen
        if not seen.has_rname(expected.rname):
            raise self._lost(zone, expected, seen)
        # With a SOA-EDIT-API the server moves the serial by itself, from the one that is sent
        moves = bool(self._zone(zone).soa_edit_api)
        sent = seen._replace(rname=rname, serial=seen.serial if moves else next_serial(seen.serial))
        head = {"name": f"{zone}.", "type": "SOA", "ttl": sent.ttl}
        error: InkanError | None = None
        try:
            self._api.patch(zone, [_entry(head, "REPLACE", [Record(_soa_content(sent), False)])])
        except InkanError as failure:
            error = failure
        if error is not None and not may_have_happened(error):
            raise error
        self._after_write(zone)
        return self._settled(zone, seen, rname, error)

    def _settled(self, zone: str, seen: Soa, rname: str, error: InkanError | None) -> Soa:
        """What the server shows after the write, which alone says whether it was done."""
        try:
            now = self._one_soa(zone)
        except InkanError as unread:
            unread.did_change = error is None
            raise unread if error is None else error from unread
        if now.has_rname(rname) and (now.serial == seen.serial or is_later(now.serial, seen.serial)):
            return now
        if error is not None:
            raise error
        raise ProtocolError(
            code="readback_missing",
            what=f"Cannot set the mailbox of zone {zone}",
            where=self._api.where,
            why=f"the API took it and shows {now.rname} with serial {now.serial}, after {seen.serial}",
            todo="Look at SOA-EDIT-API of the zone, and whether another program writes its SOA record",
            retryable=True,
            did_change=True,
        )

    def _one_soa(self, zone: str) -> Soa:
        soa = self._soa(zone)
        if isinstance(soa, InkanError):
            raise soa
        return soa

    def _lost(self, zone: str, expected: Soa, now: Soa) -> RefusedError:
        return RefusedError(
            code="rname_changed",
            what=f"Cannot set the mailbox of zone {zone}",
            where=self._api.where,
            why=f"somebody else changed it in the meantime, from {expected.rname} to {now.rname}",
            todo="Find out who else sets it, then run again",
            retryable=True,
        )


def _entry(head: t.Mapping[str, t.Any], changetype: str, records: t.Sequence[Record]) -> Entry:
    return {**head, "changetype": changetype, "records": [one.as_data() for one in records]}


def _batches(edits: t.Sequence[Edit]) -> list[list[Edit]]:
    """As few calls as their size allows."""
    found: list[list[Edit]] = []
    room = 0
    for edit in edits:
        size = sum(len(json.dumps(entry)) + 2 for entry in edit.entries)
        if size > room or not found:
            found.append([])
            room = MAX_REQUEST
        found[-1].append(edit)
        room -= size
    return found


def _soa_of(held: Held) -> Soa | None:
    words = held.records[0].content.split()
    try:
        mname, rname = (name_text(labels_of(word)) for word in words[:2])
        serial, refresh, retry, expire, minimum = map(int, words[2:])
    except ValueError:
        return None
    return Soa(mname, rname, serial, refresh, retry, expire, minimum, held.ttl)


def _soa_content(soa: Soa) -> str:
    return f"{soa.mname} {soa.rname} {soa.serial} {soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"


class PowerDnsFactory:
    def settings_errors(self, config: ServiceConfig) -> list[str]:
        return settings_errors(config)

    def settings_warnings(self, config: ServiceConfig) -> list[str]:
        return settings_warnings(config)

    def open(self, config: ServiceConfig) -> DnsService:
        return PowerDns(config.zones, open_api(config))
