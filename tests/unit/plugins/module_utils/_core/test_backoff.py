# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import (
    next_pause,
    parse_http_date,
    retry_after_seconds,
)

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone.utc)
THEN = datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "text, moment",
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", THEN),
        ("Sunday, 06-Nov-94 08:49:37 GMT", THEN),
        ("Sun Nov  6 08:49:37 1994", THEN),
        ("Saturday, 06-Nov-70 08:49:37 GMT", THEN.replace(year=2070)),
        ("Saturday, 06-Nov-77 08:49:37 GMT", THEN.replace(year=1977)),
        ("Sun, 06 Nov 1994 08:49:60 GMT", THEN.replace(second=59)),
        ("Sun, 31 Feb 1994 08:49:37 GMT", None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 JST", None),
        ("Sun, 06 Nov 1994 28:49:37 GMT", None),
        ("", None),
    ],
)
def test_http_dates_in_their_three_forms(text: str, moment: datetime | None) -> None:
    assert parse_http_date(text, now=NOW) == moment


@pytest.mark.parametrize(
    "value, date, seconds",
    [
        ("0", None, 0.0),
        (" 120 ", None, 120.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", None, 60.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", "Fri, 20 Nov 2026 12:00:50 GMT", 10.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", "nonsense", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", None, 0.0),
        ("99999999999999999999", None, 31 * 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None, 31 * 86400.0),
        ("1.5", None, None),
        ("-1", None, None),
        ("١٢", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, now=NOW, server_date=date) == seconds


def test_without_a_word_of_the_server_the_table_grows_and_then_stays() -> None:
    pauses = [next_pause(number, now=NOW, left=100).seconds for number in range(1, 10)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1], pauses[-2]) == (0.5, 30.0, 30.0)


def test_a_pause_is_never_shortened_but_told_not_to_fit() -> None:
    pause = next_pause(1, now=NOW, left=59, retry_after="60")
    assert (pause.seconds, pause.fits) == (60.0, False)
    assert pause.until == NOW.replace(minute=1)
    assert not next_pause(1, now=NOW, left=60.2, retry_after="60").fits, "no time for the answer"
    assert next_pause(1, now=NOW, left=61, retry_after="60").fits


def test_the_pauses_are_those_that_are_written_down_and_their_sum() -> None:
    """A restart is over in seconds, an overload in a minute."""
    pauses = [next_pause(number, now=NOW, left=100).seconds for number in range(1, 8)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0]
    assert sum(pauses) == 60.5
