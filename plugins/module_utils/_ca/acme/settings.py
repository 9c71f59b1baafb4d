# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of an ACME account: parsed once, every error named at once.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._data.acme_directories import ACME_DIRECTORIES, AcmeDirectory

__all__ = ["PRESETS", "Settings", "parse_settings"]

PRESETS: dict[str, AcmeDirectory] = {one.key: one for one in ACME_DIRECTORIES}

KEY_TYPES = ("ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096")
#: the first one is the default
LOST_ORDER = ("resubmit", "ask_person")
_SETTINGS = frozenset(
    {"directory", "contact", "ca_bundle", "eab_kid", "key_type", "accept_terms", "preferred_chain", "lost_order"}
    | {"preset", "profile", "preauthorize", "issuer_domain", "persist_days", "revocation_keys"}
)
_SECRETS = frozenset({"eab_hmac_key"})
#: As far as a mailto: URL may carry it (RFC 8555 §7.3: one address, no header fields); the CA judges the rest.
_MAIL = re.compile(r"[^\s@?,<>\"%&]{1,64}@[A-Za-z0-9.-]{1,253}")
_BASE64 = re.compile(r"[A-Za-z0-9_+/-]{16,1000}={0,2}")
#: draft-aaron-acme-profiles §3: names of profiles are opaque; these letters are all that any CA uses
_PROFILE = re.compile(r"[A-Za-z0-9._-]{1,100}")
#: Shorter ones would have to be published anew more often than a daily run can promise.
LEAST_PERSIST_DAYS = 8


@dataclass(frozen=True)
class Settings:
    directory: str = ""
    contact: tuple[str, ...] = ()
    ca_bundle: str | None = None
    eab_kid: str = ""
    eab_hmac_key: str = ""
    key_type: str = "ecdsa-p256"
    accept_terms: bool = False
    preferred_chain: str = ""
    resubmit_lost: bool = True
    preset: AcmeDirectory | None = None
    profile: str = ""
    preauthorize: bool = False
    issuer_domain: str = ""
    persist_days: int = 0
    revocation_keys: str = ""


def parse_settings(account: AccountConfig) -> tuple[Settings, list[str]]:
    """The settings, and a sentence for each that is wrong or missing (then the settings must not be used)."""
    given, secrets = account.settings, account.secrets
    errors = [
        f"unknown setting {name!r}: known are {', '.join(sorted(_SETTINGS))}" for name in _unknown(given, _SETTINGS)
    ]
    errors += [f"unknown secret {name!r}: known is eab_hmac_key" for name in _unknown(secrets, _SECRETS)]
    errors += [error for error in (check(given) for check in _CHECKS) if error]
    name_error = item_name_error(account.name)
    if name_error:
        errors.append(f"the account's name {account.name!r} cannot name a file: {name_error}")
    errors += _binding_errors(given.get("eab_kid"), secrets.get("eab_hmac_key"))
    errors += _preset_errors(given)
    return (Settings() if errors else _settings(given, secrets)), errors


def _settings(given: t.Mapping[str, t.Any], secrets: t.Mapping[str, str]) -> Settings:
    preset = PRESETS.get(given.get("preset") or "")
    return Settings(
        directory=given.get("directory") or (preset.directory if preset is not None else ""),
        contact=tuple(_contacts(given)),
        ca_bundle=given.get("ca_bundle") or None,
        eab_kid=given.get("eab_kid") or "",
        eab_hmac_key=secrets.get("eab_hmac_key", ""),
        key_type=given.get("key_type") or "ecdsa-p256",
        accept_terms=given.get("accept_terms") is True,
        preferred_chain=given.get("preferred_chain") or "",
        resubmit_lost=(given.get("lost_order") or LOST_ORDER[0]) == "resubmit",
        preset=preset,
        profile=given.get("profile") or "",
        preauthorize=given.get("preauthorize") is True,
        issuer_domain=given.get("issuer_domain") or "",
        persist_days=given.get("persist_days") or 0,
        revocation_keys=given.get("revocation_keys") or "",
    )


def _unknown(given: t.Mapping[str, t.Any], known: frozenset[str]) -> list[str]:
    return sorted(str(name) for name in given if name not in known)


def _contacts(given: t.Mapping[str, t.Any]) -> list[t.Any]:
    value = given.get("contact")
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _directory_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("directory")
    if value is None and given.get("preset"):
        return ""
    if not isinstance(value, str) or not value:
        return "directory is missing: the URL of the CA's ACME directory (or a preset)"
    try:
        parts = urllib.parse.urlsplit(value)
        host = parts.hostname or ""
    except ValueError as failure:
        return f"directory is no URL: {failure}"
    if not host or "@" in parts.netloc or not value.isascii():
        return "directory is no https URL with a host name and without a user name"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        return f"directory must be an https URL, not {parts.scheme or 'a bare word'}"
    return ""


def _contact_error(given: t.Mapping[str, t.Any]) -> str:
    wrong = [one for one in _contacts(given) if not isinstance(one, str) or not _MAIL.fullmatch(one)]
    return f"contact has what is no mail address: {', '.join(repr(one) for one in wrong)}" if wrong else ""


def _flag(name: str) -> t.Callable[[t.Mapping[str, t.Any]], str]:
    def check(given: t.Mapping[str, t.Any]) -> str:
        value = given.get(name)
        return "" if value is None or isinstance(value, bool) else f"{name} must be true or false"

    return check


def _profile_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("profile")
    return "" if value is None or is_profile(value) else f"profile {value!r} is no name of a profile"


def is_profile(value: object) -> bool:
    return isinstance(value, str) and _PROFILE.fullmatch(value) is not None


def _issuer_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("issuer_domain")
    if value is None or (isinstance(value, str) and dns_name_error(value, wildcard=False) is None):
        return ""
    return f"issuer_domain {value!r} is no domain name in A-labels"


def _persist_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("persist_days")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (is_number and (value == 0 or LEAST_PERSIST_DAYS <= value <= 3650)):
        return ""
    return f"persist_days must be 0 (no end) or a number of days from {LEAST_PERSIST_DAYS} to 3650"


def _folder_error(given: t.Mapping[str, t.Any]) -> str:
    value = given.get("revocation_keys")
    if value is None or (isinstance(value, str) and value.startswith("/") and len(value) <= 1000):
        return ""
    return "revocation_keys must be the absolute path of a folder on the ledger host"


def _preset_errors(given: t.Mapping[str, t.Any]) -> list[str]:
    """A binding that it needs is asked for when an account is really made: one that the CA knows needs none."""
    key = given.get("preset")
    if key is None:
        return []
    row = PRESETS.get(key) if isinstance(key, str) else None
    if row is None:
        more = ": Cybertrust's directory is not public, give it as directory" if key == "cybertrust" else ""
        return [f"unknown preset {key!r}: known are {', '.join(PRESETS)}{more}"]
    return []


def _one_of(name: str, words: tuple[str, ...]) -> t.Callable[[t.Mapping[str, t.Any]], str]:
    def check(given: t.Mapping[str, t.Any]) -> str:
        value = given.get(name)
        return "" if value is None or value in words else f"{name} must be one of {', '.join(words)}, not {value!r}"

    return check


def _text(name: str) -> t.Callable[[t.Mapping[str, t.Any]], str]:
    def check(given: t.Mapping[str, t.Any]) -> str:
        value = given.get(name)
        return "" if value is None or (isinstance(value, str) and len(value) <= 1000) else f"{name} must be a text"

    return check


def _binding_errors(kid: object, hmac_key: object) -> list[str]:
    """RFC 8555 §7.3.4: both halves or none. The secret itself is never shown."""
    if kid and not hmac_key:
        return ["eab_kid is set, but the secret eab_hmac_key is missing"]
    if hmac_key and not kid:
        return ["the secret eab_hmac_key is set, but eab_kid is missing"]
    if hmac_key and not (isinstance(hmac_key, str) and _BASE64.fullmatch(hmac_key.strip())):
        return ["the secret eab_hmac_key is not base64url of at least 16 characters"]
    if isinstance(hmac_key, str) and len(hmac_key.strip().rstrip("=")) % 4 == 1:
        return ["the secret eab_hmac_key is no base64url: a character is missing, or there is one too many"]
    return []


_CHECKS: tuple[t.Callable[[t.Mapping[str, t.Any]], str], ...] = (
    _directory_error,
    _contact_error,
    _flag("accept_terms"),
    _flag("preauthorize"),
    _profile_error,
    _issuer_error,
    _persist_error,
    _folder_error,
    _one_of("key_type", KEY_TYPES),
    _one_of("lost_order", LOST_ORDER),
    _text("ca_bundle"),
    _text("eab_kid"),
    _text("preferred_chain"),
)
