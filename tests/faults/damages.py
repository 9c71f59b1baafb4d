# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What disks, people and other programs do to a SQLite file. A damage takes the path of a ledger that nobody uses."""

from __future__ import annotations

import os
import random
import sqlite3
import struct
import typing as t
from pathlib import Path

Damage = t.Callable[[Path], None]


class Case(t.NamedTuple):
    """codes: of the error that tells it; restorable: whether a backup may take the file's place."""

    damage: Damage
    codes: tuple[str, ...]
    restorable: bool = True


def put(offset: int, content: bytes) -> Damage:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(content)

    return damage


def page_size(path: Path) -> int:
    return int(struct.unpack(">H", path.read_bytes()[16:18])[0])


def pages(path: Path) -> int:
    return path.stat().st_size // page_size(path)


def page(part: float, content: t.Callable[[int], bytes]) -> Damage:
    """The page at that part of the file (0 to 1), but never the first."""

    def damage(path: Path) -> None:
        size = page_size(path)
        number = max(1, min(pages(path) - 1, int(pages(path) * part)))
        put(number * size, content(size))(path)

    return damage


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)  # noqa: S311 (the same noise each time)


def cut(length: t.Callable[[Path], int]) -> Damage:
    return lambda path: os.truncate(path, length(path))


def without_index_entry(path: Path) -> None:
    """A row that the index by name does not have: whoever asks by it is told that there is no such order."""
    with sqlite3.connect(path) as ledger:
        ledger.execute("PRAGMA writable_schema = ON")
        found = ledger.execute(
            "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name = 'orders_by_name'"
        )
        row = found.fetchone()
        ledger.execute("DELETE FROM sqlite_master WHERE name = 'orders_by_name'")
    ledger.close()
    with sqlite3.connect(path) as ledger:
        ledger.execute("UPDATE orders SET name = 'moved' WHERE id = (SELECT max(id) FROM orders)")
        ledger.execute("PRAGMA writable_schema = ON")
        ledger.execute("INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", row)
    ledger.close()


def orphan(path: Path) -> None:
    with sqlite3.connect(path) as ledger:
        ledger.execute("INSERT INTO facts (order_id, kind, at, data) VALUES (999, 'submitted', '2026-11-20', '{}')")
    ledger.close()


def unreadable_row(path: Path) -> None:
    with sqlite3.connect(path) as ledger:
        ledger.execute("UPDATE orders SET dns_names = substr(dns_names, 1, 5)")
    ledger.close()


def future(path: Path) -> None:
    with sqlite3.connect(path) as ledger:
        ledger.execute("PRAGMA user_version = 9999")
    ledger.close()


def no_tables(path: Path) -> None:
    os.unlink(path)
    with sqlite3.connect(path) as empty:
        empty.execute("CREATE TABLE a (b)")
        empty.execute("DROP TABLE a")
    empty.close()


def another_program(path: Path) -> None:
    os.unlink(path)
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()


def foreign_log(path: Path) -> None:
    """The write-ahead log of another file, copied while that was in use."""
    folder = path.parent / "elsewhere"
    folder.mkdir()
    other = sqlite3.connect(folder / "other", isolation_level=None)
    other.execute("PRAGMA journal_mode = WAL").fetchall()
    other.execute("CREATE TABLE orders (name TEXT)")
    Path(f"{path}-wal").write_bytes((folder / "other-wal").read_bytes())
    other.close()


def foreign_journal(path: Path) -> None:
    """The hot journal of another SQLite file: a process of another program was killed while it wrote there."""
    folder = path.parent / "elsewhere"
    folder.mkdir()
    other = sqlite3.connect(folder / "other", isolation_level=None)
    other.execute(f"PRAGMA page_size = {page_size(path)}")
    other.execute("CREATE TABLE orders (name TEXT)")
    other.executemany("INSERT INTO orders VALUES (?)", [("x" * 900,)] * 60)
    other.execute("PRAGMA cache_size = 1")
    other.execute("BEGIN")
    other.execute("UPDATE orders SET name = replace(name, 'x', 'y')")
    Path(f"{path}-journal").write_bytes((folder / "other-journal").read_bytes())
    other.execute("ROLLBACK")
    other.close()


_BROKEN = ("ledger_broken",)
DAMAGES: dict[str, Case] = {
    "header: another magic": Case(put(0, b"SQLite format 4\0"), _BROKEN),
    "header: zeros": Case(put(0, bytes(100)), ("ledger_broken", "ledger_foreign", "ledger_emptied")),
    "header: a page size that is none": Case(put(16, b"\x00\x07"), _BROKEN),
    "header: not ours": Case(put(68, bytes(4)), ("ledger_foreign",)),
    "header: version 0": Case(put(60, bytes(4)), ("ledger_emptied", "ledger_broken")),
    "first page: noise behind the header": Case(put(100, noise(1000)), _BROKEN),
    "a page of zeros early": Case(page(0.1, bytes), _BROKEN),
    "a page of zeros in the middle": Case(page(0.5, bytes), _BROKEN),
    "a page of zeros at the end": Case(page(1.0, bytes), _BROKEN),
    "a page of noise early": Case(page(0.2, noise), _BROKEN),
    "a page of noise in the middle": Case(page(0.5, noise), _BROKEN),
    "a page of noise at the end": Case(page(1.0, noise), _BROKEN),
    "cut in half": Case(cut(lambda path: path.stat().st_size // 2), _BROKEN),
    "cut within a page": Case(cut(lambda path: path.stat().st_size - 700), _BROKEN),
    "cut after its first page": Case(cut(page_size), _BROKEN),
    "cut within its header": Case(cut(lambda _path: 50), _BROKEN),
    "no byte left": Case(cut(lambda _path: 0), ("ledger_emptied",)),
    "gone": Case(os.unlink, ("ledger_missing",)),
    "no table left": Case(no_tables, ("ledger_emptied",)),
    "an index without a row": Case(without_index_entry, _BROKEN),
    "a fact of no order": Case(orphan, _BROKEN),
    "another program's file": Case(another_program, ("ledger_foreign",)),
    "another file's hot journal": Case(foreign_journal, ("ledger_broken", "ledger_foreign")),
    "another file's write-ahead log": Case(foreign_log, ("ledger_foreign_log",), restorable=False),
    "a schema of the future": Case(future, ("ledger_too_new",), restorable=False),
    "a row that says nothing": Case(unreadable_row, _BROKEN, restorable=False),
}
