# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the mailboxes of zones (SOA RNAME) as declared: look, plan, apply. Check mode is the same without the last.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import SoaService
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import OpenService


class Mailbox(t.NamedTuple):
    """One item: the zone, and its mailbox in both forms."""

    name: str
    zone: str
    mailbox: str
    rname: str


@dataclass
class Kept:
    """What became of one item. before, after: what the service showed first and shows now (in check mode: would)."""

    wish: Mailbox
    service: str | None = None
    before: Soa | None = None
    after: Soa | None = None
    changed: bool = False
    error: InkanError | None = None


def keep(wishes: t.Sequence[Mailbox], services: t.Mapping[str, OpenService], check_mode: bool) -> list[Kept]:
    """Outcomes 1:1 with the wishes; a zone that fails does not hold up another."""
    kept = [Kept(wish, _owner(wish.zone, services)) for wish in wishes]
    for one in kept:
        if one.service is None:
            one.error = _no_zone(one.wish, services)
    for name, opened in services.items():
        _keep_at(name, opened, [one for one in kept if one.service == name], check_mode)
    return kept


def _owner(zone: str, services: t.Mapping[str, OpenService]) -> str | None:
    return next((name for name, one in services.items() if zone in one.zones), None)


def _keep_at(name: str, opened: OpenService, kept: list[Kept], check_mode: bool) -> None:
    service = opened.service
    if not isinstance(service, SoaService):
        for one in kept:
            one.error = _not_offered(one.wish, name)
        return
    for one, seen in zip(kept, service.soas([one.wish.zone for one in kept])):
        if isinstance(seen, InkanError):
            one.error = seen
        else:
            one.before = one.after = seen
    for one in kept:
        if one.before is not None and not one.before.has_rname(one.wish.rname):
            _set(one, one.before, service, check_mode)


def _set(one: Kept, seen: Soa, service: SoaService, check_mode: bool) -> None:
    try:
        one.after = (
            seen.with_rname(one.wish.rname) if check_mode else service.set_rname(one.wish.zone, seen, one.wish.rname)
        )
        one.changed = True
    except InkanError as error:
        one.error = error
        one.changed = error.did_change
        one.after = None


def _no_zone(wish: Mailbox, services: t.Mapping[str, OpenService]) -> RefusedError:
    zones = ", ".join(sorted(zone for one in services.values() for zone in one.zones)) or "none"
    return RefusedError(
        code="zone_not_found",
        what=f"Cannot set the mailbox of zone {wish.zone}",
        where=f'item "{wish.name}"',
        why=f"no DNS service declares this zone (declared zones: {zones})",
        todo="Declare the service that holds it; a mailbox belongs to a zone, not to a name in it",
    )


def _not_offered(wish: Mailbox, service: str) -> RefusedError:
    return RefusedError(
        code="rname_not_settable",
        what=f"Cannot set the mailbox of zone {wish.zone}",
        where=f'service "{service}"',
        why="this kind of DNS service cannot change an SOA record",
        todo="Set it in the service's own pages, and leave the item out",
    )
