# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private key on its way from its custodian to another host: only the receiver can open it.

The receiver makes an ephemeral X25519 key, the custodian seals to its public half, whoever carries the sealed key
sees ciphertext. The scheme is that of ECIES, and of HPKE's base mode (RFC 9180) in outline:

    sealed = version (1 byte) | ephemeral public key (32) | AES-256-GCM ciphertext with tag
    key and nonce = HKDF-SHA256(X25519(ephemeral, recipient), salt = both public keys, info = context)

Each sealing has its own ephemeral key, so a nonce is never used twice under one key. The context (which
certificate, which key) is bound as info and as associated data: a sealed key of one certificate does not open as
that of another. The custodian is not authenticated by this; the receiver therefore compares what it opened with
the public key of the certificate that it is to serve.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import (
    AESGCM,
    HKDF,
    InvalidTag,
    UnsupportedAlgorithm,
    hashes,
    serialization,
    x25519,
)

_VERSION = b"\x01"
_PUBLIC = 32  # bytes of an X25519 public key (RFC 7748 §5)
_TAG = 16  # bytes of a GCM tag
_KEY = 32  # AES-256
_NONCE = 12  # GCM (NIST SP 800-38D §5.2.1.1)
#: The PEM of an RSA-4096 key has 3.3 kB.
MAX_SEALED = 20_000


def seal_context(name: str, public_key_sha256: str) -> bytes:
    """What a sealed key is bound to: the certificate's name and the key that must come out."""
    return f"inkan.tls sealed key v1|{name}|{public_key_sha256}".encode()


def new_recipient() -> bytes:
    """A fresh private key of a receiver (PEM, PKCS #8)."""
    return x25519.X25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def recipient_public(recipient_private: bytes) -> bytes:
    """The public half (32 bytes) of a receiver's private key (PEM)."""
    return _raw(_recipient(recipient_private).public_key())


def seal(private_key_pem: bytes, recipient: bytes, context: bytes) -> bytes:
    """Seal a private key to the receiver with the public key ``recipient`` (32 bytes)."""
    try:
        receiver = x25519.X25519PublicKey.from_public_bytes(recipient)
        ephemeral = x25519.X25519PrivateKey.generate()
        public = _raw(ephemeral.public_key())
        cipher, nonce = _schedule(ephemeral.exchange(receiver), public + recipient, context)
    except ValueError as exc:  # wrong length, or a point of low order (RFC 7748 §6.1)
        raise RefusedError(
            code="recipient_key_unusable",
            what="Cannot seal the private key",
            why=f"the receiver's public key is no usable X25519 key ({exc})",
            todo="Run certificate_deployments with state=prepare on the receiver again",
        ) from exc
    return _VERSION + public + cipher.encrypt(nonce, private_key_pem, context)


def unseal(sealed: bytes, recipient_private: bytes, context: bytes) -> bytes:
    """The private key (PEM) sealed to this receiver for this context, or RefusedError ``sealed_key_unusable``."""
    if sealed[:1] != _VERSION or not 1 + _PUBLIC + _TAG < len(sealed) <= MAX_SEALED:
        raise _unusable("it has not the shape of a sealed key")
    public, ciphertext = sealed[1 : 1 + _PUBLIC], sealed[1 + _PUBLIC :]
    receiver = _recipient(recipient_private)
    try:
        shared = receiver.exchange(x25519.X25519PublicKey.from_public_bytes(public))
        cipher, nonce = _schedule(shared, public + _raw(receiver.public_key()), context)
        return cipher.decrypt(nonce, ciphertext, context)
    except (InvalidTag, ValueError) as exc:
        raise _unusable("it was sealed to another receiver, for another certificate or key, or was altered") from exc


def _schedule(shared: bytes, salt: bytes, context: bytes) -> tuple[AESGCM, bytes]:
    material = HKDF(algorithm=hashes.SHA256(), length=_KEY + _NONCE, salt=salt, info=context).derive(shared)
    return AESGCM(material[:_KEY]), material[_KEY:]


def _recipient(recipient_private: bytes) -> x25519.X25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(recipient_private, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it is encrypted
        key = None
    if not isinstance(key, x25519.X25519PrivateKey):
        raise RefusedError(
            code="recipient_key_unusable",
            what="Cannot read this host's recipient key",
            why="recipient.key holds no X25519 private key in PEM form",
            todo="Remove that file and run state=prepare again",
        )
    return key


def _raw(public: x25519.X25519PublicKey) -> bytes:
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _unusable(why: str) -> RefusedError:
    return RefusedError(
        code="sealed_key_unusable",
        what="Cannot open the sealed private key",
        why=why,
        todo="Run state=prepare on this host and let the custodian seal the key again",
    )
