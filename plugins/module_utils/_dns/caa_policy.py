# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees to it that a first CAA record does not hide the policy above it.

A CA takes the nearest CAA record set on the way up from a name, and none above it (RFC 8659 §3). A contact below a
policy so lets every CA issue for that name and all below. The way up ends at the registrable domain: nobody's policy
stands above.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.contact_record import policy_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import is_at_or_below, parent_of, shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.publish import (
    AliasOf,
    OpenService,
    Place,
    Plan,
    find_places,
)

#: who is asked for records that no service holds
ValuesOf = t.Callable[[Question], frozenset[str]]
#: the registrable domain of a name
BaseOf = t.Callable[[str], t.Optional[str]]

_SHOWN = 5


class Guard(t.NamedTuple):
    """may_hide: items whose user has said that the policy above may be hidden."""

    services: t.Mapping[str, OpenService]
    alias_of: AliasOf
    values_of: ValuesOf
    base_of: BaseOf
    may_hide: t.Collection[str]

    def judge(self, plans: t.Sequence[Plan]) -> None:
        """Fail each plan that would hide a policy, or one that cannot be seen."""
        first = [plan for plan in plans if self._is_first(plan)]
        ways = {id(plan): self._ways(plan) for plan in first}
        sets = self._look(name for plan in first for way in ways[id(plan)] for name in way)
        for plan in first:
            error = next(filter(None, (_hidden(plan, way, sets) for way in ways[id(plan)])), None)
            if error is not None:
                plan.fail_all(error)

    def _is_first(self, plan: Plan) -> bool:
        there = plan.place.rrset
        items = {one.token.name for one in plan.outcomes if one.changed}
        return there.type == "CAA" and not there.values and bool(plan.adds) and not items & set(self.may_hide)

    def _ways(self, plan: Plan) -> list[list[str]]:
        """Up from the names that are asked for, and from where a CNAME leads them."""
        starts = dict.fromkeys([plan.place.rrset.name, *(one.token.record for one in plan.outcomes)])
        return [way for way in map(self._way, starts) if way]

    def _way(self, name: str) -> list[str]:
        base = self.base_of(name)
        way = []
        while base is not None and name != base and is_at_or_below(name, base):
            name = parent_of(name)
            way.append(name)
        return way

    def _look(self, names: t.Iterable[str]) -> dict[str, frozenset[str] | InkanError]:
        questions = [Question(name, "CAA") for name in dict.fromkeys(names)]
        places = find_places(questions, self.services, self.alias_of)
        return {one.name: self._values(one, places[one]) for one in questions}

    def _values(self, question: Question, place: Place | InkanError) -> frozenset[str] | InkanError:
        if isinstance(place, Place):
            return place.rrset.values
        if place.code != "zone_not_found":
            return place
        try:
            return self.values_of(question)
        except InkanError as error:
            return error


def _hidden(plan: Plan, way: t.Sequence[str], sets: t.Mapping[str, frozenset[str] | InkanError]) -> PolicyError | None:
    """What the nearest record set above says, if it says anything that must not be hidden."""
    for name in way:
        values = sets[name]
        if isinstance(values, InkanError):
            return _unseen(plan, name, values)
        if values:
            policy = policy_of(values)
            return _policy(plan, name, policy) if policy else None
    return None


def _policy(plan: Plan, above: str, policy: t.Sequence[str]) -> PolicyError:
    shown = ", ".join(escaped(shown_value("CAA", value), 300) for value in policy[:_SHOWN])
    return PolicyError(
        code="caa_policy_hidden",
        what=f"Refusing the first CAA record at {plan.place.rrset.name}",
        where=_where(plan),
        why=f"it would hide the policy of {above} from every CA: {shown}",
        todo=f"Publish the contact at {above}, or as TXT; or repeat the policy here first; or set hide_policy",
        reference="RFC 8659 §3",
    )


def _unseen(plan: Plan, above: str, error: InkanError) -> PolicyError:
    return PolicyError(
        code="caa_policy_unseen",
        what=f"Refusing the first CAA record at {plan.place.rrset.name}",
        where=_where(plan),
        why=f"whether it would hide a policy of {above} could not be seen: {error.why}",
        todo="Name resolvers in sight.resolvers that know the name above, or set hide_policy",
        retryable=error.retryable,
        reference="RFC 8659 §3",
    )


def _where(plan: Plan) -> str:
    return f'service "{plan.place.service}", zone {plan.place.zone}'
