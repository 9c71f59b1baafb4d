# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's schema, as it became what it is: each migration is history and never changes.

    orders   one row an order, written once with the first intent; two marks follow from its facts:
             closed_at (the CA owes us nothing more; the partial index allows one open order a name and purpose)
             settled   (nothing can follow, and a newer order speaks for the name: not read any more, but for history)
    facts    added only; a repetition moves the count of the newest fact of its kind
    leases   one row a certificate name: who works on it, until when, and the fence number that each write checks
    advice   one row a certificate: when its CA wants it renewed; what may be asked for again and is no fact of an order
    contacts one row a contact record in DNS that we published; it stands for a domain and belongs to no order
    told, notices, messages  what channels of notification know, and what is on its way to them (``ledger_notices``)

A new kind of fact, or another rule of what is repeated or pruned, is a new migration.

This file is private to the collection.
"""

from __future__ import annotations

import sqlite3
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_health import way_back

_APPLICATION_ID = 0x494E4B54  # "INKT": tells our file from another program's


class Migration(t.NamedTuple):
    """From the version before to ``version``, in one transaction."""

    version: int
    statements: tuple[str, ...]


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
            """
            INSERT INTO fact_kinds (kind) VALUES
                ('submit_intended'), ('submit_absent'), ('submitted'), ('seen'), ('wanted'), ('ready_intended'),
                ('ready_asked'), ('downloaded'), ('hosts'), ('deployed'), ('rolled_back'), ('token_published'),
                ('token_removed'), ('cancel_intended'), ('cancelled'), ('refused'), ('expired'),
                ('revoke_intended'), ('revoked'), ('needs_person'), ('transport_failure')
            """,
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
            """
            CREATE TRIGGER facts_are_kept BEFORE DELETE ON facts WHEN OLD.kind NOT IN (
                'cancel_intended', 'needs_person', 'ready_asked', 'ready_intended', 'revoke_intended', 'seen',
                'transport_failure'
            )
            BEGIN SELECT RAISE(ABORT, 'facts are only added'); END
            """,
            """
            CREATE TRIGGER facts_stand BEFORE UPDATE ON facts
            WHEN OLD.kind NOT IN (
                'cancel_intended', 'needs_person', 'ready_asked', 'ready_intended', 'revoke_intended', 'seen',
                'transport_failure', 'wanted'
            )
                OR NEW.kind <> OLD.kind OR NEW.data <> OLD.data
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
    Migration(2, ("INSERT INTO fact_kinds (kind) VALUES ('resent'), ('contact_changed')",)),
    Migration(3, ("INSERT INTO fact_kinds (kind) VALUES ('taken_in')",)),
    Migration(4, ("INSERT INTO fact_kinds (kind) VALUES ('reserved')",)),
    Migration(
        5,
        (
            """
            CREATE TABLE advice (
                ca_account TEXT NOT NULL CHECK (length(ca_account) BETWEEN 1 AND 64),
                serial TEXT NOT NULL CHECK (length(serial) BETWEEN 1 AND 64),
                asked_at TEXT NOT NULL,
                ask_again_at TEXT NOT NULL,
                starts TEXT,
                ends TEXT,
                url TEXT NOT NULL CHECK (length(url) <= 2000),
                problem TEXT NOT NULL CHECK (length(problem) <= 2000),
                PRIMARY KEY (ca_account, serial),
                CHECK ((starts IS NULL) = (ends IS NULL))
            ) WITHOUT ROWID
            """,
        ),
    ),
    Migration(
        6,
        (
            """
            CREATE TABLE contacts (
                record TEXT NOT NULL CHECK (length(record) BETWEEN 1 AND 255),
                kind TEXT NOT NULL CHECK (kind IN ('txt', 'caa')),
                address TEXT NOT NULL CHECK (length(address) BETWEEN 3 AND 320),
                domain TEXT NOT NULL CHECK (length(domain) BETWEEN 1 AND 255),
                since TEXT NOT NULL,
                PRIMARY KEY (record, kind, address)
            ) WITHOUT ROWID
            """,
        ),
    ),
    Migration(
        7,
        ("INSERT INTO fact_kinds (kind) VALUES ('approval_intended'), ('approval_outcome'), ('mail_noticed')",),
    ),
    Migration(8, ("INSERT INTO fact_kinds (kind) VALUES ('task_opened'), ('task_closed'), ('task_reopened')",)),
    Migration(
        9,
        (
            """
            CREATE TABLE told (
                channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
                name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
                known TEXT NOT NULL CHECK (length(known) <= 20000),
                PRIMARY KEY (channel, name)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE messages (
                id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
                channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
                at TEXT NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                is_doubtful INTEGER NOT NULL DEFAULT 0 CHECK (is_doubtful IN (0, 1)),
                recipients TEXT NOT NULL DEFAULT '[]' CHECK (length(recipients) <= 20000),
                hold_until TEXT
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE notices (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
                at TEXT NOT NULL,
                event TEXT NOT NULL CHECK (length(event) <= 20000),
                message TEXT
            )
            """,
            "CREATE INDEX notices_by_channel ON notices (channel, id)",
        ),
    ),
)


def version_of(connection: sqlite3.Connection, path: str, migrations: t.Sequence[Migration]) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if (version or not empty) and application != _APPLICATION_ID:
        raise LocalError(
            code="ledger_foreign",
            what="Cannot open the ledger",
            where=path,
            why="it is a SQLite file of another program",
            todo=f"Give another ledger_path; or, if the ledger was there, restore a backup: {way_back(path)}",
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


def apply(connection: sqlite3.Connection, migration: Migration) -> None:
    """In the caller's transaction; nothing if another process was quicker."""
    if connection.execute("PRAGMA user_version").fetchone()[0] >= migration.version:
        return
    for statement in migration.statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {migration.version}")
