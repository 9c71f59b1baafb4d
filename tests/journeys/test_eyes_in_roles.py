# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role issue holds an order back while the CA would say no: by a CAA policy, or by what only a vantage point misses."""

from __future__ import annotations

import json
import typing as t

import pytest
import story
from world import LabWorld

NAME = "apps.example.com"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    with LabWorld(tmp_path_factory.mktemp("eyes"), [story.apps()], vices=()) as world:
        yield world
        assert world.lab.failures == []


def sentences(world: LabWorld) -> list[str]:
    data = json.loads((world.report / "report.json").read_text("utf-8"))
    return [text for one in data["certificates"] if one["name"] == "apps" for text in one["sentences"]]


def outside(world: LabWorld, **more: t.Any) -> None:
    """web2 looks as well."""
    dns = world.lab.facts()["dns"]
    sight = {"resolvers": dns["servers"], "dns_port": dns["port"], **more}
    world.variables.update({"inkan_vantage_points": ["web2"], "inkan_vantage_sight": sight})
    world.write_inventory()


def asked(world: LabWorld) -> list[dict[str, t.Any]]:
    """How the seller was asked to look."""
    return [event for event in world.lab.history.events("request") if event["call"] == "check"]


def test_the_ca_is_asked_once_its_policy_allows_it_and_all_vantage_points_see_the_record(world: LabWorld) -> None:
    world.lab.dns.set("example.com", NAME, "CAA", ['0 issue "jprs.jp"', '0 issuewild ";"'])
    outside(world, dns_port=9)
    played = world.play("issue", "-e", "inkan_deadline=1")
    assert played.rc == 0, played.why()
    told = " ".join(sentences(world))
    assert 'issuewild ";": nobody may issue' in told
    assert "from web2: TXT" in told
    assert asked(world) == []

    world.lab.dns.set("example.com", NAME, "CAA", ['0 issuewild "digicert.com"'])
    outside(world)
    played = world.play("issue", "-e", "inkan_deadline=1")
    assert played.rc == 0, played.why()
    told = " ".join(sentences(world))
    assert "CAA" not in told
    assert "from web2" not in told
    assert len(asked(world)) == 1
