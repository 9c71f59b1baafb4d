# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a CA is asked again for its advice: in time, and never left alone for longer than a day."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.advice import (
    FORGET_AFTER,
    Remembered,
    Subject,
    after_failure,
    of_new,
    serial_of,
    to_ask,
)

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SUBJECT = Subject("main", "a1", "PEM", NOW + 90 * 24 * HOUR)


@pytest.mark.parametrize(
    ("asked", "again", "is_asked"),
    [
        pytest.param(NOW - HOUR, NOW, True, id="its hour has come"),
        pytest.param(NOW - HOUR, NOW + SECOND, False, id="a second early"),
        pytest.param(NOW, NOW + 24 * HOUR, False, id="a day from now"),
        pytest.param(NOW - HOUR, NOW + 24 * HOUR + SECOND, True, id="longer than a day: nobody is left alone so long"),
        pytest.param(NOW + SECOND, NOW + HOUR, True, id="written under a clock that was ahead"),
    ],
)
def test_who_is_asked(asked: datetime, again: datetime, is_asked: bool) -> None:
    assert to_ask([SUBJECT], {SUBJECT.key: Remembered(asked, again)}, NOW) == [SUBJECT] * is_asked
    assert to_ask([SUBJECT], {("other", "a1"): Remembered(asked, again)}, NOW) == [SUBJECT]


def test_who_waits_longest_is_asked_first_and_the_new_before_all() -> None:
    older, new = SUBJECT._replace(serial="c3"), SUBJECT._replace(serial="b2")
    known = {SUBJECT.key: Remembered(NOW - HOUR, NOW - SECOND), older.key: Remembered(NOW - HOUR, NOW - 2 * SECOND)}
    assert to_ask([SUBJECT, older, new], known, NOW) == [new, older, SUBJECT]
    assert to_ask([older, new], {}, NOW) == [new, older]


def test_what_is_not_the_ledgers_own_comes_last() -> None:
    foreign = SUBJECT._replace(serial="b2", pem="", renewal_id="AQIDBAU.sg")
    known = {SUBJECT.key: Remembered(NOW - HOUR, NOW - SECOND)}
    assert to_ask([foreign, SUBJECT], known, NOW) == [SUBJECT, foreign]


@pytest.mark.parametrize(
    ("renewal_id", "serial"),
    [
        ("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", "87654321"),
        ("AQIDBAU.AIE", "81"),
        ("AQIDBAU.Dw", "f"),
        ("AQIDBAU." + "AP" + "_" * 26, "ff" * 20),
    ],
)
def test_an_identifier_holds_the_serial_number(renewal_id: str, serial: str) -> None:
    assert serial_of(renewal_id) == serial


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "AQIDBAU", "AQIDBAU.", ".AIE", "AQIDBAU.AIEAA", "AQIDBAU.AIE=", "AQIDBAU.AI/E", "AQIDBAU.A.E"),
        *("AQIDBAU.AIE\n", "../x.AIE", "AQIDBAU." + "A" * 29, "A" * 129 + ".AIE"),
    ],
)
def test_what_is_none_is_asked_about_nowhere(text: str) -> None:
    assert serial_of(text) is None


def test_a_new_certificate_is_left_alone_for_hours() -> None:
    assert of_new(NOW) == Remembered(NOW, NOW + 6 * HOUR)


@pytest.mark.parametrize(
    ("told", "again"),
    [
        (None, NOW + HOUR),
        (NOW + 2 * HOUR, NOW + 2 * HOUR),
        (NOW - HOUR, NOW),
        (NOW + 99 * HOUR, NOW + 24 * HOUR),
    ],
)
def test_after_a_failure_the_advice_of_before_stays(told: datetime | None, again: datetime) -> None:
    before = Remembered(NOW - HOUR, NOW, NOW, NOW + HOUR, "https://x.example/")
    failed = after_failure(before, "x" * 501, told, NOW)
    assert failed == Remembered(NOW, again, NOW, NOW + HOUR, "https://x.example/", "x" * 500)
    assert after_failure(None, "no", told, NOW) == Remembered(NOW, again, problem="no")


def test_what_a_ca_said_is_forgotten_only_when_no_certificate_can_be_in_service_any_more() -> None:
    assert timedelta(days=397) < FORGET_AFTER == timedelta(days=400)
