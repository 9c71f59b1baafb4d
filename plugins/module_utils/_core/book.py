# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rule book is opened with: the day, the catalogue, the user's policy, accounts and organizations.

A ``Page`` is what one product's rows say on that day. It is made once a call, so that thousands of certificates of one
product do not sort its rows again.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import NOBODY, Organization
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, RenewalPolicy
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Wish
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import (
    ChangeRule,
    ContactOffer,
    CustodyRule,
    LinkRule,
    MethodOffer,
    NameRule,
    NoticeRule,
    Product,
    ReissueRule,
    RenewalRule,
    RevalidationRule,
    SourceRule,
    StepRule,
    ValidityRule,
)


@dataclass(frozen=True)
class NameTools:
    """The doors to IDNA and to the public suffix list. to_alabel raises ValueError with the reason.

    registered: what a registry really hands out, where that is one label more than the list says (``_names/suffix``)
    """

    to_alabel: t.Callable[[str], str]
    is_public_suffix: t.Callable[[str], bool]
    registrable_domain: t.Callable[[str], str | None]
    registered: t.Callable[[str], str | None] | None = None

    def registered_domain(self, name: str) -> str | None:
        return (self.registered or self.registrable_domain)(name)


@dataclass(frozen=True)
class Account:
    """What its seller really offers, narrower than the catalogue: methods, kinds of contact. None: all of them."""

    methods: frozenset[str] | None = None
    contacts: frozenset[str] | None = None


_ANY = Account()


class Row(t.Protocol):
    @property
    def since(self) -> date | None: ...
    @property
    def until(self) -> date | None: ...


class Offer(Row, t.Protocol):
    @property
    def facts(self) -> tuple[str, ...]: ...


AnyRow = t.TypeVar("AnyRow", bound=Row)
AnyOffer = t.TypeVar("AnyOffer", bound=Offer)


def in_force(rows: t.Iterable[AnyRow], day: date) -> tuple[AnyRow, ...]:
    return tuple(row for row in rows if (row.since or date.min) <= day < (row.until or date.max))


def offered_when(row: Offer) -> str:
    """Why the seller does not offer it on a day outside."""
    facts = ", ".join(row.facts)
    if row.since is None:
        return f"the seller offers it no more since {row.until} ({facts})"
    until = f" until {row.until}" if row.until is not None else ""
    return f"the seller offers it only since {row.since}{until} ({facts})"


@dataclass(frozen=True)
class Page:
    """The rows of ``product`` in force on ``day`` (a day at its seller's).

    methods, contacts: all of them, each with why it is not offered on that day (None: it is)
    memo: what was worked out for one certificate and holds for others, too: by who did it, and what it depends on
    """

    product: Product
    day: date
    is_sold: bool
    names: tuple[NameRule, ...]
    custody: tuple[CustodyRule, ...]
    sources: tuple[SourceRule, ...]
    links: tuple[LinkRule, ...]
    methods: tuple[tuple[MethodOffer, str | None], ...]
    contacts: tuple[tuple[ContactOffer, str | None], ...]
    steps: tuple[StepRule, ...]
    notices: tuple[NoticeRule, ...]
    renewal: RenewalRule | None
    reissue: ReissueRule | None
    changes: tuple[ChangeRule, ...]
    revalidation: RevalidationRule | None
    validity: tuple[ValidityRule, ...]
    memo: dict[t.Any, t.Any] = field(default_factory=dict, compare=False, repr=False)

    def local(self, moment: datetime) -> datetime:
        """What calendar and clock at the seller's show at ``moment`` (without a zone)."""
        return local_time(moment, self.product)


def open_page(product: Product, day: date) -> Page:
    return Page(
        product=product,
        day=day,
        is_sold=bool(in_force((product,), day)),
        names=in_force(product.names, day),
        custody=in_force(product.custody, day),
        sources=in_force(product.sources, day),
        links=in_force(product.links, day),
        methods=_told(product.methods, day),
        contacts=_told(product.contacts, day),
        steps=in_force(product.steps, day),
        notices=in_force(product.notices, day),
        renewal=_last(in_force(product.renewal, day)),
        reissue=_last(in_force(product.reissue, day)),
        changes=in_force(product.changes, day),
        revalidation=_last(in_force(product.revalidation, day)),
        validity=in_force(product.validity, day),
    )


def _told(rows: t.Iterable[AnyOffer], day: date) -> tuple[tuple[AnyOffer, str | None], ...]:
    return tuple((row, None if in_force((row,), day) else offered_when(row)) for row in rows)


def _last(rows: tuple[AnyRow, ...]) -> AnyRow | None:
    return rows[-1] if rows else None


@dataclass(frozen=True)
class Book:
    """Everything an answer depends on beside the item. accounts None: they are not known here.

    sources: common names of the items of this call by name, for certificates that are brought to a seller
    brought: the items themselves by name: what is brought has the level and the validity of where it is ordered
    """

    as_of: datetime
    tools: NameTools
    products: t.Mapping[str, Product]
    policy: RenewalPolicy
    choose: Choose
    accounts: t.Mapping[str, Account] | None = None
    https_port: int = 443
    organizations: t.Mapping[str, Organization] = field(default_factory=dict)
    sources: t.Mapping[str, str | None] = field(default_factory=dict)
    brought: t.Mapping[str, Wish] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict, compare=False, repr=False)

    @property
    def day(self) -> date:
        """The day by which the Baseline Requirements count: in UTC."""
        return self.as_of.date()

    def page(self, product: Product) -> Page:
        found = self.pages.get(product.key)
        if found is None or found.product is not product:
            found = self.pages[product.key] = open_page(product, local_time(self.as_of, product).date())
        return found

    def account(self, name: str | None) -> Account:
        return (self.accounts or {}).get(name or "", _ANY)

    def organization(self, name: str | None) -> Organization:
        return self.organizations.get(name or "", NOBODY)


def local_time(moment: datetime, product: Product) -> datetime:
    """What a calendar and clock at the seller's show at ``moment`` (without a zone)."""
    return moment.replace(tzinfo=None) + timedelta(hours=product.utc_offset)
