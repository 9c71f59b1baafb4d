# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalSign GCC in the lab: messages that it does not read, and what it says then."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from journeys.lab.gsclient import GAS_CALLS, SSL_CALLS, Answer, Client
from lab.gcc.soap_reading import MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS, Unreadable, read
from lab.lab import Lab

WWW = "www.example.jp"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("gcc") / "lab", vices=(), web=(), also=("gcc",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def client(lab: Lab) -> Client:
    return Client(lab)


@pytest.mark.parametrize(
    ("begin", "reference"),
    [
        ('<!DOCTYPE a [<!ENTITY x "Yamada">]>', "&x;"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">', "x"),
        ('<?xml-stylesheet href="x"?>', "x"),
        ("", "&unknown;"),
    ],
)
def test_document_types_entities_and_instructions_are_not_read(client: Client, begin: str, reference: str) -> None:
    body = client.message("GetDVApproverList", f"<FQDN>{reference}</FQDN>", "Query")
    head = b'<?xml version="1.0" encoding="UTF-8"?>'
    assert body.startswith(head)
    answer = client.send(SSL_CALLS, head + begin.encode() + body.removeprefix(head))
    assert (answer.status, b"soap:Client" in answer.body) == (500, True)
    assert client.call("GetDVApproverList", f"<FQDN>{WWW}</FQDN>").codes == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no element"),
        (b"<a>", "no element"),
        (b"<a></b>", "mismatched"),
        (b"<a>\xff</a>", "token"),
        (b"<a/>" + b" " * MOST_BYTES, "too long"),
        (b"<a>" * (MOST_DEPTH + 1), "too many"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", "too many"),
        (b'<a b="1" b="2"/>', "duplicate"),
    ],
)
def test_what_is_too_much_or_no_xml_is_not_read(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(body)


def test_what_is_read() -> None:
    node = read('<r xmlns:x="urn:x"><a>1<x:b>2</x:b></a><a n="1"/><c xmlns="urn:x"/><d>日本&#xD;</d></r>'.encode())
    assert [child.text for child in node.all("a")] == ["1", ""]
    assert (node.word("a.b"), node.word("c"), node.word("d")) == ("", "", "日本\r"), "not what is in a namespace"
    nil = read(b'<r xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a i:nil="true"/><a>1</a></r>')
    assert nil.find("a") is None


def test_messages_that_are_no_operation_of_the_service(client: Client) -> None:
    good = client.message("GetDVApproverList", f"<FQDN>{WWW}</FQDN>", "Query")

    def status(body: bytes, service: str = SSL_CALLS, **more: str) -> int:
        answer: Answer = client.send(service, body, **more)
        assert answer.status == 415 or (b"<faultcode>" in answer.body) == (answer.status == 500)
        return answer.status

    assert status(good) == 200
    assert status(good, GAS_CALLS) == 500
    assert status(good.replace(b"kb/ws/v1/", b"kb/ws/v2/")) == 500
    assert status(good.replace(b"<Request>", b"<v1:Request>").replace(b"</Request>", b"</v1:Request>")) == 500
    assert status(good.replace(b"soapenv:Body", b"soapenv:Content")) == 500
    assert status(good.replace(b"schemas.xmlsoap.org/soap/envelope/", b"www.w3.org/2003/05/soap-envelope")) == 500
    assert status(good, content_type="application/soap+xml") == 415
    assert client.call("CertInviteOrder", "").status == 500


def test_a_description_tells_what_is_there(lab: Lab, client: Client) -> None:
    url = lab.facts()["gcc"]["url"]
    status, text = client.page(f"{url}/ServerSSLService?wsdl")
    assert (status, "DVDNSOrder" in text, "GetOrderByOrderID" in text) == (200, True, False)
    assert "GetOrderByOrderID" in client.page(f"{url}/GASService?wsdl")[1]


def test_the_facts_say_how_to_come_in(lab: Lab) -> None:
    facts = lab.facts()["gcc"]
    assert set(facts) == {"url", "username", "password", "issuing_ca", "ca"}
    assert Path(facts["issuing_ca"]).read_text("ascii") in Path(lab.facts()["issuing_ca"]).read_text("ascii")
    state = client_state(lab)
    assert facts["password"] not in state


def client_state(lab: Lab) -> str:
    """The lab's page, and all that happened."""
    status, page = Client(lab).page(lab.facts()["control_url"])
    assert status == 200
    return page + str(lab.history.events())


def test_the_lab_shows_its_orders(lab: Lab, client: Client) -> None:
    number = client.dns_order(WWW, sub_id="ref-9").text("OrderID")
    page = client_state(lab)
    assert number in page
    assert "1 initial" in page
    [shown] = [one for one in lab.also["gcc"].orders() if one["order_id"] == number]
    assert (shown["partner_order_id"], shown["names"], shown["method"]) == ("ref-9", [WWW], "dns")
