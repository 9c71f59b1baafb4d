# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use the API: a client certificate, and for each validation policy a key with its secret.

Once is a login good for ten minutes of the lab's clock.
"""

from __future__ import annotations

import secrets
import threading
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.clock import LabClock

from .terms import LOGIN_MINUTES

#: names of the credentials: one validation policy each
ECDSA, RSA, ORGANIZATION, RAW = "ecdsa", "rsa", "organization", "raw"
CREDENTIALS = (ECDSA, RSA, ORGANIZATION, RAW)


class Credential(t.NamedTuple):
    name: str
    key: str
    secret: str


class Clients(t.NamedTuple):
    """Files of the authority of client certificates, and of two that it made."""

    ca: Path
    certificate: Path
    private_key: Path
    #: of the first
    serial: int
    #: somebody who has no credential here
    stranger: Path
    stranger_key: Path


class Logins:
    def __init__(self, clock: LabClock, client_serial: int) -> None:
        self._clock, self._client_serial = clock, client_serial
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self.credentials = {name: _credential(name) for name in CREDENTIALS}

    def log_in(self, key: str, secret: str, client_serial: int) -> tuple[str, str]:
        """A token, and the name of the credential; empty: not with this."""
        for one in self.credentials.values():
            right = secrets.compare_digest(f"{key}\n{secret}".encode(), f"{one.key}\n{one.secret}".encode())
            if right and client_serial == self._client_serial:
                token = secrets.token_urlsafe(32)
                with self._lock:
                    self._tokens[token] = one.name, self._clock.now() + timedelta(minutes=LOGIN_MINUTES)
                return token, one.name
        return "", ""

    def find(self, token: str, client_serial: int) -> str:
        """The name of the credential that the token stands for; empty: none, or no longer."""
        with self._lock:
            name, ends = self._tokens.get(token, ("", self._clock.now()))
        return name if self._clock.now() < ends and client_serial == self._client_serial else ""

    def forget(self, token: str) -> None:
        with self._lock:
            self._tokens.pop(token, None)


def _credential(name: str) -> Credential:
    return Credential(name, secrets.token_hex(8), secrets.token_hex(20))


def make_clients(folder: Path) -> Clients:
    """By the real clock, as TLS goes by it."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("The lab's authority for clients of Atlas")
    ca = (
        _builder(ca_name, ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "client-ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))

    def make(word: str, common_name: str) -> tuple[Path, Path, int]:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(common_name), ca_name, key)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        path, key_path = folder / f"{word}-cert.pem", folder / f"{word}-key.pem"
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_path.touch(mode=0o600)
        key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path, key_path, certificate.serial_number

    certificate, private_key, serial = make("client", "Example K.K.")
    stranger, stranger_key, _unused = make("stranger", "Somebody else")
    return Clients(folder / "client-ca.pem", certificate, private_key, serial, stranger, stranger_key)


def serial_of(certificate: bytes) -> int:
    """Of a peer's certificate in DER; -1: it showed none."""
    return x509.load_der_x509_certificate(certificate).serial_number if certificate else -1


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=90))
    )
