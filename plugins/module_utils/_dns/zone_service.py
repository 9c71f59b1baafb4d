# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What services with an API over whole zones have in common: read, judge, write the difference, read back.

    read    the zone as the service has it, just before each write: what others wrote since the last look is kept
    judge   names that the service holds and the world never sees, CNAMEs in the way
    write   values to add and to take, by RRset (``Edit``): how is the business of each service (``_apply``)
    read    only what is seen afterwards counts; a lost answer is no failure if the value is there

This file is private to the collection.
"""

from __future__ import annotations

import abc
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import longest_zone, shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import labels_of, name_text
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    Look,
    Question,
    Receipts,
    RRset,
)

__all__ = ["Edit", "HeldSet", "HeldZone", "SoaZoneService", "ZoneService", "soa_of_text"]


class HeldSet(t.Protocol):
    """One RRset of a zone."""

    @property
    def ttl(self) -> int: ...

    def values(self, type: str) -> frozenset[str]: ...


class HeldZone(t.Protocol):
    """A zone as the service has it."""

    @property
    def name(self) -> str: ...

    def held(self, question: Question) -> HeldSet | None:
        """None where nothing of it is served."""


class Edit(t.NamedTuple):
    """What is done to one RRset. new is not there, gone is; ttl: of the set that is there, else as asked for."""

    question: Question
    new: frozenset[str]
    gone: frozenset[str]
    ttl: int


#: how often values are added to or taken from a set that somebody else changes at the same moment
_TRIES = 3

ZoneT = t.TypeVar("ZoneT", bound=HeldZone)


class ZoneService(abc.ABC, t.Generic[ZoneT]):
    """Not safe for threads."""

    def __init__(self, zones: t.Sequence[str], where: str) -> None:
        self._zones = tuple(zones)
        self._where = where
        self._seen: dict[str, ZoneT | InkanError] = {}

    # --- what each service does in its own way ---------------------------------------------------------------------

    @abc.abstractmethod
    def _read(self, name: str) -> ZoneT | InkanError:
        """A declared zone, as the service has it now."""

    @abc.abstractmethod
    def _judge_place(self, name: str, zone: ZoneT) -> None:
        """Raises for a name of the zone that would be taken, but not be served."""

    @abc.abstractmethod
    def _apply(self, zone: str, edits: t.Sequence[Edit]) -> dict[Question, InkanError]:
        """Write them; what failed, by RRset. There is at least one."""

    @abc.abstractmethod
    def _may_have_happened(self, error: InkanError) -> bool:
        """Only a look can tell whether the write took effect."""

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

    def _zone(self, name: str) -> ZoneT:
        """As it was read since the last ``_forget``."""
        found = self._seen.get(name)
        if found is None:
            found = self._seen[name] = self._read(name)
        if isinstance(found, InkanError):
            raise found
        return found

    # --- writing ---------------------------------------------------------------------------------------------------

    def add(self, zone: str, changes: t.Sequence[Change]) -> Receipts:
        return self._change(zone, changes, adding=True)

    def remove(self, zone: str, changes: t.Sequence[Change]) -> Receipts:
        return self._change(zone, changes, adding=False)

    def _change(self, zone: str, changes: t.Sequence[Change], adding: bool) -> Receipts:
        wanted: dict[Question, list[Change]] = {}
        for change in changes:
            wanted.setdefault(Question(change.name, change.type), []).append(change)
        failures: dict[Question, InkanError] = {}
        left = wanted
        for _try in range(_TRIES):
            failures = {question: error for question, error in failures.items() if question not in left}
            failures.update(self._write_difference(zone, left, adding))
            left = {question: group for question, group in left.items() if _came_between(failures.get(question))}
            if not left:
                break
        return [self._receipt(change, adding, failures) for change in changes]

    def _write_difference(
        self, zone: str, wanted: t.Mapping[Question, list[Change]], adding: bool
    ) -> dict[Question, InkanError]:
        self._forget()  # just before the write: what others wrote since the look is kept
        failures: dict[Question, InkanError] = {}
        edits: list[Edit] = []
        for question, group in wanted.items():
            try:
                edits += self._edits(question, group, adding)
            except InkanError as error:
                failures[question] = error
        if edits:
            failures.update(self._apply(zone, edits))
            self._forget()
        return failures

    def _edits(self, question: Question, changes: t.Sequence[Change], adding: bool) -> list[Edit]:
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
        return [Edit(question, frozenset(new), frozenset(gone), ttl)]

    def _judge_cname(self, question: Question, look: Look, new: t.Collection[str]) -> None:
        if look.alias is not None:
            raise self._conflict(question, f"a CNAME to {look.alias} is there")
        if question.type == "CNAME" and (look.rrset.values or len(new) > 1):
            there = min(look.rrset.values or frozenset(new))
            raise self._conflict(question, f"a CNAME to {there} is there; a name has only one")

    def _receipt(self, change: Change, adding: bool, failures: t.Mapping[Question, InkanError]) -> InkanError | None:
        question = Question(change.name, change.type)
        error = failures.get(question)
        if error is not None and not self._may_have_happened(error):
            return error
        look = self._looked(question)
        if isinstance(look, InkanError):
            look.did_change = error is None
            return error or look
        if (change.value in look.rrset.values) == adding:
            return None
        return error or self._unkept(change, adding)

    # --- compare and swap ------------------------------------------------------------------------------------------

    def replace(self, zone: str, expected: RRset, values: frozenset[str], ttl: int) -> None:
        question = Question(expected.name, expected.type)
        self._forget()
        there = self._look(question).rrset.values
        if there != expected.values:
            raise self._changed(question, did_change=False)
        if values == there:
            return
        error = self._apply(zone, [Edit(question, values - there, there - values, ttl)]).get(question)
        self._forget()
        if error is not None and error.code == "cname_conflict":
            raise self._changed(question, did_change=False) from error
        if error is not None and not self._may_have_happened(error):
            raise error
        self._check_swapped(question, values, error)

    def _check_swapped(self, question: Question, values: frozenset[str], lost: InkanError | None) -> None:
        there = self._look(question).rrset.values
        if there == values:
            return
        if lost is not None:
            raise lost
        if not values - there:  # what is too much came from somebody else in the last moment, and was not lost
            raise self._changed(question, did_change=True)
        raise self._unkept(Change(question.name, question.type, min(values - there)), adding=True)

    # --- what went wrong -------------------------------------------------------------------------------------------

    def _no_zone(self, name: str, why: str) -> RefusedError:
        return RefusedError(
            code="zone_not_found",
            what=f"The DNS service does not hold {name}",
            where=self._where,
            why=why,
            todo="Correct the zones of the service, or declare the service that holds the name",
        )

    def _unkept(self, change: Change, adding: bool) -> ProtocolError:
        what, still = ("publish", "does not show it") if adding else ("remove", "still shows it")
        return ProtocolError(
            code="readback_missing",
            what=f"Cannot {what} {change.type} {change.name}",
            where=self._where,
            why=f"the API took it and {still}: {shown_value(change.type, change.value)}",
            todo="Look whether another program writes this zone as a whole",
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
        )

    def _changed(self, question: Question, did_change: bool) -> RefusedError:
        return RefusedError(
            code="rrset_changed",
            what=f"Cannot replace {question.type} {question.name}",
            where=self._where,
            why="somebody else changed the records in the meantime",
            todo="Run again: it starts from what is there then",
            retryable=True,
            did_change=did_change,
        )


class SoaZoneService(ZoneService[ZoneT]):
    """One that can set the mailbox of a zone, too (``SoaService``)."""

    @abc.abstractmethod
    def _soa_in(self, zone: ZoneT) -> Soa | None:
        """None: there is none, or it cannot be read."""

    @abc.abstractmethod
    def _write_rname(self, zone: str, seen: Soa, rname: str) -> Soa:
        """Set it, and return what is shown then; ``seen`` has been read just now, and has another one."""

    def soas(self, zones: t.Sequence[str]) -> list[Soa | InkanError]:
        self._forget()
        return [self._soa(zone) for zone in zones]

    def set_rname(self, zone: str, expected: Soa, rname: str) -> Soa:
        self._forget()
        seen = self._one_soa(zone)
        if seen.has_rname(rname):
            return seen
        if not seen.has_rname(expected.rname):
            raise self._rname_changed(zone, expected, seen)
        return self._write_rname(zone, seen, rname)

    def _soa(self, zone: str) -> Soa | InkanError:
        try:
            found = self._soa_in(self._zone(zone))
        except InkanError as error:
            return error
        return found if found is not None else self._no_zone(zone, "the API shows no SOA record there")

    def _one_soa(self, zone: str) -> Soa:
        soa = self._soa(zone)
        if isinstance(soa, InkanError):
            raise soa
        return soa

    def _rname_changed(self, zone: str, expected: Soa, now: Soa) -> RefusedError:
        return RefusedError(
            code="rname_changed",
            what=f"Cannot set the mailbox of zone {zone}",
            where=self._where,
            why=f"somebody else changed it in the meantime, from {expected.rname} to {now.rname}",
            todo="Find out who else sets it, then run again",
            retryable=True,
        )

    def _rname_unkept(self, zone: str, why: str, todo: str) -> ProtocolError:
        return ProtocolError(
            code="readback_missing",
            what=f"Cannot set the mailbox of zone {zone}",
            where=self._where,
            why=why,
            todo=todo,
            retryable=True,
            did_change=True,
        )


def soa_of_text(content: str, ttl: int) -> Soa | None:
    """From the presentation form of its RDATA (RFC 1035 §5.1); None: it is none."""
    words = content.split()
    try:
        mname, rname = (name_text(labels_of(word)) for word in words[:2])
        serial, refresh, retry, expire, minimum = map(int, words[2:])
    except ValueError:
        return None
    return Soa(mname, rname, serial, refresh, retry, expire, minimum, ttl)


def _came_between(error: InkanError | None) -> bool:
    """Somebody else was quicker, and nothing of ours was written."""
    return error is not None and error.code == "rrset_changed" and not error.did_change
