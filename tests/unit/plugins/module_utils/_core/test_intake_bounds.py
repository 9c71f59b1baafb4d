# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person tells is read up to its bounds and not a character further; what is wrong is told, the rest is kept."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import (
    ABOUT_TASKS,
    KEYS,
    FileWord,
    Intake,
    read_intake,
    token_files,
)

RIGHT = [
    pytest.param({}, Intake(), id="nothing"),
    pytest.param({"order_number": " AB-1_2.3/4#5 "}, Intake(order_number="AB-1_2.3/4#5"), id="a number"),
    pytest.param({"order_number": 123}, Intake(order_number="123"), id="a number that YAML read as one"),
    pytest.param({"order_number": "9" * 64}, Intake(order_number="9" * 64), id="the longest number"),
    pytest.param({"order_number": ""}, Intake(), id="an empty number"),
    pytest.param({"approved": True}, Intake(approved=True), id="approved"),
    pytest.param({"approved": " Yes "}, Intake(approved=True), id="approved in words"),
    pytest.param(
        {"approved": "on", "registered": "1"}, Intake(approved=True, registered=True), id="two flags in words"
    ),
    pytest.param({"approved": "no", "registered": "off"}, Intake(), id="flags that say no"),
    pytest.param({"approved": "0", "registered": "false"}, Intake(), id="flags that say no in other words"),
    pytest.param({"approved": None, "registered": ""}, Intake(), id="flags that say nothing"),
    pytest.param({"renewed_by_seller": "true"}, Intake(renewed_by_seller=True), id="renewed by the seller"),
    pytest.param({"cancelled": "true"}, Intake(cancelled="the seller told so"), id="cancelled, in one word"),
    pytest.param({"cancelled": "no"}, Intake(), id="not cancelled"),
    pytest.param({"cancelled": " no funds "}, Intake(cancelled="no funds"), id="cancelled, in the seller's words"),
    pytest.param({"note": " called at ten "}, Intake(note="called at ten"), id="a note"),
    pytest.param({"note": "x" * 1000}, Intake(note="x" * 1000), id="the longest note"),
    pytest.param({"who": "Sato"}, Intake(who="Sato"), id="who says so"),
    pytest.param({"done": "call"}, Intake(done=("call",)), id="one task"),
    pytest.param({"done": ["call", "papers", "call"]}, Intake(done=("call", "papers")), id="a task that is told twice"),
    pytest.param({"reopen": ["a" + "b" * 63]}, Intake(reopen=("a" + "b" * 63,)), id="a task of the longest name"),
    pytest.param({"certificate": " PEM \n"}, Intake(certificate="PEM"), id="a certificate"),
    pytest.param(
        {"certificate": "C", "chain": ["A\n", None, "B"]}, Intake(certificate="C", chain="A\nB"), id="a chain"
    ),
    pytest.param({"certificate": "C" * 524288}, Intake(certificate="C" * 524288), id="the longest certificate"),
    pytest.param(
        {"file_token": {"uri": " http://a/x ", "content": "t\r\n"}},
        Intake(tokens=(FileWord("http://a/x", "t"),)),
        id="one token",
    ),
    pytest.param(
        {"file_token": [{"uri": "u", "content": "~" * 4096}] * 100},
        Intake(tokens=(FileWord("u", "~" * 4096),) * 100),
        id="as many tokens as there may be, each as long as it may be",
    ),
]


@pytest.mark.parametrize(("raw", "expected"), RIGHT)
def test_what_is_told_is_read(raw: dict[str, t.Any], expected: Intake) -> None:
    assert read_intake(raw) == (expected, [])
    assert expected.is_empty is (expected == Intake())


NO_NUMBER = "is no number of an order (A-Z a-z 0-9 . _ / # - , 64 at most)"
TOKEN = "file_token: its content is empty, longer than 4096 characters, or not printable ASCII"
WRONG = [
    pytest.param({"order_number": "9" * 65}, f"order_number: '{'9' * 65}' {NO_NUMBER}", id="a number too long"),
    pytest.param({"order_number": "-1"}, f"order_number: '-1' {NO_NUMBER}", id="a number that begins with a sign"),
    pytest.param({"order_number": True}, f"order_number: 'True' {NO_NUMBER}", id="true for a number"),
    pytest.param({"order_number": "1 2"}, f"order_number: '1 2' {NO_NUMBER}", id="a blank in a number"),
    pytest.param({"approved": "maybe"}, "approved: 'maybe' is neither true nor false", id="no flag"),
    pytest.param({"note": "x" * 1001}, "note: it has 1001 characters, 1000 are possible", id="a note too long"),
    pytest.param(
        {"cancelled": "x" * 1001}, "cancelled: it has 1001 characters, 1000 are possible", id="words too long"
    ),
    pytest.param({"done": ["a"] * 51}, "done: 51 tasks, 50 are possible", id="too many tasks"),
    pytest.param({"done": ["Call"]}, "done: 'Call' is no id and no kind of a task", id="a task in capitals"),
    pytest.param({"done": [7]}, "done: '7' is no id and no kind of a task", id="a number for a task"),
    pytest.param(
        {"reopen": "a" * 65},
        f"reopen: '{'a' * 40}… (25 more characters)' is no id and no kind of a task",
        id="a task's name too long",
    ),
    pytest.param({"certificate": 7}, "certificate: it is no text", id="a number for a certificate"),
    pytest.param({"certificate": ["a", 7]}, "certificate: it is no text", id="a number in a list of PEM"),
    pytest.param(
        {"certificate": "C" * 524289},
        "certificate: it has 524289 characters, 524288 are possible",
        id="a huge certificate",
    ),
    pytest.param({"file_token": [{}] * 101}, "file_token: 101 tokens, 100 are possible", id="too many tokens"),
    pytest.param(
        {"file_token": "t"}, "file_token: it needs uri and content, and nothing else", id="a text for a token"
    ),
    pytest.param(
        {"file_token": {"uri": "u", "content": "c", "x": 1}},
        "file_token: it needs uri and content, and nothing else",
        id="a third key in a token",
    ),
    pytest.param(
        {"file_token": {"uri": 1, "content": "c"}}, "file_token: uri and content are texts", id="no text for a URI"
    ),
    pytest.param(
        {"file_token": {"uri": "u", "content": 1}}, "file_token: uri and content are texts", id="no text for content"
    ),
    pytest.param({"file_token": {"uri": "u", "content": "\r\n"}}, TOKEN, id="an empty token"),
    pytest.param({"file_token": {"uri": "u", "content": "x" * 4097}}, TOKEN, id="a token too long"),
    pytest.param({"file_token": {"uri": "u", "content": "é"}}, TOKEN, id="a token that is not ASCII"),
]


@pytest.mark.parametrize(("raw", "why"), WRONG)
def test_what_cannot_be_used_is_told_and_left_out(raw: dict[str, t.Any], why: str) -> None:
    assert read_intake(raw) == (Intake(), [why])
    assert read_intake({**raw, "registered": True})[0] == Intake(registered=True), "the rest is kept"


@pytest.mark.parametrize("raw", [[], "approved", {1: True}])
def test_what_is_no_dictionary_is_told(raw: t.Any) -> None:
    assert read_intake(raw, "mail") == (Intake(source="mail"), ["it is no dictionary"])


def test_nothing_at_all_is_an_empty_intake_of_its_source() -> None:
    found, wrong = read_intake(None, "file")
    assert (found, wrong, found.is_empty) == (Intake(source="file"), [], True)


def test_an_unknown_key_is_told_with_the_one_that_was_meant() -> None:
    assert read_intake({"aproved": True}) == (Intake(), ["there is no key 'aproved'. Did you mean \"approved\"?"])
    assert read_intake({"x" * 41: True})[1][0].startswith(f"there is no key {'x' * 40!r}. ")


def test_words_that_contradict_each_other_are_told() -> None:
    assert read_intake({"done": ["b", "a"], "reopen": ["a", "b"]})[1] == ["done and reopen both name a, b"]
    assert read_intake({"chain": "A"}) == (Intake(chain="A"), ["a chain came without its certificate"])


@pytest.mark.parametrize(
    ("raw", "about_tasks"),
    [
        pytest.param({"done": "call"}, True, id="a task is done"),
        pytest.param(
            {"reopen": "call", "who": "Sato", "note": "not yet"}, True, id="a task is not done, says who, and why"
        ),
        pytest.param({"reopen": "call"}, True, id="a task is not done"),
        pytest.param({"done": "call", "reopen": "papers"}, True, id="one is, another is not"),
        pytest.param({"note": "hello", "who": "Sato"}, False, id="a note alone"),
        pytest.param({"done": "call", "approved": True}, False, id="something else, too"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_whether_it_is_about_tasks_only(raw: dict[str, t.Any], about_tasks: bool) -> None:
    assert read_intake(raw, "mail")[0].is_about_tasks is about_tasks


NAMES = ("www.example.jp", "example.jp", "*.example.jp")
GOOD = "/.well-known/pki-validation/gsdv.txt"


def test_the_only_token_is_for_every_name_but_a_wildcard() -> None:
    files, wrong = token_files([FileWord(f"http://WWW.example.jp{GOOD}", "t")], NAMES)
    assert wrong == []
    assert [(one.dns_name, one.path, one.content, one.url) for one in files] == [
        (name, GOOD[1:], "t", f"http://{name}{GOOD}") for name in NAMES[:2]
    ]


def test_each_name_gets_its_own_of_two_tokens_and_one_without_is_told() -> None:
    tokens = [FileWord(f"https://{name}:443{GOOD}", name) for name in NAMES[:2]]
    files, wrong = token_files(tokens, NAMES)
    assert ([one.content for one in files], wrong) == (list(NAMES[:2]), [])
    files, wrong = token_files(tokens, (*NAMES, "other.example.jp"))
    assert wrong == ["file_token: there is none for other.example.jp"]
    assert token_files([], NAMES) == ((), ["file_token: there is none for www.example.jp, example.jp"])


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        pytest.param("http://[::1", "it is no URI: ", id="no URI"),
        pytest.param("http://example.jp:99999/x", "it is no URI: ", id="a port that is none"),
        pytest.param(f"http://example.jp{GOOD} x", "it has characters that no URI has", id="a blank"),
        pytest.param(f"http://example.jp\\@evil.test{GOOD}", "it has characters that no URI has", id="a backslash"),
        pytest.param(f"http://example.jp{GOOD}é", "it has characters that no URI has", id="beyond ASCII"),
        pytest.param(f"ftp://example.jp{GOOD}", "it is no plain http URI", id="another scheme"),
        pytest.param(f"http://user@example.jp{GOOD}", "it is no plain http URI", id="a user"),
        pytest.param(f"http://user:pass@example.jp{GOOD}", "it is no plain http URI", id="a user and a password"),
        pytest.param(f"http://example.jp:8080{GOOD}", "a file is looked for on port 80", id="another port"),
        pytest.param(f"http://example.jp{GOOD}?a", "a file is looked for on port 80", id="a query"),
        pytest.param(f"http://example.jp{GOOD}#a", "a file is looked for on port 80", id="a fragment"),
        pytest.param(
            f"http://evil.test{GOOD}",
            "its host is evil.test, the order is for www.example.jp, example.jp",
            id="a name that is not of the order",
        ),
        pytest.param(f"http:{GOOD}", "its host is missing", id="no host"),
    ],
)
def test_a_token_that_is_for_no_file_is_told_and_no_name_gets_it(uri: str, why: str) -> None:
    files, wrong = token_files([FileWord(uri, "t")], NAMES)
    assert files == ()
    assert len(wrong) == 1
    assert wrong[0].startswith("file_token '")
    assert f"': {why}" in wrong[0]


def test_a_path_outside_the_two_folders_is_told() -> None:
    files, wrong = token_files([FileWord("http://example.jp/.well-known/pki-validation/../../x", "t")], NAMES)
    assert files == ()
    assert len(wrong) == 1


def test_a_wrong_token_keeps_the_good_one_to_its_own_name() -> None:
    files, wrong = token_files([FileWord(f"http://example.jp:80{GOOD}", "t"), FileWord("http://x/", "u")], NAMES)
    assert [one.dns_name for one in files] == ["example.jp"]
    assert len(wrong) == 1


def test_just_as_much_as_is_possible_is_taken() -> None:
    tasks = [f"task{number}" for number in range(50)]
    assert read_intake({"done": tasks}) == (Intake(done=tuple(tasks)), [])
    assert read_intake({"note": "x" * 1000})[0].note == "x" * 1000


@pytest.mark.parametrize(
    ("uri", "shown"), [("x" * 200, "x" * 200), ("x" * 201, f"{'x' * 200}… (1 more characters)")], ids=["200", "201"]
)
def test_a_long_uri_is_shown_by_its_beginning(uri: str, shown: str) -> None:
    (wrong,) = token_files([FileWord(uri, "t")], NAMES)[1]
    assert wrong.startswith(f"file_token {shown!r}: ")


def test_what_any_ca_takes_is_told_apart_from_what_only_a_portal_does() -> None:
    assert frozenset({"note", "done", "reopen", "who"}) == ABOUT_TASKS
    assert set(KEYS) > ABOUT_TASKS
