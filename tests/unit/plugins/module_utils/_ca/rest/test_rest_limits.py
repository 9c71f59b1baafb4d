# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a seller wants to be asked: its own budget, and every way in which it asks for patience."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestAdapter, RestFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.told import seconds_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import DeadlineError, RefusedError, TransportError
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    BASE,
    KEY,
    NOW,
    NUMBER,
    Answer,
    FakeClock,
    Script,
    answer,
    described,
    error,
    request,
)

LOOK = f"GET /orders/{NUMBER}"
DATE = "Mon, 22 Jun 2026 03:00:00 GMT"


class Seller:
    """An account whose requests are counted in a file of this folder."""

    def __init__(self, folder: Path, limits: dict[str, t.Any], deadline: float = 60.0) -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock, BASE)
        settings = {"url": BASE, "description": described(limits=limits)}
        config = AccountConfig("labssl", "rest", settings, {"api_key": KEY}, str(folder / "accounts" / "labssl"))
        factory = RestFactory(clock=self.clock, http=lambda _settings: self.http)
        self.adapter: RestAdapter = factory.open(config, deadline=deadline)

    def look(self) -> t.Any:
        return self.adapter.look(NUMBER, request())


BUDGET = [{"requests": 2, "seconds": 10}]


def test_requests_wait_for_their_turn(tmp_path: Path) -> None:
    seller = Seller(tmp_path, {"budget": BUDGET})
    seller.http.on(LOOK, answer("waiting_dns"))
    for _look in range(3):
        seller.look()
    assert seller.clock.slept == [10.5], "and half a second more, for on their way requests come closer together"
    assert [path.name.startswith(".budget-") for path in (tmp_path / "accounts").iterdir()] == [True]
    assert KEY not in "".join(path.name for path in (tmp_path / "accounts").iterdir())


def test_who_has_no_time_for_his_turn_sends_nothing(tmp_path: Path) -> None:
    seller = Seller(tmp_path, {"budget": BUDGET}, deadline=5)
    seller.http.on(LOOK, answer("waiting_dns")).on("POST /orders", answer("received"))
    seller.look()
    seller.look()
    with pytest.raises(DeadlineError) as caught:
        seller.look()
    assert caught.value.code == "rest_no_turn" and caught.value.retry_at is not None
    with pytest.raises(TransportError) as lost:
        seller.adapter.submit(request())
    assert lost.value.sent is False
    assert seller.http.lines() == [LOOK, LOOK]


WAYS: list[tuple[dict[str, t.Any], Answer]] = [
    ({}, error(429, "too_many_requests", **{"retry-after": "7"})),
    ({"reset": "X-Reset"}, error(429, "too_many_requests", **{"x-reset": "7"})),
    ({"reset": "X-Reset"}, error(429, "too_many_requests", **{"x-reset": str(int(NOW.timestamp()) + 7), "date": DATE})),
    ({"reset": "X-Reset"}, error(429, "too_many_requests", **{"x-reset": "Mon, 22 Jun 2026 03:00:07 GMT"})),
    ({"wait": "error.seconds"}, Answer(429, {"error": {"code": "too_many_requests", "seconds": 7}})),
    ({"wait": "error.seconds"}, Answer(200, {"error": {"code": "too_many_requests", "seconds": "7"}})),
]


@pytest.mark.parametrize(("limits", "answered"), WAYS)
def test_patience_is_read_wherever_it_is_asked_for(limits: dict[str, t.Any], answered: Answer, tmp_path: Path) -> None:
    seller = Seller(tmp_path, {"budget": [{"requests": 100, "seconds": 1}], **limits})
    settings = described(limits={"budget": BUDGET, **limits}, errors__when="error")
    assert read_description(settings)[1] == []
    if answered.status == 200:
        seller = Seller(tmp_path, limits)
        answered = answered._replace(status=503)
    seller.http.on(LOOK, answered, answer("waiting_dns"))
    with pytest.raises(RefusedError) as caught:
        seller.look()
    assert caught.value.retryable and caught.value.retry_at is not None
    assert (caught.value.retry_at - NOW).total_seconds() == pytest.approx(7)
    seller.look()  # everybody with this account waits, where requests are counted
    assert seller.clock.slept == ([pytest.approx(7)] if answered.status == 429 else [])


def test_the_last_request_of_a_window_is_followed_by_a_pause(tmp_path: Path) -> None:
    limits = {"budget": [{"requests": 100, "seconds": 1}], "remaining": "X-Left", "reset": "X-Reset"}
    seller = Seller(tmp_path, limits)
    left = [{"x-left": "1", "x-reset": "30"}, {"x-left": "0", "x-reset": "30"}, {"x-left": "5", "x-reset": "1"}]
    seller.http.on(LOOK, *(Answer(200, answer("waiting_dns").body, one) for one in left))
    for _look in range(3):
        seller.look()
    assert seller.clock.slept == [pytest.approx(30)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        ("99999999", 7 * 86400.0),
        (str(int(NOW.timestamp()) + 60), 60.0),
        (str(int(NOW.timestamp()) - 60), 0.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("-1", None),
        ("nan", None),
    ],
)
def test_numbers_and_instants(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text, NOW, DATE) == seconds


def test_an_instant_is_one_of_the_sellers_clock() -> None:
    hour_ahead = "Mon, 22 Jun 2026 04:00:00 GMT"
    assert seconds_of(str(int(NOW.timestamp()) + 3660), NOW, hour_ahead) == 60.0


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"budget": 5}, "stands where a list is needed"),
        ({"budget": [{"requests": 5}]}, "seconds is missing"),
        ({"budget": [{"requests": 0, "seconds": 1}]}, "from 1 to"),
        ({"remaining": "X-Left"}, "reset is missing"),
        ({"reset": "X Reset"}, "no name of a header"),
        ({"requests": 5}, "Write budget"),
        ({"wait": "$.x"}, "looks like JSONPath"),
    ],
)
def test_a_mistake_in_limits_is_told(limits: t.Any, why: str) -> None:
    assert any(why in sentence for sentence in read_description(described(limits=limits))[1])
