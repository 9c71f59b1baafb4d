# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What persons told, on its way into the ledger: between the options of a call and its orders.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Checking
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Act, Choice
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import Append, Leases, LedgerStore
from ansible_collections.inkan.tls.plugins.module_utils._module.intake import Desk
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Call
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import planned_request
from ansible_collections.inkan.tls.plugins.module_utils._module.order_loop import Tools
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work

__all__ = ["IntakeDesk", "is_told"]


class IntakeDesk:
    def __init__(self, call: Call, tools: Tools) -> None:
        self._call = call
        self._tools = tools

    def is_news(self, work: Work) -> bool:
        """Whether anything of it has to be written down; sets the item's error where some does not fit."""
        if not is_told(work):
            return False
        taken = self._desk(work, {}).take(work)
        work.intake_error = taken.error or work.intake_error
        return not taken.is_nothing

    def _desk(self, work: Work, numbers: t.Mapping[str, str]) -> Desk:
        account = self._call.accounts.get(work.account)
        factory = self._tools.adapters.get(account.adapter) if account is not None else None
        takes_in = getattr(factory, "takes_in", False)
        return Desk(self._tools.reader, self._tools.clock.now(), self._tools.reference, numbers, takes_in)

    def record(self, store: LedgerStore, leases: Leases, works: list[Work]) -> bool:
        """What persons told, as facts; whether there were any."""
        told = [work for work in works if is_told(work)]
        numbers = _numbers(store.entries()) if any(one.order_number for w in told for one in w.item.intakes) else {}
        is_any = False
        for work in told:
            work.then_new = work.then_new and not work.submitted
            taken = self._desk(work, numbers).take(work)
            work.intake_error = taken.error or work.intake_error
            is_any = is_any or not taken.is_nothing
            by_number = {entry.number: entry for entry in work.entries}
            appends = [Append(by_number[number], tuple(facts)) for number, facts in taken.facts.items()]
            for entry in store.append(leases, appends) if appends else ():
                work.put(entry)
                work.changed = True
            if taken.adopted is not None:
                work.entries = [*work.entries, *store.insert(leases, [taken.adopted])]
                work.entry, work.changed, work.then_new = work.entries[-1], True, False
                work.choice = Choice(Act.NOTHING, work.entry, "the seller made it by itself")
        return is_any

    def record_in_mind(self, work: Work) -> None:
        taken = self._desk(work, {}).take(work)
        work.intake_error = taken.error
        for number, facts in taken.facts.items():
            work.put({entry.number: entry for entry in work.entries}[number].having(facts))
            work.changed = True
        if taken.adopted is not None:
            work.entry, work.changed = Entry(taken.adopted[0]).having(taken.adopted[1]), True
            work.choice = Choice(Act.NOTHING, work.entry, "the seller made it by itself")

    def adapter_of(self, work: Work) -> object:
        """Of an account at a portal, which asks nobody; else None."""
        account = self._call.accounts.get(work.item.ca_account)
        factory = self._tools.adapters.get(account.adapter) if account is not None else None
        if account is None or factory is None or not getattr(factory, "takes_in", False):
            return None
        return factory.open(account, deadline=0.0)

    def application_error(self, work: Work) -> InkanError | None:
        """What is wrong with an application that a person would type in: that can be told without asking anybody."""
        adapter = self.adapter_of(work)
        csr = self._tools.reader.csr_facts(work.csr) if work.csr not in ("", KNOWN_AFTER_ORDER) else None
        return adapter.order_error(planned_request(work), csr) if isinstance(adapter, Checking) else None


def is_told(work: Work) -> bool:
    item = work.item
    return bool(item.intake_errors or item.served) or any(not intake.is_empty for intake in item.intakes)


def _numbers(entries: t.Mapping[str, list[Entry]]) -> dict[str, str]:
    """Order number -> the certificate whose it is, of all that is open or was last."""
    found = {}
    for name, ones in entries.items():
        for one in ones:
            fact = one.standing.taken.get("order_number")
            if fact is not None:
                found[fact.text] = name
    return found
