# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions, each as tables of figures: keys of rows and plain numbers, for ``page`` to put into words."""

from __future__ import annotations

import dataclasses
import typing as t
from collections import Counter
from datetime import date, datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import RenewalPolicy
from simulation.model import WORKDAY, Budget, Outage, Revocation, Setup, Simulation, Told, moment
from simulation.rows import ATLAS, AUTHORITIES, DAY, DIGICERT, DOMAIN, GCC, HOUR, LETSENCRYPT, Authority, Cost, end_of

Row = dict[str, t.Any]
MANY = 100_000
SHARES = {"letsencrypt": 0.5, "digicert": 0.25, "atlas": 0.15, "gcc": 0.08, "mail": 0.02}
BEGIN = datetime(2026, 11, 20, tzinfo=timezone.utc)
END = datetime(2030, 1, 1, tzinfo=timezone.utc)
SHORT = datetime(2029, 6, 1, tzinfo=timezone.utc)  # all certificates of 47 days by then
MOVES = date(2028, 2, 1)


def policy(fraction: float = RenewalPolicy().fraction, jitter: float = 72.0, every: float = 1.0) -> RenewalPolicy:
    return RenewalPolicy(fraction=fraction, jitter=timedelta(hours=jitter), run_every=timedelta(hours=max(every, 1.0)))


def recommended(cost: Cost, certificates: int = MANY, lot: int = 10) -> Setup:
    return Setup(BEGIN, END, certificates, SHARES, policy=policy(), cost=cost, moves=MOVES, lot=lot)


def _least(told: Told, since: float = 0.0, until: float = float("inf")) -> float | None:
    found = [left for (_key, day), left in told.reserve.items() if since <= day * DAY < until]
    return round(min(found) / DAY, 1) if found else None


def _by_day(told: Told) -> Counter[int]:
    days: Counter[int] = Counter()
    for (_key, day), number in told.orders.items():
        days[day] += number
    return days


def _peak(days: Counter[int], since: float, until: float) -> tuple[int, str | None]:
    found = [(number, -day) for day, number in days.items() if since <= day * DAY < until]
    number, day = max(found, default=(0, 0))
    return number, str(moment(-day * DAY).date()) if number else None


def _expired(setup: Setup, told: Told) -> int:
    return len(told.expired) * setup.lot


# Until the end of 2029


def history(setup: Setup) -> list[Row]:
    """Quarter by quarter; the last row is the whole."""
    told = Simulation(setup).run()
    days = _by_day(told)
    rows = []
    for since, until in _quarters(setup):
        number, day = _peak(days, since.timestamp(), until.timestamp())
        within = [value for key, value in days.items() if since.timestamp() <= key * DAY < until.timestamp()]
        rows.append(
            {
                "key": f"{since.year}-Q{(since.month + 2) // 3}",
                "orders": sum(within),
                "a_day": round(sum(within) / ((until - since) / timedelta(days=1))),
                "peak": number,
                "on": day,
                "reserve": _least(told, since.timestamp(), until.timestamp()),
            }
        )
    number, day = _peak(days, 0, float("inf"))
    whole = {
        "key": "all",
        "orders": sum(days.values()),
        "a_day": round(sum(days.values()) / ((setup.end - setup.begin) / timedelta(days=1))),
        "peak": number,
        "on": day,
        "reserve": _least(told),
        "expired": _expired(setup, told),
        "waiting": told.waiting,
        "longest_run": round(told.longest_run),
        "approved": max(told.approved.values(), default=0),
        "approved_on": str(max(told.approved, key=lambda one: told.approved[one], default="")),
    }
    return [*rows, whole]


def _quarters(setup: Setup) -> t.Iterator[tuple[datetime, datetime]]:
    since = setup.begin
    while since < setup.end:
        month = (since.month - 1) // 3 * 3 + 4
        until = datetime(since.year + (month > 12), (month - 1) % 12 + 1, 1, tzinfo=timezone.utc)
        yield since, min(until, setup.end)
        since = until


# Waves


def _wave(setup: Setup, authority: str, hours: float, days: int = 10) -> Row:
    at = SHORT.timestamp() + 2 * DAY
    news = Revocation(authority, at, hours * HOUR)
    setup = dataclasses.replace(setup, begin=SHORT, end=SHORT + timedelta(days=2 + days), revocation=news)
    told = Simulation(setup).run()
    done = sorted(told.replaced)
    late = told.revoked - setup.lot * sum(1 for one in done if one <= news.within)
    whole = len(done) * setup.lot == told.revoked
    return {
        "revoked": told.revoked,
        "half": round(done[len(done) // 2] / HOUR, 1) if len(done) * setup.lot * 2 > told.revoked else None,
        "all": round(done[-1] / HOUR, 1) if whole and done else None,
        "late": late,
    }


def alone(setup: Setup, authority: Authority) -> Setup:
    """The whole estate at one CA."""
    return dataclasses.replace(setup, shares={authority.key: 1.0})


def waves(cost: Cost) -> list[Row]:
    best = recommended(cost, lot=50)
    cases = [
        ("digicert_5d", best, "digicert", 120.0),
        ("digicert_24h", best, "digicert", 24.0),
        ("letsencrypt_24h", best, "letsencrypt", 24.0),
        ("atlas_24h", best, "atlas", 24.0),
        ("gcc_24h", best, "gcc", 24.0),
        ("all_digicert_5d", alone(best, DIGICERT), "digicert", 120.0),
        ("all_digicert_24h", alone(best, DIGICERT), "digicert", 24.0),
        ("all_letsencrypt_24h", alone(best, LETSENCRYPT), "letsencrypt", 24.0),
        ("all_counted_24h", _counted(alone(best, LETSENCRYPT)), "letsencrypt", 24.0),
    ]
    return [{"key": key, **_wave(setup, authority, hours)} for key, setup, authority, hours in cases]


def _counted(setup: Setup) -> Setup:
    """As at an ACME CA with these limits that exempts nothing."""
    return dataclasses.replace(setup, authorities=(dataclasses.replace(LETSENCRYPT, exempt=False),))


# Which knob matters


def knobs(best: Setup) -> t.Iterator[tuple[str, Setup]]:
    def change(**what: t.Any) -> Setup:
        return dataclasses.replace(best, **what)

    yield "recommended", best
    yield from ((f"shards_{number}", change(shards=number)) for number in (1, 2, 8, 16))
    yield "together", change(staggered=False)
    yield from ((f"every_{hours}", change(every=hours, policy=policy(every=hours))) for hours in (4.0, 24.0))
    yield from ((f"deadline_{seconds}", change(deadline=float(seconds))) for seconds in (60, 900))
    yield from ((f"accounts_{number}", change(accounts=number)) for number in (2, 4))
    for number in (2, 8):
        yield f"requests_{number}", change(authorities=(dataclasses.replace(DIGICERT, requests=number),))
    yield from ((f"fraction_{part}", change(policy=policy(part))) for part in (0.5, 0.8, 0.95))
    yield from ((f"jitter_{hours}", change(policy=policy(jitter=hours))) for hours in (0.0, 168.0))
    yield "unsafe", change(shards=1, every=24.0, policy=policy(jitter=0.0, every=24.0))


def sensitivity(cost: Cost) -> list[Row]:
    """All at DigiCert, whose limits bind: revoked within a day; and two months in which a bunched estate is renewed."""
    rows = []
    for key, setup in knobs(alone(recommended(cost, lot=125), DIGICERT)):
        wave = _wave(setup, DIGICERT.key, 24.0)
        calm = dataclasses.replace(setup, begin=SHORT, end=SHORT + timedelta(days=65), bunched=1.0)
        told = Simulation(calm).run()
        peak, _day = _peak(_by_day(told), 0, float("inf"))
        rows.append(
            {
                "key": key,
                "hours": wave["all"],
                "late": wave["late"],
                "peak": peak,
                "reserve": _least(told),
                "expired": _expired(calm, told),
            }
        )
    return rows


# What goes wrong


def troubles(cost: Cost) -> list[Row]:
    best = recommended(cost, lot=50)
    soon = dataclasses.replace(best, begin=SHORT, end=SHORT + timedelta(days=40))
    since = (SHORT + timedelta(days=5)).timestamp()
    mail = dataclasses.replace(
        best, shares={"mail": 0.02}, lot=5, begin=datetime(2027, 12, 1, tzinfo=timezone.utc),
        end=datetime(2028, 7, 1, tzinfo=timezone.utc), moves=None,
    )  # fmt: skip
    everybody = tuple(Outage(one.key, since, since + DAY) for one in AUTHORITIES)
    cases = [
        ("outage_1", dataclasses.replace(soon, outages=(Outage("digicert", since, since + DAY),))),
        ("outage_7", dataclasses.replace(soon, outages=(Outage("digicert", since, since + 7 * DAY),))),
        ("outage_all", dataclasses.replace(soon, outages=everybody)),
        ("mail_moved", dataclasses.replace(mail, moves=MOVES)),
        ("mail_few", dataclasses.replace(mail, moves=MOVES, approvals=20)),
        ("mail_stays", mail),
    ]  # fmt: skip
    rows = []
    for key, setup in cases:
        told = Simulation(setup).run()
        rows.append(
            {
                "key": key,
                "waiting": told.waiting,
                "reserve": _least(told),
                "approved": max(told.approved.values(), default=0),
                "lost": told.lost_mails,
                "expired": _expired(setup, told),
            }
        )
    return rows


# The largest estate


def orders_a_day(authority: Authority, setup: Setup, exempt: bool = False) -> int:
    """As many as the limits let through, where more are always due: the second of two days of runs."""
    budget = Budget(dataclasses.replace(authority, limits=() if exempt else authority.limits), setup.lot)
    step, cost, count = setup.every * HOUR, setup.cost, 0
    gap = step / setup.shards if setup.staggered else 0.0
    starts = sorted(number * gap + turn * step for number in range(setup.shards) for turn in range(int(2 * DAY / step)))
    for start in starts:
        ready = start + cost.start
        latest = ready + setup.deadline
        while ready < latest:
            ready += cost.each * setup.lot
            at = budget.take(ready, latest)
            if at is None or at > latest:
                break
            count += setup.lot * (start >= DAY)
    return count


def largest(cost: Cost) -> list[Row]:
    """Estates at one account of each CA, with certificates of 47 (45) days."""
    best = recommended(cost, lot=1)
    rows = []
    for key, authority, exempt in (
        ("letsencrypt", LETSENCRYPT, True),
        ("counted", LETSENCRYPT, False),
        ("digicert", DIGICERT, False),
        ("atlas", ATLAS, False),
        ("gcc", GCC, False),
    ):
        lives = (end_of(authority, SHORT, None) - SHORT) / timedelta(days=1)
        row: Row = {"key": key, "lives": round(lives)}
        for name, shards, every in (("daily", 1, 24.0), ("hourly", 1, 1.0), ("best", best.shards, best.every)):
            number = orders_a_day(authority, dataclasses.replace(best, shards=shards, every=every), exempt)
            row[name] = int(number * lives * best.policy.fraction)
            row["a_day"] = number
        rows.append(row)
    lives = rows[0]["lives"]
    size = int(DOMAIN.requests / (DOMAIN.seconds / DAY) * lives * best.policy.fraction)
    domain = {"key": "domain", "lives": lives, "daily": size, "hourly": size, "best": size, "a_day": None}
    return [*rows, domain, _by_people(best)]


def _by_people(best: Setup) -> Row:
    """Approvals by mail in the last year that has them, at 100 days."""
    mail = next(one for one in AUTHORITIES if one.by_mail)
    issued = datetime(2027, 6, 1, tzinfo=timezone.utc)
    lives = (end_of(mail, issued, None) - issued) / timedelta(days=1)
    noon = [datetime(2027, 4, 1, 3, tzinfo=timezone.utc) + timedelta(days=number) for number in range(350)]
    a_day = best.approvals * sum(1 for one in noon if WORKDAY.closed(one) is None) / len(noon)
    size = int(a_day * lives * best.policy.fraction)
    return {"key": "mail", "lives": round(lives), "daily": size, "hourly": size, "best": size, "a_day": int(a_day)}


def everything(cost: Cost, tell: t.Callable[[str], None]) -> Row:
    found: Row = {"cost": cost._asdict(), "certificates": MANY, "shares": SHARES}
    questions: tuple[tuple[str, t.Callable[[], list[Row]]], ...] = (
        ("largest", lambda: largest(cost)),
        ("waves", lambda: waves(cost)),
        ("troubles", lambda: troubles(cost)),
        ("knobs", lambda: sensitivity(cost)),
        ("history", lambda: history(recommended(cost, lot=100))),
        ("bunched", lambda: history(dataclasses.replace(recommended(cost, lot=100), bunched=7.0))),
    )
    for key, ask in questions:
        tell(key)
        found[key] = ask()
    return found
