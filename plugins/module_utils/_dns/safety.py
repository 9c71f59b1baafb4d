# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused unless it is forced: changes that look like a mistake. Looks at all plans before any is applied.

    exclusive TXT at a name that no CA asks for      such names hold what mail and other services need (SPF, proofs)
    many values of others removed from a zone        a wish for one name, spread over all of them by a template
    a CNAME at the top of a zone                     never: SOA and NS are there (RFC 1034 §3.6.2)

Removing exactly the values that are named is never refused; the types written here touch no NS and no SOA record.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import Plan

__all__ = ["MOST_REMOVED", "judge_safety"]

#: values of others that one call may remove from one zone
MOST_REMOVED = 10


def judge_safety(plans: t.Sequence[Plan], *, force: bool) -> None:
    for plan in plans:
        rrset = plan.place.rrset
        if rrset.type == "CNAME" and rrset.name == plan.place.zone and plan.adds:
            plan.fail_all(
                _refused(plan, "apex_cname", "a CNAME cannot stand at the top of a zone", "Publish a TXT there")
            )
        elif _others(plan) and rrset.type == "TXT" and not rrset.name.startswith("_") and not force:
            plan.fail_all(_refused(plan, "exclusive_at_host", f"{_told(plan)} would go, which others rely on", _LEAVE))
    if not force:
        _judge_numbers(plans)


_LEAVE = "Leave exclusive out, or set force if they are really to go"


def _judge_numbers(plans: t.Sequence[Plan]) -> None:
    zones: dict[tuple[str, str], list[Plan]] = {}
    for plan in plans:
        zones.setdefault((plan.place.service, plan.place.zone), []).append(plan)
    for group in zones.values():
        number = sum(len(_others(plan)) for plan in group)
        if number > MOST_REMOVED:
            why = f"{number} values of others would go from zone {group[0].place.zone}, {MOST_REMOVED} a call may be"
            for plan in group:
                if _others(plan):
                    plan.fail_all(_refused(plan, "too_many_removed", why, _LEAVE))


def _others(plan: Plan) -> list[str]:
    """What goes although no item names it."""
    named = {outcome.token.value for outcome in plan.outcomes if not outcome.token.present}
    return [value for value in plan.removes if value not in named]


def _told(plan: Plan) -> str:
    number = len(_others(plan))
    return "1 value" if number == 1 else f"{number} values"


def _refused(plan: Plan, code: str, why: str, todo: str) -> RefusedError:
    rrset = plan.place.rrset
    return RefusedError(
        code=code,
        what=f"Cannot publish {rrset.type} {rrset.name}",
        where=f'service "{plan.place.service}", zone {plan.place.zone}',
        why=why,
        todo=todo,
    )
