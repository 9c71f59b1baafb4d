# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names and mail addresses an order may hold (JPRS-3, JPRS-4, JPRS-8). Pure.

``registered`` is the part of a name that is in the registry: example.jp, and www.tokyo.jp for itself.
"""

from __future__ import annotations

from lab.names import CONTACT_LABEL, LOCAL_PARTS, bare, covers, is_name, tidy

__all__ = [
    "CONTACT_LABEL",
    "LOCAL_PARTS",
    "bare",
    "constructed",
    "counterpart",
    "covers",
    "domains",
    "is_name",
    "stripped",
    "tidy",
]


def stripped(common_name: str, registered: str) -> str:
    """JPRS-3: *. is removed, else www. is, unless it belongs to the registered name. One label, no cascade."""
    if common_name.startswith("*."):
        return bare(common_name)
    if common_name.startswith("www.") and common_name != registered:
        return common_name[4:]
    return common_name


def domains(common_name: str, registered: str) -> tuple[str, ...]:
    """What may stand behind the @ (JPRS-3, JPRS-4), and below which a TXT contact is looked for, in this order."""
    return tuple(dict.fromkeys((stripped(common_name, registered), registered)))


def constructed(common_name: str, registered: str) -> tuple[str, ...]:
    return tuple(f"{local}@{domain}" for domain in domains(common_name, registered) for local in LOCAL_PARTS)


def counterpart(common_name: str, registered: str) -> str:
    """The other name of ダブルアドレス: www / non-www, or the name without *. (JPRS-8)."""
    shorter = stripped(common_name, registered)
    return shorter if shorter != common_name else f"www.{common_name}"
