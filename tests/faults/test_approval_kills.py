# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""approval_mails killed (SIGKILL) around the POST that approves, then run again.

The CA, and the count of what was posted to it, lie in files. Whatever the moment, nothing is posted a second time that
the CA was not asked about before; where it has the approval, the run after says so.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.mailroom import (
    LINK,
    Mailroom,
    letter,
    page,
)

AUTO: dict[str, t.Any] = {"mode": "auto", "auto_domains": ["example.jp"]}
Sabotage = t.Callable[["Room", pytest.MonkeyPatch], None]


class Room(Mailroom):
    """What was posted, and asked of the CA, is written to a file before anything else happens."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.log = folder / "log"
        self.order()
        self.deliver(letter())
        self.web.pages[LINK] = page()
        self.web.effect = self.take
        self.ca.calls = Written(self.log)

    def take(self) -> None:
        with self.log.open("a") as file:
            file.write("POST\n")
        self.ca.orders["order-1"]["status"] = "issuing"
        self.ca._orders["order-1"]["polls"] = 100
        self.ca.save()

    def acts(self) -> list[str]:
        return [line.split()[0] for line in self.log.read_text().splitlines()] if self.log.exists() else []


class Written(list[str]):
    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def append(self, call: str) -> None:
        with self._log.open("a") as file:
            file.write(f"{call}\n")


def die() -> t.NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def before_the_post(room: Room, _patch: pytest.MonkeyPatch) -> None:
    room.web.effect = die


def after_the_post(room: Room, _patch: pytest.MonkeyPatch) -> None:
    def effect() -> None:
        room.take()
        die()

    room.web.effect = effect


def at_the_look_after(room: Room, _patch: pytest.MonkeyPatch) -> None:
    def effect() -> None:
        room.take()
        room.ca.fault("look", lambda _effect: die())

    room.web.effect = effect


def before_writing(kind: Kind) -> Sabotage:
    def sabotage(_room: Room, patch: pytest.MonkeyPatch) -> None:
        original = LedgerStore.append

        def append(self: LedgerStore, leases: t.Any, additions: t.Any) -> t.Any:
            if any(fact.kind is kind for addition in additions for fact in addition.facts):
                die()
            return original(self, leases, additions)

        patch.setattr(LedgerStore, "append", append)

    return sabotage


def while_writing(kind: Kind) -> Sabotage:
    def sabotage(_room: Room, patch: pytest.MonkeyPatch) -> None:
        original = LedgerStore._repeated

        def repeated(self: LedgerStore, connection: sqlite3.Connection, number: int, fact: Fact, data: str) -> bool:
            if fact.kind is kind:
                die()
            return original(self, connection, number, fact, data)

        patch.setattr(LedgerStore, "_repeated", repeated)

    return sabotage


MOMENTS: dict[str, tuple[Sabotage, bool]] = {
    "the intent is about to be written": (before_writing(Kind.APPROVAL_INTENDED), False),
    "the intent is half in the ledger": (while_writing(Kind.APPROVAL_INTENDED), False),
    "the intent is written, nothing was sent": (before_the_post, False),
    "it was sent, its answer unread": (after_the_post, True),
    "it was sent, the CA is about to be asked": (at_the_look_after, True),
    "the CA has said so, the outcome not written": (before_writing(Kind.APPROVAL_OUTCOME), True),
    "the outcome is half in the ledger": (while_writing(Kind.APPROVAL_OUTCOME), True),
}


def killed(room: Room, sabotage: Sabotage) -> None:
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            sabotage(room, patch)
            room.look(**AUTO)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(("sabotage", "arrived"), MOMENTS.values(), ids=MOMENTS)
def test_after_a_kill_nothing_is_posted_twice_without_asking_the_ca(
    tmp_path: Path, sabotage: Sabotage, arrived: bool
) -> None:
    room = Room(tmp_path)
    killed(room, sabotage)
    assert room.acts().count("POST") == arrived
    (data,) = room.look(**AUTO)
    if arrived:
        assert (data["outcome"], room.acts().count("POST")) == ("approved", 1)
        return
    if data["outcome"] == "approval_unknown":  # an intent that led to nothing: the CA gets its time, and is asked
        room.ground.clock.passed += 3600
        (data,) = room.look(**AUTO)
    acts = room.acts()
    assert (data["outcome"], acts.count("POST")) == ("approved", 1)
    assert "look" in acts[: acts.index("POST")]


def test_a_portal_that_cannot_be_asked_is_never_sent_a_second_form(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.ca.takes_in = True
    killed(room, after_the_post)
    for _run in range(2):
        room.ground.clock.passed += 86400
        (data,) = room.look(**AUTO)
        assert (data["outcome"], data["error"]["code"]) == ("approval_unknown", "approval_unknown")
    assert room.acts().count("POST") == 1
