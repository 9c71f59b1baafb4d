# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the plan for people, as certificate_orders takes them in."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task
from ansible_collections.inkan.tls.plugins.module_utils._core.task_input import read_tasks
from ansible_collections.inkan.tls.plugins.module_utils._data.person_papers import PAPERS
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import STEPS

KIND, OTHER = [key for key, step in STEPS.items() if not step.derived][:2]
DERIVED = [key for key, step in STEPS.items() if step.derived]
PAPER = PAPERS[0].key


def one(**words: t.Any) -> Task:
    (task,), wrong = read_tasks([{"kind": KIND, **words}])
    assert wrong == []
    return task


def wrong(*given: dict[str, t.Any]) -> list[str]:
    return read_tasks(given)[1]


def test_a_whole_step_is_taken_whole() -> None:
    assert one(
        what="call\n back",
        owner="Sato",
        mail="sato@example.jp",
        escalate_to="boss@example.jp",
        where="portal",
        by="2026-11-20T00:00:00Z",
        lapses="2026-12-20T00:00:00Z",
        card={"number": "03-1234", "name": " A  B ", "empty": ""},
        papers=[PAPER, "no such paper"],
        facts=["A-1"],
    ) == Task(
        actor="customer",
        what="call back",
        owner="Sato",
        where="portal",
        due=datetime(2026, 11, 20, tzinfo=timezone.utc),
        facts=("A-1",),
        kind=KIND,
        mail="sato@example.jp",
        escalate_to="boss@example.jp",
        lapses=datetime(2026, 12, 20, tzinfo=timezone.utc),
        card=(("number", "03-1234"), ("name", "A B")),
        papers=(PAPER,),
    )


def test_a_step_without_words_has_those_of_its_kind() -> None:
    assert one() == Task(actor="customer", what=STEPS[KIND].title, kind=KIND)
    assert one(facts="A-1", papers=None, card=["a"]) == one()


@pytest.mark.parametrize("kind", ["magic", None, *DERIVED[:1]])
def test_a_kind_that_nobody_can_order_is_refused(kind: str | None) -> None:
    assert read_tasks([{"kind": kind}]) == ((), [f"'{kind}' is no kind of a task"])


def test_strange_keys_are_told_in_order_and_cut() -> None:
    assert read_tasks([{"kind": KIND, "z" * 41: 1, "a": 2}]) == ((), [f"there is no key a, {'z' * 40}"])


def test_two_steps_of_a_kind_are_one_too_many() -> None:
    tasks, said = read_tasks([{"kind": KIND, "owner": "first"}, {"kind": OTHER}, {"kind": KIND}])
    assert [(task.kind, task.owner) for task in tasks] == [(KIND, "first"), (OTHER, "")]
    assert said == [f"two tasks of the kind {KIND}"]


def test_fifty_steps_are_read_and_more_are_told() -> None:
    many = [{"kind": "magic"}] * 50
    assert len(wrong(*many)) == 50
    assert len(wrong(*many, {"kind": "magic"})) == 51
    assert wrong(*many, {"kind": "magic"})[-1] == "51 tasks, 50 are possible"


@pytest.mark.parametrize("key", ["by", "lapses"])
def test_a_day_that_is_none_is_told_with_its_key(key: str) -> None:
    (said,) = wrong({"kind": KIND, key: "soon"})
    assert said.startswith(f"{key}: ")
    assert wrong({"kind": KIND, key: ""}) == []


def test_texts_and_lists_are_cut() -> None:
    task = one(owner="o" * 2001, facts=["f" * 201] * 51, card={f"{number}": "v" for number in range(51)})
    assert task.owner == "o" * 2000 + "… (1 more characters)"
    assert task.facts == ("f" * 200 + "… (1 more characters)",) * 50
    assert len(task.card) == 50
    assert one(card={"k" * 41: "v" * 2001}).card == (
        ("k" * 40 + "… (1 more characters)", "v" * 2000 + "… (1 more characters)"),
    )
