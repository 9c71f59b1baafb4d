# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate requests (PKCS #10): made from a wish, and read back as facts.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts, CsrWish
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import (
    UnsupportedAlgorithm,
    hashes,
    serialization,
    x509,
)
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import dns_names_of, printable
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import (
    load_private_key,
    public_key_type,
    public_sha256,
)

#: 250 names with an RSA-4096 key make 14 kB.
MAX_CSR_BYTES = 128 * 1024
_OIDS = {"C": "2.5.4.6", "ST": "2.5.4.8", "L": "2.5.4.7", "O": "2.5.4.10", "CN": "2.5.4.3"}
_SHORT = {oid: short for short, oid in _OIDS.items()}
_SAN_OID = "2.5.29.17"


def new_csr(private_key_pem: bytes, wish: CsrWish, *, trusted: bool = False) -> bytes:
    """A request in PEM for exactly this wish, signed by the key (SHA-256; P-384 with SHA-384)."""
    key = load_private_key(private_key_pem, trusted=trusted)
    fields = [*wish.subject, *([("CN", wish.common_name)] if wish.common_name else [])]
    attributes = [x509.NameAttribute(x509.ObjectIdentifier(_OIDS[field]), value) for field, value in fields]
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in wish.dns_names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    # critical exactly if the subject is empty (RFC 5280 §4.2.1.6)
    request = builder.add_extension(names, critical=not attributes).sign(
        key, hashes.SHA384() if wish.key_type == "ecdsa-p384" else hashes.SHA256()
    )
    return request.public_bytes(serialization.Encoding.PEM)


def csr_facts(pem: bytes, *, where: str = "", check_signature: bool = True) -> CsrFacts:
    """Describe a request. InputError ``csr_unreadable`` if it is none, or not signed by its own key."""
    if len(pem) > MAX_CSR_BYTES:
        raise _unreadable(where, f"it has {len(pem)} bytes, {MAX_CSR_BYTES} are possible")
    if not pem.isascii():
        raise _unreadable(where, "it has letters that are not ASCII")
    try:
        request = x509.load_pem_x509_csr(pem)
        if check_signature and not request.is_signature_valid:
            raise _unreadable(where, "its signature is not that of its own key")
        return _describe(request)
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as exc:
        raise _unreadable(where, f"it is no PEM certificate request ({printable(str(exc))})") from None


def _describe(request: x509.CertificateSigningRequest) -> CsrFacts:
    fields = [(_SHORT.get(one.oid.dotted_string, one.oid.dotted_string), str(one.value)) for one in request.subject]
    common_names = [printable(value) for field, value in fields if field == "CN"]
    key: t.Any = request.public_key()
    return CsrFacts(
        common_name=common_names[0] if common_names else None,
        dns_names=dns_names_of(request.extensions),
        key_type=public_key_type(key),
        subject=tuple((field, printable(value)) for field, value in fields if field in _OIDS and field != "CN"),
        public_key_sha256=public_sha256(key),
        csr_sha256=hashlib.sha256(request.public_bytes(serialization.Encoding.DER)).hexdigest(),
        others=tuple(_others(request, fields)),
    )


def _others(request: x509.CertificateSigningRequest, fields: list[tuple[str, str]]) -> t.Iterator[str]:
    if sum(field == "CN" for field, _other in fields) > 1:
        yield "it has more than one common name"
    for field, _other in fields:
        if field not in _OIDS:
            yield f"its subject has {field} too"
    for extension in request.extensions:
        if extension.oid.dotted_string != _SAN_OID:
            yield f"it asks for the extension {extension.oid.dotted_string}"
        elif any(not isinstance(name, x509.DNSName) for name in extension.value):
            yield "it has names that are no DNS names"


def _unreadable(where: str, why: str) -> InputError:
    return InputError(
        code="csr_unreadable",
        what="Cannot read the certificate request",
        where=where,
        why=why,
        todo="Remove it and run again: a new one is made",
    )
