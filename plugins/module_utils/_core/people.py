# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What persons still have to do for orders of the ledger, when they are reminded, and who hears that it is late.

    task        opened when the order has reached it, closed by a person's word; of no use when the order has ended
    refusal     the seller asks why its mail was answered 承認しない (CPI-12)
    correction  a person refused an approval, and the declaration has to be corrected (CPI-11)
    cancel      a certificate that nobody declares any more, while the contract would be renewed by itself (IIJ-11)
    mail        an approval mail of which nothing was heard; where nobody is mailed that is normal (CPI-1, JPRS-11)

Pure: nobody is told here.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.correction import CORRECTION, open_correction
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, State, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import APPROVAL_CAME
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import (
    MAILS,
    NO_MAIL,
    OTHER,
    STEPS,
    MailRule,
)
from ansible_collections.inkan.tls.plugins.module_utils._data.portals import PORTALS

__all__ = [
    *(
        "CANCEL",
        "CANCEL_DAYS",
        "contract_task",
        "MailWord",
        "Reminder",
        "due_reminders",
        "live_until",
        "mail_word",
        "open_facts",
    ),
    *("open_tasks", "recipients", "retired_task", "where_to_ask"),
]

#: the id of the task that ends a contract
CANCEL = "cancel"
#: the option of an order that keeps by when its contract can be ended, counted back from the certificate's last day
CANCEL_DAYS = "cancel_days"
#: ids of steps that follow from other facts; a person's word about them is kept as of the others
_DERIVED = frozenset({"refusal", CANCEL})
_PORTALS = {portal.seller: portal for portal in PORTALS}
_ALIVE = frozenset({State.ISSUED, State.DEPLOY_PENDING, State.DEPLOYED})
#: what shows that an approval mail came
_ANSWERED = frozenset({Kind.APPROVAL_INTENDED, Kind.APPROVAL_OUTCOME})


# -- tasks ------------------------------------------------------------------------------------------------------------


def open_tasks(entry: Entry) -> tuple[tuple[str, Task], ...]:
    """By id, the next thing first. What a CA's adapter says and the ledger follows, too, stands here once."""
    if not entry.is_open:
        correction = open_correction(entry)
        return ((CORRECTION, correction),) if correction is not None else ()
    standing = entry.standing
    followed = {stand.task.kind for stand in standing.tasks.values()}
    ours = [(one.id, one.shown) for one in standing.tasks.values() if not one.is_done and one.id not in _DERIVED]
    theirs = [task for task in standing.wanted.tasks if not task.kind or task.kind not in followed]
    now = [(_own_id(task, number), task) for number, task in enumerate(theirs) if task.actor == "customer"]
    then = [(_own_id(task, number), task) for number, task in enumerate(theirs) if task.actor != "customer"]
    return (*_refusal(entry), *now, *ours, *then)


def _own_id(task: Task, number: int) -> str:
    return f"portal-{task.tell or number}"


def _refusal(entry: Entry) -> t.Iterator[tuple[str, Task]]:
    asked = entry.standing.notices.get("refusal_asked")
    stand = entry.standing.tasks.get("refusal")
    if asked is None or (stand is not None and stand.is_done):
        return
    rule, where = STEPS["refusal"], where_to_ask(entry)
    what = "answer why the approval was refused (非承認理由確認メール), and say what is to be corrected"
    due = asked.at + timedelta(days=rule.days)
    yield "refusal", Task("customer", what, where=where, due=due, facts=rule.facts, kind=rule.kind)


def where_to_ask(entry: Entry) -> str:
    """The seller, and its mail, where it is written to."""
    portal = _PORTALS.get(seller_of(entry))
    return f"{portal.ask} <{portal.ask_mail}>" if portal is not None and portal.ask_mail else ""


def seller_of(entry: Entry) -> str:
    """Keys of the catalogue begin with it; of a user's own product it is not known here."""
    seller = entry.order.product.partition("-")[0]
    return seller if seller in _PORTALS else ""


def live_until(entries: t.Iterable[Entry]) -> datetime | None:
    """When the newest certificate of a name ends, as far as the ledger knows."""
    ends = [one.standing.certificate.not_after for one in entries if one.standing.certificate and one.state in _ALIVE]
    return max(ends, default=None)


def retired_task(entries: t.Sequence[Entry]) -> Task | None:
    """Of a certificate that is not declared any more: the contract has to be ended, or it goes on and costs."""
    alive = [one for one in entries if one.state in _ALIVE]
    entry = newest(alive)
    if entry is None:
        return None
    done = entry.standing.tasks.get(CANCEL)
    return None if done is not None and done.is_done else contract_task(alive)


def contract_task(entries: t.Sequence[Entry]) -> Task | None:
    """Where a contract would be renewed by itself, done or not."""
    alive = [one for one in entries if one.state in _ALIVE and isinstance(one.order.options.get(CANCEL_DAYS), int)]
    entry, ends = newest(alive), live_until(alive)
    if entry is None or ends is None:
        return None
    days, portal = int(entry.order.options[CANCEL_DAYS]), _PORTALS.get(seller_of(entry))
    name = entry.order.common_name
    what = f"end the contract for {name}: it is declared no more, and after that day the seller renews it by itself"
    where = f"{portal.ask}; {portal.status}" if portal is not None else ""
    return Task(
        "customer",
        what,
        where=where,
        due=ends - timedelta(days=days),
        lapses=ends,
        facts=STEPS[CANCEL].facts,
        kind=CANCEL,
    )


# -- approval mails ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MailWord:
    """Whether an approval mail should have come by now.

    is_expected  one comes to this order. late_at: when nothing heard of it is an alarm; None: never. why: in words
    """

    is_expected: bool
    is_heard: bool
    late_at: datetime | None
    why: str
    facts: tuple[str, ...]


def mail_word(entry: Entry) -> MailWord:
    for method, why, _why_ja, facts in NO_MAIL:
        if entry.order.method == method:
            return MailWord(False, False, None, why, facts)
    if entry.order.method != "email":
        return MailWord(False, False, None, "it is not validated by mail", ())
    rule = _mail_rule(entry)
    heard = any(fact.kind in _ANSWERED for fact in entry.facts) or "approved" in entry.standing.taken
    heard = heard or APPROVAL_CAME in entry.standing.notices
    if rule.may_skip and entry.order.purpose == "renew":
        return MailWord(True, heard, None, "at a renewal the CA may leave the question out", rule.facts)
    applied = _applied_at(entry)
    late = applied + timedelta(days=rule.days) if applied is not None else None
    return MailWord(True, heard, late, f"it comes within {rule.days} days", rule.facts)


def recipients(entries: t.Iterable[Entry]) -> tuple[str, ...]:
    """Whom approval mails of a name went to, the last one first: what was chosen, else what the CA said."""
    found: dict[str, None] = {}
    for entry in sorted(entries, key=lambda one: one.number, reverse=True):
        contact = entry.options.get("contact")
        chosen = contact.get("address") if isinstance(contact, dict) else None
        said = [mail for fact in entry.facts if fact.wanted is not None for mail in fact.wanted.mails]
        found.update(dict.fromkeys([str(chosen)] if chosen else reversed(said)))
    return tuple(found)


def _mail_rule(entry: Entry) -> MailRule:
    seller, product = seller_of(entry), entry.order.product
    return next(rule for rule in MAILS if rule.seller in ("", seller) and product.startswith(rule.products))


def _is_to_be_applied_for(entry: Entry) -> bool:
    """At a portal: the seller has nothing before a person has typed it in."""
    return any(task.tell == "order_number" for task in entry.standing.wanted.tasks)


def _applied_at(entry: Entry) -> datetime | None:
    """Since when the seller has the application: a person tells it of a portal's, the CA's handle of another."""
    number = entry.standing.taken.get("order_number")
    if number is not None:
        return number.at
    if _is_to_be_applied_for(entry):
        return None
    sent = [fact.at for fact in entry.facts if fact.kind is Kind.SUBMITTED]
    return sent[-1] if sent else None


# -- reminders --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminder:
    """Somebody has to hear of something.

    level   remind (before it is due), late (from then on) or escalate (later, and to somebody else, too)
    key     the same for the same reminder in every run: who tells people remembers it, and tells each once
    at      since when it is due to be told; by: when the step is due; lapses: when the live certificate ends
    """

    name: str
    reference: str
    task: str
    kind: str
    level: str
    key: str
    at: datetime
    to: tuple[str, ...]
    what: str
    where: str
    by: datetime
    lapses: datetime | None
    facts: tuple[str, ...]

    @property
    def costs(self) -> str:
        """What being late costs, in words."""
        if self.kind == CANCEL:
            return "the contract is renewed and charged for another term"
        if self.lapses is None:
            return "the service stays without its certificate"
        return f"the live certificate ends at {render_time(self.lapses)}"


def due_reminders(
    entries: t.Iterable[Entry], now: datetime, declared: t.Collection[str] | None = None
) -> list[Reminder]:
    """What has to be told at ``now``, the strongest word of each task alone; what is due first comes first.

    declared: the names of ``inkan_certificates``; None: not known, so no certificate counts as retired
    """
    of_name: dict[str, list[Entry]] = {}
    for entry in entries:
        of_name.setdefault(entry.order.name, []).append(entry)
    found: list[Reminder] = []
    for name, every in of_name.items():
        is_retired = declared is not None and name not in declared
        found += _of_name(every, is_retired, now)
    return sorted(found, key=lambda one: (one.by, one.name, one.task))


def _of_name(every: t.Sequence[Entry], is_retired: bool, now: datetime) -> list[Reminder]:
    newest_one, lapses = newest(every), live_until(every)
    if newest_one is None:
        return []
    retired = retired_task(every) if is_retired else None
    reached = [(id_, task) for id_, task in open_tasks(newest_one) if not (is_retired and id_ == CORRECTION)]
    tasks = [*reached, *([(CANCEL, retired)] if retired is not None else [])]
    of_tasks = [one for id_, task in tasks for one in _of_task(newest_one, id_, task, lapses, now)]
    return [*of_tasks, *_of_mail(newest_one, lapses, now)]


def _of_task(entry: Entry, id_: str, task: Task, lapses: datetime | None, now: datetime) -> t.Iterator[Reminder]:
    if task.due is None or task.actor != "customer":
        return
    rule = STEPS.get(task.kind, OTHER)
    moments = [(task.due - timedelta(days=days), "remind") for days in rule.remind]
    moments += [(task.due, "late")] + [(task.due + timedelta(days=days), "escalate") for days in rule.escalate]
    reached = [(at, level) for at, level in sorted(moments) if at <= now]
    if not reached:
        return
    at, level = reached[-1]
    owner = task.mail or task.owner
    to = (owner, task.escalate_to) if level == "escalate" else (owner,)
    yield Reminder(
        name=entry.order.name,
        reference=entry.order.reference,
        task=id_,
        kind=task.kind or OTHER.kind,
        level=level,
        key=f"{entry.order.reference}/{id_}/{level}/{render_time(at)}",
        at=at,
        to=tuple(dict.fromkeys(one for one in to if one)),
        what=task.what,
        where=task.where,
        by=task.due,
        lapses=lapses or task.lapses,
        facts=task.facts,
    )


def _of_mail(entry: Entry, lapses: datetime | None, now: datetime) -> t.Iterator[Reminder]:
    if not entry.is_open or entry.state is not State.AWAITING_APPROVAL:
        return
    word = mail_word(entry)
    if not word.is_expected or word.is_heard or word.late_at is None or word.late_at > now:
        return
    mails = entry.standing.wanted.mails
    yield Reminder(
        name=entry.order.name,
        reference=entry.order.reference,
        task="mail",
        kind="mail",
        level="late",
        key=f"{entry.order.reference}/mail/late/{render_time(word.late_at)}",
        at=word.late_at,
        to=mails,
        what=f"look for the approval mail to {' or '.join(mails) or 'the chosen address'}: {word.why}, and nothing was"
        " heard of it",
        where="",
        by=word.late_at,
        lapses=lapses,
        facts=word.facts,
    )


def open_facts(entry: Entry, tasks: t.Sequence[Task], now: datetime) -> list[Fact]:
    """What the ledger does not follow yet of the steps that an order has reached, or follows with other words."""

    if not entry.is_open or not entry.standing.handle or _is_to_be_applied_for(entry):
        return []
    known = entry.standing.tasks
    return [
        Fact(Kind.TASK_OPENED, now, word=task.kind, wanted=Wanted(tasks=(task,)), by="plan")
        for task in tasks
        if task.kind not in known or known[task.kind].task != task
    ]
