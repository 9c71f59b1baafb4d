# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and secrets of a CertCentral account: parsed once, every error named at once.

What DigiCert documents nowhere (where a token goes, words of statuses, codes of "not there yet") is a setting with the
likeliest default, never an assumption in the code.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import TIMEOUT, common_errors, url_error
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error
from ansible_collections.inkan.tls.plugins.module_utils._data.digicert_words import (
    CONTACT_TYPES,
    DIGICERT_URL,
    LIMITS,
    LOOKED_AND_FOUND_NOTHING,
    NO_SUCH_ORDER,
    ORDER_WORDS,
    PRODUCT_WORDS,
    REQUEST_TYPES,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.budget import LONGEST_HOLD

__all__ = ["Product", "Settings", "parse_settings"]

Given = t.Mapping[str, t.Any]

_HASHES = ("sha256", "sha384", "sha512")
_PAYMENTS = ("balance", "card", "profile")
_SCOPES = ("fqdn", "base_domain")
_FILES = ("http-token", "http-token-dynamic")
_WAYS = ("reissue", "duplicate")
_FOUND_BY = ("comment_or_time", "comment", "time")
_LEVELS = ("dv", "ov", "ev")
_SECRETS = ("api_key", "approver_api_key")
_PERSON = ("first_name", "last_name", "job_title", "telephone", "email")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TOKEN_PLACES = re.compile(r"(?:(?:\{token\}|_[a-z0-9-]{1,40})\.)*\{name\}")
_TARGET = re.compile(r"(?:\{token\}\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST = 1000


@dataclass(frozen=True)
class Product:
    """level: dv, ov or ev."""

    name_id: str
    level: str


@dataclass(frozen=True)
class Settings:
    """url: without a slash at its end. extra: what is put into every order as it stands."""

    api_key: str = field(repr=False)
    approver_api_key: str = field(default="", repr=False)
    url: str = DIGICERT_URL
    ca_bundle: str | None = None
    timeout: float = TIMEOUT
    products: t.Mapping[str, Product] = field(default_factory=dict)
    organization: int | None = None
    organizations: t.Mapping[str, int] = field(default_factory=dict)
    contacts: tuple[Given, ...] = ()
    division: int | None = None
    order_validity: Given = field(default_factory=lambda: {"years": 1})
    certificate_validity: Given | None = None
    signature_hash: str = "sha256"
    skip_approval: bool | None = None
    approve_requests: bool = False
    dcv_scope: str = "fqdn"
    base_domains: tuple[str, ...] = ()
    file_method: str = "http-token"
    txt_name: str = "{name}"
    cname_name: str = "{token}.{name}"
    cname_target: str = "dcv.digicert.com"
    prevalidate: bool = False
    reissue_as: str = "reissue"
    reissue_found_by: str = _FOUND_BY[0]
    duplicate_comments: bool = False
    request_types: t.Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(REQUEST_TYPES))
    clock_tolerance: float = 600.0
    gone_codes: frozenset[str] = frozenset(NO_SUCH_ORDER)
    statuses: t.Mapping[str, Status] = field(default_factory=dict)
    not_yet_codes: frozenset[str] = frozenset(LOOKED_AND_FOUND_NOTHING)
    limits: tuple[Limit, ...] = ()
    longest_hold: float = LONGEST_HOLD
    find_delay: float = 5.0
    extra: Given = field(default_factory=dict)
    certificate_extra: Given = field(default_factory=dict)


class _Reader:
    """Takes one setting after the other; what is wrong with it becomes a sentence."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self.taken: list[str] = []
        self.errors: list[str] = []

    def take(self, name: str) -> t.Any:
        self.taken.append(name)
        return self._given.get(name)

    def word(self, name: str, default: str, known: t.Sequence[str]) -> str:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, str) and value in known:
            return value
        self.errors.append(f"{name} must be one of {', '.join(known)}, not {value!r}")
        return default

    def flag(self, name: str, default: t.Any) -> t.Any:
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            self.errors.append(f"{name} must be true or false")
            return default
        return default if value is None else value

    def number(self, name: str, default: t.Any, lowest: int = 1, highest: int = 10**15) -> t.Any:
        value = self.take(name)
        if value is None:
            return default
        if _is_number(value, lowest, highest):
            return value
        self.errors.append(f"{name} must be a whole number from {lowest} to {highest}, not {value!r}")
        return default

    def text(self, name: str, default: str | None, shape: t.Pattern[str] | None, what: str) -> t.Any:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, str) and 0 < len(value) <= _LONGEST and (shape is None or shape.fullmatch(value)):
            return value
        self.errors.append(f"{name} must be {what}, not {value!r}")
        return default

    def words(self, name: str, judge: t.Callable[[str], str | None]) -> tuple[str, ...]:
        value = self.take(name)
        values = [] if value is None else value
        if not isinstance(values, (list, tuple)) or not all(isinstance(one, str) for one in values):
            self.errors.append(f"{name} must be a list of texts")
            return ()
        for one in values:
            why = judge(one)
            if why:
                self.errors.append(f"{name} has {one!r}: {why}")
        return tuple(values)

    def table(self, name: str) -> dict[str, t.Any]:
        value = self.take(name)
        if value is None:
            return {}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return value
        self.errors.append(f"{name} must be a dictionary")
        return {}


def parse_settings(account: AccountConfig) -> tuple[Settings | None, list[str]]:
    """The settings, and a sentence for each that is wrong or missing (then there are no settings)."""
    reader = _Reader(account.settings)
    settings = _read(reader, account.secrets)
    errors = reader.errors + common_errors(account, [*reader.taken, "ca_bundle", "timeout"])
    if not account.secrets.get("api_key"):
        errors.append("the secret api_key is missing: the key that CertCentral shows once when it is made")
    errors += [
        f"unknown secret {name!r}: known are {' and '.join(_SECRETS)}"
        for name in sorted(account.secrets)
        if name not in _SECRETS
    ]
    if account.secrets.get("approver_api_key") and not settings.approve_requests:
        errors.append("the secret approver_api_key is for approve_requests, which is not set")
    if settings.dcv_scope == "base_domain" and not settings.base_domains:
        errors.append("dcv_scope base_domain needs base_domains: the list of the registered domains of your names")
    return (None if errors else settings), errors


def _read(reader: _Reader, secrets: t.Mapping[str, str]) -> Settings:
    given = reader._given
    url = reader.take("url") or DIGICERT_URL
    wrong_url = url_error(url, "the address of the Services API")
    reader.errors += [wrong_url] if wrong_url else []
    return Settings(
        api_key=secrets.get("api_key", ""),
        approver_api_key=secrets.get("approver_api_key", ""),
        url=str(url).rstrip("/"),
        ca_bundle=given.get("ca_bundle") or None,
        timeout=given.get("timeout") or TIMEOUT,
        products=_products(reader),
        organization=reader.number("organization", None),
        organizations=_organizations(reader),
        contacts=_contacts(reader),
        division=reader.number("division", None),
        order_validity=_validity(reader, "order_validity") or {"years": 1},
        certificate_validity=_validity(reader, "certificate_validity"),
        signature_hash=reader.word("signature_hash", "sha256", _HASHES),
        skip_approval=reader.flag("skip_approval", None),
        approve_requests=reader.flag("approve_requests", False),
        dcv_scope=reader.word("dcv_scope", "fqdn", _SCOPES),
        base_domains=reader.words("base_domains", lambda one: dns_name_error(one, wildcard=False)),
        file_method=reader.word("file_method", "http-token", _FILES),
        txt_name=reader.text("txt_name", "{name}", _TOKEN_PLACES, "{name}, or labels before it"),
        cname_name=reader.text("cname_name", "{token}.{name}", _TOKEN_PLACES, "labels before {name}"),
        cname_target=reader.text("cname_target", "dcv.digicert.com", _TARGET, "a host name, {token} before it at most"),
        prevalidate=reader.flag("prevalidate", False),
        reissue_as=reader.word("reissue_as", "reissue", _WAYS),
        reissue_found_by=reader.word("reissue_found_by", _FOUND_BY[0], _FOUND_BY),
        duplicate_comments=reader.flag("duplicate_comments", False),
        request_types=_request_types(reader),
        clock_tolerance=float(reader.number("clock_tolerance", 600, 0, 86400)),
        gone_codes=frozenset(reader.words("gone_codes", lambda _one: None) or NO_SUCH_ORDER),
        statuses=_statuses(reader),
        not_yet_codes=frozenset(LOOKED_AND_FOUND_NOTHING) | set(reader.words("not_yet_codes", lambda _one: None)),
        limits=_limits(reader),
        longest_hold=float(reader.number("longest_hold", int(LONGEST_HOLD), 5, 86400)),
        find_delay=float(reader.number("find_delay", 5, 0, 3600)),
        extra=_extra(reader),
        certificate_extra=_certificate_extra(reader),
    )


def _products(reader: _Reader) -> dict[str, Product]:
    """Ours to theirs; the table of words gives the level, for a name_id that is not in it the setting has to."""
    levels = {row.name_id: row.level for row in PRODUCT_WORDS}
    found = {row.product: Product(row.name_id, row.level) for row in PRODUCT_WORDS if row.product}
    for key, value in reader.table("products").items():
        pair = {"name_id": value} if isinstance(value, str) else value
        if not isinstance(pair, dict) or not pair.keys() <= {"name_id", "level"}:
            reader.errors.append(f"products.{key} must be a name_id, or {{name_id: …, level: …}}")
            continue
        name_id, level = pair.get("name_id"), pair.get("level") or levels.get(str(pair.get("name_id")))
        if not isinstance(name_id, str) or not _WORD.fullmatch(name_id):
            reader.errors.append(f"products.{key} has no name_id of CertCentral, such as ssl_basic")
        elif level not in _LEVELS:
            known = nearest(name_id, levels)
            reader.errors.append(f"products.{key}: {name_id} needs its level, one of {', '.join(_LEVELS)}. {known}")
        else:
            found[key] = Product(name_id, level)
    return found


def _organizations(reader: _Reader) -> dict[str, int]:
    table = reader.table("organizations")
    for name, value in table.items():
        if not _is_number(value):
            reader.errors.append(f"organizations.{name} must be the number of an organization in CertCentral")
    return table


def _contacts(reader: _Reader) -> tuple[Given, ...]:
    """As the order takes them: {contact_type, user_id} or {contact_type, first_name, …}."""
    value = reader.take("contacts")
    values = [] if value is None else value
    if not isinstance(values, (list, tuple)):
        reader.errors.append("contacts must be a list of {contact_type, …}")
        return ()
    for number, one in enumerate(values, 1):
        if not isinstance(one, dict) or one.get("contact_type") not in CONTACT_TYPES:
            reader.errors.append(f"contact {number} needs a contact_type, one of {', '.join(CONTACT_TYPES)}")
        elif not one.keys() <= {"contact_type", "user_id", *_PERSON}:
            reader.errors.append(f"contact {number} has an unknown key; known are user_id, {', '.join(_PERSON)}")
        elif "user_id" not in one and not {"first_name", "last_name", "email"} <= one.keys():
            reader.errors.append(f"contact {number} needs a user_id, or first_name, last_name and email at least")
    return tuple(one for one in values if isinstance(one, dict))


def _validity(reader: _Reader, name: str) -> Given | None:
    value = reader.take(name)
    if value is None:
        return None
    (key, amount), *more = value.items() if isinstance(value, dict) and value else [("", None)]
    is_date = key == "custom_expiration_date" and isinstance(amount, str) and _DATE.fullmatch(amount)
    most = {"years": 3, "days": 1186}.get(key, 0)  # three years and what may be carried over
    if not more and (is_date or _is_number(amount, 1, most)):
        return t.cast(Given, value)
    reader.errors.append(
        f"{name} must be one of {{years: 1 to 3}}, {{days: …}}, {{custom_expiration_date: yyyy-mm-dd}}"
    )
    return None


def _statuses(reader: _Reader) -> dict[str, Status]:
    """The table of words, and what the account adds to it or reads otherwise."""
    found = {row.word: Status(row.means) for row in ORDER_WORDS}
    known = [status.value for status in Status if status is not Status.WANTS_PREPARATION]  # which is no word of theirs
    for word, meaning in reader.table("statuses").items():
        if meaning in known:
            found[word] = Status(meaning)
        else:
            reader.errors.append(f"statuses.{word} means {meaning!r}, which is none of {', '.join(known)}")
    return found


def _request_types(reader: _Reader) -> dict[str, tuple[str, ...]]:
    """Words that are in ``requests[].type``, by what was asked for."""
    found = dict(REQUEST_TYPES)
    for way, words in reader.table("request_types").items():
        given = [words] if isinstance(words, str) else words
        if way not in _WAYS:
            reader.errors.append(f"request_types.{way} is unknown; known are {' and '.join(_WAYS)}")
        elif not isinstance(given, list) or not given or not all(isinstance(one, str) and one for one in given):
            reader.errors.append(f"request_types.{way} must be a list of words")
        else:
            found[way] = tuple(given)
    return found


def _limits(reader: _Reader) -> tuple[Limit, ...]:
    names = ("requests_per_5_seconds", "requests_per_3_minutes")
    return tuple(Limit(reader.number(name, most, 1, most), seconds) for name, (most, seconds) in zip(names, LIMITS))


def _extra(reader: _Reader) -> Given:
    extra: dict[str, t.Any] = {
        "payment_method": reader.word("payment_method", "", _PAYMENTS),
        "locale": reader.text("locale", None, _WORD, "a language such as ja"),
        "additional_emails": list(reader.words("additional_emails", _mail_error)),
        "disable_renewal_notifications": reader.flag("disable_renewal_notifications", None),
        "custom_fields": _custom_fields(reader),
        "technical_contact": dict(reader.table("technical_contact")),
    }
    return {name: value for name, value in extra.items() if value not in (None, "", [], {})}


def _certificate_extra(reader: _Reader) -> Given:
    platform = reader.number("server_platform", None, -1)
    extra: dict[str, t.Any] = {
        "server_platform": None if platform is None else {"id": platform},
        "ca_cert_id": reader.text("ca_cert_id", None, _WORD, "the id of an intermediate in CertCentral"),
        "profile_option": reader.text("profile_option", None, _WORD, "a word such as server_auth_only_eku"),
    }
    return {name: value for name, value in extra.items() if value is not None}


def _custom_fields(reader: _Reader) -> list[t.Any]:
    value = reader.take("custom_fields")
    values = [] if value is None else value
    if isinstance(values, (list, tuple)) and all(
        isinstance(one, dict) and one.keys() == {"metadata_id", "value"} for one in values
    ):
        return list(values)
    reader.errors.append("custom_fields must be a list of {metadata_id, value}")
    return []


def _mail_error(text: str) -> str | None:
    return None if re.fullmatch(r"[^\s@<>]{1,64}@[A-Za-z0-9.-]{1,253}", text) else "it is no mail address"


def _is_number(value: object, lowest: int = 1, highest: int = 10**15) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
