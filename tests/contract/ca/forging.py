# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that a CA must never have sent, in place of those that it did: PEM in JSON texts or as it is."""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fault_proxy import Act, Answer, Asked

#: with its line ends as they are, or escaped as in JSON or XML
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_ESCAPED = re.compile(rb"(?:\\r)?\\n|&#(?:xD|13);\n")
Forge = t.Callable[[list[x509.Certificate]], list[x509.Certificate]]


def wrong_chain(_asked: Asked, act: Act) -> Answer:
    """The issuer has its name, but not its key."""
    return _forged(act(), _with_other_issuer)


def other_key(_asked: Asked, act: Act) -> Answer:
    """A whole chain, in order, for somebody else's key."""
    return _forged(act(), _for_other_key)


def _forged(answer: Answer, forge: Forge) -> Answer:
    """Blocks keep their places, whatever stands around them; an issuer that is not there is not added."""
    blocks = _BLOCK.findall(answer.body)
    if not blocks:
        return answer
    certificates = [x509.load_pem_x509_certificate(_ESCAPED.sub(b"\n", block)) for block in blocks]
    places = iter(forge(certificates))

    def put(match: re.Match[bytes]) -> bytes:
        pem = next(places).public_bytes(serialization.Encoding.PEM).rstrip(b"\n")
        escaped = _ESCAPED.search(match[0])
        return pem.replace(b"\n", escaped[0]) if escaped else pem

    return replace(answer, body=_BLOCK.sub(put, answer.body))


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _with_other_issuer(certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    return [_signed(one, ec.generate_private_key(ec.SECP256R1())) if _is_ca(one) else one for one in certificates]


def _for_other_key(certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """Each issuer gets a key of ours, and signs what it signed before."""
    keys = {one.subject: ec.generate_private_key(ec.SECP256R1()) for one in certificates}
    return [_signed(one, keys[one.subject], keys.get(one.issuer)) for one in certificates]


def _signed(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey | None = None
) -> x509.Certificate:
    """The same words, for this key."""
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificate.subject)
        .issuer_name(certificate.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=90))
    )
    for kind in (x509.BasicConstraints, x509.SubjectAlternativeName):
        for extension in certificate.extensions:
            if isinstance(extension.value, kind):
                builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(issuer or key, hashes.SHA256())
