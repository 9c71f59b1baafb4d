# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of an account at a described seller: parsed once, every error named at once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import TIMEOUT, common_errors, url_error
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.description import Description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading_auth import CLIENT_SECRETS
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest

__all__ = ["Settings", "parse_settings"]

_SETTINGS = ("url", "description", "ca_bundle", "timeout")


@dataclass(frozen=True)
class Settings:
    """url: without a slash at its end."""

    url: str
    description: Description
    ca_bundle: str | None
    timeout: float
    secrets: t.Mapping[str, str]


def parse_settings(account: AccountConfig, *, with_secrets: bool = True) -> tuple[Settings | None, list[str]]:
    """The settings, and a sentence for each that is wrong or missing (then there are no settings). Without secrets
    nothing can be sent."""
    given = account.settings
    errors = common_errors(account, _SETTINGS)
    wrong_url = url_error(given.get("url"), "the address that the paths of the description are added to")
    errors += [wrong_url] if wrong_url else []
    description, wrong = _described(given.get("description"))
    errors += wrong
    if description is not None and with_secrets:
        errors += _secret_errors(description, account.secrets)
    if errors or description is None:
        return None, errors
    settings = Settings(
        url=given["url"].rstrip("/"),
        description=description,
        ca_bundle=given.get("ca_bundle") or None,
        timeout=float(given.get("timeout") or TIMEOUT),
        secrets=dict(account.secrets),
    )
    return settings, []


def _described(given: object) -> tuple[Description | None, list[str]]:
    if given is None or given == "":
        todo = "give its text, description: {{ lookup('ansible.builtin.file', inventory_dir ~ '/seller.yml') }}"
        return None, [f"description is missing: how this seller's API is spoken; {todo}"]
    try:
        description, errors = read_description(given)
    except LocalError as failure:
        instead = "; or give the description as a dictionary (filter from_yaml)" if "PyYAML" in failure.where else ""
        return None, [f"{failure.sentence()[:-1]}{instead}"]
    return description, [f"description, {error}" for error in errors]


def _secret_errors(description: Description, secrets: t.Mapping[str, str]) -> list[str]:
    missing = sorted(description.secrets - secrets.keys())
    possible = description.secrets | (set(CLIENT_SECRETS) if description.auth.has_client_certificate else set())
    unknown = sorted(secrets.keys() - possible)
    return [f"the description uses the secret {name}, which is missing" for name in missing] + [
        f"unknown secret {name!r}: the description does not use it. {nearest(name, description.secrets)}"
        for name in unknown
    ]
