# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs into a request, what not and why, and when a request is the wished one."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import (
    KEY_TYPES,
    CsrFacts,
    differences,
    names_errors,
    subject_errors,
    wish_for,
)

WISH = wish_for("shop.example.jp", ["www.shop.example.jp"], "ecdsa-p256", {"O": "Example K.K.", "C": "JP"})
FACTS = CsrFacts(
    common_name="shop.example.jp",
    dns_names=("www.shop.example.jp", "shop.example.jp"),
    key_type="ecdsa-p256",
    subject=(("C", "JP"), ("O", "Example K.K.")),
    public_key_sha256="00",
    csr_sha256="11",
)


def test_the_common_name_is_a_name_too_and_counts_once() -> None:
    wish = wish_for("a.example.jp", ["b.example.jp", "a.example.jp", "b.example.jp"], "rsa-2048")
    assert wish.dns_names == ("a.example.jp", "b.example.jp")
    assert wish.common_name == "a.example.jp"


def test_a_name_too_long_for_a_common_name_is_only_a_name() -> None:
    longest = "a" * 53 + ".example.jp"
    assert len(longest) == 64
    assert wish_for(longest, [], "rsa-2048").common_name == longest
    longer = wish_for("a" + longest, [], "rsa-2048")
    assert longer.common_name is None
    assert longer.dns_names == ("a" + longest,)


def test_subject_fields_are_in_the_order_of_the_baseline_requirements() -> None:
    given = {"organizationName": "例示株式会社", "L": "Chiyoda-ku", "stateOrProvinceName": "Tokyo", "C": "JP"}
    assert not subject_errors(given)
    assert [field for field, _other in wish_for("a.example.jp", [], "rsa-2048", given).subject] == ["C", "ST", "L", "O"]


@pytest.mark.parametrize(
    ("subject", "part"),
    [
        ({"OU": "Web"}, "2022-09-01"),
        ({"emailAddress": "a@example.jp"}, "no room"),
        ({"CN": "x"}, "common_name"),
        ({"postalCode": "100"}, "only C, ST, L and O"),
        ({"C": "jp"}, "two capital letters"),
        ({"C": "JPN"}, "two capital letters"),
        ({"O": "x" * 65}, "64 are possible"),
        ({"O": "a\nb"}, "control character"),
        ({"O": " a"}, "space at its edge"),
        ({"O": 1}, "no text"),
        ({"O": "a", "organizationName": "b"}, "twice"),
    ],
)
def test_what_a_ca_may_not_certify_is_refused_with_the_reason(subject: dict[str, t.Any], part: str) -> None:
    (error,) = subject_errors(subject)
    assert part in error


def test_every_bad_name_is_told() -> None:
    errors = names_errors("*.example.jp", ["例.jp", "a_b.example.jp", "x.*.example.jp", "localhost", "ok.example.jp"])
    assert len(errors) == 4


def test_the_wished_request_has_no_differences_whatever_the_order_of_its_names() -> None:
    assert differences(WISH, FACTS) == ()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"key_type": "rsa-2048"}, "rsa-2048"),
        ({"common_name": None}, "common name"),
        ({"dns_names": ("shop.example.jp",)}, "lacks www.shop.example.jp"),
        ({"dns_names": (*FACTS.dns_names, "old.example.jp")}, "old.example.jp too"),
        ({"subject": (("C", "JP"),)}, "C=JP, not C=JP, O=Example K.K."),
        ({"others": ("it asks for more",)}, "it asks for more"),
    ],
)
def test_each_difference_is_told(change: dict[str, t.Any], part: str) -> None:
    (difference,) = differences(WISH, dataclasses.replace(FACTS, **change))
    assert part in difference


def test_a_subject_that_is_empty_is_told_as_such() -> None:
    (difference,) = differences(WISH, dataclasses.replace(FACTS, subject=()))
    assert difference == "its subject is empty, not C=JP, O=Example K.K."
    bare = dataclasses.replace(WISH, subject=())
    (difference,) = differences(bare, FACTS)
    assert difference == "its subject is C=JP, O=Example K.K., not empty"


def test_keys_are_of_the_types_that_public_cas_sign() -> None:
    """BR 6.1.5: RSA of 2048 bits at least, P-256, P-384 (P-521, which no browser wants, is left out)."""
    assert KEY_TYPES == ("rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384")
