# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended: one line a certificate."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import run as runs
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import FAIL_ON, Outcome, endings
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run, Targets
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    KEY,
    RECORD,
    a_run,
    host,
    look,
    order,
    planned,
)


class TestEndings:
    def outcome(self, run: Run) -> Outcome:
        (ending,) = endings(run)
        return ending.outcome

    def test_a_refused_declaration_says_why(self) -> None:
        (ending,) = endings(a_run(planned("refused", error={"message": "co.jp is a public suffix."})))
        assert ending.outcome is Outcome.REFUSED and ending.sentences == ("co.jp is a public suffix.",)

    def test_an_error_of_a_host_names_the_host(self) -> None:
        broken = {"name": "shop", "outcome": "rolled_back", "error": {"message": "the service did not come back."}}
        (ending,) = endings(a_run(known=order("deploy_pending"), hosts={"web1": host(look=look(), switch=broken)}))
        assert ending.outcome is Outcome.ERROR and ending.sentences == ("web1: the service did not come back.",)

    def test_an_error_of_a_token_belongs_to_its_certificate(self) -> None:
        refused = {"name": "r1", "error": {"message": "REFUSED."}}
        run = a_run(
            planned("in_progress"), order("wanted", wanted={"records": [RECORD], "files": []}), records=[refused]
        )
        assert self.outcome(run) is Outcome.ERROR

    def test_an_unreachable_host_is_named(self) -> None:
        (ending,) = endings(
            a_run(known=order("deployed", serial="1"), hosts={"web1": host(look=look()), "web2": host(False)})
        )
        assert ending.outcome is Outcome.HOST_UNREACHABLE and "web2" in ending.sentences[0]

    def test_a_pending_order_is_pending_and_green(self) -> None:
        waiting = {"actor": "ca", "what": "validates", "by": None}
        run = a_run(planned("in_progress"), order("validating", waiting_for=waiting))
        assert self.outcome(run) is Outcome.PENDING and Outcome.PENDING.value not in FAIL_ON

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"error": {"message": "the page could not be opened"}}, "the page could not be opened"),
            ({"held": {"code": "auto_daily_cap", "why": "10 were sent today"}}, "10 were sent today"),
            ({"mails": [{"why": None}, {"why": "its sender is another"}]}, "its sender is another"),
            ({"error": None, "held": None, "mails": [{"why": None}]}, None),
        ],
    )
    def test_a_person_hears_why_a_machine_did_not_answer_the_mail(
        self, said: dict[str, t.Any], why: str | None
    ) -> None:
        waits = order("awaiting_approval", waiting_for={"actor": "customer", "what": "approve", "by": None})
        run = dataclasses.replace(a_run(planned("in_progress"), waits), central={"approvals": {"shop": said}})
        (ending,) = endings(run)
        told = [one for one in ending.sentences if one.startswith("its approval mail was not answered: ")]
        assert (ending.outcome, [one.partition(": ")[2] for one in told]) == (Outcome.PENDING, [why] if why else [])

    def test_a_due_certificate_that_could_not_be_ordered_is_pending(self) -> None:
        before = order("deployed", serial="1")
        run = a_run(planned("due"), before, {"web1": host(look=look())})
        run = dataclasses.replace(run, central={"known": {"shop": before}})
        assert self.outcome(run) is Outcome.PENDING

    @pytest.mark.parametrize(
        ("run", "sentences"),
        [
            (
                a_run(planned("due", due={"reason": "it is new"}, validity={"not_after": "2027-02-01"})),
                ("It would be ordered: it is new.", "A certificate issued now is valid until 2027-02-01 at most."),
            ),
            (a_run(planned("due", due={"reason": "it is new"})), ("It would be ordered: it is new.",)),
            (a_run(planned("in_progress"), order("wanted")), ("Its order would be carried on.",)),
            (
                a_run(
                    known=order("deploy_pending"),
                    hosts={
                        "web1": host(look=look("2", (KEY,))),
                        "web2": host(look=look(), switch={"name": "shop", "changed": True}),
                    },
                ),
                ("It would be switched on web2.",),
            ),
            (a_run(known=order("deployed", serial="1")), ()),
        ],
        ids=["due", "due, lifetime unknown", "open", "to be switched", "in order"],
    )
    def test_check_mode_says_what_would_be_done(self, run: Run, sentences: tuple[str, ...]) -> None:
        (ending,) = endings(dataclasses.replace(run, check_mode=True))
        assert ending.sentences == sentences
        assert ending.outcome is (Outcome.WOULD_CHANGE if sentences else Outcome.IN_ORDER)

    def test_check_mode_says_who_would_have_to_act_for_a_new_order(self) -> None:
        tasks = [
            {"actor": "customer", "owner": "山田", "what": "answer the call"},
            {"actor": "customer", "owner": None, "what": "send the papers"},
            {"actor": "seller", "owner": None, "what": "issue"},
        ]
        new = {**order("wanted", wanted={"tasks": tasks}), "reference": "known_after_order"}
        (ending,) = endings(
            dataclasses.replace(a_run(planned("due", due={"reason": "it is new"}), new), check_mode=True)
        )
        assert ending.sentences[-1] == "People would have to act: 山田 to answer the call; you to send the papers."
        old = {**new, "reference": "ik-1"}
        (ending,) = endings(
            dataclasses.replace(a_run(planned("due", due={"reason": "it is new"}), old), check_mode=True)
        )
        assert ending.sentences == ("It would be ordered: it is new.",), (
            "tasks of the order before are none of the next"
        )

    def test_a_run_that_only_looks_says_who_has_to_act_and_what_it_would_order(self) -> None:
        """What was not tried cannot have been in vain: nothing is said to be carried on or to be due in vain."""
        waits = order("awaiting_approval", waiting_for={"actor": "customer", "what": "approve", "by": "2026-12-15"})
        for run, outcome, words in (
            (a_run(planned("in_progress"), waits), Outcome.PENDING, "you are to approve, by 2026-12-15"),
            (a_run(planned("due", due={"reason": "it is new"})), Outcome.WOULD_CHANGE, "would be ordered: it is new"),
            (a_run(known=order("deploy_pending")), Outcome.PENDING, "not live on every host"),
        ):
            (ending,) = endings(dataclasses.replace(run, check_mode=True, only_looks=True))
            assert ending.outcome is outcome and words in ending.line()
        assert self.outcome(dataclasses.replace(a_run(), check_mode=True, only_looks=True)) is Outcome.IN_ORDER

    def test_the_other_sides_words_are_told_where_an_order_came_to_nothing(self) -> None:
        refused = order("refused", problem={"text": "承認されませんでした"})
        nowhere = {"web1": host(look=look(None, ()))}
        for run in (a_run(known=refused, hosts=nowhere), a_run(planned("due"), refused, nowhere)):
            (ending,) = endings(run)
            assert ending.outcome is Outcome.PENDING and "承認されませんでした" in ending.line()
        (ending,) = endings(dataclasses.replace(a_run(planned("due"), refused, nowhere), check_mode=True))
        assert "its last order was refused" in ending.line()

    @pytest.mark.parametrize("check_mode", [False, True])
    def test_what_a_person_has_to_correct_is_pending_also_while_another_certificate_is_live(
        self, check_mode: bool
    ) -> None:
        held = planned(due={"code": "order_refused", "reason": "its last order was refused"})
        run = dataclasses.replace(a_run(held, order("refused")), check_mode=check_mode)
        (ending,) = endings(run)
        assert (ending.outcome, ending.sentences) == (Outcome.PENDING, ("its last order was refused",))

    def test_what_an_order_met_is_told(self) -> None:
        (ending,) = endings(a_run(planned("in_progress"), order("wanted", error={"message": "the CA is down."})))
        assert (ending.outcome, ending.sentences) == (Outcome.ERROR, ("the CA is down.",))

    def test_a_host_that_waits_for_its_key_is_pending(self) -> None:
        hosts = {"web1": host(look=look("2", (KEY,))), "web2": host(look=look())}
        (ending,) = endings(a_run(known=order("deploy_pending"), hosts=hosts))
        assert ending.outcome is Outcome.PENDING and "not live on every host" in ending.sentences[0]

    @pytest.mark.parametrize(("reference", "outcome"), [("ref1", Outcome.PENDING), ("ref0", Outcome.IN_ORDER)])
    def test_what_was_due_is_in_order_once_it_was_ordered_and_is_live(self, reference: str, outcome: Outcome) -> None:
        run = a_run(planned("due"), order("deployed"), {"web1": host(look=look("2", (KEY,)))})
        before = {"known": {"shop": order("deployed", reference=reference)}}
        assert self.outcome(dataclasses.replace(run, central=before)) is outcome

    @pytest.mark.parametrize("state", ["refused", "expired", "cancelled"])
    def test_an_order_that_came_to_nothing_leaves_what_is_live_in_order(self, state: str) -> None:
        assert self.outcome(a_run(known=order(state))) is Outcome.IN_ORDER
        assert self.outcome(a_run(known=order(state), hosts={"web1": host(look=look(None, ()))})) is Outcome.PENDING

    @pytest.mark.parametrize(
        ("steps", "line"),
        [
            ({"look": look()}, "shop is in order, valid until 2027-01-01T00:00:00Z"),
            ({"look": look(None, ())}, "shop is pending: there is no certificate yet; run issue"),
            ({"look": look(), "switch": "2027-06-01"}, "shop is live, valid until 2027-06-01"),
            ({"look": look(), "rollback": "2026-12-01"}, "shop is live, valid until 2026-12-01"),
        ],
    )
    def test_a_line_says_how_long_what_is_live_is_valid(self, steps: dict[str, t.Any], line: str) -> None:
        """Not what the ledger holds: after a rollback that is another certificate."""
        done = {"name": "shop", "changed": True, "state": "live", "error": None, "outcome": "switched"}
        said = {step: {**done, "not_after": what} if isinstance(what, str) else what for step, what in steps.items()}
        (ending,) = endings(a_run(known=order("rolled_back", not_after="2027-09-01"), hosts={"web1": host(**said)}))
        assert ending.line() == line

    def test_a_step_that_broke_without_a_plan_is_only_told_where_there_is_no_plan(self) -> None:
        broken = dataclasses.replace(a_run(known=order("deployed", serial="1")), central_broken={"records": "it broke"})
        (ending,) = endings(broken)
        assert (ending.name, ending.outcome, ending.sentences) == ("shop", Outcome.ERROR, ("records: it broke",))

    def test_check_mode_orders_nothing_for_hosts_that_a_limit_keeps_out(self) -> None:
        run = dataclasses.replace(a_run(planned("due")), targets={"shop": Targets((), (), ("web9",), ())})
        assert self.outcome(dataclasses.replace(run, check_mode=True)) is Outcome.IN_ORDER

    def test_what_is_left_of_a_certificate_that_is_no_longer_declared_is_told(self) -> None:
        undone = {"name": "r1", "outcome": "error", "error": {"message": "REFUSED."}}
        gone = order("expired", name="old", leftovers={"records": [RECORD], "files": []})
        run = Run(plan={}, orders={"old": gone}, targets={}, hosts={}, central={"leftover_records": {"r1": undone}})
        (ending,) = endings(run)
        assert (ending.name, ending.outcome, ending.sentences) == ("old", Outcome.ERROR, ("REFUSED.",))
        assert endings(dataclasses.replace(run, central={})) == []

    @pytest.mark.parametrize(("matched", "outcome"), [(False, Outcome.ERROR), (True, Outcome.IN_ORDER)])
    def test_a_pattern_without_a_host_is_an_error_unless_a_limit_keeps_the_host_out(
        self, matched: bool, outcome: Outcome
    ) -> None:
        run = dataclasses.replace(a_run(planned("due")), targets={"shop": Targets((), (), ("web9",) * matched, ())})
        assert self.outcome(run) is outcome and runs.custodian(run, "shop") is None

    def test_a_certificate_that_is_nowhere_yet_is_pending(self) -> None:
        (ending,) = endings(a_run(hosts={"web1": host(look=look(None, ()))}))
        assert ending.outcome is Outcome.PENDING and "run issue" in ending.sentences[0]

    def test_a_certificate_switched_in_this_run_has_changed(self) -> None:
        switched = host(look=look(), switch={"name": "shop", "outcome": "switched", "changed": True, "error": None})
        assert self.outcome(a_run(known=order("deploy_pending"), hosts={"web1": switched})) is Outcome.CHANGED

    def test_nothing_to_do_is_in_order(self) -> None:
        assert self.outcome(a_run(known=order("deployed", serial="1"))) is Outcome.IN_ORDER

    @pytest.mark.parametrize("step", ["known", "plan"])
    def test_a_run_without_ledger_or_plan_may_do_nothing(self, step: str) -> None:
        assert dataclasses.replace(a_run(planned("due")), central_broken={step: "it is gone"}).is_blocked
        assert not a_run(planned("due")).is_blocked

    def test_a_run_without_a_plan_is_an_error_of_its_own(self) -> None:
        run = Run(plan={}, orders={}, targets={}, hosts={}, central_broken={"plan": "2 errors in the options"})
        assert self.outcome(run) is Outcome.ERROR


def test_an_ending_is_told_whole() -> None:
    live = {"serial": "1", "not_before": "2026-10-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "issuer": "CN=CA"}
    known = order("deployed", serial="1", waiting_for=None)
    (ending,) = endings(a_run(known=known, hosts={"web1": host(look=look(live=live))}))
    assert ending.as_data() == {
        "name": "shop",
        "outcome": "in_order",
        "sentences": [],
        "state": "deployed",
        "not_after": "2027-01-01T00:00:00Z",
        "line": "shop is in order, valid until 2027-01-01T00:00:00Z",
    }
    assert (ending.serial, ending.not_before, ending.issuer) == ("1", "2026-10-01T00:00:00Z", "CN=CA")


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ({"actor": "us", "what": "publish"}, "the next run is to publish"),
        ({"actor": "customer", "what": "approve", "by": "Monday"}, "you are to approve, by Monday"),
        ({"actor": "person", "what": ""}, "a person is to act"),
        ({"actor": "seller", "what": "call"}, "the seller is to call"),
        ({"actor": "ca", "what": "validate"}, "the CA is to validate"),
        ({"actor": None, "what": "validate"}, "the CA is to validate"),
        ({}, "the CA is to act"),
    ],
)
def test_a_line_says_whose_turn_it_is(waiting: dict[str, t.Any], words: str) -> None:
    (ending,) = endings(a_run(planned("in_progress"), order("validating", waiting_for=waiting)))
    assert ending.outcome is Outcome.PENDING and words in ending.line()


def test_check_mode_tells_the_day_until_which_a_certificate_issued_now_is_valid() -> None:
    plan = planned("due", validity={"not_after": "2027-06-04T23:59:59Z"}, due={"reason": "it is time"})
    run = dataclasses.replace(a_run(plan), check_mode=True)
    (ending,) = endings(run)
    assert "A certificate issued now is valid until 2027-06-04 at most." in ending.sentences
    assert ending.sentences[0] == "It would be ordered: it is time."
