# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the people of a small company meet: neighbours in DNS, mails that somebody refuses or that nobody answers,
another address, a run that is killed while it orders, and outputs that hold no secret.
"""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import story
from plays.play import Play
from plays.waiting import wait_for
from world import LabWorld

NEIGHBOUR = "neighbour@example.com"
OWNER = f"{story.CONTACT_LABEL}.shop.example.jp"
REFUSED = "承認されませんでした"
EXPIRED = "期限までに認証が完了しませんでした"
OTHER = "admin@example.jp"
#: a mail of this seller may be answered so long
PATIENCE = timedelta(days=25)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    certificates = [story.shop(), story.corp(), story.members()]
    now = datetime.now(timezone.utc) - timedelta(days=40)  # so that what is issued in the end is valid today
    with LabWorld(tmp_path_factory.mktemp("story"), certificates, now=now, vices=()) as world:
        yield world
        assert world.lab.failures == []


def play(world: LabWorld, playbook: str, *arguments: str, red: bool = False) -> Play:
    played = world.play(playbook, *arguments)
    assert played.rc == (2 if red else 0), played.why()
    return played


def report_of(world: LabWorld, name: str) -> dict[str, t.Any]:
    data = json.loads((world.report / "report.json").read_text("utf-8"))
    return next(one for one in data["certificates"] if one["name"] == name)


def addresses(world: LabWorld) -> set[str]:
    return {value for name, _type, value in world.contacts_in_dns() if name == OWNER}


def orders(world: LabWorld, common_name: str) -> list[str]:
    return [event["order"] for event in world.orders() if event["names"][0] == common_name]


# --- the mailbox in DNS -----------------------------------------------------------------------------------------------


def test_a_neighbours_address_stays_beside_ours(world: LabWorld) -> None:
    world.lab.dns.set("example.jp", OWNER, "TXT", [NEIGHBOUR])
    play(world, "contacts")
    assert addresses(world) == {NEIGHBOUR, story.CONTACT}


def test_it_goes_when_ours_is_declared_to_be_the_only_one(world: LabWorld) -> None:
    shop = story.shop()
    shop["validation"]["contact"]["exclusive"] = True
    world.declare(shop)
    play(world, "contacts")
    assert addresses(world) == {story.CONTACT}


# --- mails ------------------------------------------------------------------------------------------------------------


def test_a_pending_order_says_who_must_act_and_by_when(world: LabWorld) -> None:
    played = play(world, "issue", "-vvv")
    assert played.order_states() == {
        "shop": "awaiting_approval",
        "members": "awaiting_approval",
        "corp": "deployed",
    }
    (placed,) = world.lab.history.events("order", names=["shop.example.jp"])
    by = datetime.fromisoformat(placed["at"]) + PATIENCE
    shop = report_of(world, "shop")
    assert (shop["group"], shop["outcome"], shop["mails"]) == ("waiting", "pending", [story.CONTACT])
    assert shop["waiting_for"]["actor"] == "customer"
    told = datetime.fromisoformat(shop["waiting_for"]["by"])
    assert abs(told - by) < timedelta(seconds=5), "25 days after the order was placed"
    assert any(story.CONTACT in sentence for sentence in shop["sentences"])


def test_a_refused_order_is_red_once(world: LabWorld) -> None:
    world.press(story.REFUSER, "承認しない")
    played = play(world, "issue", red=True)
    assert played.order_states()["members"] == "refused"
    red = [line for line in played.stdout.splitlines() if line.startswith("- ")]
    assert len(red) == 1 and "members" in red[0] and REFUSED in red[0], played.why()
    assert report_of(world, "members")["outcome"] == "error"


def test_then_it_is_pending_and_told_until_somebody_corrects_it(world: LabWorld) -> None:
    before = world.snapshot()
    play(world, "issue")
    assert [one for one in before.differences(world.snapshot()) if str(world.report) not in one] == []
    members = report_of(world, "members")
    assert members["outcome"] == "pending"
    assert any(REFUSED in sentence and "inkan_renewal.force" in sentence for sentence in members["sentences"])
    assert len(orders(world, "members.example.jp")) == 1


def test_a_mail_that_nobody_answers_expires_and_another_address_is_asked(world: LabWorld) -> None:
    """Two at once: shop's mail is 25 days old, and members is corrected."""
    world.pass_time(days=PATIENCE.days)
    world.declare(story.by_mail("members", "members.example.jp", "constructed", OTHER, hosts="web1"))
    played = play(world, "issue", red=True)
    assert (played.order_states()["shop"], played.order_states()["members"]) == ("expired", "awaiting_approval")
    assert EXPIRED in " ".join(report_of(world, "shop")["sentences"])
    assert (report_of(world, "members")["outcome"], report_of(world, "members")["mails"]) == ("pending", [OTHER])
    assert len(orders(world, "members.example.jp")) == 2


def test_the_next_run_asks_again_what_expired_and_brings_what_was_approved(world: LabWorld) -> None:
    world.press(OTHER)
    world.lab.seller.tick()
    played = play(world, "issue")
    states = played.order_states()
    assert states == {"shop": "awaiting_approval", "members": "deployed", "corp": "deployed"}
    assert len(orders(world, "shop.example.jp")) == 2
    root = Path(world.lab.facts()["issuing_ca"]).read_text("ascii")
    served = world.lab.web["web1"].verified("members.example.jp", root)
    assert served.serial == report_of(world, "members")["serial"]


# --- a run that is killed --------------------------------------------------------------------------------------------


def test_a_run_killed_between_order_and_answer_costs_no_second_order(world: LabWorld) -> None:
    """The seller has taken the order, its answer drips and is never read; and its list does not know the order yet."""
    world.lab.switches.only("slow_drip", "late_index")
    world.certificates.append(story.apps())
    running = world.start("issue")
    wait_for(lambda: orders(world, "*.apps.example.com"), "the order to be taken", 60, 0.005)
    running.kill()
    (handle,) = orders(world, "*.apps.example.com")
    assert handle not in str(world.snapshot().ledger), "the ledger knows only that it was about to be sent"
    world.lab.switches.only("late_index")
    world.pass_time(hours=1)  # the dead run's lease ends
    played = play(world, "issue")
    assert played.order_states()["apps"] == "deployed", played.why()
    assert orders(world, "*.apps.example.com") == [handle]
    assert world.tokens_in_dns() == []


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_anything_that_was_printed_returned_or_kept(world: LabWorld) -> None:
    secrets = {"API key": world.lab.seller.api_key, "TSIG secret": world.lab.dns.key_secret}
    keys = [path for machine in world.machines.values() for path in machine.store.rglob("privkey.pem")]
    assert len(keys) > 3
    secrets.update({str(path): path.read_text().splitlines()[1] for path in keys})
    folders = [world.root / "log", world.ledger.parent, world.report, world.root / "tmp"]
    outputs = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    texts = {path: path.read_bytes() for path in outputs if not path.name.endswith("-variables.json")}
    assert any(b"ESTABLISH LOCAL CONNECTION" in text for text in texts.values()), "-vvv was on"
    assert {world.ledger, world.report / "report.html"} <= set(texts)
    for path, text in texts.items():
        assert [what for what, secret in secrets.items() if secret.encode() in text] == [], path
