# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders_info and the advice of CAs (RFC 9773): who is asked, how often, and that no failure stops it."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import Advice
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InputCollector,
    InputError,
    InputErrors,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.live_input import read_live
from ansible_collections.inkan.tls.plugins.module_utils._module.orders_info import InfoTools
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import Playground, item

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
START, END = NOW + timedelta(days=10), NOW + timedelta(days=12)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits for advice")


class Oracle:
    """An adapter and its factory. cost: seconds that each question takes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[str] = []
        self.sessions = 0
        self.cost = 0.0
        self.answer: t.Any = Advice(START, END, "https://ca.example/why", 6 * 3600.0)

    def settings_errors(self, account: AccountConfig) -> list[str]:
        return ["wrong"] if account.settings.get("wrong") else []

    def open(self, account: AccountConfig, *, deadline: float) -> t.Any:
        if self.settings_errors(account):
            raise InputError(code="bad_account_settings", what="wrong")
        self.sessions += 1
        return self

    def renewal_advice(self, certificate_pem: str) -> Advice | None:
        self.asked.append(certificate_pem)
        self.clock.seconds += self.cost
        if isinstance(self.answer, Exception):
            raise self.answer  # pylint: disable=raising-non-exception
        return t.cast("Advice | None", self.answer)

    def renewal_advice_of(self, renewal_id: str) -> Advice | None:
        return self.renewal_advice(f"ID {renewal_id}")


@pytest.fixture
def ground(tmp_path: Path) -> Playground:
    found = Playground(tmp_path)
    found.play(item("a", visible=True, hosts=[]), item("b", visible=True, hosts=[]))
    return found


class Asking:
    def __init__(self, ground: Playground) -> None:
        self.ground = ground
        self.clock = Clock()
        self.oracle = Oracle(self.clock)
        self.live_advice: t.Any = None

    def __call__(self, *, check_mode: bool = False, settings: t.Any = None, **options: t.Any) -> list[dict[str, t.Any]]:
        accounts = {"ca": {"adapter": "oracle", "settings": settings or {}}}
        given = {"ledger_path": str(self.ground.ledger), "ca_accounts": accounts, **options}
        read = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(given)
        assert not read.error_messages
        tools = InfoTools(lambda _moved: self.clock, lambda _clock: {"oracle": t.cast(t.Any, self.oracle)})
        result = certificate_orders_info.run(read.validated_parameters, check_mode, tools)
        assert not result.changed
        told = result.extra.get("live_advice")
        self.live_advice = {one["name"]: one["advice"] for one in told} if told is not None else None
        return [one.as_data() for one in result.items]


@pytest.fixture
def asking(ground: Playground) -> Asking:
    return Asking(ground)


WINDOW = {
    "start": "2026-11-30T00:00:00Z",
    "end": "2026-12-02T00:00:00Z",
    "explanation_url": "https://ca.example/why",
}


def test_each_certificate_in_service_is_asked_about_in_one_session(asking: Asking) -> None:
    a, b = asking()
    assert (a["suggested_window"], b["suggested_window"]) == (WINDOW, WINDOW)
    assert (len(asking.oracle.asked), asking.oracle.sessions) == (2, 1)
    assert sorted(asking.oracle.asked) == sorted([a["certificate"], b["certificate"]])


def test_nobody_is_asked_again_before_the_ca_wants_it(asking: Asking) -> None:
    asking()
    asking.clock.seconds = 6 * 3600.0 - 1
    assert asking()[0]["suggested_window"] == WINDOW
    assert len(asking.oracle.asked) == 2
    asking.clock.seconds += 1
    asking.oracle.answer = Advice(NOW, NOW + timedelta(hours=1), "", 60.0)
    assert asking()[0]["suggested_window"]["start"] == "2026-11-20T00:00:00Z"
    assert len(asking.oracle.asked) == 4


def test_check_mode_asks_nobody_and_remembers_nothing(asking: Asking) -> None:
    assert [one["suggested_window"] for one in asking(check_mode=True)] == [None, None]
    assert asking.oracle.asked == []
    asking()
    assert asking(check_mode=True)[0]["suggested_window"] == WINDOW


def test_no_session_is_opened_where_nothing_is_to_be_asked(asking: Asking) -> None:
    asking()
    asking()
    assert asking.oracle.sessions == 1


FAILURES = [
    TransportError(code="no_connection", what="no way", sent=False),
    ProtocolError(code="acme_bad_answer", what="no JSON"),
    RefusedError(code="acme_rateLimited", what="later", retryable=True, retry_at=NOW + timedelta(hours=8)),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: one.code)
def test_a_failure_of_the_ca_keeps_what_was_known_and_spares_the_others(asking: Asking, failure: Exception) -> None:
    asking()
    asking.clock.seconds = 7 * 3600.0
    asking.oracle.answer = failure
    told = asking()
    assert [one["suggested_window"] for one in told] == [WINDOW, WINDOW]
    assert len(asking.oracle.asked) == 3, "the second one is not asked about while the CA cannot answer"
    assert sum(bool(one["advice"][0]["problem"]) for one in told) == 1
    asking()
    assert len(asking.oracle.asked) == 4, "the one that failed waits, the other has its turn"


def test_a_refusal_of_one_certificate_does_not_spare_the_others(asking: Asking) -> None:
    asking.oracle.answer = RefusedError(code="acme_not_found", what="no such certificate")
    told = asking()
    assert len(asking.oracle.asked) == 2
    assert [one["suggested_window"] for one in told] == [None, None]
    assert "no such certificate" in told[0]["advice"][0]["problem"]


def test_a_ca_that_gives_none_leaves_no_trace(asking: Asking) -> None:
    """A run with nothing to do writes nothing, whether the CA has this or not."""
    before = asking.ground.ledger.read_bytes()
    asking.oracle.answer = None
    assert [one["advice"] for one in asking()] == [[], []]
    assert asking.ground.ledger.read_bytes() == before


def test_what_a_ca_once_said_holds_no_more_when_it_gives_none(asking: Asking) -> None:
    assert asking()[0]["suggested_window"] == WINDOW
    asking.clock.seconds = 7 * 3600.0
    asking.oracle.answer = None
    assert asking()[0]["suggested_window"] is None


def test_the_deadline_ends_the_asking_and_the_rest_has_its_turn_next(asking: Asking) -> None:
    asking.oracle.cost = 15.0
    asking(deadline=10.0)
    asking.oracle.cost = 0.0
    asking(deadline=10.0)
    assert len(set(asking.oracle.asked)) == len(asking.oracle.asked) == 2


@pytest.mark.parametrize("settings", [{"wrong": True}], ids=["settings that orders will tell about"])
def test_an_account_that_cannot_be_used_is_not_asked(asking: Asking, settings: t.Any) -> None:
    assert len(asking(settings=settings)) == 2
    assert asking.oracle.asked == []


def test_a_moved_clock_asks_no_real_ca(asking: Asking) -> None:
    asking(now="2026-11-20T00:00:00Z", settings={"directory": "https://ca.example/dir"})
    assert asking.oracle.asked == []
    asking(now="2026-11-20T00:00:00Z", settings={"directory": "https://127.0.0.1:14000/dir"})
    assert len(asking.oracle.asked) == 2


def test_an_adapter_without_advice_is_left_alone(ground: Playground) -> None:
    asking = Asking(ground)
    asking.oracle = t.cast(
        Oracle, type("Plain", (), {"settings_errors": lambda *_a: [], "open": lambda *_a, **_b: 7})()
    )
    assert [one["suggested_window"] for one in asking()] == [None, None]


def test_a_revoked_certificate_is_not_asked_about(asking: Asking) -> None:
    asking.ground.play({"name": "a"}, state="revoked")
    asking()
    assert len(asking.oracle.asked) == 1


def test_what_was_remembered_under_a_later_clock_does_not_silence_anybody(asking: Asking) -> None:
    asking.clock.seconds = 300 * 86400.0
    asking.oracle.answer = None
    asking()
    asked = len(asking.oracle.asked)
    asking.clock.seconds = 0.0
    asking()
    assert len(asking.oracle.asked) == asked + 2


# --- what the ledger does not know ---


def test_who_names_no_live_certificate_is_told_of_none(asking: Asking) -> None:
    asking()
    assert asking.live_advice is None


def live(name: str, serial: int = 0xB1, /, **more: str) -> dict[str, str]:
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    identifier = "AQIDBAU." + base64.urlsafe_b64encode(octets).decode().rstrip("=")
    ends = "2027-01-01T00:00:00Z"
    return {"name": name, "ca_account": "ca", "renewal_id": identifier, "not_after": ends, **more}


def of_hosts(asking: Asking) -> list[str]:
    return [one for one in asking.oracle.asked if one.startswith("ID ")]


def test_what_an_empty_ledger_does_not_know_is_asked_about_and_remembered(asking: Asking) -> None:
    assert len(asking(live=[live("lost"), live("a")])) == 2, "no order comes of it"
    assert of_hosts(asking) == ["ID AQIDBAU.ALE"] * 2, "under its own name, and under a name with another certificate"
    assert set(asking.live_advice) == {"lost", "a"}
    (told,) = asking.live_advice["lost"]
    assert told == {
        "serial": "b1",
        "suggested_window": WINDOW,
        "asked_at": "2026-11-20T00:00:00Z",
        "ask_again_at": "2026-11-20T06:00:00Z",
        "problem": None,
    }
    asking(live=[live("lost"), live("a")])
    assert (len(of_hosts(asking)), asking.live_advice["lost"]) == (2, [told])


def test_what_the_ledger_knows_is_asked_about_as_its_own(asking: Asking) -> None:
    known = {one["name"]: int(one["serial"], 16) for one in asking()}
    asking(live=[live(name, serial) for name, serial in known.items()])
    assert len(asking.oracle.asked) == 2 and of_hosts(asking) == [] and asking.live_advice == {}


def test_what_the_ledger_has_settled_long_since_is_still_known_to_it(asking: Asking) -> None:
    (first,) = (one for one in asking(check_mode=True) if one["name"] == "a")
    asking.ground.play(item("a", "key2", visible=True, hosts=[]))
    with contextlib.closing(sqlite3.connect(asking.ground.ledger, isolation_level=None)) as ledger:
        ledger.execute("UPDATE orders SET settled = 1 WHERE id = (SELECT min(id) FROM orders WHERE name = 'a')")
    (now,) = (one for one in asking(check_mode=True, history=False) if one["name"] == "a")
    assert now["serial"] != first["serial"]
    asking(live=[live("a", int(first["serial"], 16))])
    assert of_hosts(asking) == []


def test_nobody_is_asked_about_what_has_ended_nor_for_accounts_of_others(asking: Asking) -> None:
    asking(live=[live("lost", not_after="2026-11-20T00:00:00Z"), live("moved", ca_account="other")])
    assert of_hosts(asking) == []


def test_of_some_names_only_those_are_asked_about(asking: Asking) -> None:
    asking(names=["a", "lost"], live=[live("lost"), live("b")])
    assert len(of_hosts(asking)) == 1 and set(asking.live_advice) == {"lost"}


def test_check_mode_asks_nobody_about_a_host_either(asking: Asking) -> None:
    asking(live=[live("lost")], check_mode=True)
    assert (asking.oracle.asked, asking.live_advice) == ([], {})


def test_without_a_ledger_that_would_remember_nobody_is_asked(asking: Asking, tmp_path: Path) -> None:
    elsewhere = tmp_path / "none" / "ledger.sqlite3"
    assert asking(live=[live("lost")], ledger_path=str(elsewhere)) == []
    assert (asking.oracle.asked, asking.live_advice, elsewhere.parent.exists()) == ([], {}, False)


def test_the_ledgers_own_come_first_and_the_deadline_holds_for_all(asking: Asking) -> None:
    asking.oracle.cost = 4.0
    asking(live=[live(f"x{number}", number) for number in range(1, 9)], deadline=10.0)
    assert (len(asking.oracle.asked), len(of_hosts(asking)), asking.oracle.sessions) == (3, 1, 1)
    asking(live=[live(f"x{number}", number) for number in range(1, 9)], deadline=10.0)
    assert len(set(of_hosts(asking))) == len(of_hosts(asking)) == 4, "the rest has its turn"


def test_a_certificate_of_another_ca_is_asked_about_once_a_day(asking: Asking) -> None:
    asking()
    asking.oracle.answer = RefusedError(code="acme_not_found", what="no such certificate")
    asking.clock.seconds = 60.0
    asking(live=[live("x", 1), live("y", 2)])
    assert len(of_hosts(asking)) == 2, "a refusal is of the one certificate"
    assert "no such certificate" in asking.live_advice["x"][0]["problem"]
    asking.clock.seconds += 86399.0
    asking(live=[live("x", 1), live("y", 2)])
    assert len(of_hosts(asking)) == 2
    asking.clock.seconds += 1.0
    asking(live=[live("x", 1), live("y", 2)])
    assert len(of_hosts(asking)) == 4


@pytest.mark.parametrize(("failure", "questions"), [(FAILURES[0], 1), (FAILURES[1], 5), (FAILURES[2], 1)])
def test_a_ca_that_cannot_answer_is_not_asked_on_and_on(asking: Asking, failure: Exception, questions: int) -> None:
    asking()
    asking.oracle.answer = failure
    asking(live=[live(f"x{number}", number) for number in range(1, 9)])
    assert len(of_hosts(asking)) == questions


@pytest.mark.parametrize(
    "wrong",
    [{"renewal_id": "../x.AIE"}, {"not_after": "soon"}, {"name": "A/B"}],
    ids=["no identifier", "no time", "no name"],
)
def test_what_is_no_certificate_of_a_host_is_refused(asking: Asking, wrong: dict[str, str]) -> None:
    with pytest.raises(InputErrors) as caught:
        asking(live=[live("x", **wrong)])
    assert [one.code for one in caught.value.errors] == ["bad_value"] and asking.oracle.asked == []


@pytest.mark.parametrize("raw", [7, {}, {"name": "x"}, {**live("x"), "renewal_id": 7}])
def test_a_list_that_no_module_has_looked_at_is_looked_at(raw: t.Any) -> None:
    """As the action hands it on, where it came as one text."""
    errors = InputCollector()
    assert read_live([raw, live("y")], errors)[0].name == "y"
    with pytest.raises(InputErrors):
        errors.refuse()
