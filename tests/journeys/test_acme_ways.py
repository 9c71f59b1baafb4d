# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real playbooks at the lab's ACME CA, which has what Debian's Pebble has not: shown from the CA's own history."""

from __future__ import annotations

import collections
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import story
from cryptography import x509
from world import LabWorld

#: so that what is issued is valid by the real clock, too
BEGIN = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=40)
PERSIST = "_validation-persist."
MANY = 200
#: hours of the window of the mass renewal, and between two runs
WINDOW, EVERY = 9, 3
Data = dict[str, t.Any]


def certificate(name: str, method: str, *dns_names: str, **options: t.Any) -> story.Certificate:
    return {
        "name": name,
        "common_name": dns_names[0],
        "dns_names": list(dns_names[1:]),
        "ca_account": "acme",
        "product": "acme",
        "validation": {"method": method},
        "key": {"type": "ecdsa-p256"},
        "hosts": "web1",
        "deploy": {"reload": story.DEPLOY["reload"], "handshake": False},
        "options": options,
    }


def world_of(folder: Path, certificates: list[story.Certificate], **more: t.Any) -> LabWorld:
    return LabWorld(folder, certificates, now=BEGIN, vices=(), web=("web1",), also=("acme_ca",), **more)


def account(world: LabWorld, **settings: t.Any) -> Data:
    facts = world.lab.facts()["acme_ca"]
    common = {"directory": facts["url"], "ca_bundle": facts["ca"], "accept_terms": True, "contact": ["a@example.jp"]}
    return {"acme": {"adapter": "acme", "settings": {**common, **settings}}}


def ca_events(world: LabWorld, kind: str) -> list[Data]:
    return [one for one in world.lab.history.events(kind) if one.get("ca") == "acme_ca"]


def records(world: LabWorld, start: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for zone in world.lab.dns.zones():
        for name, kind, value in world.lab.dns.records(zone):
            if kind == "TXT" and name.startswith(start):
                found.setdefault(name, []).append(value)
    return found


# --- each way of validation, by the playbooks ------------------------------------------------------------------------

WAYS = [
    certificate("persist", "dns-persist-01", "shop.example.jp", "*.shop.example.jp"),
    certificate("labelled", "dns-account-01", "blog.example.jp", profile="shortlived"),
    certificate("delegated", "dns-01", "www.example.jp"),
]
#: where the challenges of www.example.jp are answered, in a zone of its own
TARGET = "www-example-jp.example.com"


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[LabWorld]:
    with world_of(tmp_path_factory.mktemp("ways"), list(WAYS)) as world:
        world.lab.dns.set("example.jp", "_acme-challenge.www.example.jp", "CNAME", [f"{TARGET}."])
        older = x509.load_pem_x509_certificate(Path(world.lab.facts()["acme_ca"]["older_root"]).read_bytes())
        root = older.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
        world.variables["inkan_ca_accounts"] = account(world, preferred_chain=root, persist_days=60)
        yield world
        assert world.lab.failures == []


def test_every_way_of_validation_is_answered(ways: LabWorld) -> None:
    play = ways.play("issue")
    assert play.rc == 0, play.why()
    assert set(play.order_states().values()) == {"deployed"}
    looks = {one["name"]: one["method"] for one in ca_events(ways, "look") if one["found"]}
    assert looks == {
        "shop.example.jp": "dns-persist-01",
        "*.shop.example.jp": "dns-persist-01",
        "blog.example.jp": "dns-account-01",
        "www.example.jp": "dns-01",
    }
    profiles = {tuple(one["names"]): one["profile"] for one in ca_events(ways, "issued")}
    assert profiles[("blog.example.jp",)] == "shortlived"
    issuers = set()
    for path in ways.machines["web1"].store.glob("*/live/chain.pem"):
        last = x509.load_pem_x509_certificates(path.read_bytes())[-1]
        issuers.add(last.issuer.rfc4514_string())
    older = x509.load_pem_x509_certificate(Path(ways.lab.facts()["acme_ca"]["older_root"]).read_bytes())
    assert issuers == {older.subject.rfc4514_string()}, "the preferred chain ends at the older root"


def test_only_what_stands_is_left_in_dns_and_no_play_touches_it(ways: LabWorld) -> None:
    standing = records(ways, PERSIST)
    assert list(standing) == [f"{PERSIST}shop.example.jp"] and len(standing[f"{PERSIST}shop.example.jp"]) == 1
    assert records(ways, "_acme-challenge") == {} and records(ways, TARGET) == {}
    assert any(TARGET in str(event) for event in ways.lab.history.events("dns_update")), "the alias was followed"
    before = ways.lab.dns.serial("example.jp")
    play = ways.play("contacts")
    assert play.rc == 0, play.why()
    assert ways.lab.dns.serial("example.jp") == before
    assert records(ways, PERSIST) == standing


def test_a_standing_record_is_written_anew_before_it_ends_and_stands_before_a_first_order(ways: LabWorld) -> None:
    owner, values = next(iter(records(ways, PERSIST).items()))
    (before,) = values
    end = datetime.fromtimestamp(int(before.strip('"').rpartition("=")[2]), timezone.utc)
    ways.certificates.append(certificate("early", "dns-persist-01", "early.example.jp"))
    ways.lab.clock.advance(days=30)  # half of persist_days
    play = ways.play("contacts")
    assert play.rc == 0, play.why()
    (after,) = records(ways, PERSIST)[owner]
    assert int(after.strip('"').rpartition("=")[2]) == end.timestamp() + 30 * 86400
    assert ways.lab.clock.now() < end, "before it ended"
    assert len(records(ways, f"{PERSIST}early.")) == 1


def test_a_standing_record_leaves_with_its_method(ways: LabWorld) -> None:
    ways.declare(certificate("persist", "dns-01", "shop.example.jp", "*.shop.example.jp"))
    play = ways.play("renew")
    assert play.rc == 0, play.why()
    assert list(records(ways, PERSIST)) == [f"{PERSIST}early.example.jp"]


# --- a mass renewal --------------------------------------------------------------------------------------------------


def test_a_mass_renewal_of_200_certificates_is_followed_within_its_window_and_spread(tmp_path: Path) -> None:
    """RFC 9773 §4.2: the CA says in one word when all are to be renewed; runs come every three hours."""
    names = [f"n{number}.example.jp" for number in range(MANY)]
    many = [certificate(name.partition(".")[0], "dns-01", name) for name in names]
    with world_of(tmp_path, many, variables={"inkan_renewal": {"run_every_hours": EVERY}}) as world:
        world.variables["inkan_ca_accounts"] = account(world)
        play = world.play("issue")
        assert play.rc == 0, play.why()
        ca = world.lab.also["acme_ca"]
        start = world.lab.clock.now().replace(microsecond=0) + timedelta(hours=7)
        end = start + timedelta(hours=WINDOW)
        page = "https://ca.example.jp/incident-1"
        ca.mass_renewal(start, end, explanation=page)
        first = {tuple(one["names"]): one["certificate"] for one in ca_events(world, "issued")}
        starts = []
        for hours in (9.5, 3.0, 3.0):  # two hours and a half into the window, and every three hours from then on
            world.lab.clock.advance(hours=hours)
            play = world.play("renew", seconds=600)
            assert play.rc == 0, play.why()
            starts.append(sum(play.starts().values()))
        renewed = [one for one in ca_events(world, "order") if one["replaces"]]
        assert {one["replaces"] for one in renewed} == set(first.values())
        assert len(renewed) == MANY, "each once, and each says which certificate it replaces"
        times = [datetime.fromisoformat(one["at"].replace("Z", "+00:00")) for one in renewed]
        assert start <= min(times) and max(times) <= end
        runs = collections.Counter((one - start) // timedelta(hours=EVERY) for one in times)
        assert len(runs) == WINDOW // EVERY and min(runs.values()) >= MANY / len(runs) / 2, runs
        asked = collections.Counter(one["certificate"] for one in ca_events(world, "renewal_info"))
        assert asked.keys() >= set(first.values())
        assert max(asked.values()) <= 3, "no more often than Retry-After says: every six hours"
        assert max(starts) - min(starts) <= 20, "the number of tasks does not grow with the number of certificates"
        assert world.lab.failures == []
