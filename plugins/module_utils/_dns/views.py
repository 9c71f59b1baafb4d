# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every address of every authoritative server says to a question, and what those behind its CNAMEs say.

    questions → zones → one answer per question and server → referrals and CNAMEs once more, level by level

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import parent_of
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import MAX_CHAIN, Resolver, Server, Zone
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor

#: targets that are followed where servers have different CNAMEs: at the record itself (its zone may be changing), and
#: further on. A hostile zone could lead every server elsewhere, and each of those again.
TARGETS_AT_RECORD, TARGETS_FURTHER = 2, 1


class View(t.NamedTuple):
    """What was seen for one question: an answer or a failure per server; or why there is no server to ask."""

    zone: Zone | None
    answers: tuple[tuple[Server, Told | InkanError], ...]
    problem: InkanError | None = None

    def targets(self, most: int) -> list[str]:
        """Where its servers' CNAMEs lead, as many as are followed."""
        aliases = [answer.alias for _server, answer in self.answers if not isinstance(answer, InkanError)]
        return list(dict.fromkeys(alias for alias in aliases if alias is not None))[:most]


Views = t.Mapping[Question, View]


def collect(questions: t.Sequence[Question], resolver: Resolver, executor: Executor) -> dict[Question, View]:
    views: dict[Question, View] = {}
    pending = list(dict.fromkeys(questions))
    most = TARGETS_AT_RECORD
    for _turn in range(MAX_CHAIN + 1):
        if not pending:
            break
        seen = _level(pending, resolver, executor)
        views.update(seen)
        aliases = (Question(one, question.type) for question, view in seen.items() for one in view.targets(most))
        pending = [question for question in dict.fromkeys(aliases) if question not in views]
        most = TARGETS_FURTHER
    return views


def _level(questions: t.Sequence[Question], resolver: Resolver, executor: Executor) -> dict[Question, View]:
    """Ask all servers of each question's zone, and of the zone below where they only point there."""
    zones = _zones(questions, resolver, executor)
    views = {question: View(None, (), zone) for question, zone in zones.items() if isinstance(zone, InkanError)}
    open_zones = {question: zone for question, zone in zones.items() if not isinstance(zone, InkanError)}
    for _turn in range(MAX_CHAIN):
        if not open_zones:
            break
        below: dict[Question, Zone] = {}
        for question, view in _ask_all(open_zones, resolver, executor).items():
            views[question] = view
            told = _deeper(view)
            if told is not None:
                child = _below(told, resolver)
                if isinstance(child, InkanError):
                    views[question] = view._replace(problem=child)
                else:
                    below[question] = child
        open_zones = below
    return views


def _zones(
    questions: t.Sequence[Question], resolver: Resolver, executor: Executor
) -> dict[Question, Zone | InkanError]:
    """One name for each parent is looked up in parallel; the others are then found in the resolver's memory."""

    def find(question: Question) -> Zone | InkanError:
        try:
            return resolver.zone_of(question.name)
        except InkanError as error:
            return error

    first = list({parent_of(question.name): question for question in questions}.values())
    found = dict(zip(first, executor.map(find, first)))
    by_parent = {parent_of(question.name): answer for question, answer in found.items()}
    for question in questions:
        if question not in found:
            answer = by_parent[parent_of(question.name)]
            found[question] = answer if isinstance(answer, InkanError) else find(question)
    return found


def _ask_all(zones: t.Mapping[Question, Zone], resolver: Resolver, executor: Executor) -> dict[Question, View]:
    def ask(pair: tuple[Question, Server]) -> Told | InkanError:
        try:
            return resolver.ask(pair[0], pair[1].address)
        except InkanError as error:
            return error

    pairs = [(question, server) for question, zone in zones.items() for server in zone.servers]
    answers = dict(zip(pairs, executor.map(ask, pairs)))
    return {
        question: View(zone, tuple((server, answers[question, server]) for server in zone.servers))
        for question, zone in zones.items()
    }


def _deeper(view: View) -> Told | None:
    """The first referral to a zone below the one that was asked (one to above is no way forward)."""
    for _server, answer in view.answers:
        if isinstance(answer, InkanError) or answer.referral is None or view.zone is None:
            continue
        if answer.referral.name != view.zone.name and answer.referral.name.endswith("." + view.zone.name):
            return answer
    return None


def _below(told: Told, resolver: Resolver) -> Zone | InkanError:
    try:
        return resolver.zone_below(told)
    except InkanError as error:
        return error
