# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of CAs and sellers, through every verb of every adapter; problem documents, certificates and headers."""

from __future__ import annotations

import contextlib
import functools
import json
import random
import shutil
import tempfile
import typing as t
from datetime import datetime, timezone
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import (
    common_name_of,
    has_key_of,
    is_for,
    is_issued_by,
    key_of_request,
    pem_blocks,
    serial_of,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Contact, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import NotXml, answer_in
from ansible_collections.inkan.tls.plugins.module_utils._ca.pages import said_by
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import retry_after_seconds
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.problem import read_problem
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme import scripted as acme
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert import certcentral as digicert
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_atlas import hvca as atlas
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.globalsign_gcc import gspanel as gcc
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest import seller as rest

from fuzz.border import Border
from fuzz.deck import Card, Deck, HostileHttp, mutated_deck
from fuzz.mutate import mutated, mutated_json

__all__ = ["BORDERS", "VERBS"]

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone.utc)
_SINCE = datetime(2026, 6, 22, tzinfo=timezone.utc)
_OTHER = Contact("constructed", "admin@example.jp")
Play = t.Callable[[t.Any, OrderRequest, str, str], object]

#: verb -> what is asked of an adapter, with the request, a handle and a certificate
VERBS: dict[str, Play] = {
    "capabilities": lambda adapter, request, handle, pem: adapter.capabilities,
    "submit": lambda adapter, request, handle, pem: adapter.submit(request),
    "find": lambda adapter, request, handle, pem: adapter.find(request, known_handles=frozenset(), since=_SINCE),
    "look": lambda adapter, request, handle, pem: adapter.look(handle, request),
    "ready": lambda adapter, request, handle, pem: adapter.ready(handle, request),
    "prepare": lambda adapter, request, handle, pem: _maybe(adapter, "prepare", handle, request),
    "reserve": lambda adapter, request, handle, pem: _maybe(adapter, "reserve", request),
    "download": lambda adapter, request, handle, pem: adapter.download(handle, request),
    "resend": lambda adapter, request, handle, pem: adapter.resend(handle, request),
    "change_contact": lambda adapter, request, handle, pem: adapter.change_contact(handle, request, _OTHER),
    "cancel": lambda adapter, request, handle, pem: adapter.cancel(handle, request),
    "revoke": lambda adapter, request, handle, pem: adapter.revoke(pem, "superseded"),
    "renewal_advice": lambda adapter, request, handle, pem: _maybe(adapter, "renewal_advice", pem),
    "open_account": lambda adapter, request, handle, pem: _maybe(adapter, "open_account"),
    "roll_key": lambda adapter, request, handle, pem: _maybe(adapter, "roll_key"),
    "close_account": lambda adapter, request, handle, pem: _maybe(adapter, "close_account"),
}


def _maybe(adapter: t.Any, verb: str, *arguments: object) -> object:
    found = getattr(adapter, verb, None)
    return found(*arguments) if found is not None else None


def _asked(verb: str) -> tuple[str, str]:
    """Verb and method, as a deck says: ``look email``."""
    name, _blank, method = verb.partition(" ")
    return (name if name in VERBS else "look"), method


def _verbs(*methods: str) -> tuple[str, ...]:
    return tuple(f"{verb} {method}" for verb in VERBS for method in methods)


def _card(on: str, answer: t.Any, kind: str = "application/json") -> Card:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body, ensure_ascii=False).encode()
    headers = {"content-type": kind, **{name: value for name, value in answer.headers.items() if value is not None}}
    return Card(on, answer.status, headers, body)


def _decks(cards: t.Sequence[Card], verbs: t.Iterable[str]) -> list[bytes]:
    return [Deck(verb, tuple(cards)).raw() for verb in verbs]


def _spoiling(verbs: t.Sequence[str]) -> t.Callable[[bytes, random.Random], bytes]:
    return functools.partial(mutated_deck, verbs=verbs)


# --- ACME ------------------------------------------------------------------------------------------------------------

_ACME_VERBS = _verbs("dns-01", "http-01", "dns-persist-01")


@functools.cache
def _folder() -> str:
    return tempfile.mkdtemp(prefix="inkan-fuzz-")


def play_acme(raw: bytes) -> object:
    deck = Deck.read(raw)
    verb, method = _asked(deck.verb)
    path = Path(_folder()) / "acme"
    shutil.rmtree(path, ignore_errors=True)
    world = acme.World(str(path))
    http = HostileHttp(deck, world.clock)
    factory = AcmeFactory(
        clock=world.clock, new_private_key=lambda _kind: acme.account_key(), http=lambda _bundle: http
    )
    request = acme.request(method=method if method in ("http-01", "dns-persist-01") else "dns-01")
    return VERBS[verb](factory.open(world.config, deadline=60.0), request, acme.ORDER, acme.certificate())


def seeds_acme() -> list[bytes]:
    certificate = acme.certificate() + acme.certificate("Issuer One", "Issuer Two")
    kinds = [acme.challenge("dns-01"), acme.challenge("http-01"), _persist()]
    window = {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}
    advice = acme.Answer(200, {"suggestedWindow": window}, {"retry-after": "21600"})
    links = {"link": f'<{acme.CA}/cert/1/1>;rel="alternate"', "content-type": "application/pem-certificate-chain"}
    begin = [
        _card(f"GET {acme.DIRECTORY}", acme.directory("renewalInfo", "keyChange", profiles={"classic": "x"})),
        _card("newNonce", acme.Answer(200)),
        _card("newAccount", acme.account()),
        _card("keyChange", acme.account()),
        _card("newOrder", acme.order()),
        _card(f"{acme.CA}/acct/1/orders", acme.Answer(200, {"orders": [acme.ORDER]})),
        _card(f"{acme.CA}/acct/1", acme.account("deactivated")),
        _card("/authz/", acme.authorization(challenges=kinds)),
        _card("/chall/", acme.Answer(200, acme.challenge("dns-01", "processing"))),
        _card("renewalInfo", advice),
        _card("revokeCert", acme.Answer(200)),
    ]
    pending = [*begin, _card("/order/1", acme.order("pending"))]
    ready = [*begin, _card("/finalize", acme.order("processing")), _card("/order/1", acme.order("ready"))]
    valid = [
        *begin,
        Card("/cert/1", 200, links, certificate.encode()),
        _card("/order/1", acme.order("valid", certificate=f"{acme.CA}/cert/1")),
    ]
    error = {"type": acme.TYPE + "dns", "detail": "no", "subproblems": [{"type": acme.TYPE + "caa", "detail": "no"}]}
    invalid = [*begin, _card("/order/1", acme.order("invalid", error=error))]
    limited = [*begin[:4], _card("", acme.problem(429, "rateLimited", headers={"retry-after": "3"}))]
    plays = ("submit", "find", "look", "ready", "cancel")
    return [
        *_decks(pending, [f"{verb} {method}" for verb in plays for method in ("dns-01", "http-01", "dns-persist-01")]),
        *_decks(ready, ("look dns-01", "ready dns-01")),
        *_decks(valid, ("download dns-01", "look dns-01", "revoke dns-01", "renewal_advice dns-01")),
        *_decks(invalid, ("look dns-01", "ready http-01")),
        *_decks(limited, ("submit dns-01", "look dns-01", "renewal_advice dns-01")),
        *_decks(begin, ("open_account dns-01", "roll_key dns-01", "close_account dns-01")),
    ]


def _persist() -> dict[str, t.Any]:
    return {**acme.challenge("dns-persist-01"), "issuer-domain-names": ["ca.example"], "accounturi": acme.ACCOUNT}


# --- DigiCert --------------------------------------------------------------------------------------------------------

_BY_TWO = _verbs("dns", "email", "file")


def play_digicert(raw: bytes) -> object:
    deck = Deck.read(raw)
    verb, method = _asked(deck.verb)
    desk = digicert.Desk()
    desk.http.request = HostileHttp(deck, desk.clock).request  # type: ignore[method-assign]
    request = digicert.request(method if method in ("email", "file") else "dns")
    handle = str(digicert.NUMBER)
    return VERBS[verb](desk.adapter, request, handle, digicert.OURS.certificate)


def seeds_digicert() -> list[bytes]:
    emails = {"emails": [{"email": "admin@example.jp", "status": "unapproved"}], "base_emails": ["admin@example.jp"]}
    issued = digicert.info("issued", certificate={"id": 77, "serial_number": "0A1B"})
    cards = [
        _card("/email-validation", digicert.Answer(200, emails)),
        _card("dcv-random-value", digicert.token()),
        _card("dcv-method", digicert.token()),
        _card("/download/", digicert.pem(digicert.OURS.certificate, digicert.OTHER.certificate)),
        _card("/duplicate", digicert.Answer(200, {"certificates": [{"id": 1, "status": "issued"}]})),
        _card("GET https://www.digicert.com/services/v2/order/certificate?", digicert.listing((1, "pending"))),
        _card("GET https://www.digicert.com/services/v2/order/certificate/", digicert.info()),
        _card("/organization", digicert.Answer(200, {"organizations": [{"id": 1, "name": "x", "status": "active"}]})),
        _card("PUT", digicert.Answer(204)),
        _card("POST", digicert.placed()),
        _card("", digicert.Answer(200, {})),
    ]
    done = [_card("GET https://www.digicert.com/services/v2/order/certificate/542772", issued), *cards]
    refused = [_card("", digicert.error(400, "invalid_order", "だめ"))]
    return [
        *_decks(cards, [f"{verb} {method}" for verb in VERBS for method in ("dns", "email")]),
        *_decks([*cards[:6], *done], ("download dns", "look file", "revoke dns", "cancel dns")),
        *_decks(refused, ("submit dns", "look dns")),
    ]


# --- GlobalSign Atlas ------------------------------------------------------------------------------------------------


def play_atlas(raw: bytes) -> object:
    deck = Deck.read(raw)
    verb, method = _asked(deck.verb)
    path = Path(_folder()) / "atlas"
    shutil.rmtree(path, ignore_errors=True)
    desk = atlas.Desk(path)
    desk.http.request = HostileHttp(deck, desk.clock).request  # type: ignore[method-assign]
    request = atlas.request(method if method in ("email", "file") else "dns")
    handle = "certificate/a1b"
    if request.method != "dns" and verb != "submit":  # of a claim, whose token is kept beside the ledger
        with contextlib.suppress(InkanError):
            handle = desk.adapter.submit(request).handle
    return VERBS[verb](desk.adapter, request, handle, atlas.OURS.certificate)


def seeds_atlas() -> list[bytes]:
    claims = atlas.listing(atlas.claim_data("VERIFIED"))
    cards = [
        _card("/login", atlas.logged_in()),
        _card("/validationpolicy", atlas.Answer(200, atlas.POLICY)),
        _card("GET https://emea.api.hvca.globalsign.com:8443/v2/claims/domains?", claims),
        _card("/claims/domains/C1/", atlas.VERIFIED),
        _card("GET https://emea.api.hvca.globalsign.com:8443/v2/claims/domains/", atlas.claim()),
        _card("/claims/domains/", atlas.begun()),
        _card("POST https://emea.api.hvca.globalsign.com:8443/v2/certificates", atlas.PLACED),
        _card("/certificates/", atlas.issued()),
        _card("/trustchain", atlas.Answer(200, [atlas.OTHER.certificate])),
        _card("/stats/issued", atlas.listing({"serial_number": "0A1B", "not_before": atlas.AT, "not_after": atlas.AT})),
        _card("/counters", atlas.Answer(200, {"value": 1})),
        _card("", atlas.Answer(200, {})),
    ]
    waiting = [cards[0], cards[1], _card("claims/domains?", atlas.listing()), *cards[3:]]
    refused = [cards[0], _card("", atlas.problem(422, "だめ"))]
    return [
        *_decks(cards, [f"{verb} {method}" for verb in VERBS for method in ("dns", "email")]),
        *_decks(waiting, [f"{verb} {method}" for verb in VERBS for method in ("file", "email")]),
        *_decks(refused, ("submit dns", "look dns")),
    ]


# --- GlobalSign GCC --------------------------------------------------------------------------------------------------


def play_gcc(raw: bytes) -> object:
    deck = Deck.read(raw)
    verb, method = _asked(deck.verb)
    panel = gcc.Panel()
    panel.http.request = HostileHttp(deck, panel.clock).request  # type: ignore[method-assign]
    request = gcc.request(method if method in ("email", "file") else "dns")
    return VERBS[verb](panel.adapter, request, gcc.NUMBER, gcc.OURS.certificate)


def seeds_gcc() -> list[bytes]:
    kind = "text/xml;charset=UTF-8"
    sans, pem, chain = " ".join(gcc.NAMES), gcc.OURS.certificate, gcc.OTHER.certificate
    cards = [
        _card("<v1:GetDVApproverList>", gcc.approvers(), kind),
        _card("<v1:DVDNSOrder>", gcc.placed(gcc.by_dns()), kind),
        _card("<v1:DVOrder>", gcc.placed(), kind),
        _card("<v1:URLVerification>", gcc.placed(gcc.by_file(f"http://{gcc.NAMES[0]}/")), kind),
        _card("<v1:GetCertificateOrders>", gcc.listing((gcc.NUMBER, gcc.REFERENCE)), kind),
        _card("<v1:GetOrderByCommonName>", gcc.by_name(gcc.NUMBER), kind),
        _card("<v1:GetOrderByOrderID>", gcc.detail("4", sans=sans, serial="0A1B", pem=pem, chain=chain), kind),
        _card("ForIssue>", gcc.checked(), kind),
        _card("", gcc.said(), kind),
    ]
    waiting = [*cards[:6], _card("<v1:GetOrderByOrderID>", gcc.detail("1", sans=sans), kind), *cards[7:]]
    refused = [_card("", gcc.failed("-6021", words="CN in CSR and FQDN are not same."), kind)]
    return [
        *_decks(cards, [f"{verb} dns" for verb in VERBS]),
        *_decks(waiting, [f"{verb} {method}" for verb in ("submit", "look", "ready") for method in ("dns", "email")]),
        *_decks(refused, ("submit dns", "look dns")),
    ]


def _play_soap(raw: bytes) -> object:
    return answer_in(raw, "GetOrderByOrderID")


def _seeds_soap() -> list[bytes]:
    said = [gcc.detail("4", serial="0A1B"), gcc.failed("-1"), gcc.listing(("1", "2"))]
    return [one.body.replace(b"@@", b"GetOrderByOrderID") for one in said]


# --- adapter rest ----------------------------------------------------------------------------------------------------


@functools.cache
def _labssl() -> dict[str, t.Any]:
    return rest.described()


def play_rest(raw: bytes) -> object:
    deck = Deck.read(raw)
    verb, method = _asked(deck.verb)
    table = rest.Table(_labssl())
    table.http.request = HostileHttp(deck, table.clock).request  # type: ignore[method-assign]
    return VERBS[verb](table.adapter, rest.request(method or "email"), rest.NUMBER, digicert.OURS.certificate)


def seeds_rest() -> list[bytes]:
    files = {"method": "file", "files": [rest.file_of("www.example.jp"), rest.file_of("example.jp")]}
    records = {"method": "dns", "records": [{"name": "_x.www.example.jp", "type": "TXT", "value": rest.TOKEN}]}
    pem = digicert.OURS.certificate + digicert.OTHER.certificate
    issued = [_card("", rest.answer("issued", certificate=pem, auth=files))]
    listing = [_card("GET https://api.labssl.example/api/v1/orders?", rest.listing(rest.order())), *issued]
    return [
        *_decks(listing, [f"{verb} {method}" for verb in VERBS for method in ("email", "file")]),
        *_decks([_card("", rest.answer("wait_auth", auth=files))], ("look file", "submit file", "ready file")),
        *_decks([_card("", rest.answer("wait_auth", auth=records))], ("look dns", "submit dns", "ready dns")),
        *_decks([_card("", rest.error(400, "E001"))], ("submit email", "look email")),
    ]


def _play_description(raw: bytes) -> object:
    """A description as the inventory has it: a YAML text, or what YAML made of it."""
    _description, wrong = read_description(raw.decode("utf-8", "replace"))
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return {"why": wrong}
    return {"why": [*wrong, *read_description(data)[1]]}


def _seeds_description() -> list[bytes]:
    data = json.dumps(_labssl(), ensure_ascii=False).encode()
    return [rest.LABSSL.read_bytes(), data, b"a: &a [*a, *a]\n", b"a: &a {b: 1}\nc: {<<: *a}\n"]


# --- parts of answers ------------------------------------------------------------------------------------------------


def _play_problem(raw: bytes) -> object:
    problem = read_problem(raw)
    return None if problem is None else {"problem": problem.sentence()}


def _seeds_problem() -> list[bytes]:
    inner = {"type": acme.TYPE + "caa", "detail": "no", "identifier": {"type": "dns", "value": "a.example"}}
    return [json.dumps({"type": acme.TYPE + "compound", "detail": "x", "status": 403, "subproblems": [inner]}).encode()]


def _play_certificates(raw: bytes) -> object:
    text = raw.decode("utf-8", "surrogateescape")
    csr = digicert.OURS.csr
    common_name_of(text), has_key_of(csr, [text]), is_for(csr, ["a.example"], text), is_issued_by(text, text)
    has_key_of(text, [text]), is_for(text, ["a.example"], text), key_of_request(text)
    blocks = pem_blocks(text)
    return [serial_of(one) for one in blocks]


def _seeds_certificates() -> list[bytes]:
    pem = digicert.OURS.certificate
    bare = "".join(pem.splitlines()[1:-1])
    return [pem.encode(), (pem + digicert.OTHER.certificate).encode(), bare.encode(), digicert.OURS.csr.encode()]


def _play_headers(raw: bytes) -> object:
    """Retry-After and Date, in all their forms."""
    text = raw.decode("latin-1")
    first, _mark, second = text.partition("|")
    seconds = retry_after_seconds(first, now=NOW, server_date=second or None)
    assert seconds is None or 0 <= seconds < 1e10
    return seconds


def _play_page(raw: bytes) -> object:
    kind, _mark, body = raw.partition(b"\n")
    response = HttpResponse(500, {"content-type": kind.decode("latin-1")}, body, "https://a.example/")
    return {"why": said_by(response)}


BORDERS = (
    Border(
        "answers to acme",
        "hostile CA answers",
        play_acme,
        seeds_acme,
        _spoiling(_ACME_VERBS),
        reads=("_ca/acme/answers.py", "_ca/acme/library.py", "_ca/acme/seeing.py", "_core/problem.py"),
        short=90,
    ),
    Border(
        "answers to digicert",
        "hostile CA answers",
        play_digicert,
        seeds_digicert,
        _spoiling(_BY_TWO),
        reads=("_ca/exchange.py",),
        short=90,
    ),
    Border(
        "answers to globalsign_atlas",
        "hostile CA answers",
        play_atlas,
        seeds_atlas,
        _spoiling(_BY_TWO),
        reads=("_ca/exchange.py",),
        short=70,
    ),
    Border("answers to globalsign_gcc", "hostile XML", play_gcc, seeds_gcc, _spoiling(_BY_TWO), short=70),
    Border(
        "SOAP of globalsign_gcc",
        "hostile XML",
        _play_soap,
        _seeds_soap,
        mutated,
        allowed=(NotXml,),
        reads=("_ca/globalsign_gcc/soap.py",),
        short=80,
    ),
    Border(
        "answers to rest",
        "hostile CA answers",
        play_rest,
        seeds_rest,
        _spoiling(_BY_TWO),
        reads=("_ca/exchange.py",),
        short=70,
    ),
    Border(
        "description of rest",
        "hostile descriptions",
        _play_description,
        _seeds_description,
        mutated_json,
        reads=("_ca/rest/library.py", "_ca/rest/preview.py"),
        short=60,
    ),
    Border("problem documents", "hostile CA answers", _play_problem, _seeds_problem, mutated_json, short=60),
    Border("certificates of answers", "hostile certificates", _play_certificates, _seeds_certificates, short=60),
    Border(
        "waiting times of headers",
        "hostile CA answers",
        _play_headers,
        lambda: [
            b"120",
            b"Fri, 20 Nov 2026 12:00:00 GMT|Fri, 20 Nov 2026 11:00:00 GMT",
            b"Friday, 20-Nov-26 12:00:00 GMT",
        ],
        short=60,
    ),
    Border(
        "pages in place of answers",
        "hostile CA answers",
        _play_page,
        lambda: [b"text/html; charset=Shift_JIS\n<html><title>\x83\x81</title><h1 a=b>x</h1>", b"text/plain\nx"],
        short=40,
    ),
)
