# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CA adapter is. One adapter, one file or folder; ``_ca/registry.py`` lists them by static imports.

An adapter is a stateless speaker to one CA account: all memory is in the ledger, so that any later process can
continue. It *asks for* RRsets and files (Wanted) and never knows how they are published.

Every verb raises TransportError (nothing is known: ask again later), ProtocolError, RefusedError (the CA said no:
final for this order when ``retryable`` is false; for a resend or a change of contact it ends nothing), DeadlineError.
Verbs are safe to repeat, but for ``submit``. Those that only ask (``find``, ``look``, ``download``, ``capabilities``)
change nothing at the CA.

What a CA cannot do its ``capabilities`` say, as data, before anything is sent: ``kind`` is never RENEW or REISSUE, and
``resend`` and ``change_contact`` are never called, where they say no. Their bodies then raise ``not_offered``.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core import ledger
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, Wanted

#: new, renew or reissue: a word of the ledger, which an adapter needs too
OrderKind = ledger.OrderKind

#: The code of a RefusedError of ``submit``: the CA has no order as told in ``replaces``, or not for this account, and
#: nothing was ordered. A renewal is then ordered as a new certificate, a reissue stops.
PREDECESSOR_UNKNOWN = "predecessor_unknown"


class Finding(enum.Enum):
    """How far ``find`` can be trusted after a lost answer to ``submit``."""

    #: the CA lists orders by something of ours: none found means none exists
    EXACT = "exact"
    #: ``submit`` buys nothing, a later verb does: a lost order is simply sent again, and nobody is asked
    NEEDLESS = "needless"
    #: the CA cannot be asked: the ledger stops and asks a person
    IMPOSSIBLE = "impossible"


class Status(enum.Enum):
    """What an order needs next, as far as the CA says. The CA's own word is kept beside it (Seen.status_word)."""

    ACCEPTED = "accepted"  # the CA has the order and will soon say what it wants; poll
    WANTS_PREPARATION = "wants_preparation"  # what it wants is known after ``prepare`` (PreparingAdapter)
    WANTS_VALIDATION = "wants_validation"  # publish, then ``ready``
    WANTS_APPROVAL = "wants_approval"  # a person has to approve by mail, page or phone; polling makes it no faster
    WANTS_PERSON = "wants_person"  # somebody has to act at a portal and tell what came of it (``Wanted.tasks``)
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
    #: seconds after a lost ``submit`` before "there is none" of ``find`` is believed: the CA's index may lag
    find_delay: float = 5.0
    #: what ``find`` finds is surely of this request, by our reference or key: a second one may be cancelled
    finds_ours: bool = False
    #: ``submit`` may be of kind RENEW: the new order says which one it follows
    renewing: bool = False
    #: ``submit`` may be of kind REISSUE: another certificate of an order that was paid for its whole term
    reissuing: bool = False
    #: approval mails can be sent again (``resend``)
    resending: bool = False
    #: an open order's approval can be asked for elsewhere (``change_contact``)
    changing_contact: bool = False
    #: nobody can be asked: what becomes of an order is told by persons (``OrderRequest.taken``)
    takes_in: bool = False
    #: so many orders may be looked at, readied and downloaded at once, by threads; ``submit`` and the rest come alone
    side_by_side: int = 1


@dataclass(frozen=True)
class Predecessor:
    """The order that this one follows: one of ours, of this account, with its certificate in the ledger.

    handle: as ``submit`` gave it; serial: lower-case hex, no leading zeros; certificate: PEM of the leaf.
    """

    handle: str
    serial: str
    certificate: str


class Contact(t.NamedTuple):
    """Who is asked for approval. kind: constructed, txt, caa (as in ``validation.contact``)."""

    kind: str
    address: str


@dataclass(frozen=True)
class Issued:
    """The leaf first, then its issuers as the CA sent them: PEM, one certificate each."""

    certificate: str
    chain: tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """What persons told of an order at a portal, as the ledger has it.

    ordered_at    when we made the order; applied_at: when its number was told
    files         the token of a file validation, as a seller told it
    approved_at   when it was told that the approval mail was answered
    cancelled     the seller ended it: its words, or "cancelled"
    registered    a brought certificate is at the portal
    contact_changed, resent_at  that the seller is to be written to about it
    """

    ordered_at: datetime | None = None
    order_number: str = ""
    applied_at: datetime | None = None
    files: tuple[TokenFile, ...] = ()
    certificate: Issued | None = None
    approved_at: datetime | None = None
    cancelled: str = ""
    registered: bool = False
    contact_changed: bool = False
    resent_at: datetime | None = None


def _nobody_else_orders() -> None:
    """Of a request that no ledger stands behind."""


@dataclass(frozen=True)
class OrderRequest:
    """What is ordered. ``reference``: ours, unique, ≤ 32 ASCII characters; names are A-labels, lower case.

    options["contact"]: {kind, address} where approval is asked for by mail, as it is now (a change is in it).
    kind, replaces: RENEW and REISSUE always have a predecessor, NEW never has one.
    reserved: what ``reserve`` gave for this order, "" where nothing did.
    wanted: what the ledger knows to be wanted now, for a CA that says it once.
    still_ours: a ``submit`` that asks anything before it orders calls this right before it does: a machine may sleep
    between two requests, and then another run may have ordered. Raises lease_lost; nothing was ordered then.
    """

    reference: str
    common_name: str
    dns_names: tuple[str, ...]  # all names wanted, common name included, in order, without repeats
    method: str
    csr_pem: str
    product: str = "acme"
    options: t.Mapping[str, t.Any] = field(default_factory=dict)
    kind: OrderKind = OrderKind.NEW
    replaces: Predecessor | None = None
    taken: Taken = Taken()
    reserved: str = ""
    wanted: Wanted = Wanted()
    still_ours: t.Callable[[], None] = field(default=_nobody_else_orders, repr=False, compare=False)


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
    code          of the way in which it ended, where "order_refused" and the like say too little
    is_cleared    this handle is of no order and has done its part, as what has to precede an order is done or was in
                  vain: ``submit`` is called once more, under an intent of its own, and gives another handle
    """

    handle: str
    status: Status
    status_word: str
    wanted: Wanted = Wanted()
    validated: tuple[str, ...] = ()
    problem: str = ""
    expires: datetime | None = None
    retry_after: float | None = None
    code: str = ""
    is_cleared: bool = False


class CaAdapter(t.Protocol):
    @property
    def capabilities(self) -> Capabilities:
        """May ask the CA (and then raise as a verb does): what an account can do is sometimes told by the CA only."""

    def submit(self, request: OrderRequest) -> Seen:
        """Place the order. After a TransportError with ``sent`` the order may exist: ``find`` it.

        A reissue may stay under its predecessor's number; its handle should then say which of the two is meant.

        Where a CA validates names before it takes an order, this begins that and orders nothing; the handle is then of
        no order, but what ``look`` and ``ready`` go on by until one of them says ``is_cleared``.
        """

    def find(self, request: OrderRequest, *, known_handles: frozenset[str], since: datetime) -> Seen | None:
        """The open order that a lost ``submit(request)`` made, and that no ledger entry knows yet; None: there is none.

        since: when the intent to submit was written. A lost reissue is looked for at ``request.replaces.handle``.
        """

    def look(self, handle: str, request: OrderRequest) -> Seen:
        """What the CA says of the order now (poll; also: what is wanted). Changes nothing at the CA."""

    def ready(self, handle: str, request: OrderRequest) -> Seen:
        """Everything wanted is visible: ask the CA to validate; when validated, ask it to issue. Repeatable."""

    def download(self, handle: str, request: OrderRequest) -> Issued: ...

    def resend(self, handle: str, request: OrderRequest) -> Seen:
        """Let the CA send its approval mails once more, to the addresses that it wrote to. Changes nothing else."""

    def change_contact(self, handle: str, request: OrderRequest, contact: Contact) -> Seen:
        """Ask for approval there from now on; the CA writes to it. ``request`` has the contact so far.

        For all names of the order that are not validated yet.
        """

    def cancel(self, handle: str, request: OrderRequest) -> Seen:
        """Of a reissue: only that; the predecessor's certificate stays as it is."""

    def revoke(self, certificate_pem: str, reason: str) -> None:
        """Reason: a CRLReason name of RFC 5280 in lower camel case (``superseded``)."""


@t.runtime_checkable
class Checking(t.Protocol):
    """An adapter that judges an order before anything is written or sent: a person would type in what is wrong."""

    def order_error(self, request: OrderRequest, csr: CsrFacts | None) -> InkanError | None:
        """All that its rules have against it, as one error. csr None: the seller makes the key."""


@t.runtime_checkable
class Foreseeing(t.Protocol):
    """An adapter that knows what an order will wait for, without asking anybody: a person does it."""

    def foreseen(self, request: OrderRequest) -> Seen:
        """What a submit would answer. Writes nothing; the reference of ``request`` is known after the order."""


class PreparingAdapter(CaAdapter, t.Protocol):
    """Of a CA that has to be moved before it says what it wants. Nobody else says WANTS_PREPARATION."""

    def prepare(self, handle: str, request: OrderRequest) -> Seen:
        """After WANTS_PREPARATION: have a token made or renewed, choose the method, approve our own request.
        Repeatable.

        Never answers WANTS_PREPARATION: whatever it could not move says what it is by another status.
        """


@t.runtime_checkable
class Reserving(t.Protocol):
    """An adapter of a CA that gives out the number of an order before the order is placed."""

    def reserve(self, request: OrderRequest) -> str:
        """The number under which this order will be placed, and can be placed once only; "" where there is none. Orders
        nothing. The ledger writes it down first, and gives it to ``submit`` and to ``find``."""


@dataclass(frozen=True)
class AccountConfig:
    """An entry of ``inkan_ca_accounts`` as an adapter's factory receives it.

    settings are never secret; secrets never leave the adapter; state_directory: beside the ledger; the adapter
    makes this folder (0700) if it has keys of its own to keep there (0600).
    """

    name: str
    adapter: str
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str] = field(repr=False)
    state_directory: str


class AdapterFactory(t.Protocol):
    """``settings_errors`` names every wrong or missing setting at once (pure, before any effect)."""

    def settings_errors(self, account: AccountConfig) -> list[str]: ...

    def open(self, account: AccountConfig, *, deadline: float) -> CaAdapter:
        """deadline: seconds from now that all requests together may take."""


def not_offered(verb: str) -> RefusedError:
    """The body of a verb that the account's capabilities exclude."""
    return RefusedError(
        code="verb_not_offered", what=f"This CA has no way to {verb}", todo="Do it at the CA's or seller's portal"
    )
