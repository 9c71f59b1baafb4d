# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error code has one line of Japanese, and stands where an operator reads it."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._report import words_errors
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_blocks import _refusal
from ansible_collections.inkan.tls.plugins.module_utils._report.words_errors import summary_of

PAGE = Path(__file__).resolve().parents[5] / "docs" / "docsite" / "rst" / "errors.rst"
CODES = set(re.findall(r"^   \* - ``(\S+)``$", PAGE.read_text("utf-8"), re.MULTILINE))


def test_every_code_of_the_page_has_a_line() -> None:
    assert len(CODES) > 400
    assert [code for code in sorted(CODES) if summary_of(code) is None] == []


def test_no_line_is_for_nothing() -> None:
    assert set(words_errors.SUMMARIES) - CODES == set()
    rests = {code.partition("_")[2] for code in CODES if code.partition("_")[0] in words_errors.DOORS}
    assert set(words_errors.OF_DOORS) - rests == set()


def test_a_line_is_one_of_japanese_and_not_long() -> None:
    for code in CODES:
        line = summary_of(code) or ""
        assert re.search("[ぁ-ん]", line), code
        assert "\n" not in line and len(line) <= 60, code
        assert not line.endswith("。"), code


def test_what_several_doors_say_names_the_door() -> None:
    assert summary_of("digicert_no_turn") == "順番待ちの時間切れのため、DigiCertに送信していません"
    assert summary_of("order_expired") == "注文は終了しています"
    assert summary_of("made_up") is None


def test_the_plan_tells_a_refusal_in_both_languages() -> None:
    refused = {"error": {"code": "wildcard_with_file", "message": "Validation by file is not possible"}}
    assert _refusal(refused) == ["Validation by file is not possible", "ワイルドカードにファイル認証は使えません"]
    assert _refusal({"error": {"code": "made_up", "message": "No"}}) == ["No", ""]
    assert _refusal({}) == []
