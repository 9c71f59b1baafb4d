# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request holds what was wished and no more, and is read back as it is."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import differences, wish_for
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import csr_facts, new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key, public_key_sha256
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

KEY = new_private_key("ecdsa-p256")
SUBJECT = {"O": "株式会社\u3000例示", "C": "JP", "ST": "東京都", "L": "千代田区"}
WISH = wish_for("*.example.jp", ["example.jp"], "ecdsa-p256", SUBJECT)


@pytest.mark.parametrize("key_type", ["rsa-2048", "ecdsa-p256", "ecdsa-p384"])
def test_a_new_request_is_the_wished_one(key_type: str) -> None:
    key = new_private_key(key_type)
    wish = wish_for("*.example.jp", ["example.jp"], key_type, SUBJECT)
    facts = csr_facts(new_csr(key, wish))
    assert differences(wish, facts) == ()
    assert facts.public_key_sha256 == public_key_sha256(key)
    assert facts.dns_names == ("*.example.jp", "example.jp")


def test_its_subject_is_in_the_order_of_the_baseline_requirements() -> None:
    request = x509.load_pem_x509_csr(new_csr(KEY, WISH))
    assert [one.oid for one in request.subject] == [
        NameOID.COUNTRY_NAME,
        NameOID.STATE_OR_PROVINCE_NAME,
        NameOID.LOCALITY_NAME,
        NameOID.ORGANIZATION_NAME,
        NameOID.COMMON_NAME,
    ]
    assert [one.oid.dotted_string for one in request.extensions] == ["2.5.29.17"]


def test_without_a_common_name_the_names_are_critical() -> None:
    request = x509.load_pem_x509_csr(new_csr(KEY, wish_for("a" * 60 + ".example.jp", [], "ecdsa-p256")))
    assert not list(request.subject)
    assert request.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def foreign(*, extension: bool = False, unit: bool = False, address: bool = False) -> bytes:
    key = forge.new_key()
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, "example.jp")]
    if unit:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Web"))
    names: list[x509.GeneralName] = [x509.DNSName("example.jp")]
    if address:
        names.append(x509.RFC822Name("a@example.jp"))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if extension:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("more", ["extension", "unit", "address"])
def test_a_request_that_asks_for_more_is_not_the_wished_one(more: str) -> None:
    wish = wish_for("example.jp", [], "ecdsa-p256")
    assert differences(wish, csr_facts(foreign())) == ()
    assert len(differences(wish, csr_facts(foreign(**{more: True})))) == 1


def test_a_request_whose_signature_is_not_its_keys_is_refused() -> None:
    der = x509.load_pem_x509_csr(foreign()).public_bytes(serialization.Encoding.DER)
    altered = der.replace(b"example.jp", b"examqle.jp")
    pem = forge_pem(altered)
    with pytest.raises(InkanError) as caught:
        csr_facts(pem)
    assert caught.value.code == "csr_unreadable"


def forge_pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE REQUEST-----\n"


@pytest.mark.parametrize(
    "pem", [b"", b"rubbish", forge_pem(b"x"), KEY, b"x" * 200_000], ids=["empty", "rubbish", "broken", "key", "huge"]
)
def test_what_is_no_request_is_refused(pem: bytes) -> None:
    with pytest.raises(InkanError) as caught:
        csr_facts(pem, where="shop")
    assert caught.value.code == "csr_unreadable"
