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

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import parent_of
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa, is_later, next_serial
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    DnsService,
    Question,
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
from ansible_collections.inkan.tls.plugins.module_utils._dns.zone_service import Edit, SoaZoneService, soa_of_text

#: how many more PATCH calls a zone gets to find out which record spoils it
MAX_HALVINGS = 64

Entry = dict[str, t.Any]


class Patch(t.NamedTuple):
    """What is done to one RRset: entries of a PATCH."""

    question: Question
    entries: tuple[Entry, ...]


class PowerDns(SoaZoneService[Zone]):
    """One server with one key."""

    def __init__(self, zones: t.Sequence[str], api: Api) -> None:
        super().__init__(zones, api.where)
        self._api = api
        #: every zone of the server, None: it does not tell; not yet asked for: absent
        self._all: list[frozenset[str] | None] = []
        self._extends: bool | None = None
        #: why the server as a whole cannot be asked: asked once, not once a zone
        self._down: InkanError | None = None

    # --- reading ---------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        super()._forget()
        self._down = None

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

    def _secondary(self, zone: str) -> RefusedError:
        return RefusedError(
            code="dns_not_auth",
            what=f"Zone {zone} cannot be written here",
            where=self._where,
            why="this server is a secondary of it: the next transfer would undo every change",
            todo="Name the primary server of the zone",
        )

    # --- writing ---------------------------------------------------------------------------------------------------

    def _may_have_happened(self, error: InkanError) -> bool:
        return may_have_happened(error)

    def _apply(self, zone: str, edits: t.Sequence[Edit]) -> dict[Question, InkanError]:
        failures = self._written(zone, edits)
        if failures is None:  # the server does not know EXTEND, whatever its version says
            failures = self._written(zone, edits) or {}
        self._after_write(zone)
        return failures

    def _written(self, zone: str, edits: t.Sequence[Edit]) -> dict[Question, InkanError] | None:
        failures: dict[Question, InkanError] = {}
        for batch in _batches([Patch(edit.question, self._entries(zone, *edit)) for edit in edits]):
            failed = self._transact(zone, batch, [MAX_HALVINGS])
            if failed is None:
                return None
            failures.update(failed)
        return failures

    def _entries(
        self, zone: str, question: Question, new: frozenset[str], gone: frozenset[str], ttl: int
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

    def _transact(self, zone: str, edits: t.Sequence[Patch], halvings: list[int]) -> dict[Question, InkanError] | None:
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

    # --- the mailbox of a zone -------------------------------------------------------------------------------------

    def _soa_in(self, zone: Zone) -> Soa | None:
        held = zone.held(Question(zone.name, "SOA"))
        return soa_of_text(held.records[0].content, held.ttl) if held is not None and len(held.records) == 1 else None

    def _write_rname(self, zone: str, seen: Soa, rname: str) -> Soa:
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
        why = f"the API took it and shows {now.rname} with serial {now.serial}, after {seen.serial}"
        todo = "Look at SOA-EDIT-API of the zone, and whether another program writes its SOA record"
        raise self._rname_unkept(zone, why, todo)


def _entry(head: t.Mapping[str, t.Any], changetype: str, records: t.Sequence[Record]) -> Entry:
    return {**head, "changetype": changetype, "records": [one.as_data() for one in records]}


def _batches(edits: t.Sequence[Patch]) -> list[list[Patch]]:
    """As few calls as their size allows."""
    found: list[list[Patch]] = []
    room = 0
    for edit in edits:
        size = sum(len(json.dumps(entry)) + 2 for entry in edit.entries)
        if size > room or not found:
            found.append([])
            room = MAX_REQUEST
        found[-1].append(edit)
        room -= size
    return found


def _soa_content(soa: Soa) -> str:
    return f"{soa.mname} {soa.rname} {soa.serial} {soa.refresh} {soa.retry} {soa.expire} {soa.minimum}"


class PowerDnsFactory:
    def settings_errors(self, config: ServiceConfig) -> list[str]:
        return settings_errors(config)

    def settings_warnings(self, config: ServiceConfig) -> list[str]:
        return settings_warnings(config)

    def open(self, config: ServiceConfig) -> DnsService:
        return PowerDns(config.zones, open_api(config))
