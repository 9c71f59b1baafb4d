# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is news: a table of what was known, what is seen, and what is told."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import (
    CONDITIONS,
    KINDS,
    THE_RUN,
    USUAL,
    Known,
    Reminder,
    Seen,
    concerns,
    news,
)

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
ALL = frozenset(KINDS)


def known(condition: str = "in_order", mark: str = "", serial: str | None = "1", **words: t.Any) -> Known:
    return Known(condition, mark, serial, **words)


def seen(condition: str = "in_order", mark: str = "", serial: str | None = "1", **words: t.Any) -> Seen:
    return Seen("shop", condition, mark, serial=serial, **words)


def lifetime(days: float, left: float) -> dict[str, t.Any]:
    """Of so many days, of which so many are left."""
    return {"not_before": NOW - timedelta(days=days - left), "not_after": NOW + timedelta(days=left)}


def kinds(before: Known | None, now: Seen, on: t.Collection[str] = ALL, tried_all: bool = True) -> list[str]:
    return [event.kind for event in news(before, now, NOW, on, tried_all)[0]]


@pytest.mark.parametrize(
    ("case", "before", "now", "told"),
    [
        ("all is well as before", known(), seen(), []),
        ("nothing is known, and all is well", None, seen(), []),
        ("nothing is known, and an order is under way", None, seen("underway"), []),
        ("nothing is known, and there is trouble", None, seen("trouble", "x"), ["trouble"]),
        ("nothing is known, and it went live in this run", None, seen(is_new=True), ["issued"]),
        ("trouble begins", known(), seen("trouble", "x"), ["trouble"]),
        ("the same trouble", known("trouble", "x"), seen("trouble", "x"), []),
        ("another trouble", known("trouble", "x"), seen("trouble", "y"), ["trouble"]),
        ("trouble is over", known("trouble", "x"), seen(), ["resolved"]),
        ("an order waits for a person", known(), seen("waiting", "ik-1 a"), ["waiting"]),
        ("the person did it, the next step waits", known("waiting", "ik-1 a"), seen("waiting", "ik-1 b"), ["waiting"]),
        ("the person did it, the CA works", known("waiting", "ik-1 a"), seen("underway"), ["resolved"]),
        ("waiting became trouble", known("waiting", "a"), seen("trouble", "x"), ["trouble"]),
        ("a host is lost", known(), seen("unreachable", "web2"), ["unreachable"]),
        ("the order was refused", known("waiting", "a"), seen("refused", "ik-1"), ["refused"]),
        ("it was revoked", known(), seen("revoked", "1"), ["revoked"]),
        ("another serial is live", known(), seen(serial="2"), ["issued"]),
        ("the first serial is live", known(serial=None), seen(serial="2"), ["issued"]),
        ("it was told of trouble, and it is renewed: one word", known("trouble", "x"), seen(serial="2"), ["issued"]),
        ("what is live cannot be seen now", known(), seen("unreachable", "w", serial=None), ["unreachable"]),
    ],
)
def test_a_change_is_told_and_nothing_else(case: str, before: Known | None, now: Seen, told: list[str]) -> None:
    assert kinds(before, now) == told, case
    _events, after = news(before, now, NOW, ALL, True)
    assert kinds(after, replace(now, is_new=False)) == [], "a second look finds news"


def test_going_live_is_told_once_by_the_run_that_did_it_and_those_after() -> None:
    _events, after = news(None, seen(is_new=True), NOW, ALL, True)
    assert kinds(after, seen(is_new=False)) == []


@pytest.mark.parametrize("condition", ["trouble", "unreachable"])
@pytest.mark.parametrize("tried_all", [True, False])
def test_only_a_run_that_tried_everything_takes_trouble_back(condition: str, tried_all: bool) -> None:
    events, after = news(known(condition, "x"), seen(), NOW, ALL, tried_all)
    assert [event.kind for event in events] == (["resolved"] if tried_all else [])
    assert after.condition == ("in_order" if tried_all else condition)


def test_a_look_can_see_that_trouble_is_over_where_something_new_is_live() -> None:
    assert kinds(known("trouble", "x"), seen(serial="2"), tried_all=False) == ["issued"]
    assert kinds(known("waiting", "x"), seen(), tried_all=False) == ["resolved"]


def test_what_was_not_told_is_not_called_resolved() -> None:
    assert kinds(known("waiting", "a"), seen(), on=("trouble", "resolved")) == []
    assert kinds(known("trouble", "a"), seen(), on=("trouble", "resolved")) == ["resolved"]


@pytest.mark.parametrize(
    ("days", "left", "level"),
    [
        (200, 34, 0),
        (200, 33, 1),
        (200, 17, 1),
        (200, 16, 2),
        (200, 0, 3),
        (47, 8, 0),
        (47, 7.8, 1),
        (47, -3, 3),
        (1, 0.1, 1),
    ],
)
def test_what_runs_out_is_told_by_shares_of_its_lifetime(days: float, left: float, level: int) -> None:
    now = seen(**lifetime(days, left))
    events, after = news(known(), now, NOW, ALL, True)
    assert [event.level for event in events if event.kind == "expiring"] == ([level] if level else [])
    assert after.level == level and kinds(after, now) == []


def test_each_level_is_told_once_and_a_new_certificate_begins_anew() -> None:
    _events, first = news(known(), seen(**lifetime(90, 14)), NOW, ALL, True)
    assert kinds(first, seen(**lifetime(90, 6))) == ["expiring"]
    assert kinds(first, seen("unreachable", "w", serial=None)) == ["unreachable"]
    _events, renewed = news(first, seen(serial="2", **lifetime(90, 90)), NOW, ALL, True)
    assert renewed.level == 0
    assert kinds(renewed, seen(serial="2", **lifetime(90, 14))) == ["expiring"]


def test_a_reminder_is_told_once_by_its_key() -> None:
    now = seen("waiting", "a", reminders=(Reminder("ik-1/call/remind", "take the call", "Sato", "2026-11-25"),))
    events, after = news(known("waiting", "a"), now, NOW, ALL, True)
    assert [(event.kind, event.sentences, event.owner) for event in events] == [
        ("reminder", ("take the call",), "Sato")
    ]
    assert kinds(after, now) == []
    late = seen("waiting", "a", reminders=(Reminder("ik-1/call/late", "take the call"),))
    assert kinds(after, late) == ["reminder"]
    assert kinds(after, late, on=("waiting",)) == []


def test_every_alarming_condition_is_a_kind_and_the_usual_ones_leave_out_success() -> None:
    assert set(CONDITIONS) - set(KINDS) == {"underway", "in_order"}
    assert set(KINDS) - set(USUAL) == {"issued"}


@pytest.mark.parametrize(
    ("patterns", "name", "fits"),
    [
        (["*"], "shop", True),
        (["shop"], "shop", True),
        (["shop"], "shop2", False),
        (["shop*"], "shop2", True),
        (["*-dv"], "a-dv", True),
        (["*-dv"], "a-dv2", False),
        (["s?op"], "shop", True),
        (["s?op"], "sop", False),
        (["a*b*c"], "aXbYbZc", True),
        (["[a-z]hop"], "shop", False),
        (["www", "shop"], "shop", True),
        (["www"], THE_RUN, True),
        ([""], "", True),
    ],
)
def test_a_channel_is_for_the_certificates_that_it_names(patterns: list[str], name: str, fits: bool) -> None:
    assert concerns(patterns, name) is fits


def test_a_pattern_of_many_stars_is_no_trap() -> None:
    assert not concerns(["*a" * 60 + "b"], "a" * 5000)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("shop", "shop", True),
        ("shop", "shops", False),
        ("sh?p", "shop", True),
        ("sh?p", "shp", False),
        ("*", "shop", True),
        ("**", "s", True),
        ("shop*", "shop", True),
        ("*shop", "shop", True),
        ("s*p", "sp", True),
        ("s*s", "s", False),
        ("a*a", "aba", True),
        ("a*a", "ab", False),
        ("*b*", "abc", True),
        ("*bc*", "abc", True),
        ("*bd*", "abc", False),
        ("a*b*c", "axbxc", True),
        ("a*c*b", "axbxc", False),
        ("*b?*d", "abcd", True),
        ("*b*b*", "abb", True),
        ("*b*b*", "ab", False),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "xab", False),
        ("a**b", "ab", True),
        ("a*?b", "ab", False),
        ("a*?b", "axb", True),
        ("?*", "a", True),
    ],
)
def test_stars_stand_for_any_text_and_question_marks_for_one_letter(pattern: str, name: str, fits: bool) -> None:
    assert concerns([pattern], name) is fits
    assert concerns(["none", pattern], name) is fits


def test_an_event_says_when_it_was_and_until_when_it_holds() -> None:
    now = datetime(2026, 11, 20, 12, 30, 1, 999, tzinfo=timezone.utc)
    until = datetime(2026, 12, 1, tzinfo=timezone.utc)
    (event,), _after = news(known(), seen("trouble", "x", not_after=until), now, ALL, True)
    assert (event.at, event.not_after) == ("2026-11-20T12:30:01Z", "2026-12-01T00:00:00Z")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param({}, [], id="the same certificate"),
        pytest.param({"serial": None}, [], id="it could not be seen"),
        pytest.param({"serial": "2"}, ["issued"], id="another one is live"),
        pytest.param({"is_new": True}, ["resolved"], id="it went live in this run"),
    ],
)
def test_a_look_takes_trouble_back_only_where_something_else_is_live(now: dict[str, t.Any], told: list[str]) -> None:
    assert kinds(known("trouble", "x"), seen(**now), tried_all=False) == told


@pytest.mark.parametrize("missing", ["not_before", "not_after"])
@pytest.mark.parametrize(("serial", "level"), [("1", 2), (None, 2), ("2", 0)])
def test_while_its_days_cannot_be_seen_its_level_stays(missing: str, serial: str | None, level: int) -> None:
    days = {**lifetime(90, 1), missing: None}
    found, after = news(known(level=2), seen(serial=serial, **days), NOW, ALL, True)
    assert after.level == level and "expiring" not in [event.kind for event in found]


WORDS = {"sentences": ("no.",), "actor": "customer", "owner": "Sato", "due": "2026-12-01T00:00:00Z", "order": "4711"}
UNTIL = datetime(2026, 12, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("kind", ["trouble", "unreachable", "waiting", "refused", "revoked"])
def test_an_alarm_says_what_is_the_matter_and_who_acts(kind: str) -> None:
    (event,), _after = news(known("underway"), seen(kind, "x", not_after=UNTIL, **WORDS), NOW, ALL, True)
    assert (event.kind, event.name, event.before) == (kind, "shop", "underway")
    assert {word: getattr(event, word) for word in WORDS} == WORDS
    assert (event.not_after, event.serial, event.level) == ("2026-12-01T00:00:00Z", "1", 0)


@pytest.mark.parametrize(
    ("before", "now", "kind", "level"),
    [
        (known(), {"serial": "2"}, "issued", 0),
        (known("trouble", "x"), {}, "resolved", 0),
        (known(), lifetime(90, 14), "expiring", 1),
        (known(), lifetime(90, 7), "expiring", 2),
        (known(), lifetime(90, 0), "expiring", 3),
    ],
)
def test_any_other_event_says_only_what_happened(before: Known, now: dict[str, t.Any], kind: str, level: int) -> None:
    (event,), _after = news(before, seen(**WORDS, **now), NOW, ALL, True)
    assert (event.kind, event.level, event.order) == (kind, level, "4711")
    assert (event.sentences, event.actor, event.owner, event.due) == ((), None, "", None)


def test_a_reminder_says_what_is_to_be_done_by_whom() -> None:
    reminder = Reminder("k", "take the call", "Sato", "2026-12-01T00:00:00Z")
    (event,), after = news(known(), seen("in_order", reminders=(reminder,), actor="customer"), NOW, ALL, True)
    assert (event.kind, event.sentences, event.owner, event.due, event.actor, event.level) == (
        "reminder",
        ("take the call",),
        "Sato",
        "2026-12-01T00:00:00Z",
        "customer",
        0,
    )
    assert after.reminded == ("k",)


def test_the_first_level_of_a_new_certificate_is_told() -> None:
    assert kinds(known(level=1, serial="0"), seen(**lifetime(90, 14)), frozenset({"expiring"})) == ["expiring"]
    assert kinds(known(level=1), seen(**lifetime(90, 14)), frozenset({"expiring"})) == []
