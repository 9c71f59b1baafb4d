# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The narrow doors: what pure code asks of the outside. ``_io`` opens them, tests script them.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime


class Clock(t.Protocol):
    """The only source of time. ``now`` may be moved in a lab (``inkan_now``); ``monotonic`` and ``sleep`` are real."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class HttpResponse:
    """status; headers with lower-case names (repeated ones joined by ", "); body as it came, within the size bound."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    url: str


class HttpClient(t.Protocol):
    """One request, one response; never follows a redirect, never retries, never reads more than its size bound.

    Raises TransportError (with ``sent``) or DeadlineError. Status codes are the caller's business.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse: ...


class Budget(t.Protocol):
    """How many requests a service takes, counted together with everybody else who asks it by the same key."""

    def take(self, left: float) -> float:
        """Seconds to wait before one request may be sent. More than ``left``: nothing was promised."""

    def hold(self, seconds: float) -> None:
        """The other side wants no request before that."""


@dataclass(frozen=True)
class TokenRecord:
    """A DNS record that an order wants published. ``name``: absolute A-label name without trailing dot."""

    name: str
    type: str
    value: str
    ttl: int = 60


@dataclass(frozen=True)
class TokenFile:
    """A file that an order wants served. ``path`` is relative to the document root, with forward slashes."""

    dns_name: str
    path: str
    content: str
    url: str


@dataclass(frozen=True)
class Task:
    """What a person does where no machine can: at a seller's portal, by mail, by phone.

    actor   customer, seller or ca: whose turn it is
    owner   who of them: a name or mailbox, "" where nobody is named
    where   the portal's menu path, or whom to write to
    due     by when (aware UTC); None: nobody has set a day
    sheet   the file with all that has to be typed in, on the host that keeps the ledger
    tell    what is told back with ``inkan_intake`` when it is done: one of its keys, "" for nothing
    letter  what to write, in the seller's language
    kind    what sort of step it is (``_data/person_steps.KINDS``), "" for one of an adapter's own
    mail    where the owner is reached; escalate_to: who is told when it is late
    lapses  when the certificate ends that is live now: what being late costs; None: none is known
    card    what has to be at hand when the CA calls: key and value, in order
    papers  keys of papers (``_data/person_papers.PAPERS``); the papers themselves are kept nowhere
    """

    actor: str
    what: str
    owner: str = ""
    where: str = ""
    due: datetime | None = None
    sheet: str = ""
    tell: str = ""
    letter: str = ""
    facts: tuple[str, ...] = ()
    kind: str = ""
    mail: str = ""
    escalate_to: str = ""
    lapses: datetime | None = None
    card: tuple[tuple[str, str], ...] = ()
    papers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What the CA wants to see before it validates."""

    records: tuple[TokenRecord, ...] = ()
    files: tuple[TokenFile, ...] = ()
    #: for people: pages to open, things to prepare
    notes: tuple[str, ...] = field(default=())
    #: mail addresses that the CA says it wrote to, or will
    mails: tuple[str, ...] = field(default=())
    #: what persons have to do, the next thing first
    tasks: tuple[Task, ...] = field(default=())
