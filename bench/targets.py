# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each job may take (DESIGN 9), as rows: a figure of ours, and a limit made of other figures of the same case.

Where a mark is missed the row says why, in words that name what was measured. Standard library only.
"""

from __future__ import annotations

import typing as t

Data = t.Mapping[str, t.Any]
Median = t.Callable[[str, str], "float | None"]  # of a case, of a contestant

PING = "playbook with one ping"
BEST = "the best peer"


class Share(t.NamedTuple):
    """So many times what ``who`` took; case: that of the target where it is empty."""

    times: float
    who: str
    case: str = ""


class Target(t.NamedTuple):
    """The median of ``ours`` in ``case`` stays within the sum of the shares and of so many seconds."""

    case: str
    ours: str
    mark: str
    shares: tuple[Share, ...] = ()
    seconds: float = 0.0
    missed: str = ""


_SERVERS = (
    "Keys, signatures of two JWS for each request and the three servers share the two cores with the playbook: see what"
    " the seven tasks take, and what one more certificate costs."
)
_TASKS = (
    "The rest is the number of tasks: a playbook with as many tasks that do nothing is the floor of the row above ours."
)

TARGETS: tuple[Target, ...] = (
    Target("A50-dns", "inkan.tls.issue", "a quarter of the best peer", (Share(0.25, BEST),), missed=_TASKS),
    Target("A50-dns", "inkan.tls.issue", "5/17 of uacme", (Share(5 / 17, "uacme"),), missed=_TASKS),
    Target("A50-http", "inkan.tls.issue", "a quarter of the best peer", (Share(0.25, BEST),), missed=_TASKS),
    Target(
        "A200-dns", "inkan.tls.issue", "twice what 50 take", (Share(2, "inkan.tls.issue", "A50-dns"),), missed=_SERVERS
    ),
    Target("A2", "inkan.tls.issue", "the slowest validation, 2 s, and 4 s", seconds=6.0),
    Target("B1000", "certificates_info", "1.5 pings", (Share(1.5, PING),)),
    Target("B10000", "certificates_info", "4 s", seconds=4.0),
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
                (Share(1.2, "one process with only the work"), Share(1, PING)),
            ),
            Target(f"D50-{kind}", "certificate_requests, second run", "1.3 pings", (Share(1.3, PING),)),
        )
    ),
)


def lines(data: Data) -> list[list[str]]:
    """work, with, its mark, the mark's seconds, ours, met or why not; only of what was measured."""
    found = []
    for target in TARGETS:
        ours, limit = _median(data, target.case, target.ours), _limit(data, target)
        if ours is None or limit is None:
            continue
        verdict = "met" if ours <= limit else f"missed. {target.missed}".strip()
        found.append([target.case, target.ours, target.mark, f"{limit:.2f} s", f"{ours:.2f} s", verdict])
    return found


def _limit(data: Data, target: Target) -> float | None:
    shares = [_median(data, share.case or target.case, share.who) for share in target.shares]
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        return None
    return target.seconds + sum(share.times * median for share, median in zip(target.shares, known))


def _median(data: Data, case: str, who: str) -> float | None:
    rows = [row for row in data["cases"].get(case, {}).get("rows", []) if "median" in row]
    if who == BEST:
        return min((float(row["median"]) for row in rows if row["kind"] == "peer"), default=None)
    return next((float(row["median"]) for row in rows if row["who"] == who), None)
