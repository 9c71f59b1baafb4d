# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The validation policy of a credential: what a certificate may be, read before anything is claimed or ordered, and the
body of the order that it leads to.

    presence   REQUIRED: must be sent; OPTIONAL: may; FORBIDDEN: must not; STATIC: the policy's own value, not ours
    format     a regular expression; lists have several, and how many values they want

A rule that cannot be read here is left to Atlas, which judges anyway: nothing is refused on a guess.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import Key, key_of_request
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.network import answer_unusable
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.settings import Settings
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["Policy"]

Body = dict[str, t.Any]

_NOT_OURS = ("STATIC", "FORBIDDEN")
_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
_LONGEST_FORMAT = 2000
_LONGEST_VALUE = 1000
#: A repetition of what repeats: matching it may take for ever, so Atlas is left to judge.
_NESTED = re.compile(r"[+*}]\??\)[+*{]")


@dataclass(frozen=True)
class Policy:
    data: t.Mapping[str, t.Any]

    @classmethod
    def read(cls, data: object) -> Policy:
        if not isinstance(data, dict):
            raise answer_unusable("there is no validation policy in it", f"it is a {type(data).__name__}")
        return cls(data)

    def body(self, request: OrderRequest, settings: Settings, now: datetime) -> Body:
        """The order; a PolicyError names everything that the policy has against it."""
        wrong: list[str] = []
        body: Body = {
            "validity": self._validity(settings, now, wrong),
            "public_key": self._public_key(request.csr_pem, wrong),
        }
        parts = {
            "subject_dn": self._subject(request, settings, wrong),
            "san": self._san(request, wrong),
            "signature": self._signature(settings, wrong),
            "extended_key_usages": self._usages(settings, wrong),
        }
        body.update({name: value for name, value in parts.items() if value})
        if wrong:
            raise PolicyError(
                code="atlas_policy_forbids",
                what=f"Atlas's validation policy does not allow the certificate for {request.common_name}",
                why="; ".join(wrong),
                todo="Nothing was ordered. Change what is declared, the account's settings, or have the policy changed",
            )
        return body

    def _at(self, *path: str) -> dict[str, t.Any]:
        found: t.Any = self.data
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _validity(self, settings: Settings, now: datetime, wrong: list[str]) -> Body:
        """not_after 0: as long as the policy allows."""
        start = int(now.timestamp())
        if settings.validity_days is None:
            return {"not_before": start, "not_after": 0}
        seconds = int(timedelta(days=settings.validity_days).total_seconds())
        rule = self._at("validity")
        least, most = _count(rule, "secondsmin"), _count(rule, "secondsmax")
        if (least and seconds < least) or (most and seconds > most):
            days = f"{(least or 0) / 86400:g} to {most / 86400:g}" if most else f"at least {(least or 0) / 86400:g}"
            wrong.append(f"validity_days is {settings.validity_days}, possible are {days} days")
        return {"not_before": start, "not_after": start + seconds}

    def _public_key(self, csr_pem: str, wrong: list[str]) -> str:
        rule = self._at("public_key")
        key = key_of_request(csr_pem)
        if rule.get("key_format") == "PKCS8":
            wrong.append("it wants a bare public key with a proof of its own (key_format PKCS8); a CSR is what we have")
        if key.kind:
            wrong += _key_errors(key, rule)
        return csr_pem

    def _subject(self, request: OrderRequest, settings: Settings, wrong: list[str]) -> Body:
        rules = self._at("subject_dn")
        wishes: Body = {"common_name": request.common_name, **settings.subject}
        found: Body = {}
        for name in dict.fromkeys([*wishes, *rules]):
            rule, wish = rules.get(name), wishes.get(name)
            rule = rule if isinstance(rule, dict) else {}
            is_list = name == "organizational_unit"
            if is_list:
                found.update(_listed_field(name, wish, rule, wrong))
            elif rule.get("presence") in _NOT_OURS:
                if name in settings.subject:
                    wrong.append(f"subject.{name} is not ours to say (it is {rule['presence']})")
            elif wish is None:
                if rule.get("presence") == "REQUIRED":
                    wrong.append(f"it requires {name} in the subject: set it in subject of the account's settings")
            else:
                wrong += _format_errors(f"the subject's {name}", wish, [rule.get("format")])
                found[name] = wish
        return found

    def _san(self, request: OrderRequest, wrong: list[str]) -> Body:
        rule = self._at("san", "dns_names")
        names = list(request.dns_names)
        if rule.get("static") is True:
            fixed = rule.get("list")
            if set(names) != set(fixed if isinstance(fixed, list) else []):
                wrong.append("its names are fixed (san.dns_names is static), and are others")
            return {}
        wrong += _count_errors("names", len(names), rule)
        for name in names:
            wrong += _format_errors("the name", name, rule.get("list"))
        return {"dns_names": names}

    def _signature(self, settings: Settings, wrong: list[str]) -> Body:
        found = {
            "algorithm": self._choice("algorithm", settings.signature_algorithm, wrong),
            "hash_algorithm": self._choice("hash_algorithm", settings.hash_algorithm, wrong),
        }
        return {name: value for name, value in found.items() if value}

    def _choice(self, name: str, wish: str, wrong: list[str]) -> str:
        """Without a wish only what must be said is: the first that the policy has, SHA-256 before others."""
        rule = self._at("signature", name)
        offered = [one for one in rule["list"] if isinstance(one, str)] if isinstance(rule.get("list"), list) else []
        if rule.get("presence") in _NOT_OURS:
            if wish:
                wrong.append(f"signature {name} is not ours to say (it is {rule['presence']})")
            return ""
        if wish:
            if offered and wish not in offered:
                wrong.append(f"signature {name} is {wish}, possible are {', '.join(offered)}")
            return wish
        if rule.get("presence") != "REQUIRED" or not offered:
            return ""
        return "SHA-256" if "SHA-256" in offered else offered[0]

    def _usages(self, settings: Settings, wrong: list[str]) -> list[str]:
        rule = self._at("extended_key_usages", "ekus")
        wishes = list(settings.extended_key_usages)
        if rule.get("static") is True:
            if wishes:
                wrong.append("extended_key_usages is not ours to say (it is static)")
            return []
        offered = [one for one in rule["list"] if isinstance(one, str)] if isinstance(rule.get("list"), list) else []
        least = _count(rule, "mincount") or 0
        if not wishes and least:
            wishes = sorted(offered, key=lambda one: one != _SERVER_AUTH)[:least] if offered else [_SERVER_AUTH]
        if wishes:
            wrong += _count_errors("extended key usages", len(wishes), rule)
            for wish in wishes:
                if offered and wish not in offered:
                    wrong += _format_errors("the extended key usage", wish, offered)
        return wishes


def _key_errors(key: Key, rule: t.Mapping[str, t.Any]) -> list[str]:
    kind, lengths = rule.get("key_type"), rule.get("allowed_lengths")
    if isinstance(kind, str) and kind and kind != key.kind:
        return [f"the key is of type {key.kind}, possible is {escaped(kind, 50)}"]
    if isinstance(lengths, list) and lengths and key.bits and key.bits not in lengths:
        return [f"the key has {key.bits} bits, possible are {escaped(', '.join(map(str, lengths)), 100)}"]
    return []


def _listed_field(name: str, wish: t.Any, rule: t.Mapping[str, t.Any], wrong: list[str]) -> Body:
    values = [wish] if isinstance(wish, str) else list(wish or [])
    if rule.get("static") is True:
        if values:
            wrong.append(f"subject.{name} is not ours to say (it is static)")
        return {}
    wrong += _count_errors(f"values of the subject's {name}", len(values), rule)
    for value in values:
        wrong += _format_errors(f"the subject's {name}", value, rule.get("list"))
    return {name: values} if values else {}


def _count(rule: t.Mapping[str, t.Any], name: str) -> int | None:
    value = rule.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _count_errors(what: str, number: int, rule: t.Mapping[str, t.Any]) -> list[str]:
    least, most = _count(rule, "mincount"), _count(rule, "maxcount")
    if least is not None and number < least:
        return [f"it wants at least {least} {what}, here are {number}"]
    if most is not None and number > most:
        return [f"it allows {most} {what}, here are {number}"]
    return []


def _format_errors(what: str, value: str, formats: object) -> list[str]:
    """One of the formats is enough."""
    given = [one for one in formats if one] if isinstance(formats, list) else []
    if not given or any(_fits(value, one) for one in given):
        return []
    shown = escaped(" or ".join(str(one) for one in given), 300)
    return [f"{what} {value!r} is not of the form {shown}"]


def _fits(value: str, form: object) -> bool:
    """True also where it cannot be judged here: Atlas reads RE2, and a format is not ours to trust with our time."""
    if not isinstance(form, str) or len(form) > _LONGEST_FORMAT or len(value) > _LONGEST_VALUE or _NESTED.search(form):
        return True
    try:
        return re.search(form, value) is not None
    except (re.error, RecursionError, OverflowError):
        return True
