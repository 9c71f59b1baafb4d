# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is reminded of what and when, what being late costs, and what contracts want of whom."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    Answer,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.people import (
    due_reminders,
    mail_word,
    open_facts,
    open_tasks,
    recipients,
    retired_task,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import waiting_for

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
CALL = Task(
    "customer",
    "answer the call",
    owner="山田",
    due=NOW + 14 * DAY,
    kind="call",
    mail="yamada@example.jp",
    escalate_to="ops@example.jp",
)


def entry(*facts: Fact, at: datetime = NOW, number: int = 1, **changes: t.Any) -> Entry:
    words: dict[str, t.Any] = {
        "name": "shop",
        "purpose": "issue",
        "reference": f"ref-{number}",
        "ca_account": "ca",
        "product": "globalsign-ov",
        "common_name": "shop.example.jp",
        "dns_names": ("shop.example.jp",),
        "method": "email",
        "csr": "csr",
        "public_key_sha256": "a" * 64,
        "custodian": "web1",
        "hosts": (),
        "options": {},
        "created_at": at,
    }
    return Entry(Order(**{**words, **changes}), facts, number)


def opened(task: Task = CALL, at: datetime = NOW) -> Fact:
    return Fact(Kind.TASK_OPENED, at, word=task.kind, wanted=Wanted(tasks=(task,)))


def seen(status: Answer, wanted: Wanted | None = None) -> tuple[Fact, ...]:
    said = Fact(Kind.SEEN, NOW, status=status)
    return (said, Fact(Kind.WANTED, NOW, wanted=wanted)) if wanted is not None else (said,)


SUBMITTED = Fact(Kind.SUBMITTED, NOW, handle="h")


def issued(number: int = 1, ends: datetime = NOW + 30 * DAY, **changes: t.Any) -> Entry:
    certificate = Certificate("PEM", ("CHAIN",), f"a{number}", NOW - 100 * DAY, ends)
    return entry(SUBMITTED, Fact(Kind.DOWNLOADED, NOW, certificate=certificate), number=number, **changes)


# -- what is open -----------------------------------------------------------------------------------------------------


def test_a_step_is_opened_once_and_only_of_an_order_that_the_ca_has() -> None:
    assert open_facts(entry(), [CALL], NOW) == []
    reached = entry(SUBMITTED)
    facts = open_facts(reached, [CALL], NOW)
    assert [(fact.kind, fact.word) for fact in facts] == [(Kind.TASK_OPENED, "call")]
    assert open_facts(reached.having(facts), [CALL], NOW + DAY) == []
    assert len(open_facts(reached.having(facts), [replace(CALL, owner="佐藤")], NOW)) == 1
    assert open_facts(issued(), [CALL], NOW) == []
    applying = Wanted(tasks=(Task("customer", "apply with the sheet", tell="order_number"),))
    at_a_portal = entry(SUBMITTED, *seen(Answer.WANTS_PERSON, applying), product="jprs-ov")
    assert open_facts(at_a_portal, [CALL], NOW) == []
    assert len(open_facts(at_a_portal.having(seen(Answer.WANTS_PERSON, Wanted())), [CALL], NOW)) == 1


def test_what_the_adapter_says_and_the_ledger_follows_stands_there_once() -> None:
    theirs = (Task("customer", "the call", kind="call"), Task("seller", "issue", tell="certificate"))
    found = entry(SUBMITTED, *seen(Answer.WANTS_PERSON, Wanted(tasks=theirs)), opened())
    assert [(id_, task.actor) for id_, task in open_tasks(found)] == [
        ("call", "customer"),
        ("portal-certificate", "seller"),
    ]
    closed = found.having([Fact(Kind.TASK_CLOSED, NOW, word="call", by="person")])
    assert [id_ for id_, _task in open_tasks(closed)] == ["portal-certificate"]


@pytest.mark.parametrize("status", [Answer.VALIDATING, Answer.ISSUING])
def test_while_the_ca_examines_the_person_is_who_is_waited_for(status: Answer) -> None:
    found = entry(SUBMITTED, *seen(status), opened())
    waiting = waiting_for(found)
    assert waiting is not None
    assert (waiting.actor, waiting.owner, waiting.by) == ("customer", "山田", CALL.due)
    after = waiting_for(found.having([Fact(Kind.TASK_CLOSED, NOW, word="call", by="person")]))
    assert after is not None
    assert after.actor == "ca"


def test_an_approval_mail_comes_before_the_call_and_vetting_without_a_mail_is_the_call() -> None:
    mailed = waiting_for(entry(SUBMITTED, *seen(Answer.WANTS_APPROVAL, Wanted(mails=("admin@example.jp",))), opened()))
    vetted = waiting_for(entry(SUBMITTED, *seen(Answer.WANTS_APPROVAL, Wanted(notes=("vetting",))), opened()))
    assert mailed is not None and vetted is not None
    assert ("admin@example.jp" in mailed.what, vetted.what) == (True, "answer the call")


def test_a_question_about_a_refusal_is_a_task_until_somebody_says_that_it_was_answered() -> None:
    noticed = Fact(Kind.MAIL_NOTICED, NOW, word="refusal_asked")
    found = entry(SUBMITTED, *seen(Answer.WANTS_APPROVAL), noticed, product="cpi-dv")
    [(id_, task)] = open_tasks(found)
    assert (id_, task.kind, task.due) == ("refusal", "refusal", NOW + 3 * DAY)
    assert "ssl-info@cpi.ad.jp" in task.where  # CPI-11
    said = [opened(task), Fact(Kind.TASK_CLOSED, NOW, word="refusal", by="person")]
    assert open_tasks(found.having(said)) == ()


# -- reminders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "level", "to"),
    [
        pytest.param(0, None, (), id="two weeks before, nothing"),
        pytest.param(6.9, None, (), id="a little before the first reminder"),
        pytest.param(7, "remind", ("yamada@example.jp",), id="a week before"),
        pytest.param(12.9, "remind", ("yamada@example.jp",), id="still the first reminder"),
        pytest.param(13, "remind", ("yamada@example.jp",), id="the day before"),
        pytest.param(14, "late", ("yamada@example.jp",), id="on the day"),
        pytest.param(15, "escalate", ("yamada@example.jp", "ops@example.jp"), id="a day after"),
        pytest.param(99, "escalate", ("yamada@example.jp", "ops@example.jp"), id="long after"),
    ],
)
def test_before_its_day_the_owner_hears_of_it_and_after_it_somebody_else_too(
    days: float, level: str | None, to: tuple[str, ...]
) -> None:
    found = due_reminders([entry(SUBMITTED, *seen(Answer.VALIDATING), opened())], NOW + days * DAY)
    assert [(one.level, one.to) for one in found] == ([(level, to)] if level else [])


def test_a_reminder_is_the_same_in_every_run_until_the_next_one() -> None:
    every = [entry(SUBMITTED, *seen(Answer.VALIDATING), opened())]
    keys = [due_reminders(every, NOW + days * DAY)[0].key for days in (7, 9, 12.9, 13, 13.5, 14, 15, 20, 21, 30)]
    assert [keys.index(key) for key in keys] == [0, 0, 0, 3, 3, 5, 6, 6, 8, 8]


def test_what_is_done_and_what_has_ended_reminds_nobody() -> None:
    closed = Fact(Kind.TASK_CLOSED, NOW, word="call", by="person")
    done = entry(SUBMITTED, *seen(Answer.VALIDATING), opened(), closed)
    ended = entry(SUBMITTED, opened(), Fact(Kind.CANCELLED, NOW), name="other", number=2)
    assert due_reminders([done, ended], NOW + 30 * DAY) == []


def test_being_late_costs_the_live_certificate() -> None:
    renewal = entry(SUBMITTED, *seen(Answer.VALIDATING), opened(), number=2)
    [late] = due_reminders([issued(), renewal], NOW + 14 * DAY)
    assert (late.lapses, late.costs) == (NOW + 30 * DAY, "the live certificate ends at 2026-12-20T12:00:00Z")
    [first] = due_reminders([renewal], NOW + 14 * DAY)
    assert (first.lapses, first.costs) == (None, "the service stays without its certificate")
    told = entry(SUBMITTED, *seen(Answer.VALIDATING), opened(replace(CALL, lapses=NOW + 20 * DAY)))
    assert due_reminders([told], NOW + 14 * DAY)[0].lapses == NOW + 20 * DAY  # as the plan knows it


def test_what_is_due_first_comes_first() -> None:
    soon = replace(CALL, kind="papers", due=NOW + 3 * DAY)
    every = [
        entry(SUBMITTED, *seen(Answer.VALIDATING), opened(), name="a", number=1),
        entry(SUBMITTED, *seen(Answer.VALIDATING), opened(soon), name="b", number=2),
    ]
    assert [one.name for one in due_reminders(every, NOW + 20 * DAY)] == ["b", "a"]


def test_a_task_at_a_portal_reminds_too() -> None:
    task = Task("customer", "apply", owner="desk", due=NOW + 7 * DAY, tell="order_number")
    found = entry(SUBMITTED, *seen(Answer.WANTS_PERSON, Wanted(tasks=(task,))), product="jprs-dv")
    [reminder] = due_reminders([found], NOW + 4 * DAY)
    assert (reminder.task, reminder.kind, reminder.to) == ("portal-order_number", "portal", ("desk",))


# -- approval mails ---------------------------------------------------------------------------------------------------

MAILED = Wanted(mails=("admin@example.jp",))


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        pytest.param({"product": "globalsign-dv"}, 1, id="a CA with an API mails at once"),
        pytest.param({"product": "jprs-dv"}, 3, id="JPRS through a reseller"),
        pytest.param({"product": "cpi-dv"}, 3, id="CPI tells when (CPI-12)"),
        pytest.param({"product": "iij-digicert-secure-server-id"}, 14, id="IIJ, two weeks (IIJ-14)"),
        pytest.param({"product": "iij-globalsign-quick-dv"}, 1, id="クイック認証SSL, at once (IIJ-14)"),
        pytest.param({"product": "iij-globalsign-ov", "purpose": "renew"}, None, id="at a renewal it may be left out"),
        pytest.param({"product": "cpi-dv", "method": "registrar"}, None, id="one account at CPI: none comes (CPI-1)"),
        pytest.param({"product": "jprs-dv", "method": "registrar"}, None, id="linkage: none comes (JPRS-11)"),
        pytest.param({"method": "dns"}, None, id="no mail is asked for"),
    ],
)
def test_a_mail_that_does_not_come_is_an_alarm_where_one_should(changes: dict[str, t.Any], days: int | None) -> None:
    found = entry(SUBMITTED, *seen(Answer.WANTS_APPROVAL, MAILED), **changes)
    assert mail_word(found).late_at == (NOW + days * DAY if days else None)
    assert due_reminders([found], NOW + ((days or 99) - 0.1) * DAY) == []
    late = due_reminders([found], NOW + (days or 99) * DAY)
    assert [(one.kind, one.to) for one in late] == ([("mail", ("admin@example.jp",))] if days else [])
    moment = (NOW + (days or 0) * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [one.key for one in late] == ([f"ref-1/mail/late/{moment}"] if days else [])


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(Fact(Kind.TAKEN_IN, NOW, word="approved"), id="a person answered it"),
        pytest.param(Fact(Kind.APPROVAL_INTENDED, NOW, host="example.jp", token="d"), id="a machine began to"),
        pytest.param(Fact(Kind.MAIL_NOTICED, NOW, word="approval_mail", token="d"), id="it was seen in the mailbox"),
    ],
)
def test_a_mail_that_was_heard_of_is_no_alarm(fact: Fact) -> None:
    found = entry(SUBMITTED, *seen(Answer.WANTS_APPROVAL, MAILED), fact)
    assert mail_word(found).is_heard
    assert due_reminders([found], NOW + 30 * DAY) == []


def test_without_mails_somebody_is_told_why() -> None:
    word = mail_word(entry(method="registrar", product="cpi-dv"))
    assert not word.is_expected
    assert "nobody is mailed" in word.why
    assert word.facts == ("CPI-1", "JPRS-11")


def test_the_last_recipient_comes_first() -> None:
    chosen = {"contact": {"kind": "txt", "address": "certs@example.jp"}}
    said = seen(Answer.WANTS_APPROVAL, Wanted(mails=("admin@example.jp",)))
    changed = Fact(Kind.CONTACT_CHANGED, NOW, word="constructed", text="postmaster@example.jp")
    every = [entry(*said), entry(number=2, options=chosen), entry(changed, number=3, options=chosen)]
    assert recipients(every) == ("postmaster@example.jp", "certs@example.jp", "admin@example.jp")
    assert recipients([entry()]) == ()


# -- contracts --------------------------------------------------------------------------------------------------------


def test_a_contract_that_goes_on_is_told_until_somebody_has_ended_it() -> None:
    old = issued(product="iij-globalsign-ov", options={"cancel_days": 26})
    task = retired_task([old])
    assert task is not None
    assert (task.due, task.lapses) == (NOW + 4 * DAY, NOW + 30 * DAY)
    assert "IIJサーバ証明書管理サービス" in task.where
    assert due_reminders([old], NOW + 3 * DAY, declared=["shop"]) == []
    assert due_reminders([old], NOW + 3 * DAY) == []
    [reminder] = due_reminders([old], NOW + 3 * DAY, declared=[])
    assert (reminder.task, reminder.level) == ("cancel", "remind")
    assert reminder.costs == "the contract is renewed and charged for another term"
    closed = old.having([opened(task), Fact(Kind.TASK_CLOSED, NOW, word="cancel", by="person")])
    assert retired_task([closed]) is None


@pytest.mark.parametrize("options", [{}, {"cancel_days": None}])
def test_a_contract_that_ends_by_itself_wants_nothing(options: dict[str, t.Any]) -> None:
    assert retired_task([issued(options=options)]) is None
    assert retired_task([]) is None
