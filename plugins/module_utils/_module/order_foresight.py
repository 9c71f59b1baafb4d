# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode: the steps for persons that an order would open, by the code that opens them.

The order is put together in mind, with what is known before it is made, and read as any other.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Foreseeing
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind
from ansible_collections.inkan.tls.plugins.module_utils._core.people import open_facts, open_tasks
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import facts_of_seen
from ansible_collections.inkan.tls.plugins.module_utils._module.order_link import planned_request, taken_of
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work, new_order
from ansible_collections.inkan.tls.plugins.module_utils._module.people_view import followed_tasks, task_data

__all__ = ["foreseen_entry", "foreseen_tasks"]


def foreseen_entry(work: Work, adapter: object, now: datetime) -> Entry:
    """adapter: the account's, or None where it cannot be opened."""
    entry = Entry(new_order(work, KNOWN_AFTER_ORDER, now)).having(
        [Fact(Kind.SUBMIT_INTENDED, now), Fact(Kind.SUBMITTED, now, handle=KNOWN_AFTER_ORDER)]
    )
    if isinstance(adapter, Foreseeing):
        request = replace(planned_request(work), reference=KNOWN_AFTER_ORDER, taken=taken_of(entry))
        try:
            entry = entry.having(facts_of_seen(entry, adapter.foreseen(request), now))
        except InkanError:
            return entry  # the order itself would say what is wrong
    return entry.having(open_facts(entry, work.item.tasks, now))


def foreseen_tasks(entry: Entry) -> dict[str, list[dict[str, t.Any]]]:
    """tasks: those that the ledger would follow; wanted: all that persons would have to do."""
    followed = [{**task, "opened_at": KNOWN_AFTER_ORDER} for task in followed_tasks(entry)]
    return {"tasks": followed, "wanted": [task_data(task, id_) for id_, task in open_tasks(entry)]}
