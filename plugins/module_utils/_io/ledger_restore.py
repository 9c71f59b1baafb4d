# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup takes the place of a ledger that cannot be used. The damaged file is put aside, never removed.

The backup says of itself that it is one (``COPY_MADE``), so whoever opens it for writing knows that the CA may have
orders it does not know of, also where a person copied it by hand (``LedgerStore.restored``).

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import stat
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_file import (
    COPY_MADE,
    connect,
    judge_folder,
    ledger_errors,
    open_read_only,
    sync_folder,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_health import (
    COMPANIONS,
    UNUSABLE,
    backup_names,
    require_not_lost,
    require_sound,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_schema import MIGRATIONS, version_of
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import fill_new, open_for_reading

NEWEST, EMPTY = "newest", "empty"
#: How long before the loss of a ledger its orders may have been made: no certificate lives longer.
_LONGEST = timedelta(days=400)


class Backup(t.NamedTuple):
    """A file that can take the ledger's place; path "": a new one. made_at: what the CA did after it is not in it."""

    path: str
    made_at: datetime
    orders: int


class Plan(t.NamedTuple):
    """why: what is wrong with the ledger that is there."""

    why: str
    backup: Backup


def plan_restore(path: str, wanted: str, now: datetime) -> Plan | None:
    """What is to be restored; None: the ledger is whole, so there is nothing to do. wanted: a path, NEWEST or EMPTY."""
    why = _why_unusable(path)
    if not why:
        return None
    if wanted not in (NEWEST, EMPTY):
        return Plan(why, _judged(wanted))
    found, reasons = [], []
    for name in backup_names(path):
        try:
            found.append(_judged(name))
        except LocalError as error:
            reasons.append(f"{os.path.basename(name)}: {error.why}")
    if wanted == EMPTY:
        if found:
            raise _backup_there(path, found)
        return Plan(why, Backup("", now - _LONGEST, 0))
    if not found:
        raise _no_backup(path, "; ".join(reasons))
    return Plan(why, max(found, key=lambda one: one.made_at))


def restore(path: str, plan: Plan, now: datetime) -> str:
    """Where the damaged file lies now ("" if there was none). A kill leaves the ledger missing: restore once more."""
    with ledger_errors(path):
        folder = os.path.dirname(path)
        os.makedirs(folder, mode=0o700, exist_ok=True)  # on another host, say
        judge_folder(folder, path)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            new = _copied(plan.backup, path + ".restoring")
            aside = _put_aside(path, now)
            os.rename(new, path)
            sync_folder(folder)
        finally:
            os.close(handle)
    return aside


def _why_unusable(path: str) -> str:
    try:
        with ledger_errors(path):
            require_not_lost(path)
        store = open_for_reading(path)
        if store is None:
            return "it is not there"
        store.close()
    except LocalError as error:
        if error.code not in UNUSABLE:
            raise
        return error.why
    return ""


def _judged(path: str) -> Backup:
    """Whole, ours, and of a schema that we know."""
    with ledger_errors(path):
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()) or not status.st_size:
            raise _no_backup(path, "it is empty, no plain file, or somebody else's")
        connection = open_read_only(path)
        with contextlib.closing(connection):
            version_of(connection, path, MIGRATIONS)
            require_sound(connection, path)
            orders = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
            return Backup(path, _made_at(connection, status.st_mtime), orders)


def _made_at(connection: sqlite3.Connection, changed: float) -> datetime:
    """A file from elsewhere may have been touched later: then it is as old as the newest that it knows."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (COPY_MADE,)).fetchone()
    if row is not None:
        return datetime.fromtimestamp(float(row[0]), timezone.utc)
    newest = connection.execute("SELECT max(coalesce(last_at, at)) FROM facts").fetchone()[0]
    touched = datetime.fromtimestamp(changed, timezone.utc)
    return min(touched, datetime.fromisoformat(newest.replace("Z", "+00:00"))) if newest else touched


def _copied(backup: Backup, new: str) -> str:
    for leftover in (new, *(new + companion for companion in COMPANIONS)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(leftover)
    if backup.path:
        target = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(backup.path, "rb") as source, os.fdopen(target, "wb") as file:
            shutil.copyfileobj(source, file)
    else:
        fill_new(new)
    with contextlib.closing(connect(new)) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (COPY_MADE, repr(backup.made_at.timestamp()))
        )
        connection.execute("UPDATE leases SET owner = ''")  # their owners write to the file that is put aside
    handle = os.open(new, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return new


def _put_aside(path: str, now: datetime) -> str:
    """Companions first: a journal that is left would be rolled back into the restored file."""
    aside = f"{path}.broken-{now.strftime('%Y%m%dT%H%M%SZ')}"
    moved = ""
    for companion in (*COMPANIONS, ""):
        if os.path.lexists(path + companion):
            os.rename(path + companion, aside + companion)
            moved = aside
    return moved


def _backup_there(path: str, found: t.Sequence[Backup]) -> LocalError:
    return LocalError(
        code="ledger_has_backup",
        what="Will not begin an empty ledger",
        where=path,
        why=f"{', '.join(one.path for one in found)} is whole, and knows orders that an empty one would not",
        todo="Restore it with inkan_ledger_restore=newest, or move it away if it is of no use",
    )


def _no_backup(path: str, why: str) -> LocalError:
    return LocalError(
        code="ledger_no_backup",
        what="Cannot restore the ledger",
        where=path,
        why=why,
        todo="Nothing was changed. Give the path of a whole backup (inkan_ledger_restore=PATH). If there is none"
        " anywhere, begin an empty ledger that asks the CAs first (inkan_ledger_restore=empty)",
    )
