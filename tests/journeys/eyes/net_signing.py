# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNSSEC signer that signs when it is asked, with NSEC or NSEC3, rightly or wrongly as a test wants it.

flaw(name, type)   what is wrong with the signature of that set: expired, future, none, corrupt, ghost (by a key that
                   the zone does not show); the name without its last dot
denies             nsec, nsec3, opt-out, none (says nothing), wrong (another name's record), lies (the type is there)
"""

from __future__ import annotations

import time
import typing as t

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rrset import RRset

if t.TYPE_CHECKING:
    from .net_zone import Zone

DAY = 86400
TTL = 60
SALT = bytes.fromhex("aabb")

Flaw = t.Callable[[str, str], str]


class Key:
    """flags: 257 for the one that a DS record names, 256 for others."""

    def __init__(self, flags: int) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.rdata = dns.dnssec.make_dnskey(self.private.public_key(), "ECDSAP256SHA256", flags=flags)

    def ds(self, owner: str) -> str:
        return dns.dnssec.make_ds(dns.name.from_text(owner), self.rdata, "SHA256").to_text()


class Signer:
    def __init__(self, origin: str, flaw: Flaw | None = None, denies: str = "nsec") -> None:
        self.origin = dns.name.from_text(origin)
        self.ksk, self.zsk, self.ghost = Key(257), Key(256), Key(256)
        self.flaw = flaw or (lambda _name, _type: "")
        self.denies = denies
        self.iterations = 0

    @property
    def dnskeys(self) -> list[dns.rdata.Rdata]:
        return [self.ksk.rdata, self.zsk.rdata]

    def ds(self) -> str:
        return self.ksk.ds(self.origin.to_text())

    # --- signatures --------------------------------------------------------------------------------------------------

    def signatures(self, rrset: RRset, shown: Name) -> list[RRset]:
        """shown: the name that it is shown at, where a wildcard gives it."""
        flaw = self.flaw(rrset.name.to_text(omit_final_dot=True), RdataType.to_text(rrset.rdtype))
        if flaw == "none":
            return []
        key = self.ghost if flaw == "ghost" else self.ksk if rrset.rdtype == RdataType.DNSKEY else self.zsk
        if rrset.rdtype == RdataType.DNSKEY and flaw == "by_zsk":
            key = self.zsk
        begins, ends = {"expired": (-40, -3), "future": (3, 40)}.get(flaw, (-1, 30))
        now = int(time.time())
        signed = rrset
        if flaw == "corrupt":
            signed = dns.rrset.from_text(rrset.name, rrset.ttl, "IN", "TXT", '"something else"')
        made: t.Any = dns.dnssec.sign(
            signed, key.private, self.origin, key.rdata, inception=now + begins * DAY, expiration=now + ends * DAY
        )
        if flaw == "corrupt":
            made = made.replace(type_covered=rrset.rdtype)
        return [dns.rrset.from_rdata_list(shown, rrset.ttl, [made])]

    # --- what is not there -------------------------------------------------------------------------------------------

    def denial(self, zone: Zone, name: Name, rdtype: RdataType, *, exists: bool, wildcard: bool = False) -> list[RRset]:
        """wildcard: that the name itself is not there is enough."""
        if self.denies == "none":
            return []
        if self.denies in ("nsec3", "opt-out"):
            records = self._nsec3(zone, name, exists, wildcard)
        else:
            records = self._nsec(zone, name, rdtype, exists, wildcard)
        return [one for rrset in records for one in (rrset, *self.signatures(rrset, rrset.name))]

    def _nsec(self, zone: Zone, name: Name, rdtype: RdataType, exists: bool, wildcard: bool) -> list[RRset]:
        owners = sorted(owner for owner in {owner for owner, _type in zone.sets} if self._is_own(zone, owner))
        wanted = [name]
        if not exists and not wildcard:
            wanted.append(dns.name.Name((b"*", *zone.encloser(name).labels)))
        elif exists and not zone.is_there(name):
            wanted.append(dns.name.Name((b"*", *zone.encloser(name).labels)))  # the wildcard that lacks the type
        if self.denies == "wrong":
            wanted = [owners[0]]
        found: dict[Name, RRset] = {}
        for one in wanted:
            number = max(at for at, owner in enumerate(owners) if owner <= one)
            owner, following = owners[number], owners[(number + 1) % len(owners)]
            types = self._types(zone, owner) | {RdataType.NSEC}
            if self.denies == "lies":
                types |= {rdtype}
            found[owner] = self._rrset(owner, "NSEC", f"{following} {_words(types)}")
        return list(found.values())

    def _nsec3(self, zone: Zone, name: Name, exists: bool, wildcard: bool) -> list[RRset]:
        names = {owner for owner, _type in zone.sets if self._is_own(zone, owner)}
        if self.denies == "opt-out":
            names = {owner for owner in names if not self._is_unsigned_cut(zone, owner)}
        names |= {above for owner in names for above in _between(owner, self.origin)}
        hashes = sorted((self._hash(owner), owner) for owner in names)
        wanted = [name]
        if name not in names:
            encloser = name
            nearer = name
            while encloser not in names:
                nearer, encloser = encloser, encloser.parent()
            wanted = [nearer] if wildcard else [encloser, nearer, dns.name.Name((b"*", *encloser.labels))]
        found: dict[str, RRset] = {}
        for one in wanted:
            here = self._hash(one)
            number = max((at for at, pair in enumerate(hashes) if pair[0] <= here), default=len(hashes) - 1)
            label, owner = hashes[number]
            following = hashes[(number + 1) % len(hashes)][0]
            flags = 1 if self.denies == "opt-out" else 0
            words = _words(self._types(zone, owner)) if zone.at(owner) else ""
            text = f"1 {flags} {self.iterations} {SALT.hex()} {following} {words}"
            found[label] = self._rrset(dns.name.from_text(label, self.origin), "NSEC3", text)
        return list(found.values())

    def _hash(self, name: Name) -> str:
        return str(dns.dnssec.nsec3_hash(name, SALT, self.iterations, "SHA1"))

    def _is_own(self, zone: Zone, owner: Name) -> bool:
        """Not what lies below a delegation."""
        cut = zone.cut_above(owner)
        return cut is None or cut.name == owner

    def _is_unsigned_cut(self, zone: Zone, owner: Name) -> bool:
        cut = zone.cut_above(owner)
        return cut is not None and (owner, RdataType.DS) not in zone.sets

    def _types(self, zone: Zone, owner: Name) -> set[RdataType]:
        return {rrset.rdtype for rrset in zone.at(owner)} | {RdataType.RRSIG}

    @staticmethod
    def _rrset(owner: Name, type: str, text: str) -> RRset:
        return dns.rrset.from_text(owner, TTL, "IN", type, text)


def _between(owner: Name, origin: Name) -> t.Iterator[Name]:
    while owner != origin:
        yield owner
        owner = owner.parent()
    yield origin


def _words(types: t.Iterable[RdataType]) -> str:
    return " ".join(RdataType.to_text(one) for one in sorted(types) if one != RdataType.NONE)
