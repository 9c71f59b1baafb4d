# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishes and removes tokens through DNS services: place, plan, apply. Check mode is the same without the last step.

    place   where a record really has to be written: CNAMEs at its name are followed, into any service that is declared
    plan    for each RRset: what is there, what is missing, what is too much; nothing to do means no write at all
    apply   one transaction for each zone; a zone that refuses fails only its own tokens

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.records import Line, longest_zone, property_of
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import (
    Change,
    DnsService,
    Look,
    Question,
    Receipts,
    RRset,
)

#: CNAMEs in a row that are followed
MAX_CHAIN = 8


class Token(t.NamedTuple):
    """One item; record and value in canonical form."""

    name: str
    record: str
    type: str
    value: str
    ttl: int
    exclusive: bool
    present: bool

    @property
    def speaks_of(self) -> str:
        return property_of(self.type, self.value)


class Place(t.NamedTuple):
    """Where a record is written, and what is there."""

    service: str
    zone: str
    rrset: RRset

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.service, self.zone, self.rrset.name, self.rrset.type


@dataclass
class Outcome:
    """What became of one token. there: whether the value is at its place afterwards (in check mode: would be)."""

    token: Token
    changed: bool
    there: bool | None
    place: Place | None = None
    error: InkanError | None = None


class ZoneDiff(t.NamedTuple):
    service: str
    zone: str
    before: tuple[Line, ...]
    after: tuple[Line, ...]


class OpenService(t.NamedTuple):
    service: DnsService
    zones: tuple[str, ...]


#: who is asked for a CNAME at a name that no service holds
AliasOf = t.Callable[[str], t.Optional[str]]
#: looks at all plans before any of them is applied, and fails those that must not be
Judge = t.Callable[[t.Sequence["Plan"]], None]


def publish(
    tokens: t.Sequence[Token],
    services: t.Mapping[str, OpenService],
    alias_of: AliasOf,
    check_mode: bool,
    judge: Judge | None = None,
) -> tuple[list[Outcome], list[ZoneDiff]]:
    """Outcomes 1:1 with the tokens, and what changed (in check mode: would change) by zone."""
    places = find_places([Question(token.record, token.type) for token in tokens], services, alias_of)
    plans: dict[tuple[str, str, str, str], Plan] = {}
    outcomes = []
    for token in tokens:
        outcome = Outcome(token, changed=False, there=None)
        found = places[Question(token.record, token.type)]
        if isinstance(found, InkanError):
            outcome.error = found
        else:
            outcome.place = found
            plans.setdefault(found.key, Plan(found)).outcomes.append(outcome)
        outcomes.append(outcome)
    for plan in plans.values():
        plan.decide()
    if judge is not None:
        judge(list(plans.values()))
    if not check_mode:
        _apply(plans.values(), services)
    return outcomes, _diffs(plans.values())


# --- place -----------------------------------------------------------------------------------------------------------


def find_places(
    questions: t.Sequence[Question], services: t.Mapping[str, OpenService], alias_of: AliasOf
) -> dict[Question, Place | InkanError]:
    """Round by round, so that a service is asked for all names of a round at once."""
    found: dict[Question, Place | InkanError] = {}
    chains = {question: [question.name] for question in questions}
    while chains:
        looks = _looks([Question(chain[-1], question.type) for question, chain in chains.items()], services)
        going: dict[Question, list[str]] = {}
        for question, chain in chains.items():
            step = _step(question, chain, looks[Question(chain[-1], question.type)], services, alias_of)
            if isinstance(step, str):
                going[question] = [*chain, step]
            else:
                found[question] = step
        chains = going
    return found


def _looks(
    questions: t.Sequence[Question], services: t.Mapping[str, OpenService]
) -> dict[Question, tuple[str, Look | InkanError] | None]:
    """What the service that declares the name says; None where none does."""
    owners = {zone: name for name, one in services.items() for zone in one.zones}
    found: dict[Question, tuple[str, Look | InkanError] | None] = dict.fromkeys(questions)
    by_service: dict[str, list[Question]] = {}
    for question in found:
        zone = longest_zone(question.name, owners)
        if zone is not None:
            by_service.setdefault(owners[zone], []).append(question)
    for name, asked in by_service.items():
        for question, answer in zip(asked, services[name].service.looks(asked)):
            found[question] = (name, answer)
    return found


def _step(
    question: Question,
    chain: list[str],
    look: tuple[str, Look | InkanError] | None,
    services: t.Mapping[str, OpenService],
    alias_of: AliasOf,
) -> Place | InkanError | str:
    """The place, why there is none, or the next name of the chain."""
    follow = question.type != "CNAME"
    if look is not None and not isinstance(look[1], InkanError):
        if look[1].alias is None or not follow:
            return Place(look[0], look[1].zone, look[1].rrset)
        return _next(question, chain, look[1].alias)
    refusal = look[1] if look is not None and isinstance(look[1], InkanError) else None
    if refusal is not None and refusal.code != "zone_not_found":
        return refusal
    if not follow:
        return refusal or _no_zone(question, chain, services, "")
    try:
        alias = alias_of(chain[-1])
    except InkanError as error:
        unseen = f"; whether it has a CNAME could not be seen: {error.why}"
        return refusal or _no_zone(question, chain, services, unseen)
    if alias is None:
        return refusal or _no_zone(question, chain, services, "; it has no CNAME")
    return _next(question, chain, alias)


def _next(question: Question, chain: list[str], alias: str) -> InkanError | str:
    if alias in chain:
        why = "the CNAMEs run in a circle"
    elif len(chain) > MAX_CHAIN:
        why = f"there are more than {MAX_CHAIN} CNAMEs in a row"
    else:
        return alias
    return RefusedError(
        code="cname_chain",
        what=f"Cannot publish {question.type} {question.name}",
        where=_chain_text([*chain, alias]),
        why=why,
        todo="Correct the CNAME records",
    )


def _no_zone(question: Question, chain: list[str], services: t.Mapping[str, OpenService], detail: str) -> RefusedError:
    zones = ", ".join(sorted(zone for one in services.values() for zone in one.zones)) or "none"
    return RefusedError(
        code="zone_not_found",
        what=f"Cannot publish {question.type} {question.name}",
        where=_chain_text(chain),
        why=f"no DNS service holds {escaped(chain[-1], 260)} (declared zones: {zones}){detail}",
        todo="Declare the service that holds it, or delegate the name by a CNAME into a declared zone",
    )


def _chain_text(chain: t.Sequence[str]) -> str:
    return " → ".join(escaped(name, 260) for name in chain)


# --- plan ------------------------------------------------------------------------------------------------------------


@dataclass
class Plan:
    """One RRset. exclusive: one of its tokens wants nothing beside the tokens of this call."""

    place: Place
    outcomes: list[Outcome] = field(default_factory=list)
    adds: dict[str, Change] = field(default_factory=dict)
    removes: dict[str, Change] = field(default_factory=dict)
    exclusive: bool = False
    unknown: bool = False

    @property
    def at_once(self) -> bool:
        """Added and removed by one compare-and-swap: a CNAME cannot stand beside the one that it replaces."""
        return self.exclusive or (self.place.rrset.type == "CNAME" and bool(self.adds and self.removes))

    @property
    def after(self) -> frozenset[str]:
        return (self.place.rrset.values | frozenset(self.adds)) - frozenset(self.removes)

    @property
    def ttl(self) -> int:
        """An existing RRset keeps its TTL; a new one gets the lowest that was asked for."""
        if self.place.rrset.ttl is not None:
            return self.place.rrset.ttl
        return min((outcome.token.ttl for outcome in self.outcomes if outcome.token.present), default=60)

    def decide(self) -> None:
        there = self.place.rrset
        present = {one.token.value for one in self.outcomes if one.token.present}
        self.exclusive = any(one.token.exclusive and one.token.present for one in self.outcomes)
        for outcome in self.outcomes:
            token = outcome.token
            change = Change(there.name, there.type, token.value, token.ttl)
            outcome.there = token.present
            if token.value == KNOWN_AFTER_ORDER:  # what is not yet known was never published
                outcome.changed = token.present
                self.unknown = self.unknown or token.present
            elif token.present:
                if token.value not in there.values:
                    self.adds[token.value] = change
                    outcome.changed = True
            elif token.value in present:
                self._contradict(outcome)
            elif token.value in there.values:
                self.removes[token.value] = change
                outcome.changed = True
        if self.exclusive:
            self._claim(present)
        self._judge_cname()

    def _claim(self, present: set[str]) -> None:
        """Whatever else is there goes; the tokens that wanted to be alone have changed something then.

        Alone in what they speak of: the other properties of a CAA set are nobody's rivals.
        """
        there = self.place.rrset
        claims = [one for one in self.outcomes if one.token.exclusive and one.token.present]
        for value in there.values - present - frozenset(self.removes):
            rivals = [one for one in claims if one.token.speaks_of == property_of(there.type, value)]
            for outcome in rivals:
                outcome.changed = True
                self.removes[value] = Change(there.name, there.type, value)

    def _judge_cname(self) -> None:
        """A name has one CNAME: a second one would silently replace the first (RFC 2136 §3.4.2.2)."""
        if self.place.rrset.type != "CNAME" or not self.adds or len(self.after) < 2:
            return
        self.fail_all(
            RefusedError(
                code="cname_conflict",
                what=f"Cannot publish CNAME {self.place.rrset.name}",
                where=f'service "{self.place.service}", zone {self.place.zone}',
                why=f"a name has one CNAME only, there would be: {', '.join(sorted(self.after))}",
                todo="Remove the other one, or set exclusive to replace it",
            )
        )

    def _contradict(self, outcome: Outcome) -> None:
        outcome.there = None
        outcome.error = RefusedError(
            code="contradiction",
            what=f"Cannot remove {outcome.token.type} {outcome.token.record}",
            where=f"{self.place.rrset.name}, zone {self.place.zone}",
            why="another item of this call publishes the same value at the same place",
            todo="Leave one of the two out",
        )

    def spare_elsewhere(self, exact: t.Container[str]) -> None:
        """Items by name that are to remove a record where it was published: what a CNAME leads to is another one."""
        led = [one for one in self.outcomes if one.token.name in exact and one.token.record != self.place.rrset.name]
        for outcome in led:
            outcome.changed = False
        named = {one.token.value for one in self.outcomes if one.changed}
        for outcome in led:
            if outcome.token.value not in named:
                self.removes.pop(outcome.token.value, None)

    def fail_all(self, error: InkanError) -> None:
        for outcome in self.outcomes:
            if outcome.changed and outcome.error is None:
                _fail(outcome, error)
        self.adds.clear()
        self.removes.clear()

    def fail(self, value: str, error: InkanError) -> None:
        """The place does not show what was asked for: the value stays as it was."""
        self.adds.pop(value, None)
        self.removes.pop(value, None)
        for outcome in self.outcomes:
            if outcome.token.value == value and outcome.changed:
                _fail(outcome, error)


def _fail(outcome: Outcome, error: InkanError) -> None:
    outcome.error = error
    outcome.changed = error.did_change
    outcome.there = None


# --- apply -----------------------------------------------------------------------------------------------------------


def _apply(plans: t.Iterable[Plan], services: t.Mapping[str, OpenService]) -> None:
    zones: dict[tuple[str, str], list[Plan]] = {}
    for plan in plans:
        if plan.adds or plan.removes:
            zones.setdefault((plan.place.service, plan.place.zone), []).append(plan)
    for (name, zone), group in zones.items():
        service = services[name].service
        together = [plan for plan in group if not plan.at_once]
        _send(service.add, zone, [(plan, change) for plan in together for change in plan.adds.values()])
        _send(service.remove, zone, [(plan, change) for plan in together for change in plan.removes.values()])
        for plan in group:
            if plan.at_once:
                _replace(service, zone, plan)


def _send(
    verb: t.Callable[[str, t.Sequence[Change]], Receipts],
    zone: str,
    pairs: list[tuple[Plan, Change]],
) -> None:
    if not pairs:
        return
    try:
        receipts: Receipts = verb(zone, [change for _plan, change in pairs])
    except InkanError as error:
        receipts = [error] * len(pairs)
    for (plan, change), failure in zip(pairs, receipts):
        if failure is not None:
            plan.fail(change.value, failure)


def _replace(service: DnsService, zone: str, plan: Plan) -> None:
    try:
        service.replace(zone, plan.place.rrset, plan.after, plan.ttl)
    except InkanError as error:
        plan.fail_all(error)


# --- diff ------------------------------------------------------------------------------------------------------------


def _diffs(plans: t.Iterable[Plan]) -> list[ZoneDiff]:
    zones: dict[tuple[str, str], list[Plan]] = {}
    for plan in plans:
        if plan.adds or plan.removes or plan.unknown:
            zones.setdefault((plan.place.service, plan.place.zone), []).append(plan)
    return [
        ZoneDiff(
            service,
            zone,
            tuple(line for plan in group for line in _lines(plan, plan.place.rrset.values)),
            tuple(
                line
                for plan in group
                for line in _lines(plan, plan.after | ({KNOWN_AFTER_ORDER} if plan.unknown else frozenset()))
            ),
        )
        for (service, zone), group in sorted(zones.items())
    ]


def _lines(plan: Plan, values: t.Iterable[str]) -> list[Line]:
    rrset = plan.place.rrset
    return [Line(rrset.name, rrset.type, value, plan.ttl) for value in values]
