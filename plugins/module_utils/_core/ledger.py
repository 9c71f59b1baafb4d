# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger as values: an order, the facts that were learned about it, and the state that follows from them.

Facts are only ever added, each with its time; the state is never stored, it is computed (``Entry.standing``). What is
open, wanted or left over follows from the same facts, so it cannot be stale or contradict itself.

    none ──submit_intended──► intended ──submitted, seen──► wanted ──ready──► validating ──► issuing ──downloaded──┐
      ▲                          │                 or awaiting_approval ───────┘ │            │                    │
      │                          │                             └─────────────────┴────────────┘                    │
      └──────submit_absent───────┤                                  refused, expired, cancelled (closed)           │
                                 └──► needs_person                                                                  │
                                                       no hosts: issued ◄──────────────────────────────────────────┤
              rolled_back ◄── deployed (every host) ◄── deploy_pending ◄───────────────────────────────────────────┘
                                                       revoked may follow each of these

This file is private to the collection.
"""

from __future__ import annotations

import enum
import hashlib
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from ansible_collections.inkan.tls.plugins.module_utils._core.persist import is_standing
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.task_log import TaskLog, TaskStand


class Kind(enum.Enum):
    """What a fact says. The fields of :class:`Fact` that it uses are in brackets."""

    SUBMIT_INTENDED = "submit_intended"  # about to be sent [word: OrderKind; handle, text: its predecessor's, serial]
    TAKEN_IN = (
        "taken_in"  # what a person told [word: a key of an intake, text; wanted: a token; certificate; by: whence]
    )
    RESERVED = "reserved"  # the CA gave the number under which it may be sent; nothing was sent yet [handle]
    SUBMIT_ABSENT = "submit_absent"  # that intent led to no order [code, text; handle: it was of none]
    SUBMITTED = "submitted"  # the CA has the order [handle, by: ca, or person who adopted it]
    SEEN = "seen"  # an answer of the CA [status, word, expires, names: those validated]
    WANTED = "wanted"  # what the CA wants published [wanted]
    READY_INTENDED = "ready_intended"  # the CA is about to be asked to look
    READY_ASKED = "ready_asked"  # it took that
    RESENT = "resent"  # the CA was asked to send its approval mails again [names: to whom]
    CONTACT_CHANGED = "contact_changed"  # approval is asked for there from now on [word: its kind, text: the address]
    DOWNLOADED = "downloaded"  # [certificate]; closes the order at the CA
    HOSTS = "hosts"  # the hosts of the certificate are these now [names]
    DEPLOYED = "deployed"  # [host]
    ROLLED_BACK = "rolled_back"  # [host]
    TOKEN_PUBLISHED = "token_published"  # noqa: S105 [token]
    TOKEN_REMOVED = "token_removed"  # noqa: S105 [token]
    CANCEL_INTENDED = "cancel_intended"
    CANCELLED = "cancelled"  # closes [by, text]
    REFUSED = "refused"  # closes [by, code, text]
    EXPIRED = "expired"  # closes [by, text]
    REVOKE_INTENDED = "revoke_intended"  # [text: the reason]
    REVOKED = "revoked"  # [text: the reason]
    NEEDS_PERSON = "needs_person"  # [code, text]
    #: the form of an approval mail is about to be sent [host: the domain; word: the kind of mail; token: its digest;
    #: by: auto or person; text: evidence]
    APPROVAL_INTENDED = "approval_intended"
    APPROVAL_OUTCOME = "approval_outcome"  # what came of it [host, token; code; by; text: evidence]
    #: a mail of the seller or CA tells something [word: what; token; by: sender; text]; one that a step is about also
    #: [host: its id; names: to whom; expires: when it arrived]
    MAIL_NOTICED = "mail_noticed"
    #: a step that no machine can do was reached [word: its id; wanted.tasks: the step]; a person did it, or takes that
    #: back [word: its id; by: who; text: a note]
    TASK_OPENED = "task_opened"
    TASK_CLOSED = "task_closed"
    TASK_REOPENED = "task_reopened"
    TRANSPORT_FAILURE = "transport_failure"  # no answer, or a broken one: ends nothing [code, text]


#: The CA owes us nothing after these: the place for the next order of this certificate and purpose is free.
CLOSING = frozenset({Kind.DOWNLOADED, Kind.CANCELLED, Kind.REFUSED, Kind.EXPIRED})
#: Said again without a difference, these only move ``last_at`` and ``times`` of the fact that is there (merge_place).
REPEATING = frozenset(
    {Kind.SEEN, Kind.WANTED, Kind.READY_INTENDED, Kind.READY_ASKED, Kind.TRANSPORT_FAILURE, Kind.CANCEL_INTENDED}
    | {Kind.REVOKE_INTENDED, Kind.NEEDS_PERSON}
)
#: Codes of what came of an order that was found missing, and sent again, once its entry is closed: the first one is
#: there too (NEEDS_PERSON [handle]), it was cancelled (SUBMIT_ABSENT [handle]), or it never came up (SUBMIT_ABSENT).
_SURPLUS = frozenset({"surplus_order", "surplus_cancelled", "surplus_none"})
#: Stands where a key's digest would: the seller makes the key, so it is known when the certificate is.
SELLERS_KEY = "0" * 64
#: Those of which it does not matter when they were said last: they are history, or a mark that stays once it is set.
TIMELESS = frozenset({Kind.READY_INTENDED, Kind.READY_ASKED, Kind.CANCEL_INTENDED, Kind.REVOKE_INTENDED})


class Answer(enum.Enum):
    """The CA's status as an adapter understood it; the same words as ``_ca/contract.Status`` (a test compares them)."""

    ACCEPTED = "accepted"
    WANTS_VALIDATION = "wants_validation"
    WANTS_APPROVAL = "wants_approval"
    WANTS_PERSON = "wants_person"
    VALIDATING = "validating"
    ISSUING = "issuing"
    ISSUED = "issued"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class OrderKind(enum.Enum):
    """How an order stands to the one before it (``_ca/contract`` has this very enum)."""

    NEW = "new"  # to none
    RENEW = "renew"  # a new order that tells the CA which one it follows
    REISSUE = "reissue"  # another certificate of that order, inside the term that was paid for


_ORDER_KINDS = frozenset(kind.value for kind in OrderKind)


class State(enum.Enum):
    """Computed from the facts. ``issued`` and below have their certificate in the ledger."""

    NONE = "none"  # nothing was sent, or what was sent led to nothing
    INTENDED = "intended"  # sent, perhaps: the outcome is not known
    WANTED = "wanted"  # the CA waits for records or files
    AWAITING_APPROVAL = "awaiting_approval"  # the CA waits for a person: a mail, a page, a call
    AWAITING_PERSON = "awaiting_person"  # somebody has to do something at a portal, and to tell what came of it
    VALIDATING = "validating"  # the CA is looking
    ISSUING = "issuing"  # validated; the certificate is being made, or waits to be downloaded
    NEEDS_PERSON = "needs_person"
    ISSUED = "issued"  # downloaded, and no host is to get it from us; final
    DEPLOY_PENDING = "deploy_pending"
    DEPLOYED = "deployed"  # on every host; final
    ROLLED_BACK = "rolled_back"  # final
    REVOKED = "revoked"  # final
    REFUSED = "refused"  # final
    EXPIRED = "expired"  # final
    CANCELLED = "cancelled"  # final


_ENDINGS = {Kind.REFUSED: State.REFUSED, Kind.EXPIRED: State.EXPIRED, Kind.CANCELLED: State.CANCELLED}
_AT_THE_CA = {
    Answer.WANTS_VALIDATION: State.WANTED,
    Answer.WANTS_APPROVAL: State.AWAITING_APPROVAL,
    Answer.WANTS_PERSON: State.AWAITING_PERSON,
    Answer.ISSUING: State.ISSUING,
    Answer.ISSUED: State.ISSUING,
}  # all others: validating, which is looked at again and never acted on


#: Answers after which what was wanted before may still be looked at.
_STILL_WANTED = frozenset(
    {None, Answer.ACCEPTED, Answer.WANTS_VALIDATION, Answer.WANTS_APPROVAL, Answer.WANTS_PERSON, Answer.VALIDATING}
)


@dataclass(frozen=True)
class Certificate:
    """What was downloaded. PEM texts; serial in lower-case hex."""

    pem: str
    chain: tuple[str, ...]
    serial: str
    not_before: datetime
    not_after: datetime
    key_type: str = ""
    #: of its public key; "" in entries of old
    public_key_sha256: str = ""


@dataclass(frozen=True)
class Fact:
    """One thing learned, and when. ``times`` and ``last_at`` count repetitions (REPEATING)."""

    kind: Kind
    at: datetime
    handle: str = ""
    status: Answer | None = None
    word: str = ""
    expires: datetime | None = None
    names: tuple[str, ...] = ()
    wanted: Wanted | None = None
    certificate: Certificate | None = None
    host: str = ""
    token: str = ""
    by: str = ""
    code: str = ""
    text: str = ""
    times: int = 1
    last_at: datetime | None = None

    def repeats(self, other: Fact) -> bool:
        """Whether this says nothing new after ``other``, the newest fact of its kind."""
        return self.kind in REPEATING and replace(self, at=other.at, times=other.times, last_at=other.last_at) == other


@dataclass(frozen=True)
class Order:
    """What was ordered. Written once with the first intent, never changed."""

    name: str
    purpose: str
    reference: str
    ca_account: str
    product: str
    common_name: str
    dns_names: tuple[str, ...]
    method: str
    csr: str
    public_key_sha256: str
    custodian: str
    hosts: tuple[str, ...]
    options: t.Mapping[str, t.Any]
    created_at: datetime


Token = t.Union[TokenRecord, TokenFile]


def token_id(token: Token) -> str:
    """The same content has the same id, in whatever order it appears: ``r`` or ``f`` and 24 hex digits."""
    if isinstance(token, TokenRecord):
        return "r" + _digest(token.type, token.name, token.value)
    return "f" + _digest(token.dns_name, token.path, token.content)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def tokens_of(wanted: Wanted) -> dict[str, Token]:
    """By id; records before files."""
    every: tuple[Token, ...] = (*wanted.records, *wanted.files)
    return {token_id(token): token for token in every}


@dataclass(frozen=True)
class Standing:
    """All that follows from an entry's facts, computed in one pass."""

    state: State = State.NONE
    open: bool = True
    handle: str = ""
    intended_at: datetime | None = None
    #: the CA's newest answer, which may be UNKNOWN, and its own word
    status: Answer | None = None
    word: str = ""
    expires: datetime | None = None
    validated: tuple[str, ...] = ()
    #: what must be visible now
    wanted: Wanted = Wanted()
    ready_asked: bool = False
    #: how the order was sent, or is about to be; replaces, replaces_serial: the handle and serial of its predecessor
    kind: OrderKind = OrderKind.NEW
    replaces: str = ""
    replaces_serial: str = ""
    #: the code with which the CA did not take it last
    absent_code: str = ""
    #: the number under which it may be sent, where the CA gives one out before
    reserved: str = ""
    #: kind and address, since they were changed
    contact: tuple[str, str] | None = None
    certificate: Certificate | None = None
    obtained_at: datetime | None = None
    hosts: tuple[str, ...] = ()
    deployed_on: tuple[str, ...] = ()
    rolled_back_on: tuple[str, ...] = ()
    published: frozenset[str] = frozenset()
    #: ids of every token that was ever wanted
    once_wanted: frozenset[str] = frozenset()
    #: every token that was ever wanted, or published again, and is not known to be removed: by id
    outstanding: t.Mapping[str, Token] = field(default_factory=dict)
    #: the fact that ended the order, revoked the certificate or asks for a person
    reason: Fact | None = None
    #: since when an order that was sent counts as never made, because the CA said so: it may turn up yet
    doubted_at: datetime | None = None
    #: it did, and a person has to act
    surplus: Fact | None = None
    trouble: Fact | None = None
    #: what persons told of this order, the newest word of each kind; when mails were last asked for again
    taken: t.Mapping[str, Fact] = field(default_factory=dict)
    resent_at: datetime | None = None
    #: what mails of the seller or CA told, the newest of each kind
    notices: t.Mapping[str, Fact] = field(default_factory=dict)
    #: steps for persons that the order has reached, done or not: by id
    tasks: t.Mapping[str, TaskStand] = field(default_factory=dict)

    @property
    def hosts_pending(self) -> tuple[str, ...]:
        if self.state is not State.DEPLOY_PENDING:
            return ()
        return tuple(host for host in self.hosts if host not in self.deployed_on)


@dataclass(frozen=True)
class Entry:
    """An order with its facts, oldest first. ``number``: its row in the store (0: not stored)."""

    order: Order
    facts: tuple[Fact, ...] = ()
    number: int = 0

    @cached_property
    def standing(self) -> Standing:
        return _Fold(self.order.hosts).over(self.facts)

    @property
    def state(self) -> State:
        return self.standing.state

    @property
    def is_open(self) -> bool:
        return self.standing.open

    @property
    def public_key_sha256(self) -> str:
        """Of the key that it was made with; where the seller makes it, "" until its certificate is there."""
        if self.order.public_key_sha256 != SELLERS_KEY:
            return self.order.public_key_sha256
        return self.standing.certificate.public_key_sha256 if self.standing.certificate else ""

    @property
    def options(self) -> t.Mapping[str, t.Any]:
        """As ordered, with the contact as it is now."""
        contact = self.standing.contact
        if contact is None:
            return self.order.options
        return {**self.order.options, "contact": {"kind": contact[0], "address": contact[1]}}

    def having(self, facts: t.Iterable[Fact]) -> Entry:
        """The entry after these facts were added, repetitions merged as the store merges them."""
        known = list(self.facts)
        for fact in facts:
            place = merge_place(known, fact)
            if place is None:
                known.append(fact)
            else:
                known[place] = replace(known[place], times=known[place].times + 1, last_at=fact.at)
        return Entry(self.order, tuple(known), self.number)


def merge_place(facts: t.Sequence[Fact], fact: Fact) -> int | None:
    """Where a repetition is counted, so that the same follows from the facts as if it were added; else None.

    That is the newest fact of its kind, if it says the same and nothing was learned since that may have changed it: an
    answer after a failure, or after a person adopted the order, is news although it was given before.
    """
    if fact.kind not in REPEATING:
        return None
    for place in range(len(facts) - 1, -1, -1):
        if facts[place].kind is fact.kind:
            return place if fact.repeats(facts[place]) else None
        if not {fact.kind, facts[place].kind} & TIMELESS:
            return None
    return None


class _Fold:
    """Walks the facts once. Any sequence is possible: a restored backup, a person's hand, a bug of yesterday."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self._hosts = hosts
        self._handle = ""
        self._intended_at: datetime | None = None
        self._status: Answer | None = None
        self._known: Answer | None = None
        self._word = ""
        self._expires: datetime | None = None
        self._validated: tuple[str, ...] = ()
        self._wanted = Wanted()
        self._ready_asked = False
        self._kind = OrderKind.NEW
        self._replaces = self._replaces_serial = self._absent_code = self._reserved = ""
        self._contact: tuple[str, str] | None = None
        self._certificate: Certificate | None = None
        self._obtained_at: datetime | None = None
        self._deployed: dict[str, bool] = {}  # host -> deployed, or rolled back
        self._published: set[str] = set()
        self._every: dict[str, Token] = {}
        self._outstanding: dict[str, Token] = {}
        self._ending: Fact | None = None
        self._person: Fact | None = None
        self._doubted_at: datetime | None = None
        self._surplus: Fact | None = None
        self._revoked: Fact | None = None
        self._trouble: Fact | None = None
        self._taken: dict[str, Fact] = {}
        self._resent_at: datetime | None = None
        self._notices: dict[str, Fact] = {}
        self._tasks = TaskLog()

    def over(self, facts: t.Iterable[Fact]) -> Standing:
        for fact in facts:
            handler = _HANDLERS.get(fact.kind)
            if handler is not None:
                handler(self, fact)
        return self._standing()

    def _intend(self, fact: Fact) -> None:
        self._intended_at = fact.at
        self._kind = OrderKind(fact.word) if fact.word in _ORDER_KINDS else OrderKind.NEW
        self._replaces, self._replaces_serial = fact.handle, fact.text

    def _reserve(self, fact: Fact) -> None:
        self._reserved, self._intended_at = fact.handle, None

    def _absent(self, fact: Fact) -> None:
        if fact.code in _SURPLUS:
            self._doubted_at = None
            return
        if fact.by == "ca" and not fact.code and not fact.handle:
            self._doubted_at = fact.at
        self._intended_at = None
        self._absent_code = fact.code or self._absent_code
        self._person = None
        if fact.handle and fact.handle == self._handle:
            self._handle, self._status, self._known = "", None, None

    def _submit(self, fact: Fact) -> None:
        self._handle = fact.handle
        self._person = None
        self._status = self._known = None

    def _see(self, fact: Fact) -> None:
        self._status, self._word = fact.status, fact.word
        self._expires = fact.expires or self._expires
        self._validated = fact.names or self._validated
        self._trouble = None
        if fact.status not in (None, Answer.UNKNOWN):
            self._known = fact.status
        if self._known not in _STILL_WANTED:
            self._wanted = Wanted()

    def _want(self, fact: Fact) -> None:
        wanted = fact.wanted or Wanted()
        self._every.update(tokens_of(wanted))
        self._outstanding.update(tokens_of(wanted))
        self._wanted = wanted if self._ending is None else Wanted()

    def _ready(self, _fact: Fact) -> None:
        self._ready_asked = True

    def _change_contact(self, fact: Fact) -> None:
        self._contact = (fact.word, fact.text)

    def _take_in(self, fact: Fact) -> None:
        self._taken[fact.word] = fact

    def _resend(self, fact: Fact) -> None:
        self._resent_at = fact.at

    def _notice(self, fact: Fact) -> None:
        self._notices[fact.word] = fact
        self._tasks.mail(fact.host, fact.expires or fact.at, fact.names)

    def _open_task(self, fact: Fact) -> None:
        for task in fact.wanted.tasks if fact.wanted is not None else ():
            self._tasks.open(fact.word, task, fact.at)

    def _close_task(self, fact: Fact) -> None:
        self._tasks.close(fact.word, fact.at, fact.by, fact.text)

    def _reopen_task(self, fact: Fact) -> None:
        self._tasks.reopen(fact.word, fact.at, fact.by, fact.text)

    def _download(self, fact: Fact) -> None:
        self._certificate, self._obtained_at = fact.certificate, fact.at
        self._close(fact)

    def _close(self, fact: Fact) -> None:
        self._ending = self._ending or fact
        self._wanted = Wanted()

    def _set_hosts(self, fact: Fact) -> None:
        self._hosts = fact.names

    def _deploy(self, fact: Fact) -> None:
        self._deployed[fact.host] = fact.kind is Kind.DEPLOYED

    def _publish(self, fact: Fact) -> None:
        self._published.add(fact.token)
        if fact.token in self._every:
            self._outstanding[fact.token] = self._every[fact.token]

    def _remove(self, fact: Fact) -> None:
        self._published.discard(fact.token)
        if fact.token not in tokens_of(self._wanted):  # still wanted: it will be published again, so it stays counted
            self._outstanding.pop(fact.token, None)

    def _ask_person(self, fact: Fact) -> None:
        if fact.code in _SURPLUS:
            self._doubted_at, self._surplus = None, fact
        else:
            self._person = fact

    def _revoke(self, fact: Fact) -> None:
        self._revoked = fact

    def _fail(self, fact: Fact) -> None:
        self._trouble = fact

    def _standing(self) -> Standing:
        return Standing(
            state=self._state(),
            open=self._ending is None,
            handle=self._handle,
            intended_at=self._intended_at,
            status=self._status,
            word=self._word,
            expires=self._expires,
            validated=self._validated,
            wanted=self._wanted,
            ready_asked=self._ready_asked,
            kind=self._kind,
            replaces=self._replaces,
            replaces_serial=self._replaces_serial,
            absent_code=self._absent_code,
            reserved=self._reserved,
            contact=self._contact,
            certificate=self._certificate,
            obtained_at=self._obtained_at,
            hosts=self._hosts,
            deployed_on=tuple(host for host, there in self._deployed.items() if there),
            rolled_back_on=tuple(host for host, there in self._deployed.items() if not there),
            published=frozenset(self._published),
            once_wanted=frozenset(self._every),
            outstanding=dict(self._outstanding),
            reason=self._revoked or self._ending or self._person,
            doubted_at=self._doubted_at,
            surplus=self._surplus,
            trouble=self._trouble,
            taken=dict(self._taken),
            resent_at=self._resent_at,
            notices=self._notices,
            tasks=self._tasks.stands(),
        )

    def _state(self) -> State:
        if self._certificate is not None:
            return self._state_of_certificate()
        if self._ending is not None:
            return _ENDINGS.get(self._ending.kind, State.CANCELLED)
        if self._person is not None:
            return State.NEEDS_PERSON
        if self._handle:
            return _AT_THE_CA.get(self._known, State.VALIDATING) if self._known else State.VALIDATING
        return State.INTENDED if self._intended_at is not None else State.NONE

    def _state_of_certificate(self) -> State:
        if self._revoked is not None:
            return State.REVOKED
        if not all(self._deployed.values()):
            return State.ROLLED_BACK
        if not self._hosts and not self._deployed:
            return State.ISSUED
        return State.DEPLOYED if all(self._deployed.get(host) for host in self._hosts) else State.DEPLOY_PENDING


_HANDLERS: dict[Kind, t.Callable[[_Fold, Fact], None]] = {
    Kind.SUBMIT_INTENDED: _Fold._intend,
    Kind.RESERVED: _Fold._reserve,
    Kind.SUBMIT_ABSENT: _Fold._absent,
    Kind.SUBMITTED: _Fold._submit,
    Kind.SEEN: _Fold._see,
    Kind.WANTED: _Fold._want,
    Kind.READY_ASKED: _Fold._ready,
    Kind.CONTACT_CHANGED: _Fold._change_contact,
    Kind.DOWNLOADED: _Fold._download,
    Kind.CANCELLED: _Fold._close,
    Kind.REFUSED: _Fold._close,
    Kind.EXPIRED: _Fold._close,
    Kind.HOSTS: _Fold._set_hosts,
    Kind.DEPLOYED: _Fold._deploy,
    Kind.ROLLED_BACK: _Fold._deploy,
    Kind.TOKEN_PUBLISHED: _Fold._publish,
    Kind.TOKEN_REMOVED: _Fold._remove,
    Kind.REVOKED: _Fold._revoke,
    Kind.NEEDS_PERSON: _Fold._ask_person,
    Kind.TRANSPORT_FAILURE: _Fold._fail,
    Kind.TAKEN_IN: _Fold._take_in,
    Kind.RESENT: _Fold._resend,
    Kind.MAIL_NOTICED: _Fold._notice,
    Kind.TASK_OPENED: _Fold._open_task,
    Kind.TASK_CLOSED: _Fold._close_task,
    Kind.TASK_REOPENED: _Fold._reopen_task,
}  # the other kinds are intents of repeatable acts: history only


def newest(entries: t.Iterable[Entry]) -> Entry | None:
    """The entry that speaks for a certificate: the open one, else the one ordered last."""
    ordered = sorted(entries, key=lambda entry: (entry.is_open, entry.number))
    return ordered[-1] if ordered else None


@dataclass(frozen=True)
class Leftover:
    """A token that no order needs any more, and the order that wanted it."""

    token: Token
    order: Order


def leftovers(entries: t.Iterable[Entry]) -> dict[str, Leftover]:
    """Tokens of one certificate name, of whatever order, that are not known to be removed and not wanted now: by id.

    Records that stand for the name and not for an order (dns-persist-01) are none: role contacts keeps them.
    """
    known = list(entries)
    needed = {identity for entry in known for identity in tokens_of(entry.standing.wanted)}
    found = _outstanding(known)
    return {identity: left for identity, left in found.items() if identity not in needed and not _stands(left.token)}


def standing_records(entries: t.Iterable[Entry]) -> dict[str, Leftover]:
    """The records of one certificate name that outlive their orders, and are not known to be removed: by id."""
    return {identity: left for identity, left in _outstanding(entries).items() if _stands(left.token)}


def _outstanding(entries: t.Iterable[Entry]) -> dict[str, Leftover]:
    found: dict[str, Leftover] = {}
    for entry in entries:
        found.update({one: Leftover(token, entry.order) for one, token in entry.standing.outstanding.items()})
    return found


def _stands(token: Token) -> bool:
    return isinstance(token, TokenRecord) and is_standing(token.name)
