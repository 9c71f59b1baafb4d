# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures for other services' tokens.

This file is private to the collection.
"""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._x509._library import hashes, padding, rsa
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import load_private_key

__all__ = ["rs256"]


def rs256(pem: str, message: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3)."""
    key = load_private_key(pem.encode("utf-8", "replace"), where="the mailbox's private_key")
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InputError(
            code="mailbox_key_not_rsa",
            what="Cannot sign for the mailbox's token",
            why="its private_key is no RSA key",
            todo="Give the private_key of the service account",
        )
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
