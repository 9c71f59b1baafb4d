# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every vice of a seller, alone: all five orders of the story end as they should, within three runs of the playbooks.

What a seller does wrong is how its API answers, how it mails, when its crawler comes and how it issues. Each vice has a
seller and a customer of its own, all in one inventory: so three runs are enough for all of them.
"""

from __future__ import annotations

import typing as t

import pytest
from sellers import SellersWorld
from tale import OF_THE_WORLD, RUNS, VICES, Tale, judge

NONE = "none"
#: nobody asks for the seller's list unless an answer was lost
WITH = {"late_index": "lost_answer", "list_unfiltered": "lost_answer"}
SELLERS: t.Mapping[str, t.Sequence[str]] = {
    NONE: [],
    **{one.name: [one.name, *filter(None, [WITH.get(one.name)])] for one in VICES if one.room not in OF_THE_WORLD},
}


@pytest.fixture(scope="module")
def tale(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Tale]:
    """One world for all the vices of sellers that are to be tested."""
    vices = {vice: SELLERS[vice] for vice in SELLERS if vice in _asked_for(request.session.items)}
    with SellersWorld(tmp_path_factory.mktemp("sellers"), vices, variables={"inkan_deadline": 120}) as world:
        tale = Tale(world)
        tale.play_on(RUNS)
        yield tale
        assert world.failures == []


def _asked_for(items: t.Iterable[pytest.Item]) -> set[str]:
    functions = [item for item in items if isinstance(item, pytest.Function) and "tale" in item.fixturenames]
    return {item.callspec.params["vice"] for item in functions if hasattr(item, "callspec")} or set(SELLERS)


@pytest.mark.parametrize("vice", SELLERS)
def test_all_ends_well_with_a_seller_that_has_a_vice(tale: Tale, vice: str) -> None:
    one = tale.world.sellers[vice]
    judge(tale, one, vice)
    assert one.switches.met == set(SELLERS[vice]), "it was met, and no other"


def test_nobody_elses_records_and_files_are_there_either(tale: Tale) -> None:
    assert tale.world.tokens_in_dns() == []
    assert tale.world.tokens_on_hosts() == []
