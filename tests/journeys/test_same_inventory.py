# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One inventory through every CA adapter: ``issue`` and ``renew``, by another ca_account and product alone."""

from __future__ import annotations

import contextlib
import os
import sys
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import story
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from lab.inventory import inventory
from world import LabWorld

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))

from servers.pebble import Pebble
from servers.process import Missing, program

#: adapter -> ca_account, product; and how a renewal is sent there
CHOICES = {
    "acme": ("pebble", "acme", "new"),
    "rest": ("labssl", "digicert-dv", "new"),
    "digicert": ("certcentral", "digicert-dv", "reissue"),  # the plan says that the term is paid
    "globalsign_atlas": ("atlas", "globalsign-atlas", "new"),
    "globalsign_gcc": ("gspanel", "globalsign-dv", "reissue"),
}
#: simulators of the lab beside those that it always has
ALSO = {"globalsign_atlas": ("atlas",), "globalsign_gcc": ("gcc",)}
NAMES = ("shop.example.jp", "www.shop.example.jp", "*.shop.example.jp")


def certificate(ca_account: str, product: str) -> story.Certificate:
    return {
        "name": "shop",
        "common_name": NAMES[0],
        "dns_names": list(NAMES[1:]),
        "ca_account": ca_account,
        "product": product,
        "validation": {"method": "dns"},
        "key": {"type": "ecdsa-p256"},
        "hosts": "webservers",
        "deploy": dict(story.DEPLOY),
    }


def accounts(world: LabWorld, pebble: Pebble | None) -> dict[str, t.Any]:
    """All of them, whoever is chosen."""
    facts = world.lab.facts()
    found: dict[str, t.Any] = dict(inventory(facts)["all"]["vars"]["inkan_ca_accounts"])
    found["certcentral"] = {
        "adapter": "digicert",
        "settings": {"url": facts["digicert"]["url"], "ca_bundle": facts["digicert"]["ca"]},
        "secrets": {"api_key": facts["digicert"]["key"]},
    }
    if "atlas" in facts:
        found["atlas"] = atlas_account(facts["atlas"])
    if "gcc" in facts:
        found["gspanel"] = gcc_account(facts["gcc"])
    if pebble is not None:
        found["pebble"] = {
            "adapter": "acme",
            "settings": {
                "directory": pebble.directory_url,
                "ca_bundle": str(pebble.ca_bundle),
                "eab_kid": pebble.eab_kid,
                "accept_terms": True,
            },
            "secrets": {"eab_hmac_key": pebble.eab_hmac_key},
        }
    return found


def atlas_account(facts: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """By its client certificate, as at the real one."""
    secrets = {name: facts[name] for name in ("api_key", "api_secret")}
    pems = {name: Path(facts[name]).read_text() for name in ("client_certificate", "client_key")}
    limits = {"requests_per_second": 1000, "requests_per_minute": 60_000}
    return {
        "adapter": "globalsign_atlas",
        "settings": {"url": facts["url"], "ca_bundle": facts["ca"], **limits},
        "secrets": {**secrets, **pems},
    }


def gcc_account(facts: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    contact = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
    common = {"url": facts["url"], "ca_bundle": facts["ca"], "user_name": facts["username"], "contact": contact}
    return {"adapter": "globalsign_gcc", "settings": common, "secrets": {"password": facts["password"]}}


@contextlib.contextmanager
def world_of(adapter: str, folder: Path) -> t.Iterator[LabWorld]:
    ca_account, product, _kind = CHOICES[adapter]
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(
            LabWorld(folder, [certificate(ca_account, product)], vices=(), also=ALSO.get(adapter, ()))
        )
        dns, pebble = world.lab.facts()["dns"], None
        if adapter == "acme":
            servers = f"{dns['servers'][0]}:{dns['port']}"
            pebble = stack.enter_context(Pebble(folder / "pebble", servers, world.lab.facts()["http_port"]))
        world.variables["inkan_ca_accounts"] = accounts(world, pebble)
        yield world


def require(adapter: str) -> None:
    if adapter != "acme":
        return
    try:
        program("pebble", "pebble")
    except Missing as missing:
        if os.environ.get("REQUIRE_REAL", "") not in ("", "0"):
            pytest.fail(f"{missing} (REQUIRE_REAL=1)", pytrace=False)
        pytest.skip(str(missing))


def serials(world: LabWorld) -> set[str]:
    """What the hosts show in a handshake."""
    return {host.served(name).serial for host in world.lab.web.values() for name in NAMES[:2]}


def entries(world: LabWorld) -> list[Entry]:
    """The orders of the certificate in the ledger, the oldest first."""
    store = open_for_reading(str(world.ledger))
    assert store is not None
    with store:
        return store.entries(settled=True)["shop"]


def test_every_adapter_is_among_them() -> None:
    """A portal has no API: what people do there is played by test_portal."""
    assert CHOICES.keys() == set(ADAPTERS) - {"portal"}


@pytest.mark.parametrize("adapter", CHOICES)
def test_issue_and_renew_by_another_account_and_product_alone(adapter: str, tmp_path: Path) -> None:
    require(adapter)
    with world_of(adapter, tmp_path) as world:
        play = world.play("issue")
        assert play.rc == 0, play.why()
        (first,) = serials(world)
        play = world.play("renew", variables={"inkan_renewal": {"force": ["shop"]}})
        assert play.rc == 0, play.why()
        (second,) = serials(world)
        assert second != first
        orders = entries(world)
        issued = [entry.standing.certificate.serial for entry in orders if entry.standing.certificate is not None]
        assert issued == [first, second]
        assert [entry.standing.kind.value for entry in orders] == ["new", CHOICES[adapter][2]]
        if adapter == "digicert":
            a_new_term_is_a_paid_order(world, orders[0])
        assert world.tokens_in_dns() == []
        assert world.lab.failures == []


def a_new_term_is_a_paid_order(world: LabWorld, first: Entry) -> None:
    """Where what was paid for ends, the plan wants a new term: an order that tells CertCentral what it follows."""
    (before,) = serials(world)
    ends = datetime.now(timezone.utc) + timedelta(days=1)
    ca_account, product, _kind = CHOICES["digicert"]
    declared = {**certificate(ca_account, product), "contract_ends": ends.isoformat(timespec="seconds")}
    paid = {"inkan_certificates": [declared], "inkan_renewal": {"contract_days": 1}}
    play = world.play("renew", variables=paid)
    assert play.rc == 0, play.why()
    (after,) = serials(world)
    order = entries(world)[-1].standing
    assert (after != before, order.kind.value) == (True, "renew")
    followed = int(first.standing.handle)
    told = [(event["order"], event["renewal_of"]) for event in world.lab.history.events("order")]
    assert told == [(followed, None), (int(order.handle), followed)], "two were paid; the reissue between was not"
