# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live pair is a pair at every instant, and a rerun repairs whatever a kill or a full disk left."""

from __future__ import annotations

import os
import stat
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._io import store as stores
from ansible_collections.inkan.tls.plugins.module_utils._io.files import System
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Journal, Store
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import (
    DyingSystem,
    FullDisk,
    HeldClock,
    Killed,
)

NAME = "shop"
AT = datetime(2026, 11, 20, tzinfo=timezone.utc)


def staged(tag: str) -> dict[str, bytes]:
    return {"privkey.pem": b"key " + tag.encode(), "csr.pem": b"csr " + tag.encode()}


def issued(tag: str) -> dict[str, bytes]:
    text = tag.encode()
    return {"cert.pem": b"cert " + text, "chain.pem": b"chain " + text, "fullchain.pem": b"full " + text}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def complete(store: Store, tag: str) -> int:
    number = store.new_generation(NAME, staged(tag))
    store.add_files(NAME, number, issued(tag))
    return number


def code_of(call: t.Callable[[], object]) -> str:
    with pytest.raises(InkanError) as caught:
        call()
    return caught.value.code


def test_an_absent_store_is_empty_and_looking_makes_nothing(store: Store) -> None:
    assert store.names() == []
    assert store.generations(NAME) == []
    assert store.live(NAME) is None
    assert store.read(NAME, 1, "cert.pem") is None
    assert store.read_journal(NAME) is None
    assert store.read_recipient(NAME) is None
    assert not os.path.exists(store.path)


def test_a_generation_goes_from_staged_to_live(store: Store) -> None:
    number = store.new_generation(NAME, staged("a"))
    (first,) = store.generations(NAME)
    assert (first.number, first.has_key, first.has_csr, first.has_certificate) == (1, True, True, False)
    assert sorted(store.add_files(NAME, number, issued("a"))) == ["cert.pem", "chain.pem", "fullchain.pem"]
    assert store.generations(NAME)[0].has_certificate
    assert store.live(NAME) is None
    assert store.switch(NAME, number)
    assert store.live(NAME) == 1
    assert os.readlink(f"{store.path}/{NAME}/live") == "generations/0001"
    assert Path(f"{store.path}/{NAME}/live/cert.pem").read_bytes() == b"cert a"
    assert store.names() == [NAME]


def test_keys_are_for_their_owner_alone(store: Store) -> None:
    store.new_generation(NAME, staged("a"), {"csr.pem": 0o644})
    modes = {
        str(path.relative_to(store.path)): stat.S_IMODE(path.lstat().st_mode) for path in Path(store.path).rglob("*")
    }
    assert modes[f"{NAME}/generations/0001/privkey.pem"] == 0o600
    assert modes[f"{NAME}/generations/0001/csr.pem"] == 0o644
    assert {modes[one] for one in (NAME, f"{NAME}/generations", f"{NAME}/generations/0001")} == {0o700}
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o700


def test_nothing_new_is_no_change(store: Store) -> None:
    number = complete(store, "a")
    store.switch(NAME, number)
    assert not store.switch(NAME, number)
    assert store.add_files(NAME, number, issued("a")) == []
    assert not store.clear_journal(NAME)


def test_files_of_the_live_generation_are_never_replaced(store: Store) -> None:
    number = complete(store, "a")
    store.switch(NAME, number)
    assert code_of(lambda: store.add_files(NAME, number, issued("b"))) == "generation_is_live"
    assert code_of(lambda: store.add_files(NAME, number, {"privkey.pem": b"other"})) == "generation_is_live"
    assert store.read(NAME, number, "cert.pem") == b"cert a"


class Recording(System):
    """What was synced, and when a link was made."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def fsync(self, fd: int) -> None:
        self.log.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))

    def symlink(self, target: str, name: str, dir_fd: int) -> None:
        self.log.append("link")
        super().symlink(target, name, dir_fd)


def test_what_becomes_live_is_durable_first_whatever_a_killed_run_left_unsynced(tmp_path: Path) -> None:
    number = complete(Store(str(tmp_path / "store")), "a")
    system = Recording()
    assert Store(str(tmp_path / "store"), system=system).switch(NAME, number)
    assert system.log == ["0001", "link", NAME]


def test_only_a_complete_generation_becomes_live(store: Store) -> None:
    number = store.new_generation(NAME, staged("a"))
    assert code_of(lambda: store.switch(NAME, number)) == "generation_incomplete"
    store.add_files(NAME, number, {"cert.pem": b"cert a"})
    assert code_of(lambda: store.switch(NAME, number)) == "generation_incomplete"
    assert code_of(lambda: store.switch(NAME, 9)) == "generation_missing"
    assert code_of(lambda: store.add_files(NAME, 9, issued("a"))) == "generation_missing"


def test_a_number_is_never_given_twice_while_its_generation_is_there(store: Store) -> None:
    assert [complete(store, tag) for tag in "abc"] == [1, 2, 3]
    store.switch(NAME, 3)
    store.prune(NAME, keep=1)
    assert store.new_generation(NAME, staged("d")) == 4


def test_prune_keeps_the_newest_the_live_the_named_and_those_of_a_switch(store: Store) -> None:
    for tag in "abcdef":
        complete(store, tag)
    store.new_generation(NAME, staged("g"))
    store.switch(NAME, 1)
    store.write_journal(NAME, Journal(2, 3, AT))
    assert store.prune(NAME, keep=1, never={4}) == [5]
    assert [one.number for one in store.generations(NAME)] == [1, 2, 3, 4, 6, 7]


def test_staged_keys_are_pruned_apart(store: Store) -> None:
    complete(store, "a")
    for tag in "bcde":
        store.new_generation(NAME, staged(tag))
    assert store.prune_staged(NAME, keep=2, never={2}) == [3]
    assert [one.number for one in store.generations(NAME)] == [1, 2, 4, 5]


def test_a_number_that_is_given_again_within_one_look_leads_to_the_new_folder(store: Store) -> None:
    with store.looking(NAME):
        assert store.read(NAME, store.new_generation(NAME, staged("a")), "csr.pem") == b"csr a"
        assert store.prune_staged(NAME, keep=0) == [1]
        assert store.generations(NAME) == []
        assert store.read(NAME, store.new_generation(NAME, staged("b")), "csr.pem") == b"csr b"


def test_folders_that_another_put_in_place_before_the_lock_are_seen_after_it(store: Store) -> None:
    store.new_generation(NAME, staged("a"))
    with store.looking(NAME):
        assert store.read(NAME, 1, "csr.pem") == b"csr a"
        other = Store(store.path)
        other.prune_staged(NAME, keep=0)
        assert other.new_generation(NAME, staged("b")) == 1
        with store.lock(NAME):
            assert store.read(NAME, 1, "csr.pem") == b"csr b"
            assert store.add_files(NAME, 1, issued("b"))
    assert other.read(NAME, 1, "cert.pem") == b"cert b"


def test_no_folder_stays_open_for_a_lock(store: Store) -> None:
    complete(store, "a")
    before = len(os.listdir("/dev/fd"))
    with store.lock(NAME):
        assert len(os.listdir("/dev/fd")) == before + 1
    assert len(os.listdir("/dev/fd")) == before


def test_the_journal_is_read_as_written(store: Store) -> None:
    for journal in (Journal(None, 1, AT), Journal(1, 2, AT, answered=False)):
        store.write_journal(NAME, journal)
        assert store.read_journal(NAME) == journal
    assert store.clear_journal(NAME)
    assert store.read_journal(NAME) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"from": 1, "to": "x", "at": "2026-11-20T00:00:00+00:00"}', "no"])
def test_a_journal_that_is_not_ours_is_not_acted_on(store: Store, content: str) -> None:
    complete(store, "a")
    Path(f"{store.path}/{NAME}/switching.json").write_text(content)
    assert code_of(lambda: store.read_journal(NAME)) == "store_broken"


def test_the_recipient_key_comes_and_goes(store: Store) -> None:
    store.write_recipient(NAME, b"secret")
    assert store.read_recipient(NAME) == b"secret"
    assert stat.S_IMODE(os.stat(f"{store.path}/{NAME}/recipient.key").st_mode) == 0o600
    assert store.remove_recipient(NAME)
    assert not store.remove_recipient(NAME)


@pytest.mark.parametrize("target", ["/etc", "../other/generations/0001", "generations/1", "generations/00001"])
def test_a_live_link_that_is_not_ours_is_refused(store: Store, target: str) -> None:
    complete(store, "a")
    os.symlink(target, f"{store.path}/{NAME}/live")
    assert code_of(lambda: store.live(NAME)) == "store_broken"


def test_a_live_that_is_no_link_is_refused(store: Store) -> None:
    complete(store, "a")
    os.mkdir(f"{store.path}/{NAME}/live")
    assert code_of(lambda: store.switch(NAME, 1)) == "store_broken"


@pytest.mark.parametrize("name", ["..", "a/b", "", ".hidden", "x" * 65, "a\n"])
def test_a_bad_name_reaches_no_path(store: Store, name: str) -> None:
    for call in (
        lambda: store.live(name),
        lambda: store.new_generation(name, staged("a")),
        lambda: store.read(name, 1, "cert.pem"),
    ):
        assert code_of(call) == "bad_name"


def test_only_known_files_are_in_a_generation(store: Store) -> None:
    assert code_of(lambda: store.new_generation(NAME, {"../x": b""})) == "unsafe_path"
    assert code_of(lambda: store.read(NAME, 1, "../../../etc/shadow")) == "unsafe_path"


def test_a_folder_that_became_a_link_is_refused(store: Store, tmp_path: Path) -> None:
    complete(store, "a")
    os.rename(f"{store.path}/{NAME}", tmp_path / "moved")
    os.symlink(tmp_path / "moved", f"{store.path}/{NAME}")
    assert code_of(lambda: store.read(NAME, 1, "privkey.pem")) == "path_is_link"


def test_a_store_where_others_may_write_is_refused(store: Store) -> None:
    os.mkdir(store.path)
    os.chmod(store.path, 0o777)  # noqa: S103
    assert code_of(store.names) == "store_unsafe"
    assert code_of(lambda: store.new_generation(NAME, staged("a"))) == "store_unsafe"


def test_a_name_is_worked_on_by_one_at_a_time(store: Store) -> None:
    clock = HeldClock(AT)
    other = Store(store.path, clock=clock)
    with store.lock(NAME):
        assert code_of(lambda: other.new_generation(NAME, staged("b"))) == "store_busy"
        assert clock.slept >= 10
        store.new_generation(NAME, staged("a"))  # the holder goes on
        other.new_generation("another", staged("c"))
    assert other.new_generation(NAME, staged("b")) == 2


def test_a_service_that_reads_the_store_itself_gets_its_key_and_no_more(store: Store) -> None:
    number = complete(store, "a")
    assert store.set_access(NAME, number, mode=0o640)
    assert not store.set_access(NAME, number, mode=0o640)
    folder = Path(store.path) / NAME / "generations" / "0001"
    assert stat.S_IMODE((folder / "privkey.pem").stat().st_mode) == 0o640
    assert stat.S_IMODE((folder / "fullchain.pem").stat().st_mode) == 0o644
    for passable in (folder, folder.parent, folder.parent.parent, Path(store.path)):
        assert stat.S_IMODE(passable.stat().st_mode) == 0o711


# -- kill and full disk at every call ------------------------------------------------------------------------------


def deploy(store: Store, tag: str) -> None:
    """What the modules do with a name, written so that it may be begun again at any point."""
    with store.lock(NAME):
        number = next(
            (
                one.number
                for one in store.generations(NAME)
                if store.read(NAME, one.number, "csr.pem") == b"csr " + tag.encode()
            ),
            None,
        )
        number = number or store.new_generation(NAME, staged(tag))
        store.add_files(NAME, number, issued(tag))
        if store.live(NAME) != number:
            store.write_journal(NAME, Journal(store.live(NAME), number, AT))
            store.switch(NAME, number)
        store.clear_journal(NAME)
        store.prune(NAME, keep=1)


def whole_life(store: Store) -> None:
    deploy(store, "one")
    deploy(store, "two")
    deploy(store, "three")


def calls_of_a_whole_life(folder: Path) -> int:
    system = DyingSystem()
    whole_life(Store(str(folder), system=system))
    return len(system.log)


def assert_sound(path: str) -> None:
    """No half of anything can be seen, and what is live is a pair."""
    store = Store(path)
    for one in store.generations(NAME):
        assert one.has_key and one.has_csr
        tag = (store.read(NAME, one.number, "privkey.pem") or b"")[4:].decode()
        assert store.read(NAME, one.number, "csr.pem") == b"csr " + tag.encode()
        for file, content in issued(tag).items():
            assert store.read(NAME, one.number, file) in (None, content)
    live = store.live(NAME)
    if live is not None:
        key, certificate = (store.read(NAME, live, file) for file in ("privkey.pem", "cert.pem"))
        assert key and certificate and key[4:] == certificate[5:]
    store.read_journal(NAME)


def assert_repaired(path: str) -> None:
    store = Store(path, system=DyingSystem())  # lives on, and spares the disk its syncs
    deploy(store, "three")
    assert_sound(path)
    live = store.live(NAME)
    assert live is not None
    assert store.read(NAME, live, "cert.pem") == b"cert three"
    assert [one.number for one in store.generations(NAME) if one.has_certificate] == [live]
    leftovers = [name for _other, folders, files in os.walk(path) for name in [*folders, *files] if "inkan-tmp" in name]
    assert leftovers == []
    store.close()


@pytest.mark.parametrize("half_writes", [False, True])
@pytest.mark.parametrize("kind", [DyingSystem, FullDisk])
def test_a_kill_or_a_full_disk_at_any_call_leaves_a_pair_and_a_rerun_repairs(
    tmp_path: Path, kind: type[DyingSystem], half_writes: bool
) -> None:
    total = calls_of_a_whole_life(tmp_path / "count")
    assert total > 100
    for survives in range(total):
        path = str(tmp_path / f"store-{survives}")
        store = Store(path, system=kind(survives, half_writes=half_writes))
        try:
            whole_life(store)
        except Killed:
            pass
        except InkanError as error:
            assert error.code == "disk_full", error
        finally:
            store.close()
        assert_sound(path)
        assert_repaired(path)


def test_live_is_never_away_while_it_switches(store: Store) -> None:
    """Between any two calls the live pair is there once it was there."""
    system = DyingSystem()
    watched = Store(store.path, system=system)
    deploy(watched, "one")
    seen: list[int | None] = []
    counted = system._count

    def look(call: str) -> None:
        seen.append(store.live(NAME))
        counted(call)

    system._count = look  # type: ignore[method-assign]
    deploy(watched, "two")
    assert None not in seen
    assert set(seen) == {1, 2}


@pytest.mark.parametrize(("user", "path"), [(0, "/etc/inkan-tls"), (1000, "/home/a/.local/share/inkan-tls/store")])
def test_root_and_others_have_a_store_of_their_own(monkeypatch: pytest.MonkeyPatch, user: int, path: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setenv("HOME", "/home/a")
    assert stores.default_store_path() == path
