# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a wish is lawful on a day: every reason against it, by the rows of its product."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.judge import judge, one_error
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import (
    DNS,
    FILE,
    HTTP,
    a_book,
    a_wish,
    judged,
    own,
    told,
)

LIVE = {"not_before": "2026-10-01T00:00:00Z", "not_after": "2026-12-30T00:00:00Z"}


class TestCustody:
    RULES = (
        rows.CustodyRule(("us",), ("us", "seller"), ("C-1",), "here"),
        rows.CustodyRule(("us", "seller"), ("us",), ("C-2",), "here"),
    )

    def test_every_rule_that_is_broken_is_told(self) -> None:
        judgement = judged(own(custody=self.RULES), key={"made_by": "seller"}, deploy={"by": "seller"})
        assert told(judgement) == [
            ("custody_not_offered", "key.made_by is seller, Somebody's DV knows only: us"),
            ("custody_not_offered", "deploy.by is seller, Somebody's DV knows only: us"),
        ]
        assert [one.reference for one in judgement.errors] == ["C-1", "C-2"]
        assert [one.todo for one in judgement.errors] == ["Correct key.made_by", "Correct deploy.by"]

    def test_who_makes_and_deploys_it_as_it_is_sold_is_not_told_anything(self) -> None:
        assert told(judged(own(custody=self.RULES))) == []


class TestTerms:
    TERMS = (
        rows.ValidityRule("months", ("V-1",), "here", 12, period="1y"),
        rows.ValidityRule("months", ("V-2",), "here", 6, period="6m"),
    )

    def term(self, period: str | None, rule: rows.RenewalRule | None = None, **changes: t.Any) -> t.Any:
        product = own(validity=self.TERMS, renewal=(rule,) if rule is not None else ())
        return judged(product, options={"period": period} if period else {}, **changes).errors

    def test_a_term_that_is_not_sold_is_refused_with_those_that_are(self) -> None:
        (error,) = self.term("2y")
        assert (error.code, error.why) == ("period_not_sold", "options.period is 2y; Somebody's DV is sold for: 1y, 6m")
        assert (error.todo, error.reference) == ("Choose 1y or 6m", "V-1, V-2")
        assert self.term("6m") == self.term(None) == ()

    @pytest.mark.parametrize(("instead", "reference"), [("1y", "V-1, V-2, R-1"), ("", "V-1, V-2")])
    def test_the_facts_of_the_renewal_are_named_where_it_changes_terms(self, instead: str, reference: str) -> None:
        (error,) = self.term("2y", rows.RenewalRule("lapses", ("R-1",), "here", period_instead=instead))
        assert error.reference == reference

    @pytest.mark.parametrize(
        ("changes", "refused"),
        [
            pytest.param({}, True, id="a first one"),
            pytest.param({"live": LIVE}, False, id="who has one"),
            pytest.param({"previous": {"product": "own"}}, False, id="who had one"),
        ],
    )
    def test_a_term_that_nobody_sells_any_more_is_taken_only_from_who_had_it(
        self, changes: dict[str, t.Any], refused: bool
    ) -> None:
        rule = rows.RenewalRule("renews", ("R-1",), "here", stopped_periods=("2y",), period_instead="1y")
        assert bool(self.term("2y", rule, **changes)) is refused
        assert self.term("3y", rule, **changes), "another one was never sold"

    def test_a_product_without_terms_takes_any_word(self) -> None:
        assert told(judged(options={"period": "2y"})) == []


class TestProducts:
    @pytest.mark.parametrize(
        ("days", "why"),
        [
            ({"until": date(2026, 11, 1)}, "it was sold from long ago until 2026-11-01"),
            ({"since": date(2027, 1, 1)}, "it was sold from 2027-01-01 until now"),
        ],
    )
    def test_what_is_not_sold_on_that_day_is_told_apart_from_what_nobody_knows(
        self, days: dict[str, date], why: str
    ) -> None:
        judgement = judged(own(**days))
        assert told(judgement) == [("product_not_sold", why)]
        assert judgement.product is not None and judgement.methods == ()
        (error,) = judge(a_wish(product="owm"), a_book()).errors
        assert (error.code, "own" in error.todo) == ("unknown_product", True)

    @pytest.mark.parametrize("choose", list(Choose))
    def test_an_account_is_needed_only_where_something_may_be_ordered(self, choose: Choose) -> None:
        codes = [code for code, _why in told(judged(book=a_book(choose=choose), ca_account=None))]
        assert codes == ([] if choose is Choose.NONE else ["no_ca_account"])

    def test_an_account_that_is_not_declared_is_refused_with_the_nearest(self) -> None:
        book = a_book(accounts={"prod": a_book().account(None)})
        (error,) = judged(book=book, ca_account="prd").errors
        assert (error.code, "prod" in error.todo) == ("unknown_ca_account", True)
        assert told(judged(book=book, ca_account="prod")) == told(judged(ca_account="prd")) == []


class TestMethods:
    def test_no_method_and_an_unknown_one_are_told_with_those_that_are_possible(self) -> None:
        (none,) = judged(validation={}).errors
        assert (none.code, none.todo) == ("no_method", "Choose dns-01 or http-01")
        (unknown,) = judged(validation={"method": "email"}).errors
        assert (unknown.code, unknown.why) == ("method_not_offered", "Somebody's DV offers: dns-01, http-01")

    def test_an_old_validation_is_judged_for_each_certificate_by_its_own_day(self) -> None:
        book = a_book(own(methods=(DNS, HTTP)))
        found = {}
        for day in ("2026-11-01", "2024-01-01", None):
            changes = {"validated_on": f"{day}T00:00:00Z"} if day else {}
            judgement = judge(a_wish(**changes), book)
            found[day] = {one.offer.method: one.verdict.revalidate for one in judgement.methods}
        assert found == {
            "2026-11-01": {"dns-01": False, "http-01": False},
            "2024-01-01": {"dns-01": True, "http-01": False},
            None: {"dns-01": False, "http-01": False},
        }, "it says nothing of another method, nor of another certificate"

    def test_what_was_judged_for_plain_names_does_not_hold_for_wildcards(self) -> None:
        book = a_book(own(methods=(DNS, HTTP)))
        for name, expected in (("www.example.jp", True), ("*.example.jp", False), ("b.example.jp", True)):
            methods = judge(a_wish(common_name=name), book).methods
            assert {one.offer.method: one.verdict.allowed for one in methods} == {"dns-01": True, "http-01": expected}

    def test_accounts_and_links_are_judged_each_for_itself(self) -> None:
        narrow = a_book().account(None)
        accounts = {"wide": narrow, "narrow": type(narrow)(methods=frozenset({"http-01"}))}
        book = a_book(accounts=accounts)
        for account, errors in (("wide", []), ("narrow", ["method_not_allowed"]), ("wide", [])):
            assert [code for code, _why in told(judge(a_wish(ca_account=account), book))] == errors

    @pytest.mark.parametrize(
        ("name", "todo"),
        [
            pytest.param(
                "www.example.jp", "Ask the seller which method replaces it, or order other (http-01)", id="file"
            ),
            pytest.param("*.example.jp", "Ask the seller which method replaces it", id="a star has no file"),
        ],
    )
    def test_where_all_has_ended_the_way_out_is_one_for_these_names(self, name: str, todo: str) -> None:
        dying = DNS._replace(until=date(2026, 11, 1), other_products=("other",))
        other = own(methods=(HTTP,))._replace(key="other")
        book = a_book(own(methods=(dying,)), other)
        (error,) = judge(a_wish(common_name=name), book).errors
        assert (error.code, error.todo) == ("method_not_allowed", todo)

    def test_a_file_for_a_wildcard_is_told_as_such(self) -> None:
        product = own(methods=(FILE, DNS))
        validation = {"method": "file", "document_root": "/srv"}
        (error,) = judged(product, common_name="*.example.jp", validation=validation).errors
        assert (error.code, error.todo) == ("wildcard_with_file", "Choose dns-01")
        (error,) = judged(own(methods=(HTTP, DNS)), common_name="*.example.jp", validation={"method": "http-01"}).errors
        assert error.code == "method_not_allowed", "nothing is placed by the customer"


class TestPlaces:
    def by_file(self, **validation: t.Any) -> list[tuple[str, str]]:
        wish = {"dns_names": ["a.example.jp", "b.example.jp"], "validation": {"method": "file", **validation}}
        return told(judged(own(methods=(FILE,)), **wish))

    @pytest.mark.parametrize(
        ("validation", "why"),
        [
            pytest.param({}, "validation.document_root is missing", id="none at all"),
            pytest.param(
                {"document_roots": {"A.example.jp": "/srv/a"}},
                "validation.document_root is missing, and validation.document_roots has nothing for"
                " www.example.jp, b.example.jp",
                id="for some names",
            ),
        ],
    )
    def test_every_name_needs_a_folder(self, validation: dict[str, t.Any], why: str) -> None:
        assert self.by_file(**validation) == [("no_document_root", why)]

    def test_every_folder_needs_a_name(self) -> None:
        roots = {"a b": "/srv/x", "c.example.jp": "/srv/c", "a.example.jp": "/srv/a"}
        assert self.by_file(document_root="/srv", document_roots=roots) == [
            ("document_root_unused", "validation.document_roots names a b, c.example.jp")
        ]
        roots = dict.fromkeys(("www.example.jp", "a.example.jp", "b.example.jp"), "/srv")
        assert self.by_file(document_roots=roots) == self.by_file(document_root="/srv") == []


class TestSources:
    PRODUCT = own(methods=(), sources=(rows.SourceRule(("S-1",), "here"),))

    def brought(self, issued_from: str | None, sources: dict[str, str | None]) -> list[tuple[str, str]]:
        return told(judged(book=a_book(self.PRODUCT, sources=sources), issued_from=issued_from, validation={}))

    def test_what_is_brought_names_an_item_with_the_same_common_name(self) -> None:
        assert self.brought(None, {}) == [("no_source", "issued_from is missing (S-1)")]
        assert self.brought("y", {"z": None}) == [("unknown_source", "certificates has no such item")]
        assert self.brought("y", {"y": "shop.example.jp"}) == [
            ("other_common_name", "its common name is shop.example.jp, the contract's is www.example.jp (S-1)")
        ]
        assert (
            self.brought("y", {}) == self.brought("y", {"y": "WWW.example.jp"}) == self.brought("y", {"y": None}) == []
        )
        assert self.brought("y", {"y": "a b"}) == [], "its own refusal says why"


class TestOneError:
    def test_one_reason_is_told_as_it_is(self) -> None:
        (error,) = judged(validation={}).errors
        assert one_error(a_wish(), (error,)) is error
        assert one_error(a_wish(), ()) is None

    def test_two_are_counted_under_the_code_of_the_first(self) -> None:
        judgement = judged(own(custody=TestCustody.RULES), key={"made_by": "seller"}, deploy={"by": "seller"})
        found = one_error(a_wish(), judgement.errors)
        assert found is not None
        assert (found.code, found.what, found.where, found.reference) == (
            "custody_not_offered",
            "The certificate is refused",
            'item "x"',
            "C-1",
        )
        assert found.why == (
            "1. The seller does not work this way: key.made_by is seller, Somebody's DV knows only: us."
            " Correct key.made_by."
            " 2. The seller does not work this way: deploy.by is seller, Somebody's DV knows only: us."
            " Correct deploy.by."
        )


MAIL = rows.MethodOffer("email", ("3.2.2.4.4",), "mail", ("M-9",), "here")
BOX = rows.ContactOffer("constructed", ("base",), True, "chosen", "subtree", ("A-1",), "here", ("admin",))
LINK = rows.LinkRule("linked", "registrar", "email", ("K-1",), "here")
REGISTRAR = rows.MethodOffer("registrar", ("3.2.2.4.12",), "nothing", ("M-8",), "here")
BY_MAIL = {"method": "email", "contact": {"kind": "constructed", "address": "admin@example.jp"}}


class TestMail:
    PRODUCT = own(methods=(MAIL, DNS), contacts=(BOX,))

    def test_a_mailbox_is_chosen_for_mail_alone_and_where_nothing_else_is_wrong(self) -> None:
        chosen = judged(self.PRODUCT, validation=BY_MAIL).mailbox
        assert chosen is not None and chosen.address == "admin@example.jp"
        assert judged(self.PRODUCT, validation={**BY_MAIL, "method": "dns-01"}).mailbox is None
        assert judged(self.PRODUCT, validation=BY_MAIL, dns_names=["a b"]).mailbox is None
        bare = judged(self.PRODUCT, validation={"method": "email"}, dns_names=["a b"])
        assert [code for code, _why in told(bare)] == ["bad_dns_name"], "one thing after the other"

    def test_where_a_link_was_lost_under_way_the_seller_asks_which_mailbox(self) -> None:
        product = own(methods=(MAIL, REGISTRAR), contacts=(BOX,), links=(LINK,))
        order = {"state": "validating", "method": "registrar"}
        words = {"options": {"linked": False}, "order": order}
        lost = judged(product, validation={"method": "registrar"}, **words)
        assert (told(lost), lost.mailbox, lost.link.lost) == ([], None, True)
        named = judged(product, validation={**BY_MAIL, "method": "registrar"}, **words)
        assert told(named) == [] and named.mailbox is not None

    def test_a_method_that_needs_a_link_says_so(self) -> None:
        product = own(methods=(MAIL, REGISTRAR), contacts=(BOX,), links=(LINK,))
        refused = judged(product, validation={"method": "registrar"}, options={"linked": False})
        ((code, why),) = told(refused)
        assert code == "method_not_allowed" and "options.linked is true" in why


class TestVerdicts:
    def test_a_seller_may_be_stricter_with_wildcards_than_the_rules(self) -> None:
        strict = own(methods=(DNS._replace(wildcard=False), HTTP._replace(wildcard=False)))
        methods = {one.offer.method: one.verdict for one in judged(strict, common_name="*.example.jp").methods}
        assert methods["dns-01"].reasons == ("the seller does not offer it for a wildcard name (*.example.jp)",)
        assert "the seller" not in " ".join(methods["http-01"].reasons), "no CA may do it"
        assert not methods["dns-01"].allowed and not methods["http-01"].allowed
        assert all(one.verdict.allowed for one in judged(strict).methods)

    def test_an_offer_ends_with_the_last_of_its_rules_or_when_the_seller_says(self) -> None:
        def ends(*rules: str, until: date | None = None) -> date | None:
            offer = DNS._replace(rules=rules, until=until)
            (answer,) = judged(own(methods=(offer,))).methods
            return answer.verdict.ends_on

        assert ends("3.2.2.4.7") is None
        assert ends("3.2.2.4.16") == date(2027, 3, 15)
        assert ends("3.2.2.4.16", "3.2.2.4.14") == date(2028, 3, 15)
        assert ends("3.2.2.4.16", "3.2.2.4.7") is None
        assert ends("3.2.2.4.16", until=date(2027, 1, 1)) == date(2027, 1, 1)
        assert ends("3.2.2.4.7", until=date(2027, 1, 1)) == date(2027, 1, 1)

    def test_of_several_rules_one_that_is_not_discouraged_counts(self) -> None:
        (answer,) = judged(own(methods=(DNS._replace(rules=("3.2.2.4.16", "3.2.2.4.7")),))).methods
        assert (answer.verdict.allowed, answer.verdict.discouraged) == (True, False)
        (answer,) = judged(own(methods=(DNS._replace(rules=("3.2.2.4.16",)),))).methods
        assert (answer.verdict.allowed, answer.verdict.discouraged) == (True, True)

    @pytest.mark.parametrize(("until", "way_out"), [(date(2026, 11, 20), True), (date(2026, 11, 19), True)])
    def test_on_its_very_day_a_method_is_over(self, until: date, way_out: bool) -> None:
        (error,) = judged(own(methods=(DNS._replace(until=until),))).errors
        assert (error.todo == "Ask the seller which method replaces it") is way_out
