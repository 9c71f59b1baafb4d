# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way round, in order, in one world: plan, issue, nothing to do, renew with a new key, roll back.

Three hosts, three certificates: ``shop`` by dns-01 on all hosts, ``api`` by http-01 on web1, ``wild`` (a wildcard with
an RSA key) by dns-01 on web2. The CA demands external account binding and rejects 5 % of nonces.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from checks import (
    ledger_serials,
    live_pairs_match,
    live_serial,
    nothing_is_left_over,
    play_ended_well,
    played_without_effect,
    serves,
)
from world import Play, World

SHOP, API, WILD = "shop.example.test", "api.example.test", "any.wild.example.test"
HOSTS = ("web1", "web2", "web3")


class Story:
    """What one chapter leaves for the next."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.issued: dict[str, str] = {}  # certificate -> serial
        self.renewed: dict[str, str] = {}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Story]:
    with World(tmp_path_factory.mktemp("pipeline"), hosts=3) as world:
        yield Story(world)


def test_check_mode_on_a_fresh_inventory_writes_nothing_and_shows_what_would_be_done(story: Story) -> None:
    world = story.world
    before = world.snapshot()
    play = world.play("issue", "--check", "--diff")
    play_ended_well(play)
    assert before.differences(world.snapshot(), ledger=True) == []
    assert not world.ledger.exists()
    assert not world.ledger.parent.exists()
    _no_contact_with_the_ca(world)
    for word in (
        "_acme-challenge.shop.example.test",
        "_acme-challenge.www.shop.example.test",
        "_acme-challenge.wild.example.test",
        ".well-known/acme-challenge/",
        str(world.host("web1").document_root),
        "known_after_order",
    ):
        assert word in play.stdout, f"{word} is not shown\n{play.why()}"
    orders = play.results("certificate_orders")
    assert {item["name"] for item in orders} == {"shop", "api", "wild"}
    assert all(item["changed"] and item["certificate"] == "known_after_order" for item in orders if item["wanted"])
    assert any(item["changed"] for item in play.results("certificate_deployments")), play.why()


def _no_contact_with_the_ca(world: World) -> None:
    requests = [(entry.method, entry.path) for entry in world.proxy.since(0)]
    assert [request for request in requests if request[0] == "POST"] == []
    assert requests == [], "a plan needs no word with the CA"


def test_plan_says_that_all_three_are_due(story: Story) -> None:
    play = story.world.play("plan")
    play_ended_well(play)
    plans = {item["name"]: item for item in play.results("dcv_plan")}
    assert {name: item["outcome"] for name, item in plans.items()} == {"shop": "due", "api": "due", "wild": "due"}
    assert story.world.proxy.writes() == []


def test_issue_brings_every_certificate_live_and_proves_it(story: Story) -> None:
    world = story.world
    play = world.play("issue")
    play_ended_well(play)
    story.issued = ledger_serials(play)
    assert set(story.issued) == {"shop", "api", "wild"}
    for host in HOSTS:
        serves(world, host, SHOP, story.issued["shop"])
        serves(world, host, "www.shop.example.test", story.issued["shop"])
    serves(world, "web1", API, story.issued["api"])
    serves(world, "web2", WILD, story.issued["wild"])
    assert live_pairs_match(world) == 5
    nothing_is_left_over(world)


def test_each_certificate_cost_exactly_one_order_and_one_account(story: Story) -> None:
    proxy = story.world.proxy
    assert len(proxy.orders_for(SHOP, "www.shop.example.test")) == 1
    assert len(proxy.orders_for(API)) == 1
    assert len(proxy.orders_for("*.wild.example.test", "wild.example.test")) == 1
    assert len(proxy.orders()) == 3
    made = [entry for entry in proxy.since(0) if entry.kind == "newAccount" and entry.status == 201]
    assert len(made) == 1  # 200: the account of this key was looked up


def test_the_ca_really_fetched_the_file_and_only_challenge_records_were_written(story: Story) -> None:
    fetched = [request for request in story.world.host("web1").nginx.requests() if request.host == API]
    assert any("/.well-known/acme-challenge/" in request.path and request.status == 200 for request in fetched)
    names = {update.name for update in story.world.bind.updates()}
    assert names == {
        "_acme-challenge.shop.example.test",
        "_acme-challenge.www.shop.example.test",
        "_acme-challenge.wild.example.test",
    }


def test_the_private_key_is_the_same_on_all_hosts_and_nothing_temporary_is_left(story: Story) -> None:
    world = story.world
    keys = {(world.host(host).store / "shop/live/privkey.pem").read_text() for host in HOSTS}
    assert len(keys) == 1
    assert not [path for path in (world.root / "tmp").rglob("*") if path.is_file()], "a temporary file is left"
    assert not [path for host in world.hosts for path in host.store.rglob("recipient.key")]


@pytest.mark.parametrize("playbook", ["renew", "issue", "deploy"])
def test_a_second_run_changes_nothing_anywhere(story: Story, playbook: str) -> None:
    play = played_without_effect(story.world, playbook)
    assert ledger_serials(play) == story.issued


@pytest.mark.parametrize("playbook", ["plan", "ledger"])
def test_playbooks_that_only_look_or_prepare_change_nothing(story: Story, playbook: str) -> None:
    played_without_effect(story.world, playbook)


def test_a_report_is_written_once_whatever_playbook_writes_it(story: Story) -> None:
    world = story.world
    folder = world.root / "report"
    where = {"inkan_report_path": str(folder)}
    before = world.snapshot()
    play_ended_well(world.play("renew", variables=where))
    assert before.differences(world.snapshot(), ledger=True) == []
    forms = [".made.json", "report.csv", "report.html", "report.ics", "report.ja.html", "report.json", "report.md"]
    assert sorted(path.name for path in folder.iterdir()) == forms
    certificates = json.loads((folder / "report.json").read_text("utf-8"))["certificates"]
    assert {one["name"]: one["serial"] for one in certificates} == story.issued
    for playbook in ("issue", "deploy", "report"):
        played_without_effect(world, playbook, where)


def test_a_forced_renewal_brings_a_new_key_and_a_new_certificate_to_this_one_alone(story: Story) -> None:
    world = story.world
    before = {host: (world.host(host).store / "shop/live/privkey.pem").read_text() for host in HOSTS}
    play = world.play("renew", "-vvv", variables={"inkan_renewal": {"force": ["shop"]}})
    play_ended_well(play)
    story.renewed = ledger_serials(play)
    assert story.renewed["shop"] != story.issued["shop"]
    assert story.renewed["api"] == story.issued["api"] and story.renewed["wild"] == story.issued["wild"]
    for host in HOSTS:
        serves(world, host, SHOP, story.renewed["shop"])
        assert (world.host(host).store / "shop/live/privkey.pem").read_text() != before[host]
    serves(world, "web1", API, story.issued["api"])
    assert len(world.proxy.orders()) == 4
    assert live_pairs_match(world) == 5
    nothing_is_left_over(world)


def test_a_rollback_serves_the_certificate_before_again(story: Story) -> None:
    world = story.world
    orders = len(world.proxy.orders())
    play = world.play("rollback", variables={"inkan_names": ["shop"]})
    play_ended_well(play)
    for host in HOSTS:
        assert live_serial(world.host(host), "shop") == story.issued["shop"]
        serves(world, host, SHOP, story.issued["shop"])
    assert _changed_items(play, "certificate_deployments") == {(host, "shop") for host in HOSTS}
    assert live_pairs_match(world) == 5
    assert len(world.proxy.orders()) == orders


def test_a_second_rollback_goes_no_further(story: Story) -> None:
    played_without_effect(story.world, "rollback", {"inkan_names": ["shop"]})
    serves(story.world, "web3", SHOP, story.issued["shop"])


def test_what_a_person_rolled_back_is_not_deployed_again_by_the_next_run(story: Story) -> None:
    played_without_effect(story.world, "renew")
    serves(story.world, "web3", SHOP, story.issued["shop"])


def test_no_secret_is_in_anything_that_was_printed_or_returned_also_at_high_verbosity(story: Story) -> None:
    world = story.world
    secrets = {"TSIG": world.bind.key_secret, "EAB": world.pebble.eab_hmac_key}
    keys = [path for host in world.hosts for path in host.store.rglob("privkey.pem")]
    keys += [path for path in world.ledger.parent.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert len(keys) > 5  # generations of three certificates, and the ACME account's
    for path in keys:
        secrets[str(path)] = path.read_text().splitlines()[1]
    outputs = [path for path in (world.root / "log").iterdir() if not path.name.endswith("-variables.json")]
    assert any("ESTABLISH LOCAL CONNECTION" in path.read_text(errors="replace") for path in outputs), "-vvv was on"
    for output in outputs:
        text = output.read_text(errors="replace")
        for what, secret in secrets.items():
            assert secret not in text, f"{what} is in {output}"


def _changed_items(play: Play, action: str) -> set[tuple[str, str]]:
    return {(item["_host"], item["name"]) for item in play.results(action) if item["changed"]}
