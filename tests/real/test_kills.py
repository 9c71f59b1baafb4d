# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module process and play are killed at every point where money, keys or service could be lost; then run again.

Whatever the point: exactly one order at the CA for each certificate, live pairs that match at every instant, the new
certificate served, no token left, and a third run with nothing to do.
"""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from checks import (
    ledger_serials,
    live_pairs_match,
    nothing_is_left_over,
    play_ended_well,
    played_without_effect,
    serves,
)
from plays.waiting import wait_for
from world import RunningPlay, World, by_dns, by_http

SHOP, API = "shop.example.test", "api.example.test"
NAMES = (("shop", SHOP), ("api", API))


@pytest.fixture
def world(tmp_path: pathlib.Path) -> t.Iterator[World]:
    """One host: what happens between it, ledger and CA is the same with more."""
    with World(tmp_path, hosts=1, certificates=[by_dns("shop"), by_http("api")]) as world:
        yield world


@pytest.fixture
def two_hosts(tmp_path: pathlib.Path) -> t.Iterator[World]:
    """shop's key is made on web1 and sealed to web2."""
    with World(tmp_path, hosts=2, certificates=[by_dns("shop"), by_http("api")]) as world:
        yield world


def run_again(world: World) -> dict[str, str]:
    """Run again until all is done: at once, but for a lease of the dead run that must end first."""
    for _attempt in range(4):
        play = world.play("issue")
        assert play.rc == 0, play.why()
        busy = [item for item in play.results("certificate_orders") if item["outcome"] == "busy"]
        if not busy:
            return ledger_serials(play)
    raise AssertionError(f"the ledger stays busy\n{play.why()}")


def everything_is_in_order(world: World, serials: dict[str, str], orders_each: int = 1) -> None:
    assert [len(world.proxy.orders_for(name)) for name in (SHOP, API)] == [orders_each, orders_each]
    assert live_pairs_match(world) == len(world.hosts) + 1  # shop on all hosts, api on web1
    serves(world, "web1", API, serials["api"])
    for host in world.hosts:
        serves(world, host.name, SHOP, serials["shop"])
    nothing_is_left_over(world)
    assert ledger_serials(played_without_effect(world, "renew")) == serials


def test_killed_when_the_intent_was_written_and_nothing_was_sent(world: World) -> None:
    with world.proxy.hold("newOrder", "before") as hold:
        running = world.start("issue")
        hold.wait()
        assert world.ledger.exists()
        running.kill()
        hold.drop()  # it never reaches the CA
    assert live_pairs_match(world) == 0
    assert world.proxy.orders() == []
    everything_is_in_order(world, run_again(world))


@pytest.mark.parametrize("request_kind", ["newOrder", "finalize"])
def test_killed_when_the_request_was_sent_and_its_answer_unread(world: World, request_kind: str) -> None:
    with world.proxy.hold(request_kind, "answer") as hold:
        running = world.start("issue")
        hold.wait()  # the CA has done it; its answer is still in our hands
        running.kill()
        hold.drop()
    assert live_pairs_match(world) == 0
    everything_is_in_order(world, run_again(world))


@pytest.mark.parametrize("request_kind", ["newOrder", "finalize"])
def test_killed_when_the_answer_was_read_and_the_outcome_unwritten(world: World, request_kind: str) -> None:
    with world.proxy.hold(request_kind, "answer") as hold:
        running = world.start("issue")
        hold.wait()
        with world.ledger_locked():
            rows = world.ledger_rows()
            hold.release()
            hold.wait_read()
            running.kill()
            assert world.ledger_rows() == rows, "the outcome was written after all"
    assert live_pairs_match(world) == 0
    everything_is_in_order(world, run_again(world))


def test_killed_when_a_key_was_staged(two_hosts: World) -> None:
    world = two_hosts
    running = world.start("issue")
    _wait_while_running(running, lambda: list(world.host("web1").store.glob("*/generations/*/privkey.pem")), "a key")
    running.kill()
    assert live_pairs_match(world) == 0
    assert world.proxy.orders() == []
    everything_is_in_order(world, run_again(world))
    keys = {path.read_text() for host in world.hosts for path in host.store.glob("*/live/privkey.pem")}
    assert len(keys) == 2  # shop's is the same on both hosts


def test_killed_when_the_new_certificate_was_live_and_the_service_not_reloaded(two_hosts: World) -> None:
    world = two_hosts
    first = run_again(world)
    with world.host("web1").nginx.reload_held() as wait_until_held:
        running = world.start("renew", variables={"inkan_renewal": {"force": ["shop", "api"]}})
        wait_until_held()
        assert live_pairs_match(world) == 3
        running.kill()
    assert live_pairs_match(world) == 3
    switched = [name for name in ("shop", "api") if world.host("web1").generations(name)[-1] in _live(world, name)]
    assert switched, "at least one certificate had been switched"
    for name, server_name in NAMES:
        serves(world, "web1", server_name, first[name])  # what is served has not changed: nobody reloaded it
    play = world.play("renew")
    play_ended_well(play)
    second = ledger_serials(play)
    assert second["shop"] != first["shop"] and second["api"] != first["api"]
    everything_is_in_order(world, second, orders_each=2)


def _live(world: World, name: str) -> str:
    return str(world.host("web1").live(name))


def _wait_while_running(running: RunningPlay, condition: t.Callable[[], t.Any], what: str) -> None:
    def look() -> t.Any:
        assert running.running(), running.wait().why()
        return condition()

    wait_for(look, what, 60, 0.002)


def test_killed_while_the_tokens_were_published(world: World) -> None:
    with world.proxy.hold("challenge", "before") as hold:
        running = world.start("issue")
        hold.wait()
        assert world.tokens_in_dns() and world.tokens_on_hosts()
        running.kill()
        hold.drop()
    everything_is_in_order(world, run_again(world))


def test_two_controllers_at_once_place_one_order(world: World) -> None:
    with world.proxy.hold("newOrder", "answer") as hold:
        first = world.start("issue")
        hold.wait()
        second = world.play("issue")  # the whole of it while the first stands in the middle of its order
        hold.release()
        ended = first.wait()
    assert ended.rc == 0, ended.why()
    assert second.rc == 0, second.why()
    assert [len(world.proxy.orders_for(name)) for name in (SHOP, API)] == [1, 1]
    everything_is_in_order(world, run_again(world))
