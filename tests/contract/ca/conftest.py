# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CAs of the suite, and its matrix: all cells that were asked for are played side by side, for they mostly wait."""

from __future__ import annotations

import contextlib
import sys
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "real"))  # servers
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # lab and plays
sys.path.insert(0, str(Path(__file__).resolve().parent))

from fault_proxy import Tls
from harness import Bench, Harness
from harnesses import HARNESSES
from lab.lab import Lab
from matrix import MATRIX, render
from playing import Cell, Outcome, play
from servers.absent import skipped_if_absent
from servers.pki import Authority
from servers.process import Missing

#: They wait for answers, time limits and the CA's work more than they compute.
SIDE_BY_SIDE = 12
_OUTCOMES: dict[Cell, Outcome] = {}


class World:
    """One lab and what the harnesses need beside it, started when the first cell needs them."""

    def __init__(self, folder: Path, cells: t.Sequence[Cell], adapters: t.Collection[str]) -> None:
        self._folder = folder
        authority = Authority(folder / "pki")
        certificate, private_key = authority.server("fault-proxy")
        self.tls = Tls(str(certificate), str(private_key), str(authority.bundle))
        kinds = [kind for kind in HARNESSES if kind.name in adapters]
        self.lab = Lab(folder / "lab", web=(), vices=(), also={one for kind in kinds for one in kind.also})
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(self.lab)
        self._harnesses: dict[str, Harness | Missing] = {}
        for kind in kinds:
            try:
                self._harnesses[kind.name] = kind(Bench(self.lab, folder / kind.name, authority, self._stack))
            except Missing as missing:
                self._harnesses[kind.name] = missing
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE)
        self._played: dict[Cell, Future[Outcome]] = {
            cell: self._pool.submit(self._play, number, cell, harness)
            for number, cell in enumerate(cells)
            for harness in [self._harnesses[cell.adapter]]
            if not isinstance(harness, Missing)
        }

    def _play(self, number: int, cell: Cell, harness: Harness) -> Outcome:
        return play(cell, harness, self.tls, self._folder / "cells" / str(number))

    def harness(self, name: str) -> Harness:
        """Skips the test where its CA is not on this machine."""
        with skipped_if_absent():
            harness = self._harnesses[name]
            if isinstance(harness, Missing):
                raise harness
        return harness

    def outcome(self, cell: Cell) -> Outcome:
        self.harness(cell.adapter)
        return self._played[cell].result(300)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()


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
