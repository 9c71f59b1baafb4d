# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page of a thousand certificates stays light and readable: what is folded, counted and linked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.changes import with_changes
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report, Waiting, people_tasks
from ansible_collections.inkan.tls.plugins.module_utils._report.page import report_page
from ansible_collections.inkan.tls.plugins.module_utils._report.page_rows import anchor
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate, the_day_before
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.test_page import Reader

MANY = 1000


@pytest.fixture(scope="module")
def many() -> Report:
    report = estate(MANY)
    return with_changes(report, the_day_before(report))


def section(page: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?</section>', page)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_thousand_certificates_are_few_bytes_and_elements(many: Report, language: str) -> None:
    page = report_page(many, language)
    assert len(page.encode()) < 1500 * MANY and page.count("</") + page.count("<input") < 32 * MANY
    assert sum(page.count(f'id="{anchor(row.name)}"') for row in many.rows) == MANY
    found = Reader(page)
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))


def test_what_is_in_order_is_folded_by_month_and_nothing_is_lost(many: Report) -> None:
    text = section(report_page(many), "in_order")
    counts = [int(number) for number in re.findall(r"<summary>(\d+) ends? in \w+ \d{4}</summary>", text)]
    assert len(counts) >= 6 and sum(counts) == text.count("<tr id=") + text.count('<tr role="row" id=')
    assert " open=" not in text


def test_the_first_month_of_what_waits_is_open(many: Report) -> None:
    text = section(report_page(many), "waiting")
    assert text.count('class="fold" open=""') == 1 < text.count('class="fold"')
    assert text.index('class="fold" open=""') == text.index('class="fold"')


def test_many_tasks_are_folded_by_owner_whoever_is_first_comes_first() -> None:
    report = a_report(*(One(f"c{number:02}") for number in range(45)))
    owners = ("tanaka", "suzuki", "")
    rows = tuple(
        replace(
            row, waiting=Waiting("customer", "approve", f"2026-12-{28 - number % 25:02}T00:00:00Z", owners[number % 3])
        )
        for number, row in enumerate(report.rows)
    )
    page = report_page(replace(report, rows=rows))
    summaries = re.findall(r"<summary>([^<]*tasks[^<]*)</summary>", section(page, "people"))
    assert len(people_tasks(replace(report, rows=rows))) == 45 and len(summaries) == 3
    assert re.fullmatch(r"(\w+): 15 tasks, the first by 2026-12-04", summaries[0])
    assert {one.split(":")[0] for one in summaries} == {"tanaka", "suzuki", "You"}


def test_many_changes_are_folded() -> None:
    names = [f"c{number:02}" for number in range(50)]
    report = a_report(*(One(name) for name in names))
    few, all_new = (Report("2026-11-18", None, report.rows[:size]) for size in (49, 0))
    assert "<details" not in section(report_page(with_changes(report, few)), "changed")
    assert "<summary>50 certificates</summary>" in section(report_page(with_changes(report, all_new)), "changed")


def test_what_has_ended_and_what_ends_beyond_the_chart_is_counted() -> None:
    report = a_report(One("gone", "2026-09-01T00:00:00Z"), One("far", "2031-09-01T00:00:00Z"), One("www"))
    text = section(report_page(report), "timeline")
    assert '<th scope="row" role="rowheader">ended</th>' in text
    assert '<th scope="row" role="rowheader">later</th>' in text
    assert "<title>Apr 2027: 1</title>" in text


def test_the_page_speaks_japanese(many: Report) -> None:
    page = report_page(many, "ja")
    text = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)
    for words in (
        "証明書の状況",
        "要対応",
        "人の対応待ち",
        "有効期限の分布",
        "前回からの変更",
        "今後の作業量",
        "今後のルール変更",
    ):
        assert words in text
    own = re.sub(r'<[^>]* lang="en"[^>]*>[^<]*<', "<", text)
    assert not re.search(r">[^<]*\b(the|certificates|waiting|days left|renew from)\b[^<]*<", own, re.I)


def test_a_name_that_cannot_stand_in_a_link_has_another_fragment() -> None:
    assert anchor("shop-1.example") == "c.shop-1.example"
    assert re.fullmatch(r"c\.[0-9a-f]{12}", anchor("a b")) and anchor("a b") != anchor("a  b")
