# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: what is filled in stays data, wherever it is put."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.template import (
    ABSENT,
    Template,
    render_header,
    render_path,
    render_query,
    render_tree,
    split_outside,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from hypothesis import given
from hypothesis import strategies as st

ANY_TEXT = st.text(max_size=40)
HOSTILE = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        ["/", "..", ".", "", "../../x", "{secrets.key}", "{{x}}", "a\r\nb: c", "?x=1", "#", "%2e%2e", "\ud800"]
    ),
)
JSON_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(10**6), 10**6), ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=8,
)


@given(HOSTILE)
def test_a_value_never_leaves_its_segment_of_the_path(value: str) -> None:
    try:
        path = render_path(Template("/orders/{x}/certificate"), {"x": value})
    except InputError:
        assert value in ("", ".", "..")
        return
    first, orders, middle, last = path.split("/")
    assert (first, orders, last) == ("", "orders", "certificate")
    assert middle not in ("", ".", "..")
    assert not set("/?#{}\r\n ") & set(middle)
    assert urllib.parse.unquote(middle, errors="strict") == value.replace("\ud800", "?")


@given(HOSTILE)
def test_a_value_never_leaves_its_parameter(value: str) -> None:
    query = render_query([("q", Template("{x}")), ("z", Template("1"))], {"x": value})
    assert urllib.parse.parse_qsl(query[1:], keep_blank_values=True) == [
        ("q", value.replace("\ud800", "?")),
        ("z", "1"),
    ]


@given(HOSTILE)
def test_a_header_never_has_a_second_line(value: str) -> None:
    try:
        header = render_header("X-Key", Template("ApiKey {x}"), {"x": value})
    except InputError as refused:
        assert value not in ("", "/") and value not in refused.sentence()
    else:
        assert header == f"ApiKey {value}"
        assert header.isascii() and header.isprintable()


@given(JSON_VALUES)
def test_a_value_alone_keeps_its_type_and_is_never_a_template_again(value: t.Any) -> None:
    body = render_tree({"a": Template("{x}"), "b": [Template("{x}"), 1, None]}, {"x": value, "secrets": {"key": "S"}})
    assert json.loads(json.dumps(body)) == json.loads(json.dumps({"a": value, "b": [value, 1, None]}))


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(st.none(), ANY_TEXT)))
def test_keys_without_a_value_are_left_out_and_no_others(words: dict[str, t.Any]) -> None:
    body = render_tree({key: Template(f"{{{key}}}") for key in ("a", "b", "c")}, words)
    assert body == {key: value for key, value in words.items() if value is not None}


@given(st.text(alphabet="{}'\"`\\ab.[]?|&@, ", max_size=30))
def test_any_text_is_a_template_or_refused_with_a_sentence(text: str) -> None:
    try:
        template = Template(text)
    except ValueError as refused:
        assert len(str(refused)) > 10
        return
    if "{" not in text:
        assert template.filled({}, str) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{x}", "v"),
        ("a{x}b", "avb"),
        ("{x}{x}", "vv"),
        ("{'{'}", "{"),
        ("{'}'}-{x}", "}-v"),
        ("{n}", 3),
        ("n={n}", "n=3"),
        ("{yes}", True),
        ("{yes}!", "true!"),
        ("{l}", ["a", "b"]),
        ("{join(',', l)}", "a,b"),
        ("{l[0]}", "a"),
        ("{ {k: x, n: n} }", {"k": "v", "n": 3}),
        ('{d."a}b"}', 1),
        ("{l[?@ == 'b'] | [0]}", "b"),
        ("{none}", ABSENT),
        ("{none || 'else'}", "else"),
        ("{yes && '1' || '0'}", "1"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_placeholders(text: str, value: object) -> None:
    words = {"x": "v", "n": 3, "yes": True, "l": ["a", "b"], "none": None, "d": {"a}b": 1}}
    assert Template(text).value(words) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [("a{none}", "no value"), ("a{l}", "is a list"), ("a{d}", "is a dictionary")],
)
def test_what_has_no_form_as_text_is_told(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Template(text).value({"none": None, "l": ["a"], "d": {"a": 1}})


def test_a_parameter_without_a_value_is_left_out() -> None:
    query = [("a", Template("{none}")), ("b", Template("{x}"))]
    assert render_query(query, {"x": "1"}) == "?b=1"
    assert render_query(query[:1], {}) == ""


def test_a_slash_at_the_end_may_be_described_but_not_filled_in() -> None:
    assert render_path(Template("/orders/"), {}) == "/orders/"
    assert render_path(Template("/orders/{x}/"), {"x": "1"}) == "/orders/1/"
    for text in ("/orders/{x}", "/orders/{x}/"):
        with pytest.raises(InputError):
            render_path(Template(text), {"x": ""})


def test_a_separator_inside_a_placeholder_parts_nothing() -> None:
    assert split_outside("/a?b={l[?@ == 'x?y']}&c=1", "?") == ["/a", "b={l[?@ == 'x?y']}&c=1"]
    assert split_outside("b={x && '1'}&c=1", "&") == ["b={x && '1'}", "c=1"]
