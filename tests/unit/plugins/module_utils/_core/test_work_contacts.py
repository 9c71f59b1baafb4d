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
    noted_items,
    old_contact_items,
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
        Run(
            plan={plan["name"]: plan for plan in plans},
            orders={},
            targets={},
            hosts={},
            is_whole=True,
            our_contacts=(),
        ),
        **changes,
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


# -- whose is what ----------------------------------------------------------------------------------------------------

OLD = {"record": RECORD, "kind": "txt", "address": "old@example.jp", "domain": "example.jp"}
SINCE = {"since": "2026-11-20T00:00:00Z"}
OLD_NAME = f"old@example.jp (txt) at {RECORD}"


def said_of(item: dict[str, t.Any], **words: t.Any) -> dict[str, t.Any]:
    base = {"changed": False, "outcome": "already_there", "error": None, "type": "TXT", "record": RECORD}
    return {**item, **base, "value": item["address"], "others": [], **words}


def after(*plans: dict[str, t.Any], said: dict[str, t.Any] | None = None, **changes: t.Any) -> Run:
    """A run whose contacts were published, and whose ledger knows OLD as ours."""
    run = a_run(*plans, **{"our_contacts": [{**OLD, **SINCE}], **changes})
    central = {item["name"]: said_of(item, **(said or {})) for item in contact_items(run)}
    return dataclasses.replace(run, central={**run.central, "contacts": central})


def test_what_is_ours_and_declared_by_nobody_is_removed_where_it_was_published() -> None:
    assert old_contact_items(after(by_mail("shop"))) == [{"name": OLD_NAME, **OLD}]
    assert old_contact_items(after(planned())) == [{"name": OLD_NAME, **OLD}]


def test_what_the_ledger_does_not_know_is_never_removed() -> None:
    run = after(by_mail("shop"), said={"others": ['"theirs@example.jp"']}, our_contacts=[])
    assert old_contact_items(run) == []


def test_what_is_declared_stays_wherever_its_cname_leads() -> None:
    assert old_contact_items(after(by_mail("shop", address="old@example.jp"))) == []
    moved = after(by_mail("shop", address="old@example.jp"), said={"record": "contact.example.net"})
    assert [item["record"] for item in old_contact_items(moved)] == [RECORD], "and goes from where it was before"


@pytest.mark.parametrize(
    "changes",
    [{"is_whole": False}, {"our_contacts": None}, {"central_broken": {"contacts": "no dnspython"}, "central": {}}],
)
def test_a_run_that_cannot_tell_removes_nothing(changes: dict[str, t.Any]) -> None:
    run = after(by_mail("shop"), **changes)
    if "central" in changes:
        run = dataclasses.replace(run, central={})
    assert old_contact_items(run) == []


def test_where_one_is_refused_or_none_is_declared_nothing_is_removed() -> None:
    refused = {**by_mail("api", address="old@example.jp"), "error": {"message": "no"}}
    assert old_contact_items(after(by_mail("shop"), refused)) == []
    assert old_contact_items(after()) == []


def test_one_that_could_not_be_published_spares_all_like_it() -> None:
    run = after(by_mail("shop", address="old@example.jp"), said={"record": "elsewhere.jp", "error": {"message": "no"}})
    assert old_contact_items(run) == []


@pytest.mark.parametrize(
    ("outcome", "error", "noted"),
    [("published", None, ["present"]), ("already_there", None, []), ("not_published", {"message": "no"}, [])],
)
def test_only_what_this_run_wrote_is_noted(outcome: str, error: t.Any, noted: list[str]) -> None:
    run = after(by_mail("shop"), said={"outcome": outcome, "error": error})
    assert [item["state"] for item in noted_items(run)] == noted


@pytest.mark.parametrize(
    ("outcome", "noted"), [("removed", ["absent"]), ("already_absent", ["absent"]), ("not_removed", [])]
)
def test_what_is_gone_is_forgotten_and_what_is_not_is_tried_again(outcome: str, noted: list[str]) -> None:
    old = said_of({**OLD, "name": OLD_NAME}, outcome=outcome)
    run = after(by_mail("shop"), central={"old_contacts": {OLD_NAME: old}})
    assert [(item["state"], item["address"]) for item in noted_items(run)] == [(one, OLD["address"]) for one in noted]


class TestOldEndings:
    def lines(self, run: Run) -> list[str]:
        return [ending.line() for ending in contact_endings(run)][1:]

    def ended(self, check_mode: bool = False, **words: t.Any) -> list[str]:
        old = said_of({**OLD, "name": OLD_NAME}, **words)
        return self.lines(after(by_mail("shop"), central={"old_contacts": {OLD_NAME: old}}, check_mode=check_mode))

    def test_a_removal_is_told(self) -> None:
        why = "published by us on 2026-11-20, nobody declares it any more."
        assert self.ended(outcome="removed", changed=True) == [f"{OLD_NAME} is removed: {why}"]
        assert self.ended(True, outcome="removed", changed=True) == [f"{OLD_NAME} is to be removed: {why}"]
        assert self.ended(outcome="already_absent") == [f"{OLD_NAME} is gone already: {why}"]

    def test_a_refusal_is_an_error_and_a_zone_that_was_given_away_is_none(self) -> None:
        refused = {"message": "REFUSED.", "code": "dns_refused"}
        away = {"message": "no service holds it.", "code": "zone_not_found"}
        assert self.ended(error=refused)[0].startswith(f"{OLD_NAME} is in trouble: published by us")
        assert self.ended(error=away)[0].startswith(f"{OLD_NAME} is left where it is: published by us")

    def test_what_is_kept_for_want_of_knowledge_is_told(self) -> None:
        refused = {**by_mail("api"), "error": {"message": "no."}}
        assert self.lines(after(by_mail("shop"), refused))[1:] == [
            f"{OLD_NAME} is kept: published by us on 2026-11-20. It stays, for this run does not know all declarations."
        ]
        assert self.lines(after(by_mail("shop"), is_whole=False)) == []

    def test_what_is_not_ours_remains_and_is_told(self) -> None:
        others = {"others": ['"old@example.jp"', '"theirs\\027@example.jp"']}
        (line,) = [ending.line() for ending in contact_endings(after(by_mail("shop"), said=others))]
        assert line.endswith(r' Beside it remains "theirs\027@example.jp": not ours, and nobody declares it.')
        (line,) = [one.line() for one in contact_endings(after(by_mail("shop"), said=others, is_whole=False))]
        assert "remains" not in line

    def test_many_and_long_ones_are_told_by_the_first_of_them(self) -> None:
        others = {"others": ["x" * 121, *(f"other{number}" for number in range(20))]}
        (line,) = [ending.line() for ending in contact_endings(after(by_mail("shop"), said=others))]
        assert f" Beside it remains {'x' * 120}… (1 more characters), other0, " in line
        assert " more: " in line and "other19" not in line

    def test_without_the_ledger_it_is_told_and_nothing_turns_red(self) -> None:
        unreachable = a_run(by_mail("shop"), our_contacts=None, central_broken={"known": "no route to host"})
        (ending,) = contact_endings(unreachable)
        assert ending.outcome is Outcome.IN_ORDER
        assert ending.line().startswith("ledger is left out: it could not be asked (no route to host).")
        young = [one.line() for one in contact_endings(after(by_mail("shop"), our_contacts=None))]
        assert young[1].startswith("ledger is not there yet: ")
        volatile = contact_endings(after(by_mail("shop"), contacts_problem="it lies on a tmpfs"))
        assert volatile[-1].line().startswith("ledger is left out: it lies on a tmpfs. Contacts are published")


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
