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
