# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standing contacts: what is to be kept in DNS, and how that ended."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import shown_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._core.work_contacts import (
    contact_endings,
    contact_items,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import planned, wish

ADDRESS = "certs@example.jp"
RECORD = "_validation-contactemail.example.jp"


def by_mail(name: str, kind: str = "txt", address: str | None = ADDRESS, **more: t.Any) -> dict[str, t.Any]:
    contact = {"kind": kind, "address": address, "exclusive": False, "domains": ["example.jp"], **more}
    certificate = wish(name=name, validation={"method": "email", "contact": contact})
    return planned(name=name, certificate=certificate)


def a_run(*plans: dict[str, t.Any], **changes: t.Any) -> Run:
    """Contacts are kept without a look at any host: there are no targets."""
    return dataclasses.replace(
        Run(plan={plan["name"]: plan for plan in plans}, orders={}, targets={}, hosts={}, is_whole=True), **changes
    )


@pytest.mark.parametrize("kind", ["txt", "caa"])
def test_a_contact_stands_at_the_name_that_the_plan_says(kind: str) -> None:
    (item,) = contact_items(a_run(by_mail("shop", kind)))
    assert item == {
        "name": f"certs@example.jp ({kind}) of example.jp",
        "domain": "example.jp",
        "kind": kind,
        "address": ADDRESS,
        "exclusive": False,
    }


@pytest.mark.parametrize("outcome", ["due", "not_due", "in_progress"])
def test_it_is_kept_whether_or_not_the_certificate_is_due(outcome: str) -> None:
    assert len(contact_items(a_run({**by_mail("shop"), "outcome": outcome}))) == 1


def test_certificates_that_share_a_contact_want_it_once() -> None:
    assert len(contact_items(a_run(by_mail("shop"), by_mail("api")))) == 1


def test_a_contact_of_several_names_stands_at_each() -> None:
    items = contact_items(a_run(by_mail("shop", domains=["example.jp", "example.com"])))
    assert [item["domain"] for item in items] == ["example.jp", "example.com"]


@pytest.mark.parametrize("plan", [planned(), by_mail("shop", "constructed"), by_mail("shop", address=None)])
def test_what_needs_no_record_of_ours_wants_none(plan: dict[str, t.Any]) -> None:
    assert contact_items(a_run(plan)) == []


def test_a_refused_certificate_wants_nothing() -> None:
    assert contact_items(a_run({**by_mail("shop"), "error": {"message": "no"}})) == []


def test_who_wants_to_be_alone_spares_the_other_declared_addresses_of_the_place() -> None:
    items = contact_items(a_run(by_mail("shop", exclusive=True), by_mail("api", address="api@example.jp")))
    assert [(item["address"], item["exclusive"]) for item in items] == [(ADDRESS, True), ("api@example.jp", True)]
    assert [item["exclusive"] for item in contact_items(a_run(by_mail("shop"), by_mail("api")))] == [False]


def test_whoever_wants_to_be_alone_is_heard_also_when_they_share_the_address() -> None:
    for plans in ([by_mail("a", exclusive=True), by_mail("b")], [by_mail("a"), by_mail("b", exclusive=True)]):
        assert [item["exclusive"] for item in contact_items(a_run(*plans))] == [True]


def test_a_run_that_does_not_know_all_addresses_of_a_place_removes_none() -> None:
    shop, refused = by_mail("shop", exclusive=True), {**by_mail("api"), "error": {"message": "no"}}
    assert [item["exclusive"] for item in contact_items(a_run(shop, is_whole=False))] == [False]
    assert [item["exclusive"] for item in contact_items(a_run(shop, refused))] == [False]


def test_the_longest_names_give_items_that_modules_take() -> None:
    domain = ".".join(["a" * 60] * 4)
    run = a_run(by_mail("shop", address=f"{'b' * 60}@{domain}", domains=[domain]))
    assert [shown_name_error(item["name"]) for item in contact_items(run)] == [None]


class TestEndings:
    def published(self, **changes: t.Any) -> dict[str, t.Any]:
        base = {"changed": True, "outcome": "published", "error": None, "type": "TXT", "record": RECORD}
        return {"name": f"{ADDRESS} (txt) of example.jp", "value": ADDRESS, **base, **changes}

    def zone(self, **changes: t.Any) -> dict[str, t.Any]:
        base = {
            "mailbox": "hostmaster@example.jp",
            "rname": "hostmaster.example.jp.",
            "previous_rname": "root.example.jp.",
        }
        return {"name": "example.jp", "changed": True, "outcome": "set", "error": None, **base, **changes}

    def lines(self, *plans: dict[str, t.Any], **said: t.Any) -> list[str]:
        central = {
            step: {one["name"]: one for one in said.pop(step, ())} for step in ("contacts", "mailboxes") if step in said
        }
        return [ending.line() for ending in contact_endings(a_run(*plans, central=central, **said))]

    @pytest.mark.parametrize(
        ("result", "check_mode", "word"),
        [
            ({}, False, "changed"),
            ({}, True, "to be changed"),
            ({"changed": False, "outcome": "already_there"}, False, "in order"),
        ],
    )
    def test_a_line_says_where_the_contact_stands(self, result: dict[str, t.Any], check_mode: bool, word: str) -> None:
        lines = self.lines(by_mail("shop"), contacts=[self.published(**result)], check_mode=check_mode)
        assert lines == [f"shop is {word}: TXT _validation-contactemail.example.jp certs@example.jp."]

    def test_a_service_that_refuses_turns_its_own_certificates_red_and_no_other(self) -> None:
        refused = self.published(changed=False, error={"message": "REFUSED."})
        other = {**by_mail("api", address="api@example.jp")}
        there = self.published(name="api@example.jp (txt) of example.jp", value="api@example.jp", changed=False)
        run = a_run(by_mail("shop"), other, central={"contacts": {one["name"]: one for one in (refused, there)}})
        assert [ending.outcome for ending in contact_endings(run)] == [Outcome.ERROR, Outcome.IN_ORDER]
        assert contact_endings(run)[0].sentences == ("REFUSED.",)

    def test_a_zone_has_an_ending_of_its_own(self) -> None:
        assert self.lines(mailboxes=[self.zone()]) == [
            "example.jp is changed: its mailbox is hostmaster@example.jp"
            " (RNAME hostmaster.example.jp., before it was root.example.jp.)."
        ]
        assert self.lines(mailboxes=[self.zone(changed=False, outcome="kept")]) == [
            "example.jp is in order: its mailbox is hostmaster@example.jp (RNAME hostmaster.example.jp.)."
        ]
        assert self.lines(mailboxes=[self.zone(error={"message": "NOTAUTH."})]) == [
            "example.jp is in trouble: NOTAUTH."
        ]

    def test_a_refused_declaration_says_why_and_one_without_contact_is_in_order(self) -> None:
        assert self.lines({**by_mail("shop"), "error": {"message": "no."}}) == ["shop is refused: no."]
        assert [ending.line() for ending in contact_endings(a_run(planned()))] == ["shop is in order"]

    def test_a_step_that_broke_is_told_once_and_nothing_is_claimed_of_its_certificates(self) -> None:
        assert self.lines(by_mail("shop"), mailboxes=[self.zone()], central_broken={"contacts": "no dnspython"})[0] == (
            "run is in trouble: contacts: no dnspython"
        )
        lines = self.lines(by_mail("shop"), central_broken={"contacts": "no dnspython"})
        assert len(lines) == 1
