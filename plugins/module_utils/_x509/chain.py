# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as text and as facts: PEM bundles taken apart, leaves described, chains put in order.

Pure functions over text from a CA, a mail or a disk: bounded, and nothing of it leaves unescaped.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
import typing as t
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import (
    InvalidSignature,
    UnsupportedAlgorithm,
    ec,
    padding,
    rsa,
    serialization,
    x509,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import public_key_type, public_sha256

#: A leaf with 250 names has 12 kB; the longest chains in use have four certificates.
MAX_BUNDLE_CHARACTERS = 512 * 1024
MAX_CERTIFICATES = 20
_MAX_NAME_CHARACTERS = 1024

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")


@dataclass(frozen=True)
class CertificateFacts:
    """serial: lower-case hex; digests: SHA-256 in lower-case hex; names as in the certificate, escaped and bounded."""

    serial: str
    not_before: datetime
    not_after: datetime
    issuer: str
    subject: str
    common_name: str | None
    dns_names: tuple[str, ...]
    public_key_sha256: str
    certificate_sha256: str
    key_type: str
    is_ca: bool
    #: its name where its CA tells when to renew it (RFC 9773 §4.1); None: it has no authority key identifier
    renewal_id: str | None

    def as_data(self) -> dict[str, t.Any]:
        """Plain types, times in ISO 8601."""
        return {
            "serial": self.serial,
            "not_before": iso(self.not_before),
            "not_after": iso(self.not_after),
            "issuer": self.issuer,
            "common_name": self.common_name,
            "dns_names": list(self.dns_names),
            "public_key_sha256": self.public_key_sha256,
            "certificate_sha256": self.certificate_sha256,
            "key_type": self.key_type,
            "renewal_id": self.renewal_id,
        }


def iso(moment: datetime) -> str:
    """``2026-11-20T00:00:00Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def split_pem(text: str) -> list[str]:
    """The certificates of a PEM bundle, in its order, each re-encoded (64 columns, final newline).

    Text between the blocks is left out (mails and ``openssl`` write some). Anything else in armour is refused: above
    all a private key, which must never get into a file that everyone may read.
    """
    if len(text) > MAX_BUNDLE_CHARACTERS:
        raise _unreadable(f"the text has {len(text)} characters, {MAX_BUNDLE_CHARACTERS} are possible")
    blocks = list(_BLOCK.finditer(text))
    labels = [block.group(1) for block in blocks]
    others = sorted({label for label in _BEGIN.findall(text) if label != "CERTIFICATE"})
    if others:
        raise _unreadable(f"it holds {', '.join(others)} beside certificates", code="certificate_not_alone")
    if len(labels) != text.count("-----BEGIN ") or len(labels) != text.count("-----END "):
        raise _unreadable("a PEM block has no end, no beginning, or characters that are not base64")
    if len(labels) > MAX_CERTIFICATES:
        raise _unreadable(f"it holds {len(labels)} certificates, {MAX_CERTIFICATES} are possible")
    return [join_pem(_decode(block.group(2))) for block in blocks]


def _decode(base64_text: str) -> bytes:
    try:
        return base64.b64decode("".join(base64_text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable("a PEM block is no base64") from None


def join_pem(der: bytes) -> str:
    """DER as a PEM certificate."""
    body = base64.b64encode(der).decode("ascii")
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def _unreadable(why: str, *, where: str = "", code: str = "certificate_unreadable") -> InkanError:
    return ProtocolError(
        code=code,
        what="Cannot read the certificate",
        where=where,
        why=why,
        todo="Take the PEM text from the CA again: the leaf, and its intermediates without any key",
    )


def load_certificate(pem: str, *, where: str = "") -> x509.Certificate:
    """Read a text that holds exactly one certificate."""
    found = split_pem(pem)
    if len(found) != 1:
        raise _unreadable(f"{len(found)} certificates instead of one", where=where)
    try:
        return x509.load_pem_x509_certificate(found[0].encode("ascii"))
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as exc:
        raise _unreadable(f"the block holds no certificate: {printable(str(exc))}", where=where) from None


def certificate_facts(pem: str, *, where: str = "") -> CertificateFacts:
    """Describe the one certificate of ``pem``."""
    return _remembered_facts(pem, where)


@functools.lru_cache(maxsize=512)  # each step of a deployment asks anew, and one CA's certificate is in many chains
def _remembered_facts(pem: str, where: str) -> CertificateFacts:
    return facts_of(load_certificate(pem, where=where), where=where)


def facts_of(certificate: x509.Certificate, *, where: str = "") -> CertificateFacts:
    """Describe a parsed certificate. Parsing is lazy in cryptography: a bad extension shows only here."""
    try:
        return CertificateFacts(
            serial=f"{certificate.serial_number:x}",
            not_before=not_before(certificate),
            not_after=not_after(certificate),
            issuer=printable(certificate.issuer.rfc4514_string()),
            subject=printable(certificate.subject.rfc4514_string()),
            common_name=_common_name(certificate.subject),
            dns_names=dns_names_of(certificate.extensions),
            public_key_sha256=public_sha256(certificate.public_key()),
            certificate_sha256=certificate_sha256(certificate),
            key_type=public_key_type(certificate.public_key()),
            is_ca=_is_ca(certificate),
            renewal_id=_renewal_id(certificate),
        )
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as exc:
        raise _unreadable(f"a field is malformed: {printable(str(exc))}", where=where) from None


def certificate_sha256(certificate: x509.Certificate) -> str:
    return hashlib.sha256(der_of(certificate)).hexdigest()


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def not_before(certificate: x509.Certificate) -> datetime:
    """Aware UTC; cryptography < 42 only has the naive form, newer ones warn of it."""
    if hasattr(certificate, "not_valid_before_utc"):
        return certificate.not_valid_before_utc
    return certificate.not_valid_before.replace(tzinfo=timezone.utc)


def not_after(certificate: x509.Certificate) -> datetime:
    """As ``not_before``."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_after_utc
    return certificate.not_valid_after.replace(tzinfo=timezone.utc)


def printable(text: str) -> str:
    """Text of others for people and JSON: no control or direction character, bounded."""
    cut = text if len(text) <= _MAX_NAME_CHARACTERS else text[:_MAX_NAME_CHARACTERS] + "…"
    if cut.isprintable():
        return cut
    return "".join(char.encode("unicode_escape").decode("ascii") if _is_control(char) else char for char in cut)


def _is_control(char: str) -> bool:
    """Control, format (direction), surrogate, line and paragraph; not the ideographic space of Japanese names."""
    return unicodedata.category(char)[0] == "C" or char in "\u2028\u2029"


def _common_name(subject: x509.Name) -> str | None:
    values = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return printable(str(values[0].value)) if values else None


def dns_names_of(extensions: x509.Extensions) -> tuple[str, ...]:
    """The dNSNames of the SAN, in its order, lower case."""
    try:
        san = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(printable(name.lower()) for name in san.get_values_for_type(x509.DNSName))


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _renewal_id(certificate: x509.Certificate) -> str | None:
    try:
        issuer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None
    number = certificate.serial_number
    if not issuer or number < 0:
        return None
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")  # as in DER: a first octet of 0 keeps it positive
    return ".".join(base64.urlsafe_b64encode(part).decode("ascii").rstrip("=") for part in (issuer, serial))


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` has the name in the issuer field and made the signature."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        _verify_signature(certificate, issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _verify_signature(certificate: x509.Certificate, issuer: x509.Certificate) -> None:
    if hasattr(certificate, "verify_directly_issued_by"):  # cryptography >= 40; knows PSS and newer kinds
        certificate.verify_directly_issued_by(issuer)
        return
    key: t.Any = issuer.public_key()
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    algorithm = certificate.signature_hash_algorithm
    if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
        key.verify(signature, signed, ec.ECDSA(algorithm))
    else:
        key.verify(signature, signed)  # Ed25519, Ed448


def sort_chain(certificate_pem: str, others: t.Iterable[str]) -> list[str]:
    """The chain of a leaf, from its issuer up, out of certificates in any order (portals and mails mix them).

    The leaf itself and strangers are left out; the chain ends where no issuer is at hand or at a self-signed one.
    """
    pool = {pem: load_certificate(pem) for pem in others}
    chain: list[str] = []
    current = load_certificate(certificate_pem)
    while not is_issued_by(current, current):
        found = next((pem for pem, candidate in pool.items() if is_issued_by(current, candidate)), None)
        if found is None:
            break
        chain.append(found)
        current = pool.pop(found)
    return chain
