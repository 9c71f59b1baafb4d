# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP out and in: what is written is read back; what is hostile, foreign or half is refused."""

from __future__ import annotations

import time
import xml.dom.minidom

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import (
    DEEPEST,
    LARGEST,
    MOST_ELEMENTS,
    Fault,
    Node,
    NotXml,
    answer_in,
    envelope,
)
from hypothesis import given, settings
from hypothesis import strategies as st

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
GCC = "https://system.globalsign.com/kb/ws/v1/"
OPEN = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>'
CLOSE = "</s:Body></s:Envelope>"


def said(inner: str, *, operation: str = "DVOrder", namespace: str = GCC, prolog: str = "") -> bytes:
    answer = f'<n:{operation}Response xmlns:n="{namespace}"><Response>{inner}</Response></n:{operation}Response>'
    return f"{prolog}{OPEN}{answer}{CLOSE}".encode()


def response(data: bytes) -> Node:
    answer = answer_in(data, "DVOrder")
    assert isinstance(answer, Node)
    return answer


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi"))
    + "]>"
)

HOSTILE = {
    "a billion laughs": (said("<OrderID>&i;</OrderID>", prolog=LAUGHS), "DOCTYPE"),
    "an entity of a file": (
        said("<OrderID>&x;</OrderID>", prolog='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "DOCTYPE",
    ),
    "an entity of a parameter": (
        said("", prolog='<!DOCTYPE x [<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;]>'),
        "DOCTYPE",
    ),
    "an external DTD": (said("", prolog='<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">'), "DOCTYPE"),
    "an empty DOCTYPE": (said("", prolog="<!DOCTYPE x>"), "DOCTYPE"),
    "an entity that nothing defines": (said("<OrderID>&nobody;</OrderID>"), "undefined entity"),
    "a style sheet": (said("", prolog='<?xml-stylesheet href="http://192.0.2.1/x.xsl"?>'), "processing instruction"),
    "a page": (b"<!DOCTYPE html>\n<html><body><h1>Please log in again</h1></body></html>", "DOCTYPE"),
    "a page without a DOCTYPE": (b"<html><body><h1>Please log in</h1></body></html>", "no SOAP 1.1 envelope"),
    "JSON": (b'{"OrderID": 1}', "no XML"),
    "nothing": (b"", "no element found"),
    "half of an answer": (said("<OrderID>CE1</OrderID>")[:200], "no XML"),
    "two answers": (said("") + said(""), "no XML"),
    "a byte that is no UTF-8": (said("<OrderID>CE1</OrderID>").replace(b"CE1", b"CE\xff"), "no XML"),
    "an encoding that nobody knows": (said("", prolog='<?xml version="1.0" encoding="x-mystery"?>'), "x-mystery"),
    "too deep": (said("<a>" * DEEPEST + "</a>" * DEEPEST), "nested deeper"),
    "too many elements": (said("<a/>" * MOST_ELEMENTS), "more than"),
    "too large": (said("x" * LARGEST), "bytes"),
    "SOAP 1.2": (
        said("").replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
        "no SOAP 1.1 envelope",
    ),
    "another namespace": (said("<OrderID>CE1</OrderID>", namespace="https://evil.example/"), "namespace"),
    "no namespace": (f"{OPEN}<DVOrderResponse><Response/></DVOrderResponse>{CLOSE}".encode(), "namespace"),
    "an answer to something else": (said("", operation="ModifyOrder"), "asked was DVOrder"),
    "no body": (f'<s:Envelope xmlns:s="{SOAP}"/>'.encode(), "not one body"),
    "two bodies": (f"{OPEN}{CLOSE}".replace(CLOSE, "</s:Body><s:Body></s:Body></s:Envelope>").encode(), "not one body"),
    "an empty body": (f"{OPEN}{CLOSE}".encode(), "not one body"),
    "no Response": (f'{OPEN}<n:DVOrderResponse xmlns:n="{GCC}"/>{CLOSE}'.encode(), "no Response"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_hostile_or_foreign_is_refused(case: str) -> None:
    data, why = HOSTILE[case]
    with pytest.raises(NotXml, match=why):
        answer_in(data, "DVOrder")


def test_nothing_of_it_is_expanded_or_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte of laughs would take minutes, a file or an address at least a call."""

    def never(*_args: object, **_more: object) -> object:
        raise AssertionError("it opened something")

    monkeypatch.setattr("builtins.open", never)
    monkeypatch.setattr("socket.socket.connect", never)
    begun = time.process_time()
    for data, _why in HOSTILE.values():
        with pytest.raises(NotXml):
            answer_in(data, "DVOrder")
    assert time.process_time() - begun < 20


def test_an_answer_is_read_whatever_its_prefixes_and_its_line_ends() -> None:
    text = "<OrderID>\n CE1 \n</OrderID><CSR>a&#xD;\nb</CSR><List><V>1</V><V>2</V></List>"
    answer = response(said(text))
    assert (answer.word("OrderID"), answer.word("CSR")) == ("CE1", "a\r\nb")
    assert [one.text for one in answer.every("V")] == ["1", "2"]
    default = (
        said("<OrderID>CE1</OrderID>").replace(b"n:DVOrderResponse", b"DVOrderResponse").replace(b"xmlns:n", b"xmlns")
    )
    assert response(default).word("OrderID") == "CE1"


def test_nil_is_nothing_and_so_is_what_is_not_there() -> None:
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    answer = response(said(f"<OrderID {nil}/><DNSTXT {nil}></DNSTXT>"))
    assert (answer.word("OrderID"), answer.word("DNSTXT"), answer.word("MetaTag")) == ("", "", "")
    assert (answer.first("MetaTag"), answer.child("Nobody")) == (None, None)


def test_of_several_names_the_first_of_the_document_counts() -> None:
    assert response(said("<A><OrderId>1</OrderId></A><OrderID>2</OrderID>")).word("OrderID", "OrderId") == "1"


def test_comments_and_cdata_are_text_as_xml_says() -> None:
    assert response(said("<OrderID>C<!-- no -->E<![CDATA[<1>]]></OrderID>")).word("OrderID") == "CE<1>"


def test_a_fault_is_told_as_one() -> None:
    inner = "<s:Fault><faultcode>s:Server</faultcode><faultstring>Down &lt;b&gt;</faultstring></s:Fault>"
    assert answer_in(f"{OPEN}{inner}{CLOSE}".encode(), "DVOrder") == Fault("s:Server", "Down <b>")


def test_a_request_has_its_elements_in_order_and_namespaces_at_the_operation_only() -> None:
    data = envelope("DVOrder", {"B": {"Two": 2, "One": None, "Yes": True}, "A": ["x", "y"], "E": ""})
    document = xml.dom.minidom.parseString(data)  # noqa: S318 (our own)
    operation = document.documentElement.firstChild.firstChild
    assert (operation.namespaceURI, operation.localName) == (GCC, "DVOrder")
    assert data.split(b"<Request>")[1].split(b"</Request>")[0] == (
        b"<B><Two>2</Two><Yes>true</Yes></B><A>x</A><A>y</A><E></E>"
    )
    assert b"xmlns" not in data.split(b"<Request>")[1]


@pytest.mark.parametrize(
    "text", ["</Password><Password>", "a&b", "]]>", "<!-- -->", "&#0;", 'é"\r\n', "株式会社 日本", "\U0001f600"]
)
def test_a_text_says_what_it_says(text: str) -> None:
    data = envelope("DVOrder", {"SubID": text})
    assert xml.dom.minidom.parseString(data).getElementsByTagName("SubID")[0].firstChild.data == text  # noqa: S318 (our own)
    assert data.count(b"<SubID>") == 1


@pytest.mark.parametrize("text", ["\x00", "a\x1bb", "\ud800", "\ufffe"])
def test_what_xml_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot say"):
        envelope("DVOrder", {"SubID": text})


@pytest.mark.parametrize("name", ["", "a b", "a>", "x:y", "1a", "é"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        envelope("DVOrder", {name: "x"})


SPEAKABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40)


@settings(max_examples=60, deadline=None)
@given(SPEAKABLE, SPEAKABLE)
def test_what_is_written_is_read_back(one: str, two: str) -> None:
    data = envelope("DVOrder", {"One": one, "More": {"Two": two}})
    back = data.replace(b"<Request>", b"<Response>").replace(b"</Request>", b"</Response>")
    answer = response(back.replace(b"v1:DVOrder>", b"v1:DVOrderResponse>"))
    found = answer.first("One"), answer.first("Two")
    assert [node.text for node in found if node is not None] == [one, two]
