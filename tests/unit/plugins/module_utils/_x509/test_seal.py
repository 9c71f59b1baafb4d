# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._x509.seal import (
    new_recipient,
    recipient_public,
    seal,
    seal_context,
    unseal,
)

SECRET = b"-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"
CONTEXT = seal_context("shop", "ab" * 32)


@pytest.fixture(name="receiver")
def fixture_receiver() -> bytes:
    return new_recipient()


def test_what_was_sealed_comes_out_at_the_receiver(receiver: bytes) -> None:
    assert unseal(seal(SECRET, recipient_public(receiver), CONTEXT), receiver, CONTEXT) == SECRET


def test_the_context_names_certificate_and_key() -> None:
    assert CONTEXT == b"inkan.tls sealed key v1|shop|" + b"ab" * 32


def test_nothing_of_the_key_is_seen_in_what_travels_and_no_two_sealings_are_alike(receiver: bytes) -> None:
    first, second = (seal(SECRET, recipient_public(receiver), CONTEXT) for _turn in range(2))
    assert b"canary" not in first
    assert first != second
    assert first[1:33] != second[1:33]


@pytest.mark.parametrize(
    "context", [seal_context("blog", "ab" * 32), seal_context("shop", "cd" * 32)], ids=["certificate", "key"]
)
def test_a_sealed_key_does_not_open_for_another(receiver: bytes, context: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        unseal(seal(SECRET, recipient_public(receiver), CONTEXT), receiver, context)
    assert caught.value.code == "sealed_key_unusable"


def test_another_receiver_cannot_open_it(receiver: bytes) -> None:
    with pytest.raises(RefusedError):
        unseal(seal(SECRET, recipient_public(receiver), CONTEXT), new_recipient(), CONTEXT)


def test_one_altered_bit_anywhere_is_noticed(receiver: bytes) -> None:
    sealed = seal(SECRET, recipient_public(receiver), CONTEXT)
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(RefusedError):
            unseal(bytes(altered), receiver, CONTEXT)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 49, b"\x02" * 200, b"\x01" * 20_001])
def test_what_has_not_the_shape_is_refused(receiver: bytes, sealed: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        unseal(sealed, receiver, CONTEXT)
    assert caught.value.code == "sealed_key_unusable"


@pytest.mark.parametrize("recipient", [b"", b"\x09" * 31, b"\x00" * 32], ids=["empty", "short", "low order"])
def test_no_key_is_sealed_to_an_unusable_receiver(recipient: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        seal(SECRET, recipient, CONTEXT)
    assert caught.value.code == "recipient_key_unusable"


@pytest.mark.parametrize("pem", [b"", b"nonsense", SECRET])
def test_a_damaged_recipient_key_is_told_without_its_content(pem: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        recipient_public(pem)
    assert caught.value.code == "recipient_key_unusable"
    assert "canary" not in caught.value.sentence()
