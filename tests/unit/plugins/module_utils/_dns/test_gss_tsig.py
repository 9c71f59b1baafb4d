# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GSS-TSIG: a key is negotiated once, every message is signed with it, and whatever goes wrong is told.

Scripted contexts on both sides; a real KDC and a real BIND are in tests/real.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
import typing as t
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.gss_library import Client, Context
from ansible_collections.inkan.tls.plugins.module_utils._dns.gss_tsig import GssExchange
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136Factory
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import TsigKey, WireExchange, parse_answer

HOST = "ns1.example.test"
SETTINGS = {"server": "192.0.2.53", "gss_tsig": True, "server_name": HOST}


class Side:
    """A security context that needs ``rounds`` tokens of the other side; its signature is an HMAC that both know."""

    def __init__(self, rounds: int, secret: bytes = b"shared") -> None:
        self.left = rounds
        self.secret = secret
        self.tokens: list[bytes | None] = []

    @property
    def complete(self) -> bool:
        return self.left <= 0

    def step(self, token: bytes | None = None) -> bytes | None:
        self.tokens.append(token)
        self.left -= token is not None
        return None if self.complete else b"token %d" % len(self.tokens)

    def get_signature(self, message: bytes) -> bytes:
        return hmac.new(self.secret, message, hashlib.sha256).digest()

    def verify_signature(self, message: bytes, mic: bytes) -> None:
        if not hmac.compare_digest(self.get_signature(message), mic):
            raise ValueError("no")


@dataclass
class Server:
    """Answers TKEY queries, and whatever is signed with what they agreed on. rounds: tokens that it gives."""

    rounds: int = 1
    secret: bytes = b"shared"
    error: int = 0
    rcode: int = 0
    signs: bool = True
    garbage: bytes = b""
    foreign: bool = False
    forgets: bool = False
    contexts: list[Side] = field(default_factory=list)
    negotiations: list[tuple[str, bytes]] = field(default_factory=list)
    served: list[str] = field(default_factory=list)

    def new_context(self, _client: Client, _where: str) -> Context:
        self.contexts.append(Side(self.rounds))
        return self.contexts[-1]

    def exchange(self) -> GssExchange:
        return GssExchange(lambda key: t.cast(WireExchange, Wire(self, key)), Client(HOST), self.new_context)

    def negotiate(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        ((rrset,),) = [query.additional]
        name, rdata = rrset.name, t.cast(t.Any, rrset[0])
        assert (rdata.mode, rdata.algorithm, rrset.rdclass) == (3, dns.tsig.GSS_TSIG, dns.rdataclass.ANY)
        self.negotiations.append((name.to_text(), rdata.key))
        if self.garbage:
            return wire[:2] + self.garbage
        answer = dns.message.make_response(query)
        answer.set_rcode(t.cast(t.Any, self.rcode))
        if self.rcode == 0:
            words = f"gss-tsig. 0 0 3 {self.error} {'' if self.error else 'dG9rZW4='}".strip()
            told = dns.rdata.from_text("ANY", "TKEY", words if not self.error else words + ' ""')
            answer.find_rrset(answer.answer, name, dns.rdataclass.ANY, dns.rdatatype.TKEY, create=True).add(told, 0)
        if self.foreign:
            answer.id ^= 1
        if self.signs and not self.error and len(self.negotiations) % self.rounds == 0:
            self.sign(answer, name)
        return answer.to_wire()

    def sign(self, answer: dns.message.Message, name: dns.name.Name) -> None:
        key = dns.tsig.Key(name, t.cast(t.Any, Side(0, self.secret)), dns.tsig.GSS_TSIG)
        answer.use_tsig({name: key}, keyname=name, algorithm=dns.tsig.GSS_TSIG)


class Wire:
    """In place of WireExchange."""

    where = "192.0.2.53:53"

    def __init__(self, server: Server, key: TsigKey | None) -> None:
        self.server = server
        self.key = key

    def over_tcp(self, query: bytes) -> bytes:
        return self.server.negotiate(query)

    def send(self, message: dns.message.Message) -> dns.message.Message:
        assert self.key is not None
        message.use_tsig(self.key.ring, keyname=self.key.key.name, algorithm=self.key.key.algorithm)
        name = self.key.key.name
        known = dns.tsig.Key(name, t.cast(t.Any, Side(0)), dns.tsig.GSS_TSIG)
        query = dns.message.from_wire(message.to_wire(), keyring={name: known})
        answer = dns.message.make_response(query)
        if self.server.forgets:
            self.server.forgets = False
            answer.use_tsig({name: known}, keyname=name, algorithm=dns.tsig.GSS_TSIG, tsig_error=17)
        self.server.served.append(name.to_text())
        return parse_answer(message, answer.to_wire(), self.key, self.where)


def question() -> dns.message.Message:
    return dns.message.make_query("example.test", "SOA")


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_key_is_negotiated_once_and_signs_every_message(rounds: int) -> None:
    server = Server(rounds=rounds)
    exchange = server.exchange()
    for _number in range(2):
        assert exchange.send(question()).had_tsig
    (context,) = server.contexts
    assert context.tokens == [None] + [b"token"] * rounds
    assert [token for _name, token in server.negotiations] == [b"token %d" % (n + 1) for n in range(rounds)]
    (name,) = {name for name, _token in server.negotiations}
    assert name.endswith(f".{HOST}.") and server.served == [name, name]


def test_no_two_keys_have_one_name() -> None:
    server = Server()
    for _number in range(2):
        server.exchange().send(question())
    assert len(set(server.served)) == 2


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ({"error": 17}, "tsig_gss_refused", "BADKEY"),
        ({"error": 4711}, "tsig_gss_refused", "error 4711"),
        ({"rcode": 4, "signs": False}, "tsig_gss_refused", "NOTIMP and no TKEY record"),
        ({"signs": False}, "tsig_missing", "somebody else"),
        ({"secret": b"forged"}, "dns_bad_answer", "BadSignature"),
        ({"garbage": b"\xff" * 40}, "dns_bad_answer", ""),
        ({"garbage": b"\x00"}, "dns_bad_answer", ""),
        ({"foreign": True, "signs": False}, "dns_bad_answer", "does not belong"),
    ],
)
def test_a_negotiation_that_fails_is_told(words: dict[str, t.Any], code: str, told: str) -> None:
    server = Server(**words)
    with pytest.raises(InkanError) as error:
        server.exchange().send(question())
    assert error.value.code == code and told in error.value.sentence()
    assert server.served == [], "nothing was sent that it could not have been signed for"


def test_a_server_that_is_never_content_is_left() -> None:
    server = Server(rounds=99)
    with pytest.raises(InkanError) as error:
        server.exchange().send(question())
    assert error.value.code == "dns_bad_answer" and len(server.negotiations) == 6


def test_a_server_that_forgot_the_key_gets_another_with_the_next_message() -> None:
    server = Server()
    exchange = server.exchange()
    exchange.send(question())
    server.forgets = True
    with pytest.raises(InkanError) as error:
        exchange.send(question())
    assert error.value.code == "tsig_bad_key"
    assert exchange.send(question()).had_tsig
    assert len(server.contexts) == 2 and len(set(server.served)) == 2


def config(secrets: dict[str, str] | None = None, **settings: t.Any) -> ServiceConfig:
    return ServiceConfig("primary", "rfc2136", {**SETTINGS, **settings}, secrets or {}, ("example.test",))


def test_without_the_library_it_is_told_and_a_key_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    (look,) = Rfc2136Factory().open(config()).looks([Question("example.test", "TXT")])
    assert isinstance(look, InkanError) and look.code == "library_missing"
    assert "pip install gssapi" in look.sentence()
    settings = {"server": "192.0.2.53", "key_name": "upd"}
    with_key = ServiceConfig("primary", "rfc2136", settings, {"key_secret": "c2VjcmV0LXNlY3JldA=="}, ("example.test",))
    assert Rfc2136Factory().settings_errors(with_key) == []
    assert Rfc2136Factory().open(with_key) is not None


@pytest.mark.parametrize(
    "settings",
    [{}, {"port": 5353, "timeout": 3, "principal": "inkan@EXAMPLE.TEST", "keytab": "/etc/inkan/inkan.keytab"}],
)
def test_what_is_needed_is_taken(settings: dict[str, t.Any]) -> None:
    assert Rfc2136Factory().settings_errors(config(**settings)) == []


def test_a_keytab_may_be_a_secret_in_as_many_lines_as_base64_prints() -> None:
    assert Rfc2136Factory().settings_errors(config({"keytab": "BQIA\nAAAA\n"})) == []


@pytest.mark.parametrize(
    ("settings", "secrets", "told"),
    [
        ({"gss_tsig": "yes"}, {}, "settings.gss_tsig must be true or false, 'yes' is neither"),
        ({"key_name": "upd"}, {}, 'there is no setting "key_name" with gss_tsig'),
        ({}, {"key_secret": "c2VjcmV0LXNlY3JldA=="}, 'there is no secret "key_secret" with gss_tsig, only keytab'),
        ({}, {"keytab": "bm8ga2V5dGFi"}, "secrets.keytab is no keytab in base64"),
        ({}, {"keytab": "no base64"}, "secrets.keytab is no keytab in base64"),
        ({"keytab": "/etc/inkan.keytab"}, {"keytab": "BQIAAAAA"}, "exclude each other"),
        ({"server_name": None}, {}, "settings.server_name must be the host name"),
        ({"server_name": "192.0.2.53"}, {}, "settings.server_name must be the host name"),
        ({"principal": "in kan"}, {}, "settings.principal is no Kerberos principal"),
        ({"keytab": "inkan.keytab"}, {}, "settings.keytab must be an absolute path"),
        ({"gss_tsig": False, "key_name": "upd"}, {"key_secret": "c2VjcmV0LXNlY3JldA=="}, 'no setting "server_name"'),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, t.Any], secrets: dict[str, str], told: str) -> None:
    (error,) = Rfc2136Factory().settings_errors(config(secrets, **settings))
    assert told in error
