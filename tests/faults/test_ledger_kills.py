# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders killed (SIGKILL) at every place where it matters, then run again.

The CA keeps its orders in a file, so it outlives the process as a real one does. Whatever the moment, the second run
must end with exactly one order at the CA, or, where the CA cannot be asked, with a person.
"""

from __future__ import annotations

import os
import signal
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._module.order_acts import Acts
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    HostileCa,
    Playground,
    ask,
    item,
)
from ledger_writes import Sabotage, after_writing, before_writing, die, while_writing
from tally import Invariant, Tally

HARNESS = "ledger kills, hostile CA"


def before_the_request(verb: str) -> Sabotage:
    """The intent is on the disk, nothing was sent."""
    return lambda ground, _patch: ground.ca.fault(verb, lambda _effect: die())


def after_the_effect(verb: str) -> Sabotage:
    """The CA has done it, the answer was not read."""

    def fault(effect: t.Callable[[], t.Any]) -> t.Any:
        effect()
        die()

    return lambda ground, _patch: ground.ca.fault(verb, fault)


MOMENTS: dict[str, Sabotage] = {
    "the intent is half in the ledger": while_writing(Kind.SUBMIT_INTENDED),
    "the intent to submit is written": before_the_request("submit"),
    "the order is sent, its answer unread": after_the_effect("submit"),
    "the answer is read, the order not in the ledger": before_writing(Kind.SUBMITTED),
    "the order is half in the ledger": while_writing(Kind.SUBMITTED),
    "the order is in the ledger": after_writing(Kind.SUBMITTED),
    "the intent to ask is written": before_the_request("ready"),
    "the CA was asked to look, its answer unread": after_the_effect("ready"),
    "asked, and not in the ledger": before_writing(Kind.READY_ASKED),
    "polling": before_the_request("look"),
    "the certificate is asked for": after_the_effect("download"),
    "the certificate is read, not in the ledger": before_writing(Kind.DOWNLOADED),
    "the certificate is half in the ledger": while_writing(Kind.DOWNLOADED),
    "the certificate is in the ledger": after_writing(Kind.DOWNLOADED),
}


def play_and_be_killed(ground: Playground, sabotage: Sabotage, *certificates: dict[str, t.Any]) -> None:
    child = os.fork()
    if child == 0:
        sabotage(ground, pytest.MonkeyPatch())
        try:
            ground.play(*certificates)
        finally:
            os._exit(3)  # reached only if nobody was killed
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the sabotage never struck"
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture
def ground(tmp_path: Path) -> Playground:
    return Playground(tmp_path, ca=HostileCa(path=tmp_path / "orders.json"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_then_run_again_there_is_one_order(ground: Playground, tally: Tally, moment: str) -> None:
    with tally.attack(Invariant.ONE_ORDER, HARNESS):
        killed_then_run_again(ground, moment)


def killed_then_run_again(ground: Playground, moment: str) -> None:
    play_and_be_killed(ground, MOMENTS[moment], item(visible=True))
    result = ground.one(item(visible=True))
    assert (result["outcome"], result["state"], result["error"]) == ("issued", "deploy_pending", None)
    assert len(ground.ca.orders) == 1
    assert ground.one(item())["changed"] is False


def test_the_kill_finds_a_ca_that_is_not_asked(
    ground: Playground, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(self: Acts, _work: t.Any) -> list[Fact]:
        return [Fact(Kind.SUBMIT_ABSENT, self._clock.now(), by="ca")]

    monkeypatch.setattr(Acts, "find", find)
    with tally.seeded(HARNESS, "the CA is not asked about a lost order"):
        killed_then_run_again(ground, "the order is sent, its answer unread")


@pytest.mark.parametrize("moment", [moment for moment in MOMENTS if "order" in moment or "intent" in moment])
def test_killed_within_a_batch_there_is_one_order_each(ground: Playground, tally: Tally, moment: str) -> None:
    names = [f"c{number}" for number in range(5)]
    with tally.attack(Invariant.ONE_ORDER, HARNESS):
        play_and_be_killed(ground, MOMENTS[moment], *(item(name, visible=True) for name in names))
        result = ground.play(*(item(name, visible=True) for name in names))
        assert {one.outcome for one in result.items} == {"issued"}
        assert sorted(ground.ca.names_ordered()) == [f"{name}.example.jp" for name in names]


@pytest.mark.parametrize("moment", [moment for moment in MOMENTS if "order" in moment or "submit" in moment])
def test_where_the_ca_cannot_be_asked_nothing_is_ordered_twice(ground: Playground, tally: Tally, moment: str) -> None:
    with tally.attack(Invariant.ONE_ORDER, HARNESS):
        nothing_is_ordered_twice(ground, moment)


def nothing_is_ordered_twice(ground: Playground, moment: str) -> None:
    ground.ca.finding = Finding.IMPOSSIBLE
    play_and_be_killed(ground, MOMENTS[moment], item())
    at_the_ca = len(ground.ca.orders)
    result = ground.one(item(), until="wanted")
    assert len(ground.ca.orders) == at_the_ca
    if "is in the ledger" not in moment:
        assert (result["outcome"], result["problem"]["code"]) == ("needs_person", "order_lost")
        again = ground.one(item(resolve="resubmit"), until="wanted")
        assert again["outcome"] == "submitted"
    assert ground.one(ask())["outcome"] == "issued"


def test_where_the_ca_cannot_be_asked_a_kill_costs_a_person_one_answer_not_many(
    ground: Playground, tally: Tally
) -> None:
    ground.ca.finding = Finding.IMPOSSIBLE
    names = [f"c{number}" for number in range(5)]
    with tally.attack(Invariant.ONE_ORDER, HARNESS):
        play_and_be_killed(ground, after_the_effect("submit"), *(item(name) for name in names))
        result = ground.play(*(item(name) for name in names), until="wanted")
        assert [one.outcome for one in result.items].count("needs_person") == 1
        assert len(ground.ca.orders) == 5


def test_a_kill_while_cancelling_is_followed_by_a_cancellation(ground: Playground, tally: Tally) -> None:
    ground.one(item(), until="wanted")
    other = item(dns_names=["other.example.jp"], word="key2")
    with tally.attack(Invariant.ONE_ORDER, HARNESS):
        play_and_be_killed(ground, after_the_effect("cancel"), other)
        assert ground.one(other, until="wanted")["outcome"] == "submitted"
        assert [order["status"] for order in ground.ca.orders.values()] == ["cancelled", "wants_validation"]


def test_the_ledger_of_a_killed_run_can_be_read_in_check_mode(ground: Playground, tally: Tally) -> None:
    play_and_be_killed(ground, while_writing(Kind.SUBMITTED), item())
    files = {path.name: path.read_bytes() for path in ground.ledger.parent.iterdir()}
    with tally.attack(Invariant.CHECK_MODE, HARNESS):
        data = ground.one(item(), check_mode=True)
        assert (data["state"], data["changed"]) == ("intended", True)
        assert {path.name: path.read_bytes() for path in ground.ledger.parent.iterdir()} == files
