# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's facts and the state, the step and the leftovers that follow from them."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Status
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    CLOSING,
    Answer,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
    Standing,
    State,
    leftovers,
    newest,
    token_id,
    tokens_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Goal, Policy, Until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import (
    REMOTE,
    Action,
    next_step,
    settled,
    waiting_for,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
RECORD = TokenRecord("_acme-challenge.shop.example.jp", "TXT", "value")
OTHER = TokenRecord("_acme-challenge.shop.example.jp", "TXT", "other")
FILE = TokenFile("shop.example.jp", ".well-known/acme-challenge/x", "x.y", "http://shop.example.jp/x")
CERTIFICATE = Certificate("PEM", ("CHAIN",), "a1", NOW, NOW + timedelta(days=90))


def order(**changes: t.Any) -> Order:
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
        "public_key_sha256": "0" * 64,
        "custodian": "web1",
        "hosts": ("web1", "web2"),
        "options": {},
        "created_at": NOW,
    }
    return Order(**{**words, **changes})


def fact(kind: Kind, **words: t.Any) -> Fact:
    return Fact(kind, words.pop("at", NOW), **words)


def entry(*facts: Fact, **changes: t.Any) -> Entry:
    return Entry(order(**changes), facts, 1)


INTENT = fact(Kind.SUBMIT_INTENDED)
SUBMITTED = fact(Kind.SUBMITTED, handle="h")
WANTED = fact(Kind.WANTED, wanted=Wanted(records=(RECORD,), files=(FILE,)))


def seen(status: Answer) -> Fact:
    return fact(Kind.SEEN, status=status, word=status.value)


OPEN = (INTENT, SUBMITTED, WANTED, seen(Answer.WANTS_VALIDATION))
CLEARED = (seen(Answer.ISSUING), fact(Kind.SUBMIT_ABSENT, handle="h", by="ca"))
DOWNLOADED = (*OPEN, seen(Answer.ISSUED), fact(Kind.DOWNLOADED, certificate=CERTIFICATE))
ON_BOTH = (fact(Kind.DEPLOYED, host="web1"), fact(Kind.DEPLOYED, host="web2"))
REMOVED = tuple(fact(Kind.TOKEN_REMOVED, token=token_id(token)) for token in (RECORD, FILE))

VISIBLE = Policy(visible=True, looks=1)
LOOKED = Policy(looks=1)
UNPREPARED = Policy(looks=1, unprepared=True)
ONLY_WANTED = Policy(until=Until.WANTED, looks=1)
BLIND = Policy(can_find=False)
CANCEL = Policy(goal=Goal.CANCELLED)
REVOKE = Policy(goal=Goal.REVOKED)
LATER = NOW + timedelta(minutes=1)

TABLE: dict[str, tuple[Entry, State, Policy, Action]] = {
    "nothing was sent": (entry(), State.NONE, Policy(), Action.SUBMIT),
    "an intent without outcome is looked for": (entry(INTENT), State.INTENDED, Policy(), Action.FIND_LOST),
    "an intent at a CA that cannot be asked": (entry(INTENT), State.INTENDED, BLIND, Action.AWAIT_PERSON),
    "an intent that led to nothing": (entry(INTENT, fact(Kind.SUBMIT_ABSENT)), State.NONE, Policy(), Action.SUBMIT),
    "a second intent": (entry(INTENT, fact(Kind.SUBMIT_ABSENT), INTENT), State.INTENDED, Policy(), Action.FIND_LOST),
    "what precedes an order is done": (entry(*OPEN, *CLEARED), State.NONE, Policy(), Action.SUBMIT),
    "and the order was sent": (entry(*OPEN, *CLEARED, INTENT), State.INTENDED, Policy(), Action.FIND_LOST),
    "and was taken": (
        entry(*OPEN, *CLEARED, INTENT, fact(Kind.SUBMITTED, handle="c"), seen(Answer.ISSUING)),
        State.ISSUING,
        Policy(),
        Action.LOOK,
    ),
    "another order than ours was none": (
        entry(*OPEN, fact(Kind.SUBMIT_ABSENT, handle="other")),
        State.WANTED,
        VISIBLE,
        Action.ASK_READY,
    ),
    "submitted, nothing seen": (entry(INTENT, SUBMITTED), State.VALIDATING, Policy(), Action.LOOK),
    "wanted, not looked at in this call": (entry(*OPEN), State.WANTED, Policy(), Action.LOOK),
    "wanted, looked at": (entry(*OPEN), State.WANTED, LOOKED, Action.AWAIT_PUBLICATION),
    "it has to be asked what it wants": (entry(*OPEN), State.WANTED, UNPREPARED, Action.PREPARE),
    "it has to be asked, and the order is to be cancelled": (
        entry(*OPEN),
        State.WANTED,
        Policy(goal=Goal.CANCELLED, unprepared=True),
        Action.CANCEL,
    ),
    "wanted and visible": (entry(*OPEN), State.WANTED, VISIBLE, Action.ASK_READY),
    "visible, but the call is only about what is wanted": (
        entry(*OPEN),
        State.WANTED,
        Policy(until=Until.WANTED, visible=True, looks=1),
        Action.AWAIT_PUBLICATION,
    ),
    "nothing has to be published": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_VALIDATION)),
        State.WANTED,
        LOOKED,
        Action.ASK_READY,
    ),
    "nothing to publish, and not to go on": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_VALIDATION)),
        State.WANTED,
        ONLY_WANTED,
        Action.AWAIT_CA,
    ),
    "visible, at a CA that comes by itself": (
        entry(*OPEN),
        State.WANTED,
        Policy(visible=True, can_ask=False, looks=1),
        Action.LOOK,
    ),
    "a person has to approve, not looked at in this call": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_APPROVAL)),
        State.AWAITING_APPROVAL,
        Policy(),
        Action.LOOK,
    ),
    "a person has to approve": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_APPROVAL)),
        State.AWAITING_APPROVAL,
        LOOKED,
        Action.AWAIT_APPROVAL,
    ),
    "somebody else is to approve, not looked at in this call": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_APPROVAL)),
        State.AWAITING_APPROVAL,
        Policy(new_contact=True, resend=True),
        Action.LOOK,
    ),
    "somebody else is to approve": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_APPROVAL)),
        State.AWAITING_APPROVAL,
        Policy(new_contact=True, resend=True, looks=1),
        Action.CHANGE_CONTACT,
    ),
    "the approval mails are wanted once more": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_APPROVAL)),
        State.AWAITING_APPROVAL,
        Policy(resend=True, looks=1),
        Action.RESEND,
    ),
    "somebody has to act at a portal, not looked at in this call": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_PERSON)),
        State.AWAITING_PERSON,
        Policy(),
        Action.LOOK,
    ),
    "somebody has to act at a portal": (
        entry(INTENT, SUBMITTED, seen(Answer.WANTS_PERSON)),
        State.AWAITING_PERSON,
        LOOKED,
        Action.AWAIT_APPROVAL,
    ),
    "validating": (entry(*OPEN, seen(Answer.VALIDATING)), State.VALIDATING, LOOKED, Action.LOOK),
    "validating, not to go on": (entry(*OPEN, seen(Answer.VALIDATING)), State.VALIDATING, ONLY_WANTED, Action.AWAIT_CA),
    "a word that nobody knows, although visible": (
        entry(*OPEN, seen(Answer.UNKNOWN)),
        State.WANTED,
        VISIBLE,
        Action.LOOK,
    ),
    "only a word that nobody knows": (
        entry(INTENT, SUBMITTED, seen(Answer.UNKNOWN)),
        State.VALIDATING,
        ONLY_WANTED,
        Action.LOOK,
    ),
    "taken, and nothing said yet of what is wanted": (
        entry(INTENT, SUBMITTED, seen(Answer.ACCEPTED)),
        State.VALIDATING,
        ONLY_WANTED,
        Action.LOOK,
    ),
    "that word again and again": (
        entry(INTENT, SUBMITTED, seen(Answer.UNKNOWN)),
        State.VALIDATING,
        Policy(until=Until.WANTED, looks=9),
        Action.AWAIT_CA,
    ),
    "issuing": (entry(*OPEN, seen(Answer.ISSUING)), State.ISSUING, LOOKED, Action.LOOK),
    "issued at the CA": (entry(*OPEN, seen(Answer.ISSUED)), State.ISSUING, ONLY_WANTED, Action.DOWNLOAD),
    "refused by an answer whose end was not written": (
        entry(*OPEN, seen(Answer.REFUSED)),
        State.VALIDATING,
        LOOKED,
        Action.LOOK,
    ),
    "a person is asked": (
        entry(INTENT, fact(Kind.NEEDS_PERSON, text="lost")),
        State.NEEDS_PERSON,
        Policy(),
        Action.AWAIT_PERSON,
    ),
    "a person adopted it": (
        entry(INTENT, fact(Kind.NEEDS_PERSON), SUBMITTED),
        State.VALIDATING,
        Policy(),
        Action.LOOK,
    ),
    "downloaded, no host": (
        entry(*DOWNLOADED, *REMOVED, hosts=()),
        State.ISSUED,
        Policy(),
        Action.DONE,
    ),
    "downloaded": (entry(*DOWNLOADED), State.DEPLOY_PENDING, Policy(), Action.AWAIT_DEPLOYMENT),
    "on one of two hosts": (
        entry(*DOWNLOADED, ON_BOTH[0]),
        State.DEPLOY_PENDING,
        Policy(),
        Action.AWAIT_DEPLOYMENT,
    ),
    "on all hosts, tokens left": (entry(*DOWNLOADED, *ON_BOTH), State.DEPLOYED, Policy(), Action.CLEAN_UP),
    "on all hosts, all clean": (entry(*DOWNLOADED, *ON_BOTH, *REMOVED), State.DEPLOYED, Policy(), Action.DONE),
    "a host was added": (
        entry(*DOWNLOADED, *ON_BOTH, fact(Kind.HOSTS, names=("web1", "web3"))),
        State.DEPLOY_PENDING,
        Policy(),
        Action.AWAIT_DEPLOYMENT,
    ),
    "rolled back on one host": (
        entry(*DOWNLOADED, *ON_BOTH, fact(Kind.ROLLED_BACK, host="web1")),
        State.ROLLED_BACK,
        Policy(),
        Action.CLEAN_UP,
    ),
    "rolled back, then deployed again": (
        entry(*DOWNLOADED, *ON_BOTH, fact(Kind.ROLLED_BACK, host="web1"), ON_BOTH[0], *REMOVED),
        State.DEPLOYED,
        Policy(),
        Action.DONE,
    ),
    "refused": (entry(*OPEN, fact(Kind.REFUSED)), State.REFUSED, Policy(), Action.CLEAN_UP),
    "refused before anything was wanted": (entry(INTENT, fact(Kind.REFUSED)), State.REFUSED, Policy(), Action.DONE),
    "expired": (entry(*OPEN, fact(Kind.EXPIRED), *REMOVED), State.EXPIRED, Policy(), Action.DONE),
    "cancelled": (entry(*OPEN, fact(Kind.CANCELLED)), State.CANCELLED, Policy(), Action.CLEAN_UP),
    "revoked": (entry(*DOWNLOADED, *REMOVED, fact(Kind.REVOKED)), State.REVOKED, Policy(), Action.DONE),
    "to be cancelled": (entry(*OPEN), State.WANTED, CANCEL, Action.CANCEL),
    "to be cancelled, never sent": (entry(), State.NONE, CANCEL, Action.CANCEL),
    "to be cancelled, perhaps sent": (entry(INTENT), State.INTENDED, CANCEL, Action.FIND_LOST),
    "to be cancelled, too late": (entry(*OPEN, seen(Answer.ISSUED)), State.ISSUING, CANCEL, Action.DOWNLOAD),
    "to be cancelled where none can": (
        entry(*OPEN),
        State.WANTED,
        Policy(goal=Goal.CANCELLED, can_cancel=False),
        Action.AWAIT_PERSON,
    ),
    "to be cancelled while a person is asked": (
        entry(INTENT, fact(Kind.NEEDS_PERSON)),
        State.NEEDS_PERSON,
        CANCEL,
        Action.AWAIT_PERSON,
    ),
    "to be revoked": (entry(*DOWNLOADED), State.DEPLOY_PENDING, REVOKE, Action.REVOKE),
    "to be revoked, done": (entry(*DOWNLOADED, fact(Kind.REVOKED)), State.REVOKED, REVOKE, Action.DONE),
    "to be revoked, nothing issued": (entry(*OPEN), State.WANTED, REVOKE, Action.DONE),
}


@pytest.mark.parametrize("case", TABLE)
def test_state_and_next_step(case: str) -> None:
    subject, state, policy, action = TABLE[case]
    assert subject.state is state
    assert next_step(subject, LATER, policy).action is action


def test_the_table_walks_every_state_and_every_action() -> None:
    assert {state for _entry, state, _policy, _action in TABLE.values()} == set(State)
    assert {action for _entry, _state, _policy, action in TABLE.values()} == set(Action)


def test_the_words_of_the_contract_and_of_the_ledger_are_the_same() -> None:
    """But for the one that never reaches it: it is followed by ``prepare`` at once."""
    assert {answer.value for answer in Answer} == {status.value for status in Status} - {"wants_preparation"}


def test_none_found_must_settle_before_it_is_believed() -> None:
    assert next_step(entry(INTENT), NOW, Policy()).at is None
    said_once = Policy(looks=1, none_for=timedelta(seconds=1))
    step = next_step(entry(INTENT), NOW + timedelta(seconds=31), said_once)
    assert (step.action, step.at) == (Action.FIND_LOST, NOW + timedelta(seconds=35)), "4 seconds from now"


@pytest.mark.parametrize(
    ("after", "none_for", "believed"),
    [
        pytest.param(timedelta(seconds=6), None, False, id="asked for the first time"),
        pytest.param(timedelta(minutes=30), timedelta(0), False, id="said once, long after the intent"),
        pytest.param(timedelta(minutes=30), timedelta(seconds=4), False, id="too soon"),
        pytest.param(timedelta(seconds=6), timedelta(seconds=5), True, id="said twice"),
        pytest.param(-timedelta(days=150), timedelta(0), False, id="the clock was set back"),
        pytest.param(timedelta(days=2), timedelta(0), True, id="nothing of then can be on its way any more"),
    ],
)
def test_that_there_is_none_is_believed(after: timedelta, none_for: timedelta | None, believed: bool) -> None:
    assert settled(NOW, NOW + after, Policy(none_for=none_for)) is believed


def test_what_was_seen_again_is_counted_not_added() -> None:
    later = NOW + timedelta(hours=1)
    again = entry(*OPEN).having([fact(Kind.SEEN, at=later, status=Answer.WANTS_VALIDATION, word="wants_validation")])
    assert len(again.facts) == len(OPEN)
    assert (again.facts[-1].times, again.facts[-1].at, again.facts[-1].last_at) == (2, NOW, later)
    other = again.having([fact(Kind.SEEN, status=Answer.WANTS_VALIDATION, word="another word")])
    assert len(other.facts) == len(OPEN) + 1


LOST = fact(Kind.TRANSPORT_FAILURE, code="timeout")
ASKED = fact(Kind.NEEDS_PERSON, text="another key")
VALIDATING = seen(Answer.VALIDATING)


def meaning(subject: Entry) -> Standing:
    """What follows from the facts, but for how often the fact was told that explains it."""

    def once(one: Fact | None) -> Fact | None:
        return one and replace(one, times=1, last_at=None)

    return replace(subject.standing, reason=once(subject.standing.reason), trouble=once(subject.standing.trouble))


STORIES: dict[str, tuple[Fact, ...]] = {
    "answered after a failure": (*OPEN, LOST, OPEN[-1]),
    "failed again": (*OPEN, VALIDATING, LOST, VALIDATING, LOST),
    "a person is asked again": (*OPEN, ASKED, SUBMITTED, ASKED),
    "adopted, and issued again": (*OPEN, seen(Answer.ISSUED), ASKED, SUBMITTED, seen(Answer.ISSUED)),
    "wanted again after its removal": (*OPEN, seen(Answer.ISSUING), *REMOVED, WANTED, OPEN[-1]),
}


@pytest.mark.parametrize("story", STORIES)
def test_counting_a_repetition_never_changes_what_follows(story: str) -> None:
    assert meaning(entry().having(STORIES[story])) == meaning(entry(*STORIES[story]))


def test_a_deployment_is_never_merged() -> None:
    assert len(entry().having([ON_BOTH[0], ON_BOTH[0]]).facts) == 2


def test_a_token_is_wanted_until_the_ca_has_seen_it() -> None:
    for answer in (Answer.VALIDATING, Answer.UNKNOWN):
        assert len(tokens_of(entry(*OPEN, seen(answer)).standing.wanted)) == 2
    for answer in (Answer.ISSUING, Answer.ISSUED):
        assert tokens_of(entry(*OPEN, seen(answer)).standing.wanted) == {}
    for kind in CLOSING:
        assert tokens_of(entry(*OPEN, fact(kind)).standing.wanted) == {}


@pytest.mark.parametrize("kind", sorted(CLOSING, key=lambda kind: kind.value))
def test_what_is_wanted_after_the_end_is_only_left_over(kind: Kind) -> None:
    late = entry(INTENT, SUBMITTED, fact(kind, certificate=CERTIFICATE), WANTED, seen(Answer.WANTS_VALIDATION))
    assert tokens_of(late.standing.wanted) == {}
    assert set(leftovers([late])) == {token_id(RECORD), token_id(FILE)}


def test_what_is_wanted_now_is_no_leftover_of_another_order() -> None:
    dead = Entry(order(), (*OPEN, fact(Kind.REFUSED)), 1)
    live = Entry(order(), (INTENT, SUBMITTED, fact(Kind.WANTED, wanted=Wanted(records=(RECORD, OTHER)))), 2)
    assert set(leftovers([dead, live])) == {token_id(FILE)}
    assert set(leftovers([dead])) == {token_id(RECORD), token_id(FILE)}


def test_a_removal_counts_only_when_nothing_wants_the_token() -> None:
    too_early = entry(*OPEN, *REMOVED, fact(Kind.CANCELLED))
    assert set(leftovers([too_early])) == {token_id(RECORD), token_id(FILE)}
    in_time = entry(*OPEN, fact(Kind.CANCELLED), *REMOVED)
    assert leftovers([in_time]) == {}


def test_a_token_published_again_is_there_again() -> None:
    again = fact(Kind.TOKEN_PUBLISHED, token=token_id(RECORD))
    stranger = fact(Kind.TOKEN_PUBLISHED, token="r" + "0" * 24)
    assert set(leftovers([entry(*OPEN, fact(Kind.CANCELLED), *REMOVED, again, stranger)])) == {token_id(RECORD)}


def test_a_token_that_is_no_text_has_an_id_too() -> None:
    values = ("\ud800", "\ud801", "?")
    ids = {token_id(TokenRecord("a.jp", "TXT", value)) for value in values}
    assert len(ids) == 3 and all(len(one) == 25 and one.startswith("r") for one in ids)
    assert token_id(RECORD) == "r" + hashlib.sha256(b"TXT\0_acme-challenge.shop.example.jp\0value").hexdigest()[:24]


def test_an_entry_that_was_not_stored_has_no_number() -> None:
    assert (Entry(order()).number, Entry(order()).facts) == (0, ())


def test_ids_differ_by_every_part_of_a_token() -> None:
    tokens: list[t.Any] = [
        RECORD,
        OTHER,
        TokenRecord(RECORD.name, "CNAME", RECORD.value),
        TokenRecord("x" + RECORD.name, "TXT", RECORD.value),
        FILE,
        TokenFile("a" + FILE.dns_name, FILE.path, FILE.content, FILE.url),
        TokenFile(FILE.dns_name, FILE.path + "a", FILE.content, FILE.url),
        TokenFile(FILE.dns_name, FILE.path, FILE.content + "a", FILE.url),
    ]
    assert len({token_id(token) for token in tokens}) == len(tokens)
    assert token_id(RECORD) == token_id(TokenRecord(RECORD.name, "TXT", "value", ttl=300))


def test_the_open_order_speaks_for_a_name_then_the_newest() -> None:
    closed, opened = Entry(order(), (fact(Kind.CANCELLED),), 9), Entry(order(), (), 3)
    assert newest([closed, opened]) is opened
    assert newest([closed, Entry(order(), (fact(Kind.REFUSED),), 3)]) is closed
    assert newest([]) is None


@pytest.mark.parametrize("case", TABLE)
def test_somebody_is_waited_for_exactly_while_an_order_is_under_way(case: str) -> None:
    subject, state, _policy, _action = TABLE[case]
    under_way = subject.is_open or state is State.DEPLOY_PENDING
    assert (waiting_for(subject) is not None) is under_way


TIMES = st.datetimes(timezones=st.just(timezone.utc))
TEXTS = st.text(max_size=8)
TOKENS = st.sampled_from([RECORD, OTHER])
WANTEDS = st.builds(Wanted, st.lists(TOKENS, max_size=3).map(tuple), st.sampled_from([(), (FILE,)]))
FACTS = st.builds(
    Fact,
    kind=st.sampled_from(Kind),
    at=TIMES,
    handle=TEXTS,
    status=st.none() | st.sampled_from(Answer),
    word=TEXTS,
    expires=st.none() | TIMES,
    names=st.lists(TEXTS, max_size=3).map(tuple),
    wanted=st.none() | WANTEDS,
    certificate=st.none() | st.just(CERTIFICATE),
    host=st.sampled_from(["web1", "web2", "web3", ""]),
    token=st.sampled_from([token_id(RECORD), token_id(FILE), ""]),
    by=TEXTS,
    code=TEXTS,
    text=TEXTS,
)
POLICIES = st.builds(
    Policy,
    goal=st.sampled_from(Goal),
    until=st.sampled_from(Until),
    visible=st.booleans(),
    can_find=st.booleans(),
    can_cancel=st.booleans(),
    looks=st.integers(0, 9),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(FACTS, max_size=25), TIMES, POLICIES)
def test_no_sequence_of_facts_breaks_the_ledger(facts: list[Fact], now: datetime, policy: Policy) -> None:
    subject = entry().having(facts)
    step = next_step(subject, now, policy)
    assert step.why
    standing = subject.standing
    assert standing.open is not any(one.kind in CLOSING for one in subject.facts)
    assert set(tokens_of(standing.wanted)) <= set(standing.outstanding), "nothing that is wanted is forgotten"
    if not standing.open:
        assert step.action not in set(REMOTE) - {Action.REVOKE}, "a closed order is never worked on at the CA"
        assert tokens_of(standing.wanted) == {}
    if step.action is Action.SUBMIT:
        assert standing.handle == "", "what has a handle is never submitted again"
    waiting_for(subject)
    leftovers([subject])


SAME_TIME = st.sampled_from([one for story in (*STORIES.values(), DOWNLOADED, REMOVED) for one in story])


@settings(max_examples=300, deadline=None)
@given(st.lists(SAME_TIME, max_size=25))
def test_counting_never_changes_what_follows_whatever_happens(facts: list[Fact]) -> None:
    assert meaning(entry().having(facts)) == meaning(entry(*facts))


APPROVAL = (
    INTENT,
    SUBMITTED,
    fact(Kind.WANTED, wanted=Wanted(mails=("admin@example.jp",))),
    seen(Answer.WANTS_APPROVAL),
)


def test_whose_turn_it_is_at_an_approval_mail_and_at_a_crawler() -> None:
    waiting = waiting_for(entry(*APPROVAL))
    assert waiting and (waiting.actor, waiting.what) == ("customer", "approve by the mail to admin@example.jp")
    published = [fact(Kind.TOKEN_PUBLISHED, token=token) for token in tokens_of(entry(*OPEN).standing.wanted)]
    before, after = waiting_for(entry(*OPEN)), waiting_for(entry(*OPEN, *published))
    assert before and before.actor == "us"
    assert after and (after.actor, after.what) == ("ca", "look at what is published")
