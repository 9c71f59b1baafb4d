# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to tell between two looks: which states, each once, and no loop that buys."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import RenewalPolicy
from ansible_collections.inkan.tls.plugins.module_utils._core.watching import (
    MOST_AT_ONCE,
    Notice,
    Since,
    Told,
    dues_of,
    events,
    known_items,
    notices,
)

NOW = datetime(2026, 11, 20, 3, tzinfo=timezone.utc)
SINCE = Since(pending=NOW - timedelta(days=3), issued=NOW - timedelta(days=1))


def iso(**before: float) -> str:
    return (NOW - timedelta(**before)).strftime("%Y-%m-%dT%H:%M:%SZ")


def order(state: str, **changes: t.Any) -> dict[str, t.Any]:
    waiting = {"actor": "customer", "what": "approve", "by": None}
    return {"state": state, "reference": "ik-1", "created_at": iso(days=4), "waiting_for": waiting, **changes}


def issued(serial: str = "a1", **changes: t.Any) -> dict[str, t.Any]:
    dates = {"not_before": iso(days=60), "not_after": iso(days=-30), "obtained_at": iso(hours=1)}
    return {"state": "deployed", "reference": "ik-1", "serial": serial, "hosts_pending": [], **dates, **changes}


def due(code: str = "window_open") -> dict[str, t.Any]:
    return {"outcome": "due", "due": {"code": code, "reason": "its day has come", "kind": "renew", "at": iso()}}


def kinds(orders: dict[str, t.Any], planned: dict[str, t.Any] | None = None) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in notices(orders, planned or {}, SINCE)]


@pytest.mark.parametrize(
    ("one", "found"),
    [
        pytest.param(order("awaiting_approval"), ["pending"], id="open for four days"),
        pytest.param(order("needs_person"), ["pending"], id="a person has to decide"),
        pytest.param(order("wanted", created_at=iso(days=2)), [], id="open for two days"),
        pytest.param(order("wanted", created_at=None), [], id="not written yet"),
        pytest.param(order("refused"), [], id="ended"),
        pytest.param(issued(), ["issued"], id="issued an hour ago"),
        pytest.param(issued(obtained_at=iso(days=2)), [], id="issued before the look back"),
        pytest.param(issued(state="deploy_pending"), ["issued"], id="issued, and on no host yet"),
    ],
)
def test_a_state_of_an_order_is_told(one: dict[str, t.Any], found: list[str]) -> None:
    assert kinds({"shop": one}) == [(kind, "shop") for kind in found]


def test_who_is_due_is_what_the_plan_says() -> None:
    planned = {
        "shop": due(),
        "www": {"outcome": "not_due"},
        "new": due("no_certificate"),
        "bad": {"outcome": "refused"},
    }
    assert kinds({"shop": issued(obtained_at=iso(days=60))}, planned) == [("due", "shop"), ("due", "new")]


def test_an_event_holds_names_dates_and_words_of_ours_alone() -> None:
    secretive = order("awaiting_approval", options={"contact": {"address": "x"}}, wanted={"records": ["token"]})
    (event,) = events(notices({"shop": secretive}, {}, SINCE), {"ledger": "/l"})
    assert event == {
        "type": "pending",
        "names": ["shop"],
        "ledger": "/l",
        "certificates": [
            {
                "name": "shop",
                "state": "awaiting_approval",
                "reference": "ik-1",
                "created_at": iso(days=4),
                "actor": "customer",
                "what": "approve",
                "by": None,
            }
        ],
    }


def told(tale: Told, found: list[Notice], hours: float = 0) -> list[str]:
    return [one.name for one in tale.news(found, NOW + timedelta(hours=hours))]


def test_each_state_is_told_once_and_again_when_it_begins_anew() -> None:
    tale = Told()
    waiting, approved = (
        notices({"shop": order(state)}, {}, SINCE) for state in ("awaiting_approval", "validating")
    )  # fmt: skip
    assert told(tale, waiting) == ["shop"]
    assert told(tale, waiting, 1) == []
    assert told(tale, approved, 2) == ["shop"], "another state of the same order"
    assert told(tale, [], 3) == []
    assert told(tale, waiting, 4) == ["shop"]


def test_a_new_certificate_is_news() -> None:
    tale = Told()
    assert told(tale, notices({"shop": issued("a1")}, {}, SINCE)) == ["shop"]
    assert told(tale, notices({"shop": issued("b2")}, {}, SINCE)) == ["shop"]


def test_a_certificate_that_is_due_again_at_once_is_not_bought_with_every_look() -> None:
    """By a policy that finds each new certificate due: the day's run does no better, and a look comes each minute."""
    tale, told_at = Told(), []
    for hour in range(60):
        serial = f"{len(told_at):x}"  # each event led to another certificate
        if told(tale, notices({"shop": issued(serial, obtained_at=iso(days=9))}, {"shop": due()}, SINCE), hour):
            told_at.append(hour)
    assert told_at == [0, 24, 48]


def test_who_rests_is_told_later_if_it_still_holds() -> None:
    tale = Told()
    assert told(tale, notices({}, {"shop": due("window_open")}, SINCE)) == ["shop"]
    expired = notices({}, {"shop": due("expired")}, SINCE)
    assert [told(tale, expired, hours) for hours in (1, 23, 24, 25)] == [[], [], ["shop"], []]


def test_one_event_for_each_kind_and_not_for_a_whole_estate() -> None:
    many = {f"c{number}": order("wanted") for number in range(MOST_AT_ONCE + 1)}
    found = events(notices({**many, "x": issued()}, {"y": due()}, SINCE), {})
    assert [(one["type"], len(one["names"])) for one in found] == [
        ("due", 1),
        ("pending", MOST_AT_ONCE),
        ("pending", 1),
        ("issued", 1),
    ]


@pytest.mark.parametrize(("days", "outcome"), [(61, "due"), (59, "not_due")])
def test_without_declarations_the_validity_decides(days: int, outcome: str) -> None:
    """Two thirds of it are over, or not; by the one policy of the collection."""
    live = {"not_before": iso(days=days), "not_after": iso(days=days - 90), "serial": "a1", "dns_names": ["a.example"]}
    orders = {"shop": {"common_name": "a.example", "product": "acme", "ca_account": "le"}, "none": {}}
    (item,) = known_items(orders)
    found = dues_of([{**item, "live": live, "order": None}], RenewalPolicy(), NOW)
    assert found["shop"]["outcome"] == outcome
    assert dues_of([{**item, "live": None}], RenewalPolicy(), NOW) == {}, "what was never there was perhaps given up"
