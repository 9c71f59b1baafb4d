# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger on disk: one SQLite file, safe against kills, full disks and a second writer.

    orders   one row an order, written once with the first intent; two marks follow from its facts:
             closed_at (the CA owes us nothing more; the partial index allows one open order a name and purpose)
             settled   (nothing can follow, and a newer order speaks for the name: not read any more, but for history)
    facts    added only; a repetition moves the count of the newest fact of its kind
    leases   one row a certificate name: who works on it, until when, and the fence number that each write checks

Every write is one transaction with a rollback journal and ``synchronous=FULL``: what was written is on the disk when
the call returns. Leases use the real clock, facts carry the injected one.

This file is private to the collection.
"""

from __future__ import annotations

# ruff: noqa: S608 (all SQL is made of our own words; values travel as parameters)
import contextlib
import json
import os
import secrets
import shutil
import sqlite3
import stat
import tempfile
import typing as t
import urllib.parse
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import BugError, InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    CLOSING,
    REPEATING,
    TIMELESS,
    Answer,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import real_time
from ansible_collections.inkan.tls.plugins.module_utils._io.lock import Process, is_gone, this_process

#: CHECK constraints with partial indexes and UPSERT as used here; Debian 11 and RHEL 9 have 3.34.1.
OLDEST_SQLITE = (3, 34, 0)
_APPLICATION_ID = 0x494E4B54  # "INKT": tells our file from another program's
_BUSY_SECONDS = 30  # another writer's transaction takes milliseconds; more means that it hangs
_CHUNK = 500  # names in one IN (…): SQLite before 3.32 allowed 999 variables
_BACKUP_EVERY = 24 * 3600
_BACKUPS = 3
#: Answers alternate at most with the number of polls; history beyond this tells nobody anything.
_MOST_REPEATING = 64
_PRUNED = REPEATING - {Kind.WANTED}  # a token that was once wanted must never be forgotten


def new_reference() -> str:
    """Our name for an order at the CA: unique, ≤ 32 ASCII characters, no meaning."""
    return "ik-" + secrets.token_hex(12)


class Migration(t.NamedTuple):
    """From the version before to ``version``, in one transaction."""

    version: int
    statements: tuple[str, ...]


_KINDS = ", ".join(f"('{kind.value}')" for kind in Kind)
_PRUNABLE = ", ".join(f"'{kind.value}'" for kind in sorted(_PRUNED, key=lambda kind: kind.value))
_MERGED = ", ".join(f"'{kind.value}'" for kind in sorted(REPEATING, key=lambda kind: kind.value))
_TIMELESS = ", ".join(f"'{kind.value}'" for kind in sorted(TIMELESS, key=lambda kind: kind.value))

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        1,
        (
            """
            CREATE TABLE orders (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                reference TEXT NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 32),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
                purpose TEXT NOT NULL CHECK (length(purpose) BETWEEN 1 AND 32),
                ca_account TEXT NOT NULL CHECK (length(ca_account) BETWEEN 1 AND 64),
                product TEXT NOT NULL,
                common_name TEXT NOT NULL,
                dns_names TEXT NOT NULL,
                method TEXT NOT NULL,
                csr TEXT NOT NULL,
                public_key_sha256 TEXT NOT NULL CHECK (length(public_key_sha256) = 64),
                custodian TEXT NOT NULL,
                hosts TEXT NOT NULL,
                options TEXT NOT NULL,
                created_at TEXT NOT NULL,
                closed_at TEXT,
                settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
                CHECK (settled = 0 OR closed_at IS NOT NULL)
            )
            """,
            "CREATE UNIQUE INDEX one_open_order ON orders (name, purpose) WHERE closed_at IS NULL",
            "CREATE INDEX orders_by_name ON orders (name, settled)",
            "CREATE TABLE fact_kinds (kind TEXT PRIMARY KEY) WITHOUT ROWID",
            f"INSERT INTO fact_kinds (kind) VALUES {_KINDS}",
            """
            CREATE TABLE facts (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                order_id INTEGER NOT NULL REFERENCES orders (id),
                kind TEXT NOT NULL REFERENCES fact_kinds (kind),
                at TEXT NOT NULL,
                data TEXT NOT NULL CHECK (length(data) <= 2000000),
                times INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
                last_at TEXT
            )
            """,
            "CREATE INDEX facts_by_order ON facts (order_id, kind, id)",
            f"""
            CREATE TRIGGER facts_are_kept BEFORE DELETE ON facts WHEN OLD.kind NOT IN ({_PRUNABLE})
            BEGIN SELECT RAISE(ABORT, 'facts are only added'); END
            """,
            f"""
            CREATE TRIGGER facts_stand BEFORE UPDATE ON facts
            WHEN OLD.kind NOT IN ({_MERGED}) OR NEW.kind <> OLD.kind OR NEW.data <> OLD.data
                OR NEW.at <> OLD.at OR NEW.order_id <> OLD.order_id
            BEGIN SELECT RAISE(ABORT, 'facts are only added'); END
            """,
            """
            CREATE TABLE leases (
                name TEXT PRIMARY KEY,
                fence INTEGER NOT NULL CHECK (fence >= 1),
                owner TEXT NOT NULL,
                machine TEXT NOT NULL,
                boot TEXT NOT NULL,
                namespace TEXT NOT NULL,
                pid INTEGER NOT NULL,
                started TEXT NOT NULL,
                expires REAL NOT NULL
            ) WITHOUT ROWID
            """,
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        ),
    ),
)


@dataclass(frozen=True)
class Leases:
    """What this process holds: the fence number of each certificate name."""

    owner: str
    fences: t.Mapping[str, int]


class Append(t.NamedTuple):
    """Facts to add to an order."""

    entry: Entry
    facts: tuple[Fact, ...]


# -- opening ----------------------------------------------------------------------------------------------------------


def open_for_writing(
    path: str,
    *,
    process: Process | None = None,
    now: t.Callable[[], float] = real_time,
    migrations: t.Sequence[Migration] = MIGRATIONS,
) -> LedgerStore:
    """The ledger, made if it is not there, brought to the newest schema, backed up once a day. Close it."""
    with _sqlite_errors(path):
        _require_sqlite(path)
        _prepare_file(path)
        store = LedgerStore(path, _connect(path), process or this_process(), now)
        try:
            store.migrate(migrations)
            store.back_up_if_due()
        except BaseException:
            store.close()
            raise
        return store


def open_for_reading(path: str, *, migrations: t.Sequence[Migration] = MIGRATIONS) -> LedgerStore | None:
    """The ledger as it is, None if there is none. Nothing is written beside it: what must be repaired or migrated
    first is read from a copy."""
    if not os.path.lexists(path):
        return None
    with _sqlite_errors(path):
        _require_sqlite(path)
        connection = _connect_read_only(path)
        try:
            version = _version(connection, path, migrations)
            if version < migrations[-1].version:
                connection = _in_memory(connection)
            store = LedgerStore(path, connection, this_process(), real_time)
            if version < migrations[-1].version:
                store.migrate(migrations, backup=False)
        except BaseException:
            connection.close()
            raise
        return store


def is_prepared(path: str, *, migrations: t.Sequence[Migration] = MIGRATIONS) -> bool:
    """Whether there is a ledger with the newest schema."""
    if not os.path.lexists(path):
        return False
    with _sqlite_errors(path):
        _require_sqlite(path)
        connection = _connect_read_only(path)
        try:
            return _version(connection, path, migrations) == migrations[-1].version
        finally:
            connection.close()


def _require_sqlite(path: str) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise LocalError(
            code="sqlite_too_old",
            what="Cannot open the ledger",
            where=path,
            why=f"Python uses SQLite {sqlite3.sqlite_version}, the ledger needs 3.34",
            todo="Take another Python for the ledger host (inkan_ledger_python)",
        )


def _prepare_file(path: str) -> None:
    """A folder of ours (0700 if made here) and a plain file of ours, 0600."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _judge_folder(folder, path)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            sync_folder(folder)
        except FileExistsError:
            _judge_file(path)
    except OSError as exc:
        raise LocalError(
            code="ledger_unwritable",
            what="Cannot make or open the ledger",
            where=path,
            why=exc.strerror or str(exc),
            todo="Give a ledger_path that this user can write, or run as the user who owns it",
        ) from exc


def _judge_folder(folder: str, path: str) -> None:
    mode = os.stat(folder).st_mode
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


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    for pragma in ("journal_mode=DELETE", "synchronous=FULL", "foreign_keys=ON", "cell_size_check=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def _connect_read_only(path: str) -> sqlite3.Connection:
    try:
        return _opened_read_only(path)
    except sqlite3.OperationalError:
        if not os.path.exists(path + "-journal"):
            raise
    return _recovered_copy(path)


def _opened_read_only(path: str) -> sqlite3.Connection:
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
        return _in_memory(sqlite3.connect(copy, isolation_level=None))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(memory)
    connection.close()
    return memory


def _version(connection: sqlite3.Connection, path: str, migrations: t.Sequence[Migration]) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if (version or not empty) and application != _APPLICATION_ID:
        raise LocalError(
            code="ledger_foreign",
            what="Cannot open the ledger",
            where=path,
            why="it is a SQLite file of another program",
            todo="Give another ledger_path",
        )
    if version > migrations[-1].version:
        raise LocalError(
            code="ledger_too_new",
            what="Cannot open the ledger",
            where=path,
            why=f"its schema has version {version}, this collection knows up to {migrations[-1].version}",
            todo="Use the version of inkan.tls that wrote it, or a newer one; older copies lie beside it as .bak",
        )
    return version


def make_private_folder(path: str) -> None:
    """The folder, and each folder above it that is missing, for our eyes only."""
    above = os.path.dirname(path)
    if above != path and not os.path.isdir(above):
        make_private_folder(above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)


def sync_folder(folder: str) -> None:
    """Make a file's name durable, not only its content."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _sqlite_errors(path: str) -> t.Iterator[None]:
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
        raise _local_error(path, exc) from exc


def _local_error(path: str, exc: sqlite3.Error) -> InkanError:
    words = str(exc)
    code, todo = "ledger_broken", f"Put it aside and restore {path}.bak; orders made since then are found at the CA"
    if "locked" in words:
        code, todo = "ledger_locked", "Another process writes to it for a long time. Try again, and see what it is"
    elif "full" in words or "disk I/O" in words:
        code, todo = "ledger_disk", "Make room on its disk, then run again. Nothing was half-written"
    elif "readonly" in words or "unable to open" in words:
        code, todo = "ledger_unwritable", "Run as the user who owns it, and see that its folder can be written"
    return LocalError(
        code=code,
        what="Cannot use the ledger",
        where=path,
        why=words,
        todo=todo,
        retryable=code in ("ledger_locked", "ledger_disk"),
    )


# -- the store --------------------------------------------------------------------------------------------------------


class LedgerStore:
    """One connection. Made by ``open_for_writing`` or ``open_for_reading``."""

    def __init__(self, path: str, connection: sqlite3.Connection, process: Process, now: t.Callable[[], float]) -> None:
        self.path = path
        self._connection = connection
        self._process = process
        self._now = now
        self.owner = secrets.token_hex(16)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> LedgerStore:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _transaction(self) -> t.Iterator[sqlite3.Connection]:
        """All or nothing; the write lock is taken at the start, so that what is read inside stays true."""
        with _sqlite_errors(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _snapshot(self) -> t.Iterator[None]:
        """Several reads that see one moment."""
        with _sqlite_errors(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    # schema and backups

    def migrate(self, migrations: t.Sequence[Migration], *, backup: bool = True) -> None:
        version = _version(self._connection, self.path, migrations)
        if version == migrations[-1].version:
            return
        if version and backup:
            with self._transaction() as connection:
                self._back_up()
                self._note_backup(connection)
        for migration in migrations:
            self._apply(migration)

    def _apply(self, migration: Migration) -> None:
        with self._transaction() as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] >= migration.version:
                return  # another process was quicker
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {migration.version}")

    def back_up_if_due(self) -> None:
        """Once a day of writes, before the first of them."""
        if self._now() - self._last_backup() < _BACKUP_EVERY:
            return
        with self._transaction() as connection:
            holds_orders = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
            if holds_orders and self._now() - self._last_backup() >= _BACKUP_EVERY:
                self._back_up()
                self._note_backup(connection)

    def _note_backup(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('last_backup', ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (repr(self._now()),),
        )

    def _last_backup(self) -> float:
        row = self._connection.execute("SELECT value FROM meta WHERE key = 'last_backup'").fetchone()
        return float(row[0]) if row else 0.0

    def _back_up(self) -> None:
        """Into <ledger>.bak, the older ones to .bak.1 and .bak.2. The caller's transaction keeps a second one away."""
        new = self.path + ".bak.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)  # of a killed run
        os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        with contextlib.closing(_opened_read_only(self.path)) as source, contextlib.closing(_connect(new)) as target:
            source.backup(target)
        names = [self.path + ".bak", *(f"{self.path}.bak.{number}" for number in range(1, _BACKUPS))]
        for older, newer in zip(reversed(names), [*reversed(names[:-1]), new]):
            with contextlib.suppress(FileNotFoundError):
                os.replace(newer, older)
        sync_folder(os.path.dirname(self.path))

    # reading

    def entries(self, names: t.Collection[str] | None = None, *, settled: bool = False) -> dict[str, list[Entry]]:
        """By certificate name, oldest first. names None: all. settled: also those that nothing can follow any more."""
        found: dict[str, list[Entry]] = {}
        with self._snapshot():
            for clause, arguments in _name_clauses(names, settled):
                for entry in self._entries_where(clause, arguments):
                    found.setdefault(entry.order.name, []).append(entry)
        return found

    def _entries_where(self, clause: str, arguments: t.Sequence[str]) -> list[Entry]:
        facts: dict[int, list[Fact]] = {}
        for order_id, kind, at, data, times, last_at in self._connection.execute(
            "SELECT f.order_id, f.kind, f.at, f.data, f.times, f.last_at FROM facts f"
            f" JOIN orders o ON o.id = f.order_id WHERE {clause} ORDER BY f.order_id, f.id",
            arguments,
        ):
            facts.setdefault(order_id, []).append(_fact(kind, at, data, times, last_at))
        rows = self._connection.execute(
            f"SELECT o.id, {_ORDER_COLUMNS} FROM orders o WHERE {clause} ORDER BY o.id",
            arguments,
        )
        return [Entry(_order(row[1:]), tuple(facts.get(row[0], ())), row[0]) for row in rows]

    def handles(self, ca_account: str, *, only_open: bool = False) -> frozenset[str]:
        """Handles of that account which entries of the ledger know."""
        clause = " AND o.closed_at IS NULL" if only_open else ""
        with _sqlite_errors(self.path):
            rows = self._connection.execute(
                "SELECT f.data FROM orders o JOIN facts f ON f.order_id = o.id"
                f" WHERE o.ca_account = ? AND f.kind = 'submitted'{clause}",
                (ca_account,),
            ).fetchall()
        return frozenset(json.loads(row[0]).get("handle", "") for row in rows)

    # leases

    def take_leases(self, names: t.Sequence[str], seconds: float) -> tuple[Leases, tuple[str, ...]]:
        """The leases that could be had for ``seconds``, and the names that another live process works on.

        A lease is free when it was given back, when it has expired, or when its owner surely does not live any more
        (killed); whoever takes it gets the next fence number, and the former owner's writes are refused from then on.
        """
        fences: dict[str, int] = {}
        gone: dict[Process, bool] = {}
        with self._transaction() as connection:
            held = self._lease_rows(names)
            for name in names:
                row = held.get(name)
                if row is not None and self._is_held(row, gone):
                    continue
                fences[name] = row.fence + 1 if row else 1
            connection.executemany(
                "INSERT OR REPLACE INTO leases (name, fence, owner, machine, boot, namespace, pid, started, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(name, fence, self.owner, *self._process, self._now() + seconds) for name, fence in fences.items()],
            )
        return Leases(self.owner, fences), tuple(name for name in names if name not in fences)

    def _lease_rows(self, names: t.Collection[str]) -> dict[str, _LeaseRow]:
        rows: dict[str, _LeaseRow] = {}
        for clause, arguments in _chunks("name", names):
            for name, fence, owner, *process, expires in self._connection.execute(
                "SELECT name, fence, owner, machine, boot, namespace, pid, started, expires FROM leases"
                f" WHERE {clause}",
                arguments,
            ):
                rows[name] = _LeaseRow(fence, owner, Process(*process), expires)
        return rows

    def _is_held(self, row: _LeaseRow, gone: dict[Process, bool]) -> bool:
        if not row.owner or row.owner == self.owner or row.expires <= self._now():
            return False
        if row.process not in gone:
            gone[row.process] = is_gone(row.process, here=self._process)
        return not gone[row.process]

    def release(self, leases: Leases) -> None:
        """Give back what is still ours; the fence numbers stay."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE leases SET owner = '' WHERE name = ? AND owner = ? AND fence = ?",
                [(name, leases.owner, fence) for name, fence in leases.fences.items()],
            )

    def _check_fences(self, leases: Leases, names: t.Collection[str]) -> None:
        rows = self._lease_rows(names)
        for name in names:
            row = rows.get(name)
            if row is None or row.owner != leases.owner or row.fence != leases.fences.get(name):
                raise LocalError(
                    code="lease_lost",
                    what=f'Cannot write to the ledger about "{name}"',
                    where=self.path,
                    why="another process has taken over the work on this certificate",
                    todo="Nothing was written. Wait for the other run to end, then run again",
                    retryable=True,
                )

    # writing

    def insert(self, leases: Leases, orders: t.Sequence[tuple[Order, tuple[Fact, ...]]]) -> list[Entry]:
        """New orders with their first facts: all in one transaction, on the disk when this returns."""
        entries = []
        with self._transaction() as connection:
            self._check_fences(leases, {order.name for order, _facts in orders})
            for order, facts in orders:
                cursor = connection.execute(
                    f"INSERT INTO orders ({_ORDER_COLUMNS}) VALUES ({_ORDER_MARKS})",
                    _order_row(order),
                )
                entry = Entry(order, (), int(cursor.lastrowid or 0))
                self._add_facts(connection, entry, facts)
                entries.append(entry.having(facts))
        return entries

    def append(self, leases: Leases, additions: t.Sequence[Append]) -> list[Entry]:
        """Add facts to orders: all in one transaction, on the disk when this returns. The entries as they are then."""
        with self._transaction() as connection:
            self._check_fences(leases, {addition.entry.order.name for addition in additions})
            for entry, facts in additions:
                self._add_facts(connection, entry, facts)
        return [entry.having(facts) for entry, facts in additions]

    def _add_facts(self, connection: sqlite3.Connection, entry: Entry, facts: t.Sequence[Fact]) -> None:
        for fact in facts:
            data = _fact_data(fact)
            if not self._repeated(connection, entry.number, fact, data):
                connection.execute(
                    "INSERT INTO facts (order_id, kind, at, data) VALUES (?, ?, ?, ?)",
                    (entry.number, fact.kind.value, to_text(fact.at), data),
                )
            if fact.kind in CLOSING:
                connection.execute(
                    "UPDATE orders SET closed_at = ? WHERE id = ? AND closed_at IS NULL",
                    (to_text(fact.at), entry.number),
                )

    def _repeated(self, connection: sqlite3.Connection, number: int, fact: Fact, data: str) -> bool:
        if fact.kind not in REPEATING:
            return False
        newest = connection.execute(
            "SELECT id, data FROM facts WHERE order_id = ? AND kind = ? ORDER BY id DESC LIMIT 1",
            (number, fact.kind.value),
        ).fetchone()
        if newest is not None and newest[1] == data and self._still_holds(connection, number, fact.kind, newest[0]):
            connection.execute(
                "UPDATE facts SET times = times + 1, last_at = ? WHERE id = ?", (to_text(fact.at), newest[0])
            )
            return True
        if fact.kind in _PRUNED:
            connection.execute(
                "DELETE FROM facts WHERE id IN (SELECT id FROM facts WHERE order_id = ? AND kind = ?"
                " ORDER BY id DESC LIMIT -1 OFFSET ?)",
                (number, fact.kind.value, _MOST_REPEATING - 1),
            )
        return False

    def _still_holds(self, connection: sqlite3.Connection, number: int, kind: Kind, place: int) -> bool:
        """Whether nothing was learned since (as ``merge_place`` judges it)."""
        if kind in TIMELESS:
            return True
        since = f"SELECT 1 FROM facts WHERE order_id = ? AND id > ? AND kind NOT IN ({_TIMELESS}) LIMIT 1"
        return connection.execute(since, (number, place)).fetchone() is None

    def settle(self, leases: Leases, entries: t.Sequence[Entry]) -> None:
        """Mark closed orders that nothing can follow; they are read only when asked for."""
        if not entries:
            return
        with self._transaction() as connection:
            self._check_fences(leases, {entry.order.name for entry in entries})
            connection.executemany(
                "UPDATE orders SET settled = 1 WHERE id = ? AND closed_at IS NOT NULL",
                [(entry.number,) for entry in entries],
            )


class _LeaseRow(t.NamedTuple):
    fence: int
    owner: str
    process: Process
    expires: float


def _name_clauses(names: t.Collection[str] | None, settled: bool) -> t.Iterator[tuple[str, t.Sequence[str]]]:
    only = "" if settled else " AND o.settled = 0"
    if names is None:
        yield "1" + only, ()
        return
    for clause, arguments in _chunks("o.name", names):
        yield clause + only, arguments


def _chunks(column: str, names: t.Collection[str]) -> t.Iterator[tuple[str, t.Sequence[str]]]:
    ordered = sorted(names)
    for start in range(0, len(ordered), _CHUNK):
        part = ordered[start : start + _CHUNK]
        yield f"{column} IN ({','.join('?' * len(part))})", part


# -- rows and values --------------------------------------------------------------------------------------------------


def to_text(moment: datetime) -> str:
    """``2026-11-20T00:00:00.000Z``."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


_ORDER_FIELDS = (
    "reference name purpose ca_account product common_name dns_names method csr public_key_sha256 custodian hosts"
    " options created_at"
).split()
_ORDER_COLUMNS = ", ".join(_ORDER_FIELDS)
_ORDER_MARKS = ", ".join("?" * len(_ORDER_FIELDS))
_JSON_FIELDS = frozenset({"dns_names", "hosts", "options"})


def _order_row(order: Order) -> tuple[str, ...]:
    values = {name: getattr(order, name) for name in _ORDER_FIELDS}
    values["created_at"] = to_text(order.created_at)
    return tuple(_json(value) if name in _JSON_FIELDS else value for name, value in values.items())


def _order(row: t.Sequence[str]) -> Order:
    values: dict[str, t.Any] = dict(zip(_ORDER_FIELDS, row))
    values["dns_names"] = tuple(json.loads(values["dns_names"]))
    values["hosts"] = tuple(json.loads(values["hosts"]))
    values["options"] = json.loads(values["options"])
    values["created_at"] = _to_time(values["created_at"])
    return Order(**values)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


_WORDS = ("handle", "word", "host", "token", "by", "code", "text")


def _fact_data(fact: Fact) -> str:
    """What the fact says, without its times: the same words give the same text."""
    data: dict[str, t.Any] = {name: getattr(fact, name) for name in _WORDS if getattr(fact, name)}
    if fact.status is not None:
        data["status"] = fact.status.value
    if fact.expires is not None:
        data["expires"] = to_text(fact.expires)
    if fact.names:
        data["names"] = list(fact.names)
    if fact.wanted is not None:
        data["wanted"] = _wanted_data(fact.wanted)
    if fact.certificate is not None:
        data["certificate"] = _certificate_data(fact.certificate)
    return _json(data)


def _fact(kind: str, at: str, data: str, times: int, last_at: str | None) -> Fact:
    said = json.loads(data)
    return Fact(
        kind=Kind(kind),
        at=_to_time(at),
        status=Answer(said["status"]) if "status" in said else None,
        expires=_to_time(said["expires"]) if "expires" in said else None,
        names=tuple(said.get("names", ())),
        wanted=_wanted(said["wanted"]) if "wanted" in said else None,
        certificate=_certificate(said["certificate"]) if "certificate" in said else None,
        times=times,
        last_at=_to_time(last_at) if last_at else None,
        **{name: said.get(name, "") for name in _WORDS},
    )


def _wanted_data(wanted: Wanted) -> dict[str, t.Any]:
    return {
        "records": [[record.name, record.type, record.value, record.ttl] for record in wanted.records],
        "files": [[file.dns_name, file.path, file.content, file.url] for file in wanted.files],
        "notes": list(wanted.notes),
    }


def _wanted(data: t.Mapping[str, t.Any]) -> Wanted:
    return Wanted(
        records=tuple(TokenRecord(*record) for record in data["records"]),
        files=tuple(TokenFile(*file) for file in data["files"]),
        notes=tuple(data["notes"]),
    )


def _certificate_data(certificate: Certificate) -> dict[str, t.Any]:
    return {
        "pem": certificate.pem,
        "chain": list(certificate.chain),
        "serial": certificate.serial,
        "not_before": to_text(certificate.not_before),
        "not_after": to_text(certificate.not_after),
        "key_type": certificate.key_type,
    }


def _certificate(data: t.Mapping[str, t.Any]) -> Certificate:
    return Certificate(
        pem=data["pem"],
        chain=tuple(data["chain"]),
        serial=data["serial"],
        not_before=_to_time(data["not_before"]),
        not_after=_to_time(data["not_after"]),
        key_type=data["key_type"],
    )
