# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small internet of scripted servers: root-less, with a resolver that recurses by asking them all."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Key, Server, no_answer, text


@dataclass
class Internet:
    """servers: address -> server; an address without one is silent. asked: (address, question) in order."""

    servers: dict[str, Server] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Key]] = field(default_factory=list)

    def exchange_to(self, address: str) -> Door:
        return Door(self, address)

    def asked_of(self, address: str) -> list[Key]:
        return [question for one, question in self.asked if one == address]


@dataclass
class Door:
    internet: Internet
    address: str

    def send(self, message: dns.message.Message) -> dns.message.Message:
        question = message.question[0]
        self.internet.asked.append((self.address, (text(question.name), dns.rdatatype.to_text(question.rdtype))))
        code = self.internet.failures.get(self.address)
        server = self.internet.servers.get(self.address)
        if code is not None or server is None:
            raise no_answer(self.address, code=code or "dns_no_answer")
        return server.send(message)


class Recursor(Server):
    """Knows what the longest-matching of ``upstream`` knows; follows CNAMEs as recursors do."""

    def __init__(self, upstream: t.Sequence[Server]) -> None:
        super().__init__(zones=())
        self.upstream = upstream

    def send(self, message: dns.message.Message) -> dns.message.Message:
        if self.silent is not None:
            raise self.silent
        response = dns.message.make_response(message)
        response.flags |= dns.flags.RA
        name, type = text(message.question[0].name), message.question[0].rdtype
        for _turn in range(9):
            best = max(self.upstream, key=lambda one: len(one._zone(name) or ""))
            if best._zone(name) is None:
                response.set_rcode(dns.rcode.NXDOMAIN)
                return response
            answer = best.send(dns.message.make_query(name + ".", type))
            response.answer += answer.answer
            response.authority = answer.authority
            response.set_rcode(answer.rcode())
            cname = [one for one in answer.answer if one.rdtype == dns.rdatatype.CNAME]
            if type == dns.rdatatype.CNAME or not cname:
                break
            name = text(cname[0][0].target)
        return response
