# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bounds of a pause: the deadline, and the century of a date of two digits."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import next_pause, parse_http_date

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(("left", "fits"), [(9.9, False), (10.0, False), (10.4, False), (10.5, True)])
def test_a_pause_fits_only_where_time_for_an_answer_is_left_after_it(left: float, fits: bool) -> None:
    pause = next_pause(1, now=NOW, left=left, retry_after="10")
    assert (pause.seconds, pause.until, pause.fits) == (10.0, NOW + timedelta(seconds=10), fits)


def test_pauses_grow_and_then_stay_as_they_are() -> None:
    pauses = [next_pause(number, now=NOW, left=9999).seconds for number in range(1, 30)]
    assert pauses == sorted(pauses)
    assert len(set(pauses)) > 2
    assert pauses[-1] == pauses[-2]
    assert pauses[0] < pauses[1]


@pytest.mark.parametrize(("digits", "year"), [("76", 2076), ("77", 1977), ("00", 2000), ("26", 2026), ("99", 1999)])
def test_two_digits_are_at_most_fifty_years_ahead(digits: str, year: int) -> None:
    found = parse_http_date(f"Saturday, 06-Nov-{digits} 08:49:37 GMT", now=NOW)
    assert found is not None
    assert found.year == year
