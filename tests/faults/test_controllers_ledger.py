# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two, four and eight controllers at once on one ledger and one store: real processes, a CA that really issues.

They start together, sleep beyond their leases, and have clocks that differ by days. What counts is the CA's history.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.shard import Shard
from fleet import Fleet, Work
from lab import http_server
from lab.lab import Lab
from spread import spread
from tally import Invariant, Tally

AT_ONCE, ASLEEP, STORE = "controllers at once", "controllers asleep", "controllers on one store"
BUDGET, SHARDS = "budget of an account", "shards"
#: far beyond any lease of these runs
LONG = 86400.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with (
        pytest.MonkeyPatch.context() as patch,  # a connection that is held by who sleeps stays open, however long
        Lab(tmp_path_factory.mktemp("controllers") / "lab", web=(), vices=()) as lab,
    ):
        patch.setattr(http_server._Connection, "timeout", 3600)
        lab.digicert.limits.limits = ((1_000_000, 1.0),)
        yield lab
        assert lab.failures == []


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with Fleet(tmp_path_factory.mktemp("fleet")) as fleet:
        yield fleet


def clocks(count: int, kind: str) -> list[datetime | None]:
    """What each controller takes for the time."""
    now = datetime.now(timezone.utc)
    month_ends = now.replace(day=1, hour=14, minute=59, second=58, microsecond=0)  # 23:59:58 in Japan
    month_ends = (month_ends + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    jumps: dict[str, t.Iterable[datetime | None]] = {
        "right": [None],
        "forward": [None, now + timedelta(days=3)],
        "backward": [None, now - timedelta(days=3)],
        "month end": [month_ends, month_ends + timedelta(seconds=4)],
    }
    return list(itertools.islice(itertools.cycle(jumps[kind]), count))


def parts(names: t.Sequence[str], count: int, form: str) -> list[list[str]]:
    """What each controller works on: all of it, its shard, or a shard of another cut than its neighbour's."""
    if form == "all":
        return [list(names)] * count
    if form == "shards":
        return [[name for name in names if Shard(number, count).has(name)] for number in range(1, count + 1)]
    cuts = [count, max(count // 2, 1)]
    return [
        [name for name in names if Shard(number % cut + 1, cut).has(name)]
        for number, cut in zip(range(count), itertools.cycle(cuts), strict=False)
    ]


def side_by_side(work: Work, count: int, form: str, clock: str) -> None:
    shares = parts(work.names, count, form)
    times = clocks(count, clock)
    work.make_keys(1)
    for step in (work.order, work.ask):
        running = [step(share, now=now) for share, now in zip(shares, times, strict=True) if share]
        for controller in running:
            assert all(item["error"] is None or item["error"]["retryable"] for item in controller.items())
        work.publish()
    work.finish()
    work.must_be_consistent()


GRID = list(itertools.product((2, 4, 8), ("all", "shards", "shards cut differently"), ("right",))) + list(
    itertools.product((2, 4), ("all",), ("forward", "backward", "month end"))
)


@pytest.mark.parametrize(("count", "form", "clock"), spread(GRID, short=5))
def test_side_by_side_each_certificate_is_ordered_once(
    fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally, count: int, form: str, clock: str
) -> None:
    with tally.attack(Invariant.ONE_ORDER if clock == "right" else Invariant.ONE_CLOCK, AT_ONCE):
        side_by_side(Work(fleet, lab, tmp_path, 4), count, form, clock)


# -- asleep -----------------------------------------------------------------------------------------------------------


def overtaken(work: Work, place: str, defect: str = "") -> None:
    """A controller stops there until its lease has expired; another does the work; then the first one goes on."""
    work.make_keys(1)
    if place not in ("submit", "submitted"):
        work.order(work.names).items()
        work.publish()
    begin = work.order if place in ("submit", "submitted") else work.ask
    sleeper = begin(work.names, stop=place, asleep=LONG, defect=defect)
    sleeper.wait_until_stopped()
    early = work.order(work.names, defect=defect).items()
    assert [item["outcome"] for item in early] == ["busy"] * len(work.names), "the lease was not held"
    for step in (work.order, work.ask):
        items = step(work.names, ahead=LONG, defect=defect).items()
        assert all(item["outcome"] != "busy" for item in items), "the lease of the sleeper never ends"
        work.publish()
    before = _facts(work)
    sleeper.go_on()
    late = sleeper.items()
    assert work.orders_at_the_ca() == dict.fromkeys(work.names, 1), "bought twice"
    assert _facts(work) == before, "what came late was written"
    assert all(item["outcome"] == "busy" for item in late if item["changed"] or item["error"]), late
    work.finish()
    work.must_be_consistent()


def _facts(work: Work) -> list[t.Any]:
    from contextlib import closing
    from sqlite3 import connect

    with closing(connect(work.ledger)) as ledger:
        return ledger.execute("SELECT order_id, kind, data, times FROM facts ORDER BY id").fetchall()


PLACES = ("submit", "submitted", "ready_asked", "downloaded")


@pytest.mark.parametrize("place", PLACES)
def test_who_slept_beyond_its_lease_neither_buys_nor_writes(
    fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally, place: str
) -> None:
    with tally.attack(Invariant.ONE_ORDER, ASLEEP):
        overtaken(Work(fleet, lab, tmp_path, 1), place)


@pytest.mark.parametrize(
    ("defect", "place"),
    [
        ("fences are not checked", "downloaded"),
        ("a lease never expires", "submitted"),
        ("a lease expires at once", "submit"),
        ("a request is sent after its deadline", "submit"),
    ],
)
def test_the_attack_finds_leases_that_do_not_hold(
    fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally, defect: str, place: str
) -> None:
    with tally.seeded(ASLEEP, defect):
        overtaken(Work(fleet, lab, tmp_path, 1), place, defect)


def at_once_in_the_middle(work: Work, defect: str = "") -> None:
    """A controller is held up for a moment as its order leaves; the others come in just then."""
    work.make_keys(1)
    first = work.order(work.names, stop="submit", defect=defect)
    first.wait_until_stopped()
    others = [work.order(work.names, defect=defect) for _other in range(2)]
    for controller in others:
        controller.items()
    first.go_on()
    first.items()
    work.publish()
    work.finish()
    work.must_be_consistent()


def test_nobody_orders_what_another_is_ordering(fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally) -> None:
    with tally.attack(Invariant.ONE_ORDER, AT_ONCE):
        at_once_in_the_middle(Work(fleet, lab, tmp_path, 2))


def test_the_attack_finds_two_that_order_at_once(fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally) -> None:
    with tally.seeded(AT_ONCE, "a lease expires at once"):
        at_once_in_the_middle(Work(fleet, lab, tmp_path, 1), "a lease expires at once")


# -- one store --------------------------------------------------------------------------------------------------------


def on_one_store(work: Work, count: int, defect: str = "") -> None:
    told = work.make_keys(count, defect=defect)
    keys = {
        item["name"]: {one["public_key_sha256"] for said in told for one in said if one["name"] == item["name"]}
        for item in told[0]
    }
    assert all(len(found) == 1 for found in keys.values()), "two controllers were told of two keys"
    issued = work.finish()
    for said in work.deploy(count, issued):  # who waited too long for its neighbours comes again
        assert all(item["error"] is None or item["error"]["retryable"] for item in said), said
    for said in work.deploy(1, issued):
        assert [item["error"] for item in said] == [None] * len(work.names)
    work.keys_must_be_there()
    assert all((work.store / name / "live").exists() for name in work.names)
    work.must_be_consistent()


@pytest.mark.parametrize("count", spread((2, 4, 8), short=2))
def test_on_one_store_no_key_is_lost_and_every_pair_is_one(
    fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally, count: int
) -> None:
    with tally.attack(Invariant.LIVE_PAIR, STORE):
        on_one_store(Work(fleet, lab, tmp_path, 3), count)


def test_the_attack_finds_a_key_that_gives_way_to_another(fleet: Fleet, lab: Lab, tmp_path: Path, tally: Tally) -> None:
    with tally.seeded(STORE, "the staged key gives way to a new one"):
        on_one_store(Work(fleet, lab, tmp_path, 1), 2, "the staged key gives way to a new one")


# -- shards -----------------------------------------------------------------------------------------------------------

_SHARD = """
import json, sys
from ansible_collections.inkan.tls.plugins.module_utils._core.shard import Shard
names, number, count, seeded = json.loads(sys.argv[1])
if seeded:
    Shard.has = lambda self, name: hash(name) % self.of == self.number - 1
print(json.dumps([name for name in names if Shard(number, count).has(name)]))
"""


def shards_of_processes(count: int, seeded: bool = False) -> None:
    """Each shard is cut by an interpreter of its own, as on machines of their own."""
    from ansible_collections.inkan.tls.plugins.module_utils import _core

    names = [f"c{number}" for number in range(500)]
    above = Path(next(iter(_core.__path__))).parents[5]
    found: list[str] = []
    for number in range(1, count + 1):
        environment = {**os.environ, "PYTHONPATH": str(above), "PYTHONHASHSEED": str(number)}
        given = json.dumps([names, number, count, seeded])
        done = subprocess.run(
            [sys.executable, "-c", _SHARD, given], capture_output=True, text=True, env=environment, check=True
        )
        found += json.loads(done.stdout)
    assert sorted(found) == sorted(names), "a certificate is in no shard, or in two"


@pytest.mark.parametrize("count", [2, 4, 8])
def test_each_certificate_is_in_one_shard_whichever_process_cuts(tally: Tally, count: int) -> None:
    with tally.attack(Invariant.ONE_ORDER, SHARDS):
        shards_of_processes(count)


def test_the_attack_finds_shards_that_differ_between_runs(tally: Tally) -> None:
    with tally.seeded(SHARDS, "the hash differs between runs"):
        shards_of_processes(2, seeded=True)


# -- budgets ----------------------------------------------------------------------------------------------------------


def spent_together(fleet: Fleet, folder: Path, count: int, defect: str = "") -> None:
    """So many processes send as fast as they may: at no time more than the CA takes of one account."""
    requests, seconds = 12, 0.5
    params = {
        "limits": [[requests, seconds]],
        "customer": ["https://ca.example", "42"],
        "folder": str(folder / "accounts"),
        "requests": 24 // count,
    }
    running = [fleet.start("spender", params, defect=defect) for _controller in range(count)]
    sent = sorted(at for controller in running for at in controller.answer())
    assert len(sent) == 24
    worst = max(sum(begin <= at < begin + seconds for at in sent) for begin in sent)
    assert worst <= requests, f"{worst} requests within {seconds} s, the CA takes {requests}"


@pytest.mark.parametrize("count", [2, 4, 8])
def test_the_budget_of_an_account_holds_across_processes(
    fleet: Fleet, tmp_path: Path, tally: Tally, count: int
) -> None:
    with tally.attack(Invariant.ONE_ORDER, BUDGET):
        spent_together(fleet, tmp_path, count)


def test_the_attack_finds_a_budget_of_each_process(fleet: Fleet, tmp_path: Path, tally: Tally) -> None:
    with tally.seeded(BUDGET, "each process has a budget of its own"):
        spent_together(fleet, tmp_path, 4, "each process has a budget of its own")
