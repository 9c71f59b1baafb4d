# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that hand out names of one label more than the public suffix list says.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t


class RegistryUnit(t.NamedTuple):
    """Below ``suffix`` a registered name is ``<kind>.<body>.<suffix>``; the list ends one label above it."""

    suffix: str
    kinds: tuple[str, ...]
    source: str


UNITS: tuple[RegistryUnit, ...] = (
    RegistryUnit(
        "lg.jp",
        ("metro", "pref", "city", "town", "vill", "union"),
        "JPRS, LG.JP technical rules of 2020-06-11; WHOIS shows CITY.KOBE.LG.JP (2026-06-23)",
    ),
)
