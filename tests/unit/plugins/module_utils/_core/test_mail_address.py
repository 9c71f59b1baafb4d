# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mail address and nothing else."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_address import address_error, canonical_address


@pytest.mark.parametrize(
    "address",
    [
        "certs@example.jp",
        "cert.admin+tls@sub.example.co.jp",
        "o'neil_{x}~!#$%&*/=?^`|-@EXAMPLE.jp",
        "証明書@example.jp",
        "a@xn--wgv71a.jp",
        "x" * 64 + "@example.jp",
    ],
)
def test_an_address_is_taken(address: str) -> None:
    assert address_error(address) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "no @"),
        ("certs.example.jp", "no @"),
        ("mailto:certs@example.jp", "character that cannot stand there"),
        ("<certs@example.jp>", "character that cannot stand there"),
        ("Certs <certs@example.jp>", "character that cannot stand there"),
        ("a@example.jp, b@example.jp", "character that cannot stand there"),
        ("a@example.jp,b@example.jp", "character that cannot stand there"),
        ('"a b"@example.jp', "character that cannot stand there"),
        (" certs@example.jp", "character that cannot stand there"),
        ("certs@example.jp ", "domain cannot be used"),
        ("certs@example.jp\n", "domain cannot be used"),
        ("ce\x1b[31mrts@example.jp", "character that cannot stand there"),
        ("ce\u202erts@example.jp", "character that cannot stand there"),
        ("@example.jp", "empty, or has a dot"),
        (".a@example.jp", "empty, or has a dot"),
        ("a..b@example.jp", "empty, or has a dot"),
        ("a.@example.jp", "empty, or has a dot"),
        ("a@example", "only one label"),
        ("a@日本.jp", "not a lower-case A-label"),
        ("a@*.example.jp", "wildcard"),
        ("a@[192.0.2.1]", "domain cannot be used"),
        ("a@192.0.2.1", "its last label is a number"),
        ("x" * 65 + "@example.jp", "local part has 65 octets"),
        ("証" * 22 + "@example.jp", "local part has 66 octets"),
        ("aaaa@" + ".".join(["b" * 60] * 4) + ".example", "254 are possible"),
    ],
)
def test_what_is_no_address_says_why(address: str, reason: str) -> None:
    assert reason in (address_error(address) or "it was taken")
    assert (address_error(address) or "").isprintable()


def test_letters_beyond_ascii_can_be_refused() -> None:
    assert "character" in (address_error("証明書@example.jp", ascii_only=True) or "")


def test_only_the_domain_has_one_case() -> None:
    assert canonical_address("Certs@Example.JP") == "Certs@example.jp"
