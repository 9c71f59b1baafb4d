# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS: answers on the wire, what they say as texts, and the HTTP interfaces of services."""

from __future__ import annotations

import contextlib
import json
import typing as t
from datetime import datetime, timezone

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import dns.tsig
from ansible_collections.inkan.tls.plugins.module_utils._core.caa_judge import Asker, judge_set, parse_issue
from ansible_collections.inkan.tls.plugins.module_utils._core.contact_record import policy_of
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import read_standing
from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    canonical_value,
    parse_caa,
    quote_txt,
    shown_value,
    txt_strings,
    txt_value,
    unquote_txt,
    value_error,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import from_rname
from ansible_collections.inkan.tls.plugins.module_utils._data.trust_anchors import ROOT_ANCHORS
from ansible_collections.inkan.tls.plugins.module_utils._dns import iij_dpf_api, lexicon_library
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, Question, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.dnssec import Validator
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf import IijDpf
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDns
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns_api import Api
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Wish, look
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import TsigKey, parse_answer
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns import scripted_dpf, scripted_powerdns

from fuzz.border import Border
from fuzz.deck import Card, Deck, HostileHttp, mutated_deck
from fuzz.judge import harmless_text

__all__ = ["BORDERS"]

_ZONE = "example.jp"
_NAME = f"_acme-challenge.{_ZONE}"
_NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
_MOST_QUESTIONS = 4000


class _Door:
    """An exchange whose answers are hostile octets, with the number and question of ours in most of them."""

    def __init__(self, answers: t.Sequence[bytes]) -> None:
        self._answers = answers
        self._asked = 0

    def send(self, message: dns.message.Message) -> dns.message.Message:
        self._asked += 1
        assert self._asked < _MOST_QUESTIONS, "the other side keeps us asking without an end"
        raw = self._answers[self._asked % len(self._answers)]
        ours = message.to_wire()
        if raw[:1] == b"=":  # as they are
            return parse_answer(message, raw[1:], None, "192.0.2.1:53")
        # number and question are ours, flags and the other counts are theirs
        question = ours[12 : 12 + _question_size(ours)]
        wire = ours[:2] + raw[:2] + b"\x00\x01" + raw[2:8] + question + raw[8:]
        return parse_answer(message, wire, None, "192.0.2.1:53")


def _question_size(wire: bytes) -> int:
    at = 12
    while wire[at]:
        at += 1 + wire[at]
    return at + 5 - 12


def _play_wire(raw: bytes) -> object:
    answers = [one for one in raw.split(b"\n%%\n") if one] or [b""]
    door = _Door(answers)
    resolver = Resolver(["192.0.2.1"], lambda _address: door, dnssec=True)
    validator = Validator(resolver, ROOT_ANCHORS, _NOW)
    wishes = [Wish(_NAME, "TXT", "value"), Wish(_ZONE, "CAA", '0 issue "a.example"')]
    found = look(wishes, resolver, SerialExecutor(), validator)
    return [list(sighting.rows) for sighting in found.values()]


def _answer(*rrsets: tuple[str, str, str], flags: int = dns.flags.AA, rcode: int = 0) -> bytes:
    """Without number and question, as the door puts them in: flags, three counts, records."""
    message = dns.message.Message(1)
    message.flags = flags | dns.flags.QR | rcode
    for owner, kind, text in rrsets:
        message.answer.append(dns.rrset.from_text(owner, 60, "IN", kind, text))
    wire = message.to_wire()
    return wire[2:4] + wire[6:]


def _seeds_wire() -> list[bytes]:
    texts = [
        _answer((f"{_NAME}.", "TXT", '"value" "more"')),
        _answer((f"{_ZONE}.", "SOA", f"ns1.{_ZONE}. a\\.b.{_ZONE}. 1 2 3 4 5"), (f"{_ZONE}.", "NS", f"ns1.{_ZONE}.")),
        _answer((f"ns1.{_ZONE}.", "A", "192.0.2.7")),
        _answer((f"{_NAME}.", "CNAME", f"{_NAME}.")),
        _answer((f"{_ZONE}.", "CAA", '0 issue "a.example; validationmethods=dns-01"')),
        _answer((f"{_ZONE}.", "DS", "1 8 2 " + "ab" * 32), (f"{_ZONE}.", "DNSKEY", "257 3 8 AwEAAag=")),
        _answer((f"{_ZONE}.", "NSEC", f"z.{_ZONE}. A TXT"), (f"{_ZONE}.", "NSEC3PARAM", "1 0 65535 ab")),
        _answer(rcode=3),
    ]
    between = b"\n%%\n"
    return [*texts, between.join(texts), between.join(texts[1:3]), b"=" + b"\x00" * 12, b"=\xff" * 30]


def _play_signed(raw: bytes) -> object:
    key = TsigKey("key", "hmac-sha256", dns.tsig.Key("key.example", "c2VjcmV0LXdvcmQ=", "hmac-sha256"))
    message = dns.message.make_query(_NAME, "TXT")
    message.id = 4660
    message.use_tsig(key.ring, keyname=key.key.name, algorithm=key.key.algorithm)
    message.to_wire()
    return parse_answer(message, raw, key, "192.0.2.1:53").rcode()


def _seeds_signed() -> list[bytes]:
    message = dns.message.make_query(_NAME, "TXT")
    message.id = 4660
    answer = dns.message.make_response(message)
    plain = answer.to_wire()
    answer.use_tsig({dns.name.from_text("key.example"): b"other"}, keyname="key.example.", algorithm="hmac-sha256")
    return [plain, answer.to_wire(), plain[:-2] + b"\x00\x12\x00\x06" + b"\xff" * 6]


def _play_texts(raw: bytes) -> object:
    """TXT, CAA and SOA as texts: of resolvers, of the APIs of services, of neighbours."""
    text = raw.decode("utf-8", "surrogateescape")
    for kind in ("TXT", "CAA", "CNAME", "MX"):
        value_error(kind, text)
        canonical_value(kind, text)
        harmless_text(shown_value(kind, text), kind)
    assert txt_value(txt_strings(text)) == text
    assert unquote_txt(quote_txt(text)) == text if text else True
    parse_caa(text)
    parse_issue(text)
    judge_set([text], Asker(("a.example",), "https://a.example/1", ("dns-01",)), wildcard=True)
    policy_of([text])
    read_standing(text)
    with contextlib.suppress(ValueError):  # the reason why it is none, as its docstring says
        unquote_txt(text)
    with contextlib.suppress(ValueError):
        from_rname(text)
    return None


def _seeds_texts() -> list[bytes]:
    standing = b"ca.example; accounturi=https://a.example/1; policy=wildcard; persistUntil=1800144000"
    return [
        b'0 issue "a.example; accounturi=https://a.example/1; validationmethods=dns-01"',
        b'128 iodef "mailto:a@b.example"',
        standing,
        b'"one" "two\\"\\255"',
        b"host\\.master.example.jp.",
        "ca.example; accounturi=x; persistUntil=²".encode(),
        b"a" * 70_000,
    ]


# --- interfaces of services ------------------------------------------------------------------------------------------

_CHANGES = [Change(_NAME, "TXT", "value"), Change(f"b.{_ZONE}", "CNAME", "c.example")]
_QUESTIONS = [Question(_NAME, "TXT"), Question(_ZONE, "CAA")]
_VERBS = ("looks", "add", "remove", "soas")


def _asked(service: t.Any, verb: str) -> object:
    if verb in ("add", "remove"):
        return getattr(service, verb)(_ZONE, _CHANGES)
    if verb == "soas":
        return service.soas([_ZONE]) if hasattr(service, "soas") else None
    return service.looks(_QUESTIONS)


def _play_dpf(raw: bytes) -> object:
    deck = Deck.read(raw)
    clock = scripted_dpf.FakeClock()
    settings = {"url": scripted_dpf.BASE, "requests_per_second": 1000, "burst": 1000}
    config = ServiceConfig("dpf", "iij_dpf", settings, {"access_token": "token-of-iij-id"}, (_ZONE,))
    http = HostileHttp(deck, clock)
    request = http.request

    def taking_time(*arguments: t.Any, **more: t.Any) -> t.Any:
        clock.time += 0.5
        return request(*arguments, **more)

    http.request = taking_time  # type: ignore[method-assign]
    return _asked(IijDpf(config.zones, iij_dpf_api.Api(http, clock, config), clock), deck.verb)


def _seeds_dpf() -> list[bytes]:
    row = scripted_dpf.row(_NAME, "TXT", '"value"')
    zone = {"id": scripted_dpf.ZONE_ID, "name": f"{_ZONE}.", "service_code": "dpm0000001"}
    diff = {"new": {"id": "r1", **row}, "old": None}
    cards = [
        _json("/zones?", {"results": [zone]}),
        _json("/records/currents", {"results": [{"id": "r0", **row}]}),
        _json("/records/diffs", {"results": [diff]}),
        _json("/default_ttl", {"result": {"value": 3600}}),
        _json("/jobs/", {"status": "SUCCESSFUL", "request_id": "a1"}),
        _json("", {"request_id": "a1", "jobs_url": "x"}),
    ]
    error = {"error_type": "ParameterError", "error_details": [{"code": "invalid", "attribute": "access_token"}]}
    return [Deck(verb, tuple(cards)).raw() for verb in _VERBS] + [Deck("looks", (_json("", error, 400),)).raw()]


def _json(on: str, data: object, status: int = 200) -> Card:
    return Card(on, status, {"content-type": "application/json"}, json.dumps(data).encode())


def _play_powerdns(raw: bytes) -> object:
    deck = Deck.read(raw)
    api = Api(HostileHttp(deck, None), "https://dns.example.test/", "localhost", "key-of-the-api", 5.0, "service x")
    return _asked(PowerDns((_ZONE,), api), deck.verb)


def _seeds_powerdns() -> list[bytes]:
    server = scripted_powerdns.Server(zone=f"{_ZONE}.")
    server.put("_acme-challenge", "TXT", '"value"')
    sets = [
        {"name": name, "type": kind, "ttl": ttl, "records": rows} for (name, kind), (ttl, rows) in server.sets.items()
    ]
    zone = {"name": f"{_ZONE}.", "kind": "Native", "soa_edit_api": "", "rrsets": sets}
    cards = [
        Card("PATCH", 204, {}, b""),
        _json("/zones/", zone),
        _json("/zones", [{"name": f"{_ZONE}."}]),
        _json("", {"version": "4.7.3"}),
    ]
    refused = _json("", {"error": "no\u001b[2J"}, 422)
    return [Deck(verb, tuple(cards)).raw() for verb in _VERBS] + [Deck("looks", (refused,)).raw()]


def _play_rows(raw: bytes) -> object:
    """Rows as drivers of dns-lexicon give them."""
    calls = lexicon_library._Calls("service x", {"token": "secret-word-1"}, 5.0)
    with calls.told("list", sent=False):
        return [lexicon_library._row(one) for one in json.loads(raw)]


def _spoiled(raw: bytes, dice: t.Any) -> bytes:
    return mutated_deck(raw, dice, _VERBS)


BORDERS = (
    Border(
        "DNS answers",
        "hostile DNS",
        _play_wire,
        _seeds_wire,
        reads=("_dns/wire.py", "_dns/rdata.py", "_dns/dnssec.py", "_dns/gss_tsig.py"),
        short=70,
    ),
    Border("signed DNS answers", "hostile DNS", _play_signed, _seeds_signed, reads=("_dns/wire.py",), short=50),
    Border("texts of DNS", "hostile DNS", _play_texts, _seeds_texts, short=90),
    Border("service iij_dpf", "hostile DNS", _play_dpf, _seeds_dpf, _spoiled, reads=("_dns/iij_dpf_api.py",), short=70),
    Border(
        "service powerdns", "hostile DNS", _play_powerdns, _seeds_powerdns, _spoiled, reads=("_dns/powerdns_api.py",)
    ),
    Border(
        "service lexicon",
        "hostile DNS",
        _play_rows,
        lambda: [b'[{"type": "TXT", "name": "a", "content": "b", "ttl": 60, "id": 1}]'],
        reads=("_dns/lexicon_library.py",),
    ),
)
