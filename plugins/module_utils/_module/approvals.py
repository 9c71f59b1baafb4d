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

import os
import typing as t
from dataclasses import dataclass, replace
from datetime import timedelta

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
from ansible_collections.inkan.tls.plugins.module_utils._core.approval_policy import ApprovalPolicy, answering_by
from ansible_collections.inkan.tls.plugins.module_utils._core.correction import CORRECTION, open_correction
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, State, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.people import live_until
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock, HttpClient
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._data.mail_profiles import (
    APPROVAL,
    CODE,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    Append,
    Leases,
    LedgerStore,
    open_for_reading,
    open_for_writing,
)
from ansible_collections.inkan.tls.plugins.module_utils._mail.border import border_of
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import Mailbox, MailboxConfig
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_answering import Answering, Desk
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_notices import news_of
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_options import ApprovalCall, ApprovalItem
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_orders import attempts_of, counted, our_order
from ansible_collections.inkan.tls.plugins.module_utils._module.approval_values import (
    Sighting,
    Subject,
    arrived,
    fresh,
    mail_data,
    refused,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_accounts import Accounts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import entry_text, order_diff
from ansible_collections.inkan.tls.plugins.module_utils._module.people_view import task_data
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result

__all__ = ["ApprovalTools", "run_approvals"]

#: letters that are looked at: no link lives longer (BR 3.2.2.4)
_SINCE = timedelta(days=31)
#: of other mails so many are told
_MOST_OTHERS = 200
#: one run answers at a time, or two would count the day's approvals apart; no certificate has such a name
_TURN = ".approvals"
_LEASE_GRACE = 60.0
_NO_LIMIT = 1000
_DAY = timedelta(hours=24)


CHECKS_OF_NOTICES = tuple(check for check in CHECKS if check.name in ("sender", "authentication"))


class OpenMailbox(t.Protocol):
    def __call__(self, config: MailboxConfig, clock: Clock, *, deadline: float) -> Mailbox: ...


@dataclass(frozen=True)
class ApprovalTools:
    """What the run works with. http: opens approval pages; published: whether an order's contact is in DNS now."""

    clock: Clock
    open_mailbox: OpenMailbox
    adapters: t.Mapping[str, AdapterFactory]
    http: t.Callable[[Sight], HttpClient]
    published: t.Callable[[OurOrder, Sight], bool | None]


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
        for sighting in self._sightings(self._orders(entries)):
            self._put(sighting, subjects, entries)
        before = {subject.item.name: subject.entry for subject in subjects}
        noticed = [subject for subject in subjects if news_of(subject, self._now)]
        answered = self._to_answer(subjects, entries)
        if self._call.check_mode:
            for subject in (*noticed, *(one for one, _by in answered)):
                subject.changed = True
        elif noticed or answered:
            with open_for_writing(self._call.ledger_path) as store:
                self._take_notice(store, noticed)
                self._answer(store, answered, entries)
        return self._result(subjects, before)

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

    def _put(self, one: Sighting, subjects: list[Subject], entries: t.Mapping[str, list[Entry]]) -> None:
        """To the item that it is about. A notice may be about an order that has ended: of its renewal, for example."""
        name = one.order.name if one.order is not None else ""
        subject = next((subject for subject in subjects if subject.item.name == name), None)
        if subject is None and name and self._call.items is None and one.flaw is None and not one.is_approval:
            subject = self._subject(ApprovalItem(name), newest(entries.get(name, [])))
            subjects.append(subject)
        if subject is None:
            self._others.append(one)
        else:
            subject.mails.append(one)

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
        items = {item.name: item for item in self._call.items or ()}
        item = items.get(matched.order.name) if matched.order else None
        case = Case(mail, profile, about, matched, border, self._now, item.signature if item else "")
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

    # -- 3. notice

    def _take_notice(self, store: LedgerStore, subjects: t.Sequence[Subject]) -> None:
        names = [subject.item.name for subject in subjects]
        leases, _busy = store.take_leases(names, self._call.deadline + _LEASE_GRACE)
        try:
            for subject in subjects:
                if subject.item.name in leases.fences and subject.entry is not None:  # else the next run sees it again
                    entry = fresh(store, subject)
                    subject.entry = entry
                    facts = news_of(subject, self._now)
                    if facts and entry is not None:
                        (subject.entry,) = store.append(leases, [Append(entry, tuple(facts))])
                        subject.changed = True
        finally:
            store.release(leases)

    # -- 4. answer

    def _to_answer(
        self, subjects: t.Sequence[Subject], entries: t.Mapping[str, list[Entry]]
    ) -> list[tuple[Subject, str]]:
        """Items that somebody may answer, and who; of the others the item says why not."""
        policy = self._policy([entry for ones in entries.values() for entry in ones])
        found = []
        for subject in subjects:
            if subject.entry is None or subject.order is None:
                if subject.item.answer:
                    subject.error = refused(subject, Flaw("order_unknown", "the ledger has no order of it"))
                continue
            by, flaw = answering_by(policy, subject.item.answer, subject.order.dns_names)
            begun = any(one.outcome in ("", "said_only") for one in attempts_of(subject.entry.facts).values())
            if flaw is not None and by:
                subject.error = refused(subject, flaw)
            elif flaw is not None and subject.answerable:
                subject.words["held"] = {"code": flaw.code, "why": flaw.why}
            elif by == "person" or (by and (subject.answerable or begun)) or (begun and policy.mode != "observe"):
                found.append((subject, by))
        return found

    def _policy(self, entries: t.Sequence[Entry]) -> ApprovalPolicy:
        call = self._call
        stopped = "the option stop says so" if call.stop else ""
        if os.path.lexists(call.stop_file):
            stopped = f"the file {call.stop_file} is there"
        sent = counted(entries, self._now - _DAY)
        return ApprovalPolicy(call.mode, call.auto_domains, call.daily_cap, sent, stopped)

    def _answer(
        self,
        store: LedgerStore,
        answered: t.Sequence[tuple[Subject, str]],
        entries: t.Mapping[str, list[Entry]],
    ) -> None:
        if not answered:
            return
        names = [_TURN, *(subject.item.name for subject, _by in answered)]
        leases, busy = store.take_leases(names, self._call.deadline + _LEASE_GRACE)
        try:
            desk = self._desk(store, leases)
            left = self._call.daily_cap - counted(
                (entry for ones in store.entries().values() for entry in ones), self._now - _DAY
            )
            for subject, by in answered:
                if _TURN in busy or subject.item.name in busy:
                    subject.outcome = "busy"
                    continue
                left -= self._answer_one(desk, subject, by, left)
        finally:
            store.release(leases)

    def _answer_one(self, desk: Desk, subject: Subject, by: str, left: int) -> int:
        """How many of the day's approvals it took."""
        entry = fresh(desk.store, subject)
        if entry is None:
            return 0
        answering = Answering(desk, subject, entry, by or "auto")
        if subject.item.answer == "refuse":
            if not entry.is_open:
                subject.error = refused(subject, Flaw("order_over", "its order has ended"))
                return 0
            lapses = live_until(desk.store.entries([subject.item.name]).get(subject.item.name, []))
            answering.refuse(subject.item.reason, _procedure(subject, self._call), lapses)
            return 0
        if by == "auto" and left <= 0 and subject.answerable:
            why = f"{self._call.daily_cap} approvals were sent within 24 hours, and no more may be"
            subject.words["held"] = {"code": "auto_daily_cap", "why": why}
        sent = answering.approve(_NO_LIMIT if by == "person" else max(left, 0) if by else 0)
        return sent if by == "auto" else 0

    def _desk(self, store: LedgerStore, leases: Leases) -> Desk:
        clock = self._tools.clock
        return Desk(
            store=store,
            leases=leases,
            accounts=Accounts(self._call.accounts, self._tools.adapters, clock, self._ends_at),
            http=self._tools.http(self._call.sight),
            clock=clock,
            actor=self._call.actor,
            seconds=lambda: self._ends_at - clock.monotonic(),
            judged=self._judged_anew,
        )

    def _judged_anew(self, subject: Subject, entry: Entry) -> list[Sighting]:
        order = self._order(entry, subject.item)
        published = self._tools.published(order, self._call.sight)
        order = replace(order, is_published=published)
        subject.order = order
        return [self._judged(one.mail, one.mailbox, [order]) for one in subject.mails]

    # -- 5. report

    def _result(self, subjects: t.Sequence[Subject], before: t.Mapping[str, Entry | None]) -> Result:
        shown = [one for one in self._others if one.flaw is None or one.flaw.code != "sender_unknown"]
        return Result(
            [self._item(subject) for subject in subjects],
            [
                order_diff(one.item.name, entry_text(before[one.item.name]), entry_text(one.entry))
                for one in subjects
                if one.changed
            ],
            warnings=self._warnings,
            extra={
                "mails_read": self._read,
                "other_mails": [mail_data(one) for one in shown[:_MOST_OTHERS]],
                "strangers": len(self._others) - len(shown),
            },
        )

    def _item(self, subject: Subject) -> ItemResult:
        entry, order = subject.entry, subject.order
        extra = {
            "order": (entry.standing.handle or None) if entry else None,
            "reference": entry.order.reference if entry else None,
            "dns_names": list(entry.order.dns_names) if entry else [],
            "waits": order.waits if order else False,
            "mails": [mail_data(one) for one in subject.mails],
            "procedure": _procedure(subject, self._call) or None,
            "held": None,
            "correction": _correction_data(entry),
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


def _correction_data(entry: Entry | None) -> dict[str, t.Any] | None:
    task = open_correction(entry) if entry is not None else None
    return task_data(task, CORRECTION) if task is not None else None


def _outcome(subject: Subject) -> str:
    if subject.order is None or not subject.order.waits:
        return "not_waiting"
    if subject.answerable:
        return "mail_found"
    return "mail_doubtful" if any(one.is_approval for one in subject.mails) else "no_mail"


def _procedure(subject: Subject, call: ApprovalCall) -> str:
    """How a person refuses: by the mail that came, else by any row about the order's CA."""
    mailed = [one.profile for one in reversed(subject.mails) if one.is_approval and one.profile is not None]
    ca = subject.order.ca if subject.order else ""
    rows = [row for row in call.profiles if row.kind in (APPROVAL, CODE) and ca in row.cas]
    return next((row.procedure for row in (*mailed, *rows) if row.procedure), "")
