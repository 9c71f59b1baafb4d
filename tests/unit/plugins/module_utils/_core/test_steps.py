# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done next, and whose turn it is: at the edges of times and counts, and in people's words."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    Answer,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
    State,
    TokenRecord,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Policy, Until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import Action, Step, Waiting, next_step, waiting_for

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
SOON = NOW + timedelta(days=7)
RECORD = TokenRecord("_acme-challenge.shop.example.jp", "TXT", "value")
CERTIFICATE = Certificate("PEM", (), "a1", NOW, SOON)


def entry(*facts: Fact) -> Entry:
    order = Order(
        "shop", "issue", "ref", "ca", "acme", "a.jp", ("a.jp",), "dns-01", "csr", "0", "web1", ("web1",), {}, NOW
    )
    return Entry(order, facts, 1)


def fact(kind: Kind, **words: t.Any) -> Fact:
    return Fact(kind, NOW, **words)


def seen(answer: Answer) -> Fact:
    return fact(Kind.SEEN, status=answer, word=answer.value, expires=SOON)


SENT = (fact(Kind.SUBMIT_INTENDED), fact(Kind.SUBMITTED, handle="h"))


@pytest.mark.parametrize(
    ("seconds", "again_in"),
    [
        pytest.param(None, None, id="it was not asked yet"),
        pytest.param(0, 5, id="it was just asked"),
        pytest.param(4, 1, id="it had almost the time"),
        pytest.param(5, None, id="it had the time"),
    ],
)
def test_a_ca_that_knows_no_such_order_is_asked_once_more_when_it_had_the_time(
    seconds: int | None, again_in: int | None
) -> None:
    none_for = timedelta(seconds=seconds) if seconds is not None else None
    step = next_step(entry(SENT[0]), NOW, Policy(none_for=none_for))
    assert step.action is Action.FIND_LOST
    assert step.at == (NOW + timedelta(seconds=again_in) if again_in is not None else None)
    assert step.why.endswith("once more when it had the time") is (again_in is not None)


@pytest.mark.parametrize(("looks", "action"), [(0, Action.LOOK), (5, Action.LOOK), (6, Action.AWAIT_CA)])
@pytest.mark.parametrize("answer", [None, Answer.UNKNOWN, Answer.ACCEPTED])
def test_a_call_about_what_is_wanted_looks_six_times_at_an_answer_that_says_nothing(
    answer: Answer | None, looks: int, action: Action
) -> None:
    facts = (*SENT, seen(answer)) if answer else SENT
    assert next_step(entry(*facts), NOW, Policy(until=Until.WANTED, looks=looks)).action is action


@pytest.mark.parametrize("answer", [Answer.VALIDATING, Answer.ISSUING])
def test_and_once_at_one_that_says_what_is_done(answer: Answer) -> None:
    steps = [
        next_step(entry(*SENT, seen(answer)), NOW, Policy(until=Until.WANTED, looks=looks)).action for looks in (0, 1)
    ]
    assert steps == [Action.LOOK, Action.AWAIT_CA]


FIRST = Task("customer", "approve at the portal", owner="Sato", where="orders > approve", due=NOW)
SECOND = Task("seller", "call")


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        pytest.param(Wanted(tasks=(FIRST, SECOND)), "approve at the portal (orders > approve)", id="its next task"),
        pytest.param(Wanted(tasks=(SECOND, FIRST)), "call", id="a task that is done nowhere in particular"),
        pytest.param(Wanted(tasks=(SECOND,), mails=("a@b.jp",)), "call", id="a task before a mail"),
        pytest.param(
            Wanted(mails=("a@b.jp", "c@b.jp"), notes=("x",)), "approve by the mail to a@b.jp or c@b.jp", id="by mail"
        ),
        pytest.param(Wanted(notes=("open it", "look")), "open it; look", id="the CA's own words"),
        pytest.param(Wanted(), "approve, as the CA asks for it", id="without a word"),
    ],
)
def test_an_approval_is_told_in_the_words_that_there_are(wanted: Wanted, why: str) -> None:
    waits = entry(*SENT, fact(Kind.WANTED, wanted=wanted), seen(Answer.WANTS_APPROVAL))
    assert next_step(waits, NOW, Policy(looks=1)) == Step(Action.AWAIT_APPROVAL, why)


DECIDES = fact(Kind.NEEDS_PERSON, text="the CA knows two orders")


@pytest.mark.parametrize(
    ("facts", "state", "waiting"),
    [
        pytest.param((), State.NONE, Waiting("us", "send the order", None), id="nothing was sent"),
        pytest.param(
            SENT[:1], State.INTENDED, Waiting("us", "find out whether the order was made", None), id="it may have been"
        ),
        pytest.param(
            (*SENT, seen(Answer.WANTS_VALIDATION)),
            State.WANTED,
            Waiting("us", "ask the CA to go on", SOON),
            id="nothing has to be published",
        ),
        pytest.param(
            (*SENT, fact(Kind.WANTED, wanted=Wanted(records=(RECORD,))), seen(Answer.WANTS_VALIDATION)),
            State.WANTED,
            Waiting("us", "publish the records and files that the CA wants", SOON),
            id="something has to be",
        ),
        pytest.param(
            (*SENT, seen(Answer.VALIDATING)), State.VALIDATING, Waiting("ca", "validate", SOON), id="it validates"
        ),
        pytest.param(
            (*SENT, seen(Answer.ISSUING)), State.ISSUING, Waiting("ca", "issue the certificate", SOON), id="it issues"
        ),
        pytest.param(
            (*SENT, seen(Answer.WANTS_APPROVAL)),
            State.AWAITING_APPROVAL,
            Waiting("customer", "approve, as the CA asks for it", SOON),
            id="somebody approves",
        ),
        pytest.param(
            (*SENT, seen(Answer.VALIDATING), DECIDES),
            State.NEEDS_PERSON,
            Waiting("person", "the CA knows two orders", SOON),
            id="a person decides",
        ),
        pytest.param(
            (*SENT, seen(Answer.VALIDATING), fact(Kind.REVOKED, text="of another one"), DECIDES),
            State.NEEDS_PERSON,
            Waiting("person", "decide", SOON),
            id="a person decides, and what was told last is about something else",
        ),
        pytest.param(
            (*SENT, seen(Answer.ISSUED), fact(Kind.DOWNLOADED, certificate=CERTIFICATE)),
            State.DEPLOY_PENDING,
            Waiting("us", "deploy to web1", SOON),
            id="it waits for its hosts",
        ),
        pytest.param((*SENT, fact(Kind.REFUSED)), State.REFUSED, None, id="it came to nothing"),
    ],
)
def test_whose_turn_it_is(facts: tuple[Fact, ...], state: State, waiting: Waiting | None) -> None:
    one = entry(*facts)
    assert (one.state, waiting_for(one)) == (state, waiting)
