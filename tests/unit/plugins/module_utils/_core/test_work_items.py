# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The items of each module call, whole: every word that the modules read is there, and from where it belongs."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run, Targets
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    FILE,
    KEY,
    RECORD,
    a_run,
    host,
    look,
    order,
    planned,
    wish,
)

PATHS = {"privkey": "/etc/keys/key.pem", "csr": "/etc/keys/csr.pem"}
CONTACT = {"kind": "txt", "address": "certs@example.jp"}
VALIDATION = {
    "method": "file",
    "contact": CONTACT,
    "document_root": "/srv/www",
    "document_roots": {"www.shop.example.jp": "/srv/only-www"},
}
DECLARED = wish(
    dns_names=["shop.example.jp", "www.shop.example.jp"],
    validation=VALIDATION,
    organization="example",
    options={"www_option": True},
    subject={"O": "Example KK"},
)
REQUEST = {"name": "shop", "csr": "CSR", "public_key_sha256": KEY, "error": None}
#: what certificate_orders is told of any item of DECLARED
ORDERED = {
    "name": "shop",
    "ca_account": "pebble",
    "product": "acme",
    "common_name": "shop.example.jp",
    "dns_names": ["shop.example.jp", "www.shop.example.jp"],
    "method": "file",
    "hosts": ["web1", "web2", "web3"],
    "options": {
        "www_option": True,
        "contact": CONTACT,
        "organization": "example",
        "document_root": "/srv/www",
        "token_hosts": ["web2", "web3"],
        "name_roots": {"www.shop.example.jp": "/srv/only-www"},
    },
}


def declared(outcome: str, known: dict[str, t.Any] | None = None, **steps: t.Any) -> Run:
    """DECLARED on web1 and on two hosts that are not in this play."""
    run = a_run(planned(outcome, certificate=DECLARED), known, {"web1": host(look=look(), **steps)})
    where = Targets(("web1",), (), ("web1", "web2", "web3"), ("web2", "web3"))
    return dataclasses.replace(run, targets={"shop": where})


def named(run: Run, **changes: t.Any) -> Run:
    return dataclasses.replace(run, **changes)


def together(*runs: tuple[str, Run]) -> Run:
    """Runs of "shop", each under a name of its own, as one."""
    first = runs[0][1]

    def of(said: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
        return {**said, "name": name}

    plan = {}
    for name, run in runs:
        certificate = of(run.plan["shop"]["certificate"], name)
        plan[name] = {**run.plan["shop"], "name": name, "certificate": certificate}
    return dataclasses.replace(
        first,
        plan=plan,
        orders={name: of(run.orders["shop"], name) for name, run in runs if "shop" in run.orders},
        targets={name: run.targets["shop"] for name, run in runs},
    )


class TestSeveralCertificates:
    """What nothing is to be done for stands in nobody's way."""

    def test_requests_are_made_for_each_that_needs_one(self) -> None:
        sellers = wish(key={"made_by": "seller"})
        run = together(
            ("idle", a_run(known=order("deployed", serial="1"))),
            ("kept-elsewhere", a_run(planned("due"), order("deployed", custodian="web2"))),
            ("first", a_run(planned("due"), order("deployed", custodian="web1"))),
            ("brought", a_run(planned("due", certificate=wish(issued_from="first")))),
            ("sellers", a_run(planned("due", certificate=sellers))),
            ("last", a_run(planned("due"))),
        )
        run = named(run, intake={"sellers": {"certificate": "PEM", "key": "SECRET"}})
        assert [item["name"] for item in works.request_items(run, "web1")] == ["first", "sellers", "last"]
        assert [item["name"] for item in works.request_items(run, "web2")] == ["kept-elsewhere"]

    def test_checks_are_made_for_each_whose_tokens_are_published(self) -> None:
        wants = {"records": [RECORD], "files": []}
        others = {"records": [{**RECORD, "id": "r2"}], "files": []}
        run = together(
            ("refused", a_run(planned("in_progress"), order("wanted", wanted=wants))),
            ("shop", a_run(planned("in_progress"), order("wanted", wanted=others))),
        )
        run = named(run, central={"records": {"r1": {"name": "r1", "error": {"message": "REFUSED"}}}})
        assert [item["name"] for item in works.check_items(run)] == ["shop"]

    def test_the_ledger_learns_of_each_that_it_holds(self) -> None:
        switched = {"name": "shop", "outcome": "switched", "error": None}
        shown = a_run(planned("due"), order("wanted", certificate="known_after_order"))
        real = a_run(known=order("deploy_pending"))
        hosts = {"web1": host(look=look(), switch=switched)}
        run = named(together(("shown", shown), ("shop", real)), hosts=hosts)
        assert [item["name"] for item in works.observation_items(run)] == ["shop"]


class TestWhatIsTakenIn:
    def test_a_due_certificate_is_ordered_and_not_taken_in(self) -> None:
        run = a_run(planned("due"), order("deployed", serial="1"), intake={"shop": {"certificate": "PEM"}})
        assert works.order_items(run) == [], "its CSR is missing"
        (item,) = works.order_items(named(run, plan={"shop": planned("not_due")}))
        assert item["intake"] == {"certificate": "PEM"}

    def test_hosts_of_ours_make_ready_for_the_sellers_key_as_soon_as_there_is_one(self) -> None:
        sellers = planned("in_progress", certificate=wish(key={"made_by": "seller"}))
        for known, items in ((order("deploy_pending"), [{"name": "shop"}]), (order("validating"), [])):
            hosts = {"web1": host(look=look("2", (KEY,))), "web2": host(look=look())}
            assert works.prepare_items(a_run(sellers, known, hosts), "web2") == items
        installs = planned("due", certificate=wish(key={"made_by": "seller"}, deploy={"by": "seller"}))
        told = {"shop": {"certificate": "PEM", "key": "SECRET"}}
        assert works.prepare_items(a_run(installs, intake=told), "web2") == [], "no host of ours gets it"

    def test_the_sellers_key_is_put_into_the_store_once(self) -> None:
        sellers = planned("in_progress", certificate=wish(key={"made_by": "seller"}))
        hosts = {"web1": host(look=look("2", (KEY,))), "web2": host(look=look())}
        assert works.request_items(a_run(sellers, order("deploy_pending"), hosts), "web1") == []
        told = {"shop": {"certificate": "PEM", "key": "SECRET"}}
        (item,) = works.request_items(a_run(sellers, order("deploy_pending"), hosts, told), "web1")
        assert (item["public_key_sha256"], item["recipients"]) == (None, [])

    def test_check_mode_tells_the_ledger_nothing(self) -> None:
        switched = {"name": "shop", "outcome": "switched", "error": None}
        shown = order("wanted", certificate="known_after_order")
        hosts = {"web1": host(look=look(), switch=switched)}
        assert works.observation_items(a_run(planned("due"), shown, hosts)) == []
        assert works.observation_items(a_run(planned("due"), {**shown, "certificate": "LEAF"}, hosts)) != []

    def test_a_host_without_the_key_of_an_order_under_way_makes_ready_for_it(self) -> None:
        hosts = {"web1": host(look=look("1", (KEY,))), "web2": host(look=look()), "web3": host(look=look("1", (KEY,)))}
        run = a_run(planned("in_progress"), order("wanted"), hosts)
        assert works.prepare_items(run, "web2") == [{"name": "shop"}]
        assert works.prepare_items(run, "web3") == []


class TestRequests:
    def test_a_request_has_all_that_a_csr_is_made_of(self) -> None:
        certificate = {**DECLARED, "paths": PATHS, "key": {"type": "rsa-3072", "reuse": True}}
        run = a_run(planned("due", certificate=certificate))
        assert works.request_items(run, "web1") == [
            {
                "name": "shop",
                "common_name": "shop.example.jp",
                "dns_names": ["shop.example.jp", "www.shop.example.jp"],
                "key": {"type": "rsa-3072", "reuse": True},
                "public_key_sha256": None,
                "recipients": [],
                "subject": {"O": "Example KK"},
                "paths": PATHS,
            }
        ]

    def test_what_is_not_declared_is_not_asked_for(self) -> None:
        (item,) = works.request_items(a_run(planned("due")), "web1")
        assert sorted(item) == ["common_name", "dns_names", "key", "name", "public_key_sha256", "recipients"]

    def test_the_portals_words_for_a_subject_stand_where_the_declaration_has_none(self) -> None:
        portal = {
            "portals": frozenset({"pebble"}),
            "plans": {"shop": {"validation_level": "ov"}},
            "organizations": {"example": {"subject": {"O": "Of the organization"}}},
        }
        for own, expected in (({"O": "Its own"}, "Its own"), (None, "Of the organization")):
            certificate = wish(organization="example", subject=own)
            run = named(a_run(planned("due", certificate=certificate)), **portal)
            assert works.request_items(run, "web1")[0]["subject"] == {"O": expected}


class TestOrders:
    def test_an_order_has_all_that_a_ca_and_a_later_run_must_know(self) -> None:
        run = declared("due", requests=REQUEST)
        run = named(run, central={"known": {"shop": {"name": "shop", "serial": "7"}}})
        assert works.order_items(run) == [
            {**ORDERED, "csr": "CSR", "public_key_sha256": KEY, "replaces": "7", "custodian": "web1"}
        ]

    def test_an_order_under_way_is_carried_on_with_the_same_words(self) -> None:
        known = order("wanted", method="file", dns_names=DECLARED["dns_names"])
        assert works.order_items(declared("in_progress", known)) == [ORDERED]

    def test_its_answer_has_the_same_words_and_what_was_seen(self) -> None:
        known = order("wanted", method="file", dns_names=DECLARED["dns_names"])
        assert works.answer_items(declared("in_progress", known)) == [
            {**ORDERED, "visible": True, "observed": {"published": []}, "resend": False}
        ]

    def test_what_no_declaration_and_no_plan_says_is_no_word_of_an_order(self) -> None:
        run = a_run(planned("due"), hosts={"web1": host(look=look(), requests=REQUEST)})
        (item,) = works.order_items(run)
        assert item["options"] == {
            "contact": None,
            "organization": None,
            "document_root": None,
            "token_hosts": ["web1"],
        }
        assert "kind" not in item and "tasks" not in item

    def test_a_certificate_that_is_brought_is_ordered_as_such_with_its_source(self) -> None:
        brought = wish(name="byo", issued_from="shop", validation={"method": "dns-01"}, deploy={})
        run = a_run(known=order("deployed", chain=["ISSUER"]))
        plans = {**run.plan, "byo": planned("not_due", name="byo", certificate=brought)}
        run = named(run, plan=plans, targets={**run.targets, "byo": Targets((), (), (), ())})
        (item,) = works.order_items(run)
        assert item["method"] == "brought"
        assert item["brought"] == {"certificate": "LEAF", "chain": ["ISSUER"]}
        waiting = order("awaiting_person", name="byo", method="brought", certificate=None)
        waiting["options"] = {"brought": item["brought"]}
        under_way = named(run, orders={**run.orders, "byo": waiting})
        assert [one["method"] for one in works.order_items(under_way)] == ["brought"]

    @pytest.mark.parametrize("outcome", ["placed", "kept"])
    def test_a_file_counts_as_published_as_soon_as_one_web_server_has_it(self, outcome: str) -> None:
        wants = order("wanted", wanted={"records": [], "files": [FILE]})
        hosts = {
            "web1": host(look=look(), files={"name": "f1", "outcome": "foreign"}),
            "web2": host(look=look(), files={"name": "f1", "outcome": outcome}),
        }
        (item,) = works.answer_items(a_run(planned("in_progress"), wants, hosts))
        assert item["observed"] == {"published": ["f1"]}
        (item,) = works.answer_items(a_run(planned("in_progress"), wants, {"web1": hosts["web1"]}))
        assert item["observed"] == {"published": []}


class TestTokens:
    WANTS: t.ClassVar[dict[str, t.Any]] = {"records": [RECORD], "files": [FILE]}

    def test_a_record_is_handed_over_whole(self) -> None:
        expected = {
            "name": "r1",
            "record": "_acme-challenge.shop.example.jp",
            "type": "TXT",
            "value": "token",
            "ttl": 60,
        }
        assert works.record_items(a_run(planned("in_progress"), order("wanted", wanted=self.WANTS))) == [expected]
        left = order("expired", leftovers=self.WANTS)
        assert works.leftover_record_items(a_run(known=left)) == [expected]

    def test_a_file_is_handed_over_whole(self) -> None:
        expected = {"name": "f1", "document_root": "/srv/www", "path": FILE["path"], "content": "tok.key"}
        run = a_run(planned("in_progress"), order("wanted", wanted=self.WANTS))
        assert works.file_items(run, "web1") == [{**expected, "replaces": []}]
        left = order("expired", leftovers=self.WANTS)
        assert works.leftover_file_items(a_run(known=left), "web1") == [expected]

    @pytest.mark.parametrize("outcome", ["removed", "already_absent", "absent", "foreign"])
    def test_a_file_that_is_not_there_any_more_is_told_as_gone(self, outcome: str) -> None:
        left = order("expired", leftovers={"records": [], "files": [FILE]})
        run = a_run(known=left, hosts={"web1": host(leftover_files={"name": "f1", "outcome": outcome})})
        assert [item["observed"]["removed"] for item in works.observation_items(run)] == [["f1"]]

    def test_an_older_file_at_another_path_is_not_in_the_way(self) -> None:
        older = [
            {**FILE, "id": "f0", "content": "older"},
            {**FILE, "id": "f9", "path": ".well-known/acme-challenge/other", "content": "not here"},
        ]
        known = order("wanted", wanted=self.WANTS, leftovers={"records": [], "files": older})
        (item,) = works.file_items(a_run(planned("in_progress"), known), "web1")
        assert item["replaces"] == [hashlib.sha256(b"older").hexdigest()]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            pytest.param({"wanted": {"records": [], "files": [FILE]}}, True, id="one to serve"),
            pytest.param({"leftovers": {"records": [], "files": [FILE]}}, True, id="one to remove"),
            pytest.param({"wanted": {"records": [RECORD], "files": []}}, False, id="a record is none"),
            pytest.param({}, False, id="nothing"),
        ],
    )
    def test_web_servers_are_asked_where_one_may_have_a_file(self, changes: dict[str, t.Any], expected: bool) -> None:
        assert works.has_files(a_run(planned("in_progress"), order("wanted", **changes))) is expected

    def test_a_check_has_what_is_looked_for_and_nothing_of_how_it_is_written(self) -> None:
        (item,) = works.check_items(a_run(planned("in_progress"), order("wanted", wanted=self.WANTS)))
        assert item["name"] == "shop"
        assert item["records"] == [{"name": RECORD["name"], "type": "TXT", "value": "token"}]
        assert item["files"] == [{"url": FILE["url"], "content": "tok.key"}]


class TestDeployments:
    def test_a_deployment_has_the_certificate_its_key_and_how_to_deploy_it(self) -> None:
        known = order("deploy_pending", chain=["ISSUER"], dns_names=["shop.example.jp", "old.example.jp"])
        run = a_run(known=known, hosts={"web1": host(look=look("1", (KEY,)))})
        expected = {
            "name": "shop",
            "certificate": "LEAF",
            "chain": ["ISSUER"],
            "public_key_sha256": KEY,
            "dns_names": ["shop.example.jp", "old.example.jp"],
            "sealed_key": None,
            "deploy": {"reload": "nginx", "handshake": None},
        }
        assert works.verify_items(run, "web1") == [expected]
        verified = {"name": "shop", "outcome": "verified", "error": None}
        ready = a_run(known=known, hosts={"web1": host(look=look("1", (KEY,)), verify=verified)})
        assert works.switch_items(ready, "web1") == [expected]

    def test_an_order_that_tells_no_names_and_no_chain_is_deployed_as_declared(self) -> None:
        known = order("deploy_pending", chain=None, dns_names=None)
        (item,) = works.verify_items(a_run(known=known, hosts={"web1": host(look=look("1", (KEY,)))}), "web1")
        assert (item["chain"], item["dns_names"]) == ([], ["shop.example.jp"])

    @pytest.mark.parametrize(
        ("outcome", "deployed"), [("switched", ["web1"]), ("kept", ["web1"]), ("rolled_back", None)]
    )
    def test_the_ledger_learns_of_each_host_that_has_it_now(self, outcome: str, deployed: list[str] | None) -> None:
        said = {"name": "shop", "outcome": outcome, "error": None}
        run = a_run(known=order("deploy_pending"), hosts={"web1": host(look=look(), switch=said)})
        told = [item["observed"]["deployed_on"] for item in works.observation_items(run)]
        assert told == ([deployed] if deployed else [])
