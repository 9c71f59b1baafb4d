# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order that has to wait is no error: its tokens stay, the CA is not asked too early, a later run finishes it."""

from __future__ import annotations

import typing as t

import pytest
from checks import live_serial, nothing_is_left_over, play_ended_well, played_without_effect, serves
from servers.process import free_port
from world import World, by_dns, by_http


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    with World(tmp_path_factory.mktemp("pending"), 1, [by_http("late"), by_dns("prompt")]) as world:
        yield world


def blind(world: World) -> dict[str, t.Any]:
    """To look for files where no web server listens: what is served cannot be seen."""
    sight = world.group_variables()["inkan_sight"]
    return {"inkan_sight": {**sight, "http_port": free_port(("127.0.0.1",))}, "inkan_deadline": 3}


def test_what_cannot_be_seen_yet_is_pending_and_the_run_is_green(world: World) -> None:
    play = world.play("issue", variables=blind(world))
    play_ended_well(play)
    assert "late is pending" in play.stdout and "prompt is live" in play.stdout
    assert live_serial(world.host("web1"), "late") is None
    serves(world, "web1", "prompt.example.test", str(live_serial(world.host("web1"), "prompt")))


def test_the_token_of_the_pending_order_stays_and_the_finished_ones_are_gone(world: World) -> None:
    assert len(world.tokens_on_hosts()) == 1
    assert world.tokens_in_dns() == []
    answered = [entry for entry in world.proxy.since(0) if entry.kind == "challenge" and entry.is_write]
    assert len(answered) == 1, "only prompt's was answered, refused nonces apart"


def test_another_run_keeps_it_pending_without_another_order_or_file(world: World) -> None:
    tokens, orders = world.tokens_on_hosts(), len(world.proxy.orders())
    play = world.play("renew", variables=blind(world))
    play_ended_well(play)
    assert (world.tokens_on_hosts(), len(world.proxy.orders())) == (tokens, orders)
    assert set(play.changed.values()) == {0}, play.why()


def test_a_run_that_sees_it_finishes_the_same_order_and_cleans_up(world: World) -> None:
    orders = len(world.proxy.orders())
    play_ended_well(world.play("renew"))
    serves(world, "web1", "late.example.test", str(live_serial(world.host("web1"), "late")))
    assert len(world.proxy.orders()) == orders
    nothing_is_left_over(world)
    played_without_effect(world, "renew")
