# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names and mail addresses an order may hold (JPRS-3, JPRS-4, JPRS-8). Pure.

``registered`` is the part of a name that is in the registry: example.jp, and www.tokyo.jp for itself.
"""

from __future__ import annotations

import re

LOCAL_PARTS = ("admin", "administrator", "hostmaster", "postmaster", "webmaster")
CONTACT_LABEL = "_validation-contactemail"
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
ADDRESS = re.compile(rf"({ATOM}(?:\.{ATOM})*)@([A-Za-z0-9.-]+)")


def is_name(name: str) -> bool:
    """A host name in lower case and A-labels, or *. before one."""
    labels = bare(name).split(".")
    return len(name) <= 253 and len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)


def bare(name: str) -> str:
    return name[2:] if name.startswith("*.") else name


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


def covers(domain: str, name: str) -> bool:
    """Whoever speaks for this domain may speak for this name."""
    return bare(name) == domain or bare(name).endswith(f".{domain}")


def tidy(address: str) -> str:
    """Domains have no upper case, local parts may. Empty if it is no mail address."""
    match = ADDRESS.fullmatch(address.strip())
    if match is None or len(address) > 254 or not is_name(match[2].lower()):
        return ""
    return f"{match[1]}@{match[2].lower()}"
