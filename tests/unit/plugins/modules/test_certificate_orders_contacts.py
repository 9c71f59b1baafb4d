# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders and its reader, option contacts: which contact records in DNS are ours."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._io import durability
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import certificate_orders, certificate_orders_info
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import Playground, item

RECORD = "_validation-contactemail.example.jp"
SINCE = "2026-11-20T00:00:00Z"


def contact(**words: t.Any) -> dict[str, t.Any]:
    return {"record": RECORD, "kind": "txt", "address": "certs@example.jp", "domain": "example.jp", **words}


class Ledger:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "state" / "ledger.sqlite3"

    def note(self, *contacts: dict[str, t.Any], check_mode: bool = False, **words: t.Any) -> Result:
        given = {"ledger_path": str(self.path), "ledger_durable": True, "record_only": True, "certificates": []}
        given = {**given, "contacts": list(contacts), "now": SINCE, **words}
        validated = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert not validated.error_messages, validated.error_messages
        return certificate_orders.run(validated.validated_parameters, check_mode)

    def ours(self) -> t.Any:
        given = {"ledger_path": str(self.path), "contacts": True, "names": []}
        validated = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(given)
        result = certificate_orders_info.run(validated.validated_parameters, False)
        assert (result.items, result.changed) == ([], False)
        return result.extra["contacts"]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def test_what_was_published_is_ours_until_it_is_gone(ledger: Ledger) -> None:
    assert ledger.ours() is None, "there is no ledger yet"
    planned = ledger.note(contact(), check_mode=True)
    assert planned.changed and not ledger.path.parent.exists()
    first = ledger.note(contact())
    assert first.diff == planned.diff and first.changed
    assert first.diff[0].after == f"{RECORD}. txt certs@example.jp (of example.jp)\n"
    assert ledger.ours() == [contact(since=SINCE)]
    before = ledger.path.read_bytes()
    again = ledger.note(contact(domain="www.example.jp"))
    assert (again.changed, again.diff, ledger.path.read_bytes()) == (False, [], before)
    gone = ledger.note(contact(state="absent"))
    assert (gone.changed, gone.diff[0].before, ledger.ours()) == (True, first.diff[0].after, [])
    assert ledger.note(contact(state="absent")).changed is False


def test_contacts_and_orders_are_recorded_in_one_call(tmp_path: Path) -> None:
    ground, ledger = Playground(tmp_path), Ledger(tmp_path)
    ledger.path = ground.ledger
    ground.play(item(), until="wanted")
    result = ledger.note(contact(), certificates=[{"name": "shop", "observed": {}}])
    assert [one.name for one in result.items] == ["shop"]
    assert (result.changed, result.items[0].changed, ledger.ours()) == (True, False, [contact(since=SINCE)])


def test_a_ledger_that_would_not_last_is_told_and_left_alone(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "read_mounts", lambda: "none / tmpfs rw 0 0\n")
    result = ledger.note(contact(), ledger_durable=False)
    assert result.extra["contacts_problem"] == "it lies on a tmpfs, which is memory and ends with the machine"
    assert not result.changed and not ledger.path.parent.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"address": "certs"}, {}),
        ({"domain": "-.jp"}, {}),
        ({"record": "a b.jp"}, {}),
        ({}, {"record_only": False}),
    ],
)
def test_what_is_no_contact_is_refused(ledger: Ledger, wrong: dict[str, t.Any], words: dict[str, t.Any]) -> None:
    with pytest.raises(InputErrors) as errors:
        ledger.note(contact(**wrong), **words)
    assert [one.code for one in errors.value.errors] == ["bad_contact"]
    assert not ledger.path.parent.exists()
