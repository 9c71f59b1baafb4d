# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM and DER: certificates, chains, CSRs, keys and sealed keys."""

from __future__ import annotations

import base64
import functools
import random
import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._x509 import chain, csr, keys, seal, verify
from ansible_collections.inkan.tls.plugins.module_utils._x509.bundle import issued_chain
from ansible_collections.inkan.tls.plugins.module_utils._x509.signing import rs256
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.acme import scripted as acme
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert import certcentral
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa, x25519

from fuzz.border import Border
from fuzz.mutate import mutated

__all__ = ["BORDERS"]

_NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
#: tags and lengths that readers of DER stumble over
_OCTETS = (0, 1, 0x30, 0x7F, 0x80, 0x81, 0x84, 0xA0, 0xFF)


def spoiled_pem(raw: bytes, dice: random.Random) -> bytes:
    """The text, or what is in its armour: DER with a wrong octet, a length that lies, a piece cut off or twice."""
    if dice.randint(0, 2) == 0:
        return mutated(raw, dice)
    blocks = raw.split(b"-----END ")
    place = dice.randint(0, max(len(blocks) - 2, 0))
    head, mark, body = blocks[place].rpartition(b"-----\n")
    try:
        der = bytearray(base64.b64decode(body))
    except ValueError:
        return mutated(raw, dice)
    for _time in range(dice.randint(1, 3)):
        at = dice.randint(0, max(len(der) - 1, 0))
        if dice.randint(0, 2):
            der[at : at + 1] = bytes([dice.choice((*_OCTETS, dice.randint(0, 255)))])
        else:
            der = bytearray(mutated(bytes(der), dice, 100_000))
    blocks[place] = head + mark + base64.encodebytes(bytes(der))
    return b"-----END ".join(blocks)


def _play_certificate(raw: bytes) -> object:
    text = raw.decode("utf-8", "replace")
    pems = chain.split_pem(text)
    facts = [chain.certificate_facts(pem) for pem in pems]
    if not pems:
        return None
    found = verify.verify_deployment(
        pems[0],
        pems[1:],
        public_key_sha256=facts[0].public_key_sha256,
        private_key_pem=None,
        dns_names=facts[0].dns_names,
        now=_NOW,
    )
    return [found.as_data(), issued_chain(pems)]


def _play_chain(raw: bytes) -> object:
    pems = chain.split_pem(raw.decode("utf-8", "replace"))
    if not pems:
        return None
    return [issued_chain(pems), chain.sort_chain(pems[0], pems[1:])]


@functools.cache
def _seeds_certificate() -> list[bytes]:
    leaf, issuer = acme.certificate(), acme.certificate("Issuer One", "Issuer Two")
    ours = certcentral.OURS.certificate
    return [leaf.encode(), (leaf + issuer).encode(), (ours + ours).encode(), (issuer + leaf).encode()]


def _play_csr(raw: bytes) -> object:
    return csr.csr_facts(raw)


def _play_key(raw: bytes) -> object:
    """What comes of a key is nothing that may be shown: only that there is one."""
    digests = [keys.public_key_sha256(raw), keys.private_key_type(raw)]
    keys.plain_private_key(raw)
    assert all(len(one) < 100 for one in digests)
    return None


@functools.cache
def _keys() -> dict[str, bytes]:
    whole = serialization.Encoding.PEM
    pkcs8, old = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
    plain, locked = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"x")
    one = rsa.generate_private_key(65537, 2048)
    return {
        "ec": keys.new_private_key("ecdsa-p256"),
        "ed25519": keys.new_private_key("ecdsa-p384"),
        "rsa": one.private_bytes(whole, old, plain),
        "locked": one.private_bytes(whole, pkcs8, locked),
        "x25519": x25519.X25519PrivateKey.generate().private_bytes(whole, pkcs8, plain),
        "public": one.public_key().public_bytes(whole, serialization.PublicFormat.SubjectPublicKeyInfo),
    }


def _seeds_keys() -> list[bytes]:
    return list(_keys().values())


def _play_signing(raw: bytes) -> object:
    return len(rs256(raw.decode("utf-8", "replace"), b"message"))


_CONTEXT = seal.seal_context("shop", "ab" * 32)
_RECIPIENT = functools.cache(seal.new_recipient)


def _play_sealed(raw: bytes) -> object:
    opened = seal.unseal(raw, _RECIPIENT(), _CONTEXT)
    assert opened == b"key", "something else than what was sealed came out"
    return None


def _seeds_sealed() -> list[bytes]:
    public = seal.recipient_public(_RECIPIENT())
    low = b"\x01" + bytes(32) + bytes(40)
    return [seal.seal(b"key", public, _CONTEXT), low]


def _play_recipient(raw: bytes) -> object:
    """A recipient.key that is another's work, and a public half that is none."""
    seal.recipient_public(raw)
    return None


def _play_public(raw: bytes) -> object:
    return len(seal.seal(b"key", raw[:64], _CONTEXT))


def _rows() -> t.Iterator[Border]:
    harness = "hostile certificates"
    yield Border(
        "certificates",
        harness,
        _play_certificate,
        _seeds_certificate,
        spoiled_pem,
        reads=("_x509/chain.py", "_x509/verify.py", "_ca/certificates.py"),
        short=80,
    )
    yield Border("chains", harness, _play_chain, _seeds_certificate, spoiled_pem, reads=("_x509/bundle.py",), short=50)
    yield Border(
        "requests",
        harness,
        _play_csr,
        lambda: [certcentral.OURS.csr.encode(), acme.csr().encode()],
        spoiled_pem,
        reads=("_x509/csr.py",),
        short=60,
    )
    yield Border("private keys", harness, _play_key, _seeds_keys, spoiled_pem, reads=("_x509/keys.py",), short=60)
    yield Border(
        "signing keys", harness, _play_signing, _seeds_keys, spoiled_pem, reads=("_x509/signing.py",), short=30
    )
    yield Border("sealed keys", harness, _play_sealed, _seeds_sealed, reads=("_x509/seal.py",), short=50)
    yield Border("recipient keys", harness, _play_recipient, _seeds_keys, spoiled_pem, reads=("_x509/seal.py",))
    yield Border("recipients", harness, _play_public, lambda: [bytes(32), b"\x09" + bytes(31), b"\xff" * 32])


BORDERS = tuple(_rows())
