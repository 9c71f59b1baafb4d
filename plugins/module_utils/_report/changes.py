# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed: two reports compared, certificate by certificate.

    report.json that is there ─┐
                               ├─▶ with_changes() ─▶ something differs: it is told, with this day
    report of this run ────────┘                     nothing differs:   what was told the last time stays

So a run with nothing to do leaves the report as it is, and what changed last stays readable until something else does.
That days pass is no change, only what they bring about.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._report.model import Change, Changes, Report, Row, Waiting


def with_changes(report: Report, before: Report | None) -> Report:
    """before: the report that is there, None for none."""
    if before is None or report.as_of is None:
        return report
    found = tuple(_between(before, report))
    if not found:
        return replace(report, changes=before.changes)
    return replace(report, changes=Changes(report.as_of, before.as_of or report.as_of, found))


def _between(before: Report, after: Report) -> t.Iterator[Change]:
    """Certificates that only one of two reports about different certificates knows were not looked at, not changed."""
    old, new = _by_name(before), _by_name(after)
    is_same_scope = before.names == after.names
    for name in sorted({**old, **new}):
        if name in old and name in new:
            yield from _of_one(old[name], new[name])
        elif is_same_scope:
            only = new.get(name) or old[name]
            kind = "added" if name in new else "removed"
            yield Change(name, kind, None, only.group.value if name in new else None)


def _by_name(report: Report) -> dict[str, Row]:
    return {row.name: row for row in report.rows}


def _of_one(old: Row, new: Row) -> t.Iterator[Change]:
    """The weightiest thing that is different, and that another certificate is live."""
    if old.serial != new.serial:
        yield Change(new.name, "certificate", old.not_after, new.not_after)
    if old.group is not new.group:
        yield Change(new.name, "group", old.group.value, new.group.value)
    elif old.state != new.state:
        yield Change(new.name, "state", old.state, new.state)
    elif _turn(old.waiting) != _turn(new.waiting):
        yield Change(new.name, "turn", _turn(old.waiting), _turn(new.waiting))


def _turn(waiting: Waiting | None) -> str | None:
    if waiting is None:
        return None
    return f"{waiting.owner or waiting.actor}: {waiting.what}"
