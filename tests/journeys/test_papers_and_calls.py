# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""OV at a CA whose people call: the call is a task with a card, holds up nobody, and is closed by a person's word."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

import story
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from test_same_inventory import gcc_account
from world import LabWorld

ORGANIZATION = {
    "name": "Example KK",
    "japanese_name": "株式会社例",
    "kind": "corporation",
    "phone": "03-0000-0000",
    "subject": {"C": "JP", "ST": "Tokyo", "L": "Chiyoda-ku", "O": "Example KK"},
    "responsible": {"name": "山田太郎", "mail": "yamada@example.jp", "absences": ["2026-12-29"]},
    "technical": {"name": "鈴木花子", "mail": "ops@example.jp"},
}
#: as GlobalSign takes it with the order
VETTED = {
    "name": "Example KK",
    "address": {
        "line1": "1-1 Otemachi",
        "city": "Chiyoda-ku",
        "region": "Tokyo",
        "postal_code": "100-0004",
        "country": "JP",
        "phone": "+81-3-0000-0000",
    },
}


def certificate(name: str, product: str) -> story.Certificate:
    return {
        "name": name,
        "common_name": f"{name}.example.jp",
        "product": product,
        "ca_account": "gspanel",
        "validation": {"method": "dns"},
        "organization": "example",
        "hosts": "web1",
        "deploy": dict(story.DEPLOY),
    }


@contextlib.contextmanager
def company(folder: Path) -> t.Iterator[LabWorld]:
    ordered = [certificate("shop", "globalsign-ov"), certificate("wiki", "globalsign-dv")]
    with LabWorld(folder, ordered, vices=(), also=("gcc",)) as world:
        account = gcc_account(world.lab.facts()["gcc"])
        account["settings"]["organization"] = VETTED
        world.variables["inkan_ca_accounts"] = {"gspanel": account}
        world.variables["inkan_organizations"] = {"example": ORGANIZATION}
        yield world


def order_of(world: LabWorld, name: str) -> Entry:
    store = open_for_reading(str(world.ledger))
    assert store is not None
    with store:
        return store.entries(settled=True)[name][-1]


def test_a_call_is_followed_and_holds_up_nothing(tmp_path: Path) -> None:
    with company(tmp_path) as world:
        play = world.play("issue")
        assert play.rc == 0, play.why()
        assert "you are to have the documents of 株式会社例 ready" in play.stdout
        shop, wiki = order_of(world, "shop"), order_of(world, "wiki")
        assert (shop.is_open, wiki.state.value) == (True, "deployed")
        tasks = shop.standing.tasks
        assert {id_: one.is_done for id_, one in tasks.items()} == {"papers": False, "call": False}
        call = tasks["call"].task
        assert (call.owner, call.mail, call.escalate_to) == ("山田太郎", "yamada@example.jp", "ops@example.jp")
        assert dict(call.card)["absences"] == "2026-12-29"

        world.lab.also["gcc"].vet(shop.standing.handle)
        said = {"shop": {"done": ["call", "papers"], "who": "山田太郎", "note": "they asked for the common name"}}
        # of what is declared no more, the end of its contract may be told
        play = world.play("issue", variables={"inkan_intake": {**said, "gone": {"done": ["cancel"]}}})
        assert play.rc == 0, play.why()
        shop = order_of(world, "shop")
        assert shop.state.value == "deployed"
        assert {(one.is_done, one.by, one.note) for one in shop.standing.tasks.values()} == {
            (True, "山田太郎", "they asked for the common name")
        }
        assert world.lab.failures == []
