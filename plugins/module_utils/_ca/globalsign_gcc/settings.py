# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and the secret of a GCC account: parsed once, every error named at once.

What no public document says (words of operations, where a token goes, limits of requests, how searches behave) is a
setting with the likeliest default, never an assumption in the code (``ca-apis 2b, 8``).

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._ca.account_settings import TIMEOUT, common_errors, url_error
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.parties import (
    Organization,
    contact_in,
    elements_in,
    organizations_in,
    second_contact_in,
)
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.soap import Body, escaped_text
from ansible_collections.inkan.tls.plugins.module_utils._ca.setting_reader import SettingReader
from ansible_collections.inkan.tls.plugins.module_utils._core.fields import nearest
from ansible_collections.inkan.tls.plugins.module_utils._data.gcc_words import (
    ERROR_WORDS,
    GCC_URL,
    METHOD_WORDS,
    PRODUCT_WORDS,
    STATUS_WORDS,
)

__all__ = ["SEARCHES", "Product", "Settings", "parse_settings"]

_LEVELS = ("dv", "ov", "ev")
_BASES = ("gip", "private")
_PLACES = ("narrowest", "widest")
_OPERATIONS = {"ov": ("OVOrder", "OVOrderJP"), "ev": ("EVOrder", "EVOrderJP")}
#: How a lost order is looked for, in this order.
SEARCHES = ("sub_id", "common_name", "date_range")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_USER = re.compile(r"[!-~]{1,128}")
_WORD = re.compile(r"[!-~]{1,64}")
_NUMBER = re.compile(r"-?\d{1,6}")
_TXT_NAME = re.compile(r"(?:_[a-z0-9-]{1,40}\.)*\{name\}")
_SEPARATOR = re.compile(r"[ ,;|]{1,3}")
#: ca-apis 2b: the text of the record as it is now; the tag as the manual has it
_DVC_TEXT = "_globalsign-domain-verification={code}"
_DVC_TAG = '<meta name="globalsign-domain-verification" content="{code}" />'
_KINDS = tuple(dict.fromkeys(row.kind for row in ERROR_WORDS))


@dataclass(frozen=True)
class Product:
    """level: dv, ov or ev. codes: method -> ProductCode, "" for any method. months: ordered."""

    level: str
    codes: t.Mapping[str, str]
    months: int


@dataclass(frozen=True)
class Settings:
    """url: without a slash at its end. contact and the like: as elements, ready to be sent."""

    password: str = field(repr=False)
    user_name: str = ""
    url: str = GCC_URL
    ca_bundle: str | None = None
    timeout: float = TIMEOUT
    products: t.Mapping[str, Product] = field(default_factory=dict)
    contact: Body = field(default_factory=dict)
    second_contact: Body | None = None
    organizations: t.Mapping[str, Organization] = field(default_factory=dict)
    operations: t.Mapping[str, str] = field(default_factory=dict)
    base_option: str = ""
    san_fqdn: str = "7"
    san_wildcard: str = "13"
    send_free_names: bool = True
    order_extra: Body = field(default_factory=dict)
    txt_name: str = "{name}"
    txt_at: str = "narrowest"
    file_content: str = "{meta_tag}"
    dvc_text: str = _DVC_TEXT
    dvc_tag: str = _DVC_TAG
    cancel_word: str = "CANCEL"
    revoke_word: str = "REVOKE"
    resend_type: str = "APPROVEREMAIL"
    mail_after_change: bool = False
    hash_algorithm: str = "SHA256"
    reissue_separator: str = ","
    find_by: tuple[str, ...] = SEARCHES
    find_delay: float = 5.0
    cancel_lost: bool = True
    statuses: t.Mapping[str, Status] = field(default_factory=dict)
    error_kinds: t.Mapping[str, str] = field(default_factory=dict)
    requests_per_minute: int = 300


def parse_settings(account: AccountConfig) -> tuple[Settings | None, list[str]]:
    """The settings, and a sentence for each that is wrong or missing (then there are no settings)."""
    reader = SettingReader(account.settings)
    settings = _read(reader, account.secrets.get("password", ""))
    errors = reader.errors + common_errors(account, [*reader.taken, "ca_bundle", "timeout"])
    if not account.secrets.get("password"):
        errors.append("the secret password is missing: the one of the API user, which GSパネル set")
    errors += [f"unknown secret {name!r}: known is password" for name in sorted(account.secrets) if name != "password"]
    try:
        escaped_text(account.secrets.get("password", ""))
    except ValueError:
        errors.append("the secret password has a character that XML cannot say")
    return (None if errors else settings), errors


def _read(reader: SettingReader, password: str) -> Settings:
    url = reader.take("url") or GCC_URL
    wrong_url = url_error(url, "the address of the SOAP services, without their names")
    reader.errors += [wrong_url] if wrong_url else []
    given = reader.given
    return Settings(
        password=password,
        user_name=reader.needed("user_name", _USER, "the API user, such as PAR12345_user"),
        url=str(url).rstrip("/"),
        ca_bundle=given.get("ca_bundle") or None,
        timeout=given.get("timeout") or TIMEOUT,
        products=_products(reader, reader.number("months", 6, 1, 39)),
        contact=contact_in(reader),
        second_contact=second_contact_in(reader),
        organizations=organizations_in(reader),
        operations={level: reader.word(f"{level}_operation", known[0], known) for level, known in _OPERATIONS.items()},
        base_option=reader.word("base_option", "", _BASES),
        san_fqdn=reader.text("san_fqdn", "7", _NUMBER, "the number of a SAN option"),
        san_wildcard=reader.text("san_wildcard", "13", _NUMBER, "the number of a SAN option"),
        send_free_names=reader.flag("send_free_names", True),
        order_extra=elements_in(reader, "order_extra"),
        txt_name=reader.text("txt_name", "{name}", _TXT_NAME, "{name}, or labels before it"),
        txt_at=reader.word("txt_at", "narrowest", _PLACES),
        file_content=_file_content(reader),
        dvc_text=_with_code(reader, "dvc_text", _DVC_TEXT),
        dvc_tag=_with_code(reader, "dvc_tag", _DVC_TAG),
        cancel_word=reader.text("cancel_word", "CANCEL", _WORD, "the word of ModifyOrder that cancels"),
        revoke_word=reader.text("revoke_word", "REVOKE", _WORD, "the word of ModifyOrder that revokes"),
        resend_type=reader.text("resend_type", "APPROVEREMAIL", _WORD, "the word of ResendEmail"),
        mail_after_change=reader.flag("mail_after_change", False),
        hash_algorithm=reader.text("hash_algorithm", "SHA256", _WORD, "the word of ReIssue"),
        reissue_separator=reader.text("reissue_separator", ",", _SEPARATOR, "what stands between names"),
        find_by=_searches(reader),
        find_delay=float(reader.number("find_delay", 5, 0, 3600)),
        cancel_lost=reader.flag("cancel_lost", True),
        statuses=_statuses(reader),
        error_kinds=_error_kinds(reader),
        requests_per_minute=reader.number("requests_per_minute", 300, 1, 100_000),
    )


def _products(reader: SettingReader, months: int) -> dict[str, Product]:
    """Ours to theirs: a ProductCode, or {codes: {method: ProductCode}, level, months}."""
    found = {row.product: Product(row.level, row.codes, months) for row in PRODUCT_WORDS}
    for key, value in reader.table("products").items():
        inner = SettingReader(
            {"code": value} if isinstance(value, str) else value if isinstance(value, dict) else {"": value},
            f"products.{key}",
            reader.errors,
        )
        known = found.get(key)
        level = inner.word("level", known.level if known else "", _LEVELS)
        codes = _codes(inner)
        product = Product(level, codes or (known.codes if known else {}), inner.number("months", months, 1, 39))
        inner.close()
        if not product.level:
            inner.wrong("level", f"is missing: one of {', '.join(_LEVELS)}")
        elif not product.codes:
            inner.wrong("code", "is missing: a ProductCode such as OV_SHA2, or codes by method")
        else:
            found[key] = product
    return found


def _codes(reader: SettingReader) -> dict[str, str]:
    code = reader.text("code", "", _CODE, "a ProductCode such as OV_SHA2")
    codes = {"": code} if code else {}
    methods = [row.method for row in METHOD_WORDS]
    for method, value in reader.table("codes").items():
        if method not in methods:
            reader.wrong("codes", f"has {method!r}. {nearest(method, methods)}")
        elif not isinstance(value, str) or not _CODE.fullmatch(value):
            reader.wrong("codes", f"has {value!r}, which is no ProductCode such as DV_HIGH_DNS")
        else:
            codes[method] = value
    return codes


def _file_content(reader: SettingReader) -> str:
    text = reader.text("file_content", "{meta_tag}")
    if "{meta_tag}" not in text and "{token}" not in text:
        reader.wrong("file_content", "must have {meta_tag} or {token} in it")
    return text


def _with_code(reader: SettingReader, name: str, default: str) -> str:
    text = reader.text(name, default)
    if "{code}" not in text:
        reader.wrong(name, "must have {code} in it")
    return text


def _searches(reader: SettingReader) -> tuple[str, ...]:
    value = reader.take("find_by")
    if value is None:
        return SEARCHES
    if isinstance(value, (list, tuple)) and value and all(one in SEARCHES for one in value):
        return tuple(dict.fromkeys(value))
    reader.wrong("find_by", f"must be a list of {', '.join(SEARCHES)}, one at least")
    return SEARCHES


def _statuses(reader: SettingReader) -> dict[str, Status]:
    """The table of numbers, and what the account adds to it or reads otherwise."""
    found = {row.number: Status(row.means) for row in STATUS_WORDS}
    known = [status.value for status in Status]
    for number, meaning in reader.table("statuses").items():
        if meaning in known:
            found[number] = Status(meaning)
        else:
            reader.wrong("statuses", f"has {number} as {meaning!r}, which is none of {', '.join(known)}")
    return found


def _error_kinds(reader: SettingReader) -> dict[str, str]:
    found = {row.code: row.kind for row in ERROR_WORDS}
    for code, kind in reader.table("error_kinds").items():
        if not _NUMBER.fullmatch(code) or kind not in _KINDS:
            reader.wrong("error_kinds", f"has {code}: {kind!r}; it takes numbers, and one of {', '.join(_KINDS)}")
        else:
            found[code] = kind
    return found
