# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolvers of this machine, for those who name none.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.names import is_address

_PATH = "/etc/resolv.conf"
_BOUND = 64 * 1024


def system_resolvers(path: str = _PATH) -> tuple[str, ...]:
    """The addresses of the nameserver lines (resolv.conf(5)); empty if the file is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(_BOUND).splitlines()
    except OSError:
        return ()
    words = [line.split() for line in lines]
    found = [one[1] for one in words if len(one) > 1 and one[0] == "nameserver" and _is_usable(one[1])]
    return tuple(dict.fromkeys(found))


def _is_usable(text: str) -> bool:
    """A link-local address needs its interface, which this machine knows and the setting does not take."""
    return is_address(text) and "%" not in text
