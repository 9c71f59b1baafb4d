# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every vice of DNS and web hosts, alone, and all vices at once: all five orders of the story end as they should.

Each test has a world of its own (conftest.py knows that).
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from sellers import SellersWorld
from tale import HOPELESS, OF_THE_WORLD, RUNS, VICES, Tale, judge

TOGETHER = "all-together"
#: those that the lab has by default are on in the demo (test_demo.py)
WORLDS: t.Mapping[str, t.Sequence[str]] = {
    **{vice.name: [vice.name] for vice in VICES if vice.room in OF_THE_WORLD},
    TOGETHER: [vice.name for vice in VICES if vice.name not in HOPELESS],
}
#: runs, where it is not three: one vice fails a run, one delays the crawler; and what is hopeless is told soon
LIMITS = {TOGETHER: 2 * RUNS, **dict.fromkeys(HOPELESS, 2)}


@pytest.mark.parametrize("name", WORLDS)
def test_all_ends_well_in_a_world_with_a_vice(tmp_path: Path, name: str) -> None:
    vices = WORLDS[name]
    # so long each run looks for what does not appear
    more = {"inkan_deadline": 8} if name in HOPELESS else {}
    with SellersWorld(tmp_path, {name: vices}, vices, variables=more) as world:
        one, tale = world.sellers[name], Tale(world)
        tale.play_on(LIMITS.get(name, RUNS))
        judge(tale, one, name)
        assert world.switches.met | one.switches.met == set(vices)
        if name in HOPELESS:
            world.switches.none()
            tale.play_on(RUNS)
            judge(tale, one)
        assert world.failures == []
