# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long list as one text, for its way from task to task of a role.

Ansible goes through each value of a task's options and of its answer, again and again: to look for templates, to mark
where it is from, for callbacks. With 10,000 plans of 270 values that was eleven twelfths of all time. A text it passes
on as it is. From MANY certificates on a role therefore hands lists on packed, and what takes one returns one.

    run_guard ──▶ certificates ──▶ targets, look, plan ──▶ results, plans ──▶ page, report, endings

One JSON text a line, so that nobody has to hold all of them as objects at once; pressed, as it is copied to each task.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import json
import typing as t
import zlib

#: certificates of a run from which on its lists are packed: below, people can read them in the output of -v
MANY = 40
_TEXT, _COUNT = "packed_lines", "count"
_STEP = 1 << 18  # characters that are unpressed at once; a multiple of four, as base64 wants
#: times as long as it was pressed; plans shrink to a tenth. An answer that a host has made up could have a thousand.
_MOST_TIMES = 200

Encode = t.Callable[[t.Any], str]
Packed = dict[str, t.Any]
Said = t.Mapping[str, t.Any]

_encode = json.JSONEncoder(separators=(",", ":")).encode


def pack(values: t.Iterable[t.Any], encode: Encode = _encode) -> Packed:
    """encode: as a text without line breaks."""
    return pack_lines(map(encode, values))


def pack_lines(lines: t.Iterable[str]) -> Packed:
    """Of what is encoded already."""
    presser = zlib.compressobj(1)
    parts, count = [], 0
    for line in lines:
        count += 1
        parts.append(presser.compress(f"{line}\n".encode()))
    parts.append(presser.flush())
    return {_TEXT: base64.b64encode(b"".join(parts)).decode("ascii"), _COUNT: count}


def settled(value: t.Any) -> t.Any:
    """With plain containers: the encoder looks past the rendering of Ansible's lazy ones."""
    if isinstance(value, t.Mapping):
        return {key: settled(one) for key, one in value.items()}
    return [settled(one) for one in value] if isinstance(value, (list, tuple)) else value


def is_packed(value: t.Any) -> bool:
    return isinstance(value, t.Mapping) and _TEXT in value


def unpacked(value: t.Any) -> list[t.Any]:
    """The list that was packed; a list, or nothing, as it is."""
    if not is_packed(value):
        return t.cast("list[t.Any]", value or [])
    return t.cast("list[t.Any]", json.loads(f"[{','.join(_lines(value))}]"))


def each(value: t.Any) -> t.Iterator[t.Any]:
    """One after another: none of them need be kept."""
    yield from (map(json.loads, _lines(value)) if is_packed(value) else value or ())


class ByName(t.Mapping[str, t.Any]):
    """What is packed, by name. Kept as text: each is read when it is asked for."""

    def __init__(self, names: t.Iterable[str], value: t.Mapping[str, t.Any]) -> None:
        self._lines = dict(zip(names, _lines(value)))

    def __getitem__(self, name: str) -> t.Any:
        return json.loads(self._lines[name])

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, name: object) -> bool:
        return name in self._lines


# What a task has registered


def by_name(registered: t.Any, key: str = "results") -> dict[str, Said]:
    """The results of one module call by item name."""
    results = registered.get(key) if isinstance(registered, t.Mapping) else None
    return {result["name"]: result for result in unpacked(results)}


def plans_of(registered: t.Any, results: t.Iterable[str]) -> t.Mapping[str, Said]:
    """What each certificate needs; as many and in the same order as the results of dcv_plan."""
    plans = registered.get("plans") if isinstance(registered, t.Mapping) else None
    return ByName(results, plans) if plans is not None and is_packed(plans) else by_name(registered, "plans")


def _lines(value: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    text = str(value[_TEXT])
    presser, left, length = zlib.decompressobj(), b"", 0
    for start in range(0, len(text), _STEP):
        part = presser.decompress(base64.b64decode(text[start : start + _STEP]))
        length += len(part)
        if length > _MOST_TIMES * (start + _STEP):
            raise ValueError("a packed list is much longer than what a list of certificates comes to")
        *whole, left = (left + part).split(b"\n")
        for line in whole:
            yield line.decode()
