# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's ACME CA: orders, proofs, certificates, revocation; with an independent client where there is one."""

from __future__ import annotations

import subprocess
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

import josepy
import pytest
from acme import challenges, client, crypto_util, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from journeys.lab.subscriber import Subscriber
from lab.lab import Lab

WWW, SHOP = "www.example.jp", "shop.example.jp"


@pytest.fixture
def lab(tmp_path: Path) -> t.Iterator[Lab]:
    with Lab(tmp_path / "lab", vices=(), web=(), also=("acme_ca",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture
def subscriber(lab: Lab) -> Subscriber:
    subscriber = Subscriber(lab)
    assert subscriber.enter().status == 201
    return subscriber


def is_trusted(lab: Lab, root: str, chain: t.Sequence[x509.Certificate]) -> None:
    """openssl builds a path from the leaf over these to this root only."""
    for name, content in (("leaf", chain[:1]), ("chain", chain[1:])):
        pems = b"".join(one.public_bytes(Encoding.PEM) for one in content)
        (lab.folder / f"{name}.pem").write_bytes(pems)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore"]
    command += ["-attime", str(int(lab.clock.now().timestamp())), "-CAfile", root]
    command += ["-untrusted", str(lab.folder / "chain.pem"), str(lab.folder / "leaf.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- by the acme library ---


def test_the_acme_library_gets_a_certificate_and_both_chains(lab: Lab) -> None:
    facts = lab.facts()["acme_ca"]
    key = josepy.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    net = client.ClientNetwork(key, alg=josepy.ES256, verify_ssl=facts["ca"])
    acme = client.ClientV2(client.ClientV2.get_directory(facts["url"], net), net)
    acme.new_account(messages.NewRegistration.from_data(email="tls@example.jp", terms_of_service_agreed=True))
    own = ec.generate_private_key(ec.SECP256R1())
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    order = acme.new_order(crypto_util.make_csr(pem, [WWW, "*.example.jp"]))
    assert order.body.status == messages.STATUS_PENDING
    for authorization in order.authorizations:
        challenge = next(one for one in authorization.body.challenges if isinstance(one.chall, challenges.DNS01))
        response, value = challenge.response_and_validation(key)
        lab.dns.set("example.jp", f"_acme-challenge.{authorization.body.identifier.value}", "TXT", [value])
        acme.answer_challenge(challenge, response)
    until = datetime.now() + timedelta(seconds=20)  # noqa: DTZ005 - as the library has it
    order = acme.finalize_order(acme.poll_authorizations(order, until), until, fetch_alternative_chains=True)
    leaf, *rest = x509.load_pem_x509_certificates(order.fullchain_pem.encode())
    is_trusted(lab, facts["issuing_ca"], [leaf, *rest])
    (other,) = order.alternative_fullchains_pem
    is_trusted(lab, facts["older_root"], x509.load_pem_x509_certificates(other.encode()))
    assert leaf.public_key() == own.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {WWW, "*.example.jp"}
    moment, _again = acme.renewal_time(order.fullchain_pem.encode())
    assert moment is not None
    assert leaf.not_valid_before_utc < moment < leaf.not_valid_after_utc
    (told,) = lab.history.events("order", ca="acme_ca")
    assert (told["names"], told["profile"], told["replaces"]) == (["*.example.jp", WWW], "classic", "")
    acme.revoke(leaf, 0)
    assert lab.history.events("revoked", ca="acme_ca", by="account", reason=0) != []
