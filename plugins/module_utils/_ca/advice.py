# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What some adapters can beside the verbs of an order: advise when to renew, and keep their account.

An adapter has the one or the other by having its methods (``isinstance``); no other adapter knows of them.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.persist import Holder

__all__ = ["AccountFacts", "AccountKeeping", "Advice", "Advising", "StandingRecords"]


@dataclass(frozen=True)
class Advice:
    """When a CA wants a certificate to be renewed (RFC 9773 §4.2).

    url: a page that says why, or ""; ask_again: seconds until it may be asked again.
    """

    start: datetime
    end: datetime
    url: str
    ask_again: float


@t.runtime_checkable
class Advising(t.Protocol):
    def renewal_advice(self, certificate_pem: str) -> Advice | None:
        """Changes nothing and opens no account. None: this CA, or for this certificate, gives none.

        Raises as a verb does; RefusedError with ``retry_at`` where the CA wants to be left alone until then.
        """

    def renewal_advice_of(self, renewal_id: str) -> Advice | None:
        """The same for a certificate that is known by its identifier alone (RFC 9773 §4.1)."""


class StandingRecords(t.NamedTuple):
    """What the records of dns-persist-01 of an account are made of.

    issuer: "" where only an order tells; earlier: thumbprints of keys that the account had; days: how long a record
    holds, 0: without an end
    """

    issuer: str
    holder: Holder
    earlier: tuple[str, ...]
    days: int


@dataclass(frozen=True)
class AccountFacts:
    """An account at its CA. profiles: name and meaning; dns_label: of dns-account-01; contact: as told to the CA."""

    url: str
    contact: tuple[str, ...] = ()
    terms: str = ""
    profiles: t.Mapping[str, str] | None = None
    has_renewal_info: bool = False
    can_roll_key: bool = False
    dns_label: str = ""
    key_made_at: datetime | None = None
    is_closed: bool = False
    standing: StandingRecords | None = None


@t.runtime_checkable
class AccountKeeping(t.Protocol):
    def remembered_account(self) -> AccountFacts | None:
        """What is known without asking the CA; None: the account was never opened from here."""

    def open_account(self) -> AccountFacts:
        """Made at the CA where it is not there, and its contacts told where they differ. Repeatable."""

    def roll_key(self) -> None:
        """Another key for the account. The old one is kept until the CA confirmed; repeatable after a lost answer."""

    def close_account(self) -> None:
        """For ever. Repeatable."""
