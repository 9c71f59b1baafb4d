# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the CAA records of a name let this CA issue, as each authoritative server tells them.

A CA climbs from the name to the first set that is not empty (RFC 8659 §3); a CNAME at a name on the way is followed,
and nothing above its target counts. What cannot be looked up is never read as permission (BR 4.2.2.1). The way ends at
the registrable domain: nobody's policy stands above.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.caa_judge import Asker, Verdict, judge_set
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import ROWS, Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.records import parent_of
from ansible_collections.inkan.tls.plugins.module_utils._data.eyes_codes import FATAL
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.flaws import Seen
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import MAX_CHAIN, Server

BaseOf = t.Callable[[str], t.Optional[str]]


class CaaWish(t.NamedTuple):
    """A name of a certificate and who is to issue it. sure: the issuer names are certain."""

    dns_name: str
    asker: Asker
    sure: bool = True


class _Word(t.NamedTuple):
    """One server's set at one name; None: it could not be looked up, ``why`` says why."""

    server: str
    values: frozenset[str] | None
    why: str = ""


def way_up(dns_name: str, base_of: BaseOf) -> list[str]:
    """The names that are asked, the nearest first."""
    name = validated_name(dns_name)
    base = base_of(name)
    way = [name]
    while name != base and (parent_of(name) if base else "." in parent_of(name)):
        name = parent_of(name)
        way.append(name)
    return way


def questions_of(wishes: t.Iterable[CaaWish], base_of: BaseOf) -> list[Question]:
    ways = [way_up(wish.dns_name, base_of) for wish in wishes]
    names = dict.fromkeys(name for way in ways for name in way)
    tops = dict.fromkeys(way[-1] for way in ways)
    return [*(Question(name, "CAA") for name in names), *(Question(name, "SOA") for name in tops)]


def judge(wish: CaaWish, seen: Seen, base_of: BaseOf) -> list[Finding]:
    about = f"CAA for {wish.dns_name}"
    way = way_up(wish.dns_name, base_of)
    findings = _flaws(about, way, seen)
    failed = [finding for name in way for finding in _failures(about, name, seen)]
    if failed and _is_cut_off(way, seen):
        why = f"no authoritative server can be reached from here: {failed[0].why}"
        failed = [Finding("caa_not_judged", about, failed[0].place, why)]
    verdicts = _climb(wish, way, seen)
    bad = [(place, verdict) for place, verdict in verdicts if verdict.word]
    if bad and len(bad) < len(verdicts) and any(ROWS[one.word].severity == FATAL for _place, one in bad):
        findings += [Finding("caa_servers_differ", about, place, f"{one.why}, others differ") for place, one in bad]
    elif bad:
        findings += [Finding(_word(wish, one), about, place, one.why) for place, one in bad]
    return list(dict.fromkeys([*findings, *failed]))


def _word(wish: CaaWish, verdict: Verdict) -> str:
    return verdict.word if wish.sure else "caa_not_judged"


def _climb(wish: CaaWish, way: t.Sequence[str], seen: Seen) -> list[tuple[str, Verdict]]:
    """A verdict for each server of the nearest set; those that have none there go on climbing."""
    wildcard = wish.dns_name.startswith("*.")
    verdicts: list[tuple[str, Verdict]] = []
    for name in way:
        words = _words(name, seen)
        told = [word for word in words if word.values]
        verdicts += [
            (f"{name}: {word.server}", judge_set(word.values or (), wish.asker, wildcard=wildcard)) for word in told
        ]
        if told and not any(word.values is not None and not word.values for word in words):
            return verdicts
    return [*verdicts, ("", Verdict())] if verdicts else []


def _words(name: str, seen: Seen, depth: int = 0) -> list[_Word]:
    view = seen.views.get(Question(name, "CAA"))
    if view is None or view.zone is None:
        why = "too many CNAMEs" if view is None else view.problem.sentence() if view.problem else "no zone"
        return [_Word(f"zone of {name}", None, why)]
    found: list[_Word] = []
    for server, answer in view.answers:
        if not isinstance(answer, InkanError) and answer.alias is not None:
            circle = depth >= MAX_CHAIN or answer.alias == name
            found += (
                [_Word(_shown(server), None, "CNAMEs in a circle")] if circle else _words(answer.alias, seen, depth + 1)
            )
        else:
            found.append(_word_of(server, answer))
    return list(dict.fromkeys(found))


def _word_of(server: Server, answer: Told | InkanError) -> _Word:
    if isinstance(answer, InkanError):
        return _Word(_shown(server), None, answer.why) if answer.code != "dns_no_route" else _Word(_shown(server), None)
    if answer.found is not None:
        return _Word(_shown(server), answer.found.values)
    if answer.rcode in ("NOERROR", "NXDOMAIN") and answer.referral is None:
        return _Word(_shown(server), frozenset())
    return _Word(_shown(server), None, f"says {answer.rcode}" if answer.referral is None else "points elsewhere")


def _shown(server: Server) -> str:
    return f"{server.name} ({server.address})"


def _failures(about: str, name: str, seen: Seen) -> list[Finding]:
    """No way to an address family is none where another server answered."""
    words = _words(name, seen)
    heard = any(word.values is not None for word in words)
    failed = [word for word in words if word.values is None and (word.why or not heard)]
    return [
        Finding("caa_lookup_failed", about, f"{name}: {word.server}", word.why or "cannot be reached from here")
        for word in failed
    ]


def _is_cut_off(way: t.Sequence[str], seen: Seen) -> bool:
    """Whether the servers do not answer this machine at all: that says nothing of what a CA gets."""
    tops = Question(way[-1], "SOA")
    views = [seen.views[one] for one in (tops, *(Question(name, "CAA") for name in way)) if one in seen.views]
    answers = [answer for view in views for _server, answer in view.answers]
    return bool(answers) and all(isinstance(answer, TransportError) for answer in answers)


def _flaws(about: str, way: t.Sequence[str], seen: Seen) -> list[Finding]:
    names = list(dict.fromkeys(way))
    for name in names:  # grows while it is read: what CNAMEs lead to
        view = seen.views.get(Question(name, "CAA"))
        names += [one for one in (view.targets(1) if view else ()) if one not in names]
    return [
        Finding(word, about, place, why)
        for name in names
        for word, place, why in seen.flaws.get(Question(name, "CAA"), ())
    ]
