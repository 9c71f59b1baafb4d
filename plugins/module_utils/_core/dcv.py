# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dated rules of the Baseline Requirements as functions of a day. Pure: the day is an argument.

    allowed(rule, day, name, …) -> Verdict      may the CA issue for this name on this day by this method?
    validity_limit(day), latest_end(start)      how long may the certificate be?
    reuse_limit(day, rule)                      how old may the validation be?
    next_cliff(rule, …)                         when does a yes turn into a no?

A day is the UTC day of issue; a rule holds from 00:00:00 of its date (BR 1.6.4).

This file is private to the collection.
"""

from __future__ import annotations

import functools
import re
import typing as t
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._data.dcv_methods import METHOD_RULES, MethodRule
from ansible_collections.inkan.tls.plugins.module_utils._data.validity import (
    DCV_REUSE_MAX_DAYS,
    MPIC_MIN_REMOTE,
    SII_REUSE_MAX_DAYS,
    SWITCHES,
    VALIDITY_MAX_DAYS,
    Limit,
    Perspectives,
    Switch,
)

#: the registrable domain of a name, None for a public suffix
BaseOf = t.Callable[[str], t.Optional[str]]

_RULES = {rule.id: rule for rule in METHOD_RULES}
_DAY = timedelta(seconds=86_400)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Verdict:
    """What a CA may do.

    allowed: it may rely on the method; revalidate: the old evidence is too old; ends_on: the first day it may not.
    """

    allowed: bool
    discouraged: bool = False
    revalidate: bool = False
    ends_on: date | None = None
    reasons: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What an old validation was: the Authorization Domain Name, how it was reached by CNAME, and when it was done."""

    adn: str
    cnames: tuple[str, ...] = ()
    validated_on: date | None = None


def method_rule(rule_id: str) -> MethodRule:
    return _RULES[rule_id]


def allowed(
    rule_id: str,
    day: date,
    name: str,
    *,
    ev: bool = False,
    evidence: Evidence | None = None,
    base_of: BaseOf | None = None,
) -> Verdict:
    """May a certificate with ``name`` be issued on ``day`` by this method (decision table 5.2 of the BR facts)?"""
    if evidence is None:  # the name itself counts only where it is a wildcard or onion name
        special = name if name.startswith("*.") or name.endswith(".onion") else ""
        return _of_name(rule_id, day, special, ev)
    return _judged(rule_id, day, name, ev, evidence, base_of)


@functools.lru_cache(maxsize=4096)
def _of_name(rule_id: str, day: date, name: str, ev: bool) -> Verdict:
    return _judged(rule_id, day, name, ev, None, None)


def _judged(rule_id: str, day: date, name: str, ev: bool, evidence: Evidence | None, base_of: BaseOf | None) -> Verdict:
    rule = _RULES[rule_id]
    no = _dead(rule, day) or _wrong_name(rule, name, ev) or _wrong_adn(rule, name, evidence, base_of)
    ends_on = rule.must_not_rely_from
    if no:
        return Verdict(False, ends_on=ends_on, reasons=(no[0],), facts=cited(no[1]))
    facts = (f"BR {rule.id}",)
    reasons: tuple[str, ...] = ()
    discouraged = rule.discouraged_from is not None and day >= rule.discouraged_from
    if discouraged:
        reasons = (f"it SHOULD NOT be used since {rule.discouraged_from}",)
    revalidate = _too_old(rule, day, evidence)
    if revalidate:
        age = f"the validation of {_done_on(evidence)} is older than {reuse_limit(day, rule)} days"
        reasons += (f"{age}: validate again",)
    return Verdict(True, discouraged, revalidate, ends_on, reasons, facts)


@functools.lru_cache(maxsize=1024)
def cited(source: str) -> tuple[str, ...]:
    """The rules that a source names, one by one: ``SC-090, BR 2.2.2; BR 2.3.1 3.2.2.4.4`` is SC-090 and BR 3.2.2.4.4.

    2.2.2 and 2.3.1 are versions of the document. No rule stands in its section 2.
    """
    parts = (re.sub(r"^BR 2\.\d+\.\d+ (?=\d)", "BR ", part) for part in re.split(r"; |, (?=[A-Z])", source))
    return tuple(part for part in parts if not re.fullmatch(r"BR 2\.\d+\.\d+", part)) or (source,)


def _dead(rule: MethodRule, day: date) -> tuple[str, str] | None:
    if rule.must_not_rely_from is not None and day >= rule.must_not_rely_from:
        return f"it MUST NOT be relied on since {rule.must_not_rely_from}, earlier validations included", rule.source
    if rule.retired and rule.must_not_rely_from is None:
        return "it was retired long ago", rule.source
    if rule.since is not None and day < rule.since:
        return f"it exists since {rule.since}", rule.source
    return None


def _wrong_name(rule: MethodRule, name: str, ev: bool) -> tuple[str, str] | None:
    wildcard, onion = name.startswith("*."), name.endswith(".onion")
    if wildcard and ev and not onion:
        return f"an EV certificate has no wildcard name ({name})", "EVG 7.1.2.1"
    if wildcard and not rule.wildcard:
        return f"it cannot validate a wildcard name ({name})", f"BR {rule.id}"
    if onion and not rule.onion:
        return f"it cannot validate an onion name ({name})", f"BR {rule.id}"
    return None


def _wrong_adn(
    rule: MethodRule, name: str, evidence: Evidence | None, base_of: BaseOf | None
) -> tuple[str, str] | None:
    if evidence is None or evidence.adn in derivable_names(rule, name, evidence.cnames, base_of):
        return None
    return f"no validation of {evidence.adn} covers {name} by this method", "BR 3.2.2.4, SC-101v2"


def derivable_names(
    rule: MethodRule, name: str, cnames: t.Sequence[str] = (), base_of: BaseOf | None = None
) -> frozenset[str]:
    """Every Authorization Domain Name of ``name``: CNAME steps first (never for a wildcard name), then pruning.

    cnames: the targets in order, as the CA would meet them. Without base_of nothing is pruned.
    """
    starts = [validated_name(name)]
    if rule.adn_cname_step and not name.startswith("*."):
        starts += cnames
    found = set(starts)
    if rule.prune and base_of is not None:
        for start in starts:
            found.update(_ancestors(start, base_of(start)))
    if rule.base_domain_only and base_of is not None:
        found = {name for name in found if name == base_of(name)}
    return frozenset(found)


def reaches(rule: MethodRule, name: str, domain: str, base: str | None) -> bool:
    """Whether a validation of ``domain`` is one of ``name`` (no ``*.``): the same, or pruned, never below ``base``."""
    if domain == name:
        return True
    if not rule.prune or base is None or not name.endswith(f".{domain}"):
        return False
    return domain == base or domain.endswith(f".{base}")


def _ancestors(name: str, base: str | None) -> t.Iterator[str]:
    while base is not None and name != base and "." in name:
        name = name.partition(".")[2]
        yield name


def _too_old(rule: MethodRule, day: date, evidence: Evidence | None) -> bool:
    if evidence is None or evidence.validated_on is None:
        return False
    return (day - evidence.validated_on).days > reuse_limit(day, rule)


def _done_on(evidence: Evidence | None) -> str:
    return str(evidence.validated_on) if evidence is not None else ""


def reuse_limit(day: date, rule: MethodRule | None = None) -> int:
    """Days that a validation may be old at issue."""
    days = _limit(DCV_REUSE_MAX_DAYS, day).days
    cap = rule.reuse_cap_days if rule is not None else None
    return days if cap is None else min(days, cap)


def validity_limit(day: date) -> Limit:
    return _limit(VALIDITY_MAX_DAYS, day)


def latest_end(start: datetime) -> datetime:
    """The last notAfter that is lawful for a certificate issued at ``start``: N · 86,400 s, both end points counted."""
    return end_of(start, validity_limit(start.date()).days)


def end_of(start: datetime, days: int) -> datetime:
    """The last second of a validity of so many days of 86,400 s."""
    return start + days * _DAY - _SECOND


def perspectives(day: date) -> Perspectives | None:
    """The remote perspectives that a CA needs on that day; None before there was such a rule."""
    rows = [row for row in MPIC_MIN_REMOTE if row.since <= day]
    return rows[-1] if rows else None


def _limit(table: t.Sequence[Limit], day: date) -> Limit:
    return [row for row in table if row.since <= day][-1]


def next_cliff(rule: MethodRule, validated_on: date, day: date) -> date | None:
    """The first day after ``day`` on which a validation of ``validated_on`` is worth nothing any more.

    None: it is worth nothing already on ``day``.
    """
    if _evidence_dead(rule, validated_on, day):
        return None
    # the answer can turn only where a rule changes, or where the age passes one of the limits
    changes = {row.since for row in DCV_REUSE_MAX_DAYS}
    for days in {reuse_limit(day, rule), *(reuse_limit(row.since, rule) for row in DCV_REUSE_MAX_DAYS)}:
        changes.add(validated_on + timedelta(days=days + 1))
    if rule.must_not_rely_from is not None:
        changes.add(rule.must_not_rely_from)
    return min(change for change in changes if change > day and _evidence_dead(rule, validated_on, change))


def _evidence_dead(rule: MethodRule, validated_on: date, day: date) -> bool:
    return _dead(rule, day) is not None or (day - validated_on).days > reuse_limit(day, rule)


def switches_after(day: date) -> tuple[Switch, ...]:
    return tuple(switch for switch in SWITCHES if switch.since > day)


def limits_after(day: date) -> tuple[tuple[Limit, Limit], ...]:
    """(validity, reuse) rows that begin after ``day``; both tables change on the same dates."""
    return tuple((v, r) for v, r in zip(VALIDITY_MAX_DAYS, DCV_REUSE_MAX_DAYS) if v.since > day)


def identity_limits_after(day: date) -> tuple[Limit, ...]:
    """How long the identity of an organization (OV, EV) counts: the rows that begin after ``day``."""
    return tuple(row for row in SII_REUSE_MAX_DAYS if row.since > day)


def reverse_tree_error(name: str, day: date) -> str | None:
    """Why a name of the reverse tree is not possible on that day, or None (BR 4.2.2, SC-086v3)."""
    if not name.endswith((".in-addr.arpa", ".ip6.arpa")):
        return None
    since = next(switch.since for switch in SWITCHES if switch.hits == "arpa")
    return f"names of the reverse tree are not possible since {since}" if day >= since else None
