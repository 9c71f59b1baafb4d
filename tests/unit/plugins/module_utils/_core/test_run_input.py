# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""From registered results to a run, and to what the plan is told."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import run_input
from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome, endings
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import by_name, pack
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._core.run_input import (
    document_roots,
    plan_items,
    read_run,
    why_not_delivered,
    why_not_written,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    look,
    order,
    planned,
    wish,
)

ENDS = {"not_after": "2027-01-01T00:00:00Z"}


class TestWhatWasSaid:
    """run_input: from registered results to a Run."""

    def said(self, **more: t.Any) -> dict[str, t.Any]:
        where = {"hosts": ["web1"], "token_hosts": ["web1"], "all_hosts": ["web1"], "all_token_hosts": ["web1"]}
        return {"certificates": [wish()], "targets": {"shop": where}, "inventory": ["web1"], **more}

    def read(self, look: t.Any, **more: t.Any) -> Run:
        return read_run(self.said(**more), {"web1": {"__inkan_look": look}}, ["web1"])

    def test_a_host_that_cannot_say_what_it_holds_is_not_taken_for_an_empty_one(self) -> None:
        plan = {"results": [planned("due")], "as_of": "2026-11-20T00:00:00Z"}
        run = self.read({"failed": True, "msg": "no Python"}, plan=plan)
        assert plan_items([wish()], run)[0]["hosts_missing"] == []
        assert works.request_items(run, "web1") == works.order_items(run) == []
        (ending,) = endings(run)
        assert (ending.outcome, ending.sentences) == (Outcome.ERROR, ("web1, look: no Python",))

    def test_a_host_that_was_lost_on_the_way_is_lost_for_the_whole_run(self) -> None:
        found = {"results": [look()]}
        lost = {"web1": {"__inkan_look": found, "__inkan_verify": {"unreachable": True, "msg": "timed out"}}}
        run = read_run(self.said(plan={"results": [planned()]}), lost, ["web1"])
        assert not run.hosts["web1"].reached and run.hosts["web1"].said("look", "shop")["live"]
        assert [ending.outcome for ending in endings(run)] == [Outcome.HOST_UNREACHABLE]

    def test_what_nobody_asks_for_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        unpacked: list[str] = []
        every = {"looks": [look()], "plan": [planned("due")], "orders": [order("wanted")], "checks": [{"name": "shop"}]}
        packed = {step: {"results": pack(results), "step": step} for step, results in every.items()}

        def unpack(registered: t.Any, key: str = "results") -> t.Any:
            unpacked.append((registered or {}).get("step"))
            return by_name(registered, key)

        monkeypatch.setattr(run_input, "by_name", unpack)
        run = self.read(packed["looks"], plan=packed["plan"], orders=packed["orders"], checks=packed["checks"])
        assert works.record_items(run) == []
        assert {step for step in unpacked if step} == {"plan", "orders"}
        assert run.hosts["web1"].said("look", "shop")["live"] and "shop" in run.central["checks"]
        assert run.hosts["web1"].said("look", "mail") == {}
        assert [unpacked.count(step) for step in every] == [1, 1, 1, 1]

    def test_a_step_that_was_skipped_or_never_reached_has_said_nothing(self) -> None:
        run = self.read({"skipped": True}, orders={}, answers={"skipped": True, "msg": "condition"})
        assert run.hosts["web1"].reached and run.central_broken == {}

    def test_the_words_of_a_module_go_before_those_of_core_about_failed_when(self) -> None:
        """ansible-core 2.21 puts its own in the place of msg where failed_when is true of a module that failed."""
        core = "Task failed: Module failed: A 'failed_when' expression evaluated to 'True'."
        errors = [{"code": "bad_service", "message": "A zone has two services."}, {"message": "The other has none."}]
        run = self.read(
            {}, orders={"failed": True, "msg": core, "errors": errors}, records={"failed": True, "msg": core}
        )
        assert run.central_broken == {"orders": "A zone has two services. The other has none.", "records": core}

    @pytest.mark.parametrize(("names", "is_whole"), [([], True), (["shop"], False)])
    def test_a_run_for_some_names_does_not_know_what_is_declared(self, names: list[str], is_whole: bool) -> None:
        assert self.read({}, names=names).is_whole is is_whole

    def test_a_later_word_of_the_ledger_wins_unless_it_knows_no_order(self) -> None:
        known, newer = order("deployed", serial="1"), order("wanted")
        refused = {"name": "shop", "state": "none", "reference": None, "error": {"message": "bad CSR"}}
        run = self.read({}, known={"results": [known]}, orders={"results": [newer]})
        assert run.order("shop")["state"] == "wanted"
        run = self.read({}, known={"results": [known]}, orders={"results": [refused]})
        assert (run.order("shop")["state"], run.order("shop")["error"]) == ("deployed", {"message": "bad CSR"})
        for later in ({**newer, "error": {"message": "x"}}, {**refused, "error": None}):
            assert self.read({}, known={"results": [known]}, orders={"results": [later]}).order("shop") == later
        assert self.read({}, orders={"results": [refused]}).order("shop") == refused

    def test_what_was_written_down_at_the_end_takes_no_error_back(self) -> None:
        refused = order("refused", error={"message": "no"})
        written = order("refused", error=None, leftovers=[])
        run = self.read({}, orders={"results": [refused]}, observations={"results": [written]})
        assert run.order("shop") == {**written, "error": {"message": "no"}}
        run = self.read({}, orders={"results": [refused]}, answers={"results": [order("deploy_pending")]})
        assert not run.order("shop").get("error"), "what the CA says later does"
        failed = order("refused", error={"message": "the disk is full"})
        run = self.read({}, orders={"results": [refused]}, observations={"results": [failed]})
        assert run.order("shop")["error"] == {"message": "the disk is full"}

    def planned(self, live: str | None, known: dict[str, t.Any] | None) -> dict[str, t.Any]:
        """What the plan is told; live: until when the host's certificate, serial 1, is valid."""
        facts = {"serial": "1", "not_before": "2026-10-01T00:00:00Z", "not_after": live, "matches": True}
        found = {"results": [look(live=facts if live else None)]}
        (item,) = plan_items([wish()], self.read(found, known={"results": [known] if known else []}))
        return item

    def test_the_plan_is_told_of_the_newest_certificate_also_while_it_is_on_its_way(self) -> None:
        newer = order("deploy_pending", not_after="2027-03-01T00:00:00Z", obtained_at="2026-11-19T00:00:00Z")
        for live in (None, "2027-01-01T00:00:00Z"):
            item = self.planned(live, newer)
            assert (item["live"]["serial"], item["live"]["obtained_at"]) == ("2", "2026-11-19T00:00:00Z")
            assert (item["hosts_missing"], item["order"]["not_after"]) == ([], "2027-03-01T00:00:00Z")

    def test_the_plan_is_told_of_a_newer_certificate_that_somebody_else_put_there(self) -> None:
        item = self.planned("2027-06-01T00:00:00Z", order("deployed", not_after="2027-03-01T00:00:00Z"))
        assert (item["live"]["serial"], item["live"]["obtained_at"], item["live"]["matches"]) == ("1", None, True)

    @pytest.mark.parametrize("known", [None, order("cancelled", not_after="2028-01-01T00:00:00Z"), order("wanted")])
    def test_the_plan_is_told_which_hosts_have_none_and_no_date_that_an_order_has_not(
        self, known: dict[str, t.Any] | None
    ) -> None:
        item = self.planned(None, known)
        assert (item["live"], item["hosts_missing"]) == (None, ["web1"])
        assert (item["order"] or {}).get("state") == (known["state"] if known else None)
        assert not {"not_after", "serial"} & set(item["order"] or {})
        assert item["previous"] is None

    def test_the_plan_is_told_what_was_declared_for_the_certificate_before(self) -> None:
        """Sellers refuse some changes of it."""
        known = order("deployed", product="cpi-dv", common_name="shop.example.jp", options={"www_option": True}, **ENDS)
        assert self.planned("2027-01-01T00:00:00Z", known)["previous"] == {
            "product": "cpi-dv",
            "common_name": "shop.example.jp",
            "ca_account": known["ca_account"],
            "options": {"www_option": True},
        }

    def test_the_plan_is_told_when_a_ca_suggests_to_renew_its_certificate(self) -> None:
        span = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}
        for serial, told in (("1", span), ("9", None)):
            known = order("deployed", serial=serial, suggested_window=span, not_after="2026-12-31T00:00:00Z")
            assert self.planned("2027-01-01T00:00:00Z", known)["live"].get("suggested_window") == told

    def test_the_advice_about_the_certificate_in_service_counts_though_a_newer_order_was_refused(self) -> None:
        span = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z", "explanation_url": None}
        advice = [{"serial": "1", "suggested_window": span}, {"serial": "2", "suggested_window": None}]
        known = order("refused", serial=None, suggested_window=None, advice=advice)
        assert self.planned("2027-01-01T00:00:00Z", known)["live"].get("suggested_window") == span

    def test_the_advice_about_a_certificate_that_the_ledger_does_not_know_counts(self) -> None:
        span = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z", "explanation_url": None}
        facts = {"serial": "1", "not_before": "2026-10-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}
        for known in ([], [order("refused", serial=None)], [order("deployed", serial="7", **ENDS)]):
            for serial, told in (("1", span), ("2", None)):
                advice = [{"name": "shop", "advice": [{"serial": serial, "suggested_window": span}]}]
                said = {"results": known, "live_advice": advice}
                for words in (said, {key: pack(value) for key, value in said.items()}):
                    run = self.read({"results": [look(live=facts)]}, known=words)
                    assert plan_items([wish()], run)[0]["live"].get("suggested_window") == told

    def test_where_the_ledger_knows_nothing_before_the_items_own_word_stands(self) -> None:
        said = {**wish(), "previous": {"product": "cpi-dv"}}
        for known, product in ((None, "cpi-dv"), (order("deployed", product="jprs-dv", **ENDS), "jprs-dv")):
            run = self.read({"results": [look()]}, known={"results": [known] if known else []})
            assert plan_items([said], run)[0]["previous"]["product"] == product

    def test_the_plan_is_told_by_which_method_and_when_an_open_order_was_made(self) -> None:
        """A domain that leaves the account meanwhile opens the steps of the mail (CPI-1)."""
        known = order("validating", method="registrar", created_at="2026-11-10T00:00:00Z")
        told = self.planned(None, known)["order"]
        assert (told["method"], told["created_at"]) == ("registrar", "2026-11-10T00:00:00Z")

    def test_the_plan_is_told_what_a_refused_order_was_made_for(self) -> None:
        contact = {"kind": "txt", "address": "a@example.jp", "domains": ["example.jp"]}
        refused = order("refused", order="7", problem={"text": "no"}, options={"contact": contact}, method="email")
        assert self.planned(None, refused)["order"] == {
            "state": "refused",
            "problem": "no",
            "asked": {
                "ca_account": "pebble",
                "product": "acme",
                "method": "email",
                "dns_names": ["shop.example.jp"],
                "contact": {"kind": "txt", "address": "a@example.jp"},
            },
        }

    def test_what_was_refused_before_there_was_an_order_may_be_asked_again(self) -> None:
        assert self.planned(None, order("refused", order=None, problem={"text": "no"}))["order"] == {"state": "refused"}

    def test_each_web_server_is_asked_for_the_root_of_what_is_ordered_now(self) -> None:
        def variables(root: str | None) -> dict[str, t.Any]:
            return {"inkan_certificates": ["nonsense", {"name": "shop", "validation": {"document_root": root}}]}

        ordered = {**wish(), "validation": {"method": "file", "document_root": "/srv/a"}}
        hosts = {"web1": variables("/srv/a"), "web2": variables("/srv/b"), "web3": variables("/srv/c")}
        targets = {
            "shop": {"hosts": ["web1"], "token_hosts": [], "all_hosts": [], "all_token_hosts": ["web1", "web2", "gone"]}
        }
        for outcome, expected in (("due", {"shop": {"web1": "/srv/a", "web2": "/srv/b"}}), ("in_progress", {})):
            said = {"targets": targets, "plan": {"results": [planned(outcome, certificate=ordered)]}}
            assert document_roots(read_run(said, hosts, ["web1"]), hosts) == expected
        said["plan"] = {"results": [planned("due")]}
        assert document_roots(read_run(said, hosts, ["web1"]), hosts) == {}, "no file is to be placed"

    def test_the_plan_is_told_what_was_revoked(self) -> None:
        item = self.planned("2027-01-01T00:00:00Z", order("revoked", serial="1", revoked_serials=["1"]))
        assert (item["live"]["serial"], item["order"]) == ("1", {"state": "revoked", "revoked": ["1"]})

    @pytest.mark.parametrize(
        ("registered", "why"),
        [
            ([{}, {"skipped": True}, {"changed": True, "results": [{"item": "a"}]}], None),
            ([{"failed": True, "msg": "no such folder"}], "no such folder"),
            ([{}, {"unreachable": True, "msg": "timed out"}], "timed out"),
            (
                [{"failed": True, "msg": "All items completed", "results": [{}, {"failed": True, "msg": "full"}]}],
                "full",
            ),
            ([{"failed": True}], "it could not be written"),
        ],
    )
    def test_why_a_report_was_not_written(self, registered: list[dict[str, t.Any]], why: str | None) -> None:
        assert why_not_written(registered) == why

    def test_an_order_without_a_state_is_none(self) -> None:
        assert self.planned(None, {"name": "shop", "state": None})["order"] is None

    def test_the_grace_time_is_counted_by_the_plans_clock(self) -> None:
        plan = {"results": [planned()], "as_of": "2026-11-20T00:00:00Z"}
        run = self.read({}, plan=plan, custodian_grace=1.5)
        assert (run.as_of, run.custodian_grace) == (datetime(2026, 11, 20, tzinfo=timezone.utc), timedelta(hours=1.5))
        assert self.read({}, plan={"msg": "it broke"}).as_of is None

    def test_loose_items_are_handed_to_the_plan_as_they_are(self) -> None:
        loose: list[t.Any] = ["shop", {"common_name": "x"}, {"name": 1}]
        assert plan_items(loose, self.read({})) == loose

    def test_the_hosts_certificate_is_the_one_in_service_where_both_end_on_the_same_day(self) -> None:
        item = self.planned("2027-03-01T00:00:00Z", order("deployed", not_after="2027-03-01T00:00:00Z"))
        assert (item["live"]["serial"], item["live"]["matches"], item["hosts_missing"]) == ("1", True, [])

    def test_a_host_without_any_does_not_count_while_the_ledger_holds_one_that_ends_earlier(self) -> None:
        """It gets that one in this run: a new order would be one too many."""
        where = {"hosts": ["web1", "web2"], "token_hosts": [], "all_hosts": ["web1", "web2"], "all_token_hosts": []}
        found = {"results": [look(live={"serial": "1", "not_after": "2027-06-01T00:00:00Z"})]}
        hosts = {"web1": {"__inkan_look": found}, "web2": {"__inkan_look": {"results": [look(None)]}}}
        for state, missing in (("deployed", []), ("cancelled", ["web2"])):
            known = order(state, not_after="2027-03-01T00:00:00Z")
            said = self.said(targets={"shop": where}, known={"results": [known]})
            (item,) = plan_items([wish()], read_run(said, hosts, ["web1", "web2"]))
            assert (item["live"]["serial"], item["hosts_missing"]) == ("1", missing)

    def test_the_plan_is_told_all_dates_of_an_order_whose_certificate_there_is(self) -> None:
        span = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}
        facts = {
            "serial": "2",
            "not_before": "2026-11-19T00:00:00Z",
            "not_after": "2027-03-01T00:00:00Z",
            "common_name": "shop.example.jp",
            "dns_names": ["shop.example.jp"],
            "key_type": "ecdsa-p256",
            "obtained_at": "2026-11-19T00:01:00Z",
            "suggested_window": span,
        }
        item = self.planned(None, order("deploy_pending", **facts))
        assert item["order"] == {"state": "deploy_pending", **facts}
        assert item["live"] == facts, "it counts as there"

    @pytest.mark.parametrize(
        ("state", "code", "told"),
        [("cancelled", "cancelled_by_seller", "no reply"), ("cancelled", "given_up", None), ("refused", "x", None)],
    )
    def test_the_plan_is_told_that_a_seller_cancelled_and_why(self, state: str, code: str, told: str | None) -> None:
        known = order(state, problem={"code": code, "text": "no reply"})
        assert self.planned(None, known)["order"].get("cancelled_by_seller") == told


class TestEveryWord:
    """What role plan registers reaches the run, each under its own name."""

    WHERE: t.ClassVar[dict[str, t.Any]] = {
        "hosts": ["web1"],
        "token_hosts": ["web2"],
        "all_hosts": ["web1", "web3"],
        "all_token_hosts": ["web2", "web4"],
    }

    def read(self, **said: t.Any) -> Run:
        return read_run({"targets": {"shop": self.WHERE}, **said}, {}, [])

    def test_where_each_certificate_lives(self) -> None:
        where = self.read().targets["shop"]
        assert (where.hosts, where.token_hosts) == (("web1",), ("web2",))
        assert (where.all_hosts, where.all_token_hosts) == (("web1", "web3"), ("web2", "web4"))

    @pytest.mark.parametrize(
        ("word", "said", "expected"),
        [
            ("check_mode", True, True),
            ("only_looks", True, True),
            ("inventory", ["web1"], frozenset({"web1"})),
            ("resend", ["shop"], frozenset({"shop"})),
            ("portals", ["cpi"], frozenset({"cpi"})),
            ("ca_of_accounts", {"le": "letsencrypt"}, {"le": "letsencrypt"}),
            ("resolve", {"shop": {"resolve": "adopt"}, "x": "adopt"}, {"shop": {"resolve": "adopt"}}),
            ("intake", {"shop": {"note": "x"}, "x": None}, {"shop": {"note": "x"}}),
            ("organizations", {"example": {"name": "x"}, "y": []}, {"example": {"name": "x"}}),
            ("custodian_grace", "12", timedelta(hours=12)),
        ],
    )
    def test_a_word_that_the_run_has_under_the_same_name(self, word: str, said: t.Any, expected: t.Any) -> None:
        assert getattr(self.read(**{word: said}), word) == expected
        for nothing in ({word: None}, {}):
            empty = getattr(self.read(**nothing), word)
            assert empty == type(expected)(), "where nothing is said there is nothing"

    @pytest.mark.parametrize("word", ["resolve", "intake", "organizations"])
    def test_what_is_no_dictionary_is_refused_where_it_is_used(self, word: str) -> None:
        assert getattr(self.read(**{word: ["shop"]}), word) == {}

    def test_what_only_some_steps_tell(self) -> None:
        run = self.read(
            known={"results": [], "accounts": {"le": {"url": "u"}}, "contacts": [{"id": "c1"}]},
            plan={"results": [], "plans": [{"name": "shop", "tasks": []}]},
            observations={"results": [], "contacts_problem": "the disk is full"},
        )
        assert run.accounts == {"le": {"url": "u"}}
        assert run.our_contacts == [{"id": "c1"}]
        assert run.plans == {"shop": {"name": "shop", "tasks": []}}
        assert run.contacts_problem == "the disk is full"

    @pytest.mark.parametrize("known", [None, {"msg": "no ledger"}, {"accounts": [], "contacts": {}}, "nonsense"])
    def test_what_no_step_told_is_not_known(self, known: t.Any) -> None:
        run = self.read(known=known, observations=known)
        assert (run.accounts, run.our_contacts, run.contacts_problem) == ({}, None, "")

    def test_declarations_are_found_by_name_and_what_has_none_is_left_out(self) -> None:
        run = self.read(certificates=["shop", {"name": "shop", "deploy": {}}, {"name": 1}, {"common_name": "x"}])
        assert run.own == {"shop": {"name": "shop", "deploy": {}}}

    @pytest.mark.parametrize(
        "step",
        [
            *("known", "plan", "orders", "records", "checks", "answers", "leftover_records", "observations"),
            *("contacts", "old_contacts", "mailboxes", "revocations", "served", "standing", "approvals"),
        ],
    )
    def test_each_step_of_the_controller_is_heard_with_its_results_or_its_failure(self, step: str) -> None:
        result = {"name": "shop", "outcome": "x"}
        run = self.read(**{step: {"results": [result]}})
        assert run.central[step] == {"shop": result} and run.central_broken == {}
        assert self.read(**{step: {"failed": True, "msg": "it broke"}}).central_broken == {step: "it broke"}

    @pytest.mark.parametrize(
        "step", ["look", "prepare", "requests", "files", "verify", "switch", "rollback", "leftover_files", "hand_over"]
    )
    def test_each_step_of_a_host_is_heard_with_its_results_or_its_failure(self, step: str) -> None:
        def heard(registered: dict[str, t.Any]) -> t.Any:
            return read_run({"targets": {}}, {"web1": {f"__inkan_{step}": registered}}, ["web1"]).hosts["web1"]

        result = {"name": "shop", "outcome": "x"}
        assert heard({"results": [result]}).said(step, "shop") == result
        assert heard({"failed": True, "msg": "it broke"}).broken == {step: "it broke"}
        assert not heard({"unreachable": True}).reached

    @pytest.mark.parametrize(
        ("registered", "why"),
        [
            ({"failed": True, "msg": "no Python"}, "no Python"),
            ({"failed": True, "module_stderr": "Segmentation fault"}, "Segmentation fault"),
            ({"failed": True}, "it ended without results"),
            ({"failed": True, "errors": [], "msg": "none"}, "none"),
            ({"failed": True, "errors": ["a", "b"], "msg": "no dictionaries"}, "no dictionaries"),
            ({}, None),
            ("nonsense", None),
        ],
    )
    def test_why_a_step_has_no_results(self, registered: t.Any, why: str | None) -> None:
        assert self.read(records=registered).central_broken == ({"records": why} if why else {})

    @pytest.mark.parametrize("word", ["known", "orders", "answers", "observations"])
    def test_each_word_of_the_ledger_is_the_order(self, word: str) -> None:
        said = order("wanted")
        assert self.read(**{word: {"results": [said]}}).order("shop") == said

    def test_the_ledgers_words_count_in_the_order_in_which_they_were_said(self) -> None:
        words = ("known", "orders", "answers", "observations")
        said = {word: {"results": [order("wanted", reference=word)]} for word in words}
        while said:
            assert self.read(**said).order("shop")["reference"] == list(said)[-1]
            said.popitem()

    def test_what_is_seen_from_outside_is_added_to_the_checks(self) -> None:
        here = {"name": "shop", "state": "visible", "outcome": "visible"}
        there = {"item": "osaka", "results": [{"name": "shop", "lacking": ["TXT a"]}]}
        run = self.read(checks={"results": [here]}, outside={"results": [there]})
        assert run.central["checks"]["shop"]["state"] == "not_visible"
        for nothing in (None, {}, {"skipped": True}):
            assert self.read(checks={"results": [here]}, outside=nothing).central["checks"] == {"shop": here}


@pytest.mark.parametrize(
    ("notified", "why"),
    [
        pytest.param(None, [], id="never run"),
        pytest.param({"skipped": True, "failed": True}, [], id="skipped"),
        pytest.param({"failed": True, "msg": "no channel"}, ["no channel"], id="it failed as a whole"),
        pytest.param({"unreachable": True, "msg": "timed out"}, ["timed out"], id="its host is lost"),
        pytest.param({"failed": True}, ["the ledger host could not be asked"], id="without a word"),
        pytest.param({"changed": False, "msg": "nothing to tell"}, [], id="nothing to tell"),
        pytest.param(
            {"results": [{"error": None}, {"error": {"message": "refused"}}, {}], "failed": True},
            ["refused"],
            id="some were not delivered",
        ),
    ],
)
def test_why_notices_were_not_delivered(notified: t.Any, why: list[str]) -> None:
    assert why_not_delivered(notified) == why
