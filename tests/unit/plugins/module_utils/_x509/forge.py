# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA for tests: certificates with any fault one wants. Shares no code with what it tests."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Forged:
    pem: str
    key: t.Any
    certificate: t.Any

    @property
    def key_pem(self) -> bytes:
        return key_pem(self.key)


def new_key() -> t.Any:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: t.Any) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def make(
    subject: str,
    *,
    by: Forged | None = None,
    key: t.Any = None,
    public_key: t.Any = None,
    names: t.Sequence[str] = (),
    is_ca: bool = False,
    starts: datetime = NOW - timedelta(days=1),
    days: int = 90,
    serial: int | None = None,
    authority: bytes | None = None,
) -> Forged:
    """A certificate for ``key`` (or a foreign ``public_key``), signed ``by`` another one or by itself."""
    own = key or new_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(by.certificate.subject if by else name(subject))
        .public_key(public_key or own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(starts.replace(tzinfo=None))
        .not_valid_after((starts + timedelta(days=days)).replace(tzinfo=None))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if names:
        san = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(san, critical=False)
    if authority is not None:
        identifier = x509.AuthorityKeyIdentifier(authority or None, None, None)
        builder = builder.add_extension(identifier, critical=False)
    certificate = builder.sign(by.key if by else own, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
    return Forged(pem, own, certificate)


def ca(subject: str, by: Forged | None = None, **more: t.Any) -> Forged:
    return make(subject, by=by, is_ca=True, **{"days": 3650, **more})
