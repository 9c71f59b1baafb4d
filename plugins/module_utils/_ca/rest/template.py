# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as templates: ``{jmespath}`` inside the texts of a description, filled with what is ordered.

    "{names}"                     exactly one placeholder: the value with its type; nothing there: the key is left out
    "ik-{reference}"              among other text: texts, numbers and true/false only
    /orders/{order_id}?q={x}      in a request line: percent-encoded, every letter but A-Z a-z 0-9 - . _ ~

Only the description is a template. What an answer says is filled in as data and never read again; a brace, a quote or a
slash in it stays what it is.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.library import Expression
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.source import word_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["ABSENT", "Template", "render_header", "render_path", "render_query", "render_tree", "split_outside"]

#: An HTTP header field's value as every server and proxy reads it alike (RFC 9110 §5.5: visible ASCII and blanks).
_HEADER = re.compile(r"[ -~]{0,8192}")
#: RFC 3986 §3.3, §3.4: what the fixed text of a request line may be made of.
FIXED = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_LONGEST_URL = 3000


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


#: A placeholder found nothing.
ABSENT = _Absent()


class Template:
    """A text with placeholders. ValueError (a sentence) if it cannot be one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[str | Expression] = list(_parts(text))

    @property
    def expressions(self) -> list[Expression]:
        return [part for part in self._parts if isinstance(part, Expression)]

    @property
    def fixed(self) -> str:
        """What is not in placeholders."""
        return "".join(part for part in self._parts if isinstance(part, str))

    @property
    def is_one_placeholder(self) -> bool:
        return len(self._parts) == 1 and isinstance(self._parts[0], Expression)

    def value(self, words: t.Mapping[str, t.Any]) -> t.Any:
        """With its type if it is one placeholder (ABSENT if that finds nothing), else a text."""
        if self.is_one_placeholder:
            found = self.expressions[0].of(words)
            return ABSENT if found is None else found
        return self.filled(words, str)

    def filled(self, words: t.Mapping[str, t.Any], encode: t.Callable[[str], str]) -> str:
        """As a text, each value through ``encode``; InputError where one is missing or has no form as text."""
        return "".join(
            part if isinstance(part, str) else encode(_as_text(part, part.of(words), self.text)) for part in self._parts
        )


def _parts(text: str) -> t.Iterator[str | Expression]:
    start = 0
    while start < len(text):
        opening, closing = text.find("{", start), text.find("}", start)
        if closing >= 0 and (opening < 0 or closing < opening):
            raise ValueError(f"{text!r} has a closing brace too many; a brace itself is written {{'}}'}}")
        if opening < 0:
            yield text[start:]
            return
        if opening > start:
            yield text[start:opening]
        if text.startswith("{{", opening):
            raise ValueError(f"{text!r} has two braces, as Jinja has them; a placeholder has one: {{reference}}")
        end = _end_of(text, opening)
        yield Expression(text[opening + 1 : end].strip())
        start = end + 1


def _end_of(text: str, opening: int) -> int:
    """Where the placeholder ends: JMESPath has braces of its own, and three kinds of quotes."""
    depth, quote, place = 0, "", opening
    while place < len(text):
        letter = text[place]
        if quote:
            if letter == "\\":
                place += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"`":
            quote = letter
        elif letter in "{}":
            depth += 1 if letter == "{" else -1
            if depth == 0:
                return place
        place += 1
    raise ValueError(f"{text!r} has an opening brace that is never closed")


def split_outside(text: str, separator: str) -> list[str]:
    """Parted at each separator that is not inside a placeholder. ValueError for braces that do not match."""
    found, begin, place = [], 0, 0
    while place < len(text):
        if text[place] == "{":
            place = _end_of(text, place)
        elif text[place] == separator:
            found.append(text[begin:place])
            begin = place + 1
        place += 1
    return [*found, text[begin:]]


def _as_text(expression: Expression, value: object, text: str) -> str:
    word = value if isinstance(value, str) else word_of(value)
    if word is not None:
        return word
    if isinstance(value, (list, dict)):
        why = f"{expression.text} is a {'list' if isinstance(value, list) else 'dictionary'}"
        todo = f"Write {{join(',', {expression.text})}} for a list in a text, or let the placeholder stand alone"
    else:
        why, todo = (
            f"{expression.text} has no value for this order",
            "Give the order that value, or change the description",
        )
    raise InputError(code="rest_no_value", what=f"Cannot fill in {escaped(text, 200)!r}", why=why, todo=todo)


def render_tree(tree: object, words: t.Mapping[str, t.Any]) -> t.Any:
    """A body: templates filled in, keys and list items whose only placeholder finds nothing left out."""
    if isinstance(tree, Template):
        return tree.value(words)
    if isinstance(tree, dict):
        pairs = [(key, render_tree(value, words)) for key, value in tree.items()]
        return {key: value for key, value in pairs if value is not ABSENT}
    if isinstance(tree, list):
        return [value for value in (render_tree(one, words) for one in tree) if value is not ABSENT]
    return tree


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="", errors="replace")


def render_path(template: Template, words: t.Mapping[str, t.Any]) -> str:
    """No value gets out of its place in the path: neither a slash, nor ``..``, nor nothing at all."""
    path = template.filled(words, _quoted)
    segments = path.split("/")[1:]
    if template.text.endswith("/"):
        segments.pop()
    if any(segment in ("", ".", "..") for segment in segments) or len(path) > _LONGEST_URL:
        raise InputError(
            code="rest_unsafe_value",
            what=f"Will not ask for {escaped(template.text, 200)!r}",
            why=f"filled in it would be {escaped(path, 200)!r}, another path than described",
            todo="Look at the value: an order number of the seller is never empty, '.' or '..'",
        )
    return path


def render_query(query: t.Sequence[tuple[str, Template]], words: t.Mapping[str, t.Any]) -> str:
    """Encoded, with its question mark; a parameter whose only placeholder finds nothing is left out."""
    pairs = []
    for name, template in query:
        if template.is_one_placeholder and template.value(words) is ABSENT:
            continue
        pairs.append(f"{_quoted(name)}={template.filled(words, _quoted)}")
    return "?" + "&".join(pairs) if pairs else ""


def render_header(name: str, template: Template, words: t.Mapping[str, t.Any]) -> str:
    value = template.filled(words, str)
    if not _HEADER.fullmatch(value):
        raise InputError(
            code="rest_unsafe_value",
            what=f"Will not send the header {name}",
            why="its value has line ends or other characters that a header cannot carry, or is too long",
            todo="Look at the secrets: a line end at the end of a file often gets into them",
        )
    return value
