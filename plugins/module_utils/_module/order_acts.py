# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CA is asked about one order, an action at a time: each ends in the facts that were learned.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    Finding,
    PreparingAdapter,
    Reserving,
    Seen,
    Status,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import SETTLE, Policy
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import Action, settled
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module.order_accounts import Account, Accounts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import (
    CertificateReader,
    facts_of_issued,
    facts_of_seen,
    handle_of,
    safe_handle,
    trouble_fact,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_errors import bug
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import new_contact, request_for
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work

#: Seconds between two looks at an order when the CA says nothing: some CAs validate in milliseconds, most in 0 to 2 s,
#: a queue takes minutes. Each status has its own: an order that is issued was validated before, and a CA that goes to
#: and fro between two of them is not asked faster and faster.
POLLS = (0.05, 0.1, 0.25, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
#: Where the CA says when to look again, no look comes sooner.
SOONEST = 0.25
#: Statuses in which the CA, not we, has the next word.
_AT_WORK = frozenset({Status.ACCEPTED, Status.VALIDATING, Status.ISSUING, Status.UNKNOWN})


class Acts:
    """require_ours: raises lease_lost where another run works on the certificate by now."""

    def __init__(
        self,
        accounts: Accounts,
        store: LedgerStore,
        reader: CertificateReader,
        clock: Clock,
        require_ours: t.Callable[[Work], None],
    ) -> None:
        self._require_ours = require_ours
        self._accounts = accounts
        self._store = store
        self._reader = reader
        self._clock = clock

    def take(self, action: Action) -> t.Callable[[Work], list[Fact]]:
        return {
            Action.SUBMIT: self.submit,
            Action.FIND_LOST: self.find,
            Action.DOWNLOAD: self.download,
            Action.CANCEL: self.cancel,
            Action.REVOKE: self.revoke,
            Action.PREPARE: self.prepare,
            Action.ASK_READY: self.ask_ready,
            Action.LOOK: self.look,
            Action.RESEND: self.resend,
            Action.CHANGE_CONTACT: self.change_contact,
        }[action]

    def submit(self, work: Work) -> list[Fact]:
        account = self._accounts.of(work)
        reserved = self._reserved(account, work)
        if reserved:  # on the disk before anything is placed under it
            work.submits -= 1
            return [Fact(Kind.RESERVED, self._clock.now(), handle=reserved, by="ca")]
        request = replace(request_for(work), still_ours=lambda: self._require_ours(work))
        request.still_ours()
        seen = account.ca.submit(request)
        facts = self._adopt(work, account, seen)
        work.submitted = work.submitted or facts[0].kind is Kind.SUBMITTED
        return facts

    def _reserved(self, account: Account, work: Work) -> str:
        """A number that is given out now, where the CA does so and the ledger has none yet."""
        if not isinstance(account.ca, Reserving) or work.order.standing.reserved:
            return ""
        number = account.ca.reserve(request_for(work))
        return safe_handle(number) if number else ""

    def find(self, work: Work) -> list[Fact]:
        account, entry = self._accounts.of(work), work.order
        now, intended_at = self._clock.now(), entry.standing.intended_at or entry.order.created_at
        if account.capabilities is not None and account.capabilities.finding is Finding.NEEDLESS:
            return [Fact(Kind.SUBMIT_ABSENT, now, by="us", text="if the CA has it, it buys nothing: it is sent again")]
        if account.known is None:
            account.known = self._store.handles(work.account)
        since = self._since(entry, intended_at)
        seen = account.ca.find(request_for(work), known_handles=account.known, since=since)
        if seen is not None:
            return self._adopt(work, account, seen)
        if work.none_at is None:
            work.none_at = self._clock.monotonic()
        none_for = timedelta(seconds=self._clock.monotonic() - work.none_at)
        if not settled(intended_at, now, Policy(none_for=none_for, settle=_settle(account))):
            return []  # asked once more when the CA had the time
        return [Fact(Kind.SUBMIT_ABSENT, now, by="ca", text="the CA has no such order")]  # what if: order_surplus

    def _since(self, entry: Entry, intended_at: datetime) -> datetime:
        """The order may be older than its entry, where the ledger is a backup that had forgotten it."""
        restored = self._store.restored()
        if restored is None or entry.number <= restored.above or len(entry.facts) > 1:
            return intended_at
        return min(intended_at, restored.since)

    def _adopt(self, work: Work, account: Account, seen: Seen) -> list[Fact]:
        """The handle first: whatever else the answer holds, the order is not lost again."""
        entry, now = work.order, self._clock.now()
        handle = handle_of(seen)
        was_ours = any(fact.kind is Kind.SUBMITTED and fact.handle == handle for fact in entry.facts)
        if not was_ours and self._taken(work.account, account).setdefault(handle, entry.number) != entry.number:
            return [_shared(handle, now)]
        if account.known is not None:
            account.known |= {handle}
        submitted = Fact(Kind.SUBMITTED, now, handle=handle, by="ca")
        try:
            return [submitted, *self._seen(work, entry.having([submitted]), seen)]
        except InkanError as error:
            work.error = self._accounts.told(error, work)
            return [submitted, trouble_fact(error, now)]

    def _taken(self, name: str, account: Account) -> dict[str, int]:
        if account.taken is None:
            account.taken = dict.fromkeys(self._store.handles(name, only_open=True), 0)
        return account.taken

    def look(self, work: Work) -> list[Fact]:
        entry = work.order
        seen = self._accounts.of(work).ca.look(entry.standing.handle, request_for(work))
        return self._seen(work, entry, seen)

    def prepare(self, work: Work) -> list[Fact]:
        entry = work.order
        adapter = t.cast(PreparingAdapter, self._accounts.of(work).ca)  # no other says that it wants to be prepared
        seen = adapter.prepare(entry.standing.handle, request_for(work))
        work.unprepared = False
        return self._seen(work, entry, seen)

    def ask_ready(self, work: Work) -> list[Fact]:
        entry = work.order
        work.changed = work.changed or not entry.standing.ready_asked
        seen = self._accounts.of(work).ca.ready(entry.standing.handle, request_for(work))
        asked = Fact(Kind.READY_ASKED, self._clock.now(), by="us")
        return [asked, *self._seen(work, entry, seen)]

    def resend(self, work: Work) -> list[Fact]:
        entry = work.order
        seen = self._accounts.of(work).ca.resend(entry.standing.handle, request_for(work))
        work.resent = True
        facts = self._seen(work, entry, seen)
        return [Fact(Kind.RESENT, self._clock.now(), names=entry.standing.wanted.mails, by="us"), *facts]

    def change_contact(self, work: Work) -> list[Fact]:
        """The new one gets a mail by that: none has to be sent again."""
        entry, contact = work.order, new_contact(work)
        if contact is None:
            raise bug(f'Cannot work on "{work.item.name}"', RuntimeError("there is no new contact"))
        seen = self._accounts.of(work).ca.change_contact(entry.standing.handle, request_for(work), contact)
        work.resent = True
        changed = Fact(Kind.CONTACT_CHANGED, self._clock.now(), word=contact.kind, text=contact.address, by="us")
        return [changed, *self._seen(work, entry.having([changed]), seen)]

    def download(self, work: Work) -> list[Fact]:
        entry = work.order
        issued = self._accounts.of(work).ca.download(entry.standing.handle, request_for(work))
        work.obtained = True
        return facts_of_issued(entry, issued, self._reader, self._clock.now())

    def cancel(self, work: Work) -> list[Fact]:
        entry, now = work.order, self._clock.now()
        if not entry.standing.handle:
            return [Fact(Kind.CANCELLED, now, by="us", text="it was never sent")]
        seen = self._accounts.of(work).ca.cancel(entry.standing.handle, request_for(work))
        facts = self._seen(work, entry, seen)
        return [replace(fact, by="us") if fact.kind is Kind.CANCELLED else fact for fact in facts]

    def revoke(self, work: Work) -> list[Fact]:
        certificate = work.order.standing.certificate
        if certificate is not None:
            self._accounts.of(work).ca.revoke(certificate.pem, work.item.revoke_reason)
        return [Fact(Kind.REVOKED, self._clock.now(), by="us", text=work.item.revoke_reason)]

    def _seen(self, work: Work, entry: Entry, seen: Seen) -> list[Fact]:
        now = self._clock.now()
        if seen.is_cleared:
            cleared = Fact(
                Kind.SUBMIT_ABSENT, now, handle=entry.standing.handle, by="ca", text="nothing is ordered yet"
            )
            return [*facts_of_seen(entry, seen, now), cleared]
        if seen.status is Status.WANTS_PREPARATION:  # the next step: nothing that the ledger has to remember
            work.unprepared, work.wait_until = True, self._clock.monotonic()
            return []
        work.wait_until = self._clock.monotonic() + self._pause_after(work, entry, seen)
        return facts_of_seen(entry, seen, now)

    def _pause_after(self, work: Work, entry: Entry, seen: Seen) -> float:
        """An answer that calls for a step of ours is followed at once; else the CA gets the time it asked for."""
        before = entry.standing.status
        if seen.status not in _AT_WORK and (before is None or before.value != seen.status.value):
            return 0.0
        if seen.retry_after is not None and seen.retry_after >= 0:  # nan is neither
            return max(seen.retry_after, SOONEST)
        work.polls[seen.status] += 1
        return POLLS[min(work.polls[seen.status], len(POLLS)) - 1]


def _settle(account: Account) -> timedelta:
    return timedelta(seconds=account.capabilities.find_delay) if account.capabilities is not None else SETTLE


def _shared(handle: str, now: datetime) -> Fact:
    """Some CAs answer a second order of the same names with the one still pending (Boulder does)."""
    why = f"the CA answered with the order {handle}, which another certificate of the ledger has"
    return Fact(Kind.REFUSED, now, by="us", code="order_shared", text=why)
