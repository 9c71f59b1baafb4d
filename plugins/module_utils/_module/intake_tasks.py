# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""``done`` and ``reopen`` of an intake: a person's word about steps that no machine can do.

Of an order that is under way, of one that was refused (``correction``), or of the contract behind a certificate
(``cancel``). Said twice it changes nothing; of
an order that has ended it is passed over, for a file may hold for long what was told once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.correction import CORRECTION
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import Intake
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.people import CANCEL, contract_task, open_tasks
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.task_log import TaskStand, ids_meant

__all__ = ["task_facts"]

Found = dict[int, list[Fact]]


def task_facts(
    entries: t.Sequence[Entry], entry: Entry | None, intake: Intake, now: datetime
) -> tuple[Found, list[str]]:
    """By the number of the entry; entry: the open one. With a sentence for every word that means no task."""
    found: Found = {}
    wrong: list[str] = []
    for words, kind in ((intake.done, Kind.TASK_CLOSED), (intake.reopen, Kind.TASK_REOPENED)):
        for word in words:
            about = {CANCEL: _contract(entries), CORRECTION: newest(entries)}.get(word, entry)
            if about is None:
                continue
            facts, why = _Word(about, intake, now).facts(word, kind)
            wrong += [why] if why else []
            if facts:
                found.setdefault(about.number, []).extend(facts)
    return found, wrong


def _contract(entries: t.Sequence[Entry]) -> Entry | None:
    """The order whose contract a person can end: that of the newest certificate."""
    return newest([one for one in entries if contract_task([one]) is not None])


class _Word:
    """What one person says of one order."""

    def __init__(self, entry: Entry, intake: Intake, now: datetime) -> None:
        self._entry = entry
        self._intake = intake
        self._now = now
        self._stands = entry.standing.tasks
        self._derived: dict[str, Task] = {
            id_: task for id_, task in open_tasks(entry) if task.kind and id_ not in self._stands
        }
        contract = contract_task([entry])
        if contract is not None:
            self._derived.setdefault(CANCEL, contract)

    def facts(self, word: str, kind: Kind) -> tuple[list[Fact], str]:
        is_done = kind is Kind.TASK_CLOSED
        known = ids_meant(word, self._stands)
        if known:
            return [self._said(id_, kind) for id_ in known if self._stands[id_].is_done != is_done], ""
        task = self._derived.get(word)
        if task is None:
            return [], self._unknown(word, is_done)
        if not is_done:
            return [], ""
        opened = Fact(Kind.TASK_OPENED, self._now, word=word, wanted=Wanted(tasks=(task,)), by="us")
        return [opened, self._said(word, kind)], ""

    def _said(self, id_: str, kind: Kind) -> Fact:
        by = self._intake.who or self._intake.source
        return Fact(kind, self._now, word=id_, by=by, text=self._intake.note)

    def _unknown(self, word: str, is_done: bool) -> str:
        stands: t.Iterable[TaskStand] = self._stands.values()
        names = [*(one.id for one in stands if one.is_done != is_done), *(self._derived if is_done else ())]
        state = "open" if is_done else "done"
        return f"{'done' if is_done else 'reopen'}: no task {word!r}; {state}: {', '.join(names) or 'none'}"
