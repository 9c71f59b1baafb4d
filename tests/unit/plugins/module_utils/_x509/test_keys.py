# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys: of the asked type, told apart by digest, refused without being quoted."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._x509 import keys
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519


@pytest.mark.parametrize("key_type", ["rsa-2048", "rsa-3072", "ecdsa-p256", "ecdsa-p384"])
def test_a_new_key_is_of_the_asked_type(key_type: str) -> None:
    pem = keys.new_private_key(key_type)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert keys.private_key_type(pem) == key_type
    assert keys.private_key_type(pem, trusted=True) == key_type


@pytest.mark.parametrize("key_type", ["rsa-1024", "rsa", "ecdsa-p521", "dsa", ""])
def test_no_other_type_is_made(key_type: str) -> None:
    with pytest.raises(InkanError):
        keys.new_private_key(key_type)


def test_the_digest_is_that_of_the_public_key_in_der() -> None:
    key = forge.new_key()
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert keys.public_key_sha256(forge.key_pem(key)) == hashlib.sha256(der).hexdigest()


def test_an_unreadable_key_is_refused_and_not_quoted() -> None:
    secret = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    for pem in (secret, b"", b"x" * (keys.MAX_KEY_BYTES + 1)):
        with pytest.raises(InkanError) as caught:
            keys.load_private_key(pem, where="shop")
        assert caught.value.code == "private_key_unreadable"
        assert "c2VjcmV0" not in str(caught.value) + repr(caught.value.__context__)


def test_an_encrypted_key_and_a_key_that_no_ca_signs_are_refused() -> None:
    encrypted = forge.new_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    for pem in (encrypted, forge.key_pem(ed25519.Ed25519PrivateKey.generate())):
        for trusted in (False, True):
            with pytest.raises(InkanError) as caught:
                keys.load_private_key(pem, trusted=trusted)
            assert caught.value.code == "private_key_unreadable"
