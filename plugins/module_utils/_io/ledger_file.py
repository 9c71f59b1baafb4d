# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's file: made, opened, copied, and the errors of SQLite in plain words.

It must be a file of ours in a folder that nobody else can write to, and what was written must be on the disk when a
transaction ends: rollback journal, ``synchronous=EXTRA`` (with FULL a power cut may bring the journal of a committed
transaction back, and with it an order that was sent is forgotten).

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import sqlite3
import stat
import tempfile
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import BugError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_health import (
    COMPANIONS,
    backup_names,
    broken,
    require_not_lost,
    require_sound,
)

#: CHECK constraints with partial indexes and UPSERT as used here; Debian 11 and RHEL 9 have 3.34.1.
OLDEST_SQLITE = (3, 34, 0)
_BUSY_SECONDS = 30  # another writer's transaction takes milliseconds; more means that it hangs
#: In ``meta`` of each backup, and of no ledger: seconds since the epoch of the real clock.
COPY_MADE = "copy_made"


def require_sqlite(path: str) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise LocalError(
            code="sqlite_too_old",
            what="Cannot open the ledger",
            where=path,
            why=f"Python uses SQLite {sqlite3.sqlite_version}, the ledger needs 3.34",
            todo="Take another Python for the ledger host (inkan_ledger_python)",
        )


def prepare_file(path: str, fill: t.Callable[[sqlite3.Connection], None]) -> None:
    """A folder of ours (0700 if made here) and a plain file of ours, 0600, that is never empty: a new one is made
    beside, filled with its tables and renamed, by one process at a time."""
    folder = os.path.dirname(path)
    if not os.path.lexists(path):
        _make_folder(folder)
    judge_folder(folder, path)
    if not os.path.lexists(path):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not os.path.lexists(path):
                _make(path, fill)
        finally:
            os.close(handle)
    _judge_file(path)
    require_not_lost(path)


def _make(path: str, fill: t.Callable[[sqlite3.Connection], None]) -> None:
    require_not_lost(path)
    new = path + ".new"
    for leftover in (new, *(new + companion for companion in COMPANIONS)):  # of a killed run
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    with contextlib.closing(connect(new)) as connection:
        fill(connection)
    os.rename(new, path)
    sync_folder(os.path.dirname(path))


def _make_folder(folder: str) -> None:
    """Its name is durable, too, and that of each folder above that was made for it: with them the ledger would go."""
    made, above = [folder], os.path.dirname(folder)
    while above and not os.path.lexists(above):
        made.append(above)
        above = os.path.dirname(above)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for one in made:
        sync_folder(os.path.dirname(one))


def judge_folder(folder: str, path: str) -> None:
    status = os.stat(folder)
    mode = status.st_mode
    if status.st_uid not in (0, os.geteuid()):
        why = f"{folder} belongs to user {status.st_uid}, who could put another file in its place"
        raise _unsafe(path, why, "Run as that user (become_user), or choose another ledger_path")
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        why = f"others may write in {folder} (mode {stat.S_IMODE(mode):04o}): they could put another file in its place"
        raise _unsafe(path, why, f"chmod 0700 {folder}, or choose another ledger_path")


def _judge_file(path: str) -> None:
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise _unsafe(path, "it is no plain file", "Give the path of the ledger itself, not of a link")
    if status.st_uid != os.geteuid():
        raise _unsafe(path, f"it belongs to user {status.st_uid}", "Run as that user (become_user)")
    if status.st_mode & 0o077:  # a restored backup, say
        os.chmod(path, 0o600)


def _unsafe(path: str, why: str, todo: str) -> LocalError:
    return LocalError(code="ledger_unsafe", what="Will not use the ledger", where=path, why=why, todo=todo)


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON", "cell_size_check=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def connect_read_only(path: str) -> sqlite3.Connection:
    try:
        return open_read_only(path)
    except sqlite3.OperationalError:
        if not os.path.exists(path + "-journal"):
            raise
    return _recovered_copy(path)


def open_read_only(path: str) -> sqlite3.Connection:
    uri = f"file:{urllib.parse.quote(path)}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _recovered_copy(path: str) -> sqlite3.Connection:
    """A run was killed while it wrote: its journal must be rolled back, which a reader may not do in place."""
    folder = tempfile.mkdtemp(prefix="inkan-tls-ledger-")
    try:
        copy = os.path.join(folder, "ledger.sqlite3")
        shutil.copyfile(path + "-journal", copy + "-journal")
        shutil.copyfile(path, copy)
        return in_memory(sqlite3.connect(copy, isolation_level=None))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(memory)
    connection.close()
    return memory


def back_up(path: str, now: float) -> None:
    """Into <ledger>.bak, the older ones to .bak.1 and .bak.2. The caller's transaction keeps a second one away."""
    new = path + ".bak.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)  # of a killed run
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    with contextlib.closing(open_read_only(path)) as source, contextlib.closing(connect(new)) as target:
        source.backup(target)
        target.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (COPY_MADE, repr(now)))
        require_sound(target, path)  # a good copy must not give way to a damaged one
    names = backup_names(path)
    for older, newer in zip(reversed(names), [*reversed(names[:-1]), new]):
        with contextlib.suppress(FileNotFoundError):
            os.replace(newer, older)
    sync_folder(os.path.dirname(path))


def sync_folder(folder: str) -> None:
    """Make a file's name durable, not only its content."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def ledger_errors(path: str) -> t.Iterator[None]:
    """Whatever SQLite and the file system say, as errors of ours."""
    try:
        yield
    except sqlite3.IntegrityError as exc:
        raise BugError(
            code="ledger_refused",
            what="The ledger refused a write that breaks its rules",
            where=path,
            why=str(exc),
            todo="Nothing was written. Please report it",
        ) from exc
    except sqlite3.Error as exc:
        raise _local_error(path, str(exc)) from exc
    except UnicodeDecodeError as exc:  # SQLite quotes a damaged schema, which is no text then
        raise _local_error(path, "malformed database schema") from exc
    except OSError as exc:
        raise _file_error(path, exc) from exc


def _file_error(path: str, exc: OSError) -> LocalError:
    full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
    todo = "Give a ledger_path that this user can write, or run as the user who owns it"
    return LocalError(
        code="ledger_disk" if full else "ledger_unwritable",
        what="Cannot make, open or back up the ledger",
        where=exc.filename if isinstance(exc.filename, str) else path,
        why=exc.strerror or str(exc),
        todo="Make room on its disk, then run again. Nothing was half-written" if full else todo,
        retryable=full,
    )


def _local_error(path: str, words: str) -> LocalError:
    if "locked" in words:
        code, todo = "ledger_locked", "Another process writes to it for a long time. Try again, and see what it is"
    elif "full" in words or "disk I/O" in words:
        code, todo = "ledger_disk", "Make room on its disk, then run again. Nothing was half-written"
    elif "readonly" in words or "unable to open" in words:
        code, todo = "ledger_unwritable", "Run as the user who owns it, and see that its folder can be written"
    else:
        return broken(path, words)
    return LocalError(
        code=code,
        what="Cannot use the ledger",
        where=path,
        why=words,
        todo=todo,
        retryable=code in ("ledger_locked", "ledger_disk"),
    )
