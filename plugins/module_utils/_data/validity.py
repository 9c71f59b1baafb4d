# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifetimes, reuse, perspectives and other dated rules, one row a rule, oldest first.

The last row whose ``since`` is not after the day of issue holds. The first row of each table models the time just
before 2026-03-15, not the older 825-day era. A day is 86,400 s and both end points count (BR 6.3.2, 1.6.4).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date


class Limit(t.NamedTuple):
    """``days`` at most from ``since`` on; ``should``: the stricter number that the BR recommend."""

    since: date
    days: int
    should: int
    source: str


VALIDITY_MAX_DAYS: tuple[Limit, ...] = (
    Limit(date.min, 398, 397, "BR 6.3.2"),
    Limit(date(2026, 3, 15), 200, 199, "SC-081v3, BR 6.3.2"),
    Limit(date(2027, 3, 15), 100, 99, "SC-081v3, BR 6.3.2"),
    Limit(date(2029, 3, 15), 47, 46, "SC-081v3, BR 6.3.2"),
)

#: how old the oldest evidence of a domain validation may be at issue
DCV_REUSE_MAX_DAYS: tuple[Limit, ...] = (
    Limit(date.min, 398, 398, "BR 4.2.1"),
    Limit(date(2026, 3, 15), 200, 200, "SC-081v3, BR 4.2.1"),
    Limit(date(2027, 3, 15), 100, 100, "SC-081v3, BR 4.2.1"),
    Limit(date(2029, 3, 15), 10, 10, "SC-081v3, BR 4.2.1"),
)

#: the same for the identity of an organization (OV, EV)
SII_REUSE_MAX_DAYS: tuple[Limit, ...] = (
    Limit(date.min, 825, 825, "BR 4.2.1"),
    Limit(date(2026, 3, 15), 398, 398, "SC-081v3, BR 4.2.1"),
)

#: a certificate this short needs no revocation pointer
SHORT_LIVED_MAX_DAYS: tuple[Limit, ...] = (
    Limit(date(2024, 3, 15), 10, 10, "SC-063, BR 1.6.1"),
    Limit(date(2026, 3, 15), 7, 7, "SC-063, BR 1.6.1"),
)


class Perspectives(t.NamedTuple):
    """Remote places that must see what the CA sees (MPIC); ``rirs``: regions among those that agree."""

    since: date
    remote: int
    enforced: bool
    rirs: int
    source: str


MPIC_MIN_REMOTE: tuple[Perspectives, ...] = (
    Perspectives(date(2025, 3, 15), 2, False, 0, "SC-067v3, BR 3.2.2.9"),
    Perspectives(date(2025, 9, 15), 2, True, 0, "SC-067v3, BR 3.2.2.9"),
    Perspectives(date(2026, 3, 15), 3, True, 2, "SC-067v3, BR 3.2.2.9"),
    Perspectives(date(2026, 6, 15), 4, True, 2, "SC-067v3, BR 3.2.2.9"),
    Perspectives(date(2026, 12, 15), 5, True, 2, "SC-067v3, BR 3.2.2.9"),
)


class AllowedMisses(t.NamedTuple):
    remote_min: int
    remote_max: int | None
    misses: int
    source: str


MPIC_ALLOWED_MISSES: tuple[AllowedMisses, ...] = (
    AllowedMisses(2, 5, 1, "SC-067v3, BR 3.2.2.9"),
    AllowedMisses(6, None, 2, "SC-067v3, BR 3.2.2.9"),
)


class Switch(t.NamedTuple):
    """A rule that begins on a day.

    hits     which certificates feel it: ``all``; ``mpic`` and ``adn``: by the ticks of their method; ``arpa``: by their
             name; ``ev``: those of this level; ``ca``: none, the CA alone has work
    do       what its owner does about it; empty where ``hits`` is ``ca``
    """

    since: date
    rule: str
    hits: str
    do: str
    source: str


SWITCHES: tuple[Switch, ...] = (
    Switch(date(2025, 3, 15), "to-be-signed certificates are linted", "ca", "", "SC-075, BR 4.3.1.2"),
    Switch(
        date(2026, 3, 15),
        "the CA validates DNSSEC in every DCV and CAA look-up",
        "all",
        "keep the DNSSEC chain of a signed zone whole: a broken one stops every validation; unsigned zones stay fine",
        "SC-085v2, SC-094v2, SC-100",
    ),
    Switch(
        date(2026, 3, 15),
        "no names that end in in-addr.arpa or ip6.arpa",
        "arpa",
        "use a name outside the reverse tree",
        "SC-086v3, BR 4.2.2",
    ),
    Switch(
        date(2026, 6, 15),
        "the precertificate is in a CT log that Chrome recognises before the certificate is issued",
        "ca",
        "",
        "Chrome Root Program 1.8",
    ),
    Switch(date(2026, 7, 15), "the CA logs name, Authorization Domain Name and method", "ca", "", "SC-099, BR 5.4.1"),
    Switch(date(2026, 9, 15), "the last uses of SHA-1 end", "ca", "", "SC-097, BR 7.1.3.2.1"),
    Switch(
        date(2026, 11, 15),
        "the Authorization Domain Name is chosen by the algorithm of BR 3.2.2.4 only: CNAME steps first, then pruning",
        "adn",
        "do not count on pruning first and following a CNAME then",
        "SC-101v2, BR 3.2.2.4",
    ),
    Switch(
        date(2026, 12, 15),
        "five remote perspectives must see the record or file",
        "mpic",
        "serve it from every authoritative server and without geo-blocking before the CA is asked to look",
        "SC-067v3, BR 3.2.2.9",
    ),
    Switch(
        date(2027, 3, 15),
        "every CA obeys accounturi and validationmethods of CAA records",
        "all",
        "where a CAA record has these parameters, check that they name this account and method",
        "SC-098v2, BR 4.2.2.1.2",
    ),
    Switch(
        date(2027, 3, 15),
        "new certificates carry the extended key usage serverAuth only",
        "all",
        "do not use this certificate as a TLS client certificate",
        "Chrome Root Program 1.8, 1.3.2",
    ),
    Switch(
        date(2027, 3, 15),
        "every subordinate CA offers an automation solution",
        "ca",
        "",
        "Chrome Root Program 1.8, 1.3.3.1",
    ),
    Switch(
        date(2027, 9, 15),
        "EV certificates carry the day on which the organization was formed",
        "ev",
        "have it at hand, as its registration says",
        "SC-087v2, EVG 7.1.4.2",
    ),
)
