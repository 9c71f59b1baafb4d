# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the settings of an account one after the other; what is wrong with one becomes a sentence, all told at once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

__all__ = ["Given", "SettingReader", "is_number"]

Given = t.Mapping[str, t.Any]

_LONGEST = 1000


class SettingReader:
    """path: what the settings are inside of, "" for those of the account itself."""

    def __init__(self, given: Given, path: str = "", errors: list[str] | None = None) -> None:
        self.given = given
        self.taken: list[str] = []
        self.errors = [] if errors is None else errors
        self._path = path

    def named(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def wrong(self, name: str, why: str) -> None:
        self.errors.append(f"{self.named(name)} {why}")

    def take(self, name: str) -> t.Any:
        self.taken.append(name)
        return self.given.get(name)

    def word(self, name: str, default: str, known: t.Sequence[str]) -> str:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, str) and value in known:
            return value
        self.wrong(name, f"must be one of {', '.join(known)}, not {value!r}")
        return default

    def flag(self, name: str, default: bool) -> bool:
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            self.wrong(name, "must be true or false")
            return default
        return default if value is None else value

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self.take(name)
        if value is None:
            return default
        if is_number(value, lowest, highest):
            return t.cast(int, value)
        self.wrong(name, f"must be a whole number from {lowest} to {highest}, not {value!r}")
        return default

    def text(self, name: str, default: str = "", shape: t.Pattern[str] | None = None, what: str = "a text") -> str:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, str) and 0 < len(value) <= _LONGEST and (shape is None or shape.fullmatch(value)):
            return value
        self.wrong(name, f"must be {what}, not {value!r}")
        return default

    def needed(self, name: str, shape: t.Pattern[str] | None = None, what: str = "a text") -> str:
        if self.given.get(name) in (None, ""):
            self.take(name)
            self.wrong(name, f"is missing: {what}")
            return ""
        return self.text(name, "", shape, what)

    def table(self, name: str) -> dict[str, t.Any]:
        value = self.take(name)
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return value
        self.wrong(name, "must be a dictionary")
        return {}

    def inner(self, name: str) -> SettingReader | None:
        """The settings inside of one; None where there are none."""
        if self.given.get(name) is None:
            self.take(name)
            return None
        return SettingReader(self.table(name), self.named(name), self.errors)

    def close(self) -> None:
        """Whatever was not taken is unknown."""
        for name in self.given:
            if name not in self.taken:
                self.wrong(name, f"is unknown: known are {', '.join(sorted(self.taken))}")


def is_number(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
