# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two ``ansible-playbook issue`` at once on one ledger and one host: BIND, Pebble and nginx are real."""

from __future__ import annotations

from pathlib import Path

import pytest
from checks import live_pairs_match
from servers.absent import skipped_if_absent
from tally import Invariant, Tally
from world import World, by_dns, by_http

PLAYBOOKS = "controllers at once"  # its seeded defects are in test_controllers_ledger


def both(world: World) -> None:
    running = [world.start("issue"), world.start("issue")]
    for play in running:
        play.wait(240)
    for _run in range(3):
        play = world.play("issue")
        assert play.rc == 0, play.why()
        if not any(item["outcome"] == "busy" for item in play.results("certificate_orders")):
            break
    for name in ("shop.example.test", "api.example.test"):
        assert len(world.proxy.orders_for(name)) == 1, f"{name} was ordered more than once"
    assert live_pairs_match(world) == 2
    assert world.tokens_in_dns() == []
    assert world.tokens_on_hosts() == []


@pytest.mark.long
def test_two_playbooks_at_once_order_each_certificate_once(tmp_path: Path, tally: Tally) -> None:
    with (
        skipped_if_absent(),
        World(tmp_path, hosts=1, certificates=[by_dns("shop", hosts="web1"), by_http("api")]) as world,
        tally.attack(Invariant.ONE_ORDER, PLAYBOOKS),
    ):
        both(world)
