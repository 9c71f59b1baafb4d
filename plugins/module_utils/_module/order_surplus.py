# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order that was lost, was found missing twice, was sent again, and then turns up: it would be paid for nothing.

When such an entry is closed, the CA is asked once more for what bears our reference. An open one is cancelled; one that
cannot be is told to a person (``surplus_order``), with its number, in the item's error and for good in the ledger.
A CA's list may lag longer than an order takes: until LATE, "there is none" is asked again by each run. Where orders
are found by their names alone, none is touched (``Capabilities.finds_ours``): it may be somebody else's.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import BugError, InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    Entry,
    Fact,
    Kind,
    OrderKind,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module.order_accounts import Account, Accounts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import handle_of
from ansible_collections.inkan.tls.plugins.module_utils._module.order_errors import surplus_order
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import request_for
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work
from ansible_collections.inkan.tls.plugins.module_utils._module.order_writing import Writer

#: After the CA said that there is none: nobody knows a list that lags longer.
LATE = timedelta(hours=1)
#: Of one entry: as many as can have been lost in a call, and some of calls before it.
_MOST = 10
_LONGEST = 1000
_ENDED = frozenset({Status.REFUSED, Status.EXPIRED, Status.CANCELLED})


def is_doubtful(entry: Entry) -> bool:
    """Whether the CA may have an order of this closed entry beside the one that the ledger knows. A reissue is none:
    nobody pays for it."""
    standing = entry.standing
    return not entry.is_open and standing.doubted_at is not None and standing.kind is not OrderKind.REISSUE


class Surplus:
    def __init__(self, accounts: Accounts, store: LedgerStore, writer: Writer, clock: Clock) -> None:
        self._accounts = accounts
        self._store = store
        self._writer = writer
        self._clock = clock

    def seek(self, work: Work) -> None:
        """For all entries of the item. A CA that does not answer now is asked by the next run."""
        for entry in [one for one in work.entries if is_doubtful(one)] if not work.busy else ():
            account = self._accounts.named(entry.order.ca_account)
            capabilities = self._accounts.capabilities(account)
            if capabilities is None or not capabilities.finds_ours or self._accounts.rests(account):
                continue
            of_entry = replace(work, entry=entry, then_new=False)
            try:
                facts = self._facts(of_entry, account, can_cancel=capabilities.cancel)
            except BugError:
                raise
            except InkanError as error:
                work.error = work.error or self._accounts.told(error, of_entry)
                continue
            if facts:
                self._writer.write([(of_entry, facts)])
                work.put(of_entry.order)
                self._tell(work, facts)

    def _facts(self, work: Work, account: Account, *, can_cancel: bool) -> list[Fact]:
        """What came of it, an order each; [] while it may come up yet."""
        entry, request = work.order, request_for(work)
        known = self._store.handles(entry.order.ca_account)
        facts: list[Fact] = []
        for _one in range(_MOST):
            seen = account.ca.find(request, known_handles=known, since=entry.order.created_at)
            if seen is None:
                break
            known |= {handle_of(seen)}
            if seen.status not in _ENDED:
                facts.append(self._given_back(work, account, seen) if can_cancel else self._surplus(seen, ""))
        doubted_at, now = entry.standing.doubted_at, self._clock.now()
        if facts or doubted_at is None or now - doubted_at < LATE:
            return facts
        return [Fact(Kind.SUBMIT_ABSENT, now, by="ca", code="surplus_none", text="no order turned up late")]

    def _given_back(self, work: Work, account: Account, seen: Seen) -> Fact:
        """An order that is issued already cannot be cancelled: a person may revoke it, or ask for the money."""
        if seen.status is Status.ISSUED:
            return self._surplus(seen, "it is issued")
        try:
            ended = account.ca.cancel(seen.handle, request_for(work))
        except RefusedError as refusal:
            if refusal.retryable:
                raise
            return self._surplus(seen, refusal.sentence())
        if ended.status not in _ENDED:
            return self._surplus(seen, f"after the cancellation the CA calls it {ended.status_word!r}")
        text = f"order {seen.handle} of a lost answer turned up after another one was made, and was cancelled"
        return Fact(
            Kind.SUBMIT_ABSENT, self._clock.now(), handle=seen.handle, by="us", code="surplus_cancelled", text=text
        )

    def _surplus(self, seen: Seen, why: str) -> Fact:
        why = why or "this CA has no way to cancel"
        text = escaped(f"order {seen.handle} of a lost answer turned up after another one was made: {why}", _LONGEST)
        return Fact(Kind.NEEDS_PERSON, self._clock.now(), handle=seen.handle, by="us", code="surplus_order", text=text)

    def _tell(self, work: Work, facts: t.Iterable[Fact]) -> None:
        for fact in facts:
            work.changed = work.changed or fact.code != "surplus_none"
            if fact.code == "surplus_order":
                told = surplus_order(work.order, fact.handle, fact.text)
                work.error = work.error or self._accounts.told(told, work)
