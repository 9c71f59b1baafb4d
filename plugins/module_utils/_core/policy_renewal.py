# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is due: an ordered list of reasons, the first that holds decides. Pure and total.

    an order is under way ─▶ in progress          (an issued one is judged like a live certificate)
    forced                ─▶ due
    refused as it is      ─▶ not due              (where the seller's row says that a person decides)
    no certificate        ─▶ due
    expired, not its key  ─▶ due
    revoked               ─▶ due
    names, key type       ─▶ due, unless frozen
    the day has come      ─▶ due, unless frozen   (only where renewals are chosen)

The day is counted from the later of notBefore and the day the certificate was obtained: a CA whose new certificate is
already inside the window is not asked again every day.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import hashlib
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_end, parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live, OpenOrder

DEFAULT_FRACTION = 0.667

#: states of the ledger in which the CA, or we, still have to do something before there is a certificate
_UNDER_WAY = frozenset({"intended", "wanted", "awaiting_approval", "validating", "issuing", "needs_person"})
#: there is a certificate, not every host has it yet
_TO_DEPLOY = frozenset({"issued", "deploy_pending"})


class Choose(enum.Enum):
    ISSUE = "issue"
    RENEW = "renew"
    NONE = "none"


class Outcome(enum.Enum):
    DUE = "due"
    NOT_DUE = "not_due"
    IN_PROGRESS = "in_progress"


@dataclass(frozen=True)
class Freeze:
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True)
class RenewalPolicy:
    """days_left, where given, takes the place of fraction."""

    fraction: float = DEFAULT_FRACTION
    days_left: int | None = None
    force: frozenset[str] = frozenset()
    freeze: tuple[Freeze, ...] = ()
    jitter: timedelta = timedelta(0)


@dataclass(frozen=True)
class Due:
    """at: the day of renewal, where there is a certificate to renew."""

    outcome: Outcome
    code: str
    reason: str
    at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """What is wanted (name, all DNS names, key type) and what there is.

    held: why the last order's refusal stands until a person corrects the declaration; empty: it does not.
    """

    name: str
    dns_names: tuple[str, ...]
    key_type: str
    live: Live | None
    order: OpenOrder | None
    held: str = ""


def decide(facts: Facts, policy: RenewalPolicy, choose: Choose, now: datetime) -> Due:
    order = facts.order
    if order is not None and order.state in _UNDER_WAY:
        return Due(Outcome.IN_PROGRESS, "order_open", f"an order is under way ({order.state})", _due_at(facts, policy))
    if order is not None and order.state in _TO_DEPLOY:
        return _decide_deploying(facts, order, policy, choose, now)
    if choose is Choose.NONE:
        return Due(Outcome.NOT_DUE, "not_asked", "nothing was to be chosen", _due_at(facts, policy))
    return _decide_live(facts, policy, choose, now)


def _decide_deploying(facts: Facts, order: OpenOrder, policy: RenewalPolicy, choose: Choose, now: datetime) -> Due:
    """An issued certificate waits for a host. It is judged as if it were live: a dead host must not block renewal."""
    waiting = Due(Outcome.IN_PROGRESS, "order_open", f"an issued certificate waits for its hosts ({order.state})")
    if order.certificate is None or choose is Choose.NONE:
        return waiting
    unforced = RenewalPolicy(policy.fraction, policy.days_left, frozenset(), policy.freeze, policy.jitter)
    new = Facts(facts.name, facts.dns_names, facts.key_type, order.certificate, None)
    found = _decide_live(new, unforced, choose, now)
    if found.outcome is Outcome.DUE:
        return found
    return Due(waiting.outcome, waiting.code, waiting.reason, found.at)


def _decide_live(facts: Facts, policy: RenewalPolicy, choose: Choose, now: datetime) -> Due:
    live, at = facts.live, _due_at(facts, policy)
    if facts.name in policy.force:
        return Due(Outcome.DUE, "forced", "it was forced", at)
    if facts.held:
        return Due(Outcome.NOT_DUE, "order_refused", facts.held, at)
    if live is None:
        return Due(Outcome.DUE, "no_certificate", "there is no live certificate")
    if now > live.not_after:
        return Due(Outcome.DUE, "expired", f"the live certificate ended at {render_time(live.not_after)}", at)
    if not live.matches:
        return Due(Outcome.DUE, "key_mismatch", "the live certificate does not belong to the live key", at)
    if facts.order is not None and live.serial is not None and live.serial in facts.order.revoked:
        return Due(Outcome.DUE, "revoked", f"the live certificate, serial {live.serial}, was revoked", at)
    reason = _changed(facts, live) or (_day_reason(at, now) if choose is Choose.RENEW else None)
    if reason is None:
        return Due(Outcome.NOT_DUE, "not_due", _waiting_reason(at, choose, now), at)
    freeze = _freeze(policy, live, now) if choose is Choose.RENEW else None
    if freeze is not None:
        why = f"{reason[1]}, but renewals are frozen until {render_time(freeze.end)}: {freeze.reason}"
        return Due(Outcome.NOT_DUE, "frozen", why, freeze.end)
    return Due(Outcome.DUE, reason[0], reason[1], at)


def _changed(facts: Facts, live: Live) -> tuple[str, str] | None:
    if live.dns_names is not None and set(live.dns_names) != set(facts.dns_names):
        new = sorted(set(facts.dns_names) - set(live.dns_names))
        gone = sorted(set(live.dns_names) - set(facts.dns_names))
        words = [f"{word} {', '.join(names)}" for word, names in (("new:", new), ("no longer:", gone)) if names]
        return "names_changed", f"the names differ from the live certificate ({'; '.join(words)})"
    if live.key_type is not None and live.key_type != facts.key_type:
        return "key_type_changed", f"the live key is {live.key_type}, {facts.key_type} is wanted"
    return None


def _day_reason(at: datetime | None, now: datetime) -> tuple[str, str] | None:
    if at is None or now < at:
        return None
    return "window_open", f"its day of renewal was {render_time(at)}"


def _waiting_reason(at: datetime | None, choose: Choose, now: datetime) -> str:
    if at is None or (choose is Choose.ISSUE and now >= at):
        return "there is a live certificate as wished"
    return f"there is a live certificate as wished, its day of renewal is {render_time(at)}"


def _freeze(policy: RenewalPolicy, live: Live, now: datetime) -> Freeze | None:
    """The freeze that holds a renewal back: none where the certificate would end before it does."""
    now_frozen = [freeze for freeze in policy.freeze if freeze.start <= now < freeze.end]
    longest = max(now_frozen, key=lambda freeze: freeze.end, default=None)
    return longest if longest is not None and live.not_after >= longest.end else None


def _due_at(facts: Facts, policy: RenewalPolicy) -> datetime | None:
    return renewal_day(facts.name, facts.live, policy) if facts.live is not None else None


def renewal_day(name: str, live: Live, policy: RenewalPolicy) -> datetime:
    """start + fraction · (notAfter − start), or days_left before notAfter; less the name's share of the jitter."""
    start = max(live.not_before, live.obtained_at or live.not_before)
    life = max(live.not_after - start, timedelta(0))
    wait = life * policy.fraction
    if policy.days_left is not None and timedelta(days=policy.days_left) < life:
        # a certificate shorter than days_left would be due on the day it came: the fraction holds then
        wait = life - timedelta(days=policy.days_left)
    shift = min(policy.jitter * _share(name), wait / 2)
    return (start + wait - shift).replace(microsecond=0)


def _share(name: str) -> float:
    """A number in [0, 1) that is always the same for a name: the load is spread without chance."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def read_policy(raw: t.Any, errors: InputCollector) -> RenewalPolicy:
    """The dictionary ``renewal`` (``inkan_renewal``)."""
    fields = Fields(raw, where="option renewal", path="renewal", errors=errors)
    policy = RenewalPolicy(
        fraction=_fraction(fields),
        days_left=fields.number("days_left", 0, 1, 397) or None,
        force=frozenset(fields.texts("force")),
        freeze=tuple(freeze for freeze in map(_read_freeze, fields.items("freeze")) if freeze is not None),
        jitter=timedelta(hours=fields.number("jitter_hours", 0, 0, 24 * 30)),
    )
    fields.close()
    return policy


def _fraction(fields: Fields) -> float:
    value = fields.raw("fraction")
    if value is None:
        return DEFAULT_FRACTION
    try:
        fraction = float(value)
    except (TypeError, ValueError):
        fraction = -1.0
    if 0.1 <= fraction <= 0.95:
        return fraction
    fields.wrong("fraction", value, "a share of the lifetime from 0.1 to 0.95 is needed")
    return DEFAULT_FRACTION


def _read_freeze(fields: Fields) -> Freeze | None:
    start, end = fields.text("from"), fields.text("to")
    reason = fields.text("reason") or "no reason given"
    fields.close()
    try:
        freeze = Freeze(parse_time(start or ""), parse_end(end or ""), reason)
    except ValueError as why:
        fields.wrong("", f"{start} to {end}", f"from and to are needed: {why}")
        return None
    if freeze.end <= freeze.start:
        fields.wrong("to", end, "it lies before from")
    return freeze
