# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a DNS service is: RRsets in, RRsets out. One service, one file; ``_dns/registry.py`` lists them.

Values are presentation-free: a TXT value is the text itself (character-strings joined), never quoted; a CNAME value is
an absolute A-label name without trailing dot. Names likewise. Appending is the default: a neighbour's record is never
lost.

What fails is a TransportError, ProtocolError or RefusedError with one of these codes, so that callers need not know the
service: zone_not_found (this service does not hold the name), cname_conflict, rrset_changed, rname_changed,
readback_missing, dns_refused, dns_not_auth, dns_not_zone, dns_server_failure, dns_no_answer, dns_unreachable,
dns_bad_answer, tsig_….

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa


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


class Question(t.NamedTuple):
    name: str
    type: str


@dataclass(frozen=True)
class Look:
    """One RRset as the service sees it, the zone it lies in, and the target of a CNAME in its place."""

    zone: str
    rrset: RRset
    alias: str | None = None


#: 1:1 with the changes: None where the service now shows what was asked for
Receipts = t.Sequence[t.Optional[InkanError]]


class DnsService(t.Protocol):
    def zone_for(self, name: str) -> str:
        """The zone of this service that holds ``name``: longest match over its declared zones, confirmed by it."""

    def get(self, zone: str, name: str, type: str) -> RRset:
        """As the service itself sees it now (signed read-back, same view as the update)."""

    def looks(self, questions: t.Sequence[Question]) -> list[Look | InkanError]:
        """Many zone_for and get at once, as cheaply as the service can; 1:1, failures as values."""

    def add(self, zone: str, changes: t.Sequence[Change]) -> Receipts:
        """Append these values, one transaction a zone where the service can, and read them back."""

    def remove(self, zone: str, changes: t.Sequence[Change]) -> Receipts:
        """Remove exactly these values, leave the rest, and read back."""

    def replace(self, zone: str, expected: RRset, values: frozenset[str], ttl: int) -> None:
        """Compare-and-swap of a whole RRset: RefusedError(code="rrset_changed") if it is no longer ``expected``."""


@t.runtime_checkable
class SoaService(t.Protocol):
    """What a service can do beside, if it can: set the mailbox of a zone."""

    def soas(self, zones: t.Sequence[str]) -> list[Soa | InkanError]:
        """The SOA records of its zones, as it shows them now; 1:1, failures as values."""

    def set_rname(self, zone: str, expected: Soa, rname: str) -> Soa:
        """Set the mailbox, leave all else, and return what it shows then. RefusedError(code="rname_changed") if the
        mailbox is neither that of ``expected`` nor ``rname``. ``did_change`` of an error says whether a write went out.
        """


@dataclass(frozen=True)
class ServiceConfig:
    """An entry of ``inkan_dns_services`` as a service's factory receives it; zones: names it serves."""

    name: str
    service: str
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str]
    zones: tuple[str, ...]


class ServiceFactory(t.Protocol):
    def settings_errors(self, config: ServiceConfig) -> list[str]:
        """What is wrong with settings and secrets, as sentences without any secret."""

    def settings_warnings(self, config: ServiceConfig) -> list[str]:
        """What works but should not stay."""

    def open(self, config: ServiceConfig) -> DnsService: ...
