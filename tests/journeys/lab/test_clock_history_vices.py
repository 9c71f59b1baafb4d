# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all rooms of the lab share: the clock, the history, the switches of the vices."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from lab.also import ALSO
from lab.clock import LabClock, iso_jst, iso_utc, jst
from lab.history import History
from lab.registrar import CUSTOMER, Registrar
from lab.vices import VICES, Switches

MOMENT = datetime(2026, 6, 23, 1, 0, tzinfo=timezone.utc)
SOON = timedelta(seconds=5)


# --- clock ---------------------------------------------------------------------------------------------------------


def test_the_clock_runs_on_from_where_it_was_set() -> None:
    clock = LabClock(MOMENT)
    first, second = clock.now(), clock.now()
    assert MOMENT <= first <= second < MOMENT + SOON
    assert first.utcoffset() == timedelta(0)
    clock.set(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=9))))
    assert timedelta(0) <= clock.now() - datetime(2025, 12, 31, 15, tzinfo=timezone.utc) < SOON


def test_the_clock_goes_on_by_hours_and_days() -> None:
    clock = LabClock(MOMENT)
    clock.advance(hours=6, days=1)
    clock.advance(hours=-1)
    assert timedelta(0) <= clock.now() - (MOMENT + timedelta(days=1, hours=5)) < SOON


def test_the_clock_starts_at_the_real_time() -> None:
    assert abs(LabClock().now() - datetime.now(timezone.utc)) < SOON


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        LabClock(datetime(2026, 6, 23))  # noqa: DTZ001 - that is the point


def test_times_as_people_in_japan_and_machines_write_them() -> None:
    assert jst(MOMENT).hour == 10
    assert iso_jst(MOMENT) == "2026-06-23T10:00:00+09:00"
    assert iso_utc(MOMENT) == "2026-06-23T01:00:00Z"


# --- history -------------------------------------------------------------------------------------------------------


def test_events_are_numbered_dated_and_found_by_their_facts(tmp_path: Path) -> None:
    clock = LabClock(MOMENT)
    history = History(clock, tmp_path / "history.jsonl")
    history.add("fetch", order="LS-1", found=False)
    clock.advance(hours=6)
    event = history.add("fetch", order="LS-1", found=True)
    history.add("mail", order="LS-1")
    assert event == {"number": 2, "at": "2026-06-23T07:00:00Z", "kind": "fetch", "order": "LS-1", "found": True}
    assert [one["number"] for one in history.events("fetch")] == [1, 2]
    assert history.events("fetch", found=True) == [event]
    assert history.events(order="LS-1", strange=None) == [], "a fact that is not there is not None"
    assert [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()] == history.events()


def test_nobody_changes_the_past() -> None:
    history = History(LabClock(MOMENT))
    names = ["a"]
    history.add("order", names=names)["kind"] = "other"
    names.append("b")
    history.events()[0]["kind"] = "other"
    assert history.events("order", names=["a"])


@pytest.mark.parametrize("word", ["number", "at"])
def test_what_the_history_writes_itself_is_no_fact(word: str) -> None:
    with pytest.raises(ValueError, match=word):
        History(LabClock(MOMENT)).add("order", **{word: 1})


def test_threads_share_the_history(tmp_path: Path) -> None:
    history = History(LabClock(MOMENT), tmp_path / "history.jsonl")
    threads = [threading.Thread(target=lambda: [history.add("x") for _turn in range(50)]) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["number"] for event in history.events()] == list(range(1, 201))
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) == 200


# --- vices ---------------------------------------------------------------------------------------------------------


def test_the_gentle_half_is_on_by_default() -> None:
    switches = Switches()
    assert [switches.is_on(vice.name) for vice in VICES] == [vice.default for vice in VICES]
    assert any(vice.default for vice in VICES)


def test_every_vice_has_one_row_a_known_room_and_a_sentence() -> None:
    names = [vice.name for vice in VICES]
    assert len(set(names)) == len(names)
    assert {vice.room for vice in VICES} <= {"dns", "web", "mail", "api", "crawler", "issuing", "digicert", *ALSO}
    assert [vice.name for vice in VICES if not vice.what or vice.what.endswith(".")] == []


def test_a_vice_strikes_each_key_once_or_so_often() -> None:
    switches = Switches(["dns_servfail_first", "mail_late"])
    assert [switches.strikes("dns_servfail_first", key) for key in ("a", "a", "b", "a")] == [True, False, True, False]
    assert [switches.strikes("mail_late", "a", times=2) for _turn in range(3)] == [True, True, False]


def test_a_vice_that_is_off_neither_strikes_nor_counts() -> None:
    switches = Switches([])
    assert not switches.strikes("mail_late", "a")
    switches.set("mail_late", True)
    assert switches.strikes("mail_late", "a")


def test_switched_on_anew_it_strikes_anew() -> None:
    switches = Switches(["mail_late"])
    switches.strikes("mail_late", "a")
    switches.set("mail_late", True)
    assert not switches.strikes("mail_late", "a"), "it was on already"
    switches.set("mail_late", False)
    switches.set("mail_late", True)
    assert switches.strikes("mail_late", "a")


def test_only_and_none() -> None:
    switches = Switches()
    switches.only("mail_late")
    assert [vice.name for vice in VICES if switches.is_on(vice.name)] == ["mail_late"]
    switches.none()
    assert not any(switches.is_on(vice.name) for vice in VICES)


@pytest.mark.parametrize("use", [Switches.is_on, Switches.strikes, Switches.set, Switches.only])
def test_an_unknown_vice_is_refused(use: object) -> None:
    arguments = {"strikes": ["key"], "set": [True]}.get(use.__name__, [])
    with pytest.raises(ValueError, match='no vice "mail_lait"'):
        use(Switches(), "mail_lait", *arguments)


# --- registrar -----------------------------------------------------------------------------------------------------


def test_the_registered_domain_is_the_longest_registered_suffix() -> None:
    registrar = Registrar(["example.jp", "example.co.jp", "shop.example.jp"])
    assert registrar.registered_domain("www.example.co.jp") == "example.co.jp"
    assert registrar.registered_domain("WWW.shop.Example.jp.") == "shop.example.jp"
    assert registrar.registered_domain("notexample.jp") is None
    assert registrar.registered_domain("jp") is None


def test_linked_means_the_same_registrar_and_the_same_customer() -> None:
    registrar = Registrar(["example.jp", "away.jp", "theirs.jp"])
    registrar.register("away.jp", linked=False)
    registrar.register("theirs.jp", customer="customer-2")
    names = ("www.example.jp", "www.away.jp", "www.theirs.jp", "www.nobodys.jp")
    assert [registrar.is_linked(name, CUSTOMER) for name in names] == [True, False, False, False]
