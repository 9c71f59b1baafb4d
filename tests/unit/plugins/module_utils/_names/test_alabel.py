# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("www.example.jp", "www.example.jp", id="an A-label stays"),
        pytest.param("WWW.Example.JP", "www.example.jp", id="upper case becomes lower case"),
        pytest.param("www.example.jp.", "www.example.jp", id="the trailing dot goes"),
        pytest.param("www.例.東京.jp", "www.xn--fsq.xn--1lqs71d.jp", id="U-labels become A-labels"),
        pytest.param("www.日本語。ｊｐ", "www.xn--wgv71a119e.jp", id="full width and ideographic stop are mapped"),
        pytest.param("*.日本語.jp", "*.xn--wgv71a119e.jp", id="the wildcard label is kept"),
        pytest.param("XN--WGV71A119E.jp", "xn--wgv71a119e.jp", id="a written A-label is kept"),
        pytest.param("xn--i-7iq.ws", "xn--i-7iq.ws", id="Punycode of an emoji is a P-label, BR ask for no more"),
        pytest.param("faß.example", "xn--fa-hia.example", id="sharp s is not folded (non-transitional)"),
    ],
)
def test_a_name_becomes_its_alabels(written: str, expected: str) -> None:
    assert to_alabel(written) == expected


@pytest.mark.parametrize(
    ("written", "word"),
    [
        pytest.param("xn--.jp", "Punycode", id="an empty A-label"),
        pytest.param("xn--abc-.jp", "Punycode", id="Punycode of plain ASCII"),
        pytest.param("xn--99999999999.jp", "Punycode", id="Punycode that overflows"),
        pytest.param("́a.jp", "A-label", id="a label that begins with a combining mark"),
        pytest.param("例" * 600 + ".jp", "at most 253", id="a name longer than IDNA should be asked about"),
    ],
)
def test_what_has_no_alabel_is_refused_with_the_reason(written: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        to_alabel(written)


@pytest.mark.parametrize("written", ["xn--w\x0fv*.jp", "*.xn--w\x0fv*.x\r\n-w\x0fv", "\x1b[31m例.jp"])
def test_a_reason_carries_nothing_unshowable(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        to_alabel(written)
    assert str(caught.value).isprintable()


@given(st.text(max_size=40))
def test_any_text_gives_a_name_or_a_reason_and_the_name_stays_as_it_is(text: str) -> None:
    try:
        name = to_alabel(text)
    except ValueError:
        return
    assert name.isascii()
    assert to_alabel(name) == name
