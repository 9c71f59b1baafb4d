# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doors: options as documented, results as promised, and what a reader of the ledger gets."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import State
from ansible_collections.inkan.tls.plugins.modules import certificate_orders, certificate_orders_info
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import Playground, ask, item

ORDER_KEYS = set(
    "name changed outcome state error purpose reference order wanted leftovers certificate chain serial not_before"
    " not_after obtained_at key_type public_key_sha256 custodian hosts hosts_pending deployed_on rolled_back_on method"
    " common_name dns_names ca_account product options created_at expires waiting_for status_word problem"
    " revoked_serials standing kind replaces order_number tasks".split()
)
FORBIDDEN = {"failed", "skipped", "unreachable"}


@pytest.fixture
def ground(tmp_path: Path) -> Playground:
    return Playground(tmp_path)


def info(ground: Playground, **options: t.Any) -> list[dict[str, t.Any]]:
    given = {"ledger_path": str(ground.ledger), **options}
    validated = ArgumentSpecValidator(certificate_orders_info.argument_spec()).validate(given)
    assert not validated.error_messages
    result = certificate_orders_info.run(validated.validated_parameters, False)
    assert not result.changed
    return [one.as_data() for one in result.items]


def test_the_documented_keys_are_those_returned(ground: Playground) -> None:
    contains = yaml.safe_load(certificate_orders.RETURN)["results"]["contains"]
    assert set(contains) == ORDER_KEYS
    assert contains["state"]["choices"] == [state.value for state in State]
    plain = ground.one(item(), until="wanted")
    planned = ground.one(item("other"), check_mode=True)
    nothing = ground.one({"name": "ghost"})
    more = set(yaml.safe_load(certificate_orders_info.RETURN)["results"]["contains"]) - {"history"}
    for data in (plain, planned, nothing, *info(ground)):
        assert set(data) == (ORDER_KEYS | more if data["outcome"] == "found" else ORDER_KEYS)
        assert not FORBIDDEN & set(data)
        json.dumps(data)


def test_only_secrets_are_masked() -> None:
    spec = certificate_orders.argument_spec()
    assert [name for name, words in spec.items() if words.get("no_log")] == ["secrets", "mailbox_secrets"]


def test_the_real_tools_can_plan_an_acme_order_without_any_contact(tmp_path: Path) -> None:
    given = {
        "ledger_path": str(tmp_path / "state" / "ledger.sqlite3"),
        "ledger_durable": True,
        "ca_accounts": {"lab": {"adapter": "acme", "settings": {"directory": "https://127.0.0.1:1/dir"}}},
        "certificates": [
            {
                "name": "shop",
                "ca_account": "lab",
                "dns_names": ["shop.example.jp"],
                "method": "dns-01",
                "csr": "known_after_order",
            }
        ],
        "now": "2026-06-01T00:00:00Z",
    }
    validated = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
    [planned] = certificate_orders.run(validated.validated_parameters, True).items
    assert planned.outcome == "submitted"
    assert list(tmp_path.iterdir()) == []


# -- certificate_orders_info ------------------------------------------------------------------------------------------


def test_without_a_ledger_there_are_no_orders(ground: Playground) -> None:
    assert info(ground) == []
    assert not ground.ledger.parent.exists()


def test_each_name_is_told_once_with_its_newest_order(ground: Playground) -> None:
    ground.play(item("b", visible=True), item("a"))
    ground.one(item("b", word="key2"), until="wanted")
    a, b = info(ground)
    assert [(one["name"], one["outcome"]) for one in (a, b)] == [("a", "found"), ("b", "found")]
    assert (b["state"], b["order"]) == ("wanted", "order-3")
    assert [record["value"] for record in b["leftovers"]["records"]] == ["order-1-b.example.jp"]
    assert info(ground, names=["b", "ghost", "b"]) == [b]


def test_the_same_is_told_as_by_certificate_orders(ground: Playground) -> None:
    issued = ground.one(item(visible=True))
    [told] = info(ground)
    differing = {"changed", "outcome"}
    assert {key: told[key] for key in ORDER_KEYS - differing} == {key: issued[key] for key in ORDER_KEYS - differing}


def test_the_history_tells_every_order_and_fact(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.one({"name": "shop"}, state="cancelled")
    ground.one(item(word="key2"), until="wanted")
    data = ground.one(ask())
    [told] = info(ground, history=True)
    assert [one["state"] for one in told["history"]] == ["cancelled", "deploy_pending"]
    facts = told["history"][1]["facts"]
    assert [fact["kind"] for fact in facts] == [
        "submit_intended",
        "submitted",
        "wanted",
        "seen",
        "ready_intended",
        "ready_asked",
        "seen",
        "seen",
        "seen",
        "downloaded",
    ]
    assert facts[-1]["serial"] == data["serial"]
    assert facts[0]["at"] == "2026-11-20T00:00:00Z"


def test_wrong_names_and_paths_are_refused_together(ground: Playground) -> None:
    with pytest.raises(InputErrors) as caught:
        info(ground, names=["../a", "ok"], ledger_path="x.sqlite3", now="soon")
    assert [error.code for error in caught.value.errors] == ["ledger_path_relative", "now_unreadable", "bad_name"]


# -- standing records -------------------------------------------------------------------------------------------------

STANDING = "_validation-persist.shop.example.jp ca.example; accounturi=https://ca.example/acct/1"


def test_a_standing_record_is_remembered_once_and_forgotten_when_it_is_gone(ground: Playground) -> None:
    ground.one(item(visible=True, hosts=[]))
    seen = {"name": "shop", "observed": {"standing": [STANDING]}}
    told = ground.one(seen, record_only=True)
    (record,) = told["standing"]
    assert told["outcome"] == "recorded" and f"{record['name']} {record['value']}" == STANDING
    assert record["name"] not in {one["name"] for one in told["leftovers"]["records"]} and told["state"] == "issued"
    assert ground.one(seen, record_only=True)["outcome"] == "nothing_to_do"
    gone = ground.one({"name": "shop", "observed": {"removed": [record["id"]]}}, record_only=True)
    assert (gone["outcome"], gone["standing"]) == ("recorded", [])


@pytest.mark.parametrize("wrong", ["x", "_acme-challenge.shop.example.jp value", "_validation-persist.shop.example.jp"])
def test_what_is_no_standing_record_is_refused(ground: Playground, wrong: str) -> None:
    with pytest.raises(InputErrors, match=r"observed\.standing"):
        ground.one({"name": "shop", "observed": {"standing": [wrong]}}, record_only=True)
