# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether every address of every authoritative server shows a record, as a CA will ask for it.

    look: views.py asks, flaws.py validates
    judge: pure, from the answers: a wish is visible where each server shows the value, itself or behind its CNAME

A family that this machine cannot reach (no IPv6) is a warning and not a lack: the CA may reach it, we cannot tell.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding, sentences
from ansible_collections.inkan.tls.plugins.module_utils._core.records import shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.value_hints import other_value
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.dnssec import Validator
from ansible_collections.inkan.tls.plugins.module_utils._dns.flaws import see
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import MAX_CHAIN, Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.views import (
    TARGETS_AT_RECORD,
    TARGETS_FURTHER,
    View,
    Views,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor

_SHOWN_VALUES = 5


class Wish(t.NamedTuple):
    """A record that must be visible; name and value in canonical form."""

    name: str
    type: str
    value: str

    @property
    def shown(self) -> str:
        return f"{self.type} {self.name}"


class Row(t.NamedTuple):
    """One server's word.

    found    None where the server could not be reached by its address family
    points   it has a CNAME, and the rows of the target say whether the value is there
    word     the code of what is wrong, where something is
    """

    record: str
    server: str
    address: str
    found: bool | None
    answer: str
    points: bool = False
    word: str = ""


class Sighting(t.NamedTuple):
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]

    @property
    def visible(self) -> bool:
        return not self.lacking

    @property
    def lacking(self) -> tuple[str, ...]:
        return tuple(sentences(one for one in self.findings if one.is_fatal))

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(sentences(one for one in self.findings if not one.is_fatal))

    def with_findings(self, more: t.Iterable[Finding]) -> Sighting:
        return self._replace(findings=tuple(dict.fromkeys((*self.findings, *more))))


def look(
    wishes: t.Iterable[Wish],
    resolver: Resolver,
    executor: Executor,
    validator: Validator | None = None,
    may_be_private: bool = True,
) -> dict[Wish, Sighting]:
    """One look at all of them, each question asked once per server."""
    unique = list(dict.fromkeys(wishes))
    questions = [Question(wish.name, wish.type) for wish in unique]
    seen = see(questions, resolver, executor, validator, may_be_private)
    found = {}
    for wish in unique:
        sighting = judge(wish, seen.views)
        names = dict.fromkeys((wish.name, *(row.record for row in sighting.rows)))
        flaws = [flaw for name in names for flaw in seen.flaws.get(Question(name, wish.type), ())]
        found[wish] = sighting.with_findings(Finding(word, wish.shown, place, why) for word, place, why in flaws)
    return found


# --- judge -----------------------------------------------------------------------------------------------------------


def judge(wish: Wish, views: Views) -> Sighting:
    question = Question(wish.name, wish.type)
    rows = _rows(question, wish.value, views, ())
    about = wish.shown
    findings = _problems(question, about, views)
    missing = [row for row in rows if row.found is False and not row.points]
    if findings:  # where a delegation leads nowhere, those that show it are not to blame
        missing = [row for row in missing if row.word != "server_lame"]
    findings += [Finding(row.word, about, f"{row.server} ({row.address})", _why(wish, row)) for row in missing]
    findings += [
        Finding("server_not_tried", about, f"{row.server} ({row.address})", f"was not looked at: {row.answer}")
        for row in rows
        if row.found is None
    ]
    findings += _beside(about, views, rows)
    if not any(one.is_fatal for one in findings) and not any(row.found for row in rows):
        findings.append(Finding("server_none_reached", about, "", "no authoritative server could be reached"))
    return Sighting(tuple(rows), tuple(findings))


def _why(wish: Wish, row: Row) -> str:
    return row.answer if row.record == wish.name else f"at {escaped(row.record, 260)} {row.answer}"


def _rows(question: Question, value: str, views: Views, trail: tuple[str, ...]) -> list[Row]:
    view = views.get(question)
    if view is None:
        return []
    rows: list[Row] = []
    behind: dict[str, list[Row]] = {}
    nowhere: dict[str, tuple[str, str]] = {}
    trail_here = (*trail, question.name)
    for target in view.targets(TARGETS_FURTHER if trail else TARGETS_AT_RECORD):
        circle = target in trail_here
        behind[target] = [] if circle else _rows(Question(target, question.type), value, views, trail_here)
        nowhere[target] = _nowhere(circle, views.get(Question(target, question.type)))
    for server, answer in view.answers:
        alias = None if isinstance(answer, InkanError) else answer.alias
        found, word, words = _judged(question, value, answer, behind, nowhere)
        word = "cname_dangling" if trail and words == "says NXDOMAIN" else word
        points = bool(alias and behind.get(alias))
        rows.append(Row(question.name, server.name, server.address, found, words, points, word))
    rows = _without_unreachable(rows, views)
    return rows + [row for part in behind.values() for row in part]


def _nowhere(circle: bool, view: View | None) -> tuple[str, str]:
    """Code and reason of a CNAME behind which there is no answer."""
    if circle:
        return "cname_loop", "in a circle"
    if view is None:
        return "cname_too_long", f"more than {MAX_CHAIN} CNAMEs in a row"
    return "cname_dangling", view.problem.why if view.problem else "nobody answers there"


#: what a server's failure is called
_FAILURES = {
    "dns_no_answer": "server_silent",
    "dns_unreachable": "server_unreachable",
    "dns_no_route": "server_not_tried",
    "REFUSED": "server_refuses",
    "NOTAUTH": "server_refuses",
    "NXDOMAIN": "record_missing",
}


def failure_word(answer: InkanError) -> str:
    return _FAILURES.get(answer.code, "server_bad_answer")


def _judged(
    question: Question,
    value: str,
    answer: Told | InkanError,
    behind: t.Mapping[str, list[Row]],
    nowhere: t.Mapping[str, tuple[str, str]],
) -> tuple[bool | None, str, str]:
    """Whether it shows the value; what is wrong, as a code; and its words."""
    if isinstance(answer, InkanError):
        return (None if answer.code == "dns_no_route" else False), failure_word(answer), answer.why
    if answer.found is not None:
        values = answer.found.values
        shown = _shown(question.type, values)
        if not answer.authoritative:
            return False, "server_lame", f"{shown}, and is not authoritative"
        return value in values, "" if value in values else other_value(value, values), shown
    if answer.alias is not None:
        return _judged_alias(answer.alias, behind, nowhere)
    if answer.rcode == "NOERROR":
        word, lame = ("record_missing", "") if answer.authoritative else ("server_lame", ", and is not authoritative")
        return False, word, f"has no {question.type} record there{lame}"
    return False, _FAILURES.get(answer.rcode, "server_fails"), f"says {answer.rcode}"


def _judged_alias(
    alias: str, behind: t.Mapping[str, list[Row]], nowhere: t.Mapping[str, tuple[str, str]]
) -> tuple[bool, str, str]:
    words = f"has a CNAME to {escaped(alias, 260)}"
    rows = behind.get(alias)
    if rows is None:
        return False, "cname_differs", f"{words}, other servers have others"
    if not rows:
        word, why = nowhere[alias]
        return False, word, f"{words}, which leads nowhere: {why}"
    return all(row.found is not False for row in rows) and any(row.found for row in rows), "cname_dangling", words


def _shown(type: str, values: t.Iterable[str]) -> str:
    ordered = sorted(values)
    shown = ", ".join(shown_value(type, value[:300]) for value in ordered[:_SHOWN_VALUES])
    more = len(ordered) - _SHOWN_VALUES
    return f"has {shown}" + (f" and {more} more" if more > 0 else "")


def _problems(question: Question, about: str, views: Views) -> list[Finding]:
    view = views.get(question)
    if view is None or view.problem is None:
        return []
    return [Finding("zone_not_found" if view.zone is None else "delegation_broken", about, "", view.problem.sentence())]


def _beside(about: str, views: Views, rows: t.Sequence[Row]) -> list[Finding]:
    """Servers that show a CNAME and something else at the same name."""
    names = {row.record for row in rows}
    return [
        Finding("cname_beside_data", about, f"{server.name} ({server.address})", f"has a CNAME beside {question.type}")
        for question, view in views.items()
        if question.name in names
        for server, answer in view.answers
        if not isinstance(answer, InkanError) and answer.has_cname_beside
    ]


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
    return [
        row._replace(found=None, word="server_not_tried") if row.address in silent and row.found is False else row
        for row in rows
    ]
