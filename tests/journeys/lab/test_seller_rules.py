# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seller's arithmetic and rules, each as a table."""

from __future__ import annotations

from datetime import datetime

import pytest
from lab.clock import iso_jst
from lab.refusal import Refused
from lab.seller import addresses, products, validity

REGISTRY = {"example.jp", "example.co.jp", "www.tokyo.jp", "example.com"}


def registered(name: str) -> str | None:
    labels = name.split(".")
    return next((".".join(labels[at:]) for at in range(len(labels)) if ".".join(labels[at:]) in REGISTRY), None)


@pytest.mark.parametrize(
    ("issued", "until", "why"),
    [
        ("2026-06-23T10:00:00+09:00", "2026-11-30T23:59:59+09:00", "the fifth month has 30 days"),
        ("2026-08-31T12:00:00+09:00", "2027-01-31T23:59:59+09:00", "over the end of the year"),
        ("2026-09-30T00:00:00+09:00", "2027-02-28T23:59:59+09:00", "February"),
        ("2026-07-01T00:00:00+09:00", "2026-12-31T23:59:59+09:00", "December itself"),
        ("2026-06-30T14:59:59+00:00", "2026-11-30T23:59:59+09:00", "the last second of June in Japan"),
        ("2026-06-30T15:00:00+00:00", "2026-12-31T23:59:59+09:00", "the first second of July in Japan, June in UTC"),
        ("2026-12-31T23:59:59+09:00", "2027-05-31T23:59:59+09:00", "the last second of the year"),
    ],
)
def test_dv_ends_with_the_fifth_month_after_issue_in_japan(issued: str, until: str, why: str) -> None:
    for product in ("dv", "dv_wildcard"):
        assert iso_jst(validity.not_after(product, datetime.fromisoformat(issued))) == until, why


def test_the_fifth_month_may_be_february_of_a_leap_year() -> None:
    issued = datetime.fromisoformat("2027-09-01T00:00:00+09:00")
    assert iso_jst(validity.end_of_month(issued, 5)) == "2028-02-29T23:59:59+09:00"


@pytest.mark.parametrize(("issued", "days"), [("2027-03-14", None), ("2027-03-15", 99), ("2029-03-15", 46)])
@pytest.mark.parametrize("product", ["dv", "flex"])
def test_from_dated_rules_on_nothing_lives_longer(product: str, issued: str, days: int | None) -> None:
    begin = datetime.fromisoformat(f"{issued}T12:00:00+00:00")
    lives = (validity.not_after(product, begin) - begin).total_seconds() + 1
    assert lives == days * 86_400 if days else lives > 150 * 86_400


def test_flex_is_valid_199_days_and_both_ends_count() -> None:
    issued = datetime.fromisoformat("2026-06-23T10:00:00+09:00")
    not_after = validity.not_after("flex", issued)
    assert (not_after - issued).total_seconds() + 1 == 199 * 86_400


@pytest.mark.parametrize(
    ("common_name", "domains"),
    [
        ("example.jp", ["example.jp"]),
        ("www.example.jp", ["example.jp"]),
        ("sub.example.jp", ["sub.example.jp", "example.jp"]),
        ("www.sub.example.jp", ["sub.example.jp", "example.jp"]),
        ("a.b.example.jp", ["a.b.example.jp", "example.jp"]),  # never b.example.jp
        ("*.example.jp", ["example.jp"]),
        ("*.sub.example.jp", ["sub.example.jp", "example.jp"]),
        ("*.www.example.jp", ["www.example.jp", "example.jp"]),  # one label only
        ("www.tokyo.jp", ["www.tokyo.jp"]),  # this www is registered
        ("www.www.tokyo.jp", ["www.tokyo.jp"]),
        ("*.www.tokyo.jp", ["www.tokyo.jp"]),
        ("www.example.co.jp", ["example.co.jp"]),
        ("wwww.example.jp", ["wwww.example.jp", "example.jp"]),
    ],
)
def test_constructed_addresses_are_at_the_common_name_or_the_registered_domain(
    common_name: str, domains: list[str]
) -> None:
    found = addresses.constructed(common_name, registered(addresses.bare(common_name)) or "")
    locals_ = ["admin", "administrator", "hostmaster", "postmaster", "webmaster"]
    assert list(found) == [f"{local}@{domain}" for domain in domains for local in locals_]


@pytest.mark.parametrize(
    ("common_name", "other"),
    [
        ("www.example.jp", "example.jp"),
        ("example.jp", "www.example.jp"),
        ("shop.example.jp", "www.shop.example.jp"),
        ("www.shop.example.jp", "shop.example.jp"),
        ("www.tokyo.jp", "www.www.tokyo.jp"),
        ("*.example.jp", "example.jp"),
        ("*.www.example.jp", "www.example.jp"),
    ],
)
def test_the_double_address_is_the_name_with_or_without_www(common_name: str, other: str) -> None:
    assert addresses.counterpart(common_name, registered(addresses.bare(common_name)) or "") == other


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("certs@example.jp", "certs@example.jp"),
        ("Certs+ssl@EXAMPLE.jp", "Certs+ssl@example.jp"),
        ("a.b@example.jp", "a.b@example.jp"),
        ("mailto:certs@example.jp", ""),
        ("certs@example.jp, other@example.jp", ""),
        ("certs@example.jp\r\nBcc: other@example.jp", ""),
        ("@example.jp", ""),
        ("certs@", ""),
        ("certs@jp", ""),
        (".certs@example.jp", ""),
        ("certs@[127.0.0.1]", ""),
    ],
)
def test_an_address_is_one_plain_address(text: str, tidy: str) -> None:
    assert addresses.tidy(text) == tidy


def order(**facts: object) -> dict[str, object]:
    """A good order of dv; what is given differs."""
    auth = {"method": facts.pop("method", "file")}
    names = facts.pop("names", ["www.example.jp"])
    assert isinstance(names, list)
    whole = {"partner_order_id": "p-1", "product": "dv", "csr": "…", "common_name": names[0], "names": names}
    return {**whole, "auth": auth, **facts}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, ""),
        ({"names": ["www.example.jp", "example.jp"], "double_address": True}, ""),
        ({"names": ["example.jp", "www.example.jp"], "double_address": True}, ""),
        ({"product": "dv_wildcard", "names": ["*.example.jp"], "method": "mail"}, ""),
        (
            {
                "product": "dv_wildcard",
                "names": ["*.example.jp", "example.jp"],
                "double_address": True,
                "method": "mail",
            },
            "",
        ),
        ({"product": "flex", "names": ["example.jp", "*.example.com"], "method": "dns"}, ""),
        ({"product": "flex", "names": [f"h{n}.example.jp" for n in range(100)], "method": "dns"}, ""),
        ({"product": "flex", "names": [f"h{n}.example.jp" for n in range(101)], "method": "dns"}, "too_many_names"),
        ({"names": ["www.example.jp", "example.jp"]}, "too_many_names"),
        ({"names": ["www.example.jp"], "double_address": True}, "invalid_name"),
        ({"names": ["www.example.jp", "shop.example.jp"], "double_address": True}, "invalid_name"),
        ({"names": ["*.example.jp"], "method": "mail"}, "wildcard_not_allowed"),
        ({"product": "flex", "names": ["*.example.jp"], "method": "file"}, "wildcard_not_allowed"),
        ({"product": "dv_wildcard", "names": ["*.example.jp"], "method": "file"}, "method_not_offered"),
        ({"product": "dv_wildcard", "names": ["example.jp"], "method": "mail"}, "invalid_name"),
        ({"method": "dns"}, "method_not_offered"),
        ({"product": "flex", "method": "registrar"}, "method_not_offered"),
        ({"method": "phone"}, "method_not_offered"),
        ({"product": "ev"}, "unknown_product"),
        ({"names": ["www.example.net"]}, "invalid_name"),  # nobody registered it
        ({"names": ["jp"]}, "invalid_name"),
        ({"names": ["WWW.example.jp"]}, "invalid_name"),
        ({"names": ["a_b.example.jp"]}, "invalid_name"),
        ({"names": ["*.*.example.jp"], "product": "flex", "method": "dns"}, "invalid_name"),
        ({"names": ["日本.example.jp"]}, "invalid_name"),
        ({"names": ["example.jp", "example.jp"], "product": "flex"}, "invalid_name"),
        ({"common_name": "example.jp"}, "invalid_name"),  # not the first of the names
        ({"partner_order_id": "x" * 33}, "broken_request"),
        ({"partner_order_id": ""}, "broken_request"),
        ({"partner_order_id": 7}, "broken_request"),
        ({"csr": None}, "broken_request"),
        ({"auth": None}, "broken_request"),
        ({"double_address": "true"}, "broken_request"),
        ({"names": ["www.example.jp", 1]}, "broken_request"),
    ],
)
def test_an_order_is_taken_or_refused_as_the_manual_says(facts: dict[str, object], code: str) -> None:
    try:
        products.judge(products.read(order(**facts)), registered)
        refused = ""
    except Refused as refusal:
        refused = refusal.code
        assert refusal.status == 400
    assert refused == code


@pytest.mark.parametrize("document", [None, [], "order", 7])
def test_what_is_no_object_is_no_order(document: object) -> None:
    with pytest.raises(Refused) as refusal:
        products.read(document)
    assert refusal.value.code == "broken_request"
