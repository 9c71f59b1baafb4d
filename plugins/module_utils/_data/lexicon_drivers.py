# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers of dns-lexicon that are not used, and why (dns-providers 5.1; dns-lexicon 3.25.2, looked at 2026-11-20).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class RefusedDriver(t.NamedTuple):
    why: str
    todo: str


_ANOTHER = "Use another service for these zones, or delegate the challenge names by CNAME to a zone of one"

REFUSED_DRIVERS: t.Mapping[str, RefusedDriver] = {
    "auto": RefusedDriver("it guesses the driver from name servers", "Name the driver itself"),
    "ddns": RefusedDriver(
        "it cannot list records, and does not look whether the server took an update", "Use the service rfc2136"
    ),
    "gehirn": RefusedDriver("its list leaves out values, so that nobody sees what is there", _ANOTHER),
    "localzone": RefusedDriver("it writes a zone file on this machine", "Use the service rfc2136"),
    "valuedomain": RefusedDriver(
        "it writes the zone back without its MX records and without TXT records that hold a blank", _ANOTHER
    ),
}
