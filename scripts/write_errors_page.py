# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/docsite/rst/errors.rst from the code of plugins/; --check only says whether it differs.

Wherever an error is made (or a fact of the ledger that carries a code), its ``code`` is followed back to the texts it
can be: through parameters to the callers, through local assignments, tables and the tuples that a helper yields. A code
that cannot be followed ends the script: no error is left out in silence.
"""

from __future__ import annotations

import ast
import functools
import re
import runpy
import sys
import typing as t
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PLUGINS = REPOSITORY / "plugins"
PAGE = REPOSITORY / "docs" / "docsite" / "rst" / "errors.rst"
ERRORS = "module_utils/_core/errors.py"
ACME = "module_utils/_data/acme_errors.py"

Function = t.Union[ast.FunctionDef, ast.AsyncFunctionDef]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Error(t.NamedTuple):
    code: str
    kind: str
    what: str
    todo: str
    file: str


@dataclass
class File:
    """One Python file of plugins/."""

    path: str
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def enclosing(self, node: ast.AST, kind: t.Any) -> t.Any:
        above = self.parents.get(node)
        while above is not None and not isinstance(above, kind):
            above = self.parents.get(above)
        return above

    def constant(self, name: str) -> ast.expr | None:
        """The value of a name of the file's top level."""
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(one, ast.Name) and one.id == name for one in targets):
                return getattr(node, "value", None)
        return None


@dataclass(frozen=True)
class Scope:
    """Where an expression stands. known: names that are chosen, each with its own scope; tests: branches taken."""

    file: File
    function: Function | None
    known: t.Mapping[str, tuple[ast.expr, Scope]] = field(default_factory=dict)
    tests: t.Mapping[str, bool] = field(default_factory=dict)

    def choosing(self, names: t.Mapping[str, tuple[ast.expr, Scope]]) -> Scope:
        return Scope(self.file, self.function, {**self.known, **names}, self.tests)

    def taking(self, test: ast.expr, branch: bool) -> Scope:
        return Scope(self.file, self.function, self.known, {**self.tests, ast.unparse(test): branch})


Case = tuple[str, Scope]


class Reader:
    def __init__(self, folder: Path) -> None:
        self.files = [
            File(path.relative_to(folder).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
            for path in sorted(folder.rglob("*.py"))
        ]
        self.kinds = self._kinds()
        self.lost: list[str] = []
        self.calls: dict[str, list[tuple[File, ast.Call]]] = defaultdict(list)
        for file in self.files:
            for node in ast.walk(file.tree):
                if isinstance(node, ast.Call):
                    self.calls[_called(node)].append((file, node))

    def _kinds(self) -> dict[str, str]:
        """Class → its word for ``kind``."""
        tree = next(file.tree for file in self.files if file.path == ERRORS)
        return {
            node.name: str(line.value.value)
            for node in tree.body
            if isinstance(node, ast.ClassDef)
            for line in node.body
            if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant) and node.name != "InkanError"
        }

    # --- where errors are made -------------------------------------------------------------------------------------

    def errors(self) -> list[Error]:
        found: set[Error] = set()
        for name, calls in list(self.calls.items()):
            for file, call in calls:
                words = {one.arg: one.value for one in call.keywords if one.arg}
                if name == "add" and "what" in words and call.args:
                    kind, words["code"] = "input", call.args[0]
                elif name == "Fact" and "code" in words:
                    kind, words["what"] = "ledger", words.get("text", ast.Constant("…"))
                elif name == "Seen" and "code" in words:
                    kind, words["what"] = "ledger", words.get("problem", ast.Constant("…"))
                elif name in self.kinds and "code" in words:
                    kind = self.kinds[name]
                else:
                    continue
                if file.path != ERRORS:
                    found.update(self._made(file, call, kind, words))
        return sorted(found)

    def _made(self, file: File, call: ast.Call, kind: str, words: dict[str, ast.expr]) -> t.Iterator[Error]:
        scope = Scope(file, file.enclosing(call, FUNCTIONS))
        cases = list(self.cases(words["code"], scope))
        if not cases and not _is_handed_on(words["code"]):
            self.lost.append(f"{file.path}:{call.lineno}: {ast.unparse(words['code'])}")
        for code, chosen in cases:
            for what in self.sentences(words.get("what"), chosen):
                for todo in self.sentences(words.get("todo"), chosen):
                    yield Error(code, kind, what, todo, file.path)

    # --- what an expression can be ---------------------------------------------------------------------------------

    def cases(self, node: ast.expr, scope: Scope, depth: int = 0) -> t.Iterator[Case]:
        """Every text that ``node`` can be, with the choices that make it so."""
        if depth > 12:
            return
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.value, scope
        elif isinstance(node, ast.IfExp):
            yield from self.cases(node.body, scope.taking(node.test, True), depth + 1)
            yield from self.cases(node.orelse, scope.taking(node.test, False), depth + 1)
        elif isinstance(node, ast.JoinedStr):
            yield from self._joined(node.values, scope, depth)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "lower":
            yield from ((text.lower(), chosen) for text, chosen in self.cases(node.func.value, scope, depth + 1))
        elif isinstance(node, ast.Name):
            for choice in self._choices(node.id, scope):
                value, its_scope = choice[node.id]
                for text, chosen in self.cases(value, its_scope, depth + 1):
                    tests = chosen.tests if its_scope.function is scope.function else scope.tests
                    yield text, Scope(scope.file, scope.function, {**scope.known, **choice}, tests)

    def _joined(self, parts: t.Sequence[ast.expr], scope: Scope, depth: int) -> t.Iterator[Case]:
        if not parts:
            yield "", scope
            return
        inner = parts[0].value if isinstance(parts[0], ast.FormattedValue) else parts[0]
        heads = list(self.cases(inner, scope, depth + 1)) or [(_placeholder(inner), scope)]
        for head, chosen in heads:
            for tail, last in self._joined(parts[1:], chosen, depth):
                yield head + tail, last

    def _choices(self, name: str, scope: Scope) -> t.Iterator[dict[str, tuple[ast.expr, Scope]]]:
        """What a name can stand for; names that are set together are chosen together."""
        if name in scope.known:
            yield {name: scope.known[name]}
            return
        function = scope.function
        if function is None:
            return
        if name in [one.arg for one in _parameters(function)]:
            yield from self._arguments(function, scope.file)
            return
        for node in _walk(function):
            if isinstance(node, (ast.For, ast.comprehension)):
                yield from self._set(node.target, _tuples(node.iter, scope), name, scope)
            elif isinstance(node, ast.Assign):
                yield from self._set(node.targets[0], _values(node.value, scope.file), name, scope)

    def _set(
        self, target: ast.expr, values: t.Iterable[ast.expr], name: str, scope: Scope
    ) -> t.Iterator[dict[str, tuple[ast.expr, Scope]]]:
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        if name not in [one.id for one in names if isinstance(one, ast.Name)]:
            return
        for value in values:
            parts = value.elts if isinstance(value, ast.Tuple) else [value]
            if len(parts) == len(names):
                yield {one.id: (part, scope) for one, part in zip(names, parts) if isinstance(one, ast.Name)}

    def _arguments(self, function: Function, file: File) -> t.Iterator[dict[str, tuple[ast.expr, Scope]]]:
        """The arguments of every call of a function."""
        owner = file.parents.get(function)
        is_method = isinstance(owner, ast.ClassDef)
        names = [one.arg for one in function.args.args][1 if is_method else 0 :]
        for caller, call in self.calls[function.name]:
            private = function.name.startswith("_")
            if private and (caller is not file or (is_method and caller.enclosing(call, ast.ClassDef) is not owner)):
                continue
            scope = Scope(caller, caller.enclosing(call, FUNCTIONS))
            given = {**_defaults(function), **dict(zip(names, call.args))}
            given.update({one.arg: one.value for one in call.keywords if one.arg})
            yield {name: (value, scope) for name, value in given.items()}

    # --- sentences -------------------------------------------------------------------------------------------------

    def sentences(self, node: ast.expr | None, scope: Scope) -> list[str]:
        """The texts that ``node`` can be; what does not say anything stands as its name."""
        if node is None:
            return [""]
        found = sorted(one for one in self._sayings(node, scope) if _says(one) or not one)
        return found or [_placeholder(node)]

    def _sayings(self, node: ast.expr, scope: Scope, depth: int = 0) -> set[str]:
        if isinstance(node, ast.Name) and depth < 4:
            choices = [choice[node.id] for choice in self._choices(node.id, scope) if node.id in choice]
            return {text for value, its_scope in choices for text in self._sayings(value, its_scope, depth + 1)}
        if isinstance(node, ast.BoolOp):
            return {text for one in node.values for text in self._sayings(one, scope, depth)} - {""}
        if isinstance(node, ast.IfExp) and ast.unparse(node.test) not in scope.tests:
            return self._sayings(node.body, scope, depth) | self._sayings(node.orelse, scope, depth)
        return {self.text(node, scope)}

    def text(self, node: ast.expr, scope: Scope, depth: int = 0) -> str:
        """One pattern: what differs from case to case stands in angle brackets."""
        if isinstance(node, ast.Constant):
            return str(node.value)
        if isinstance(node, ast.JoinedStr):
            return "".join(self.text(one, scope, depth + 1) for one in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.text(node.value, scope, depth + 1)
        if isinstance(node, ast.IfExp):
            branch = scope.tests.get(ast.unparse(node.test))
            texts = [self.text(one, scope, depth + 1) for one in (node.body, node.orelse)]
            return texts[0 if branch else 1] if branch is not None else " / ".join(filter(None, texts))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.text(node.left, scope, depth + 1) + self.text(node.right, scope, depth + 1)
        if isinstance(node, ast.Name) and depth < 6:
            choices = [choice[node.id] for choice in self._choices(node.id, scope) if node.id in choice]
            texts = {self.text(value, its_scope, depth + 1) for value, its_scope in choices}
            return texts.pop() if len(texts) == 1 and _says(min(texts)) else _placeholder(node)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            return self._looked_up(node, node.value.id, scope) or _placeholder(node)
        return _placeholder(node)

    def _looked_up(self, node: ast.Subscript, table: str, scope: Scope) -> str:
        """From a table of the file, by a name that is known."""
        value = scope.file.constant(table)
        keys = [text for text, _scope in self.cases(node.slice, scope)]
        if not isinstance(value, ast.Dict) or len(keys) != 1:
            return ""
        pairs = zip(value.keys, value.values)
        return next((self.text(one, scope) for key, one in pairs if getattr(key, "value", None) == keys[0]), "")


@functools.cache
def _walk(node: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(node))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def _parameters(function: Function) -> list[ast.arg]:
    return function.args.args + function.args.kwonlyargs


def _defaults(function: Function) -> dict[str, ast.expr]:
    plain = function.args.args[len(function.args.args) - len(function.args.defaults) :]
    pairs = list(zip(plain, function.args.defaults)) + list(zip(function.args.kwonlyargs, function.args.kw_defaults))
    return {one.arg: value for one, value in pairs if value is not None}


def _is_handed_on(code: ast.expr) -> bool:
    """The code of another error."""
    return isinstance(code, ast.Attribute) and code.attr == "code"


def _values(node: ast.expr, file: File) -> list[ast.expr]:
    """What an assigned value can be: both branches, or every value of a table."""
    if isinstance(node, ast.IfExp):
        return [*_values(node.body, file), *_values(node.orelse, file)] if isinstance(node.body, ast.Tuple) else [node]
    if isinstance(node, ast.Call) and _called(node) == "get" and isinstance(node.func, ast.Attribute):
        table = file.constant(getattr(node.func.value, "id", ""))
        if isinstance(table, ast.Dict):
            return [*table.values, *node.args[1:]]
    return [node]


def _tuples(node: ast.expr, scope: Scope) -> list[ast.expr]:
    """Every tuple that begins with a text, of what is iterated over: here, in helpers, in lists that were filled."""
    seen: set[ast.AST] = set()
    found: list[ast.expr] = []
    todo: list[ast.AST] = [node]
    functions = {one.name: one for one in _walk(scope.file.tree) if isinstance(one, FUNCTIONS)}
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        for part in _walk(one):
            if isinstance(part, ast.Tuple) and part.elts and isinstance(part.elts[0], (ast.Constant, ast.IfExp)):
                found.append(part)
            elif isinstance(part, ast.Call) and _called(part) in functions:
                todo.append(functions[_called(part)])
            elif isinstance(part, ast.Name) and scope.function is not None:
                todo += _fillings(scope.function).get(part.id, [])
    return found


@functools.cache
def _fillings(function: Function) -> dict[str, list[ast.AST]]:
    """What is put into each name of a function."""
    found: dict[str, list[ast.AST]] = defaultdict(list)
    for node in _walk(function):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                found[getattr(target, "id", "")].append(node.value)
        elif isinstance(node, ast.Call) and _called(node) in ("append", "extend"):
            found[getattr(getattr(node.func, "value", None), "id", "")] += node.args
    return found


def _says(text: str) -> bool:
    """Whether there is a word outside of angle brackets."""
    return bool(re.search(r"\w", re.sub(r"<[^>]*>", "", text)))


def _placeholder(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return f"<{node.id.strip('_')}>"
    if isinstance(node, ast.Attribute):
        return f"<{node.attr.strip('_')}>"
    if isinstance(node, ast.Subscript):
        return _placeholder(node.value)
    if isinstance(node, ast.Call) and node.args and not isinstance(node.func, ast.Attribute):
        return _placeholder(node.args[0])
    if isinstance(node, ast.BoolOp):
        return _placeholder(node.values[0])
    return "…"


# --- the page ----------------------------------------------------------------------------------------------------


def read_errors() -> list[Error]:
    reader = Reader(PLUGINS)
    found = reader.errors()
    if reader.lost:
        sys.exit("Cannot follow these codes back to a text:\n" + "\n".join(reader.lost))
    return sorted({*(one for one in found if one.code != "acme_<code>"), *_acme_errors(found)})


def _acme_errors(found: t.Iterable[Error]) -> t.Iterator[Error]:
    """``acme_`` and the type of the CA's problem document: one row a type that is known."""
    table = runpy.run_path(str(PLUGINS / ACME))["ACME_ERRORS"]
    for error in found:
        if error.code == "acme_<code>":
            for name, advice in table.items():
                yield error._replace(code=f"acme_{name}", what=f"{error.what}: {advice.meaning}", todo=advice.todo)


HEAD = """..
  SPDX-FileCopyrightText: The inkan.tls developers
  SPDX-License-Identifier: GPL-3.0-or-later
  Written by scripts/write_errors_page.py from the code; edit that.

.. _ansible_collections.inkan.tls.docsite.errors:

Errors by code
==============

An error says what failed, where, why, and what to do. Its ``code`` never changes its meaning; the sentences may
improve. A module that cannot begin returns all errors in ``errors``; an item that could not be done has one in
``results[].error``. What differs from case to case stands in angle brackets.

The kinds: ``input`` (the options, before any effect), ``policy`` (a rule of the Baseline Requirements, of a seller or
your own), ``transport`` (no answer, or half of one: never ends an order), ``protocol`` (an answer that breaks its
specification), ``refused`` (the other side said no), ``deadline`` (it did not come in time), ``local`` (the machine
itself), ``bug`` (please report it), and ``ledger`` (what the ledger keeps about an order, shown when the order has
ended or waits for a person).

.. list-table::
   :header-rows: 1
   :widths: 20 10 30 30 10

   * - code
     - kind
     - what failed
     - what to do
     - raised in
"""


def page(errors: t.Iterable[Error]) -> str:
    by_code: dict[str, list[Error]] = defaultdict(list)
    for error in errors:
        by_code[error.code].append(error)
    return HEAD + "".join(_row(code, group) for code, group in sorted(by_code.items()))


def _row(code: str, errors: t.Sequence[Error]) -> str:
    cells = [
        [f"``{code}``"],
        [f"``{kind}``" for kind in _unique(error.kind for error in errors)],
        [_escaped(what) for what in _unique(error.what for error in errors)],
        [_escaped(todo) for todo in _unique(error.todo for error in errors)],
        [f"``{_room(file)}``" for file in _unique(error.file for error in errors)],
    ]
    lines = ["   * - " + _cell(cells[0])] + ["     - " + _cell(cell) for cell in cells[1:]]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cell(texts: t.Sequence[str]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return "\n       ".join(f"* {text}" for text in texts)


def _unique(texts: t.Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _room(file: str) -> str:
    return file.removeprefix("module_utils/").removesuffix(".py")


def _escaped(text: str) -> str:
    """Plain text as reStructuredText."""
    return re.sub(r"([\\*`|]|_(?!\w))", r"\\\1", " ".join(text.split()))


def main() -> int:
    text = page(read_errors())
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.relative_to(REPOSITORY)} differs from the code: run scripts/write_errors_page.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
