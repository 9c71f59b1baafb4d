# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs, counted and not timed: module starts, tasks, requests and connections to the CA, DNS updates.

The first three do not grow with the number of certificates; requests grow by what the protocol needs for each.
"""

from __future__ import annotations

import collections
import datetime
import pathlib
import typing as t

import pytest
from checks import live_pairs_match, nothing_is_left_over, play_ended_well
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from servers.pki import private_pem, write_private
from world import Play, World, by_dns

MANY, IN_ORDER = 50, 1000
#: kind of request -> how many a certificate needs; polls of order and authorization are bounded below
REQUESTS = {"newOrder": 1, "challenge": 1, "finalize": 1, "certificate": 1}
MOST_POLLS = 12  # a certificate; the CA's own pace decides
MOST_CONNECTIONS = 6  # a run, of all module processes that ask the CA
#: tasks of a renew with nothing to do that start a process for a host, whether skipped or not
MOST_TASKS = 13


class Cost(t.NamedTuple):
    """processes: module processes that really started on each host; starts, items: as Ansible counts them.

    asked: requests to the CA by kind, without those that it refused (Pebble rejects nonces at random).
    updates: DNS UPDATE messages that changed the zone; added: their new records.
    """

    processes: dict[str, int]
    starts: collections.Counter[tuple[str, str]]
    items: collections.Counter[tuple[str, str]]
    asked: collections.Counter[str]
    connections: int
    updates: int
    added: int
    play: Play


def cost(world: World, playbook: str) -> Cost:
    before = {host.name: host.starts for host in world.hosts}
    asked, connections = world.proxy.count(), world.proxy.connections
    serial, records = world.bind.serial("example.test"), len(world.bind.updates())
    play = world.play(playbook, seconds=300)
    play_ended_well(play)
    return Cost(
        processes={host.name: host.starts - before[host.name] for host in world.hosts},
        starts=play.starts(),
        items=play.items(),
        asked=collections.Counter(
            entry.kind for entry in world.proxy.since(asked) if entry.status is not None and entry.status < 400
        ),
        connections=world.proxy.connections - connections,
        updates=world.bind.serial("example.test") - serial,
        added=sum(update.action == "adding" for update in world.bind.updates()[records:]),
        play=play,
    )


def costs(root: pathlib.Path, number: int) -> dict[str, Cost]:
    """Of issue, of a renew with nothing to do, and of a report."""
    with World(root, hosts=2, certificates=[by_dns(f"c{index:02}") for index in range(number)]) as world:
        issue = cost(world, "issue")
        assert len(world.proxy.orders()) == number
        assert live_pairs_match(world) == 2 * number
        nothing_is_left_over(world)
        before = world.snapshot()
        renew = cost(world, "renew")
        assert set(renew.play.changed.values()) == {0}
        assert before.differences(world.snapshot(), ledger=True) == [], "a run with nothing to do writes nothing"
        return {"issue": issue, "renew": renew}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cost]:
    return costs(tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cost]:
    return costs(tmp_path_factory.mktemp("many"), MANY)


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cost]:
    """Of a thousand that nobody had to issue."""
    names = [f"c{index:04}" for index in range(IN_ORDER)]
    with World(tmp_path_factory.mktemp("thousand"), hosts=2, certificates=[by_dns(name) for name in names]) as world:
        lay_down(names, [host.store for host in world.hosts])
        before = world.snapshot()
        found = {"renew": cost(world, "renew")}
        assert set(found["renew"].play.changed.values()) == {0}
        assert before.differences(world.snapshot(), ledger=True) == []
        assert len(found["renew"].play.results("certificates_info")) == 2 * IN_ORDER, "all were looked at"
        return found


def lay_down(names: t.Sequence[str], stores: t.Sequence[pathlib.Path]) -> None:
    """Live certificates of one key, good for another 60 of 90 days, as the store keeps them."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    for name in names:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.example.test")])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=30))
        builder = builder.not_valid_after(now + datetime.timedelta(days=60))
        own = x509.SubjectAlternativeName([x509.DNSName(f"{name}.example.test")])
        leaf = builder.add_extension(own, False).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        for store in stores:
            place = store / name / "generations" / "0001"
            place.mkdir(parents=True)
            write_private(place / "privkey.pem", private_pem(key))
            for file in ("cert.pem", "chain.pem", "fullchain.pem"):
                (place / file).write_bytes(leaf)
            (store / name / "live").symlink_to("generations/0001")


@pytest.mark.parametrize("playbook", ["issue", "renew"])
def test_fifty_certificates_start_as_many_modules_as_one(
    one: dict[str, Cost], many: dict[str, Cost], playbook: str
) -> None:
    few, more = one[playbook], many[playbook]
    assert few.processes == more.processes
    assert min(few.processes.values()) > 0
    assert few.starts == more.starts
    assert few.items == more.items


def test_a_look_through_a_thousand_starts_as_many_modules_as_through_one(
    one: dict[str, Cost], in_order: dict[str, Cost]
) -> None:
    few, more = one["renew"], in_order["renew"]
    assert few.processes == more.processes == {"web1": 1, "web2": 1}
    assert few.starts == more.starts and few.items == more.items


def test_where_nothing_is_due_nobody_is_asked_and_few_tasks_are_started(
    many: dict[str, Cost], in_order: dict[str, Cost]
) -> None:
    for found in (many["renew"], in_order["renew"]):
        assert len({task for _host, task in found.starts}) <= MOST_TASKS, sorted(found.starts)
        assert (found.updates, found.added) == (0, 0)
        assert found.asked["newOrder"] == found.asked["challenge"] == found.asked["finalize"] == 0
    assert many["renew"].asked == {}, "the ledger knows what is live, and was just told of it by the CA"
    assert in_order["renew"].asked == {}, "without a ledger, which would remember the answers, no CA is asked"


def test_the_ca_is_asked_what_the_protocol_needs_for_each(one: dict[str, Cost], many: dict[str, Cost]) -> None:
    for number, found in ((1, one["issue"]), (MANY, many["issue"])):
        asked = dict(found.asked)
        assert {kind: asked.get(kind, 0) for kind in REQUESTS} == {
            kind: each * number for kind, each in REQUESTS.items()
        }
        assert found.asked["order"] + found.asked["authorization"] <= MOST_POLLS * number, asked
        assert found.asked["newAccount"] <= 2 and found.asked["directory"] <= 4, asked
        assert found.asked["newNonce"] <= MOST_CONNECTIONS, asked
        assert found.connections <= MOST_CONNECTIONS


def test_all_records_of_a_zone_are_one_update(one: dict[str, Cost], many: dict[str, Cost]) -> None:
    assert (one["issue"].added, many["issue"].added) == (1, MANY)
    assert one["issue"].updates == many["issue"].updates == 2, "one to publish, one to remove"
