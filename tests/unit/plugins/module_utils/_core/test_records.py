# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and values in one spelling, TXT there and back, lines of a diff."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    Caa,
    Line,
    canonical_caa,
    canonical_name,
    canonical_value,
    longest_zone,
    parent_of,
    parse_caa,
    property_of,
    quote_txt,
    record_lines,
    shown_value,
    txt_strings,
    txt_value,
    unquote_txt,
    value_error,
)
from hypothesis import given
from hypothesis import strategies as st

OCTETS = st.binary(max_size=600)


@given(OCTETS)
def test_any_octets_survive_joining_and_splitting(octets: bytes) -> None:
    value = txt_value([octets])
    assert b"".join(txt_strings(value)) == octets
    assert all(len(string) <= 255 for string in txt_strings(value))
    assert txt_value(txt_strings(value)) == value


@given(OCTETS)
def test_any_octets_survive_quoting_and_unquoting(octets: bytes) -> None:
    value = txt_value([octets])
    quoted = quote_txt(value)
    assert quoted.isascii() and quoted.isprintable()
    assert unquote_txt(quoted) == value


@given(st.text(alphabet='ab \\"0129;\t', max_size=12))
def test_any_text_is_unquoted_or_refused(text: str) -> None:
    try:
        value = unquote_txt(text)
    except ValueError:
        return
    assert unquote_txt(quote_txt(value)) == value


def test_strings_are_joined_without_a_separator() -> None:
    assert unquote_txt('"one " "two" three') == "one twothree"
    assert txt_strings("") == (b"",)
    assert [len(string) for string in txt_strings("x" * 600)] == [255, 255, 90]
    assert quote_txt('say "hi" \\ こ') == '"say \\"hi\\" \\\\ \\227\\129\\147"'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('"a""b"c"d"', "abcd", id="nothing between"),
        pytest.param(' \t"a"\t "b" ', "ab", id="blanks around"),
        pytest.param('"" x', "x", id="an empty one"),
        pytest.param('a\\ b\\"c', 'a b"c', id="a blank and a quote without their meaning"),
        pytest.param('"a b\\"c"', 'a b"c', id="in quotes"),
        pytest.param("a\\ ", "a ", id="a blank at the end"),
        pytest.param('""', "", id="nothing"),
    ],
)
def test_strings_end_at_a_blank_or_a_quote(text: str, value: str) -> None:
    assert unquote_txt(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no character-string"),
        (" \t", "no character-string"),
        ('a "open', "a quote is not closed"),
        ("x\\", "a backslash escapes nothing"),
        ("x \\", "a backslash escapes nothing"),
        ("\\256", "escapes nothing"),
    ],
)
def test_why_something_is_no_presentation_form(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        unquote_txt(text)


@pytest.mark.parametrize("text", ["", "  ", '"open', '"a\\', "\\999", '"\\25"', '"' + "x" * 256 + '"', "x\\"])
def test_what_is_no_presentation_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unquote_txt(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('0 issue "ca.example.net"', '0 issue "ca.example.net"'),
        ("128 ISSUE ca.example.net", '128 issue "ca.example.net"'),
        ('0 contactemail "a@example.jp"', '0 contactemail "a@example.jp"'),
        ('00 issue ";"', '0 issue ";"'),
        ("256 issue x", None),
        ("issue x", None),
        ('0 issue "x" y', None),
        ("0 is-sue x", None),
        ('0 issue "\\099a\\.net"', '0 issue "ca.net"'),
        ('0 issue "\\"\\\\"', '0 issue "\\"\\\\"'),
        ('0 contactemail "証@x.jp"', '0 contactemail "\\232\\168\\188@x.jp"'),
        ('0 contactemail "\\232\\168\\188@x.jp"', '0 contactemail "\\232\\168\\188@x.jp"'),
        ('0 issue "\\256"', None),
        ('0 issue "\\9"', None),
    ],
)
def test_caa_has_one_spelling(text: str, canonical: str | None) -> None:
    assert canonical_caa(text) == canonical
    assert canonical_value("CAA", text) == (canonical or text)


@given(st.integers(0, 255), st.sampled_from(["issue", "contactemail", "x9"]), st.binary(max_size=300))
def test_any_caa_content_comes_back_in_printable_ascii(flags: int, tag: str, content: bytes) -> None:
    value = Caa(flags, tag, content).text()
    assert parse_caa(value) == Caa(flags, tag, content)
    assert canonical_caa(value) == value
    assert value.isascii() and value.isprintable()


@pytest.mark.parametrize(
    ("type", "value", "what"),
    [("CAA", "0 ContactEmail a@x.jp", "contactemail"), ("CAA", "nonsense", ""), ("TXT", '0 issue "x"', "")],
)
def test_a_value_speaks_of_its_property(type: str, value: str, what: str) -> None:
    assert property_of(type, value) == what


def test_a_character_string_has_up_to_255_octets() -> None:
    assert unquote_txt(f'"{"x" * 255}"') == unquote_txt("x" * 255) == "x" * 255
    for text in (f'"{"x" * 256}"', "x" * 256):
        with pytest.raises(ValueError, match="255"):
            unquote_txt(text)


def test_names_and_targets_lose_case_and_dot_and_txt_nothing() -> None:
    assert canonical_name("_ACME-Challenge.Example.JP.") == "_acme-challenge.example.jp"
    assert canonical_value("CNAME", "Target.Example.") == "target.example"
    assert canonical_value("TXT", "As.Is.") == "As.Is."


@pytest.mark.parametrize(
    ("type", "value", "word"),
    [
        ("TXT", "", "empty"),
        ("TXT", "x" * 4097, "4097 octets"),
        ("TXT", "\ud800", "Unicode"),
        ("TXT", "a\udfff", "Unicode"),
        ("CNAME", "not a name", "label"),
        ("CAA", "nonsense", "form"),
        ("A", "192.0.2.1", "not written"),
    ],
)
def test_a_wrong_value_says_why(type: str, value: str, word: str) -> None:
    assert word in (value_error(type, value) or "")


@pytest.mark.parametrize(
    ("type", "value"),
    [("TXT", "x" * 4096), ("TXT", "\ud7ff\ue000"), ("CNAME", "a.example."), ("CAA", '0 issue "x.example"')],
)
def test_a_right_value_is_taken(type: str, value: str) -> None:
    assert value_error(type, value) is None


def test_the_longest_zone_wins_and_only_at_a_label_boundary() -> None:
    zones = ["example.jp", "sub.example.jp", "other.test"]
    assert longest_zone("a.sub.example.jp", zones) == "sub.example.jp"
    assert longest_zone("example.jp", zones) == "example.jp"
    assert longest_zone("notexample.jp", zones) is None
    assert parent_of("a.b.c") == "b.c"
    assert parent_of("c") == ""


def test_lines_are_sorted_by_zone_order_and_harmless() -> None:
    lines = [
        Line("b.example.jp", "TXT", "two\x1b[31m", 60),
        Line("a.example.jp", "CNAME", "t.example", None),
        Line("b.example.jp", "TXT", "one", 60),
        Line("b.example.jp", "TXT", "one", 60),
    ]
    assert record_lines(lines) == (
        'a.example.jp. - IN CNAME t.example\nb.example.jp. 60 IN TXT "one"\nb.example.jp. 60 IN TXT "two\\027[31m"\n'
    )
    assert shown_value("CNAME", "a\x1bb") == "a\\027b"
    assert record_lines([]) == ""


def test_a_record_is_critical_from_128_on() -> None:
    assert [Caa(flags, "issue", b"").is_critical for flags in (0, 127, 128, 255)] == [False, False, True, True]


def test_lines_go_from_the_top_of_the_tree_down() -> None:
    names = ["b.example.jp", "a.example.jp", "example.jp", "z.example.com"]
    lines = record_lines([Line(name, "TXT", "v", 60) for name in names])
    assert [line.split()[0].rstrip(".") for line in lines.splitlines()] == [
        "z.example.com",
        "example.jp",
        "a.example.jp",
        "b.example.jp",
    ]
