# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CAs of the suite, and its matrix: all cells that were asked for are played side by side, for they mostly wait."""

from __future__ import annotations

import os
import sys
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "real"))  # servers
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # lab and plays
sys.path.insert(0, str(Path(__file__).resolve().parent))

from fault_proxy import Tls
from harness import AcmeHarness, DigicertHarness, Harness, RestHarness
from lab.lab import Lab
from matrix import MATRIX, render
from playing import Cell, Outcome, play
from servers.pebble import Pebble
from servers.pki import Authority
from servers.process import Missing, program

#: They wait for answers, time limits and the CA's work more than they compute.
SIDE_BY_SIDE = 12
_OUTCOMES: dict[Cell, Outcome] = {}


class World:
    """One lab, one Pebble, started when the first cell needs them."""

    def __init__(self, folder: Path, cells: t.Sequence[Cell], adapters: t.Collection[str]) -> None:
        self._folder = folder
        authority = Authority(folder / "pki")
        certificate, private_key = authority.server("fault-proxy")
        self.tls = Tls(str(certificate), str(private_key), str(authority.bundle))
        self.lab = Lab(folder / "lab", web=(), vices=())
        self.lab.__enter__()
        self._pebble: Pebble | None = None
        self.lab.digicert.limits.limits = ((1_000_000, 1.0),)  # all cells share its key
        self.harnesses: dict[str, Harness] = {
            "rest": RestHarness(self.lab),
            "digicert": DigicertHarness(self.lab),
        }
        if "acme" in adapters and has_pebble():
            dns = self.lab.facts()["dns"]
            self._pebble = Pebble(folder / "pebble", f"{dns['servers'][0]}:{dns['port']}", 1, authority=authority)
            self._pebble.__enter__()
            self.harnesses["acme"] = AcmeHarness(self.lab, self._pebble)
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._played: dict[Cell, Future[Outcome]] = {
            cell: self._pool.submit(self._play, number, cell)
            for number, cell in enumerate(cells)
            if cell.adapter in self.harnesses
        }

    def _play(self, number: int, cell: Cell) -> Outcome:
        return play(cell, self.harnesses[cell.adapter], self.tls, self._folder / "cells" / str(number))

    def outcome(self, cell: Cell) -> Outcome:
        return self._played[cell].result(300)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._pebble is not None:
            self._pebble.__exit__(None, None, None)
        self.lab.__exit__(None, None, None)


def has_pebble() -> bool:
    try:
        program("pebble", "pebble")
    except Missing:
        return False
    return True


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    params = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    cells = [one["cell"] for one in params if isinstance(one.get("cell"), Cell)]
    adapters = {cell.adapter for cell in cells} | {getattr(one.get("harness"), "name", "") for one in params}
    world = World(tmp_path_factory.mktemp("contract"), cells, adapters)
    yield world
    world.close()
    assert world.lab.failures == []


@pytest.fixture
def outcome(world: World, cell: Cell) -> Outcome:
    if cell.adapter == "acme" and not has_pebble():
        missing = "pebble is not installed: apt-get install --no-install-recommends pebble"
        if os.environ.get("REQUIRE_REAL", "") not in ("", "0"):
            pytest.fail(f"{missing} (REQUIRE_REAL=1)", pytrace=False)
        pytest.skip(missing)
    try:
        found = world.outcome(cell)
    except Exception as broken:
        _OUTCOMES[cell] = Outcome(0, "", (f"{type(broken).__name__}: {broken}",))
        raise
    _OUTCOMES[cell] = found
    return found


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    if _OUTCOMES:
        text = render({cell: outcome.word for cell, outcome in _OUTCOMES.items()})
        MATRIX.parent.mkdir(parents=True, exist_ok=True)
        MATRIX.write_text(text, "utf-8")
        terminalreporter.write_line(text)
