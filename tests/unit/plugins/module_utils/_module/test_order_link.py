# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewals that say what they follow, reissues, and approval asked for again or elsewhere. Each ``play`` is a new
process's call."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import PREDECESSOR_UNKNOWN, Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    HostileCa,
    Playground,
    ask,
    item,
    lost_answer,
    no_network,
    refusal,
)


def ground_with(folder: Path, **can: t.Any) -> Playground:
    return Playground(folder, ca=HostileCa(**can))


def issue(ground: Playground, **changes: t.Any) -> dict[str, t.Any]:
    ground.one(item(**changes), until="wanted")
    return ground.one(ask())


def unknown_predecessor(_effect: t.Callable[[], t.Any]) -> t.Any:
    raise RefusedError(code=PREDECESSOR_UNKNOWN, what="Cannot renew", why="no such order in this account")


def sent(ground: Playground) -> list[tuple[str, t.Any]]:
    """What the CA was told of each order's place in the row."""
    return [(order["kind"], order["replaces"]) for order in ground.ca.orders.values()]


# -- renewals ---------------------------------------------------------------------------------------------------------


def test_a_renewal_names_the_order_before_it(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, renewing=True)
    first = issue(ground)
    assert (first["kind"], first["replaces"]) == ("new", None)
    second = issue(ground, word="key2")
    assert (second["kind"], second["replaces"]) == ("renew", {"order": "order-1", "serial": "a001"})
    assert sent(ground) == [("new", None), ("renew", ["order-1", "a001"])]


@pytest.mark.parametrize(
    "can, changes",
    [
        ({"renewing": False}, {}),
        ({"renewing": True}, {"kind": "new"}),
        ({"renewing": True}, {"product": "another"}),
    ],
    ids=["the CA does not want to hear of it", "it was asked for as new", "another product is bought now"],
)
def test_otherwise_it_is_a_new_order(tmp_path: Path, can: dict[str, t.Any], changes: dict[str, t.Any]) -> None:
    ground = ground_with(tmp_path, **can)
    issue(ground)
    issue(ground, word="key2", **changes)
    assert sent(ground) == [("new", None), ("new", None)]


def test_an_order_of_another_account_is_not_renewed(tmp_path: Path) -> None:
    ground = Playground(tmp_path, ca=HostileCa(renewing=True), other=HostileCa(renewing=True))
    issue(ground)
    ground.one(item(word="key2", ca_account="other"), until="wanted")
    assert [order["kind"] for order in ground.cas["other"].orders.values()] == ["new"]


def test_a_revoked_certificate_is_not_renewed(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, renewing=True)
    issue(ground)
    ground.one({"name": "shop"}, state="revoked")
    issue(ground, word="key2")
    assert sent(ground) == [("new", None), ("new", None)]


def test_the_certificate_to_replace_is_the_one_renewed(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, renewing=True)
    issue(ground)
    issue(ground, word="key2")
    ground.one(item(word="key3", replaces="a001"), until="wanted")
    assert sent(ground)[2] == ("renew", ["order-1", "a001"])


@pytest.mark.parametrize("fault", [lost_answer, no_network])
def test_a_renewal_whose_answer_was_lost_stays_a_renewal(tmp_path: Path, fault: t.Any) -> None:
    """The ledger remembers how it was sent: the second process knows it from there."""
    ground = ground_with(tmp_path, renewing=True)
    issue(ground)
    ground.ca.fault("submit", *[fault] * 3)
    ground.one(item(word="key2"), until="wanted", deadline=0.1)
    ground.clock.passed += 60
    ground.one(ask())
    assert sent(ground) == [("new", None), ("renew", ["order-1", "a001"])]


def test_a_renewal_of_an_order_that_the_ca_does_not_know_is_ordered_as_new(tmp_path: Path) -> None:
    """The certificate would end else; and what it costs is the same."""
    ground = ground_with(tmp_path, renewing=True)
    issue(ground)
    ground.ca.fault("submit", unknown_predecessor)
    data = ground.one(item(word="key2"), until="wanted")
    assert (data["outcome"], data["error"], data["kind"], data["replaces"]) == ("submitted", None, "new", None)
    assert sent(ground) == [("new", None), ("new", None)]


def test_what_was_refused_as_new_is_not_sent_again(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, renewing=True)
    ground.ca.fault("submit", unknown_predecessor)
    data = ground.one(item(), until="wanted")
    assert (data["outcome"], data["error"]["code"]) == ("refused", PREDECESSOR_UNKNOWN)
    assert ground.ca.count("submit") == 1


def test_a_renewal_at_a_ca_that_cannot_find_is_known_to_the_person(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, renewing=True, finding=Finding.IMPOSSIBLE)
    issue(ground)
    ground.ca.fault("submit", lost_answer)
    assert ground.one(item(word="key2"), until="wanted")["outcome"] == "needs_person"
    data = ground.one({"name": "shop", "resolve": "adopt", "handle": "order-2"})
    assert (data["kind"], data["order"]) == ("renew", "order-2")


# -- reissues ---------------------------------------------------------------------------------------------------------


def test_a_reissue_stays_in_its_order(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, reissuing=True)
    issue(ground)
    data = issue(ground, word="key2", kind="reissue")
    assert (data["outcome"], data["kind"]) == ("issued", "reissue")
    assert sent(ground)[1] == ("reissue", ["order-1", "a001"])


@pytest.mark.parametrize(
    "can, first, changes, why",
    [
        ({}, {}, {}, "no way to reissue"),
        ({"reissuing": True}, None, {}, "the ledger knows no order"),
        ({"reissuing": True}, {"product": "jprs-dv"}, {}, "what was bought is jprs-dv, not acme"),
    ],
    ids=["the CA cannot", "nothing was bought", "another product was bought"],
)
def test_a_reissue_is_never_bought_instead(
    tmp_path: Path, can: dict[str, t.Any], first: dict[str, t.Any] | None, changes: dict[str, t.Any], why: str
) -> None:
    ground = ground_with(tmp_path, **can)
    if first is not None:
        issue(ground, **first)
    before = ground.ca.count("submit")
    data = ground.one(item(word="key2", kind="reissue", **changes), until="wanted")
    assert (data["outcome"], data["error"]["code"]) == ("refused", "reissue_impossible")
    assert why in data["error"]["why"]
    assert ground.ca.count("submit") == before


@pytest.mark.parametrize("can, kind", [({"reissuing": True}, "reissue"), ({"renewing": True}, "renew"), ({}, "new")])
def test_what_may_be_bought_is_reissued_where_that_can_be(tmp_path: Path, can: dict[str, bool], kind: str) -> None:
    ground = ground_with(tmp_path, **can)
    issue(ground)
    assert issue(ground, word="key2", kind="reissue_or_renew")["kind"] == kind


def test_a_reissue_of_an_order_that_the_ca_does_not_know_is_not_bought_either(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, reissuing=True)
    issue(ground)
    ground.ca.fault("submit", unknown_predecessor)
    data = ground.one(item(word="key2", kind="reissue"), until="wanted")
    assert (data["outcome"], data["error"]["code"]) == ("refused", PREDECESSOR_UNKNOWN)
    assert len(ground.ca.orders) == 1


# -- approval ---------------------------------------------------------------------------------------------------------

OLD = {"kind": "constructed", "address": "admin@example.jp"}
NEW = {"kind": "txt", "address": "certs@example.jp"}


def awaiting(folder: Path, **can: t.Any) -> Playground:
    ground = ground_with(folder, approving=True, **can)
    data = ground.one(item(options={"contact": OLD}), until="wanted")
    assert data["state"] == "awaiting_approval" and data["wanted"]["mails"] == ["admin@example.jp"]
    return ground


def test_the_mails_are_sent_again_when_wished_and_only_then(tmp_path: Path) -> None:
    ground = awaiting(tmp_path)
    assert not ground.one(ask())["changed"]
    data = ground.one(ask(resend=True))
    assert (data["state"], data["changed"], data["error"]) == ("awaiting_approval", True, None)
    assert [call for call in ground.ca.calls if call.startswith("resend")] == ["resend order-1"]


def test_an_order_of_this_very_call_has_its_mails_on_their_way(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, approving=True)
    ground.one(item(options={"contact": OLD}, resend=True))
    assert ground.ca.count("resend") == 0


def test_a_resend_that_was_lost_is_done_again_and_one_refused_ends_nothing(tmp_path: Path) -> None:
    ground = awaiting(tmp_path)
    ground.ca.fault("resend", lost_answer)
    assert ground.one(ask(resend=True))["error"] is None
    assert ground.ca.count("resend") == 2
    ground.ca.fault("resend", refusal)
    data = ground.one(ask(resend=True))
    assert (data["state"], data["error"]["code"]) == ("awaiting_approval", "caa")


def test_another_contact_is_asked_once(tmp_path: Path) -> None:
    ground = awaiting(tmp_path)
    data = ground.one(ask(options={"contact": NEW}, resend=True))
    assert (data["state"], data["changed"], data["error"]) == ("awaiting_approval", True, None)
    assert (data["wanted"]["mails"], data["options"]["contact"]) == (["certs@example.jp"], NEW)
    assert not ground.one(ask(options={"contact": NEW}))["changed"]
    assert ground.ca.count("change_contact") == 1
    assert ground.ca.count("resend") == 0, "the new one gets a mail by the change"
    assert ground.ca.orders["order-1"]["contact"] == NEW


@pytest.mark.parametrize("contact", [None, OLD, {"kind": "txt", "address": None}])
def test_a_contact_that_is_the_same_or_not_told_changes_nothing(tmp_path: Path, contact: t.Any) -> None:
    ground = awaiting(tmp_path)
    assert not ground.one(ask(options={"contact": contact}))["changed"]
    assert ground.ca.count("change_contact") == 0


def test_where_the_ca_cannot_the_refusal_says_how(tmp_path: Path) -> None:
    ground = awaiting(tmp_path)
    ground.ca.approving = False
    data = ground.one(ask(options={"contact": NEW}))
    assert (data["state"], data["error"]["code"]) == ("awaiting_approval", "contact_unchangeable")
    assert "admin@example.jp" in data["error"]["todo"] and "cancel the order" in data["error"]["todo"]
    data = ground.one(ask(resend=True))
    assert (data["state"], data["error"]["code"]) == ("awaiting_approval", "resend_impossible")
    assert "portal" in data["error"]["todo"]


def test_check_mode_shows_that_mails_would_be_sent(tmp_path: Path) -> None:
    ground = awaiting(tmp_path)
    for wish in ({"resend": True}, {"options": {"contact": NEW}}):
        assert ground.one(ask(**wish), check_mode=True)["changed"]
    assert not ground.one(ask(), check_mode=True)["changed"]
    assert ground.ca.count("resend") == ground.ca.count("change_contact") == 0


def test_the_history_tells_of_it(tmp_path: Path) -> None:
    ground = awaiting(tmp_path)
    ground.one(ask(resend=True))
    ground.one(ask(options={"contact": NEW}))
    store = open_for_reading(str(ground.ledger))
    assert store is not None
    with store:
        facts = store.entries()["shop"][0].facts
    told = {fact.kind.value: fact for fact in facts}
    assert told["resent"].names == ("admin@example.jp",)
    assert (told["contact_changed"].word, told["contact_changed"].text) == ("txt", "certs@example.jp")
