# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a value on its way into DNS."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.value_hints import other_value

WANTED = "abcDEF0123456789ghijkl"


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([f'"{WANTED}"'], "record_quoted"),
        ([f"'{WANTED}'"], "record_quoted"),
        ([f'\\"{WANTED}\\"'], "record_quoted"),
        ([f" {WANTED}"], "record_spaced"),
        (["abcDEF0123456789 ghijkl"], "record_spaced"),
        ([WANTED.upper()], "record_case"),
        (["0123456789ghijkl", "abcDEF"], "record_split"),
        (["456789ghijkl", "abcDEF", "0123", "other"], "record_split"),
        (["abcDEF0123"], "record_cut"),
        (["abc"], "record_other_value"),
        (["ghijkl"], "record_other_value"),
        ([""], "record_other_value"),
        ([], "record_other_value"),
        (['"'], "record_other_value"),
    ],
)
def test_the_most_telling_word(values: list[str], word: str) -> None:
    assert other_value(WANTED, values) == word


def test_a_text_that_ends_at_a_semicolon_was_cut_there_however_short_it_is() -> None:
    assert other_value("jp; x=1", ["jp"]) == "record_cut"


def test_a_hostile_set_takes_no_time() -> None:
    assert other_value("a" * 4000, ["a" * number for number in range(1, 60)]) == "record_cut"
