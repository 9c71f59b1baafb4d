# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The card for a call and the list of papers, as people read them in English and Japanese."""

from __future__ import annotations

import typing as t
from datetime import date

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.person_sheet import (
    months_before,
    papers_data,
    task_markdown,
)
from ansible_collections.inkan.tls.plugins.module_utils._data.person_papers import PAPERS
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import CALLS

CALL: dict[str, t.Any] = {
    "kind": "call",
    "what": "answer the call",
    "owner": "山田",
    "by": "2026-12-04T14:59:59Z",
    "lapses": "2026-12-24T00:00:00Z",
    "where": "IIJのサポート窓口",
    "card": {
        "number": "03-0000-0000",
        "number_from": CALLS[0].number_from,
        "CN": "*.example.jp",
        "absences": "2026-12-28 – 2027-01-04 (年末年始)",
        "asks": "; ".join(CALLS[0].asks),
    },
}


def papers(*keys: str) -> dict[str, t.Any]:
    return {"kind": "papers", "what": "papers", "papers": papers_data(keys)}


def test_a_card_in_english() -> None:
    text = task_markdown(CALL)
    assert text.startswith("## phone call\n\nanswer the call\n\n| Item | Value |\n|---|---|\n| Owner | 山田 |\n")
    assert "| The live certificate ends | 2026-12-24T00:00:00Z |" in text
    assert "### Card for the call" in text
    assert "| CN | \\*.example.jp |" in text
    assert "brief whoever answers the phone" in text
    assert "### Papers" not in text


def test_a_card_in_japanese_has_our_words_in_japanese_and_the_users_as_they_are() -> None:
    text = task_markdown(CALL, "ja")
    assert text.startswith("## 電話確認\n")
    assert f"| 電話番号の出典 | {CALLS[0].number_from_ja} |" in text
    assert "| 確認される内容 | 申請責任者の在籍、申請の意思 |" in text
    assert "| 不在の日 | 2026-12-28 – 2027-01-04 (年末年始) |" in text


def test_papers_by_year_with_what_makes_them_too_old() -> None:
    text = task_markdown(papers("idcf-opening", "idcf-licence", "idcf-residence", "idcf-phone-bill"))
    assert text.split("### Papers\n\n")[1] == (
        "- notice of opening the business, with the office's stamp (copy; first year)\n"
        "- one of:\n"
        "  - driving licence (copy; every year; within its validity)\n"
        "  - certificate of residence, without My Number (original; every year; at most 3 months old)\n"
        "- telephone bill, not one from the web (without it the CA sends a telegram to an address that it has verified)"
        " (copy; every year; the newest)\n"
        "\n"
        "Papers go to whom they are for; none of them is kept here.\n"
    )


def test_with_a_day_an_age_limit_is_a_day() -> None:
    day = date(2026, 11, 20)
    assert "issued on 2026-08-20 or later" in task_markdown(papers("idcf-residence"), day=day)
    assert "2026-08-20以降に発行されたもの" in task_markdown(papers("idcf-residence"), "ja", day)


@pytest.mark.parametrize(
    ("day", "months", "oldest"),
    [
        (date(2026, 11, 20), 3, date(2026, 8, 20)),
        (date(2026, 5, 31), 3, date(2026, 2, 28)),
        (date(2028, 5, 31), 3, date(2028, 2, 29)),
        (date(2026, 2, 10), 3, date(2025, 11, 10)),
        (date(2026, 12, 31), 12, date(2025, 12, 31)),
    ],
)
def test_months_end_where_calendars_do(day: date, months: int, oldest: date) -> None:
    assert months_before(day, months) == oldest


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_of_a_card_is_markup(language: str) -> None:
    hostile = "x | y [a](http://evil.example) <script>\n# `z`"
    text = task_markdown({"kind": "call", "what": hostile, "card": {"number": hostile}}, language)
    assert "<script" not in text.replace("\\<script", "")
    assert "](" not in text.replace("\\](", "")
    assert "\n# " not in text


def test_every_paper_is_told_in_both_languages() -> None:
    for paper in PAPERS:
        assert paper.what and paper.what_ja
        assert paper.what_ja.split(" ")[0] in task_markdown(papers(paper.key), "ja").replace("\\", "")
    assert papers_data(["unknown"]) == []


@pytest.mark.parametrize(("language", "heading"), [("en", "Papers"), ("ja", "必要書類")])
def test_papers_have_their_heading(language: str, heading: str) -> None:
    assert f"\n\n### {heading}\n\n" in task_markdown(papers("idcf-licence"), language)


def test_an_ampersand_begins_no_entity() -> None:
    assert "\n\nR&amp;D &amp;lt; x\n" in task_markdown({"kind": "call", "what": "R&D &lt; x", "card": {}})
