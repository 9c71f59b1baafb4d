# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What channels know and what they still have to be told, as rows of the ledger.

    told      one row a channel and certificate: its condition, as the channel knows it or will from its queue
    notices   the queue: one row a piece of news, gone when it was delivered
    messages  news put together under an id, from before it is sent until it is delivered

A message that may have arrived (is_doubtful) is sent again as it was, under its id. The caller holds the lease of the
channel.

This file is private to the collection.
"""

from __future__ import annotations

import json
import sqlite3
import typing as t
from dataclasses import asdict, dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.notices import Event, Known
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_rows import read_time, to_text


@dataclass(frozen=True)
class OpenMessage:
    """attempts: how often it was sent so far. recipients: those that it is still for, empty: all of the channel."""

    id: str
    at: datetime
    events: tuple[Event, ...]
    attempts: int = 0
    is_doubtful: bool = False
    recipients: tuple[str, ...] = ()
    hold_until: datetime | None = None


@dataclass(frozen=True)
class ChannelMemory:
    """queue: news that are in no message yet; all oldest first."""

    known: t.Mapping[str, Known]
    queue: tuple[Event, ...]
    messages: tuple[OpenMessage, ...]


def read_channel(connection: sqlite3.Connection, channel: str) -> ChannelMemory:
    told = connection.execute("SELECT name, known FROM told WHERE channel = ?", (channel,)).fetchall()
    queued = connection.execute(
        "SELECT event, message FROM notices WHERE channel = ? ORDER BY id", (channel,)
    ).fetchall()
    found = connection.execute(
        "SELECT id, at, attempts, is_doubtful, recipients, hold_until FROM messages WHERE channel = ? ORDER BY at, id",
        (channel,),
    ).fetchall()
    return ChannelMemory(
        {name: _known(known) for name, known in told},
        tuple(_event(event) for event, of in queued if of is None),
        tuple(_message(row, [_event(event) for event, of in queued if of == row[0]]) for row in found),
    )


def _message(row: t.Sequence[t.Any], events: t.Sequence[Event]) -> OpenMessage:
    number, at, attempts, doubtful, recipients, hold = row
    until = read_time(hold) if hold else None
    left = tuple(json.loads(recipients))
    return OpenMessage(number, read_time(at), tuple(events), attempts, bool(doubtful), left, until)


def write_news(
    connection: sqlite3.Connection,
    channel: str,
    known: t.Mapping[str, Known],
    gone: t.Iterable[str],
    events: t.Iterable[Event],
    at: datetime,
) -> None:
    """What a channel knows from now on, and what it has to be told for that: both or neither."""
    connection.executemany("DELETE FROM told WHERE channel = ? AND name = ?", [(channel, name) for name in gone])
    connection.executemany(
        "INSERT OR REPLACE INTO told (channel, name, known) VALUES (?, ?, ?)",
        [(channel, name, _json(asdict(one))) for name, one in known.items()],
    )
    connection.executemany(
        "INSERT INTO notices (channel, at, event) VALUES (?, ?, ?)",
        [(channel, to_text(at), _json(asdict(event))) for event in events],
    )


def write_message(connection: sqlite3.Connection, channel: str, number: str, at: datetime) -> None:
    """Puts all that is queued into one message."""
    connection.execute("INSERT INTO messages (id, channel, at) VALUES (?, ?, ?)", (number, channel, to_text(at)))
    connection.execute("UPDATE notices SET message = ? WHERE channel = ? AND message IS NULL", (number, channel))


def write_attempt(connection: sqlite3.Connection, number: str) -> None:
    connection.execute(
        "UPDATE messages SET attempts = attempts + 1, is_doubtful = 1, hold_until = NULL WHERE id = ?", (number,)
    )


def write_not_delivered(
    connection: sqlite3.Connection, number: str, is_doubtful: bool, hold_until: datetime | None, left: t.Sequence[str]
) -> None:
    """left: the recipients that have not got it yet, where others have."""
    connection.execute(
        "UPDATE messages SET is_doubtful = ?, hold_until = ?, recipients = ? WHERE id = ?",
        (int(is_doubtful), to_text(hold_until) if hold_until else None, _json(list(left)), number),
    )


def write_delivered(connection: sqlite3.Connection, number: str) -> None:
    connection.execute("DELETE FROM notices WHERE message = ?", (number,))
    connection.execute("DELETE FROM messages WHERE id = ?", (number,))


def write_dissolved(connection: sqlite3.Connection, number: str) -> None:
    """It surely reached nobody: its news go back into the queue, to be told together with what comes."""
    connection.execute("UPDATE notices SET message = NULL WHERE message = ?", (number,))
    connection.execute("DELETE FROM messages WHERE id = ?", (number,))


def _json(value: t.Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _event(text: str) -> Event:
    data = json.loads(text)
    return Event(**{**data, "sentences": tuple(data["sentences"])})


def _known(text: str) -> Known:
    data = json.loads(text)
    return Known(**{**data, "reminded": tuple(data["reminded"])})
