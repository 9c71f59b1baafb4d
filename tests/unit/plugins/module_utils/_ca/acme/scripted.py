# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted HTTP door with the shapes of RFC 8555: answers are written by hand, requests are kept for questions."""

from __future__ import annotations

import base64
import functools
import json
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeAdapter, AcmeFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CA = "https://ca.example.test"
DIRECTORY = f"{CA}/directory"
ACCOUNT = f"{CA}/acct/1"
ORDER = f"{CA}/order/1"
LIST = f"{CA}/acct/1/orders"
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone.utc)
EAB_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
TYPE = "urn:ietf:params:acme:error:"


class FakeClock:
    """``cost``: seconds that each request takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass(frozen=True)
class Asked:
    """A request; ``header`` is the JWS protected header, ``payload`` its payload (None: not signed)."""

    method: str
    url: str
    header: dict[str, t.Any]
    payload: t.Any
    timeout: float


class Answer(t.NamedTuple):
    """A header that is None is left out: so an answer can come without its nonce."""

    status: int = 200
    body: t.Any = b""
    headers: t.Mapping[str, str | None] = {}


Scripted = t.Union[Answer, TransportError]


class Script:
    """HttpClient: the n-th request for a URL gets the n-th answer that was written for it, the last one for ever."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.asked: list[Asked] = []
        self.cost = 0.0
        self._answers: dict[str, list[Scripted]] = {}
        self._nonces = 0

    def on(self, url: str, *answers: Scripted) -> Script:
        self._answers[url] = list(answers)
        return self

    def _nonce(self) -> str:
        self._nonces += 1
        return base64.urlsafe_b64encode(f"nonce-{self._nonces:06d}".encode()).decode().rstrip("=")

    def to(self, url: str) -> list[Asked]:
        return [one for one in self.asked if one.url == url]

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
    ) -> HttpResponse:
        self.asked.append(_asked(method, url, body, timeout))
        self.clock.seconds += self.cost
        assert url in self._answers, f"the script has no answer for {method} {url}"
        line = self._answers[url]
        answer = line.pop(0) if len(line) > 1 else line[0]
        if isinstance(answer, TransportError):  # a new one each time: an exception is not shared between tests
            raise TransportError(code=answer.code, what=answer.what, sent=answer.sent, retryable=answer.retryable)
        given = {} if method == "GET" else {"replay-nonce": self._nonce()}  # RFC 8555 §6.5: POST and newNonce
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = {name: value for name, value in {**given, **answer.headers}.items() if value is not None}
        return HttpResponse(answer.status, headers, body, url)


def _asked(method: str, url: str, body: bytes | None, timeout: float) -> Asked:
    if body is None:
        return Asked(method, url, {}, None, timeout)
    signed = json.loads(body)
    assert sorted(signed) == ["payload", "protected", "signature"]
    payload = _unpadded(signed["payload"])
    return Asked(
        method, url, json.loads(_unpadded(signed["protected"])), json.loads(payload) if payload else "", timeout
    )


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- answers ---------------------------------------------------------------------------------------------------------


def directory(*more: str, **meta: t.Any) -> Answer:
    """more: resources beyond those that every CA has."""
    urls = {name: f"{CA}/{name}" for name in ("newNonce", "newAccount", "newOrder", "revokeCert", *more)}
    return Answer(200, {**urls, "meta": meta}, {"content-type": "application/json"})


def account(status: str = "valid", **more: t.Any) -> Answer:
    return Answer(200, {"status": status, "orders": LIST, **more}, {"location": ACCOUNT})


def order(status: str = "pending", *names: str, location: str = ORDER, **more: t.Any) -> Answer:
    names = names or ("www.example.test",)
    headers = {"location": location, **more.pop("headers", {})}
    body = {
        "status": status,
        "identifiers": [{"type": "dns", "value": name} for name in names],
        "authorizations": [f"{CA}/authz/{number}" for number, _name in enumerate(names, 1)],
        "finalize": f"{ORDER}/finalize",
        "expires": "2026-11-27T12:00:00Z",
        **more,
    }
    return Answer(more.pop("http", 201), body, headers)


def challenge(kind: str = "dns-01", status: str = "pending", number: int = 1, **more: t.Any) -> dict[str, t.Any]:
    return {"type": kind, "url": f"{CA}/chall/{number}/{kind}", "status": status, "token": TOKEN, **more}


def authorization(
    status: str = "pending", name: str = "www.example.test", challenges: t.Any = None, number: int = 1, **more: t.Any
) -> Answer:
    listed = (
        challenges
        if challenges is not None
        else [challenge("dns-01", number=number), challenge("http-01", number=number)]
    )
    headers = more.pop("headers", {})
    body = {"status": status, "identifier": {"type": "dns", "value": name}, "challenges": listed, **more}
    return Answer(200, body, headers)


def problem(
    status: int, kind: str, detail: str = "no", headers: t.Mapping[str, str] | None = None, **more: t.Any
) -> Answer:
    body = {"type": TYPE + kind, "detail": detail, **more}
    return Answer(status, body, {"content-type": "application/problem+json", **(headers or {})})


HTML = Answer(200, b"<html><title>Maintenance</title>", {"content-type": "text/html"})


# --- what is ordered -------------------------------------------------------------------------------------------------


@functools.cache
def account_key() -> bytes:
    return new_private_key("ecdsa-p256")


@functools.cache
def _key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@functools.cache
def csr() -> str:
    built = (
        x509.CertificateSigningRequestBuilder().subject_name(_name("www.example.test")).sign(_key(1), hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


@functools.cache
def certificate(
    subject: str = "www.example.test", issuer: str = "Issuer One", key: int = 1, serial: int = 4711, aki: bytes = b""
) -> str:
    """aki: the authority key identifier; none where it is empty."""
    begun = x509.CertificateBuilder()
    if aki:
        begun = begun.add_extension(x509.AuthorityKeyIdentifier(aki, None, None), critical=False)
    built = (
        begun.subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(_key(key).public_key())
        .serial_number(serial)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=90))
        .sign(_key(1), hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


@functools.cache
def private_key(key: int = 1) -> bytes:
    return _key(key).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def request(*names: str, method: str = "dns-01", **more: t.Any) -> OrderRequest:
    names = names or ("www.example.test",)
    return OrderRequest(reference="ref-1", common_name=names[0], dns_names=names, method=method, csr_pem=csr(), **more)


# --- the adapter -----------------------------------------------------------------------------------------------------


class World:
    """An adapter over a script whose directory, nonce and account answer well until told otherwise."""

    def __init__(self, state_directory: str, settings: t.Mapping[str, t.Any] | None = None, eab: str = "") -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock)
        self.http.on(DIRECTORY, directory()).on(f"{CA}/newNonce", Answer(200)).on(f"{CA}/newAccount", account())
        self.config = AccountConfig(
            name="main",
            adapter="acme",
            settings={"directory": DIRECTORY, **(settings or {})},
            secrets={"eab_hmac_key": eab} if eab else {},
            state_directory=state_directory,
        )
        self.made: list[str] = []
        self.factory = AcmeFactory(clock=self.clock, new_private_key=self._new_key, http=lambda _bundle: self.http)

    def _new_key(self, key_type: str) -> bytes:
        self.made.append(key_type)
        return account_key()

    def open(self, deadline: float = 60.0) -> AcmeAdapter:
        return self.factory.open(self.config, deadline=deadline)
