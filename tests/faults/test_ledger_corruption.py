# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that is damaged, emptied or gone: told, never made anew, restored from its backup, and nothing bought twice.

The CA keeps its orders in a file, and the module runs in full on a real SQLite file.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io import ledger_file, ledger_restore, ledger_store
from ansible_collections.inkan.tls.plugins.module_utils._module import order_loop, orders
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_call
from ansible_collections.inkan.tls.plugins.module_utils._module.restoring import run_restore
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    HostileCa,
    Playground,
    ask,
    item,
)
from damages import DAMAGES, Case
from spread import spread
from tally import Invariant, Tally

DAMAGED, FORGOTTEN, RESTORING = "damaged ledger", "restored ledger, CA asked first", "restoring killed"
#: At the CA before the damage; the last one is in no backup.
NAMES = ("shop", "api", "later")


class Room:
    """A ledger with orders, a backup of some of them, and a CA with all."""

    def __init__(self, folder: Path, finding: Finding = Finding.EXACT) -> None:
        self.ground = Playground(folder, ca=HostileCa(path=folder / "orders.json", finding=finding))
        self.ledger = self.ground.ledger
        self.ground.play(*(item(name) for name in NAMES[:2]), until="wanted")
        with ledger_store.open_for_writing(str(self.ledger), now=lambda: time.time() + 90000):
            pass  # the backup of another day
        self.ground.play(item("later"), until="wanted")
        self.at_the_ca = dict(self.ground.ca.orders)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.ledger.parent.iterdir() if path.is_file()}

    def restore(self, wanted: str = "newest", check_mode: bool = False) -> t.Any:
        call = read_call(self.ground.options(), check_mode, self.ground.cas)
        return run_restore(call, wanted)

    def go_on(self) -> list[dict[str, t.Any]]:
        """What the next runs do: order what is missing, then ask for it."""
        said = self.ground.play(*(item(name, visible=True) for name in NAMES))
        return [one.as_data() for one in said.items]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def told(attempt: t.Callable[[], object]) -> InkanError | None:
    try:
        attempt()
    except InkanError as error:
        return error
    return None


def attack(room: Room, case: Case) -> None:
    """Whoever reads or writes is told, with a code and a way out, and finds everything as it lay there."""
    before, asked = room.files(), list(room.ground.ca.calls)
    attempts: dict[str, t.Callable[[], object]] = {
        "order": lambda: room.ground.play(*(item(name) for name in NAMES), until="wanted"),
        "order in check mode": lambda: room.ground.play(item(), check_mode=True),
        "record": lambda: room.ground.play({"name": "shop", "hosts": ["web7"]}, record_only=True),
        "prepare": room.ground.play,
        "read": lambda: _read_all(room.ledger),
    }
    for who, attempt in attempts.items():
        error = told(attempt)
        if who == "prepare" and error is None and case is DAMAGES["a row that says nothing"]:
            continue  # it reads no row
        assert error is not None, f"{who} did not notice it"
        assert error.code in case.codes, f"{who}: {error.sentence()}"
        assert error.todo and str(room.ledger) in error.where
        if case.restorable:
            assert "inkan_ledger_restore=newest" in error.todo and "ledger.sqlite3.bak" in error.todo
    after = room.files()
    for name in ("ledger.sqlite3.bak", "ledger.sqlite3.bak.1"):
        assert after[name] == before[name], f"{name} was replaced"
    journal = "ledger.sqlite3-journal" in before  # a hot one is SQLite's to roll back, whatever it belongs to
    assert journal or after == before, f"changed: {[name for name in after if after.get(name) != before.get(name)]}"
    assert room.ground.ca.calls == asked, "the CA was asked to do something"
    assert room.ground.ca.orders == room.at_the_ca


def _read_all(ledger: Path) -> None:
    store = ledger_store.open_for_reading(str(ledger))
    assert store is not None
    with store:
        store.entries(settled=True)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_ledger_is_told_and_never_made_anew(room: Room, tally: Tally, name: str) -> None:
    DAMAGES[name].damage(room.ledger)
    with tally.attack(Invariant.NOTHING_LOST, DAMAGED):
        attack(room, DAMAGES[name])


def recreating(path: str, **options: t.Any) -> ledger_store.LedgerStore:
    """What a helpful program would do."""
    try:
        return ledger_store.open_for_writing(path, **options)
    except LocalError:
        for left in Path(path).parent.iterdir():
            left.unlink()
        return ledger_store.open_for_writing(path, **options)


@pytest.mark.parametrize("name", ["gone", "cut in half", "no byte left"])
def test_the_attack_finds_a_ledger_that_is_recreated_when_unreadable(
    room: Room, tally: Tally, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    DAMAGES[name].damage(room.ledger)
    monkeypatch.setattr(orders, "open_for_writing", recreating)
    monkeypatch.setattr(orders, "open_for_reading", lambda _path: None)
    with tally.seeded(DAMAGED, "the ledger is made anew when it cannot be read"):
        attack(room, DAMAGES[name])


def test_the_attack_finds_a_ledger_whose_loss_nobody_notices(
    room: Room, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    DAMAGES["gone"].damage(room.ledger)
    for module in (ledger_store, ledger_file):
        monkeypatch.setattr(module, "require_not_lost", lambda _path: None)
    with tally.seeded(DAMAGED, "a file that is gone counts as new"):
        attack(room, DAMAGES["gone"])


def test_the_attack_finds_a_ledger_that_is_not_looked_through(
    room: Room, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    DAMAGES["an index without a row"].damage(room.ledger)
    monkeypatch.setattr(ledger_store, "require_sound", lambda _connection, _path: None)
    with tally.seeded(DAMAGED, "indexes are believed"):
        attack(room, DAMAGES["an index without a row"])


# -- restored ---------------------------------------------------------------------------------------------------------


def restore_and_go_on(room: Room) -> None:
    """One order each, at the CA since before the damage, and all of them end with a certificate."""
    result = room.restore()
    assert result.changed and result.extra["restored"]["orders"] == 2
    assert result.extra["restored"]["backup"] == f"{room.ledger}.bak"
    first = room.go_on()
    assert room.ground.ca.orders.keys() == room.at_the_ca.keys(), "something was bought twice"
    assert [one["outcome"] for one in first] == ["issued"] * 3, first
    assert [one["changed"] for one in room.go_on()] == [False] * 3
    assert room.ground.ca.orders.keys() == room.at_the_ca.keys()
    assert not room.restore().changed, "a ledger that is whole was replaced"


RESTORABLE = [name for name, case in DAMAGES.items() if case.restorable]


@pytest.mark.parametrize("name", spread(RESTORABLE, short=8))
def test_a_restored_ledger_asks_the_ca_for_what_it_has_forgotten(room: Room, tally: Tally, name: str) -> None:
    DAMAGES[name].damage(room.ledger)
    with tally.attack(Invariant.ONE_ORDER, FORGOTTEN):
        restore_and_go_on(room)


def test_a_backup_that_a_person_copied_asks_the_ca_as_well(room: Room, tally: Tally) -> None:
    with tally.attack(Invariant.ONE_ORDER, FORGOTTEN):
        shutil.copyfile(f"{room.ledger}.bak", room.ledger)
        assert [one["outcome"] for one in room.go_on()] == ["issued"] * 3
        assert room.ground.ca.orders.keys() == room.at_the_ca.keys()


def test_a_copy_from_elsewhere_can_be_named(room: Room, tally: Tally, tmp_path: Path) -> None:
    with tally.attack(Invariant.ONE_ORDER, FORGOTTEN):
        elsewhere = tmp_path / "tape"
        shutil.copyfile(f"{room.ledger}.bak.1", elsewhere)
        for path in room.ledger.parent.glob("ledger.sqlite3*"):
            path.unlink()
        room.ground.ledger.touch()
        restored = room.restore(str(elsewhere)).extra["restored"]
        assert (restored["backup"], restored["orders"]) == (str(elsewhere), 2)
        assert [one["outcome"] for one in room.go_on()] == ["issued"] * 3
        assert room.ground.ca.orders.keys() == room.at_the_ca.keys()


def test_where_the_ca_cannot_be_asked_a_person_is(tmp_path: Path, tally: Tally) -> None:
    room = Room(tmp_path, Finding.IMPOSSIBLE)
    room.ledger.unlink()
    with tally.attack(Invariant.ONE_ORDER, FORGOTTEN):
        room.restore()
        said = {one["name"]: one for one in room.go_on()}
        assert {name: one["outcome"] for name, one in said.items()} == {
            "shop": "issued",
            "api": "issued",
            "later": "needs_person",
        }
        assert room.ground.ca.orders.keys() == room.at_the_ca.keys()
        (handle,) = [handle for handle, order in room.at_the_ca.items() if order["names"] == ["later.example.jp"]]
        found = room.ground.one(ask("later", resolve="adopt", handle=handle))
        assert (found["outcome"], found["error"]) == ("issued", None)
        assert room.ground.ca.orders.keys() == room.at_the_ca.keys()


def test_what_the_ca_does_not_have_is_ordered_once_after_all(room: Room, tally: Tally) -> None:
    room.ledger.unlink()
    with tally.attack(Invariant.ONE_ORDER, FORGOTTEN):
        room.restore()
        room.ground.play(item("new"), until="wanted")
        room.ground.play(item("new"), until="wanted")
        assert room.ground.ca.names_ordered().count("new.example.jp") == 1
        assert room.ground.ca.calls[-3:-1] != [], "it was asked before"
        asked = [call.split()[0] for call in room.ground.ca.calls]
        assert "find" in asked[: len(asked) - 1 - asked[::-1].index("submit")]


def test_the_attack_finds_a_restored_ledger_that_orders_at_once(
    room: Room, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.ledger.unlink()
    monkeypatch.setattr(order_loop.Loop, "_may_be_lost", lambda _self, _work: False)
    with tally.seeded(FORGOTTEN, "the CA is not asked"):
        restore_and_go_on(room)


def test_no_backup_is_made_of_a_damaged_ledger(room: Room, tally: Tally) -> None:
    DAMAGES["an index without a row"].damage(room.ledger)
    before = room.files()
    with tally.attack(Invariant.NOTHING_LOST, DAMAGED):
        for day in range(1, 5):
            later = time.time() + day * 90000
            assert told(lambda later=later: ledger_store.open_for_writing(str(room.ledger), now=lambda: later))
        assert room.files() == before


def test_a_damaged_backup_gives_way_to_an_older_one(room: Room, tally: Tally) -> None:
    room.ledger.unlink()
    DAMAGES["a page of noise in the middle"].damage(Path(f"{room.ledger}.bak"))
    with tally.attack(Invariant.NOTHING_LOST, DAMAGED):
        assert room.restore().extra["restored"]["backup"] == f"{room.ledger}.bak.1"


def test_without_a_backup_that_is_whole_nothing_is_done(room: Room, tally: Tally) -> None:
    room.ledger.write_bytes(b"no database")
    for backup in room.ledger.parent.glob("*.bak*"):
        DAMAGES["cut in half"].damage(backup)
    before = room.files()
    with tally.attack(Invariant.NOTHING_LOST, DAMAGED):
        error = told(room.restore)
        assert error is not None and error.code == "ledger_no_backup" and "ledger.sqlite3.bak.1: " in error.why
        assert room.files() == before


@pytest.mark.parametrize("loss", ["all gone", "none is whole"])
def test_where_nothing_is_left_an_empty_ledger_asks_the_ca_for_everything(room: Room, tally: Tally, loss: str) -> None:
    for path in [*room.ledger.parent.glob("ledger.sqlite3*")]:
        path.unlink() if loss == "all gone" else DAMAGES["cut in half"].damage(path)
    with tally.attack(Invariant.ONE_ORDER, FORGOTTEN):
        said = room.restore("empty").extra["restored"]
        assert (said["backup"], said["orders"]) == (None, 0)
        assert room.ledger.stat().st_mode & 0o777 == 0o600
        room.go_on()
        assert room.ground.ca.orders.keys() == room.at_the_ca.keys(), "an order was made a second time"
        assert room.restore("empty").extra["restored"] is None, "a ledger that is whole stays"


def test_no_empty_ledger_is_begun_where_a_backup_is_whole(room: Room, tally: Tally) -> None:
    room.ledger.unlink()
    before = room.files()
    with tally.attack(Invariant.NOTHING_LOST, DAMAGED):
        error = told(lambda: room.restore("empty"))
        assert error is not None and error.code == "ledger_has_backup" and "ledger.sqlite3.bak" in error.why
        assert room.files() == before


def test_check_mode_says_what_would_be_restored(room: Room, tally: Tally) -> None:
    DAMAGES["cut in half"].damage(room.ledger)
    before = room.files()
    with tally.attack(Invariant.CHECK_MODE, DAMAGED):
        result = room.restore(check_mode=True)
        assert result.changed and result.extra["restored"]["put_aside"] is None
        assert room.files() == before


# -- killed while it restores -----------------------------------------------------------------------------------------

#: What the restoring calls, in this order: the copy, its companions and the file put aside, the new name, the folder.
CALLS = range(1, 12)


def killed_at(room: Room, number: int) -> bool:
    """Whether it came so far: SIGKILL before the call of that number that changes the disk."""
    child = os.fork()
    if child == 0:
        count = [0]

        def dying(original: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
            def call(*arguments: t.Any, **options: t.Any) -> t.Any:
                count[0] += 1
                if count[0] == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*arguments, **options)

            return call

        for name in ("rename", "unlink", "open", "fsync"):
            setattr(os, name, dying(getattr(os, name)))
        room.restore()
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("number", spread(CALLS, short=6))
@pytest.mark.parametrize("name", ["gone", "cut in half", "another file's hot journal"])
def test_a_restoring_that_was_killed_is_done_again(room: Room, tally: Tally, name: str, number: int) -> None:
    DAMAGES[name].damage(room.ledger)
    with tally.attack(Invariant.NOTHING_LOST, RESTORING):
        killed_at(room, number)
        killed_and_restored(room)


def killed_and_restored(room: Room) -> None:
    room.restore()
    assert [one["outcome"] for one in room.go_on()] == ["issued"] * 3
    assert room.ground.ca.orders.keys() == room.at_the_ca.keys()
    aside = [path.name for path in room.ledger.parent.iterdir() if ".broken-" in path.name]
    assert len([name for name in aside if name[-1] == "Z"]) <= 1
    left = [path.name for path in room.ledger.parent.iterdir() if path.name.endswith((".restoring", "-journal"))]
    assert [name for name in left if ".broken-" not in name] == []


def test_the_attack_finds_a_journal_that_is_left_beside_the_restored_file(
    room: Room, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    DAMAGES["another file's hot journal"].damage(room.ledger)
    monkeypatch.setattr(ledger_restore, "COMPANIONS", ())
    with tally.seeded(RESTORING, "the journal stays where it is"):
        error = told(lambda: killed_and_restored(room))
        assert error is None, error


# -- the command that the documentation names -------------------------------------------------------------------------


def playbook(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    inventory = {"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}}
    (folder / "hosts.json").write_text(json.dumps(inventory))
    environment = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder / "hosts.json")]
    return subprocess.run(
        [*command, "inkan.tls.ledger", *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_the_command_of_the_error_restores_it(room: Room, tally: Tally, tmp_path: Path) -> None:
    DAMAGES["cut in half"].damage(room.ledger)
    given = ("-e", json.dumps({"inkan_ledger_path": str(room.ledger), "inkan_ledger_durable": True}))
    with tally.attack(Invariant.NOTHING_LOST, DAMAGED):
        refused = playbook(tmp_path, *given)
        assert refused.returncode != 0 and "ledger_broken" in refused.stdout, refused.stdout
        restored = playbook(tmp_path, *given, "-e", "inkan_ledger_restore=newest")
        assert restored.returncode == 0 and "with 2 orders" in restored.stdout, restored.stdout + restored.stderr
    assert [one["outcome"] for one in room.go_on()] == ["issued"] * 3
    assert room.ground.ca.orders.keys() == room.at_the_ca.keys()
