# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What approval_mails hands around: a mail with what speaks against it, and an item on its way.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.approval import Arrived, Flaw, OurOrder
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_checks import Case
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_links import shown_link
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import APPROVAL, CODE, MailProfile
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import read_mail
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_options import ApprovalItem
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import iso

__all__ = ["Sighting", "Subject", "arrived", "fresh", "mail_data", "refused"]


@dataclass(frozen=True)
class Sighting:
    """A mail, and what came of looking at it. check, flaw: the first that spoke against it."""

    mail: Arrived
    mailbox: str
    case: Case | None
    check: str = ""
    flaw: Flaw | None = None

    @property
    def profile(self) -> MailProfile | None:
        return self.case.profile if self.case is not None else None

    @property
    def is_approval(self) -> bool:
        return self.profile is not None and self.profile.kind in (APPROVAL, CODE)

    @property
    def domain(self) -> str:
        return self.case.match.domain if self.case is not None else ""

    @property
    def order(self) -> OurOrder | None:
        return self.case.match.order if self.case is not None else None


@dataclass
class Subject:
    """An item on its way."""

    item: ApprovalItem
    entry: Entry | None
    order: OurOrder | None
    mails: list[Sighting] = field(default_factory=list)
    error: InkanError | None = None
    outcome: str = ""
    changed: bool = False
    words: dict[str, t.Any] = field(default_factory=dict)

    @property
    def answerable(self) -> list[Sighting]:
        """The newest last."""
        fitting = [one for one in self.mails if one.is_approval and one.flaw is None]
        return sorted(fitting, key=lambda one: one.mail.received_at)


def arrived(letter: Letter) -> Arrived:
    """Of a letter that is cut only the head is read: nothing may follow from it."""
    head = re.split(rb"\r?\n\r?\n", letter.raw, maxsplit=1)[0]
    mail = read_mail(letter._replace(raw=head) if letter.is_cut else letter)
    return Arrived(
        id=letter.id,
        digest=hashlib.sha256(letter.raw).hexdigest(),
        received_at=letter.received_at,
        senders=mail.senders,
        from_count=mail.from_count,
        recipients=mail.recipients,
        subject=mail.subject,
        text=mail.text,
        links=mail.links,
        headers=mail.trace,
        attachments=len(mail.attachments),
        is_cut=letter.is_cut,
    )


def mail_data(one: Sighting) -> dict[str, t.Any]:
    """For people and reports: no link, no code."""
    mail, profile, case = one.mail, one.profile, one.case
    return {
        "mailbox": one.mailbox,
        "id": escaped(mail.id, 300),
        "sha256": mail.digest,
        "received_at": iso(mail.received_at),
        "sender": escaped(", ".join(mail.senders), 300),
        "recipients": [escaped(address, 254) for address in mail.recipients[:20]],
        "subject": escaped(mail.subject, 300),
        "profile": profile.key if profile else None,
        "kind": profile.kind if profile else None,
        "tested_on": (profile.tested_on or None) if profile else None,
        "unverified": list(profile.unverified) if profile else [],
        "domain": case.match.domain if case else "",
        "name": one.order.name if one.order else None,
        "link": shown_link(case.link.url) if case and one.is_approval and case.link.url else None,
        "check": one.check or None,
        "code": one.flaw.code if one.flaw else None,
        "why": escaped(one.flaw.why, 500) if one.flaw else None,
    }


def fresh(store: LedgerStore, subject: Subject) -> Entry | None:
    """As the ledger has it now, under our lease."""
    return newest(store.entries([subject.item.name]).get(subject.item.name, []))


def refused(subject: Subject, flaw: Flaw) -> InkanError:
    return PolicyError(
        code=flaw.code,
        what=f'Will not answer for "{subject.item.name}"',
        where=f'item "{subject.item.name}"',
        why=flaw.why,
        todo="Nothing was sent. Change inkan_approvals, or answer by hand",
    )
