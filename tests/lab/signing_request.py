# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a certificate signing request as a CA does: its signature, its key, its names."""

from __future__ import annotations

import typing as t

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

MAX_PEM = 16_384
PublicKey = t.Union[rsa.RSAPublicKey, ec.EllipticCurvePublicKey]
#: what can be wrong with it
UNREADABLE, FORGED, OTHER_NAMES, WEAK_KEY = "unreadable", "forged", "names that are no DNS names", "weak key"


class Invalid(ValueError):
    """Its text is one of the words above."""


class SigningRequest(t.NamedTuple):
    common_names: tuple[str, ...]
    dns_names: tuple[str, ...]
    key: PublicKey

    @property
    def names(self) -> set[str]:
        return {*self.common_names, *self.dns_names}


def read(pem: str) -> SigningRequest:
    """Invalid says why not."""
    request = _signed_request(pem)
    common = tuple(str(item.value) for item in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    return SigningRequest(common, tuple(_alternative_names(request)), _public_key(request))


def _signed_request(pem: str) -> x509.CertificateSigningRequest:
    if len(pem) > MAX_PEM or not pem.isascii():
        raise Invalid(UNREADABLE)
    try:
        request = x509.load_pem_x509_csr(pem.encode("ascii"))
        signed = request.is_signature_valid
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        raise Invalid(UNREADABLE) from None
    if not signed:
        raise Invalid(FORGED)
    return request


def _alternative_names(request: x509.CertificateSigningRequest) -> list[str]:
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    except ValueError:
        raise Invalid(UNREADABLE) from None
    if any(not isinstance(name, x509.DNSName) for name in names):
        raise Invalid(OTHER_NAMES)
    return names.get_values_for_type(x509.DNSName)


def _public_key(request: x509.CertificateSigningRequest) -> PublicKey:
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid(UNREADABLE) from None
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 4096:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, (ec.SECP256R1, ec.SECP384R1)):
        return key
    raise Invalid(WEAK_KEY)
