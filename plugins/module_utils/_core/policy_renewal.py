# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is due: an ordered list of reasons, the first that holds decides. Pure and total.

    an order is under way ─▶ in progress          (an issued one is judged like a live certificate)
    forced                ─▶ due
    refused as it is      ─▶ not due              (where the seller's row says that a person decides)
    cancelled by seller   ─▶ not due              (until its owner says so by force: it would be paid again)
    no certificate        ─▶ due
    expired               ─▶ due
    its CA's suggestion   ─▶ due                  (ARI; it takes the place of the user's own day)
    not its key, revoked  ─▶ due
    names, key type       ─▶ due, unless frozen
    the day has come      ─▶ due, unless frozen   (from here on only where renewals are chosen)
    the contract ends     ─▶ due, unless frozen
    a cliff is ahead      ─▶ due, unless frozen   (the method ends before the day)
    the validation ends   ─▶ not due, but to be validated again

When the day comes is said by ``_core/schedule``. What is due is one of three orders: ``issue`` (the first), ``renew``
(a new term is bought) or ``reissue`` (inside a term that is paid); ``revalidate`` is no order at all.

This file is private to the collection.
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.calendar import Calendar, read_calendar
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields
from ansible_collections.inkan.tls.plugins.module_utils._core.schedule import (
    Schedule,
    SellersWindow,
    begin_of,
    midnight_of,
    renewal_day,
    schedule_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.states import TO_DEPLOY, UNDER_WAY
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live, OpenOrder

__all__ = ["Choose", "Due", "Facts", "Outcome", "RenewalPolicy", "decide", "read_policy", "renewal_day"]

DEFAULT_FRACTION = 0.667
#: days before the end of a contract at which it is renewed: IIJ, the longest here, opens its window 30 days before
CONTRACT_DAYS = 30
#: days before the end of a method at which it is used once more: time for two tries by mail
CLIFF_DAYS = 14


class Choose(enum.Enum):
    ISSUE = "issue"
    RENEW = "renew"
    NONE = "none"


class Outcome(enum.Enum):
    DUE = "due"
    NOT_DUE = "not_due"
    IN_PROGRESS = "in_progress"


@dataclass(frozen=True)
class RenewalPolicy:
    """days_left, where given, takes the place of fraction. contract_days, cliff_days: 0 turns the reason off."""

    fraction: float = DEFAULT_FRACTION
    days_left: int | None = None
    force: frozenset[str] = frozenset()
    calendar: Calendar = Calendar()
    jitter: timedelta = timedelta(0)
    contract_days: int = CONTRACT_DAYS
    cliff_days: int = CLIFF_DAYS
    #: between two runs, as far as is known
    run_every: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """at: the day of renewal, where there is a certificate to renew. kind: issue, renew, reissue or revalidate."""

    outcome: Outcome
    code: str
    reason: str
    at: datetime | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Facts:
    """What is wanted (name, all DNS names, key type) and what there is.

    held            why the last order's refusal stands until a person corrects the declaration; empty: it does not
    window          the seller's own; None: the customer decides
    contract_ends   when the paid term ends
    reissues        whether the seller issues again inside a paid term: ``""``, ``certificate`` or ``contract``
    method_ends     the first day on which the method of the wish is not possible any more
    validation_ends  the first day on which the last validation is worth nothing, where it can be made anew on its own
    revalidate_days  how long before that
    """

    name: str
    dns_names: tuple[str, ...]
    key_type: str
    live: Live | None
    order: OpenOrder | None
    held: str = ""
    held_code: str = "order_refused"
    window: SellersWindow | None = None
    contract_ends: datetime | None = None
    reissues: str = ""
    method_ends: date | None = None
    validation_ends: date | None = None
    revalidate_days: int | None = None


def decide(facts: Facts, policy: RenewalPolicy, choose: Choose, now: datetime) -> Due:
    order = facts.order
    if order is not None and order.state in UNDER_WAY:
        at = _schedule(facts, policy)
        return Due(Outcome.IN_PROGRESS, "order_open", f"an order is under way ({order.state})", at.at if at else None)
    if order is not None and order.state in TO_DEPLOY:
        return _decide_deploying(facts, order, policy, choose, now)
    if choose is Choose.NONE:
        at = _schedule(facts, policy)
        return Due(Outcome.NOT_DUE, "not_asked", "nothing was to be chosen", at.at if at else None)
    return _decide_live(facts, policy, choose, now)


def _schedule(facts: Facts, policy: RenewalPolicy) -> Schedule | None:
    if facts.live is None:
        return None
    return schedule_of(facts.name, facts.live, policy, facts.window)


def _decide_deploying(facts: Facts, order: OpenOrder, policy: RenewalPolicy, choose: Choose, now: datetime) -> Due:
    """An issued certificate waits for a host. It is judged as if it were live: a dead host must not block renewal."""
    waiting = Due(Outcome.IN_PROGRESS, "order_open", f"an issued certificate waits for its hosts ({order.state})")
    if order.certificate is None or choose is Choose.NONE:
        return waiting
    unforced = replace(policy, force=frozenset())
    window = facts.window.moved(order.certificate.not_after) if facts.window is not None else None
    found = _decide_live(
        replace(facts, live=order.certificate, order=None, held="", window=window), unforced, choose, now
    )
    if found.outcome is Outcome.DUE:
        return found
    return replace(waiting, at=found.at)


def _decide_live(facts: Facts, policy: RenewalPolicy, choose: Choose, now: datetime) -> Due:
    live = facts.live
    if live is None:
        return _decide_absent(facts, policy)
    plan = schedule_of(facts.name, live, policy, facts.window)
    reason = _at_once(facts, live, plan, policy, now)
    if reason is not None:
        return Due(Outcome.DUE, *reason, plan.at, _kind(facts, live, plan, reason[0], policy, now))
    if facts.held:
        return Due(Outcome.NOT_DUE, facts.held_code, facts.held, plan.at)
    reason = _changed(facts, live)
    if reason is None and choose is Choose.RENEW:
        if plan.is_sellers_turn(now):
            return Due(Outcome.NOT_DUE, "seller_renews", plan.sellers_words(), plan.at)
        reason = _by_date(facts, live, plan, policy, now)
    if reason is None:
        return _waiting(facts, plan, choose, now)
    kind = _kind(facts, live, plan, reason[0], policy, now)
    later = policy.calendar.next_open(now, _last_moment(live, plan, reason[0], now)) if choose is Choose.RENEW else now
    if later is not None and later > now:  # None: it would end before, and losing it is worse
        why = f"{reason[1]}, but renewals are frozen until {render_time(later)}: {policy.calendar.closed(now)}"
        return Due(Outcome.NOT_DUE, "frozen", why, later)
    return Due(Outcome.DUE, *reason, plan.at, kind)


def _last_moment(live: Live, plan: Schedule, code: str, now: datetime) -> datetime:
    in_window = code == "window_open" and now < plan.closes
    return (plan.closes if in_window else live.not_after) + timedelta(seconds=1)


def _decide_absent(facts: Facts, policy: RenewalPolicy) -> Due:
    if facts.name in policy.force:
        return Due(Outcome.DUE, "forced", "it was forced", kind="issue")
    if facts.held:
        return Due(Outcome.NOT_DUE, facts.held_code, facts.held)
    return Due(Outcome.DUE, "no_certificate", "there is no live certificate", kind="issue")


def _at_once(facts: Facts, live: Live, plan: Schedule, policy: RenewalPolicy, now: datetime) -> tuple[str, str] | None:
    """What no calendar holds back; what was refused is held back by all but a person's word."""
    if facts.name in policy.force:
        return "forced", "it was forced"
    if facts.held:
        return None
    if now > live.not_after:
        return "expired", f"the live certificate ended at {render_time(live.not_after)}"
    suggested = _suggested(live, plan, policy, now)
    if suggested is not None:
        return suggested
    if not live.matches:
        return "key_mismatch", "the live certificate does not belong to the live key"
    if facts.order is not None and live.serial is not None and live.serial in facts.order.revoked:
        return "revoked", f"the live certificate, serial {live.serial}, was revoked"
    return None


def _suggested(live: Live, plan: Schedule, policy: RenewalPolicy, now: datetime) -> tuple[str, str] | None:
    """RFC 9773 §4.2: at the moment of this certificate inside the window, at once where that is in the past; and where
    the window would be over at the next run."""
    if live.suggested is None:
        return None
    _start, end = live.suggested
    page = f"; the CA says why at {live.explained}" if live.explained else ""
    if plan.suggested is not None and now >= plan.suggested:
        return "ca_suggests", f"its CA suggests to renew it since {render_time(plan.suggested)} (RFC 9773){page}"
    if now + policy.run_every > end:
        why = f"its CA suggests to renew it until {render_time(end)} (RFC 9773), and the next run may come later"
        return "ca_suggests", why + page
    return None


def _changed(facts: Facts, live: Live) -> tuple[str, str] | None:
    if live.dns_names is not None and set(live.dns_names) != set(facts.dns_names):
        new = sorted(set(facts.dns_names) - set(live.dns_names))
        gone = sorted(set(live.dns_names) - set(facts.dns_names))
        words = [f"{word} {', '.join(names)}" for word, names in (("new:", new), ("no longer:", gone)) if names]
        return "names_changed", f"the names differ from the live certificate ({'; '.join(words)})"
    if live.key_type is not None and live.key_type != facts.key_type:
        return "key_type_changed", f"the live key is {live.key_type}, {facts.key_type} is wanted"
    return None


def _by_date(facts: Facts, live: Live, plan: Schedule, policy: RenewalPolicy, now: datetime) -> tuple[str, str] | None:
    if now >= plan.day:
        return "window_open", plan.words()
    return _contract_reason(facts, live, policy, now) or _cliff_reason(facts, live, plan, policy, now)


def _contract_reason(facts: Facts, live: Live, policy: RenewalPolicy, now: datetime) -> tuple[str, str] | None:
    ends = facts.contract_ends
    if ends is None or not policy.contract_days or now >= ends:
        return None
    since = ends - timedelta(days=policy.contract_days)
    if now < since or begin_of(live) >= since:  # renewed already: the declared end of the contract is an old one
        return None
    return "contract_ends", f"the contract with the seller ends at {render_time(ends)}"


def _cliff_reason(
    facts: Facts, live: Live, plan: Schedule, policy: RenewalPolicy, now: datetime
) -> tuple[str, str] | None:
    ends = facts.method_ends
    if ends is None or not policy.cliff_days or plan.day < midnight_of(ends):
        return None
    since = midnight_of(ends) - timedelta(days=policy.cliff_days)
    if now < since or now >= midnight_of(ends) or begin_of(live) >= since:
        return None
    day = plan.day.date()
    return "cliff_ahead", f"its method ends on {ends}, before its day of renewal, {day}: this is the last time by it"


def _kind(facts: Facts, live: Live, plan: Schedule, code: str, policy: RenewalPolicy, now: datetime) -> str:
    """A paid term that goes on makes it a reissue; inside the days of renewal only one longer than the certificate."""
    ends = facts.contract_ends
    if facts.reissues == "contract" and ends is not None:
        paid = ends - timedelta(days=policy.contract_days)
        if now < paid and (ends > live.not_after or now < plan.day):
            return "reissue"
    on_time = code in ("contract_ends", "cliff_ahead", "ca_suggests")
    return "reissue" if facts.reissues and not on_time and now < min(plan.day, live.not_after) else "renew"


def _waiting(facts: Facts, plan: Schedule, choose: Choose, now: datetime) -> Due:
    ends, days = facts.validation_ends, facts.revalidate_days
    if choose is Choose.RENEW and ends is not None and days is not None:
        since = midnight_of(ends) - timedelta(days=days)
        if now >= since:
            why = f"the last validation is worth nothing from {ends} on, and can be made anew without an order"
            return Due(Outcome.NOT_DUE, "validation_ends", why, plan.at, "revalidate")
    if choose is Choose.ISSUE and now >= plan.day:
        return Due(Outcome.NOT_DUE, "not_due", "there is a live certificate as wished", plan.at)
    why = f"there is a live certificate as wished, its day of renewal is {render_time(plan.at or plan.day)}"
    return Due(Outcome.NOT_DUE, "not_due", why, plan.at)


def read_policy(raw: t.Any, errors: InputCollector) -> RenewalPolicy:
    """The dictionary ``renewal`` (``inkan_renewal``)."""
    fields = Fields(raw, where="option renewal", path="renewal", errors=errors)
    policy = RenewalPolicy(
        fraction=_fraction(fields),
        days_left=fields.number("days_left", 0, 1, 397) or None,
        force=frozenset(fields.texts("force")),
        calendar=read_calendar(fields),
        jitter=timedelta(hours=fields.number("jitter_hours", 0, 0, 24 * 30)),
        contract_days=fields.number("contract_days", CONTRACT_DAYS, 0, 397),
        cliff_days=fields.number("cliff_days", CLIFF_DAYS, 0, 90),
        run_every=timedelta(hours=fields.number("run_every_hours", 24, 1, 24 * 7)),
    )
    fields.close()
    return policy


def _fraction(fields: Fields) -> float:
    value = fields.raw("fraction")
    if value is None:
        return DEFAULT_FRACTION
    try:
        fraction = float(value)
        if 0.1 <= fraction <= 0.95:
            return fraction
    except (TypeError, ValueError):
        pass
    fields.wrong("fraction", value, "a share of the lifetime from 0.1 to 0.95 is needed")
    return DEFAULT_FRACTION
