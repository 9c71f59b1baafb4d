# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a write leaves behind in files and in the ledger: taken before and after, and compared in sentences."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import sqlite3
import stat
import typing as t

Trace = tuple[t.Any, ...]
Rows = dict[str, list[t.Any]]


def files_of(folders: t.Iterable[pathlib.Path]) -> dict[str, Trace]:
    """path -> what changes with any write: also directories, whose time tells of a temporary file in them."""
    return {path: trace for folder in folders for path, trace in _traces(folder)}


def file_differences(before: t.Mapping[str, Trace], after: t.Mapping[str, Trace]) -> list[str]:
    return [
        f"file {path}: {before.get(path)} -> {after.get(path)}"
        for path in sorted(set(before) | set(after))
        if before.get(path) != after.get(path)
    ]


def ledger_rows(path: pathlib.Path) -> Rows:
    """Every row of every table, read only; {} while there is no ledger."""
    if not path.exists():
        return {}
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608


def ledger_differences(before: Rows, after: Rows) -> list[str]:
    if before == after:
        return []
    return [
        f"ledger {table}: {row}"
        for table in sorted(set(before) | set(after))
        for row in after.get(table, [])
        if row not in before.get(table, [])
    ] or ["ledger rows are gone"]


@contextlib.contextmanager
def ledger_locked(path: pathlib.Path) -> t.Iterator[None]:
    """While inside, nobody else can write to the ledger."""
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _traces(folder: pathlib.Path) -> t.Iterator[tuple[str, Trace]]:
    if not folder.exists():
        return
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = ""
        yield str(path), (content, status.st_mtime_ns, oct(status.st_mode), status.st_uid, status.st_ino)
