# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for terminals, where a Japanese letter takes two columns.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import unicodedata

#: a run of narrow letters stays together; a wide one can end a line
_PIECE = re.compile(r"\s+|[\u2e80-\uffef]|[^\s\u2e80-\uffef]+")
#: no line begins with one of these (JIS X 4051, shortened)
_NEVER_FIRST = frozenset("、。」）)・ー：；！？』】,.:;")


def width(text: str) -> int:
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of so many columns at most; a word that is longer has a line of its own."""
    lines, line, taken = [], "", 0
    for piece in t.cast("list[str]", _PIECE.findall(text)):
        wide = width(piece)
        if line and taken + wide > columns and not piece.isspace() and piece[0] not in _NEVER_FIRST:
            lines.append(line.rstrip())
            line, taken = "", 0
        if line or not piece.isspace():
            line, taken = line + piece, taken + wide
    return [*lines, line.rstrip()] if line.strip() else lines
