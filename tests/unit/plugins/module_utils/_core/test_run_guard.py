# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run must not begin with: names that nobody declares, a moved clock outside a lab."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Resolve
from ansible_collections.inkan.tls.plugins.module_utils._core.run_guard import (
    ANSWERS,
    refuse_moved_clock,
    refuse_undeclared_intake,
    refuse_undeclared_names,
    refuse_wrong_answers,
)

DECLARED = ["shop", "blog"]


def told(errors: InputCollector) -> list[tuple[str, str, str]]:
    return [(error.code, error.where, error.why) for error in errors.errors]


@pytest.mark.parametrize(
    ("names", "unknown"),
    [([], ""), (["shop", "blog"], ""), (["shop", "shpo", "x"], "shpo, x"), (["y" * 101], "y" * 100)],
    ids=str,
)
def test_names_must_be_declared(names: list[str], unknown: str) -> None:
    errors = InputCollector()
    refuse_undeclared_names(names, DECLARED, errors)
    found = told(errors)
    assert bool(found) is bool(unknown)
    for code, where, why in found:
        assert (code, where) == ("not_declared", "inkan_names")
        assert why.startswith(f"inkan_certificates has no {unknown}")


@pytest.mark.parametrize("intake", [["shop"], "shop", None], ids=str)
def test_what_was_told_is_a_dictionary(intake: t.Any) -> None:
    errors = InputCollector()
    refuse_undeclared_intake(intake, DECLARED, errors)
    assert told(errors) == [("intake_form", "inkan_intake", "it is no dictionary of certificates")]


@pytest.mark.parametrize(
    ("intake", "is_refused"),
    [
        ({}, False),
        ({"shop": {"order": "1"}}, False),
        ({"gone": {"done": "contract_end"}}, False),
        ({"gone": {"done": None}}, True),
        ({"gone": {"order": "1"}}, True),
        ({"gone": "done"}, True),
    ],
    ids=str,
)
def test_only_the_end_of_a_contract_is_told_of_what_is_declared_no_more(intake: t.Any, is_refused: bool) -> None:
    errors = InputCollector()
    refuse_undeclared_intake(intake, DECLARED, errors)
    refusal = ("not_declared", "inkan_intake", "inkan_certificates has no gone")
    assert told(errors) == [refusal] * is_refused


def test_a_moved_clock_is_for_a_lab_on_loopback() -> None:
    foreign: dict[str, t.Any] = {"le": {"directory": "https://acme.example/dir", "type": "acme"}}
    errors = InputCollector()
    refuse_moved_clock(None, foreign, {}, errors)
    refuse_moved_clock("2026-11-20T00:00:00Z", {}, {}, errors)
    assert told(errors) == []
    refuse_moved_clock("2026-11-20T00:00:00Z", foreign, {}, errors)
    ((code, where, why),) = told(errors)
    assert (code, where) == ("moved_clock", "inkan_now") and why.endswith("is not on loopback")


@pytest.mark.parametrize(
    ("resolve", "where", "why"),
    [
        (["shop"], "", "it is no dictionary of certificates"),
        ({"shop": "resubmit"}, ", shop", "it is no dictionary"),
        ({"shop": {"resolve": "retry"}}, ", shop", "resolve is none of adopt, resubmit, give_up"),
        ({"shop": {"resolve": "give_up", "hndle": "1"}}, ", shop", "unknown is hndle"),
        (
            {"shop": {"resolve": "adopt", "handle": 4711}},
            ", shop",
            "handle and reference are texts; put a number in quotes",
        ),
        ({"shop": {"resolve": "adopt"}}, ", shop", "adopt needs the handle of the order at the CA, and nothing else"),
        (
            {"blog": {"resolve": "give_up", "handle": "1"}},
            ", blog",
            "adopt needs the handle of the order at the CA, and nothing else",
        ),
    ],
    ids=str,
)
def test_an_answer_is_in_the_words_of_the_module(resolve: t.Any, where: str, why: str) -> None:
    errors = InputCollector()
    refuse_wrong_answers(resolve, DECLARED, None, errors)
    ((code, told_where, told_why),) = told(errors)
    assert (code, told_where, told_why.startswith(why)) == ("resolve_form", f"inkan_resolve{where}", True)


def test_the_words_of_an_answer_are_those_of_the_policy() -> None:
    assert [one.value for one in Resolve] == list(ANSWERS)


def test_answers_are_for_what_is_declared() -> None:
    errors = InputCollector()
    answers: dict[str, t.Any] = {
        "shop": {"resolve": "give_up", "reference": "ik-1f0c", "handle": ""},
        "blog": {"resolve": "adopt", "handle": "4711"},
    }
    refuse_wrong_answers(answers, DECLARED, None, errors)
    assert told(errors) == []
    refuse_wrong_answers({**answers, "gone": {"resolve": "give_up"}}, DECLARED, None, errors)
    assert told(errors) == [("not_declared", "inkan_resolve", "inkan_certificates has no gone")]


@pytest.mark.parametrize(("chosen", "is_refused"), [(None, False), (["shop"], False), (["blog"], True), ([], True)])
def test_an_answer_that_the_run_would_pass_over_is_refused(chosen: t.Any, is_refused: bool) -> None:
    errors = InputCollector()
    refuse_wrong_answers({"shop": {"resolve": "give_up"}}, DECLARED, chosen, errors)
    assert told(errors) == [("not_chosen", "inkan_resolve", "inkan_names leaves out shop")] * is_refused
