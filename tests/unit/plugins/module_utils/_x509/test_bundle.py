# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles of sellers: any order, roots, repetitions, cross-signed intermediates; never a stranger."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._x509.bundle import issued_chain
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

ROOT = forge.ca("Root")
MIDDLE = forge.ca("Middle", by=ROOT)
LOW = forge.ca("Low", by=MIDDLE)
LEAF = forge.make("shop.example.jp", by=LOW, names=["shop.example.jp"])
OLD_ROOT = forge.ca("Old Root")
CROSS = forge.make("Root", by=OLD_ROOT, key=ROOT.key, is_ca=True, days=3650)
STRANGER = forge.ca("Stranger")
#: the name of the issuer, and another key
IMPOSTOR = forge.ca("Low", by=MIDDLE)

ALL = [LEAF.pem, LOW.pem, MIDDLE.pem, ROOT.pem]


@pytest.mark.parametrize("given", [list(order) for order in itertools.permutations(ALL)])
def test_every_order_of_a_bundle_gives_the_same_chain(given: list[str]) -> None:
    assert issued_chain(given) == (LEAF.pem, ALL[1:])


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_true_chain_of_any_length_stays_as_it_came(length: int) -> None:
    assert issued_chain(ALL[:length]) == (LEAF.pem, ALL[1:length])


def test_a_repetition_counts_once() -> None:
    assert issued_chain([LEAF.pem, LEAF.pem, LOW.pem, LOW.pem]) == (LEAF.pem, [LOW.pem])


def test_a_cross_signed_way_stays_if_it_is_the_sellers_and_gives_way_if_both_come() -> None:
    crossed = [LEAF.pem, LOW.pem, MIDDLE.pem, CROSS.pem, OLD_ROOT.pem]
    assert issued_chain(crossed) == (LEAF.pem, crossed[1:])
    assert issued_chain([LEAF.pem, CROSS.pem, OLD_ROOT.pem, *ALL[1:]]) == (LEAF.pem, crossed[1:])
    assert issued_chain([LEAF.pem, ROOT.pem, CROSS.pem, LOW.pem, MIDDLE.pem]) == (LEAF.pem, ALL[1:])


@pytest.mark.parametrize(
    "given",
    [
        [LEAF.pem, STRANGER.pem],
        [LEAF.pem, IMPOSTOR.pem],
        [LEAF.pem, LOW.pem, STRANGER.pem],
        [LEAF.pem, IMPOSTOR.pem, LOW.pem, MIDDLE.pem],
        [STRANGER.pem, LEAF.pem, LOW.pem],
    ],
)
def test_what_signed_nothing_of_it_is_refused_by_name(given: list[str]) -> None:
    with pytest.raises(ProtocolError) as caught:
        issued_chain(given)
    assert (caught.value.code, caught.value.retryable) == ("chain_broken", True)
    assert ("Stranger" if STRANGER.pem in given else "Low") in caught.value.why


def test_without_a_single_leaf_the_first_certificate_is_taken_for_it() -> None:
    assert issued_chain([MIDDLE.pem, ROOT.pem]) == (MIDDLE.pem, [ROOT.pem])
