# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether NSEC or NSEC3 records prove that something is not there (RFC 4035 §5.4, RFC 5155 §8). Pure.

The records come with signatures that were found good: here it is only judged what they say.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns

#: RFC 9276 §3.2: validators may treat more as insecure, and do
MAX_ITERATIONS = 100


class Denial(t.NamedTuple):
    """proven; or why not. insecure: an unsigned delegation may hide there (opt-out), or the hashes cost too much."""

    proven: bool
    why: str = ""
    insecure: bool = False


class Proofs:
    """The NSEC and NSEC3 records of one answer, of one zone."""

    def __init__(self, zone: dns.name.Name, rrsets: t.Iterable[dns.rrset.RRset]) -> None:
        self._zone = zone
        rows = [(rrset.name, t.cast(t.Any, rdata)) for rrset in rrsets for rdata in rrset]
        self._nsec = [row for row in rows if row[1].rdtype == dns.rdatatype.NSEC]
        self._nsec3 = [row for row in rows if row[1].rdtype == dns.rdatatype.NSEC3]

    def __bool__(self) -> bool:
        return bool(self._nsec or self._nsec3)

    @property
    def _is_costly(self) -> bool:
        return any(rdata.iterations > MAX_ITERATIONS for _owner, rdata in self._nsec3)

    def no_data(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Denial:
        """The name is there, or a wildcard stands for it, without this type."""
        if self._is_costly:
            return Denial(True, insecure=True)
        at_name = self._at(name)
        if at_name is not None:
            return self._lacks(at_name, rdtype, name)
        if any(following.is_subdomain(name) for _owner, following in self._gaps(name)):
            return Denial(True)  # an empty non-terminal: the next name lies below it
        encloser = self._encloser(name)
        if encloser is None:
            return Denial(False, f"no NSEC record speaks of {_text(name)}")
        wildcard = self._at(_below(b"*", encloser))
        if wildcard is not None:
            return self._lacks(wildcard, rdtype, name)
        if self._has_opt_out(name, encloser):
            return Denial(True, insecure=True)
        return Denial(False, f"no NSEC record says what {_text(name)} has")

    def no_name(self, name: dns.name.Name) -> Denial:
        """Neither the name is there nor a wildcard that would stand for it."""
        if self._is_costly:
            return Denial(True, insecure=True)
        if self._at(name) is not None:
            return Denial(False, f"an NSEC record says that {_text(name)} is there")
        encloser = self._encloser(name)
        if encloser is None:
            return Denial(False, f"no NSEC record covers {_text(name)}")
        if self._has_opt_out(name, encloser):
            return Denial(True, insecure=True)
        if not self._covers(_below(b"*", encloser)):
            return Denial(False, f"no NSEC record covers the wildcard below {_text(encloser)}")
        return Denial(True)

    def no_closer(self, name: dns.name.Name, labels: int) -> Denial:
        """A wildcard of so many labels answered: nothing nearer to the name is there (RFC 4035 §5.3.4)."""
        if self._is_costly:
            return Denial(True, insecure=True)
        nearer = name.split(labels + 2)[1]  # with the root label, and one label below the wildcard's parent
        if self._covers(nearer) or (self._nsec and self._covers(name)):
            return Denial(True)
        return Denial(False, f"no NSEC record says that {_text(nearer)} is not there")

    # --- what the records say ---------------------------------------------------------------------------------------

    def _at(self, name: dns.name.Name) -> t.Any | None:
        """The record of exactly this name."""
        found = next((rdata for owner, rdata in self._nsec if owner == name), None)
        if found is not None:
            return found
        return next((rdata for owner, rdata in self._nsec3 if _label(owner) == _hash(name, rdata)), None)

    def _covers(self, name: dns.name.Name) -> bool:
        """A record says that between two neighbours, and so here, there is nothing."""
        return bool(self._gaps(name)) or self._gap3(name) is not None

    def _gaps(self, name: dns.name.Name) -> list[tuple[dns.name.Name, dns.name.Name]]:
        return [
            (owner, row.next)
            for owner, row in self._nsec
            if _is_between(owner, name, row.next) and not _is_of_the_zone_above(owner, row, name)
        ]

    def _gap3(self, name: dns.name.Name) -> t.Any | None:
        for owner, rdata in self._nsec3:
            here, first, last = _hash(name, rdata), _label(owner), _next(rdata)
            if first < here < last or (last <= first and (here > first or here < last)):
                return rdata
        return None

    def _encloser(self, name: dns.name.Name) -> dns.name.Name | None:
        """The nearest name above that is there; None: the records do not say."""
        if self._nsec:
            gaps = self._gaps(name)
            common = [_common(name, end) for gap in gaps for end in gap]
            return max(common, key=len) if common else None
        above = name
        while above != self._zone and len(above) > len(self._zone):
            nearer, above = above, above.parent()
            if self._at(above) is not None:
                return above if self._gap3(nearer) is not None else None
        return None

    def _has_opt_out(self, name: dns.name.Name, encloser: dns.name.Name) -> bool:
        nearer = name.split(len(encloser) + 1)[1]
        gap = self._gap3(nearer)
        return gap is not None and bool(gap.flags & 1)

    @staticmethod
    def _lacks(rdata: t.Any, rdtype: dns.rdatatype.RdataType, name: dns.name.Name) -> Denial:
        if has_type(rdata, rdtype):
            return Denial(False, f"an NSEC record says that {_text(name)} has {dns.rdatatype.to_text(rdtype)}")
        if has_type(rdata, dns.rdatatype.CNAME):
            return Denial(False, f"an NSEC record says that {_text(name)} has a CNAME")
        return Denial(True)


def has_type(rdata: t.Any, rdtype: int) -> bool:
    """Whether the type is in the bitmap of an NSEC or NSEC3 record."""
    window, bit = divmod(int(rdtype), 256)
    for number, bits in rdata.windows:
        if number == window and bit // 8 < len(bits) and bits[bit // 8] & (0x80 >> bit % 8):
            return True
    return False


def _is_between(owner: dns.name.Name, name: dns.name.Name, following: dns.name.Name) -> bool:
    if owner >= following:  # the last one: its next is the zone itself
        return bool(name > owner)
    return bool(owner < name < following)


def _is_of_the_zone_above(owner: dns.name.Name, rdata: t.Any, name: dns.name.Name) -> bool:
    """At a delegation, or a DNAME, a record says nothing of what lies below (RFC 6840 §4.1)."""
    if not name.is_subdomain(owner):
        return False
    is_cut = has_type(rdata, dns.rdatatype.NS) and not has_type(rdata, dns.rdatatype.SOA)
    return is_cut or has_type(rdata, dns.rdatatype.DNAME)


def _common(one: dns.name.Name, other: dns.name.Name) -> dns.name.Name:
    return one.split(one.fullcompare(other)[2])[1]


def _below(label: bytes, name: dns.name.Name) -> dns.name.Name:
    return dns.name.Name((label, *name.labels))


def _label(owner: dns.name.Name) -> str:
    return owner.labels[0].decode("ascii", "replace").upper()


def _hash(name: dns.name.Name, rdata: t.Any) -> str:
    return str(dns.dnssec.nsec3_hash(name, rdata.salt, rdata.iterations, rdata.algorithm))


_HEX32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV")


def _next(rdata: t.Any) -> str:
    return base64.b32encode(rdata.next).translate(_HEX32).decode("ascii").rstrip("=")


def _text(name: dns.name.Name) -> str:
    return escaped(name.to_text(omit_final_dot=True), 260)
