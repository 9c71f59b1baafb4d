# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw option dictionaries in, typed values out; every wrong field is named, none ends the reading.

A Fields object is one dictionary with the place it stands at (``item "shop"``, ``key``): its methods take one key each,
and ``close`` complains of keys that nobody took, with the nearest word that was meant.

This file is private to the collection.
"""

from __future__ import annotations

import difflib
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

_MAX_TEXT = 4096
_TRUE, _FALSE = ("yes", "on", "true", "1"), ("no", "off", "false", "0")


def nearest(word: str, known: t.Iterable[str]) -> str:
    """``Did you mean "x"?`` or the list of what is known."""
    words = sorted(known)
    close = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"Known are: {', '.join(words)}." if words else "None is known."


class Fields:
    def __init__(self, raw: t.Any, *, where: str, path: str, errors: InputCollector) -> None:
        self._where, self._path, self._errors = where, path, errors
        self._taken: list[str] = []
        self._raw: t.Mapping[str, t.Any] = {}
        if isinstance(raw, dict) and all(isinstance(key, str) for key in raw):
            self._raw = raw
        elif raw is not None:
            self.wrong("", raw, "a dictionary is needed here")

    def wrong(self, key: str, value: t.Any, why: str, todo: str = "", code: str = "bad_value") -> None:
        field = ".".join(part for part in (self._path, key) if part)
        shown = f"{field} is {_shown(value)}" if field else _shown(value)
        self._errors.add(
            code,
            what=f"Cannot read {field or 'the item'}",
            where=self._where,
            why=f"{shown}: {why}",
            todo=todo or "Correct it",
        )

    def _take(self, key: str) -> t.Any:
        self._taken.append(key)
        return self._raw.get(key)

    def has(self, key: str) -> bool:
        return self._raw.get(key) is not None

    def given(self, key: str) -> bool:
        """As ``has``; the key counts as taken, whatever comes of it."""
        return self._take(key) is not None

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str) and value and len(value) <= _MAX_TEXT and value.isprintable():
            return value
        self.wrong(key, value, f"a text of 1 to {_MAX_TEXT} printable characters is needed")
        return default

    def one_of(self, key: str, choices: t.Sequence[str], default: str) -> str:
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, str) and value in choices:
            return value
        self.wrong(key, value, "it is no word of this field", nearest(str(value), choices))
        return default

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if str(value).lower() in _TRUE + _FALSE:
            return str(value).lower() in _TRUE
        self.wrong(key, value, "true or false is needed")
        return default

    def number(self, key: str, default: int, lowest: int, highest: int) -> int:
        value = self._take(key)
        if value is None:
            return default
        text = "" if isinstance(value, bool) else str(value)
        if text.isascii() and text.isdigit() and len(text) < 10 and lowest <= int(text) <= highest:
            return int(text)
        self.wrong(key, value, f"a whole number from {lowest} to {highest} is needed")
        return default

    def time(self, key: str) -> datetime | None:
        value = self._take(key)
        if value is None or value == "":
            return None
        try:
            return parse_time(str(value))
        except ValueError as reason:
            self.wrong(key, value, str(reason))
            return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        value = self._take(key)
        if value is None:
            return ()
        values = [value] if isinstance(value, str) else value
        if isinstance(values, (list, tuple)) and all(_is_text(text) for text in values):
            return tuple(values)
        self.wrong(key, value, "a text or a list of texts is needed")
        return ()

    def mode(self, key: str) -> str | None:
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, str) and 3 <= len(value) <= 4 and set(value) <= set("01234567"):
            return value.zfill(4)
        self.wrong(key, value, 'an octal mode in quotes is needed, such as "0640"', "Quote it")
        return None

    def raw(self, key: str) -> t.Any:
        return self._take(key)

    def path(self, key: str) -> str | None:
        value = self.text(key)
        if value is not None and not value.startswith("/"):
            self.wrong(key, value, "an absolute path is needed")
        return value

    def below(self, key: str) -> Fields:
        return self.at(key, self._take(key))

    def at(self, key: str, raw: t.Any) -> Fields:
        """A dictionary that stands at ``key`` (a list element has its index in it)."""
        path = ".".join(part for part in (self._path, key) if part)
        return Fields(raw, where=self._where, path=path, errors=self._errors)

    def items(self, key: str) -> list[Fields]:
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, (list, tuple)):
            self.wrong(key, value, "a list of dictionaries is needed")
            return []
        return [self.at(f"{key}[{index}]", element) for index, element in enumerate(value)]

    def close(self) -> None:
        """Complain of every key that was not taken."""
        for key in self._raw:
            if key not in self._taken:
                field = ".".join(part for part in (self._path, key) if part)
                self._errors.add(
                    "unknown_field",
                    what=f"Cannot read {field}",
                    where=self._where,
                    why="there is no such field",
                    todo=nearest(key, sorted(set(self._taken))),
                )


def _is_text(value: t.Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and value.isprintable()


def _shown(value: t.Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
