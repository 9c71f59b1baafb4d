# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps for persons, reminders and approval mails, as RV(results) show them.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.correction import CORRECTION
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry
from ansible_collections.inkan.tls.plugins.module_utils._core.people import CANCEL, Reminder, mail_word, recipients
from ansible_collections.inkan.tls.plugins.module_utils._core.person_sheet import papers_data
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task

__all__ = ["followed_tasks", "iso", "mail_data", "reminder_data", "task_data"]

Data = dict[str, t.Any]


def iso(moment: datetime | None) -> str | None:
    """``2026-11-20T00:00:00Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def followed_tasks(entry: Entry) -> list[Data]:
    """What persons did or have to do of which the ledger keeps track."""
    ends = entry.is_open
    return [
        {
            **task_data(one.shown, one.id),
            "state": "done" if one.is_done else "open" if ends or one.id in (CANCEL, CORRECTION) else "over",
            "opened_at": iso(one.opened_at),
            "told_at": iso(one.at),
            "told_by": one.by or None,
            "note": one.note or None,
            "mailed_at": iso(one.mailed_at),
            "mailed_to": list(one.mailed_to),
        }
        for one in entry.standing.tasks.values()
    ]


def task_data(task: Task, id_: str = "") -> Data:
    words = {"id": id_, "kind": task.kind, "mail": task.mail, "escalate_to": task.escalate_to}
    more: Data = {"card": dict(task.card), "papers": papers_data(task.papers), "lapses": iso(task.lapses)}
    return {
        **{key: value or None for key, value in words.items()},
        **{key: value or None for key, value in more.items()},
        "actor": task.actor,
        "owner": task.owner or None,
        "what": task.what,
        "where": task.where or None,
        "by": iso(task.due),
        "sheet": task.sheet or None,
        "tell": task.tell or None,
        "letter": task.letter or None,
        "facts": list(task.facts),
    }


def mail_data(entry: Entry, entries: t.Iterable[Entry]) -> Data:
    """entries: all of the certificate name."""
    word = mail_word(entry)
    return {
        "recipients": list(recipients(entries)),
        "is_expected": word.is_expected,
        "is_heard_of": word.is_heard,
        "late_at": iso(word.late_at),
        "why": word.why,
        "facts": list(word.facts),
    }


def reminder_data(one: Reminder) -> Data:
    return {
        "name": one.name,
        "reference": one.reference,
        "task": one.task,
        "kind": one.kind,
        "level": one.level,
        "key": one.key,
        "at": iso(one.at),
        "to": list(one.to),
        "what": one.what,
        "where": one.where or None,
        "by": iso(one.by),
        "lapses": iso(one.lapses),
        "costs": one.costs,
        "facts": list(one.facts),
    }
