# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make mutants` changes in a source, and what it leaves: a tool that changes too little would flatter."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("names of code with their class: Python 3.11", allow_module_level=True)

_FILE = Path(__file__).resolve().parents[2] / "scripts" / "mutants" / "operators.py"
_SPEC = importlib.util.spec_from_file_location("mutants_operators", _FILE)
assert _SPEC is not None and _SPEC.loader is not None
operators = importlib.util.module_from_spec(_SPEC)
sys.modules["mutants_operators"] = operators
_SPEC.loader.exec_module(operators)

CHANGED = {
    "a < b": ["Lt → LtE"],
    "a < b <= c": ["Lt → LtE", "LtE → Lt"],
    "a is None or b": ["Is → IsNot", "or → and"],
    "not a": ["not x → x"],
    "a + 1": ["1 → 2", "Add → Sub"],
    "-a": ["-x → +x"],
    "True": ["True → False"],
    "'key'": ["'key' → 'XX…XX'"],
    "f'{a}.key'": ["'.key' → 'XX…XX'"],
    "f'{a + 1} names are too many'": ["1 → 2", "Add → Sub"],
    "b'octets'": ["b'octets' → b'XX…XX'"],
    "a if b else c": ["if x → if not x"],
    "[a for a in b if a]": ["for … if x → if not x"],
    "f(a)(b=0)": ["0 → 1"],
    "{**a, 'b': c}": ["'b' → 'XX…XX'"],
    "'a sentence for people'": [],
    "None": [],
    "t.cast('Thing', a)": [],
    "t.TypeVar('T')": [],
}


@pytest.mark.parametrize("expression", CHANGED)
def test_an_expression_is_changed_like_this(expression: str) -> None:
    source = operators.Source(f"x = {expression}\n", "x.py")
    assert sorted(one.what for one in source.mutants) == sorted(CHANGED[expression])


STATEMENTS = {
    "return f(a)": ["return x → return None"],
    "return None": [],
    "raise f": ["raise → pass"],
    "f(a)": ["call → pass"],
    "a += b": ["Add= → =", "Add= → Sub="],
    "while a: break": ["break → continue", "if x → if not x"],
    "for a in b: continue": ["continue → break"],
    "import a.b": [],
    "'''A word.'''": [],
    "a: t.Optional['Thing'] = b": [],
    "if t.TYPE_CHECKING: f(1)": [],
    "__all__ = ['f', *('g',)]": [],
    "names = ['f']": ["'f' → 'XX…XX'"],
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_is_changed_like_this(statement: str) -> None:
    source = operators.Source(f"def f(a, b):\n    {statement}\n", "x.py")
    assert sorted(one.what for one in source.mutants) == sorted(STATEMENTS[statement])
    assert all(one.scope == operators.Scope("f", 1) for one in source.mutants)


TEXT = """\
from __future__ import annotations
import dataclasses
LIMIT = 3
@dataclasses.dataclass(frozen=True)
class Thing:
    size: int = 5
    @property
    def big(self, than=LIMIT + 1):
        return [one for one in range(self.size) if one > than]
"""


def test_a_mutant_is_the_file_with_one_change_and_the_file_is_itself_again_afterwards() -> None:
    source = operators.Source(TEXT, "x.py")
    told = {}
    for mutant in source.mutants:
        space = {"__name__": "__main__"}
        exec(source.whole(mutant), space)  # noqa: S102
        thing = space["Thing"]
        told[mutant.line, mutant.what] = (space["LIMIT"], thing().size, thing(9).big)
    assert told == {
        (3, "3 → 4"): (4, 5, [6, 7, 8]),
        (6, "5 → 6"): (3, 6, [5, 6, 7, 8]),
        (8, "1 → 2"): (3, 5, [6, 7, 8]),
        (8, "Add → Sub"): (3, 5, [3, 4, 5, 6, 7, 8]),
        (9, "return x → return None"): (3, 5, None),
        (9, "Gt → GtE"): (3, 5, [4, 5, 6, 7, 8]),
    }


def test_the_code_of_a_changed_method_fits_into_the_living_one() -> None:
    source = operators.Source(TEXT, "x.py")
    space: dict[str, object] = {"__name__": "__main__"}
    exec(compile(TEXT, "x.py", "exec"), space)  # noqa: S102
    thing: object = space["Thing"]
    living = vars(thing)["big"].fget
    mutant = next(one for one in source.mutants if one.what == "Gt → GtE")
    assert mutant.scope == operators.Scope(living.__code__.co_qualname, living.__code__.co_firstlineno)
    living.__code__ = source.function(mutant)
    assert thing(6).big == [4, 5]  # type: ignore[operator]


def test_what_is_done_at_import_belongs_to_no_function() -> None:
    source = operators.Source(TEXT, "x.py")
    assert {one.line: one.scope is None for one in source.mutants} == {3: True, 6: True, 8: True, 9: False}


@pytest.mark.parametrize(
    ("endings", "is_good"),
    [
        ({"killed": 85, "survived": 15}, True),
        ({"killed": 84, "survived": 16}, False),
        ({"killed": 84, "timeout": 16}, False),
        ({"killed": 84, "untested": 16}, False),
        ({"killed": 84, "unasked": 16}, False),
        ({}, False),
    ],
    ids=str,
)
def test_whatever_is_not_killed_counts_as_a_survivor(
    endings: dict[str, int], is_good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(_FILE.parent))
    table = importlib.import_module("table")
    lines = [{"file": "times", "ending": ending} for ending, count in endings.items() for _number in range(count)]
    text, good = table.figures(lines, 85)
    assert good is is_good
    assert not lines or text.splitlines()[1].split()[:3] == ["times", "100", str(endings["killed"])]


def test_the_interval_holds_what_the_sample_says_and_narrows_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_FILE.parent))
    table = importlib.import_module("table")
    row = [{"ending": "killed"}] * 9 + [{"ending": "survived"}]
    assert "59.6 to 98.2 %" in table.interval(row)
    assert "88.0 to 91.7 %" in table.interval(row * 100)
