# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS names as people write them (日本語.jp, ＷＷＷ.Example.JP) to the A-labels that a certificate carries.

UTS #46, non-transitional. A label that is written as ``xn--`` need only be valid Punycode (BR 7.1.2.7.12: P-label).

This file is private to the collection.
"""

from __future__ import annotations

import re
import traceback

try:
    import idna

    IDNA_ERROR: str | None = None
except ImportError:
    IDNA_ERROR = traceback.format_exc()

#: more characters than any name can have, few enough for the quadratic steps of IDNA
_MAX_INPUT = 512
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


def to_alabel(text: str) -> str:
    """``text`` in lower-case A-labels, without trailing dot; a leading ``*.`` is kept.

    Raises ValueError (with the reason) where there is no such form. What a certificate may carry is judged elsewhere.
    """
    if len(text) > _MAX_INPUT:
        raise ValueError(f"it has {len(text)} characters, a name has at most 253")
    star, name = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    if not _PLAIN.fullmatch(name):
        name = _mapped(name)
    name = name[:-1] if name.endswith(".") else name
    return star + ".".join(_label(label) for label in name.lower().split("."))


def _mapped(name: str) -> str:
    try:
        return idna.uts46_remap(name, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError) as reason:
        raise ValueError(f"UTS #46 refuses it: {str(reason)!r}") from reason


def _label(label: str) -> str:
    if label.startswith("xn--"):
        return _checked_punycode(label)
    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except (idna.IDNAError, UnicodeError) as reason:
        raise ValueError(f"the label {label!r} has no A-label: {str(reason)!r}") from reason


def _checked_punycode(label: str) -> str:
    if not label.isascii():
        raise ValueError(f"the label {label!r} begins with xn-- and is not ASCII")
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError) as reason:
        raise ValueError(f"the label {label!r} is no Punycode: {str(reason)!r}") from reason
    if not decoded or decoded.isascii():
        raise ValueError(f"the label {label!r} is no Punycode of a non-ASCII label")
    return label
