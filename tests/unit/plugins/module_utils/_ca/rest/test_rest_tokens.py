# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seller may ask to be published: proof for the names of the order, and nothing else."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.tokens import wanted_files, wanted_records
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    NUMBER,
    Table,
    answer,
    described,
    request,
)

ORDER = request("file")
WELL_KNOWN = ".well-known/pki-validation"


def file(**changes: t.Any) -> dict[str, t.Any]:
    return {"name": "www.example.jp", "url": f"http://www.example.jp/{WELL_KNOWN}/a1.txt", "content": "t", **changes}


def record(**changes: t.Any) -> dict[str, t.Any]:
    return {"name": "_labssl.example.jp", "type": "TXT", "value": "t", **changes}


@pytest.mark.parametrize("none", [None, [], [None]])
def test_nothing_wanted(none: t.Any) -> None:
    assert wanted_files(none, ORDER) == ()
    assert wanted_records(none, ORDER) == ()


@pytest.mark.parametrize(
    "entry",
    [
        file(),
        file(name="WWW.example.jp."),
        file(url="http://www.example.jp:80/.well-known/pki-validation/a1.txt"),
        file(url="https://www.example.jp/.well-known/pki-validation/a1.txt"),
        {"name": "www.example.jp", "path": "/.well-known/pki-validation/a1.txt", "content": "t"},
        {"name": "www.example.jp", "path": ".well-known/pki-validation/a1.txt", "content": "t", "url": None},
    ],
)
def test_a_file_however_it_is_told(entry: dict[str, t.Any]) -> None:
    path = f"{WELL_KNOWN}/a1.txt"
    assert wanted_files([entry], ORDER) == (TokenFile("www.example.jp", path, "t", f"http://www.example.jp/{path}"),)
    assert wanted_files(entry, ORDER) == wanted_files([entry], ORDER), "one stands for a list of one"


def test_a_file_without_a_name_is_wanted_on_every_name_but_wildcards() -> None:
    path = f"{WELL_KNOWN}/a1.txt"
    order = request("file", "www.example.jp", "example.jp", "*.example.jp")
    entry = {"path": path, "content": 42}
    assert [(one.dns_name, one.content) for one in wanted_files([entry], order)] == [
        ("www.example.jp", "42"),
        ("example.jp", "42"),
    ]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (file(name="mail.example.jp", url=f"http://mail.example.jp/{WELL_KNOWN}/a"), "ordered were"),
        (file(url=f"http://evil.example/{WELL_KNOWN}/a"), "its host is not 'www.example.jp'"),
        (file(url=f"http://www.example.jp:8080/{WELL_KNOWN}/a"), "a URL of the form"),
        (file(url=f"http://u@www.example.jp/{WELL_KNOWN}/a"), "a URL of the form"),
        (file(url=f"http://www.example.jp/{WELL_KNOWN}/a?x"), "a URL of the form"),
        (file(url=f"http://www.example.jp/{WELL_KNOWN}/a#x"), "a URL of the form"),
        (file(url=f"ftp://www.example.jp/{WELL_KNOWN}/a"), "a URL of the form"),
        (file(url="http://www.example.jp:x/"), "no URL"),
        (file(url="http://www.example.jp/index.html"), "are possible"),
        (file(url=f"http://www.example.jp/{WELL_KNOWN}/../../x"), "are possible"),
        (file(url=f"http://www.example.jp/{WELL_KNOWN}/%2e%2e"), "are possible"),
        (file(url=f"http://www.example.jp/{WELL_KNOWN}/.htaccess"), "are possible"),
        (file(url=f"http://www.example.jp/{WELL_KNOWN}/a.php"), "are possible"),
        (file(url=f"http://www.example.jp//{WELL_KNOWN}/a"), "are possible"),
        (file(path="../../etc/cron.d/x"), "are possible"),
        (file(url=None), "a URL of the form"),
        (file(content=""), "its content has 0"),
        (file(content=None), "its content has 0"),
        (file(content="x" * 70_000), "its content has 70000"),
        (file(content=["t"]), "no text"),
        (file(mode="0777"), "must make {content, name, path, url}"),
        ("token", "must make"),
    ],
)
def test_a_file_elsewhere_is_refused(entry: t.Any, why: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        wanted_files([file(), entry], ORDER)
    assert caught.value.code == "rest_strange_wish"
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (record(), TokenRecord("_labssl.example.jp", "TXT", "t")),
        (record(name="_LABSSL.www.example.jp."), TokenRecord("_labssl.www.example.jp", "TXT", "t")),
        (record(name="example.jp", type=None), TokenRecord("example.jp", "TXT", "t")),
        (record(name="_0a1b.www.example.jp", type="cname", value="X.CA.example."),
         TokenRecord("_0a1b.www.example.jp", "CNAME", "x.ca.example")),
        (record(name="_a._b.www.example.jp"), TokenRecord("_a._b.www.example.jp", "TXT", "t")),
    ],
)  # fmt: skip
def test_a_record_at_or_above_or_below_a_name(entry: dict[str, t.Any], expected: TokenRecord) -> None:
    assert wanted_records([entry], ORDER) == (expected,)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (record(name="_labssl.example.com"), "ordered were"),
        (record(name="_labssl.mail.example.jp"), "ordered were"),
        (record(name="mail.example.jp"), "ordered were"),
        (record(name="_labssl.jp"), "ordered were"),
        (record(name="_labssl.ample.jp"), "ordered were"),
        (record(name="x._labssl.example.jp"), "ordered were"),
        (record(name="_acme-challenge.example.jp"), "another service"),
        (record(name="_validation-contactemail.example.jp"), "another service"),
        (record(name="_x._dmarc.example.jp"), "another service"),
        (record(name="www.example.jp", type="CNAME"), "would hide"),
        (record(type="A", value="192.0.2.1"), "its type is 'A'"),
        (record(type="CAA"), "its type is 'CAA'"),
        (record(value=""), "its value is empty"),
        (record(name="example.jp", value="v=spf1 +all"), "policy of another service"),
        (record(name="example.jp", value=" V=DMARC1; p=none"), "policy of another service"),
        (record(name=""), "it is empty"),
        (record(name="_lab ssl.example.jp"), "A-label"),
        (record(ttl=5), "must make {name, type, value}"),
        (record(value={"a": 1}), "no text"),
    ],
)
def test_a_record_elsewhere_is_refused(entry: t.Any, why: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        wanted_records([record(), entry], ORDER)
    assert caught.value.code == "rest_strange_wish"
    assert why in caught.value.why


def test_a_flood_of_wishes_is_refused() -> None:
    with pytest.raises(ProtocolError, match="1001"):
        wanted_records([record()] * 1001, ORDER)
    with pytest.raises(ProtocolError, match="501 entries"):
        look(answer("mail_sent", auth={"sent_to": ["a@example.jp"] * 501}))


def look(reply: t.Any, **changes: t.Any) -> Seen:
    table = Table(described(**changes)) if changes else Table()
    return table.on(f"GET /orders/{NUMBER}", reply).adapter.look(NUMBER, request())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-06-23T10:00:00+09:00", "2026-06-23T01:00:00+00:00"),
        ("2026-06-23T10:00:00Z", "2026-06-23T10:00:00+00:00"),
        ("2026-06-23 10:00:00", "2026-06-23T01:00:00+00:00"),
        ("2026/06/23 10:00", "2026-06-23T01:00:00+00:00"),
        ("2026/6/3 9:05", "2026-06-03T00:05:00+00:00"),
        ("2026-06-23T10:00:00.123", "2026-06-23T01:00:00+00:00"),
        ("2026/06/30", "2026-06-30T15:00:00+00:00"),
        ("2026-12-31", "2026-12-31T15:00:00+00:00"),
        (1782176400, "2026-06-23T01:00:00+00:00"),
    ],
)
def test_times_without_a_zone_are_japanese(written: t.Any, meant: str) -> None:
    seen = look(answer("mail_sent", expires_at=written))
    assert seen.expires is not None
    assert seen.expires.isoformat() == meant


def test_another_zone_may_be_described() -> None:
    seen = look(answer("mail_sent", expires_at="2026-06-23 10:00"), zone="-03:30")
    assert seen.expires is not None
    assert seen.expires.isoformat() == "2026-06-23T13:30:00+00:00"


@pytest.mark.parametrize(
    "written", ["23 Jun 2026", "2026-02-30", "9999/12/31", -1, 1e300, True, ["x"], {"a": 1}, "x" * 99]
)
def test_a_time_that_nobody_can_read_is_told_and_stops_nothing(written: t.Any) -> None:
    seen = look(answer("mail_sent", expires_at=written))
    assert seen.expires is None
    assert "expires" in seen.wanted.notes[0]


def test_pages_for_people_are_notes() -> None:
    seen = look(answer("mail_sent", page="https://approve.example/x"), order__notes="page")
    assert seen.wanted.notes == ("https://approve.example/x",)


def test_the_status_may_be_a_number() -> None:
    assert look(answer(3), statuses={"3": "issuing", "4": "issued"}).status_word == "3"


def test_the_order_may_lie_deeper_in_every_answer() -> None:
    table = Table(described(order__at="data.order"))
    body = answer("issued").body
    table.on(f"GET /orders/{NUMBER}", answer("x")._replace(body={"data": {"order": body}}))
    assert table.adapter.look(NUMBER, request()).status_word == "issued"


def test_an_expression_that_meets_another_shape_is_the_sellers_trouble() -> None:
    with pytest.raises(ProtocolError) as caught:
        look(answer("mail_sent"), order__mails="join(',', auth.sent_to[].mail.address || `3`)")
    assert (caught.value.code, caught.value.retryable) == ("rest_answer_shape", True)
