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
BY_DEFAULT = "those-by-default"
#: world -> its vices (None: the lab's default)
WORLDS: t.Mapping[str, t.Sequence[str] | None] = {
    **{vice.name: [vice.name] for vice in VICES if vice.room in OF_THE_WORLD},
    BY_DEFAULT: None,
    TOGETHER: [vice.name for vice in VICES if vice.name not in HOPELESS],
}


@pytest.mark.parametrize("name", WORLDS)
def test_all_ends_well_in_a_world_with_a_vice(tmp_path: Path, name: str) -> None:
    vices = WORLDS[name]
    more = {"inkan_deadline": 8} if name in HOPELESS else {}
    with SellersWorld(tmp_path, {name: vices}, vices, variables=more) as world:
        tale = Tale(world)
        tale.play_on(RUNS if name != TOGETHER else 2 * RUNS)  # one run fails in DNS, one crawler comes late
        judge(tale, world.sellers[name], name)
        met = world.switches.met | world.sellers[name].switches.met
        assert met == (set(vices) if vices is not None else {vice.name for vice in VICES if vice.default})
        assert world.failures == []


def test_what_waited_for_servers_that_disagree_is_issued_when_they_agree(tmp_path: Path) -> None:
    vice = "dns_servers_disagree"
    with SellersWorld(tmp_path, {vice: []}, [vice], variables={"inkan_deadline": 8}) as world:
        tale = Tale(world)
        tale.play_on(1)
        world.switches.none()
        tale.play_on(RUNS)
        judge(tale, world.sellers[vice])
