# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates whose key the seller makes, that it installs, or that are brought to it: what each step has to do."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome, endings
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run, Targets
from ansible_collections.inkan.tls.plugins.module_utils._core.run_input import plan_items
from ansible_collections.inkan.tls.plugins.module_utils._core.work_portal import hand_over_items, served_items
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    KEY,
    a_run,
    host,
    look,
    order,
    planned,
    wish,
)

MAIL = {"method": "email", "contact": {"kind": "txt", "address": "certs@example.jp"}}
SHOWN = {"name": "shop", "served": {"serial": "3", "not_after": "2027-03-01T00:00:00Z", "certificate": "PEM 3"}}


def sellers(outcome: str = "due", **changes: t.Any) -> dict[str, t.Any]:
    """The seller makes the key and installs the certificate."""
    declared = {"key": {"made_by": "seller"}, "deploy": {"by": "seller"}, "validation": MAIL}
    return planned(outcome, certificate=wish(**{**declared, **changes}))


def without_hosts(run: Run, **changes: t.Any) -> Run:
    return dataclasses.replace(run, targets={"shop": Targets((), (), (), ())}, hosts={}, **changes)


class TestOfAnOrganization:
    @pytest.mark.parametrize(
        ("level", "portals", "own", "expected"),
        [
            ("ov", {"pebble"}, {}, {"O": "Example KK"}),
            ("ev", {"pebble"}, {}, {"O": "Example KK"}),
            ("ov", {"pebble"}, {"O": "Its own"}, {"O": "Its own"}),
            ("dv", {"pebble"}, {}, None),
            ("ov", set(), {}, None),
        ],
    )
    def test_the_csr_for_a_portal_names_it(
        self, level: str, portals: set[str], own: dict[str, str], expected: dict[str, str] | None
    ) -> None:
        plan = planned("due", certificate=wish(organization="example", subject=own))
        run = dataclasses.replace(
            a_run(plan),
            plans={"shop": {"validation_level": level}},
            portals=frozenset(portals),
            organizations={"example": {"subject": {"O": "Example KK"}}},
        )
        [item] = works.request_items(run, "web1")
        assert item.get("subject") == expected


class TestMadeBySellers:
    def test_no_csr_is_asked_for_and_the_order_says_who_makes_the_key(self) -> None:
        run = without_hosts(a_run(sellers()), portals=frozenset({"pebble"}))
        [item] = works.order_items(run)
        assert (item["key_made_by"], item["hosts"], "csr" in item) == ("seller", [], False)
        assert item["options"]["deploy_by"] == "seller"

    def test_the_key_goes_to_its_custodian_only(self) -> None:
        run = a_run(sellers(deploy={"reload": "nginx"}), intake={"shop": {"certificate": "PEM", "key": "SECRET"}})
        [request] = works.request_items(run, "web1")
        assert request["key"]["private_key"] == "SECRET"
        assert works.request_items(run, "web2") == []
        assert "SECRET" not in repr(works.order_items(run))

    def test_without_a_key_in_hand_no_host_is_asked(self) -> None:
        run = a_run(sellers(deploy={"reload": "nginx"}))
        assert works.request_items(run, "web1") == [] and works.prepare_items(run, "web2") == []

    def test_later_hosts_get_the_key_that_is_in_the_store(self) -> None:
        known = order("deploy_pending", hosts_pending=["web2"])
        hosts = {
            "web1": host(look=look("2", (KEY,))),
            "web2": host(look=look(), prepare={"name": "shop", "recipient": "R"}),
        }
        run = a_run(sellers("in_progress", deploy={"reload": "nginx"}), known, hosts)
        [request] = works.request_items(run, "web1")
        assert (request["public_key_sha256"], [one["host"] for one in request["recipients"]]) == (KEY, ["web2"])

    def test_an_order_that_waits_for_days_is_not_taken_for_orphaned(self) -> None:
        known = order("awaiting_approval", ca_account="pebble", product="acme", method="email")
        run = a_run(sellers("in_progress"), known)
        assert not run.is_orphaned("shop") and not run.is_outdated("shop")

    def test_a_key_may_lie_in_a_file_on_its_custodian(self) -> None:
        run = a_run(sellers(deploy={"reload": "nginx"}), intake={"shop": {"certificate": "PEM", "key_file": "/k.pem"}})
        [request] = works.request_items(run, "web1")
        assert request["key"] == {"made_by": "seller", "private_key_file": "/k.pem"}
        assert request["public_key_sha256"] is None
        assert works.prepare_items(run, "web2") == [{"name": "shop"}], "it will be sealed to the others"
        both = a_run(sellers(deploy={"reload": "nginx"}), intake={"shop": {"key": "SECRET", "key_file": "/k.pem"}})
        assert works.request_items(both, "web1")[0]["key"] == {"made_by": "seller", "private_key": "SECRET"}

    @pytest.mark.parametrize(
        ("key", "intake", "renewed"),
        [
            pytest.param({"made_by": "seller"}, {"certificate": "PEM"}, True, id="its certificate was told"),
            pytest.param({"made_by": "seller"}, {"order_number": "1"}, None, id="only its number was told"),
            pytest.param({"type": "rsa-2048"}, {"certificate": "PEM"}, None, id="the key is ours"),
        ],
    )
    def test_what_the_seller_made_by_itself_is_taken_in_as_such(
        self, key: dict[str, str], intake: dict[str, str], renewed: bool | None
    ) -> None:
        run = a_run(sellers("not_due", key=key), order("deployed"), intake={"shop": intake}, served=[SHOWN])
        [item] = works.order_items(run)
        assert item["intake"] == {**intake, **({"renewed_by_seller": True} if renewed else {})}
        assert (item["served"], item["custodian"]) == ("PEM 3", "web1")

    def test_the_order_says_what_it_follows_and_who_keeps_its_key(self) -> None:
        requested = {"name": "shop", "public_key_sha256": KEY}
        run = a_run(sellers(), hosts={"web1": host(look=look(), requests=requested)})
        before = {"known": {"shop": {"name": "shop", "serial": "7"}}}
        [item] = works.order_items(dataclasses.replace(run, central=before))
        assert (item["replaces"], item["custodian"], item["public_key_sha256"]) == ("7", "web1", KEY)
        [item] = works.order_items(without_hosts(a_run(sellers())))
        assert (item["replaces"], item["custodian"]) == (None, "") and "public_key_sha256" not in item


class TestApplications:
    ORGANIZATION: t.ClassVar[dict[str, t.Any]] = {
        **{key: f"the {key}" for key in ("japanese_name", "name", "corporate_type", "representative", "postal_code")},
        **{key: f"the {key}" for key in ("address", "phone", "tdb_code", "duns", "responsible", "technical")},
        "billing": "the billing",
        "subject": {"O": "Example KK"},
        "signature": "nothing for an application",
    }

    def options(self, known: dict[str, t.Any] | None = None, **changes: t.Any) -> dict[str, t.Any]:
        run = a_run(sellers(organization="example"), known)
        plan = {"validation_level": "ov", "renewal": {"window_closes": "2026-12-01T00:00:00Z"}}
        words = {"plans": {"shop": plan}, "organizations": {"example": self.ORGANIZATION}}
        run = dataclasses.replace(run, **{**words, "portals": frozenset({"pebble"}), **changes})
        options: dict[str, t.Any] = works.order_items(run)[0]["options"]
        common = {"contact", "organization", "document_root", "token_hosts"}
        return {key: value for key, value in options.items() if key not in common}

    def test_an_application_has_all_that_the_sheet_asks_for(self) -> None:
        left_out = ("subject", "signature")
        assert self.options() == {
            "validation_level": "ov",
            "deploy_by": "seller",
            "subject": {"O": "Example KK"},
            "applicant": {key: value for key, value in self.ORGANIZATION.items() if key not in left_out},
            "apply_by": "2026-12-01T00:00:00Z",
        }

    def test_the_subject_of_the_item_goes_before_that_of_the_organization(self) -> None:
        run = a_run(sellers(organization="example", subject={"O": "Its own"}))
        run = dataclasses.replace(
            run, portals=frozenset({"pebble"}), organizations={"example": {"subject": {"O": "Example KK"}}}
        )
        assert works.order_items(run)[0]["options"]["subject"] == {"O": "Its own"}

    def test_nothing_of_it_goes_to_an_account_that_is_no_portal(self) -> None:
        assert self.options(portals=frozenset({"other"})) == {}

    def test_without_a_window_the_end_of_the_certificate_is_the_last_day(self) -> None:
        known = order("expired", not_after="2026-12-31T00:00:00Z")
        assert self.options(known, plans={}, organizations={}) == {
            "deploy_by": "seller",
            "apply_by": "2026-12-31T00:00:00Z",
        }


class TestInstalledBySellers:
    def test_a_handshake_is_made_where_the_seller_installs(self) -> None:
        elsewhere = {"by": "seller", "handshake": {"address": "192.0.2.1", "port": 8443}}
        by_name = {"by": "seller", "handshake": {"server_name": "OTHER.example.jp"}}
        declared = [
            {"name": "a", "common_name": "a.example.jp", "deploy": {"by": "seller"}},
            {"name": "b", "dns_names": ["*.b.example.jp", "b.example.jp"], "deploy": {"by": "seller"}},
            {"name": "c", "common_name": "c.example.jp", "deploy": elsewhere},
            {"name": "d", "common_name": "d.example.jp", "deploy": {"by": "seller", "handshake": False}},
            {"name": "e", "common_name": "e.example.jp", "deploy": {"reload": "nginx"}},
            {"name": "f", "common_name": "bad", "deploy": {"by": "seller", "handshake": {"port": "https"}}},
            {"name": "g", "common_name": "*.g.jp", "deploy": by_name},
            {"name": "h", "common_name": "*.h.jp", "deploy": {"by": "seller"}},
            "no dictionary",
        ]  # fmt: skip
        items = {item["name"]: item for item in served_items(declared, str.lower, 443)}
        assert set(items) == {"a", "b", "c", "g"}
        assert (items["g"]["server_name"], items["g"]["address"]) == ("other.example.jp", "other.example.jp")
        assert items["a"] == {"name": "a", "address": "a.example.jp", "port": 443, "server_name": "a.example.jp"}
        assert items["b"]["server_name"] == "b.example.jp"
        assert (items["c"]["address"], items["c"]["port"], items["c"]["server_name"]) == (
            "192.0.2.1",
            8443,
            "c.example.jp",
        )

    def test_what_is_served_counts_as_live(self) -> None:
        run = without_hosts(a_run(sellers(), served=[SHOWN]))
        [item] = plan_items([{"name": "shop", "deploy": {"by": "seller"}}], run)
        assert (item["live"]["serial"], item["hosts_missing"]) == ("3", [])

    def test_a_certificate_that_the_ledger_does_not_know_is_adopted(self) -> None:
        run = without_hosts(a_run(sellers("not_due"), order("issued"), served=[SHOWN]))
        [item] = works.order_items(run)
        assert item["served"] == "PEM 3" and "key_made_by" not in item, "nothing new is ordered"

    def test_what_the_ledger_knows_is_left_alone(self) -> None:
        run = without_hosts(a_run(sellers("not_due"), order("issued", serial="3"), served=[SHOWN]))
        assert works.order_items(run) == []
        [ending] = endings(run)
        assert (ending.outcome, ending.serial) == (Outcome.IN_ORDER, "3")

    def test_no_host_is_ever_given_such_a_certificate(self) -> None:
        run = a_run(sellers("in_progress"), order("issued"))
        assert works.verify_items(run, "web1") == []

    @pytest.mark.parametrize(
        ("served", "words"),
        [
            (SHOWN, "the seller is to install serial 2; serial 3 is served"),
            ({"name": "shop", "served": None, "served_error": "no answer"}, "nothing can be seen: no answer"),
        ],
    )
    def test_done_is_what_is_served(self, served: dict[str, t.Any], words: str) -> None:
        run = without_hosts(a_run(sellers("in_progress"), order("issued"), served=[served]))
        [ending] = endings(run)
        assert ending.outcome is Outcome.PENDING and words in ending.line()

    def test_hosts_that_match_nothing_are_an_error_still_where_we_deploy(self) -> None:
        [ending] = endings(without_hosts(a_run(sellers(deploy={"reload": "nginx"}))))
        assert ending.outcome is Outcome.ERROR


class TestBrought:
    def a_pair(self, byo: dict[str, t.Any] | None, source: str = "deployed", serial: str = "2") -> Run:
        declared = wish(
            name="byo", issued_from="shop", ca_account="iij", validation={"method": None}, key={}, deploy={}
        )
        known = {"shop": order(source, serial=serial, certificate=f"PEM {serial}" if source == "deployed" else None)}
        run = a_run(planned(), known["shop"])
        return dataclasses.replace(
            run,
            plan={**run.plan, "byo": planned("not_due", name="byo", certificate=declared)},
            orders={**known, **({"byo": byo} if byo else {})},
            targets={**run.targets, "byo": Targets((), (), (), ())},
        )

    def byo(self, state: str, **changes: t.Any) -> dict[str, t.Any]:
        brought = {"certificate": "PEM 2", "chain": []}
        return order(
            state,
            **{"name": "byo", "method": "brought", "ca_account": "iij", "options": {"brought": brought}, **changes},
        )

    def test_it_is_due_when_its_source_has_a_certificate_that_is_not_registered(self) -> None:
        assert self.a_pair(None).is_due("byo")
        assert not self.a_pair(None, source="wanted").is_due("byo")
        assert not self.a_pair(self.byo("issued", serial="2")).is_due("byo")
        assert self.a_pair(self.byo("issued", serial="2"), serial="9").is_due("byo")
        assert not self.a_pair(self.byo("awaiting_person", certificate=None)).is_due("byo")
        assert self.a_pair(self.byo("awaiting_person", certificate=None), serial="9").is_due("byo")

    def test_it_is_ordered_with_the_certificate_of_its_source(self) -> None:
        [item] = [one for one in works.order_items(self.a_pair(None)) if one["name"] == "byo"]
        assert (item["method"], item["brought"], item["custodian"]) == (
            "brought",
            {"certificate": "PEM 2", "chain": []},
            "web1",
        )
        assert "csr" not in item and item["hosts"] == []
        assert item["replaces"] is None, "nothing was registered yet"

    @pytest.mark.parametrize(("state", "replaces"), [("issued", "2"), ("awaiting_person", None), ("refused", None)])
    def test_it_takes_the_place_of_what_is_registered(self, state: str, replaces: str | None) -> None:
        run = self.a_pair(self.byo(state, serial="2"), serial="9")
        [item] = [one for one in works.order_items(run) if one["name"] == "byo"]
        assert (item["brought"]["certificate"], item["replaces"]) == ("PEM 9", replaces)

    def test_files_are_handed_over_where_the_key_is_and_taken_back_after(self) -> None:
        waiting = self.a_pair(self.byo("awaiting_person", certificate=None))
        assert hand_over_items(waiting, "web1") == [{"name": "byo", "source": "shop", "certificate": "PEM 2"}]
        assert hand_over_items(waiting, "web2") == []
        [done] = hand_over_items(self.a_pair(self.byo("issued")), "web1")
        assert done == {"name": "byo", "source": "shop", "certificate": None}
        assert hand_over_items(self.a_pair(None), "web1") == []

    def test_no_key_and_no_csr_is_made_for_it(self) -> None:
        run = self.a_pair(None)
        assert [one["name"] for one in works.request_items(run, "web1")] == []


def test_an_intake_left_behind_reaches_the_ledger_and_never_a_key() -> None:
    told = {"order_number": "1", "certificate": "PEM", "key": "SECRET", "key_file": "/k"}
    run = a_run(planned(), order("deployed"), intake={"shop": told})
    [item] = works.order_items(run)
    assert item["intake"] == {"order_number": "1", "certificate": "PEM"}


class TestStepsForPersons:
    def test_what_the_plan_leaves_to_persons_goes_with_every_order(self) -> None:
        plan = {"tasks": [{"kind": "call"}], "renewal": {"cancel_days": 26}}
        [item] = works.order_items(dataclasses.replace(a_run(sellers()), plans={"shop": plan}))
        assert item["tasks"] == [{"kind": "call"}]
        assert item["options"]["cancel_days"] == 26

    def test_without_any_the_order_is_as_it_was(self) -> None:
        plan = {"tasks": [], "renewal": {"cancel_days": None}}
        [item] = works.order_items(dataclasses.replace(a_run(sellers()), plans={"shop": plan}))
        assert "tasks" not in item and "cancel_days" not in item["options"]

    @pytest.mark.parametrize(
        ("changes", "names"),
        [
            pytest.param({}, ["old"], id="the contract of what is declared no more"),
            pytest.param({"intake": {"never": {"done": ["cancel"]}}}, [], id="what the ledger never heard of"),
            pytest.param({"is_whole": False}, [], id="a run for some names only"),
        ],
    )
    def test_a_word_about_what_is_declared_no_more_reaches_the_ledger(
        self, changes: dict[str, t.Any], names: list[str]
    ) -> None:
        run = a_run(sellers("not_due"), intake={"old": {"done": ["cancel"]}})
        run = dataclasses.replace(run, **{"orders": {"old": order("deployed")}, "is_whole": True, **changes})
        assert [item["name"] for item in works.order_items(run)] == names
        if names:
            assert works.order_items(run)[0]["intake"] == {"done": ["cancel"]}
