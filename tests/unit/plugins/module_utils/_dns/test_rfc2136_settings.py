# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of rfc2136: every mistake is named, no secret is shown."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136Factory

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="


def config(settings: dict[str, t.Any], secrets: dict[str, str] | None = None) -> ServiceConfig:
    return ServiceConfig(
        "primary", "rfc2136", settings, {"key_secret": SECRET} if secrets is None else secrets, ("example.test",)
    )


def test_full_settings_are_taken_and_a_service_comes_out() -> None:
    settings = {"server": "2001:db8::53", "port": "5353", "key_name": "Key.Name.", "key_algorithm": "HMAC-SHA512."}
    assert Rfc2136Factory().settings_errors(config(settings)) == []
    assert Rfc2136Factory().settings_warnings(config(settings)) == []
    assert Rfc2136Factory().open(config(settings)) is not None


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"server": "ns.example.test"}, "IP address"),
        ({"server": None}, "missing"),
        ({"port": 0}, "port"),
        ({"port": "dns"}, "port"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "nan"}, "timeout"),
        ({"key_name": None}, "key_name"),
        ({"key_name": "a b"}, "key_name"),
        ({"key_algorithm": "hmac-md5"}, "hmac-md5 must not be used"),
        ({"key_algorithm": "hmac-md5.sig-alg.reg.int."}, "hmac-md5"),
        ({"key_algorithm": "gss-tsig"}, "one of"),
        ({"keyname": "x"}, "no setting"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, t.Any], word: str) -> None:
    given = {"server": "192.0.2.53", "key_name": "key", **settings}
    (error,) = Rfc2136Factory().settings_errors(config({name: one for name, one in given.items() if one is not None}))
    assert word in error


@pytest.mark.parametrize("secrets", [{}, {"key_secret": "not base64 !"}, {"key_secret": SECRET, "other": SECRET}])
def test_a_wrong_secret_is_named_and_never_shown(secrets: dict[str, str]) -> None:
    (error,) = Rfc2136Factory().settings_errors(config({"server": "192.0.2.53", "key_name": "key"}, secrets))
    assert "secret" in error
    assert not any(value in error for value in secrets.values())


def test_sha1_is_warned_of() -> None:
    settings = {"server": "192.0.2.53", "key_name": "key", "key_algorithm": "hmac-sha1"}
    assert Rfc2136Factory().settings_errors(config(settings)) == []
    (warning,) = Rfc2136Factory().settings_warnings(config(settings))
    assert "hmac-sha256" in warning
