# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""approval_mails killed (SIGKILL) around the POST that approves, or while a person refuses, then run again.

The CA, and the count of what was posted to it, lie in files. Whatever the moment, nothing is posted a second time that
the CA was not asked about before; where it has the approval, the run after says so. What was refused ends once, and its
correction is never lost.
"""

from __future__ import annotations

import os
import signal
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.correction import open_correction
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    Append,
    open_for_reading,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_answering import Answering
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.mailroom import (
    LINK,
    Mailroom,
    letter,
    page,
)
from ledger_writes import Sabotage, after_writing, before_writing, die, while_writing
from tally import Invariant, Tally

APPROVING, AT_A_PORTAL, REFUSING = "approval killed", "approval killed, portal", "refusal killed"
AUTO: dict[str, t.Any] = {"mode": "auto", "auto_domains": ["example.jp"]}


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


MOMENTS: dict[str, tuple[Sabotage, bool]] = {
    "the intent is about to be written": (before_writing(Kind.APPROVAL_INTENDED), False),
    "the intent is half in the ledger": (while_writing(Kind.APPROVAL_INTENDED), False),
    "the intent is written, nothing was sent": (before_the_post, False),
    "it was sent, its answer unread": (after_the_post, True),
    "it was sent, the CA is about to be asked": (at_the_look_after, True),
    "the CA has said so, the outcome not written": (before_writing(Kind.APPROVAL_OUTCOME), True),
    "the outcome is half in the ledger": (while_writing(Kind.APPROVAL_OUTCOME), True),
    "the outcome is written, the module has not said so": (after_writing(Kind.APPROVAL_OUTCOME), True),
}


def killed(room: Room, sabotage: Sabotage, *certificates: dict[str, t.Any], **options: t.Any) -> None:
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            sabotage(room, patch)
            room.look(*certificates, **(options or AUTO))
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


# -- approving --------------------------------------------------------------------------------------------------------


def approve_and_kill(folder: Path, sabotage: Sabotage, arrived: bool) -> None:
    room = Room(folder)
    killed(room, sabotage)
    assert room.acts().count("POST") == arrived
    (data,) = room.look(**AUTO)
    if arrived:
        assert room.acts().count("POST") == 1
        assert data["outcome"] in ("approved", "not_waiting") and data["state"] != "awaiting_approval"
        return
    if data["outcome"] == "approval_unknown":  # an intent that led to nothing: the CA gets its time, and is asked
        room.ground.clock.passed += 3600
        (data,) = room.look(**AUTO)
    acts = room.acts()
    assert (data["outcome"], acts.count("POST")) == ("approved", 1)
    assert "look" in acts[: acts.index("POST")]


@pytest.mark.parametrize(("sabotage", "arrived"), MOMENTS.values(), ids=MOMENTS)
def test_after_a_kill_nothing_is_posted_twice_without_asking_the_ca(
    tmp_path: Path, tally: Tally, sabotage: Sabotage, arrived: bool
) -> None:
    with tally.attack(Invariant.NOTHING_LOST, APPROVING):
        approve_and_kill(tmp_path, sabotage, arrived)


def test_a_form_that_is_sent_without_asking_the_ca_is_noticed(
    tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answering, "_ask", lambda _self: Seen("order-1", Status.WANTS_APPROVAL, "pending"))
    with tally.seeded(APPROVING, "the CA is not asked before a form is sent"):
        approve_and_kill(tmp_path, before_the_post, False)


def approve_at_a_portal_and_kill(folder: Path, sabotage: Sabotage) -> None:
    room = Room(folder)
    room.ca.takes_in = True
    killed(room, sabotage)
    for _run in range(2):
        room.ground.clock.passed += 86400
        (data,) = room.look(**AUTO)
        assert room.acts().count("POST") <= 1
        assert (data["outcome"], (data["error"] or {}).get("code")) == ("approval_unknown", "approval_unknown")


@pytest.mark.parametrize("sabotage", [before_the_post, after_the_post, before_writing(Kind.APPROVAL_OUTCOME)])
def test_a_portal_that_cannot_be_asked_is_never_sent_a_second_form(
    tmp_path: Path, tally: Tally, sabotage: Sabotage
) -> None:
    with tally.attack(Invariant.NOTHING_LOST, AT_A_PORTAL):
        approve_at_a_portal_and_kill(tmp_path, sabotage)


def test_a_forgotten_intent_is_noticed(tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answering, "_intend", lambda *_words: None)
    with tally.seeded(AT_A_PORTAL, "the intent to send a form is not written"):
        approve_at_a_portal_and_kill(tmp_path, after_the_post)


# -- refusing ---------------------------------------------------------------------------------------------------------

REFUSAL = {"name": "shop", "answer": "refuse", "reason": "the names are wrong", "owner": "山田"}


def at_the_cancellation(room: Room, _patch: pytest.MonkeyPatch) -> None:
    room.ca.fault("cancel", lambda _effect: die())


def after_the_cancellation(room: Room, _patch: pytest.MonkeyPatch) -> None:
    def fault(effect: t.Callable[[], t.Any]) -> t.Any:
        effect()
        die()

    room.ca.fault("cancel", fault)


REFUSALS: dict[str, Sabotage] = {
    "nothing was done": before_writing(Kind.CANCEL_INTENDED),
    "the CA is about to be asked to cancel": at_the_cancellation,
    "the CA has cancelled, its answer unread": after_the_cancellation,
    "cancelled, the refusal not in the ledger": before_writing(Kind.REFUSED),
    "the refusal is half in the ledger": while_writing(Kind.TASK_OPENED),
    "the refusal is written, the module has not said so": after_writing(Kind.REFUSED),
}


def entry_of(room: Room) -> Entry:
    store = open_for_reading(str(room.ground.ledger))
    assert store is not None
    with store:
        (entry,) = store.entries(settled=True)["shop"]
    return entry


def refuse_and_kill(folder: Path, sabotage: Sabotage) -> None:
    room = Room(folder)
    killed(room, sabotage, REFUSAL, mode="assist")
    room.look(REFUSAL, mode="assist")
    entry = entry_of(room)
    task = open_correction(entry)
    assert (entry.state.value, task is not None and task.owner) == ("refused", "山田")
    kinds = [fact.kind for fact in entry.facts]
    assert (kinds.count(Kind.REFUSED), kinds.count(Kind.TASK_OPENED)) == (1, 1)
    assert "POST" not in room.acts() and room.web.asked == []
    assert room.ca.orders["order-1"]["status"] == "cancelled"


@pytest.mark.parametrize("sabotage", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_ends_once_and_its_correction_is_never_lost(tmp_path: Path, tally: Tally, sabotage: Sabotage) -> None:
    with tally.attack(Invariant.NOTHING_LOST, REFUSING):
        refuse_and_kill(tmp_path, sabotage)


def test_a_correction_that_is_written_apart_is_noticed(
    tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: Answering, *facts: Fact) -> None:
        for fact in facts:
            (self._entry,) = self._desk.store.append(self._desk.leases, [Append(self._entry, (fact,))])

    monkeypatch.setattr(Answering, "_write", write)
    with tally.seeded(REFUSING, "the refusal and its correction are two transactions"):
        refuse_and_kill(tmp_path, while_writing(Kind.TASK_OPENED))
