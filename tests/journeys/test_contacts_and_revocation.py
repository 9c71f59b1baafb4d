# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standing contacts are kept as declared, and what was revoked is replaced; each run twice, then without effect."""

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
    certificates = [story.shop(), story.corp()]
    with LabWorld(tmp_path_factory.mktemp("standing"), certificates, vices=()) as world:
        yield world


def ended_well(play: Play) -> Play:
    assert play.rc == 0 and play.failed_tasks() == [], play.why()
    return play


def without_effect(world: LabWorld, playbook: str, *arguments: str, **variables: t.Any) -> Play:
    before = world.snapshot()
    play = ended_well(world.play(playbook, *arguments, variables=variables))
    assert before.differences(world.snapshot()) == []
    return play


def report_of(world: LabWorld, name: str) -> dict[str, t.Any]:
    data = json.loads((world.report / "report.json").read_text("utf-8"))
    return next(one for one in data["certificates"] if one["name"] == name)


def serial_of(world: LabWorld) -> str:
    root = Path(world.lab.facts()["issuing_ca"]).read_text("ascii")
    return str(world.lab.web["web1"].verified("corp.example.co.jp", root).serial)


def test_check_mode_shows_contacts_and_mailboxes_and_writes_none(world: LabWorld) -> None:
    play = without_effect(world, "contacts", "--check", "--diff")
    assert story.CONTACT in play.stdout and "shop is to be changed" in play.stdout
    assert world.contacts_in_dns() == []


def test_contacts_and_mailboxes_are_kept_as_declared(world: LabWorld) -> None:
    ended_well(world.play("contacts"))
    assert world.contacts_in_dns() == [("_validation-contactemail.shop.example.jp", "TXT", story.CONTACT)]
    (soa,) = [value for _name, kind, value in world.lab.dns.records("example.com") if kind == "SOA"]
    assert "dns\\.admin.example.co.jp" in soa
    again = without_effect(world, "contacts")
    assert set(again.changed.values()) == {0}, again.why()


def test_a_mailbox_that_somebody_changed_is_set_again(world: LabWorld) -> None:
    (soa,) = [value for _name, kind, value in world.lab.dns.records("example.com") if kind == "SOA"]
    world.lab.dns.set("example.com", "example.com", "SOA", [soa.replace("dns\\.admin", "somebody", 1)])
    play = ended_well(world.play("contacts"))
    assert "somebody.example.co.jp." in play.stdout and sum(play.changed.values()) == 1


def test_a_report_says_who_has_to_act(world: LabWorld) -> None:
    ended_well(world.play("issue"))
    shop, corp = report_of(world, "shop"), report_of(world, "corp")
    assert (shop["group"], shop["waiting_for"]["actor"], shop["mails"]) == ("waiting", "customer", [story.CONTACT])
    assert (corp["group"], corp["serial"]) == ("in_order", serial_of(world))
    page = (world.report / "report.html").read_text("utf-8")
    assert story.CONTACT in page and "承認する" in page and "<script" not in page


@pytest.mark.parametrize("playbook", ["issue", "report"])
def test_nothing_changed_leaves_the_same_report(world: LabWorld, playbook: str) -> None:
    play = without_effect(world, playbook)
    assert set(play.changed.values()) == {0}, play.why()


def test_a_certificate_is_revoked_once(world: LabWorld) -> None:
    names = {"inkan_names": ["corp"]}
    play = without_effect(world, "revoke", "--check", **names)
    assert "corp is to be revoked" in play.stdout
    ended_well(world.play("revoke", variables=names))
    again = without_effect(world, "revoke", **names)
    assert "corp is revoked already" in again.stdout and set(again.changed.values()) == {0}


def test_the_next_renewal_replaces_what_was_revoked(world: LabWorld) -> None:
    revoked = serial_of(world)
    ended_well(world.play("report"))
    assert (report_of(world, "corp")["group"], report_of(world, "corp")["serial"]) == ("attention", revoked)
    ended_well(world.play("renew"))
    assert serial_of(world) != revoked
    assert report_of(world, "corp")["serial"] == serial_of(world) and report_of(world, "corp")["group"] == "in_order"
    again = without_effect(world, "renew")
    assert set(again.changed.values()) == {0}, again.why()
