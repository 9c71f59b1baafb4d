# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator keeps: orders, domains, claims, requests, certificates. All are values; book.py changes them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from lab.names import bare, covers

from . import terms
from .application import Application, Wish
from .methods import EMAIL
from .products import Product


class Link(t.NamedTuple):
    """The page of one recipient. Whoever has the key may press the button."""

    address: str
    key: str
    made_at: datetime
    sent_at: datetime


@dataclass(frozen=True)
class Claim:
    """That somebody speaks for a domain, and for these names of his order."""

    domain: str
    names: tuple[str, ...]
    method: str
    token: str = field(default="", repr=False)
    token_ends: datetime | None = None
    #: of the file
    path: str = ""
    #: the highest domain at which the token counts
    up_to: str = ""
    #: it speaks for its own name only, not for those below it
    is_exact: bool = False
    links: tuple[Link, ...] = ()
    proven_at: datetime | None = None

    def is_proven(self, now: datetime) -> bool:
        if self.proven_at is None or (self.method == EMAIL and terms.mail_is_over(now)):
            return False
        return now < self.proven_at + terms.reuse(now)

    def speaks_for(self, name: str) -> bool:
        return bare(name) == self.domain if self.is_exact else covers(self.domain, name)


class Organization(t.NamedTuple):
    id: int
    name: str
    #: validated for these: ov, ev
    validated: tuple[str, ...]
    city: str = "Chiyoda-ku"
    state: str = "Tokyo"
    country: str = "jp"


class Container(t.NamedTuple):
    id: int
    name: str


@dataclass(frozen=True)
class Domain:
    id: int
    name: str
    organization: int
    types: tuple[str, ...]
    claim: Claim
    created_at: datetime


@dataclass(frozen=True)
class Certificate:
    id: int
    order: int
    #: order, reissue, duplicate
    kind: str
    sub_id: str
    wish: Wish
    names: tuple[str, ...]
    pem: str = field(repr=False)
    serial: str
    thumbprint: str
    issuer: int
    created_at: datetime
    valid_from: datetime
    valid_till: datetime
    revoked: bool = False


@dataclass(frozen=True)
class Ask:
    """A request in the approval queue."""

    id: int
    order: int
    #: new_request, reissue, duplicate, revoke
    type: str
    status: str
    asked_at: datetime
    #: of the key
    by: str
    comments: str = ""
    processor_comment: str = ""


class Job(t.NamedTuple):
    """A certificate that is being made."""

    #: order, reissue, duplicate
    kind: str
    wish: Wish
    ask: int


@dataclass(frozen=True)
class Order:
    id: int
    application: Application
    state: str
    created_at: datetime
    valid_till: datetime
    updated_at: datetime
    job: Job | None
    #: of a DV order; of OV and EV the domains have them
    claims: tuple[Claim, ...] = ()
    domains: tuple[int, ...] = ()
    #: what the CA adds to those of the wish
    free_names: tuple[str, ...] = ()
    #: of the primary certificate
    certificate: int | None = None
    renewed_by: int | None = None
    auto_renew: bool = False
    auto_reissue: bool = False
    #: of the EV approver
    approver_links: tuple[Link, ...] = ()
    approver_pressed: bool = False
    note: str = ""
    #: of somebody else's account, or made up by a vice: nobody ordered it here
    is_decoy: bool = False

    @property
    def product(self) -> Product:
        return self.application.product


def parents(name: str, registered: str) -> list[str]:
    """The name itself, and the domains above it up to the registered one: who speaks for these, speaks for the name."""
    own = bare(name)
    found = [own]
    while own not in (registered, "") and own.endswith(f".{registered}"):
        own = own.partition(".")[2]
        found.append(own)
    return found
