# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event sources of extensions/eda, as far as they are ours: a real ledger and a real Maildir, looked at again."""

from __future__ import annotations

import asyncio
import os
import socket
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InputErrors,
    LocalError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.watching import watch
from ansible_collections.inkan.tls.plugins.module_utils._module.watching_ledger import Doors, Ledger
from ansible_collections.inkan.tls.plugins.module_utils._module.watching_mailbox import Mails
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info, dcv_plan
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    START,
    Playground,
    item,
    lost_answer,
)

Event = dict[str, t.Any]
DOORS = Doors(certificate_orders_info.run, certificate_orders_info.argument_spec, dcv_plan.run, dcv_plan.argument_spec)


# -- the ledger


def ledger(ground: Playground, **args: t.Any) -> Ledger:
    now = ground.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return Ledger({"ledger_path": str(ground.ledger), "now": now, **args}, DOORS)


def said(source: Ledger) -> list[tuple[str, list[str]]]:
    return [(event["type"], event["names"]) for event in source.look()]


def test_the_life_of_an_order_is_told_each_state_once(tmp_path: Path) -> None:
    ground = Playground(tmp_path)
    source = ledger(ground, pending_hours=0)
    assert said(source) == [], "there is no ledger yet"
    ground.one(item(), until="wanted")
    ground.clock.sleep(1)
    source = ledger(ground, pending_hours=0)
    assert [said(source), said(source)] == [[("pending", ["shop"])], []]
    ground.one(item(visible=True))
    assert [said(source), said(source)] == [[("issued", ["shop"])], []]


def test_looking_changes_nothing(tmp_path: Path) -> None:
    ground = Playground(tmp_path)
    ground.one(item(), until="wanted")
    ground.ledger.chmod(0o400)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in ground.ledger.parent.iterdir()}
    assert said(ledger(ground, pending_hours=0)) != []
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in ground.ledger.parent.iterdir()} == before


def test_who_is_due_is_told_by_the_policy_of_the_roles(tmp_path: Path) -> None:
    ground = Playground(tmp_path)
    ground.one(item(visible=True))
    assert [kind for kind, _names in said(ledger(ground))] == ["issued"], "and waits for its hosts"
    ground.one({"name": "shop", "observed": {"deployed_on": ["web1", "web2"]}}, record_only=True)
    assert [kind for kind, _names in said(ledger(ground))] == ["issued"]
    (event, _issued) = ledger(ground, renewal={"force": ["shop"]}).look()
    assert (event["type"], event["names"], event["certificates"][0]["code"]) == ("due", ["shop"], "forced")


def test_with_declarations_the_plan_itself_is_asked(tmp_path: Path) -> None:
    ground = Playground(tmp_path)
    ground.one(item("gone", visible=True))
    ground.one({"name": "gone", "observed": {"deployed_on": ["web1", "web2"]}}, record_only=True)
    wish = {"ca_account": "ca", "product": "acme", "validation": {"method": "dns-01"}, "hosts": "all"}
    declared = [{"name": "new", "common_name": "new.example.jp", **wish}]
    source = ledger(ground, certificates=declared, look_back_hours=0, renewal={"force": ["gone"]})
    (event,) = [one for one in source.look() if one["type"] == "due"]
    assert (event["names"], event["certificates"][0]["code"]) == (["new"], "no_certificate")
    ground.one(item("new"), until="wanted")
    assert [one["type"] for one in source.look()] == [], "it is under way"


def test_a_lost_order_is_told_when_it_needs_a_person(tmp_path: Path) -> None:
    ground = Playground(tmp_path)
    ground.ca.finding = Finding.IMPOSSIBLE
    ground.ca.fault("submit", lost_answer)
    ground.one(item(), until="wanted")
    ground.clock.sleep(1)
    (event,) = ledger(ground, pending_hours=0).look()
    assert (event["certificates"][0]["state"], event["certificates"][0]["actor"]) == ("needs_person", "person")


@pytest.mark.parametrize(
    "args",
    [
        {"ledger_path": "relative"},
        {"ledger_pth": "/l"},
        {"delay": 0},
        {"renewal": {"fraction": 7}},
        {"certificates": [{"name": "shop"}]},
        {"now": "yesterday"},
    ],
    ids=str,
)
def test_wrong_arguments_end_the_rulebook_at_its_start(tmp_path: Path, args: dict[str, t.Any]) -> None:
    with pytest.raises(InputErrors):
        Ledger({"ledger_path": str(tmp_path / "l"), **args}, DOORS)


# -- the mailbox

LETTER = "From: ca@jprs.jp\r\nSubject: secret-subject\r\nMessage-ID: <1.a@jprs.jp>\r\n\r\nhttps://ca.example/press?secret=1\r\n"


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


def mails(maildir: Path, **args: t.Any) -> Mails:
    return Mails({"name": "certs", "service": "maildir", "settings": {"path": str(maildir)}, **args})


def test_a_mail_is_told_once_by_its_ids_alone(maildir: Path) -> None:
    source = mails(maildir)
    assert source.look() == []
    (maildir / "new" / "1.a.host").write_text(LETTER)
    (event,) = source.look()
    assert (event["type"], event["mailbox"], list(event)) == ("mail", "certs", ["type", "mailbox", "mails"])
    (one,) = event["mails"]
    assert (one["id"], one["message_id"], sorted(one)) == (
        "1.a.host",
        "<1.a@jprs.jp>",
        ["id", "message_id", "received_at"],
    )
    (maildir / "new" / "1.a.host").rename(maildir / "cur" / "1.a.host:2,S")
    (maildir / "new" / "2.b.host").write_text("no header at all")
    (event,) = source.look()
    assert [(one["id"], one["message_id"]) for one in event["mails"]] == [("2.b.host", None)]
    assert source.look() == []


@pytest.mark.parametrize(
    "claim", ["<a b@x>", "a@x", "<" + "x" * 300 + "@x>", "<\x1b[2J@x>", "=?utf-8?b?PGFAeD4K?=\r\n <b@x> <c@x>", "<>"]
)
def test_what_is_no_message_id_is_not_told(maildir: Path, claim: str) -> None:
    (maildir / "new" / "1.a.host").write_bytes(f"Message-ID: {claim}\r\n\r\n".encode())
    (event,) = mails(maildir).look()
    assert event["mails"][0]["message_id"] is None


def test_old_mails_are_no_news_and_late_ones_are(maildir: Path) -> None:
    old = maildir / "new" / "1.old.host"
    old.write_text(LETTER)
    os.utime(old, (START.timestamp() - 10**7,) * 2)
    source = mails(maildir, look_back_hours=1)
    assert source.look() == []
    newest = datetime.now(timezone.utc).timestamp()
    for name, before in (("2.new.host", 0), ("3.late.host", 600)):
        (maildir / "new" / name).write_text(LETTER)
        os.utime(maildir / "new" / name, (newest - before,) * 2)
        assert [one["id"] for event in source.look() for one in event["mails"]] == [name]


def test_it_says_which_orders_wait_for_approval(tmp_path: Path, maildir: Path) -> None:
    ground = Playground(tmp_path)
    ground.ca.approving = True
    ground.one(item(), until="wanted")
    source = mails(maildir, ledger_path=str(ground.ledger))
    (maildir / "new" / "1.a.host").write_text(LETTER)
    (event,) = source.look()
    assert (event["names"], event["waiting"]) == (["shop"], 1)


@pytest.mark.parametrize(
    "args",
    [
        {"name": ""},
        {"service": "pop3"},
        {"settings": {"path": "relative"}},
        {"settings": "path"},
        {"secrets": {"password": 5}},
        {"secrets": {"password": "hunter2"}},
        {"folder": "INBOX"},
    ],
    ids=str,
)
def test_a_mailbox_that_cannot_be_is_refused_without_its_secrets(maildir: Path, args: dict[str, t.Any]) -> None:
    with pytest.raises(InputErrors) as caught:
        mails(maildir, **args)
    assert "hunter2" not in str(caught.value)


def test_the_trouble_of_a_mailbox_tells_no_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings = {"host": "127.0.0.1", "port": port, "user": "certs@example.jp"}
    source = Mails({"name": "certs", "service": "imap", "settings": settings, "secrets": {"password": "hunter2"}})
    with pytest.raises(TransportError) as caught:
        source.look()
    assert str(port) in caught.value.sentence() and "hunter2" not in repr(caught.value.as_data())


# -- the loop


class Ended(Exception):
    """Enough was seen."""


def looped(looks: list[t.Callable[[], list[Event]]]) -> tuple[list[Event], list[float]]:
    """What was put, and how long was waited after each look."""
    put: list[Event] = []
    pauses: list[float] = []

    class Queue:
        async def put(self, item: Event) -> None:
            put.append(item)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(looks):
            raise Ended

    def look() -> list[Event]:
        return looks[len(pauses)]()

    with pytest.raises(Ended):
        asyncio.run(watch(Queue(), look, 60, {"ledger": "/l"}, sleep))
    return put, pauses


def broken(code: str = "ledger_broken") -> t.Callable[[], list[Event]]:
    def look() -> list[Event]:
        raise LocalError(code=code, what="It cannot be read", where="/l")

    return look


def test_trouble_is_told_once_borne_and_asked_less_often() -> None:
    fine: t.Callable[[], list[Event]] = lambda: [{"type": "due"}]  # noqa: E731
    put, pauses = looped([broken(), broken(), broken(), broken("other"), fine, *[broken()] * 9])
    assert [event.get("code", event["type"]) for event in put] == ["ledger_broken", "other", "due", "ledger_broken"]
    assert put[0] == {
        "type": "trouble",
        "code": "ledger_broken",
        "message": "It cannot be read (/l).",
        "retryable": False,
        "ledger": "/l",
    }
    assert pauses == [60, 120, 240, 480, 60, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def bug() -> list[Event]:
        raise KeyError("bug")

    async def nowhere(_item: Event) -> None: ...

    with pytest.raises(KeyError):
        asyncio.run(watch(t.cast("t.Any", nowhere), bug, 60, {}))
