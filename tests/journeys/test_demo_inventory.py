# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory of the lab, and fifty certificates at once, at other CAs: by another ca_account and product alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import story
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from lab import inventory
from test_same_inventory import ALSO, CHOICES, accounts
from world import LabWorld

HOW_MANY = 50
ADAPTERS = ["globalsign_atlas", "globalsign_gcc"]


def declared(adapter: str) -> list[story.Certificate]:
    """Three by mail, file and record, as the lab declares them; the others by record."""
    ca_account, product, _kind = CHOICES[adapter]
    demo = inventory.certificates()
    by_dns = next(one for one in demo if one["name"] == "by-dns")
    more = [
        {**by_dns, "name": f"c{number}", "common_name": f"c{number}.example.co.jp", "hosts": "web1"}
        for number in range(HOW_MANY - len(demo))
    ]
    return [{**one, "ca_account": ca_account, "product": product} for one in (*demo, *more)]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_inventory_of_the_lab_and_fifty_at_once(adapter: str, tmp_path: Path) -> None:
    certificates = declared(adapter)
    with LabWorld(tmp_path, certificates, vices=(), also=ALSO.get(adapter, ())) as world:
        world.variables["inkan_ca_accounts"] = accounts(world, None)
        world.variables["inkan_deadline"] = 120
        first = world.play("issue")
        assert first.rc == 0, first.why()
        world.press("hostmaster@example.jp")
        second = world.play("issue")
        assert second.rc == 0, second.why()
        assert len(set(issued(world))) == HOW_MANY
        assert logins(world) <= 4, "one for each call, not for each certificate"
        assert world.tokens_in_dns() == []
        assert world.lab.failures == []


def issued(world: LabWorld) -> list[str]:
    """The serial numbers of the certificates in the ledger, one order each."""
    store = open_for_reading(str(world.ledger))
    assert store is not None
    with store:
        every = store.entries(settled=True)
    assert {len(entries) for entries in every.values()} == {1}, "one order a certificate"
    certificates = [entry.standing.certificate for (entry,) in every.values()]
    return [one.serial for one in certificates if one is not None]


def logins(world: LabWorld) -> int:
    return sum(event["path"].endswith("/login") for event in world.lab.history.events("request", ca="atlas"))
