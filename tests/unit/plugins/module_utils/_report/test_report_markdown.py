# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Markdown: what it says, in both languages, and that no text of others is more than text."""

from __future__ import annotations

import re

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.report_markdown import report_markdown
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report


def test_it_says_how_everything_stands() -> None:
    text = report_markdown(estate(60))
    heads = re.findall(r"(?m)^## (.*)$", text)
    assert heads == [
        "Waiting for people",
        "Needs attention",
        "Waiting",
        "Due",
        "In order",
        "Changes of the rules ahead",
        "The work ahead",
    ]
    assert "| 2026-11-22 | You (tanaka@example.jp) | approve by the mail to certs@example.jp | shop-0000 |" in text


def test_it_says_so_in_japanese() -> None:
    text = report_markdown(a_report(One("www")), "ja")
    assert "# 証明書の状況" in text and "- 正常: 1" in text and "人の対応を待っているものはありません。" in text
    assert "| 2027-03-15 |" in text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_text_of_others_is_more_than_text(text: str) -> None:
    """As many lines and cells as with a harmless text, and nothing that Markdown or HTML would read."""
    harmless, written = (report_markdown(hostile_report(one)) for one in ("x", text))
    assert written.count("\n") == harmless.count("\n")
    bare = [re.sub(r"\\.", "", page) for page in (harmless, written)]
    for letter in "|`*[]<>#~&_":
        counts = [page.count(letter) for page in bare]
        assert counts[0] == counts[1] or text == "", letter
    assert all(letter.isprintable() or letter in "\n\u3000" for letter in written)
