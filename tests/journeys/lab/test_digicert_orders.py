# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CertCentral's API: what it answers, what it refuses, and the life of an order after its first certificate."""

from __future__ import annotations

import csv
import io
import json
import re
import ssl
import typing as t
import urllib.request
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from journeys.lab.customer import Customer, Document, certificates
from journeys.lab.partner import csr
from lab.lab import Lab

DV, OV, EV = "ssl_dv_geotrust_flex", "ssl_basic", "ssl_ev_basic"
TXT = "dns-txt-token"
WWW, APEX = "www.example.jp", "example.jp"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def customer(lab: Lab) -> Customer:
    return Customer(lab)


def issued(customer: Customer, names: t.Sequence[str] = (WWW,), product: str = DV, **more: t.Any) -> Document:
    """The order as it is shown."""
    order = customer.order(product, names, TXT, **more)
    if "dcv_random_value" in order:
        customer.txt(APEX, order["dcv_random_value"])
        assert customer.check(order["id"]).json["order_status"] == "issued"
    return customer.look(order["id"])


def states(lab: Lab, order: int) -> list[str]:
    return [event["state"] for event in lab.history.events("state", order=order)]


# --- submit ---


def test_a_submit_with_every_documented_field(lab: Lab, customer: Customer) -> None:
    more = {
        "certificate": {
            "server_platform": {"id": 45},
            "profile_option": "server_auth_only_eku",
            "organization_units": [],
        },
        "order_validity": {"years": 2},
        "container": {"id": 5},
        "certificate_dcv_scope": "base_domain",
        "payment_method": "balance",
        "skip_approval": True,
        "auto_renew": 1,
        "auto_reissue": 0,
        "disable_ct": False,
        "disable_renewal_notifications": True,
        "custom_renewal_message": "x",
        "additional_emails": ["ops@example.jp"],
        "locale": "ja",
        "comments": "by a test",
        "custom_fields": [{"metadata_id": 12, "value": "team"}],
        "alternative_order_id": "ref-1",
        "technical_contact": {"first_name": "A", "last_name": "B", "email": "a@example.jp"},
    }
    order = customer.order(DV, [WWW, APEX], TXT, **more)
    assert order["requests"][0]["status"] == "approved"
    assert re.fullmatch(r"[a-z0-9]{32,}", order["dcv_random_value"])
    shown = customer.look(order["id"])
    assert (shown["status"], shown["dcv_method"], shown["alternative_order_id"]) == ("pending", TXT, "ref-1")
    assert (shown["product"]["name_id"], shown["product"]["validation_type"]) == (DV, "dv")
    assert (shown["container"], shown["organization"]) == ({"id": 5, "name": "Example K.K."}, None)
    assert (shown["is_multi_year_plan"], shown["custom_fields"]) == (True, [{"metadata_id": 12, "value": "team"}])
    assert shown["certificate"]["dns_names"] == [WWW, APEX]
    assert "id" not in shown["certificate"]
    assert shown["certificate"]["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}\+00:00", shown["date_created"])
    [event] = lab.history.events("order")
    assert (event["ca"], event["order"], event["reference"]) == ("digicert", order["id"], "ref-1")


def test_legacy_terms_and_a_csr_in_one_line_are_taken(customer: Customer) -> None:
    one_line = csr([WWW]).replace("\n", "")
    for term in ({"validity_years": 1}, {"validity_days": 90}, {"custom_expiration_date": "2099-01-01"}):
        body = {**customer.wish([WWW], TXT, certificate={"csr": one_line}), **term}
        del body["order_validity"]
        assert customer.call("POST", f"/order/certificate/{DV}", body).status == 201


WRONG: list[tuple[str, str, Document]] = [
    ("no term", DV, {"order_validity": None}),
    ("two terms", DV, {"order_validity": {"years": 1, "days": 3}}),
    ("four years", DV, {"order_validity": {"years": 4}}),
    ("a date that is past", DV, {"order_validity": {"custom_expiration_date": "2020-01-01"}}),
    ("no CSR", DV, {"certificate": {"csr": ""}}),
    (
        "no CSR at all",
        DV,
        {"certificate": {"csr": "-----BEGIN CERTIFICATE REQUEST-----AAAA-----END CERTIFICATE REQUEST-----"}},
    ),
    ("no name", DV, {"certificate": {"common_name": None}}),
    ("a name that is none", DV, {"certificate": {"common_name": "a_b.example.jp"}}),
    ("a domain that nobody has", DV, {"certificate": {"common_name": "www.example.net"}}),
    ("a wildcard for EV", EV, {"certificate": {"common_name": "*.example.jp"}}),
    ("no wildcard for a wildcard product", "wildcard_dv_rapidssl", {}),
    ("too many names", "ssl_dv_rapidssl", {"certificate": {"dns_names": [f"a{n}.example.jp" for n in range(3)]}}),
    ("no hash", OV, {"certificate": {"signature_hash": None}}),
    ("an old hash", OV, {"certificate": {"signature_hash": "sha1"}}),
    ("no organization", OV, {"organization": {}}),
    ("a scope that is none", DV, {"certificate_dcv_scope": "all"}),
    ("a way to pay that is none", DV, {"payment_method": "cash"}),
    ("addresses for a token", DV, {"dcv_emails": [{"dns_name": WWW, "email": "admin@example.jp"}]}),
    ("no approver for EV", EV, {"organization": {"id": 117483}}),
    ("an ICA that is none", DV, {"certificate": {"ca_cert_id": "00"}}),
    ("a client certificate, too late", DV, {"certificate": {"profile_option": "server_client_auth_eku"}}),
    ("an auth key that is none", DV, {"use_auth_key": True}),
    ("a custom field without its number", DV, {"custom_fields": [{"value": "x"}]}),
]


@pytest.mark.parametrize(("product", "wrong"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_refused_and_nothing_is_ordered(
    lab: Lab, customer: Customer, product: str, wrong: Document
) -> None:
    answer = customer.submit(product, [WWW], TXT, **wrong)
    assert (answer.status, answer.code) == (400, "bad_request_format")
    assert lab.digicert.orders() == lab.history.events("order") == []


@pytest.mark.parametrize(
    ("product", "more", "status", "code"),
    [
        ("ssl_nothing", {}, 404, "not_found|product"),
        ("ssl", {}, 400, "ambiguous_product"),
        (DV, {"dcv_method": "dns"}, 400, "invalid_dcv_method"),
        (DV, {"renewal_of_order_id": 1}, 404, "not_found|order"),
        (DV, {"container": {"id": 99}}, 404, "not_found"),
        (OV, {"organization": {"id": 99}}, 404, "not_found"),
    ],
)
def test_other_refusals(customer: Customer, product: str, more: Document, status: int, code: str) -> None:
    more = {"dcv_method": TXT, **more}
    if product.startswith("ssl_n") or product == "ssl":
        more["organization"] = None
    answer = customer.submit(product, [WWW], more.pop("dcv_method"), **more)
    assert (answer.status, answer.code) == (status, code)


def test_a_product_is_chosen_by_a_hint(customer: Customer) -> None:
    order = customer.order("ssl", [WWW], TXT, product={"type_hint": "ov"})
    assert customer.look(order["id"])["product"]["name_id"] == OV


def test_no_route_no_order_no_json(customer: Customer) -> None:
    assert customer.call("GET", "/nothing").code == "not_found|route"
    assert customer.call("DELETE", "/order/certificate/1").code == "not_found|route"
    assert customer.call("POST", f"/order/certificate/{DV}", ["x"]).code == "bad_request_format"
    for method, path in (("GET", ""), ("PUT", "/check-dcv"), ("PUT", "/status"), ("POST", "/reissue")):
        answer = customer.call(method, f"/order/certificate/77{path}", {"status": "canceled"})
        assert (answer.status, answer.code) == (404, "not_found|order"), path


# --- keys and limits ---


def test_without_a_good_key_there_is_no_answer(lab: Lab) -> None:
    for key in ("", "wrong"):
        assert Customer(lab, key).submit(DV, [WWW]).status == 401
    lab.switches.only("dc_401_page")
    assert b"<html" in Customer(lab, "wrong").submit(DV, [WWW]).body
    assert lab.digicert.orders() == []


def test_a_key_may_do_what_it_is_restricted_to(lab: Lab) -> None:
    keys = lab.facts()["digicert"]["keys"]
    tries = (
        ("GET", "/product"),
        ("POST", f"/order/certificate/{DV}"),
        ("POST", "/domain"),
        ("PUT", "/request/1/status"),
    )
    forbidden = {
        name: [f"{method} {path}" for method, path in tries if Customer(lab, key).call(method, path, {}).status == 403]
        for name, key in keys.items()
    }
    everything = [f"{method} {path}" for method, path in tries]
    assert forbidden == {
        "unrestricted": [],
        "administrator": [],
        "orders": everything[2:],
        "orders_domains_organizations": everything[3:],
        "view_only": everything[1:],
        "user_management": everything,
    }
    assert Customer(lab, keys["view_only"]).call("POST", "/domain", {}).code == "access_denied|missing_permission"


def test_the_hundred_and_first_request_in_five_seconds_is_refused(lab: Lab, customer: Customer) -> None:
    for _unused in range(50):
        assert lab.digicert.limits.allow("unrestricted")
    lab.digicert.limits.limits = ((53, 5.0), (1000, 180.0))
    answers = [customer.call("GET", "/product") for _unused in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json == {
        "errors": [
            {"code": "request_limit_exceeded", "message": "Service unavailable, please limit request volume"},
        ]
    }
    assert "retry-after" not in answers[3].headers
    assert lab.history.events("request")[-1]["vice"] == "request limit"


# --- looking and finding ---


def test_an_order_is_found_by_number_serial_and_thumbprint(customer: Customer) -> None:
    order = issued(customer)
    for key in ("serial_number", "thumbprint"):
        answer = customer.call("GET", f"/order/certificate/{order['certificate'][key]}")
        assert answer.json["id"] == order["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", order["certificate"]["valid_till"])


def test_several_orders_may_have_one_reference(customer: Customer) -> None:
    first, second = (customer.order(DV, [WWW], TXT, alternative_order_id="same")["id"] for _unused in range(2))
    answer = customer.call("GET", "/order/alternate/same").json
    assert answer["page"]["total"] == 2
    assert [one["order_id"] for one in answer["orders"]] == [second, first]
    assert [one["status"] for one in answer["orders"]] == ["pending", "pending"]
    assert customer.call("GET", "/order/alternate/sam").json["orders"] == []


def test_lists_by_every_filter(lab: Lab, customer: Customer) -> None:
    first = issued(customer, [WWW, "shop.example.jp"], alternative_order_id="one")
    second = customer.order(DV, ["www.example.com"], TXT, custom_fields=[{"metadata_id": 3, "value": "x"}])["id"]
    third = customer.order(OV, ["www.example.co.jp"], TXT, renewal_of_order_id=first["id"], container={"id": 6})["id"]
    everything, one = [third, second, first["id"]], [first["id"]]
    serial, certificate = first["certificate"]["serial_number"], str(first["certificate"]["id"])
    expected = [
        ({}, everything),
        ({"id": str(second)}, [second]),
        ({"status": "issued"}, one),
        ({"status": "%end%"}, [third, second]),
        ({"organization_id": "117483"}, [third]),
        ({"product_name_id": "ssl_dv%"}, [second, first["id"]]),
        ({"valid_till": "2000-01-01...2099-01-01"}, one),
        ({"common_name": "www.example.com"}, [second]),
        ({"domain_name": "shop.example.jp"}, one),
        ({"date_created": ">2000-01-01"}, everything),
        ({"container_id": "6"}, [third]),
        ({"metadata_id": "3"}, [second]),
        ({"is_renewed": "true"}, one),
        ({"disable_renewal_notifications": "false"}, everything),
        ({"email": "yamada@example.jp"}, [third]),
        ({"certificate_id": certificate}, one),
        ({"origin": "migrated"}, []),
        ({"user_id": "1"}, everything),
        ({"serial_number": serial}, one),
        ({"search": "one"}, one),
    ]
    assert [customer.listed(**filters) for filters, _found in expected] == [found for _filters, found in expected]
    page = customer.call("GET", "/order/certificate", limit="1", offset="1", sort="-id").json
    assert ([order["id"] for order in page["orders"]], page["page"]["total"]) == ([second], 3)
    rows = customer.call("GET", "/order/certificate", accept="text/csv").body.decode()
    assert [row["id"] for row in csv.DictReader(io.StringIO(rows))] == [str(number) for number in everything]


def test_what_has_changed_lately(lab: Lab, customer: Customer) -> None:
    first = customer.order(DV, [WWW], TXT)
    lab.clock.advance(days=3)
    second = issued(customer, ["www.example.jp"])
    today, tomorrow = (f"{lab.clock.now() + timedelta(days=days):%Y-%m-%d}" for days in (0, 1))
    found = customer.listed("/order/certificate/status-changes", status_last_updated=f"{today}...{tomorrow}")
    assert found == [second["id"]]
    assert first["id"] not in found


def test_an_order_that_is_over_is_expired_and_still_among_the_issued(lab: Lab, customer: Customer) -> None:
    order = issued(customer, order_validity={"days": 10})
    lab.clock.advance(days=11)
    assert customer.look(order["id"])["status"] == "expired"
    assert customer.listed(status="issued") == customer.listed(status="expired") == [order["id"]]
    answer = customer.call("POST", f"/order/certificate/{order['id']}/reissue", customer.wish([WWW]))
    assert answer.code == "bad_request_format"


def test_an_order_whose_term_ends_before_it_is_validated_stays_pending(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT, order_validity={"days": 2})
    lab.clock.advance(days=3)
    customer.txt(APEX, order["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "pending"
    lab.digicert.tick()
    assert customer.look(order["id"])["status"] == "pending"


def test_products_and_organizations(customer: Customer) -> None:
    products = customer.call("GET", "/product").json["products"]
    assert len(products) == 18
    product = customer.call("GET", f"/product/{EV}").json
    assert (product["validation_type"], product["allowed_wildcards"]) == ("ev", False)
    assert product in products
    assert customer.call("GET", "/product/x").code == "not_found|product"
    organizations = customer.call("GET", "/organization").json["organizations"]
    assert [one["validations"] != [] for one in organizations] == [True, False]
    assert customer.call("GET", f"/organization/{organizations[0]['id']}").json == organizations[0]
    assert customer.call("GET", "/organization/1").code == "not_found"
    methods = customer.call("GET", "/domain/dcv/method").json["methods"]
    assert {"name_id": "dns-cname-token"} in methods


# --- validity ---


def test_a_certificate_lives_199_days_at_most_and_no_longer_than_its_order(customer: Customer) -> None:
    def days(**more: t.Any) -> int:
        leaf = customer.download(issued(customer, **more)["certificate"]["id"])[0]
        assert leaf.not_valid_before_utc.time().isoformat() == "00:00:00"
        return (leaf.not_valid_after_utc - leaf.not_valid_before_utc + timedelta(seconds=1)).days

    assert days(order_validity={"years": 3}) == 199
    assert days(order_validity={"days": 30}) == 30
    assert days(certificate={"cert_validity": {"days": 7}}) == 7


# --- renewal, reissue, duplicate ---


def test_a_renewal_is_an_order_that_knows_what_it_renews(lab: Lab, customer: Customer) -> None:
    old = issued(customer)
    new = customer.order(DV, [WWW], TXT, renewal_of_order_id=old["id"])
    shown = customer.look(new["id"])
    assert (shown["is_renewal"], shown["renewal_of_order_id"]) == (True, old["id"])
    old = customer.look(old["id"])
    assert (old["status"], old["is_renewed"], old["renewed_order_id"]) == ("issued", True, new["id"])
    lab.switches.only("dc_renewal_link_stale")
    assert customer.look(new["id"])["renewal_of_order_id"] is customer.look(old["id"])["renewed_order_id"] is None


def test_a_reissue_for_validated_names_comes_at_once(lab: Lab, customer: Customer) -> None:
    order = issued(customer)
    key = ec.generate_private_key(ec.SECP384R1())
    body = customer.wish([WWW], certificate={"csr": csr([WWW], key=key)})
    answer = customer.call("POST", f"/order/certificate/{order['id']}/reissue", body)
    assert (answer.status, answer.json["id"]) == (201, order["id"])
    leaf = x509.load_pem_x509_certificate(answer.json["certificate_chain"][0]["pem"].encode())
    assert leaf.public_key() == key.public_key()
    shown = customer.look(order["id"])
    assert shown["certificate"]["id"] == answer.json["certificate_id"] != order["certificate"]["id"]
    assert (shown["status"], shown["reissues_count"], shown["certificate"]["key_size"]) == ("issued", 1, 384)
    [listed] = customer.call("GET", f"/order/certificate/{order['id']}/reissue").json["certificates"]
    assert listed["sub_id"] == "002"
    assert len(lab.history.events("order")) == 1, "no new order"
    assert customer.download(order["certificate"]["id"])[0] != leaf


def test_a_reissue_with_a_new_name_waits_and_its_cancellation_leaves_the_order(lab: Lab, customer: Customer) -> None:
    order = issued(customer, [WWW])
    path = f"/order/certificate/{order['id']}"
    names = [WWW, "www.example.com"]
    answer = customer.call("POST", f"{path}/reissue", customer.wish(names, TXT)).json
    assert "certificate_id" not in answer
    assert customer.look(order["id"])["status"] == "reissue_pending"
    assert customer.call("POST", f"{path}/reissue", customer.wish(names, TXT)).status == 400
    assert customer.call("PUT", f"{path}/revoke", {"skip_approval": True}).status == 400
    assert customer.call("PUT", f"{path}/status", {"status": "CANCELED", "note": "x"}).status == 204
    shown = customer.look(order["id"])
    assert (shown["status"], shown["certificate"]["dns_names"]) == ("issued", [WWW])
    again = customer.call("POST", f"{path}/reissue", customer.wish(names, TXT)).json
    customer.txt("example.com", again["dcv_random_value"])
    assert customer.check(order["id"]).json["order_status"] == "issued"
    assert customer.look(order["id"])["certificate"]["dns_names"] == names
    assert states(lab, order["id"])[-4:] == ["reissue_pending", "issued", "reissue_pending", "issued"]


def test_duplicates_leave_the_primary_certificate(customer: Customer) -> None:
    order = issued(customer, [WWW, APEX])
    path = f"/order/certificate/{order['id']}"
    answer = customer.call("POST", f"{path}/duplicate", customer.wish([WWW, APEX]))
    assert (answer.status, answer.json["id"]) == (201, order["id"])
    other = customer.call("POST", f"{path}/duplicate", customer.wish([WWW]))
    assert other.code == "bad_request_format", "the same names"
    stored = {**customer.wish([WWW, APEX]), "store_reissue_as_duplicate": True}
    assert customer.call("POST", f"{path}/reissue", stored).status == 201
    listed = customer.call("GET", f"{path}/duplicate").json["certificates"]
    assert [(one["sub_id"], one["status"]) for one in listed] == [("002", "issued"), ("003", "issued")]
    assert listed[0]["id"] == answer.json["certificate_id"]
    shown = customer.look(order["id"])
    assert (shown["certificate"]["id"], shown["duplicates_count"]) == (order["certificate"]["id"], 2)
    assert customer.call("PUT", f"{path}/auto-reissue", {"auto_reissue": 1}).status == 204
    assert customer.look(order["id"])["auto_reissue"] == 1


# --- requests ---


def test_a_request_waits_for_an_administrator(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_approval_queue")
    order = customer.order(DV, [WWW], TXT)
    [request] = order["requests"]
    assert (request["status"], "dcv_random_value" in order) == ("pending", False)
    assert customer.look(order["id"])["status"] == "needs_approval"
    assert customer.call("PUT", f"/order/certificate/{order['id']}/dcv-random-value").status == 400
    assert customer.call("GET", f"/request/{request['id']}").json["order"]["id"] == order["id"]
    waiting = customer.send("GET", "/request", None, {"filters[status]": "pending"}).json["requests"]
    assert [one["id"] for one in waiting] == [request["id"]]
    path = f"/request/{request['id']}/status"
    assert customer.call("PUT", path, {"status": "approved", "processor_comment": "ok"}).status == 204
    assert customer.look(order["id"])["status"] == "pending"
    assert customer.call("PUT", path, {"status": "rejected"}).status == 400
    customer.txt(
        APEX, customer.call("PUT", f"/order/certificate/{order['id']}/dcv-random-value").json["dcv_random_value"]
    )
    assert customer.check(order["id"]).json["order_status"] == "issued"
    assert states(lab, order["id"]) == ["pending", "processing", "issued"]


def test_a_request_is_rejected_or_skipped_by_whoever_may(lab: Lab, customer: Customer) -> None:
    lab.switches.only("dc_approval_queue", "dc_invalid_approver")
    order = customer.order(DV, [WWW], TXT)
    path = f"/request/{order['requests'][0]['id']}/status"
    assert customer.call("PUT", path, {"status": "approved"}).code == "access_denied|invalid_approver"
    boss = Customer(lab, customer.facts["keys"]["administrator"])
    assert boss.call("PUT", path, {"status": "rejected", "processor_comment": "no"}).status == 204
    assert customer.look(order["id"])["status"] == "rejected"
    assert "dcv_random_value" in customer.order(DV, [WWW], TXT, skip_approval=True)
    small = Customer(lab, customer.facts["keys"]["orders"])
    assert "dcv_random_value" not in small.order(DV, [WWW], TXT, skip_approval=True), "without the right"


def test_a_reissue_waits_too_and_its_rejection_leaves_the_order(lab: Lab, customer: Customer) -> None:
    order = issued(customer)
    lab.switches.only("dc_approval_queue")
    answers = [customer.call("POST", f"/order/certificate/{order['id']}/reissue", customer.wish([WWW])).json]
    assert customer.look(order["id"])["status"] == "reissue_pending"
    lab.digicert.answer(answers[0]["requests"][0]["id"], "rejected")
    assert customer.look(order["id"])["certificate"]["id"] == order["certificate"]["id"]
    answers.append(customer.call("POST", f"/order/certificate/{order['id']}/reissue", customer.wish([WWW])).json)
    lab.digicert.answer(answers[1]["requests"][0]["id"])
    shown = customer.wait(order["id"])
    assert (shown["reissues_count"], [one["status"] for one in shown["requests"]]) == (
        1, ["approved", "rejected", "approved"],
    )  # fmt: skip


# --- the end ---


def test_what_may_be_canceled(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT)
    path = f"/order/certificate/{order['id']}/status"
    assert customer.call("PUT", path, {"status": "issued"}).code == "bad_request_format"
    assert customer.call("PUT", path, {"status": "canceled", "note": "a test"}).status == 204
    assert (customer.look(order["id"])["status"], states(lab, order["id"])) == ("canceled", ["pending", "canceled"])
    assert customer.call("PUT", path, {"status": "canceled"}).status == 400, "once only"
    done = issued(customer)
    assert customer.call("PUT", f"/order/certificate/{done['id']}/status", {"status": "canceled"}).status == 400
    assert lab.digicert.orders()[1]["reason"] == "a test"


def test_a_revocation_waits_for_approval_unless_who_may_skips_it(lab: Lab, customer: Customer) -> None:
    first, second = issued(customer), issued(customer, [APEX])
    answer = customer.call(
        "PUT", f"/order/certificate/{first['id']}/revoke", {"revocation_reason": "keyCompromise", "comments": "leaked"}
    )
    assert (answer.status, answer.json["type"], answer.json["status"]) == (201, "revoke", "pending")
    assert customer.look(first["id"])["status"] == "issued"
    customer.call("PUT", f"/request/{answer.json['id']}/status", {"status": "approved"})
    assert customer.look(first["id"])["status"] == "revoked"
    assert lab.digicert.is_revoked(first["certificate"]["serial_number"])
    body = {"reason": "superseded", "comment": "as another client says it", "skip_approval": True}
    path = f"/certificate/{second['certificate']['serial_number']}/revoke"
    assert customer.call("PUT", path, {**body, "reason": "boredom"}).code == "bad_request_format"
    assert customer.call("PUT", path, body).status == 204
    reasons = {event["order"]: event["reason"] for event in lab.history.events("revoked")}
    assert reasons == {first["id"]: "keyCompromise", second["id"]: "superseded"}
    assert customer.call("PUT", path, body).status == 400
    assert customer.call("GET", f"/certificate/download/order/{second['id']}").status == 404


def test_one_of_two_certificates_is_revoked(customer: Customer) -> None:
    order = issued(customer)
    customer.call("POST", f"/order/certificate/{order['id']}/reissue", customer.wish([WWW]))
    path = f"/certificate/{order['certificate']['id']}/revoke"
    assert customer.call("PUT", path, {"skip_approval": True}).status == 204
    shown = customer.look(order["id"])
    assert (shown["status"], shown["certificate"]["id"] != order["certificate"]["id"]) == ("issued", True)
    assert customer.call("PUT", "/certificate/1/revoke", {}).status == 404


# --- downloads ---


def test_every_format(customer: Customer) -> None:
    order = issued(customer, certificate={"server_platform": {"id": 2}})
    path = f"/certificate/{order['certificate']['id']}"

    def get(rest: str) -> bytes:
        answer = customer.call("GET", f"{path}/download/{rest}")
        assert answer.status == 200, answer.body
        return answer.body

    def names(body: bytes) -> list[str]:
        return [one.subject.rfc4514_string().partition(",")[0] for one in certificates(body)]

    leaf, intermediate, root = "CN=www.example.jp", "CN=Lab GeoTrust TLS CA1", "CN=Lab DigiCert Global Root"
    assert names(get("format/pem_all")) == [leaf, intermediate, root]
    assert names(get("format/pem_noroot")) == [leaf, intermediate]
    assert names(get("format/pem_nointermediate")) == [leaf]
    assert get("format/pem_all").count(b"\n") == get("format/pem_all").count(b"\r\n") > 3
    for form in ("p7b", "cer"):
        assert len(pkcs7.load_pem_pkcs7_certificates(get(f"format/{form}"))) == 3
    for form in ("default_pem", "apache", "default", "default_cer"):
        archive = zipfile.ZipFile(io.BytesIO(get(f"format/{form}")))
        assert sorted(names(b"".join(archive.read(name) for name in archive.namelist()))) == [root, intermediate, leaf]
    assert get("platform")[:2] == b"PK"
    assert names(get("platform/45")) == [leaf, intermediate]
    assert customer.call("GET", f"{path}/download/format/jks").code == "bad_request_format"
    chain = customer.call("GET", f"{path}/chain").json["intermediates"]
    assert [one["subject_common_name"] for one in chain] == ["Lab GeoTrust TLS CA1"]
    of_order = customer.call("GET", f"/certificate/download/order/{order['id']}/format/pem_all")
    assert (of_order.body, of_order.headers["content-type"]) == (get("format/pem_all"), "application/x-pem-file")
    assert customer.call("GET", "/certificate/5/chain").status == 404
    pending = customer.order(DV, [APEX], TXT)
    assert customer.call("GET", f"/certificate/download/order/{pending['id']}").status == 404


def test_a_certificate_of_each_kind(customer: Customer) -> None:
    policies = {DV: "2.23.140.1.2.1", OV: "2.23.140.1.2.2", EV: "2.23.140.1.1"}
    for product, policy in policies.items():
        key = rsa.generate_private_key(65537, 2048)
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        pem = request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        order = issued(customer, product=product, certificate={"csr": pem})
        leaf = customer.download(order["certificate"]["id"])[0]
        found = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
        assert [one.policy_identifier.dotted_string for one in found] == [policy]
        assert leaf.public_key() == key.public_key()
        assert ("O=Example K.K." in leaf.subject.rfc4514_string()) == (product != DV)


# --- the lab's own pages ---


def test_the_control_page_shows_these_orders_too(lab: Lab, customer: Customer) -> None:
    order = customer.order(DV, [WWW], TXT, alternative_order_id="ref-1")
    customer.txt(APEX, order["dcv_random_value"])
    context = ssl.create_default_context(cafile=lab.facts()["api_ca"])

    def get(path: str, data: bytes | None = None) -> bytes:
        with urllib.request.urlopen(lab.facts()["control_url"] + path, data, context=context) as answer:
            return t.cast(bytes, answer.read())

    [shown] = json.loads(get("state"))["orders"]
    assert (shown["order_id"], shown["state"], shown["partner_order_id"]) == (str(order["id"]), "pending", "ref-1")
    assert str(order["id"]).encode() in get("")
    get("crawler", b"{}")
    assert customer.look(order["id"])["status"] == "issued", "the CA was told to look"
