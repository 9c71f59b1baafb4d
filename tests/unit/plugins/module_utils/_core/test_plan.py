# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One wish and a day in, a plan out: when and as what it is ordered, and what is published for it."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned, plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, Outcome
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import (
    DNS,
    FILE,
    HTTP,
    PRODUCT,
    a_book,
    a_wish,
    own,
)

LIVE = {
    "not_before": "2026-10-01T00:00:00Z",
    "not_after": "2026-12-30T00:00:00Z",
    "dns_names": ["www.example.jp"],
}
PAID = "2027-09-30T00:00:00Z"
ASKED = {
    "ca_account": "a",
    "product": "own",
    "method": "dns-01",
    "dns_names": ["www.example.jp"],
    "contact": None,
}
RENEWS = rows.RenewalRule("lapses", ("R-1",), "here")
MAIL = rows.MethodOffer("email", ("3.2.2.4.14", "3.2.2.4.4"), "mail", ("M-9",), "here")


def planned(*products: rows.Product, choose: Choose = Choose.RENEW, renewal: t.Any = None, **changes: t.Any) -> Planned:
    return plan_certificate(a_wish(**changes), a_book(*products, choose=choose, renewal=renewal))


def due(*products: rows.Product, **changes: t.Any) -> tuple[Outcome, str, str | None]:
    found = planned(*products, **changes).due
    assert found is not None
    return found.outcome, found.code, found.kind


class TestWhatIsHeld:
    def test_what_was_refused_is_not_ordered_again_as_it_was(self) -> None:
        product = own(renewal=(RENEWS,))
        refused = {"state": "refused", "problem": "no such company", "asked": ASKED}
        found = planned(product, order=refused).due
        assert found is not None
        assert (found.outcome, found.code) == (Outcome.NOT_DUE, "order_refused")
        assert found.reason == (
            "its last order was refused (no such company), and nothing of it was changed since: correct what was"
            " refused, or order it once more as it is by inkan_renewal.force"
        )
        silent = planned(product, order={"state": "refused", "asked": ASKED}).due
        assert silent is not None and silent.reason.startswith("its last order was refused, and nothing")
        assert due(product, order=refused, renewal={"force": ["x"]})[:2] == (Outcome.DUE, "forced")

    @pytest.mark.parametrize(
        "change",
        [
            {"ca_account": "b"},
            {"product": "other"},
            {"method": "http-01"},
            {"dns_names": ["www.example.jp", "a.example.jp"]},
            {"contact": {"kind": "txt", "address": "a@example.jp"}},
        ],
        ids=str,
    )
    def test_what_was_corrected_is(self, change: dict[str, t.Any]) -> None:
        refused = {"state": "refused", "asked": {**ASKED, **change}}
        assert due(own(renewal=(RENEWS,)), order=refused)[0] is Outcome.DUE

    @pytest.mark.parametrize(
        ("renewal", "outcome"),
        [
            ((RENEWS,), Outcome.NOT_DUE),
            ((RENEWS._replace(after_refusal="again"),), Outcome.DUE),
            ((), Outcome.DUE),
        ],
        ids=["a person", "again", "no word of the seller"],
    )
    def test_the_seller_says_who_follows_a_refusal_up(
        self, renewal: tuple[rows.RenewalRule, ...], outcome: Outcome
    ) -> None:
        assert due(own(renewal=renewal), order={"state": "refused", "asked": ASKED})[0] is outcome

    def test_a_mailbox_is_part_of_what_was_asked(self) -> None:
        contacts = (
            rows.ContactOffer("constructed", ("base",), True, "all", "fqdn", ("A",), "here", ("admin", "root")),
        )
        product = own(methods=(MAIL,), contacts=contacts, renewal=(RENEWS,))
        contact = {"kind": "constructed", "address": "admin@example.jp"}
        validation = {"method": "email", "contact": contact}
        asked = {**ASKED, "method": "email", "contact": contact}
        for before, outcome in ((contact, Outcome.NOT_DUE), ({**contact, "address": "root@example.jp"}, Outcome.DUE)):
            order = {"state": "refused", "asked": {**asked, "contact": before}}
            assert due(product, order=order, validation=validation)[0] is outcome

    def test_what_the_seller_cancelled_waits_for_a_person(self) -> None:
        cancelled = {"state": "cancelled", "cancelled_by_seller": "no reply"}
        found = planned(order=cancelled).due
        assert found is not None and (found.outcome, found.code) == (Outcome.NOT_DUE, "order_cancelled")
        assert found.reason.startswith("its last order was cancelled by the seller (no reply): see at the portal")
        assert due(order={"state": "cancelled"})[0] is Outcome.DUE, "a person cancelled it"


class TestKinds:
    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            pytest.param({}, "issue", id="a first one"),
            pytest.param({"previous": {"product": "own"}}, "renew", id="there was one"),
            pytest.param({"expires": "2026-12-01T00:00:00Z"}, "renew", id="there is one that no host showed"),
            pytest.param({"live": LIVE, "renewal": {"force": ["x"]}}, "renew", id="there is one"),
            pytest.param(
                {"live": LIVE, "renewal": {"force": ["x"]}, "previous": {"ca_account": "b"}},
                "issue",
                id="bought elsewhere",
            ),
            pytest.param({"previous": {"ca_account": "b"}}, "issue", id="there was one elsewhere"),
        ],
    )
    def test_an_order_is_a_first_one_or_a_renewal(self, changes: dict[str, t.Any], kind: str) -> None:
        outcome, _code, found = due(**changes)
        assert (outcome, found) == (Outcome.DUE, kind)

    @pytest.mark.parametrize(
        ("reissue", "kind"),
        [
            pytest.param((), "renew", id="a seller that issues nothing again"),
            pytest.param((rows.ReissueRule(("I-1",), "here"),), "reissue", id="one that does inside a certificate"),
            pytest.param((rows.ReissueRule(("I-1",), "here", True),), "reissue", id="one that does inside a term"),
        ],
    )
    def test_a_paid_term_that_goes_on_makes_it_a_reissue(
        self, reissue: tuple[rows.ReissueRule, ...], kind: str
    ) -> None:
        product = own(reissue=reissue)
        lost = {**LIVE, "matches": False}
        assert due(product, live=lost, contract_ends=PAID)[2] == kind
        elsewhere = due(product, live=lost, contract_ends=PAID, previous={"ca_account": "b"})
        assert elsewhere[2] == "issue", "nothing is paid for there yet"

    def test_only_a_term_longer_than_a_certificate_is_reissued_when_it_ends(self) -> None:
        old = {**LIVE, "not_after": "2026-11-25T00:00:00Z", "not_before": "2026-09-01T00:00:00Z"}
        for whole, kind in ((False, "renew"), (True, "reissue")):
            product = own(reissue=(rows.ReissueRule(("I-1",), "here", whole),))
            assert due(product, live=old, contract_ends=PAID)[2] == kind

    def test_a_validation_is_made_anew_only_where_the_seller_can(self) -> None:
        rule = rows.RevalidationRule(400, ("E-1",), "here")
        changes = {"live": LIVE, "validated_on": "2026-11-01T00:00:00Z"}
        assert due(own(revalidation=(rule,)), **changes) == (Outcome.NOT_DUE, "validation_ends", "revalidate")
        assert due(own(), **changes) == (Outcome.NOT_DUE, "not_due", None)


class TestErrorsThatComeLate:
    FREEZE: t.ClassVar[dict[str, t.Any]] = {"freeze": [{"from": "2026-11-25", "to": "2027-01-31", "reason": "a move"}]}
    CHANGES = (rows.ChangeRule("organization", ("renew",), "ask", ("X-1",), "here"),)

    def test_a_change_and_a_closed_window_are_told_together(self) -> None:
        one = planned(
            own(changes=self.CHANGES),
            renewal=self.FREEZE,
            live=LIVE,
            previous={"organization": "one"},
            organization="two",
        )
        assert one.error is not None and one.due is None and one.certificate is None
        assert one.error.code == "change_refused"
        assert "1. " in one.error.why and "2. The certificate could not be renewed in time" in one.error.why

    def test_what_is_not_sold_is_told_that_and_nothing_else(self) -> None:
        one = planned(own(changes=self.CHANGES, until=date(2026, 11, 1)), renewal=self.FREEZE, live=LIVE)
        assert one.error is not None and one.error.code == "product_not_sold"
        assert "1. " not in one.error.why

    def test_an_open_order_without_a_certificate_before_is_compared_too(self) -> None:
        rule = rows.ChangeRule("organization", ("validated",), "ask", ("X-1",), "here")
        one = planned(own(changes=(rule,)), order={"state": "issuing", "organization": "one"}, organization="two")
        assert one.error is not None and one.error.code == "change_refused"


class TestSteps:
    """What they are for, and from which day on they are counted."""

    STEPS = (
        rows.StepRule("customer", "issue it", ("P-1",), "here", after_days=1, purposes=("issue",)),
        rows.StepRule("customer", "renew it", ("P-1",), "here", after_days=1, purposes=("renew",)),
        rows.StepRule("customer", "validate it", ("P-1",), "here", after_days=1, purposes=("revalidate",)),
    )

    def steps(self, **changes: t.Any) -> list[tuple[str, str]]:
        revalidation = changes.pop("revalidation", ())
        plan = planned(own(steps=self.STEPS, revalidation=revalidation), **changes).plan
        return [(step["action"], step["due"]) for step in plan["steps"]]

    @pytest.mark.parametrize(
        ("changes", "steps"),
        [
            pytest.param({}, [("issue it", "2026-11-21")], id="it is ordered now"),
            pytest.param({"live": LIVE}, [("renew it", "2026-12-01")], id="on its day of renewal"),
            pytest.param({"live": LIVE, "renewal": {"force": ["x"]}}, [("renew it", "2026-11-21")], id="it is forced"),
            pytest.param(
                {"choose": Choose.NONE, "expires": "2026-12-01T00:00:00Z"},
                [("renew it", "2026-11-21")],
                id="nothing is asked, and one ends",
            ),
            pytest.param(
                {"choose": Choose.NONE, "previous": {"product": "own"}},
                [("renew it", "2026-11-21")],
                id="nothing is asked, and there was one",
            ),
            pytest.param(
                {"choose": Choose.NONE}, [("issue it", "2026-11-21")], id="nothing is asked, and there is none"
            ),
            pytest.param(
                {"order": {"state": "validating", "created_at": "2026-11-10T00:00:00Z"}},
                [("issue it", "2026-11-11")],
                id="it was ordered before",
            ),
            pytest.param({"order": {"state": "validating"}}, [("issue it", "2026-11-21")], id="nobody knows when"),
            pytest.param(
                {"order": {"state": "expired", "created_at": "2026-11-10T00:00:00Z"}},
                [("issue it", "2026-11-21")],
                id="that order is over",
            ),
            pytest.param(
                {
                    "live": LIVE,
                    "validated_on": "2026-11-01T00:00:00Z",
                    "revalidation": (rows.RevalidationRule(400, ("E-1",), "here"),),
                },
                [("validate it", "2026-11-21")],
                id="only its validation is made anew",
            ),
        ],
    )
    def test_steps_are_of_the_next_order_and_counted_from_it(
        self, changes: dict[str, t.Any], steps: list[tuple[str, str]]
    ) -> None:
        assert self.steps(**changes) == steps


class TestWhatIsTold:
    def test_a_plan_says_whose_it_is(self) -> None:
        plan = planned().plan
        assert (plan["name"], plan["product"], plan["seller"], plan["ca"], plan["validation_level"], plan["error"]) == (
            "x",
            "own",
            "somebody",
            "letsencrypt",
            "dv",
            None,
        )
        unknown = planned(product="nobody-knows").plan
        assert (unknown["seller"], unknown["ca"], unknown["validation_level"]) == (None, None, None)
        assert unknown["error"]["code"] == "unknown_product"
        assert (unknown["methods"], unknown["steps"], unknown["tasks"]) == ([], [], [])

    def test_each_method_is_told_whole(self) -> None:
        ending = DNS._replace(until=date(2027, 1, 1), notes=("ask the seller",))
        gone = HTTP._replace(until=date(2026, 1, 1))
        methods = planned(own(methods=(ending, gone))).plan["methods"]
        assert [one["method"] for one in methods] == ["dns-01", "http-01"]
        assert {key: methods[0][key] for key in ("allowed", "discouraged", "ends_on")} == {
            "allowed": True,
            "discouraged": False,
            "ends_on": "2027-01-01",
        }
        assert methods[0]["reasons"][-1] == "ask the seller" and methods[0]["facts"][0] == "M-1"
        assert methods[1] == {
            "method": "http-01",
            "allowed": False,
            "discouraged": False,
            "ends_on": "2026-01-01",
            "reasons": ["the seller offers it no more since 2026-01-01 (M-2)"],
            "facts": ["M-2"],
        }

    def test_what_is_published_is_told_for_each_name_once(self) -> None:
        records = (("_x.{adn}", "TXT", "of {adn}"), ("_validation-persist.{adn}", "TXT", "v"))
        plan = planned(
            own(methods=(DNS._replace(records=records),)), dns_names=["*.www.example.jp", "a.example.jp"]
        ).plan
        assert plan["records"] == [
            {"name": "_x.www.example.jp", "type": "TXT", "value": "of www.example.jp"},
            {"name": "_validation-persist.www.example.jp", "type": "TXT", "value": "v", "standing": True},
            {"name": "_x.a.example.jp", "type": "TXT", "value": "of a.example.jp"},
            {"name": "_validation-persist.a.example.jp", "type": "TXT", "value": "v", "standing": True},
        ]
        files = own(methods=(FILE._replace(files=("http://{adn}/.well-known/x",)),))
        validation = {"method": "file", "document_root": "/srv"}
        plan = planned(files, validation=validation, dns_names=["a.example.jp"]).plan
        assert plan["files"] == [
            {"url": "http://www.example.jp/.well-known/x"},
            {"url": "http://a.example.jp/.well-known/x"},
        ]
        assert plan["records"] == []

    def test_nothing_is_published_for_what_is_refused(self) -> None:
        records, files = (("_x.{adn}", "TXT", "v"),), ("http://{adn}/x",)
        product = own(methods=(DNS._replace(records=records, files=files),))
        for account, count in (("a", 1), (None, 0)):
            plan = planned(product, ca_account=account).plan
            assert (len(plan["records"]), len(plan["files"])) == (count, count)

    def test_a_mailbox_in_dns_stands_there(self) -> None:
        contacts = (rows.ContactOffer("txt", ("base",), True, "all", "fqdn", ("A-2",), "here", holder="the holder"),)
        contact = {"kind": "txt", "address": "certs@example.jp"}
        plan = planned(own(methods=(MAIL,), contacts=contacts), validation={"method": "email", "contact": contact}).plan
        assert plan["records"] == [
            {
                "name": "_validation-contactemail.example.jp",
                "type": "TXT",
                "value": "certs@example.jp",
                "standing": True,
            }
        ]
        (box,) = plan["contacts"]
        assert (box["allowed"], box["holder"]) == (True, "the holder")
        assert "A-2" in box["facts"] and isinstance(box["reasons"], list)
        bare = planned(
            own(methods=(MAIL,), contacts=(contacts[0]._replace(holder=""),)),
            validation={"method": "email", "contact": contact},
        ).plan
        assert "holder" not in bare["contacts"][0]


def test_a_product_is_found_by_its_own_key() -> None:
    other = PRODUCT._replace(key="other", seller="another")
    assert planned(own(), other, product="other").plan["seller"] == "another"
