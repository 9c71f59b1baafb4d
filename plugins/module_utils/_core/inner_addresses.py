# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that exist within a network only: what has one is not seen by a CA. Those of documents are none of them.

This file is private to the collection.
"""

from __future__ import annotations

import ipaddress

_INNER = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::/128", "::1/128", "fc00::/7", "fe80::/10"),
    )
)


def is_inner(address: str) -> bool:
    """RFC 1918, RFC 6598, RFC 4193, loopback, link-local; also as IPv4 within IPv6."""
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    one = mapped or found
    return any(one in network for network in _INNER if network.version == one.version)
