# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be set for the service ``iij_dpf``.

    settings  url, service_code, timeout, job_timeout, job_interval, requests_per_second, burst, ca_bundle
    secrets   access_token (of IIJ ID, scope dpf_write)

How many requests are too many is not public: by default one a second after a burst of five, as the known client keeps
to (dns-providers 1.5).

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig

DEFAULT_URL = "https://api.dns-platform.jp/dpf/v1"
_NUMBERS: t.Mapping[str, tuple[float, float, float]] = {
    # default, least, most
    "timeout": (60.0, 0.05, 300.0),
    "job_timeout": (120.0, 0.05, 3600.0),
    "job_interval": (1.0, 0.0, 60.0),
    "requests_per_second": (1.0, 0.01, 10_000.0),
    "burst": (5.0, 1.0, 10_000.0),
}
_SETTINGS = ("url", "service_code", "ca_bundle", *_NUMBERS)


def settings_errors(config: ServiceConfig) -> list[str]:
    """What is wrong, as sentences without any secret."""
    settings = config.settings
    strange = sorted(str(one) for one in settings if one not in _SETTINGS)
    found = [f'there is no setting "{escaped(one, 80)}", only {", ".join(_SETTINGS)}' for one in strange]
    found += _url_errors(settings.get("url", DEFAULT_URL))
    for word, (default, least, most) in _NUMBERS.items():
        value = settings.get(word, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            found.append(f"settings.{word} must be a number from {least:g} to {most:g}, {value!r} is none")
    code = settings.get("service_code")
    if code is not None and not (isinstance(code, str) and re.fullmatch(r"dpm[0-9A-Za-z]{8}", code)):
        found.append("settings.service_code must be as the control panel shows it, such as dpm00000001")
    strange = sorted(str(one) for one in config.secrets if one != "access_token")
    found += [f'there is no secret "{escaped(one, 80)}", only access_token' for one in strange]
    token = config.secrets.get("access_token")
    if token is None:
        found.append("secrets.access_token is missing: a token of IIJ ID for IIJ DNSサービスAPI, scope dpf_write")
    elif not re.fullmatch(r"[\x21-\x7e]+", token):
        found.append("secrets.access_token has characters that no HTTP header can carry (blanks, or none of ASCII)")
    return found


def _url_errors(url: t.Any) -> list[str]:
    try:
        parts = urllib.parse.urlsplit(url if isinstance(url, str) else "")
        host, _port = parts.hostname, parts.port
    except ValueError:
        return [f"settings.url must be of the form {DEFAULT_URL}"]
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or parts.query or parts.fragment:
        return [f"settings.url must be of the form {DEFAULT_URL}, without user, query and fragment"]
    if parts.scheme == "http" and not is_loopback(host):
        return ["settings.url must be https: the token goes with every call (http only to a loopback address)"]
    return []


def url_of(config: ServiceConfig) -> str:
    return str(config.settings.get("url", DEFAULT_URL)).rstrip("/")


def numbers_of(config: ServiceConfig) -> dict[str, float]:
    return {word: float(config.settings.get(word, default)) for word, (default, _least, _most) in _NUMBERS.items()}
