# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only a certificate that fits its key, names, chain and dates may become live."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._x509.chain import certificate_facts
from ansible_collections.inkan.tls.plugins.module_utils._x509.verify import verify_deployment
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

NOW = forge.NOW
ROOT = forge.ca("Root")
TOP = forge.ca("Top", by=ROOT)
MIDDLE = forge.ca("Middle", by=TOP)
LEAF = forge.make("shop.example.jp", by=MIDDLE, names=["shop.example.jp", "*.shop.example.jp"])
CHAIN = (MIDDLE.pem, TOP.pem)


def verify(leaf: forge.Forged = LEAF, chain: t.Sequence[str] = CHAIN, **changed: t.Any) -> t.Any:
    words: dict[str, t.Any] = {
        "public_key_sha256": certificate_facts(leaf.pem).public_key_sha256,
        "private_key_pem": leaf.key_pem,
        "dns_names": ["shop.example.jp", "www.shop.example.jp"],
        "now": NOW,
    }
    return verify_deployment(leaf.pem, chain, **{**words, **changed})


def code_of(*args: t.Any, **changed: t.Any) -> str:
    with pytest.raises(InkanError) as caught:
        verify(*args, **changed)
    return caught.value.code


def test_a_fitting_certificate_gives_its_facts() -> None:
    assert verify().dns_names == ("shop.example.jp", "*.shop.example.jp")


def test_the_key_of_this_host_need_not_be_at_hand() -> None:
    assert verify(private_key_pem=None).key_type == "ecdsa-p256"


def test_another_private_key_is_refused() -> None:
    assert code_of(private_key_pem=ROOT.key_pem) == "certificate_key_mismatch"


def test_the_certificate_of_another_order_is_refused() -> None:
    assert code_of(public_key_sha256="00" * 32) == "certificate_key_mismatch"


def test_an_unreadable_key_is_told_apart_from_a_wrong_one() -> None:
    assert code_of(private_key_pem=b"rubbish") == "private_key_unreadable"


def test_the_certificate_of_a_ca_is_refused_as_leaf() -> None:
    assert code_of(MIDDLE) == "certificate_is_ca"


def test_a_missing_name_is_named() -> None:
    with pytest.raises(InkanError) as caught:
        verify(dns_names=["shop.example.jp", "a.b.shop.example.jp"])
    assert caught.value.code == "certificate_names_missing"
    assert "a.b.shop.example.jp" in caught.value.why


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (NOW - timedelta(days=1, hours=1, seconds=1), "certificate_not_yet_valid"),
        (NOW + timedelta(days=89, seconds=1), "certificate_expired"),
    ],
)
def test_outside_its_dates_it_is_refused(moment: t.Any, code: str) -> None:
    assert code_of(now=moment) == code


@pytest.mark.parametrize("moment", [NOW - timedelta(days=1, hours=1), NOW + timedelta(days=89)])
def test_at_the_edges_of_its_dates_it_is_taken(moment: t.Any) -> None:
    assert verify(now=moment)


def test_a_chain_with_the_root_is_taken() -> None:
    assert verify(chain=[*CHAIN, ROOT.pem])


def test_without_any_intermediate_it_is_refused() -> None:
    assert code_of(chain=[]) == "chain_missing"


def test_a_self_signed_certificate_needs_no_chain() -> None:
    own = forge.make("shop.example.jp", names=["shop.example.jp"])
    assert verify(own, [], dns_names=["shop.example.jp"])


def test_a_chain_upside_down_is_refused() -> None:
    assert code_of(chain=[TOP.pem, MIDDLE.pem]) == "chain_out_of_order"


@pytest.mark.parametrize(
    "chain",
    [[TOP.pem], [MIDDLE.pem, ROOT.pem], [forge.ca("Middle").pem], [MIDDLE.pem, forge.ca("Stranger").pem]],
    ids=["without the issuer", "with a gap", "an issuer of the same name with another key", "with a stranger on top"],
)
def test_a_broken_chain_is_refused(chain: list[str]) -> None:
    assert code_of(chain=chain) == "chain_broken"


def test_a_leaf_that_signed_another_leaf_is_no_issuer() -> None:
    below = forge.make("evil.example.jp", by=LEAF, names=["evil.example.jp"])
    assert code_of(below, [LEAF.pem, *CHAIN], dns_names=["evil.example.jp"]) == "chain_broken"


def test_an_expired_intermediate_is_refused() -> None:
    old = forge.ca("Old", by=ROOT, starts=NOW - timedelta(days=100), days=99)
    leaf = forge.make("shop.example.jp", by=old, names=["shop.example.jp"])
    assert code_of(leaf, [old.pem], dns_names=["shop.example.jp"]) == "chain_expired"


def test_a_chain_with_rubbish_is_unreadable() -> None:
    assert code_of(chain=[MIDDLE.pem, "rubbish"]) == "certificate_unreadable"
