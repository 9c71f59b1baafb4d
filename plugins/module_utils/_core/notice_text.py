# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text of somebody else, fit to be sent to people: nothing in it can be pressed on, typed in or taken for ours.

    links             left out: one that approves must never be forwarded, and nobody can tell which one does
    codes and values  starred: random values, tokens, what stands behind the word "code"
    secrets           starred
    characters        what cannot be seen, or turns the text around it, is written as an escape; one line, bounded

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import MASK, escaped, mask

NO_LINK = "[link]"
MOST = 400
_MORE = 40  # what ``escaped`` says of what it cut off
_LINK = re.compile(r"(?i)(?:[a-z][a-z0-9+.-]{1,20}:/{1,2}|mailto:|data:|javascript:)[^\s]*")
_BARE_LINK = re.compile(r"(?i)(?<![\w./-])(?:[\w-]{1,63}\.)+[a-z]{2,63}(?::\d{1,5})?[/?#][^\s]*")
#: a word of letters and digits that is too long for one: a random value, a token; not part of a dotted name
_VALUE = re.compile(r"(?<![\w.@-])(?=[A-Za-z_+/=-]*\d)(?=[\d_+/=-]*[A-Za-z])[A-Za-z0-9_+/=-]{16,}(?![\w-]*[.@]\w)")
_CODE = re.compile(
    r"(?i)\b(pass ?code|code|pin|otp|token|random value|password)\b"
    r"([^\w\n]{0,3}(?:is |was )?)([A-Za-z0-9-]*\d[A-Za-z0-9-]*)"
)
_CODE_JA = re.compile(r"(コード|番号|暗証|トークン|乱数)([^\w\n]{0,3})([A-Za-z0-9-]*\d[A-Za-z0-9-]*)")


def fit_to_send(
    text: str, secrets: t.Iterable[str] = (), *, keep: t.Collection[str | None] = (), most: int = MOST
) -> str:
    """keep: words that are no secret whatever they look like: serial numbers, names, order numbers."""
    text = mask(text[: 4 * most], secrets)
    text = _BARE_LINK.sub(NO_LINK, _LINK.sub(NO_LINK, text))
    text = _CODE_JA.sub(_starred, _CODE.sub(_starred, text))
    text = _VALUE.sub(lambda found: found[0] if found[0] in keep else MASK, text)
    shown = escaped(text, most)
    return shown if len(shown) <= most + _MORE else shown[:most] + "…"  # an escape is longer than what it stands for


def _starred(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{MASK}"
