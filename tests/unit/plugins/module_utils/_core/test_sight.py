# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""inkan_sight, parsed."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight, parse_sight, sight_spec
from ansible_collections.inkan.tls.plugins.module_utils._data.trust_anchors import ROOT_ANCHORS


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


def test_the_option_is_of_these_words_and_defaults() -> None:
    assert sight_spec() == {
        "type": "dict",
        "default": {},
        "options": {
            "resolvers": {"type": "list", "elements": "str", "default": []},
            "dns_port": {"type": "int", "default": 53},
            "http_port": {"type": "int", "default": 80},
            "https_port": {"type": "int", "default": 443},
            "ca_bundle": {"type": "path"},
            "trust_anchors": {"type": "list", "elements": "str"},
            "private_addresses": {"type": "bool"},
            "own_resolvers": {"type": "list", "elements": "str"},
        },
    }
    assert sight_spec() is not sight_spec()


@pytest.mark.parametrize("name", ["dns_port", "http_port", "https_port"])
@pytest.mark.parametrize(("port", "is_one"), [(1, True), (65535, True), (65536, False), (-1, False)])
def test_a_port_is_within_its_bounds(name: str, port: int, is_one: bool) -> None:
    errors = InputCollector()
    sight = parse_sight({name: port, "trust_anchors": []}, errors)
    assert getattr(sight, name) == port and sight.may_be_private
    assert [(error.code, error.where) for error in errors.errors] == [("bad_port", f"sight.{name}")] * (not is_one)


@pytest.mark.parametrize("key", ["resolvers", "own_resolvers"])
def test_a_resolver_is_an_address_and_is_taken_without_blanks(key: str) -> None:
    errors = InputCollector()
    assert getattr(parse_sight({key: [" 192.0.2.53 ", "::1"]}, errors), key) == ("192.0.2.53", "::1")
    assert not errors.errors
    parse_sight({key: ["ns.example.jp"]}, errors)
    (error,) = errors.errors
    assert (error.code, error.where) == ("resolver_no_address", f"sight.{key}") and "'ns.example.jp'" in error.why


def test_own_resolvers_that_are_none_are_told_apart_from_those_of_the_machine() -> None:
    assert parse_sight({"own_resolvers": []}, InputCollector()).own_resolvers == ()
    assert parse_sight({}, InputCollector()).own_resolvers is None


@pytest.mark.parametrize(("said", "port", "private"), [(None, 53, False), (None, 5353, True), (False, 5353, False)])
def test_inner_networks_are_looked_at_in_a_lab_or_where_it_is_said(said: bool | None, port: int, private: bool) -> None:
    found = parse_sight({"private_addresses": said, "dns_port": port}, InputCollector())
    assert found.may_be_private is private
    assert found.anchors == (() if port == 5353 else ROOT_ANCHORS)


def test_an_anchor_that_is_no_ds_record_is_told_by_its_beginning() -> None:
    errors = InputCollector()
    parse_sight({"trust_anchors": ["x" * 121]}, errors)
    (error,) = errors.errors
    assert (error.code, error.where) == ("bad_trust_anchor", "sight.trust_anchors")
    assert error.why == f"'{'x' * 120}' is none"


@pytest.mark.parametrize(("port", "good"), [(1, True), (65535, True), (0, False), (65536, False), (-1, False)])
@pytest.mark.parametrize("name", ["dns_port", "http_port", "https_port"])
def test_a_port_is_a_number_from_1_to_65535(name: str, port: int, good: bool) -> None:
    errors = InputCollector()
    sight = parse_sight({name: port}, errors)
    assert [error.where for error in errors.errors] == ([] if good else [f"sight.{name}"])
    assert getattr(sight, name) == port
