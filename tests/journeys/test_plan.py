# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan tells the work to come for certificates of several methods, and writes nothing but its file."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import story
from plays.play import Play
from world import LabWorld


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    with LabWorld(tmp_path_factory.mktemp("plan"), [story.shop(), story.corp()], vices=()) as world:
        yield world


def plan(world: LabWorld, path: Path, *arguments: str, output: str = "json") -> Play:
    before = world.snapshot()
    variables = {"inkan_plan_path": str(path), "inkan_plan_output": output}
    play = world.play("plan", *arguments, variables=variables)
    assert play.rc == 0 and play.failed_tasks() == [], play.why()
    assert before.differences(world.snapshot()) == []
    return play


def test_the_plan_of_the_lab(world: LabWorld, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    told = plan(world, path, "--check", "--diff")
    assert sum(told.changed.values()) == 1 and not path.exists(), "check mode tells of the file and does not write it"

    play = plan(world, path)
    assert sum(play.changed.values()) == 1
    assert path.stat().st_mode & 0o777 == 0o644
    data = json.loads(path.read_text("utf-8"))
    assert {one["name"]: one["outcome"] for one in data["certificates"]} == {"shop": "due", "corp": "due"}
    by_mail = next(one for one in data["certificates"] if one["name"] == "shop")
    assert [step["actor"] for step in by_mail["steps"]][-1] == "customer"
    months = data["load"]["months"]
    assert months[-1]["month"] == "2030-12"
    assert sum(month["orders"] for month in months) > 50
    assert sum(month["approvals"] for month in months) == data["load"]["movable"]["approvals"] > 0
    for words in (
        "shop: due now (issue)",
        "corp: due now (issue)",
        "Changes of the rules ahead",
        "Moving 1 certificate",
    ):
        assert words in play.stdout

    again = plan(world, path)
    assert sum(again.changed.values()) == 0, again.why()
