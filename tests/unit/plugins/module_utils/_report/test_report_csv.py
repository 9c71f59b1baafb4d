# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: one line a certificate, and no cell that a spreadsheet would calculate."""

from __future__ import annotations

import csv
import io

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report
from ansible_collections.inkan.tls.plugins.module_utils._report.report_csv import csv_cell, report_csv
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report, waiting


def read(report: Report) -> list[dict[str, str]]:
    text = report_csv(report)
    assert text.startswith("\ufeffname,".replace("name", '"name"')) and text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_one_line_a_certificate() -> None:
    turn = waiting("customer", "承認する", "2026-12-15T00:00:00Z", "田中")
    order = {"state": "awaiting_approval", "waiting_for": turn}
    shop, www = read(a_report(One("shop", None, {"outcome": "in_progress"}, order), One("www")))
    assert (shop["name"], shop["group"], shop["waiting_for_owner"], shop["waiting_for_what"]) == (
        "shop",
        "waiting",
        "田中",
        "承認する",
    )
    assert (www["not_after"], www["days_left"], www["hosts"]) == ("2027-04-30T14:59:59Z", "161", "web1")
    assert (www["names"], www["next_cliff"]) == ("www.example.jp www.www.example.jp", "2027-03-15")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_of_others_is_a_formula_or_another_cell(text: str) -> None:
    rows = read(hostile_report(text))
    assert len(rows) == 2 and all(None not in row and None not in row.values() for row in rows)
    for cell in rows[0].values():
        assert cell.strip()[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20") or not cell.strip()
        assert all(letter.isprintable() or letter == "\u3000" for letter in cell)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (-3, "-3"),
        ("a", '"a"'),
        ("=1", '"\'=1"'),
        ("-3", '"\'-3"'),
        (" =1", '"\' =1"'),
        ('say "a", b', '"say ""a"", b"'),
        ("a=1", '"a=1"'),
        (" ", '" "'),
    ],
)
def test_cells(value: str | int | None, cell: str) -> None:
    assert csv_cell(value) == cell
