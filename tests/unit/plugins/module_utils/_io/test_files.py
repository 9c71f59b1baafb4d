# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are reached without following links, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory, owner_ids
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._io.faulty import (
    DyingSystem,
    FullDisk,
    HeldClock,
    Killed,
)


@pytest.fixture
def root(tmp_path: Path) -> t.Iterator[Directory]:
    with Directory.open(str(tmp_path)) as directory:
        yield directory


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def code_of(call: t.Callable[[], object]) -> str:
    with pytest.raises(LocalError) as caught:
        call()
    return caught.value.code


def test_what_is_written_is_read_and_has_its_mode(root: Directory, tmp_path: Path) -> None:
    root.write("key", b"one")
    root.write("page", b"two", mode=0o644)
    assert root.read("key", 10) == b"one"
    assert (mode_of(tmp_path / "key"), mode_of(tmp_path / "page")) == (0o600, 0o644)
    assert root.names() == ["key", "page"]


def test_the_mode_does_not_depend_on_the_umask(root: Directory, tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        root.write("page", b"", mode=0o644)
        root.made_child("folder", mode=0o755).close()
    finally:
        os.umask(old)
    assert (mode_of(tmp_path / "page"), mode_of(tmp_path / "folder")) == (0o644, 0o755)


def test_a_file_is_never_open_to_others_before_it_is_complete(tmp_path: Path) -> None:
    seen: list[int] = []

    class Watching(DyingSystem):
        def write(self, fd: int, content: bytes | memoryview) -> int:
            seen.append(stat.S_IMODE(os.fstat(fd).st_mode))
            return super().write(fd, content)

    with Directory.open(str(tmp_path), system=Watching()) as directory:
        directory.write("page", b"content", mode=0o644)
    assert seen == [0o600]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "../x", "a\0b"])
def test_a_name_is_one_component(root: Directory, name: str) -> None:
    for call in (
        lambda: root.read(name, 10),
        lambda: root.write(name, b""),
        lambda: root.child(name),
        lambda: root.made_child(name),
        lambda: root.remove(name),
        lambda: root.link(name, "x"),
        lambda: root.rename("x", name),
        lambda: root.rename(name, "x"),
    ):
        assert code_of(call) == "unsafe_path"


def test_a_link_is_never_followed(root: Directory, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (tmp_path / "file").symlink_to(outside / "secret")
    (tmp_path / "folder").symlink_to(outside)
    assert code_of(lambda: root.read("file", 100)) == "path_is_link"
    assert code_of(lambda: root.child("folder")) == "path_is_link"
    assert code_of(lambda: root.made_child("folder")) == "path_is_link"
    assert code_of(lambda: Directory.open(str(tmp_path / "folder"))) == "path_is_link"
    root.write("file", b"ours")
    assert (outside / "secret").read_text() == "secret"
    assert not (tmp_path / "file").is_symlink()


def test_only_regular_files_of_a_bounded_size_are_read(root: Directory, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "big").write_bytes(b"12345678901")
    assert code_of(lambda: root.read("fifo", 10)) == "path_no_file"
    assert code_of(lambda: root.read("folder", 10)) == "path_no_file"
    assert code_of(lambda: root.read("big", 10)) == "file_too_large"
    assert root.read("big", 11) == b"12345678901"
    assert root.read("absent", 10) is None


def test_removing_tells_whether_there_was_something(root: Directory) -> None:
    root.write("file", b"")
    assert root.remove("file")
    assert not root.remove("file")
    root.made_child("folder").close()
    assert root.remove_empty("folder")
    assert not root.remove_empty("folder")


def test_a_directory_with_content_is_not_removed_as_empty(root: Directory) -> None:
    with root.made_child("folder") as folder:
        folder.write("file", b"")
    assert not root.remove_empty("folder")
    root.remove_tree("folder")
    assert root.names() == []


def test_a_tree_is_removed_without_following_links(root: Directory, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("kept")
    with root.made_child("gone") as gone:
        gone.link("out", str(tmp_path / "kept"))
    root.remove_tree("gone")
    assert (tmp_path / "kept" / "file").read_text() == "kept"


def test_missing_parents_are_made(tmp_path: Path) -> None:
    with Directory.make(str(tmp_path / "a" / "b" / "c")) as made:
        made.write("file", b"")
    assert mode_of(tmp_path / "a") == 0o755
    assert mode_of(tmp_path / "a" / "b" / "c") == 0o700


def test_set_access_tells_whether_it_changed_anything(root: Directory, tmp_path: Path) -> None:
    root.write("file", b"", mode=0o600)
    assert root.set_access("file", mode=0o640)
    assert not root.set_access("file", mode=0o640)
    assert mode_of(tmp_path / "file") == 0o640


def write_new(directory: Directory) -> None:
    directory.write("file", b"new content", mode=0o644)


@pytest.mark.parametrize("survives", range(8))
@pytest.mark.parametrize("half_writes", [False, True])
def test_a_kill_at_any_call_leaves_the_old_or_the_new_file(tmp_path: Path, survives: int, half_writes: bool) -> None:
    (tmp_path / "file").write_bytes(b"old")
    system = DyingSystem(survives, half_writes=half_writes)
    with Directory.open(str(tmp_path), system=system) as directory, contextlib.suppress(Killed):
        write_new(directory)
    assert (tmp_path / "file").read_bytes() in (b"old", b"new content")
    with Directory.open(str(tmp_path)) as directory:
        directory.sweep()
        write_new(directory)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new content"


def test_the_file_is_synced_before_it_gets_its_name_and_the_directory_after(tmp_path: Path) -> None:
    system = DyingSystem()
    with Directory.open(str(tmp_path), system=system) as directory:
        write_new(directory)
    assert system.log == ["open", "write", "fchmod", "fsync", "rename", "fsync"]


@pytest.mark.parametrize("survives", range(5))
def test_a_full_disk_leaves_the_old_file_and_no_leftover(tmp_path: Path, survives: int) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with Directory.open(str(tmp_path), system=FullDisk(survives)) as directory:
        if survives < 4:
            assert code_of(lambda: write_new(directory)) == "disk_full"
            assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_switches_from_one_instant_to_the_next(tmp_path: Path) -> None:
    for survives in range(4):
        (tmp_path / "live").unlink(missing_ok=True)
        (tmp_path / "live").symlink_to("one")
        with contextlib.suppress(Killed), Directory.open(str(tmp_path), system=DyingSystem(survives)) as directory:
            directory.link("live", "two")
        assert os.readlink(tmp_path / "live") == ("one" if survives < 2 else "two")


def test_a_lock_is_exclusive_and_waits_no_longer_than_asked(root: Directory) -> None:
    clock = HeldClock(None)
    held = root.lock(".lock", wait=1, clock=clock)
    assert held is not None and clock.slept == 0
    assert root.lock(".lock", wait=1, clock=clock) is None
    assert 1 <= clock.slept < 1.2
    os.close(held)
    again = root.lock(".lock", wait=0, clock=clock)
    assert again is not None
    os.close(again)


def test_owners_are_names_or_numbers() -> None:
    assert owner_ids(None, None) == (-1, -1)
    assert owner_ids("root", "0") == (0, 0)
    with pytest.raises(InkanError) as caught:
        owner_ids("no-such-user", None)
    assert caught.value.code == "unknown_owner"
