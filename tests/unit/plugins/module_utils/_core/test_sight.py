# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""inkan_sight, parsed."""

from __future__ import annotations

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight, parse_sight


def test_nothing_given_is_the_real_world() -> None:
    errors = InputCollector()
    assert parse_sight(None, errors) == parse_sight({}, errors) == Sight((), 53, 80, 443, None)
    assert errors.errors == ()


def test_a_lab_has_other_ports() -> None:
    errors = InputCollector()
    raw = {
        "resolvers": [" 127.0.0.1 ", "::1"],
        "dns_port": 5353,
        "http_port": 8080,
        "https_port": 8443,
        "ca_bundle": "/x",
    }
    assert parse_sight(raw, errors) == Sight(
        ("127.0.0.1", "::1"), 5353, 8080, 8443, "/x", anchors=(), may_be_private=True
    )
    assert errors.errors == ()


def test_a_lab_may_have_its_own_trust_anchor_and_be_as_strict_as_the_world() -> None:
    errors = InputCollector()
    anchor = "jp.  IN DS 12345 13 2 " + "AB" * 32
    sight = parse_sight({"dns_port": 5353, "trust_anchors": [anchor], "private_addresses": False}, errors)
    assert (sight.anchors, sight.may_be_private) == (("jp. IN DS 12345 13 2 " + "AB" * 32,), False)
    parse_sight({"trust_anchors": ["jp. IN DNSKEY 257 3 13 x"]}, errors)
    assert [error.code for error in errors.errors] == ["bad_trust_anchor"]


def test_every_wrong_value_is_named_at_once() -> None:
    errors = InputCollector()
    parse_sight({"resolvers": ["ns.example.jp", "192.0.2.1"], "dns_port": 70000, "http_port": -1}, errors)
    assert [(error.code, error.where) for error in errors.errors] == [
        ("resolver_no_address", "sight.resolvers"),
        ("bad_port", "sight.dns_port"),
        ("bad_port", "sight.http_port"),
    ]
