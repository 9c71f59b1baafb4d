# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact records that we published, as rows of the ledger. They belong to no order, and no lease is needed: a record
is ours from the run that wrote it to the one that saw it gone.

This file is private to the collection.
"""

from __future__ import annotations

import sqlite3
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.our_contacts import ContactKey, OurContact
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_rows import read_time, to_text


def read_contacts(connection: sqlite3.Connection) -> list[OurContact]:
    rows = connection.execute(
        "SELECT record, kind, address, domain, since FROM contacts ORDER BY record, kind, address"
    ).fetchall()
    return [
        OurContact(record, kind, address, domain, read_time(since)) for record, kind, address, domain, since in rows
    ]


def write_contacts(
    connection: sqlite3.Connection, published: t.Iterable[OurContact], gone: t.Iterable[ContactKey]
) -> None:
    """In the caller's transaction. One that is known already keeps its time."""
    connection.executemany("DELETE FROM contacts WHERE record = ? AND kind = ? AND address = ?", list(gone))
    connection.executemany(
        "INSERT INTO contacts (record, kind, address, domain, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (record, kind, address) DO NOTHING",
        [(*one.key, one.domain, to_text(one.since)) for one in published],
    )
