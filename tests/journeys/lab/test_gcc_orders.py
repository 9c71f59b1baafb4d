# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalSign GCC in the lab: orders from their submission to their end."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from journeys.lab.gsclient import CONTACT, Answer, Client, csr, sans, wish
from lab.clock import JST, jst
from lab.lab import Lab

WWW, APEX = "www.example.jp", "example.jp"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("gcc",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def client(lab: Lab) -> Client:
    return Client(lab)


def test_a_record_in_the_dns_brings_the_certificate_at_once(lab: Lab, client: Client) -> None:
    order = client.dns_order(WWW, APEX, sub_id="ref-1")
    assert (order.status, order.success, order.errors) == (200, "0", [])
    number, record = order.text("OrderID"), order.text("DNSTXT")
    assert order.texts("VerificationFQDNList/VerificationFQDN") == [WWW, APEX]
    assert record.startswith("_globalsign-domain-verification=")
    assert len(record.partition("=")[2]) == 43
    early = client.verify(number, APEX)
    assert (early.status, early.success, early.codes) == (200, "-1", [-4147])
    assert early.is_nil("URLVerificationForIssue")
    client.txt(APEX, record)
    issued = client.verify(number, APEX)
    assert issued.codes == []
    assert issued.leaf.subject.rfc4514_string() == f"CN={WWW}"
    chain = issued.authorities
    issued.leaf.verify_directly_issued_by(chain["INTER"])
    chain["INTER"].verify_directly_issued_by(chain["ROOT"])
    assert chain["ROOT"].subject == chain["ROOT"].issuer
    assert b"-----BEGIN CERTIFICATE-----&#xD;\n" in issued.body
    looked = client.look(number)
    assert looked.header.tag == "OrderResponseHeader", "a query, and yet"
    assert looked.text("OrderDetail/OrderInfo/OrderStatus") == "4"
    assert looked.text("OrderDetail/OrderInfo/OrderKind") == "New"
    assert looked.text("OrderDetail/OrderSubInfo/SubId") == "ref-1"
    assert looked.leaf == issued.leaf
    assert len(lab.history.events("issued", ca="gcc", order=number)) == 1
    assert [order["order_id"] for order in lab.also["gcc"].orders()] == [number]


# --- who may call, and how ---


def test_a_wrong_password_another_header_and_an_address_that_is_not_allowed(lab: Lab, client: Client) -> None:
    assert Client(lab, "wrong").dns_order(WWW).errors == [(-4001, "")]
    for operation, kind in (("GetCertificateOrders", "Order"), ("ReIssue", "Query")):
        answer = client.send("GASService", client.message(operation, "", kind))
        assert (answer.status, answer.codes) == (200, [-4001])
    lab.switches.only("gcc_ip_not_allowed")
    refused = [client.dns_order(WWW), client.call("GetDVApproverList", f"<FQDN>{WWW}</FQDN>")]
    assert [answer.codes for answer in refused] == [[-4201], [-4201]]
    assert [answer.header.tag for answer in refused] == ["OrderResponseHeader", "QueryResponseHeader"]
    lab.switches.none()
    assert client.dns_order(WWW).codes == []
    assert "JSESSIONID=" in client.dns_order(WWW).headers["set-cookie"]


@pytest.mark.parametrize(("vice", "code"), [("gcc_no_balance", -6101), ("gcc_phishing_refused", -5001),
                                            ("gcc_logical_limit", -4005)])  # fmt: skip
def test_orders_that_are_refused_for_as_long_as_a_switch_is_on(lab: Lab, client: Client, vice: str, code: int) -> None:
    lab.switches.only(vice)
    refused = [client.dns_order(WWW) for _unused in range(2)]
    assert [answer.codes for answer in refused] == [[code], [code]]
    assert refused[0].is_nil("OrderID")
    assert lab.history.events("order") == []
    lab.switches.none()
    assert client.dns_order(WWW).codes == []


# --- what is wrong with an order ---

PARAMETER = "OrderRequestParameter"


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ("<OrderKind>new<", "<OrderKind>invalid_kind<", (-103, f"{PARAMETER}.OrderKind")),
        ("<OrderKind>new<", "<OrderKind>fresh<", (-101, f"{PARAMETER}.OrderKind")),
        ("<OrderKind>new<", "<OrderKind>renewal<", (-102, f"{PARAMETER}.RenewalTargetOrderID")),
        ("<OrderKind>new<", "<OrderKind>transfer<", (-102, f"{PARAMETER}.TargetCERT")),
        ("<Licenses>1</Licenses>", "", (-102, f"{PARAMETER}.Licenses")),
        ("<Months>6<", "<Months>six<", (-104, f"{PARAMETER}.ValidityPeriod.Months")),
        ("<Months>6<", "<Months>61<", (-101, f"{PARAMETER}.ValidityPeriod.Months")),
        ("DV_HIGH_DNS", "DV_HIGHER_DNS", (-101, f"{PARAMETER}.ProductCode")),
        ("DV_HIGH_DNS", "OV_SHA2", (-105, f"{PARAMETER}.ProductCode")),
        ("<OrderKind>", "<BaseOption>wildcard</BaseOption><OrderKind>", (-9925, f"{PARAMETER}.BaseOption")),
        ("<LastName>Yamada<", "<LastName>山田<", (-109, "ContactInfo.LastName")),
        ("taro@example.jp", "taro at example.jp", (-104, "ContactInfo.Email")),
        ("<SANOptionType>7<", "<SANOptionType>3<", (-105, "SANEntries.SANEntry.SANOptionType")),
        ("<SANOptionType>7<", "<SANOptionType>2<", (-101, "SANEntries.SANEntry.SANOptionType")),
        (f"<SubjectAltName>{APEX}<", "<SubjectAltName>*.example.jp<", (-104, "SANEntries.SANEntry.SubjectAltName")),
        (f"<SubjectAltName>{APEX}<", "<SubjectAltName>example.invalid<",
         (-101, "SANEntries.SANEntry.SubjectAltName")),
        ("<OptionValue>true<", "<OptionValue>false<", (-105, f"{PARAMETER}.Options")),
    ],
)  # fmt: skip
def test_a_parameter_that_is_wrong_is_named(
    lab: Lab, client: Client, before: str, after: str, error: tuple[int, str]
) -> None:
    inside = wish("DV_HIGH_DNS", [WWW, APEX]) + CONTACT + sans([APEX])
    assert before in inside
    answer = client.call("DVDNSOrder", inside.replace(before, after, 1))
    assert (answer.status, answer.success, answer.errors) == (200, "-1", [error])
    assert lab.history.events("order") == []


def test_all_parameters_that_are_wrong_are_named_and_those_in_another_namespace_are_missing(client: Client) -> None:
    inside = wish("DV_HIGH_DNS", [WWW]).replace("ProductCode>", "v1:ProductCode>")
    assert client.call("DVDNSOrder", inside).errors == [
        (-102, f"{PARAMETER}.ProductCode"),
        *((-102, f"ContactInfo.{name}") for name in ("FirstName", "LastName", "Phone", "Email")),
    ]


def test_a_csr_that_is_none_and_one_whose_key_is_weak(lab: Lab, client: Client) -> None:
    field = f"{PARAMETER}.CSR"
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what is refused
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    without_name = request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    with_weak_key = request.sign(weak, hashes.SHA256())
    pems = [one.public_bytes(serialization.Encoding.PEM).decode() for one in (without_name, with_weak_key)]
    assert client.dns_order(WWW, csr=pems[0]).errors == [(-4007, field)]
    assert client.dns_order(WWW, csr=pems[1]).errors == [(-9936, field)]
    assert client.dns_order(WWW, csr="no CSR").errors == [(-4007, field)]
    empty = wish("DV_HIGH_DNS", [WWW], csr="x").replace("<CSR>x</CSR>", "<CSR></CSR>")
    assert client.call("DVDNSOrder", empty + CONTACT).errors == [(-102, field)]


def test_a_key_that_was_used_is_refused_if_a_switch_says_so(lab: Lab, client: Client) -> None:
    request = csr(WWW)
    assert [client.dns_order(WWW, csr=request).codes for _unused in range(2)] == [[], []]
    lab.switches.only("gcc_key_reuse_refused")
    assert client.dns_order(WWW, csr=request).codes == [-6007]
    assert client.dns_order(WWW).codes == []


def test_what_can_be_asked_before_one_orders(client: Client) -> None:
    fine = client.call("ValidateOrderParameters", wish("DV_HIGH_DNS", [WWW]) + f"<FQDN>{WWW}</FQDN>")
    assert (fine.codes, fine.header.tag) == ([], "OrderResponseHeader")
    assert (fine.text("ValidityPeriod/Months"), fine.text("ParsedCSR/DomainName")) == ("6", WWW)
    other = client.call("ValidateOrderParameters", wish("DV_HIGH_DNS", [WWW]) + f"<FQDN>{APEX}</FQDN>")
    assert (other.errors, other.is_nil("ParsedCSR")) == ([(-6021, "FQDN")], True)
    decoded = client.call("DecodeCSR", f"<CSR>{csr(WWW)}</CSR><ProductType>DV_HIGH_DNS</ProductType>")
    assert (decoded.operation, decoded.text("CSRData/CommonName")) == ("DecodeCSRResponse", WWW)
    assert decoded.is_nil("CertificatePreview/Organization")


# --- looking and searching ---


def test_numbers_of_orders_that_are_not_there_and_of_none(lab: Lab, client: Client) -> None:
    unknown = client.look("CEAP2611209999")
    assert (unknown.codes, unknown.is_nil("OrderDetail")) == ([-4003], True)
    assert [client.look(number).codes for number in ("invalid_order_id", " CEAP2611209999")] == [[-1], [-1]]
    assert client.modify("CEAP2611209999", "CANCEL").codes == [-9916]
    lab.switches.only("gcc_unknown_order_internal")
    assert client.look("CEAP2611209999").codes == [-1]


def test_a_look_shows_what_was_asked_for(client: Client) -> None:
    number = client.issued(WWW, APEX)
    plain = client.look(number, "")
    parts = ["OrderOption", "CertificateInfo", "SANEntries", "Fulfillment"]
    assert [plain.is_nil(f"OrderDetail/{part}") for part in parts] == [True] * 4
    full = client.look(number)
    detail = "OrderDetail"
    assert full.texts(f"{detail}/SANEntries/SANEntry/SubjectAltName") == [APEX]
    assert full.text(f"{detail}/CertificateInfo/DNSNames") == f"{WWW},{APEX}"
    assert int(full.text(f"{detail}/CertificateInfo/SerialNumber"), 16) == full.leaf.serial_number
    assert "BEGIN CERTIFICATE REQUEST" in full.text(f"{detail}/Fulfillment/OriginalCSR")
    assert full.text(f"{detail}/OrderOption/ContactInfo/LastName") == "Yamada"
    events = full.texts(f"{detail}/ModificationEvents/ModificationEvent/ModificationEventName")
    assert events == ["ORDER_REQUEST", "ORDER_VALIDATE_REGISTER", "ORDER_ISSUE"]
    some = client.look(number, "<ReturnFulfillment>true</ReturnFulfillment>")
    assert some.is_nil(f"{detail}/Fulfillment/CACertificates")
    assert some.leaf == full.leaf
    assert client.look(number, "<ReturnFulfillment>yes</ReturnFulfillment>").codes == [-101]


def test_searches_by_reference_name_product_status_and_time(lab: Lab, client: Client) -> None:
    first = client.dns_order(WWW, sub_id="ref-1").text("OrderID")
    second = client.issued(APEX, sub_id="ref-2")
    lab.clock.advance(days=2)
    third = client.dns_order(WWW, sub_id="ref-1").text("OrderID")

    def found(inside: str) -> list[str]:
        answer = client.call("GetCertificateOrders", inside)
        assert answer.header.tag == "QueryResponseHeader"
        return answer.texts("SearchOrderDetails/SearchOrderDetail/OrderID")

    assert found("<SubID>ref-1</SubID>") == [first, third]
    assert found("<SubID>ref-2</SubID><OrderStatus>1</OrderStatus>") == []
    assert client.call("GetCertificateOrders", "<SubID>nobody</SubID>").is_nil("SearchOrderDetails")
    assert found(f"<FQDN>{APEX}</FQDN>") == [second]
    assert found("<OrderStatus>4</OrderStatus>") == [second]
    assert found("<ProductCode>DV_HIGH_DNS</ProductCode>") == [first, second, third]
    then = jst(lab.clock.now() - timedelta(days=1)).isoformat(timespec="milliseconds")
    assert found(f"<FromDate>{then}</FromDate>") == [third]
    assert found(f"<ToDate>{then[:19]}</ToDate>") == [first, second]
    assert client.call("GetCertificateOrders", "<FromDate>yesterday</FromDate>").errors == [(-104, "FromDate")]
    lab.switches.only("gcc_list_unfiltered")
    assert found("<SubID>nobody</SubID>") == [first, second, third]


def test_orders_by_date_by_change_and_by_expiration(lab: Lab, client: Client) -> None:
    old = client.dns_order(WWW).text("OrderID")
    lab.clock.advance(days=3)
    begin, end = (jst(lab.clock.now() + timedelta(hours=hours)).isoformat() for hours in (-1, 1))
    between = f"<FromDate>{begin}</FromDate><ToDate>{end}</ToDate>"
    new = client.issued(APEX)
    assert client.modify(old, "CANCEL").codes == []
    info = "OrderDetails/OrderDetail/OrderInfo"
    assert client.call("GetOrderByDateRange", between).texts(f"{info}/OrderId") == [new]
    assert client.call("GetModifiedOrders", between).texts(f"{info}/OrderId") == [old, new]
    status = "<OrderQueryOption><OrderStatus>3</OrderStatus></OrderQueryOption>"
    assert client.call("GetModifiedOrders", between + status).texts(f"{info}/OrderStatus") == ["3"]
    assert client.call("GetOrderByDateRange", "<FromDate>2026-01-01</FromDate>").errors == [(-102, "ToDate")]
    until = jst(lab.clock.now() + timedelta(days=201)).isoformat()
    soon = client.call("GetOrderByExpirationDate", f"<ExpirationToDate>{until}</ExpirationToDate>")
    assert soon.texts("SearchOrderDetails/SearchOrderDetail/OrderID") == [new]
    tomorrow = jst(lab.clock.now() + timedelta(days=1)).isoformat()
    assert client.call("GetOrderByExpirationDate", f"<ExpirationToDate>{tomorrow}</ExpirationToDate>").is_nil(
        "SearchOrderDetails"
    )


def test_the_newest_order_of_a_name_tells_its_code_again(lab: Lab, client: Client) -> None:
    request = csr(WWW)
    first = client.dns_order(WWW, csr=request)
    second = client.dns_order(WWW)

    def by_name(inside: str) -> tuple[str, str]:
        answer = client.call("GetOrderByCommonName", inside)
        return answer.text("OrderID"), answer.text("DVC")

    assert by_name(f"<CommonName>{WWW}</CommonName>") == (second.text("OrderID"), second.text("DNSTXT"))
    with_csr = f"<CommonName>{WWW}</CommonName><CSR>{request}</CSR>"
    assert by_name(with_csr) == (first.text("OrderID"), first.text("DNSTXT"))
    assert client.call("GetOrderByCommonName", "<CommonName>shop.example.jp</CommonName>").codes == [-4003]
    lab.switches.only("gcc_common_name_nil", "gcc_dvc_bare")
    nothing = client.call("GetOrderByCommonName", "<CommonName>shop.example.jp</CommonName>")
    assert (nothing.codes, nothing.is_nil("OrderID")) == ([], True)
    assert by_name(with_csr)[1] == first.text("DNSTXT").partition("=")[2]
    lab.switches.only("gcc_dvc_missing")
    assert client.call("GetOrderByCommonName", with_csr).is_nil("DVC")


# --- renewals, reissues, and the end ---


def test_a_renewal_needs_an_issued_order_of_the_same_name_that_was_not_renewed(lab: Lab, client: Client) -> None:
    waiting = client.dns_order(WWW).text("OrderID")
    assert client.dns_order(WWW, renewal=waiting).codes == [-6102]
    first = client.issued(WWW)
    assert client.dns_order(APEX, renewal=first).codes == [-6102]
    assert client.dns_order(WWW, renewal="CEAP2611209999").codes == [-6102]
    renewal = client.dns_order(WWW, renewal=first)
    assert renewal.codes == []
    info = "OrderDetail/OrderInfo"
    looked = client.look(renewal.text("OrderID"))
    assert (looked.text(f"{info}/OriginalOrderIDForRenewal"), looked.text(f"{info}/OrderKind")) == (first, "Renewal")
    assert client.dns_order(WWW, renewal=first).codes == [-6102]
    assert client.modify(renewal.text("OrderID"), "CANCEL").codes == []
    assert client.dns_order(WWW, renewal=first).codes == []


def test_a_reissue_has_an_order_of_its_own_and_comes_once(lab: Lab, client: Client) -> None:
    first = client.issued(WWW, APEX, sub_id="ref-1")
    key = ec.generate_private_key(ec.SECP256R1())

    def reissue(target: str, request: str, more: str = "") -> Answer:
        inside = f"<OrderParameter><CSR>{request}</CSR>{more}</OrderParameter><TargetOrderID>{target}</TargetOrderID>"
        return client.call("ReIssue", f"{inside}<HashAlgorithm>SHA256</HashAlgorithm>")

    assert reissue(first, csr(APEX)).codes == [-6021]
    assert reissue(first, csr(WWW), "<DNSNames>other.example.jp</DNSNames>").codes == [-101]
    assert reissue(client.dns_order(WWW).text("OrderID"), csr(WWW)).codes == [-9916]
    answer = reissue(first, csr(WWW, key))
    assert (answer.codes, answer.text("TargetOrderID")) == ([], first)
    new = client.look(answer.text("OrderID"))
    assert new.leaf.public_key() == key.public_key()
    assert new.text("OrderDetail/OrderInfo/OriginalOrderIDForReIssue") == first
    assert new.text("OrderDetail/OrderSubInfo/SubId") == "ref-1"
    assert new.text("OrderDetail/CertificateInfo/DNSNames") == f"{WWW},{APEX}"
    assert reissue(first, csr(WWW)).codes == [-4016]
    lab.clock.advance(days=190)
    last = reissue(answer.text("OrderID"), csr(WWW)).codes
    assert last == [-105], "its months are over"


def test_a_reissue_needs_what_was_proven_not_too_long_ago(lab: Lab, client: Client) -> None:
    order = client.issued(WWW, months="12")
    lab.clock.advance(days=201)
    inside = f"<OrderParameter><CSR>{csr(WWW)}</CSR></OrderParameter><TargetOrderID>{order}</TargetOrderID>"
    assert client.call("ReIssue", f"{inside}<HashAlgorithm>SHA256</HashAlgorithm>").codes == [-4147]
    assert client.call("ReIssue", f"{inside}<HashAlgorithm>SHA1</HashAlgorithm>").errors == [(-101, "HashAlgorithm")]


def test_orders_are_cancelled_and_certificates_revoked(lab: Lab, client: Client) -> None:
    waiting = client.dns_order(WWW).text("OrderID")
    assert client.modify(waiting, "REVOKE").codes == [-9916]
    assert client.modify(waiting, "Approve").errors == [(-101, "ModifyOrderOperation")]
    assert client.modify(waiting, "CANCEL").text("OrderID") == waiting
    assert client.status(waiting) == "3"
    assert (client.modify(waiting, "CANCEL").codes, client.verify(waiting, WWW).codes) == ([-9915], [-9915])
    issued, late = client.issued(WWW), client.issued(WWW)
    serial = client.look(issued).text("OrderDetail/CertificateInfo/SerialNumber")
    assert not lab.also["gcc"].is_revoked(serial)
    assert client.modify(issued, "cancel").codes == []
    assert (client.status(issued), lab.also["gcc"].is_revoked(serial)) == ("5", True)
    lab.clock.advance(days=8)
    assert client.modify(late, "Cancel").codes == [-105]
    assert client.modify(late, "Revoke").codes == []
    assert client.look(late).text("OrderDetail/CertificateInfo/CertificateStatus") == "7"
    assert client.modify(late, "Revoke").codes == [-9938]


@pytest.mark.parametrize(("vice", "word"), [("gcc_words_upper", "CANCEL"), ("gcc_words_capital", "Cancel"),
                                            ("gcc_words_lower", "cancel")])  # fmt: skip
def test_a_switch_says_how_words_are_written(lab: Lab, client: Client, vice: str, word: str) -> None:
    order = client.dns_order(WWW).text("OrderID")
    lab.switches.only(vice)
    others = {"CANCEL", "Cancel", "cancel"} - {word}
    assert [client.modify(order, other).codes for other in others] == [[-101], [-101]]
    assert client.modify(order, word).codes == []


def test_certificates_live_as_long_as_the_order_and_the_date_allow(lab: Lab, client: Client) -> None:
    def days(months: str) -> int:
        leaf = client.look(client.issued(WWW, months=months)).leaf
        return (leaf.not_valid_after_utc - leaf.not_valid_before_utc + timedelta(seconds=1)).days

    lab.clock.set(datetime(2026, 11, 20, tzinfo=JST))
    assert (days("1"), days("12")) == (30, 200)
    lab.clock.set(datetime(2027, 11, 20, tzinfo=JST))
    assert days("12") == 100
