# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""approval_mails and persons: the correction after a refusal, and mails that ask an applicant for its will."""

from __future__ import annotations

import json
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.correction import Owner, correction_fact, open_correction
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Fact, Kind
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.test_people import NOW, SUBMITTED, entry
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import item
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.mailroom import LINK, Mailroom, letter, page

WHO = {"owner": "山田太郎", "mail": "yamada@example.jp", "escalate_to": "ops@example.jp"}
REFUSAL: dict[str, t.Any] = {"name": "shop", "answer": "refuse", "reason": "www is missing", **WHO}


@pytest.fixture
def room(tmp_path: Path) -> Mailroom:
    made = Mailroom(tmp_path)
    made.order()
    made.deliver(letter())
    made.web.pages[LINK] = page()
    return made


def wish(word: str = "key-shop", **changes: t.Any) -> dict[str, t.Any]:
    contact = {"kind": "constructed", "address": "admin@shop.example.jp"}
    return item("shop", word, ca_account="digicert", options={"contact": contact}, **changes)


def info(room: Mailroom, days: float = 0, **options: t.Any) -> dict[str, t.Any]:
    now = (room.ground.clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"ledger_path": str(room.ground.ledger), "now": now, **options}
    validated = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(given)
    result = certificate_orders_info.run(validated.validated_parameters, False)
    return {"reminders": result.extra["reminders"], **{one.name: one.as_data() for one in result.items}}


# -- the correction ---------------------------------------------------------------------------------------------------


def test_a_refusal_opens_the_correction_with_who_what_and_when(room: Mailroom) -> None:
    (data,) = room.look(REFUSAL, mode="assist")
    task = data["correction"]
    assert (data["outcome"], task["kind"], task["owner"], task["mail"]) == (
        *("refused", "correction", "山田太郎", "yamada@example.jp"),
    )
    assert "shop.example.jp" in task["what"] and "www is missing" in task["what"] and "force" in task["what"]
    due = room.ground.clock.now() + timedelta(days=3)
    assert task["by"][:10] == due.date().isoformat()
    shop = info(room)["shop"]
    assert [one["id"] for one in shop["wanted"]["tasks"]] == ["correction"]
    assert (shop["waiting_for"]["actor"], shop["waiting_for"]["owner"], shop["waiting_for"]["by"]) == (
        *("customer", "山田太郎", task["by"]),
    )
    assert [(one["id"], one["state"]) for one in shop["tasks"]] == [("correction", "open")]
    (again,) = room.look({"name": "shop"})
    assert again["correction"] == task, "it is told until it is done"


def test_who_refuses_is_asked_where_the_organization_names_nobody(room: Mailroom) -> None:
    refusal = {"name": "shop", "answer": "refuse"}
    (data,) = room.look(refusal, mode="assist", actor={"user": "hanako", "job": "4711"})
    assert data["correction"]["owner"] == "hanako"


def test_it_is_reminded_of_late_and_escalated_with_what_it_costs(room: Mailroom) -> None:
    room.look(REFUSAL, mode="assist")
    assert info(room, 1.9)["reminders"] == []
    said = [info(room, days)["reminders"] for days in (2.1, 3.1, 4.1)]
    assert [[(one["task"], one["level"], one["to"]) for one in some] for some in said] == [
        [("correction", "remind", ["yamada@example.jp"])],
        [("correction", "late", ["yamada@example.jp"])],
        [("correction", "escalate", ["yamada@example.jp", "ops@example.jp"])],
    ]
    assert {one["costs"] for some in said for one in some} == {"the service stays without its certificate"}
    assert info(room, 4.1, declared=["other"])["reminders"] == [], "what is declared no more needs no correction"


def test_another_order_closes_it_for_good(room: Mailroom) -> None:
    room.look(REFUSAL, mode="assist")
    corrected = wish("key-2", dns_names=["shop.example.jp", "www.shop.example.jp"])
    data = room.ground.one(corrected, until="wanted")
    assert (data["outcome"], data["tasks"]) == ("submitted", [])
    assert info(room, 4.1)["reminders"] == []
    first, second = info(room, history=True)["shop"]["history"]
    closed = [fact for fact in first["facts"] if fact["kind"] == "task_closed"]
    assert [(fact["word"], fact["by"], fact["text"]) for fact in closed] == [
        ("correction", "us", "another order follows")
    ]
    assert [fact for fact in second["facts"] if fact["kind"].startswith("task_")] == []
    before = room.ground.ledger.read_bytes()
    assert room.ground.one({"name": "shop"}, record_only=True)["changed"] is False
    assert room.ground.ledger.read_bytes() == before


def test_an_order_by_force_closes_it_too(room: Mailroom) -> None:
    room.look(REFUSAL, mode="assist")
    data = room.ground.one(wish("key-2"), until="wanted")
    assert (data["outcome"], info(room)["shop"]["tasks"]) == ("submitted", [])


def test_a_person_closes_it_with_a_note_and_opens_it_again(room: Mailroom) -> None:
    room.look(REFUSAL, mode="assist")
    done = {"name": "shop", "intake": {"done": "correction", "who": "鈴木", "note": "the project is over"}}
    data = room.ground.one(done, record_only=True)
    assert (data["error"], data["changed"]) == (None, True)
    assert [(one["state"], one["told_by"], one["note"]) for one in data["tasks"]] == [
        ("done", "鈴木", "the project is over")
    ]
    assert (data["waiting_for"], info(room, 5)["reminders"]) == (None, [])
    assert room.ground.one(done, record_only=True)["changed"] is False
    room.ground.one({"name": "shop", "intake": {"reopen": "correction"}}, record_only=True)
    assert [one["task"] for one in info(room, 5)["reminders"]] == ["correction"]


def test_it_is_due_before_the_live_certificate_ends() -> None:
    order = entry(SUBMITTED)
    fact = correction_fact(order, "no", "", Owner("山田"), NOW + timedelta(days=1), NOW)
    found = open_correction(order.having([Fact(Kind.REFUSED, NOW, by="person"), fact]))
    assert found is not None
    assert (found.due, found.lapses) == (NOW + timedelta(days=1),) * 2
    past = correction_fact(order, "no", "", Owner("山田"), NOW - timedelta(days=1), NOW)
    found = open_correction(order.having([Fact(Kind.REFUSED, NOW, by="person"), past]))
    assert found is not None and found.due == NOW + timedelta(days=3)


# -- the applicant's will ---------------------------------------------------------------------------------------------

EV = {
    "From": "DigiCert <no-reply@digicert.com>",
    "Delivered_To": "yamada@example.jp",
    "To": "yamada@example.jp",
    "Subject": "EV 申請責任者 shop.example.jp order-1",
    "Message_ID": "<ev-1@digicert.com>",
    "Authentication_Results": "mx.example.jp; dmarc=pass header.from=digicert.com",
    "text": f"EV: 申請責任者 shop.example.jp order-1\n{LINK}9\n",
}


def steps(room: Mailroom) -> dict[str, dict[str, t.Any]]:
    return {one["id"]: one for one in info(room)["shop"]["tasks"]}


def told(room: Mailroom) -> list[str]:
    """What mails told of the order."""
    (history,) = info(room, history=True)["shop"]["history"]
    return [fact["word"] for fact in history["facts"] if fact["kind"] == "mail_noticed"]


def test_an_intent_mail_opens_its_step_and_says_when_and_to_whom_it_came(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.order()
    room.deliver(letter(**EV))
    (data,) = room.look({"name": "shop", **WHO}, mode="auto", auto_domains=["example.jp"])
    assert [mail["kind"] for mail in data["mails"]] == ["intent"]
    assert (data["outcome"], data["changed"], room.web.asked) == ("no_mail", True, []), "it approves no domain"
    (task,) = steps(room).values()
    assert (task["id"], task["state"], task["owner"], task["mail"], task["escalate_to"]) == (
        *("ev_mail", "open", "山田太郎", "yamada@example.jp", "ops@example.jp"),
    )
    assert task["what"].endswith(f"; its mail arrived on {task['mailed_at']}, to yamada@example.jp")
    assert told(room) == ["intent_asked"], "the domain's mail is still awaited"
    assert "0123456789abcdef" not in json.dumps(info(room, history=True), ensure_ascii=False)
    assert room.play().changed is False


def test_it_tells_a_step_that_the_plan_has_opened_and_the_plans_words_stay(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    planned = {"kind": "ev_mail", "what": "山田 answers the mail", "owner": "山田", "by": "2026-12-04T14:59:59Z"}
    room.order(tasks=[planned])
    assert steps(room)["ev_mail"]["mailed_at"] is None
    room.deliver(letter(**EV))
    room.look()
    task = steps(room)["ev_mail"]
    assert (task["what"].partition(";")[0], task["by"], task["owner"]) == (
        *("山田 answers the mail", "2026-12-04T14:59:59Z", "山田"),
    )
    assert task["mailed_to"] == ["yamada@example.jp"]
    assert room.ground.one({"name": "shop", "tasks": [planned]}, until="wanted")["changed"] is False
    assert room.play().changed is False
    late = {**EV, "Message_ID": "<ev-2@digicert.com>", "To": "suzuki@example.jp", "Delivered_To": "suzuki@example.jp"}
    room.deliver(letter(**late), minutes=90)
    assert room.play().changed, "sent again, to somebody else"
    assert steps(room)["ev_mail"]["mailed_to"] == ["suzuki@example.jp"]


def test_its_confirmation_closes_it_and_the_approval_of_the_domain_does_not(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.order()
    room.deliver(letter(**EV))
    room.deliver(letter())
    room.look()
    assert (told(room), steps(room)["ev_mail"]["state"]) == (["intent_asked", "approval_mail"], "open")
    done = {"name": "shop", "intake": {"done": "ev_mail", "who": "山田", "note": "confirmed at DigiCert"}}
    data = room.ground.one(done, record_only=True)
    assert [(one["state"], one["note"]) for one in data["tasks"]] == [("done", "confirmed at DigiCert")]
    assert room.play().changed is False
    assert steps(room)["ev_mail"]["state"] == "done", "the mail that is still there opens nothing again"


def test_two_mails_of_one_step_in_one_run_open_it_once(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    room.order()
    room.deliver(letter(**EV))
    room.deliver(letter(**{**EV, "Message_ID": "<ev-2@digicert.com>"}), minutes=60)
    room.look()
    (history,) = info(room, history=True)["shop"]["history"]
    kinds = [fact["kind"] for fact in history["facts"] if fact["kind"] in ("task_opened", "mail_noticed")]
    assert kinds == ["task_opened", "mail_noticed", "mail_noticed"]


def test_a_row_of_a_user_names_its_step(tmp_path: Path) -> None:
    room = Mailroom(tmp_path)
    row = {"based_on": "digicert-ev-intent", "task": "call"}
    with pytest.raises(InputErrors, match="task must be one of ev_mail, intent_mail"):
        room.play(profiles={"mine": row})
    room.order()
    room.deliver(letter(**EV))
    room.look(profiles={"digicert-ev-intent": {"task": "intent_mail"}})
    assert list(steps(room)) == ["intent_mail"]
