# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigiCert's answers as values: read leniently where it may leave something out, never trusted further than that.

    handle   542772                                  an order
             542772/domains/12,13                    an order whose submit told the numbers of its domains (OV, EV)
             542772/reissue/922440                   another certificate of an order, by the number of its request
             542772/duplicate/922440/certificate/78  the same, when its own number was told

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import OrderRequest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, ProtocolError
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, free_names
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

__all__ = [
    "Handle",
    "OrderInfo",
    "RequestInfo",
    "Token",
    "listed",
    "moment_of",
    "number_of",
    "text_of_field",
    "unusable",
]

_HANDLE = re.compile(
    r"(?P<order>\d{1,18})(?:/(?P<way>reissue|duplicate)/(?P<request>\d{1,18})(?:/certificate/(?P<certificate>\d{1,18}))?"
    r"|/domains/(?P<domains>\d{1,18}(?:,\d{1,18})*))?",
    re.ASCII,
)
_TOKEN = re.compile(r"[!-~]{8,255}")
_MOST = 1000
_LONGEST = 1000


@dataclass(frozen=True)
class Handle:
    """order: its number. way: "", or how another certificate of it was asked for; request, certificate: numbers of
    that. domains: numbers."""

    order: str
    way: str = ""
    request: str = ""
    certificate: str = ""
    domains: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Handle:
        found = _HANDLE.fullmatch(text)
        if found is None:
            raise InputError(
                code="digicert_no_order_number",
                what=f"Cannot ask DigiCert for the order {escaped(text, 100)!r}",
                why="an order of CertCentral has a number",
                todo="Give the order number that CertCentral shows",
            )
        part = found.groupdict("")
        domains = tuple(part["domains"].split(",")) if part["domains"] else ()
        return cls(part["order"], part["way"], part["request"], part["certificate"], domains)

    def __str__(self) -> str:
        if not self.way:
            return f"{self.order}/domains/{','.join(self.domains)}" if self.domains else self.order
        end = f"/certificate/{self.certificate}" if self.certificate else ""
        return f"{self.order}/{self.way}/{self.request}{end}"


@dataclass(frozen=True)
class Token:
    """value: what to publish; verification: the CNAME's target where the answer has one; url: of a dynamic file."""

    value: str
    expires: datetime | None = None
    verification: str = ""
    url: str = ""
    is_done: bool = False

    @classmethod
    def read(cls, data: object, key: str) -> Token:
        fields = data if isinstance(data, dict) else {}
        value = fields.get(key)
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise unusable("there is no token in it", f"{key} is {escaped(repr(value), 100)}")
        return cls(
            value=value,
            expires=moment_of(fields.get("expiration_date")),
            verification=text_of_field(fields, "verification_value").rstrip(".").lower(),
            url=text_of_field(fields, "http_token_url"),
            is_done=fields.get("status") in ("active", "valid", "complete"),
        )


@dataclass(frozen=True)
class RequestInfo:
    """An entry of ``requests[]``: where our own people's approval stands."""

    number: str
    kind: str
    status: str
    comments: str
    date: datetime | None


@dataclass(frozen=True)
class OrderInfo:
    """The answer of order info, and of what has its shape in part."""

    data: t.Mapping[str, t.Any]

    @classmethod
    def read(cls, data: object) -> OrderInfo:
        if not isinstance(data, dict):
            raise unusable("there is no order in it", f"it is a {type(data).__name__}")
        return cls(data)

    @property
    def number(self) -> str:
        return number_of(self.data.get("id"))

    @property
    def status_word(self) -> str:
        return escaped(text_of_field(self.data, "status"), 200)

    @property
    def reference(self) -> str:
        return text_of_field(self.data, "alternative_order_id")

    @property
    def _certificate(self) -> t.Mapping[str, t.Any]:
        value = self.data.get("certificate")
        return value if isinstance(value, dict) else {}

    @property
    def certificate_id(self) -> str:
        return number_of(self._certificate.get("id")) or number_of(self.data.get("certificate_id"))

    @property
    def csr(self) -> str:
        return text_of_field(self._certificate, "csr", 64 * 1024)

    @property
    def names(self) -> tuple[str, ...]:
        """As A-labels in lower case; what is no name is left out."""
        given = [self._certificate.get("common_name"), *listed(self._certificate.get("dns_names"))]
        words = [one.lower().rstrip(".") for one in given if isinstance(one, str)]
        return tuple(dict.fromkeys(word for word in words if dns_name_error(word) is None))

    @property
    def requests(self) -> tuple[RequestInfo, ...]:
        return tuple(
            RequestInfo(
                number=number_of(one.get("id")),
                kind=text_of_field(one, "type"),
                status=text_of_field(one, "status"),
                comments=text_of_field(one, "comments"),
                date=moment_of(one.get("date")),
            )
            for one in listed(self.data.get("requests"))
            if isinstance(one, dict)
        )

    def request_of(self, handle: Handle) -> RequestInfo | None:
        """The one that the handle is about; for an order its first."""
        ours = [one for one in self.requests if not handle.way or one.number == handle.request]
        return ours[0] if ours else None

    def require_number(self, handle: Handle) -> None:
        if self.number and self.number != handle.order:
            why = f"asked was for {handle.order}, it is about {self.number}"
            raise unusable("it is about another order", why, code="digicert_other_order")

    def has_names_of(self, request: OrderRequest) -> bool:
        """All of ours, and beside them only what comes for free; or it tells none."""
        names = self.names
        strange = set(names) - set(request.dns_names) - free_names(request.dns_names)
        return not names or not (strange or set(request.dns_names) - set(names))

    def require_names(self, request: OrderRequest) -> None:
        names = self.names
        if not self.has_names_of(request):
            why = f"ordered: {', '.join(request.dns_names)}; at DigiCert: {', '.join(names)}"
            raise unusable("the order is not for the names that were ordered", why[:_LONGEST], "digicert_other_names")


def listed(value: object) -> list[t.Any]:
    """A list, bounded; anything else is an empty one."""
    return value[:_MOST] if isinstance(value, list) else []


def text_of_field(data: t.Mapping[str, t.Any], key: str, longest: int = _LONGEST) -> str:
    value = data.get(key)
    return value[:longest] if isinstance(value, str) else ""


def number_of(value: object) -> str:
    """A number of theirs, as a number or as a text; "" where there is none."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return text if re.fullmatch(r"[0-9]{1,18}", text) else ""


def moment_of(value: object) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) and len(value) < 40 else None
    except ValueError:
        return None


def unusable(what: str, why: str, code: str = "digicert_bad_answer") -> ProtocolError:
    return ProtocolError(
        code=code,
        what=f"DigiCert's answer cannot be used: {what}",
        why=why,
        todo="Nothing of it was used. Run again; if it stays, ask DigiCert",
        retryable=True,
    )
