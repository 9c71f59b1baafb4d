# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS service ``iij_dpf``: zones of the IIJ DNS Platform Service (IIJ DNSプラットフォームサービス).

    a record of the API is an RRset; edits are staged          staged, looked at, published: three steps for a zone
    publishing sends what is pending, perhaps of others, too   where somebody else has edits pending nothing is done
    nothing compares and swaps                                 a pending edit shows what it replaces: if that is not
                                                               what it was made from, it is undone and made anew
    a killed run leaves staged edits                           each edit sets our label to its moment: such edits are
                                                               known as ours, and undone by the next run
    a zone with zone proxy takes no edits                      refused before anything is written
    whether the RNAME of SOA can be edited is not said         staged first; only what was staged as sent is published

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    RefusedError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_value,
    parent_of,
    quote_txt,
    unquote_txt,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import labels_of, name_text
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import DnsService, Question, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf_api import (
    MAX_ANSWER,
    Api,
    DpfDiff,
    DpfRecord,
    may_have_happened,
    unreachable,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf_settings import settings_errors
from ansible_collections.inkan.tls.plugins.module_utils._dns.zone_service import Edit, SoaZoneService, soa_of_text
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

#: of every RRset that we edit; its value is the moment of the edit
LABEL = "inkan-tls"
#: what the API takes (dns-providers 1.2)
_MAX_LABELS = 10
_DESCRIPTION = "inkan.tls"


class _Held(t.NamedTuple):
    record: DpfRecord
    ttl: int

    def values(self, type: str) -> frozenset[str]:
        return frozenset(_value_of(type, one) for one in self.record.values)


class _Zone(t.NamedTuple):
    """As DNS serves it; what is pending is not in it."""

    id: str
    name: str
    sets: t.Mapping[Question, _Held]

    def held(self, question: Question) -> _Held | None:
        return self.sets.get(question)


class IijDpf(SoaZoneService[_Zone]):
    """One account."""

    def __init__(self, zones: t.Sequence[str], api: Api, clock: Clock) -> None:
        super().__init__(zones, api.where)
        self._api, self._clock = api, clock
        self._ids: dict[str, str] = {}
        self._down: InkanError | None = None

    # --- reading ---------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        super()._forget()
        self._down = None

    def _read(self, name: str) -> _Zone | InkanError:
        try:
            if self._down is not None:
                raise self._down
            identity = self._identity(name)
            records = self._api.currents(identity)
            inherited = self._api.default_ttl(identity) if any(one.ttl is None for one in records) else 0
        except InkanError as error:
            self._down = error if unreachable(error) else None
            return error
        held = (_Held(one, inherited if one.ttl is None else one.ttl) for one in records)
        return _Zone(identity, name, {Question(one.record.name, one.record.type): one for one in held})

    def _identity(self, name: str) -> str:
        if name not in self._ids:
            found = self._api.zone(name)
            if found is None:
                raise self._no_zone(name, "the account has no zone of this name, or not under this service_code")
            self._ids[name] = found.id
        return self._ids[name]

    def _judge_place(self, name: str, zone: _Zone) -> None:
        above = name
        while above != zone.name:
            if zone.held(Question(above, "NS")) is not None:
                raise self._no_zone(name, f"the zone delegates {above} to other servers")
            above = parent_of(above)

    # --- writing ---------------------------------------------------------------------------------------------------

    def _may_have_happened(self, error: InkanError) -> bool:
        return may_have_happened(error)

    def _apply(self, zone: str, edits: t.Sequence[Edit]) -> dict[Question, InkanError]:
        held = self._zone(zone)
        try:
            self._clear(held, edits)
            failures = self._stage(held, edits)
            failures.update(self._judge_staged(held, [edit for edit in edits if edit.question not in failures]))
            if len(failures) < len({edit.question for edit in edits}):
                self._publish(held)
        except InkanError as error:
            return {edit.question: error for edit in edits}
        return failures

    def _clear(self, zone: _Zone, edits: t.Sequence[Edit] = ()) -> None:
        """Undo what a run of ours left; leave a zone alone in which others are at work."""
        pending = self._api.diffs(zone.id)
        wanted = {edit.question: edit for edit in edits}
        foreign = [one for one in pending if not _is_ours(one, wanted.get(_question(one)), zone)]
        if foreign:
            raise self._others_at_work(zone, foreign)
        self._undo(zone, pending)

    def _stage(self, zone: _Zone, edits: t.Sequence[Edit]) -> dict[Question, InkanError]:
        """All are begun before any is waited for."""
        failures: dict[Question, InkanError] = {}
        jobs: list[tuple[Question, str]] = []
        for edit in edits:
            try:
                jobs.append((edit.question, self._begin(zone, edit)))
            except InkanError as error:
                if not may_have_happened(error):  # else the look at what is pending tells
                    failures[edit.question] = error
        for question, job in jobs:
            try:
                self._api.wait(job)
            except RefusedError as error:
                failures[question] = error
        return failures

    def _begin(self, zone: _Zone, edit: Edit) -> str:
        question, held = edit.question, zone.held(edit.question)
        if held is None:
            rdata = [{"value": _content_of(question.type, value)} for value in sorted(edit.new)]
            head = {"name": question.name + ".", "rrtype": question.type, "ttl": edit.ttl}
            return self._api.create(zone.id, {**head, "rdata": rdata, "labels": self._marked({})})
        kept = [value for value in held.record.values if _value_of(question.type, value) not in edit.gone]
        values = kept + [_content_of(question.type, value) for value in sorted(edit.new)]
        if not values:
            return self._api.delete(zone.id, held.record.id)
        body = {"rdata": [{"value": value} for value in values], "labels": self._marked(held.record.labels)}
        return self._api.change(zone.id, held.record.id, body)

    def _marked(self, labels: t.Mapping[str, str]) -> dict[str, str]:
        """A new value each time: an edit that moves it is ours. No room, no mark: such an edit is never undone."""
        if LABEL not in labels and len(labels) >= _MAX_LABELS:
            return dict(labels)
        return {**labels, LABEL: self._clock.now().strftime("%Y%m%d%H%M%S%f")}

    def _judge_staged(self, zone: _Zone, edits: t.Sequence[Edit]) -> dict[Question, InkanError]:
        """Whether each edit replaces what it was made from, and nobody else has begun meanwhile."""
        pending = {_question(one): one for one in self._api.diffs(zone.id)}
        wanted = {edit.question: edit for edit in edits}
        foreign = [one for question, one in pending.items() if question not in wanted]
        if foreign:
            self._undo(zone, [one for question, one in pending.items() if question in wanted])
            raise self._others_at_work(zone, foreign)
        failures: dict[Question, InkanError] = {}
        for question, edit in wanted.items():
            found = pending.get(question)
            if found is None or not _is_as_wished(found, edit, zone.held(question)):
                failures[question] = self._changed(question, did_change=False)
        self._undo(zone, [one for question, one in pending.items() if question in failures])
        return failures

    def _publish(self, zone: _Zone) -> None:
        """A lost answer is asked again only where the edits still wait, which are all ours."""
        try:
            self._api.wait(self._api.publish(zone.id, _DESCRIPTION))
        except InkanError as error:
            if isinstance(error, DeadlineError):
                raise
            pending = self._api.diffs(zone.id)
            if not pending:
                return
            if not may_have_happened(error):
                self._undo(zone, pending)
                raise
            self._api.wait(self._api.publish(zone.id, _DESCRIPTION))

    def _undo(self, zone: _Zone, pending: t.Sequence[DpfDiff]) -> None:
        jobs = [self._api.undo(zone.id, one.record.id) for one in pending]
        for job in jobs:
            self._api.wait(job)

    # --- the mailbox of a zone -------------------------------------------------------------------------------------

    def _soa_in(self, zone: _Zone) -> Soa | None:
        held = zone.held(Question(zone.name, "SOA"))
        return soa_of_text(held.record.values[0], held.ttl) if held is not None and held.record.values else None

    def _write_rname(self, zone: str, seen: Soa, rname: str) -> Soa:
        held = self._zone(zone)
        self._clear(held)
        self._stage_rname(held, rname)
        self._publish(held)
        self._forget()
        now = self._one_soa(zone)
        if not now.has_rname(rname):
            todo = "Run again; if it stays, leave rname out for this zone"
            raise self._rname_unkept(zone, f"the API published it and shows {now.rname}, after {seen.rname}", todo)
        return now

    def _stage_rname(self, zone: _Zone, rname: str) -> None:
        """Whether the service takes it at all is not documented: what it does not stage as sent is never published."""
        held = zone.sets[Question(zone.name, "SOA")]
        words = held.record.values[0].split()
        body = {"rdata": [{"value": " ".join([words[0], name_text(labels_of(rname)), *words[2:]])}]}
        try:
            self._api.wait(
                self._api.change(zone.id, held.record.id, {**body, "labels": self._marked(held.record.labels)})
            )
        except RefusedError as error:
            if error.code != "dns_refused" or error.why.startswith("406") or "access_token" in error.why:
                raise  # it is not the value that it does not take
            raise self._rname_fixed(zone.name, error.why) from error
        pending = self._api.diffs(zone.id)
        mine = [one for one in pending if one.record.id == held.record.id]
        foreign = [one for one in pending if one.record.id != held.record.id]
        taken = [soa_of_text(one.new.values[0], held.ttl) for one in mine if one.new is not None and one.new.values]
        was = [one.old.values for one in mine if one.old is not None]
        if (
            foreign
            or len(taken) != 1
            or taken[0] is None
            or not taken[0].has_rname(rname)
            or was != [held.record.values]
        ):
            self._undo(zone, mine)
            if foreign:
                raise self._others_at_work(zone, foreign)
            staged = taken[0].rname if len(taken) == 1 and taken[0] is not None else "nothing that can be read"
            raise self._rname_fixed(zone.name, f"it was to stage {rname} and staged {escaped(staged, 260)}")

    # --- what went wrong -------------------------------------------------------------------------------------------

    def _others_at_work(self, zone: _Zone, foreign: t.Sequence[DpfDiff]) -> RefusedError:
        names = sorted({f"{one.record.type} {one.record.name} ({one.record.operator or 'unknown'})" for one in foreign})
        shown = escaped(", ".join(names[:5]), 300) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        return RefusedError(
            code="dns_edits_pending",
            what=f"Zone {zone.name} is being edited by somebody else",
            where=self._where,
            why=f"edits wait to be published that are not ours: {shown}",
            todo="Have them published (ゾーン反映) or undone at the control panel, then run again",
            retryable=True,
        )

    def _rname_fixed(self, zone: str, why: str) -> RefusedError:
        return RefusedError(
            code="rname_fixed",
            what=f"Cannot set the mailbox of zone {zone}",
            where=self._where,
            why=f"the service keeps its own: {why}. The edit was taken back before anything was published",
            todo="Leave rname out for this zone; what a CA reads is a TXT contact (validation.contact)",
            reference="IIJ-6",
        )


# --- records ---------------------------------------------------------------------------------------------------------


def _question(one: DpfDiff) -> Question:
    return Question(one.record.name, one.record.type)


def _is_ours(one: DpfDiff, edit: Edit | None, zone: _Zone) -> bool:
    """Our label came or moved; or an RRset with it goes, and that is what is wanted now, too."""
    if one.new is None:
        was_ours = one.old is not None and LABEL in one.old.labels
        return was_ours and edit is not None and _is_as_wished(one, edit, zone.held(edit.question))
    before = one.old.labels.get(LABEL) if one.old is not None else None
    return LABEL in one.new.labels and one.new.labels[LABEL] != before


def _is_as_wished(found: DpfDiff, edit: Edit, held: _Held | None) -> bool:
    type = edit.question.type
    before = frozenset(_value_of(type, one) for one in found.old.values) if found.old is not None else frozenset[str]()
    after = frozenset(_value_of(type, one) for one in found.new.values) if found.new is not None else frozenset[str]()
    seen = held.values(type) if held is not None else frozenset[str]()
    return before == seen and after == (seen - edit.gone) | edit.new


def _value_of(type: str, content: str) -> str:
    if type != "TXT":
        return canonical_value(type, content)
    with contextlib.suppress(ValueError):
        return unquote_txt(content)
    return content


def _content_of(type: str, value: str) -> str:
    """TXT in double quotes, names with their dot (dns-providers 1.2)."""
    return quote_txt(value) if type == "TXT" else value + "." if type == "CNAME" else value


class IijDpfFactory:
    def settings_errors(self, config: ServiceConfig) -> list[str]:
        return settings_errors(config)

    def settings_warnings(self, _config: ServiceConfig) -> list[str]:
        return []

    def open(self, config: ServiceConfig) -> DnsService:
        clock = SystemClock()
        bundle = config.settings.get("ca_bundle")
        http = DirectHttp(ca_bundle=str(bundle) if bundle else None, max_body=MAX_ANSWER)
        return IijDpf(config.zones, Api(http, clock, config), clock)
