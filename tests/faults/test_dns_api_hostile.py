# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP APIs of DNS services behind a hostile network: a real PowerDNS, and the simulator of the IIJ DNS Platform.

The key is told to nobody who is not proven; when the network is mended the next run has the token published, once, and
the run after it changes nothing. What was there before is untouched.
"""

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDns as PowerDnsService
from ansible_collections.inkan.tls.plugins.module_utils._io import http
from ansible_collections.inkan.tls.plugins.modules import dns_tokens
from api_front import API_MODES, LOST, ApiFront
from hostile_front import HOST, UNPROVEN, Pki, Stopwatch
from lab.lab import Lab
from servers.powerdns import PowerDns
from servers.process import Missing
from spread import spread
from tally import Invariant, Tally

HARNESS = "hostile network, DNS API"
ZONE = "example.net"
DEADLINE = 1.0
_numbers = itertools.count(1)


class Pdns:
    service = "powerdns"
    settings: t.ClassVar[dict[str, t.Any]] = {}
    speaks_tls = False

    def __init__(self, server: PowerDns) -> None:
        self._server = server
        self.upstream = (server.address, server.api_port)
        self.secrets = {"api_key": server.api_key}
        self.servers, self.dns_port = [server.address], server.port

    def url(self, front: ApiFront) -> str:
        return front.url

    def values(self, owner: str) -> list[str]:
        return [value for name, value in self._texts() if name == owner]

    def others(self, owner: str) -> list[tuple[str, str]]:
        return sorted(one for one in self._texts() if one[0] != owner)

    def _texts(self) -> list[tuple[str, str]]:
        sets = self._server.call("GET", f"/zones/{ZONE}.")["rrsets"]
        return [
            (one["name"].rstrip("."), record["content"].strip('"'))
            for one in sets
            if one["type"] == "TXT"
            for record in one["records"]
        ]


class Dpf:
    service = "iij_dpf"
    settings: t.ClassVar[dict[str, t.Any]] = {"requests_per_second": 10_000, "burst": 10_000, "job_interval": 0.02}
    speaks_tls = True

    def __init__(self, lab: Lab) -> None:
        self._dpf = lab.also["dpf"]
        self._dpf.put(ZONE, f"kept.{ZONE}", "TXT", ["of somebody else"], ttl=60)
        facts = lab.facts()
        address, _slash, self._path = facts["dpf"]["url"].split("://", 1)[1].partition("/")
        self.upstream = (HOST, int(address.rpartition(":")[2]))
        self.secrets = {"access_token": facts["dpf"]["token"]}
        self.servers, self.dns_port = facts["dns"]["servers"], facts["dns"]["port"]

    def url(self, front: ApiFront) -> str:
        return f"{front.url}/{self._path}"

    def values(self, owner: str) -> list[str]:
        return [value for name, value in self._texts() if name == owner]

    def others(self, owner: str) -> list[tuple[str, str]]:
        return sorted(one for one in self._texts() if one[0] != owner)

    def _texts(self) -> list[tuple[str, str]]:
        found = self._dpf.records(ZONE)
        return [(owner.rstrip("."), value.strip('"')) for owner, kind, many in found if kind == "TXT" for value in many]


Api = t.Union[Pdns, Dpf]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, t.Any]]:
    folder = tmp_path_factory.mktemp("apis")
    try:
        server = PowerDns(folder / "pdns", zones={ZONE: {"kept": [("TXT", "of somebody else")]}}).__enter__()
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        with Lab(folder / "lab", web=(), vices=(), also=("dpf",)) as lab:
            yield {"powerdns": Pdns(server), "iij_dpf": Dpf(lab), "pki": Pki(folder / "pki")}
            assert lab.failures == []
    finally:
        server.__exit__(None, None, None)


def publish(api: Api, front: ApiFront, pki: Pki, owner: str, timeout: float) -> dict[str, t.Any]:
    settings = {"url": api.url(front), "ca_bundle": str(pki.bundle), "timeout": timeout, **api.settings}
    params = {
        "state": "present",
        "dns_services": {"one": {"service": api.service, "settings": settings, "zones": [ZONE]}},
        "secrets": {"one": api.secrets},
        "sight": {"resolvers": api.servers, "dns_port": api.dns_port},
        "tokens": [{"name": "one", "record": owner, "type": "TXT", "value": "proof", "ttl": 60}],
    }
    read = ArgumentSpecValidator(dns_tokens.argument_spec()).validate(params)
    assert read.error_messages == []
    return dns_tokens.run(read.validated_parameters, False).items[0].as_data()


def update_through(apis: dict[str, t.Any], name: str, mode: str) -> None:
    api: Api = apis[name]
    owner = f"_acme-challenge.n{next(_numbers)}.{ZONE}"
    before = api.others(owner)
    with ApiFront(apis["pki"], api.upstream, speaks_tls=api.speaks_tls) as front:
        front.mode = mode
        watch = Stopwatch(10 * DEADLINE)
        said = publish(api, front, apis["pki"], owner, DEADLINE)
        watch.must_be_in_time()
        assert front.struck, "nothing came to the front"
        told = [secret.encode() for secret in api.secrets.values()]
        assert mode not in UNPROVEN or not any(one in front.heard for one in told), "a stranger was told the key"
        if mode != LOST:  # else a second look may have shown that it is there
            assert said["error"] is not None, f"{mode} was taken for an answer"
            assert api.values(owner) == []
        assert said["error"] is None or (said["error"]["code"] and said["error"]["todo"]), said["error"]
        assert said["error"] is not None or api.values(owner) == ["proof"], "it is not there, and nobody is told"
        front.mode = "wire"
        said = publish(api, front, apis["pki"], owner, 10.0)
        assert api.others(owner) == before, "something else was touched"
        assert (said["error"], api.values(owner)) == (None, ["proof"])
        said = publish(api, front, apis["pki"], owner, 10.0)
        assert (said["error"], said["changed"], api.values(owner)) == (None, False, ["proof"])
        assert api.others(owner) == before, "something else was touched"


GRID = list(itertools.product(("powerdns", "iij_dpf"), API_MODES))


@pytest.mark.parametrize(("name", "mode"), spread(GRID, short=9))
def test_a_hostile_way_to_a_dns_api(apis: dict[str, t.Any], tally: Tally, name: str, mode: str) -> None:
    with tally.attack(Invariant.TLS_VERIFIED if mode in UNPROVEN else Invariant.NOTHING_LEFT, HARNESS):
        update_through(apis, name, mode)


@pytest.mark.parametrize("name", ["powerdns", "iij_dpf"])
def test_the_attack_finds_a_dns_api_that_verifies_nothing(
    apis: dict[str, t.Any], tally: Tally, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    original = http.DirectHttp._tls_context

    def context(self: http.DirectHttp) -> t.Any:
        made = original(self)
        made.check_hostname = False
        made.verify_mode = http.ssl.CERT_NONE
        return made

    monkeypatch.setattr(http.DirectHttp, "_tls_context", context)
    with tally.seeded(HARNESS, f"TLS verification is off, {name}"):
        update_through(apis, name, "expired")


def test_the_attack_finds_a_write_that_touches_its_neighbours(
    apis: dict[str, t.Any], tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every edit is made in the name of the record that somebody else has."""
    original = PowerDnsService._entries

    def entries(self: t.Any, zone: str, question: t.Any, *more: t.Any) -> t.Any:
        return original(self, zone, question._replace(name=f"kept.{ZONE}"), *more)

    monkeypatch.setattr(PowerDnsService, "_entries", entries)
    with tally.seeded(HARNESS, "another record is written"):
        update_through(apis, "powerdns", LOST)
