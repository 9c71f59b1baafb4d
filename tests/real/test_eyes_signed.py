# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""dcv_check validates what real servers signed: BIND with NSEC, Knot with NSEC and with NSEC3."""

from __future__ import annotations

import typing as t
from pathlib import Path

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import pytest
from ansible_collections.inkan.tls.plugins.modules import dcv_check
from plays.waiting import wait_for
from servers.bind import Bind
from servers.knot import Knot

ZONE = "example.test"
RECORDS = {
    "_acme-challenge.www": [("TXT", '"the value"')],
    "*.wild": [("TXT", '"the value"')],
    "a.deep.name": [("A", "192.0.2.1")],
    "www": [("A", "192.0.2.1")],
}


class Signed(t.NamedTuple):
    port: int
    anchor: str


@pytest.fixture(scope="module", params=["BIND, NSEC", "Knot, NSEC", "Knot, NSEC3"])
def signed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Signed]:
    folder = Path(tmp_path_factory.mktemp("signed"))
    if request.param.startswith("BIND"):
        server: t.Any = Bind(folder, zones={ZONE: RECORDS}, inline_signing=[ZONE])
    else:
        server = Knot(folder, zones={ZONE: RECORDS}, signed=[ZONE], nsec3=request.param.endswith("NSEC3"))
    with server as one:
        yield Signed(one.port, wait_for(lambda: _anchor(one.port), "the keys of the zone"))


def _anchor(port: int) -> str | None:
    """The DS record of the key that signs the keys, once the zone is signed."""
    query = dns.message.make_query(ZONE, "DNSKEY", want_dnssec=True)
    answer = dns.query.tcp(query, "127.0.0.1", port=port, timeout=3)
    name = dns.name.from_text(ZONE)
    signatures = [one for one in answer.answer if one.rdtype == dns.rdatatype.RRSIG]
    keys = [key for one in answer.answer if one.rdtype == dns.rdatatype.DNSKEY for key in one if key.flags == 257]
    if not keys or not signatures:
        return None
    return f"{ZONE}. IN DS {dns.dnssec.make_ds(name, keys[0], 'SHA256').to_text()}"


def look(signed: Signed, anchor: str = "", **check: t.Any) -> dict[str, t.Any]:
    sight = {"resolvers": ["127.0.0.1"], "dns_port": signed.port, "trust_anchors": [anchor or signed.anchor]}
    checks = [{"name": "it", "records": [], "files": [], **check}]
    (item,) = dcv_check.run({"sight": sight, "deadline": 0, "checks": checks}, False).items
    return item.as_data()


def record(owner: str, value: str = "the value") -> dict[str, str]:
    return {"name": f"{owner}.{ZONE}", "type": "TXT", "value": value}


def test_a_record_and_one_from_a_wildcard_are_proven(signed: Signed) -> None:
    item = look(signed, records=[record("_acme-challenge.www"), record("any.wild"), record("a.b.wild")])
    assert (item["state"], item["findings"]) == ("visible", [])


def test_the_absence_of_a_policy_is_proven_for_names_of_all_kinds(signed: Signed) -> None:
    """Names with other records, empty ones with names below them, wildcards, and some that are not there."""
    names = ["www", "deep.name", "name", "*", "any.wild", "no.such.name", "zzz", "0"]
    item = look(signed, ca="jprs", dns_names=[ZONE, *(f"{name}.{ZONE}" for name in names)])
    assert (item["state"], item["findings"]) == ("visible", [])


def test_another_trust_anchor_makes_all_of_it_bogus(signed: Signed) -> None:
    other = f"{ZONE}. IN DS 12345 13 2 {'AB' * 32}"
    item = look(signed, other, records=[record("_acme-challenge.www")], dns_names=[f"www.{ZONE}"])
    assert {one["code"] for one in item["findings"]} == {"dnssec_anchor"}
    assert item["state"] == "not_visible"
