# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ACME server's answers, parsed at the border: frozen, bounded, and with every status kept as the server's own word.

A word that we do not know is carried, never guessed (the adapter turns it into Status.UNKNOWN). What breaks RFC 8555
in a way that we cannot live with is a ProtocolError: a missing field, a URL that leaves TLS, a token that is no token.

This file is private to the collection.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
import urllib.parse
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.json_text import load_json
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.problem import Problem, parse_problem
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import bare_url, escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

__all__ = [
    "METHODS",
    "Account",
    "Authorization",
    "Challenge",
    "Directory",
    "Object",
    "Order",
    "Suggestion",
    "UrlRule",
    "chain_of",
    "checked_parameter",
    "links",
]

#: The challenges that we answer: RFC 8555 §8.3, §8.4, draft-ietf-acme-dns-account-label, draft-ietf-acme-dns-persist.
METHODS = ("http-01", "dns-01", "dns-account-01", "dns-persist-01")
#: RFC 8555 §8.3 and §8.4: the base64url alphabet, without padding. Its 128 bits need 22 letters; names of files and
#: paths are made of it, so its length is bounded like a file name's.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
_STATUS_WORD = 60
_MAX_URL = 2000
#: Printable ASCII: what else a URL may not hold is the HTTP door's business.
_URL = re.compile(r"[!-~]{1,2000}")
#: A certificate carries at most some hundred names (100 at most CAs).
_PAGE = re.compile(r"https?://[!-~]{1,1990}")
_MAX_LIST = 1000
_MAX_CHALLENGES = 50
_MAX_PROFILES = 100
#: draft-ietf-acme-dns-persist §3.1: a list with none or with more is malformed
_MAX_ISSUERS = 10
#: what the value of a parameter of RFC 8659 §4.2 may hold
_PARAMETER = re.compile(r"[!-:<-~]{1,1000}")
_MAX_CHAIN = 10
_PEM = re.compile(r"-----BEGIN ([^-\r\n]{1,60})-----\r?\n([A-Za-z0-9+/=\r\n]{1,30000})-----END \1-----")
_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")


class UrlRule:
    """Which URLs of answers are followed: https on any host (RFC 8555 §6.1), plain http never, and addresses of this
    machine only if the directory itself is there: else a hostile CA could send our requests to a neighbour service."""

    def __init__(self, directory_url: str) -> None:
        self.directory_url = directory_url
        self._local = is_loopback(urllib.parse.urlsplit(directory_url).hostname or "")

    def checked(self, value: object, what: str) -> str:
        if not isinstance(value, str) or not _URL.fullmatch(value):
            raise broken(f"{what} is no URL", "")
        try:
            parts = urllib.parse.urlsplit(urllib.parse.urljoin(self.directory_url, value))
            host = parts.hostname or ""
        except ValueError as failure:
            raise broken(f"{what} is no URL", str(failure)) from failure
        if not host or (parts.scheme != "https" and not (self._local and parts.scheme == "http" and is_loopback(host))):
            raise broken(f"{what} is no https URL", bare_url(value))
        if not self._local and _leads_here(host):
            raise broken(f"{what} points to this machine", bare_url(value))
        return parts.geturl()


def _leads_here(host: str) -> bool:
    """Also in the spellings that a system's resolver takes for an address: 127.1, 2130706433, 0x7f.1, 0.0.0.0."""
    host = host.rstrip(".")
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return last.isdigit() or last.startswith("0x")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address.is_unspecified or (mapped is not None and mapped.is_loopback)


class Object:
    """A JSON object of an answer, with typed questions."""

    def __init__(self, data: t.Mapping[str, object], what: str, rule: UrlRule) -> None:
        self._data = data
        self.what = what
        self._rule = rule

    @classmethod
    def of(cls, response: HttpResponse, what: str, rule: UrlRule) -> Object:
        try:
            data = load_json(response.body)
        except ValueError:
            kind = escaped(response.headers.get("content-type", "no content type"), 100)
            start = escaped(response.body[:80].decode("ascii", "replace"))
            raise broken(f"the answer about {what} is no JSON", f"{kind}: {start!r}") from None
        return cls.part(data, what, rule)

    @classmethod
    def part(cls, data: object, what: str, rule: UrlRule) -> Object:
        if not isinstance(data, dict):
            raise broken(f"{what} is no JSON object", type(data).__name__)
        return cls(data, what, rule)

    def get(self, key: str) -> object:
        """As it came: the caller judges it."""
        return self._data.get(key)

    def text(self, key: str, bound: int = 1000) -> str:
        value = self._data.get(key)
        if not isinstance(value, str) or not value:
            raise broken(f"{self.what} has no {key}", "")
        if len(value) > bound:
            raise broken(f"{self.what} has too long a {key}", f"{len(value)} characters")
        return value

    def status(self) -> str:
        return escaped(self.text("status", _STATUS_WORD))

    def url(self, key: str) -> str:
        return self._rule.checked(self._data.get(key), f"{key} of {self.what}")

    def url_or_none(self, key: str) -> str | None:
        return self.url(key) if self._data.get(key) is not None else None

    def urls(self, key: str) -> tuple[str, ...]:
        return tuple(self._rule.checked(value, f"{key} of {self.what}") for value in self.items(key, _MAX_LIST))

    def items(self, key: str, bound: int) -> list[object]:
        value = self._data.get(key)
        if not isinstance(value, list) or len(value) > bound:
            raise broken(f"{self.what} has no list {key}, or too long a one", type(value).__name__)
        return value

    def time(self, key: str) -> datetime | None:
        """An absent or unreadable time is no reason to give up an order: it only guides."""
        value = self._data.get(key)
        try:
            return parse_time(value) if isinstance(value, str) else None
        except ValueError:
            return None

    def flag(self, key: str) -> bool:
        return self._data.get(key) is True

    def object_or_none(self, key: str) -> Object | None:
        value = self._data.get(key)
        return Object(value, f"{key} of {self.what}", self._rule) if isinstance(value, dict) else None

    def problem(self) -> Problem | None:
        return parse_problem(self._data.get("error"))

    def identifier(self, value: object) -> str:
        """The DNS name of an identifier object (RFC 8555 §9.7.7)."""
        found = Object.part(value, f"an identifier of {self.what}", self._rule)
        kind, name = found.text("type"), found.text("value", 300).lower()
        if kind != "dns" or dns_name_error(name) is not None:
            raise broken(f"{self.what} has an identifier that is no DNS name", escaped(f"{kind} {name}"))
        return name

    def identifiers(self) -> tuple[str, ...]:
        return tuple(self.identifier(value) for value in self.items("identifiers", _MAX_LIST))

    def own_identifier(self) -> str:
        return self.identifier(self._data.get("identifier"))


@dataclass(frozen=True)
class Directory:
    """RFC 8555 §7.1.1. terms: the URL of the terms of service, or ""."""

    new_nonce: str
    new_account: str
    new_order: str
    revoke_cert: str | None
    terms: str
    binding_required: bool
    #: RFC 8555 §7.4.1, §7.3.5; RFC 9773 §4.1; None where the server has no such thing
    new_authz: str | None = None
    key_change: str | None = None
    renewal_info: str | None = None
    #: of dns-persist-01 since draft 02 (meta.accountHashPrefix, meta.issuerDomainNames); "", () before
    hash_prefix: str = ""
    issuers: tuple[str, ...] = ()
    #: names and what they are, from meta.profiles (draft-aaron-acme-profiles §3); None: the server has none
    profiles: t.Mapping[str, str] | None = None

    @classmethod
    def parse(cls, found: Object) -> Directory:
        meta = found.object_or_none("meta")
        terms = meta.get("termsOfService") if meta else None
        profiles = meta.get("profiles") if meta else None
        prefix = meta.get("accountHashPrefix") if meta else None
        return cls(
            new_nonce=found.url("newNonce"),
            new_account=found.url("newAccount"),
            new_order=found.url("newOrder"),
            revoke_cert=found.url_or_none("revokeCert"),
            terms=escaped(terms, _MAX_URL) if isinstance(terms, str) else "",
            binding_required=meta.flag("externalAccountRequired") if meta else False,
            new_authz=found.url_or_none("newAuthz"),
            key_change=found.url_or_none("keyChange"),
            renewal_info=found.url_or_none("renewalInfo"),
            profiles=_profiles(profiles) if isinstance(profiles, dict) else None,
            hash_prefix=prefix if isinstance(prefix, str) and _PARAMETER.fullmatch(prefix) else "",
            issuers=_issuers(meta.get("issuerDomainNames")) if meta else (),
        )


def _issuers(listed: object) -> tuple[str, ...]:
    """What is no such list is none: a challenge tells them, too, and is judged then."""
    names = tuple(listed) if isinstance(listed, list) and len(listed) <= _MAX_ISSUERS else ()
    good = all(isinstance(one, str) and dns_name_error(one, wildcard=False) is None for one in names)
    return names if good else ()


def _profiles(data: t.Mapping[object, object]) -> dict[str, str]:
    listed = list(data.items())[:_MAX_PROFILES]
    return {escaped(str(name), 100): escaped(str(what), _MAX_URL) for name, what in listed}


@dataclass(frozen=True)
class Account:
    """RFC 8555 §7.1.2. orders: None where the server keeps no list (Boulder does not); contact: None where the server
    does not tell it."""

    url: str
    status: str
    orders: str | None
    contact: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Challenge:
    """RFC 8555 §8. token: "" for types that have none; judged only when it is used (``checked_token``)."""

    type: str
    url: str
    status: str
    token: str
    problem: Problem | None
    #: of dns-persist-01: who may be named as issuer, and the account as the server writes it ("": as its URL)
    issuers: tuple[object, ...] = ()
    account_uri: str = ""

    @classmethod
    def parse(cls, found: Object) -> Challenge:
        # issuerDomainNames since draft 02 of dns-persist-01
        token, issuers = found.get("token"), found.get("issuerDomainNames") or found.get("issuer-domain-names")
        account = found.get("accounturi")
        return cls(
            type=found.text("type", 100),
            url=found.url("url"),
            status=found.status(),
            token=token if isinstance(token, str) else "",
            problem=found.problem(),
            issuers=tuple(issuers) if isinstance(issuers, list) else (),
            account_uri=account if isinstance(account, str) else "",
        )

    def checked_issuers(self) -> tuple[str, ...]:
        """draft-ietf-acme-dns-persist §3.1: 1 to 10 domain names, A-labels in lower case without a dot at the end."""
        names = [one for one in self.issuers if isinstance(one, str) and dns_name_error(one, wildcard=False) is None]
        if not 1 <= len(self.issuers) <= _MAX_ISSUERS or len(names) != len(self.issuers):
            told = ", ".join(escaped(str(one), 100) for one in self.issuers[:_MAX_ISSUERS])
            raise broken("a dns-persist-01 challenge names no issuer, too many, or what is no domain name", told)
        return tuple(names)

    def checked_token(self) -> str:
        if not _TOKEN.fullmatch(self.token):
            raise broken(f"the token of a {escaped(self.type, 40)} challenge is no token", escaped(self.token, 100))
        return self.token


@dataclass(frozen=True)
class Authorization:
    """RFC 8555 §7.1.4. name: as in the order, so with ``*.`` where ``wildcard`` is set."""

    url: str
    name: str
    status: str
    expires: datetime | None
    challenges: tuple[Challenge, ...]
    retry_after: float | None = None

    @classmethod
    def parse(cls, url: str, found: Object, rule: UrlRule, retry_after: float | None) -> Authorization:
        name = found.own_identifier()
        wildcard = "*." if found.flag("wildcard") and not name.startswith("*.") else ""
        listed = found.items("challenges", _MAX_CHALLENGES)
        parsed = [_challenge_or_none(one, f"a challenge for {name}", rule) for one in listed]
        return cls(
            url=url,
            name=wildcard + name,
            status=found.status(),
            expires=found.time("expires"),
            challenges=tuple(one for one in parsed if one is not None),
            retry_after=retry_after,
        )

    def challenge(self, method: str) -> Challenge | None:
        return next((one for one in self.challenges if one.type == method), None)

    @property
    def problem(self) -> Problem | None:
        return next((one.problem for one in self.challenges if one.problem is not None), None)


def checked_parameter(value: str) -> str:
    """What is to stand in a record of dns-persist-01 (RFC 8659 §4.2)."""
    if not _PARAMETER.fullmatch(value):
        raise broken("the account of a dns-persist-01 challenge cannot stand in a record", escaped(value, 200))
    return value


def _challenge_or_none(data: object, what: str, rule: UrlRule) -> Challenge | None:
    """Challenges of types that we do not speak may look as they like: they are left out (RFC 8555 §8)."""
    found = Object.part(data, what, rule)
    return Challenge.parse(found) if found.get("type") in METHODS else None


@dataclass(frozen=True)
class Order:
    """RFC 8555 §7.1.3. names: the identifiers, sorted."""

    url: str
    status: str
    names: tuple[str, ...]
    authorizations: tuple[str, ...]
    finalize: str
    certificate: str | None
    expires: datetime | None
    problem: Problem | None
    retry_after: float | None = None

    @classmethod
    def parse(cls, url: str, found: Object, retry_after: float | None) -> Order:
        return cls(
            url=url,
            status=found.status(),
            names=tuple(sorted(set(found.identifiers()))),
            authorizations=found.urls("authorizations"),
            finalize=found.url("finalize"),
            certificate=found.url_or_none("certificate"),
            expires=found.time("expires"),
            problem=found.problem(),
            retry_after=retry_after,
        )


@dataclass(frozen=True)
class Suggestion:
    """RFC 9773 §4.2. url: a page for a person, or ""."""

    start: datetime
    end: datetime
    url: str

    @classmethod
    def parse(cls, found: Object) -> Suggestion:
        """A window that ends before it begins, or without a time, is no answer (§4.3)."""
        window = found.object_or_none("suggestedWindow")
        start, end = (window.time("start"), window.time("end")) if window else (None, None)
        if start is None or end is None or end <= start:
            raise broken("the renewal information has no window, or one that ends before it begins", "")
        page = found.get("explanationURL")
        return cls(start, end, escaped(page, _MAX_URL) if isinstance(page, str) and _PAGE.fullmatch(page) else "")


def links(response: HttpResponse, relation: str, rule: UrlRule) -> list[str]:
    """The URLs of all Link headers with that relation (RFC 8288 §3); each is checked like any other URL."""
    found = []
    for match in _LINK.finditer(response.headers.get("link", "")):
        target, parameters = match.groups()
        relations = re.findall(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))", parameters, re.IGNORECASE)
        if any(relation in (quoted or plain).lower().split() for quoted, plain in relations):
            found.append(rule.checked(urllib.parse.urljoin(response.url, target), f"link {relation}"))
    return found


def chain_of(response: HttpResponse) -> tuple[str, ...]:
    """The certificates of a download, leaf first, each as one PEM block (RFC 8555 §7.4.2, RFC 8555 §9.1).

    Anything but CERTIFICATE blocks and white space is refused: the text goes into files that servers read.
    """
    text = response.body.decode("ascii", "replace")
    blocks = [(match.group(1), match.group(2)) for match in _PEM.finditer(text)]
    if _PEM.sub("", text).strip() or not blocks or len(blocks) > _MAX_CHAIN:
        kind = escaped(response.headers.get("content-type", "no content type"), 100)
        raise broken("the downloaded chain is not 1 to 10 PEM certificates", f"{kind}, {len(blocks)} PEM blocks")
    strange = sorted({label for label, _content in blocks if label != "CERTIFICATE"})
    if strange:
        raise broken("the downloaded chain holds something else than certificates", escaped(", ".join(strange)))
    return tuple(_as_pem("".join(content.split())) for _label, content in blocks)


def _as_pem(base64_text: str) -> str:
    lines = [base64_text[start : start + 64] for start in range(0, len(base64_text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def broken(what: str, why: str) -> ProtocolError:
    return ProtocolError(
        code="acme_bad_answer",
        what=f"The CA's answer breaks RFC 8555: {what}",
        why=why,
        todo="Run again; if it lasts, tell the CA",
        retryable=True,
    )
