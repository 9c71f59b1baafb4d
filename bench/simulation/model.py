# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An estate of certificates, run by run: who is due is asked of the collection's own policy, not of a copy of it.

    run of a shard (``_core/shard``) ─▶ pick up what was issued ─▶ those due, oldest first (``_core/policy_renewal``)
         ▲                                                            │ an instant within the deadline and every limit
         │                                                            ▼ of its account (``_core/budget``)
    next time of the schedule ◀── what is not placed stays due ◀── order ─▶ certificate, at once or for a later run

Discrete and without chance: whatever varies comes from a digest of the seed and the name. Instants are seconds, UTC.
"""

from __future__ import annotations

import dataclasses
import hashlib
import heapq
import typing as t
from collections import Counter, deque
from datetime import date, datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core import dcv
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit, earliest
from ansible_collections.inkan.tls.plugins.module_utils._core.calendar import Calendar, Hours
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import (
    Choose,
    Facts,
    Outcome,
    RenewalPolicy,
    decide,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.schedule import midnight_of, schedule_of
from ansible_collections.inkan.tls.plugins.module_utils._core.shard import Shard
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live, OpenOrder
from ansible_collections.inkan.tls.plugins.module_utils._data.holidays import JAPAN
from simulation.rows import AUTHORITIES, DAY, HOUR, TARGETS, Authority, Cost, end_of

MAIL_RULE = "3.2.2.4.14"
MAIL_LIVES = 30 * DAY  # BR 3.2.2.4.14: the value in a mail
WORKDAY = Calendar(hours=(Hours(frozenset(range(5)), 9 * 60, 18 * 60),), holidays={row.day: row.name for row in JAPAN})
_WORK_SECONDS = 9 * HOUR
_NEVER = float("inf")


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


@dataclasses.dataclass(frozen=True)
class Outage:
    authority: str
    since: float
    until: float


@dataclasses.dataclass(frozen=True)
class Revocation:
    """All certificates of a CA that were issued before ``at`` are revoked ``within`` seconds. A CA that suggests does
    so for the first half of that time; for the others a person names them in ``inkan_renewal.force``."""

    authority: str
    at: float
    within: float


@dataclasses.dataclass(frozen=True)
class Setup:
    """bunched: days within which all certificates were issued; None: spread over the time between two renewals.

    lot: so many certificates go through everything together, in all limits and costs: less work for the simulation
    deadline: seconds (``inkan_deadline``); moves: the day on which those by mail are declared with another method
    """

    begin: datetime
    end: datetime
    certificates: int
    shares: t.Mapping[str, float]
    accounts: int = 1
    shards: int = 4
    every: float = 1.0
    staggered: bool = True
    deadline: float = 300.0
    policy: RenewalPolicy = RenewalPolicy()
    cost: Cost = TARGETS
    bunched: float | None = None
    authorities: tuple[Authority, ...] = AUTHORITIES
    outages: tuple[Outage, ...] = ()
    revocation: Revocation | None = None
    approvals: int = 400
    lot: int = 1
    moves: date | None = None
    seed: int = 1


class Sent(t.NamedTuple):
    """One order: when, by which certificate, at which account (CA and number), whether its limits count it."""

    at: float
    index: int
    account: tuple[str, int]
    counted: bool


@dataclasses.dataclass
class Told:
    """What came of it. reserve: seconds between a certificate's end and the service of the next one, the least."""

    orders: Counter[tuple[str, int]] = dataclasses.field(default_factory=Counter)  # (CA, day since 1970)
    renewed: Counter[int] = dataclasses.field(default_factory=Counter)  # by certificate
    reserve: dict[tuple[str, int], float] = dataclasses.field(default_factory=dict)  # (CA, day)
    approved: Counter[date] = dataclasses.field(default_factory=Counter)  # by local day
    expired: set[int] = dataclasses.field(default_factory=set)  # their numbers; of lots, where there are such
    replaced: list[float] = dataclasses.field(default_factory=list)  # of revoked ones: seconds since the news
    revoked: int = 0
    runs: int = 0
    longest_run: float = 0.0
    waiting: int = 0  # the most that stayed due at the end of a run of their shard
    lost_mails: int = 0
    log: list[Sent] = dataclasses.field(default_factory=list)


class Budget:
    """One account's limits in whole orders (or lots of them), by the arithmetic of the adapters; what is left of a
    window after whole ones is not used. An order larger than a window takes as many windows as it needs."""

    def __init__(self, authority: Authority, lot: int = 1) -> None:
        unit = authority.requests * lot
        self._limits = [
            Limit(limit.requests // unit, limit.seconds)
            if unit <= limit.requests
            else Limit(1, limit.seconds * unit / limit.requests)
            for limit in authority.limits
        ]
        self._most = max((limit.requests for limit in self._limits), default=0)
        self._taken: list[float] = []

    def take(self, ready: float, latest: float) -> float | None:
        """The instant of one more; None, and nothing taken: it would be too late."""
        at = earliest(self._taken, self._limits, ready) if self._limits else ready
        if at > latest:
            return None
        if self._limits:
            self._taken.append(at)
            if len(self._taken) > 4 * self._most + 100:
                del self._taken[: -self._most]
        return at


class _Account:
    def __init__(self, authority: Authority, number: int, lot: int) -> None:
        self.authority = authority
        self.key = (authority.key, number)
        self.budget = Budget(authority, lot)
        self.open = 0


class _One:
    """A certificate. wake: when it is looked at next, _NEVER while it waits or has an order."""

    __slots__ = ("account", "end", "facts", "live", "name", "opened", "started", "wake")

    def __init__(self, name: str, account: _Account) -> None:
        self.name, self.account = name, account
        self.facts = Facts(name, (name,), _KEY, None, None)
        self.wake = _NEVER
        self.opened: tuple[float, datetime] | None = None  # when its order is done, and from when the certificate is
        self.started = self.end = 0.0


class _Group:
    """A shard: what of it is due when, what waits for an account, what has an order."""

    def __init__(self, number: int, of: int) -> None:
        self.shard = Shard(number, of)
        self.size = 0
        self.later: list[tuple[float, int]] = []
        self.waiting: dict[tuple[str, int], deque[int]] = {}
        self.open: list[tuple[float, int]] = []


class Simulation:
    """``run()`` once. log: every order is kept in ``told.log``."""

    def __init__(self, setup: Setup, *, log: bool = False) -> None:
        self.setup, self._log = setup, log
        self.told = Told()
        self._forced = setup.policy
        self._begin, self._end = setup.begin.timestamp(), setup.end.timestamp()
        self._approver = 0.0
        self._revoked_by_now = False
        self._by_mail: dict[date, bool] = {}
        self._mail_ends = dcv.method_rule(MAIL_RULE).must_not_rely_from
        self._ones: list[_One] = []
        self.groups = [_Group(number, setup.shards) for number in range(1, setup.shards + 1)]
        self._group_of: list[_Group] = []
        self._fill()

    # The estate

    def _fill(self) -> None:
        setup = self.setup
        at, known = 0, {authority.key: authority for authority in setup.authorities}
        for key, share in setup.shares.items():
            accounts = [_Account(known[key], number, setup.lot) for number in range(setup.accounts)]
            for index in range(at, at + round(setup.certificates * share / setup.lot)):
                one = _One(f"c{index:06}.example", accounts[index % len(accounts)])
                group = next(group for group in self.groups if group.shard.has(one.name))
                group.size += setup.lot
                self._ones.append(one)
                self._group_of.append(group)
                self._first(one, index)
            at = len(self._ones)

    def _first(self, one: _One, index: int) -> None:
        """What is in service at the beginning: nothing of it is due before."""
        authority, wait = one.account.authority, 0.0
        issued = moment(self._begin)
        for _unused in range(3):  # its lifetime is that of the day of its issue, which depends on its lifetime
            wait = (end_of(authority, issued, None) - issued).total_seconds() * self.setup.policy.fraction
            age = wait if self.setup.bunched is None else min(self.setup.bunched * DAY, wait)
            issued = moment(self._begin - int(age * self._vary(one.name, "age")))
        self._into_service(one, index, issued, end_of(authority, issued, None))

    def _vary(self, name: str, what: str) -> float:
        text = f"{self.setup.seed} {what} {name}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32

    # Runs

    def run(self) -> Told:
        setup = self.setup
        step = setup.every * HOUR
        gap = step / setup.shards if setup.staggered else 0.0
        ticks = [(self._begin + number * gap, number) for number in range(setup.shards)]
        heapq.heapify(ticks)
        revocation = setup.revocation
        while ticks and ticks[0][0] < self._end:
            now, number = heapq.heappop(ticks)
            if revocation is not None and now >= revocation.at:
                self._revoke(revocation)
                revocation = None
            took = self._one_run(self.groups[number], now)
            missed = int(took // step)  # a schedule does not start a job beside itself
            heapq.heappush(ticks, (now + (1 + missed) * step, number))
        self.told.expired.update(index for index, one in enumerate(self._ones) if one.end < self._end)
        return self.told

    def _one_run(self, group: _Group, now: float) -> float:
        setup, cost, told = self.setup, self.setup.cost, self.told
        told.runs += 1
        if not (group.open or any(group.waiting.values()) or (group.later and group.later[0][0] <= now)):
            return cost.start + cost.sweep * group.size
        here = moment(now)
        self._pick_up(group, now)
        while group.later and group.later[0][0] <= now:
            wake, index = heapq.heappop(group.later)
            one = self._ones[index]
            if one.wake == wake:
                one.wake = _NEVER
                group.waiting.setdefault(one.account.key, deque()).append(index)
        begin = now + cost.start + cost.sweep * group.size
        latest, ready, last, each = begin + setup.deadline, begin, begin, cost.each * setup.lot
        for waiting in group.waiting.values():
            while waiting:
                index = waiting[0]
                if not self._is_due(self._ones[index], here, now):
                    waiting.popleft()
                    continue
                at = self._place(index, ready + each, latest)
                if at is None:
                    break
                waiting.popleft()
                ready += each
                last = max(last, at)
        for done, index in [entry for entry in group.open if entry[0] <= latest]:
            last = max(last, done)
            self._deploy(group, index, done)
        group.open = [entry for entry in group.open if entry[0] > latest]
        heapq.heapify(group.open)
        if any(not self._ones[index].account.authority.by_mail for _done, index in group.open):
            last = latest  # it asks until then; people it does not wait for
        told.longest_run = max(told.longest_run, last - now)
        told.waiting = max(told.waiting, self.setup.lot * sum(map(len, group.waiting.values())))
        return last - now

    def _is_due(self, one: _One, here: datetime, now: float) -> bool:
        """The policy's word. What is not due is looked at again when it says so."""
        policy = self._forced if self._is_revoked(one, now) else self.setup.policy
        due = decide(one.facts, policy, Choose.RENEW, here)
        if due.outcome is Outcome.DUE:
            return True
        if due.outcome is Outcome.IN_PROGRESS:
            raise AssertionError(f"{one.name} has an order, and waits for another one")
        self._wake(one, max(self._day(one), now + self.setup.every * HOUR))
        return False

    def _place(self, index: int, ready: float, latest: float) -> float | None:
        """The instant of its order; None: not in this run."""
        one = self._ones[index]
        account, authority = one.account, one.account.authority
        if self._is_out(authority.key, ready) or not self._has_method(authority, ready):
            return None
        if authority.pending is not None and account.open + self.setup.lot > authority.pending:
            return None
        counted = not (authority.exempt and authority.suggests and one.live.suggested is not None)
        at = account.budget.take(ready, latest) if counted else ready
        if at is None or at > latest or self._is_out(authority.key, at):
            return None
        issued = self._issued(one, at)
        if issued - at > MAIL_LIVES and authority.by_mail:  # nobody came to it: it is ordered anew
            self.told.lost_mails += self.setup.lot
            self._wake(one, at + MAIL_LIVES)
            return at
        if self._log:
            self.told.log.append(Sent(at, index, account.key, counted))
        self.told.orders[authority.key, int(at // DAY)] += self.setup.lot
        account.open += self.setup.lot
        start = moment(int(issued))
        one.opened = (issued, start)
        one.facts = Facts(one.name, one.facts.dns_names, _KEY, one.live, _OPEN)
        heapq.heappush(self._group_of[index].open, (issued, index))
        return at

    def _issued(self, one: _One, at: float) -> float:
        authority = one.account.authority
        stamp = f"{at:.0f}"
        shortest, longest = authority.latency
        took = shortest + (longest - shortest) * self._vary(one.name, stamp)
        if authority.slow and self._vary(one.name, "slow" + stamp) < authority.slow:
            shortest, longest = authority.slow_hours
            took = HOUR * (shortest + (longest - shortest) * self._vary(one.name, stamp))
        if not (authority.by_mail and self._mail_at(at)):
            return at + took
        read = WORKDAY.next_open(
            moment(max(at + 60.0, self._approver + _WORK_SECONDS * self.setup.lot / self.setup.approvals)), _FAR
        )
        if read is None:
            raise AssertionError("the calendar has no working day")
        if read.timestamp() - at <= MAIL_LIVES:
            self._approver = read.timestamp()
            self.told.approved[(read + WORKDAY.utc_offset).date()] += self.setup.lot
        return read.timestamp() + took

    def _pick_up(self, group: _Group, now: float) -> None:
        later = []
        while group.open and group.open[0][0] <= now:
            done, index = heapq.heappop(group.open)
            if self._is_out(self._ones[index].account.authority.key, now):
                later.append((done, index))
            else:
                self._deploy(group, index, now)
        for entry in later:
            heapq.heappush(group.open, entry)

    def _deploy(self, group: _Group, index: int, now: float) -> None:
        one, told = self._ones[index], self.told
        if one.opened is None:
            raise AssertionError(f"{one.name} is deployed without an order")
        _done, issued = one.opened
        old, started = one.end, one.started
        authority = one.account.authority
        one.opened, one.account.open = None, one.account.open - self.setup.lot
        told.renewed[index] += 1
        reserve = old - now
        if reserve <= 0:
            told.expired.add(index)
        key = authority.key, int(now // DAY)
        told.reserve[key] = min(told.reserve.get(key, _NEVER), reserve)
        news = self.setup.revocation
        is_hit = news is not None and authority.key == news.authority and started < news.at <= issued.timestamp()
        if news is not None and is_hit:
            told.replaced.append(now - news.at)
        self._into_service(one, index, issued, end_of(authority, issued, moment(old)))

    def _into_service(self, one: _One, index: int, start: datetime, end: datetime) -> None:
        authority = one.account.authority
        suggested = None
        if authority.suggests:
            ideal = start + (end - start) * (2 / 3)
            suggested = (ideal - timedelta(days=1), ideal + timedelta(days=1))
        one.live = Live(start, end, None, None, None, None, True, suggested)
        by_mail = authority.by_mail and self._mail_at(start.timestamp())
        ends = self._mail_ends if by_mail else None
        one.facts = Facts(one.name, one.facts.dns_names, _KEY, one.live, None, method_ends=ends)
        one.started, one.end = start.timestamp(), end.timestamp()
        self._wake(one, self._day(one), index)
        news = self.setup.revocation
        if news is not None and self._revoked_by_now and self._is_revoked(one, news.at):
            self._news(one, index, news)

    # When

    def _day(self, one: _One) -> float:
        """The moment from which on the policy calls it due."""
        policy = self.setup.policy
        day = schedule_of(one.name, one.live, policy, None).day
        ends = one.facts.method_ends
        if ends is not None and policy.cliff_days and day >= midnight_of(ends):
            last = midnight_of(ends) - timedelta(days=policy.cliff_days)
            day = last if one.live.not_before < last else day
        return day.timestamp()

    def _wake(self, one: _One, at: float, index: int | None = None) -> None:
        number = int(one.name[1:7]) if index is None else index
        one.wake = at
        heapq.heappush(self._group_of[number].later, (at, number))

    def _is_out(self, authority: str, at: float) -> bool:
        return any(one.authority == authority and one.since <= at < one.until for one in self.setup.outages)

    def _mail_at(self, at: float) -> bool:
        """Whether a certificate of the mail's share is still declared so."""
        return self.setup.moves is None or moment(at).date() < self.setup.moves

    def _has_method(self, authority: Authority, at: float) -> bool:
        if not authority.by_mail or not self._mail_at(at):
            return True
        day = moment(at).date()
        if day not in self._by_mail:
            self._by_mail[day] = dcv.allowed(MAIL_RULE, day, "example.jp").allowed
        return self._by_mail[day]

    # Revocation

    def _is_revoked(self, one: _One, now: float) -> bool:
        news = self.setup.revocation
        return (
            news is not None
            and news.authority == one.account.authority.key
            and self._revoked_by_now
            and one.started < news.at <= now
        )

    def _revoke(self, news: Revocation) -> None:
        self._revoked_by_now = True
        hit = [(index, one) for index, one in enumerate(self._ones) if self._is_revoked(one, news.at)]
        self.told.revoked = len(hit) * self.setup.lot
        if not all(one.account.authority.suggests for _index, one in hit):
            self._forced = dataclasses.replace(self.setup.policy, force=frozenset(one.name for _index, one in hit))
        for index, one in hit:
            self._news(one, index, news)

    def _news(self, one: _One, index: int, news: Revocation) -> None:
        if one.account.authority.suggests:
            window = (moment(news.at), moment(news.at + news.within / 2))
            one.live = dataclasses.replace(one.live, suggested=window)
            one.facts = dataclasses.replace(one.facts, live=one.live)
        if one.opened is None and one.wake != _NEVER:
            self._wake(one, self._day(one) if one.account.authority.suggests else news.at, index)


_KEY = "ecdsa-p256"
_OPEN = OpenOrder("validating", "order", None)
_FAR = datetime(2040, 1, 1, tzinfo=timezone.utc)
