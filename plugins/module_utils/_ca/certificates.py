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

__all__ = ["has_key_of", "pem_blocks", "serial_of"]

_MAX_CHARACTERS = 512 * 1024
_MAX_CERTIFICATES = 11
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")
_BARE = re.compile(r"[A-Za-z0-9+/\s]{100,}={0,2}\s*")


def pem_blocks(*texts: str) -> list[str]:
    """The certificates of all texts: PEM with any line ends and words between, or one bare base64 certificate a text.

    Anything else in armour is refused, above all a private key: the ledger is not where it may lie.
    """
    found: list[str] = []
    for text in texts:
        if len(text) > _MAX_CHARACTERS:
            raise _unusable(f"a text has {len(text)} characters, {_MAX_CHARACTERS} are possible")
        if "-----" not in text and _BARE.fullmatch(text):
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
