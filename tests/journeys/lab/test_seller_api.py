# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seller's API: what it answers, and what it refuses."""

from __future__ import annotations

import ssl
import typing as t
import urllib.request
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from journeys.lab.partner import Document, Partner, csr
from lab.lab import Lab

NAMES = ("www.example.jp",)


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", web=(), vices=()) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def partner(lab: Lab) -> Partner:
    return Partner(lab)


def issued(partner: Partner, names: t.Sequence[str] = NAMES) -> Document:
    return partner.wait(partner.order("dv", names, "registrar")["order_id"])


# --- orders ---


def test_an_order_is_answered_as_the_manual_shows_it(lab: Lab, partner: Partner) -> None:
    auth = {"address": "Hostmaster@example.jp", "contact": "address"}
    refused = partner.submit("dv", ["www.example.jp", "example.jp"], "mail", auth=auth)
    assert refused.code == "address_not_allowed"  # local parts are letter by letter
    auth["address"] = "hostmaster@EXAMPLE.jp"
    order = partner.submit("dv", ["www.example.jp", "example.jp"], "mail", auth=auth).json
    times = {key: order.pop(key) for key in ("created_at", "expires_at")}
    assert all(value.endswith("+09:00") for value in times.values())
    assert order == {
        "order_id": "LS-000001",
        "partner_order_id": "partner-2",
        "product": "dv",
        "state": "mail_sent",
        "common_name": "www.example.jp",
        "names": ["www.example.jp", "example.jp"],
        "reason": None,
        "auth": {"method": "mail", "sent_to": ["hostmaster@example.jp"], "files": [], "records": [], "done": []},
        "certificate": None,
    }
    assert len(lab.history.events("order")) == 1


def test_sent_twice_is_ordered_twice_and_found_by_the_partners_number(lab: Lab, partner: Partner) -> None:
    for _unused in range(2):
        assert partner.submit("dv", NAMES, "file", partner_order_id="same").status == 201
    partner.submit("dv", NAMES, "file", partner_order_id="other")
    found = partner.call("GET", "/orders", partner_order_id="same").json
    assert ([order["order_id"] for order in found["orders"]], found["total"]) == (["LS-000002", "LS-000001"], 2)
    assert partner.call("GET", "/orders", partner_order_id="sam").json == {"orders": [], "total": 0}
    assert [event["partner_order_id"] for event in lab.history.events("order")] == ["same", "same", "other"]


def test_without_the_key_there_is_no_answer(lab: Lab) -> None:
    for answer in (
        Partner(lab, key="wrong").submit("dv", NAMES, "file"),
        Partner(lab, key="").call("GET", "/orders/x"),
    ):
        assert (answer.status, answer.code) == (401, "unauthorized")
    assert lab.seller.orders() == []


def test_what_is_not_there_is_not_found(partner: Partner) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/check"), ("POST", "/resend"), ("GET", "/certificate")):
        answer = partner.call(method, f"/orders/LS-000009{path}")
        assert (answer.status, answer.code) == (404, "order_not_found"), (method, path)
    for serial in ("abc", "no-number", "0"):
        answer = partner.call("POST", f"/certificates/{serial}/revoke", {"reason": "superseded"})
        assert (answer.status, answer.code) == (404, "certificate_not_found"), serial


@pytest.mark.parametrize("body", [None, [], "order", {}, {"partner_order_id": "p", "auth": {}}])
def test_a_broken_request_is_refused(lab: Lab, partner: Partner, body: object) -> None:
    answer = partner.call("POST", "/orders", body)
    assert (answer.status, answer.code) == (400, "broken_request")
    assert lab.history.events("order") == []


def test_a_list_of_everything_is_not_given(partner: Partner) -> None:
    assert partner.call("GET", "/orders").code == "broken_request"


# --- signing requests ---


def rsa_csr(bits: int) -> str:
    key = rsa.generate_private_key(65537, bits)
    names = x509.SubjectAlternativeName([x509.DNSName(NAMES[0])])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def forged_csr() -> str:
    der = bytearray(x509.load_pem_x509_csr(csr(NAMES).encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(lambda: csr(NAMES), 201, id="the names"),
        pytest.param(lambda: csr(NAMES, NAMES[0]), 201, id="and a common name"),
        pytest.param(lambda: csr(NAMES, key=ec.generate_private_key(ec.SECP384R1())), 201, id="P-384"),
        pytest.param(lambda: rsa_csr(2048), 201, id="RSA 2048"),
        pytest.param(lambda: rsa_csr(1024), 400, id="RSA 1024"),
        pytest.param(lambda: csr(NAMES, key=ec.generate_private_key(ec.SECP521R1())), 400, id="P-521"),
        pytest.param(lambda: csr(NAMES, "example.jp"), 400, id="another common name"),
        pytest.param(lambda: csr([*NAMES, "example.jp"]), 400, id="one name more"),
        pytest.param(lambda: csr(["example.jp"]), 400, id="another name"),
        pytest.param(forged_csr, 400, id="a signature that is none"),
        pytest.param(lambda: "", 400, id="nothing"),
        pytest.param(
            lambda: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", 400, id="junk"
        ),
        pytest.param(lambda: csr(NAMES).replace("-----BEGIN", "依頼-----BEGIN"), 400, id="not ASCII"),
    ],
)
def test_the_signing_request_is_read_as_a_ca_reads_it(
    lab: Lab, partner: Partner, request_: t.Callable[[], str], status: int
) -> None:
    answer = partner.submit("dv", NAMES, "file", csr=request_())
    assert answer.status == status
    if status == 400:
        assert answer.code == "invalid_csr"
    assert len(lab.history.events("order")) == (1 if status == 201 else 0)


# --- addresses ---


@pytest.mark.parametrize(
    ("names", "auth", "code"),
    [
        (["shop.example.jp"], {"address": "admin@shop.example.jp"}, ""),
        (["shop.example.jp"], {"address": "admin@example.jp"}, ""),
        (["a.shop.example.jp"], {"address": "admin@shop.example.jp"}, "address_not_allowed"),
        (["shop.example.jp"], {"address": "info@example.jp"}, "address_not_allowed"),
        (["shop.example.jp"], {"address": "admin@example.com"}, "address_not_allowed"),
        (["shop.example.jp"], {"address": "no address"}, "address_not_allowed"),
        (["shop.example.jp"], {}, "address_missing"),
        (["shop.example.jp"], {"contact": "caa"}, "broken_request"),
        (["shop.example.jp"], {"contact": "txt"}, "contact_not_found"),
        (["www.example.co.jp"], {"contact": "txt"}, ""),
        (["deep.sub.example.co.jp"], {"contact": "txt"}, ""),  # at the registered domain
        (["www.example.co.jp"], {"contact": "txt", "address": "certs@example.co.jp"}, ""),
        (["www.example.co.jp"], {"contact": "txt", "address": "admin@example.co.jp"}, "address_not_allowed"),
        (["own.example.co.jp"], {"contact": "txt", "address": "own@example.co.jp"}, ""),
        (["own.example.co.jp"], {"contact": "txt", "address": "certs@example.co.jp"}, "address_not_allowed"),
    ],
)
def test_the_mail_goes_only_where_the_rules_allow(
    lab: Lab, partner: Partner, names: list[str], auth: dict[str, str], code: str
) -> None:
    lab.dns.set("example.co.jp", "_validation-contactemail", "TXT", ["certs@example.co.jp"])
    lab.dns.set("example.co.jp", "_validation-contactemail.own", "TXT", ["own@example.co.jp", "no address at all"])
    answer = partner.submit("dv", names, "mail", auth=auth)
    assert (answer.status, answer.json.get("error", {}).get("code", "")) == ((400, code) if code else (201, ""))
    assert len(lab.history.events("order")) == (0 if code else 1)


def test_an_address_approves_only_names_below_its_domain(partner: Partner) -> None:
    auth = {"address": "admin@example.jp"}
    answer = partner.submit("flex", ["www.example.jp", "www.example.com"], "mail", auth=auth)
    assert answer.code == "address_not_allowed"
    assert partner.submit("flex", ["www.example.jp", "*.shop.example.jp"], "mail", auth=auth).status == 201


def test_a_contact_that_not_every_server_knows_is_not_found(lab: Lab, partner: Partner) -> None:
    lab.switches.set("dns_servers_disagree", True)
    partner.publish([{"name": "_validation-contactemail.example.com", "type": "TXT", "value": "certs@example.com"}])
    assert partner.submit("dv", ["www.example.com"], "mail", auth={"contact": "txt"}).code == "contact_not_found"


# --- ends ---


def test_an_order_can_be_cancelled_until_it_has_ended(partner: Partner) -> None:
    order = partner.order("dv", NAMES, "file")
    path = f"/orders/{order['order_id']}"
    assert partner.call("GET", f"{path}/certificate").code == "not_issued"
    assert partner.call("DELETE", path).json["state"] == "cancelled"
    assert partner.call("DELETE", path).code == "already_closed"
    assert partner.call("DELETE", f"/orders/{issued(partner)['order_id']}").code == "already_issued"


@pytest.mark.parametrize(("product", "method", "days"), [("dv", "file", 30), ("flex", "dns", 30)])
def test_an_order_that_nobody_validates_expires(
    lab: Lab, partner: Partner, product: str, method: str, days: int
) -> None:
    order = partner.order(product, NAMES, method)
    lab.clock.advance(days=days - 1)
    lab.seller.tick()
    assert partner.look(order["order_id"])["state"].startswith("waiting_")
    lab.clock.advance(days=1)
    assert partner.wait(order["order_id"], "expired")["reason"]


# --- certificates ---


def test_serials_are_random_and_certificates_point_at_their_issuer(lab: Lab, partner: Partner) -> None:
    orders = [issued(partner), issued(partner)]
    leaves = [partner.download(order["order_id"])[0] for order in orders]
    assert leaves[0].serial_number != leaves[1].serial_number
    for leaf in leaves:
        assert 120 < leaf.serial_number.bit_length() <= 128
    access = leaves[0].extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    issuer = x509.load_der_x509_certificate(fetch(lab, access[0].access_location.value))
    assert issuer.subject == leaves[0].issuer
    leaves[0].verify_directly_issued_by(issuer)
    assert leaves[0].not_valid_before_utc <= lab.clock.now() < leaves[0].not_valid_before_utc + timedelta(seconds=30)


def test_a_revoked_certificate_is_on_the_list_from_the_first_time(lab: Lab, partner: Partner) -> None:
    order = issued(partner)
    serial = order["certificate"]["serial"]
    first = partner.call("POST", f"/certificates/{serial}/revoke", {"reason": "keyCompromise"})
    lab.clock.advance(hours=1)
    again = partner.call("POST", f"/certificates/{serial}/revoke", {"reason": "superseded"})
    assert (first.status, first.json) == (200, again.json)
    assert partner.call("POST", f"/certificates/{serial}/revoke", {"reason": "bored"}).code == "broken_request"
    [event] = lab.history.events("revoked")
    assert (event["serial"], event["reason"]) == (serial, "keyCompromise")
    [leaf, *_unused] = partner.download(order["order_id"])
    points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name is not None
    revoked = x509.load_der_x509_crl(fetch(lab, points[0].full_name[0].value))
    entry = revoked.get_revoked_certificate_by_serial_number(leaf.serial_number)
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    assert lab.seller.is_revoked(serial)


def fetch(lab: Lab, url: str) -> bytes:
    """As the lab maps it: ca.lab.example is the seller's own server."""
    context = ssl.create_default_context(cafile=lab.facts()["api_ca"])
    with urllib.request.urlopen(lab.seller.base_url + urlsplit(url).path, context=context, timeout=5) as answer:
        return bytes(answer.read())


# --- what is kept ---


def test_everything_is_in_the_history_and_the_journal(lab: Lab, partner: Partner) -> None:
    order = issued(partner)
    [request] = lab.history.events("request", call="submit")
    assert (request["method"], request["path"], request["status"], request["vice"]) == (
        "POST",
        "/api/v1/orders",
        201,
        "",
    )
    assert [event["state"] for event in lab.history.events("state")] == ["checking_registrar", "examining", "issued"]
    lines = (lab.folder / "seller" / "journal.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert order["certificate"]["serial"] in lines[-1]
    assert lab.facts()["api_key"] not in "".join(lines) + (lab.folder / "history.jsonl").read_text()
