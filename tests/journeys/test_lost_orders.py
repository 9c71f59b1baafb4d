# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders whose answers were lost, at a seller who cannot be asked: a person looks at the seller's portal and answers by
``inkan_resolve``, to the playbooks, as the guide of recovery has it.

api   the order is there      files   of no use, ordered again      blog   given up
"""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
from pathlib import Path

import pytest
import story
from lab.inventory import DESCRIPTION, inventory
from plays.play import Play
from test_recovery_drills import LOST, drills
from world import LabWorld

NAMES = ("api", "files", "blog")


@pytest.fixture
def world(tmp_path: Path) -> t.Iterator[LabWorld]:
    certificates = [story.by_file(name, f"{name}.example.jp") for name in NAMES]
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(LabWorld(tmp_path, certificates, vices=["lost_answer"], web=("web1",)))
        accounts = inventory(world.lab.facts())["all"]["vars"]["inkan_ca_accounts"]
        described = re.subn(r"^  find: .*$", "  find: impossible", DESCRIPTION.read_text("utf-8"), flags=re.MULTILINE)
        assert described[1] == 1
        accounts["labssl"]["settings"]["description"] = described[0]
        world.variables["inkan_ca_accounts"] = accounts
        yield world
        assert world.lab.failures == []


def well(play: Play) -> Play:
    assert play.rc == 0, play.why()
    return play


def ordered(world: LabWorld) -> dict[str, list[str]]:
    """Certificate -> the numbers of its orders in the seller's own books."""
    return {name: [one["order"] for one in world.orders() if f"{name}.example.jp" in one["names"]] for name in NAMES}


def test_a_person_answers_for_lost_orders_by_the_playbooks(world: LabWorld) -> None:
    lost = world.play("issue")
    assert lost.rc != 0 and lost.order_states() == dict.fromkeys(NAMES, "needs_person"), lost.why()
    assert "a person answers with inkan_resolve" in well(world.play("report")).stdout
    books = ordered(world)
    assert [len(books[name]) for name in NAMES] == [1, 1, 1], books
    world.lab.switches.none()

    before = world.snapshot()
    command = drills("guide_recovery.rst")[LOST][-1]
    assert command[:3] == ["ansible-playbook", "inkan.tls.renew", "-e"]
    answers = json.loads(command[3].replace("4711", books["api"][0]))["inkan_resolve"]
    assert [one["resolve"] for one in answers.values()] == ["adopt", "resubmit", "give_up"]
    refused = world.play("renew", variables={"inkan_resolve": {**answers, "apii": answers["files"]}})
    assert refused.rc != 0 and "inkan_certificates has no apii" in refused.stdout, refused.why()
    assert before.differences(world.snapshot(), ledger=True) == []

    told = well(world.play("renew", variables={"inkan_resolve": answers}))
    states = told.order_states()
    assert (states["api"], states["blog"]) == ("wanted", "cancelled"), states
    assert states["files"] in ("wanted", "validating"), states
    after = ordered(world)
    assert [len(after[name]) for name in NAMES] == [1, 2, 1], after

    before = world.snapshot()
    twice = well(world.play("renew", variables={"inkan_resolve": answers}))
    assert set(twice.changed.values()) == {0}, twice.why()
    assert before.differences(world.snapshot()) == []
    assert "was given up" in twice.stdout

    world.lab.seller.crawl()
    well(world.play("issue", variables={"inkan_resolve": answers}))
    assert ordered(world) == after
    roots = Path(world.lab.facts()["issuing_ca"]).read_text("ascii")
    (host,) = world.lab.web.values()
    assert all(host.verified(f"{name}.example.jp", roots).serial for name in ("api", "files"))
