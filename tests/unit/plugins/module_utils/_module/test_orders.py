# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders against a hostile CA: a table of stories. Every ``play`` is a new process's call."""

from __future__ import annotations

import itertools
import json
import threading
import typing as t
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Finding, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    InputErrors,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Kind
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import MASK
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    LedgerStore,
    open_for_reading,
    open_for_writing,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_acts import POLLS
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    START,
    Fault,
    HostileCa,
    Playground,
    answering,
    ask,
    bug,
    csr,
    garbage,
    item,
    key,
    lost_answer,
    no_network,
    rate_limit,
    refusal,
)


@pytest.fixture
def ground(tmp_path: Path) -> Playground:
    return Playground(tmp_path)


def issue(ground: Playground, name: str = "shop", **changes: t.Any) -> dict[str, t.Any]:
    ground.one(item(name, **changes), until="wanted")
    return ground.one(ask(name))


def ids(data: dict[str, t.Any], where: str = "wanted") -> list[str]:
    return [token["id"] for kind in ("records", "files") for token in data[where][kind]]


# -- the straight way -------------------------------------------------------------------------------------------------


def test_an_order_goes_from_csr_to_certificate_in_two_calls(ground: Playground) -> None:
    first = ground.one(item(custodian="web1", public_key_sha256=key("key1")), until="wanted")
    assert (first["outcome"], first["state"], first["changed"]) == ("submitted", "wanted", True)
    assert first["order"] == "order-1"
    assert first["wanted"]["records"][0]["name"] == "_acme-challenge.shop.example.jp"
    assert first["waiting_for"] == {
        "actor": "us",
        "what": "publish the records and files that the CA wants",
        "by": "2026-11-27T00:00:00Z",
    }
    second = ground.one(ask())
    assert (second["outcome"], second["state"], second["changed"]) == ("issued", "deploy_pending", True)
    assert second["certificate"].startswith("certificate a001")
    assert second["public_key_sha256"] == key("key1")
    assert second["custodian"] == "web1"
    assert second["hosts_pending"] == ["web1", "web2"]
    assert second["wanted"]["records"] == []
    assert ids(second, "leftovers") == ids(first)
    assert ground.ca.count("submit") == 1


def test_a_second_call_with_nothing_to_do_asks_nobody_and_writes_nothing(ground: Playground) -> None:
    issue(ground)
    ground.one({"name": "shop", "observed": {"deployed_on": ["web1", "web2"]}}, record_only=True)
    before, asked = ground.ledger.read_bytes(), list(ground.ca.calls)
    again = ground.one(item())
    assert (again["outcome"], again["state"], again["changed"]) == ("nothing_to_do", "deployed", False)
    assert ground.ledger.read_bytes() == before
    assert ground.ca.calls == asked


def test_all_are_submitted_before_the_first_is_asked_and_all_asked_before_the_first_poll(ground: Playground) -> None:
    names = [f"c{number}" for number in range(40)]
    ground.play(*(item(name, visible=True) for name in names))
    verbs = [call.split()[0] for call in ground.ca.calls]
    assert verbs[:80] == ["submit"] * 40 + ["ready"] * 40
    assert verbs.count("download") == 40


def test_the_time_for_many_is_the_time_for_one(ground: Playground) -> None:
    ground.play(item("alone", visible=True))
    alone, ground.clock.passed = ground.clock.passed, 0.0
    ground.play(*(item(f"c{number}", visible=True) for number in range(50)))
    assert ground.clock.passed <= alone + 0.01


def test_a_pending_order_is_no_error(ground: Playground) -> None:
    ground.ca.polls = 1000
    ground.one(item(), until="wanted")
    data = ground.one(ask(), deadline=10)
    assert (data["outcome"], data["state"], data["error"]) == ("in_progress", "validating", None)
    assert data["waiting_for"]["actor"] == "ca"
    assert ground.clock.passed <= 10
    assert ids(data), "what was published stays wanted while the CA looks"


def test_answers_that_say_nothing_new_are_counted_once_a_call(ground: Playground) -> None:
    ground.ca.polls = 1000
    ground.one(item(visible=True), deadline=10)
    for _call in range(2):
        ground.one(ask(), deadline=10)
    store = open_for_reading(str(ground.ledger))
    assert store is not None
    with store:
        [entry] = store.entries(["shop"])["shop"]
    assert [(fact.word, fact.times) for fact in entry.facts if fact.kind is Kind.SEEN] == [
        ("WANTS_VALIDATION", 1),
        ("VALIDATING", 4),
    ]


def test_an_order_that_is_not_visible_is_looked_at_once(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    data = ground.one({"name": "shop"})
    assert (data["state"], data["changed"], ground.ca.count("look"), ground.ca.count("ready")) == (
        "wanted",
        False,
        1,
        0,
    )
    assert ground.clock.slept == []


def test_what_a_ca_has_done_within_two_seconds_is_seen_half_a_second_later_at_most() -> None:
    looked = [0.0, *itertools.accumulate(POLLS)]
    waits = [after - before for before, after in zip(looked, looked[1:]) if before < 2.0]
    assert max(waits) <= 0.5 and looked[-1] > 15.0, "and a CA that takes longer is asked more and more seldom"
    assert sorted(POLLS) == list(POLLS)


def test_a_ca_that_says_no_time_is_looked_at_soon_and_then_ever_later(ground: Playground) -> None:
    ground.ca.retry_after, ground.ca.polls = None, 10000
    ground.one(item(visible=True), deadline=20)
    assert [round(seconds, 3) for seconds in ground.clock.slept[:8]] == list(POLLS[:8])


def test_the_pauses_begin_anew_where_the_ca_does_the_next_thing_and_not_where_it_goes_to_and_fro(
    ground: Playground,
) -> None:
    ground.ca.retry_after, ground.ca.polls = None, 10000
    validating, issuing = answering(status=Status.VALIDATING), answering(status=Status.ISSUING)
    ground.ca.fault("look", validating, issuing, issuing, *[validating, issuing] * 40)
    ground.one(item(visible=True), deadline=20)
    soonest = [round(seconds, 3) for seconds in ground.clock.slept].count(POLLS[0])
    assert soonest == 2, "once for each status"
    assert ground.ca.count("look") <= 25


def together(number: int) -> Fault:
    """Each answer waits until so many are asked for: alone, the first would wait in vain."""
    meeting = threading.Barrier(number)

    def fault(effect: t.Callable[[], t.Any]) -> t.Any:
        meeting.wait(timeout=20)
        return effect()

    return fault


def test_orders_are_looked_at_readied_and_downloaded_side_by_side_where_the_account_takes_it(
    ground: Playground,
) -> None:
    names = [f"shop{number}" for number in range(6)]
    ground.play(*(item(name) for name in names), until="wanted")
    ground.ca.side_by_side = 3
    for verb, number in (("ready", 6), ("look", 6), ("download", 6)):
        ground.ca.fault(verb, *[together(3)] * number)
    result = ground.play(*(item(name, visible=True) for name in names))
    assert [(one.name, one.outcome) for one in result.items] == [(name, "issued") for name in names]


def test_orders_are_submitted_one_after_the_other_all_the_same(ground: Playground) -> None:
    ground.ca.side_by_side = 3
    inside, most = [0], [0]

    def counted(effect: t.Callable[[], t.Any]) -> t.Any:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        try:
            return effect()
        finally:
            inside[0] -= 1

    ground.ca.fault("submit", *[counted] * 6)
    ground.play(*(item(f"shop{number}") for number in range(6)), until="wanted")
    assert (most, ground.ca.count("submit")) == ([1], 6)


def test_side_by_side_one_order_that_is_refused_leaves_the_others_alone(ground: Playground) -> None:
    names = [f"shop{number}" for number in range(6)]
    ground.play(*(item(name) for name in names), until="wanted")
    ground.ca.side_by_side = 3
    ground.ca.fault("ready", lambda effect: effect(), refusal)
    result = ground.play(*(item(name, visible=True) for name in names))
    assert sorted(one.outcome for one in result.items) == ["issued"] * 5 + ["refused"]
    assert [one.error.code for one in result.items if one.error] == ["caa"]


def test_side_by_side_an_account_that_fails_is_left_alone_after_those_that_were_under_way(ground: Playground) -> None:
    names = [f"shop{number}" for number in range(9)]
    ground.play(*(item(name) for name in names), until="wanted")
    ground.ca.side_by_side = 3
    ground.ca.fault("ready", *[no_network] * 9)
    result = ground.play(*(item(name, visible=True) for name in names), deadline=0.4)
    assert ground.ca.count("ready") <= 3
    assert {one.error.code for one in result.items if one.error} == {"connect"}


def test_retry_after_is_honoured(ground: Playground) -> None:
    ground.ca.retry_after = 7.0
    ground.one(item(visible=True))
    assert ground.clock.slept == [7.0, 7.0]


def test_nobody_is_asked_in_the_last_moment_for_no_answer_would_come_in_time(ground: Playground) -> None:
    ground.ca.retry_after, ground.ca.polls = 4.8, 10000
    data = ground.one(item(visible=True), deadline=5)
    assert ground.clock.slept == []
    assert (data["state"], data["error"]) == ("validating", None)


def test_retry_after_beyond_the_deadline_is_not_waited_for(ground: Playground) -> None:
    ground.ca.retry_after = 3600.0
    assert ground.one(item(visible=True))["state"] == "validating"
    assert ground.clock.slept == []


@pytest.mark.parametrize("retry_after", [0.0, -5.0, float("nan")])
def test_a_silly_retry_after_makes_no_busy_loop(ground: Playground, retry_after: float) -> None:
    ground.ca.retry_after, ground.ca.polls = retry_after, 10000
    ground.one(item(visible=True), deadline=5)
    assert ground.ca.count("look") <= 60


def test_an_authorization_that_is_still_good_needs_nothing_published(ground: Playground) -> None:
    ground.ca.fault("submit", answering(wanted=Wanted()))
    assert ground.one(item(), until="wanted")["wanted"]["records"] == []
    assert ground.one({"name": "shop"})["outcome"] == "issued"


def test_an_unknown_word_is_looked_at_again_and_never_acted_on(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    unknown = answering(status=Status.UNKNOWN, status_word="on holiday \x1b[2J")
    ground.ca.fault("look", *[unknown] * 3)
    ground.ca.fault("ready", unknown)
    data = ground.one(ask())
    assert data["outcome"] == "issued"
    ground.ca.fault("submit", unknown)
    ground.ca.fault("look", *[unknown] * 9)
    other = ground.one(item("other"), until="wanted")
    assert (other["state"], other["status_word"]) == ("validating", "on holiday \\x1b[2J")
    assert ground.ca.count("look") <= 12


def test_a_word_that_stays_unknown_is_told_and_never_acted_on(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("look", *[answering(status=Status.UNKNOWN, status_word="on holiday \x1b[2J")] * 99)
    data = ground.one(ask(), deadline=20)
    assert (data["outcome"], data["state"], data["error"]["code"]) == ("in_progress", "validating", "status_unknown")
    assert data["error"]["retryable"] and "on holiday" in data["error"]["message"]
    assert "\x1b" not in data["error"]["message"]
    assert (ground.ca.count("ready"), ground.ca.count("download")) == (1, 0)
    ground.ca.faults.clear()
    assert ground.one(ask())["outcome"] == "issued"


@pytest.mark.parametrize("word", ["Whether the next run orders again", "the product's rule"])
def test_an_ending_promises_no_new_order(ground: Playground, word: str) -> None:
    ground.ca.fault("submit", refusal)
    ground.one(item("shop"), until="wanted")
    ground.one(item("other"), until="wanted")
    ground.ca.fault("look", answering(status=Status.REFUSED, problem="CAA forbids it"))
    assert word in ground.one(ask("other"))["error"]["todo"]


def test_the_ledger_ends_with_what_the_ca_said_last(ground: Playground) -> None:
    ground.ca.polls = 3

    def too_late(effect: t.Callable[[], t.Any]) -> t.Any:
        ground.clock.passed += 1000
        return no_network(effect)

    ground.one(item(), until="wanted")
    ground.ca.fault("download", too_late)
    data = ground.one(ask())
    assert (data["state"], data["error"]["code"]) == ("issuing", "connect")
    read = ground.one({"name": "shop"}, record_only=True)
    assert (read["state"], read["status_word"]) == ("issuing", "ISSUED")


def test_only_what_was_seen_is_shown_to_the_ca(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    other = Wanted(records=(TokenRecord("_acme-challenge.shop.example.jp", "TXT", "another-value"),))
    ground.ca.fault("ready", answering(status=Status.WANTS_VALIDATION, wanted=other))
    data = ground.one(ask())
    assert (data["state"], [record["value"] for record in data["wanted"]["records"]]) == ("wanted", ["another-value"])
    assert ground.ca.count("ready") == 1, "nobody has seen the new record yet"
    assert ground.one(ask())["outcome"] == "issued"


# -- answers that were lost -------------------------------------------------------------------------------------------


def test_a_lost_answer_to_submit_is_found_and_not_ordered_again(ground: Playground) -> None:
    ground.ca.fault("submit", lost_answer)
    data = ground.one(item(), until="wanted")
    assert (data["state"], data["order"], data["error"]) == ("wanted", "order-1", None)
    assert list(ground.ca.orders) == ["order-1"]


def test_a_submit_that_never_arrived_is_found_missing_and_sent_again(ground: Playground) -> None:
    def swallowed(_effect: t.Callable[[], t.Any]) -> t.Any:
        raise TransportError(code="timeout", what="No answer came", sent=True)

    ground.ca.fault("submit", swallowed)
    data = ground.one(item(), until="wanted")
    assert data["state"] == "wanted"
    assert (ground.ca.count("submit"), ground.ca.count("find")) == (2, 2)
    assert list(ground.ca.orders) == ["order-1"]


def test_the_last_moments_before_a_ca_has_settled_are_not_full_of_questions(
    ground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swallowed(_effect: t.Callable[[], t.Any]) -> t.Any:
        raise TransportError(code="timeout", what="No answer came", sent=True)

    def in_no_time(effect: t.Callable[[], t.Any]) -> t.Any:
        plainly(0.005)
        return effect()

    plainly = ground.clock.sleep
    monkeypatch.setattr(ground.clock, "sleep", lambda seconds: plainly(max(seconds - 0.05, 0.001)))  # woken early
    ground.ca.fault("find", *[in_no_time] * 50)
    ground.ca.fault("submit", swallowed)
    ground.one(item(), until="wanted")
    assert (ground.ca.count("submit"), ground.ca.count("find")) == (2, 2)


def test_none_found_is_believed_only_after_a_while(ground: Playground) -> None:
    ground.ca.fault("submit", lost_answer)
    ground.ca.fault("find", lambda _effect: None)  # the CA's index lags behind
    data = ground.one(item(), until="wanted")
    assert (data["order"], list(ground.ca.orders)) == ("order-1", ["order-1"])


def test_two_lost_orders_of_the_same_names_get_one_handle_each(ground: Playground) -> None:
    ground.ca.fault("submit", lost_answer, lost_answer)
    pair = [item(name, name, dns_names=["same.example.jp"]) for name in ("rsa", "ecdsa")]
    result = ground.play(*pair, until="wanted")
    assert sorted(one.extra["order"] for one in result.items) == ["order-1", "order-2"]
    assert len(ground.ca.orders) == 2


def test_where_an_order_buys_nothing_a_lost_one_is_sent_again_at_once_and_nobody_is_asked(ground: Playground) -> None:
    ground.ca.finding = Finding.NEEDLESS
    ground.ca.fault("submit", lost_answer)
    data = ground.one(item(), until="wanted")
    assert (data["state"], data["order"], data["error"]) == ("wanted", "order-2", None)
    assert (ground.ca.count("submit"), ground.ca.count("find")) == (2, 0)
    assert ground.one(ask())["outcome"] == "issued"
    again = ground.one(item())
    assert (again["outcome"], again["changed"], ground.ca.count("find")) == ("issued", False, 0)


def test_where_the_ca_cannot_be_asked_a_lost_answer_goes_to_a_person(ground: Playground) -> None:
    ground.ca.finding = Finding.IMPOSSIBLE
    ground.ca.fault("submit", lost_answer)
    data = ground.one(item(), until="wanted")
    assert (data["outcome"], data["state"], data["error"] is None) == ("needs_person", "needs_person", False)
    again = ground.one(item(word="key2"))
    assert (again["outcome"], again["error"]) == ("needs_person", None)
    assert again["waiting_for"]["actor"] == "person"
    assert ground.ca.count("submit") == 1


def test_a_person_can_adopt_the_order(ground: Playground) -> None:
    ground.ca.finding = Finding.IMPOSSIBLE
    ground.ca.fault("submit", lost_answer)
    ground.one(item(), until="wanted")
    data = ground.one({"name": "shop", "resolve": "adopt", "handle": "order-1"}, until="wanted")
    assert (data["state"], data["order"], data["changed"]) == ("wanted", "order-1", True)
    assert ground.one(ask())["outcome"] == "issued"


def test_a_person_can_have_it_ordered_again(ground: Playground) -> None:
    ground.ca.finding = Finding.IMPOSSIBLE
    ground.ca.fault("submit", no_network, lost_answer)
    ground.one(item(), until="wanted")
    data = ground.one({"name": "shop", "resolve": "resubmit"}, until="wanted")
    assert (data["state"], data["order"], data["public_key_sha256"]) == ("wanted", "order-2", key("key1"))
    assert data["dns_names"] == ["shop.example.jp"]


def test_a_person_can_give_it_up(ground: Playground) -> None:
    ground.ca.finding = Finding.IMPOSSIBLE
    ground.ca.fault("submit", lost_answer)
    ground.one(item(), until="wanted")
    data = ground.one(item(resolve="give_up"))
    assert (data["outcome"], data["state"], data["problem"]["by"]) == ("cancelled", "cancelled", "person")
    assert ground.ca.count("submit") == 1


def test_resolve_does_nothing_where_nobody_asked(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    assert ground.one({"name": "shop", "resolve": "give_up"})["state"] == "wanted"


def test_a_broken_answer_to_submit_may_hide_an_order(ground: Playground) -> None:
    ground.ca.fault("submit", garbage)
    assert ground.one(item(), until="wanted")["order"] == "order-1"
    assert len(ground.ca.orders) == 1


def test_a_bug_of_the_adapter_is_one_items_error(ground: Playground) -> None:
    ground.ca.fault("ready", *[bug] * 20)
    result = ground.play(item("good", method="http-01"), item("bad", visible=True), deadline=30)
    assert [one.error.code if one.error else None for one in result.items] == [None, "bug"]
    assert result.items[1].state == "wanted"


@pytest.mark.parametrize("verb", ["look", "ready", "download"])
def test_a_repeatable_verb_is_repeated_after_a_lost_answer(ground: Playground, verb: str) -> None:
    ground.ca.fault(verb, lost_answer, no_network, garbage)
    assert ground.one(item(visible=True))["outcome"] == "issued"
    assert len(ground.ca.orders) == 1


def test_a_transport_failure_never_ends_an_order(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("ready", *[no_network] * 50)
    data = ground.one(ask())
    assert (data["state"], data["error"]["code"], data["error"]["retryable"]) == ("wanted", "connect", True)
    assert data["problem"]["code"] == "connect"
    ground.ca.faults.clear()
    assert ground.one(ask())["outcome"] == "issued"


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_refusal_ends_the_order_and_says_who_ended_it(ground: Playground) -> None:
    ground.ca.fault("submit", refusal)
    data = ground.one(item())
    assert (data["outcome"], data["state"], data["error"]["code"]) == ("refused", "refused", "caa")
    assert (data["problem"]["by"], "CAA forbids it" in data["problem"]["text"]) == ("ca", True)
    assert ground.one(item())["order"] == "order-1", "the next call orders anew"


def test_a_failed_validation_leaves_its_tokens_over(ground: Playground) -> None:
    first = ground.one(item(), until="wanted")
    ground.ca.fault("ready", answering(status=Status.REFUSED, wanted=Wanted(), problem="TXT not found\x07"))
    data = ground.one(ask())
    assert (data["state"], data["error"]["code"]) == ("refused", "order_refused")
    assert "TXT not found\\x07" in data["error"]["message"]
    assert (ids(data), ids(data, "leftovers")) == ([], ids(first))


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.CANCELLED])
def test_an_order_that_ended_at_the_ca_is_closed(ground: Playground, status: Status) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("look", answering(status=status, wanted=Wanted()))
    data = ground.one({"name": "shop"})
    assert (data["state"], data["error"]["code"]) == (status.value, f"order_{status.value}")
    assert ground.one(item(), until="wanted")["order"] == "order-2"


def test_a_rate_limit_ends_nothing_and_names_the_time(ground: Playground) -> None:
    ground.ca.fault("submit", rate_limit(3600))
    data = ground.one(item())
    assert (data["outcome"], data["state"]) == ("postponed", "none")
    assert data["error"]["retry_at"] == (START + timedelta(hours=1)).isoformat()
    assert (ground.ca.count("submit"), ground.clock.slept) == (1, [])
    assert ground.one({"name": "shop"}, until="wanted")["order"] == "order-1", "the same entry goes on"


def test_a_short_rate_limit_is_waited_for(ground: Playground) -> None:
    ground.ca.fault("submit", rate_limit(20))
    assert ground.one(item(), until="wanted")["state"] == "wanted"
    assert ground.clock.passed == pytest.approx(20, abs=0.2)


def test_a_refused_cancellation_does_not_end_the_order(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("cancel", refusal)
    data = ground.one({"name": "shop"}, state="cancelled")
    assert (data["state"], data["error"]["code"]) == ("wanted", "caa")


def test_an_issued_certificate_that_the_ca_does_not_hand_out_is_not_ordered_again(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("download", refusal)
    data = ground.one(ask())
    assert (data["outcome"], data["problem"]["code"], data["error"]["code"]) == ("needs_person", "caa", "caa")
    assert ground.one(item(), until="wanted")["order"] == "order-1"
    adopted = ground.one(ask(resolve="adopt", handle="order-1"))
    assert (adopted["outcome"], adopted["error"]) == ("issued", None)


def test_a_person_who_adopts_the_wrong_order_is_asked_again(ground: Playground) -> None:
    def evil(effect: t.Callable[[], t.Any]) -> t.Any:
        return type(effect())(f"certificate bad {key('evil')} shop.example.jp", ())

    ground.one(item(), until="wanted")
    ground.ca.fault("download", *[evil] * 100)
    for _time in range(2):
        data = ground.one(ask(resolve="adopt", handle="order-1"))
        assert (data["outcome"], data["problem"]["code"]) == ("needs_person", "certificate_key_mismatch")
    assert ground.ca.count("download") == 2


def test_a_method_that_is_not_offered_is_refused_before_anything_is_written(ground: Playground) -> None:
    result = ground.play(item("a", method="email"), item("b", method="http-01", dns_names=["*.b.example.jp"]))
    assert [one.error.code if one.error else None for one in result.items] == ["method_not_offered"] * 2
    assert [one.outcome for one in result.items] == ["refused", "refused"]
    assert ground.ca.calls == []
    assert ground.play({"name": "a"}).items[0].extra["reference"] is None


# -- CSRs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"csr": "-----BEGIN NOTHING-----"}, "csr_unreadable"),
        ({"csr": csr("key1", "other.example.jp")}, "csr_names_mismatch"),
        ({"public_key_sha256": key("another")}, "csr_key_mismatch"),
    ],
)
def test_one_broken_csr_stops_only_its_item(ground: Playground, broken: dict[str, t.Any], code: str) -> None:
    result = ground.play(item("good"), item("bad", **broken), item("better"), until="wanted")
    assert [one.outcome for one in result.items] == ["submitted", "refused", "submitted"]
    assert result.items[1].error is not None
    assert result.items[1].error.code == code
    assert sorted(ground.ca.names_ordered()) == ["better.example.jp", "good.example.jp"]


def test_a_different_key_keeps_the_open_order(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    data = ground.one(item(word="key2"), until="wanted")
    assert (data["outcome"], data["public_key_sha256"]) == ("in_progress", key("key1"))
    assert ground.ca.count("submit") == 1


def test_the_key_of_another_custodian_replaces_the_open_order(ground: Playground) -> None:
    ground.one(item(custodian="web1"), until="wanted")
    same_host = ground.one(item(word="key2", custodian="web1"), until="wanted")
    assert (same_host["public_key_sha256"], ground.ca.count("submit")) == (key("key1"), 1)
    other_host = ground.one(item(word="key2", custodian="web2"), until="wanted")
    assert (other_host["public_key_sha256"], other_host["custodian"]) == (key("key2"), "web2")
    assert (ground.ca.count("cancel"), ground.ca.count("submit")) == (1, 2)


def test_an_order_that_was_never_sent_gives_way_to_another_key(ground: Playground) -> None:
    ground.ca.fault("submit", rate_limit(3600))
    ground.one(item())
    data = ground.one(item(word="key2"), until="wanted")
    assert (data["outcome"], data["order"], data["public_key_sha256"]) == ("submitted", "order-1", key("key2"))
    assert ground.ca.count("cancel") == 0


@pytest.mark.parametrize("change", [{"dns_names": ["shop.example.jp", "www.shop.example.jp"]}, {"method": "http-01"}])
def test_other_names_or_another_method_cancel_the_open_order_first(
    ground: Playground, change: dict[str, t.Any]
) -> None:
    first = ground.one(item(), until="wanted")
    data = ground.one(item(word="key2", **change), until="wanted")
    assert (data["outcome"], data["order"]) == ("submitted", "order-2")
    assert [call.split()[0] for call in ground.ca.calls] == ["submit", "cancel", "submit"]
    assert ids(data, "leftovers") == ids(first)


def test_an_open_order_is_not_given_up_for_one_that_cannot_be_made(tmp_path: Path) -> None:
    dead = HostileCa(open_error=RefusedError(code="eab", what="The CA refuses the account"))
    no_answer = TransportError(code="connect", what="Cannot connect", sent=False)
    silent = HostileCa(capabilities_faults=[no_answer] * 100)
    ground = Playground(tmp_path, ca=HostileCa(), dead=dead, silent=silent)
    ground.one(item(), until="wanted")
    for changes, code in (
        ({"method": "email"}, "method_not_offered"),
        ({"ca_account": "dead"}, "eab"),
        ({"ca_account": "silent"}, "connect"),
    ):
        data = ground.one(item(word="key2", **changes), until="wanted")
        assert (data["order"], data["state"], data["error"]["code"]) == ("order-1", "wanted", code)
        assert f'CA account "{changes.get("ca_account", "ca")}"' in data["error"]["where"]
    assert ground.ca.count("cancel") == 0


def test_an_order_that_cannot_be_cancelled_is_kept(ground: Playground) -> None:
    ground.ca.can_cancel = False
    ground.one(item(), until="wanted")
    data = ground.one(item(dns_names=["new.example.jp"]), until="wanted")
    assert (data["order"], data["state"], data["error"]["code"]) == ("order-1", "wanted", "cancel_impossible")
    assert ground.ca.count("submit") == 1


def test_a_certificate_for_another_key_is_not_taken(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("download", lambda effect: type(effect())(f"certificate bad {key('evil')} shop.example.jp", ()))
    data = ground.one(ask())
    assert (data["outcome"], data["certificate"]) == ("needs_person", None)
    assert data["problem"]["code"] == "certificate_key_mismatch"


def test_a_certificate_without_a_name_is_not_taken(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    ground.ca.fault("download", lambda effect: type(effect())(f"certificate bad {key('key1')} other.example.jp", ()))
    assert ground.one(ask())["problem"]["code"] == "certificate_names_missing"


def test_an_order_that_another_certificate_has_is_not_shared(ground: Playground) -> None:
    ground.one(item("a", dns_names=["same.example.jp"]), until="wanted")
    ground.ca.fault("submit", answering(handle="order-1"))
    data = ground.one(item("b", dns_names=["same.example.jp"]), until="wanted")
    assert (data["state"], data["error"]["code"], data["problem"]["by"]) == ("refused", "order_shared", "us")


# -- renewal ----------------------------------------------------------------------------------------------------------


def test_a_csr_of_a_new_key_renews_although_a_host_is_still_pending(ground: Playground) -> None:
    issue(ground)
    data = ground.one(item(word="key2"), until="wanted")
    assert (data["outcome"], data["order"]) == ("submitted", "order-2")


def test_the_same_key_is_ordered_again_only_to_replace_its_certificate(ground: Playground) -> None:
    issue(ground)
    assert ground.one(item())["outcome"] == "issued"
    replacing = item(replaces="a001")
    assert ground.one(replacing, until="wanted")["order"] == "order-2"
    assert ground.one(ask())["serial"] == "a002"
    assert ground.one(replacing)["serial"] == "a002"
    assert ground.ca.count("submit") == 2


def test_an_expired_certificate_is_ordered_again_with_the_same_key(ground: Playground) -> None:
    issue(ground)
    ground.clock.passed += 91 * 86400
    assert ground.one(item(), until="wanted")["outcome"] == "submitted"


def test_a_compromised_key_is_never_ordered_with_again(ground: Playground) -> None:
    issue(ground)
    ground.one({"name": "shop", "revoke_reason": "keyCompromise"}, state="revoked")
    data = ground.one(item())
    assert (data["outcome"], data["error"]["code"]) == ("refused", "key_compromised")
    assert ground.one(item(word="key2"), until="wanted")["outcome"] == "submitted"


def test_an_order_of_one_purpose_does_not_stand_in_the_way_of_another(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    data = ground.one(item(word="key2", purpose="reissue"), until="wanted")
    assert (data["order"], data["purpose"]) == ("order-2", "reissue")


# -- cancel and revoke ------------------------------------------------------------------------------------------------


def test_cancelling_closes_the_order_and_leaves_its_tokens_over(ground: Playground) -> None:
    first = ground.one(item(), until="wanted")
    data = ground.one({"name": "shop"}, state="cancelled")
    assert (data["outcome"], data["state"], data["problem"]["by"], data["error"]) == (
        "cancelled",
        "cancelled",
        "us",
        None,
    )
    assert ids(data, "leftovers") == ids(first)
    again = ground.one({"name": "shop"}, state="cancelled")
    assert (again["outcome"], again["changed"], ground.ca.count("cancel")) == ("nothing_to_do", False, 1)


def test_revoking_takes_the_newest_certificate_once(ground: Playground) -> None:
    issue(ground)
    data = ground.one({"name": "shop", "revoke_reason": "superseded"}, state="revoked")
    assert (data["outcome"], data["state"]) == ("revoked", "revoked")
    assert ground.ca.revoked[0][1] == "superseded"
    assert data["revoked_serials"] == [data["serial"]]
    again = ground.one({"name": "shop"}, state="revoked")
    assert (again["outcome"], again["changed"], len(ground.ca.revoked)) == ("nothing_to_do", False, 1)


def test_an_older_certificate_can_be_revoked_by_its_serial_number(ground: Playground) -> None:
    first = issue(ground)
    issue(ground, word="key2")
    ground.one({"name": "shop", "observed": {"removed": ids(first, "leftovers")}}, record_only=True)
    assert ground.one({"name": "shop", "serial": "a001"}, state="revoked")["serial"] == "a001"
    assert ground.ca.revoked[0][0].split()[1] == "a001"
    unknown = ground.one({"name": "shop", "serial": "dead"}, state="revoked")
    assert (unknown["outcome"], unknown["error"]["code"]) == ("refused", "certificate_unknown")


# -- what the play observed -------------------------------------------------------------------------------------------


def test_what_was_observed_is_recorded_once(ground: Playground) -> None:
    data = issue(ground)
    seen = {"name": "shop", "observed": {"deployed_on": ["web1"], "removed": ids(data, "leftovers")}}
    first = ground.one(seen, record_only=True, ca_accounts={})
    assert (first["outcome"], first["changed"], first["hosts_pending"]) == ("recorded", True, ["web2"])
    assert ids(first, "leftovers") == []
    again = ground.one(seen, record_only=True, ca_accounts={})
    assert (again["outcome"], again["changed"]) == ("nothing_to_do", False)
    last = ground.one({"name": "shop", "observed": {"deployed_on": ["web2"]}}, record_only=True)
    assert (last["state"], last["hosts_pending"], last["waiting_for"]) == ("deployed", [], None)


def test_a_rollback_ends_the_deployment(ground: Playground) -> None:
    issue(ground)
    ground.one({"name": "shop", "observed": {"deployed_on": ["web1", "web2"]}}, record_only=True)
    data = ground.one({"name": "shop", "observed": {"rolled_back_on": ["web1"]}}, record_only=True)
    assert (data["state"], data["hosts_pending"], data["rolled_back_on"]) == ("rolled_back", [], ["web1"])


def test_a_rollback_is_recorded_although_the_renewal_was_refused(ground: Playground) -> None:
    issue(ground)
    ground.one({"name": "shop", "observed": {"deployed_on": ["web1", "web2"]}}, record_only=True)
    leftovers = ids(ground.one({"name": "shop"}, record_only=True), "leftovers")
    ground.one({"name": "shop", "observed": {"removed": leftovers}}, record_only=True)
    ground.ca.fault("submit", refusal)
    assert ground.one(item(word="key2"))["state"] == "refused"
    recorded = ground.one({"name": "shop", "observed": {"rolled_back_on": ["web1"]}}, record_only=True)
    assert (recorded["outcome"], recorded["changed"]) == ("recorded", True)


def test_hosts_follow_the_inventory(ground: Playground) -> None:
    issue(ground)
    ground.one({"name": "shop", "observed": {"deployed_on": ["web1"]}}, record_only=True)
    data = ground.one({"name": "shop", "hosts": ["web1"]}, record_only=True)
    assert (data["state"], data["hosts"]) == ("deployed", ["web1"])


def test_a_token_that_is_still_wanted_is_not_recorded_as_removed(ground: Playground) -> None:
    data = ground.one(item(), until="wanted")
    ground.one({"name": "shop", "observed": {"removed": ids(data)}}, record_only=True)
    assert ids(ground.one({"name": "shop"}, state="cancelled"), "leftovers") == ids(data)


def test_what_a_sleeper_publishes_after_its_removal_is_left_over_again(ground: Playground) -> None:
    """Its lease was over, another run ended the order and removed the tokens; then it woke up and published them."""
    data = issue(ground)
    tokens = ids(data, "leftovers")
    ground.one({"name": "shop", "observed": {"removed": tokens}}, record_only=True)
    assert ids(ground.one({"name": "shop"}, record_only=True), "leftovers") == []
    late = {"name": "shop", "observed": {"published": tokens}}
    woken = ground.one(late, record_only=True)
    assert (woken["changed"], ids(woken, "leftovers")) == (True, tokens)
    assert ground.one(late, record_only=True)["changed"] is False
    ground.one({"name": "shop", "observed": {"removed": tokens}}, record_only=True)
    assert ids(ground.one({"name": "shop"}, record_only=True), "leftovers") == []


def test_observing_what_the_ledger_never_heard_of_is_no_change(ground: Playground) -> None:
    data = ground.one({"name": "ghost", "observed": {"deployed_on": ["web1"]}}, record_only=True)
    assert (data["outcome"], data["state"], data["changed"]) == ("nothing_to_do", "none", False)
    assert not ground.ledger.exists()


def test_options_come_back_with_the_order(ground: Playground) -> None:
    options = {"document_root": "/srv/www", "token_hosts": ["web1"]}
    assert ground.one(item(options=options), until="wanted")["options"] == options
    ground.one({"name": "shop"}, state="cancelled")
    assert ground.one({"name": "shop"})["leftovers"]["records"][0]["options"] == options


# -- several accounts, several runs -----------------------------------------------------------------------------------


def test_a_dead_account_stops_only_its_own_items(tmp_path: Path) -> None:
    dead = HostileCa(open_error=RefusedError(code="eab", what="The CA refuses the account", why="EAB unknown"))
    ground = Playground(tmp_path, ca=HostileCa(), dead=dead)
    result = ground.play(item("a", ca_account="dead"), item("b"), until="wanted")
    assert [one.outcome for one in result.items] == ["refused", "submitted"]
    assert result.items[0].error is not None
    assert 'item "a"' in result.items[0].error.sentence()


def test_an_account_that_says_what_it_can_only_later_is_asked_again(ground: Playground) -> None:
    ground.ca.capabilities_faults = [TransportError(code="connect", what="Cannot connect", sent=False)] * 2
    assert ground.one(item(), until="wanted")["state"] == "wanted"


def test_an_account_that_rests_holds_up_no_other(tmp_path: Path) -> None:
    """The other account's order is due shortly before the rest is over."""
    no_answer = TransportError(code="connect", what="Cannot connect", sent=False)
    ground = Playground(tmp_path, ca=HostileCa(retry_after=0.45), slow=HostileCa(capabilities_faults=[no_answer]))
    result = ground.play(item("a", visible=True), item("b", ca_account="slow", visible=True))
    assert [(one.outcome, one.error) for one in result.items] == [("issued", None)] * 2


def test_an_unreachable_account_is_left_alone_after_some_tries(ground: Playground) -> None:
    ground.ca.fault("submit", *[no_network] * 500)
    result = ground.play(*(item(f"c{number}") for number in range(100)))
    assert {one.error.code if one.error else "" for one in result.items} == {"connect"}
    assert {one.outcome for one in result.items} == {"postponed"}
    assert ground.ca.count("submit") <= 10
    ground.ca.faults.clear()
    again = ground.play(*(item(f"c{number}") for number in range(100)), until="wanted")
    assert {one.outcome for one in again.items} == {"submitted"}
    assert ground.ca.count("find") == 0, "what surely was not sent need not be looked for"


def test_when_the_time_is_up_intents_that_were_not_sent_are_taken_back(ground: Playground) -> None:
    def slow(effect: t.Callable[[], t.Any]) -> t.Any:
        ground.clock.passed += 50
        return effect()

    ground.ca.fault("submit", *[slow] * 10)
    ground.ca.finding = Finding.EXACT
    result = ground.play(*(item(f"c{number}") for number in range(10)), until="wanted")
    assert ground.ca.count("submit") == 3
    assert [one.state for one in result.items].count("none") == 7


def test_the_account_of_an_open_order_must_be_there(tmp_path: Path) -> None:
    ground = Playground(tmp_path, ca=HostileCa(), other=HostileCa())
    ground.one(item(), until="wanted")
    accounts = {"other": {"adapter": "other"}}
    data = ground.one({"name": "shop"}, ca_accounts=accounts)
    assert (data["state"], data["error"]["code"]) == ("wanted", "ca_account_unknown")


def test_what_another_live_run_works_on_is_busy(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    with open_for_writing(str(ground.ledger)) as other:
        leases, _busy = other.take_leases(["shop"], 60)
        result = ground.play(ask(), item("free"), until="wanted")
        assert [one.outcome for one in result.items] == ["busy", "submitted"]
        assert result.items[0].error is None
        recording = ground.one({"name": "shop", "hosts": ["web9"]}, record_only=True)
        assert recording["error"]["code"] == "ledger_busy"
        other.release(leases)
    assert ground.one(ask())["outcome"] == "issued"


def test_a_lease_lost_on_the_way_stops_only_its_item(ground: Playground) -> None:
    def robbed(effect: t.Callable[[], t.Any]) -> t.Any:
        seen = effect()
        with open_for_writing(str(ground.ledger), now=lambda: 1e12) as thief:
            thief.take_leases(["a"], 60)
        return seen

    ground.ca.fault("submit", robbed)
    result = ground.play(item("a"), item("b"), until="wanted")
    assert [one.outcome for one in result.items] == ["busy", "submitted"]
    assert result.items[0].error is not None
    assert result.items[0].error.code == "lease_lost"


def test_an_order_whose_lease_was_lost_after_its_intent_is_not_sent(ground: Playground) -> None:
    def rob_the_last(effect: t.Callable[[], t.Any]) -> t.Any:
        with open_for_writing(str(ground.ledger), now=lambda: 1e12) as thief:
            thief.take_leases(["c"], 60)
        return effect()

    ground.ca.fault("submit", rob_the_last)
    result = ground.play(item("a"), item("b"), item("c"), until="wanted")
    assert [one.outcome for one in result.items] == ["submitted", "submitted", "busy"]
    assert result.items[2].error is not None
    assert result.items[2].error.code == "lease_lost"
    assert ground.ca.names_ordered() == ["a.example.jp", "b.example.jp"]


# -- wrong options ----------------------------------------------------------------------------------------------------


def refused(ground: Playground, *certificates: t.Mapping[str, t.Any], **options: t.Any) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        ground.play(*certificates, **options)
    assert not ground.ledger.exists()
    assert ground.ca.calls == []
    return [error.code for error in caught.value.errors]


def test_every_wrong_option_is_told_at_once(ground: Playground) -> None:
    ground.ca.settings_sentences = ["directory is missing", "contact is no list"]
    codes = refused(
        ground,
        item("a"),
        item("a"),
        item("../b", dns_names=["b.example.jp"]),
        item("c", dns_names=["Straße.example"]),
        item("d", ca_account="nobody"),
        item("e", method=""),
        item("f", csr="known_after_order"),
        item("g", handle="order-1"),
        item("h", resolve="adopt"),
        item("i", public_key_sha256="xyz"),
        {"name": "j", "observed": {"removed": ["; rm -rf"]}},
        deadline=0,
        now="yesterday",
        ledger_path="ledger.sqlite3",
        secrets={"ca": {"hmac": "short", "kid": 12345678}, "stranger": {"k": "long enough"}},
    )
    assert codes == [
        "ledger_path_relative",
        "secrets_without_account",
        "secret_too_short",
        "secret_malformed",
        "account_settings",
        "account_settings",
        "deadline_out_of_range",
        "now_unreadable",
        "duplicate_name",
        "bad_name",
        "bad_dns_name",
        "ca_account_unknown",
        "option_missing",
        "known_after_order",
        "handle_missing",
        "handle_missing",
        "bad_value",
        "bad_value",
    ]


def test_a_secret_never_gets_into_an_error(ground: Playground) -> None:
    with pytest.raises(InputErrors) as caught:
        ground.play(item(), secrets={"ca": {"hmac": "s3cr3t!"}, "other": {"k": "verysecretvalue"}})
    assert "s3cr3t!" not in caught.value.sentence()
    assert "verysecretvalue" not in caught.value.sentence()


def test_a_secret_that_the_ca_repeats_gets_neither_into_the_ledger_nor_into_an_error(ground: Playground) -> None:
    secret = "verysecretvalue"

    def telling(effect: t.Callable[[], t.Any]) -> t.Any:
        raise RefusedError(code="no", what="The CA refuses", where=f"key {secret}", why=f"your {secret} is wrong")

    def broken(effect: t.Callable[[], t.Any]) -> t.Any:
        raise ValueError(f"cannot read {secret}")

    ground.ca.fault("submit", telling, broken, answering(status=Status.REFUSED, problem=f"not with {secret}"))
    items = [item(name) for name in ("a", "b", "c")]
    result = ground.play(*items, secrets={"ca": {"hmac": secret}}, deadline=3)
    told = json.dumps([one.as_data() for one in result.items])
    assert (told.count(MASK) >= 3, secret in told) == (True, False)
    written = ground.ledger.read_bytes()
    assert (b"ValueError: cannot read " + MASK.encode() in written, secret.encode() in written) == (True, False)


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("text", "account_malformed"),
        ({"adapter": "ca", "secrets": {}}, "account_malformed"),
        ({"adapter": "ca", "settigns": {}}, "account_malformed"),
        ({"adapter": "ca", "settings": []}, None),
        ({"adapter": "ca", "settings": [1]}, "account_malformed"),
        ({}, "account_malformed"),
        ({"adapter": "nobody"}, "adapter_unknown"),
    ],
)
def test_a_malformed_account_is_refused(ground: Playground, account: t.Any, code: str | None) -> None:
    if code is None:
        ground.play(item(), ca_accounts={"ca": account})
    else:
        assert refused(ground, item(), ca_accounts={"ca": account}) == [code]


def test_a_moved_clock_is_refused_unless_every_endpoint_is_loopback(ground: Playground) -> None:
    def accounts(*urls: str) -> dict[str, t.Any]:
        named = zip(("ca", "other"), urls)
        return {name: {"adapter": "ca", "settings": {"directory": url}} for name, url in named}

    now = "2026-06-01T00:00:00+09:00"
    lab, real = "https://127.0.0.1:14000/dir", "https://acme.example.jp/dir"
    assert refused(ground, item(), ca_accounts=accounts(lab, real), now=now) == ["moved_clock_refused"]
    assert ground.one(item(), ca_accounts=accounts(lab), now=now, until="wanted")["state"] == "wanted"


def test_a_ledger_in_a_job_container_is_refused(ground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWX_HOST", "https://awx.example.jp")
    with pytest.raises(InkanError) as caught:
        ground.play(item(), ledger_durable=False)
    assert caught.value.code == "ledger_not_durable"
    assert not ground.ledger.exists()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(records=(TokenRecord("_acme-challenge.x.example.jp; evil", "TXT", "v"),)),
        Wanted(records=(TokenRecord("_a.example.jp", "NS", "v"),)),
        Wanted(records=(TokenRecord("_a.example.jp", "TXT", "line\nbreak"),)),
        Wanted(records=(TokenRecord("_a.example.jp", "TXT", "v", ttl=0),)),
        Wanted(files=(TokenFile("a.example.jp", "../../etc/passwd", "x", "http://a/"),)),
        Wanted(files=(TokenFile("a.example.jp", "/etc/passwd", "x", "http://a/"),)),
        Wanted(files=(TokenFile("a.example.jp", "index.html", "x", "http://a/"),)),
        Wanted(files=(TokenFile("a.example.jp", ".well-known/acme-challenge/ok", "\x1b]0;x", "http://a/"),)),
        Wanted(files=(TokenFile("a.example.jp", ".well-known/acme-challenge/ok", KNOWN_AFTER_ORDER, "http://a/"),)),
        Wanted(files=(TokenFile("a.example.jp", f".well-known/acme-challenge/{KNOWN_AFTER_ORDER}", "x", "http://a/"),)),
        Wanted(records=(TokenRecord("_a.example.jp", "TXT", KNOWN_AFTER_ORDER),)),
        Wanted(records=(TokenRecord("_a.example.jp", "CNAME", "two words.example"),)),
        Wanted(records=(TokenRecord("_a.example.jp", "CNAME", "a..example"),)),
        Wanted(records=(TokenRecord("_a.example.jp", "TXT", "v"),) * 2001),
    ],
)
def test_nothing_unsafe_is_ever_wanted(ground: Playground, wanted: Wanted) -> None:
    ground.ca.fault("submit", answering(wanted=wanted))
    ground.ca.fault("look", *[answering(wanted=wanted)] * 20)
    data = ground.one(item(), until="wanted")
    assert (data["order"], ids(data), data["error"]["code"]) == ("order-1", [], "wanted_unsafe")


def test_what_is_unsafe_in_the_answer_to_an_order_is_told(ground: Playground) -> None:
    def late(effect: t.Callable[[], t.Any]) -> t.Any:
        ground.clock.passed += 60
        return replace(effect(), wanted=Wanted(records=(TokenRecord("..", "TXT", "value"),)))

    ground.ca.fault("submit", late)
    data = ground.one(item(), deadline=60)
    assert (data["order"], data["error"]["code"], data["wanted"]["records"]) == ("order-1", "wanted_unsafe", [])


def test_an_unsafe_handle_is_not_kept(ground: Playground) -> None:
    ground.ca.fault("submit", answering(handle="order 1\n"))
    assert ground.one(item(), until="wanted")["order"] == "order-1", "it was found by its names"


# -- check mode and diff ----------------------------------------------------------------------------------------------


def test_check_mode_shows_the_order_and_touches_nothing(ground: Playground) -> None:
    result = ground.play(
        item(
            csr="known_after_order",
            public_key_sha256="known_after_order",
            dns_names=["shop.example.jp", "*.shop.example.jp"],
        ),
        item("files", method="http-01"),
        item("odd", method="email"),
        check_mode=True,
    )
    dns, files, odd = (one.as_data() for one in result.items)
    assert (dns["outcome"], dns["changed"], dns["certificate"]) == ("submitted", True, "known_after_order")
    assert [(record["name"], record["value"]) for record in dns["wanted"]["records"]] == [
        ("_acme-challenge.shop.example.jp", "known_after_order")
    ]
    assert files["wanted"]["files"][0]["path"] == ".well-known/acme-challenge/known_after_order"
    assert odd["wanted"]["notes"]
    assert "record: _acme-challenge.shop.example.jp TXT known_after_order" in result.diff[0].after
    assert "certificate: known_after_order" in result.diff[0].after
    assert ground.ca.calls == []
    assert not ground.ledger.parent.exists()


def test_check_mode_beside_a_ledger_takes_no_lease(ground: Playground) -> None:
    ground.one(item(), until="wanted")
    before, asked = ground.ledger.read_bytes(), list(ground.ca.calls)
    look = ground.one({"name": "shop"}, check_mode=True)
    assert (look["outcome"], look["state"], look["changed"]) == ("in_progress", "wanted", False)
    answer = ground.one(ask(), check_mode=True)
    assert (answer["changed"], answer["certificate"]) == (True, "known_after_order")
    cancel = ground.one({"name": "shop"}, state="cancelled", check_mode=True)
    assert cancel["changed"] is True
    record = ground.one({"name": "shop", "hosts": ["web7"]}, record_only=True, check_mode=True)
    assert (record["changed"], record["hosts"], record["outcome"]) == (True, ["web7"], "recorded")
    assert (ground.ledger.read_bytes(), ground.ca.calls) == (before, asked)
    assert {path.name for path in ground.ledger.parent.iterdir()} == {"ledger.sqlite3", "ledger.sqlite3.bak"}


def test_check_mode_and_the_real_run_agree_on_changed(ground: Playground) -> None:
    for step in (item(), ask(), item(), item(word="key2"), ask()):
        planned = ground.one(step, check_mode=True)["changed"]
        assert ground.one(step)["changed"] == planned, step


def test_the_diff_shows_names_account_tokens_and_dates(ground: Playground) -> None:
    result = ground.play(item(visible=True))
    assert result.diff[0].before == ""
    for line in (
        "CA account: ca",
        "method: dns-01",
        "names: shop.example.jp",
        "state: deploy_pending",
        "certificate: serial a001, 2026-11-20T00:00:00Z to 2027-02-18T00:00:00Z",
    ):
        assert line in result.diff[0].after.splitlines()


# -- size -------------------------------------------------------------------------------------------------------------


def test_an_empty_list_makes_the_ledger_once(ground: Playground) -> None:
    assert ground.play(check_mode=True).changed and not ground.ledger.exists()
    assert ground.play().changed and ground.ledger.exists()
    before = ground.ledger.read_bytes()
    again = ground.play()
    assert (again.changed, again.diff, ground.ledger.read_bytes()) == (False, [], before)


def test_settled_orders_are_read_only_when_asked_for(ground: Playground) -> None:
    for number in range(3):
        data = issue(ground, word=f"key{number}")
        ground.one({"name": "shop", "observed": {"removed": ids(data, "leftovers")}}, record_only=True)
    ground.one(item(word="key9"), until="wanted")
    store = open_for_reading(str(ground.ledger))
    assert store is not None
    with store:
        assert [entry.order.csr for entry in store.entries(["shop"])["shop"]] == [
            item(word=word)["csr"] for word in ("key2", "key9")
        ], "the newest certificate, and the order that follows it"
        assert len(store.entries(["shop"], settled=True)["shop"]) == 4


def test_a_thousand_orders_need_few_transactions(ground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[LedgerStore] = []
    original = LedgerStore._transaction

    def counted(self: LedgerStore) -> t.Any:
        begun.append(self)
        return original(self)

    monkeypatch.setattr(LedgerStore, "_transaction", counted)
    ground.play(*(item(f"c{number}") for number in range(1000)), until="wanted")
    assert len(ground.ca.orders) == 1000
    assert len(begun) <= 80
