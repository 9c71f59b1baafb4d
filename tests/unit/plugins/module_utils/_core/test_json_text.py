# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of the other side: bounded in depth and in its numbers."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import DEEPEST, load_json


def test_ordinary_json_is_read() -> None:
    assert load_json(b'{"a": [1, 2.5, "x", null, true]}') == {"a": [1, 2.5, "x", None, True]}
    assert load_json("7") == 7


@pytest.mark.parametrize("pair", ["[]", '{"a":}'])
def test_the_deepest_is_read_and_one_level_more_is_refused(pair: str) -> None:
    def nested(levels: int) -> str:
        return pair[:-1] * (levels - 1) + pair.replace(":}", ":1}") + pair[-1] * (levels - 1)

    assert load_json(nested(DEEPEST - 1))
    with pytest.raises(ValueError, match=f"deeper than {DEEPEST} levels"):
        load_json(nested(DEEPEST + 1))
    with pytest.raises(ValueError, match=f"deeper than {DEEPEST} levels"):
        load_json(nested(100_000))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "NaN is no JSON"),
        ("[Infinity]", "Infinity is no JSON"),
        ("-Infinity", "-Infinity is no JSON"),
        ("1e999", "too large"),
        ("-1e999", "too large"),
        ("9" * 4301, "too long"),
        ("{", "Expecting"),
    ],
)
def test_what_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        load_json(text)


def test_the_longest_number_is_read() -> None:
    assert load_json("9" * 4300) == 10**4300 - 1
    assert load_json("1.5e300") == 1.5e300
