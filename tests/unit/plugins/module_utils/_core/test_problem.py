# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact sentences, pinned in a table."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.problem import parse_problem, read_problem

P = "urn:ietf:params:acme:error:"
RFC_EXAMPLE = {  # RFC 8555 §6.7.1
    "type": P + "malformed",
    "detail": "Some of the identifiers requested were rejected",
    "subproblems": [
        {
            "type": P + "malformed",
            "detail": 'Invalid underscore in DNS name "_example.org"',
            "identifier": {"type": "dns", "value": "_example.org"},
        },
        {
            "type": P + "rejectedIdentifier",
            "detail": 'This CA will not issue for "example.net"',
            "identifier": {"type": "dns", "value": "example.net"},
        },
    ],
}


@pytest.mark.parametrize(
    "data, sentence",
    [
        ({"type": P + "badCSR", "detail": "weak key"}, "weak key (badCSR)"),
        ({"type": P + "badCSR", "title": "Bad CSR"}, "Bad CSR (badCSR)"),
        ({"type": P + "badCSR"}, "no reason given (badCSR)"),
        ({"type": "about:blank", "detail": "no"}, "no"),
        ({"type": "https://ca.example/oops", "detail": "no"}, "no (https://ca.example/oops)"),
        ({"detail": "no"}, "no"),
        (
            RFC_EXAMPLE,
            "Some of the identifiers requested were rejected (malformed); "
            '1. _example.org: Invalid underscore in DNS name "_example.org" (malformed); '
            '2. example.net: This CA will not issue for "example.net" (rejectedIdentifier)',
        ),
        ({"type": P + "dns", "detail": "a\nb\x1b[31m"}, "a b\\x1b[31m (dns)"),
        ({"type": 7, "detail": ["x"], "subproblems": [1, None, {}, {"detail": "y"}]}, "no reason given; 1. y"),
        ({"detail": "x" * 700}, "x" * 600 + "… (100 more characters)"),
    ],
)
def test_a_problem_as_a_sentence(data: dict[str, t.Any], sentence: str) -> None:
    problem = parse_problem(data)
    assert problem is not None
    assert problem.sentence() == sentence


def test_more_subproblems_than_anyone_reads_are_counted() -> None:
    problem = parse_problem({"detail": "many", "subproblems": [{"detail": "x"}] * 25})
    assert problem is not None
    assert problem.sentence().endswith("; 20. x; and 5 more")


def test_nesting_without_end_is_cut() -> None:
    data: dict[str, t.Any] = {"detail": "deep"}
    for _level in range(200):
        data = {"detail": "level", "subproblems": [data]}
    problem = read_problem(json.dumps(data).encode())
    assert problem is not None
    assert problem.sentence() == "level; 1. level; 1. level"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'"text"', b"{}", b'{"status": 400}', b"[" * 100_000, b"\xff\xfe{"]
)
def test_what_is_no_problem_document(body: bytes) -> None:
    assert read_problem(body) is None


def test_the_advice_is_of_the_subproblem_that_says_more() -> None:
    problem = parse_problem({"type": P + "compound", "subproblems": [{"type": P + "caa", "detail": "x"}]})
    assert problem is not None and problem.advice is not None
    assert "CAA" in problem.advice.todo


@pytest.mark.parametrize(
    "kinds, retryable",
    [
        (["rateLimited"], True),
        (["serverInternal", "rateLimited"], True),
        (["rateLimited", "caa"], False),
        (["odd"], False),
    ],
)
def test_a_compound_problem_passes_only_if_all_of_it_does(kinds: list[str], retryable: bool) -> None:
    problem = parse_problem({"type": P + "compound", "subproblems": [{"type": P + kind} for kind in kinds]})
    assert problem is not None
    assert problem.retryable is retryable


def test_a_type_of_another_registry_has_no_code() -> None:
    problem = parse_problem({"type": "https://x.test/badNonce", "status": True})
    assert problem is not None
    assert (problem.code, problem.advice, problem.retryable, problem.status) == ("", None, False, None)


@pytest.mark.parametrize(
    ("kind", "inner", "retryable"),
    [
        ("compound", [], False),
        ("malformed", ["rateLimited"], False),
        ("rateLimited", ["caa"], True),
        ("compound", ["rateLimited"], True),
    ],
)
def test_only_a_compound_problem_is_what_its_parts_are(kind: str, inner: list[str], retryable: bool) -> None:
    problem = parse_problem({"type": P + kind, "subproblems": [{"type": P + one} for one in inner]})
    assert problem is not None and problem.retryable is retryable


@pytest.mark.parametrize("word", ["type", "title", "detail", "subproblems"])
def test_one_word_of_a_problem_makes_one(word: str) -> None:
    assert parse_problem({word: "x"}) is not None
    assert parse_problem({word.upper(): "x"}) is None
