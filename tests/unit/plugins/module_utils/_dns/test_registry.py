# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""O(dns_services) and O(secrets), judged before anything is opened."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import parse_services, settings_warnings

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
SETTINGS = {"server": "192.0.2.53", "key_name": "key"}


def parsed(
    services: dict[t.Any, t.Any], secrets: dict[t.Any, t.Any] | None = None
) -> tuple[list[ServiceConfig], list[str]]:
    errors = InputCollector()
    configs = parse_services(services, {"a": {"key_secret": SECRET}} if secrets is None else secrets, errors)
    sentences = [error.sentence() for error in errors.errors]
    assert not any(SECRET in sentence for sentence in sentences)
    return configs, [error.code for error in errors.errors]


def entry(**words: t.Any) -> dict[str, t.Any]:
    return {"service": "rfc2136", "settings": SETTINGS, "zones": ["example.jp"], **words}


def test_zones_are_names_or_dictionaries_in_one_spelling() -> None:
    zones = ["Example.JP.", {"name": "sub.example.jp", "rname": "a@example.jp"}, "example.jp", "_acme.example.jp"]
    (config,), codes = parsed({"a": entry(zones=zones)})
    assert config.zones == ("example.jp", "sub.example.jp", "_acme.example.jp")
    assert codes == []
    assert settings_warnings([config]) == []


@pytest.mark.parametrize(
    ("services", "code"),
    [
        ({"a": entry(service="nosuch")}, "unknown_service"),
        ({"a": entry(zones=[])}, "no_zones"),
        ({"a": entry(zones="example.jp")}, "no_zones"),
        ({"a": entry(zones=["exa mple"])}, "bad_zone"),
        ({"a": entry(secrets={"key_secret": SECRET})}, "secret_in_the_open"),
        ({"a": entry(setings={})}, "unknown_key"),
        ({"a": entry(settings=["x"])}, "bad_service"),
        ({"a": "rfc2136"}, "bad_service"),
        ({"a": entry(settings={**SETTINGS, "server": "x"})}, "bad_setting"),
    ],
)
def test_a_wrong_entry_is_refused(services: dict[str, t.Any], code: str) -> None:
    assert code in parsed(services)[1]


def test_everything_wrong_comes_in_one_go() -> None:
    _configs, codes = parsed(
        {"a": entry(zones=["b ad"], extra=1), "b": {"service": "no"}, "../x": entry(zones=["x.jp"])}
    )
    assert {"bad_zone", "unknown_key", "unknown_service", "bad_name"} <= set(codes)


def test_a_zone_has_one_service() -> None:
    secrets = {"a": {"key_secret": SECRET}, "b": {"key_secret": SECRET}}
    assert parsed({"a": entry(), "b": entry()}, secrets)[1] == ["zone_twice"]


def test_secrets_are_judged_without_being_shown() -> None:
    assert "secret_too_short" in parsed({"a": entry()}, {"a": {"key_secret": "c2hvcnQ"}})[1]
    assert "unknown_service" in parsed({"a": entry()}, {"a": {"key_secret": SECRET}, "z": {"key_secret": SECRET}})[1]
    assert "bad_service" in parsed({"a": entry()}, {"a": SECRET})[1]


def test_weak_algorithms_are_warned_of_by_service() -> None:
    (config,), codes = parsed({"a": entry(settings={**SETTINGS, "key_algorithm": "hmac-sha1"})})
    assert codes == []
    assert settings_warnings([config])[0].startswith("DNS service a: ")
