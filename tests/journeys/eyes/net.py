# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small internet that is looked at: a signed root, a signed jp, name servers a to f, resolvers, web servers.

net.zone("shop.jp")                       at servers a and b, unsigned, delegated from jp
net.zone("shop.jp", signer=Signer(...))   signed, with its DS record in jp
net.variant(zone, "b")                    what server b has from now on is another zone of that name
net.quirk("b", zone, work)                work(request, response, udp) -> response, bytes, or None for silence
net.asked                                 every question that a resolver was asked
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.name import Name

from .net_servers import DnsNet
from .net_signing import Signer
from .net_web import Page, WebNet
from .net_zone import Answering, Value, Zone, name_of

VALUE = "gfj9Xq-Rg85nM1QrStUvWxYz0123456789AbCdEfGhI"
TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
SERVERS = {
    **{letter: f"127.0.1.{number}" for number, letter in enumerate("abcde", 1)},
    "udp": "127.0.1.6",
    "six": "::1",
}
#: nothing listens there
NOBODY = "127.0.1.99"
ROOT, RESOLVER, INNER = "127.0.1.10", "127.0.1.53", "127.0.1.54"
WEB = ("127.0.1.81", "127.0.1.82", "127.0.1.83", "::1")
#: speaks no TLS where https should be
PLAIN_WEB = "127.0.1.83"

Quirk = t.Callable[[dns.message.Message, dns.message.Message, bool], t.Union[dns.message.Message, bytes, None]]


class Net:
    """Context manager."""

    def __init__(self, folder: Path) -> None:
        root, jp = Signer("."), Signer("jp")
        self.root = Zone("", ["root.jp"], root)
        self.jp = Zone("jp", ["root.jp"], jp).put("root", "A", ROOT)
        self.root.put("jp", "NS", "root.jp.").put("jp", "DS", jp.ds()).put("root.jp", "A", ROOT)
        self.anchor = f". IN DS {root.ds()}"
        for letter, address in SERVERS.items():
            self.jp.put(f"{letter}.dns", "AAAA" if ":" in address else "A", address)
        self.jp.put("nobody.dns", "A", NOBODY)
        self.jp.put("mail", "MX", "10 mx.mail.jp.").put("mx.mail", "A", WEB[0])
        self._at: dict[str, dict[Name, Zone]] = {address: {} for address in SERVERS.values()}
        self._at[ROOT] = {self.root.origin: self.root, self.jp.origin: self.jp}
        #: what the resolver finds
        self.public: dict[Name, Zone] = dict(self._at[ROOT])
        #: what an inner resolver finds instead
        self.inner: dict[Name, Zone] = {}
        self._quirks: dict[tuple[str, Name], Quirk] = {}
        self.asked: list[tuple[str, str]] = []
        addresses = (*SERVERS.values(), ROOT, RESOLVER, INNER)
        self._dns = DnsNet(addresses, (SERVERS["udp"],), self._respond)
        self.web = WebNet(WEB, (PLAIN_WEB,), folder)
        self._number = 0

    def __enter__(self) -> Net:
        self._dns.__enter__()
        self.web.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.web.__exit__(*exception)
        self._dns.__exit__(*exception)

    def sight(self, **more: t.Any) -> dict[str, t.Any]:
        return {
            "resolvers": [RESOLVER],
            "dns_port": self._dns.port,
            "http_port": self.web.http_port,
            "https_port": self.web.https_port,
            "trust_anchors": [self.anchor],
            **more,
        }

    # --- setting up --------------------------------------------------------------------------------------------------

    def fresh(self) -> str:
        """A domain that nobody had."""
        self._number += 1
        return f"d{self._number}.jp"

    def zone(
        self,
        origin: str = "",
        servers: t.Sequence[str] = ("a", "b"),
        signer: Signer | None = None,
        *,
        ds: str | None = None,
        above: Zone | None = None,
        named_above: t.Sequence[str] | None = None,
        held_by: t.Sequence[str] | None = None,
    ) -> Zone:
        """ds: another than the signer's, "" for none. named_above: by the delegation. held_by: who has it at all."""
        origin = origin or self.fresh()
        zone = Zone(origin, [f"{letter}.dns.jp" for letter in servers], signer)
        for letter in held_by if held_by is not None else servers:
            if letter in SERVERS:
                self._at[SERVERS[letter]][zone.origin] = zone
        self.public[zone.origin] = zone
        parent = above or self.jp
        parent.put(f"{origin}.", "NS", *(f"{letter}.dns.jp." for letter in named_above or servers))
        if signer is not None or ds:
            parent.put(f"{origin}.", "DS", *([ds] if ds else [] if ds == "" else [t.cast(Signer, signer).ds()]))
        return zone

    def challenge(self, *values: Value, **more: t.Any) -> Zone:
        """A zone with these values at the name of a challenge."""
        zone = self.zone(**more)
        zone.put("_acme-challenge.www", "TXT", *(values or (VALUE,)))
        return zone

    def variant(self, zone: Zone, letter: str) -> Zone:
        other = zone.copy()
        self._at[SERVERS[letter]][zone.origin] = other
        return other

    def drop(self, zone: Zone, letter: str) -> None:
        """Server ``letter`` does not have it any more."""
        del self._at[SERVERS[letter]][zone.origin]

    def quirk(self, letter: str, zone: Zone, work: Quirk) -> None:
        self._quirks[SERVERS.get(letter, letter), zone.origin] = work

    def page(self, key: t.Any, body: str | bytes = "", **more: t.Any) -> None:
        self.web.pages[key] = Page(body=body.encode() if isinstance(body, str) else body, **more)

    # --- answering ---------------------------------------------------------------------------------------------------

    def _respond(self, wire: bytes, address: str, udp: bool) -> bytes | None:
        try:
            request = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        response = dns.message.make_response(request, our_payload=1232)
        response.flags &= ~dns.flags.RA
        recurses = address in (RESOLVER, INNER)
        if recurses:
            question = request.question[0]
            self.asked.append((question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)))
            zones = {**self.public, **self.inner} if address == INNER else self.public
        else:
            zones = self._at[address]
        Answering(zones, response, bool(request.ednsflags & dns.flags.DO)).fill()
        if recurses:
            _as_resolver(response)
        return self._sent(request, response, address, udp)

    def _sent(
        self, request: dns.message.Message, response: dns.message.Message, address: str, udp: bool
    ) -> bytes | None:
        name = request.question[0].name
        quirks = [(zone, work) for (where, zone), work in self._quirks.items() if where == address]
        fitting = [pair for pair in quirks if name.is_subdomain(pair[0])]
        answer: dns.message.Message | bytes | None = response
        if fitting:
            answer = max(fitting, key=lambda pair: len(pair[0]))[1](request, response, udp)
        if answer is None or isinstance(answer, bytes):
            return answer
        size = min(1232, max(512, request.payload)) if udp and request.edns >= 0 else 512 if udp else 65535
        return answer.to_wire(max_size=size, prefer_truncation=True)


def _as_resolver(response: dns.message.Message) -> None:
    """A delegation to nobody is a failure; everything else comes whole."""
    response.flags |= dns.flags.RA
    response.flags &= ~dns.flags.AA
    has_soa = any(one.rdtype == dns.rdatatype.SOA for one in response.authority)
    has_ns = any(one.rdtype == dns.rdatatype.NS for one in response.authority)
    if response.rcode() == dns.rcode.REFUSED or (has_ns and not has_soa and not response.answer):
        response.set_rcode(dns.rcode.SERVFAIL)


# --- quirks ----------------------------------------------------------------------------------------------------------


def says(rcode: str, type: str = "", name: str = "") -> Quirk:
    """This rcode and nothing else; for questions of this type, at names that begin so."""

    def work(request: dns.message.Message, response: dns.message.Message, udp: bool) -> dns.message.Message:
        if not _fits(request, type, name):
            return response
        bare = dns.message.make_response(request)
        bare.set_rcode(dns.rcode.from_text(rcode))
        return bare

    return work


def silent(type: str = "", name: str = "") -> Quirk:
    return lambda request, response, udp: None if _fits(request, type, name) else response


def changed(work: t.Callable[[dns.message.Message], object], type: str = "", name: str = "") -> Quirk:
    """The right answer, changed."""

    def quirk(request: dns.message.Message, response: dns.message.Message, udp: bool) -> dns.message.Message:
        if _fits(request, type, name):
            work(response)
        return response

    return quirk


def _fits(request: dns.message.Message, type: str, name: str) -> bool:
    question = request.question[0]
    right_type = not type or dns.rdatatype.to_text(question.rdtype) == type
    return right_type and question.name.to_text().startswith(name)


def text_of(zone: Zone) -> str:
    return zone.origin.to_text(omit_final_dot=True)


__all__ = ["Net", "Signer", "Zone", "changed", "name_of", "says", "silent", "text_of"]
