# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of ours that somebody else may have written: the ledger, a journal, reports, small memories; redirects on the
way to a validation file; what a webhook answers."""

from __future__ import annotations

import functools
import json
import os
import random
import shutil
import sqlite3
import tempfile
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.holds import Holds
from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.keeping import read_memory
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.claim import _notes
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    Answer,
    Certificate,
    Fact,
    Kind,
    Order,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import (
    HttpResponse,
    Task,
    TokenFile,
    TokenRecord,
    Wanted,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._io import web_look, webhook
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    open_for_reading,
    open_for_writing,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.module_utils._module import report_files
from ansible_collections.inkan.tls.plugins.module_utils._report.data import NoReport, read_json
from ansible_collections.inkan.tls.plugins.module_utils._report.report_calendar import read_calendar
from ansible_collections.inkan.tls.plugins.module_utils._report.report_metrics import read_last_success
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import FakeClock

from fuzz.border import Border
from fuzz.deck import Card, Deck, HostileHttp, mutated_deck
from fuzz.judge import harmless_text
from fuzz.mutate import mutated, mutated_json

__all__ = ["BORDERS"]

_NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


@functools.cache
def _folder() -> str:
    return tempfile.mkdtemp(prefix="inkan-fuzz-files-")


# --- the ledger ------------------------------------------------------------------------------------------------------

_ORDER = Order(
    *("shop", "issue", "ref-1", "ca", "acme", "a.example", ("a.example",), "dns-01", "csr", "0" * 64, "web1"),
    ("web1",),
    {"a": 1},
    _NOW,
)
_WANTED = Wanted(
    records=(TokenRecord("_a.a.example", "TXT", "value", 30),),
    files=(TokenFile("a.example", ".well-known/pki-validation/a.txt", "x", "http://a.example/"),),
    tasks=(Task("customer", "apply", due=_NOW, card=(("a", "b"),)),),
)
_FACTS = (
    Fact(Kind.SUBMIT_INTENDED, _NOW),
    Fact(Kind.SUBMITTED, _NOW, handle="h", status=Answer.VALIDATING, word="pending", wanted=_WANTED),
    Fact(Kind.SEEN, _NOW, status=Answer.VALIDATING, expires=_NOW + timedelta(days=1), names=("a",)),
    Fact(Kind.DOWNLOADED, _NOW, certificate=Certificate("PEM", ("one",), "a1", _NOW, _NOW, "ecdsa-p256")),
)
_TABLES = ("orders", "facts", "contacts", "advice", "meta", "notices", "messages", "told", "leases")


#: a row of each table that a plain order leaves empty; what is in them is replaced by hostile values
_MORE_ROWS = (
    "INSERT INTO told (channel, name, known) VALUES ('a', 'shop', '{}')",
    "INSERT INTO notices (channel, at, event) VALUES ('a', '2026-11-20T00:00:00.000Z', '{}')",
    "INSERT INTO messages (id, channel, at) VALUES ('1', 'a', '2026-11-20T00:00:00.000Z')",
    "INSERT INTO contacts (record, kind, address, domain, since) VALUES ('_a.a.example', 'txt', 'a@a.example',"
    " 'a.example', '2026-11-20T00:00:00.000Z')",
)


@functools.cache
def _whole() -> str:
    path = os.path.join(_folder(), "whole", "ledger.sqlite3")
    with open_for_writing(path) as store:
        leases, _busy = store.take_leases(["shop"], 60)
        store.insert(leases, [(_ORDER, _FACTS)])
        store.release(leases)
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in _MORE_ROWS:
        connection.execute(statement)
    connection.close()
    return path


def _copy() -> str:
    path = os.path.join(_folder(), "copy", "ledger.sqlite3")
    shutil.rmtree(os.path.dirname(path), ignore_errors=True)
    os.mkdir(os.path.dirname(path), 0o700)
    shutil.copyfile(_whole(), path)
    return path


def _read_all(path: str) -> object:
    store = open_for_reading(path)
    if store is None:
        return None
    with store:
        entries = store.entries(settled=True)
        standing = [entry.standing for listed in entries.values() for entry in listed]
        others = [_told(read) for read in (store.advice, store.contacts, lambda: store.channel("a"))]
        return [len(standing), store.handles("ca"), *others]


def _told(read: t.Callable[[], object]) -> object:
    """One table's trouble does not hide another's."""
    try:
        return read()
    except InkanError as error:
        return error


def _play_rows(raw: bytes) -> object:
    """raw: {table: {column: value}}, written into all rows of a sound ledger, past its own rules."""
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    path = _copy()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        for table, values in given.items() if isinstance(given, dict) else ():
            for column, value in values.items() if table in _TABLES and isinstance(values, dict) else ():
                if column.replace("_", "a").isalpha() and column.isascii():
                    _put(connection, table, column, value)
    finally:
        connection.close()
    return _read_all(path)


def _put(connection: sqlite3.Connection, table: str, column: str, value: t.Any) -> None:
    bound = value if isinstance(value, (str, float, type(None))) else json.dumps(value)
    if isinstance(value, int) and abs(value) < 2**63:
        bound = value
    try:
        connection.execute(f"UPDATE {table} SET {column} = ?", (bound,))  # noqa: S608  names of our own tables
    except (sqlite3.Error, UnicodeEncodeError):
        return  # SQLite itself does not hold it


def _seeds_rows() -> list[bytes]:
    wanted = {"records": [["_a.a.example", "TXT", "v", 30]], "files": [], "notes": [], "mails": [], "tasks": []}
    task = {"actor": "customer", "what": "x", "due": "2026-11-20T00:00:00.000Z", "card": [["a", "b"]], "facts": []}
    fact = {"handle": "h", "status": "validating", "wanted": {**wanted, "tasks": [task]}, "names": ["a"]}
    certificate = {"pem": "P", "chain": [], "serial": "a1", "not_before": "2026-11-20T00:00:00Z"}
    return [
        json.dumps(one).encode()
        for one in (
            {"facts": {"data": json.dumps(fact)}},
            {"facts": {"data": fact}},
            {"facts": {"data": {"certificate": certificate}, "at": "2026-11-20T00:00:00Z", "kind": "seen"}},
            {"facts": {"times": 1, "last_at": "2026-11-20T00:00:00Z"}},
            {"orders": {"dns_names": '["a"]', "hosts": "[]", "options": "{}", "created_at": "2026-11-20T00:00:00Z"}},
            {"told": {"known": json.dumps({"reminded": []})}, "notices": {"event": json.dumps({"sentences": []})}},
            {"messages": {"at": "2026-11-20T00:00:00Z", "recipients": "[]", "hold_until": None, "attempts": 1}},
            {"contacts": {"since": "2026-11-20T00:00:00Z"}},
            {"orders": {"name": "shop", "purpose": "issue", "method": "dns-01"}},
        )
    ]


def _play_ledger(raw: bytes) -> object:
    """Any file in its place: it is told, and never taken for an empty ledger."""
    path = _copy()
    with open(path, "wb") as file:
        file.write(raw)
    return _read_all(path)


def _seeds_ledger() -> list[bytes]:
    with open(_whole(), "rb") as file:
        whole = file.read()
    return [whole, whole[:5000], b"SQLite format 3\x00" + bytes(200), b"", b"x" * 100]


def _spoiled_ledger(raw: bytes, dice: random.Random) -> bytes:
    """Single octets of a page, above all."""
    data = bytearray(raw)
    if dice.randint(0, 4) == 0 or not data:
        return mutated(raw, dice)
    for _time in range(dice.choice((1, 4, 40))):
        data[dice.randint(0, len(data) - 1)] = dice.choice((0, 255, 13, dice.randint(0, 255)))
    return bytes(data)


# --- journals, memories, reports -------------------------------------------------------------------------------------


def _play_journal(raw: bytes) -> object:
    path = os.path.join(_folder(), "store")
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(os.path.join(path, "shop", "generations", "0001"), 0o700)
    os.chmod(path, 0o700)
    with open(os.path.join(path, "shop", "switching.json"), "wb") as file:
        file.write(raw)
    store = Store(path)
    try:
        journal = store.read_journal("shop")
        assert journal is None or journal.target >= 0
        return [store.names(), store.generations("shop"), store.live("shop")]
    finally:
        store.close()


def _play_memories(raw: bytes) -> object:
    """What cannot be read counts as nothing."""
    path = os.path.join(_folder(), "memories")
    os.makedirs(path, 0o700, exist_ok=True)
    for name in ("main.account.json", "main.holds.json", report_files.MADE):
        with open(os.path.join(path, name), "wb") as file:
            file.write(raw)
    held = Holds(path, "main", FakeClock()).until(("*",))
    assert held is None or held.tzinfo is not None
    with Directory.open(path) as folder:
        assert set(report_files._made(folder)) <= report_files._NAMES
    return [read_memory(path, "main"), _notes(raw)]


def _play_report(raw: bytes) -> object:
    text = raw.decode("utf-8", "replace")
    read_calendar(text)
    read_last_success(text)
    return read_json(text)


def _seeds_report() -> list[bytes]:
    event = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:1\r\nDTSTAMP:20261120T000000Z\r\nEND:VEVENT\r\n"
        b"END:VCALENDAR\r\n"
    )
    return [b'{"schema": 1, "certificates": [], "groups": {}}', event, b"inkan_last_success 1763596800\n"]


# --- redirects and webhooks ------------------------------------------------------------------------------------------


class _Web:
    def __init__(self, locations: t.Sequence[str]) -> None:
        self._locations = list(locations)
        self.asked: list[tuple[str, str]] = []

    def addresses(self, host: str) -> t.Sequence[str]:
        if host.endswith(".test"):
            return ["192.0.2.80"]
        if host == "inner.example":
            return ["169.254.169.254", "127.0.0.1", "::1", "10.0.0.1"]
        raise TransportError(code="dns_unresolved", what="Cannot find it")

    def fetch(self, url: str, address: str, port: int, timeout: float) -> HttpResponse:
        self.asked.append((url, address))
        location = self._locations.pop(0) if self._locations else ""
        return HttpResponse(302 if location else 200, {"location": location} if location else {}, b"tok.key", url)


def _play_redirects(raw: bytes) -> object:
    """Wherever it leads: only to http and https, to addresses of the outer world, and a few times at most."""
    web = _Web(raw.decode("latin-1").split("\n"))
    wish = web_look.FileWish("http://www.example.test/.well-known/acme-challenge/tok", "tok.key")
    web_look.look([wish], web, Sight(), SerialExecutor(), web.fetch, lambda: 0.0)
    assert len(web.asked) <= 12, "it is led around without an end"
    for url, address in web.asked:
        assert url.startswith(("http://", "https://")), url[:200]
        assert address == "192.0.2.80", f"an inner address was asked: {address}"
    return None


def _play_webhook(raw: bytes) -> object:
    channel = Channel("ops", "webhook", (), (), "en", {"url": "https://hooks.example/a", "body": "text"}, {})
    http = HostileHttp(Deck.read(raw), FakeClock())
    try:
        webhook.post(http, channel, b"{}", number="1", attempt=1, now=_NOW, timeout=5.0)
    except NotDelivered as failure:
        harmless_text(failure.why, "a refusal of a webhook")
        assert len(failure.why) < 2000
        assert failure.hold_until is None or failure.hold_until <= _NOW + timedelta(days=1, seconds=1)
    return None


def _seeds_webhook() -> list[bytes]:
    cards = [Card("", status, {"retry-after": "60"}, b'{"error": "no"}') for status in (200, 302, 400, 429, 503)]
    return [Deck("post", (one,)).raw() for one in cards]


BORDERS = (
    Border(
        "rows of the ledger",
        "hostile files",
        _play_rows,
        _seeds_rows,
        mutated_json,
        reads=("_io/ledger_rows.py", "_io/ledger_store.py", "_io/ledger_notices.py", "_io/ledger_file.py"),
        short=60,
    ),
    Border(
        "file of the ledger",
        "hostile files",
        _play_ledger,
        _seeds_ledger,
        _spoiled_ledger,
        reads=("_io/ledger_file.py", "_io/ledger_schema.py", "_io/ledger_health.py"),
    ),
    Border(
        "switching.json",
        "hostile files",
        _play_journal,
        lambda: [b'{"from": 1, "to": 2, "at": "2026-11-20T00:00:00+00:00", "answered": true}'],
        mutated_json,
        reads=("_io/store.py",),
        short=60,
    ),
    Border(
        "memories of adapters",
        "hostile files",
        _play_memories,
        lambda: [
            b'{"url": "https://a.example/1", "contact": ["a"], "status": "valid"}',
            b'{"*": [1763640000.0, 1763650000.0]}',
            b'{"a.example": ["C1", "token", ["admin@a.example"]]}',
        ],
        mutated_json,
        reads=(
            "_ca/acme/keeping.py",
            "_ca/acme/holds.py",
            "_ca/globalsign_atlas/claim.py",
            "_module/report_files.py",
        ),
    ),
    Border(
        "reports of before",
        "hostile files",
        _play_report,
        _seeds_report,
        mutated_json,
        allowed=(NoReport,),
        reads=("_report/data.py", "_module/intake_folder.py"),
    ),
    Border(
        "redirects",
        "hostile redirects",
        _play_redirects,
        lambda: [
            b"https://www.example.test/.well-known/acme-challenge/tok",
            b"/a\n//inner.example/b\nhttp://inner.example/",
            b"http://127.0.0.1/\nhttp://[::1]/\nfile:///etc/passwd",
        ],
        short=90,
    ),
    Border("answers of webhooks", "hostile redirects", _play_webhook, _seeds_webhook, mutated_deck, short=40),
)
