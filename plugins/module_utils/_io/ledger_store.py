# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger on disk: one SQLite file, safe against kills, full disks and a second writer.

Every write is one transaction, on the disk when the call returns, and refused unless the writer holds the lease of each
name that it is about. Leases use the real clock, facts carry the injected one. The tables are described in
``ledger_schema``, how they are filled in ``ledger_rows``, the file itself in ``ledger_file``.

This file is private to the collection.
"""

from __future__ import annotations

# ruff: noqa: S608 (all SQL is made of our own words; values travel as parameters)
import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.advice import AdviceKey, Remembered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    CLOSING,
    REPEATING,
    TIMELESS,
    Entry,
    Fact,
    Kind,
    Order,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.our_contacts import ContactKey, OurContact
from ansible_collections.inkan.tls.plugins.module_utils._io import ledger_notices as notices
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import real_time
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_contacts import read_contacts, write_contacts
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_file import (
    COPY_MADE,
    back_up,
    connect,
    connect_read_only,
    in_memory,
    ledger_errors,
    prepare_file,
    require_sqlite,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_health import (
    emptied,
    reading_rows,
    require_not_lost,
    require_sound,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_rows import (
    ADVICE_FIELDS,
    ORDER_FIELDS,
    advice_row,
    fact_data,
    order_row,
    row_advice,
    row_fact,
    row_order,
    to_text,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_schema import (
    MIGRATIONS,
    Migration,
    apply,
    version_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.lock import Process, is_gone, this_process

_CHUNK = 500  # names in one IN (…): SQLite before 3.32 allowed 999 variables
_BACKUP_EVERY = 24 * 3600
#: Answers alternate at most with the number of polls; history beyond this tells nobody anything.
_MOST_REPEATING = 64
_PRUNED = REPEATING - {Kind.WANTED}  # a token that was once wanted must never be forgotten
_TIMELESS = ", ".join(f"'{kind.value}'" for kind in sorted(TIMELESS, key=lambda kind: kind.value))
_ORDER_COLUMNS = ", ".join(ORDER_FIELDS)
_ADVICE = ", ".join(ADVICE_FIELDS)
_ORDER_MARKS = ", ".join("?" * len(ORDER_FIELDS))


def reference_of(seed: str) -> str:
    """Our name for an order at the CA: ≤ 32 ASCII characters, no meaning, and the same for the same seed.

    So a ledger that was restored from a backup finds at the CA what was ordered since, by the key on the host.
    """
    return "ik-" + hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:24]


class Restored(t.NamedTuple):
    """The ledger was a backup once. since: what was ordered after that may be missing; above: ids of later orders."""

    since: datetime
    above: int


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


def fill_new(path: str) -> None:
    """A new file with the tables of a ledger and nothing in them."""
    require_sqlite(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    with contextlib.closing(connect(path)) as connection:
        _fill(connection, MIGRATIONS)


def open_for_writing(
    path: str,
    *,
    process: Process | None = None,
    now: t.Callable[[], float] = real_time,
    migrations: t.Sequence[Migration] = MIGRATIONS,
) -> LedgerStore:
    """The ledger, made if it is not there, brought to the newest schema, backed up once a day. Close it."""
    with ledger_errors(path):
        require_sqlite(path)
        prepare_file(path, lambda connection: _fill(connection, migrations))
        store = LedgerStore(path, connect(path), process or this_process(), now)
        try:
            _judge(store._connection, path, migrations)
            store.migrate(migrations)
            store.note_restored()
            store.back_up_if_due()
        except BaseException:
            store.close()
            raise
        return store


def open_for_reading(path: str, *, migrations: t.Sequence[Migration] = MIGRATIONS) -> LedgerStore | None:
    """The ledger as it is, None if there is none. Nothing is written beside it: what must be repaired or migrated
    first is read from a copy."""
    with ledger_errors(path):
        require_not_lost(path)
        if not os.path.lexists(path):
            return None
        require_sqlite(path)
        connection = connect_read_only(path)
        try:
            version = _judge(connection, path, migrations)
            if version < migrations[-1].version:
                connection = in_memory(connection)
            store = LedgerStore(path, connection, this_process(), real_time)
            if version < migrations[-1].version:
                store.migrate(migrations, backup=False)
        except BaseException:
            connection.close()
            raise
        return store


def is_prepared(path: str, *, migrations: t.Sequence[Migration] = MIGRATIONS) -> bool:
    """Whether there is a ledger with the newest schema."""
    with ledger_errors(path):
        require_not_lost(path)
        if not os.path.lexists(path):
            return False
        require_sqlite(path)
        connection = connect_read_only(path)
        try:
            return _judge(connection, path, migrations) == migrations[-1].version
        finally:
            connection.close()


def _fill(connection: sqlite3.Connection, migrations: t.Sequence[Migration]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for migration in migrations:
        apply(connection, migration)
    connection.execute("COMMIT")


def _judge(connection: sqlite3.Connection, path: str, migrations: t.Sequence[Migration]) -> int:
    """The version of a ledger that is ours, whole, and has its tables."""
    version = version_of(connection, path, migrations)
    if not version:
        raise emptied(path)
    require_sound(connection, path)
    return version


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
        with ledger_errors(self.path):
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
        with ledger_errors(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    # schema and backups

    def migrate(self, migrations: t.Sequence[Migration], *, backup: bool = True) -> None:
        version = version_of(self._connection, self.path, migrations)
        if version == migrations[-1].version:
            return
        if version and backup:
            with self._transaction() as connection:
                self._back_up(connection)
        for migration in migrations:
            with self._transaction() as connection:
                apply(connection, migration)

    def back_up_if_due(self) -> None:
        """Once a day of writes, before the first of them."""
        if self._now() - self._last_backup() < _BACKUP_EVERY:
            return
        with self._transaction() as connection:
            holds_orders = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
            if holds_orders and self._now() - self._last_backup() >= _BACKUP_EVERY:
                self._back_up(connection)

    def _back_up_the_first(self) -> None:
        """As soon as the ledger has an order: from then on its loss is noticed. If it fails, the next call makes it."""
        if not self._meta("last_backup"):
            with contextlib.suppress(LocalError), self._transaction() as connection:
                self._back_up(connection)

    def _back_up(self, connection: sqlite3.Connection) -> None:
        back_up(self.path, self._now())
        self._put_meta(connection, "last_backup", self._now())

    def _last_backup(self) -> float:
        return float(self._meta("last_backup") or 0)

    def note_restored(self) -> None:
        """A backup in the ledger's place, whoever put it there, is the ledger from now on, and remembers it."""
        if not self._meta(COPY_MADE):
            return
        with self._transaction() as connection:
            made, earlier = self._meta(COPY_MADE), self.restored()
            if not made:
                return
            since = min(float(made), earlier.since.timestamp() if earlier else float(made))
            self._put_meta(connection, "restored_since", since)
            newest = connection.execute("SELECT coalesce(max(id), 0) FROM orders").fetchone()[0]
            self._put_meta(connection, "restored_above", newest)
            connection.execute("DELETE FROM meta WHERE key = ?", (COPY_MADE,))

    def restored(self) -> Restored | None:
        """None: it never was a backup."""
        since, above = self._meta("restored_since"), self._meta("restored_above")
        return Restored(datetime.fromtimestamp(float(since), timezone.utc), int(above)) if since and above else None

    def _meta(self, key: str) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _put_meta(self, connection: sqlite3.Connection, key: str, value: float) -> None:
        connection.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, repr(value)),
        )

    def number_of_orders(self, name: str, purpose: str, public_key_sha256: str) -> int:
        """With that key, of all times."""
        with ledger_errors(self.path):
            row = self._connection.execute(
                "SELECT count(*) FROM orders WHERE name = ? AND purpose = ? AND public_key_sha256 = ?",
                (name, purpose, public_key_sha256),
            ).fetchone()
        return int(row[0])

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
            with reading_rows(self.path):
                facts.setdefault(order_id, []).append(row_fact(kind, at, data, times, last_at))
        rows = self._connection.execute(
            f"SELECT o.id, {_ORDER_COLUMNS} FROM orders o WHERE {clause} ORDER BY o.id",
            arguments,
        )
        with reading_rows(self.path):
            return [Entry(row_order(row[1:]), tuple(facts.get(row[0], ())), row[0]) for row in rows]

    def handles(self, ca_account: str, *, only_open: bool = False) -> frozenset[str]:
        """Handles of that account which entries of the ledger know."""
        clause = " AND o.closed_at IS NULL" if only_open else ""
        with ledger_errors(self.path):
            rows = self._connection.execute(
                "SELECT f.data FROM orders o JOIN facts f ON f.order_id = o.id"
                f" WHERE o.ca_account = ? AND f.kind = 'submitted'{clause}",
                (ca_account,),
            ).fetchall()
        with reading_rows(self.path):
            return frozenset(json.loads(row[0]).get("handle", "") for row in rows)

    # advice

    def advice(self) -> dict[AdviceKey, Remembered]:
        with ledger_errors(self.path):
            rows = self._connection.execute(f"SELECT {_ADVICE} FROM advice").fetchall()
        with reading_rows(self.path):
            return dict(row_advice(row) for row in rows)

    def remember_advice(self, learned: t.Mapping[AdviceKey, Remembered], forget_before: datetime) -> None:
        """No lease is needed: the newest word counts, and it can be asked for again. Old rows go."""
        with self._transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO advice ({_ADVICE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [advice_row(key, one) for key, one in learned.items()],
            )
            connection.execute("DELETE FROM advice WHERE asked_at < ?", (to_text(forget_before),))

    # contacts

    def contacts(self) -> list[OurContact]:
        with ledger_errors(self.path), reading_rows(self.path):
            return read_contacts(self._connection)

    def note_contacts(self, published: t.Iterable[OurContact], gone: t.Iterable[ContactKey]) -> None:
        with self._transaction() as connection:
            write_contacts(connection, published, gone)

    # notices

    def channel(self, name: str) -> notices.ChannelMemory:
        with self._snapshot(), reading_rows(self.path):
            return notices.read_channel(self._connection, name)

    @contextlib.contextmanager
    def noting(self, leases: Leases, lease: str) -> t.Iterator[sqlite3.Connection]:
        """One transaction of ``ledger_notices``, for who holds the channel's lease."""
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(self._transaction())
            self._check_fences(leases, {lease})
            yield connection

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

    def check_leases(self, leases: Leases, names: t.Collection[str]) -> None:
        """Raises lease_lost, as a write would: for what cannot be taken back, right before it is done."""
        with self._snapshot():
            self._check_fences(leases, names)

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
                    order_row(order),
                )
                entry = Entry(order, (), int(cursor.lastrowid or 0))
                self._add_facts(connection, entry, facts)
                entries.append(entry.having(facts))
        self._back_up_the_first()
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
            data = fact_data(fact)
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
