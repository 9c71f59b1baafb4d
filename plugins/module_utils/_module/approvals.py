# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""approval_mails, told from options to results.

    1. look      the ledger's orders, then the letters of all mailboxes
    2. judge     each letter: which kind of mail, which order, and the checks that need the mail alone
    3. notice    what mails of sellers tell moves the order (not in check mode)
    4. answer    where the mode and the item allow it: ``approval_answering``
    5. report    one result an order

Nothing is fetched before 4, and no letter is marked, moved or shown with its link.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.approval import (
    Arrived,
    Flaw,
    OurOrder,
    is_sender_known,
    profile_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_checks import (
    CHECKS,
    Case,
    Match,
    first_flaw,
    match,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, State, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_links import shown_link
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import APPROVAL, CODE, MailProfile
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from ansible_collections.inkan.tls.plugins.module_utils._mail.border import border_of
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Letter, Mailbox, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._mail.reading import read_mail
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_options import ApprovalCall, ApprovalItem
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_orders import our_order
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import iso
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result

__all__ = ["ApprovalTools", "Sighting", "Subject", "run_approvals"]

#: letters that are looked at: no link lives longer (BR 3.2.2.4)
_SINCE = timedelta(days=31)
#: of other mails so many are told
_MOST_OTHERS = 200


CHECKS_OF_NOTICES = tuple(check for check in CHECKS if check.name in ("sender", "authentication"))


class OpenMailbox(t.Protocol):
    def __call__(self, config: MailboxConfig, clock: Clock, *, deadline: float) -> Mailbox: ...


@dataclass(frozen=True)
class ApprovalTools:
    """What the run works with."""

    clock: Clock
    open_mailbox: OpenMailbox
    adapters: t.Mapping[str, AdapterFactory]


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


def run_approvals(call: ApprovalCall, tools: ApprovalTools) -> Result:
    return _Run(call, tools).run()


class _Run:
    def __init__(self, call: ApprovalCall, tools: ApprovalTools) -> None:
        self._call = call
        self._tools = tools
        self._now = tools.clock.now()
        self._ends_at = tools.clock.monotonic() + call.deadline
        self._warnings: list[str] = []
        self._others: list[Sighting] = []
        self._read = 0

    def run(self) -> Result:
        entries = self._entries()
        subjects = self._subjects(entries)
        orders = self._orders(entries)
        for sighting in self._sightings(orders):
            subject = next((one for one in subjects if sighting.order and one.item.name == sighting.order.name), None)
            if subject is None:
                self._others.append(sighting)
            else:
                subject.mails.append(sighting)
        return self._result(subjects)

    # -- 1. look

    def _entries(self) -> dict[str, list[Entry]]:
        store = open_for_reading(self._call.ledger_path)
        if store is None:
            return {}
        with store:
            return store.entries()

    def _subjects(self, entries: t.Mapping[str, list[Entry]]) -> list[Subject]:
        items = self._call.items
        if items is None:
            waiting = [name for name, ones in sorted(entries.items()) if any(one.is_open for one in ones)]
            items = tuple(ApprovalItem(name) for name in waiting)
        return [self._subject(item, newest(entries.get(item.name, []))) for item in items]

    def _subject(self, item: ApprovalItem, entry: Entry | None) -> Subject:
        order = self._order(entry, item) if entry is not None else None
        return Subject(item, entry, order)

    def _order(self, entry: Entry, item: ApprovalItem | None) -> OurOrder:
        return our_order(entry, self._call.accounts.get(entry.order.ca_account), item)

    def _orders(self, entries: t.Mapping[str, list[Entry]]) -> list[OurOrder]:
        """Also those of certificates that are no items: a mail about them must not be taken for another's."""
        items = {item.name: item for item in self._call.items or ()}
        return [self._order(entry, items.get(name)) for name, ones in entries.items() for entry in ones]

    def _sightings(self, orders: t.Sequence[OurOrder]) -> t.Iterator[Sighting]:
        for name, config in self._call.mailboxes.items():
            left = max(self._ends_at - self._tools.clock.monotonic(), 0.0)
            try:
                with self._tools.open_mailbox(config, self._tools.clock, deadline=max(left / 2, 0.001)) as mailbox:
                    for letter in mailbox.letters(since=self._now - _SINCE):
                        self._read += 1
                        yield self._judged(arrived(letter), name, orders)
            except InkanError as error:
                self._warnings.append(f'The mailbox "{name}" could not be read: {error.sentence()}')

    # -- 2. judge

    def _judged(self, mail: Arrived, mailbox: str, orders: t.Sequence[OurOrder]) -> Sighting:
        profile, about = profile_of(mail, self._call.profiles)
        if profile is None:
            known = is_sender_known(mail, self._call.profiles)
            flaw = Flaw("mail_cut", "it is too large to be read") if mail.is_cut else None
            flaw = flaw or (
                Flaw(
                    "mail_unknown", "it comes from a known sender, and is none of the kinds of mail that are described"
                )
                if known
                else Flaw("sender_unknown", "nobody has described mails of its sender")
            )
            return Sighting(mail, mailbox, None, "sender", flaw)
        matched = Match(None) if mail.is_cut else match(mail, profile, about, orders)
        border = border_of(self._call.mailboxes[mailbox])
        case = Case(mail, profile, about, matched, border, self._now)
        if mail.is_cut:
            return Sighting(mail, mailbox, case, "order", Flaw("mail_cut", "it is too large to be read"))
        if profile.kind not in (APPROVAL, CODE):
            return self._judged_notice(case, mailbox)
        found = first_flaw(case, "mail")
        return Sighting(mail, mailbox, case, found[0].name if found else "", found[1] if found else None)

    def _judged_notice(self, case: Case, mailbox: str) -> Sighting:
        """Nothing is answered: who it is from has to be sure, and which order it is about."""
        if case.profile.kind == "other":
            flaw = Flaw("mail_of_another_kind", f"it is another kind of mail: {case.profile.title}")
            return Sighting(case.mail, mailbox, replace(case, match=Match(None)), "order", flaw)
        if case.match.order is None:
            return Sighting(case.mail, mailbox, case, "order", case.match.flaw)
        for check in CHECKS_OF_NOTICES:
            flaw_found = check.judge(case)
            if flaw_found is not None:
                return Sighting(case.mail, mailbox, case, check.name, flaw_found)
        return Sighting(case.mail, mailbox, case)

    # -- 5. report

    def _result(self, subjects: t.Sequence[Subject]) -> Result:
        shown = [one for one in self._others if one.flaw is None or one.flaw.code != "sender_unknown"]
        return Result(
            [self._item(subject) for subject in subjects],
            warnings=self._warnings,
            extra={
                "mails_read": self._read,
                "other_mails": [mail_data(one) for one in shown[:_MOST_OTHERS]],
                "strangers": len(self._others) - len(shown),
            },
        )

    def _item(self, subject: Subject) -> ItemResult:
        entry, order = subject.entry, subject.order
        profile = next((one.profile for one in reversed(subject.mails) if one.is_approval), None)
        extra = {
            "order": (entry.standing.handle or None) if entry else None,
            "reference": entry.order.reference if entry else None,
            "dns_names": list(entry.order.dns_names) if entry else [],
            "waits": order.waits if order else False,
            "mails": [mail_data(one) for one in subject.mails],
            "procedure": (profile.procedure or None) if profile else None,
            **subject.words,
        }
        return ItemResult(
            name=subject.item.name,
            outcome=subject.outcome or _outcome(subject),
            state=entry.state.value if entry else State.NONE.value,
            changed=subject.changed,
            error=subject.error,
            extra=extra,
        )


def _outcome(subject: Subject) -> str:
    if subject.order is None or not subject.order.waits:
        return "not_waiting"
    if subject.answerable:
        return "mail_found"
    return "mail_doubtful" if any(one.is_approval for one in subject.mails) else "no_mail"


def arrived(letter: Letter) -> Arrived:
    mail = read_mail(letter)
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
        "received_at": _moment(mail.received_at),
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


def _moment(moment: datetime) -> str:
    return str(iso(moment))
