# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that an order wants served: what its path may be, and what is to be done, given what is there. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER

#: all that a CA asks for: RFC 8555 §8.3 (base64url), BR 3.2.2.4.18; no dot file, no deeper folder, no program
_PATH = re.compile(r"\.well-known/(acme-challenge|pki-validation)/[A-Za-z0-9_-]{1,128}(\.(txt|html?))?")
MAX_CONTENT = 65_536


class FileToken(t.NamedTuple):
    """content None: not given (then a removal takes whatever is there). mode: its permission bits."""

    name: str
    document_root: str
    path: str
    content: bytes | None
    owner: str | None
    group: str | None
    mode: int
    present: bool
    #: SHA-256 digests of what may be overwritten: contents of ours
    replaces: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[str, str]:
        first, second, _file = self.path.split("/")
        return first, second

    @property
    def file(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def place(self) -> tuple[str, str]:
        """Tokens with one place mean one file."""
        return self.document_root.rstrip("/"), self.path


class Found(t.NamedTuple):
    """What is at the place of a token. content None: nothing; too_large: something no token can be.

    closed: the first folder on the way that a web server under another user cannot enter.
    left: a run of ours that was killed left a half-written file or an empty folder there.
    """

    content: bytes | None = None
    too_large: bool = False
    access_differs: bool = False
    closed: str = ""
    left: bool = False


def path_error(path: str) -> str | None:
    if _PATH.fullmatch(path):
        return None
    return (
        "only .well-known/acme-challenge/ and .well-known/pki-validation/ with one file name of A-Z a-z 0-9 _ -"
        " (and .txt, .htm or .html) are possible"
    )


def found_after(token: FileToken, found: Found) -> Found:
    """What the next token of the same place finds; names that only the order will tell are files of their own."""
    if token.file == KNOWN_AFTER_ORDER:
        return found
    return {"placed": Found(token.content), "removed": Found()}.get(outcome_of(token, found), found)


def outcome_of(token: FileToken, found: Found) -> str:
    """placed, kept, foreign (present); removed, absent, foreign (absent)."""
    if token.present and (found.too_large or not (found.content in (None, token.content) or _is_ours(token, found))):
        return "foreign"
    if token.present:
        as_wished = found.content == token.content and not found.access_differs
        return "kept" if as_wished else "placed"
    if found.too_large:
        return "foreign"
    if found.content is None:
        return "removed" if found.left else "absent"
    return "removed" if token.content in (None, found.content) else "foreign"


def _is_ours(token: FileToken, found: Found) -> bool:
    """What only the order will tell is not judged before."""
    if token.content == KNOWN_AFTER_ORDER.encode():
        return True
    return found.content is not None and hashlib.sha256(found.content).hexdigest() in token.replaces
