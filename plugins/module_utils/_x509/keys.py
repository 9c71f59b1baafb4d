# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys: made, read, and told apart by the digest of their public half.

Bytes in, bytes or plain text out; no key leaves through an error message.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import BugError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import (
    UnsupportedAlgorithm,
    ec,
    ed448,
    ed25519,
    rsa,
    serialization,
)

if t.TYPE_CHECKING:
    PrivateKey = t.Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey]

#: A PKCS #8 PEM of RSA-4096 has 3.3 kB.
MAX_KEY_BYTES = 64 * 1024
_KEY_BLOCK = re.compile(
    rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s:,-]{16,}?-----END [A-Z ]{0,20}PRIVATE KEY-----"
)
_RSA_EXPONENT = 65537  # BR 6.1.6
_CURVES = {"secp256r1": "ecdsa-p256", "secp384r1": "ecdsa-p384", "secp521r1": "ecdsa-p521"}


def new_private_key(key_type: str) -> bytes:
    """A new key as unencrypted PKCS #8 PEM. key_type: one of ``_core.csrspec.KEY_TYPES``."""
    family, _mark, size = key_type.partition("-")
    key: PrivateKey
    if family == "rsa" and size in ("2048", "3072", "4096"):
        key = rsa.generate_private_key(public_exponent=_RSA_EXPONENT, key_size=int(size))
    elif key_type == "ecdsa-p256":
        key = ec.generate_private_key(ec.SECP256R1())
    elif key_type == "ecdsa-p384":
        key = ec.generate_private_key(ec.SECP384R1())
    else:
        raise BugError(code="unknown_key_type", what="Cannot make a key", why=f"unknown key type {key_type!r}")
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private_key(pem: bytes, *, where: str = "", trusted: bool = False) -> PrivateKey:
    """Read an RSA or EC private key.

    trusted: skip the primality tests of RSA (tens of milliseconds): for keys that this collection wrote itself.
    """
    if len(pem) > MAX_KEY_BYTES:
        raise _unreadable(where, f"it has {len(pem)} bytes, {MAX_KEY_BYTES} are possible")
    try:
        key = _load(pem, trusted)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # their texts may quote input
        raise _unreadable(where, "it is no unencrypted PEM private key") from None
    if isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        return key
    raise _unreadable(where, "it is neither an RSA nor an EC key (BR 6.1.5)")


def plain_private_key(pem: bytes, *, where: str = "") -> bytes:
    """The key in ``pem``, which may have words around it, as this collection writes keys. Never encrypted."""
    blocks = _KEY_BLOCK.findall(pem) if len(pem) <= MAX_KEY_BYTES else []
    if len(blocks) != 1:
        raise _unreadable(where, f"it holds {len(blocks)} private keys in PEM, one is needed")
    key = load_private_key(blocks[0] + b"\n", where=where)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load(pem: bytes, trusted: bool) -> object:
    if trusted:
        try:
            return serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        except TypeError:  # cryptography < 39 has no such option (or the key is encrypted: the next line says so)
            pass
    return serialization.load_pem_private_key(pem, password=None)


def _unreadable(where: str, why: str) -> LocalError:
    return LocalError(
        code="private_key_unreadable",
        what="Cannot read the private key",
        where=where,
        why=why,
        todo="Restore it from a backup, or order with a new key",
    )


def public_key_sha256(private_key_pem: bytes, *, where: str = "", trusted: bool = False) -> str:
    """SHA-256 of the DER SubjectPublicKeyInfo that belongs to a private key, in lower-case hex."""
    return public_sha256(load_private_key(private_key_pem, where=where, trusted=trusted).public_key())


def private_key_type(private_key_pem: bytes, *, where: str = "", trusted: bool = False) -> str:
    """``rsa-2048``, ``ecdsa-p256`` …"""
    return public_key_type(load_private_key(private_key_pem, where=where, trusted=trusted).public_key())


def public_sha256(public_key: t.Any) -> str:
    """The same of a public key object of cryptography (Any: its union of types differs between versions)."""
    spki = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def public_key_type(public_key: object) -> str:
    """The key type as inventories write it; ``unknown`` for what no public CA signs."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return f"rsa-{public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return _CURVES.get(public_key.curve.name, f"ecdsa-{public_key.curve.name}")
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return "ed25519"
    return "ed448" if isinstance(public_key, ed448.Ed448PublicKey) else "unknown"
