# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not be shown, and what must not reach a terminal as it came.

    mask         known secrets out of a text; masker: the same of many texts
    without_private_keys  PEM texts of private keys out of a text
    bare_url     a URL without its query, fragment and user part (each may be a credential)
    escaped      a foreign text made harmless: no control characters, no direction marks, bounded

This file is private to the collection.
"""

from __future__ import annotations

import base64
import html
import json
import re
import typing as t
import unicodedata
import urllib.parse

__all__ = ["MASK", "SHORTEST_SECRET", "bare_url", "escaped", "mask", "masker", "without_private_keys"]

MASK = "********"
#: Shorter secrets are refused by the modules: masking them would star out harmless words.
SHORTEST_SECRET = 8
#: Letters that change how the text around them is shown: other, format, surrogate, private use, separators.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BOUND = 2000
#: letters and digits that no quoting changes, however often it was quoted; so many are no word of a language
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
#: also one that was cut off, or written with escapes for its line ends
_PRIVATE_KEY = re.compile(
    r"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----(?:(?!-----).){0,20000}(?:-----END \1-----)?", re.DOTALL
)


def mask(text: str, secrets: t.Iterable[str]) -> str:
    """``text`` with each secret, and its usual encodings, starred out; the longest first."""
    return masker(secrets)(text)


def masker(secrets: t.Iterable[str]) -> t.Callable[[str], str]:
    """``mask`` for many texts: what a secret may look like is found out once."""
    found = {form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)}
    forms = sorted(found, key=lambda one: (-len(one), one))

    def masked(text: str) -> str:
        for form in forms:
            text = text.replace(form, MASK)
        return text

    return masked


def _forms(secret: str) -> t.Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield urllib.parse.quote(secret, safe="", errors="replace")
    yield urllib.parse.quote_plus(secret, errors="replace")
    yield secret.encode("unicode_escape").decode("ascii")
    yield repr(secret)[1:-1]
    yield repr(raw)[2:-1]
    yield json.dumps(secret)[1:-1]
    yield html.escape(secret)
    yield secret.replace("\\", "\\\\").replace('"', '\\"')  # IMAP, RFC 9051 §9: quoted
    yield secret.replace("\\", "\\\\").replace("'", "\\'")  # bytes in a Python exception
    if "-----BEGIN " not in secret:  # those of PEM are many, and whole lines
        yield from _RUN.findall(secret)
    yield raw.hex()
    for letters in _base64_forms(raw):
        yield letters
        yield letters.replace("+", "-").replace("/", "_")


def _base64_forms(raw: bytes) -> t.Iterator[str]:
    """Alone, and in the midst of something else, such as a user's name and a colon: letters that it alone decides."""
    whole = base64.b64encode(raw).decode("ascii")
    yield whole
    yield whole.replace("=", "")
    for before in (0, 1, 2):
        letters = base64.b64encode(b"\0" * before + raw).decode("ascii")
        piece = letters[4 if before else 0 : (before + len(raw)) // 3 * 4]
        if len(piece) >= SHORTEST_SECRET:
            yield piece


def without_private_keys(text: str) -> str:
    """``text`` with each private key in PEM starred out, wherever it came from."""
    return _PRIVATE_KEY.sub(MASK, text) if "PRIVATE KEY-----" in text else text


def bare_url(url: str) -> str:
    """Scheme, host, port and path; an ellipsis stands for a query that was there."""
    head, mark, _query = url.partition("?")
    head = head.partition("#")[0]
    head = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/]*@", r"\1", head)
    return escaped(head, 500) + ("?…" if mark else "")


def escaped(text: str, bound: int = _BOUND) -> str:
    """``text`` on one line, with everything unshowable written as an escape, and cut at ``bound`` characters."""
    if len(text) <= bound and text.isprintable():  # as nearly every text is
        return text
    cut = text[:bound]
    shown = "".join(_shown(letter) for letter in cut)
    return shown + (f"… ({len(text) - bound} more characters)" if len(text) > bound else "")


def harmless(text: str) -> str:
    """``text`` in its lines and at its length, with all else that is unshowable written as an escape."""
    if text.isprintable():
        return text
    return "\n".join("".join(map(_shown, line)) for line in text.split("\n"))


def _shown(letter: str) -> str:
    if letter == "\n":
        return " "
    if unicodedata.category(letter) in _UNSHOWN:
        return letter.encode("unicode_escape").decode("ascii")
    return letter
