# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every door to the network, with a peer that is silent, drips, resets, is somebody else, or has a bad certificate.

Each call ends within its deadline, in an error with a code. No secret is told to a peer that was not proven to be the
right one. When the network is mended, the work is finished, and the CA has one order.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import sys
import types
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract" / "ca"))  # harnesses of CAs

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import Outcome
from ansible_collections.inkan.tls.plugins.module_utils._io import http
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import served_certificate
from ansible_collections.inkan.tls.plugins.modules import dns_tokens
from harness import ZONE, Account, Bench, publish_in
from harness_atlas import AtlasHarness
from harness_digicert import DigicertHarness
from harness_globalsign_gcc import GccHarness
from harness_rest import RestHarness
from hostile_front import HOST, MODES, PROVEN, UNPROVEN, DnsFront, Front, Pki, Stopwatch
from lab.lab import Lab
from playing import Customer
from servers.pki import Authority
from spread import spread
from tally import Invariant, Tally

CAS, DNS, PROOF = "hostile network, CAs", "hostile network, DNS", "hostile network, handshake proof"
DEADLINE = 2.0
SECRET = "mark-of-a-secret-7d1f"


class AcmeHarness:
    """The lab's ACME CA: its directory comes through the front, which is how a run begins."""

    def __init__(self, bench: Bench) -> None:
        self._lab = bench.lab
        self._facts = bench.lab.facts()["acme_ca"]

    def account(self, proxy: t.Any) -> Account:
        path = "/" + self._facts["url"].split("://", 1)[1].partition("/")[2]
        settings = {"directory": f"{proxy.url}{path}", "ca_bundle": proxy.tls.ca_bundle, "accept_terms": True}
        return Account("acme", {**settings, "lost_order": "resubmit"}, {})

    def wish(self, name: str, verb: str) -> dict[str, t.Any]:
        return {"product": "acme", "method": "dns-01", "dns_names": [f"{name}.{ZONE}"], "options": {}}

    def publish(self, wanted: t.Mapping[str, t.Any]) -> None:
        publish_in(self._lab, wanted)


class World:
    def __init__(self, lab: Lab, folder: Path, stack: contextlib.ExitStack) -> None:
        self.lab, self.folder = lab, folder
        facts = lab.facts()
        named = {facts["api_ca"], *(one["ca"] for one in facts.values() if isinstance(one, dict) and "ca" in one)}
        self.pki = Pki(folder / "pki", *map(Path, sorted(named)))
        bench = Bench(lab, folder, Authority(folder / "authority"), stack)
        self.harnesses: dict[str, t.Any] = {
            "acme": AcmeHarness(bench),
            "digicert": DigicertHarness(bench),
            "globalsign_atlas": AtlasHarness(bench),
            "globalsign_gcc": GccHarness(bench),
            "rest": RestHarness(bench),
        }

    def upstream(self, name: str) -> tuple[str, int]:
        facts = self.lab.facts()
        url = {"acme": facts["acme_ca"]["url"], "rest": facts["api_url"]}.get(name)
        if url is None:
            upstream = self.harnesses[name].upstream()
            return upstream.address, upstream.port
        host, _colon, port = url.split("://", 1)[1].partition("/")[0].partition(":")
        return host, int(port)

    def orders(self, names: t.Sequence[str]) -> int:
        events = self.lab.history.events("order")
        return sum(set(one.get("names", ())) == set(names) and not one.get("reused") for one in events)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    folder = tmp_path_factory.mktemp("network")
    with contextlib.ExitStack() as stack:
        also = ("acme_ca", "atlas", "gcc", "dpf")
        lab = stack.enter_context(Lab(folder / "lab", web=(), vices=(), also=also))
        yield World(lab, folder, stack)
        assert lab.failures == []


# -- CAs --------------------------------------------------------------------------------------------------------------

#: By what stands between: the codes that may be told, and whether another try is worth it.
UNVERIFIED, NO_TLS = ("http_tls_unverified",), ("http_no_tls",)
CODES: dict[str, tuple[tuple[str, ...], bool]] = {
    **dict.fromkeys(("wrong name", "expired", "self-signed", "wrong CA"), (UNVERIFIED, False)),
    **dict.fromkeys(UNPROVEN[4:], (NO_TLS, True)),
    "reset at once": (("http_no_tls", "http_no_connection"), True),  # as the reset comes late or early
    **dict.fromkeys(PROVEN, (("http_timeout", "http_broken_answer"), True)),
}
ADAPTERS = ("acme", "digicert", "globalsign_atlas", "globalsign_gcc", "rest")


def order_through(world: World, adapter: str, mode: str, folder: Path) -> None:
    harness = world.harnesses[adapter]
    with Front(world.pki, world.upstream(adapter)) as front:
        proxy = types.SimpleNamespace(url=front.url, tls=types.SimpleNamespace(ca_bundle=str(world.pki.bundle)))
        customer = Customer(t.cast(t.Any, harness), t.cast(t.Any, proxy), folder, "submit", skew=False)
        front.mode, customer.deadline = mode, DEADLINE
        watch = Stopwatch(DEADLINE)
        error = customer.run()["error"]
        watch.must_be_in_time()
        assert front.struck, "nothing came to the front"
        told = bytes(front.heard)
        secrets = [value.encode() for value in harness.account(t.cast(t.Any, proxy)).secrets.values()]
        secrets += [base64.b64encode(b":" + value)[2:-4] for value in secrets]
        assert mode in PROVEN or not any(secret in told for secret in secrets), "a stranger was told a secret"
        assert mode in PROVEN or b"POST " not in told, "a stranger was told what we want"
        codes, retryable = CODES[mode]
        assert error is not None, "nothing was wrong?"
        assert (error["code"] in codes, error["retryable"]) == (True, retryable), error
        assert error["todo"]
        assert world.orders(customer.names) == 0
        front.mode, customer.deadline = "wire", 20.0
        for _run in range(4):
            if customer.run()["state"] == "issued":
                break
        assert customer.said["state"] == "issued", customer.trail
        assert world.orders(customer.names) == 1, "bought twice"


GRID = list(itertools.product(ADAPTERS, MODES))


@pytest.mark.parametrize(("adapter", "mode"), spread(GRID, short=17))
def test_a_hostile_way_to_the_ca(world: World, tmp_path: Path, tally: Tally, adapter: str, mode: str) -> None:
    with tally.attack(Invariant.TLS_VERIFIED if mode in UNPROVEN else Invariant.ONE_ORDER, CAS):
        order_through(world, adapter, mode, tmp_path)


def no_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    original = http.DirectHttp._tls_context

    def context(self: http.DirectHttp) -> t.Any:
        made = original(self)
        made.check_hostname = False
        made.verify_mode = http.ssl.CERT_NONE
        return made

    monkeypatch.setattr(http.DirectHttp, "_tls_context", context)


@pytest.mark.parametrize("mode", ["wrong name", "self-signed"])
def test_the_attack_finds_a_client_that_verifies_nothing(
    world: World, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    no_verification(monkeypatch)
    with tally.seeded(CAS, f"TLS verification is off: {mode}"):
        order_through(world, "digicert", mode, tmp_path)


def test_the_attack_finds_a_client_without_a_deadline(
    world: World, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the whole answer, which takes three deadlines and is none of ours: the code tells."""
    monkeypatch.setattr(http._Wire, "arm", lambda self: self.sock.settimeout(2))  # each read has its own limit
    with tally.seeded(CAS, "a limit for each read, none for the whole"):
        order_through(world, "digicert", "trusted, drips", tmp_path)


# -- DNS --------------------------------------------------------------------------------------------------------------

_numbers = itertools.count(1)


def publish(world: World, service: dict[str, t.Any], secrets: dict[str, str], owner: str) -> dict[str, t.Any]:
    name = world.lab.facts()["dns"]
    params = {
        "state": "present",
        "dns_services": {"lab": {**service, "zones": [ZONE]}},
        "secrets": {"lab": secrets},
        "sight": {"resolvers": name["servers"], "dns_port": name["port"]},
        "tokens": [{"name": "one", "record": owner, "type": "TXT", "value": "proof", "ttl": 60}],
    }
    read = ArgumentSpecValidator(dns_tokens.argument_spec()).validate(params)
    assert read.error_messages == []
    (item,) = dns_tokens.run(read.validated_parameters, False).items
    return item.as_data()


#: The update reaches the server, its answer does not reach us.
TAKES_EFFECT = ("TCP drips", "half a message")


def _published(world: World, owner: str) -> list[t.Any]:
    label = owner.removesuffix(f".{ZONE}")
    return [one for one in world.lab.dns.records(ZONE) if one[0].removesuffix(f".{ZONE}") == label]


def update_through(world: World, mode: str) -> None:
    facts, owner = world.lab.facts()["dns"], f"_acme-challenge.n{next(_numbers)}.{ZONE}"
    with DnsFront((facts["servers"][0], facts["port"])) as front:
        settings = {"server": HOST, "port": front.port, "key_name": facts["key_name"], "timeout": 1}
        service = {"service": "rfc2136", "settings": {**settings, "key_algorithm": "hmac-sha256"}}
        front.mode = mode
        watch = Stopwatch(10 * DEADLINE)
        said = publish(world, service, {"key_secret": facts["key_secret"]}, owner)
        watch.must_be_in_time()
        assert front.struck, "nothing came to the front"
        if mode not in TAKES_EFFECT:  # else a second look may have shown that it is there
            assert said["error"] is not None, f"{mode} was taken for an answer"
            assert not _published(world, owner)
        assert said["error"] is None or (said["error"]["code"] and said["error"]["todo"]), said["error"]
        assert said["error"] is not None or len(_published(world, owner)) == 1
        front.mode = "wire"
        said = publish(world, service, {"key_secret": facts["key_secret"]}, owner)
        assert said["error"] is None, said["error"]
        assert len(_published(world, owner)) == 1


@pytest.mark.parametrize("mode", spread(DnsFront.MODES, short=7))
def test_a_hostile_dns_server(world: World, tally: Tally, mode: str) -> None:
    with tally.attack(Invariant.NOTHING_LEFT, DNS):
        update_through(world, mode)


def test_the_attack_finds_an_update_whose_failure_is_not_told(
    world: World, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what became of a token, the module leaves the error out."""
    original = dns_tokens.record_item

    def forgetful(outcome: Outcome) -> t.Any:
        outcome.error = None
        return original(outcome)

    monkeypatch.setattr(dns_tokens, "record_item", forgetful)
    with tally.seeded(DNS, "what could not be published is not told"):
        update_through(world, "refused")


# -- further doors ----------------------------------------------------------------------------------------------------


SILENT = tuple(mode for mode in UNPROVEN if mode not in ("wrong name", "expired", "self-signed", "wrong CA", "old TLS"))


def prove_through(world: World, mode: str) -> None:
    """It looks at what is served, whatever that is; a certificate that cannot be seen is told."""
    with Front(world.pki) as front:
        front.mode = mode
        watch = Stopwatch(DEADLINE)
        with pytest.raises(InkanError) as told:
            served_certificate(HOST, front.port, f"www.{ZONE}", DEADLINE)
        watch.must_be_in_time()
        codes = {"tls_handshake_failed"} | ({"tls_no_connection"} if mode == "reset at once" else set())
        assert told.value.code in codes and told.value.retryable and front.struck, "the reset may come before the hello"


@pytest.mark.parametrize("mode", SILENT)
def test_a_hostile_way_to_the_proof(world: World, tally: Tally, mode: str) -> None:
    with tally.attack(Invariant.NOTHING_LOST, PROOF):
        prove_through(world, mode)


def test_the_attack_finds_a_proof_without_an_end(world: World, tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.inkan.tls.plugins.module_utils._io import handshake

    original = handshake.socket.create_connection

    def patient(address: t.Any, timeout: float) -> t.Any:
        return original(address, timeout=timeout * 7)

    monkeypatch.setattr(handshake.socket, "create_connection", patient)
    with tally.seeded(PROOF, "it waits seven times as long"):
        prove_through(world, "accepted, then silent")
