# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that lead on by a cursor, by an address in the answer, by a header; and where a bad seller would lead us."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.listing import next_in_header, target_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    BASE,
    NOW,
    NUMBER,
    REFERENCE,
    Answer,
    Table,
    described,
    order,
    request,
)

OURS = order("waiting_dns")


def other(number: int) -> dict[str, t.Any]:
    return order("issued", order_id=f"LS-{number:06}", partner_order_id=f"ik-other-{number}")


def table_with(find: dict[str, t.Any]) -> Table:
    return Table(described(calls__find={"orders": "orders", **find}))


def found(table: Table) -> str | None:
    seen = table.adapter.find(request(), known_handles=frozenset(), since=NOW)
    return seen.handle if seen is not None else None


def paged(orders: t.Sequence[t.Any], following: t.Any = None, **headers: str) -> Answer:
    return Answer(200, {"orders": list(orders), "next": following}, headers)


def test_a_cursor_is_repeated_until_there_is_none() -> None:
    table = table_with({"request": "GET /orders?c={cursor}", "next": "next"})
    table.on("GET /orders", paged([other(1)], "a b"))
    table.on("GET /orders?c=a%20b", paged([], 17))  # an empty page is not the end
    table.on("GET /orders?c=17", paged([OURS], ""))
    assert found(table) == NUMBER
    assert len(table.http.asked) == 3


@pytest.mark.parametrize("end", [None, False, ""])
def test_no_cursor_is_the_end(end: t.Any) -> None:
    table = table_with({"request": "GET /orders?c={cursor}", "next": "next"})
    assert found(table.on("GET /orders", paged([other(1)], end))) is None


def test_an_address_in_the_answer_is_followed() -> None:
    table = table_with({"request": "GET /orders?limit=1", "next": "next"})
    table.on("GET /orders?limit=1", paged([other(1)], "?limit=1&from=2"))
    table.on("GET /orders?limit=1&from=2", paged([other(2)], f"{BASE}/orders?limit=1&from=3"))
    table.on("GET /orders?limit=1&from=3", paged([OURS]))
    assert found(table) == NUMBER
    assert {one.headers["Authorization"] for one in table.http.asked} == {"ApiKey key-of-our-account-0001"}


def test_the_header_link_is_followed() -> None:
    table = table_with({"request": "GET /orders", "link_header": True})
    link = f'<{BASE}/orders?page=1>; rel="prev", <{BASE}/orders?page=2>; title="a, b"; rel="last next"'
    table.on("GET /orders", paged([other(1)], link=link)).on("GET /orders?page=2", paged([OURS]))
    assert found(table) == NUMBER


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", ""),
        ("</a>; rel=next", "/a"),
        ('</a>; rel="prev", </b>; REL="NEXT"', "/b"),
        ('</a>; title="; rel=next"', ""),
        ("</a>", ""),
        ("</a; rel=next", ""),
        ("<" * 5000, ""),
    ],
)
def test_the_header_link_is_read_as_the_rfc_writes_it(header: str, target: str) -> None:
    assert next_in_header(header) == target


@pytest.mark.parametrize(
    "told",
    [
        "https://evil.example/api/v1/orders?x",
        "//evil.example/api/v1/orders",
        "http://api.labssl.example/api/v1/orders",
        "https://api.labssl.example:444/api/v1/orders",
        "https://u:p@api.labssl.example/api/v1/orders",
        "https://api.labssl.example.evil.example/api/v1/orders",
        "/api/v1/orders/LS-000042/cancel",
        "/api/v1/orders/../../../other",
        "/api/v1/orders#x",
        "/api/v1/orders?a b",
        "/api/v1/orders?\r\nX: y",
        "/api/v1/orders?" + "x" * 3000,
        "https://[",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_led_away(told: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        target_of(told, f"{BASE}/orders?limit=1", BASE)
    assert caught.value.code == "rest_strange_link"
    table = table_with({"request": "GET /orders", "next": "next"}).on("GET /orders", paged([other(1)], told))
    with pytest.raises(ProtocolError):
        found(table)
    assert len(table.http.asked) == 1


@pytest.mark.parametrize(("delay", "seconds"), [({}, 5.0), ({"delay": 0}, 0.0), ({"delay": 90}, 90.0)])
def test_how_late_a_list_is_stands_in_the_description(delay: dict[str, t.Any], seconds: float) -> None:
    assert table_with({"request": "GET /orders", **delay}).adapter.capabilities.find_delay == seconds


def test_a_circle_is_left_and_half_a_list_is_none() -> None:
    table = table_with({"request": "GET /orders?c={cursor}", "next": "next"})
    table.on("GET /orders", paged([other(1)], "a")).on("GET /orders?c=a", paged([other(2)], "a"))
    with pytest.raises(ProtocolError) as caught:
        found(table)
    assert caught.value.code == "rest_half_a_list"
    assert len(table.http.asked) == 2


def test_a_list_without_an_end_is_left_after_so_many_pages() -> None:
    table = table_with({"request": "GET /orders?c={cursor}", "next": "next"}).on("GET /orders", paged([], "1"))
    for number in range(1, 300):
        table.on(f"GET /orders?c={number}", paged([], str(number + 1)))
    with pytest.raises(ProtocolError) as caught:
        found(table)
    assert caught.value.code == "rest_half_a_list"
    assert len(table.http.asked) == 250


def test_what_is_no_cursor_is_not_sent() -> None:
    table = table_with({"request": "GET /orders?c={cursor}", "next": "next"}).on("GET /orders", paged([], {"a": 1}))
    with pytest.raises(ProtocolError, match="no word and no address"):
        found(table)


def test_the_total_ends_a_list_before_its_last_cursor() -> None:
    table = table_with({"request": "GET /orders?c={cursor}", "next": "next", "total": "total"})
    table.on("GET /orders", Answer(200, {"orders": [OURS], "next": "a", "total": 1}))
    assert found(table) == NUMBER
    assert table.http.lines() == ["GET /orders"]
    assert OURS["partner_order_id"] == REFERENCE
