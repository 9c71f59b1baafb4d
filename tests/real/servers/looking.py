# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a DNS server is told and shows, whichever it is: a zone as text, and questions as anybody can ask them."""

from __future__ import annotations

import contextlib
import typing as t

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

Records = t.Mapping[str, t.Sequence[tuple[str, str]]]


def zone_text(records: Records, addresses: t.Sequence[str], mname: str = "ns1") -> str:
    """Owner names relative to the zone, ``@`` the zone itself; each address is a name server."""
    names = [f"ns{number}" for number, _address in enumerate(addresses, 1)]
    lines = ["$TTL 60", f"@ IN SOA {mname} hostmaster 1 3600 600 86400 5"]
    lines += [f"@ IN NS {name}" for name in names]
    lines += [f"{name} IN A {address}" for name, address in zip(names, addresses)]
    lines += [f"{owner} IN {type} {value}" for owner, values in records.items() for type, value in values]
    return "\n".join(lines) + "\n"


def is_served(zone: str, address: str, port: int) -> bool:
    with contextlib.suppress(dns.exception.DNSException, OSError):
        answer = dns.query.udp(dns.message.make_query(zone, "SOA"), address, port=port, timeout=0.3)
        return answer.rcode() == dns.rcode.NOERROR and bool(answer.answer)
    return False


class Looking:
    """Of a server with ``address`` and ``port``, and ``keys``."""

    address: str
    port: int
    keys: t.Mapping[str, str]

    @property
    def key_name(self) -> str:
        return next(iter(self.keys))

    @property
    def key_secret(self) -> str:
        return self.keys[self.key_name]

    def ask(self, name: str, type: str) -> dns.message.Message:
        """One question over TCP, answer as dnspython parsed it."""
        return dns.query.tcp(dns.message.make_query(name, type), self.address, port=self.port, timeout=3)

    def records(self, name: str, type: str = "TXT") -> list[str]:
        """Values at exactly this name, sorted; TXT without quotes, character-strings joined."""
        found = self._rrset(name, type)
        return sorted(_presentation(rdata) for rdata in found) if found is not None else []

    def ttl(self, name: str, type: str = "TXT") -> int | None:
        found = self._rrset(name, type)
        return int(found.ttl) if found is not None else None

    def serial(self, zone: str) -> int:
        found = self._rrset(zone, "SOA")
        return int(found[0].serial)

    def _rrset(self, name: str, type: str) -> t.Any:
        wanted = dns.rdatatype.from_text(type)
        for rrset in self.ask(name, type).answer:
            if rrset.rdtype == wanted and rrset.name.to_text(omit_final_dot=True).lower() == name.rstrip(".").lower():
                return rrset
        return None


def _presentation(rdata: t.Any) -> str:
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("utf-8", "surrogateescape")
    return str(rdata.to_text())
