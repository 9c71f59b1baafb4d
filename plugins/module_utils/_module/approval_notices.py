# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mails tell of an order that the ledger does not have yet, as facts.

    notice    of a seller: it has begun, has installed, asks why an approval was refused …
    intent    the applicant is asked for its will (IIJ-15, IIJ-16): a step for a person, never the approval of a domain
    approval  that it has come, once

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._core.people import live_until, where_to_ask
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import APPROVAL_CAME, INTENT, TASKS
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import STEPS
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_values import Sighting, Subject

__all__ = ["news_of"]

#: addresses of one mail that are kept
_MOST = 5


def news_of(subject: Subject, now: datetime) -> list[Fact]:
    entry = subject.entry
    if entry is None:
        return []
    facts: list[Fact] = []
    known = {fact.token for fact in entry.facts}
    for one in sorted(subject.mails, key=lambda one: one.mail.received_at):
        if one.flaw is None and not one.is_approval and one.profile is not None and one.mail.digest not in known:
            new = list(_notice(one, subject, entry, now))
            facts, entry = facts + new, entry.having(new)
            known.add(one.mail.digest)
    return facts + _came(subject, entry, now)


def _came(subject: Subject, entry: Entry, now: datetime) -> list[Fact]:
    """That the approval mail has come, once: who waits for it is told when it does not (CPI-1, JPRS-11)."""
    if not entry.is_open or APPROVAL_CAME in entry.standing.notices:
        return []
    ours = [one for one in subject.mails if one.flaw is None and one.is_approval]
    return [_noticed(one, APPROVAL_CAME, now) for one in ours[:1]]


def _noticed(one: Sighting, word: str, now: datetime) -> Fact:
    sender, shown = ", ".join(one.mail.senders)[:200], escaped(one.mail.subject, 200)
    return Fact(Kind.MAIL_NOTICED, now, word=word, token=one.mail.digest, by=sender, text=shown)


def _notice(one: Sighting, subject: Subject, entry: Entry, now: datetime) -> t.Iterator[Fact]:
    profile = one.profile
    if profile is None:
        return
    if profile.kind == INTENT:
        yield from _intent(one, profile.task or TASKS[-1], subject, entry, now)
        return
    word = profile.moves or profile.key
    yield _noticed(one, word, now)
    if word == "refusal_asked" and entry.is_open:
        why = f"{profile.title}: {profile.procedure}"
        yield Fact(Kind.NEEDS_PERSON, now, by="seller", code="refusal_asked", text=why)


# -- the applicant is asked for its will ------------------------------------------------------------------------------


def _intent(one: Sighting, kind: str, subject: Subject, entry: Entry, now: datetime) -> t.Iterator[Fact]:
    """The step that the plan has opened gets the day and the address; where none had, it is opened now."""
    if entry.is_open and kind not in entry.standing.tasks:
        yield Fact(
            Kind.TASK_OPENED, now, word=kind, wanted=Wanted(tasks=(_task(kind, one, subject, entry),)), by="mail"
        )
    to = tuple(escaped(address, 254) for address in one.mail.recipients[:_MOST])
    yield replace(_noticed(one, "intent_asked", now), host=kind, names=to, expires=one.mail.received_at)


def _task(kind: str, one: Sighting, subject: Subject, entry: Entry) -> Task:
    rule, owner = STEPS[kind], subject.item.owner
    to = escaped(one.mail.recipients[0], 254) if one.mail.recipients else ""
    return Task(
        "customer",
        f"confirm the application in the {rule.title}",
        owner=owner.name or to,
        where=where_to_ask(entry),
        due=one.mail.received_at + timedelta(days=rule.days),
        facts=rule.facts,
        kind=kind,
        mail=owner.mail or to,
        escalate_to=owner.escalate_to,
        lapses=live_until([entry]),
    )
