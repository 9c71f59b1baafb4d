# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import Content, CopyWish, Standing
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._io.copies import (
    Copy,
    misplaced,
    unusable_place,
    write_copies,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import DyingSystem, FullDisk

STORE = "/nonexistent/store"


def copy(path: Path, content: bytes = b"new", kind: Content = Content.PRIVKEY, **standing: object) -> Copy:
    return Copy(
        CopyWish(str(path), kind, Standing(**{"owner": None, "group": None, "mode": 0o600, **standing})), content
    )  # type: ignore[arg-type]


def test_a_copy_is_written_once_with_its_mode(tmp_path: Path) -> None:
    wish = copy(tmp_path / "key.pem", mode=0o640)
    assert misplaced([wish]) == [wish]
    write_copies([wish])
    facts = (tmp_path / "key.pem").stat()
    assert ((tmp_path / "key.pem").read_bytes(), stat.S_IMODE(facts.st_mode)) == (b"new", 0o640)
    assert misplaced([wish]) == []
    write_copies([wish])
    assert (tmp_path / "key.pem").stat().st_ino == facts.st_ino


@pytest.mark.parametrize("spoil", ["content", "mode", "gone"])
def test_what_somebody_changed_is_seen_and_mended(tmp_path: Path, spoil: str) -> None:
    wish, path = copy(tmp_path / "key.pem"), tmp_path / "key.pem"
    write_copies([wish])
    if spoil == "content":
        path.write_bytes(b"old")
    elif spoil == "mode":
        path.chmod(0o644)
    else:
        path.unlink()
    assert misplaced([wish]) == [wish]
    write_copies([wish])
    assert misplaced([wish]) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner_and_group_are_given_before_the_file_is_in_its_place(tmp_path: Path) -> None:
    wish = copy(tmp_path / "key.pem", owner="nobody", group="65534", mode=0o640)
    write_copies([wish])
    facts = (tmp_path / "key.pem").stat()
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (65534, 65534, 0o640)
    assert misplaced([wish]) == []
    os.chown(tmp_path / "key.pem", 0, 0)
    assert misplaced([wish]) == [wish]


def test_all_copies_are_written_before_the_first_is_renamed(tmp_path: Path) -> None:
    system = DyingSystem()
    names = ["chain", "cert", "privkey", "combined"]
    write_copies([copy(tmp_path / name, kind=Content(name)) for name in names], system=system)
    renames = [number for number, call in enumerate(system.log) if call == "rename"]
    assert renames == list(range(renames[0], renames[0] + 4))
    assert "open" not in system.log[renames[0] :]


def test_owner_and_mode_are_on_the_disk_before_a_copy_gets_its_name(tmp_path: Path) -> None:
    system = DyingSystem()
    write_copies([copy(tmp_path / "key.pem", mode=0o640)], system=system)
    assert system.log == ["unlink", "open", "write", "fchmod", "fsync", "rename", "fsync"]


@pytest.mark.parametrize("survives", range(8))
def test_a_full_disk_leaves_no_key_beside_its_place(tmp_path: Path, survives: int) -> None:
    wishes = [copy(tmp_path / name, kind=Content(name)) for name in ("privkey", "cert")]
    with pytest.raises(InkanError):
        write_copies(wishes, system=FullDisk(survives, half_writes=True))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_every_old_copy_as_it_was(tmp_path: Path) -> None:
    for name in ("privkey", "cert"):
        (tmp_path / name).write_bytes(b"old")
    wishes = [copy(tmp_path / name, kind=Content(name)) for name in ("privkey", "cert")]
    with pytest.raises(InkanError) as caught:
        write_copies(wishes, system=FullDisk(5))
    assert caught.value.code == "disk_full"
    assert {name: (tmp_path / name).read_bytes() for name in ("privkey", "cert")} == {"privkey": b"old", "cert": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cert", "privkey"]


def test_a_link_at_the_place_is_refused_and_what_it_leads_to_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "shadow").write_bytes(b"precious")
    (tmp_path / "key.pem").symlink_to(tmp_path / "shadow")
    assert "link" in (unusable_place(copy(tmp_path / "key.pem").wish, STORE) or "")
    assert (tmp_path / "shadow").read_bytes() == b"precious"


def test_a_linked_directory_on_the_way_is_the_users_word(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "certs").symlink_to(tmp_path / "real")
    wish = copy(tmp_path / "certs" / "key.pem")
    assert unusable_place(wish.wish, STORE) is None
    write_copies([wish])
    assert (tmp_path / "real" / "key.pem").read_bytes() == b"new"


def test_a_way_round_into_the_store_is_no_place_for_a_copy(tmp_path: Path) -> None:
    store, beside = tmp_path / "store", tmp_path / "store2"
    (store / "shop" / "generations" / "0001").mkdir(parents=True)
    beside.mkdir()
    (tmp_path / "certs").symlink_to(store / "shop" / "generations" / "0001")
    for path, usable in ((tmp_path / "certs", False), (store, False), (beside, True)):
        assert (unusable_place(copy(path / "key.pem").wish, str(store)) is None) is usable


@pytest.mark.parametrize("kind", ["no directory", "a file for a directory", "a directory in its place", "no user"])
def test_a_place_that_cannot_be_used_is_told_before_anything_is_written(tmp_path: Path, kind: str) -> None:
    wish = copy(tmp_path / "below" / "key.pem")
    if kind == "a file for a directory":
        (tmp_path / "below").write_bytes(b"")
    elif kind == "a directory in its place":
        (tmp_path / "below" / "key.pem").mkdir(parents=True)
    elif kind == "no user":
        (tmp_path / "below").mkdir()
        wish = copy(tmp_path / "below" / "key.pem", owner="no-such-user")
    assert unusable_place(wish.wish, STORE)
