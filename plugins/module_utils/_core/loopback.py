# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an endpoint is this machine: only there may the clock be moved, and http be plain.

This file is private to the collection.
"""

from __future__ import annotations

import ipaddress
import typing as t
import urllib.parse


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: ``localhost`` (RFC 6761 §6.3) or a loopback address literal."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: object) -> bool:
    """Whether a URL leads to this machine; anything that is no URL does not."""
    if not isinstance(url, str):
        return False
    try:
        return is_loopback(urllib.parse.urlsplit(url).hostname or "")
    except ValueError:
        return False


Entries = t.Mapping[str, t.Mapping[str, t.Any]]


def foreign_endpoints(ca_accounts: Entries, dns_services: Entries) -> list[str]:
    """The accounts and services whose endpoint is not this machine, a phrase each."""
    found = [
        f'CA account "{name}" at {_setting(account, "directory", "url")}'
        for name, account in ca_accounts.items()
        if not is_loopback_url(_setting(account, "directory", "url"))
    ]
    return found + [
        f'DNS service "{name}" at {_setting(service, "server", "url")}'
        for name, service in dns_services.items()
        if not is_loopback(str(_setting(service, "server", "url")))
        and not is_loopback_url(_setting(service, "server", "url"))
    ]


def _setting(entry: t.Mapping[str, t.Any], *keys: str) -> t.Any:
    settings = entry.get("settings") or {}
    return next((settings[key] for key in keys if settings.get(key)), None)
