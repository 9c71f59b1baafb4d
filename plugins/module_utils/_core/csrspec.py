# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate request should hold, and whether one at hand does.

A CA drops what it may not certify (facts: BR 7.1.2.7), so a request holds nothing else: the names, a common name that
is one of them (BR 7.1.4.3), and for OV and EV where the organization is. Everything more (its registration, its kind)
the CA takes from its own investigation.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
import unicodedata
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error

KEY_TYPES = ("rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384")

MAX_COMMON_NAME = 64  # characters (RFC 5280 appendix A.1, ub-common-name)
#: Short name, long name, most characters (RFC 5280 appendix A.1); in the order of BR 7.1.4.2.
_FIELDS = (
    ("C", "countryName", 2),
    ("ST", "stateOrProvinceName", 128),
    ("L", "localityName", 128),
    ("O", "organizationName", 64),
)
_SHORT = {spelling: short for short, long, _other in _FIELDS for spelling in (short, long)}
_MOST = {short: most for short, _other, most in _FIELDS}
_REASONS = {
    "OU": "CAs may not certify it since 2022-09-01 (BR 7.1.2.7, SC-047v2)",
    "organizationalUnitName": "CAs may not certify it since 2022-09-01 (BR 7.1.2.7, SC-047v2)",
    "emailAddress": "a TLS certificate has no room for it (BR 7.1.2.7)",
    "E": "a TLS certificate has no room for it (BR 7.1.2.7)",
    "CN": "it is made from O(common_name)",
    "commonName": "it is made from O(common_name)",
}
_OTHER = "only C, ST, L and O belong into a request: the CA takes the rest from its own investigation"


@dataclass(frozen=True)
class CsrWish:
    """common_name: None if it would be too long. dns_names: all names, the common name first. subject: in BR order."""

    common_name: str | None
    dns_names: tuple[str, ...]
    key_type: str
    subject: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CsrFacts:
    """A request as it is. others: what it asks for that no wish holds (extensions, further subject fields)."""

    common_name: str | None
    dns_names: tuple[str, ...]
    key_type: str
    subject: tuple[tuple[str, str], ...]
    public_key_sha256: str
    csr_sha256: str
    others: tuple[str, ...] = ()


def wish_for(
    common_name: str, dns_names: t.Sequence[str], key_type: str, subject: t.Mapping[str, str] | None = None
) -> CsrWish:
    """The wish of a declared certificate; all values were judged by the functions below."""
    names = tuple(dict.fromkeys((common_name, *dns_names)))
    shown = common_name if len(common_name) <= MAX_COMMON_NAME else None
    given = {_SHORT[field]: value for field, value in (subject or {}).items() if value != ""}
    return CsrWish(
        shown, names, key_type, tuple((short, given[short]) for short, _long, _most in _FIELDS if short in given)
    )


def names_errors(common_name: str, dns_names: t.Sequence[str]) -> list[str]:
    """Why these names cannot be certified, one sentence a name."""
    judged = ((name, dns_name_error(name)) for name in dict.fromkeys((common_name, *dns_names)))
    return [f"{name!r}: {error}" for name, error in judged if error is not None]


def subject_errors(subject: t.Mapping[str, object]) -> list[str]:
    """Why these subject fields cannot be asked for, one sentence a field."""
    errors = []
    seen: set[str] = set()
    for field, value in subject.items():
        short = _SHORT.get(field)
        if short is None:
            errors.append(f"{field!r} is not possible: {_REASONS.get(field, _OTHER)}")
        elif short in seen:
            errors.append(f"{short!r} is given twice (BR 7.1.4.1: no duplicates)")
        else:
            seen.add(short)
            error = _value_error(short, value)
            errors.extend([f"{field!r}: {error}"] if error else [])
    return errors


def _value_error(short: str, value: object) -> str | None:
    if not isinstance(value, str):
        return "it is no text"
    if short == "C" and value and not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()):
        return f"{value!r} is no country code of two capital letters (ISO 3166-1)"
    if len(value) > _MOST[short]:
        return f"it has {len(value)} characters, {_MOST[short]} are possible"
    if value != value.strip() or any(unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" for char in value):
        return f"{value!r} has a control character, or a space at its edge"
    return None


def differences(wish: CsrWish, facts: CsrFacts) -> tuple[str, ...]:
    """What keeps a request from being the wished one, one sentence each; empty: it is."""
    found = []
    if wish.key_type != facts.key_type:
        found.append(f"its key is {facts.key_type}, not {wish.key_type}")
    if wish.common_name != facts.common_name:
        found.append(f"its common name is {facts.common_name}, not {wish.common_name}")
    missing = sorted(set(wish.dns_names) - set(facts.dns_names))
    more = sorted(set(facts.dns_names) - set(wish.dns_names))
    found.extend([f"it lacks {', '.join(missing)}"] if missing else [])
    found.extend([f"it has {', '.join(more)} too"] if more else [])
    if wish.subject != facts.subject:
        found.append(f"its subject is {_shown(facts.subject)}, not {_shown(wish.subject)}")
    found.extend(facts.others)
    return tuple(found)


def _shown(subject: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{field}={value}" for field, value in subject) or "empty"
