# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks of extensions/eda, by ansible-rulebook itself: they start what the ledger and the mailbox call for.

api    due, and renewed      shop   waits for an approval, whose mail comes
"""

from __future__ import annotations

import ast
import contextlib
import email
import importlib.util
import json
import os
import re
import shutil
import sys
import typing as t
from pathlib import Path

import pytest
import story
import yaml
from lab.border import HOST, NAME, Border
from lab.inventory import inventory
from plays.play import COLLECTION, RunningPlay
from plays.waiting import wait_for
from world import LabWorld

RULEBOOKS = COLLECTION / "extensions" / "eda" / "rulebooks"
SENDER = "approval@labssl.lab.example"


def absent() -> str:
    """Why no rulebook can be run here."""
    if importlib.util.find_spec("ansible_rulebook") is None:
        return "ansible-rulebook is not installed"
    return "" if shutil.which("java") else "java is not installed"


@pytest.fixture
def world(tmp_path: Path) -> t.Iterator[LabWorld]:
    why = absent()
    if why and os.environ.get("REQUIRE_REAL", "") not in ("", "0"):
        pytest.fail(f"{why} (REQUIRE_REAL=1)", pytrace=False)
    if why:
        pytest.skip(why)
    letters = tmp_path / "Maildir" / "new"
    for below in ("new", "cur", "tmp"):
        (letters.parent / below).mkdir(parents=True)
    api = {**story.by_file("api", "api.example.jp", product="digicert-dv"), "validation": {"method": "dns"}}
    shop = story.by_mail("shop", "shop.example.jp", "constructed", "admin@shop.example.jp")
    with contextlib.ExitStack() as stack:
        border = stack.enter_context(
            Border(lambda name, _to, raw: (letters / name).write_bytes(raw), {HOST: {SENDER.partition("@")[2]}})
        )
        found = stack.enter_context(LabWorld(tmp_path, [api, shop], vices=(), web=("web1",)))
        found.lab.mail.relay = (HOST, border.port)
        facts = found.lab.facts()
        row = {"based_on": "jprs", "senders": [SENDER], "hosts": [facts["api_url"].split("/")[2]], "path": "/approval"}
        mailbox = {"service": "maildir", "settings": {"path": str(letters.parent), "authserv_id": NAME}}
        found.variables |= {
            "inkan_mailboxes": {"certs": mailbox},
            "inkan_approvals": {"mode": "assist", "profiles": {"labssl": row}},  # the test opts in when it is time
            "inkan_sight": {**inventory(facts)["all"]["vars"]["inkan_sight"], "ca_bundle": facts["api_ca"]},
        }
        yield found
        assert found.lab.failures == []


@contextlib.contextmanager
def rulebooks(world: LabWorld, variables: dict[str, t.Any]) -> t.Iterator[RunningPlay]:
    """Both at once, as they are shipped."""
    book, said = world.root / "rulebooks.yml", world.root / "vars.json"
    rulesets = [one for path in sorted(RULEBOOKS.glob("*.yml")) for one in yaml.safe_load(path.read_text("utf-8"))]
    book.write_text(yaml.safe_dump(rulesets))
    said.write_text(json.dumps(variables))
    argv = [sys.executable, "-m", "ansible_rulebook", "--rulebook", str(book), "--inventory", str(world.inventory)]
    argv += ["--vars", str(said), "--print-events"]
    running = RunningPlay("rulebook", argv, world.plays.environment(), world.root / "log" / "rulebook.log", world.root)
    try:
        yield running
    finally:
        running.kill()


def events(running: RunningPlay) -> list[tuple[str, tuple[str, ...]]]:
    """(type, names) of each, as ansible-rulebook prints them."""
    printed = running.log.read_text("utf-8")
    found = re.findall(r"^Event:\n(\{.*?\})\n\*{20}", printed, re.MULTILINE | re.DOTALL)
    return [(one["type"], tuple(one.get("names", ()))) for one in map(ast.literal_eval, found) if "type" in one]


def test_they_start_what_is_called_for_and_no_more(world: LabWorld) -> None:
    issued = world.play("issue")
    assert issued.rc == 0 and issued.order_states() == {"api": "deployed", "shop": "awaiting_approval"}, issued.why()
    roots = Path(world.lab.facts()["issuing_ca"]).read_text("ascii")
    host = world.lab.web["web1"]
    before = host.verified("api.example.jp", roots).serial
    machine = {"inkan_names": ["shop"], "ansible_eda": {"ruleset": "x"}}
    refused = world.play("approve", variables=machine)
    assert refused.results("approval_mails", name="shop")[0]["state"] == "awaiting_approval", refused.why()
    assert world.lab.history.events("approved") == [], "a rulebook is not the person that assist waits for"
    approvals = {**world.variables["inkan_approvals"], "mode": "auto", "auto_domains": ["example.jp"]}
    world.variables |= {"inkan_renewal": {"force": ["api"]}, "inkan_approvals": approvals}
    world.write_inventory()
    variables = {
        "inkan_ledger_path": str(world.ledger),
        "inkan_renewal": world.variables["inkan_renewal"],
        "watch_delay": 1,
        "watch_pending_hours": 1,
        "watch_mailbox": {"name": "certs", **world.variables["inkan_mailboxes"]["certs"]},
    }
    with rulebooks(world, variables) as running:

        def is_done() -> bool:
            assert running.running(), running.log.read_text("utf-8") + running.log.with_suffix(".err").read_text()
            renewed = host.verified("api.example.jp", roots).serial != before
            return (
                renewed
                and bool(world.lab.history.events("approved"))
                and events(running).count(("issued", ("api",))) == 2
            )

        wait_for(is_done, "the renewal, the approval and their events", 400, 0.5)
        told = events(running)
        printed = running.log.read_text("utf-8") + running.log.with_suffix(".err").read_text("utf-8")
    assert [one for one in told if one[0] == "due"] == [("due", ("api",))], "each look finds it due, one event tells it"
    assert [one for one in told if one[0] == "mail"] == [("mail", ("shop",))]
    assert not [one for one in told if one[0] == "trouble"], told
    assert len(world.orders()) == 3, "shop, api and its renewal"
    assert len(world.lab.history.events("approved")) == 1
    assert "PLAY [Approve or refuse certificates by their approval mails]" in printed
    (letter,) = (world.root / "Maildir" / "new").iterdir()
    parts = email.message_from_bytes(letter.read_bytes()).walk()
    text = b"\n".join(part.get_payload(decode=True) or b"" for part in parts if not part.is_multipart()).decode()
    keys = re.findall(r"/approval\?\S*key=(\S+)", text)
    assert keys and not any(key in printed for key in keys), "no event holds what a mail says"
