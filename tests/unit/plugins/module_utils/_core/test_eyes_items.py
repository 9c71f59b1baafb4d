# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles tell dcv_check, and what they make of outside vantage points."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.eyes_items import ca_of_account, look_at, with_outside
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import pack


@pytest.mark.parametrize(
    ("settings", "ca"),
    [
        ({"preset": "letsencrypt"}, "letsencrypt"),
        ({"preset": "letsencrypt-staging"}, "letsencrypt"),
        ({"preset": "digicert-one"}, "digicert"),
        ({"directory": "https://acme-v02.api.letsencrypt.org/directory"}, "letsencrypt"),
        ({"directory": "https://127.0.0.1:1/dir"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_ca_behind_an_acme_account(settings: t.Any, ca: str | None) -> None:
    assert ca_of_account({"adapter": "acme", "settings": settings}) == ca
    assert ca_of_account("nonsense") is None


def test_an_order_by_mail_is_looked_at_with_its_contact_and_its_label() -> None:
    contact = {"kind": "txt", "address": "a@example.jp", "domains": ["example.jp", "example.com"]}
    wish = {"method": "email", "dns_names": ["www.example.jp"], "ca_account": "x", "validation": {"contact": contact}}
    assert look_at({"ca": "jprs"}, wish, {}, {}) == {
        "dns_names": ["www.example.jp"],
        "ca": "jprs",
        "validation_methods": ["ca-tbr-14"],
        "contacts": [
            {"kind": "txt", "domain": "example.jp", "address": "a@example.jp"},
            {"kind": "txt", "domain": "example.com", "address": "a@example.jp"},
        ],
    }


@pytest.mark.parametrize(
    ("method", "labels"),
    [
        ("http-01", ["http-01", "ca-tbr-19"]),
        ("dns-01", ["dns-01", "ca-tbr-7"]),
        ("dns-persist-01", ["dns-persist-01", "ca-tbr-22"]),
        ("file", ["ca-tbr-18"]),
        ("dns", ["ca-tbr-7"]),
        ("dns-cname", ["ca-tbr-7"]),
        ("registrar", ["ca-tbr-12"]),
        ("none-of-these", []),
    ],
)
def test_a_method_has_its_labels_of_rfc_8657(method: str, labels: list[str]) -> None:
    found = look_at(
        {"ca": None}, {"method": method, "ca_account": "le"}, {"dns_names": ["a.jp"]}, {"le": "letsencrypt"}
    )
    assert (found["validation_methods"], found["ca"], found["dns_names"]) == (labels, "letsencrypt", ["a.jp"])


def test_a_ca_that_is_not_known_is_not_named() -> None:
    """Module options have choices: null is none of them."""
    assert "ca" not in look_at({"ca": "somebody"}, {}, {}, {})


def seen(name: str, *lacking: str) -> dict[str, t.Any]:
    state = "not_visible" if lacking else "visible"
    return {"name": name, "state": state, "outcome": state, "lacking": list(lacking), "warnings": [], "findings": []}


def test_what_only_a_vantage_point_misses_stops_the_ca_from_being_asked() -> None:
    here = {"shop": seen("shop"), "www": seen("www", "x: lacks")}
    outside = [{"item": "osaka", "results": [seen("shop", "TXT a: ns2 says NXDOMAIN"), seen("www", "x: lacks")]}]
    joined = with_outside(here, outside)
    assert joined["shop"]["state"] == joined["shop"]["outcome"] == "not_visible"
    assert joined["shop"]["lacking"] == ["from osaka: TXT a: ns2 says NXDOMAIN"]
    assert [(one["code"], one["where"]) for one in joined["shop"]["findings"]] == [("vantage_lacks", "osaka")]
    assert joined["www"]["lacking"] == ["x: lacks"]
    assert here["shop"]["state"] == "visible"


def test_what_is_seen_from_outside_may_come_packed() -> None:
    results = [seen("shop", "TXT a: ns2 says NXDOMAIN")]
    plain, packed = ([{"item": "osaka", "results": one}] for one in (results, pack(results)))
    joined = with_outside({"shop": seen("shop")}, packed)
    assert joined == with_outside({"shop": seen("shop")}, plain)
    assert joined != {"shop": seen("shop")}


def test_a_vantage_point_that_cannot_look_is_a_warning() -> None:
    outside = [{"item": "osaka", "unreachable": True, "msg": "no route"}, {"item": "berlin", "skipped": True}]
    joined = with_outside({"shop": seen("shop")}, outside)
    assert joined["shop"]["state"] == "visible"
    assert joined["shop"]["warnings"] == ["from osaka: no route"]
    assert with_outside({}, outside) == {}


@pytest.mark.parametrize(
    ("kind", "looked_at"), [("constructed", 1), ("txt", 1), ("caa", 1), ("soa", 1), ("whois", 0), (None, 0)]
)
def test_only_kinds_of_contact_that_dns_knows_are_looked_at(kind: str | None, looked_at: int) -> None:
    contact = {"kind": kind, "address": "a@example.jp", "domains": ["example.jp"]}
    wish = {"method": "email", "validation": {"contact": contact}}
    assert len(look_at({}, wish, {}, {})["contacts"]) == looked_at
    assert look_at({}, {**wish, "method": "dns-01"}, {}, {})["contacts"] == []
    nowhere = {"method": "email", "validation": {"contact": {**contact, "address": None}}}
    assert look_at({}, nowhere, {}, {})["contacts"] == []


def test_every_vantage_point_adds_what_it_saw_to_what_was_known() -> None:
    before = {"code": "x", "severity": "note"}
    here = {"shop": {**seen("shop"), "findings": [before], "warnings": ["slow"]}}
    outside = [
        {"msg": "no route"},
        {"item": "osaka", "results": [seen("shop", "TXT a"), seen("another", "TXT a")]},
        {"item": "berlin", "results": [seen("shop", "TXT a")]},
    ]
    joined = with_outside(here, outside)["shop"]
    assert joined["findings"][0] == before
    assert [(one["code"], one["where"], one["why"]) for one in joined["findings"][1:]] == [
        ("vantage_not_asked", "a vantage point", "no route"),
        ("vantage_lacks", "osaka", "TXT a"),
        ("vantage_lacks", "berlin", "TXT a"),
    ]
    assert [sorted(one) for one in joined["findings"][1:]] == [["code", "severity", "todo", "what", "where", "why"]] * 3
    assert (joined["warnings"], joined["lacking"]) == (
        ["slow", "from a vantage point: no route"],
        ["from osaka: TXT a", "from berlin: TXT a"],
    )
    assert with_outside(here, [{"item": "osaka"}])["shop"]["warnings"][-1] == "from osaka: it could not be reached"
