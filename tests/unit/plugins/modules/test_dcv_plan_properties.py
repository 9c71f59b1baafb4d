# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every product, name and day from 2024 to 2030, whatever is declared."""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._data import ca_products_rows as rows
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products import PRODUCTS
from ansible_collections.inkan.tls.plugins.module_utils._data.validity import VALIDITY_MAX_DAYS
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._names.suffix import registered_domain, registrable_domain
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._data.catalogue_rules import KNOWN_FACTS
from ansible_collections.inkan.tls.tests.unit.plugins.modules.catalogue_cases import CATALOGUE, Case
from ansible_collections.inkan.tls.tests.unit.plugins.modules.test_catalogue_cases import CASES
from hypothesis import given
from hypothesis import strategies as st

FIRST, LAST = datetime(2024, 1, 1, tzinfo=timezone.utc), datetime(2030, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
MAIL_ENDS, WHOIS_ENDS, PHONE_ENDS = date(2028, 3, 15), date(2025, 7, 15), date(2027, 3, 15)
RULE = re.compile(r"BR [\dA].*|EVG \S+|RFC \d+.*|SC-\d+.*|older BR tables.*|Chrome .*")
OF_DNS = ("txt", "caa")

LABELS = ["www", "*", "a", "shop", "例", "tokyo", "chiyoda", "kawasaki", "city", "kobe", "lg", "co", "or", "jp", "com"]
NAMES = st.one_of(
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=5).map(".".join),
    st.sampled_from(["www.example.jp", "*.example.jp", "example.co.jp", "www.city.kobe.lg.jp", "www.tokyo.jp"]),
    st.text(max_size=12),
)
MOMENTS = st.integers(0, int((LAST - FIRST).total_seconds())).map(lambda seconds: FIRST + timedelta(seconds=seconds))
TIMES = MOMENTS.map(render_time)
ADDRESSES = st.one_of(
    st.none(),
    st.just("pki@example.com"),
    st.builds("{}@{}".format, st.sampled_from(["admin", "postmaster", ""]), NAMES),
)
VALIDATIONS = st.one_of(
    st.fixed_dictionaries(
        {
            "method": st.just("email"),
            "contact": st.fixed_dictionaries(
                {"kind": st.sampled_from(["constructed", "txt", "caa", "soa", "whois"]), "address": ADDRESSES}
            ),
        }
    ),
    st.sampled_from(["email", "file", "dns", "dns-cname", "registrar", "dns-01", "http-01", "nothing"]).map(
        lambda method: {"method": method, "document_root": "/var/www"}
    ),
    st.just({}),
)
WHO = st.sampled_from(["us", "seller"])
LIVES = st.one_of(
    st.none(),
    st.builds(
        lambda start, days, names: {
            "not_before": render_time(start),
            "not_after": render_time(start + timedelta(days=days)),
            "dns_names": names,
        },
        MOMENTS,
        st.integers(1, 400),
        st.lists(NAMES, max_size=2),
    ),
)
ITEMS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "dns_names": st.lists(NAMES, max_size=2),
        "validation": VALIDATIONS,
        "key": st.fixed_dictionaries({"made_by": WHO}),
        "deploy": st.fixed_dictionaries({"by": WHO}),
        "options": st.fixed_dictionaries(
            {},
            optional={
                "double_address": st.booleans(),
                "www_option": st.booleans(),
                "same_account": st.booleans(),
                "registrar_linkage": st.booleans(),
                "period": st.sampled_from(["1y", "6m", "2y", "9y"]),
                "max_names": st.integers(-1, 5),
            },
        ),
        "live": LIVES,
        "as_of": TIMES,
        "fits": st.booleans(),
    },
    optional={
        "validated_on": TIMES,
        "contract_ends": TIMES,
        "expires": TIMES,
        "issued_from": st.just("y"),
        "order": st.fixed_dictionaries({"state": st.sampled_from(["validating", "issuing", "issued", "refused"])}),
    },
)
KEYS = st.sampled_from(sorted(CATALOGUE))


def asked(product: str, item: dict[str, t.Any]) -> tuple[Planned, date] | None:
    """The plan and its day; None: not even the shape of the item is right."""
    try:
        asks = {field: value for field, value in item.items() if field != "fits"}
        asks.update(fitting(CATALOGUE[product], asks["validation"]) if item["fits"] else {})
        return Case("", "", product, asks, ()).planned(), parse_time(item["as_of"]).date()
    except InputErrors:
        return None


def names_of(product: str, item: dict[str, t.Any]) -> set[str]:
    """The names that are asked for, as A-labels: those that can be."""
    asks = {**item, **(fitting(CATALOGUE[product], item["validation"]) if item["fits"] else {})}
    found = set()
    for text in (asks["name"], *asks["dns_names"]):
        with contextlib.suppress(ValueError):
            found.add(to_alabel(text))
    return found


def fitting(product: rows.Product, validation: dict[str, t.Any]) -> dict[str, t.Any]:
    """An item that its seller would take, so that not every random one is refused."""
    wildcard, custody = product.names[0].wildcard, product.custody[0]
    name = "*.example.jp" if wildcard == "only" else "sub.example.jp"
    words = [offer.method for offer in product.methods]
    if validation.get("method") == "email" and validation.get("contact", {}).get("kind") == "constructed":
        local_part = "postmaster" if product.seller == "idcf" else "admin"
        address = f"{local_part}@{name.replace('*.', '')}"
        validation = {"method": "email", "contact": {"kind": "constructed", "address": address}}
    elif validation.get("method") not in words:
        validation = {"method": words[-1], "document_root": "/var/www"} if words else {}
    return {
        "name": name,
        "dns_names": [],
        "validation": validation,
        "key": {"made_by": custody.key_made_by[0]},
        "deploy": {"by": custody.deployed_by[0]},
        "options": {"same_account": True} if product.links and validation.get("method") == "registrar" else {},
        "issued_from": "y" if product.sources else None,
    }


def test_random_items_are_taken_often_enough_to_say_something() -> None:
    taken = [product for product in CATALOGUE for method in ("email", "file", "dns") if is_taken(product, method)]
    assert set(taken) == set(CATALOGUE)


def is_taken(product: str, method: str) -> bool:
    contact = {"kind": "constructed" if method == "email" else "txt", "address": "pki@example.com"}
    item = {"validation": {"method": method, "contact": contact}, "as_of": "2026-11-20T00:00:00Z", "fits": True}
    found = asked(product, item)
    return found is not None and found[0].error is None


@given(product=KEYS, item=ITEMS)
def test_a_plan_is_total_and_always_the_same(product: str, item: dict[str, t.Any]) -> None:
    found, again = asked(product, item), asked(product, item)
    if found is None or again is None:
        assert found is again
        return
    one, other = found[0], again[0]
    assert json.dumps([one.plan, one.certificate]) == json.dumps([other.plan, other.certificate])
    assert one.due == other.due
    assert (one.error is None) == (one.certificate is not None) == (one.due is not None)
    for step in one.plan["steps"]:
        assert step["actor"] in ("customer", "seller", "ca")
        assert "{" not in step["action"]
    said = [row for table in ("methods", "contacts", "steps", "cliffs") for row in one.plan[table]]
    facts = {fact for row in (*said, one.plan["renewal"], one.plan["validity"]) for fact in row["facts"]}
    assert [fact for fact in facts if fact not in KNOWN_FACTS and not RULE.fullmatch(fact)] == []


@given(product=KEYS, item=ITEMS)
def test_no_approval_is_asked_of_a_mailbox_outside_the_registrable_domain(product: str, item: dict[str, t.Any]) -> None:
    found = asked(product, item)
    if found is None:
        return
    one = found[0]
    registered = {registered_domain(name) for name in names_of(product, item)} - {None}
    for contact in one.plan["contacts"]:
        assert any(contact["domain"] == base or contact["domain"].endswith(f".{base}") for base in registered)
        if contact["address"] is not None:
            assert contact["address"].rpartition("@")[2] == contact["domain"]
    for record in one.plan["records"]:
        assert any(record["name"].endswith(f".{base}") or record["name"] == base for base in registered)
    chosen = one.certificate["validation"]["contact"] if one.certificate is not None else None
    if chosen is not None and chosen["kind"] == "constructed":
        assert one.certificate is not None
        bases = {registrable_domain(name) for name in one.certificate["dns_names"]}
        assert registrable_domain(chosen["address"].rpartition("@")[2]) in bases
    if chosen is not None and chosen["kind"] not in OF_DNS:
        assert one.plan["records"] == []


@given(product=KEYS, item=ITEMS)
def test_no_wildcard_name_is_validated_by_a_file_and_none_is_in_an_ev_certificate(
    product: str, item: dict[str, t.Any]
) -> None:
    found = asked(product, item)
    if found is None or found[0].certificate is None:
        return
    one = found[0]
    assert one.certificate is not None
    stars = [name for name in one.certificate["dns_names"] if name.startswith("*.")]
    if stars:
        assert one.certificate["method"] not in ("file", "http-01")
        assert one.plan["files"] == []
        assert one.plan["validation_level"] != "ev"


@given(product=KEYS, item=ITEMS)
def test_no_certificate_is_planned_beyond_the_cap_of_its_day(product: str, item: dict[str, t.Any]) -> None:
    found = asked(product, item)
    if found is None:
        return
    one, day = found
    most = [row.days for row in VALIDITY_MAX_DAYS if row.since <= day][-1]
    validity = one.plan["validity"]
    cap = parse_time(item["as_of"]) + timedelta(days=most) - timedelta(seconds=1)
    assert parse_time(validity["not_after"]) <= cap
    assert 0 <= validity["max_days"] <= most


@given(product=KEYS, item=ITEMS)
def test_what_a_rule_has_ended_no_seller_offers(product: str, item: dict[str, t.Any]) -> None:
    found = asked(product, item)
    if found is None:
        return
    one, day = found
    if day >= MAIL_ENDS:
        assert not any(row["allowed"] for row in one.plan["methods"] if row["method"] == "email")
        assert not any(row["allowed"] for row in one.plan["contacts"])
    if day >= WHOIS_ENDS:
        assert not any(row["allowed"] for row in one.plan["contacts"] if row["kind"] in ("whois", "soa"))
    for cliff in one.plan["cliffs"]:
        assert cliff["date"] > day.isoformat()
        assert cliff["do"]


@pytest.mark.parametrize("product", [product.key for product in PRODUCTS])
def test_mail_has_its_last_day_at_every_seller(product: str) -> None:
    """The examples of the tables again, on the last day of mail and on the day after."""
    by_mail = [case for case in CASES if case.product == product and "as_of" not in case.asks]
    by_mail = [case for case in by_mail if case.asks.get("validation", {}).get("method") == "email"]
    for case in by_mail:
        for moment, words in (("2028-03-14T23:59:59Z", False), ("2028-03-15T00:00:00Z", True)):
            asks = {field: value for field, value in case.asks.items() if field not in ("live", "order", "expires")}
            one = Case("", "", product, {**asks, "as_of": moment}, ()).planned()
            (method,) = [row for row in one.plan["methods"] if row["method"] == "email"]
            assert method["ends_on"] == "2028-03-15"
            gone = "MUST NOT be relied on since 2028-03-15" in "; ".join(method["reasons"])
            assert gone is words
