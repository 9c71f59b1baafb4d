# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only importer of the PyPI packages jmespath and yaml: expressions as objects, YAML text as marked nodes.

Both are needed only where an account with ``adapter: rest`` is used (yaml only where its description is a text), so
they are imported on first use, and a missing one is told there.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Expression", "compose_yaml", "missing_library"]

_LONGEST = 1000
_INSTALL = (
    "Install {} from PyPI for the Python that runs on the ledger host (role inkan.tls.ledger does it;"
    " inkan_ledger_python names it)"
)


def missing_library(name: str, why: str) -> LocalError:
    return LocalError(
        code="library_missing",
        what=f"Adapter rest needs the Python package {name}",
        where=f"Python package {name}",
        why=why,
        todo=_INSTALL.format(name),
    )


class Expression:
    """A JMESPath expression of a description. ValueError (a sentence for people) if it is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._compiled = _compiled(text)
        ast = self._compiled.parsed
        _judge_functions(ast)
        #: the words that it takes from what it is applied to, each with the next word where one follows by a dot
        self.roots: tuple[tuple[str, str], ...] = tuple(_roots(ast))

    def of(self, data: object) -> t.Any:
        """What it finds in foreign data; None if nothing is there."""
        import jmespath.exceptions

        try:
            return self._compiled.search(data)
        except jmespath.exceptions.JMESPathError as failure:
            raise ProtocolError(
                code="rest_answer_shape",
                what="The seller's answer is not as described",
                where=f"expression {self.text!r}",
                why=escaped(str(failure), 400),
                todo="Correct the expression in the description, or ask the seller",
                retryable=True,
            ) from failure
        except RecursionError as failure:
            raise ProtocolError(
                code="rest_answer_shape",
                what="The seller's answer is not as described",
                where=f"expression {self.text!r}",
                why="it is nested too deeply",
                todo="Ask the seller",
                retryable=True,
            ) from failure


def _compiled(text: str) -> t.Any:
    try:
        import jmespath
        import jmespath.exceptions

        compiler: t.Any = jmespath.compile
    except ImportError as failure:
        raise missing_library("jmespath", str(failure)) from failure
    if len(text) > _LONGEST:
        raise ValueError(f"the expression has {len(text)} characters, {_LONGEST} are possible")
    if text.startswith("$"):
        raise ValueError(f"{text!r} looks like JSONPath; JMESPath has no $: write {text.lstrip('$.') or '@'!r}")
    if text.startswith("."):
        raise ValueError(f"{text!r} begins with a dot; in JMESPath write {text.lstrip('.') or '@'!r}")
    try:
        return compiler(text)
    except jmespath.exceptions.EmptyExpressionError:
        raise ValueError("the expression is empty; @ means the whole answer") from None
    except (jmespath.exceptions.JMESPathError, RecursionError) as failure:
        place = getattr(failure, "lex_position", None)
        after = f", after {text[:place]!r}" if isinstance(place, int) and place > 0 else ""
        raise ValueError(f"{text!r} is no JMESPath expression{after}") from None


def _judge_functions(ast: t.Mapping[str, t.Any]) -> None:
    from jmespath.functions import Functions

    known = Functions.FUNCTION_TABLE
    for node in _walk(ast):
        if node["type"] == "function_expression" and node["value"] not in known:
            raise ValueError(f"JMESPath has no function {node['value']}(). {nearest(str(node['value']), known)}")
        if node["type"] == "function_expression":
            signature = known[node["value"]]["signature"]
            variadic = bool(signature) and signature[-1].get("variadic", False)
            given, needed = len(node["children"]), len(signature)
            if given < needed or (given > needed and not variadic):
                raise ValueError(f"the function {node['value']}() takes {needed} arguments, {given} are given")


def _walk(node: t.Mapping[str, t.Any]) -> t.Iterator[t.Mapping[str, t.Any]]:
    yield node
    for child in node.get("children", ()):
        yield from _walk(child)


#: The first child is applied to the data, the others to what came out of it.
_CHAINS = frozenset(
    {"subexpression", "index_expression", "projection", "filter_projection", "value_projection", "pipe"}
)


def _roots(node: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, str]]:
    kind, children = node["type"], node.get("children", ())
    if kind == "field":
        yield str(node["value"]), ""
    elif kind == "subexpression" and children[0]["type"] == "field" and children[1]["type"] == "field":
        yield str(children[0]["value"]), str(children[1]["value"])
    elif kind in _CHAINS:
        yield from _roots(children[0])
    elif kind != "expref":
        for child in children:
            yield from _roots(child)


def compose_yaml(text: str) -> t.Any:
    """The node of the one document in a text. ValueError (line, sentence) if it is no YAML."""
    try:
        import yaml
    except ImportError as failure:
        raise missing_library("PyYAML", str(failure)) from failure
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        said = " ".join(part for part in (failure.context, failure.problem) if part)
        raise ValueError(mark.line + 1 if mark else 1, f"it is no YAML: {escaped(said, 200)}") from None
    except (yaml.YAMLError, RecursionError) as failure:
        raise ValueError(1, f"it is no YAML: {escaped(str(failure), 200)}") from None
