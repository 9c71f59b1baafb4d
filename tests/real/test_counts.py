# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs does not grow with the number of certificates: module starts and loop items, counted."""

from __future__ import annotations

import collections
import pathlib
import typing as t

import pytest
from checks import live_pairs_match, nothing_is_left_over, play_ended_well
from world import Play, World, by_dns


class Cost(t.NamedTuple):
    """processes: module processes that really started on each host; starts, items: as Ansible counts them."""

    processes: dict[str, int]
    starts: collections.Counter[tuple[str, str]]
    items: collections.Counter[tuple[str, str]]
    play: Play


def cost(world: World, playbook: str) -> Cost:
    before = {host.name: host.starts for host in world.hosts}
    play = world.play(playbook, seconds=300)
    play_ended_well(play)
    processes = {host.name: host.starts - before[host.name] for host in world.hosts}
    return Cost(processes, play.starts(), play.items(), play)


def costs(root: pathlib.Path, number: int) -> tuple[Cost, Cost]:
    """Of issue, and of a renew with nothing to do."""
    with World(root, hosts=2, certificates=[by_dns(f"c{index:02}") for index in range(number)]) as world:
        issue = cost(world, "issue")
        assert len(world.proxy.orders()) == number
        assert live_pairs_match(world) == 2 * number
        nothing_is_left_over(world)
        renew = cost(world, "renew")
        assert set(renew.play.changed.values()) == {0}
        return issue, renew


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cost, Cost]:
    return costs(tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def fifty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cost, Cost]:
    return costs(tmp_path_factory.mktemp("fifty"), 50)


@pytest.mark.parametrize("index", [pytest.param(0, id="issue"), pytest.param(1, id="renew with nothing to do")])
def test_fifty_certificates_start_as_many_modules_as_one(
    one: tuple[Cost, Cost], fifty: tuple[Cost, Cost], index: int
) -> None:
    assert one[index].processes == fifty[index].processes
    assert min(one[index].processes.values()) > 0
    assert one[index].starts == fifty[index].starts
    assert one[index].items == fifty[index].items
