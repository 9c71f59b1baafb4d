# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What notifications could not tell, the report does."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.data import read_data, report_data
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report
from ansible_collections.inkan.tls.plugins.module_utils._report.page import report_page
from ansible_collections.inkan.tls.plugins.module_utils._report.report_markdown import report_markdown

CALM = Report("2026-11-20", None, ())
LATE = dataclasses.replace(CALM, undelivered=("channel <b>chat</b> is down",))


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Not everybody could be told"), ("ja", "通知できなかった送り先があります")]
)
def test_a_channel_that_was_not_told_stands_in_the_report(language: str, words: str) -> None:
    page, markdown = report_page(LATE, language), report_markdown(LATE, language)
    assert words in page and "channel &lt;b&gt;chat&lt;/b&gt; is down" in page
    assert words in markdown and "is down" in markdown and "<b>" not in markdown
    assert words not in report_page(CALM, language) + report_markdown(CALM, language)


def test_it_travels_with_the_report_and_older_reports_have_none() -> None:
    assert read_data(report_data(LATE)) == LATE
    older = {key: value for key, value in report_data(CALM).items() if key != "undelivered"}
    assert read_data(older) == CALM
