# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger on disk: what is written stays, what is stale is refused, what was killed is taken over."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import re
import sqlite3
import stat
import subprocess
import sys
import time
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.advice import Remembered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    REPEATING,
    Answer,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
    State,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.our_contacts import OurContact
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_schema import MIGRATIONS, Migration
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    Append,
    Leases,
    LedgerStore,
    open_for_reading,
    open_for_writing,
    reference_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.lock import Process, this_process

NOW = datetime(2026, 11, 20, 12, 0, 0, 123000, tzinfo=timezone.utc)
INTENT = Fact(Kind.SUBMIT_INTENDED, NOW)


def order(name: str = "shop", reference: str = "ref-1", **changes: t.Any) -> Order:
    made = Order(
        name=name,
        purpose="issue",
        reference=reference,
        ca_account="ca",
        product="acme",
        common_name="shop.example.jp",
        dns_names=("shop.example.jp", "www.shop.example.jp"),
        method="dns-01",
        csr="csr",
        public_key_sha256="0" * 64,
        custodian="web1",
        hosts=("web1",),
        options={"document_root": "/srv/日本"},
        created_at=NOW,
    )
    return dataclasses.replace(made, **changes)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "ledger.sqlite3")


@pytest.fixture
def store(path: str) -> t.Iterator[LedgerStore]:
    with open_for_writing(path) as opened:
        yield opened


def lease(store: LedgerStore, *names: str) -> Leases:
    leases, busy = store.take_leases(names or ("shop",), 60)
    assert busy == ()
    return leases


def code_of(act: t.Callable[[], object]) -> str:
    with pytest.raises(InkanError) as caught:
        act()
    return caught.value.code


# -- facts ------------------------------------------------------------------------------------------------------------

WANTED = Wanted(
    records=(TokenRecord("_a.shop.example.jp", "TXT", "value", 30),),
    files=(TokenFile("shop.example.jp", "a/b", "content\n", "http://shop.example.jp/a/b"),),
    notes=("看板",),
)
EVERY_FACT = Fact(
    Kind.SEEN,
    NOW,
    handle="h",
    status=Answer.VALIDATING,
    word="processing",
    expires=NOW + timedelta(days=1),
    names=("a", "b"),
    wanted=WANTED,
    certificate=Certificate("PEM", ("one", "two"), "a1", NOW, NOW, "ecdsa-p256"),
    host="web1",
    token="t",
    by="ca",
    code="c",
    text="text",
)


def test_what_was_written_is_read_again(store: LedgerStore, path: str) -> None:
    facts = (INTENT, EVERY_FACT, *(Fact(kind, NOW, text=kind.value) for kind in Kind))
    [written] = store.insert(lease(store), [(order(), facts)])
    reader = open_for_reading(path)
    assert reader is not None
    with reader:
        assert reader.entries() == {"shop": [written]}
        assert reader.entries(["shop", "other"]) == {"shop": [written]}
        assert reader.entries([]) == {}
    assert written.order == order()
    assert [fact for fact in written.facts if fact.host] == [EVERY_FACT]


def test_the_ledger_and_its_folder_are_for_our_eyes_only(path: str) -> None:
    old = os.umask(0)
    try:
        open_for_writing(path).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_repetitions_are_counted_as_the_entry_counts_them(store: LedgerStore) -> None:
    leases = lease(store)
    [entry] = store.insert(leases, [(order(), (INTENT,))])
    for hours in range(4):
        again = Fact(Kind.SEEN, NOW + timedelta(hours=hours), status=Answer.VALIDATING, word="processing")
        [entry] = store.append(leases, [Append(entry, (again,))])
    assert store.entries()["shop"] == [entry]
    assert (len(entry.facts), entry.facts[-1].times) == (2, 4)
    assert entry.facts[-1].last_at == NOW + timedelta(hours=3)


def test_a_repetition_after_something_else_is_a_fact_of_its_own(store: LedgerStore) -> None:
    leases = lease(store)
    [entry] = store.insert(leases, [(order(), (INTENT,))])
    answer = Fact(Kind.SEEN, NOW, status=Answer.VALIDATING, word="processing")
    asked, failure = Fact(Kind.READY_ASKED, NOW), Fact(Kind.TRANSPORT_FAILURE, NOW, code="timeout")
    for one in (answer, asked, answer, asked, failure, answer):
        [entry] = store.append(leases, [Append(entry, (one,))])
    assert store.entries()["shop"] == [entry]
    assert [(one.kind, one.times) for one in entry.facts[1:]] == [
        (Kind.SEEN, 2),
        (Kind.READY_ASKED, 2),
        (Kind.TRANSPORT_FAILURE, 1),
        (Kind.SEEN, 1),
    ]


def test_answers_that_alternate_do_not_fill_the_disk(store: LedgerStore) -> None:
    leases = lease(store)
    [entry] = store.insert(leases, [(order(), (INTENT,))])
    words = tuple(Fact(Kind.SEEN, NOW, status=Answer.UNKNOWN, word=str(number)) for number in range(200))
    store.append(leases, [Append(entry, words)])
    [read] = store.entries()["shop"]
    assert len(read.facts) == 65
    assert read.standing.word == "199"


@pytest.mark.parametrize("kind", ["submit_intended", "wanted", "downloaded", "token_removed"])
def test_a_fact_cannot_be_unmade(store: LedgerStore, kind: str) -> None:
    store.insert(lease(store), [(order(), tuple(Fact(one, NOW) for one in Kind))])
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        store._connection.execute("DELETE FROM facts WHERE kind = ?", (kind,))
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        store._connection.execute("UPDATE facts SET at = 'never' WHERE kind = ?", (kind,))


def test_at_most_one_order_is_open_for_a_name_and_purpose(store: LedgerStore) -> None:
    leases = lease(store, "shop", "other")
    [entry] = store.insert(leases, [(order(), (INTENT,))])
    assert code_of(lambda: store.insert(leases, [(order(reference="ref-2"), (INTENT,))])) == "ledger_refused"
    store.insert(leases, [(order(reference="ref-3", purpose="renew"), ()), (order("other", "ref-4"), ())])
    store.append(leases, [Append(entry, (Fact(Kind.REFUSED, NOW),))])
    store.insert(leases, [(order(reference="ref-5"), (INTENT,))])
    assert [one.state for one in store.entries()["shop"]] == [State.REFUSED, State.NONE, State.INTENDED]


def test_a_batch_is_written_whole_or_not_at_all(store: LedgerStore) -> None:
    leases = lease(store, "a", "b")
    twice = [(order("a", "same"), (INTENT,)), (order("b", "same"), (INTENT,))]
    assert code_of(lambda: store.insert(leases, twice)) == "ledger_refused"
    assert store.entries() == {}


def test_handles_are_known_by_account(store: LedgerStore) -> None:
    leases = lease(store, "a", "b", "c")
    submitted = Fact(Kind.SUBMITTED, NOW, handle="h1")
    closed = (Fact(Kind.SUBMITTED, NOW, handle="h2"), Fact(Kind.EXPIRED, NOW))
    elsewhere = order("c", "r3", ca_account="else")
    store.insert(leases, [(order("a", "r1"), (submitted,)), (order("b", "r2"), closed), (elsewhere, (submitted,))])
    assert store.handles("ca") == {"h1", "h2"}
    assert store.handles("ca", only_open=True) == {"h1"}


def test_many_names_are_read_at_once(store: LedgerStore) -> None:
    names = [f"c{number}" for number in range(1200)]
    store.insert(lease(store, *names), [(order(name, name), (INTENT,)) for name in names])
    assert sorted(store.entries(names)) == sorted(names)


# -- leases -----------------------------------------------------------------------------------------------------------


def gone_process() -> Process:
    """One that surely ran and surely does not run any more."""
    lock = "ansible_collections.inkan.tls.plugins.module_utils._io.lock"
    code = f"from {lock} import this_process; print(*this_process(), sep='|')"
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    machine, boot, namespace, pid, started = said.stdout.rstrip("\n").split("|")
    return Process(machine, boot, namespace, int(pid), started)


def test_two_stores_never_hold_one_name(path: str) -> None:
    with open_for_writing(path) as first, open_for_writing(path) as second:
        leases, _busy = first.take_leases(["a", "b"], 60)
        theirs, busy = second.take_leases(["b", "c"], 60)
        assert (set(theirs.fences), busy) == ({"c"}, ("b",))
        first.release(leases)
        again, busy = second.take_leases(["b"], 60)
        assert (again.fences, busy) == ({"b": 2}, ())


def test_a_stale_writer_is_refused(path: str) -> None:
    with open_for_writing(path, now=lambda: 1000.0) as stale, open_for_writing(path, now=lambda: 2000.0) as fresh:
        old, _busy = stale.take_leases(["shop"], 60)
        [entry] = stale.insert(old, [(order(), (INTENT,))])
        new, busy = fresh.take_leases(["shop"], 60)
        assert (new.fences, busy) == ({"shop": 2}, ())
        late = Fact(Kind.SUBMITTED, NOW, handle="late")
        assert code_of(lambda: stale.append(old, [Append(entry, (late,))])) == "lease_lost"
        assert code_of(lambda: stale.insert(old, [(order(purpose="renew", reference="x"), ())])) == "lease_lost"
        assert code_of(lambda: stale.settle(old, [entry])) == "lease_lost"
        stale.release(old)
        fresh.append(new, [Append(entry, (late,))])
        assert len(fresh.entries()["shop"][0].facts) == 2


def test_who_was_overtaken_is_told_before_it_does_what_cannot_be_taken_back(path: str) -> None:
    with open_for_writing(path, now=lambda: 1000.0) as stale, open_for_writing(path, now=lambda: 2000.0) as fresh:
        old, _busy = stale.take_leases(["shop", "other"], 60)
        stale.check_leases(old, {"shop", "other"})
        new, _busy = fresh.take_leases(["shop"], 60)
        assert code_of(lambda: stale.check_leases(old, {"other", "shop"})) == "lease_lost"
        assert code_of(lambda: stale.check_leases(old, {"never"})) == "lease_lost"
        stale.check_leases(old, {"other"})
        fresh.check_leases(new, {"shop"})
        fresh.release(new)
        assert code_of(lambda: fresh.check_leases(new, {"shop"})) == "lease_lost", "it was given back"


def test_a_name_that_was_never_leased_cannot_be_written(store: LedgerStore) -> None:
    assert code_of(lambda: store.insert(lease(store, "other"), [(order(), ())])) == "lease_lost"


def test_the_lease_of_a_killed_process_is_taken_at_once(path: str) -> None:
    with open_for_writing(path, process=gone_process()) as dead, open_for_writing(path) as living:
        dead.take_leases(["shop"], 3600)
        leases, busy = living.take_leases(["shop"], 60)
        assert (leases.fences, busy) == ({"shop": 2}, ())


HERE = this_process()


@pytest.mark.parametrize(
    ("owner", "is_free"),
    [
        pytest.param(HERE, False, id="this very process, by another store"),
        pytest.param(HERE._replace(started="1"), True, id="the id was used again by another process"),
        pytest.param(HERE._replace(boot="another"), True, id="before the last boot"),
        pytest.param(HERE._replace(machine="another"), False, id="another machine: it must expire"),
        pytest.param(HERE._replace(boot="", pid=2**22 - 1), False, id="a system that tells no boot id: it must expire"),
        pytest.param(HERE._replace(namespace="another", pid=2**22 - 1), False, id="another container: it must expire"),
    ],
)
def test_who_counts_as_gone(path: str, owner: Process, is_free: bool) -> None:
    with open_for_writing(path, process=owner) as first, open_for_writing(path, process=HERE) as second:
        first.take_leases(["shop"], 3600)
        _leases, busy = second.take_leases(["shop"], 60)
        assert (busy == ()) is is_free


def test_a_lease_of_our_own_is_kept(store: LedgerStore) -> None:
    lease(store)
    again, busy = store.take_leases(["shop"], 60)
    assert (again.fences, busy) == ({"shop": 2}, ())


# -- schema, backups --------------------------------------------------------------------------------------------------

YESTERDAYS = (Migration(1, MIGRATIONS[0].statements),)
TOMORROWS = (
    *MIGRATIONS,
    Migration(
        MIGRATIONS[-1].version + 1,
        (
            "ALTER TABLE orders ADD COLUMN note TEXT NOT NULL DEFAULT ''",
            "INSERT INTO fact_kinds (kind) VALUES ('rumoured')",
        ),
    ),
)


def filled(path: str, now: t.Callable[[], float] = time.time) -> Entry:
    with open_for_writing(path, now=now) as store:
        leases, _busy = store.take_leases(["shop"], 60)
        [entry] = store.insert(leases, [(order(), (INTENT,))])
        store.release(leases)
    return entry


def test_the_schema_allows_and_keeps_what_the_facts_are(path: str) -> None:
    """Kinds and rules of repetition live in the code, too: whoever changes them there must write a migration."""
    filled(path)
    with sqlite3.connect(path) as ledger:
        assert {kind for (kind,) in ledger.execute("SELECT kind FROM fact_kinds")} == {kind.value for kind in Kind}
        rules = dict(ledger.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    listed = {name: set(re.findall(r"'([a-z_]+)'", sql)) for name, sql in rules.items()}
    repeating = {kind.value for kind in REPEATING}
    assert listed == {"facts_stand": repeating, "facts_are_kept": repeating - {"wanted"}}


def test_an_older_ledger_is_migrated_after_a_backup(path: str) -> None:
    entry = filled(path)
    with open_for_writing(path, migrations=TOMORROWS) as store:
        assert store.entries()["shop"] == [entry]
        store._connection.execute("INSERT INTO facts (order_id, kind, at, data) VALUES (1, 'rumoured', 'x', '{}')")
    with sqlite3.connect(path + ".bak") as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (MIGRATIONS[-1].version,)
        assert backup.execute("SELECT name FROM orders").fetchall() == [("shop",)]
    assert stat.S_IMODE(os.stat(path + ".bak").st_mode) == 0o600


def test_a_migration_that_fails_leaves_the_older_ledger(path: str) -> None:
    entry = filled(path)
    broken = (*MIGRATIONS, Migration(MIGRATIONS[-1].version + 1, ("ALTER TABLE orders ADD COLUMN a TEXT", "NONSENSE")))
    assert code_of(lambda: open_for_writing(path, migrations=broken)) == "ledger_broken"
    with open_for_writing(path) as store:
        assert store.entries()["shop"] == [entry]


@pytest.mark.parametrize(
    ("version", "digest"),
    [
        (1, "24ce215d7bfe8143"),
        (2, "40a8a95646e0d0a9"),
        (3, "b7137c0b66f70a29"),
        (4, "0df1d568559e793c"),
        (5, "025d9198eab7ca5f"),
        (6, "339c67343643c24c"),
        (9, "a364c1995613d2ce"),
    ],
)
def test_a_migration_that_ledgers_have_had_is_never_edited(version: int, digest: str) -> None:
    """They would have another schema than the tests; what changes is a migration of its own."""
    (migration,) = (one for one in MIGRATIONS if one.version == version)
    text = "\n".join(" ".join(statement.split()) for statement in migration.statements)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_a_ledger_of_version_one_takes_what_is_new_in_version_two(path: str) -> None:
    with open_for_writing(path, migrations=YESTERDAYS) as store:
        leases, _busy = store.take_leases(["shop"], 60)
        [entry] = store.insert(leases, [(order(), (INTENT,))])
        store.release(leases)
    changed = Fact(Kind.CONTACT_CHANGED, INTENT.at, word="txt", text="certs@example.jp")
    with open_for_writing(path) as store:
        leases, _busy = store.take_leases(["shop"], 60)
        [after] = store.append(
            leases, [Append(entry, (Fact(Kind.RESENT, INTENT.at, names=("a@example.jp",)), changed))]
        )
        assert store.entries()["shop"] == [after]
    assert after.options["contact"] == {"kind": "txt", "address": "certs@example.jp"}


def test_what_a_person_told_and_has_to_do_is_kept_as_it_was(path: str) -> None:
    task = Task(
        "customer",
        "apply",
        "certs@example.jp",
        "マイページ",
        INTENT.at,
        "/s.html",
        "order_number",
        "拝啓\n",
        ("CPI-2",),
    )
    told = (
        Fact(Kind.TAKEN_IN, INTENT.at, word="order_number", text="CPI-3", by="person"),
        Fact(Kind.WANTED, INTENT.at, wanted=Wanted(tasks=(task,))),
    )
    with open_for_writing(path) as store:
        leases, _busy = store.take_leases(["shop"], 60)
        [entry] = store.insert(leases, [(order(), (INTENT, *told))])
    with open_for_writing(path) as store:
        [after] = store.entries()["shop"]
    assert after == entry
    assert after.standing.wanted.tasks == (task,)
    assert after.standing.taken["order_number"].text == "CPI-3"


def test_an_older_ledger_is_read_without_being_migrated(path: str) -> None:
    entry = filled(path)
    before = Path(path).read_bytes()
    reader = open_for_reading(path, migrations=TOMORROWS)
    assert reader is not None
    with reader:
        assert reader.entries()["shop"] == [entry]
    assert Path(path).read_bytes() == before
    assert sorted(os.listdir(os.path.dirname(path))) == ["ledger.sqlite3", "ledger.sqlite3.bak"]


@pytest.mark.parametrize("opening", [open_for_reading, open_for_writing])
def test_a_newer_or_foreign_or_broken_ledger_is_left_alone(path: str, opening: t.Callable[[str], object]) -> None:
    open_for_writing(path, migrations=TOMORROWS).close()
    assert code_of(lambda: opening(path)) == "ledger_too_new"
    os.unlink(path)
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE bookmarks (url TEXT)")
    assert code_of(lambda: opening(path)) == "ledger_foreign"
    Path(path).write_bytes(b"This is no database. " * 100)
    before = Path(path).read_bytes()
    assert code_of(lambda: opening(path)) == "ledger_broken"
    assert Path(path).read_bytes() == before


def test_the_first_write_of_a_day_makes_a_backup_and_three_are_kept(path: str) -> None:
    start = 10.0 * 86400
    filled(path, lambda: start)
    for day in (0.5, 1.0, 2.0, 3.0, 4.0):
        with open_for_writing(path, now=lambda day=day: start + day * 86400) as store:  # type: ignore[misc]
            leases, _busy = store.take_leases([f"day{day}"], 1)
            store.insert(leases, [(order(f"day{day}", f"ref{day}"), ())])
    folder = os.path.dirname(path)
    assert sorted(os.listdir(folder)) == [
        "ledger.sqlite3",
        "ledger.sqlite3.bak",
        "ledger.sqlite3.bak.1",
        "ledger.sqlite3.bak.2",
    ]
    counts = []
    for name in sorted(os.listdir(folder)):
        with sqlite3.connect(os.path.join(folder, name)) as backup:
            counts.append(backup.execute("SELECT count(*) FROM orders").fetchone()[0])
    assert counts == [6, 5, 4, 3]


# -- reading beside a writer, and after a kill ------------------------------------------------------------------------


def test_an_absent_ledger_is_empty_and_stays_absent(path: str) -> None:
    assert open_for_reading(path) is None
    assert not os.path.exists(os.path.dirname(path))


def test_a_reader_sees_the_last_whole_state_while_another_writes(path: str) -> None:
    entry = filled(path)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE orders SET settled = 0")
    reader = open_for_reading(path)
    assert reader is not None
    with reader:
        assert reader.entries()["shop"] == [entry]
    writer.close()


def test_what_a_killed_writer_left_is_rolled_back_on_a_copy(path: str) -> None:
    """Killed after its journal and part of its pages reached the disk: the journal is hot."""
    entry = filled(path)
    code = (
        "import sqlite3, os, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('CREATE TABLE half (x)')\n"
        "c.executemany('INSERT INTO half VALUES (?)', [('x' * 4000,)] * 500)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert os.path.getsize(path + "-journal") > 0
    before = Path(path).read_bytes()
    reader = open_for_reading(path)
    assert reader is not None
    with reader:
        assert reader.entries()["shop"] == [entry]
    assert Path(path).read_bytes() == before, "check mode repairs nothing"
    with open_for_writing(path) as store:
        assert store.entries()["shop"] == [entry]
    assert not os.path.exists(path + "-journal")


# -- unsafe places ----------------------------------------------------------------------------------------------------


def test_a_link_is_no_ledger(path: str, tmp_path: Path) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700)
    os.symlink(tmp_path / "elsewhere", path)
    assert code_of(lambda: open_for_writing(path)) == "ledger_unsafe"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_others_can_write_to_is_refused(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    os.chmod(os.path.dirname(path), 0o777)  # noqa: S103 (that is the case)
    assert code_of(lambda: open_for_writing(path)) == "ledger_unsafe"
    assert not os.path.exists(path)


def test_a_folder_of_another_user_is_refused(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700)
    if os.geteuid() == 0:
        os.chown(os.path.dirname(path), 4712, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert code_of(lambda: open_for_writing(path)) == "ledger_unsafe"
    assert not os.path.exists(path)


def test_a_restored_backup_that_all_may_read_is_closed_again(path: str) -> None:
    filled(path)
    os.chmod(path, 0o644)
    open_for_writing(path).close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert code_of(lambda: open_for_writing(str(tmp_path / "file" / "ledger.sqlite3"))) == "ledger_unwritable"


def test_a_backup_that_finds_no_room_is_told(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path)

    def full(_old: str, new: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", new)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(LocalError) as caught:
        open_for_writing(path, now=lambda: time.time() + 86400)
    assert (caught.value.code, caught.value.where) == ("ledger_disk", path + ".bak.2")
    assert "No space left" in caught.value.sentence() and "Make room" in caught.value.sentence()


def test_a_full_disk_loses_nothing(path: str) -> None:
    entry = filled(path)
    with open_for_writing(path) as store:
        leases, _busy = store.take_leases(["shop"], 60)
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        big = Fact(Kind.DOWNLOADED, NOW, text="x" * 100_000)
        assert code_of(lambda: store.append(leases, [Append(entry, (big,))])) == "ledger_disk"
        assert store.entries()["shop"] == [entry]


def test_references_are_short_ascii_and_the_same_for_the_same_order_only() -> None:
    made = {reference_of(f"shop\0issue\0{number}") for number in range(100)}
    assert len(made) == 100
    assert made == {reference_of(f"shop\0issue\0{number}") for number in range(100)}
    assert all(len(one) <= 32 and one.isascii() for one in made)


# -- advice -----------------------------------------------------------------------------------------------------------


def test_advice_is_remembered_and_forgotten(path: str) -> None:
    moment = datetime(2026, 11, 20, tzinfo=timezone.utc)
    window = {"start": moment + timedelta(days=1), "end": moment + timedelta(days=2)}
    kept = Remembered(moment, moment + timedelta(hours=6), url="https://ca.example/why", problem="no answer", **window)
    old = Remembered(moment - timedelta(days=401), moment - timedelta(days=400))
    filled(path)
    with open_for_writing(path) as store:
        assert store.advice() == {}
        store.remember_advice({("ca", "1f"): old, ("ca", "2f"): old}, moment - timedelta(days=402))
        assert store.advice() == {("ca", "1f"): old, ("ca", "2f"): old}
        store.remember_advice({("ca", "1f"): kept}, moment - timedelta(days=400))
    reading = open_for_reading(path)
    assert reading is not None
    with reading:
        assert reading.advice() == {("ca", "1f"): kept}


# -- contacts ---------------------------------------------------------------------------------------------------------


def test_contacts_of_ours_keep_their_first_day_until_they_are_gone(path: str) -> None:
    record = "_validation-contactemail.example.jp"
    first = OurContact(record, "txt", "certs@example.jp", "example.jp", NOW)
    other = OurContact("example.jp", "caa", "certs@example.jp", "example.jp", NOW)
    with open_for_writing(path) as store:
        assert store.contacts() == []
        store.note_contacts([first, other], [])
        store.note_contacts([first._replace(since=NOW + timedelta(days=1), domain="www.example.jp")], [])
        assert store.contacts() == [first, other]
        store.note_contacts([], [first.key, ("nobody.example", "txt", "a@example.jp")])
    reading = open_for_reading(path)
    assert reading is not None
    with reading:
        assert reading.contacts() == [other]


def test_the_ledger_takes_no_contact_that_is_none(store: LedgerStore) -> None:
    with pytest.raises(InkanError) as error:
        store.note_contacts([OurContact("example.jp", "whois", "certs@example.jp", "example.jp", NOW)], [])
    assert (error.value.code, store.contacts()) == ("ledger_refused", [])


def test_a_ledger_of_before_the_advice_is_read_without_being_written(path: str) -> None:
    with open_for_writing(path, migrations=YESTERDAYS):
        pass
    before = Path(path).read_bytes()
    reading = open_for_reading(path)
    assert reading is not None
    with reading:
        assert reading.advice() == {}
        assert reading.contacts() == []
    assert Path(path).read_bytes() == before
