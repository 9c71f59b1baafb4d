# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real CSRs and certificates, as the order modules read them."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._module.order_reader import X509Reader
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key, public_key_sha256
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

ROOT = forge.ca("Root")
LEAF = forge.make("shop.example.jp", by=ROOT, names=["shop.example.jp", "*.shop.example.jp"], serial=0xA1)
KEY = new_private_key("ecdsa-p256")


def test_a_csr_gives_its_names_and_its_key() -> None:
    pem = new_csr(KEY, wish_for("shop.example.jp", ["*.shop.example.jp"], "ecdsa-p256")).decode()
    names, key = X509Reader().csr(pem)
    assert names == {"shop.example.jp", "*.shop.example.jp"}
    assert key == public_key_sha256(KEY)


@pytest.mark.parametrize("pem", ["", "csr", "-----BEGIN CERTIFICATE REQUEST-----\n???\n", "日本"])
def test_what_is_no_csr_is_an_input_error(pem: str) -> None:
    with pytest.raises(InkanError) as caught:
        X509Reader().csr(pem)
    assert (caught.value.kind, caught.value.code) == ("input", "csr_unreadable")


def test_an_issued_certificate_gives_its_dates_names_and_key() -> None:
    certificate, names, key = X509Reader().certificate(Issued("a mail says:\n" + LEAF.pem, (ROOT.pem,)))
    assert certificate.pem == LEAF.pem
    assert certificate.chain == (ROOT.pem,)
    assert certificate.serial == "a1"
    assert certificate.not_before < certificate.not_after
    assert names == {"shop.example.jp", "*.shop.example.jp"}
    assert len(key) == 64


@pytest.mark.parametrize("issued", [Issued("HTML", ()), Issued(LEAF.pem, ("HTML",)), Issued(LEAF.pem + ROOT.pem, ())])
def test_what_is_no_certificate_is_refused(issued: Issued) -> None:
    with pytest.raises(InkanError) as caught:
        X509Reader().certificate(issued)
    assert caught.value.code == "certificate_unreadable"


def test_a_reversed_chain_is_put_in_order() -> None:
    middle = forge.ca("Middle", by=ROOT)
    leaf = forge.make("shop.example.jp", by=middle, names=["shop.example.jp"])
    certificate, _names, _key = X509Reader().certificate(Issued(ROOT.pem, (middle.pem, leaf.pem)))
    assert (certificate.pem, certificate.chain) == (leaf.pem, (middle.pem, ROOT.pem))
