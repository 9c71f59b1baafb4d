# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether every address of every authoritative server shows a record, as a CA will ask for it.

    look: questions → zones → one answer per question and server → referrals and CNAMEs once more, level by level
    judge: pure, from the answers: a wish is visible where each server shows the value, itself or behind its CNAME

A family that this machine cannot reach (no IPv6) is a warning and not a lack: the CA may reach it, we cannot tell.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.records import parent_of, shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import MAX_CHAIN, Resolver, Server, Zone
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor

_SHOWN_VALUES = 5
#: targets that are followed where servers have different CNAMEs: at the record itself (its zone may be changing), and
#: further on. A hostile zone could lead every server elsewhere, and each of those again.
_TARGETS_AT_RECORD, _TARGETS_FURTHER = 2, 1


class Wish(t.NamedTuple):
    """A record that must be visible; name and value in canonical form."""

    name: str
    type: str
    value: str


class Row(t.NamedTuple):
    """One server's word.

    found    None where the server could not be reached by its address family
    points   it has a CNAME, and the rows of the target say whether the value is there
    """

    record: str
    server: str
    address: str
    found: bool | None
    answer: str
    points: bool = False


class Sighting(t.NamedTuple):
    visible: bool
    rows: tuple[Row, ...]
    lacking: tuple[str, ...]
    warnings: tuple[str, ...]


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


def look(wishes: t.Iterable[Wish], resolver: Resolver, executor: Executor) -> dict[Wish, Sighting]:
    """One look at all of them, each question asked once per server."""
    unique = list(dict.fromkeys(wishes))
    views = collect([Question(wish.name, wish.type) for wish in unique], resolver, executor)
    return {wish: judge(wish, views) for wish in unique}


# --- look ------------------------------------------------------------------------------------------------------------


def collect(questions: t.Sequence[Question], resolver: Resolver, executor: Executor) -> dict[Question, View]:
    views: dict[Question, View] = {}
    pending = list(dict.fromkeys(questions))
    most = _TARGETS_AT_RECORD
    for _turn in range(MAX_CHAIN + 1):
        if not pending:
            break
        seen = _level(pending, resolver, executor)
        views.update(seen)
        aliases = (Question(one, question.type) for question, view in seen.items() for one in view.targets(most))
        pending = [question for question in dict.fromkeys(aliases) if question not in views]
        most = _TARGETS_FURTHER
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


# --- judge -----------------------------------------------------------------------------------------------------------


def judge(wish: Wish, views: Views) -> Sighting:
    rows = _rows(Question(wish.name, wish.type), wish.value, views, ())
    problems = _problems(Question(wish.name, wish.type), views)
    head = f"{wish.type} {wish.name}"
    lacking = [f"{head}: {problem}" for problem in problems]
    missing = [row for row in rows if row.found is False and not row.points]
    lacking += [f"{head}: {row.server} ({row.address}) {row.answer}" for row in missing]
    warnings = [
        f"{head}: {row.server} ({row.address}) was not looked at: {row.answer}" for row in rows if row.found is None
    ]
    if not lacking and not any(row.found for row in rows):
        lacking.append(f"{head}: no authoritative server could be reached")
    return Sighting(not lacking, tuple(rows), tuple(lacking), tuple(warnings))


def _rows(question: Question, value: str, views: Views, trail: tuple[str, ...]) -> list[Row]:
    view = views.get(question)
    if view is None:
        return []
    rows: list[Row] = []
    behind: dict[str, list[Row]] = {}
    trail_here = (*trail, question.name)
    for target in view.targets(_TARGETS_FURTHER if trail else _TARGETS_AT_RECORD):
        circle = target in trail_here
        behind[target] = [] if circle else _rows(Question(target, question.type), value, views, trail_here)
    for server, answer in view.answers:
        alias = None if isinstance(answer, InkanError) else answer.alias
        found, words = _judged(question, value, answer, behind)
        rows.append(Row(question.name, server.name, server.address, found, words, bool(alias and behind.get(alias))))
    rows = _without_unreachable(rows, views)
    return rows + [row for part in behind.values() for row in part]


def _judged(
    question: Question, value: str, answer: Told | InkanError, behind: t.Mapping[str, list[Row]]
) -> tuple[bool | None, str]:
    if isinstance(answer, InkanError):
        return (None if answer.code == "dns_no_route" else False), answer.why
    if answer.found is not None:
        values = answer.found.values
        return value in values, _shown(question.type, values)
    if answer.alias is not None:
        words = f"has a CNAME to {escaped(answer.alias, 260)}"
        rows = behind.get(answer.alias)
        if rows is None:
            return False, f"{words}, other servers have others"
        if not rows:
            return False, f"{words}, which leads nowhere"
        return all(row.found is not False for row in rows) and any(row.found for row in rows), words
    if answer.rcode == "NOERROR":
        lame = "" if answer.authoritative else ", and is not authoritative"
        return False, f"has no {question.type} record there{lame}"
    return False, f"says {answer.rcode}"


def _shown(type: str, values: t.Iterable[str]) -> str:
    ordered = sorted(values)
    shown = ", ".join(shown_value(type, value[:300]) for value in ordered[:_SHOWN_VALUES])
    more = len(ordered) - _SHOWN_VALUES
    return f"has {shown}" + (f" and {more} more" if more > 0 else "")


def _problems(question: Question, views: Views) -> list[str]:
    view = views.get(question)
    if view is None:
        return [f"more than {MAX_CHAIN} CNAMEs in a row"]
    return [view.problem.sentence()] if view.problem else []


def _without_unreachable(rows: list[Row], views: Views) -> list[Row]:
    """Silence over IPv6 counts only if some IPv6 server was ever heard: else this machine has no working IPv6."""
    heard = any(
        ":" in server.address and not isinstance(answer, InkanError)
        for view in views.values()
        for server, answer in view.answers
    )
    silent = {
        server.address
        for view in views.values()
        for server, answer in view.answers
        if ":" in server.address and isinstance(answer, InkanError) and answer.code == "dns_no_answer"
    }
    if heard:
        return rows
    return [row._replace(found=None) if row.address in silent and row.found is False else row for row in rows]
