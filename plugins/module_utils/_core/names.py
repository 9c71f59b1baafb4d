# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a name may look like: item names (which become folder names) and DNS names (A-labels).

Conversion of U-labels and public suffixes is the business of ``_names``; here only shape is judged, so that targets
without those libraries can judge it too.

This file is private to the collection.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

#: One path component, never hidden, never ``..``; the ledger and the store use it as a key.
_ITEM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: An LDH label (RFC 5890 §2.3.1); P-labels are LDH labels. BR 7.1.2.7.12 allows no underscore.
_LDH_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: Owner names of records may carry underscores (``_acme-challenge``).
_OWNER_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_SHOWN = 200
_MAX_NAME = 253  # characters without the trailing dot (RFC 1035 §2.3.4)


def item_name_error(text: str) -> str | None:
    """Why ``text`` is no item name, or None."""
    if _ITEM_NAME.fullmatch(text) and ".." not in text:
        return None
    return "a name has 1 to 64 characters of A-Z a-z 0-9 . _ -, starts with a letter or digit and has no '..'"


def shown_name_error(text: str) -> str | None:
    """Why ``text`` cannot name an item that lives for one call (it is compared and shown, nothing else), or None."""
    if text.isprintable() and 0 < len(text) <= _MAX_SHOWN:
        return None
    return f"a name has 1 to {_MAX_SHOWN} printable characters"


def dns_name_error(text: str, *, wildcard: bool = True) -> str | None:
    """Why ``text`` is no DNS name that a certificate may carry (A-labels, lower case, no trailing dot), or None."""
    name = text
    if name.startswith("*."):
        if not wildcard:
            return "a wildcard name is not possible here"
        name = name[2:]
    reason = _labels_error(name, _LDH_LABEL) or (None if "." in name else "it has only one label")
    # RFC 3696 §2: the last label of a name is never a number, the last part of an IPv4 address always is
    return reason or ("its last label is a number, as of an address" if name.rpartition(".")[2].isdigit() else None)


def owner_name_error(text: str) -> str | None:
    """Why ``text`` is no owner name of a DNS record (A-labels, lower case, no trailing dot), or None."""
    return _labels_error(text, _OWNER_LABEL)


def _labels_error(name: str, label_shape: re.Pattern[str]) -> str | None:
    if not name:
        return "it is empty"
    if len(name) > _MAX_NAME:
        return f"it has {len(name)} characters, {_MAX_NAME} are possible"
    for label in name.split("."):
        if not label_shape.fullmatch(label):
            return f"the label {label!r} is not a lower-case A-label"
    return None


def validated_name(dns_name: str) -> str:
    """The name whose control is validated: a wildcard name without its ``*.`` (BR 3.2.2.4)."""
    return dns_name[2:] if dns_name.startswith("*.") else dns_name


def covers(pattern: str, dns_name: str) -> bool:
    """Whether a SAN entry covers a name: equal, or a wildcard with exactly one label in its place (RFC 6125 §6.4.3)."""
    if pattern == dns_name:
        return True
    head, _mark, rest = dns_name.partition(".")
    return pattern.startswith("*.") and head not in ("", "*") and rest == pattern[2:]


def is_address(text: str) -> bool:
    """Whether ``text`` is an IPv4 or IPv6 address, and so no name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def free_names(names: t.Iterable[str]) -> frozenset[str]:
    """What CAs and sellers add by themselves at no cost: the name with or without www, and the one below a wildcard."""
    added: set[str] = set()
    for name in names:
        if name.startswith(("www.", "*.")):
            added.add(name.partition(".")[2])
        else:
            added.add(f"www.{name}")
    return frozenset(added)
