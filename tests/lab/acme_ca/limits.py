# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits, with the numbers that Let's Encrypt has (ca-apis 5), while acme_rate_limits is on."""

from __future__ import annotations

import typing as t
from collections import defaultdict
from datetime import datetime, timedelta
from email.utils import format_datetime

from lab.clock import LabClock, iso_utc
from lab.vices import Switches

from .problems import Problem

HELP = "https://acme.lab.example/docs/rate-limits/"


class Limit(t.NamedTuple):
    number: int
    span: timedelta
    what: str


class Limits:
    def __init__(self, clock: LabClock, switches: Switches) -> None:
        self._clock, self._switches = clock, switches
        self._times: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
        #: tests may make them narrower
        self.limits = {
            "accounts": Limit(10, timedelta(hours=3), "new registrations from this address"),
            "orders": Limit(300, timedelta(hours=3), "new orders of this account"),
            "domain": Limit(50, timedelta(days=7), "certificates for this registered domain"),
            "names": Limit(5, timedelta(days=7), "certificates for this exact set of names"),
        }

    def check(self, name: str, subjects: t.Iterable[str]) -> None:
        """Problem: one of them had as many as it may have. Nothing is counted."""
        if not self._switches.is_on("acme_rate_limits"):
            return
        limit, now = self.limits[name], self._clock.now()
        for subject in subjects:
            times = [at for at in self._times[name, subject] if at > now - limit.span]
            if len(times) >= limit.number:
                raise self._problem(limit, subject, times[-limit.number] + limit.span)

    def count(self, name: str, subjects: t.Iterable[str]) -> None:
        for subject in subjects:
            self._times[name, subject].append(self._clock.now())

    def _problem(self, limit: Limit, subject: str, until: datetime) -> Problem:
        hours = limit.span / timedelta(hours=1)
        seconds = str(int((until - self._clock.now()).total_seconds()) + 1)
        as_date = self._switches.is_on("acme_retry_after_date")
        return Problem(
            "rateLimited",
            f"too many {limit.what} ({limit.number}) in the last {hours:g}h: {subject}, retry after {iso_utc(until)}",
            headers={
                "Retry-After": format_datetime(until, usegmt=True) if as_date else seconds,
                "Link": f'<{HELP}>;rel="help"',
            },
        )
