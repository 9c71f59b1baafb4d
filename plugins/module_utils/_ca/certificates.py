# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as CAs and sellers write them: PEM blocks out of any text, in its order; serial number and key of one.

What is signed by what is not judged here (``_x509`` does, when the certificate comes into the ledger and again before
it is deployed): nothing is put in order and nothing left out.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Key", "common_name_of", "has_key_of", "is_for", "is_issued_by", "key_of_request", "pem_blocks", "serial_of"]

_MAX_CHARACTERS = 512 * 1024
_MAX_CERTIFICATES = 11
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
#: of a stripped text: blanks in two places side by side would be tried in every way
_BARE = re.compile(r"[A-Za-z0-9+/\s]{100,}={0,2}")


def pem_blocks(*texts: str) -> list[str]:
    """The certificates of all texts: PEM with any line ends and words between, or one bare base64 certificate a text.

    Anything else in armour is refused, above all a private key: the ledger is not where it may lie.
    """
    found: list[str] = []
    for text in texts:
        if len(text) > _MAX_CHARACTERS:
            raise _unusable(f"a text has {len(text)} characters, {_MAX_CHARACTERS} are possible")
        if "-----" not in text and _BARE.fullmatch(text.strip()):
            found.append(_as_pem(text))
            continue
        blocks = [(match.group(1), match.group(2)) for match in _BLOCK.finditer(text)]
        strange = sorted({label for label, _content in blocks if label != "CERTIFICATE"})
        if strange:
            raise _unusable(f"beside certificates it holds {escaped(', '.join(strange), 100)}")
        if not blocks or len(blocks) != text.count("-----BEGIN ") or len(blocks) != text.count("-----END "):
            raise _unusable(f"it begins {escaped(text, 60)!r}, and is no whole PEM text")
        found += [_as_pem(content) for _label, content in blocks]
    if len(found) > _MAX_CERTIFICATES:
        raise _unusable(f"it holds {len(found)} certificates, {_MAX_CERTIFICATES} are possible")
    return found


def _as_pem(base64_text: str) -> str:
    letters = "".join(base64_text.split())
    try:
        der = base64.b64decode(letters, validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if der[:1] != b"\x30":  # SEQUENCE, as each certificate begins
        raise _unusable("a block of it is no base64 of a certificate")
    body = base64.b64encode(der).decode("ascii")
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def _unusable(why: str) -> ProtocolError:
    return ProtocolError(
        code="certificate_unusable",
        what="What the CA or seller handed out as the certificate cannot be used",
        why=why,
        todo="Run again; if it stays, look at the description of adapter rest, else ask the CA",
        retryable=True,
    )


def serial_of(certificate_pem: str) -> str:
    """The serial number in lower-case hex, as ``%x`` writes it. RFC 5280 §4.1: the first or second field of the
    tbsCertificate, behind the version."""
    try:
        tag, value, _whole = _fields_of_certificate(certificate_pem)[0]
        if tag != 0x02 or not value:
            raise ValueError("no serial number")
    except (ValueError, IndexError, binascii.Error) as failure:
        raise InputError(
            code="serial_unreadable",
            what="Cannot read the serial number of the certificate to revoke",
            why=str(failure),
            todo="Revoke it at the portal",
        ) from failure
    return f"{int.from_bytes(value, 'big'):x}"


#: id-at-commonName, 2.5.4.3 (RFC 5280 §A.1)
_COMMON_NAME = bytes.fromhex("550403")


def common_name_of(certificate_pem: str) -> str:
    """The common name of the subject, "" where it has none or cannot be read."""
    try:
        rest = _fields_of_certificate(certificate_pem)[4][1]
        while rest:
            _tag, names, rest = _element(rest)
            while names:
                _tag, attribute, names = _element(names)
                _tag, kind, value = _element(attribute)
                if kind == _COMMON_NAME:
                    return _element(value)[1].decode("utf-8", "replace")
    except (ValueError, IndexError, binascii.Error):
        return ""
    return ""


def has_key_of(csr_pem: str, certificates: t.Sequence[str]) -> bool:
    """Whether one of them has the public key of the request; also where that cannot be read here (it is judged later,
    by ``_x509``). RFC 5280 §4.1, RFC 2986 §4.1: the subjectPublicKeyInfo, byte for byte."""
    try:
        wanted = _fields(csr_pem)[2][2]
    except (ValueError, IndexError, binascii.Error):
        return True
    try:
        return any(_fields_of_certificate(pem)[5][2] == wanted for pem in certificates)
    except (ValueError, IndexError, binascii.Error):
        return True


def is_for(csr_pem: str, dns_names: t.Collection[str], certificate_pem: str) -> bool:
    """Whether the certificate surely has the key of the request, and these names (RFC 5280 §4.2.1.6: dNSName)."""
    try:
        fields = _fields_of_certificate(certificate_pem)
        if _fields(csr_pem)[2][2] != fields[5][2]:
            return False
    except (ValueError, IndexError, binascii.Error):
        return False
    extensions = b"".join(whole for tag, _content, whole in fields[6:] if tag == 0xA3)
    return all(_dns_name(name) in extensions for name in dns_names)


def _dns_name(name: str) -> bytes:
    raw = name.encode("ascii", "replace")
    return (bytes([0x82, len(raw)]) if len(raw) < 128 else bytes([0x82, 0x81, len(raw) & 0xFF])) + raw


def is_issued_by(certificate_pem: str, issuer_pem: str) -> bool:
    """Whether the one names the other as its issuer; what is signed is not judged. True also if it cannot be read."""
    try:
        return _fields_of_certificate(certificate_pem)[2][2] == _fields_of_certificate(issuer_pem)[4][2]
    except (ValueError, IndexError, binascii.Error):
        return True


class Key(t.NamedTuple):
    """kind: RSA, ECDSA, or "" for any other; bits of its modulus or curve, 0 where they are not known."""

    kind: str
    bits: int


#: Algorithms and curves as DER (RFC 3279 §2.3.1, RFC 5480 §2.1.1): rsaEncryption, id-ecPublicKey, secp256r1 …
_RSA = bytes.fromhex("2a864886f70d010101")
_EC = bytes.fromhex("2a8648ce3d0201")
_CURVES = {bytes.fromhex("2a8648ce3d030107"): 256, bytes.fromhex("2b81040022"): 384, bytes.fromhex("2b81040023"): 521}


def key_of_request(csr_pem: str) -> Key:
    """What kind of key a request is for."""
    try:
        algorithm, after = _sequence(_fields(csr_pem)[2][1])
        first, parameters = _sequence(algorithm[1])
        if first[1] == _EC:
            return Key("ECDSA", _CURVES.get(_element(parameters)[1], 0))
        if first[1] != _RSA:
            return Key("", 0)
        modulus = _element(_element(_element(after)[1][1:])[1])[1]
        return Key("RSA", int.from_bytes(modulus, "big").bit_length())
    except (ValueError, IndexError, binascii.Error):
        return Key("", 0)


def _sequence(content: bytes) -> tuple[tuple[int, bytes], bytes]:
    """The first element of what is in a sequence, and all that follows it."""
    tag, inner, after = _element(content)
    return (tag, inner), after


def _fields_of_certificate(pem: str) -> list[tuple[int, bytes, bytes]]:
    """From the serial number on: the version may be left out."""
    found = _fields(pem)
    return found[1:] if found[0][0] == 0xA0 else found


def _fields(pem: str) -> list[tuple[int, bytes, bytes]]:
    """Tag, content and whole encoding of each field of what is signed in a certificate or request."""
    block = _BLOCK.search(pem)
    der = base64.b64decode("".join(block.group(2).split()) if block else "", validate=True)
    rest = _element(_element(der)[1])[1]
    found = []
    while rest:
        tag, content, after = _element(rest)
        found.append((tag, content, rest[: len(rest) - len(after)]))
        rest = after
    return found


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows of the first DER element (X.690 §8.1)."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 4:
            raise ValueError("no DER")
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    if start + length > len(data):
        raise ValueError("the certificate is cut off")
    return tag, data[start : start + length], data[start + length :]
