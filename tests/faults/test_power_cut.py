# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the power cut is held against a real process: what it did, replayed, is what lies on the real disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from power_cut import LOSSES, Disk, can_record, operations, recorder

pytestmark = pytest.mark.skipif(not can_record(), reason="strace is not installed (scripts/packages)")

ACTS = """
import os, sqlite3, sys
root = sys.argv[1]
ledger = sqlite3.connect(root + "/ledger", isolation_level=None)
ledger.execute("PRAGMA synchronous=" + sys.argv[2])
ledger.execute("CREATE TABLE words (word)")
ledger.execute("INSERT INTO words VALUES ('" + "long " * 3000 + "')")
here = os.open(root, os.O_RDONLY)
os.mkdir("store", 0o700, dir_fd=here)
file = os.open('store/odd "<name>', os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=here)
os.write(file, b'half "<'); os.write(file, b" and half\\n"); os.fsync(file)
os.rename('store/odd "<name>', "store/key", src_dir_fd=here, dst_dir_fd=here)
os.symlink("store/key", "live", dir_fd=here)
with open(root + "/live", "a") as added:
    added.write("more")
with open(root + "/old", "r+") as old:
    old.seek(2); old.write("X"); old.truncate()
"""


def recorded(tmp_path: Path, synchronous: str = "EXTRA") -> tuple[Disk, list, Path]:
    root, log = tmp_path / "disk", tmp_path / "log"
    root.mkdir()
    (root / "old").write_text("was here before")
    disk = Disk.read(root)
    subprocess.run([*recorder(log), sys.executable, "-c", ACTS, str(root), synchronous], check=True, timeout=60)
    return disk, operations(log, root), root


def test_everything_replayed_is_what_the_process_left(tmp_path: Path) -> None:
    disk, done, root = recorded(tmp_path)
    for operation in done:
        disk.apply(operation)
    real = Disk.read(root).files(LOSSES["everything"])
    assert real["old"] == b"waX" and real["live"] == "store/key" and real["store/key"].endswith(b"and half\nmore")
    assert disk.files(LOSSES["everything"]) == real
    copy = tmp_path / "copy"
    copy.mkdir()
    disk.write_to(copy, LOSSES["everything"])
    assert Disk.read(copy).files(LOSSES["everything"]) == real


def test_what_was_not_synced_is_lost(tmp_path: Path) -> None:
    disk, done, _root = recorded(tmp_path)
    for operation in done:
        disk.apply(operation)
    left = disk.files(LOSSES["nothing unsynced"])
    assert set(left) == {"old", "ledger"}  # of the others nobody synced a name
    assert left["old"] == b"was here before"
    assert disk.files(LOSSES["names without bytes"])["store/key"].endswith(b"and half\n")
    assert disk.files(LOSSES["every other write"])["store/key"].endswith(b"and half\n")


@pytest.mark.parametrize(("synchronous", "comes_back"), [("EXTRA", False), ("FULL", True)])
def test_only_with_extra_is_the_journal_gone_for_good_when_a_transaction_ends(
    tmp_path: Path, synchronous: str, comes_back: bool
) -> None:
    """SQLite, PRAGMA synchronous: EXTRA also syncs the folder after the journal was unlinked to commit."""
    disk, done, _root = recorded(tmp_path, synchronous)
    for operation in done:
        disk.apply(operation)
    assert ("ledger-journal" in disk.files(LOSSES["nothing unsynced"])) is comes_back
