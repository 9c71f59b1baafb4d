# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that no machine can do: opened when an order reaches them, closed by a person's word, never in the way."""

from __future__ import annotations

import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info

from .hostile_ca import Playground, item, refusal

CALL: dict[str, t.Any] = {
    "kind": "call",
    "what": "山田 answers the call to 03-0000-0000",
    "owner": "山田",
    "mail": "yamada@example.jp",
    "escalate_to": "ops@example.jp",
    "where": "GlobalSign",
    "by": "2026-12-04T14:59:59Z",
    "lapses": "2026-12-24T00:00:00Z",
    "card": {"number": "03-0000-0000", "CN": "shop.example.jp"},
    "papers": [],
    "facts": ["GlobalSign call"],
}
PAPERS: dict[str, t.Any] = {"kind": "papers", "what": "papers", "papers": ["idcf-residence"], "by": None}


@pytest.fixture
def ground(tmp_path: Path) -> Playground:
    return Playground(tmp_path)


def states(data: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {task["id"]: task["state"] for task in data["tasks"]}


def reached(ground: Playground, **changes: t.Any) -> dict[str, t.Any]:
    return ground.one(item(tasks=[CALL, PAPERS], **changes), until="wanted")


def test_they_are_opened_when_the_ca_has_the_order(ground: Playground) -> None:
    data = reached(ground)
    assert states(data) == {"call": "open", "papers": "open"}
    call, papers = data["tasks"]
    assert {key: call[key] for key in CALL if key != "papers"} == {key: CALL[key] for key in CALL if key != "papers"}
    assert papers["papers"][0]["max_age_months"] == 3
    assert [task["id"] for task in data["wanted"]["tasks"]] == ["call", "papers"]
    assert call["opened_at"] is not None and call["told_by"] is None


def test_an_order_that_the_ca_does_not_have_opens_none(ground: Playground) -> None:
    ground.ca.fault("submit", refusal)
    assert reached(ground)["tasks"] == []


def test_the_same_again_writes_nothing(ground: Playground) -> None:
    reached(ground)
    data = ground.one({"name": "shop", "tasks": [CALL, PAPERS]}, until="wanted")
    before = ground.ledger.read_bytes()
    again = ground.one({"name": "shop", "tasks": [CALL, PAPERS]}, record_only=True)
    assert (data["changed"], again["changed"]) == (False, False)
    assert ground.ledger.read_bytes() == before


def test_other_words_of_the_plan_count_from_then_on(ground: Playground) -> None:
    reached(ground)
    data = ground.one({"name": "shop", "tasks": [{**CALL, "owner": "佐藤"}]}, until="wanted")
    assert (data["changed"], data["tasks"][0]["owner"], len(data["tasks"])) == (True, "佐藤", 2)


def test_an_order_that_is_open_already_gets_its_tasks_in_check_mode_too(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    planned = ground.one({"name": "shop", "tasks": [CALL]}, until="wanted", check_mode=True)
    assert (planned["changed"], states(planned)) == (True, {"call": "open"})
    assert ground.one({"name": "shop"}, until="wanted")["tasks"] == []


def test_check_mode_of_a_new_order_shows_the_tasks_that_it_would_open(ground: Playground) -> None:
    wish = item(tasks=[CALL, PAPERS])
    result = ground.play(wish, until="wanted", check_mode=True)
    planned = result.items[0].as_data()
    assert not ground.ledger.exists() and ground.ca.calls == []
    done = ground.one(wish, until="wanted")
    unknown = ("opened_at",)
    assert [{key: task[key] for key in task if key not in unknown} for task in planned["tasks"]] == [
        {key: task[key] for key in task if key not in unknown} for task in done["tasks"]
    ]
    assert {task["opened_at"] for task in planned["tasks"]} == {"known_after_order"}
    assert planned["wanted"]["tasks"] == done["wanted"]["tasks"]
    assert "to do: 山田 answers the call" in result.diff[0].after
    again = ground.one({"name": "shop", "tasks": [CALL, PAPERS]}, until="wanted", check_mode=True)
    assert (again["changed"], states(again)) == (False, {"call": "open", "papers": "open"})


@pytest.mark.parametrize("word", ["call", ["call"]])
def test_a_person_closes_one_with_a_note_and_a_second_time_changes_nothing(ground: Playground, word: t.Any) -> None:
    reached(ground)
    intake = {"done": word, "who": "鈴木", "note": "called on Monday"}
    data = ground.one({"name": "shop", "intake": intake}, until="wanted")
    assert data["error"] is None
    assert states(data) == {"call": "done", "papers": "open"}
    call = data["tasks"][0]
    assert (call["told_by"], call["note"], call["told_at"] is not None) == ("鈴木", "called on Monday", True)
    assert [task["id"] for task in data["wanted"]["tasks"]] == ["papers"]
    ground.clock.passed += 3600.0
    assert ground.one({"name": "shop", "intake": intake}, until="wanted")["changed"] is False


def test_it_is_reopened_and_closed_once_more(ground: Playground) -> None:
    reached(ground)
    ground.one({"name": "shop", "intake": {"done": "call"}}, until="wanted")
    opened = ground.one({"name": "shop", "intake": {"reopen": "call", "note": "they call again"}}, until="wanted")
    assert (states(opened)["call"], opened["tasks"][0]["note"]) == ("open", "they call again")
    again = ground.one({"name": "shop", "intake": {"reopen": "call"}}, until="wanted")
    assert (again["error"], again["changed"]) == (None, False)
    assert states(ground.one({"name": "shop", "intake": {"done": "call"}}, until="wanted"))["call"] == "done"


@pytest.mark.parametrize(
    ("intake", "why"),
    [
        pytest.param({"done": ["fax"]}, "done: no task 'fax'; open: call, papers", id="a task that is not there"),
        pytest.param({"reopen": "fax"}, "reopen: no task 'fax'; done: none", id="none to reopen"),
        pytest.param({"done": ["CALL!"]}, "is no id and no kind of a task", id="no word of ours"),
        pytest.param({"done": "call", "reopen": "call"}, "done and reopen both name call", id="both at once"),
        pytest.param(
            {"done": "call", "certificate": "PEM"}, "nothing of this order is told by persons", id="more than tasks"
        ),
    ],
)
def test_what_does_not_fit_is_told_and_the_order_stays(ground: Playground, intake: dict[str, t.Any], why: str) -> None:
    reached(ground)
    data = ground.one({"name": "shop", "intake": intake}, until="wanted")
    assert data["error"]["code"] == "intake_refused"
    assert why in data["error"]["why"]
    assert data["state"] == "wanted"


def test_an_order_at_a_ca_with_an_api_takes_nothing_else(ground: Playground) -> None:
    reached(ground)
    data = ground.one({"name": "shop", "intake": {"order_number": "1"}}, until="wanted")
    assert data["error"]["code"] == "intake_refused"


def test_a_word_about_the_order_that_this_call_makes_is_heard(ground: Playground) -> None:
    data = ground.one(item(tasks=[CALL], intake={"done": "call"}), until="wanted")
    assert (data["error"], states(data)) == (None, {"call": "done"})


def test_they_hold_up_nothing_and_are_over_when_the_order_has_ended(ground: Playground) -> None:
    reached(ground)
    result = ground.play({"name": "shop", "tasks": [CALL], "visible": True}, item("other", visible=True))
    shop, other = (one.as_data() for one in result.items)
    assert (shop["outcome"], other["outcome"], shop["error"]) == ("issued", "issued", None)
    assert (states(shop), shop["wanted"]["tasks"]) == ({"call": "over", "papers": "over"}, [])
    late = ground.one({"name": "shop", "intake": {"done": "call"}})
    assert (late["error"], late["changed"]) == (None, False)


@pytest.mark.parametrize(
    ("task", "why"),
    [
        pytest.param({"kind": "cancel"}, "is no kind of a task", id="a kind that follows from other facts"),
        pytest.param({"kind": "fax"}, "is no kind of a task", id="an unknown kind"),
        pytest.param({"kind": "call", "by": "soon"}, "it is no ISO 8601 time", id="no time"),
        pytest.param({"kind": "call", "password": "x"}, "there is no key password", id="an unknown key"),
    ],
)
def test_tasks_of_a_wrong_form_refuse_the_call(ground: Playground, task: dict[str, t.Any], why: str) -> None:
    with pytest.raises(InputErrors) as told:
        ground.play(item(tasks=[task]))
    assert why in str(told.value)


# -- certificate_orders_info ------------------------------------------------------------------------------------------

CONTRACT = {"options": {"cancel_days": 26}, "product": "iij-globalsign-ov", "hosts": []}


def info(ground: Playground, days: float = 0, **options: t.Any) -> dict[str, t.Any]:
    now = (ground.clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"ledger_path": str(ground.ledger), "now": now, **options}
    validated = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(given)
    result = certificate_orders_info.run(validated.validated_parameters, False)
    return {"reminders": result.extra["reminders"], **{one.name: one.as_data() for one in result.items}}


def test_the_ledger_says_who_has_to_be_reminded_now(ground: Playground) -> None:
    due = (ground.clock.now() + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ground.one(item(tasks=[{**CALL, "by": due}]), until="wanted")
    assert info(ground, 2.9)["reminders"] == []
    [reminder] = info(ground, 3)["reminders"]
    assert (reminder["name"], reminder["task"], reminder["level"]) == ("shop", "call", "remind")
    assert reminder["to"] == ["yamada@example.jp"]
    assert reminder["costs"] == "the live certificate ends at 2026-12-24T00:00:00Z"
    ground.one({"name": "shop", "intake": {"done": "call"}}, until="wanted")
    assert info(ground, 30)["reminders"] == []


def test_a_retired_certificate_stays_until_somebody_says_that_its_contract_was_ended(ground: Playground) -> None:
    ground.one(item(**CONTRACT, visible=True))
    assert info(ground)["shop"]["retired"] is None
    assert info(ground, declared=["shop"])["shop"]["retired"] is None
    retired = info(ground, declared=["other"])["shop"]["retired"]
    ends = ground.one({"name": "shop"})["not_after"]
    assert (retired["id"], retired["by"][:10], retired["lapses"]) == ("cancel", "2027-01-23", ends)
    assert [one["task"] for one in info(ground, 63, declared=[])["reminders"]] == ["cancel"]
    said = ground.one({"name": "shop", "intake": {"done": "cancel", "who": "鈴木"}})
    assert (said["error"], said["changed"], states(said)) == (None, True, {"cancel": "done"})
    after = info(ground, 63, declared=[])
    assert (after["shop"]["retired"], after["reminders"]) == (None, [])
    assert ground.one({"name": "shop", "intake": {"done": "cancel"}})["changed"] is False
    ground.one({"name": "shop", "intake": {"reopen": "cancel"}})
    assert info(ground, declared=[])["shop"]["retired"]["id"] == "cancel"


def test_whether_a_mail_should_have_come_is_told_of_open_orders(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    mail = info(ground)["shop"]["approval_mail"]
    assert (mail["is_expected"], mail["why"]) == (False, "it is not validated by mail")
    ground.one({"name": "shop", "visible": True})
    assert info(ground)["shop"]["approval_mail"] is None
