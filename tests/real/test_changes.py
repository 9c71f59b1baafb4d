# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declaration and hosts change under way: each run brings what is missing, orders what is needed, and no more."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from checks import live_pairs_match, live_serial, nothing_is_left_over, play_ended_well, played_without_effect, serves
from world import Play, World, by_dns


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    certificates = [
        by_dns("growing", hosts="web1"),
        by_dns("pair", hosts=["web2", "web3"]),
        by_dns("reusing", hosts="web1", key={"type": "rsa-2048", "reuse": True}),
    ]
    with World(tmp_path_factory.mktemp("changes"), 3, certificates, unreachable=["web3"]) as world:
        yield world


def declare(world: World, name: str, **changes: t.Any) -> None:
    certificate = next(one for one in world.certificates if one["name"] == name)
    certificate.update(changes)
    world.write_inventory()


def lose(world: World, *hosts: str) -> None:
    world.unreachable[:] = hosts
    world.write_inventory()


def outcomes(play: Play) -> dict[str, str]:
    """Certificate → how the run ended for it, from the lines of the summary."""
    text = play.stdout[play.stdout.rindex("Sum up") :]
    lines = [
        line.strip().strip('",') for line in text[: text.index("TASK")].splitlines() if line.strip().startswith('"')
    ]
    return {line.split()[0]: line for line in lines if " is " in line}


def test_the_first_host_gets_its_certificate_while_its_partner_is_lost(world: World) -> None:
    play = world.play("issue")
    assert play.rc != 0 and "web3 could not be reached" in outcomes(play)["pair"]
    assert live_serial(world.host("web2"), "pair") and not live_serial(world.host("web3"), "pair")
    assert len(world.proxy.orders()) == 3


def test_a_host_that_joins_gets_the_key_sealed_and_nothing_is_ordered(world: World) -> None:
    lose(world)
    declare(world, "growing", hosts=["web1", "web2"])
    declare(world, "pair", hosts=["web2", "web3"])
    play_ended_well(world.play("deploy"))
    for host, name in (("web2", "growing"), ("web3", "pair")):
        other = {"growing": "web1", "pair": "web2"}[name]
        serves(world, host, f"{name}.example.test", str(live_serial(world.host(other), name)))
    assert len(world.proxy.orders()) == 3
    assert live_pairs_match(world) == 5
    played_without_effect(world, "deploy")


def test_a_limit_leaves_the_other_hosts_and_what_the_ledger_knows_of_them_alone(world: World) -> None:
    before = world.snapshot()
    play_ended_well(world.play("renew", "--limit", "web2"))
    assert before.differences(world.snapshot(), ledger=True) == []


def test_a_reused_key_is_ordered_again_and_stays(world: World) -> None:
    key = (world.host("web1").store / "reusing/live/privkey.pem").read_text()
    before = live_serial(world.host("web1"), "reusing")
    play_ended_well(world.play("renew", variables={"inkan_renewal": {"force": ["reusing"]}}))
    assert live_serial(world.host("web1"), "reusing") not in (None, before)
    assert (world.host("web1").store / "reusing/live/privkey.pem").read_text() == key
    assert len(world.proxy.orders()) == 4
    played_without_effect(world, "renew")


def test_a_name_that_is_added_brings_a_new_certificate_once(world: World) -> None:
    declare(world, "growing", dns_names=["more.example.test"])
    play_ended_well(world.play("issue"))
    for host in ("web1", "web2"):
        serves(world, host, "more.example.test", str(live_serial(world.host("web1"), "growing")))
    assert len(world.proxy.orders_for("growing.example.test", "more.example.test")) == 1
    played_without_effect(world, "renew")


def test_a_day_that_has_come_renews_once_and_not_again_on_the_same_day(world: World) -> None:
    """The CA's clock stands still: its new certificate is as old as the one before, and is no reason to order again."""
    orders = len(world.proxy.orders())
    lifetime = timedelta(days=world.pebble.validity_days)
    moved = (datetime.now(timezone.utc) + lifetime * 3 / 4).isoformat(timespec="seconds")
    play_ended_well(world.play("renew", variables={"inkan_now": moved}))
    assert len(world.proxy.orders()) == orders + 3
    played_without_effect(world, "renew", {"inkan_now": moved})


def test_the_partner_waits_for_a_lost_custodian_and_goes_on_alone_after_the_grace_time(world: World) -> None:
    """web2 keeps the key of a new certificate, and is lost before web3 got it."""
    lose(world, "web3")
    assert world.play("renew", variables={"inkan_renewal": {"force": ["pair"]}}).rc != 0
    kept = live_serial(world.host("web2"), "pair")
    lose(world, "web2")
    orders = len(world.proxy.orders())
    waiting = world.play("renew")
    assert waiting.rc != 0 and len(world.proxy.orders()) == orders
    assert live_serial(world.host("web3"), "pair") not in (None, kept)
    alone = world.play("renew", variables={"inkan_custodian_grace": 0})
    assert alone.rc != 0 and len(world.proxy.orders()) == orders + 1
    new = live_serial(world.host("web3"), "pair")
    assert new not in (None, kept)
    serves(world, "web3", "pair.example.test", str(new))
    lose(world)
    play_ended_well(world.play("renew"))
    serves(world, "web2", "pair.example.test", str(new))
    assert len(world.proxy.orders()) == orders + 1
    assert live_pairs_match(world) == 5
    nothing_is_left_over(world)


def test_what_is_no_longer_declared_is_left_alone(world: World) -> None:
    world.certificates.clear()
    world.write_inventory()
    played_without_effect(world, "renew")
    assert live_pairs_match(world) == 5
