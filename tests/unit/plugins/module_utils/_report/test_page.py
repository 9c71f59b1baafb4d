# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: what it says, that it stands alone, and that no text breaks it."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.markup import Markup, join, tag
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report
from ansible_collections.inkan.tls.plugins.module_utils._report.page import Links, report_page
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import (
    One,
    a_report,
    a_row,
    waiting,
)

OPEN = {"outcome": "in_progress"}
MAILED = {
    "state": "awaiting_approval",
    "waiting_for": waiting("customer", "approve by the mail to certs@example.jp", "2026-12-15T00:59:59Z"),
    "wanted": {"mails": ["certs@example.jp"]},
}
EVERYTHING = (
    One("shop", None, OPEN, MAILED),
    One("api", None, OPEN, {"state": "wanted", "waiting_for": waiting("ca", "look at what is published")}, "file"),
    One("bad", plan={"outcome": "refused", "error": {"message": "no"}}),
    One("docs", plan={"outcome": "due", "due": {"code": "window_open", "reason": "its day was 2026-11-19T00:00:00Z"}}),
    One("www", "2027-04-30T14:59:59Z", method="dns"),
)


class Reader(HTMLParser):
    """Reads as a browser would: elements in balance, texts by section."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.section = ""
        self.texts: dict[str, str] = {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.add(tag)
        self.links += [str(found[key]) for key in ("href", "src") if key in found]
        self.ids += [str(found["id"])] if "id" in found else []
        if tag in ("header", "section", "footer"):
            self.section = found.get("id") or tag
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script", "title"):
            self.texts[self.section] = self.texts.get(self.section, "") + data + "\n"


def read(*ones: One, **changes: t.Any) -> Reader:
    return Reader(report_page(a_report(*ones, **changes)))


def test_the_page_stands_alone() -> None:
    links = Links("report.ja.html", ("report.json", "report.csv"))
    page = report_page(a_report(*EVERYTHING), links=links)
    found = Reader(page)
    assert not found.elements & {"script", "link", "img", "iframe", "form", "object"}
    assert [link for link in found.links if not link.startswith("#")] == ["report.ja.html", "report.json", "report.csv"]
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    assert "url(" not in page and "@import" not in page and "default-src &#x27;none&#x27;" in page


def test_groups_stand_in_the_order_of_urgency_and_empty_ones_are_left_out() -> None:
    sections = ["attention", "people", "timeline", "ahead", "waiting", "due", "in_order"]
    assert [one for one in read(*EVERYTHING).ids if one in sections] == sections
    shown = [one for one in read(EVERYTHING[-1]).ids if one in sections]
    assert shown == ["people", "timeline", "ahead", "in_order"]
    assert "Nothing needs attention." in read(EVERYTHING[-1]).texts["header"]
    assert "Nothing needs attention." not in read(*EVERYTHING).texts["header"]


def test_who_has_to_act_what_and_by_when_stand_in_the_group_of_the_waiting() -> None:
    text = read(*EVERYTHING).texts["waiting"]
    for words in (
        "You",
        "awaiting approval",
        "approve by the mail to certs@example.jp",
        "2026-12-15 00:59 UTC",
        "承認する",
        "承認しない",
    ):
        assert words in text
    assert "the order is awaiting approval" not in text, "it was said already"
    assert text.index("shop") < text.index("The CA")


def test_an_approval_that_comes_by_no_mail_speaks_of_no_mail() -> None:
    found = read(One("shop", None, OPEN, {**MAILED, "wanted": {"mails": []}}))
    assert "承認する" not in found.texts["waiting"]


def test_the_end_of_the_method_and_the_changes_ahead_are_told_once() -> None:
    found = read(One("a"), One("b"), One("c", method="dns"))
    assert found.texts["in_order"].count("ends 2028-03-15") == 2
    assert found.texts["ahead"].count("earlier validations included") == 1
    assert "all 3" in found.texts["ahead"] and "a, b" in found.texts["ahead"]


@pytest.mark.parametrize(
    ("live", "words"),
    [
        ("2027-04-30T14:59:59Z", "161 days left"),
        ("2026-11-21T00:00:00Z", "1 day left"),
        ("2026-11-20T23:00:00Z", "ends today"),
        ("2026-11-19T00:00:00Z", "ended 1 day ago"),
        ("2026-11-01T00:00:00Z", "ended 19 days ago"),
        (None, "none yet"),
    ],
)
def test_how_long_it_is_valid(live: str | None, words: str) -> None:
    found = read(One("a", live))
    assert words in "".join(found.texts.values())
    assert live is None or live[:10] in "".join(found.texts.values())


def test_a_long_serial_number_is_shown_when_it_is_asked_for() -> None:
    serial = "66c1231c98647916a9bd94d3640c3e13"
    row = a_row(One("a"))
    page = report_page(Report("2026-11-20", None, (replace(row, serial=serial),)))
    assert "serial 66c123…</summary>" in page and f">{serial}<" in page
    assert "serial 1a<" in report_page(Report("2026-11-20", None, (row,)))


def test_times_in_sentences_are_written_for_people() -> None:
    text = read(*EVERYTHING).texts["due"]
    assert "2026-11-19 00:00 UTC" in text and "T00:00:00Z" not in text and "It would be ordered" in text


def test_many_names_hosts_and_certificates_do_not_bury_the_rest() -> None:
    names = [f"n{number}.example.jp" for number in range(50)]
    hosts = tuple(f"web{number}" for number in range(9))
    ones = [One(f"c{number:02}") for number in range(13)]
    report = a_report(*ones, One("dns", method="dns"))
    many = replace(report.rows[0], dns_names=tuple(names), hosts=hosts)
    found = Reader(report_page(replace(report, rows=(many, *report.rows[1:]))))
    assert "and 47 more names" in found.texts["in_order"] and "9 hosts" in found.texts["in_order"]
    assert names[-1] in found.texts["in_order"] and "13 of 14" in found.texts["ahead"]


HOSTILE = "</style></td><script>alert(1)</script><img src=x onerror=alert(1)>\"' & \u202e"


def test_no_text_of_others_becomes_markup() -> None:
    bad = {"outcome": "refused", "error": {"message": HOSTILE}, "certificate": None}
    order = {**MAILED, "waiting_for": waiting(HOSTILE, HOSTILE, HOSTILE), "wanted": {"mails": [HOSTILE]}}
    report = a_report(
        One(HOSTILE, None, OPEN, order), One("bad", None, bad), names=[HOSTILE], own={"bad": {"common_name": HOSTILE}}
    )
    words = "product ca_account method method_ends_on contact serial not_after renews_on".split()
    lists = dict.fromkeys(("hosts", "dns_names"), (HOSTILE,) * 9)
    rows = tuple(replace(row, **dict.fromkeys(words, HOSTILE), **lists) for row in report.rows)
    page = report_page(Report(HOSTILE, (HOSTILE,), rows))
    found = Reader(page)
    assert not found.elements & {"script", "img"} and "\u202e" not in page
    assert len(re.findall("<style", page)) == 1


def test_a_report_about_some_certificates_or_none_says_so() -> None:
    assert "1 certificate, only a" in read(One("a"), names=["a"]).texts["header"]
    assert "0 certificates" in read().texts["header"]


class TestMarkup:
    def test_texts_are_escaped_and_markup_is_not(self) -> None:
        assert tag("p", "<b>", Markup("<i>"), None, 7) == "<p>&lt;b&gt;<i>7</p>"
        assert join("a", tag("br_", "x")) == "a<br_>x</br_>"

    def test_attributes(self) -> None:
        assert tag("td", "x", class_="c", data_label='a"b', title=None) == '<td class="c" data-label="a&quot;b">x</td>'
        assert tag("meta", name="n", http_equiv="e") == '<meta name="n" http-equiv="e">'
