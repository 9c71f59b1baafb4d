# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The crash grid of the ledger host: every adapter × method × door × {before, after}, by SIGKILL and by a power cut.

A run dies there and is run again. Then the CA has one order by its own history, the certificate is issued for our key,
records and files are gone, and one more run changes nothing; where the CA cannot be asked, a person is, and nothing is
sent a second time. ``crash_player`` says what a door is, ``power_cut`` what a cut leaves.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract" / "ca"))  # harnesses
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract" / "portal"))  # a seller's desk

from crash_world import WAYS, Case, Point, Way, World
from power_cut import LOSSES, can_record
from spread import spread
from tally import Invariant, Tally

SIDE_BY_SIDE = 6
GRID, CUTS, SLEEP = "crash grid", "power cut grid", "overtaken runs"
LOST = "nothing unsynced"
LOSSED = tuple(word for word in LOSSES if word != "everything")
SEEN_AFTER_THE_SUBMIT = (
    "the intent is written after the submit",
    "the outcome is forgotten",
    "the CA is not asked about a lost order",
    "tokens are forgotten",
)
needs_strace = pytest.mark.skipif(not can_record(), reason="strace is not installed (scripts/packages)")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    with contextlib.ExitStack() as stack:
        world = World(tmp_path_factory.mktemp("crash"), stack, SIDE_BY_SIDE)
        yield world
        assert world.lab.failures == []


class Doors:
    """Of runs that nobody disturbs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, bool], list[str]] = {}

    def __call__(self, way: Way, *, used: bool = False) -> list[str]:
        if (str(way), used) not in self._known:
            if used:
                self(way)
            case = Case(self._world, way)
            assert case.run(Point(0, "", used=used))
            assert case.said["state"] == "issued", case.said["error"] or case.said["problem"]
            assert case.orders() == 1 and not case.left()
            self._known[str(way), used] = case.doors
            self._world.used.setdefault(str(way), case.host / "ledger")
        return self._known[str(way), used]


@pytest.fixture(scope="module")
def doors(world: World) -> Doors:
    return Doors(world)


def attacked(world: World, tally: Tally, harness: str, way: Way, points: t.Sequence[Point]) -> None:
    """All of them, side by side, for they mostly wait."""

    def attack(point: Point) -> None:
        with tally.attack(Invariant.ONE_ORDER, harness):
            struck(world, way, point)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(attack, points))


def struck(world: World, way: Way, point: Point, defect: str = "") -> None:
    """A run that polls less often has fewer doors: then it is the last of them that counts."""
    try:
        while not died(world, way, point, defect):
            assert point.at > 1, "nobody ever dies"
            point = point._replace(at=point.at - 1)
    except AssertionError as error:
        error.add_note(f"{way}: {point}")
        raise


def died(world: World, way: Way, point: Point, defect: str) -> bool:
    with contextlib.closing(Case(world, way, defect)) as case:
        return case.attack(point)


def by_kind(doors: t.Sequence[str], point: Point, *kinds: str) -> list[Point]:
    """The point at each door of these kinds."""
    return [
        point._replace(at=at, kind=kind)
        for kind in kinds
        for at in range(1, sum(door.startswith(kind) for door in doors) + 1)
    ]


WAY = {str(way): way for way in WAYS}


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_killed_at_any_door(world: World, tally: Tally, doors: Doors, way: Way) -> None:
    points = [
        Point(at, side)
        for at, door in enumerate(doors(way), 1)
        for side in ("before", "after")
        if (door, side) != ("ledger commit", "after")  # nothing lies between: the next door is the way out
    ]
    attacked(world, tally, f"{GRID}, {way.adapter}", way, spread(points, short=3))


@needs_strace
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_power_cut_after_any_door(world: World, tally: Tally, doors: Doors, way: Way) -> None:
    """What was unsynced is lost, each time in another way; after what the CA did and after a transaction all of it."""
    ways = itertools.cycle(LOSSED)
    points = [Point(at, "after", next(ways)) for at in range(1, len(doors(way)) + 1)]
    used = doors(way, used=True)
    points += by_kind(used, Point(0, "after", LOST, used=True), "http POST", "ledger end")
    attacked(world, tally, CUTS, way, spread(points, short=2))


@pytest.mark.parametrize(
    "way", ["acme-dns-01", "digicert-dns", "globalsign_atlas-dns", "globalsign_gcc-dns", "rest-dns"]
)
def test_a_run_that_sleeps_until_another_has_done_its_work_does_nothing_more(
    world: World, tally: Tally, doors: Doors, way: str
) -> None:
    points = by_kind(doors(WAY[way]), Point(0, "pause"), "ledger end", "http GET")
    attacked(world, tally, SLEEP, WAY[way], spread(points, short=4))


#: harness, way, defect, and the doors where it must show
SEEDED = (
    *((f"{GRID}, rest", "rest-dns", defect, "http POST") for defect in SEEN_AFTER_THE_SUBMIT),
    *((f"{GRID}, digicert", "digicert-dns", defect, "http POST") for defect in SEEN_AFTER_THE_SUBMIT),
    *((f"{GRID}, globalsign_gcc", "globalsign_gcc-dns", defect, "http POST") for defect in SEEN_AFTER_THE_SUBMIT),
    (f"{GRID}, globalsign_atlas", "globalsign_atlas-dns", "the CA is not asked about a lost order", "http POST"),
    (f"{GRID}, globalsign_atlas", "globalsign_atlas-dns", "tokens are forgotten", "http POST"),
    (f"{GRID}, acme", "acme-dns-01", "the outcome is forgotten", "http POST"),
    (f"{GRID}, acme", "acme-http-01", "tokens are forgotten", "file rename"),
    (f"{GRID}, portal", "portal-file", "the outcome is forgotten", "ledger end"),
    (f"{GRID}, portal", "portal-file", "tokens are forgotten", "file rename"),
    (CUTS, "rest-dns", "synchronous=OFF", "http POST"),
    (CUTS, "rest-dns", "synchronous=FULL", "http POST"),
    (SLEEP, "rest-dns", "leases without fence", "ledger end"),
    (SLEEP, "globalsign_atlas-dns", "a submit asks for its lease at its beginning only", "http GET"),
)


@pytest.mark.parametrize(("harness", "way", "defect", "door"), SEEDED, ids=lambda value: value.replace(" ", "-"))
def test_the_grid_finds(
    world: World, tally: Tally, doors: Doors, harness: str, way: str, defect: str, door: str
) -> None:
    if harness == CUTS and not can_record():
        pytest.skip("strace is not installed (scripts/packages)")
    side, loss = ("pause", "") if harness == SLEEP else ("after", LOST if harness == CUTS else "")
    used = harness == CUTS
    points = by_kind(doors(WAY[way], used=used), Point(0, side, loss, used), door)
    with tally.seeded(harness, defect):
        for point in points:
            struck(world, WAY[way], point, defect)
