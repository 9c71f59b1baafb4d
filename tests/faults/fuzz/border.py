# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of the table: one border, what is played over it, and which errors may come of it beside our own."""

from __future__ import annotations

import random
import typing as t
from dataclasses import dataclass

from fuzz.mutate import mutated

__all__ = ["Border", "folder"]


@dataclass(frozen=True)
class Border:
    """name: what comes in; harness: its line of the table; play: bytes to a value or an error.

    seeds     good answers, which are spoiled
    mutate    how
    allowed   errors beside our own: of a parser whose caller turns them into ours, as its docstring says
    reads     files below plugins/ whose parsers are behind it
    short     examples in the short form
    """

    name: str
    harness: str
    play: t.Callable[[bytes], object]
    seeds: t.Callable[[], t.Sequence[bytes]]
    mutate: t.Callable[[bytes, random.Random], bytes] = mutated
    allowed: tuple[type[Exception], ...] = ()
    reads: tuple[str, ...] = ()
    short: int = 40


def folder(name: str) -> str:
    """Of the corpus of a border."""
    return "".join(letter if letter.isalnum() else "-" for letter in name)
