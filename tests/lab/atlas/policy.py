# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation policies, one a credential: as they are shown, and as requests are held against them."""

from __future__ import annotations

import base64
import re
import typing as t
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from lab import signing_request
from lab.names import is_name
from lab.signing_request import Invalid, PublicKey

from . import terms
from .api import Document, violated
from .clients import ORGANIZATION, RAW, RSA

LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
NAME = rf"^(\*\.)?({LABEL}\.)+{LABEL}$"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
MOST_NAMES = 100
EARLIER, LATER, SHORTEST = 120, 3_600, 3_600
#: what the CA has examined, and puts into each certificate of the credential ``organization``
IDENTITY = {"organization": "Example K.K.", "country": "JP", "state": "Tokyo", "locality": "Chiyoda-ku"}
SUBJECT_WORDS = (
    *("common_name", "organization", "organizational_unit", "country", "state", "locality", "street_address"),
    *("postal_code", "email", "serial_number", "business_category"),
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
)
SAN_WORDS = ("emails", "ip_addresses", "uris", "other_names")
WORDS = ("validity", "subject_dn", "san", "extended_key_usages", "signature", "public_key", "public_key_signature")
FORBIDDEN_WORDS = ("subject_da", "qualified_statements", "ms_extension_template", "custom_extensions")


class Wish(t.NamedTuple):
    """A request that the policy allows."""

    names: tuple[str, ...]
    key: PublicKey
    not_before: datetime
    not_after: datetime


def policy(credential: str, now: datetime, issuer_ends: datetime) -> Document:
    no_names: Document = {"static": False, "list": [], "mincount": 0, "maxcount": 0}
    lengths = [2048, 3072, 4096] if credential == RSA else [256, 384]
    return {
        "validity": {
            "secondsmin": SHORTEST,
            "secondsmax": int(terms.longest(now).total_seconds()),
            "not_before_negative_skew": EARLIER,
            "not_before_positive_skew": LATER,
            "issuer_expiry": int(issuer_ends.timestamp()),
        },
        "subject_dn": {word: _subject_rule(word, credential) for word in SUBJECT_WORDS},
        "san": {
            "critical": False,
            "dns_names": {"static": False, "list": [NAME], "mincount": 1, "maxcount": MOST_NAMES},
            "emails": no_names,
            "ip_addresses": no_names,
            "uris": no_names,
            "other_names": {},
        },
        "extended_key_usages": {
            "critical": False,
            "ekus": {"static": True, "list": [SERVER_AUTH], "mincount": 1, "maxcount": 1},
        },
        "signature": {
            "algorithm": {"presence": "OPTIONAL", "list": ["RSA", "ECDSA"]},
            "hash_algorithm": {"presence": "OPTIONAL", "list": ["SHA-256", "SHA-384"]},
        },
        "public_key": {
            "key_type": "RSA" if credential == RSA else "ECDSA",
            "allowed_lengths": lengths,
            "key_format": "PKCS8" if credential == RAW else "PKCS10",
        },
        "public_key_signature": "REQUIRED" if credential == RAW else "FORBIDDEN",
        "custom_extensions": {},
    }


def _subject_rule(word: str, credential: str) -> Document:
    if word == "common_name":
        return {"presence": "OPTIONAL", "format": NAME}
    if word == "organizational_unit":
        return {"static": False, "list": [], "mincount": 0, "maxcount": 0}
    if credential == ORGANIZATION and word in IDENTITY:
        return {"presence": "STATIC", "format": IDENTITY[word]}
    return {"presence": "FORBIDDEN", "format": ""}


# --- judging ---


def judge(body: Document, rules: Document, now: datetime) -> Wish:
    """Refused, with the reason, if the policy does not allow it."""
    unknown = sorted(set(body) - {*WORDS, *FORBIDDEN_WORDS})
    if unknown or any(body.get(word) for word in FORBIDDEN_WORDS):
        raise violated(f"the policy has no {', '.join(unknown) or ' or '.join(FORBIDDEN_WORDS)}")
    not_before, not_after = _validity(_object(body, "validity"), rules["validity"], now)
    names = _names(_object(body, "san"), rules["san"])
    subject = _object(body, "subject_dn", optional=True)
    _judge_subject(subject, rules["subject_dn"])
    common = subject.get("common_name") or names[0]
    if common not in names:
        raise violated(f"the common name {common} is no subject alternative name")
    usages = body.get("extended_key_usages")
    if usages not in (None, [], rules["extended_key_usages"]["ekus"]["list"]):
        raise violated("other extended key usages than those of the policy")
    _judge_signature(_object(body, "signature", optional=True), rules["signature"])
    ordered = (common, *(name for name in names if name != common))
    return Wish(ordered, read_key(body, rules), not_before, not_after)


def _object(body: Document, word: str, optional: bool = False) -> Document:
    value = body.get(word)
    if value is None and optional:
        return {}
    if not isinstance(value, dict):
        raise violated(f"{word} is no object")
    return value


def _validity(validity: Document, rules: Document, now: datetime) -> tuple[datetime, datetime]:
    seconds = [_seconds(validity, word) for word in ("not_before", "not_after")]
    begin, end = (datetime.fromtimestamp(one, timezone.utc) for one in seconds)
    early, late = (timedelta(seconds=rules[f"not_before_{word}_skew"]) for word in ("negative", "positive"))
    if not now - early - timedelta(seconds=1) <= begin <= now + late:
        raise violated(f"not_before {begin:%Y-%m-%dT%H:%M:%SZ} is too far from now")
    longest = begin + timedelta(seconds=rules["secondsmax"])
    if seconds[1] == 0:
        return begin, longest
    if not begin + timedelta(seconds=rules["secondsmin"]) <= end <= longest:
        raise violated(f"not_after {end:%Y-%m-%dT%H:%M:%SZ} is too early or too late")
    return begin, end


def _seconds(validity: Document, word: str) -> int:
    value = validity.get(word)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**33:
        raise violated(f"validity.{word} is no number of seconds")
    return value


def _names(san: Document, rules: Document) -> tuple[str, ...]:
    for word in SAN_WORDS:
        if san.get(word):
            raise violated(f"the policy allows no {word}")
    names, rule = san.get("dns_names"), rules["dns_names"]
    if not isinstance(names, list) or not rule["mincount"] <= len(names) <= rule["maxcount"]:
        raise violated(f"san.dns_names has to have 1 to {rule['maxcount']} names")
    for name in names:
        if not isinstance(name, str) or not is_name(name) or not re.search(rule["list"][0], name):
            raise violated(f"the policy does not allow the name {name}")
    return tuple(dict.fromkeys(names))


def _judge_subject(subject: Document, rules: Document) -> None:
    for word, value in subject.items():
        rule = rules.get(word)
        if rule is None:
            raise violated(f"the policy has no subject_dn.{word}")
        presence = rule.get("presence", "FORBIDDEN")
        if not value:
            continue
        if presence == "FORBIDDEN" or not isinstance(value, str):
            raise violated(f"the policy allows no subject_dn.{word}")
        if presence == "STATIC" and value != rule["format"]:
            raise violated(f"subject_dn.{word} is {rule['format']} by the policy")
        if presence == "OPTIONAL" and not re.search(rule["format"], value):
            raise violated(f"the policy does not allow subject_dn.{word} {value}")


def _judge_signature(signature: Document, rules: Document) -> None:
    for word, value in signature.items():
        if word not in rules or value not in rules[word]["list"]:
            raise violated(f"the policy does not allow signature.{word} {value}")


# --- keys ---


def read_key(body: Document, rules: Document) -> PublicKey:
    """Nothing of a CSR but its key, and that it is signed by it."""
    text, signature = body.get("public_key"), body.get("public_key_signature")
    if not isinstance(text, str):
        raise violated("public_key is no text")
    rule, raw = rules["public_key"], rules["public_key"]["key_format"] == "PKCS8"
    if bool(signature) is not raw:
        raise violated(f"public_key_signature is {rules['public_key_signature']} by the policy")
    key = _raw_key(text, signature) if raw else _key_of_request(text)
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "ECDSA"
    if kind != rule["key_type"] or key.key_size not in rule["allowed_lengths"]:
        raise violated(f"the policy allows no {kind} key of {key.key_size} bits")
    return key


def _key_of_request(text: str) -> PublicKey:
    try:
        return signing_request.read(text).key
    except Invalid as error:
        raise violated(f"the CSR is of no use: {error}") from None


def _raw_key(text: str, signature: t.Any) -> PublicKey:
    """The signature, in base64, is over the DER of the key, by SHA-256."""
    try:
        key = load_pem_public_key(text.encode("ascii"))
        content = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        signed = base64.b64decode(str(signature), validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed, content, padding.PKCS1v15(), hashes.SHA256())
            return key
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed, content, ec.ECDSA(hashes.SHA256()))
            return key
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        raise violated("the public key or its signature is of no use") from None
    raise violated("the policy allows neither this kind of key")
