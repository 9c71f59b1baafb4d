# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator keeps: claims and certificates, as facts with times."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from lab.signing_request import PublicKey

PENDING, VERIFIED = "PENDING", "VERIFIED"
SUCCESS, ERROR, INFO = "SUCCESS", "ERROR", "INFO"
DNS, HTTP, EMAIL = "DNS", "HTTP", "EMAIL"


class Entry(t.NamedTuple):
    """A line of a claim's log."""

    status: str
    description: str
    at: datetime


class Asserted(t.NamedTuple):
    """What has been asked to be looked at."""

    method: str
    #: of a mail: the address
    where: str
    scheme: str = ""


@dataclass(frozen=True)
class Claim:
    id: str
    domain: str
    token: str
    created_at: datetime
    assert_by: datetime
    asserted: Asserted | None = None
    #: of the link in the mail, while one is out
    link: str = ""
    verified_at: datetime | None = None
    verified_by: str = ""
    #: no longer than this; None: not verified
    verified_until: datetime | None = None
    log: tuple[Entry, ...] = ()

    def status(self, now: datetime) -> str:
        return VERIFIED if self.verified_until is not None and now < self.verified_until else PENDING


@dataclass(frozen=True)
class Certificate:
    serial: int
    certificate: x509.Certificate
    key: PublicKey
    names: tuple[str, ...]
    #: of the credential that asked for it
    credential: str
    issuer: int
    issued_at: datetime
    updated_at: datetime
    revoked_at: datetime | None = None
    reason: str = ""

    @property
    def status(self) -> str:
        return "ISSUED" if self.revoked_at is None else "REVOKED"
