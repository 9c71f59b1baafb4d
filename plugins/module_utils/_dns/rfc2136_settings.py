# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of the DNS service ``rfc2136``: judged, and turned into a signed way to the server.

    settings  server, port, timeout; key_name, key_algorithm; or gss_tsig, server_name, principal, keytab
    secrets   key_secret; or with gss_tsig keytab, if there is no file of it

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os.path
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_name
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.gss_library import CAN_HOLD_KEYTAB, Client, open_context
from ansible_collections.inkan.tls.plugins.module_utils._dns.gss_tsig import GssExchange
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import TsigKey, WireExchange

DEFAULT_PORT = 53
DEFAULT_ALGORITHM = "hmac-sha256"
DEFAULT_TIMEOUT = 5.0
#: RFC 8945 §6; GSS-TSIG has a setting of its own
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
_SETTINGS = ("server", "port", "timeout", "key_name", "key_algorithm", "gss_tsig")
_GSS_SETTINGS = ("server", "port", "timeout", "gss_tsig", "server_name", "principal", "keytab")
_SECRETS = ("key_secret",)
_GSS_SECRETS = ("keytab",)
_PRINCIPAL = re.compile(r"[!-~]{1,256}")
#: the first byte of each format of a keytab
_KEYTAB = b"\x05"


def settings_errors(config: ServiceConfig) -> list[str]:
    """What is wrong, as sentences without any secret."""
    is_gss = config.settings.get("gss_tsig", False)
    if not isinstance(is_gss, bool):
        return [f"settings.gss_tsig must be true or false, {escaped(str(is_gss), 80)!r} is neither"]
    if is_gss:
        return _gss_errors(config)
    found = _unknown("setting", config.settings, _SETTINGS) + _unknown("secret", config.secrets, _SECRETS)
    found += _server_errors(config.settings)
    found += _key_errors(config.settings)
    found += _secret_errors(config.secrets)
    return found


def _gss_errors(config: ServiceConfig) -> list[str]:
    settings = config.settings
    found = _unknown("setting", settings, _GSS_SETTINGS, " with gss_tsig") + _server_errors(settings)
    found += _unknown("secret", config.secrets, _GSS_SECRETS, " with gss_tsig") + list(_keytab_errors(config))
    reason = dns_name_error(canonical_name(str(settings.get("server_name") or "")), wildcard=False)
    if reason:
        found.append(f"settings.server_name must be the host name in the server's principal DNS/<name>: {reason}")
    principal, keytab = settings.get("principal"), settings.get("keytab")
    if principal is not None and not _PRINCIPAL.fullmatch(str(principal)):
        found.append("settings.principal is no Kerberos principal: write it as inkan@EXAMPLE.JP")
    if keytab is not None and (not os.path.isabs(str(keytab)) or "\0" in str(keytab)):
        found.append("settings.keytab must be an absolute path")
    return found


def _keytab(config: ServiceConfig) -> bytes | None:
    """The keytab of the secrets, in whatever lines its base64 stands; None: it is no keytab."""
    try:
        found = base64.b64decode("".join(config.secrets.get("keytab", "").split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if not found or found[:1] == _KEYTAB else None


def _keytab_errors(config: ServiceConfig) -> t.Iterator[str]:
    if "keytab" not in config.secrets:
        return
    if not _keytab(config):
        yield "secrets.keytab is no keytab in base64: write what `base64 inkan.keytab` prints"
    if config.settings.get("keytab") is not None:
        yield "settings.keytab and secrets.keytab exclude each other"
    if not CAN_HOLD_KEYTAB:
        yield "secrets.keytab is held in memory, which this system cannot: name a file in settings.keytab"


def settings_warnings(config: ServiceConfig) -> list[str]:
    """What works but should not stay."""
    if _algorithm(config.settings) == "hmac-sha1":
        return ["the TSIG algorithm hmac-sha1 is not recommended (RFC 8945 §6): make a new key with hmac-sha256"]
    return []


def open_exchange(config: ServiceConfig) -> WireExchange | GssExchange:
    """To the server, with its key; the settings have no errors."""
    settings = config.settings
    address = str(settings["server"])
    port = int(settings.get("port") or DEFAULT_PORT)
    timeout = float(settings.get("timeout") or DEFAULT_TIMEOUT)
    if not settings.get("gss_tsig"):
        return WireExchange(address, port, timeout, _tsig_key(config))
    client = Client(
        canonical_name(str(settings["server_name"])),
        str(settings.get("principal") or ""),
        str(settings.get("keytab") or ""),
        _keytab(config) or b"",
    )
    return GssExchange(lambda key: WireExchange(address, port, timeout, key, always_tcp=True), client, open_context)


def _tsig_key(config: ServiceConfig) -> TsigKey:
    name = canonical_name(str(config.settings["key_name"]))
    algorithm = _algorithm(config.settings)
    key = dns.tsig.Key(dns.name.from_text(name), config.secrets["key_secret"], dns.name.from_text(algorithm))
    return TsigKey(name, algorithm, key)


def _algorithm(settings: t.Mapping[str, t.Any]) -> str:
    return canonical_name(str(settings.get("key_algorithm") or DEFAULT_ALGORITHM))


def _unknown(what: str, given: t.Mapping[str, t.Any], known: t.Sequence[str], when: str = "") -> list[str]:
    strange = sorted(str(one) for one in given if one not in known)
    return [f'there is no {what} "{escaped(one, 80)}"{when}, only {", ".join(known)}' for one in strange]


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
