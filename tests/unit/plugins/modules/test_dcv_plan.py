# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.book import Account, Book, NameTools
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector, InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, RenewalPolicy
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import read_wishes
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import is_public_suffix, registrable_domain
from ansible_collections.inkan.tls.plugins.modules import dcv_plan
from hypothesis import given
from hypothesis import strategies as st

PLAN_KEYS = (
    "name product seller ca validation_level methods contacts records files steps tasks renewal validity cliffs"
    " error".split()
)


def item(name: str = "shop", **changes: t.Any) -> dict[str, t.Any]:
    return {
        "name": name,
        "common_name": "shop.example.jp",
        "ca_account": "a",
        "validation": {"method": "dns-01"},
        **changes,
    }


def plan(*items: dict[str, t.Any], as_of: str = "2026-11-20", **options: t.Any) -> Result:
    return dcv_plan.run({"certificates": list(items), "as_of": as_of, **options}, False)


def code(result: Result, index: int = 0) -> str | None:
    error = result.items[index].error
    return error.code if error is not None else None


def test_the_plan_of_a_dns_01_certificate() -> None:
    result = plan(item(dns_names=["www.shop.example.jp", "SHOP.example.jp", "*.shop.example.jp"]))
    (found,) = result.extra["plans"]
    assert list(found) == PLAN_KEYS
    assert [found[key] for key in ("seller", "ca", "validation_level", "error")] == ["acme", None, "dv", None]
    assert found["records"] == [
        {"name": "_acme-challenge.shop.example.jp", "type": "TXT", "value": "known_after_order"},
        {"name": "_acme-challenge.www.shop.example.jp", "type": "TXT", "value": "known_after_order"},
    ]
    assert found["files"] == []
    assert found["validity"] == {
        "max_days": 200,
        "not_after": "2027-06-07T23:59:59Z",
        "reasons": ["a certificate issued on 2026-11-20 lives at most 200 days"],
        "facts": ["SC-081v3", "BR 6.3.2"],
    }
    assert [step["actor"] for step in found["steps"]] == ["customer", "customer", "ca", "customer"]
    assert found["renewal"]["if_ignored"] == {"outcome": "lapses", "key_made_by": None, "period": None}


def test_the_plan_of_an_http_01_certificate() -> None:
    validation = {"method": "http-01", "document_root": "/var/www"}
    (found,) = plan(item(dns_names=["www.shop.example.jp"], validation=validation)).extra["plans"]
    assert [file["url"] for file in found["files"]] == [
        "http://shop.example.jp/.well-known/acme-challenge/known_after_order",
        "http://www.shop.example.jp/.well-known/acme-challenge/known_after_order",
    ]
    assert found["records"] == []
    assert [method["method"] for method in found["methods"] if method["allowed"]] == [
        "dns-01",
        "dns-account-01",
        "dns-persist-01",
        "http-01",
    ]


def test_the_item_in_its_final_form() -> None:
    result = plan(
        item(
            common_name="*.例え.jp",
            dns_names=["例え.jp", "*.例え.jp"],
            hosts="webservers",
            deploy={"reload": "nginx", "copies": [{"path": "/etc/x.pem", "content": "combined", "mode": "600"}]},
        ),
        https_port=8443,
    )
    final = result.items[0].extra["certificate"]
    assert final["common_name"] == "*.xn--r8jz45g.jp"
    assert final["dns_names"] == ["*.xn--r8jz45g.jp", "xn--r8jz45g.jp"]
    assert final["key"] == {"type": "ecdsa-p256", "reuse": False, "made_by": "us"}
    assert (final["hosts"], final["validation"]["hosts"], final["method"]) == (["webservers"], ["webservers"], "dns-01")
    assert final["deploy"]["copies"] == [
        {"path": "/etc/x.pem", "content": "combined", "owner": None, "group": None, "mode": "0600"}
    ]
    assert final["deploy"]["handshake"] == {
        "address": "127.0.0.1",
        "port": 8443,
        "server_name": "xn--r8jz45g.jp",
        "timeout": 10,
    }


def test_a_service_with_wildcard_names_only_is_asked_for_a_name_below() -> None:
    result = plan(item(common_name="*.example.jp", deploy={"reload": "nginx"}))
    assert result.items[0].extra["certificate"]["deploy"]["handshake"]["server_name"] == "wildcard.example.jp"


HTTP = {"method": "http-01", "document_root": "/var/www"}


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        pytest.param({"common_name": "tokyo.jp"}, "public_suffix", "below it", id="a public suffix"),
        pytest.param({"common_name": "*.tokyo.jp"}, "public_suffix", "tokyo.jp is", id="a wildcard on a public suffix"),
        pytest.param({"common_name": "kawasaki.jp"}, "public_suffix", "", id="the parent of a wildcard rule"),
        pytest.param(
            {"common_name": "www.例.東京.jp", "dns_names": ["東京.jp"]}, "public_suffix", "", id="in U-labels"
        ),
        pytest.param(
            {"common_name": "*.example.jp", "validation": HTTP}, "wildcard_with_file", "dns-01", id="wildcard by file"
        ),
        pytest.param({"dns_names": ["*.example.jp"], "validation": HTTP}, "wildcard_with_file", "", id="among others"),
        pytest.param({"validation": {"method": "http-01"}}, "no_document_root", "folder", id="no place for the file"),
        pytest.param({"validation": {"method": "email"}}, "method_not_offered", "dns-01", id="a method ACME has not"),
        pytest.param(
            {"validation": {}}, "no_method", "dns-01 or dns-account-01 or dns-persist-01 or http-01", id="no method"
        ),
        pytest.param({"product": "amce"}, "unknown_product", 'mean "acme"', id="an unknown product"),
        pytest.param({"ca_account": None}, "no_ca_account", "inkan_ca_accounts", id="no account"),
        pytest.param({"key": {"made_by": "seller"}}, "custody_not_offered", "key.made_by", id="a key by the CA"),
        pytest.param({"deploy": {"by": "seller"}}, "custody_not_offered", "deploy.by", id="deployed by the CA"),
        pytest.param({"common_name": "a" * 62 + ".jp"}, None, "", id="a first name too long for a common name"),
        pytest.param({"common_name": "a" * 64 + ".jp"}, "bad_dns_name", "label", id="a label of 64 characters"),
        pytest.param({"dns_names": [f"n{n}.example.jp" for n in range(99)]}, None, "", id="100 names"),
        pytest.param({"dns_names": [f"n{n}.example.jp" for n in range(100)]}, "too_many_names", "101", id="101 names"),
        pytest.param(
            {"dns_names": [f"n{n}.example.jp" for n in range(100)], "options": {"max_names": 250}},
            None,
            "",
            id="101 names where the CA takes more",
        ),
        pytest.param({"common_name": "localhost"}, "bad_dns_name", "one label", id="a single label"),
        pytest.param({"common_name": "192.0.2.1"}, "bad_dns_name", "a number, as of an address", id="an IP address"),
        pytest.param({"common_name": "a_b.example.jp"}, "bad_dns_name", "a_b", id="an underscore"),
        pytest.param({"common_name": "a.*.example.jp"}, "bad_dns_name", "'*'", id="a star inside"),
        pytest.param({"common_name": "www example.jp"}, "bad_dns_name", "", id="a blank"),
        pytest.param({"common_name": "a..example.jp"}, "bad_dns_name", "", id="an empty label"),
        pytest.param({"common_name": "../../etc/passwd.jp"}, "bad_dns_name", "", id="a path"),
        pytest.param({"common_name": "x.2.0.192.in-addr.arpa"}, "bad_dns_name", "reverse tree", id="the reverse tree"),
    ],
)
def test_what_is_refused_and_what_is_not(changes: dict[str, t.Any], expected: str | None, words: str) -> None:
    result = plan(item(**changes), item("good"))
    assert code(result) == expected
    refused, good = result.extra["plans"]
    assert (refused["error"] is None) is (expected is None)
    if expected is not None:
        assert words in refused["error"]["message"]
        assert (refused["records"], refused["files"]) == ([], [])
        assert result.items[0].outcome == "refused"
        assert result.items[0].extra["certificate"] is None
    assert good["error"] is None
    assert result.items[1].outcome == "due"


def test_all_reasons_of_a_refused_item_come_at_once() -> None:
    result = plan(item(common_name="*.tokyo.jp", dns_names=["a b.jp"], validation={"method": "http-01"}))
    message = result.extra["plans"][0]["error"]["message"]
    for word in ("public suffix", "'a b.jp'", "wildcard name", "1. ", "2. ", "3. "):
        assert word in message


def test_errors_of_all_options_refuse_the_call_in_one_message() -> None:
    with pytest.raises(InputErrors) as caught:
        plan(item(), item(), item("x", foo=1), as_of="tomorrow", renewal={"fraction": 2}, https_port=0)
    text = str(caught.value)
    for word in ("5 errors", 'named "shop"', "foo", "as_of", "renewal.fraction", "https_port"):
        assert word in text


def test_what_a_rule_refuses_is_told_together_with_what_cannot_be_read() -> None:
    with pytest.raises(InputErrors) as caught:
        plan(
            item("suffix", common_name="co.jp"),
            item("star", common_name="*.example.jp", validation={"method": "http-01", "document_root": "/srv"}),
            item("twice"),
            item("twice"),
            item("fine"),
        )
    codes = {error.code for error in caught.value.errors}
    assert codes == {"duplicate_name", "public_suffix", "wildcard_with_file"}


@pytest.mark.parametrize("as_of", ["2023-12-31", "2100-01-01"])
def test_days_of_which_no_rule_is_known_are_refused(as_of: str) -> None:
    with pytest.raises(InputErrors, match="2024-01-01"):
        plan(item(), as_of=as_of)


def test_the_account_narrows_what_the_product_offers() -> None:
    accounts = {"a": {"offers": {"methods": ["http-01"]}, "adapter": "acme"}}
    result = plan(item(), item("b", ca_account="aa"), ca_accounts=accounts)
    assert code(result, 0) == "method_not_allowed"
    assert code(result, 1) == "unknown_ca_account"
    dns = result.extra["plans"][0]["methods"][0]
    assert (dns["method"], dns["allowed"]) == ("dns-01", False)
    assert '"a" does not offer it' in dns["reasons"][0]


def test_a_method_that_an_account_lacks_is_told_apart_from_a_wildcard_by_file() -> None:
    accounts = {"a": {"offers": {"methods": ["dns-01"]}}}
    result = plan(
        item(validation=HTTP), item("star", common_name="*.example.jp", validation=HTTP), ca_accounts=accounts
    )
    assert [code(result, index) for index in (0, 1)] == ["method_not_allowed", "wildcard_with_file"]


def test_only_the_method_of_the_old_validation_says_that_it_is_too_old() -> None:
    for validated_on, words in (("2026-05-04", []), ("2026-05-03", ["dns-01"])):
        (found,) = plan(item(validated_on=validated_on)).extra["plans"]
        assert [one["method"] for one in found["methods"] if "validate again" in " ".join(one["reasons"])] == words


def test_a_name_that_cannot_be_read_leaves_the_others_as_they_are() -> None:
    result = plan(item(dns_names=["xn--.example.jp", "www.shop.example.jp"], validation=HTTP))
    (found,) = result.extra["plans"]
    assert code(result) == "bad_dns_name"
    assert "'xn--.example.jp'" in found["error"]["what"]
    assert "no Punycode" in found["error"]["why"]


@pytest.mark.parametrize(("method", "hit"), [("dns-01", True), ("http-01", False)])
def test_the_algorithm_of_authorization_names_hits_methods_that_prune(method: str, hit: bool) -> None:
    for as_of, ahead in (("2026-11-14", hit), ("2026-11-15", False)):
        (found,) = plan(item(validation={**HTTP, "method": method}), as_of=as_of).extra["plans"]
        assert any("Authorization Domain Name" in cliff["what"] for cliff in found["cliffs"]) is ahead


def test_an_account_with_secrets_is_refused_and_they_are_not_shown() -> None:
    with pytest.raises(InputErrors) as caught:
        plan(item(), ca_accounts={"a": {"secrets": {"hmac": "canary-value"}}})
    assert "canary-value" not in str(caught.value)


def test_cliffs_come_soonest_first_and_only_those_ahead() -> None:
    (found,) = plan(item()).extra["plans"]
    dates = [cliff["date"] for cliff in found["cliffs"]]
    assert dates == ["2026-12-15", "2027-03-15", "2027-03-15", "2027-03-15", "2029-03-15"]
    assert all(cliff["what"] and cliff["do"] and cliff["facts"] for cliff in found["cliffs"])
    (later,) = plan(item(), as_of="2029-03-15").extra["plans"]
    assert later["cliffs"] == []


def test_an_old_validation_is_a_cliff() -> None:
    (found,) = plan(item(validated_on="2026-11-01")).extra["plans"]
    assert {"date": "2027-03-15", "what": "the validation of 2026-11-01 is worth nothing any more"}.items() <= next(
        cliff for cliff in found["cliffs"] if "validation of" in cliff["what"]
    ).items()


LIVE = {
    "not_before": "2026-10-01T00:00:00Z",
    "not_after": "2026-12-30T00:00:00Z",
    "dns_names": ["shop.example.jp"],
    "key_type": "ecdsa-p256",
}


@pytest.mark.parametrize(
    ("changes", "options", "outcome", "reason", "state"),
    [
        pytest.param({}, {}, "due", "no_certificate", "absent", id="nothing there"),
        pytest.param({"live": LIVE}, {}, "not_due", "not_due", "live", id="as wished"),
        pytest.param(
            {"live": LIVE}, {"renewal": {"fraction": 0.5}}, "due", "window_open", "live", id="its day has come"
        ),
        pytest.param({"order": {"state": "wanted"}}, {}, "in_progress", "order_open", "wanted", id="an open order"),
        pytest.param({"live": LIVE}, {"choose": "none"}, "not_due", "not_asked", "live", id="nothing asked"),
    ],
)
def test_the_due_decision(
    changes: dict[str, t.Any], options: dict[str, t.Any], outcome: str, reason: str, state: str
) -> None:
    found = plan(item(**changes), **options).items[0].as_data()
    assert (found["outcome"], found["due"]["code"], found["state"]) == (outcome, reason, state)
    assert found["due"]["is_due"] is (outcome == "due")
    assert found["changed"] is False


def test_the_window_of_the_plan_is_the_day_of_the_decision() -> None:
    result = plan(item(live=LIVE))
    window = result.extra["plans"][0]["renewal"]
    assert window["window_opens"] == result.items[0].extra["due"]["at"] == "2026-11-30T00:43:12Z"
    assert window["window_closes"] == "2026-12-30T00:00:00Z"


def test_missing_hosts_are_told_and_are_no_reason_for_an_order() -> None:
    found = plan(item(live=LIVE, hosts_missing=["web3"])).items[0].as_data()
    assert (found["outcome"], found["hosts_missing"]) == ("not_due", ["web3"])


def test_a_forced_name_that_is_not_there_is_a_warning() -> None:
    result = plan(item(), renewal={"force": ["shpo"]})
    assert "shpo" in result.warnings[0]


def test_plans_may_be_left_out() -> None:
    assert "plans" not in plan(item(), only_results=True).extra


def test_without_as_of_the_clock_is_asked() -> None:
    class Clock:
        def now(self) -> datetime:
            return datetime(2029, 3, 15, tzinfo=timezone.utc)

        def monotonic(self) -> float:
            return 0.0

        def sleep(self, seconds: float) -> None:
            raise AssertionError

    result = dcv_plan.run({"certificates": [item()]}, True, clock=Clock())
    assert result.extra["plans"][0]["validity"]["max_days"] == 47


# -- a made-up seller with mails and windows: only rows

MAIL = rows.Product(
    key="mail-dv",
    seller="made-up",
    ca="jprs",
    validation_level="dv",
    title="Made-up DV",
    source="test",
    names=(rows.NameRule("no", 2, ("X-1",), "test"),),
    custody=(rows.CustodyRule(("us", "seller"), ("seller",), ("X-2",), "test"),),
    methods=(
        rows.MethodOffer("email", ("3.2.2.4.2", "3.2.2.4.4", "3.2.2.4.14"), "mail", ("X-3",), "test", way_out="file"),
        rows.MethodOffer("file", ("3.2.2.4.18",), "file", ("X-4",), "test", until=date(2027, 1, 1)),
    ),
    contacts=(
        rows.ContactOffer(
            "constructed",
            ("fqdn", "unwww", "base"),
            True,
            "chosen",
            "fqdn",
            ("X-5",),
            "test",
            local_parts=("admin", "postmaster"),
        ),
        rows.ContactOffer("whois", ("base",), True, "chosen", "fqdn", ("X-6",), "test", until=date(2025, 7, 6)),
    ),
    steps=(rows.StepRule("customer", "approve", ("X-7",), "test", methods=("email",), after_days=25),),
    notices=(rows.NoticeRule(30, "operations managers", ("X-8",), "test"),),
    renewal=(rows.RenewalRule("renews", ("X-9",), "test", 30, 21, ("common_name",), "seller", "last time's", 21),),
    validity=(rows.ValidityRule("days", ("X-10",), "test", amount=180),),
)


def mail_plan(day: datetime, **changes: t.Any) -> tuple[dict[str, t.Any], str | None]:
    errors = InputCollector()
    contact = {"address": "admin@example.jp"}
    validation = {"method": "email", "contact": contact}
    raw = item(product="mail-dv", validation=validation, deploy={"by": "seller"}, **changes)
    (wish,) = read_wishes([raw], errors)
    errors.refuse()
    tools = NameTools(to_alabel, is_public_suffix, registrable_domain)
    book = Book(day, tools, {"mail-dv": MAIL}, RenewalPolicy(), Choose.RENEW, {"a": Account()})
    planned = plan_certificate(wish, book)
    return planned.plan, planned.error.code if planned.error is not None else None


def test_a_seller_by_mail_is_only_rows() -> None:
    found, error = mail_plan(
        datetime(2026, 11, 20, tzinfo=timezone.utc), common_name="www.shop.example.jp", expires="2027-01-31"
    )
    assert error is None
    assert [contact["address"] for contact in found["contacts"] if contact["allowed"]] == [
        "admin@www.shop.example.jp",
        "postmaster@www.shop.example.jp",
        "admin@shop.example.jp",
        "postmaster@shop.example.jp",
        "admin@example.jp",
        "postmaster@example.jp",
    ]
    whois = found["contacts"][-1]
    assert (whois["kind"], whois["address"], whois["allowed"]) == ("whois", None, False)
    assert found["steps"] == [{"actor": "customer", "action": "approve", "due": "2026-12-15", "facts": ["X-7"]}]
    assert found["renewal"] == {
        "notices": [{"date": "2027-01-01", "to": "operations managers"}],
        "window_opens": "2027-01-01",
        "window_closes": "2027-01-10",
        "immutable": ["common_name"],
        "if_ignored": {"outcome": "renews", "key_made_by": "seller", "period": "last time's"},
        "cancel_by": "2027-01-10",
        "cancel_days": 21,
        "note": "",
        "facts": ["X-8", "X-9"],
    }
    assert found["validity"]["max_days"] == 180
    mail = found["methods"][0]
    assert (mail["allowed"], mail["discouraged"], mail["ends_on"]) == (True, True, "2028-03-15")
    ends = [cliff for cliff in found["cliffs"] if cliff["date"] == "2028-03-15"]
    assert {cliff["do"] for cliff in ends} == {"move to file"}
    assert len(ends) == 1  # of the mailbox that was chosen, not of the other kinds


def test_a_mail_product_ends_with_the_last_mail_method() -> None:
    assert mail_plan(datetime(2028, 3, 14, 23, 59, 59, tzinfo=timezone.utc))[1] is None
    found, error = mail_plan(datetime(2028, 3, 15, tzinfo=timezone.utc))
    assert error == "method_not_allowed"
    assert not any(method["allowed"] for method in found["methods"])


def test_a_product_without_wildcards_refuses_them() -> None:
    assert mail_plan(datetime(2026, 11, 20, tzinfo=timezone.utc), common_name="*.example.jp")[1] == "wildcard_not_sold"


# -- total and deterministic ------------------------------------------------------------------------------------------

NAMES = st.one_of(st.text(max_size=30), st.sampled_from(["*.例.jp", "tokyo.jp", "a.example.co.jp", "x" * 70 + ".jp"]))


@given(
    name=NAMES,
    others=st.lists(NAMES, max_size=3),
    method=st.sampled_from(["dns-01", "http-01", "email", "x"]),
    day=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_every_name_method_and_day_has_one_plan(name: str, others: list[str], method: str, day: date) -> None:
    raw = item(common_name=name, dns_names=others, validation={"method": method, "document_root": "/www"})
    try:
        first = plan(raw, as_of=day.isoformat())
    except InputErrors:
        return  # not even the shape
    assert json.dumps(first.extra) == json.dumps(plan(raw, as_of=day.isoformat()).extra)
    (found,) = first.extra["plans"]
    end = datetime.fromisoformat(found["validity"]["not_after"].replace("Z", "+00:00"))
    cap = 398 if day < date(2026, 3, 15) else 200 if day < date(2027, 3, 15) else 100 if day < date(2029, 3, 15) else 47
    assert end - datetime(day.year, day.month, day.day, tzinfo=timezone.utc) < timedelta(days=cap)
    if found["error"] is None:
        assert all(registrable_domain(one) for one in first.items[0].extra["certificate"]["dns_names"])
        assert not (method == "http-01" and any(one.startswith("*") for one in [name, *others]))


# -- the user's own catalogue and organizations -----------------------------------------------------------------------


def test_a_product_of_the_users_own_is_planned_and_a_wrong_one_refuses_the_call() -> None:
    mine = {"my-dv": {"like": "acme", "title": "Mine", "seller": "mine"}}
    result = plan(item(product="my-dv"), products=mine, sellers={"mine": {"title": "My seller"}})
    (found,) = result.extra["plans"]
    assert (found["product"], found["seller"], found["error"]) == ("my-dv", "mine", None)
    with pytest.raises(InputErrors) as caught:
        plan(item(product="my-dv"), products={"my-dv": {"like": "acmee"}}, organizations={"a": {"kind": "firm"}})
    assert "products.my-dv.like" in str(caught.value)
    assert "organizations.a.kind" in str(caught.value)


def test_the_kind_of_order_is_told() -> None:
    def kind(**changes: t.Any) -> t.Any:
        return plan(item(**changes)).items[0].extra["due"]["kind"]

    live = {"not_before": "2026-10-01T00:00:00Z", "not_after": "2026-12-01T00:00:00Z"}
    assert kind() == "issue"
    assert kind(live=live) == "renew"
    assert kind(live={**live, "not_after": "2027-03-01T00:00:00Z"}) is None
    assert kind(validation={"method": "email"}) is None  # refused
