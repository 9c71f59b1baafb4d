# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The item in its final form: every word of the declaration, and what stands where it is silent."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import plan_certificate
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.judging import FILE, a_book, a_wish, own

MAIL = rows.MethodOffer("email", ("3.2.2.4.14", "3.2.2.4.4"), "mail", ("M-9",), "here")
MAILED = (
    rows.ContactOffer("constructed", ("base",), True, "chosen", "subtree", ("A-1",), "here", ("admin",)),
    rows.ContactOffer("txt", ("base",), True, "all", "fqdn", ("A-2",), "here"),
)


def final(https_port: int = 443, **changes: t.Any) -> dict[str, t.Any]:
    product = own(methods=(FILE, MAIL), contacts=MAILED)
    one = plan_certificate(a_wish(**changes), a_book(product, https_port=https_port))
    assert one.certificate is not None, one.error
    return one.certificate


DEPLOY = {
    "by": "us",
    "reload": {"argv": ["systemctl", "reload", "x"]},
    "owner": "root",
    "group": "ssl",
    "mode": "0640",
    "copies": [{"path": "/srv/x.pem", "content": "chain", "owner": "web", "group": "www", "mode": "0644"}],
    "post_check": {"argv": ["true"]},
    "handshake": {"address": "192.0.2.1", "port": 8443, "server_name": "b.example.jp", "timeout": 3},
}


def test_every_word_of_the_declaration_is_there() -> None:
    assert final(
        dns_names=["B.example.jp"],
        validation={
            "method": "file",
            "document_root": "/srv/www",
            "document_roots": {"B.example.jp": "/srv/b"},
            "hosts": ["ns1"],
        },
        key={"type": "rsa-3072", "reuse": True, "made_by": "seller"},
        organization="example",
        subject={"O": "Example KK"},
        hosts=["web1", "web2"],
        paths={"privkey": "/etc/x/key.pem", "csr": "/etc/x/csr.pem"},
        options={"x": 1},
        deploy=DEPLOY,
    ) == {
        "name": "x",
        "common_name": "www.example.jp",
        "dns_names": ["www.example.jp", "b.example.jp"],
        "product": "own",
        "seller": "somebody",
        "ca_account": "a",
        "method": "file",
        "validation": {
            "method": "file",
            "contact": None,
            "document_root": "/srv/www",
            "document_roots": {"b.example.jp": "/srv/b"},
            "hosts": ["ns1"],
        },
        "key": {"type": "rsa-3072", "reuse": True, "made_by": "seller"},
        "organization": "example",
        "subject": {"O": "Example KK"},
        "hosts": ["web1", "web2"],
        "paths": {"privkey": "/etc/x/key.pem", "csr": "/etc/x/csr.pem"},
        "issued_from": None,
        "options": {"x": 1},
        "deploy": DEPLOY,
    }


def test_where_nothing_is_said_stands_what_is_meant() -> None:
    found = final(validation={"method": "file", "document_root": "/srv"}, hosts=["web1"])
    assert found["validation"]["hosts"] == ["web1"], "who serves the site serves its files"
    assert found["key"] == {"type": "ecdsa-p256", "reuse": False, "made_by": "us"}
    assert found["deploy"] == {
        "by": "us",
        "reload": None,
        "owner": None,
        "group": None,
        "mode": None,
        "copies": [],
        "post_check": None,
        "handshake": None,
    }


@pytest.mark.parametrize(
    ("names", "server_name"),
    [
        (["www.example.jp", "a.example.jp"], "www.example.jp"),
        (["*.example.jp", "a.example.jp"], "a.example.jp"),
        (["*.example.jp"], "wildcard.example.jp"),
    ],
)
def test_a_service_is_asked_for_a_plain_name(names: list[str], server_name: str) -> None:
    validation = {"method": "email", "contact": {"kind": "constructed", "address": "admin@example.jp"}}
    found = final(
        8443, common_name=names[0], dns_names=names[1:], validation=validation, deploy={"handshake": {"address": "::1"}}
    )
    assert found["deploy"]["handshake"] == {
        "address": "::1",
        "port": 8443,
        "server_name": server_name,
        "timeout": 10,
    }


@pytest.mark.parametrize(("kind", "exclusive"), [("constructed", False), ("txt", False), ("txt", True)])
def test_a_mailbox_is_there_with_its_domains(kind: str, exclusive: bool) -> None:
    contact = {"kind": kind, "address": "admin@example.jp", "exclusive": exclusive}
    assert final(validation={"method": "email", "contact": contact})["validation"]["contact"] == {
        **contact,
        "domains": ["example.jp"],
    }


def test_each_contact_of_the_plan_says_whom_the_seller_mails_and_what_that_covers() -> None:
    contact = {"kind": "constructed", "address": "admin@example.jp"}
    book = a_book(own(methods=(FILE, MAIL), contacts=MAILED))
    plan = plan_certificate(a_wish(validation={"method": "email", "contact": contact}), book).plan
    assert [
        {key: one[key] for key in ("address", "kind", "domain", "selectable", "mailed", "covers")}
        for one in plan["contacts"]
    ] == [
        {
            "address": "admin@example.jp",
            "kind": "constructed",
            "domain": "example.jp",
            "selectable": True,
            "mailed": "chosen",
            "covers": "subtree",
        },
        {
            "address": None,
            "kind": "txt",
            "domain": "example.jp",
            "selectable": True,
            "mailed": "all",
            "covers": "fqdn",
        },
    ]
