# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What approval_mails asks of the outside: pages at public addresses, and contacts in DNS.

This file is private to the collection.
"""

from __future__ import annotations

import socket
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import OurOrder
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.inner_addresses import is_inner
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.records import parse_caa
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import DNSPYTHON_ERROR
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._io.system_resolvers import system_resolvers

__all__ = ["PublicHttp", "is_published"]

_DNS_SECONDS = 5.0


class PublicHttp:
    """An HttpClient that opens no inner address, whatever a name resolves to (awx-and-mail 3.2, point 5). A lab's
    loopback host is one by its very name."""

    def __init__(self, ca_bundle: str | None) -> None:
        self._http = DirectHttp(ca_bundle=ca_bundle)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        if is_loopback(host):
            return self._http.request(method, url, headers=headers, body=body, timeout=timeout)
        address = _public_address(host)
        target = (address, parts.port or 443)
        return self._http.request(method, url, headers=headers, body=body, timeout=timeout, connect_to=target)


def _public_address(host: str) -> str:
    """The one that is then opened, so that nobody answers differently a moment later."""
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise _unreachable(host, str(error)) from error
    outer = [address for address in found if not is_inner(address.partition("%")[0])]
    if not outer:
        raise _unreachable(host, f"its address {found[0] if found else ''} is one of an inner network")
    return outer[0]


def _unreachable(host: str, why: str) -> TransportError:
    return TransportError(
        code="approval_page_unreachable",
        what="Cannot open the approval page",
        where=host,
        why=why,
        todo="Let the host that keeps the ledger reach it, or approve by hand",
        sent=False,
    )


def is_published(order: OurOrder, sight: Sight) -> bool | None:
    """Whether one of the order's recipients is in DNS now, as a contact of each name; None: it could not be asked."""
    if DNSPYTHON_ERROR is not None or order.contact_kind not in ("txt", "caa"):
        return None
    resolvers = sight.resolvers or system_resolvers()
    resolver = Resolver(resolvers, lambda address: WireExchange(address, sight.dns_port, _DNS_SECONDS))
    try:
        names = dict.fromkeys(validated_name(name) for name in order.dns_names)
        return all(_has_contact(name, order, resolver) for name in names)
    except InkanError:
        return None


def _has_contact(name: str, order: OurOrder, resolver: Resolver) -> bool:
    """At the name or above it (BR A.1.1, A.2.1: at the Authorization Domain Name)."""
    labels = name.split(".")
    for place in range(len(labels) - 1):
        domain = ".".join(labels[place:])
        if {one.lower() for one in _contacts(domain, order.contact_kind, resolver)} & order.recipients:
            return True
    return False


def _contacts(domain: str, kind: str, resolver: Resolver) -> list[str]:
    if kind == "txt":
        return [one.strip('"') for one in resolver.values_of(Question(f"_validation-contactemail.{domain}", "TXT"))]
    found = [parse_caa(value) for value in resolver.values_of(Question(domain, "CAA"))]
    return [one.content.decode("utf-8", "replace") for one in found if one is not None and one.tag == "contactemail"]
