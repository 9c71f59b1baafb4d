# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step of a run has to do, given what was said before it."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import run as runs
from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome, endings
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run, Targets
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    FILE,
    KEY,
    OLD_KEY,
    RECORD,
    a_run,
    host,
    look,
    order,
    planned,
    wish,
)


class TestWhoKeepsTheKey:
    def test_a_new_certificate_is_kept_by_the_first_host_that_can_be_reached(self) -> None:
        run = a_run(planned("due"), hosts={"web1": host(False), "web2": host(look=look(None, ()))})
        assert runs.custodian(run, "shop") == "web2"

    def test_a_renewal_stays_with_the_last_custodian_where_it_can_be_reached(self) -> None:
        assert runs.custodian(a_run(planned("due"), order("deployed", custodian="web2")), "shop") == "web2"

    def test_the_custodian_of_a_living_order_stays(self) -> None:
        run = a_run(planned("in_progress"), order("wanted", custodian="web2"))
        assert runs.custodian(run, "shop") == "web2"

    def test_a_lost_custodian_is_replaced_only_by_a_host_that_holds_the_same_key(self) -> None:
        holder = host(look=look("2", (KEY,)))
        run = a_run(
            known=order("deploy_pending"), hosts={"web1": host(False), "web2": host(look=look()), "web3": holder}
        )
        assert runs.custodian(run, "shop") == "web3"

    def test_nobody_keeps_a_key_where_no_host_can_be_reached(self) -> None:
        assert runs.custodian(a_run(planned("due"), hosts={"web1": host(False)}), "shop") is None


class TestOrdersWithoutAFuture:
    def waiting(self, hours: int, **steps: t.Any) -> Run:
        known = order("wanted", created_at="2026-11-20T00:00:00Z", ca_account="pebble", product="acme", method="dns-01")
        hosts = {"web1": host(False), "web2": host(look=look(None, steps.get("keys", ())))}
        as_of = datetime(2026, 11, 20, tzinfo=timezone.utc) + timedelta(hours=hours)
        return dataclasses.replace(a_run(planned("in_progress"), known, hosts), as_of=as_of)

    @pytest.mark.parametrize(("hours", "keeper"), [(1, None), (72, None), (73, "web2")])
    def test_another_host_makes_a_new_key_once_the_custodian_is_gone_too_long(
        self, hours: int, keeper: str | None
    ) -> None:
        run = self.waiting(hours)
        assert runs.custodian(run, "shop") == keeper
        keys = [item["public_key_sha256"] for item in works.request_items(run, "web2")]
        assert keys == ([None] if keeper else [])

    @pytest.mark.parametrize(
        ("every", "is_orphaned"), [(("web1", "web2"), True), (("web2",), True), (("web1", "web2", "web3"), False)]
    )
    def test_a_limit_that_hides_a_holder_of_the_key_makes_no_orphan(
        self, every: tuple[str, ...], is_orphaned: bool
    ) -> None:
        run = self.waiting(1000)
        targets = {"shop": Targets(("web1", "web2"), (), every, ())}
        assert dataclasses.replace(run, targets=targets).is_orphaned("shop") is is_orphaned

    @pytest.mark.parametrize(
        ("state", "is_orphaned"), [("wanted", True), ("deploy_pending", True), ("deployed", False), ("expired", False)]
    )
    def test_only_who_waits_for_a_key_can_be_an_orphan(self, state: str, is_orphaned: bool) -> None:
        run = self.waiting(1000)
        run = dataclasses.replace(run, orders={"shop": order(state)})
        assert run.is_orphaned("shop") is is_orphaned
        assert not dataclasses.replace(run, as_of=None).is_orphaned("shop")

    def test_an_order_that_check_mode_shows_is_no_orphan(self) -> None:
        run = self.waiting(1000)
        shown = order("wanted", created_at=None, certificate="known_after_order")
        assert not dataclasses.replace(run, orders={"shop": shown}).is_orphaned("shop")

    @pytest.mark.parametrize("why", ["it was declared anew", "nobody has its key"])
    def test_an_order_without_a_future_is_neither_published_for_nor_answered(self, why: str) -> None:
        run = self.waiting(1000)
        wants = {**run.orders["shop"], "wanted": {"records": [RECORD], "files": [FILE]}}
        if why == "it was declared anew":
            run, wants = self.waiting(1000, keys=(KEY,)), {**wants, "method": "http-01"}
        run = dataclasses.replace(run, orders={"shop": wants})
        assert works.order_items(run) == works.answer_items(run) == works.record_items(run) == []
        assert works.file_items(run, "web2") == works.check_items(run) == []

    def test_a_key_that_another_host_received_keeps_the_order_alive(self) -> None:
        assert not self.waiting(1000, keys=(KEY,)).is_orphaned("shop")

    @pytest.mark.parametrize(
        "ordered",
        [
            {"dns_names": ["old.example.jp"]},
            {"ca_account": "letsencrypt"},
            {"method": "http-01"},
            {"product": "jprs-dv"},
        ],
    )
    def test_an_order_that_is_not_the_declared_one_any_more_is_replaced(self, ordered: dict[str, t.Any]) -> None:
        known = order("wanted", **{"ca_account": "pebble", "product": "acme", "method": "dns-01", **ordered})
        request = {"name": "shop", "csr": "CSR", "public_key_sha256": OLD_KEY, "error": None}
        run = a_run(planned("in_progress"), known, {"web1": host(look=look(), requests=request)})
        assert [item["public_key_sha256"] for item in works.request_items(run, "web1")] == [None]
        assert [item.get("csr") for item in works.order_items(run)] == ["CSR"]


class TestKeysAndRequests:
    def test_a_due_certificate_gets_a_new_key_on_its_custodian_alone(self) -> None:
        run = a_run(planned("due"))
        (item,) = works.request_items(run, "web1")
        assert (item["name"], item["public_key_sha256"], item["recipients"]) == ("shop", None, [])
        assert works.request_items(run, "web2") == []

    def test_receivers_make_ready_and_the_custodian_seals_to_them(self) -> None:
        before = a_run(planned("due"))
        assert works.prepare_items(before, "web1") == []
        assert works.prepare_items(before, "web2") == [{"name": "shop"}]
        ready = host(look=look(), prepare={"name": "shop", "recipient": "PUBLIC"})
        run = a_run(planned("due"), hosts={"web1": host(look=look()), "web2": ready})
        assert works.request_items(run, "web1")[0]["recipients"] == [{"host": "web2", "public_key": "PUBLIC"}]

    def test_a_key_at_a_path_of_the_users_is_sealed_to_its_own_host_too(self) -> None:
        plan = planned("due", certificate=wish(paths={"privkey": "/etc/keys/key.pem", "csr": "/etc/keys/csr.pem"}))
        assert works.prepare_items(a_run(plan), "web1") == [{"name": "shop"}]
        ready = host(look=look(), prepare={"name": "shop", "recipient": "PUBLIC"})
        (item,) = works.request_items(a_run(plan, hosts={"web1": ready}), "web1")
        assert item["recipients"] == [{"host": "web1", "public_key": "PUBLIC"}]

    def test_a_renewal_needs_a_new_key_on_every_host_whatever_it_has(self) -> None:
        hosts = {"web1": host(look=look("2", (KEY,))), "web2": host(look=look("2", (KEY,)))}
        assert works.prepare_items(a_run(planned("due"), order("deployed"), hosts), "web2") == [{"name": "shop"}]

    def test_a_host_that_already_has_the_key_of_the_order_needs_none(self) -> None:
        run = a_run(
            known=order("deploy_pending"),
            hosts={"web1": host(look=look("2", (KEY,))), "web2": host(look=look("1", (KEY,)))},
        )
        assert works.prepare_items(run, "web2") == []

    def test_an_order_under_way_never_gets_another_key(self) -> None:
        receiver = host(look=look(), prepare={"name": "shop", "recipient": "PUBLIC"})
        run = a_run(planned("in_progress"), order("wanted"), {"web1": host(look=look()), "web2": receiver})
        assert works.request_items(run, "web1")[0]["public_key_sha256"] == KEY

    def test_nothing_is_asked_of_hosts_whose_certificate_is_in_order(self) -> None:
        run = a_run(known=order("deployed", serial="1"))
        for name in ("web1", "web2"):
            assert (
                works.prepare_items(run, name) == works.request_items(run, name) == works.verify_items(run, name) == []
            )

    def test_a_refused_certificate_is_left_alone(self) -> None:
        run = a_run(planned("refused", error={"message": "no"}))
        assert works.request_items(run, "web1") == [] and works.order_items(run) == []

    def test_each_host_is_asked_for_its_own_certificates(self) -> None:
        run = a_run(hosts={"web1": host(), "web2": host()})
        run = dataclasses.replace(run, targets={"shop": Targets(("web1",), ("web2",), ("web1",), ("web2",))})
        assert (works.look_names(run, "web1"), works.look_names(run, "web2")) == (["shop"], [])

    def test_nothing_is_asked_of_a_host_that_was_lost_or_whose_certificate_nobody_works_on(self) -> None:
        lost = a_run(planned("due"), hosts={"web1": host(look=look()), "web2": host(False)})
        assert works.prepare_items(lost, "web2") == []
        prepared = host(look=look("1"), prepare={"name": "shop", "recipient": "PUBLIC"})
        idle = a_run(known=order("deployed", serial="1"), hosts={"web1": host(look=look("1")), "web2": prepared})
        assert works.request_items(idle, "web1") == []

    def test_no_key_is_asked_for_where_the_order_has_one_and_nobody_waits_for_it(self) -> None:
        run = a_run(planned("in_progress"), order("wanted"), {"web1": host(look=look("1", (KEY,)))})
        assert works.request_items(run, "web1") == []


class TestOrders:
    def request(self, **changes: t.Any) -> dict[str, t.Any]:
        return {"name": "shop", "csr": "CSR", "public_key_sha256": KEY, "error": None, **changes}

    def test_a_due_certificate_with_a_csr_is_ordered_for_all_its_hosts(self) -> None:
        run = a_run(planned("due"), hosts={"web1": host(look=look(), requests=self.request()), "web2": host(False)})
        (item,) = works.order_items(run)
        assert (item["csr"], item["custodian"], item["hosts"]) == ("CSR", "web1", ["web1", "web2"])

    def test_a_limit_does_not_change_what_the_ledger_knows_of_the_hosts(self) -> None:
        run = a_run(planned("in_progress"), order("wanted"), {"web1": host(look=look())})
        every = Targets(("web1",), ("web1",), ("web1", "web2"), ("web1", "web2"))
        (item,) = works.order_items(dataclasses.replace(run, targets={"shop": every}))
        assert (item["hosts"], item["options"]["token_hosts"]) == (["web1", "web2"], ["web1", "web2"])

    @pytest.mark.parametrize(("kind", "told"), [("reissue", "reissue_or_renew"), ("renew", None), (None, None)])
    def test_a_paid_term_that_goes_on_is_used(self, kind: str | None, told: str | None) -> None:
        plan = {**planned("due"), "due": {"kind": kind}}
        (item,) = works.order_items(a_run(plan, hosts={"web1": host(look=look(), requests=self.request())}))
        assert item.get("kind") == told

    @pytest.mark.parametrize(
        ("state", "resolve", "carried"),
        [
            ("needs_person", {"resolve": "adopt", "handle": "4711"}, {"resolve": "adopt", "handle": "4711"}),
            ("needs_person", {"resolve": "resubmit"}, {"resolve": "resubmit"}),
            ("needs_person", {"resolve": "give_up", "reference": "ref1"}, {"resolve": "give_up"}),
            ("needs_person", {"resolve": "give_up", "reference": "ref0"}, {}),
            ("wanted", {"resolve": "resubmit"}, {}),
        ],
    )
    def test_a_persons_answer_goes_with_the_order_that_waits_for_it_alone(
        self, state: str, resolve: dict[str, str], carried: dict[str, str]
    ) -> None:
        run = dataclasses.replace(a_run(planned("in_progress"), order(state)), resolve={"shop": resolve})
        (item,) = works.order_items(run)
        assert {key: item[key] for key in ("resolve", "handle") if key in item} == carried
        assert not {"resolve", "handle"} & set(works.answer_items(run)[0]), "it is said once"

    def test_an_answer_reaches_an_order_that_is_not_the_declared_one_any_more(self) -> None:
        known = order("needs_person", product="jprs-dv")
        run = a_run(planned("in_progress"), known)
        assert works.order_items(run) == [], "it is replaced, and the new key is not made yet"
        run = dataclasses.replace(run, resolve={"shop": {"resolve": "give_up"}})
        assert [item["resolve"] for item in works.order_items(run)] == ["give_up"]
        assert works.request_items(run, "web1") == [], "and no key is made for nothing"

    @pytest.mark.parametrize("reference", ["ref1", "", "ref0"])
    def test_what_was_given_up_is_not_ordered_again_by_the_same_words(self, reference: str) -> None:
        request = {"name": "shop", "csr": "CSR", "public_key_sha256": KEY, "error": None}
        run = a_run(planned("due"), order("cancelled"), {"web1": host(look=look(), requests=request)})
        assert len(works.order_items(run)) == 1
        told = {"resolve": "give_up", "reference": reference}
        run = dataclasses.replace(run, resolve={"shop": told})
        assert len(works.order_items(run)) == len(works.request_items(run, "web1")) == (reference == "ref0")
        (ending,) = endings(run)
        assert ("was given up" in ending.line()) is (reference != "ref0")

    @pytest.mark.parametrize(("outcome", "resend"), [("in_progress", True), ("submitted", False)])
    def test_an_approval_mail_is_wanted_again_unless_it_was_sent_in_this_run(self, outcome: str, resend: bool) -> None:
        run = a_run(planned("in_progress"), order("awaiting_approval", outcome=outcome))
        assert [item["resend"] for item in works.answer_items(run)] == [False]
        (item,) = works.answer_items(dataclasses.replace(run, resend=frozenset({"shop", "other"})))
        assert item["resend"] is resend

    def test_a_broken_csr_is_not_ordered(self) -> None:
        broken = self.request(error={"message": "no key"})
        run = a_run(planned("due"), hosts={"web1": host(look=look(), requests=broken)})
        assert works.order_items(run) == []

    def test_a_csr_that_nobody_needs_is_not_ordered(self) -> None:
        run = a_run(known=order("deployed", serial="1"), hosts={"web1": host(look=look(), requests=self.request())})
        assert works.order_items(run) == []

    def test_check_mode_shows_the_order_again_that_it_did_not_write_down(self) -> None:
        hosts = {"web1": host(look=look(), requests=self.request())}
        run = a_run(planned("due"), order("wanted", certificate="known_after_order"), hosts)
        (shown,) = works.answer_items(dataclasses.replace(run, check_mode=True))
        assert (shown["csr"], works.observation_items(run)) == ("CSR", [])
        (asked,) = works.answer_items(run)
        assert "csr" not in asked

    @pytest.mark.parametrize("known", [order("deployed"), order("wanted", error={"message": "the CA is down"})])
    def test_the_ca_is_asked_only_about_orders_that_are_open_and_without_trouble(self, known: dict[str, t.Any]) -> None:
        assert works.answer_items(a_run(planned("in_progress"), known)) == []

    @pytest.mark.parametrize("kind", ["records", "files"])
    def test_a_single_token_must_be_seen(self, kind: str) -> None:
        wanted = {"records": [], "files": [], kind: [RECORD if kind == "records" else FILE]}
        run = a_run(planned("in_progress"), order("wanted", wanted=wanted))
        assert [item["visible"] for item in works.answer_items(run)] == [False]
        (check,) = works.check_items(run)
        assert (len(check["records"]), len(check["files"])) == ((1, 0) if kind == "records" else (0, 1))

    def test_nothing_is_checked_where_nothing_is_wanted(self) -> None:
        assert works.check_items(a_run(planned("in_progress"), order("issuing"))) == []

    @pytest.mark.parametrize(("outcome", "ids"), [("published", ["r1"]), ("already_there", ["r1"]), ("error", [])])
    def test_only_what_is_there_is_told_as_published(self, outcome: str, ids: list[str]) -> None:
        wants = order("wanted", wanted={"records": [RECORD], "files": []})
        run = a_run(planned("in_progress"), wants, records=[{"name": "r1", "outcome": outcome}])
        assert works.answer_items(run)[0]["observed"]["published"] == ids

    @pytest.mark.parametrize("state", sorted(runs.OPEN))
    def test_an_open_order_is_carried_on_without_a_csr(self, state: str) -> None:
        (item,) = works.order_items(a_run(planned("in_progress"), order(state)))
        assert "csr" not in item

    @pytest.mark.parametrize(
        ("check", "visible"), [("visible", True), ("known_after_order", True), ("not_visible", False), (None, False)]
    )
    def test_the_ca_is_asked_to_look_only_when_all_it_wants_was_seen(self, check: str | None, visible: bool) -> None:
        wants = order("wanted", wanted={"records": [RECORD], "files": []})
        checks = [{"name": "shop", "state": check}] if check else []
        (item,) = works.answer_items(a_run(planned("in_progress"), wants, checks=checks))
        assert item["visible"] is visible

    def test_an_order_that_wants_nothing_more_is_polled(self) -> None:
        (item,) = works.answer_items(a_run(planned("in_progress"), order("issuing")))
        assert item["visible"] is True


class TestTokens:
    def test_records_and_files_of_a_pending_order_are_published_and_its_leftovers_removed(self) -> None:
        wants = order(
            "wanted",
            wanted={"records": [RECORD], "files": [FILE]},
            leftovers={"records": [{**RECORD, "id": "r0"}], "files": []},
        )
        run = a_run(planned("in_progress"), wants)
        assert [item["name"] for item in works.record_items(run)] == ["r1"]
        assert [item["path"] for item in works.file_items(run, "web2")] == [FILE["path"]]
        assert [item["name"] for item in works.leftover_record_items(run)] == ["r0"]

    def test_leftovers_of_a_certificate_that_is_no_longer_declared_are_still_removed(self) -> None:
        gone = order("expired", name="old", leftovers={"records": [RECORD], "files": [FILE]})
        run = Run(plan={}, orders={"old": gone}, targets={}, hosts={"web1": host()})
        assert works.leftover_record_items(run) and works.leftover_file_items(run, "web1")

    def test_a_pending_order_that_nobody_asks_for_in_this_run_keeps_its_tokens_and_gets_no_new_ones(self) -> None:
        pending = order("wanted", name="old", wanted={"records": [RECORD], "files": [FILE]})
        run = Run(plan={}, orders={"old": pending}, targets={}, hosts={"web1": host()})
        assert works.record_items(run) == works.check_items(run) == works.leftover_record_items(run) == []
        assert works.file_items(run, "web1") == works.leftover_file_items(run, "web1") == []

    def two_orders(self, **other: t.Any) -> Run:
        """Two certificates with the same names: a CA may want the same token for both."""
        wants = {"records": [RECORD], "files": [FILE]}
        run = a_run(planned("in_progress"), order("wanted", wanted=wants))
        twin = {**order("wanted", name="twin", reference="ref2"), "wanted": wants, **other}
        return dataclasses.replace(
            run,
            plan={**run.plan, "twin": planned("in_progress", name="twin")},
            orders={**run.orders, "twin": twin},
            targets={**run.targets, "twin": run.targets["shop"]},
        )

    def test_a_token_that_two_orders_want_is_published_once_and_counts_for_both(self) -> None:
        run = self.two_orders()
        assert [item["name"] for item in works.record_items(run)] == ["r1"]
        assert [item["name"] for item in works.file_items(run, "web1")] == ["f1"]
        assert [item["name"] for item in works.check_items(run)] == ["shop", "twin"]
        done = dataclasses.replace(run, central={"records": {"r1": {"name": "r1", "outcome": "published"}}})
        assert [item["observed"]["published"] for item in works.answer_items(done)] == [["r1"], ["r1"]]

    def test_a_token_that_another_order_still_wants_is_no_leftover(self) -> None:
        nothing, left = {"records": [], "files": []}, {"records": [RECORD], "files": [FILE]}
        run = self.two_orders(state="deployed", wanted=nothing, leftovers=left)
        assert works.leftover_record_items(run) == works.leftover_file_items(run, "web1") == []
        done = {**run.orders["shop"], "state": "expired", "wanted": nothing, "leftovers": left}
        run = dataclasses.replace(run, orders={**run.orders, "shop": done})
        assert [item["name"] for item in works.leftover_record_items(run)] == ["r1"]
        assert [item["name"] for item in works.leftover_file_items(run, "web1")] == ["f1"]

    def test_a_file_in_the_way_is_ours_if_an_order_wanted_it_once_and_none_does_now(self) -> None:
        """A CA with one file name for all, whose value was renewed; another certificate waits for its own there."""
        older, others = {**FILE, "id": "f0", "content": "older"}, {**FILE, "id": "f2", "content": "another's"}
        wants = {"records": [], "files": [FILE]}
        run = a_run(
            planned("in_progress"), order("wanted", wanted=wants, leftovers={"records": [], "files": [older, others]})
        )
        waiting = {**order("wanted", name="other"), "wanted": {"records": [], "files": [others]}}
        run = dataclasses.replace(run, orders={**run.orders, "other": waiting})
        (item,) = works.file_items(run, "web2")
        assert item["replaces"] == [hashlib.sha256(b"older").hexdigest()]

    @pytest.mark.parametrize(
        ("own", "planned_roots", "root"),
        [
            ({}, {"shop.example.jp": "/srv/bare"}, "/srv/bare"),
            ({"document_root": "/srv/all"}, {"shop.example.jp": "/srv/bare"}, "/srv/bare"),
            ({"document_roots": {"shop.example.jp": "/srv/own"}}, {"shop.example.jp": "/srv/bare"}, "/srv/own"),
            ({"document_root": "/srv/all"}, {"www.shop.example.jp": "/srv/www"}, "/srv/all"),
        ],
        ids=["the plan says it for the name", "the name before all", "this host before the plan", "another name's"],
    )
    def test_www_and_the_bare_name_may_have_folders_of_their_own(
        self, own: dict[str, t.Any], planned_roots: dict[str, str], root: str
    ) -> None:
        validation = {"method": "dns-01", "document_roots": planned_roots}
        run = a_run(
            planned("in_progress", certificate=wish(validation=validation)),
            order("wanted", wanted={"records": [], "files": [FILE]}),
        )
        run = dataclasses.replace(run, own={"shop": {"validation": own}})
        assert [item["document_root"] for item in works.file_items(run, "web2")] == [root]

    def test_the_folders_of_names_are_remembered_with_the_order(self) -> None:
        options = {"document_root": "/srv", "token_hosts": ["web1"], "name_roots": {"shop.example.jp": "/srv/bare"}}
        left = order("expired", leftovers={"records": [], "files": [{**FILE, "options": options}]})
        run = Run(plan={}, orders={"shop": left}, targets={}, hosts={"web1": host()})
        assert [item["document_root"] for item in works.leftover_file_items(run, "web1")] == ["/srv/bare"]

    def test_a_file_that_another_one_took_the_place_of_is_gone(self) -> None:
        left = order("issued", leftovers={"records": [], "files": [FILE]})
        hosts = {"web1": host(leftover_files={"name": "f1", "outcome": "foreign"})}
        run = a_run(known=left, hosts=hosts)
        told = [item["observed"] for item in works.observation_items(run)]
        assert [one.get("removed") for one in told] == [["f1"]]

    def test_a_file_of_an_order_that_names_no_folder_is_left_to_who_made_it(self) -> None:
        strange = order("expired", leftovers={"records": [], "files": [FILE]}, options={"token_hosts": ["web1"]})
        assert works.leftover_file_items(a_run(known=strange), "web1") == []

    def test_an_order_that_is_not_declared_any_more_is_looked_at_until_it_ends_and_told(self) -> None:
        pending = order("wanted", name="old", wanted={"records": [RECORD], "files": []})
        run = Run(plan={}, orders={"old": pending}, targets={}, hosts={"web1": host()}, is_whole=True)
        assert works.order_items(run) == [{"name": "old"}]
        assert works.answer_items(run) == works.record_items(run) == works.leftover_record_items(run) == []
        (ending,) = endings(run)
        assert (ending.name, ending.outcome) == ("old", Outcome.PENDING) and "not declared" in ending.sentences[0]
        chosen_by_name = dataclasses.replace(run, is_whole=False)
        assert works.order_items(chosen_by_name) == endings(chosen_by_name) == []

    def test_nothing_is_placed_on_a_host_that_was_lost(self) -> None:
        wants = order("wanted", wanted={"records": [], "files": [FILE]})
        run = a_run(planned("in_progress"), wants, {"web1": host(False), "web2": host(look=look())})
        assert works.file_items(run, "web1") == [] and works.file_items(run, "web2")

    @pytest.mark.parametrize("step", ["records", "files"])
    def test_a_token_that_could_not_be_published_is_not_waited_for(self, step: str) -> None:
        wants = order("wanted", wanted={"records": [RECORD], "files": [FILE]})
        assert [item["name"] for item in works.check_items(a_run(planned("in_progress"), wants))] == ["shop"]
        refused = {"name": RECORD["id"] if step == "records" else FILE["id"], "error": {"message": "REFUSED."}}
        if step == "records":
            run = a_run(planned("in_progress"), wants, records=[refused])
        else:
            run = a_run(planned("in_progress"), wants, {"web1": host(look=look(), files=refused)})
        assert works.check_items(run) == []
        (answer,) = works.answer_items(run)
        assert answer["visible"] is False

    def test_a_file_on_a_host_that_a_limit_keeps_out_is_not_gone_but_one_that_left_the_inventory_is(self) -> None:
        leftover = order("deployed", serial="1", leftovers={"records": [], "files": [FILE]})
        gone = {"name": "f1", "outcome": "removed", "error": None}
        run = a_run(known=leftover, hosts={"web1": host(look=look(), leftover_files=gone)})
        limited = dataclasses.replace(run, inventory=frozenset({"web1", "web2"}))
        assert works.observation_items(limited) == []
        shrunk = dataclasses.replace(run, inventory=frozenset({"web1"}))
        assert works.observation_items(shrunk)[0]["observed"]["removed"] == ["f1"]

    @pytest.mark.parametrize(
        ("outcome", "ids"), [("removed", ["r1"]), ("already_absent", ["r1"]), ("foreign", []), ("error", [])]
    )
    def test_a_record_is_gone_only_when_the_dns_service_says_so(self, outcome: str, ids: list[str]) -> None:
        leftover = order("deployed", serial="1", leftovers={"records": [RECORD], "files": []})
        run = a_run(known=leftover, leftover_records=[{"name": "r1", "outcome": outcome}])
        assert [item["observed"]["removed"] for item in works.observation_items(run)] == ([ids] if ids else [])

    def test_a_file_goes_to_the_hosts_of_its_own_order(self) -> None:
        older = {**FILE, "options": {"document_root": "/srv/old", "token_hosts": ["web2"]}}
        run = a_run(known=order("expired", leftovers={"records": [], "files": [older]}))
        assert works.leftover_file_items(run, "web1") == []
        assert [item["document_root"] for item in works.leftover_file_items(run, "web2")] == ["/srv/old"]

    def test_a_file_of_what_is_not_declared_any_more_lies_where_each_web_server_had_it(self) -> None:
        options = {"document_root": "/srv/a", "token_hosts": ["web1", "web2"], "document_roots": {"web2": "/srv/b"}}
        hosts = {"web1": host(look=look()), "web2": host(look=look())}
        run = a_run(
            known=order("expired", leftovers={"records": [], "files": [{**FILE, "options": options}]}), hosts=hosts
        )
        roots = {name: [item["document_root"] for item in works.leftover_file_items(run, name)] for name in hosts}
        assert roots == {"web1": ["/srv/a"], "web2": ["/srv/b"]}

    @pytest.mark.parametrize(
        ("roots", "remembered"),
        [({"web1": "/srv/a", "web2": "/srv/b"}, {"web2": "/srv/b"}), ({"web1": "/srv/a"}, None), ({}, None)],
    )
    def test_an_order_remembers_the_roots_that_differ(
        self, roots: dict[str, str], remembered: dict[str, str] | None
    ) -> None:
        certificate = {**wish(), "validation": {"method": "file", "document_root": "/srv/a"}}
        request = {"name": "shop", "csr": "CSR", "public_key_sha256": KEY, "error": None}
        run = a_run(planned("due", certificate=certificate), hosts={"web1": host(look=look(), requests=request)})
        (item,) = works.order_items(replace(run, document_roots={"shop": roots}))
        assert item["options"].get("document_roots") == remembered

    def test_a_file_is_gone_only_when_every_web_server_says_so(self) -> None:
        leftover = order("deployed", serial="1", leftovers={"records": [], "files": [FILE]})
        gone = {"name": "f1", "outcome": "removed", "error": None}
        half = a_run(known=leftover, hosts={"web1": host(look=look(), leftover_files=gone), "web2": host(look=look())})
        whole = a_run(
            known=leftover,
            hosts={"web1": host(look=look(), leftover_files=gone), "web2": host(look=look(), leftover_files=gone)},
        )
        assert works.observation_items(half) == []
        assert works.observation_items(whole)[0]["observed"]["removed"] == ["f1"]


class TestDeployment:
    SEALED: t.ClassVar[dict[str, t.Any]] = {"name": "shop", "public_key_sha256": KEY, "sealed": {"web2": "CIPHER"}}

    def issued(self, **verify: t.Any) -> Run:
        fine = {"name": "shop", "outcome": "verified", "error": None}
        said = {name: {"verify": {**fine, **verify.get(name, {})}, "look": look()} for name in ("web1", "web2")}
        said["web1"]["requests"] = {"name": "shop", "public_key_sha256": KEY, "sealed": {"web2": "CIPHER"}}
        hosts = {name: host(**steps) for name, steps in said.items()}
        return a_run(planned("due"), order("deploy_pending"), hosts)

    def test_every_host_without_the_new_serial_gets_it(self) -> None:
        run = self.issued()
        assert [works.verify_items(run, name)[0]["certificate"] for name in ("web1", "web2")] == ["LEAF", "LEAF"]

    def test_a_host_whose_key_is_with_a_custodian_out_of_reach_waits(self) -> None:
        run = a_run(known=order("deploy_pending"), hosts={"web1": host(False), "web2": host(look=look())})
        assert works.verify_items(run, "web2") == []

    def test_no_host_switches_while_one_that_can_be_reached_has_not_verified(self) -> None:
        run = self.issued(web2={"error": {"message": "expired"}})
        assert works.switch_items(run, "web1") == []

    def test_an_unreachable_host_does_not_hold_up_the_others(self) -> None:
        hosts = {
            "web1": host(look=look("1", (KEY,)), verify={"name": "shop", "outcome": "verified", "error": None}),
            "web2": host(False),
        }
        run = a_run(planned("due"), order("deploy_pending"), hosts)
        assert [item["name"] for item in works.switch_items(run, "web1")] == ["shop"]

    def test_a_host_killed_while_switching_is_finished_though_it_has_the_serial(self) -> None:
        run = a_run(known=order("deploy_pending"), hosts={"web1": host(look=look("2", (KEY,), switching=True))})
        assert [item["name"] for item in works.verify_items(run, "web1")] == ["shop"]

    def test_a_certificate_rolled_back_by_a_person_is_not_deployed_again(self) -> None:
        back = order("rolled_back", certificate="LEAF")
        run = a_run(known=back, hosts={"web1": host(look=look("1", (KEY,)))})
        assert works.verify_items(run, "web1") == []

    def test_the_sealed_key_goes_to_its_receiver(self) -> None:
        keeper = host(look=look("1", (KEY,)), requests=self.SEALED)
        run = a_run(known=order("deploy_pending"), hosts={"web1": keeper, "web2": host(look=look())})
        assert works.verify_items(run, "web2")[0]["sealed_key"] == "CIPHER"
        assert works.verify_items(run, "web1")[0]["sealed_key"] is None

    def test_a_custodian_lost_while_it_verified_holds_up_nobody_who_has_its_key(self) -> None:
        verified = {"name": "shop", "outcome": "verified", "error": None}
        lost = host(False, look=look(), requests=self.SEALED)
        hosts = {"web1": lost, "web2": host(look=look(), verify=verified)}
        run = a_run(planned("due"), order("deploy_pending"), {**hosts, "web3": host(look=look("1", (KEY,)))})
        assert [item["sealed_key"] for item in works.verify_items(run, "web2")] == ["CIPHER"]
        assert [item["sealed_key"] for item in works.verify_items(run, "web3")] == [None]
        assert works.switch_items(run, "web2") == [], "web3 has not verified"
        assert [item["name"] for item in works.switch_items(a_run(planned("due"), run.orders["shop"], hosts), "web2")]

    def test_what_is_in_order_is_not_deployed_again_and_a_lost_host_not_at_all(self) -> None:
        there = host(look=look("2", (KEY,)))
        run = a_run(known=order("deployed"), hosts={"web1": there, "web2": host(False, look=look("1", (KEY,)))})
        assert works.verify_items(run, "web1") == works.verify_items(run, "web2") == []

    def test_check_mode_shows_the_deployment_of_what_it_did_not_order(self) -> None:
        unknown = "known_after_order"
        shown = order("wanted", certificate=unknown, public_key_sha256=unknown, serial=unknown)
        made = {"name": "shop", "public_key_sha256": unknown, "sealed": {"web2": unknown}}
        hosts = {"web1": host(look=look(), requests=made), "web2": host(look=look())}
        run = a_run(planned("due"), shown, hosts)
        assert [works.verify_items(run, name)[0]["sealed_key"] for name in hosts] == [None, unknown]

    def test_a_host_that_is_in_order_holds_up_no_other(self) -> None:
        verified = {"name": "shop", "outcome": "verified", "error": None}
        waiting = host(look=look("1", (KEY,)), verify=verified)
        run = a_run(known=order("deploy_pending"), hosts={"web1": host(look=look("2", (KEY,))), "web2": waiting})
        assert [item["name"] for item in works.switch_items(run, "web2")] == ["shop"]

    def test_a_key_at_a_path_of_the_users_comes_sealed_to_its_own_host(self) -> None:
        plan = planned("due", certificate=wish(paths={"privkey": "/etc/keys/key.pem", "csr": "/etc/keys/csr.pem"}))
        made = {"name": "shop", "public_key_sha256": KEY, "sealed": {}}
        run = a_run(plan, order("deploy_pending"), {"web1": host(look=look(), requests=made)})
        assert works.verify_items(run, "web1") == []
        run = a_run(plan, run.orders["shop"], {"web1": host(look=look(), requests={**made, "sealed": {"web1": "X"}})})
        assert [item["sealed_key"] for item in works.verify_items(run, "web1")] == ["X"]

    def test_a_key_that_was_made_here_but_could_not_be_is_not_there(self) -> None:
        broken = {"name": "shop", "public_key_sha256": KEY, "error": {"message": "the disk is full"}}
        run = a_run(planned("due"), order("deploy_pending"), {"web1": host(look=look(), requests=broken)})
        assert works.verify_items(run, "web1") == []

    def test_what_is_deployed_is_what_was_ordered(self) -> None:
        ordered = order("deploy_pending", chain=["ISSUER"], dns_names=["old.example.jp"])
        (item,) = works.verify_items(a_run(known=ordered, hosts={"web1": host(look=look("1", (KEY,)))}), "web1")
        assert (item["chain"], item["dns_names"]) == (["ISSUER"], ["old.example.jp"])

    def test_only_the_named_certificates_go_back_and_only_on_hosts_that_can_be_reached(self) -> None:
        there = look("2", (KEY,))
        run = a_run(known=order("deployed"), hosts={"web1": host(look=there), "web2": host(False, look=there)})
        assert works.rollback_items(run, "web1", ["other"]) == works.rollback_items(run, "web2", ["shop"]) == []
        before_any_ledger = a_run(hosts={"web1": host(look=there)})
        assert [item["name"] for item in works.rollback_items(before_any_ledger, "web1", ["shop"])] == ["shop"]

    @pytest.mark.parametrize(
        ("of_host", "pending"),
        [
            (look("1"), True),
            (look(None), True),
            (look("2", switching=True), True),
            (look("2"), False),
        ],
    )
    def test_a_host_is_not_told_as_served_while_it_may_not_be(self, of_host: dict[str, t.Any], pending: bool) -> None:
        pending_there = order("deploy_pending", hosts_pending=["web1"] if pending else [])
        assert works.observation_items(a_run(known=pending_there, hosts={"web1": host(look=of_host)})) == []

    def test_a_switch_that_failed_is_not_told_as_deployed(self) -> None:
        broken = {"name": "shop", "outcome": "switched", "error": {"message": "no"}}
        run = a_run(known=order("deploy_pending"), hosts={"web1": host(look=look(), switch=broken)})
        assert works.observation_items(run) == []

    def test_a_key_that_was_sealed_for_an_order_that_was_not_made_is_not_handed_over(self) -> None:
        other = {**self.SEALED, "public_key_sha256": "ef" * 32}
        hosts = {"web1": host(look=look("2", (KEY,)), requests=other), "web2": host(look=look())}
        run = a_run(planned("due"), order("deploy_pending"), hosts)
        assert works.verify_items(run, "web2") == []

    def test_a_host_deploys_with_its_own_words_and_serves_files_from_its_own_root(self) -> None:
        own = {**wish(), "deploy": {"reload": "web2-nginx"}, "validation": {"document_root": "/srv/web2"}}
        hosts = {"web1": host(look=look()), "web2": host(look=look("1", (KEY,)))}
        run = replace(a_run(known=order("issued"), hosts=hosts), own={"shop": own})
        (item,) = works.verify_items(run, "web2")
        assert item["deploy"]["reload"] == "web2-nginx"
        there = {"web2": host(look=look("2", (KEY,)))}
        (back,) = works.rollback_items(
            replace(run, hosts=there, targets={"shop": Targets(("web2",), (), ("web2",), ())}), "web2", ["shop"]
        )
        assert back["deploy"]["reload"] == "web2-nginx"
        waiting = replace(a_run(known=order("wanted", wanted={"records": [], "files": [FILE]})), own={"shop": own})
        assert [file["document_root"] for file in works.file_items(waiting, "web2")] == ["/srv/web2"]

    @pytest.mark.parametrize(
        ("own", "handshake"),
        [
            ({"reload": "apache2"}, {"address": "127.0.0.1", "port": 443}),
            ({"handshake": {"port": 8443}}, {"address": "127.0.0.1", "port": 8443}),
            ({"handshake": False}, None),
        ],
    )
    def test_a_hosts_own_words_never_lose_the_normalized_proof(self, own: dict[str, t.Any], handshake: t.Any) -> None:
        normalized = {"reload": "nginx", "handshake": {"address": "127.0.0.1", "port": 443}}
        plan = planned(certificate=wish(deploy=normalized))
        run = dataclasses.replace(a_run(plan), own={"shop": {"name": "shop", "deploy": own}})
        assert run.deploy("shop") == {**normalized, **own, "handshake": handshake}

    @pytest.mark.parametrize(
        ("live", "switching", "goes_back"),
        [("2", False, True), ("1", False, False), ("1", True, True), (None, False, False)],
    )
    def test_a_rollback_leaves_what_has_gone_back_already(
        self, live: str | None, switching: bool, goes_back: bool
    ) -> None:
        run = a_run(known=order("deployed"), hosts={"web1": host(look=look(live, switching=switching))})
        assert bool(works.rollback_items(run, "web1", ["shop"])) is goes_back

    def test_the_ledger_learns_who_switched_now_and_who_had_switched_before_a_kill(self) -> None:
        switched = host(look=look(), switch={"name": "shop", "outcome": "switched", "error": None})
        before = host(look=look("2", (KEY,)))
        run = a_run(
            known=order("deploy_pending", hosts_pending=["web1", "web2"]), hosts={"web1": switched, "web2": before}
        )
        (item,) = works.observation_items(run)
        assert item["observed"]["deployed_on"] == ["web1", "web2"]
        assert item["public_key_sha256"] == KEY, "another run may have ordered a newer one meanwhile"

    def test_a_rollback_is_told_of_the_newest_certificate_whatever_was_ordered_since(self) -> None:
        back = host(look=look("2", (KEY,)), rollback={"name": "shop", "outcome": "rolled_back", "error": None})
        (item,) = works.observation_items(a_run(known=order("wanted"), hosts={"web1": back}))
        assert item == {"name": "shop", "observed": {"deployed_on": [], "rolled_back_on": ["web1"], "removed": []}}
