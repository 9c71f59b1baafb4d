# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""API keys with what they may, and the request limits of each: counted, and refused beyond."""

from __future__ import annotations

import secrets
import threading
import time
import typing as t
from collections import deque

from lab.vices import Switches

#: key -> what it may, other than looking
RIGHTS: t.Mapping[str, frozenset[str]] = {
    "unrestricted": frozenset({"look", "orders", "domains", "approvals"}),
    "administrator": frozenset({"look", "orders", "domains", "approvals"}),
    "orders": frozenset({"look", "orders"}),
    "orders_domains_organizations": frozenset({"look", "orders", "domains"}),
    "view_only": frozenset({"look"}),
    "user_management": frozenset(),
}
#: so many requests in so many seconds, rolling
LIMITS = ((100, 5.0), (1000, 180.0))


class Key(t.NamedTuple):
    name: str
    secret: str

    def may(self, right: str) -> bool:
        return right in RIGHTS[self.name]


class Keys:
    def __init__(self) -> None:
        self._keys = {name: Key(name, secrets.token_urlsafe(32)) for name in RIGHTS}

    def named(self, name: str) -> Key:
        return self._keys[name]

    def find(self, secret: str) -> Key | None:
        found = [key for key in self._keys.values() if secrets.compare_digest(key.secret.encode(), secret.encode())]
        return found[0] if found else None

    def secrets(self) -> dict[str, str]:
        return {key.name: key.secret for key in self._keys.values()}


class Limits:
    """In seconds of the real clock, which the lab's cannot move."""

    def __init__(self, switches: Switches, monotonic: t.Callable[[], float] = time.monotonic) -> None:
        self._switches, self._monotonic = switches, monotonic
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}
        #: tests may make them narrower
        self.limits: t.Sequence[tuple[int, float]] = LIMITS

    def allow(self, key: str) -> bool:
        """Counts this request. What was refused counts only if the switch says so: UNVERIFIED."""
        with self._lock:
            now = self._monotonic()
            times = self._times.setdefault(key, deque())
            longest = max(seconds for _number, seconds in self.limits)
            while times and times[0] <= now - longest:
                times.popleft()
            allowed = all(sum(at > now - seconds for at in times) < number for number, seconds in self.limits)
            if allowed or self._switches.is_on("dc_refused_count_too"):
                times.append(now)
            return allowed
