# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the ledger whole? A damaged, emptied or vanished one is told and never made anew: an empty one could buy twice.

    file            backups       what it is
    not there       none          new: it is made
    not there       some          ``ledger_missing``
    empty           any           ``ledger_emptied``: it is made whole beside and renamed, so it never is empty
    there           any           SQLite looks at all pages, indexes and references (9 ms for 1000 orders)

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import struct
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError

BACKUPS = 3
#: What may lie beside the file and changes what SQLite reads from it.
COMPANIONS = ("-journal", "-wal", "-shm")
#: Errors after which a backup may take the ledger's place.
UNUSABLE = frozenset({"ledger_broken", "ledger_emptied", "ledger_missing", "ledger_foreign"})
RESTORE = "ansible-playbook inkan.tls.ledger -e inkan_ledger_restore=newest"

_MOST_WORDS = 3
_SMALLEST_PAGE = 512
#: The header (SQLite file format 1.3) has the size of pages in bytes 16 and 17, and then for reading and for writing 1
#: for a rollback journal, 2 for a write-ahead log.
_HEADER = struct.Struct(">16xHBB")
_ROLLBACK = (1, 1)


def backup_names(path: str) -> list[str]:
    """Newest first."""
    return [path + ".bak", *(f"{path}.bak.{number}" for number in range(1, BACKUPS))]


def require_not_lost(path: str) -> None:
    """Refuses to go on where a ledger was and is no more."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        kept = [name for name in backup_names(path) if os.path.lexists(name)]
        if kept:
            raise _missing(path, kept) from None
        return
    if stat.S_ISREG(status.st_mode) and status.st_size == 0:
        raise emptied(path)
    if stat.S_ISREG(status.st_mode):
        size, *modes = _header(path)
        _require_own_log(path, tuple(modes))
        _require_whole_pages(path, size)


def _header(path: str) -> tuple[int, int, int]:
    with open(path, "rb") as file:
        page, reads, writes = _HEADER.unpack(file.read(_HEADER.size).ljust(_HEADER.size, b"\0"))
    return int(page), int(reads), int(writes)


def _require_whole_pages(path: str, page: int) -> None:
    """SQLite takes what is missing of the last page for zeros. Beside a journal a page may be half-written."""

    def is_cut() -> bool:
        return bool(os.path.getsize(path) % page) and not os.path.lexists(path + "-journal")

    if page >= _SMALLEST_PAGE and is_cut() and is_cut():  # not twice, where a writer ended in between
        raise broken(path, "it ends within a page")


def _require_own_log(path: str, modes: tuple[int, ...]) -> None:
    """SQLite takes a write-ahead log for its own, whosoever it is, even where the file never had one."""
    try:
        has_log = os.stat(path + "-wal").st_size > 0
    except FileNotFoundError:
        return
    if has_log and modes == _ROLLBACK:
        raise LocalError(
            code="ledger_foreign_log",
            what="Will not open the ledger",
            where=path + "-wal",
            why="this write-ahead log belongs to another file, for the ledger keeps none: its pages would be mixed in",
            todo="Move it (and the -shm beside it) away, then run again",
        )


def require_sound(connection: sqlite3.Connection, path: str) -> None:
    """All of the file, for an index that misses an order could buy it twice."""
    words = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST_WORDS})")]
    if words != ["ok"]:
        raise broken(path, "; ".join(words))
    lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    if lost is not None:
        raise broken(path, f"a row of {lost[0]} belongs to one of {lost[2]} that is not there")


@contextlib.contextmanager
def reading_rows(path: str) -> t.Iterator[None]:
    """SQLite keeps no checksums: a page of the right form may hold a row that says nothing we ever wrote."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise broken(path, f"a row cannot be read ({type(exc).__name__}: {exc})") from exc


def broken(path: str, words: str) -> LocalError:
    return LocalError(
        code="ledger_broken",
        what="Cannot use the ledger",
        where=path,
        why=f"it is damaged: {words}",
        todo=f"Restore a backup with inkan_ledger_restore: {way_back(path)}",
    )


def _missing(path: str, kept: t.Sequence[str]) -> LocalError:
    return LocalError(
        code="ledger_missing",
        what="Cannot open the ledger",
        where=path,
        why=f"it is not there, but its backup {kept[0]} is. A new one would know of no order, and could buy all twice",
        todo=f"Restore a backup with inkan_ledger_restore: {way_back(path)}",
    )


def emptied(path: str) -> LocalError:
    return LocalError(
        code="ledger_emptied",
        what="Cannot open the ledger",
        where=path,
        why="it is empty, and a ledger never is. A new one would know of no order, and could buy all twice",
        todo=f"Restore a backup with inkan_ledger_restore: {way_back(path)}",
    )


def way_back(path: str) -> str:
    """With the backup that would be taken, if it looks like one: whether it is whole the restoring finds out."""
    there = [os.path.basename(name) for name in backup_names(path) if os.path.lexists(name)]
    if not there:
        return (
            "There is no backup beside it. Take one of your own (inkan_ledger_restore=PATH), or ask the CA what it has"
        )
    return (
        f"{RESTORE} ({', '.join(there)}) puts the file aside and takes the newest that is whole. CAs are then asked"
        " before anything is ordered"
    )
