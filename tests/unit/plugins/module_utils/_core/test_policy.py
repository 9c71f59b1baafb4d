# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which order a wish is about: the open one, a new one, the one to cancel, or none."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    SELLERS_KEY,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import (
    Act,
    Goal,
    Policy,
    Resolve,
    Wish,
    choose,
    difference_of,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
KEY, OTHER_KEY = "1" * 64, "2" * 64


def fact(kind: Kind, **words: t.Any) -> Fact:
    return Fact(kind, NOW, **words)


def issued(serial: str = "a1", days: int = 90) -> Fact:
    certificate = Certificate("PEM", ("CHAIN",), serial, NOW, NOW + timedelta(days=days), public_key_sha256=OTHER_KEY)
    return fact(Kind.DOWNLOADED, certificate=certificate)


def entry(*facts: Fact, number: int = 1, **changes: t.Any) -> Entry:
    words: dict[str, t.Any] = {
        "name": "shop",
        "purpose": "issue",
        "reference": "ref",
        "ca_account": "ca",
        "product": "acme",
        "common_name": "shop.example.jp",
        "dns_names": ("shop.example.jp",),
        "method": "dns-01",
        "csr": "csr",
        "public_key_sha256": KEY,
        "custodian": "web1",
        "hosts": (),
        "options": {},
        "created_at": NOW,
    }
    return Entry(Order(**{**words, **changes}), facts, number)


SENT = (fact(Kind.SUBMIT_INTENDED), fact(Kind.SUBMITTED, handle="h"))
STUCK = (*SENT, fact(Kind.NEEDS_PERSON, code="unclear"))


def wish(goal: Goal = Goal.PRESENT, **changes: t.Any) -> Wish:
    words: dict[str, t.Any] = {
        "ca_account": "ca",
        "product": "acme",
        "method": "dns-01",
        "dns_names": frozenset({"shop.example.jp"}),
        "csr_key": KEY,
        "custodian": "web1",
    }
    return Wish(goal, **{**words, **changes})


def chosen(wished: Wish, *entries: Entry) -> tuple[Act, int | None, str]:
    choice = choose(wished, entries, NOW)
    return choice.act, choice.entry.number if choice.entry is not None else None, choice.why


def test_a_first_csr_is_ordered_and_without_one_nothing_is() -> None:
    assert chosen(wish()) == (Act.NEW, None, "nothing was ordered yet")
    assert chosen(wish(csr_key="")) == (Act.NOTHING, None, "no order is open and no CSR was given")


def test_an_open_order_goes_on_with_or_without_a_csr() -> None:
    assert chosen(wish(), entry(*SENT)) == (Act.GO_ON, 1, "the order is open")
    assert chosen(wish(csr_key="", product="other"), entry(*SENT)) == (Act.GO_ON, 1, "the order is open")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"dns_names": frozenset({"a.example.jp"})}, "it was made for shop.example.jp"),
        ({"ca_account": "other"}, "it was made with the CA account ca"),
        ({"product": "other"}, "it was made with the product acme"),
        ({"method": "http-01"}, "it was made with the validation method dns-01"),
        ({"ca_account": "", "product": "", "method": ""}, ""),
        ({"brought": "PEM"}, "it was made for the certificate before"),
        ({"csr_key": OTHER_KEY}, ""),
        ({"custodian": "web2"}, ""),
        ({"custodian": "", "csr_key": OTHER_KEY}, ""),
        ({"custodian": "web2", "csr_key": OTHER_KEY}, "its private key is on web1, the new one on web2"),
    ],
    ids=str,
)
def test_what_makes_an_open_order_another_one(changes: dict[str, t.Any], why: str) -> None:
    assert difference_of(wish(**changes), entry(*SENT)) == why
    if why:
        assert chosen(wish(**changes), entry(*SENT)) == (Act.REPLACE, 1, why)
        assert chosen(wish(**changes), entry(*STUCK))[0] is Act.GO_ON
        assert chosen(wish(Goal.CANCELLED, **changes), entry(*SENT))[0] is Act.GO_ON


def test_a_certificate_that_is_brought_is_the_same_one() -> None:
    brought = entry(*SENT, options={"brought": {"certificate": "PEM"}})
    assert difference_of(wish(brought="PEM"), brought) == ""
    assert difference_of(wish(brought="NEW"), brought) == "it was made for the certificate before"


def test_an_order_that_was_never_sent_keeps_no_other_key() -> None:
    assert difference_of(wish(csr_key=OTHER_KEY), entry()) == "it was never sent, and its key is another one"
    assert difference_of(wish(), entry()) == ""


@pytest.mark.parametrize(
    ("goal", "resolve", "act"),
    [
        (Goal.PRESENT, Resolve.RESUBMIT, Act.REORDER),
        (Goal.CANCELLED, Resolve.RESUBMIT, Act.CLOSE),
        (Goal.PRESENT, Resolve.GIVE_UP, Act.CLOSE),
        (Goal.PRESENT, Resolve.ADOPT, Act.GO_ON),
        (Goal.PRESENT, None, Act.GO_ON),
    ],
)
def test_a_persons_word_ends_what_needs_one(goal: Goal, resolve: Resolve | None, act: Act) -> None:
    found, number, why = chosen(wish(goal, resolve=resolve), entry(*STUCK))
    assert (found, number) == (act, 1)
    assert (why == "a person decided so") is (act is not Act.GO_ON)
    assert chosen(wish(goal, resolve=resolve), entry(*SENT))[0] is Act.GO_ON


def test_to_cancel_without_an_open_order_is_nothing() -> None:
    assert chosen(wish(Goal.CANCELLED)) == (Act.NOTHING, None, "no order is open")
    assert chosen(wish(Goal.CANCELLED), entry(*SENT, issued())) == (Act.NOTHING, 1, "no order is open")
    assert chosen(wish(Goal.CANCELLED), entry(*SENT)) == (Act.GO_ON, 1, "the order is open")


@pytest.mark.parametrize(
    ("changes", "days", "is_there"),
    [
        ({}, 90, True),
        ({"csr_key": OTHER_KEY}, 90, False),
        ({"dns_names": frozenset({"a.example.jp"})}, 90, False),
        ({"replaces": "a1"}, 90, False),
        ({"replaces": "b2"}, 90, True),
        ({}, 0, False),
    ],
    ids=str,
)
def test_the_certificate_of_a_csr_is_bought_once(changes: dict[str, t.Any], days: int, is_there: bool) -> None:
    there = (Act.NOTHING, 1, "the ledger holds the certificate of this CSR")
    anew = (Act.NEW, 1, "the CSR is for a new certificate")
    assert chosen(wish(**changes), entry(*SENT, issued(days=days))) == (there if is_there else anew)


@pytest.mark.parametrize(("reason", "key", "act"), [("keyCompromise", KEY, Act.REFUSE), ("superseded", KEY, Act.NEW)])
def test_a_key_that_was_compromised_is_not_certified_again(reason: str, key: str, act: Act) -> None:
    revoked = entry(*SENT, issued(), fact(Kind.REVOKED, text=reason))
    assert chosen(wish(csr_key=key), revoked)[:2] == (act, 1)
    assert chosen(wish(csr_key=OTHER_KEY), revoked)[0] is Act.NEW


def test_the_newest_certificate_is_revoked_or_the_one_that_is_named() -> None:
    old, new = entry(*SENT, issued("a1"), number=1), entry(*SENT, issued("b2"), number=2)
    why = "the certificate is to be revoked"
    assert chosen(wish(Goal.REVOKED), new, old) == (Act.GO_ON, 2, why)
    assert chosen(wish(Goal.REVOKED, serial="a1"), old, new) == (Act.GO_ON, 1, why)
    act, number, said = chosen(wish(Goal.REVOKED, serial="c3"), old, new)
    assert (act, number) == (Act.REFUSE, 2) and said.endswith("serial number c3")


def test_what_is_revoked_or_was_never_issued_is_not_revoked() -> None:
    nothing = "there is no certificate to revoke"
    assert chosen(wish(Goal.REVOKED), entry(*SENT)) == (Act.NOTHING, 1, nothing)
    assert chosen(wish(Goal.REVOKED)) == (Act.NOTHING, None, nothing)
    assert chosen(wish(Goal.REVOKED), entry(*SENT, issued(), fact(Kind.REVOKED, text="x"))) == (Act.NOTHING, 1, nothing)


def test_what_a_call_knows_of_the_ca_where_it_is_not_said() -> None:
    known = Policy()
    assert (known.visible, known.can_ask, known.can_find, known.can_cancel) == (False, True, True, True)
    assert (known.resend, known.new_contact, known.unprepared, known.looked) == (False, False, False, False)
    assert known.settle == timedelta(seconds=5) and known.looks == 0
    assert Policy(looks=1).looked


def test_the_key_of_an_order_is_told_by_its_certificate_where_the_seller_makes_it() -> None:
    assert entry(*SENT, issued()).public_key_sha256 == KEY
    assert entry(*SENT, public_key_sha256=SELLERS_KEY).public_key_sha256 == ""
    assert entry(*SENT, issued(), public_key_sha256=SELLERS_KEY).public_key_sha256 == OTHER_KEY


def test_hosts_wait_only_for_a_certificate_that_is_there() -> None:
    assert entry(*SENT, hosts=("web1",)).standing.hosts_pending == ()
    half = entry(*SENT, issued(), fact(Kind.DEPLOYED, host="web1"), hosts=("web1", "web2"))
    assert half.standing.hosts_pending == ("web2",)
