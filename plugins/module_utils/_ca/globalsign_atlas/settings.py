# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of an Atlas account: parsed once, every error named at once.

What GlobalSign documents nowhere (rate limits, whether a claim covers the names below it, how a token is written) is a
setting with the likeliest default, never an assumption in the code.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import TIMEOUT, common_errors, url_error
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error
from ansible_collections.inkan.tls.plugins.module_utils._data.atlas_words import (
    ATLAS_URL,
    CLAIM_WORDS,
    LIMITS,
    SUBJECT,
)

__all__ = ["Settings", "parse_settings"]

_SECRETS = ("api_key", "api_secret", "client_certificate", "client_key", "client_key_password")
_MEANINGS = ("pending", "verified", "ended")
_SCHEMES = ("HTTP", "HTTPS")
_ALGORITHMS = ("RSA", "RSAPSS", "ECDSA")
_HASHES = ("SHA-256", "SHA-384", "SHA-512")
_SERIAL = re.compile(r"[0-9A-Fa-f:]{1,64}")
_TXT_NAME = re.compile(r"(?:_[a-z0-9-]{1,40}\.)*\{name\}")
_WITH_TOKEN = re.compile(r"[!-~ ]{0,200}\{token\}[!-~ ]{0,200}")
_OID = re.compile(r"[0-9]+(?:\.[0-9]+){2,20}")
_LONGEST_LIFE = 825
_LONGEST = 1000


@dataclass(frozen=True)
class Settings:
    """url: without a slash at its end. subject: fields of ``subject_dn`` that every certificate gets."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    client_key_password: str = field(default="", repr=False)
    url: str = ATLAS_URL
    ca_bundle: str | None = None
    timeout: float = TIMEOUT
    client_serial: str = ""
    products: tuple[str, ...] = ("globalsign-atlas",)
    subject: t.Mapping[str, t.Any] = field(default_factory=dict)
    validity_days: int | None = None
    signature_algorithm: str = ""
    hash_algorithm: str = ""
    extended_key_usages: tuple[str, ...] = ()
    claim_domains: tuple[str, ...] = ()
    parent_claims: bool = True
    claim_statuses: t.Mapping[str, str] = field(default_factory=lambda: dict(CLAIM_WORDS))
    txt_name: str = "{name}"
    txt_value: str = "{token}"
    file_content: str = "{token}"
    file_scheme: str = "HTTP"
    joint_file: bool = True
    limits: tuple[Limit, ...] = ()
    find_delay: float = 10.0
    page_size: int = 100

    @property
    def secrets(self) -> tuple[str, ...]:
        every = (
            *(self.api_key, self.api_secret, self.client_certificate),
            *(self.client_key, self.client_key_password),
        )
        return tuple(one for one in every if one)


class _Reader:
    """Takes one setting after the other; what is wrong with it becomes a sentence."""

    def __init__(self, given: t.Mapping[str, t.Any]) -> None:
        self.given = given
        self.taken: list[str] = []
        self.errors: list[str] = []

    def take(self, name: str) -> t.Any:
        self.taken.append(name)
        return self.given.get(name)

    def word(self, name: str, default: str, known: t.Sequence[str]) -> str:
        value = self.take(name)
        if value is None or (isinstance(value, str) and value in known):
            return default if value is None else value
        self.errors.append(f"{name} must be one of {', '.join(known)}, not {value!r}")
        return default

    def flag(self, name: str, default: bool) -> bool:
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.errors.append(f"{name} must be true or false")
        return default

    def number(self, name: str, default: t.Any, lowest: int, highest: int) -> t.Any:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        self.errors.append(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}")
        return default

    def text(self, name: str, default: str, shape: t.Pattern[str], what: str) -> str:
        value = self.take(name)
        if value is None or (isinstance(value, str) and shape.fullmatch(value)):
            return default if value is None else value
        self.errors.append(f"{name} must be {what}, not {value!r}")
        return default

    def words(self, name: str, default: tuple[str, ...], judge: t.Callable[[str], str | None]) -> tuple[str, ...]:
        value = self.take(name)
        if value is None:
            return default
        if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
            self.errors.append(f"{name} must be a list of texts")
            return default
        self.errors += [f"{name} has {one!r}: {why}" for one in value for why in [judge(one)] if why]
        return tuple(value)

    def table(self, name: str) -> dict[str, t.Any]:
        value = self.take(name)
        if value is None or (isinstance(value, dict) and all(isinstance(key, str) for key in value)):
            return value or {}
        self.errors.append(f"{name} must be a dictionary")
        return {}


def parse_settings(account: AccountConfig) -> tuple[Settings | None, list[str]]:
    """The settings, and a sentence for each that is wrong or missing (then there are no settings)."""
    reader = _Reader(account.settings)
    settings = _read(reader, account.secrets)
    errors = reader.errors + common_errors(account, [*reader.taken, "ca_bundle", "timeout"])
    errors += _secret_errors(account, settings)
    return (None if errors else settings), errors


def _secret_errors(account: AccountConfig, settings: Settings) -> list[str]:
    errors = [
        f"the secret {name} is missing: Atlas shows it once, when the API credential is made"
        for name in ("api_key", "api_secret")
        if not account.secrets.get(name)
    ]
    has = bool(settings.client_certificate), bool(settings.client_key)
    if has[0] != has[1]:
        errors.append("client_certificate and client_key belong together: give both as PEM texts")
    if not any(has) and not settings.client_serial:
        errors.append(
            "the secrets client_certificate and client_key are missing: Atlas lets nobody in without mutual TLS"
            " (client_serial is for a proxy that does it in our place)"
        )
    unknown = sorted(name for name in account.secrets if name not in _SECRETS)
    return errors + [f"unknown secret {name!r}. {nearest(name, _SECRETS)}" for name in unknown]


def _read(reader: _Reader, secrets: t.Mapping[str, str]) -> Settings:
    given = reader.given
    url = reader.take("url") or ATLAS_URL
    wrong_url = url_error(url, "the address of the HVCA API")
    reader.errors += [wrong_url] if wrong_url else []
    return Settings(
        **{name: str(secrets.get(name) or "") for name in _SECRETS},
        url=str(url).rstrip("/"),
        ca_bundle=given.get("ca_bundle") or None,
        timeout=given.get("timeout") or TIMEOUT,
        client_serial=reader.text("client_serial", "", _SERIAL, "the certificate's serial number in hex"),
        products=reader.words("products", ("globalsign-atlas",), lambda _one: None),
        subject=_subject(reader),
        validity_days=reader.number("validity_days", None, 1, _LONGEST_LIFE),
        signature_algorithm=reader.word("signature_algorithm", "", _ALGORITHMS),
        hash_algorithm=reader.word("hash_algorithm", "", _HASHES),
        extended_key_usages=reader.words("extended_key_usages", (), _oid_error),
        claim_domains=reader.words("claim_domains", (), lambda one: dns_name_error(one, wildcard=False)),
        parent_claims=reader.flag("parent_claims", True),
        claim_statuses=_claim_statuses(reader),
        txt_name=reader.text("txt_name", "{name}", _TXT_NAME, "{name}, or labels that begin with _ before it"),
        txt_value=reader.text("txt_value", "{token}", _WITH_TOKEN, "a text with {token}"),
        file_content=reader.text("file_content", "{token}", _WITH_TOKEN, "a text with {token}"),
        file_scheme=reader.word("file_scheme", "HTTP", _SCHEMES),
        joint_file=reader.flag("joint_file", True),
        limits=_limits(reader),
        find_delay=float(reader.number("find_delay", 10, 0, 3600)),
        page_size=reader.number("page_size", 100, 1, 1000),
    )


def _subject(reader: _Reader) -> dict[str, t.Any]:
    table = reader.table("subject")
    for name, value in table.items():
        if name not in SUBJECT:
            reader.errors.append(f"subject has an unknown field {name!r}. {nearest(name, SUBJECT)}")
        values = value if name == "organizational_unit" and isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in values):
            reader.errors.append(f"subject.{name} must be a text")
    return table


def _claim_statuses(reader: _Reader) -> dict[str, str]:
    found = dict(CLAIM_WORDS)
    for word, meaning in reader.table("claim_statuses").items():
        if meaning in _MEANINGS:
            found[word] = meaning
        else:
            reader.errors.append(f"claim_statuses.{word} means {meaning!r}, which is none of {', '.join(_MEANINGS)}")
    return found


def _limits(reader: _Reader) -> tuple[Limit, ...]:
    names = ("requests_per_second", "requests_per_minute")
    return tuple(Limit(reader.number(name, most, 1, 100_000), secs) for name, (most, secs) in zip(names, LIMITS))


def _oid_error(text: str) -> str | None:
    return None if _OID.fullmatch(text) else "it is no object identifier such as 1.3.6.1.5.5.7.3.1"
