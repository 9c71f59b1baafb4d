# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the simulator knows, in memory. Whoever changes more than one thing holds the lock meanwhile."""

from __future__ import annotations

import threading
import time
import typing as t
from dataclasses import replace

from lab.clock import LabClock
from lab.history import History
from lab.refusal import Refused

from .values import Certificate, Claim, Entry

CA = "atlas"
#: so many certificates may be issued
QUOTA = 1_000
Row = t.TypeVar("Row", Claim, Certificate)


class Book:
    def __init__(self, clock: LabClock, history: History) -> None:
        self.lock = threading.RLock()
        self._clock, self._history = clock, history
        self._claims: dict[str, Claim] = {}
        self._certificates: dict[int, Certificate] = {}
        self._before: dict[str | int, Claim | Certificate] = {}
        self._taken_at: dict[int, float] = {}
        self.quota = QUOTA

    # --- claims ---

    def add_claim(self, claim: Claim) -> None:
        with self.lock:
            self._claims[claim.id] = claim
        self._history.add("claim", ca=CA, claim=claim.id, name=claim.domain)

    def claim(self, claim_id: str) -> Claim | None:
        return self._claims.get(claim_id)

    def claims(self) -> list[Claim]:
        with self.lock:
            return list(self._claims.values())

    def change_claim(self, claim_id: str, **facts: t.Any) -> Claim:
        with self.lock:
            before = self._claims.get(claim_id)
            if before is None:
                raise Refused(404, "", "the claim was deleted meanwhile")
            claim = self._claims[claim_id] = replace(before, **facts)
            if claim.status(self._clock.now()) != before.status(self._clock.now()):
                self._before[claim_id] = before
        return claim

    def log(self, claim_id: str, status: str, description: str) -> Claim:
        with self.lock:
            claim = self._claims.get(claim_id)
            entry = Entry(status, description, self._clock.now())
            return self.change_claim(claim_id, log=(*(claim.log if claim else ()), entry))

    def remove_claim(self, claim_id: str) -> None:
        with self.lock:
            self._claims.pop(claim_id, None)

    # --- certificates ---

    def add_certificate(self, certificate: Certificate) -> None:
        with self.lock:
            self._certificates[certificate.serial] = certificate
            self._taken_at[certificate.serial] = time.monotonic()
            self.quota -= 1

    def certificate(self, serial: int) -> Certificate | None:
        return self._certificates.get(serial)

    def certificates(self) -> list[Certificate]:
        """The oldest first."""
        with self.lock:
            return list(self._certificates.values())

    def revoke(self, serial: int, **facts: t.Any) -> Certificate:
        with self.lock:
            self._before[serial] = self._certificates[serial]
            self._certificates[serial] = replace(self._certificates[serial], **facts)
            return self._certificates[serial]

    def age(self, serial: int) -> float:
        """In seconds of the real clock."""
        return time.monotonic() - self._taken_at[serial]

    def before(self, row: Row) -> Row:
        """As it was before its last change of status."""
        found = self._before.get(row.id if isinstance(row, Claim) else row.serial)
        return found if isinstance(found, type(row)) else row
