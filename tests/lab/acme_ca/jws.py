# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed requests as the server reads them (RFC 8555, 6.2; RFC 7515): flattened JSON, ES256 or RS256.

The primitives are josepy's; which of them are allowed, and what a request has to look like, is here.
"""

from __future__ import annotations

import base64
import binascii
import json
import typing as t

from josepy.errors import Error
from josepy.jwa import JWASignature
from josepy.jwk import JWK, JWKEC, JWKRSA

from .problems import Document, Problem, malformed

ALGORITHMS = ("ES256", "RS256")
MAC_ALGORITHMS = ("HS256", "HS384", "HS512")
RSA_BITS = (2048, 8192)


class Signed(t.NamedTuple):
    """Nothing of it is proven before ``check`` or ``check_mac``."""

    header: Document
    payload: bytes
    signature: bytes
    #: over which the signature is
    signed: bytes

    def document(self) -> Document:
        try:
            found = json.loads(self.payload)
        except ValueError:
            raise malformed("The payload is no JSON.") from None
        if not isinstance(found, dict):
            raise malformed("The payload is no JSON object.")
        return found

    @property
    def algorithm(self) -> str:
        return str(self.header.get("alg"))


def read(body: t.Any) -> Signed:
    """``body`` is what JSON gave."""
    if not isinstance(body, dict):
        raise malformed("The body is no JSON object.")
    if "signatures" in body or "header" in body:
        raise malformed("The JWS has several signatures, or an unprotected header.")
    parts = [body.get(word) for word in ("protected", "payload", "signature")]
    if not all(isinstance(part, str) for part in parts):
        raise malformed("The JWS is not in flattened JSON serialization.")
    protected, payload, signature = (str(part) for part in parts)
    try:
        header = json.loads(decode(protected))
    except ValueError:
        raise malformed("The protected header is no JSON.") from None
    if not isinstance(header, dict) or "crit" in header or header.get("b64") is False:
        raise malformed("The protected header is not of the kind that ACME has.")
    return Signed(header, decode(payload), decode(signature), f"{protected}.{payload}".encode("ascii"))


def decode(text: str) -> bytes:
    """base64url without padding (RFC 8555, 6.1: with it, it is to be refused)."""
    try:
        if set(text) & set("=+/") or not text.isascii():
            raise ValueError(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise malformed("Something is not base64url without padding.") from None


def encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def key_of(document: t.Any) -> JWK:
    """A public key that this server takes."""
    if not isinstance(document, dict):
        raise malformed("The jwk is no JSON object.")
    if "d" in document:
        raise Problem("badPublicKey", "The jwk holds a private key.")
    try:
        jwk = JWK.from_json(document)
    except (Error, ValueError, TypeError, KeyError):
        raise Problem("badPublicKey", "The jwk is no key that can be read.") from None
    if isinstance(jwk, JWKRSA) and RSA_BITS[0] <= jwk.key.key_size <= RSA_BITS[1]:
        return jwk
    if isinstance(jwk, JWKEC) and jwk.key.curve.name == "secp256r1":
        return jwk
    raise Problem("badPublicKey", "Keys are RSA with 2048 bits or more, or ECDSA on P-256.")


def check(signed: Signed, jwk: JWK) -> None:
    """The signature is that of this key."""
    fitting = {JWKEC: "ES256", JWKRSA: "RS256"}[type(jwk)]
    if signed.algorithm not in ALGORITHMS:
        raise Problem("badSignatureAlgorithm", f"{signed.algorithm} is not taken.", algorithms=list(ALGORITHMS))
    if signed.algorithm != fitting:
        raise malformed(f"{signed.algorithm} is not an algorithm of this key.")
    algorithm = JWASignature.from_json(fitting)
    if not algorithm.verify(jwk.key, signed.signed, signed.signature):
        raise malformed("The signature is not that of the key.")


def check_mac(signed: Signed, secret: bytes) -> bool:
    if signed.algorithm not in MAC_ALGORITHMS:
        raise malformed("The binding is not signed with a MAC.")
    algorithm = JWASignature.from_json(signed.algorithm)
    return bool(algorithm.verify(secret, signed.signed, signed.signature))


def thumbprint(jwk: JWK) -> str:
    """RFC 7638, SHA-256, as it stands in key authorizations."""
    return encode(jwk.thumbprint())
