# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalSign GCC in the lab: orders from their submission to their end."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from journeys.lab.gsclient import Client
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
