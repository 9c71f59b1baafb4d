# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people and their DNS services do to a value before it is published. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

#: a shorter beginning may be chance
_SHORTEST_PART = 8
#: a hostile set may have any number of values
_MOST_PARTS = 4


def other_value(wanted: str, values: t.Collection[str]) -> str:
    """The code of what became of ``wanted``, judging by the values that are there instead."""
    if any(_unquoted(value) == wanted for value in values):
        return "record_quoted"
    if any("".join(value.split()) == "".join(wanted.split()) for value in values):
        return "record_spaced"
    if any(value.lower() == wanted.lower() for value in values):
        return "record_case"
    if _is_joined(wanted, list(values)[: _MOST_PARTS * 4], _MOST_PARTS):
        return "record_split"
    if any(_is_beginning(value, wanted) for value in values):
        return "record_cut"
    return "record_other_value"


def _is_beginning(value: str, wanted: str) -> bool:
    """Cut at some length, or where master files end a text that has no quotes around it (RFC 1035 §5.1)."""
    if not value or not wanted.startswith(value):
        return False
    return len(value) >= _SHORTEST_PART or wanted[len(value)] in "; "


def _unquoted(value: str) -> str | None:
    bare = value.strip().replace('\\"', '"')
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'" else None


def _is_joined(wanted: str, values: t.Sequence[str], parts: int) -> bool:
    """Whether several of the values, one after the other, are the wanted one."""
    if not wanted:
        return True
    if not parts:
        return False
    return any(
        value and wanted.startswith(value) and _is_joined(wanted[len(value) :], values, parts - 1) for value in values
    )
