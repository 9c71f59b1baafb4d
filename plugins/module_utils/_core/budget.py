# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a service takes: rolling windows, as arithmetic on the instants of those that were sent. Pure.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

__all__ = ["Limit", "earliest", "kept"]

#: Seconds; at 1,000 requests in 3 minutes 20,000 of them would have to be waiting.
_LONGEST_QUEUE = 3600.0


class Limit(t.NamedTuple):
    """At most so many requests in any stretch of so many seconds."""

    requests: int
    seconds: float


def earliest(taken: t.Sequence[float], limits: t.Sequence[Limit], now: float) -> float:
    """The first instant from ``now`` on at which one more request keeps every limit.

    taken: the instants of the requests before it, in order; those that were promised a later instant are among them,
    and nobody is let in before them: so the n-th last one alone decides about a limit of n.
    """
    at = max([now, *taken[-1:]])
    for limit in limits:
        if len(taken) >= limit.requests:
            at = max(at, taken[-limit.requests] + limit.seconds)
    return at


def kept(taken: t.Sequence[float], limits: t.Sequence[Limit], now: float) -> list[float]:
    """Those that still count. What lies further ahead than anybody waits was written under another clock."""
    longest = max(limit.seconds for limit in limits)
    most = max(limit.requests for limit in limits)
    return [at for at in taken if now - longest < at <= now + _LONGEST_QUEUE][-most:]
