# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of what dcv_check can find, and the code that finds it."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._core.finding import ROWS, Finding, sentences
from ansible_collections.inkan.tls.plugins.module_utils._data.eyes_codes import EYE_CODES, FATAL, WARNING

REPOSITORY = Path(__file__).resolve().parents[5]
PREFIXES = "zone|server|delegation|record|cname|dnssec|caa|contact|mail|file|view|vantage"


def test_every_row_is_whole_and_there_once() -> None:
    words = [row.word for row in EYE_CODES]
    assert len(words) == len(set(words))
    for row in EYE_CODES:
        assert row.severity in (FATAL, WARNING)
        assert re.fullmatch(r"[a-z0-9_]+", row.word)
        assert row.what and row.todo and not row.what.endswith(".") and not row.todo.endswith(".")


def test_every_code_has_a_row_and_every_row_a_code() -> None:
    """By the texts of the code: a word in quotes that a row has; a Finding whose word has none is reported."""
    folders = [REPOSITORY / "plugins/module_utils" / room for room in ("_core", "_dns", "_io", "_module")]
    sources = "".join(path.read_text("utf-8") for folder in folders for path in sorted(folder.glob("*.py")))
    written = set(re.findall(rf'"((?:{PREFIXES})_[a-z0-9_]+)"', sources))
    assert set(ROWS) <= written
    made = re.findall(r'(?:Finding|Verdict|_Stop|_Bogus)\(\s*"([a-z_]+)"', sources)
    assert made
    assert set(made) <= set(ROWS)


def test_a_finding_is_a_line_and_data() -> None:
    finding = Finding("server_silent", "TXT a.example.jp", "ns1 (192.0.2.1)", "no answer within 4 seconds")
    assert finding.text == "TXT a.example.jp: ns1 (192.0.2.1) no answer within 4 seconds"
    assert finding.is_fatal
    assert finding.as_data() == {
        "code": "server_silent",
        "severity": "fatal",
        "what": ROWS["server_silent"].what,
        "where": "TXT a.example.jp, ns1 (192.0.2.1)",
        "why": "no answer within 4 seconds",
        "todo": ROWS["server_silent"].todo,
    }
    assert Finding("caa_not_judged", "CAA for x", "", "why").text == "CAA for x: why"
    assert sentences([finding, finding]) == [finding.text]


def test_both_guides_list_every_code_and_the_english_one_in_the_words_of_the_rows() -> None:
    pages = REPOSITORY / "docs/docsite/rst"
    english = (pages / "guide_what_the_ca_sees.rst").read_text("utf-8")
    japanese = (pages / "guide_what_the_ca_sees_ja.rst").read_text("utf-8")
    for row in EYE_CODES:
        lines = (f"   * - ``{row.word}``", f"     - {row.severity}", f"     - {row.what}", f"     - {row.todo}", "")
        assert "\n".join(lines) in english
        shown = "致命的" if row.severity == FATAL else "警告"
        assert f"   * - ``{row.word}``\n     - {shown}\n" in japanese
    for page in (english, japanese):
        assert len(re.findall(r"^   \* - ``", page, re.MULTILINE)) == len(EYE_CODES)
