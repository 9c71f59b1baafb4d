# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both languages say everything, and what the collection itself says of a certificate has its Japanese."""

from __future__ import annotations

import ast
import re
import string
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import State
from ansible_collections.inkan.tls.plugins.module_utils._data.validity import SWITCHES
from ansible_collections.inkan.tls.plugins.module_utils._report.words import Words, both, keys
from ansible_collections.inkan.tls.plugins.module_utils._report.words_said import in_japanese
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate

SOURCES = sorted((REPOSITORY / "plugins" / "module_utils" / "_report").glob("*.py"))


def places(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(keys()))
def test_both_languages_say_the_same(key: str) -> None:
    english, japanese = both(key)
    assert english and japanese and (places(english) - {"n"}) <= places(japanese) | {"since", "before"} - set()
    assert places(japanese) <= places(english) | {"n"}


def test_every_word_is_said_somewhere() -> None:
    text = "".join(path.read_text("utf-8") for path in SOURCES if path.name != "words.py")
    families = ("state.", "actor.", "method.", "change.", "ics.", "load.")
    said = set(re.findall(r"[\"']([a-z_.]+)[\"']", text))
    for key in keys():
        stem = key.rsplit(".one", 1)[0]
        assert stem in said or stem.startswith(families) or stem in ("skip",), key


def test_numbers_have_their_words() -> None:
    assert Words("en").say("days_left", n=1) == "1 day left" and Words("en").say("days_left", n=2) == "2 days left"
    assert Words("ja").say("days_left", n=1) == "残り 1 日"
    assert Words("ja").month("2027-03") == "2027年3月" and Words("en").month("2027-03") == "Mar 2027"
    with pytest.raises(ValueError, match="no language"):
        Words("fr")


@pytest.mark.parametrize("state", [state.value for state in State])
def test_each_state_of_an_order_has_its_words(state: str) -> None:
    assert Words("en").knows(f"state.{state}") and Words("ja").state(state) != state


def texts_of(module: str, *functions: str) -> t.Iterator[str]:
    """The sentences that are written in some functions of a file, with a sample for each part that is put in."""
    path = REPOSITORY / "plugins" / "module_utils" / "_core" / f"{module}.py"
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            pieces = {id(one) for text in ast.walk(node) if isinstance(text, ast.JoinedStr) for one in text.values}
            for inner in (one for one in ast.walk(node) if id(one) not in pieces):
                text = _text(inner)
                if text and " " in text.strip() and not _is_docstring(node, inner):
                    yield text.strip()


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(one.value if isinstance(one, ast.Constant) else "7" for one in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_docstring(function: ast.FunctionDef, node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == ast.get_docstring(function, clean=False)


@pytest.mark.parametrize(
    ("module", "functions"),
    [
        ("outcome", "_undeclared _judge _expected _unreachable _waiting _not_installed _why_it_ended"),
        ("steps", "_approval waiting_for"),
        ("plan_cliffs", "_rule_cliffs _method_cliffs _of_reuse _of_seller _of_arithmetic"),
        (
            "policy_renewal",
            "_decide_absent _at_once _contract_reason _cliff_reason _waiting",
        ),
    ],
)
def test_each_sentence_of_the_collection_has_its_japanese(module: str, functions: str) -> None:
    found = list(texts_of(module, *functions.split()))
    assert (
        len(found) >= 3 and {text for text in found if text not in _NO_SENTENCES and in_japanese(text) is None} == set()
    )


_BEGINNING = "the seller counts the validity of new certificates in another way"
#: pieces of a sentence, and a source
_NO_SENTENCES = frozenset({"7 (BR 7)", "7: 7", "BR 4.2.1", _BEGINNING})


def test_each_change_of_the_rules_has_its_japanese() -> None:
    told = [text for switch in SWITCHES if switch.do for text in (switch.rule, switch.do)]
    assert len(told) > 8 and {text for text in told if in_japanese(text) is None} == set()


def test_an_estate_is_told_in_japanese_but_for_what_others_said() -> None:
    report = estate(200)
    told = {sentence for row in report.rows for sentence in row.sentences}
    told |= {text for row in report.rows for cliff in row.cliffs for text in (cliff.what, cliff.do)}
    told |= {row.waiting.what for row in report.rows if row.waiting}
    others = {"two open orders at the CA"}
    assert {text for text in told - others if in_japanese(text) is None} == set()


def test_what_is_carried_over_is_no_template() -> None:
    assert in_japanese("approve by the mail to \\1 @1 {x}") == "\\1 @1 {x} 宛のメールで承認"
    assert in_japanese("some words of a CA") is None
    deep = "the CA is to " * 50 + "validate"
    assert in_japanese(deep) is not None
