# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator keeps. All are values; book.py changes them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from .application import Application

INITIAL, PHISHING, CANCELED_BEFORE, ISSUED = "1", "2", "3", "4"
CANCELED_AFTER, REVOKING, REVOKED = "5", "6", "7"
OPEN = (INITIAL, PHISHING)


class Link(t.NamedTuple):
    """The approval page of one recipient. Whoever has the key may press the button."""

    address: str
    key: str
    made_at: datetime


class Made(t.NamedTuple):
    """A certificate."""

    pem: str
    serial: str
    subject: str
    names: tuple[str, ...]
    issuer: int
    begin: datetime
    end: datetime


class Event(t.NamedTuple):
    name: str
    at: datetime


@dataclass(frozen=True)
class Order:
    id: str
    application: Application
    status: str
    created_at: datetime
    #: the code that the DNS or a page has to show
    code: str = field(default="", repr=False)
    #: names for which somebody has shown that he speaks for them, and for those below unless it is by page
    proven: tuple[str, ...] = ()
    #: all of them were, then
    validated_at: datetime | None = None
    link: Link | None = None
    events: tuple[Event, ...] = ()
    made: Made | None = field(default=None, repr=False)
    completed_at: datetime | None = None
    canceled_at: datetime | None = None
    deactivated_at: datetime | None = None
    #: the last second of what was bought
    ends: datetime | None = None
    reissue_of: str = ""
    #: OV and EV: somebody's vetting ends then
    vetted_at: datetime | None = None
    #: made up by a vice: nobody ordered it here
    is_decoy: bool = False
