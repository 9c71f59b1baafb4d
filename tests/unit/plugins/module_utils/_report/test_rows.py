# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a certificate stands, whatever a run did to it."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome, endings
from ansible_collections.inkan.tls.plugins.module_utils._core.run import HostSaid, Run
from ansible_collections.inkan.tls.plugins.module_utils._report.data import report_data, report_json
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Group, all_cliffs
from ansible_collections.inkan.tls.plugins.module_utils._report.rows import read_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import (
    AS_OF,
    BEGAN,
    HUNDRED,
    MAIL_ENDS,
    One,
    a_report,
    a_row,
    a_run,
    waiting,
)

OPEN = {"outcome": "in_progress"}
MAILED = {
    "state": "awaiting_approval",
    "waiting_for": waiting("customer", "approve by the mail to certs@example.jp", "2026-12-15T00:00:00Z"),
    "wanted": {"mails": ["certs@example.jp"]},
    "order": "LS-000042",
}


def due(code: str, reason: str = "so it is") -> dict[str, t.Any]:
    return {"outcome": "due", "due": {"is_due": True, "code": code, "reason": reason, "at": None}}


@pytest.mark.parametrize(
    ("one", "group"),
    [
        pytest.param(One("a"), Group.IN_ORDER, id="live"),
        pytest.param(One("a", None, OPEN, MAILED), Group.WAITING, id="a person has to approve"),
        pytest.param(One("a", plan=due("window_open")), Group.DUE, id="its day has come"),
        pytest.param(One("a", None, due("no_certificate")), Group.DUE, id="it is new"),
        pytest.param(One("a", plan={"outcome": "refused", "error": {"message": "no"}}), Group.ATTENTION, id="refused"),
        pytest.param(One("a", plan=due("revoked")), Group.ATTENTION, id="what is live was revoked"),
        pytest.param(One("a", "2026-11-19T00:00:00Z", due("expired")), Group.ATTENTION, id="what is live has ended"),
        pytest.param(
            One("a", None, due("no_certificate"), {"state": "refused"}), Group.ATTENTION, id="a person refused it"
        ),
        pytest.param(
            One("a", plan=due("window_open"), order={"state": "expired"}), Group.ATTENTION, id="nobody approved it"
        ),
        pytest.param(One("a", order={"state": "needs_person"}), Group.ATTENTION, id="a person has to decide"),
        pytest.param(One("a", "2026-11-27T00:00:00Z", OPEN, MAILED), Group.ATTENTION, id="it waits, 7 days left"),
        pytest.param(One("a", "2026-11-28T00:00:00Z", OPEN, MAILED), Group.WAITING, id="it waits, 8 days left"),
        pytest.param(One("a", order={"error": {"message": "the CA is down"}}), Group.ATTENTION, id="an error"),
    ],
)
def test_what_a_certificate_needs(one: One, group: Group) -> None:
    assert a_row(one).group is group


def test_a_row_says_who_has_to_act_what_and_by_when() -> None:
    row = a_row(One("shop", None, OPEN, MAILED))
    assert row.waiting == ("customer", "approve by the mail to certs@example.jp", "2026-12-15T00:00:00Z", "")
    assert row.for_people == (row.waiting,)
    assert (row.mails, row.order, row.state) == (("certs@example.jp",), "LS-000042", "awaiting_approval")


def test_an_order_that_has_ended_tells_no_address_that_was_written_to() -> None:
    row = a_row(One("shop", order={**MAILED, "state": "deployed", "waiting_for": None}))
    assert (row.mails, row.order, row.waiting) == ((), None, None)


def test_the_most_urgent_comes_first() -> None:
    soon = {**MAILED, "waiting_for": waiting("customer", "approve", "2026-12-01T00:00:00Z")}
    report = a_report(
        One("z"),
        One("late", None, OPEN, MAILED),
        One("soon", None, OPEN, soon),
        One("never", None, OPEN, {**MAILED, "waiting_for": waiting("ca", "issue")}),
        One("a", "2027-01-01T00:00:00Z"),
        One("bad", plan={"outcome": "refused", "error": {"message": "no"}}),
    )
    assert [row.name for row in report.rows] == ["bad", "soon", "late", "never", "a", "z"]


def test_what_a_run_changed_is_in_order_in_its_report() -> None:
    """Else the next run, which has nothing to do, would write another report."""
    switched = {"name": "shop", "outcome": "switched", "state": "live", "changed": True, "error": None}
    new = {"serial": "1a", "not_before": BEGAN, "not_after": "2027-04-30T14:59:59Z", "issuer": "CN=Example CA"}
    before = {"name": "shop", "live": {"serial": "9", "not_after": "2026-12-01T00:00:00Z"}, "has_keys": []}
    hosts = {"web1": HostSaid(steps={"look": {"shop": before}, "switch": {"shop": {**switched, **new}}})}
    acting: dict[str, t.Any] = {"check_mode": False, "only_looks": False}
    run = a_run(One("shop"), hosts=hosts, **acting)
    assert [ending.outcome for ending in endings(run)] == [Outcome.CHANGED]
    later = a_run(One("shop"), **acting)
    assert report_json(read_report(run, endings(run), ())) == report_json(read_report(later, endings(later), ()))


def test_the_hour_of_a_run_does_not_show() -> None:
    plan = {**due("no_certificate"), "validity": {"not_after": "2027-06-08T03:04:05Z"}}
    morning = a_run(One("shop", None, plan))
    evening = a_run(
        One("shop", None, {**plan, "validity": {"not_after": "2027-06-08T20:00:00Z"}}), as_of=AS_OF.replace(hour=20)
    )
    assert report_json(read_report(morning, endings(morning), ())) == report_json(
        read_report(evening, endings(evening), ())
    )


def test_the_data_of_a_certificate() -> None:
    data = report_data(a_report(One("shop", None, OPEN, MAILED), One("www", method="file"), names=["shop", "www"]))
    assert data["schema"] == 1 and data["as_of"] == "2026-11-20" and data["names"] == ["shop", "www"]
    assert data["counts"] == {"attention": 0, "waiting": 1, "due": 0, "in_order": 1}
    shop, www = data["certificates"]
    assert shop["waiting_for"] == MAILED["waiting_for"]
    expected = {
        "name": "www",
        "group": "in_order",
        "outcome": "in_order",
        "names": ["www.example.jp", "www.www.example.jp"],
        "product": "jprs-dv",
        "seller": "jprs",
        "ca_account": "lab-ssl",
        "method": "file",
        "method_ends_on": None,
        "hosts": ["web1"],
        "serial": "1a",
        "not_after": "2027-04-30T14:59:59Z",
        "days_left": 161,
        "renews_on": "2027-02-14",
        "cliffs": [{"date": "2027-03-15", "what": HUNDRED["what"], "do": HUNDRED["do"]}],
    }
    assert {key: www[key] for key in expected} == expected
    assert (shop["method_ends_on"], shop["contact"], shop["renews_on"]) == ("2028-03-15", "certs@example.jp", None)
    assert set(shop) == set(www)
    assert json.loads(report_json(a_report(names=[])))["certificates"] == []


def test_a_refused_declaration_is_shown_with_the_names_as_they_were_written() -> None:
    refused = {"outcome": "refused", "error": {"message": "no"}, "certificate": None}
    own = {"name": "x", "common_name": "x.example.jp", "dns_names": ["y.example.jp", 7]}
    row = a_row(One("x", None, refused), orders={}, own={"x": own})
    assert row.dns_names == ("x.example.jp", "y.example.jp")
    assert a_row(One("x", None, refused), orders={}, own={"x": {"dns_names": "z.example.jp"}}).dns_names == (
        "z.example.jp",
    )


def test_what_nobody_declares_and_a_run_without_a_plan_are_shown_too() -> None:
    abandoned = {"name": "old", "state": "wanted", "dns_names": ["old.example.jp"]}
    run = Run(plan={}, orders={"old": abandoned}, targets={}, hosts={}, is_whole=True)
    (row,) = read_report(run, endings(run), ()).rows
    assert (row.name, row.group, row.dns_names, row.hosts) == ("old", Group.WAITING, ("old.example.jp",), ())
    broken = replace(run, orders={}, central_broken={"plan": "2 errors in the options"})
    report = read_report(broken, endings(broken), ())
    assert (report.as_of, [row.group for row in report.rows]) == (None, [Group.ATTENTION])


def test_each_change_of_the_rules_is_told_once_soonest_first() -> None:
    found = all_cliffs(a_report(One("b"), One("a"), One("c", method="dns")).rows)
    assert [(cliff.date, names) for cliff, names in found.items()] == [
        (HUNDRED["date"], ["a", "b", "c"]),
        (MAIL_ENDS["date"], ["a", "b"]),
    ]


def test_no_word_from_elsewhere_turns_the_direction_of_a_line() -> None:
    hostile = "\u202e\x1b[31mred"
    one = One("a", None, due("no_certificate"), {"state": "refused", "problem": {"text": hostile}})
    (row,) = a_report(one).rows
    text = report_json(a_report(one))
    assert "\\u202e" in row.sentences[1] and "\u202e" not in text and "\x1b" not in text


def test_a_row_names_who_of_the_customers_has_to_act() -> None:
    task = {"actor": "customer", "owner": "certs@example.co.jp", "what": "apply", "by": None}
    row = a_row(One("shop", None, OPEN, {**MAILED, "state": "awaiting_person", "waiting_for": task}))
    assert row.waiting is not None and row.waiting.owner == "certs@example.co.jp"


def test_a_refusal_waits_for_its_correction_until_the_declaration_is_another_one() -> None:
    task = {"actor": "customer", "owner": "山田", "what": "correct the declaration", "by": MARCH}
    refused = {"state": "refused", "waiting_for": task}
    held = {"outcome": "not_due", "due": {"is_due": False, "code": "order_refused", "reason": "no", "at": None}}
    row = a_row(One("shop", plan=held, order=refused))
    assert row.waiting == ("customer", "correct the declaration", MARCH, "山田")
    assert row.for_people == (row.waiting,)
    corrected = a_row(One("shop", plan=due("no_certificate"), order=refused))
    assert (corrected.waiting, corrected.for_people) == (None, ())


def test_what_is_declared_no_more_stays_until_its_contract_is_ended() -> None:
    task = {"actor": "customer", "owner": "web team", "what": "cancel the contract", "where": "Menu > End", "by": MARCH}
    order = {"name": "old", "state": "deployed", "dns_names": ["old.example.jp"], "retired": task}
    run = Run(plan={}, orders={"old": order}, targets={}, hosts={}, is_whole=True, as_of=AS_OF)
    (row,) = read_report(run, endings(run), ()).rows
    assert (row.name, row.group, row.cancel_by) == ("old", Group.WAITING, "2027-03-31")
    assert row.for_people == (("customer", "cancel the contract (Menu > End)", MARCH, "web team"),)
    assert "goes on until somebody ends it: cancel the contract" in row.sentences[0]
    for other in (replace(run, is_whole=False), replace(run, orders={"old": {**order, "retired": None}})):
        assert read_report(other, endings(other), ()).rows == ()


MARCH = "2027-03-31T00:00:00Z"
