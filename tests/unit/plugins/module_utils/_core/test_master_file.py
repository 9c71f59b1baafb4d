# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Octets as master files write them (RFC 1035 §5.1)."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.master_file import octets_of, parts_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        pytest.param("", b"", id="nothing"),
        pytest.param("a.b", b"a.b", id="letters"),
        pytest.param("こ", b"\xe3\x81\x93", id="a letter of several octets"),
        pytest.param("\udce3", b"\xe3", id="an octet that is no UTF-8"),
        pytest.param("\\097\\000\\255", b"a\x00\xff", id="by their numbers"),
        pytest.param('\\a\\.\\\\\\"\\\n\\²', b'a.\\"\n\xc2\xb2', id="without their meaning"),
        pytest.param("\\0651", b"A1", id="three digits and no more"),
        pytest.param("\\ x", b" x", id="a blank"),
    ],
)
def test_letters_stand_for_octets(text: str, octets: bytes) -> None:
    assert octets_of(text) == octets


@pytest.mark.parametrize("text", ["\\", "a\\", "\\256", "\\999", "\\1", "\\12", "\\1a3", "\\12\\"])
def test_a_backslash_that_escapes_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="escapes nothing"):
        octets_of(text)


def test_what_lost_its_meaning_is_told_apart() -> None:
    assert [tuple(part) for part in parts_of("a.\\.\\046")] == [
        (b"a", False),
        (b".", False),
        (b".", True),
        (b".", True),
    ]


@given(st.binary(max_size=80))
def test_any_octets_can_be_written(octets: bytes) -> None:
    assert octets_of("".join(f"\\{one:03d}" for one in octets)) == octets
