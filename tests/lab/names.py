# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names and mail addresses, as every CA of the lab reads them (BR 3.2.2.4.4 and .14). Pure."""

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


def covers(domain: str, name: str) -> bool:
    """Whoever speaks for this domain may speak for this name."""
    return bare(name) == domain or bare(name).endswith(f".{domain}")


def tidy(address: str) -> str:
    """Domains have no upper case, local parts may. Empty if it is no mail address."""
    match = ADDRESS.fullmatch(address.strip())
    if match is None or len(address) > 254 or not is_name(match[2].lower()):
        return ""
    return f"{match[1]}@{match[2].lower()}"
