# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as conditions of its certificates: the same whether it worked or only looked."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._core.work_approvals import awaited_names
from ansible_collections.inkan.tls.plugins.module_utils._core.work_notices import notice_items
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    a_run,
    host,
    look,
    order,
    planned,
)

PERSON = {"actor": "customer", "what": "take the call", "by": "2026-12-01T00:00:00Z", "owner": "Sato"}
CA = {"actor": "ca", "what": "validate", "by": None}


def the_item(run: Run) -> dict[str, t.Any]:
    (item,) = [one for one in notice_items(run) if one["name"] == "shop"]
    return item


WAITING = a_run(planned("in_progress"), order("awaiting_person", waiting_for=PERSON, order="4711"))
ERROR = {"message": "the CA is down at 12:00:01.", "code": "ca_down"}


@pytest.mark.parametrize(
    ("case", "run", "condition", "mark"),
    [
        (
            "refused",
            a_run(planned("refused", error={"message": "no.", "code": "public_suffix"})),
            "trouble",
            "public_suffix",
        ),
        ("error", a_run(planned("due"), order("wanted", error=ERROR)), "trouble", "ca_down"),
        (
            "error of a host",
            a_run(
                known=order("deploy_pending"),
                hosts={"web1": host(look=look(), switch={"name": "shop", "error": {"message": "x", "code": "reload"}})},
            ),
            "trouble",
            "web1 reload",
        ),
        (
            "a lost host",
            a_run(known=order("deployed", serial="1"), hosts={"web1": host(look=look()), "web2": host(False)}),
            "unreachable",
            "web2",
        ),
        ("a person", WAITING, "waiting", "ref1 awaiting_person Sato take the call"),
        ("the CA", a_run(planned("in_progress"), order("validating", waiting_for=CA)), "underway", ""),
        ("refused by the CA", a_run(planned("due"), order("refused")), "refused", "ref1 refused"),
        (
            "held",
            a_run(planned(due={"code": "order_cancelled", "reason": "x"}), order("cancelled")),
            "refused",
            "ref1 cancelled",
        ),
        ("in order", a_run(known=order("deployed", serial="1")), "in_order", ""),
        ("revoked", a_run(known=order("deployed", serial="1", revoked_serials=["1"])), "revoked", "1"),
        ("revoked before", a_run(known=order("deployed", serial="1", revoked_serials=["0"])), "in_order", ""),
    ],
)
def test_every_ending_has_its_condition(case: str, run: Run, condition: str, mark: str) -> None:
    item = the_item(run)
    assert (item["condition"], item["mark"]) == (condition, mark), case
    if condition not in ("trouble", "unreachable"):  # only a run that works has errors
        looked = the_item(dataclasses.replace(run, only_looks=True, check_mode=True))
        assert (looked["condition"], looked["mark"]) == (condition, mark), "a run that only looks sees something else"


def test_who_has_to_act_is_told_with_order_and_day() -> None:
    item = the_item(WAITING)
    assert (item["actor"], item["owner"], item["due"], item["order"]) == ("customer", "Sato", PERSON["by"], "4711")
    assert item["sentences"] == ["take the call"]


APPROVING = order(
    "awaiting_approval", waiting_for={"actor": "customer", "what": "approve by the mail", "by": None, "owner": "Sato"}
)


@pytest.mark.parametrize(
    "central",
    [
        pytest.param({"approvals": {"shop": {"outcome": "mail_found"}}}, id="seen in this run"),
        pytest.param({"known": {"shop": {**APPROVING, "approval_mail": {"is_heard_of": True}}}}, id="seen before"),
    ],
)
def test_whoever_approves_hears_once_that_the_mail_is_there(central: dict[str, t.Any]) -> None:
    """The same in the run that sees it and in those after: one change, one message."""
    run = a_run(planned("in_progress"), APPROVING)
    assert (the_item(run)["mark"], the_item(run)["sentences"]) == (
        "ref1 awaiting_approval Sato approve by the mail",
        ["approve by the mail"],
    )
    item = the_item(dataclasses.replace(run, central=central))
    assert (item["condition"], item["owner"]) == ("waiting", "Sato")
    assert item["mark"] == "ref1 awaiting_approval Sato approve by the mail mail"
    assert item["sentences"] == ["approve by the mail", "its approval mail is there"]


def test_the_mail_of_another_order_is_none_of_this_one() -> None:
    known = {**APPROVING, "reference": "ref0", "approval_mail": {"is_heard_of": True}}
    run = dataclasses.replace(a_run(planned("in_progress"), APPROVING), central={"known": {"shop": known}})
    assert the_item(run)["sentences"] == ["approve by the mail"]


def test_whoever_has_to_correct_a_refusal_is_told_with_the_day() -> None:
    waiting = {"actor": "customer", "what": "correct it", "by": "2026-12-01T00:00:00Z", "owner": "Sato"}
    item = the_item(
        a_run(planned(due={"code": "order_refused", "reason": "no"}), order("refused", waiting_for=waiting))
    )
    assert (item["condition"], item["owner"], item["due"]) == ("refused", "Sato", "2026-12-01T00:00:00Z")


def test_mails_are_read_for_what_they_may_be_about() -> None:
    def awaited(state: str, *kinds: str) -> list[str]:
        tasks = [{"kind": kind} for kind in kinds]
        return awaited_names(a_run(planned("in_progress"), order(state, wanted={"tasks": tasks})))

    assert awaited("awaiting_approval") == awaited("awaiting_person") == ["shop"]
    assert awaited("validating", "call", "ev_mail") == ["shop"]
    assert awaited("validating", "call") == awaited("wanted") == awaited("deployed") == []


def test_words_of_the_ca_that_change_are_no_other_condition() -> None:
    def needs(text: str) -> str:
        waiting = {"actor": "person", "what": text, "by": None}
        return str(the_item(a_run(planned("in_progress"), order("needs_person", waiting_for=waiting)))["mark"])

    assert needs("failed at 12:00") == needs("failed at 12:05")


def test_an_error_with_other_words_and_the_same_code_is_the_same() -> None:
    later = {**ERROR, "message": "the CA is down at 12:05:31."}
    first, second = (the_item(a_run(planned("due"), order("wanted", error=one))) for one in (ERROR, later))
    assert first["mark"] == second["mark"] and first["sentences"] != second["sentences"]


def test_a_run_that_came_to_nothing_is_told_as_such_and_says_nothing_of_certificates() -> None:
    run = dataclasses.replace(a_run(), central_broken={"known": "no ledger"})
    (item,) = notice_items(run)
    assert (item["name"], item["condition"], item["mark"]) == ("(run)", "trouble", "known")
    assert item["sentences"] == ["known: no ledger"]
    assert notice_items(a_run())[0] == {"name": "(run)", "condition": "in_order"}


def test_a_declaration_whose_name_is_none_is_told_of_under_the_run() -> None:
    run = a_run()
    refused = {"name": "../x", "outcome": "refused", "error": {"message": "a bad name.", "code": "bad_name"}}
    targets = {**run.targets, "../x": run.targets["shop"]}
    run = dataclasses.replace(run, plan={**run.plan, "../x": refused}, targets=targets)
    whole, shop = notice_items(run)
    assert (whole["condition"], whole["sentences"], shop["name"]) == ("trouble", ["a bad name."], "shop")


def test_what_went_live_in_this_run_is_new() -> None:
    switched = {"name": "shop", "changed": True, "outcome": "switched", "state": "live", "error": None}
    live = {**switched, "serial": "2", "not_after": "2027-03-01T00:00:00Z"}
    item = the_item(a_run(known=order("deployed"), hosts={"web1": host(look=look(), switch=live)}))
    assert (item["is_new"], item["serial"], item["condition"]) == (True, "2", "in_order")


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        ({"outcome": "revoked", "changed": True}, "revoked"),
        ({"outcome": "busy"}, "in_order"),
        ({"error": {"message": "no.", "code": "refused"}}, "in_order"),
    ],
)
def test_what_this_run_revoked_is_told_by_this_run(said: dict[str, t.Any], condition: str) -> None:
    revocation = {"name": "shop", "serial": "1", **said}
    run = a_run(known=order("deployed", serial="1"), revocations=[revocation])
    assert the_item(run)["condition"] == condition


SELLERS = planned("in_progress", certificate={**planned()["certificate"], "deploy": {"by": "seller"}})
SHOWN = {"name": "shop", "served": {"serial": "1", "not_after": "2027-01-01T00:00:00Z"}}


def test_what_the_seller_has_to_install_is_waited_for_from_the_seller() -> None:
    item = the_item(a_run(SELLERS, order("issued"), served=[SHOWN]))
    assert (item["condition"], item["mark"], item["actor"]) == ("waiting", "ref1 install", "seller")


@pytest.mark.parametrize(
    ("run", "case"),
    [
        pytest.param(
            a_run(planned("due"), order("deployed", serial="1")), "would be ordered", id="due in a run that looks"
        ),
        pytest.param(
            a_run(known=order("deploy_pending"), hosts={"web1": host(look=look())}), "to be deployed", id="on its way"
        ),
    ],
)
def test_what_is_still_to_be_done_is_underway_and_says_so(run: Run, case: str) -> None:
    item = the_item(dataclasses.replace(run, only_looks=True, check_mode=True))
    assert (item["condition"], item["mark"]) == ("underway", ""), case
    assert item["sentences"] and "actor" not in item


def test_what_is_in_order_says_nothing_and_has_no_order() -> None:
    item = the_item(a_run(known=order("deployed", serial="1", order="4711", order_number="JP-1")))
    assert item == {
        "name": "shop",
        "condition": "in_order",
        "mark": "",
        "sentences": [],
        "serial": "1",
        "not_after": "2027-01-01T00:00:00Z",
        "is_new": False,
    }


@pytest.mark.parametrize(
    ("numbers", "told"),
    [({"order": "4711", "order_number": "JP-1"}, "JP-1"), ({"order": "4711"}, "4711"), ({}, None)],
)
def test_an_order_is_told_by_the_number_that_people_know(numbers: dict[str, str], told: str | None) -> None:
    run = a_run(planned("in_progress"), order("awaiting_person", waiting_for=PERSON, **numbers))
    assert the_item(run).get("order") == told


def test_a_refused_order_is_told_with_its_number_and_who_corrects_it() -> None:
    waiting = {"actor": "customer", "what": "correct it", "by": "2026-12-01T00:00:00Z", "owner": None}
    due = {"code": "order_refused", "reason": "no"}
    item = the_item(a_run(planned(due=due), order("refused", waiting_for=waiting, order="4711")))
    assert (item["mark"], item["order"], item["actor"], item["owner"]) == ("ref1 refused", "4711", "customer", "")
    alone = the_item(a_run(planned(due=due), order("refused", order="4711")))
    assert not {"actor", "owner", "due"} & set(alone)


@pytest.mark.parametrize(("code", "end"), [("no_such_order", "no_such_order"), (None, "")])
def test_what_needs_a_person_is_marked_by_its_code(code: str | None, end: str) -> None:
    waiting = {"actor": "person", "what": "decide", "by": None, "owner": "Sato"}
    problem = {"code": code, "text": "at 12:00"} if code else None
    item = the_item(a_run(planned("in_progress"), order("needs_person", waiting_for=waiting, problem=problem)))
    assert item["mark"] == f"ref1 needs_person Sato {end}"


@pytest.mark.parametrize(
    ("state", "live", "mark"),
    [
        pytest.param("revoked", None, "2", id="nothing is live: that of the order"),
        pytest.param("deployed", None, None, id="an order that was not revoked"),
        pytest.param("revoked", "1", None, id="another one is live"),
    ],
)
def test_a_revoked_certificate_is_told_until_another_has_its_place(
    state: str, live: str | None, mark: str | None
) -> None:
    revoked = ["2"] if state == "revoked" else []
    run = a_run(known=order(state, revoked_serials=revoked), hosts={"web1": host(look=look(live, switching=False))})
    item = the_item(run)
    assert (item["mark"] if item["condition"] == "revoked" else None) == mark


def test_errors_of_the_run_and_of_nameless_declarations_are_one_item() -> None:
    refused = {"outcome": "refused", "error": {"message": "a bad name.", "code": "bad_name"}}
    run = a_run()
    plans = {**run.plan, **{name: {**refused, "name": name} for name in ("b/x", "a/x")}}
    targets = {**run.targets, **dict.fromkeys(("a/x", "b/x"), run.targets["shop"])}
    broken = {"records": "no DNS", "checks": "no eyes"}
    whole = notice_items(dataclasses.replace(run, plan=plans, targets=targets, central_broken=broken))[0]
    assert whole["mark"] == "checks,records,a/x,b/x"
    assert len(whole["sentences"]) == 4 and whole["sentences"][2:] == ["a bad name.", "a bad name."]


@pytest.mark.parametrize("actor", ["customer", "person", "seller", "ca", "us"])
def test_only_people_are_waited_for(actor: str) -> None:
    waiting = {"actor": actor, "what": "act", "by": None}
    item = the_item(a_run(planned("in_progress"), order("awaiting_person", waiting_for=waiting)))
    assert item["condition"] == ("waiting" if actor in ("customer", "person", "seller") else "underway")
    assert item.get("actor") == (actor if item["condition"] == "waiting" else None)


@pytest.mark.parametrize(
    ("state", "code", "condition"),
    [
        ("expired", None, "refused"),
        ("refused", None, "refused"),
        ("deployed", "order_refused", "refused"),
        ("deployed", "order_cancelled", "refused"),
        ("deployed", "not_due", "in_order"),
    ],
)
def test_what_came_to_nothing_is_told_as_refused(state: str, code: str | None, condition: str) -> None:
    plan = planned(due={"code": code, "reason": "no"}) if code else planned("due")
    assert the_item(a_run(plan, order(state, serial="1")))["condition"] == condition


def test_several_errors_and_several_lost_hosts_are_one_mark() -> None:
    broken = {"name": "shop", "error": {"message": "x", "code": "reload"}}
    hosts = {name: host(look=look(), switch=broken) for name in ("web2", "web1")}
    item = the_item(a_run(known=order("deploy_pending", error=ERROR), hosts=hosts))
    assert sorted(item["mark"].split(",")) == ["ca_down", "web1 reload", "web2 reload"]
    lost = {name: host(False) for name in ("web2", "web1")}
    assert the_item(a_run(known=order("deployed"), hosts=lost))["mark"] == "web1,web2"


def test_the_days_of_what_is_live_are_told() -> None:
    live = {"serial": "1", "not_before": "2026-10-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}
    item = the_item(a_run(known=order("deployed", serial="1"), hosts={"web1": host(look=look(live=live))}))
    assert {key: item[key] for key in live} == live
