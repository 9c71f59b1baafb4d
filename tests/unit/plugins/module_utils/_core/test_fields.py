# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option dictionaries are read field by field: what is right comes out typed, what is wrong is named."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields, nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time

Read = t.Callable[[Fields], t.Any]


def read(raw: t.Any, how: Read, path: str = "key") -> tuple[t.Any, list[str]]:
    """What came out, and the complaints as ``code | what | why | todo``."""
    errors = InputCollector()
    value = how(Fields(raw, where='item "shop"', path=path, errors=errors))
    assert all(one.where == 'item "shop"' for one in errors.errors)
    return value, [f"{one.code} | {one.what} | {one.why} | {one.todo}" for one in errors.errors]


RIGHT = [
    pytest.param("a", lambda f: f.text("x"), "a", id="a text of one letter"),
    pytest.param("a" * 4096, lambda f: f.text("x"), "a" * 4096, id="the longest text"),
    pytest.param(None, lambda f: f.text("x", "else"), "else", id="no text: the default"),
    pytest.param("b", lambda f: f.one_of("x", ("a", "b"), "a"), "b", id="a word of the field"),
    pytest.param(None, lambda f: f.one_of("x", ("a", "b"), "a"), "a", id="no word: the default"),
    pytest.param(True, lambda f: f.flag("x", False), True, id="true"),
    pytest.param(False, lambda f: f.flag("x", True), False, id="false"),
    pytest.param("Yes", lambda f: f.flag("x", False), True, id="yes in words"),
    pytest.param("on", lambda f: f.flag("x", False), True, id="on in words"),
    pytest.param("TRUE", lambda f: f.flag("x", False), True, id="true in words"),
    pytest.param(1, lambda f: f.flag("x", False), True, id="1 is true"),
    pytest.param("no", lambda f: f.flag("x", True), False, id="no in words"),
    pytest.param("off", lambda f: f.flag("x", True), False, id="off in words"),
    pytest.param("false", lambda f: f.flag("x", True), False, id="false in words"),
    pytest.param("0", lambda f: f.flag("x", True), False, id="0 is false"),
    pytest.param(None, lambda f: f.flag("x", True), True, id="no flag: the default"),
    pytest.param(3, lambda f: f.number("x", 5, 3, 9), 3, id="the lowest number"),
    pytest.param("9", lambda f: f.number("x", 5, 3, 9), 9, id="the highest number, as a text"),
    pytest.param("999999999", lambda f: f.number("x", 5, 3, 10**10), 999999999, id="nine digits"),
    pytest.param(None, lambda f: f.number("x", 5, 3, 9), 5, id="no number: the default"),
    pytest.param(None, lambda f: f.time("x"), None, id="no time"),
    pytest.param("", lambda f: f.time("x"), None, id="an empty time"),
    pytest.param(["a", "b"], lambda f: f.texts("x"), ("a", "b"), id="a list of texts"),
    pytest.param("a", lambda f: f.texts("x"), ("a",), id="one text for a list of one"),
    pytest.param(None, lambda f: f.texts("x"), (), id="no texts"),
    pytest.param("640", lambda f: f.mode("x"), "0640", id="a mode of three digits"),
    pytest.param("2750", lambda f: f.mode("x"), "2750", id="a mode of four digits"),
    pytest.param(None, lambda f: f.mode("x"), None, id="no mode"),
    pytest.param("/etc", lambda f: f.path("x"), "/etc", id="an absolute path"),
    pytest.param(None, lambda f: f.path("x"), None, id="no path"),
    pytest.param(None, lambda f: f.items("x"), [], id="no list"),
    pytest.param([1], lambda f: f.raw("x"), [1], id="whatever it is"),
]


@pytest.mark.parametrize(("value", "how", "expected"), RIGHT)
def test_a_right_value_comes_out_typed(value: t.Any, how: Read, expected: t.Any) -> None:
    found, complaints = read({"x": value}, how)
    assert (found, type(found), complaints) == (expected, type(expected), [])


def test_a_time_comes_out_as_a_moment() -> None:
    moment, complaints = read({"x": "2026-11-20T09:00:00+09:00"}, lambda f: f.time("x"))
    assert (render_time(moment), complaints) == ("2026-11-20T00:00:00Z", [])


TEXT = "a text of 1 to 4096 printable characters is needed | Correct it"
WHOLE = "a whole number from 3 to 9 is needed | Correct it"
LIST = "a text or a list of texts is needed | Correct it"
MODE = 'an octal mode in quotes is needed, such as "0640" | Quote it'
WRONG = [
    pytest.param("", lambda f: f.text("x", "else"), "else", f"'': {TEXT}", id="an empty text"),
    pytest.param("a\n", lambda f: f.text("x"), None, f"'a\\n': {TEXT}", id="a text with a new line"),
    pytest.param(7, lambda f: f.text("x"), None, f"7: {TEXT}", id="a number for a text"),
    pytest.param("a" * 4097, lambda f: f.text("x"), None, f"'{'a' * 76}...: {TEXT}", id="too long a text, shown cut"),
    pytest.param(
        "allways",
        lambda f: f.one_of("x", ("always", "never"), "never"),
        "never",
        "'allways': it is no word of this field | Did you mean \"always\"?",
        id="a word with a slip",
    ),
    pytest.param(
        7,
        lambda f: f.one_of("x", ("never", "always"), "never"),
        "never",
        "7: it is no word of this field | Known are: always, never.",
        id="a number for a word",
    ),
    pytest.param(
        "maybe", lambda f: f.flag("x", True), True, "'maybe': true or false is needed | Correct it", id="no flag"
    ),
    pytest.param(2, lambda f: f.number("x", 5, 3, 9), 5, f"2: {WHOLE}", id="below the lowest"),
    pytest.param(10, lambda f: f.number("x", 5, 3, 9), 5, f"10: {WHOLE}", id="above the highest"),
    pytest.param(True, lambda f: f.number("x", 5, 3, 9), 5, f"True: {WHOLE}", id="true is no number"),
    pytest.param("٣", lambda f: f.number("x", 5, 3, 9), 5, f"'٣': {WHOLE}", id="digits of another script"),
    pytest.param("4.5", lambda f: f.number("x", 5, 3, 9), 5, f"'4.5': {WHOLE}", id="a fraction"),
    pytest.param("0000000004", lambda f: f.number("x", 5, 3, 9), 5, f"'0000000004': {WHOLE}", id="ten digits"),
    pytest.param(["a", 7], lambda f: f.texts("x"), (), f"['a', 7]: {LIST}", id="a number among texts"),
    pytest.param(["a", ""], lambda f: f.texts("x"), (), f"['a', '']: {LIST}", id="an empty one among texts"),
    pytest.param(["a\t"], lambda f: f.texts("x"), (), f"['a\\t']: {LIST}", id="a tab in a text of a list"),
    pytest.param({"a": 1}, lambda f: f.texts("x"), (), f"{{'a': 1}}: {LIST}", id="a dictionary for texts"),
    pytest.param(640, lambda f: f.mode("x"), None, f"640: {MODE}", id="a mode without quotes"),
    pytest.param("64", lambda f: f.mode("x"), None, f"'64': {MODE}", id="a mode of two digits"),
    pytest.param("00640", lambda f: f.mode("x"), None, f"'00640': {MODE}", id="a mode of five digits"),
    pytest.param("0648", lambda f: f.mode("x"), None, f"'0648': {MODE}", id="a mode that is not octal"),
    pytest.param(
        "etc", lambda f: f.path("x"), "etc", "'etc': an absolute path is needed | Correct it", id="no absolute path"
    ),
    pytest.param("a", lambda f: f.items("x"), [], "'a': a list of dictionaries is needed | Correct it", id="no list"),
]


@pytest.mark.parametrize(("value", "how", "instead", "why"), WRONG)
def test_a_wrong_value_is_named_where_it_stands(value: t.Any, how: Read, instead: t.Any, why: str) -> None:
    assert read({"x": value}, how) == (instead, [f"bad_value | Cannot read key.x | key.x is {why}"])


def test_a_time_that_is_none_is_told_with_the_reason() -> None:
    found, complaints = read({"x": "soon"}, lambda f: f.time("x"), path="")
    assert found is None
    assert complaints[0].startswith("bad_value | Cannot read x | x is 'soon': it is no ISO 8601 time")


@pytest.mark.parametrize("raw", [[], "text", {1: "a key that is no text"}])
def test_what_is_no_dictionary_is_told_once_and_read_as_empty(raw: t.Any) -> None:
    found, complaints = read(raw, lambda f: (f.text("x"), f.has("x")), path="")
    assert found == (None, False)
    assert complaints == [f"bad_value | Cannot read the item | {raw!r}: a dictionary is needed here | Correct it"]


def test_no_dictionary_at_all_is_an_empty_one() -> None:
    assert read(None, lambda f: f.text("x")) == (None, [])


def test_dictionaries_below_and_in_lists_name_their_whole_place() -> None:
    raw = {"a": {"n": "x"}, "b": [{"n": 5}, {"n": "y"}]}

    def numbers(fields: Fields) -> list[int]:
        return [one.number("n", 7, 0, 9) for one in (fields.below("a"), *fields.items("b"))]

    found, complaints = read(raw, numbers)
    assert found == [7, 5, 7]
    assert [one.split(" | ")[1] for one in complaints] == ["Cannot read key.a.n", "Cannot read key.b[1].n"]


def test_keys_that_nobody_took_are_told_and_one_that_was_only_looked_at_is_not_taken() -> None:
    def some(fields: Fields) -> tuple[bool, bool, bool]:
        found = (fields.has("color"), fields.has("size"), fields.given("colour"))
        fields.close()
        return found

    found, complaints = read({"color": "red", "size": None}, some)
    assert found == (True, False, False)
    assert complaints == [
        'unknown_field | Cannot read key.color | there is no such field | Did you mean "colour"?',
        "unknown_field | Cannot read key.size | there is no such field | Known are: colour.",
    ]


def test_the_nearest_word_is_offered_whatever_its_case_or_else_all_in_order() -> None:
    assert nearest("RENEWS", ["issue", "renew"]) == 'Did you mean "renew"?'
    assert nearest("zzz", ["issue", "abc"]) == "Known are: abc, issue."
    assert nearest("zzz", []) == "None is known."
