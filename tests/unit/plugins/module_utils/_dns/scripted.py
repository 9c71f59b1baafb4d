# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authoritative server in memory, behind the door ``Exchange``: queries, referrals and RFC 2136 updates.

As BIND does: CNAME beside TXT is ignored with NOERROR, a CNAME takes the place of another, the TTL of the whole set is
rewritten, an SOA whose serial is not later is ignored with NOERROR, and one that is later is taken as it is.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.CAA
import dns.rrset
import dns.update
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question

Key = tuple[str, str]


def no_answer(address: str = "192.0.2.53", *, code: str = "dns_no_answer", sent: bool = True) -> TransportError:
    return TransportError(code=code, what="No answer", where=address, why="silence", sent=sent)


class Nowhere:
    """What is seen outside of the declared zones: nothing, or the CAA values that are given."""

    def __init__(self, values: t.Mapping[str, t.Collection[str]] | None = None) -> None:
        self.values = values or {}

    def alias_of(self, _name: str) -> str | None:
        return None

    def values_of(self, question: Question) -> frozenset[str]:
        return frozenset(self.values.get(question.name, ()))


def text(name: t.Any) -> str:
    return str(name.to_text()).rstrip(".").lower()


@dataclass
class Server:
    """records: (name, type) -> [ttl, RDATA texts …]; refuses: names that no update may touch."""

    zones: t.Sequence[str] = ("example.test",)
    records: dict[Key, tuple[int, list[str]]] = field(default_factory=dict)
    refuses: t.Collection[str] = ()
    recursive: bool = False
    asked: list[Key] = field(default_factory=list)
    updates: list[list[str]] = field(default_factory=list)
    serial: int = 1
    #: zone -> [TTL, MNAME and RNAME, what follows the serial]; where it says nothing else
    soas: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    #: what prerequisites are compared with is so much ahead of the serial that is served (inline-signing, SOA-EDIT)
    stored_ahead: int = 0
    #: called after each update, whether it was taken or not
    after_update: t.Callable[[Server], None] | None = None
    #: raised instead of an answer, and instead of an answer to an update that took effect
    silent: InkanError | None = None
    lost: InkanError | None = None
    forced_rcode: int | None = None
    deaf_to_updates: bool = False

    def put(self, name: str, type: str, *values: str, ttl: int = 60) -> Server:
        self.records[name, type] = (ttl, list(values))
        return self

    def values(self, name: str, type: str = "TXT") -> list[str]:
        return sorted(self.records.get((name, type), (0, []))[1])

    def send(self, message: dns.message.Message) -> dns.message.Message:
        message = dns.message.from_wire(message.to_wire(max_size=65535))
        if self.silent is not None:
            raise self.silent
        response = dns.message.make_response(message)
        response.flags &= ~dns.flags.RD
        if self.forced_rcode is not None:
            response.set_rcode(self.forced_rcode)
        elif message.opcode() == dns.opcode.UPDATE:
            response.set_rcode(self._update(t.cast(dns.update.UpdateMessage, message)))
            if self.after_update is not None:
                self.after_update(self)
            if self.lost is not None:
                raise self.lost
        else:
            self._answer(message, response)
        return response

    # --- queries

    def _zone(self, name: str) -> str | None:
        return max((z for z in self.zones if name == z or name.endswith("." + z)), key=len, default=None)

    def _answer(self, message: dns.message.Message, response: dns.message.Message) -> None:
        question = message.question[0]
        name, type = text(question.name), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, type))
        zone = self._zone(name)
        if zone is None:
            response.set_rcode(dns.rcode.REFUSED)
            return
        cut = self._cut(name, zone)
        if cut is not None:
            self._refer(response, cut)
            return
        response.flags |= dns.flags.RA if self.recursive else dns.flags.AA
        for found in dict.fromkeys((type, "CNAME")):
            if (name, found) in self.records:
                response.answer.append(self._rrset(name, found))
                return
        if type == "SOA" and name == zone:
            response.answer.append(self._soa(zone))
            return
        response.authority.append(self._soa(zone))
        if not any(one == name or one.endswith("." + name) for one, _type in self.records) and name != zone:
            response.set_rcode(dns.rcode.NXDOMAIN)

    def _cut(self, name: str, zone: str) -> str | None:
        cuts = [one for one, type in self.records if type == "NS" and one != zone and one not in self.zones]
        return next((one for one in cuts if name == one or name.endswith("." + one)), None)

    def _refer(self, response: dns.message.Message, cut: str) -> None:
        response.authority.append(self._rrset(cut, "NS"))
        for host in self.records[cut, "NS"][1]:
            for type in ("A", "AAAA"):
                if (host.rstrip("."), type) in self.records:
                    response.additional.append(self._rrset(host.rstrip("."), type))

    def _rrset(self, name: str, type: str) -> dns.rrset.RRset:
        ttl, values = self.records[name, type]
        rdatas = [self._rdata(type, value) for value in values]
        return dns.rrset.from_rdata_list(dns.name.from_text(name + "."), ttl, rdatas)

    def _soa(self, zone: str) -> dns.rrset.RRset:
        ttl, names, rest = self._soa_parts(zone)
        return dns.rrset.from_text(zone + ".", ttl, "IN", "SOA", f"{names} {self.serial} {rest}")

    def _soa_parts(self, zone: str) -> tuple[int, str, str]:
        return self.soas.get(zone, (60, f"ns.{zone}. mail.{zone}.", "1 1 1 60"))

    def rname(self, zone: str = "example.test") -> str:
        return self._soa_parts(zone)[1].split()[1]

    # --- updates

    def _update(self, message: dns.update.UpdateMessage) -> int:
        if any(text(rrset.name) in self.refuses for rrset in message.update):
            return dns.rcode.REFUSED
        failed = self._prerequisite(message)
        if failed:
            return failed
        if self.deaf_to_updates:
            return dns.rcode.NOERROR
        log: list[str] = []
        for rrset in message.update:
            if rrset.rdtype == dns.rdatatype.SOA:
                self._apply_soa(rrset, log)
            else:
                self._apply(rrset, log)
        self.updates.append(log)
        self.serial += bool(log) and not any(" SOA " in line for line in log)
        return dns.rcode.NOERROR

    def _apply_soa(self, rrset: dns.rrset.RRset, log: list[str]) -> None:
        zone, new = text(rrset.name), t.cast(t.Any, rrset[0])
        if zone not in self.zones or not 0 < (new.serial - self.serial - self.stored_ahead) % 2**32 < 2**31:
            return
        self.soas[zone] = (
            rrset.ttl,
            f"{new.mname} {new.rname}",
            f"{new.refresh} {new.retry} {new.expire} {new.minimum}",
        )
        self.serial = new.serial
        log.append(f"+ {zone} SOA {new.rname} {new.serial}")

    def _prerequisite(self, message: dns.update.UpdateMessage) -> int:
        """Value-dependent records of one RRset come one by one."""
        expected: dict[Key, set[dns.rdata.Rdata]] = {}
        for rrset in message.prerequisite:
            key = (text(rrset.name), dns.rdatatype.to_text(rrset.rdtype))
            if dns.rdataclass.NONE in (rrset.deleting, rrset.rdclass):
                if key in self.records:
                    return dns.rcode.YXRRSET
            else:
                expected.setdefault(key, set()).update(rrset)
        for key, rdatas in expected.items():
            if self._rdatas(key) != rdatas:
                return dns.rcode.NXRRSET
        return dns.rcode.NOERROR

    def _rdatas(self, key: Key) -> set[dns.rdata.Rdata]:
        if key[1] == "SOA":
            _ttl, names, rest = self._soa_parts(key[0])
            return {self._rdata("SOA", f"{names} {self.serial + self.stored_ahead} {rest}")}
        return {self._rdata(key[1], one) for one in self.records.get(key, (0, []))[1]}

    def _apply(self, rrset: dns.rrset.RRset, log: list[str]) -> None:
        name, type = text(rrset.name), dns.rdatatype.to_text(rrset.rdtype)
        ttl, values = self.records.get((name, type), (rrset.ttl, []))
        for rdata in rrset:
            there = [one for one in values if self._rdata(type, one) == rdata]
            if rrset.deleting:
                values = [one for one in values if one not in there]
                log += [f"- {name} {type} {one}" for one in there]
            elif not self._clashes(name, type) and not there:
                values = [*(values if type != "CNAME" else ()), rdata.to_text()]
                ttl = rrset.ttl
                log.append(f"+ {name} {type} {rdata.to_text()}")
        if values:
            self.records[name, type] = (ttl, values)
        else:
            self.records.pop((name, type), None)

    def _clashes(self, name: str, type: str) -> bool:
        others = {found for one, found in self.records if one == name and found != type}
        return "CNAME" in others or (type == "CNAME" and bool(others))

    @staticmethod
    def _rdata(type: str, value: str) -> dns.rdata.Rdata:
        if type == "CAA":  # older releases of dnspython read \\DDD as a letter
            flags, tag, content = value.split(" ", 2)
            octets = re.sub(rb"\\(\d{3}|.)", _octet, content.strip('"').encode())
            make: t.Any = dns.rdtypes.ANY.CAA.CAA
            return make(dns.rdataclass.IN, dns.rdatatype.CAA, int(flags), tag.encode(), octets)  # type: ignore[no-any-return]
        return dns.rdata.from_text("IN", type, value)


def _octet(match: re.Match[bytes]) -> bytes:
    found = match.group(1)
    return bytes([int(found)]) if found.isdigit() else found
