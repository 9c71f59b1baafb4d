# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of an account at a described seller: parsed once, every error named at once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error

__all__ = ["Settings", "parse_settings"]

_SETTINGS = ("url", "description", "ca_bundle", "timeout")
#: Seconds for one request: a seller that asks its CA while we wait takes 10 to 20.
_TIMEOUT = 30.0
_LONGEST_TIMEOUT = 300.0


@dataclass(frozen=True)
class Settings:
    """url: without a slash at its end."""

    url: str
    description: Description
    ca_bundle: str | None
    timeout: float
    secrets: t.Mapping[str, str]


def parse_settings(account: AccountConfig) -> tuple[Settings | None, list[str]]:
    """The settings, and a sentence for each that is wrong or missing (then there are no settings)."""
    given = account.settings
    errors = [f"unknown setting {name!r}. {nearest(str(name), _SETTINGS)}" for name in given if name not in _SETTINGS]
    errors += [error for error in (_url_error(given), _bundle_error(given), _timeout_error(given)) if error]
    name_error = item_name_error(account.name)
    if name_error:
        errors.append(f"the account's name {account.name!r} is not possible: {name_error}")
    description, wrong = _described(given.get("description"))
    errors += wrong
    if description is not None:
        errors += _secret_errors(description, account.secrets)
    if errors or description is None:
        return None, errors
    settings = Settings(
        url=given["url"].rstrip("/"),
        description=description,
        ca_bundle=given.get("ca_bundle") or None,
        timeout=float(given.get("timeout") or _TIMEOUT),
        secrets=dict(account.secrets),
    )
    return settings, []


def _described(given: object) -> tuple[Description | None, list[str]]:
    if given is None or given == "":
        todo = "give its text, description: {{ lookup('ansible.builtin.file', 'seller.yml') }}"
        return None, [f"description is missing: how this seller's API is spoken; {todo}"]
    try:
        description, errors = read_description(given)
    except LocalError as failure:
        instead = "; or give the description as a dictionary (filter from_yaml)" if "PyYAML" in failure.where else ""
        return None, [f"{failure.sentence()[:-1]}{instead}"]
    return description, [f"description, {error}" for error in errors]


def _secret_errors(description: Description, secrets: t.Mapping[str, str]) -> list[str]:
    missing = sorted(description.secrets - secrets.keys())
    unknown = sorted(secrets.keys() - description.secrets)
    return [f"the description uses the secret {name}, which is missing" for name in missing] + [
        f"unknown secret {name!r}: the description does not use it. {nearest(name, description.secrets)}"
        for name in unknown
    ]


def _url_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("url")
    if not isinstance(value, str) or not value:
        return "url is missing: the address that the paths of the description are added to"
    try:
        parts = urllib.parse.urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError as failure:
        return f"url is no URL: {failure}"
    if not host or "@" in parts.netloc or not value.isascii() or not value.isprintable() or " " in value:
        return "url is no https URL with a host name and without a user name"
    if parts.query or parts.fragment or "?" in value or "#" in value:
        return "url has a query or a fragment: only the start of all addresses belongs there"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        return f"url must be an https URL, not {parts.scheme or 'a bare word'}"
    return ""


def _bundle_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("ca_bundle")
    return "" if value is None or (isinstance(value, str) and len(value) <= 1000) else "ca_bundle must be a path"


def _timeout_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("timeout")
    if value is None:
        return ""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and 1 <= value <= _LONGEST_TIMEOUT:
        return ""
    return f"timeout must be a number of seconds from 1 to {_LONGEST_TIMEOUT:g}"
