# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loop learns, written to the ledger: many orders in one transaction, and one lost lease stops only its own.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, merge_place
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import masker
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import Append, Leases, LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module.order_accounts import Accounts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work, new_order

#: What changes nothing for a caller.
_HISTORY_ONLY = frozenset(
    {Kind.SEEN, Kind.WANTED, Kind.TRANSPORT_FAILURE, Kind.SUBMIT_ABSENT, Kind.READY_INTENDED}
    | {Kind.CANCEL_INTENDED, Kind.REVOKE_INTENDED}
)


class Writer:
    def __init__(self, store: LedgerStore, leases: Leases, accounts: Accounts) -> None:
        self._store = store
        self._leases = leases
        self._accounts = accounts
        self._later: dict[int, Append] = {}

    def insert(
        self, works: t.Sequence[Work], intents: t.Sequence[Fact], now: datetime, reference: t.Callable[[str], str]
    ) -> None:
        """New orders with the intent to send each."""
        intent_of = {id(work): intent for work, intent in zip(works, intents)}

        def insert(some: t.Sequence[Work]) -> list[Entry]:
            orders = [(new_order(work, reference(self._seed(work)), now), (intent_of[id(work)],)) for work in some]
            return self._store.insert(self._leases, orders)

        for work, entry in self._guarded(works, insert):
            work.update(entry)
            work.then_new = False

    def _seed(self, work: Work) -> str:
        """What is the same for the same order in a ledger that has forgotten it, and for no other."""
        item, key = work.item, work.public_key_sha256
        number = self._store.number_of_orders(item.name, item.purpose, key)
        return "\0".join((item.name, item.purpose, key, str(number)))

    def write(self, outcomes: t.Sequence[tuple[Work, list[Fact]]]) -> None:
        """All facts in one transaction. What only repeats what is known waits for the end of the call."""
        now: list[tuple[Work, tuple[Fact, ...]]] = []
        for work, told in outcomes:
            entry = work.order
            if not told:
                continue
            secrets = self._accounts.secrets(entry.order.ca_account)
            masked = masker(secrets)
            facts = [replace(fact, word=masked(fact.word), text=masked(fact.text)) for fact in told]
            if all(merge_place(entry.facts, fact) is not None for fact in facts):
                self._later[entry.number] = Append(entry, tuple(facts))
            else:
                earlier = self._later.pop(entry.number, None)
                now.append((work, (*(earlier.facts if earlier else ()), *facts)))
        facts_of = {id(work): facts for work, facts in now}

        def append(some: t.Sequence[Work]) -> list[Entry]:
            return self._store.append(self._leases, [Append(work.order, facts_of[id(work)]) for work in some])

        for work, entry in self._guarded([work for work, _facts in now], append):
            work.update(entry)
            work.changed = work.changed or any(fact.kind not in _HISTORY_ONLY for fact in facts_of[id(work)])

    def write_later(self) -> None:
        if self._later:
            self._guarded_appends(list(self._later.values()))
            self._later = {}

    def require_ours(self, work: Work) -> None:
        """Raises lease_lost where somebody has taken over since the intent was written: a machine may sleep between
        two lines."""
        self._store.check_leases(self._leases, {work.item.name})

    def leave(self, work: Work, error: InkanError) -> None:
        """The order is another run's by now."""
        work.busy = True
        work.finish(self._accounts.told(error, work))

    def _guarded_appends(self, appends: list[Append]) -> None:
        try:
            self._store.append(self._leases, appends)
        except LocalError as error:
            if error.code != "lease_lost":
                raise  # nothing new was in them, but the ledger itself is in trouble

    def _guarded(
        self, works: t.Sequence[Work], write: t.Callable[[t.Sequence[Work]], list[Entry]]
    ) -> list[tuple[Work, Entry]]:
        """Write for all at once; if one lease of them was lost, for each alone, so that only that one stops."""
        if not works:
            return []
        try:
            return list(zip(works, write(works)))
        except LocalError as error:
            if error.code != "lease_lost":
                raise
            if len(works) == 1:
                self.leave(works[0], error)
                return []
        return [pair for work in works for pair in self._guarded([work], write)]
