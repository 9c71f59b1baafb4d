# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mail address may look like where a CA, or a reader of an SOA record, takes it from DNS.

Local part: a dot-atom (RFC 5322 §3.2.3; RFC 6532 §3.2 adds every character beyond ASCII). Quoted local parts and
address literals are legal in mail and a trap here: no CA promises to read them. Domain: A-labels, two at least.

This file is private to the collection.
"""

from __future__ import annotations

import re

from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

#: RFC 5321 §4.5.3.1: a path has 256 octets with its angle brackets, a local part 64
MAX_ADDRESS = 254
MAX_LOCAL = 64
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")


def canonical_address(text: str) -> str:
    """The domain in lower case; what stands before it is the receiver's own affair."""
    local, mark, domain = text.rpartition("@")
    return f"{local}{mark}{domain.lower()}" if mark else text


def address_error(text: str, *, ascii_only: bool = False) -> str | None:
    """Why ``text`` is not one mail address and nothing else, or None."""
    local, mark, domain = text.rpartition("@")
    if not mark:
        return "it has no @"
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_ADDRESS:
        return f"it has {size} octets, {MAX_ADDRESS} are possible"
    size = len(local.encode("utf-8", "surrogatepass"))
    if size > MAX_LOCAL:
        return f"its local part has {size} octets, {MAX_LOCAL} are possible"
    for atom in local.split("."):
        if not atom:
            return "its local part is empty, or has a dot at an end or beside another"
        if not _is_atom(atom, ascii_only):
            return f"its local part holds a character that cannot stand there: {escaped(atom, 80)!r}"
    reason = dns_name_error(domain.lower(), wildcard=False)
    return f"its domain cannot be used: {reason}" if reason else None


def _is_atom(atom: str, ascii_only: bool) -> bool:
    plain = "".join(letter if letter.isascii() else "x" for letter in atom)
    return bool(_ATOM.fullmatch(plain)) and (atom.isascii() or (not ascii_only and atom.isprintable()))
