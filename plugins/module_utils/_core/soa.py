# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOA records as values, and the arithmetic of their serial numbers (RFC 1982, 32 bits).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.rname import same_name

_ALL = 2**32
_HALF = 2**31


class Soa(t.NamedTuple):
    """mname and rname are absolute names in master-file form (``_core/rname``)."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int
    ttl: int

    def with_rname(self, rname: str) -> Soa:
        """The record that replaces this one: another mailbox, a later serial, and all else as it is."""
        return self._replace(rname=rname, serial=next_serial(self.serial))

    def has_rname(self, rname: str) -> bool:
        return same_name(self.rname, rname)

    def line(self, zone: str) -> str:
        """In zone-file form."""
        numbers = f"{self.serial} {self.refresh} {self.retry} {self.expire} {self.minimum}"
        return f"{zone}. {self.ttl} IN SOA {self.mname} {self.rname} {numbers}\n"


def next_serial(serial: int) -> int:
    """One step on; never 0, which RFC 2136 §4.2 keeps from updates."""
    return (serial + 1) % _ALL or 1


def is_later(one: int, other: int) -> bool:
    """Whether ``one`` comes after ``other``; a distance of exactly half the circle is not defined, so false."""
    return 0 < (one - other) % _ALL < _HALF
