# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps for people: whom a rule concerns, and when it is due."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import read_organizations
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import DNS, HTTP, a_book, a_wish, own

EXPIRES = "2026-12-24T20:00:00Z"


def rule(**words: t.Any) -> rows.StepRule:
    return rows.StepRule("customer", words.pop("action", "do it"), ("P-1",), "here", **words)


def steps(*rules: rows.StepRule, utc_offset: int = 0, **changes: t.Any) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = plan_certificate(
        a_wish(**changes), a_book(own(steps=rules, utc_offset=utc_offset))
    ).plan["steps"]
    return found


def test_a_step_has_its_actor_its_words_its_day_and_its_facts() -> None:
    assert steps(rule()) == [{"actor": "customer", "action": "do it", "due": None, "facts": ["P-1"]}]
    assert steps(rule(task="call"))[0]["task"] == "call"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"after_days": 3}, {"due": "2026-11-23"}),
        ({"after_days": 0}, {"due": "2026-11-20"}),
        ({"before_expiry_days": 20}, {"due": "2026-12-05"}),
        ({"before_expiry_days": 0}, {"due": "2026-12-25"}),
        ({"opens_before_expiry_days": 30}, {"due": None, "opens": "2026-11-25"}),
        ({"opens_before_expiry_days": 0}, {"due": None, "opens": "2026-12-25"}),
        ({"after_days": 3, "before_expiry_days": 20}, {"due": "2026-11-23"}),
        (
            {"after_days": 3, "before_expiry_days": 20, "opens_before_expiry_days": 30},
            {"due": "2026-11-23", "opens": "2026-11-25"},
        ),
    ],
    ids=str,
)
def test_days_are_counted_from_the_order_or_back_from_the_end_by_the_sellers_calendar(
    days: dict[str, int], expected: dict[str, str | None]
) -> None:
    live = {"not_before": "2026-08-01T00:00:00Z", "not_after": EXPIRES}
    forced = {"renewal": {"force": ["x"]}}
    book = a_book(own(steps=(rule(**days),), utc_offset=9), **forced)
    (step,) = plan_certificate(a_wish(live=live), book).plan["steps"]
    assert {key: step.get(key) for key in expected} == expected


def test_without_a_certificate_nothing_is_counted_back_from_its_end() -> None:
    (step,) = steps(rule(before_expiry_days=20, opens_before_expiry_days=30))
    assert (step["due"], step["opens"]) == (None, None)


def test_the_words_are_the_items_own() -> None:
    book = a_book(own(steps=(rule(action="for {common_name}"),)))
    for name in ("a.example.jp", "b.example.jp"):
        (step,) = plan_certificate(a_wish(common_name=name), book).plan["steps"]
        assert step["action"] == f"for {name}"
    (step,) = steps(rule(action="by the mail to {mailbox}"))
    assert step["action"] == "by the mail to the mailbox"


CONCERNS = [
    ({"methods": ("dns-01",)}, {}, True),
    ({"methods": ("http-01",)}, {}, False),
    ({"contacts": ("txt",)}, {}, False),
    ({"contacts": ("constructed",)}, {}, False),
    ({"purposes": ("issue",)}, {}, True),
    ({"purposes": ("renew",)}, {}, False),
    ({"purposes": ("renew",)}, {"expires": EXPIRES}, True),
    ({"purposes": ("revalidate",)}, {}, False),
    ({"when": "link"}, {}, False),
    ({"key_made_by": ("seller",)}, {}, False),
    ({"key_made_by": ("seller",)}, {"key": {"made_by": "seller"}}, True),
    ({"deployed_by": ("seller",)}, {}, False),
    ({"deployed_by": ("seller",)}, {"deploy": {"by": "seller"}}, True),
    ({"options": ("a", "b")}, {"options": {"a": True, "b": True}}, True),
    ({"options": ("a", "b")}, {"options": {"a": True}}, False),
    ({"options": ("a",)}, {"options": {"a": False}}, False),
]


@pytest.mark.parametrize(("words", "item", "concerned"), CONCERNS, ids=str)
def test_a_rule_concerns_whom_it_names(words: dict[str, t.Any], item: dict[str, t.Any], concerned: bool) -> None:
    assert bool(steps(rule(**words), **item)) is concerned


MAIL = rows.MethodOffer("email", ("3.2.2.4.4",), "mail", ("M-9",), "here")
BOX = rows.ContactOffer("constructed", ("base",), True, "all", "fqdn", ("A",), "here", ("admin",))


@pytest.mark.parametrize(("contacts", "concerned"), [(("constructed",), True), (("txt", "caa"), False), ((), True)])
def test_a_rule_may_be_for_some_kinds_of_mailbox(contacts: tuple[str, ...], concerned: bool) -> None:
    product = own(methods=(MAIL,), contacts=(BOX,), steps=(rule(contacts=contacts, action="by {mailbox}"),))
    contact = {"kind": "constructed", "address": "admin@example.jp"}
    plan = plan_certificate(a_wish(validation={"method": "email", "contact": contact}), a_book(product)).plan
    assert [step["action"] for step in plan["steps"]] == (["by admin@example.jp"] if concerned else [])


REGISTRAR = rows.MethodOffer("registrar", ("3.2.2.4.12",), "nothing", ("M-8",), "here")
LINK = rows.LinkRule("linked", "registrar", "dns-01", ("K-1",), "here")


@pytest.mark.parametrize(
    ("linked", "order", "steps"),
    [
        (True, None, ["always", "link"]),
        (False, {"state": "validating", "method": "registrar"}, ["always", "link_lost"]),
    ],
)
def test_a_rule_may_be_for_a_link_or_for_one_that_was_lost(linked: bool, order: t.Any, steps: list[str]) -> None:
    rules = (rule(action="always"), *(rule(action=when, when=when) for when in ("link", "link_lost")))
    product = own(methods=(DNS, REGISTRAR), links=(LINK,), steps=rules)
    item = {"validation": {"method": "registrar"}, "options": {"linked": linked}, **({"order": order} if order else {})}
    plan = plan_certificate(a_wish(**item), a_book(product)).plan
    assert [step["action"] for step in plan["steps"]] == steps


def test_a_rule_without_purposes_is_for_every_order_and_no_other_validation() -> None:
    reissue, again = rows.ReissueRule(("I-1",), "here"), rows.RevalidationRule(400, ("E-1",), "here")
    live = {"not_before": "2026-10-01T00:00:00Z", "not_after": "2026-12-30T00:00:00Z"}
    product = own(steps=(rule(),), reissue=(reissue,), revalidation=(again,))
    for item, count in (
        ({"live": {**live, "matches": False}}, 1),
        ({"live": live}, 1),
        ({"live": live, "validated_on": "2026-11-01T00:00:00Z"}, 0),
        ({}, 1),
    ):
        one = plan_certificate(a_wish(**item), a_book(product))
        assert len(one.plan["steps"]) == count, (item, one.due)


def test_what_was_found_for_one_item_is_not_taken_for_another() -> None:
    """One book for them all, as a call has it."""
    rules = tuple(rule(action=f"rule {number}", **words) for number, (words, _item, _is) in enumerate(CONCERNS))
    product = own(steps=rules, methods=(DNS, HTTP))
    book = a_book(product)
    items = [item for _words, item, _is in CONCERNS] + [{"validation": {"method": "http-01"}}]
    for _again in range(2):
        for item in items:
            alone = plan_certificate(a_wish(**item), a_book(product)).plan["steps"]
            assert plan_certificate(a_wish(**item), book).plan["steps"] == alone


@pytest.mark.parametrize(
    ("words", "kind", "opened", "concerned"),
    [
        ({"organization_kinds": ("corporation",)}, "corporation", None, True),
        ({"organization_kinds": ("corporation",)}, "sole_proprietor", None, False),
        ({"organization_kinds": ("corporation",)}, None, None, True),
        ({"organization_year": "first"}, None, "2026-01-01", True),
        ({"organization_year": "first"}, None, "2025-12-31", False),
        ({"organization_year": "later"}, None, "2025-12-31", True),
        ({"organization_year": "later"}, None, "2026-01-01", False),
        ({"organization_year": "later"}, None, None, True),
    ],
)
def test_steps_of_organizations_go_by_their_kind_and_year(
    words: dict[str, t.Any], kind: str | None, opened: str | None, concerned: bool
) -> None:
    said = {key: value for key, value in (("kind", kind), ("opened_on", opened)) if value}
    errors = InputCollector()
    book = a_book(own(steps=(rule(**words),)), organizations=read_organizations({"us": said}, errors))
    assert not errors.errors
    assert bool(plan_certificate(a_wish(organization="us"), book).plan["steps"]) is concerned
