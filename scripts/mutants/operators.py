# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that a mutation run makes to a source file, one at a time.

What is changed: comparisons, and/or, not, arithmetic, numbers, True and False, words (strings without a blank: codes,
keys, enum words, patterns, punctuation of formats), conditions, returned values, raise, break, continue, calls made for
their effect.

What is not, because no test can or should tell it: docstrings, annotations and what else only a type checker reads
(``if t.TYPE_CHECKING``, t.cast, t.TypeVar, t.NewType, subscripts of types), the options of @dataclass, imports and
``__all__`` (nobody imports by a star), and sentences (strings with a blank: texts for people, that change with the
language).
"""

from __future__ import annotations

import ast
import typing as t
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_TYPES = {"dict", "list", "tuple", "set", "frozenset", "type"}
_FOR_TYPE_CHECKERS = {"cast", "TypeVar", "NewType"}

Place = tuple[ast.AST, str, t.Optional[int]]  # of a node in its parent: field, and where in a list


@dataclass(frozen=True)
class Scope:
    """The outermost function, whose code can be exchanged in a running process."""

    name: str
    line: int  # that its code names: of its first decorator


@dataclass(frozen=True)
class Mutant:
    place: Place
    instead: ast.AST
    line: int
    what: str
    lines: range  # of the statement: a test that ran none of them cannot tell
    scope: Scope | None  # None: done once, at import
    statement: int  # of the module, that holds it


@dataclass(frozen=True)
class _Where:
    """Of the node in hand."""

    lines: range
    scope: Scope | None
    statement: int
    names: tuple[str, ...] = ()


class Source:
    """One file and all its mutants."""

    def __init__(self, text: str, filename: str) -> None:
        self._tree = ast.parse(text)
        self._filename = filename
        self._found: list[Mutant] = []
        for number, statement in enumerate(self._tree.body):
            self._visit(statement, (self._tree, "body", number), _Where(_lines(statement), None, number))
        self.mutants = tuple(self._found)

    def whole(self, mutant: Mutant) -> t.Any:
        """The code of the file with this one change."""
        with_change, undo = _exchange(mutant)
        with_change()
        try:
            return compile(ast.fix_missing_locations(self._tree), self._filename, "exec", dont_inherit=True)
        finally:
            undo()

    def function(self, mutant: Mutant) -> t.Any:
        """The code of just the mutant's function."""
        with_change, undo = _exchange(mutant)
        with_change()
        try:
            futures = [one for one in self._tree.body if isinstance(one, ast.ImportFrom) and one.module == "__future__"]
            part = ast.Module([*futures, self._tree.body[mutant.statement]], [])
            code = compile(ast.fix_missing_locations(part), self._filename, "exec", dont_inherit=True)
        finally:
            undo()
        return next(one for one in codes_within(code) if Scope(one.co_qualname, one.co_firstlineno) == mutant.scope)

    # --- finding ---

    def _visit(self, node: ast.AST, place: Place, where: _Where) -> None:
        if _is_for_readers(node):
            return
        if isinstance(node, ast.stmt):
            where = _Where(_lines(node), where.scope, where.statement, where.names)
        for what, instead in _changes(node):
            line = getattr(node, "lineno", where.lines.start)
            self._found.append(Mutant(place, instead, line, what, where.lines, where.scope, where.statement))
        for field, child in _children(node):
            inner = _inside(node, field, where)
            if isinstance(child, list):
                for number, one in enumerate(child):
                    if one is not None:
                        self._visit(one, (node, field, number), inner)
            else:
                self._visit(child, (node, field, None), inner)


def codes_within(code: t.Any) -> t.Iterator[t.Any]:
    """A code object and all that are defined in it."""
    yield code
    for one in code.co_consts:
        if hasattr(one, "co_code"):
            yield from codes_within(one)


def _exchange(mutant: Mutant) -> tuple[t.Callable[[], None], t.Callable[[], None]]:
    parent, field, number = mutant.place
    if number is None:
        before = getattr(parent, field)
        return lambda: setattr(parent, field, mutant.instead), lambda: setattr(parent, field, before)
    row = getattr(parent, field)
    old = row[number]
    return lambda: row.__setitem__(number, mutant.instead), lambda: row.__setitem__(number, old)


def _lines(statement: ast.stmt) -> range:
    """Those of the statement, without the body of a compound one."""
    last = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if body:
        last = max(statement.lineno, min(last, body[0].lineno - 1))
    return range(statement.lineno, last + 1)


def _inside(node: ast.AST, field: str, where: _Where) -> _Where:
    """Where the children in this field are: the body of a function begins a scope, its defaults do not."""
    if isinstance(node, ast.ClassDef):
        return _Where(where.lines, where.scope, where.statement, (*where.names, node.name))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and field == "body" and where.scope is None:
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        scope = Scope(".".join((*where.names, node.name)), first)
        return _Where(where.lines, scope, where.statement, where.names)
    return where


def _children(node: ast.AST) -> t.Iterator[tuple[str, t.Any]]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment", "bases", "ctx", "ops", "op"):
            continue
        if field == "slice" and isinstance(node, ast.Subscript) and _is_type(node.value):
            continue
        if field == "args" and isinstance(node, ast.Call) and _called(node) in _FOR_TYPE_CHECKERS:
            value = value[1:] if _called(node) == "cast" else []
        if isinstance(node, ast.JoinedStr) and _is_sentence(node):
            value = [one if isinstance(one, ast.FormattedValue) else None for one in node.values]
        if isinstance(value, ast.AST) or (isinstance(value, list) and any(isinstance(one, ast.AST) for one in value)):
            yield field, value


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id == "t"
    return isinstance(node, ast.Name) and node.id in _TYPES


def _is_for_readers(node: ast.AST) -> bool:
    """Only people or type checkers read it."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return True
    if isinstance(node, ast.Assign) and [getattr(one, "id", "") for one in node.targets] == ["__all__"]:
        return True
    return isinstance(node, ast.Call) and _called(node) == "dataclass"


def _is_sentence(node: ast.JoinedStr) -> bool:
    return not all(_is_word(str(one.value)) for one in node.values if isinstance(one, ast.Constant))


def _is_word(text: str) -> bool:
    return bool(text) and not any(letter.isspace() for letter in text)


# --- changing ---


def _changes(node: ast.AST) -> t.Iterator[tuple[str, ast.AST]]:
    """What this one node may be instead."""
    for kind, changes in _BY_KIND.items():
        if isinstance(node, kind):
            for what, instead in changes(node):
                yield what, (ast.copy_location(instead, node) if hasattr(node, "lineno") else instead)


def _of_compare(node: ast.Compare) -> t.Iterator[tuple[str, ast.AST]]:
    for number, op in enumerate(node.ops):
        other = _COMPARISONS[type(op)]
        ops = [*node.ops[:number], other(), *node.ops[number + 1 :]]
        yield f"{type(op).__name__} → {other.__name__}", ast.Compare(node.left, ops, node.comparators)


def _of_boolean(node: ast.BoolOp) -> t.Iterator[tuple[str, ast.AST]]:
    yield (
        ("and → or", ast.BoolOp(ast.Or(), node.values))
        if isinstance(node.op, ast.And)
        else ("or → and", ast.BoolOp(ast.And(), node.values))
    )


def _of_unary(node: ast.UnaryOp) -> t.Iterator[tuple[str, ast.AST]]:
    if isinstance(node.op, ast.Not):
        yield "not x → x", node.operand
    elif isinstance(node.op, ast.USub):
        yield "-x → +x", ast.UnaryOp(ast.UAdd(), node.operand)


def _of_arithmetic(node: ast.BinOp) -> t.Iterator[tuple[str, ast.AST]]:
    other = _ARITHMETIC[type(node.op)]
    yield f"{type(node.op).__name__} → {other.__name__}", ast.BinOp(node.left, other(), node.right)


def _of_augmented(node: ast.AugAssign) -> t.Iterator[tuple[str, ast.AST]]:
    other = _ARITHMETIC[type(node.op)]
    yield f"{type(node.op).__name__}= → {other.__name__}=", ast.AugAssign(node.target, other(), node.value)
    yield f"{type(node.op).__name__}= → =", ast.Assign([node.target], node.value)


def _of_constant(node: ast.Constant) -> t.Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} → {not value}", ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield f"{value} → {value + 1}", ast.Constant(value + 1)
    elif isinstance(value, str) and _is_word(value):
        yield f"{value!r} → 'XX…XX'", ast.Constant(f"XX{value}XX")
    elif isinstance(value, bytes) and value:
        yield f"{value!r} → b'XX…XX'", ast.Constant(b"XX" + value + b"XX")


def _of_condition(node: ast.If | ast.While | ast.IfExp) -> t.Iterator[tuple[str, ast.AST]]:
    if _is_plain(node.test):
        instead = type(node)(**{**dict(ast.iter_fields(node)), "test": _negated(node.test)})
        yield "if x → if not x", instead


def _of_comprehension(node: ast.comprehension) -> t.Iterator[tuple[str, ast.AST]]:
    for number, test in enumerate(node.ifs):
        if _is_plain(test):
            ifs = [*node.ifs[:number], _negated(test), *node.ifs[number + 1 :]]
            yield "for … if x → if not x", ast.comprehension(node.target, node.iter, ifs, node.is_async)


def _is_plain(test: ast.expr) -> bool:
    """Not one that is changed in itself."""
    return not isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp))


def _negated(test: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def _of_return(node: ast.Return) -> t.Iterator[tuple[str, ast.AST]]:
    if node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value in (None, True, False)
    ):
        yield "return x → return None", ast.Return(ast.copy_location(ast.Constant(None), node.value))


def _of_raise(node: ast.Raise) -> t.Iterator[tuple[str, ast.AST]]:
    yield "raise → pass", ast.Pass()


def _of_effect(node: ast.Expr) -> t.Iterator[tuple[str, ast.AST]]:
    if isinstance(node.value, ast.Call):
        yield "call → pass", ast.Pass()


def _of_break(node: ast.Break) -> t.Iterator[tuple[str, ast.AST]]:
    yield "break → continue", ast.Continue()


def _of_continue(node: ast.Continue) -> t.Iterator[tuple[str, ast.AST]]:
    yield "continue → break", ast.Break()


_BY_KIND: dict[t.Any, t.Callable[[t.Any], t.Iterator[tuple[str, ast.AST]]]] = {
    ast.Compare: _of_compare,
    ast.BoolOp: _of_boolean,
    ast.UnaryOp: _of_unary,
    ast.BinOp: _of_arithmetic,
    ast.AugAssign: _of_augmented,
    ast.Constant: _of_constant,
    (ast.If, ast.While, ast.IfExp): _of_condition,
    ast.comprehension: _of_comprehension,
    ast.Return: _of_return,
    ast.Raise: _of_raise,
    ast.Expr: _of_effect,
    ast.Break: _of_break,
    ast.Continue: _of_continue,
}
