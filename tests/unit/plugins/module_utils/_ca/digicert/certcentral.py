# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted CertCentral: answers as its public documents show them, written by hand."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import (
    AccountConfig,
    OrderKind,
    OrderRequest,
    Predecessor,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertAdapter, DigicertFactory
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import (
    Answer,
    FakeClock,
    Script,
    Scripted,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BASE = "https://www.digicert.com/services/v2"
KEY = "key-of-our-account-0001"
NUMBER = 542772
REFERENCE = "ik-1f0c4d2e9a8b7c6d5e4f3a2b"
TOKEN = "9f3d0c2b7a6e5d4c9f3d0c2b7a6e5d4c"
NAMES = ("www.example.jp", "example.jp")
CONTACT = {"kind": "constructed", "address": "hostmaster@example.jp"}
PLACED, EXPIRES = "2026-06-22T03:00:00+00:00", "2026-07-22T03:00:00+00:00"


class Paper(t.NamedTuple):
    """A key's CSR and certificate."""

    csr: str
    certificate: str


def paper(number: int, *names: str, serial: int = 0x0A1B) -> Paper:
    """number: which key; the same each time."""
    key = ec.derive_private_key(number + 2, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (names or NAMES)[0])])
    alternative = x509.SubjectAlternativeName([x509.DNSName(one) for one in names or NAMES])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(alternative, False)
    start = dt.datetime(2026, 6, 22, tzinfo=dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=199))
        .add_extension(alternative, False)
    )
    pem = serialization.Encoding.PEM
    signed = csr.sign(key, hashes.SHA256()).public_bytes(pem).decode(), certificate.sign(key, hashes.SHA256())
    return Paper(signed[0], signed[1].public_bytes(pem).decode())


OURS, OTHER = paper(1), paper(2)


def crlf(text: str) -> bytes:
    """Line ends as DigiCert has them."""
    return text.replace("\n", "\r\n").encode()


# --- answers ---------------------------------------------------------------------------------------------------------


def placed(status: str = "approved", **more: t.Any) -> Answer:
    return Answer(201, {"id": NUMBER, "requests": [{"id": 922433, "status": status}], **more})


def info(status: str = "pending", **changes: t.Any) -> Answer:
    """Order info; ``certificate`` is merged, everything else replaced."""
    certificate = {"common_name": NAMES[0], "dns_names": list(NAMES), **changes.pop("certificate", {})}
    return Answer(
        200,
        {
            "id": NUMBER,
            "status": status,
            "certificate": certificate,
            "requests": [
                {"id": 922433, "date": "2026-06-22T03:00:00+00:00", "type": "new_request", "status": "approved"}
            ],
            "is_renewal": False,
            "alternative_order_id": REFERENCE,
            "dcv_method": "dns-txt-token",
            **changes,
        },
    )


def token(value: str = TOKEN) -> Answer:
    return Answer(200, {"dcv_random_value": value, "expiration_date": EXPIRES})


def error(status: int, code: str, message: str = "No.", **headers: str) -> Answer:
    return Answer(status, {"errors": [{"code": code, "message": message}]}, headers)


def listing(*orders: tuple[int, str], total: int | None = None) -> Answer:
    found = [{"order_id": number, "certificate_id": 1, "status": status} for number, status in orders]
    page = {"total": len(found) if total is None else total, "limit": 0, "offset": 0}
    return Answer(200, {"orders": found, "page": page})


def pem(*papers: str) -> Answer:
    return Answer(200, crlf("".join(papers)), {"content-type": "application/x-pem-file"})


DONE = Answer(204)


# --- what is ordered -------------------------------------------------------------------------------------------------


def request(method: str = "dns", *names: str, **changes: t.Any) -> OrderRequest:
    names = names or NAMES
    return OrderRequest(
        reference=REFERENCE,
        common_name=names[0],
        dns_names=names,
        method=method,
        csr_pem=changes.pop("csr", OURS.csr),
        product=changes.pop("product", "digicert-dv"),
        kind=changes.pop("kind", OrderKind.NEW),
        replaces=changes.pop("replaces", None),
        options={"contact": CONTACT if method == "email" else None, "document_root": "/var/www", **changes},
    )


def follows(handle: str = "500001") -> Predecessor:
    return Predecessor(handle=handle, serial="a1b", certificate=OTHER.certificate)


def account(**settings: t.Any) -> AccountConfig:
    secrets = settings.pop("secrets", {"api_key": KEY})
    return AccountConfig("certcentral", "digicert", settings, secrets, "/nowhere/accounts/certcentral")


class Turns:
    """Budget. waits: what the next requests are told; held: what was asked for."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.taken = 0
        self.held: list[float] = []

    def take(self, _left: float) -> float:
        self.taken += 1
        return self.waits.pop(0) if self.waits else 0.0

    def hold(self, seconds: float) -> None:
        self.held.append(seconds)


class Desk:
    """An account at the scripted CertCentral."""

    def __init__(self, deadline: float = 60.0, **settings: t.Any) -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock, BASE)
        self.turns = Turns()
        factory = DigicertFactory(
            clock=self.clock, http=lambda _bundle: self.http, budget=lambda _settings, _folder: self.turns
        )
        self.adapter: DigicertAdapter = factory.open(account(**settings), deadline=deadline)

    def on(self, line: str, *answers: Scripted) -> Desk:
        self.http.on(line, *answers)
        return self

    def body(self, number: int = 0) -> t.Any:
        return self.http.asked[number].json
