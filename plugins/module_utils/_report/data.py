# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for programs: ``report.json``. Keys are added, never renamed, as long as ``schema`` stays.

It is also how a report travels to the host that keeps it, and what the next one is compared with: read_data() of
report_data() of a report is that report. ``docs/report.schema.json`` describes it.

This file is private to the collection.
"""

from __future__ import annotations

import json
import sys
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._report.model import (
    Change,
    Changes,
    Cliff,
    Group,
    Load,
    Month,
    Report,
    Row,
    Share,
    Waiting,
)

SCHEMA = 1
Data = dict[str, t.Any]


class NoReport(Exception):
    """What was read is no report of this schema."""


def report_json(report: Report) -> str:
    """Letters of every script as they are; what would not be shown, or turn what is beside it, as JSON's escapes."""
    return "".join(map(_all_shown, _pieces(report)))


def _pieces(report: Report) -> t.Iterator[str]:
    """As ``json.dumps`` would write it, with ``indent=1``, but by certificate: all lines of 10,000 are 100 MB."""
    for number, (key, value) in enumerate(_frame(report).items()):
        yield f"{',' if number else '{'}\n {json.dumps(key)}: "
        if key == "certificates" and report.rows:
            for count, row in enumerate(report.rows):
                yield f"{',' if count else '['}\n  {_indented(_certificate(row), 2)}"
            yield "\n ]"
        else:
            yield _indented(value, 1)
    yield "\n}\n"


def _indented(value: t.Any, depth: int) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\n" + " " * depth)


def _all_shown(piece: str) -> str:
    if piece.replace("\n", "").isprintable():
        return piece
    return "\n".join(line if line.isprintable() else _shown(line) for line in piece.split("\n"))


def _shown(line: str) -> str:
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in line)


def report_data(report: Report) -> Data:
    return {**_frame(report), "certificates": [_certificate(row) for row in report.rows]}


def _frame(report: Report) -> Data:
    """All but the certificates, whose place is kept."""
    return {
        "schema": SCHEMA,
        "as_of": report.as_of,
        "names": list(report.names) if report.names is not None else None,
        "counts": {group.value: len(report.of(group)) for group in Group},
        "certificates": [],
        "changes": _changes(report.changes) if report.changes else None,
        "load": _load(report.load) if report.load else None,
        "undelivered": list(report.undelivered),
    }


def _waiting(waiting: Waiting) -> Data:
    return {"actor": waiting.actor, "owner": waiting.owner or None, "what": waiting.what, "by": waiting.by}


def _certificate(row: Row) -> Data:
    return {
        "name": row.name,
        "group": row.group.value,
        "outcome": row.outcome,
        "state": row.state,
        "sentences": list(row.sentences),
        "codes": list(row.codes),
        "waiting_for": _waiting(row.waiting) if row.waiting else None,
        "tasks": [_waiting(task) for task in row.tasks],
        "mails": list(row.mails),
        "order": row.order,
        "since": row.since,
        "common_name": row.common_name,
        "names": list(row.dns_names),
        "product": row.product,
        "seller": row.seller,
        "ca_account": row.ca_account,
        "method": row.method,
        "method_ends_on": row.method_ends_on,
        "validated_until": row.validated_until,
        "contact": row.contact,
        "hosts": list(row.hosts),
        "serial": row.serial,
        "issuer": row.issuer,
        "not_before": row.not_before,
        "not_after": row.not_after,
        "days_left": row.days_left,
        "renews_on": row.renews_on,
        "cancel_by": row.cancel_by,
        "cliffs": [cliff._asdict() for cliff in row.cliffs],
    }


def _changes(changes: Changes) -> Data:
    return {"day": changes.day, "since": changes.since, "found": [change._asdict() for change in changes.found]}


def _load(load: Load) -> Data:
    return {
        "months": [month._asdict() for month in load.months],
        "movable": {**_share(load.movable), "methods": list(load.methods)},
        "stuck": _share(load.stuck),
    }


def _share(share: Share) -> Data:
    return {**share._asdict(), "names": list(share.names)}


# -- reading ----------------------------------------------------------------------------------------------------------


def read_json(text: str) -> Report:
    try:
        return read_data(load_json(text))
    except ValueError as exc:
        raise NoReport("it is no JSON") from exc


def read_data(raw: t.Any) -> Report:
    """Strict in what it takes: a report of another schema, or half of one, is none."""
    said = _Said(raw, "the report")
    if said.get("schema", int) != SCHEMA:
        raise NoReport(f"its schema is not {SCHEMA}")
    load, changes = said.get("load", dict, None), said.get("changes", dict, None)
    return Report(
        as_of=said.text("as_of"),
        names=said.texts("names") if said.get("names", list, None) is not None else None,
        rows=tuple(_read_certificate(one) for one in said.several("certificates")),
        load=_read_load(_Said(load, "load")) if load is not None else None,
        changes=_read_changes(_Said(changes, "changes")) if changes is not None else None,
        undelivered=said.texts("undelivered"),
    )


def _once(text: str) -> str:
    """Most words are those of other certificates, too, and of the report before: each is kept once.

    Ansible's texts that know where they are from cannot be kept so.
    """
    return sys.intern(text) if text.__class__ is str else text


class _Said:
    """A dictionary from elsewhere; what has another type than it must have is a NoReport."""

    def __init__(self, raw: t.Any, where: str) -> None:
        if not isinstance(raw, t.Mapping):
            raise NoReport(f"{where} is no dictionary")
        self._raw, self._where = raw, where

    def get(self, key: str, kind: type, *default: t.Any) -> t.Any:
        found = self._raw.get(key)
        if found is None and default:
            return default[0]
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is int):
            raise NoReport(f"{key} of {self._where} is of another type")
        return _once(t.cast(str, found)) if kind is str else found

    def word(self, key: str) -> str:
        return t.cast(str, self.get(key, str))

    def text(self, key: str) -> str | None:
        return t.cast("str | None", self.get(key, str, None))

    def number(self, key: str) -> int:
        return t.cast(int, self.get(key, int))

    def texts(self, key: str) -> tuple[str, ...]:
        found: list[t.Any] = self.get(key, list, [])
        if not all(isinstance(one, str) for one in found):
            raise NoReport(f"{key} of {self._where} has something that is no text")
        return tuple(map(_once, found))

    def one(self, key: str) -> _Said:
        return _Said(self.get(key, dict), key)

    def several(self, key: str) -> list[_Said]:
        return [_Said(one, key) for one in self.get(key, list)]


def _read_certificate(said: _Said) -> Row:
    waiting = said.get("waiting_for", dict, None)
    return Row(
        name=said.word("name"),
        group=_read_group(said.word("group")),
        outcome=said.word("outcome"),
        sentences=said.texts("sentences"),
        state=said.text("state"),
        common_name=said.text("common_name"),
        dns_names=said.texts("names"),
        product=said.text("product"),
        seller=said.text("seller"),
        ca_account=said.text("ca_account"),
        method=said.text("method"),
        method_ends_on=said.text("method_ends_on"),
        validated_until=said.text("validated_until"),
        contact=said.text("contact"),
        hosts=said.texts("hosts"),
        not_before=said.text("not_before"),
        not_after=said.text("not_after"),
        days_left=said.get("days_left", int, None),
        serial=said.text("serial"),
        issuer=said.text("issuer"),
        renews_on=said.text("renews_on"),
        cancel_by=said.text("cancel_by"),
        waiting=_read_waiting(_Said(waiting, "waiting_for")) if waiting is not None else None,
        tasks=tuple(_read_waiting(one) for one in said.several("tasks")),
        mails=said.texts("mails"),
        order=said.text("order"),
        since=said.text("since"),
        cliffs=tuple(Cliff(one.word("date"), one.word("what"), one.word("do")) for one in said.several("cliffs")),
        codes=said.texts("codes"),
    )


def _read_group(word: str) -> Group:
    try:
        return Group(word)
    except ValueError as exc:
        raise NoReport("a group of it is not known") from exc


def _read_waiting(said: _Said) -> Waiting:
    return Waiting(said.word("actor"), said.word("what"), said.text("by"), said.text("owner") or "")


def _read_changes(said: _Said) -> Changes:
    found = (
        Change(one.word("name"), one.word("kind"), one.text("before"), one.text("after"))
        for one in said.several("found")
    )
    return Changes(said.word("day"), said.word("since"), tuple(found))


def _read_load(said: _Said) -> Load:
    months = tuple(
        Month(one.word("month"), one.number("orders"), one.number("approvals"), one.number("without_method"))
        for one in said.several("months")
    )
    movable, stuck = said.one("movable"), said.one("stuck")
    return Load(months, _read_share(movable), movable.texts("methods"), _read_share(stuck))


def _read_share(said: _Said) -> Share:
    numbers = (said.number(key) for key in ("certificates", "approvals", "without_method"))
    certificates, approvals, without_method = numbers
    return Share(certificates, said.texts("names"), approvals, without_method)
