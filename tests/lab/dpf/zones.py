# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A zone with what is published and what is edited. Whoever changes it holds the lock of the whole service."""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime

from .records import ADDED, BEFORE, CHANGED, DELETED, PUBLISHED, Record, check_values, rdata_of, target_of
from .wrongs import Document, Wrong

UNPUBLISHED_ZONE, PUBLISHED_ZONE = 1, 2
DEFAULT_TTL = 28_800
IDS = itertools.count(1)


class Pair(t.NamedTuple):
    """A difference; None: it is not there."""

    new: Record | None
    old: Record | None


@dataclass
class Committed:
    id: int
    at: datetime
    description: str
    operator: str
    text: str


@dataclass
class DpfZone:
    id: str
    service_code: str
    #: with the last dot
    name: str
    state: int = PUBLISHED_ZONE
    proxy: bool = False
    description: str = ""
    #: by id
    published: dict[str, Record] = field(default_factory=dict)
    edited: dict[str, Record] = field(default_factory=dict)
    default_ttl: int = DEFAULT_TTL
    #: (value, operator) that is to be published
    new_default_ttl: tuple[int, str] | None = None
    histories: list[Committed] = field(default_factory=list)
    #: a long text is split, not refused
    long_texts: bool = False

    # --- looking ---

    def at(self, name: str, rrtype: str) -> Record | None:
        return next((one for one in self.edited.values() if one.key == (name, rrtype)), None)

    @property
    def serial(self) -> int:
        """As it is published."""
        return next((_serial(one) for one in self.published.values() if one.rrtype == "SOA"), 0)

    def diffs(self) -> list[Pair]:
        pairs = []
        for one in self.edited.values():
            old = self.published.get(one.id)
            if one.state == ADDED:
                pairs.append(Pair(one, None))
            elif one.state == DELETED:
                pairs.append(Pair(None, replace(one, state=DELETED)))
            elif one.state == CHANGED and old is not None:
                pairs.append(Pair(one, replace(old, state=BEFORE)))
        return pairs

    # --- editing; the record ---

    def create(self, wish: Document, operator: str) -> Record:
        name, rrtype = wish["name"], wish["rrtype"]
        if rrtype == "SOA":
            raise Wrong(("invalid", "schema"))
        self._check_name(name)
        if self.at(name, rrtype) is not None:
            raise Wrong(("duplicated", "record"))
        made = Record(
            new_id("r"), name, rrtype, check_values(rrtype, wish["rdata"], self.long_texts), wish.get("ttl"),
            wish.get("description", ""), wish.get("labels", {}), ADDED, operator,
        )  # fmt: skip
        return self._put(made)

    def change(self, id: str, wish: Document, operator: str) -> Record:
        record = self.known(id)
        if record.state == DELETED:
            raise Wrong(("forbidden", "record"))
        if "rdata" in wish:
            wish = {**wish, "rdata": check_values(record.rrtype, wish["rdata"], self.long_texts)}
        state = ADDED if record.state == ADDED else CHANGED
        return self._put(replace(record, **wish, state=state, operator=operator))

    def delete(self, id: str, operator: str) -> Record:
        record = self.known(id)
        if record.rrtype == "SOA":
            raise Wrong(("soa_not_found", "record"))
        if record.key == (self.name, "NS"):
            raise Wrong(("apex_ns_not_found", "record"))
        if record.state == DELETED:
            raise Wrong(("forbidden", "record"))
        if record.state == ADDED:
            return self._without(record)
        before = self.published[record.id]
        return self._put(replace(before, state=DELETED, operator=operator))

    def undo(self, id: str) -> Record:
        record = self.known(id)
        if record.state == PUBLISHED:
            raise Wrong(("forbidden", "record"))
        before = self.published.get(record.id)
        return self._without(record) if before is None else self._put(before)

    def undo_all(self, operator: str | None) -> None:
        """None: whoever did it."""
        for one in list(self.edited.values()):
            if one.state != PUBLISHED and operator in (None, one.operator):
                before = self.published.get(one.id)
                self.edited.pop(one.id)
                if before is not None:
                    self.edited[one.id] = before
        self.edited = {id: self.edited[id] for id in sorted(self.edited)}
        if self.new_default_ttl is not None and operator in (None, self.new_default_ttl[1]):
            self.new_default_ttl = None

    def replace_all(self, wishes: t.Sequence[Document], soa: bool, apex_ns: bool, operator: str) -> None:
        """The list is the zone; flags: what it says of the SOA and of the name servers counts."""
        keys = [(wish["name"], wish["rrtype"]) for wish in wishes]
        if len(set(keys)) != len(keys):
            raise Wrong(("duplicated", "records"))
        for key, code in (((self.name, "SOA"), "soa_not_found"), ((self.name, "NS"), "apex_ns_not_found")):
            if key not in keys:
                raise Wrong((code, "records"))
        kept = {key for key, wanted in (((self.name, "SOA"), soa), ((self.name, "NS"), apex_ns)) if not wanted}
        after = DpfZone(self.id, self.service_code, self.name, long_texts=self.long_texts)
        after.published = self.published
        published = {one.key: one for one in self.published.values()}
        for wish in wishes:
            after.take(wish, published.get((wish["name"], wish["rrtype"])), kept, operator)
        for key, record in published.items():
            if key not in keys:
                after.edited[record.id] = replace(record, state=DELETED, operator=operator)
        after.check_references()
        self.edited = after.edited

    def take(self, wish: Document, before: Record | None, kept: t.Collection[tuple[str, str]], operator: str) -> None:
        """One of a whole list."""
        name, rrtype = wish["name"], wish["rrtype"]
        if before is not None and before.key in kept:
            self.edited[before.id] = before
            return
        try:
            self._check_name(name)
            rdata = check_values(rrtype, wish["rdata"], self.long_texts)
        except Wrong as wrong:
            code = "out_of_zone" if wrong.details[0] == ("invalid", "name") else wrong.details[0][0]
            raise Wrong((code, "records")) from None
        id = before.id if before else new_id("r")
        made = Record(
            id, name, rrtype, rdata, wish["ttl"], wish["description"], wish["labels"],
            CHANGED if before else ADDED, operator,
        )  # fmt: skip
        self.edited[id] = before if before is not None and before.content == made.content else made

    # --- editing; what must not be ---

    def known(self, id: str) -> Record:
        record = self.edited.get(id)
        if record is None:
            raise Wrong(("not_found", "record"))
        return record

    def _check_name(self, name: str) -> None:
        if name != self.name and not name.endswith(f".{self.name}"):
            raise Wrong(("invalid", "name"))

    def _put(self, record: Record) -> Record:
        self._try({**self.edited, record.id: record})
        return record

    def _without(self, record: Record) -> Record:
        self._try({id: one for id, one in self.edited.items() if id != record.id})
        return record

    def _try(self, edited: dict[str, Record]) -> None:
        before, self.edited = self.edited, edited
        try:
            self.check_references()
        except Wrong:
            self.edited = before
            raise

    def check_references(self) -> None:
        """Also of records that nobody touches: one that became wrong holds up all (dns-providers 1.3, 6)."""
        there = [one for one in self.edited.values() if one.state != DELETED]
        names = {one.name for one in there}
        aliases = {one.name for one in there if one.rrtype == "CNAME"}
        for one in there:
            if one.rrtype == "CNAME" and any(other.name == one.name and other is not one for other in there):
                raise Wrong(("cname_and_other_mixed", "name"))
            if one.rrtype == "DS" and (one.name, "NS") not in {other.key for other in there}:
                raise Wrong(("corresponding_ns_not_found", "name"))
            for target in filter(None, (target_of(one.rrtype, value) for value in one.rdata)):
                if target in aliases:
                    raise Wrong(("reference_alias", "rdata"))
                if target.endswith(f".{self.name}") and target not in names:
                    raise Wrong(("reference_not_found", "rdata"))

    # --- publishing ---

    def publish(self, operator: str, own_only: bool, at: datetime, description: str) -> list[Pair]:
        """What changed. ``own_only``: what others edited stays an edit."""
        pairs = [pair for pair in self.diffs() if not own_only or _operator(pair) == operator]
        after = dict(self.published)
        for pair in pairs:
            record = pair.new or pair.old
            assert record is not None
            if pair.new is None:
                after.pop(record.id)
            else:
                after[record.id] = replace(record, state=PUBLISHED, operator=None)
        if self.new_default_ttl is not None and (not own_only or self.new_default_ttl[1] == operator):
            self.default_ttl, self.new_default_ttl = self.new_default_ttl[0], None
        done = {record.id for pair in pairs for record in (pair.new or pair.old,) if record is not None}
        foreign = {id: one for id, one in self.edited.items() if one.state != PUBLISHED and id not in done}
        self.published = _counted(after, self.serial)
        self.edited = {**self.published, **foreign}
        self.state = PUBLISHED_ZONE
        number = len(self.histories) + 1
        self.histories.append(Committed(number, at, description, operator, self.text()))
        return pairs

    def text(self) -> str:
        lines = [f"$TTL {self.default_ttl}"]
        for one in self.published.values():
            ttl = "" if one.ttl is None else str(one.ttl)
            lines += [f"{one.name} {ttl} IN {one.rrtype} {value}" for value in one.rdata]
        return "\n".join(lines)


def _operator(pair: Pair) -> str | None:
    record = pair.new or pair.old
    return record.operator if record else None


def _counted(records: dict[str, Record], serial: int) -> dict[str, Record]:
    """With the next serial number, whatever the SOA says that was edited."""
    found = {}
    for id, one in records.items():
        if one.rrtype == "SOA":
            counted = rdata_of("SOA", one.rdata[0]).replace(serial=max(serial, _serial(one)) + 1)
            one = replace(one, rdata=(counted.to_text(),))
        found[id] = one
    return found


def _serial(soa: Record) -> int:
    rdata: t.Any = rdata_of("SOA", soa.rdata[0])
    return int(rdata.serial)


def new_id(letter: str, length: int = 14) -> str:
    """In the order in which they were made."""
    return letter + f"{next(IDS):0{length - len(letter)}x}"
