# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CA adapter is. One adapter, one file or folder; ``_ca/registry.py`` lists them by static imports.

An adapter is a stateless speaker to one CA account: all memory is in the ledger, so that any later process can
continue. It *asks for* RRsets and files (Wanted) and never knows how they are published.

Every verb raises TransportError (nothing is known: ask again later), ProtocolError, RefusedError (the CA said no:
final for this order when ``retryable`` is false), DeadlineError. Verbs are safe to repeat, but for ``submit``.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Wanted


class Finding(enum.Enum):
    """How far ``find`` can be trusted after a lost answer to ``submit``."""

    #: the CA lists orders by something of ours: none found means none exists
    EXACT = "exact"
    #: the CA cannot be asked: the ledger stops and asks a person
    IMPOSSIBLE = "impossible"


class Status(enum.Enum):
    """What an order needs next, as far as the CA says. The CA's own word is kept beside it (Seen.status_word)."""

    ACCEPTED = "accepted"  # the CA has the order and will soon say what it wants; poll
    WANTS_VALIDATION = "wants_validation"  # publish, then ``ready``
    WANTS_APPROVAL = "wants_approval"  # a person has to approve by mail, page or phone; polling makes it no faster
    VALIDATING = "validating"  # the CA is looking; poll
    ISSUING = "issuing"  # validated; the certificate is being made; poll
    ISSUED = "issued"  # ``download``
    REFUSED = "refused"  # final
    EXPIRED = "expired"  # final
    CANCELLED = "cancelled"  # final
    UNKNOWN = "unknown"  # a word that our code does not know: poll again, never act on it


@dataclass(frozen=True)
class Capabilities:
    """What this account can do, as data."""

    methods: tuple[str, ...]  # keys of validation.method: "http-01", "dns-01", …
    wildcard_methods: tuple[str, ...]
    finding: Finding
    revoke: bool = True
    cancel: bool = True
    #: methods whose validation nobody can ask for: the CA looks by itself when its crawler comes round (JPRS-10)
    unasked_methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrderRequest:
    """What is ordered. ``reference``: ours, unique, ≤ 32 ASCII characters; names are A-labels, lower case."""

    reference: str
    common_name: str
    dns_names: tuple[str, ...]  # all names wanted, common name included, in order, without repeats
    method: str
    csr_pem: str
    product: str = "acme"
    options: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """An answer of the CA about one order, already parsed.

    handle        what the adapter needs to speak of the order again (an order URL, an order number); opaque to others
    status        above; status_word: the CA's word, verbatim
    wanted        what must be visible now (empty when nothing is to be published), and whom the CA wrote to
    validated     names whose validation the CA counts as done
    problem       the CA's words when REFUSED (rendered problem document), else ""
    expires       when the order or its tokens end, if the CA says so (aware UTC)
    retry_after   seconds to wait before the next poll, if the CA says so; more than the call has left ends its polling
    """

    handle: str
    status: Status
    status_word: str
    wanted: Wanted = Wanted()
    validated: tuple[str, ...] = ()
    problem: str = ""
    expires: datetime | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class Issued:
    """The leaf first, then its issuers as the CA sent them: PEM, one certificate each."""

    certificate: str
    chain: tuple[str, ...]


class CaAdapter(t.Protocol):
    @property
    def capabilities(self) -> Capabilities:
        """May ask the CA (and then raise as a verb does): what an account can do is sometimes told by the CA only."""

    def submit(self, request: OrderRequest) -> Seen:
        """Place the order. After a TransportError with ``sent`` the order may exist: ``find`` it."""

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """The open order that a lost ``submit(request)`` made, and that no ledger entry knows yet; None: there is none.

        since: when the intent to submit was written.
        """

    def look(self, handle: str, request: OrderRequest) -> Seen:
        """What the CA says of the order now (poll; also: what is wanted). Changes nothing at the CA."""

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        """Everything wanted is visible: ask the CA to validate; when validated, ask it to issue. Repeatable."""

    def download(self, handle: str, request: OrderRequest) -> Issued: ...

    def cancel(self, handle: str, request: OrderRequest) -> Seen: ...

    def revoke(self, certificate_pem: str, reason: str) -> None:
        """Reason: a CRLReason name of RFC 5280 in lower camel case (``superseded``)."""


@dataclass(frozen=True)
class AccountConfig:
    """An entry of ``inkan_ca_accounts`` as an adapter's factory receives it.

    settings are never secret; secrets never leave the adapter; state_directory: beside the ledger; the adapter
    makes this folder (0700) if it has keys of its own to keep there (0600).
    """

    name: str
    adapter: str
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str]
    state_directory: str


class AdapterFactory(t.Protocol):
    """``settings_errors`` names every wrong or missing setting at once (pure, before any effect)."""

    def settings_errors(self, account: AccountConfig) -> list[str]: ...

    def open(self, account: AccountConfig, *, deadline: float) -> CaAdapter:
        """deadline: seconds from now that all requests together may take."""
