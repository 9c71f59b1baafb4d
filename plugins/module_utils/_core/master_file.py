# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Octets as master files write them (RFC 1035 §5.1): a letter, ``\\X`` for one that has a meaning, ``\\DDD`` for any.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

_PART = re.compile(r"\\(?P<digits>[0-9]{3})|\\(?P<letter>[^0-9])|(?P<plain>[^\\])|\\", re.DOTALL)


class Part(t.NamedTuple):
    """The octets of one letter; whether a backslash took its meaning away."""

    octets: bytes
    is_escaped: bool


def parts_of(text: str) -> t.Iterator[Part]:
    """Raises ValueError at a backslash that escapes nothing."""
    for found in _PART.finditer(text):
        plain, letter, digits = found["plain"], found["letter"], found["digits"]
        if plain or letter:
            yield Part((plain or letter).encode("utf-8", "surrogateescape"), not plain)
        elif digits and int(digits) < 256:
            yield Part(bytes([int(digits)]), True)
        else:
            raise ValueError("a backslash in it escapes nothing: write \\X or \\DDD (up to 255)")


def octets_of(text: str) -> bytes:
    return b"".join(part.octets for part in parts_of(text))
