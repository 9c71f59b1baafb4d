# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings of adapters have in common: each check gives a sentence, "" where nothing is wrong.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error

__all__ = ["TIMEOUT", "bundle_error", "common_errors", "settings_refused", "timeout_error", "url_error"]

#: Seconds for one request: a seller that asks its CA while we wait takes 10 to 20.
TIMEOUT = 30.0
_LONGEST_TIMEOUT = 300.0


def common_errors(account: AccountConfig, known: t.Collection[str]) -> list[str]:
    """Unknown settings, ``ca_bundle``, ``timeout``, and the account's own name."""
    given = account.settings
    errors = [f"unknown setting {name!r}. {nearest(str(name), known)}" for name in given if name not in known]
    errors += [error for error in (bundle_error(given.get("ca_bundle")), timeout_error(given.get("timeout"))) if error]
    name_error = item_name_error(account.name)
    if name_error:
        errors.append(f"the account's name {account.name!r} is not possible: {name_error}")
    return errors


def settings_refused(account: AccountConfig, errors: t.Sequence[str]) -> InputError:
    """What ``open`` raises where ``settings_errors`` was not asked, or not heard."""
    return InputError(
        code="bad_account_settings",
        what=f"The settings of CA account {account.name!r} cannot be used",
        why="; ".join(errors),
        todo="Correct inkan_ca_accounts",
    )


def url_error(value: object, what: str) -> str:
    """what: what it is the address of. Https, or plain http to this machine."""
    if not isinstance(value, str) or not value:
        return f"url is missing: {what}"
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


def bundle_error(value: object) -> str:
    return "" if value is None or (isinstance(value, str) and len(value) <= 1000) else "ca_bundle must be a path"


def timeout_error(value: object) -> str:
    if value is None:
        return ""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and 1 <= t.cast(float, value) <= _LONGEST_TIMEOUT:
        return ""
    return f"timeout must be a number of seconds from 1 to {_LONGEST_TIMEOUT:g}"
