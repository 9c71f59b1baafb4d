# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one reader of JSON that others wrote: what it takes can be worked with, all else is one ValueError.

The library reads more than RFC 8259 has: NaN and Infinity, numbers that become an infinity (1e999) and break whatever
counts with them, texts of half a letter; and it ends with a RecursionError in a text of nothing but brackets.

This file is private to the collection.
"""

from __future__ import annotations

import json
import math
import typing as t

__all__ = ["DEEPEST", "load_json"]

#: levels; answers have some ten
DEEPEST = 500
#: digits of a whole number; the library's own bound, which older ones do not have (CVE-2020-10735)
_LONGEST_NUMBER = 4300


def load_json(text: str | bytes) -> t.Any:
    """ValueError: it is no JSON, or none of use: deeper than DEEPEST, or with a number that is none."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise ValueError(f"it is deeper than {DEEPEST} levels") from None
    level = [value]
    for _depth in range(DEEPEST):
        level = [below for one in level if isinstance(one, (dict, list)) for below in _inside(one)]
        if not level:
            return value
    raise ValueError(f"it is deeper than {DEEPEST} levels")


def _inside(one: t.Any) -> t.Iterable[t.Any]:
    return one.values() if isinstance(one, dict) else one


def _no_constant(word: str) -> t.NoReturn:
    raise ValueError(f"{word} is no JSON (RFC 8259 §6)")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(digits)
