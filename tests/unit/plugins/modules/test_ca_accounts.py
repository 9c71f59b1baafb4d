# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts at CAs: opened, with another key, closed; each by the real adapter over a scripted server."""

from __future__ import annotations

import json
import os
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import ca_accounts
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme.scripted import (
    ACCOUNT,
    CA,
    DIRECTORY,
    Answer,
    World,
    account,
    directory,
    problem,
)

pytest.importorskip("acme")  # the oldest Pythons of targets have none that is new enough
pytest.importorskip("josepy")


class Ground:
    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger" / "ledger.sqlite3"
        self.world = World(str(folder / "unused"))
        self.world.http.on(DIRECTORY, directory("keyChange")).on(f"{CA}/keyChange", Answer(200))
        self.world.http.on(ACCOUNT, account())
        self.settings: dict[str, t.Any] = {"directory": DIRECTORY}

    @property
    def key(self) -> Path:
        return self.ledger.parent / "accounts" / "ca" / "ca.pem"

    def play(self, *items: dict[str, t.Any], check_mode: bool = False) -> Result:
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {
                "ca": {"adapter": "acme", "settings": self.settings},
                "other": {"adapter": "plain", "settings": {}},
            },
            "accounts": list(items or ({"name": "ca"},)),
        }
        read = ArgumentSpecValidator(ca_accounts.argument_spec()).validate(given)
        assert not read.error_messages
        factories = {"acme": self.world.factory, "plain": Plain()}
        return ca_accounts.run(read.validated_parameters, check_mode, t.cast(t.Any, factories))

    def one(self, check_mode: bool = False, **item: t.Any) -> dict[str, t.Any]:
        (result,) = self.play({"name": "ca", **item}, check_mode=check_mode).items
        data = result.as_data()
        json.dumps(data)
        return data


class Plain:
    def settings_errors(self, account: t.Any) -> list[str]:
        return []

    def open(self, account: t.Any, *, deadline: float) -> object:
        return object()


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_an_account_is_opened_once(ground: Ground) -> None:
    first, second = ground.one(), ground.one()
    assert (first["outcome"], first["changed"], first["url"]) == ("opened", True, ACCOUNT)
    assert (second["outcome"], second["changed"], second["dns_label"]) == ("kept", False, "_rtcx7tofoupp7izy")


def test_check_mode_asks_nobody_and_makes_no_key(ground: Ground) -> None:
    planned = ground.one(check_mode=True)
    assert (planned["outcome"], planned["changed"], planned["url"]) == ("opened", True, "known_after_order")
    assert ground.world.http.asked == [] and not ground.ledger.parent.exists()


def test_other_contacts_are_told(ground: Ground) -> None:
    ground.one()
    ground.settings["contact"] = ["new@example.jp"]
    told = ground.one()
    assert (told["outcome"], told["changed"], told["contact"]) == ("updated", True, ["new@example.jp"])
    assert ground.one()["changed"] is False


def test_a_key_that_is_too_old_is_changed_once(ground: Ground) -> None:
    ground.one()
    old = datetime(2025, 1, 1, tzinfo=timezone.utc).timestamp()
    os.utime(ground.key, (old, old))
    assert ground.one(key_since="2024-12-31")["outcome"] == "kept"
    planned = ground.one(check_mode=True, key_since="2025-06-01")
    assert (planned["outcome"], planned["changed"]) == ("key_changed", True)
    assert ground.world.http.to(f"{CA}/keyChange") == []
    assert ground.one(key_since="2025-06-01")["outcome"] == "key_changed"
    assert ground.one(key_since="2025-06-01")["outcome"] == "kept"
    assert len(ground.world.http.to(f"{CA}/keyChange")) == 1


def test_a_closed_account_stays_closed(ground: Ground) -> None:
    ground.one()
    closed = ground.one(state="closed", confirm="ca")
    assert (closed["outcome"], closed["state"], closed["changed"]) == ("closed", "closed", True)
    assert ground.one(state="closed", confirm="ca")["changed"] is False
    assert [one.payload for one in ground.world.http.to(ACCOUNT)] == [{"status": "deactivated"}]
    again = ground.one()
    assert again["error"]["code"] == "account_closed" and again["state"] is None


@pytest.mark.parametrize("confirm", [None, "CA", ""])
def test_nothing_is_closed_that_is_not_confirmed_by_its_name(ground: Ground, confirm: str | None) -> None:
    with pytest.raises(InputErrors, match="never be opened again"):
        ground.one(state="closed", confirm=confirm)
    assert ground.world.http.asked == []


def test_all_that_is_wrong_is_told_at_once(ground: Ground) -> None:
    with pytest.raises(InputErrors) as caught:
        ground.play({"name": "ghost"}, {"name": "ca", "key_since": "soon"}, {"name": "ca"})
    assert [error.code for error in caught.value.errors] == ["ca_account_unknown", "bad_value", "duplicate_name"]


def test_an_account_of_a_portal_is_an_error_of_its_own_only(ground: Ground) -> None:
    other, mine = ground.play({"name": "other"}, {"name": "ca"}).items
    assert other.error is not None and other.error.code == "account_not_kept" and not other.changed
    assert mine.error is None and mine.changed


def test_a_refusal_of_the_ca_is_the_items_error(ground: Ground) -> None:
    ground.world.http.on(f"{CA}/newAccount", problem(400, "invalidContact"))
    told = ground.one()
    assert (told["outcome"], told["changed"], told["error"]["code"]) == ("not_done", False, "acme_invalidContact")
