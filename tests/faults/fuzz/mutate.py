# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One way to spoil what comes over a border, for both engines: hypothesis draws the dice, atheris seeds them."""

from __future__ import annotations

import base64
import json
import random
import re
import typing as t

__all__ = ["TEXTS", "WORDS", "mutated", "mutated_json"]

#: texts that mean harm to one reader or another
TEXTS: tuple[str, ...] = (
    "",
    " ",
    "\x00",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "\u202egpj.exe\u2066",
    "\ud800",
    "../../../../etc/passwd",
    "..%2f..%2f",
    "/etc/passwd",
    ".well-known/acme-challenge/../../x",
    "{{ lookup('pipe', 'id') }}",
    "{% raw %}",
    "$(id)`id`;id|id",
    "a\r\nX-Injected: 1\r\n\r\n",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "http://127.0.0.1:1/",
    "file:///etc/passwd",
    "https://ca.example.test@evil.example/",
    "http://[",
    "http://[::1%25eth0]:99999/",
    "https://xn--/",
    "xn--",
    "²",
    "１２",
    "9" * 5000,
    "1e999",
    "-1",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-02-30T25:61:61Z",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "A" * 5000,
    "%00%0a%s%n{0}{name}",
    "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n",
    "*." * 100,
    ".",
)
#: as bytes, for what is no JSON
WORDS: tuple[bytes, ...] = (
    *(text.encode("utf-8", "surrogatepass") for text in TEXTS),
    b"\xff\xfe\xfd",
    b"[" * 3000,
    b'{"a":' * 3000,
    b"<a>" * 3000,
    b"((((" * 500,
    b"=?utf-8?b?" * 50,
    b"=?\xff?q?=1b?=",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&#27;&#x202e;",
    b"\x1b$B\x1b(B",
    b"\r\n",
    b"\x00",
)
_DEEP: t.Any = None
for _level in range(600):
    _DEEP = [_DEEP]
_VALUES: tuple[t.Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**70), 10**400, 0.5, 1e308, float("inf"), float("nan")),
    *([], {}, [[]], [None], {"": None}, [{}] * 300, {str(number): number for number in range(300)}, _DEEP),
)


def mutated(data: bytes, dice: random.Random, most: int = 1 << 20) -> bytes:
    """Bytes: a piece is cut, doubled, moved, turned, or a hostile word is put in."""
    data = bytearray(data)
    for _time in range(dice.randint(1, 4)):
        at = dice.randint(0, len(data))
        to = min(len(data), at + dice.choice((1, 1, 2, 4, 8, 40, 400)))
        way = dice.randint(0, 6)
        if way == 0:
            del data[at:to]
        elif way == 1:
            data[at:at] = data[at:to] * dice.choice((1, 2, 300))
        elif way == 2 and at < len(data):
            data[at] = dice.randint(0, 255)
        elif way == 3:
            data[at:to] = dice.choice(WORDS)
        elif way == 4:
            data[at:at] = dice.choice(WORDS)
        elif way == 5:
            del data[at:]
        else:
            data = bytearray(_with_value(bytes(data), dice))
    return bytes(data[:most])


_VALUE = re.compile(rb'(?<=[>"=: ])[^<>"\r\n]{1,200}(?=[<"\r\n])')


def _with_value(data: bytes, dice: random.Random) -> bytes:
    """A value between tags, quotes or after a colon becomes a hostile one."""
    found = list(_VALUE.finditer(data))
    if not found:
        return data + dice.choice(WORDS)
    place = found[dice.randint(0, len(found) - 1)]
    word = dice.choice(WORDS)
    if dice.randint(0, 3) == 0:
        word = base64.b64encode(word)
    return data[: place.start()] + word + data[place.end() :]


def mutated_json(data: bytes, dice: random.Random) -> bytes:
    """JSON: some of its values become hostile ones, its keys go or change; what is none is spoiled as bytes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return mutated(data, dice)
    if dice.randint(0, 9) == 0:
        return mutated(data, dice)
    for _time in range(dice.randint(1, 3)):
        value = _spoiled(value, dice)
    return json.dumps(value, ensure_ascii=dice.randint(0, 1) == 0).encode("utf-8", "surrogatepass")


def _spoiled(value: t.Any, dice: random.Random) -> t.Any:
    """At a place at random."""
    if isinstance(value, dict) and value and dice.randint(0, 9):
        key = dice.choice(sorted(value))
        way = dice.randint(0, 9)
        if way == 0:
            return {one: of for one, of in value.items() if one != key}
        if way == 1:
            return {**value, dice.choice(TEXTS): value[key]}
        return {**value, key: _spoiled(value[key], dice)}
    if isinstance(value, list) and value and dice.randint(0, 9):
        place = dice.randint(0, len(value) - 1)
        return [_spoiled(one, dice) if number == place else one for number, one in enumerate(value)]
    return dice.choice(TEXTS) if dice.randint(0, 2) else dice.choice(_VALUES)
