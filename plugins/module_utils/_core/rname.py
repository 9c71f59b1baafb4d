# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes as domain names: the RNAME of an SOA record (RFC 1035 §3.3.13, §5.1, §8).

    cert.admin@example.co.jp   <->   cert\\.admin.example.co.jp.

The first label is the whole local part, dots and all; the other labels are the mail domain. On the wire there is no
backslash: it only says in text that a dot belongs to its label.

    labels_of   text -> the octets of each label
    name_text   the octets of each label -> text: printable ASCII only, absolute
    to_rname    mailbox -> text
    from_rname  text -> mailbox

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.master_file import parts_of
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error

#: RFC 1035 §2.3.4: one octet of length before each label and an empty label at the end count, too
MAX_LABEL = 63
MAX_NAME = 255
#: what a reader of master files would take for something else (RFC 1035 §5.1)
_SPECIAL = frozenset(b'."\\;()@$')

Labels = tuple[bytes, ...]


def to_rname(mailbox: str) -> str:
    """The mailbox as an absolute domain name; raises ValueError with the reason where it has no such form."""
    local, mark, domain = mailbox.rpartition("@")
    octets = local.encode("utf-8", "surrogateescape")
    if not mark or not octets:
        raise ValueError("it is not of the form local-part@domain")
    if len(octets) > MAX_LABEL:
        raise ValueError(f"its local part has {len(octets)} octets, a label of a domain name has at most {MAX_LABEL}")
    name = (domain[:-1] if domain.endswith(".") else domain).lower()
    reason = owner_name_error(name)
    if reason:
        raise ValueError(f"its domain cannot be used: {reason}")
    labels = (octets, *(label.encode("ascii") for label in name.split(".")))
    _check_size(labels)
    return name_text(labels)


def from_rname(text: str) -> str:
    """The mailbox that a domain name stands for, empty for ``.`` (no mailbox); raises ValueError if it is none."""
    labels = labels_of(text)
    if not labels:
        return ""
    domain = b".".join(labels[1:]).decode("ascii", "replace").lower()
    if any(b"." in label for label in labels[1:]) or owner_name_error(domain):
        raise ValueError("what follows its first label is no mail domain")
    return labels[0].decode("utf-8", "surrogateescape") + "@" + domain


def same_name(one: str, other: str) -> bool:
    """Whether two texts are the same domain name: letters of both cases are alike (RFC 4343)."""
    return _folded(one) == _folded(other)


def _folded(text: str) -> Labels:
    return tuple(label.lower() for label in labels_of(text))


def name_text(labels: t.Sequence[bytes]) -> str:
    """Printable ASCII, absolute; ``.`` without a label."""
    return "".join("".join(map(_octet_text, label)) + "." for label in labels) or "."


def _octet_text(octet: int) -> str:
    if octet in _SPECIAL:
        return "\\" + chr(octet)
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"


def labels_of(text: str) -> Labels:
    """The labels of a name in master-file form, with or without its last dot; raises ValueError if it is none."""
    if text == ".":
        return ()
    labels = [bytearray()]
    for part in parts_of(text):
        if part.octets == b"." and not part.is_escaped:
            labels.append(bytearray())
        else:
            labels[-1] += part.octets
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    found = tuple(bytes(label) for label in labels)
    _check_size(found)
    return found


def _check_size(labels: Labels) -> None:
    if not all(labels):
        raise ValueError("it has an empty label")
    longest = max(map(len, labels), default=0)
    if longest > MAX_LABEL:
        raise ValueError(f"a label of it has {longest} octets, {MAX_LABEL} are possible")
    size = sum(len(label) + 1 for label in labels) + 1
    if size > MAX_NAME:
        raise ValueError(f"it has {size} octets as a domain name, {MAX_NAME} are possible")
