# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run has anything to do at all, told once, as soon as the plan is there.

A step has items because of what plan, hosts and ledger said before it. Where no step has any now, each would be
skipped, none would say anything new, and so no later one could have any either.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._core.work_approvals import awaited_names
from ansible_collections.inkan.tls.plugins.module_utils._core.work_portal import hand_over_items

__all__ = ["has_work"]

_CENTRAL: tuple[t.Callable[[Run], t.Sequence[t.Any]], ...] = (
    *(works.order_items, works.check_items, works.answer_items, works.record_items, works.leftover_record_items),
    *(works.observation_items, awaited_names),
)
_OF_A_HOST: tuple[t.Callable[[Run, str], list[t.Any]], ...] = (
    *(works.prepare_items, works.request_items, works.verify_items, works.switch_items, hand_over_items),
)
#: What look and plan themselves register; more was said by an earlier role of the same play.
_LOOKED = frozenset({"known", "plan", "served", "look"})


def has_work(run: Run) -> bool:
    """False only where every step would be skipped."""
    if run.is_blocked:
        return _was_said_before(run)
    return (
        _was_said_before(run)
        or any(step(run) for step in _CENTRAL)
        or works.has_files(run)  # whose folder each host reads from its own words
        or any(step(run, host) for host in run.hosts for step in _OF_A_HOST)
    )


def _was_said_before(run: Run) -> bool:
    """Each step then has to say anew that there is nothing, or the words of an earlier role would be told again."""
    said = {step for step, words in run.central.items() if words}
    said |= {step for host in run.hosts.values() for step, words in host.steps.items() if words}
    said |= {*run.central_broken, *(step for host in run.hosts.values() for step in host.broken)}
    return not said <= _LOOKED
