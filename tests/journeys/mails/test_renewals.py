# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role renew beside a mailbox: each renewal wants an approval by mail, of a reseller that a user has described.

shop   approved by a person who names it (assist), brought by the next renew
blog   approved by renew itself (auto)
"""

from __future__ import annotations

import contextlib
import json
import typing as t

import pytest
import story
from lab.border import HOST, NAME, Border
from lab.inventory import inventory
from plays.play import Play
from world import LabWorld

SENDER = "approval@labssl.lab.example"
NAMES = ("shop", "blog")


def certificate(name: str) -> story.Certificate:
    return story.by_mail(name, f"{name}.example.jp", "constructed", f"admin@{name}.example.jp", hosts="web1")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    folder = tmp_path_factory.mktemp("renewals")
    letters = folder / "Maildir" / "new"
    for below in ("new", "cur", "tmp"):
        (letters.parent / below).mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        border = stack.enter_context(
            Border(lambda name, _to, raw: (letters / name).write_bytes(raw), {HOST: {SENDER.partition("@")[2]}})
        )
        found = stack.enter_context(LabWorld(folder, [certificate(name) for name in NAMES], vices=(), web=("web1",)))
        found.lab.mail.relay = (HOST, border.port)
        found.variables["inkan_mailboxes"] = {
            "certs": {"service": "maildir", "settings": {"path": str(letters.parent), "authserv_id": NAME}}
        }
        facts = found.lab.facts()
        sight = inventory(facts)["all"]["vars"]["inkan_sight"]
        found.variables["inkan_sight"] = {**sight, "ca_bundle": facts["api_ca"]}
        yield found
        assert found.lab.failures == []


def settings(world: LabWorld, mode: str) -> dict[str, t.Any]:
    row = {
        "based_on": "jprs",
        "senders": [SENDER],
        "hosts": [world.lab.facts()["api_url"].split("/")[2]],
        "path": "/approval",
    }
    opted_in = {"auto_domains": ["example.jp"]} if mode == "auto" else {}
    return {"inkan_approvals": {"mode": mode, "profiles": {"labssl": row}, **opted_in}}


def play(world: LabWorld, book: str, mode: str, **variables: t.Any) -> Play:
    played = world.play(book, variables={**settings(world, mode), **variables})
    assert played.rc == 0, played.why()
    return played


def rows(world: LabWorld) -> dict[str, dict[str, t.Any]]:
    data = json.loads((world.report / "report.json").read_text("utf-8"))
    return {one["name"]: one for one in data["certificates"]}


def test_they_are_issued_and_answered_by_the_pipeline_itself(world: LabWorld) -> None:
    first = play(world, "issue", "auto")
    assert first.order_states() == dict.fromkeys(NAMES, "deployed"), first.results("approval_mails")


def test_a_renewal_that_only_looks_waits_for_a_person(world: LabWorld) -> None:
    serials = {name: row["serial"] for name, row in rows(world).items()}
    renewed = play(world, "renew", "observe", inkan_renewal={"force": list(NAMES)})
    assert renewed.order_states() == dict.fromkeys(NAMES, "awaiting_approval")
    assert len(world.orders()) == 4
    for name, row in rows(world).items():
        waiting = row["waiting_for"]
        assert (row["outcome"], waiting["actor"]) == ("pending", "customer")
        assert (row["serial"], row["mails"]) == (serials[name], [f"admin@{name}.example.jp"])
    before = world.snapshot()
    again = play(world, "renew", "observe")
    assert again.changed == dict.fromkeys(again.recap, 0), again.why()
    assert before.differences(world.snapshot()) == [], "the seller was asked how it stands, and that is all"


def test_a_person_approves_one_and_the_next_renew_brings_it_and_answers_for_the_other(world: LabWorld) -> None:
    before = {name: row["serial"] for name, row in rows(world).items()}
    said = play(world, "approve", "assist", inkan_names=["shop"])
    assert "shop: approved" in said.stdout
    assert said.results("approval_mails", name="shop")[0]["state"] == "issuing"
    renewed = play(world, "renew", "auto")
    assert renewed.results("approval_mails", name="blog")[0]["outcome"] == "approved"
    assert renewed.order_states() == dict.fromkeys(NAMES, "deployed")
    after = {name: row["serial"] for name, row in rows(world).items()}
    assert all(after[name] != before[name] for name in NAMES)
    assert len(world.orders()) == 4


def test_once_more_it_changes_nothing(world: LabWorld) -> None:
    before = world.snapshot()
    again = play(world, "renew", "auto")
    assert again.changed == dict.fromkeys(again.recap, 0), again.why()
    assert before.differences(world.snapshot(), ledger=True) == []
