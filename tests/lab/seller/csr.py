# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a certificate signing request as a CA does: its signature, its key and exactly the names of the order."""

from __future__ import annotations

import typing as t

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from .products import Refused

MAX_PEM = 16_384
PublicKey = t.Union[rsa.RSAPublicKey, ec.EllipticCurvePublicKey]


def read(pem: str, common_name: str, names: t.Collection[str]) -> PublicKey:
    request = _signed_request(pem)
    in_subject = [str(item.value) for item in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if in_subject not in ([], [common_name]):
        raise invalid(f"CSRのコモンネーム（{'、'.join(in_subject)}）がお申し込みと一致しません。")
    in_csr = {*_alternative_names(request), *in_subject}
    if in_csr != set(names):
        differing = "、".join(sorted(in_csr ^ set(names)))
        raise invalid(f"CSRに含まれる名前がお申し込みと一致しません（{differing}）。")
    return _public_key(request)


def invalid(message: str) -> Refused:
    return Refused(400, "invalid_csr", message)


def _signed_request(pem: str) -> x509.CertificateSigningRequest:
    if len(pem) > MAX_PEM or not pem.isascii():
        raise invalid("CSRを読み取れません。")
    try:
        request = x509.load_pem_x509_csr(pem.encode("ascii"))
        signed = request.is_signature_valid
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        raise invalid("CSRを読み取れません。") from None
    if not signed:
        raise invalid("CSRの署名が正しくありません。")
    return request


def _alternative_names(request: x509.CertificateSigningRequest) -> list[str]:
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    except ValueError:
        raise invalid("CSRを読み取れません。") from None
    others = [name for name in names if not isinstance(name, x509.DNSName)]
    if others:
        raise invalid("CSRのsubjectAltNameにはDNS名のみ指定できます。")
    return names.get_values_for_type(x509.DNSName)


def _public_key(request: x509.CertificateSigningRequest) -> PublicKey:
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise invalid("CSRの公開鍵を読み取れません。") from None
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 4096:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, (ec.SECP256R1, ec.SECP384R1)):
        return key
    raise invalid("CSRの公開鍵は、RSA 2048〜4096ビット、またはECDSA P-256、P-384である必要があります。")
