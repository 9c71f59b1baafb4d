# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sold, as profiles (draft-ietf-acme-profiles-00), with the names and terms that Let's Encrypt has."""

from __future__ import annotations

import typing as t
from datetime import timedelta


class Profile(t.NamedTuple):
    name: str
    #: as the directory describes it
    what: str
    validity: timedelta
    most_names: int
    #: with the first name as the common name, and a subject key identifier
    full: bool


PROFILES = (
    Profile("classic", "90 days, 100 names, with a common name", timedelta(days=90), 100, True),
    Profile("tlsserver", "45 days, 25 names, no common name or subject key identifier", timedelta(days=45), 25, False),
    Profile("shortlived", "160 hours, 25 names, as tlsserver", timedelta(hours=160), 25, False),
)  # fmt: skip
USUAL = PROFILES[0].name


def named(name: str) -> Profile | None:
    return next((profile for profile in PROFILES if profile.name == name), None)
