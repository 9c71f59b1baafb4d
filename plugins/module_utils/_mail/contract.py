# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mailbox is: a place to read letters from. Nothing in it is changed, no letter is marked as seen.

    with open_mailbox(config, deadline=30.0) as mailbox:
        for letter in mailbox.letters(since=yesterday):
            mail = read_mail(letter)

A mailbox raises TransportError (ask again later), RefusedError (the login or a folder), ProtocolError, DeadlineError,
LocalError (a Maildir).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["MAX_LETTER", "Letter", "Mailbox", "MailboxConfig"]

#: Bytes. What is wanted, an approval mail or one with a certificate, has some 10 KiB.
MAX_LETTER = 1024 * 1024
#: Letters read of one folder in one go, the newest first: a mailbox that takes everything is a mistake to notice.
MAX_LETTERS = 2000


class Letter(t.NamedTuple):
    """One mail as it lies in the mailbox.

    id            names it for good, also in a later run: folder, UIDVALIDITY and UID, or the unique name of a Maildir
    raw           its bytes, at most MAX_LETTER of them
    received_at   when the server took it (aware UTC); what its own Date says is the sender's claim
    is_cut        it is larger than MAX_LETTER: nothing may be decided from it
    """

    id: str
    raw: bytes
    received_at: datetime
    is_cut: bool


class Mailbox(t.Protocol):
    def letters(self, *, since: datetime, known: t.Collection[str] = ()) -> t.Iterator[Letter]:
        """Those received at ``since`` or later, of all folders, the oldest first in each.

        known: ids of letters that are not fetched again
        """

    def __enter__(self) -> Mailbox: ...

    def __exit__(self, *_reason: object) -> None: ...


@dataclass(frozen=True)
class MailboxConfig:
    """An entry of ``inkan_mailboxes``: settings are never secret."""

    name: str
    service: str
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str] = field(repr=False)
