# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of the DNS service ``rfc2136``: judged, and turned into a signed way to the server.

    settings  server, port, key_name, key_algorithm, timeout
    secrets   key_secret

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_name
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import TsigKey, WireExchange

DEFAULT_PORT = 53
DEFAULT_ALGORITHM = "hmac-sha256"
DEFAULT_TIMEOUT = 5.0
#: RFC 8945 §6; GSS-TSIG is not offered
ALGORITHMS = (
    "hmac-sha256",
    "hmac-sha384",
    "hmac-sha512",
    "hmac-sha224",
    "hmac-sha1",
    "hmac-sha256-128",
    "hmac-sha384-192",
    "hmac-sha512-256",
)
_SETTINGS = ("server", "port", "key_name", "key_algorithm", "timeout")
_SECRETS = ("key_secret",)


def settings_errors(config: ServiceConfig) -> list[str]:
    """What is wrong, as sentences without any secret."""
    found = _unknown("setting", config.settings, _SETTINGS) + _unknown("secret", config.secrets, _SECRETS)
    found += _server_errors(config.settings)
    found += _key_errors(config.settings)
    found += _secret_errors(config.secrets)
    return found


def settings_warnings(config: ServiceConfig) -> list[str]:
    """What works but should not stay."""
    if _algorithm(config.settings) == "hmac-sha1":
        return ["the TSIG algorithm hmac-sha1 is not recommended (RFC 8945 §6): make a new key with hmac-sha256"]
    return []


def open_exchange(config: ServiceConfig) -> WireExchange:
    """To the server, with its key; the settings have no errors."""
    address = str(config.settings["server"])
    port = int(config.settings.get("port") or DEFAULT_PORT)
    timeout = float(config.settings.get("timeout") or DEFAULT_TIMEOUT)
    return WireExchange(address, port, timeout, _tsig_key(config))


def _tsig_key(config: ServiceConfig) -> TsigKey:
    name = canonical_name(str(config.settings["key_name"]))
    algorithm = _algorithm(config.settings)
    key = dns.tsig.Key(dns.name.from_text(name), config.secrets["key_secret"], dns.name.from_text(algorithm))
    return TsigKey(name, algorithm, key)


def _algorithm(settings: t.Mapping[str, t.Any]) -> str:
    return canonical_name(str(settings.get("key_algorithm") or DEFAULT_ALGORITHM))


def _unknown(what: str, given: t.Mapping[str, t.Any], known: t.Sequence[str]) -> list[str]:
    strange = sorted(str(one) for one in given if one not in known)
    return [f'there is no {what} "{escaped(one, 80)}", only {", ".join(known)}' for one in strange]


def _server_errors(settings: t.Mapping[str, t.Any]) -> list[str]:
    found = []
    server = settings.get("server")
    try:
        ipaddress.ip_address(str(server))
    except ValueError:
        given = "it is missing" if server is None else f"{server!r} is none"
        found.append(f"settings.server must be an IP address, {given}")
    if not _number(settings.get("port", DEFAULT_PORT), 1, 65535, whole=True):
        found.append(f"settings.port must be a number from 1 to 65535, {settings.get('port')!r} is none")
    if not _number(settings.get("timeout", DEFAULT_TIMEOUT), 0.05, 600, whole=False):
        found.append(f"settings.timeout must be seconds from 0.05 to 600, {settings.get('timeout')!r} is none")
    return found


def _number(value: t.Any, least: float, most: float, whole: bool) -> bool:
    try:
        number = int(str(value)) if whole else float(str(value))
    except ValueError:
        return False
    return least <= number <= most


def _key_errors(settings: t.Mapping[str, t.Any]) -> list[str]:
    found = []
    if settings.get("key_name") is None:
        found.append("settings.key_name is missing: updates are always signed")
    else:
        reason = owner_name_error(canonical_name(str(settings["key_name"])))
        found += [f"settings.key_name is no name of a key: {reason}"] if reason else []
    algorithm = _algorithm(settings)
    if algorithm.startswith("hmac-md5"):
        found.append("settings.key_algorithm hmac-md5 must not be used (RFC 8945 §6): make a new key with hmac-sha256")
    elif algorithm not in ALGORITHMS:
        found.append(f"settings.key_algorithm must be one of {', '.join(ALGORITHMS)}; {algorithm!r} is none")
    return found


def _secret_errors(secrets: t.Mapping[str, str]) -> list[str]:
    secret = secrets.get("key_secret")
    if secret is None:
        return ["secrets.key_secret is missing: the key's secret in base64, as in the key statement of the server"]
    try:
        base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return ["secrets.key_secret is no base64: write it as in the key statement of the server"]
    return []
