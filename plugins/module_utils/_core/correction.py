# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows when a person refused an approval: somebody has to correct the declaration.

    refused ── correction opened ──► reminded, late, escalated ──► closed by the order that follows, or by a word of it

Nothing is ordered meanwhile (``policy_renewal``, order_refused): the next order is one of a corrected declaration, or a
forced one.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, State
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import STEPS

__all__ = ["CORRECTION", "Owner", "corrected_facts", "correction_fact", "open_correction"]

#: the id of the task
CORRECTION = "correction"


class Owner(t.NamedTuple):
    """Who corrects it, where that person is reached, and who hears that it is late."""

    name: str = ""
    mail: str = ""
    escalate_to: str = ""


def correction_fact(entry: Entry, why: str, where: str, owner: Owner, lapses: datetime | None, now: datetime) -> Fact:
    """Written with the refusal. lapses: when the certificate ends that is live, which is what being late costs."""
    rule = STEPS[CORRECTION]
    due = now + timedelta(days=rule.days)
    task = Task(
        "customer",
        f"correct the declaration of {entry.order.name} ({entry.order.common_name}), whose approval was refused: {why};"
        " or order it once more as it is by inkan_renewal.force",
        owner=owner.name,
        where=where,
        due=min(due, lapses) if lapses is not None and lapses > now else due,
        facts=rule.facts,
        kind=rule.kind,
        mail=owner.mail,
        escalate_to=owner.escalate_to,
        lapses=lapses,
    )
    return Fact(Kind.TASK_OPENED, now, word=CORRECTION, wanted=Wanted(tasks=(task,)), by="us")


def open_correction(entry: Entry) -> Task | None:
    """Of the newest order of a name: another order after it is the correction."""
    stand = entry.standing.tasks.get(CORRECTION)
    return stand.task if entry.state is State.REFUSED and stand is not None and not stand.is_done else None


def corrected_facts(entries: t.Sequence[Entry], now: datetime) -> list[tuple[Entry, Fact]]:
    """entries: of one name. What closes corrections that another order has followed."""
    last = max((entry.number for entry in entries), default=0)
    return [
        (entry, Fact(Kind.TASK_CLOSED, now, word=CORRECTION, by="us", text="another order follows"))
        for entry in entries
        if entry.number < last and open_correction(entry) is not None
    ]
