# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description as it was written: every value with the place where it stands, so that an error can name it.

    text (YAML)   ``line 14, calls.submit.body.csr``
    dictionary    ``calls.submit.body.csr``

Mistakes are collected as sentences; none ends the reading.

This file is private to the collection.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.library import compose_yaml
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Part", "Reader", "read_source"]

MAX_TEXT = 256 * 1024
_MAX_VALUES = 20_000
_MAX_DEPTH = 20
_MAX_LENGTH = 4096

Scalar = t.Union[None, bool, int, float, str]


class Part(t.NamedTuple):
    """line: 0 where there are no lines; path: as ``calls.submit``, "" for the whole."""

    value: t.Any
    line: int
    path: str

    @property
    def place(self) -> str:
        words = [f"line {self.line}" if self.line else "", self.path]
        return ", ".join(word for word in words if word) or "the description"

    @property
    def plain(self) -> t.Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: part.plain for key, part in self.value.items()}
        if isinstance(self.value, list):
            return [part.plain for part in self.value]
        return self.value


class Reader:
    """Takes parts apart, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.errors: list[tuple[int, str]] = []

    def wrong(self, part: Part, why: str) -> None:
        self.errors.append((part.line, escaped(f"{part.place}: {why}")))

    def sentences(self) -> list[str]:
        """In the order of the lines."""
        return [sentence for _line, sentence in sorted(self.errors, key=lambda error: error[0])]

    def table(
        self, part: Part | None, known: t.Collection[str] = (), hints: t.Mapping[str, str] | None = None
    ) -> Table:
        """A dictionary; with ``known`` its keys are judged. hints: what to write in place of an unknown key."""
        if part is None or part.value is None:
            return {}
        if not isinstance(part.value, dict):
            self.wrong(part, f"{shown(part)} stands where a dictionary is needed")
            return {}
        for key, value in part.value.items():
            if known and key not in known:
                self.wrong(value, f"there is no key {key!r} here. {(hints or {}).get(key) or nearest(key, known)}")
        return dict(part.value)

    def text(self, part: Part | None) -> str | None:
        if part is None:
            return None
        if isinstance(part.value, str) and part.value.strip() and len(part.value) <= _MAX_LENGTH:
            return part.value
        self.wrong(part, f"{shown(part)} stands where a text is needed")
        return None

    def words(self, part: Part | None) -> tuple[str, ...]:
        """One word, or a list of words; numbers count as words."""
        if part is None:
            return ()
        parts = part.value if isinstance(part.value, list) else [part]
        found = [word_of(one.value) for one in parts]
        for one, word in zip(parts, found):
            if word is None:
                self.wrong(one, f"{shown(one)} stands where a word is needed")
        return tuple(word for word in found if word is not None)

    def number(self, part: Part | None, lowest: float, highest: float) -> float | None:
        if part is None:
            return None
        value = part.value
        if isinstance(value, (int, float)) and not isinstance(value, bool) and lowest <= value <= highest:
            return float(value)
        self.wrong(part, f"{shown(part)} stands where a number from {lowest:g} to {highest:g} is needed")
        return None

    def flag(self, part: Part | None) -> bool:
        if part is None:
            return False
        if isinstance(part.value, bool):
            return part.value
        self.wrong(part, f"{shown(part)} stands where true or false is needed")
        return False


Table = dict[str, Part]


def word_of(value: object) -> str | None:
    """A word of either side: a text, or a number as text (42 and "42" are the same order); None if it is neither."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) < 10**40:
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def shown(part: Part) -> str:
    kind = {dict: "a dictionary", list: "a list", type(None): "nothing"}.get(type(part.value))
    return kind or escaped(repr(part.value), 80)


def read_source(given: object, reader: Reader) -> Part | None:
    """The description as parts; None if it cannot be read at all (LocalError: a library is missing)."""
    top = Part(None, 0, "")
    counter = _Counter(reader)
    if isinstance(given, str):
        if len(given) > MAX_TEXT:
            reader.wrong(top, f"it has {len(given)} characters, {MAX_TEXT} are possible")
            return None
        try:
            node = compose_yaml(given)
        except ValueError as failure:
            line, why = failure.args
            reader.wrong(Part(None, line, ""), why)
            return None
        part = counter.of_node(node, 1, "", 0) if node is not None else top
    else:
        part = counter.of_data(given, "", 0)
    if not isinstance(part.value, dict):
        hint = " (a file's name? Give its text: lookup('ansible.builtin.file', …))" if _is_one_line(given) else ""
        reader.wrong(part, f"{shown(part)} stands where the description is needed{hint}")
        return None
    return None if counter.is_full else part


def _is_one_line(given: object) -> bool:
    return isinstance(given, str) and "\n" not in given.strip()


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


class _Counter:
    """Bounded: anchors and aliases let a short text be a huge one, or one without an end."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._values = 0
        self.is_full = False

    def _fits(self, part: Part, depth: int) -> bool:
        self._values += 1
        if self._values <= _MAX_VALUES and depth <= _MAX_DEPTH:
            return True
        if not self.is_full:
            self._reader.wrong(part, f"more than {_MAX_VALUES} values, or more than {_MAX_DEPTH} levels of them")
        self.is_full = True
        return False

    def of_data(self, data: object, path: str, depth: int) -> Part:
        here = Part(None, 0, path)
        if not self._fits(here, depth):
            return here
        if isinstance(data, dict):
            found: dict[str, Part] = {}
            for key, value in data.items():
                word = word_of(key) if not isinstance(key, bool) else None
                if word is None:
                    self._reader.wrong(here, f"the key {key!r} is no word: put it into quotes")
                else:
                    found[word] = self.of_data(value, _below(path, word), depth + 1)
            return here._replace(value=found)
        if isinstance(data, (list, tuple)):
            return here._replace(
                value=[self.of_data(one, f"{path}[{number}]", depth + 1) for number, one in enumerate(data)]
            )
        if data is None or isinstance(data, (bool, int, str)) or (isinstance(data, float) and math.isfinite(data)):
            return here._replace(value=data)
        self._reader.wrong(here, f"a value of the type {type(data).__name__} is not possible")
        return here

    def of_node(self, node: t.Any, line: int, path: str, depth: int) -> Part:
        here = Part(None, line, path)
        if not self._fits(here, depth):
            return here
        kind = node.id
        if kind == "mapping":
            return here._replace(value=self._of_mapping(node, path, depth))
        if kind == "sequence":
            value = [
                self.of_node(one, one.start_mark.line + 1, f"{path}[{number}]", depth + 1)
                for number, one in enumerate(node.value)
            ]
            return here._replace(value=value)
        return here._replace(value=self._of_scalar(node, here))

    def _of_mapping(self, node: t.Any, path: str, depth: int) -> dict[str, Part]:
        found: dict[str, Part] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            here = Part(None, line, _below(path, str(key.value)[:80] if key.id == "scalar" else "?"))
            if key.id != "scalar" or key.tag in (_TAG + "bool", _TAG + "null", _TAG + "merge"):
                shown_key = repr(key.value) if key.id == "scalar" else "a list or dictionary"
                self._reader.wrong(here, f"the key {shown_key} is no word: put it into quotes")
                continue
            if key.value in found:
                self._reader.wrong(here, f"the key stands here twice: also in line {found[key.value].line}")
            found[key.value] = self.of_node(value, line, here.path, depth + 1)
        return found

    def _of_scalar(self, node: t.Any, here: Part) -> Scalar:
        """YAML 1.1, without its surprises: dates, times and base-60 numbers stay the text that they are."""
        text = str(node.value)
        kind = node.tag[len(_TAG) :] if node.tag.startswith(_TAG) else node.tag
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("yes", "true", "on")
        if kind in ("int", "float"):
            try:
                number = int(text) if kind == "int" else float(text)
                return number if math.isfinite(number) else text
            except (ValueError, OverflowError):
                return text
        if kind not in ("str", "timestamp", "value"):
            self._reader.wrong(here, f"the tag {escaped(str(node.tag), 60)} is not possible")
        return text


_TAG = "tag:yaml.org,2002:"
