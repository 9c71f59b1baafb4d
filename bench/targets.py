# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each job may take (DESIGN 9), as rows: a figure of ours, and a limit made of other figures of the same case.

Where a mark is missed the row tells the floors that were measured beside it. Standard library only.
"""

from __future__ import annotations

import statistics
import typing as t

Data = t.Mapping[str, t.Any]
Median = t.Callable[[str, str], "float | None"]  # of a case, of a contestant

PING = "playbook with one ping"
BEST = "the best peer"


class Share(t.NamedTuple):
    """So many times what ``who`` took in the same case: the machine has its moods, and hours lie between cases."""

    times: float
    who: str


class Target(t.NamedTuple):
    """The median of ``ours`` in ``case`` stays within the sum of the shares and of so many seconds.

    floors: what a playbook with as many tasks cannot go below: the sum of these contestants of the same case.
    of_floors: the same mark of the floors alone: where they miss it too, nobody could meet it.
    """

    case: str
    ours: str
    mark: str
    shares: tuple[Share, ...] = ()
    seconds: float = 0.0
    floors: tuple[str, ...] = ()
    of_floors: tuple[Share, ...] = ()


_TASKS, _WORK = "playbook with 28 tasks that do nothing", "one process with only the work"
_FLOORS = (_TASKS, _WORK)
#: DESIGN 9 gives seconds of a machine on which a playbook with one ping took so long
_PING_THEN = 0.86


def _flat(who: str, few: int, more: int, many: int) -> Target:
    """From the middle size to the largest each one costs at most a fifth more than from the smallest to the middle."""
    steps = 1.2 * (many - more) / (more - few)
    mark = f"for each a fifth more than from {few} to {more}"
    return _across(who, many, mark, (1 + steps, more), (-steps, few))


def _across(who: str, size: int, mark: str, *times: tuple[float, int]) -> Target:
    """A mark made of other sizes of the same work, and how the floors of these sizes stand to it."""
    shares = tuple(Share(many, f"{who}, {of:,}") for many, of in times)
    tasks = Share(sum(many for many, _of in times), _TASKS)  # as many of them, whatever the size
    of_floors = (tasks, *(Share(many, f"{_WORK}, {of:,}") for many, of in times))
    return Target("Asizes-dns", f"{who}, {size:,}", mark, shares, 0.0, (_TASKS, f"{_WORK}, {size:,}"), of_floors)


TARGETS: tuple[Target, ...] = (
    Target("A50-dns", "inkan.tls.issue", "a quarter of the best peer", (Share(0.25, BEST),), floors=_FLOORS),
    Target("A50-dns", "inkan.tls.issue", "5/17 of uacme", (Share(5 / 17, "uacme"),), floors=_FLOORS),
    Target("A50-dns", "inkan.tls.issue", "5 s where a ping takes 0.86 s", (Share(5 / _PING_THEN, PING),)),
    Target("A50-http", "inkan.tls.issue", "a quarter of the best peer", (Share(0.25, BEST),), floors=_FLOORS),
    _across("inkan.tls.issue", 200, "twice what 50 take", (2, 50)),
    *(_flat(who, 10, 200, 1000) for who in ("inkan.tls.issue", "seven tasks of inkan.tls")),
    Target("A2", "inkan.tls.issue", "the slowest validation, 2 s, and 4 s", seconds=6.0, floors=_FLOORS),
    Target("B1000", "certificates_info", "1.5 pings", (Share(1.5, PING),)),
    Target("B10000", "certificates_info", "4 s where a ping takes 0.86 s", (Share(4 / _PING_THEN, PING),)),
    Target("C100", "dns_tokens, first run", "1.3 pings", (Share(1.3, PING),)),
    Target("C100", "dns_tokens, second run", "1.3 pings", (Share(1.3, PING),)),
    *(
        target
        for kind in ("rsa", "ec")
        for target in (
            Target(
                f"D50-{kind}",
                "certificate_requests, first run",
                "1.2 times one process, and a ping",
                (Share(1.2, _WORK), Share(1, PING)),
            ),
            Target(f"D50-{kind}", "certificate_requests, second run", "1.3 pings", (Share(1.3, PING),)),
        )
    ),
)


def lines(data: Data) -> list[list[str]]:
    """work, with, its mark, the mark's seconds, ours, ours in marks, met or why not; only of what was measured."""
    found = []
    for target in TARGETS:
        ours, limit = _median(data, target.case, target.ours), _limit(data, target)
        if ours is None or limit is None:
            continue
        rounds = of_rounds(data, target)
        part = statistics.median(rounds) if rounds else ours / limit
        spread = f"{part:.2f} ({min(rounds):.2f} to {max(rounds):.2f})" if rounds else f"{part:.2f}"
        verdict = "met" if part <= 1 else f"missed{_floors(data, target)}"
        found.append([target.case, target.ours, target.mark, f"{limit:.2f} s", f"{ours:.2f} s", spread, verdict])
    return found


def of_rounds(data: Data, target: Target) -> list[float]:
    """Ours by its mark, each round by itself: what ran minutes apart met the same mood of the machine, and the median
    of five ratios is steadier than the ratio of five medians. Empty where somebody has no figure of some round."""
    ours = _seconds(data, target.case, target.ours)
    others = [_seconds(data, target.case, share.who) for share in target.shares]
    if not ours or any(len(one) != len(ours) for one in others):
        return []
    marks = (
        target.seconds + sum(share.times * one for share, one in zip(target.shares, theirs))
        for theirs in (zip(*others) if others else ((),) * len(ours))
    )
    return [one / mark for one, mark in zip(ours, marks)]


def _floors(data: Data, target: Target) -> str:
    medians = [_median(data, target.case, who) for who in target.floors]
    known = [median for median in medians if median is not None]
    if not known or len(known) < len(medians):
        return ""
    theirs = _sum(data, target.case, target.of_floors)
    mark = f", where their mark is {theirs:.2f} s" if target.of_floors and theirs is not None else ""
    return f"; the floors alone take {sum(known):.2f} s{mark}: {' and '.join(target.floors)}"


def _limit(data: Data, target: Target) -> float | None:
    found = _sum(data, target.case, target.shares)
    return None if found is None else target.seconds + found


def _sum(data: Data, case: str, shares: t.Sequence[Share]) -> float | None:
    medians = [_median(data, case, share.who) for share in shares]
    known = [median for median in medians if median is not None]
    if len(known) < len(medians):
        return None
    return sum(share.times * median for share, median in zip(shares, known))


def _median(data: Data, case: str, who: str) -> float | None:
    row = _row(data, case, who)
    return float(row["median"]) if row else None


def _seconds(data: Data, case: str, who: str) -> t.Sequence[float]:
    row = _row(data, case, who)
    return t.cast("t.Sequence[float]", row.get("seconds", ())) if row else ()


def _row(data: Data, case: str, who: str) -> Data | None:
    rows = [row for row in data["cases"].get(case, {}).get("rows", []) if "median" in row]
    if who == BEST:
        peers = [row for row in rows if row["kind"] == "peer"]
        return min(peers, key=lambda row: float(row["median"])) if peers else None
    return next((row for row in rows if row["who"] == who), None)
