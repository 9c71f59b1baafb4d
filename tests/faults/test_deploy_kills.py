# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is written on a host, killed before, within and after every file operation; then run again.

An observer in a process of its own looks at live pairs and at the modes of keys all the while, and after every kill.
"""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest
from deploy_scenes import SCENES, Scene, digest
from module_process import Ended, Seed, Strike, run_module, strikes
from observer import Observer
from spread import spread
from tally import Invariant, Tally
from web_service import WebService

HARNESS = "crash grid, deploy"
_SHORT = 5  # kill points of a scene in the short form


@pytest.fixture(scope="module")
def observer() -> t.Iterator[Observer]:
    with Observer() as observer:
        yield observer


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[WebService]:
    with WebService(tmp_path_factory.mktemp("web") / "service") as web:
        yield web


class Stage:
    """Copies of a scene, one after the other, each attacked once."""

    def __init__(self, scene: Scene, folder: Path, observer: Observer, web: WebService) -> None:
        self.scene, self.observer, self.web = scene, observer, web
        self._laid, self._played = folder / "laid", folder / "played"
        self._laid.mkdir()
        scene.lay(self._laid)

    def fresh(self) -> Path:
        shutil.rmtree(self._played, ignore_errors=True)
        shutil.copytree(self._laid, self._played, symlinks=True)
        self.scene.begin(self._played, self.web)
        return self._played

    def play(self, folder: Path, strike: Strike | None = None, seed: Seed | None = None) -> Ended:
        return run_module(self.scene.module, self.scene.params(folder, self.web), strike, seed=seed)

    def operations(self, seed: Seed | None = None) -> t.Sequence[str]:
        return self.play(self.fresh(), seed=seed).operations

    def attack(self, strike: Strike, seed: Seed | None = None) -> None:
        """Kill it there, look, run again, look, and once more. The product is defect all the while, if it is seeded."""
        folder = self.fresh()
        self.observer.watch(folder)
        lasting = {digest(certificate) for certificate in self.scene.lasting}
        assert self.play(folder, strike, seed).was_killed, "the strike never hit"
        assert self.observer.seen() == []
        held = self.scene.keys(folder)
        assert lasting <= held, "a private key is lost"
        again = self.play(folder, seed=seed)
        self.scene.settled(folder, self.web, again)
        assert self.observer.seen() == []
        assert not (lasting | self._of_an_order(again, held)) - self.scene.keys(folder), "a private key is lost"
        assert leftovers(folder) == []
        if self.scene.is_repeatable:
            third = self.play(folder, seed=seed)
            assert third.answer.get("changed") is False, third.answer
            self.scene.settled(folder, self.web, third)

    def _of_an_order(self, again: Ended, held: set[str]) -> set[str]:
        """Keys that were there after the kill and that nobody may throw away: all, but what a switch prunes."""
        return held if self.scene.params(self._played, self.web).get("state") not in ("switch", "rollback") else set()


def leftovers(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if ".inkan-" in path.name or path.name.endswith("~")]
    return [str(path.relative_to(folder)) for path in found]


@pytest.mark.parametrize("name", SCENES)
def test_killed_anywhere_and_run_again(
    name: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    stage = Stage(SCENES[name], tmp_path, observer, web)
    operations = stage.operations()
    assert len(operations) >= 4, operations
    looks = observer.looks()
    for strike in spread(strikes(operations), short=_SHORT):
        with tally.attack(Invariant.LIVE_PAIR, HARNESS):
            stage.attack(strike)
    assert observer.looks() > looks
