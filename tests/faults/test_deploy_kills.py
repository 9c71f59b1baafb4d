# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is written on a host, killed before, within and after every file operation; then run again.

The same with the power cut after every operation, and what was not synced lost in several ways. An observer in a
process of its own looks at live pairs and at the modes of keys all the while, and after every attack.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from deploy_defects import CUTS, KILLS
from deploy_scenes import SCENES
from deploy_stage import Stage
from module_process import strikes
from observer import Observer
from spread import spread
from tally import Invariant, Tally
from web_service import WebService

GRID, POWER = "crash grid, deploy", "power cut grid, deploy"
_SHORT = 3  # attacks on a scene in the short form


@pytest.mark.parametrize("name", SCENES)
def test_killed_anywhere_and_run_again(
    name: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    stage = Stage(SCENES[name], tmp_path, observer, web)
    operations = stage.operations()
    assert len(operations) >= 4, operations
    looks = observer.looks()
    for strike in spread(strikes(operations), short=_SHORT):
        with tally.attack(Invariant.LIVE_PAIR, GRID):
            stage.attack(strike)
    assert observer.looks() > looks


@pytest.mark.parametrize("defect", KILLS)
def test_the_crash_grid_notices(defect: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally) -> None:
    name, seed = KILLS[defect]
    stage = Stage(SCENES[name], tmp_path, observer, web)
    points = strikes(stage.operations(seed))
    with tally.seeded(GRID, defect):
        for strike in points:
            stage.attack(strike, seed)


@pytest.mark.parametrize("name", SCENES)
def test_the_power_is_cut_anywhere(
    name: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally
) -> None:
    stage = Stage(SCENES[name], tmp_path, observer, web)
    tried = 0
    for cut in stage.cuts(short=_SHORT):
        with tally.attack(Invariant.NOTHING_LOST, POWER):
            stage.cut(cut)
        tried += 1
    assert tried >= 2


@pytest.mark.parametrize("defect", CUTS)
def test_the_power_cut_notices(defect: str, tmp_path: Path, observer: Observer, web: WebService, tally: Tally) -> None:
    name, seed = CUTS[defect]
    stage = Stage(SCENES[name], tmp_path, observer, web)
    with tally.seeded(POWER, defect):
        for cut in stage.cuts(seed):
            stage.cut(cut, seed)
