# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rule book is opened with: the day, the catalogue, the user's policy and accounts.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import Choose, RenewalPolicy
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import Product


@dataclass(frozen=True)
class NameTools:
    """The doors to IDNA and to the public suffix list. to_alabel raises ValueError with the reason."""

    to_alabel: t.Callable[[str], str]
    is_public_suffix: t.Callable[[str], bool]
    registrable_domain: t.Callable[[str], str | None]


@dataclass(frozen=True)
class Account:
    """What its seller really offers, narrower than the catalogue: methods, kinds of contact. None: all of them."""

    methods: frozenset[str] | None = None
    contacts: frozenset[str] | None = None


@dataclass(frozen=True)
class Book:
    """Everything an answer depends on beside the item. accounts None: they are not known here."""

    as_of: datetime
    tools: NameTools
    products: t.Mapping[str, Product]
    policy: RenewalPolicy
    choose: Choose
    accounts: t.Mapping[str, Account] | None = None
    https_port: int = 443

    @property
    def day(self) -> date:
        """The day by which the Baseline Requirements count: in UTC."""
        return self.as_of.date()

    def day_at(self, product: Product) -> date:
        """The day in the calendar of the product's seller, by which its rows count."""
        return local_time(self.as_of, product).date()

    def account(self, name: str | None) -> Account:
        return (self.accounts or {}).get(name or "", Account())


def local_time(moment: datetime, product: Product) -> datetime:
    """What a calendar and clock at the seller's show at ``moment`` (without a zone)."""
    return moment.replace(tzinfo=None) + timedelta(hours=product.utc_offset)


class Row(t.Protocol):
    @property
    def since(self) -> date | None: ...
    @property
    def until(self) -> date | None: ...


class Offer(Row, t.Protocol):
    @property
    def facts(self) -> tuple[str, ...]: ...


AnyRow = t.TypeVar("AnyRow", bound=Row)


def in_force(rows: t.Iterable[AnyRow], day: date) -> list[AnyRow]:
    return [row for row in rows if (row.since or date.min) <= day < (row.until or date.max)]


def offered_when(row: Offer) -> str:
    """Why the seller does not offer it on a day outside."""
    facts = ", ".join(row.facts)
    if row.since is None:
        return f"the seller offers it no more since {row.until} ({facts})"
    until = f" until {row.until}" if row.until is not None else ""
    return f"the seller offers it only since {row.since}{until} ({facts})"
