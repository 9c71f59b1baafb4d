# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a DNS service is: RRsets in, RRsets out. One service, one file; ``_dns/registry.py`` lists them by static imports.

Values are presentation-free: a TXT value is the text itself (character-strings joined), never quoted; a CNAME value is an
absolute A-label name without trailing dot. Names likewise. Appending is the default: a neighbour's record is never lost.

Every verb raises TransportError, ProtocolError or RefusedError (codes tsig_bad_key, tsig_bad_signature, tsig_bad_time,
dns_refused, dns_not_auth, dns_not_zone, cname_conflict …).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class RRset:
    """name and type with its values (a set: no order, no repeats); ttl None: it does not exist."""

    name: str
    type: str
    values: frozenset[str]
    ttl: int | None


@dataclass(frozen=True)
class Change:
    """One value to add or remove. ``ttl`` counts only where the RRset is new."""

    name: str
    type: str
    value: str
    ttl: int = 60


class DnsService(t.Protocol):
    def zone_for(self, name: str) -> str:
        """The zone of this service that holds ``name``: longest match over its declared zones, confirmed by its SOA."""

    def get(self, zone: str, name: str, type: str) -> RRset:
        """As the service itself sees it (signed read-back, same view as the update)."""

    def add(self, zone: str, changes: t.Sequence[Change]) -> None:
        """Append all values, one transaction a zone where the service can; reads back and raises if one is missing."""

    def remove(self, zone: str, changes: t.Sequence[Change]) -> None:
        """Remove exactly these values, leave the rest; reads back."""

    def replace(self, zone: str, expected: RRset, values: frozenset[str], ttl: int) -> None:
        """Compare-and-swap of a whole RRset: RefusedError(code="rrset_changed") if it is no longer ``expected``."""


@dataclass(frozen=True)
class ServiceConfig:
    """An entry of ``inkan_dns_services`` as a service's factory receives it; zones: names it serves."""

    name: str
    service: str
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str]
    zones: tuple[str, ...]


class ServiceFactory(t.Protocol):
    def settings_errors(self, config: ServiceConfig) -> list[str]: ...

    def open(self, config: ServiceConfig) -> DnsService: ...
