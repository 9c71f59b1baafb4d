# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An error is a sentence for people and data for playbooks; both say what, where, why and what to do."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    BugError,
    DeadlineError,
    InkanError,
    InputCollector,
    InputError,
    InputErrors,
    LocalError,
    PolicyError,
    ProtocolError,
    RefusedError,
    TransportError,
)

LATER = datetime(2026, 11, 20, 1, 2, 3, tzinfo=timezone.utc)

SENTENCES = [
    pytest.param({}, "Cannot do it.", id="what alone"),
    pytest.param({"where": "item 1"}, "Cannot do it (item 1).", id="where it was"),
    pytest.param({"why": "no"}, "Cannot do it: no.", id="why"),
    pytest.param({"why": "no!"}, "Cannot do it: no!", id="the other side's own mark at the end"),
    pytest.param({"why": "Who?"}, "Cannot do it: Who?", id="a question"),
    pytest.param({"why": "No."}, "Cannot do it: No.", id="a whole sentence"),
    pytest.param({"todo": "Wait"}, "Cannot do it. Wait.", id="what to do"),
    pytest.param({"todo": "Did you mean it?"}, "Cannot do it. Did you mean it?", id="what to do, as a question"),
    pytest.param({"todo": "Wait."}, "Cannot do it. Wait.", id="what to do, as a sentence"),
    pytest.param({"todo": "Wait!"}, "Cannot do it. Wait!", id="what to do, as a cry"),
    pytest.param({"retry_at": LATER}, "Cannot do it. Come back at 2026-11-20T01:02:03+00:00.", id="when to come back"),
    pytest.param(
        {"where": "item 1", "why": "no", "todo": "Wait", "retry_at": LATER},
        "Cannot do it (item 1): no. Wait. Come back at 2026-11-20T01:02:03+00:00.",
        id="all of it",
    ),
    pytest.param({"why": "a\x1b[31mred"}, "Cannot do it: a\\x1b[31mred.", id="what a terminal would obey"),
]


@pytest.mark.parametrize(("words", "sentence"), SENTENCES)
def test_the_sentence_of_an_error(words: dict[str, t.Any], sentence: str) -> None:
    error = InkanError(code="broken", what="Cannot do it", **words)
    assert (error.sentence(), str(error), error.as_data()["message"]) == (sentence,) * 3


def test_the_data_of_an_error_are_all_there_and_plain() -> None:
    error = RefusedError(
        code="no",
        what="a",
        where="b",
        why="c",
        todo="d",
        retryable=True,
        retry_at=LATER,
        did_change=True,
        reference="e",
    )
    assert error.as_data() == {
        "kind": "refused",
        "code": "no",
        "message": "a (b): c. d. Come back at 2026-11-20T01:02:03+00:00.",
        "what": "a",
        "where": "b",
        "why": "c",
        "todo": "d",
        "retryable": True,
        "retry_at": "2026-11-20T01:02:03+00:00",
        "did_change": True,
        "reference": "e",
    }


KINDS = [
    (InkanError, "error", False),
    (InputError, "input", False),
    (PolicyError, "policy", False),
    (TransportError, "transport", True),
    (ProtocolError, "protocol", False),
    (RefusedError, "refused", False),
    (DeadlineError, "deadline", True),
    (LocalError, "local", False),
    (BugError, "bug", False),
]


@pytest.mark.parametrize(("of", "kind", "retryable"), KINDS)
def test_each_kind_has_its_word_and_says_whether_it_may_pass(of: type[InkanError], kind: str, retryable: bool) -> None:
    assert str(of(code="x", what="y")) == "y."
    data = of(code="x", what="y").as_data()
    assert (data["kind"], data["retryable"], data["did_change"]) == (kind, retryable, False)
    assert (data["where"], data["why"], data["todo"], data["retry_at"], data["reference"]) == ("", "", "", None, "")


def test_a_request_that_was_lost_counts_as_sent_unless_it_is_known_that_it_was_not() -> None:
    assert TransportError(code="x", what="y").sent
    assert not TransportError(code="x", what="y", sent=False, retryable=False).sent
    assert not TransportError(code="x", what="y", retryable=False).retryable
    assert not DeadlineError(code="x", what="y", retryable=False).retryable


def test_one_wrong_option_is_told_as_it_is_and_several_are_counted() -> None:
    errors = InputCollector()
    errors.refuse()
    errors.add("bad_name", what="Cannot read a", where="item 1", why="no", todo="Correct it", reference="RFC 1")
    with pytest.raises(InputErrors) as one:
        errors.refuse()
    assert str(one.value) == "Cannot read a (item 1): no. Correct it."
    assert [(error.code, error.reference, error.kind) for error in errors.errors] == [("bad_name", "RFC 1", "input")]
    errors.extend(PolicyError(code="late", what="Too late"))
    with pytest.raises(InputErrors) as both:
        errors.refuse()
    assert str(both.value) == (
        "2 errors in the options, nothing was done:\n1. Cannot read a (item 1): no. Correct it.\n2. Too late."
    )
    assert both.value.errors == errors.errors
