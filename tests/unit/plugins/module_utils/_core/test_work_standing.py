# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standing records: which are kept, which go, and that none of a neighbour's is touched."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import Holder, Standing, until
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._core.work import leftover_record_items, observation_items
from ansible_collections.inkan.tls.plugins.module_utils._core.work_contacts import contact_endings
from ansible_collections.inkan.tls.plugins.module_utils._core.work_standing import (
    standing_items,
    standing_of,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import order, planned, wish

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
OWNER = "_validation-persist.shop.example.jp"
URL = "https://ca.example/acct/1"
Data = dict[str, t.Any]


def by_record(name: str = "shop", *dns_names: str, method: str = "dns-persist-01", **more: t.Any) -> Data:
    names = list(dns_names) or [f"{name}.example.jp"]
    certificate = wish(name=name, dns_names=names, validation={"method": method}, ca_account="ca")
    return planned(name=name, certificate=certificate, **more)


def an_account(**standing: t.Any) -> Data:
    facts = {"issuer": "ca.example", "hash_prefix": "", "thumbprint": "now", "earlier": [], "days": 0, **standing}
    return {"ca": {"url": URL, "standing": facts}}


def a_run(*plans: Data, orders: Data | None = None, **changes: t.Any) -> Run:
    run = Run(plan={plan["name"]: plan for plan in plans}, orders=orders or {}, targets={}, hosts={}, is_whole=True)
    return dataclasses.replace(run, as_of=NOW, **changes)


def record(value: str, owner: str = OWNER, identity: str = "r" + "1" * 24) -> Data:
    return {"id": identity, "name": owner, "type": "TXT", "value": value, "ttl": 3600}


def told(items: list[Data]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"present": set(), "absent": set()}
    for item in items:
        assert (item["type"], item["ttl"]) == ("TXT", 3600) and len(item["name"]) <= 200
        found[item["state"]].add(item["value"])
    return found


def test_the_record_stands_before_the_first_order_where_the_directory_tells_enough() -> None:
    (item,) = standing_items(a_run(by_record(), accounts=an_account()))
    assert (item["record"], item["value"]) == (OWNER, f"ca.example; accounturi={URL}")
    assert item["state"] == "present"


def test_a_wildcard_wants_the_wider_policy_at_the_same_name() -> None:
    items = standing_items(a_run(by_record("shop", "shop.example.jp", "*.shop.example.jp"), accounts=an_account()))
    assert told(items)["present"] == {f"ca.example; accounturi={URL}; policy=wildcard"}


def test_each_name_has_its_own_hash_since_draft_02() -> None:
    account = an_account(hash_prefix="https://ca.example/h/", thumbprint="now")
    items = standing_items(a_run(by_record("shop", "a.example.jp", "b.example.jp"), accounts=account))
    holder = Holder(URL, "now", "https://ca.example/h/")
    assert [item["value"] for item in items] == [
        f"ca.example; accounturi={holder.uri(domain)}" for domain in ("a.example.jp", "b.example.jp")
    ]


def test_a_record_that_ends_is_written_anew_and_the_one_before_it_removed() -> None:
    items = told(standing_items(a_run(by_record(), accounts=an_account(days=90))))
    end = until(NOW, 90)
    assert items["present"] == {Standing("ca.example", URL, until=end).value()}
    step = 45 * 86400
    assert items["absent"] == {Standing("ca.example", URL, until=end - back * step).value() for back in range(1, 5)}


def test_what_an_earlier_key_of_the_account_wrote_goes() -> None:
    account = an_account(hash_prefix="https://ca.example/h/", earlier=["old"])
    items = told(standing_items(a_run(by_record(), accounts=account)))
    old = Holder(URL, "old", "https://ca.example/h/").uri("shop.example.jp")
    assert items["absent"] == {f"ca.example; accounturi={old}"}


def test_where_only_an_order_tells_the_issuer_the_record_of_the_order_is_kept() -> None:
    before = Standing("ca.example", URL, until=until(NOW - timedelta(days=60), 90)).value()
    orders = {"shop": order("deployed", standing=[record(before)])}
    account = an_account(issuer=None, days=90)
    items = told(standing_items(a_run(by_record(), orders=orders, accounts=account)))
    assert items["present"] == {Standing("ca.example", URL, until=until(NOW, 90)).value()}
    assert before in items["absent"]


def test_nothing_is_said_of_a_name_that_nobody_knows_an_account_for() -> None:
    run = a_run(by_record())
    assert standing_items(run) == []
    (ending,) = contact_endings(run)
    assert ending.outcome is Outcome.IN_ORDER and "first order" in ending.sentences[0]


def test_what_an_order_waits_for_is_never_removed() -> None:
    old = Standing("ca.example", URL, until=until(NOW - timedelta(days=45), 90)).value()
    waiting = order("wanted", standing=[record(old)], wanted={"records": [record(old)], "files": []})
    run = a_run(by_record(), orders={"shop": waiting}, accounts=an_account(days=90))
    assert old not in told(standing_items(run))["absent"]


def test_what_another_certificate_declares_stays() -> None:
    value = f"ca.example; accounturi={URL}"
    plans = by_record("shop"), by_record("other", "shop.example.jp")
    run = a_run(*plans, orders={"gone": order("deployed", standing=[record(value)])}, accounts=an_account())
    assert told(standing_items(run)) == {"present": {value}, "absent": set()}


def test_in_a_run_for_some_certificates_the_records_of_others_stay() -> None:
    orders = {"gone": order("deployed", standing=[record("ca.example; accounturi=x", "_validation-persist.gone.jp")])}
    for changes in ({"is_whole": False}, {}):
        items = told(standing_items(a_run(by_record(), orders=orders, accounts=an_account(), **changes)))
        assert bool(items["absent"]) == (not changes)


def test_the_pipeline_removes_what_no_declared_way_of_validation_needs() -> None:
    value = f"ca.example; accounturi={URL}"
    orders = {"shop": order("deployed", standing=[record(value)])}
    for method, count in (("dns-01", 1), ("dns-persist-01", 0)):
        assert len(leftover_record_items(a_run(by_record(method=method), orders=orders))) == count
    assert len(leftover_record_items(a_run(orders=orders))) == 1
    assert leftover_record_items(a_run(orders=orders, is_whole=False)) == []


def test_the_ledger_learns_what_is_gone() -> None:
    value, identity = f"old.example; accounturi={URL}", "r" + "1" * 24
    orders = {"shop": order("deployed", standing=[record(value)])}
    run = a_run(by_record(), orders=orders, accounts=an_account())
    (gone,) = (item for item in standing_items(run) if item["state"] == "absent")
    for outcome, removed in (("removed", [identity]), ("already_absent", [identity]), ("not_removed", None)):
        said = {"standing": {gone["name"]: {"name": gone["name"], "outcome": outcome}}}
        items = observation_items(dataclasses.replace(run, central=said))
        assert [item["observed"]["removed"] for item in items] == ([removed] if removed else [])
    said = {"leftover_records": {identity: {"name": identity, "outcome": "removed"}}}
    (item,) = observation_items(dataclasses.replace(run, central=said))
    assert item["observed"]["removed"] == [identity]


def test_the_ledger_learns_what_this_role_wrote() -> None:
    run = a_run(by_record(), orders={"shop": order("deployed", standing=[])}, accounts=an_account())
    (kept,) = standing_items(run)
    for outcome, standing in (("published", 1), ("already_there", 1), ("not_published", 0)):
        said = {"standing": {kept["name"]: {"name": kept["name"], "outcome": outcome}}}
        items = observation_items(dataclasses.replace(run, central=said))
        assert [item["observed"]["standing"] for item in items] == [[f"{OWNER} {kept['value']}"]] * standing


def test_an_item_is_found_again_by_its_state_its_content_and_its_name() -> None:
    (item,) = standing_items(a_run(by_record(), accounts=an_account()))
    value = f"ca.example; accounturi={URL}"
    digest = hashlib.sha256(f"{OWNER}\0{value}".encode()).hexdigest()[:16]
    assert item == {
        "name": f"present {digest} {OWNER}",
        "record": OWNER,
        "type": "TXT",
        "value": value,
        "ttl": 3600,
        "state": "present",
    }
    long = ".".join(["a" * 63, "b" * 63, "c" * 60, "example.jp"])
    (item,) = standing_items(a_run(by_record("shop", long), accounts=an_account()))
    assert len(item["name"]) == 200 and item["name"].endswith("c" * 10)


def test_a_certificate_knows_its_items_and_the_names_that_wait_for_its_first_order() -> None:
    value = f"ca.example; accounturi={URL}"
    known = {"shop": order("deployed", standing=[record(value)])}
    run = a_run(by_record("shop", "first.example.jp", "shop.example.jp"), orders=known)
    (item,) = standing_items(run)
    assert item["value"] == value, "a name that nothing is known of hides none that comes after it"
    assert standing_of(run, "shop") == ([item["name"]], True)
    assert standing_of(a_run(by_record(), accounts=an_account()), "shop") == ([item["name"]], False)
    assert standing_of(a_run(by_record(method="dns-01"), accounts=an_account()), "shop") == ([], False)


def test_a_record_at_a_name_that_nothing_can_be_said_of_stays() -> None:
    here, elsewhere = f"ca.example; accounturi={URL}", "_validation-persist.gone.example.jp"
    gone = order("deployed", name="gone", standing=[record(here), record(here, elsewhere)])
    items = standing_items(a_run(by_record(), orders={"gone": gone}))
    assert [(item["record"], item["state"]) for item in items] == [(elsewhere, "absent")]


@pytest.mark.parametrize(
    ("error", "count"), [({"message": "a bad name."}, 0), (None, 1)], ids=["refused", "declared otherwise"]
)
def test_while_a_declaration_cannot_be_read_nothing_of_it_is_removed(error: Data | None, count: int) -> None:
    known = {"shop": order("deployed", standing=[record(f"ca.example; accounturi={URL}")])}
    run = a_run(by_record(method="dns-01", error=error), orders=known)
    assert len(leftover_record_items(run)) == len(standing_items(run)) == count


def test_what_an_earlier_key_wrote_goes_at_every_name() -> None:
    account = an_account(hash_prefix="https://ca.example/h/", earlier=["old"])
    run = a_run(by_record("shop", "a.example.jp", "b.example.jp"), accounts=account)
    old = Holder(URL, "old", "https://ca.example/h/")
    assert told(standing_items(run))["absent"] == {
        f"ca.example; accounturi={old.uri(domain)}" for domain in ("a.example.jp", "b.example.jp")
    }


@pytest.mark.parametrize(
    ("ends", "kept"),
    [
        pytest.param((1_800_000_000, 0), 1, id="the one without an end"),
        pytest.param((0, 1_800_000_000), 0, id="the one without an end, wherever it is"),
        pytest.param((1_900_000_000, 1_800_000_000), 0, id="else the one that ends last"),
    ],
)
def test_of_several_records_of_an_order_the_account_of_the_last_one_is_kept(ends: tuple[int, int], kept: int) -> None:
    accounts = [f"{URL}{number}" for number in range(2)]
    values = [Standing("ca.example", accounts[number], until=end).value() for number, end in enumerate(ends)]
    known = {"shop": order("deployed", standing=[record(value) for value in values])}
    items = told(standing_items(a_run(by_record(), orders=known)))
    assert items["present"] == {f"ca.example; accounturi={accounts[kept]}"}
