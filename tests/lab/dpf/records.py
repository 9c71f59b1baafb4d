# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record of the API, which is an RRset, and what may be in it. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from .wrongs import Document, Wrong, schema

PUBLISHED, ADDED, DELETED, CHANGED, BEFORE = 0, 1, 2, 3, 5
TYPES = (
    *("A", "AAAA", "ANAME", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SRV", "SVCB"),
    *("TLSA", "TXT"),
)
SINGLE = ("CNAME", "SOA", "ANAME")
MOST_TTL, MOST_DESCRIPTION, MOST_LABELS = 2_147_483_647, 80, 10
LABEL_WORD = re.compile(r"[A-Za-z0-9_./-]{0,63}")
#: what a change may hold
CHANGEABLE = ("ttl", "rdata", "description", "labels")


@dataclass(frozen=True)
class Record:
    id: str
    #: in lower case, with the last dot
    name: str
    rrtype: str
    rdata: tuple[str, ...]
    ttl: int | None = None
    description: str = ""
    labels: t.Mapping[str, str] = field(default_factory=dict)
    state: int = PUBLISHED
    #: who edited it; None: it is published
    operator: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.name, self.rrtype

    @property
    def content(self) -> tuple[t.Any, ...]:
        """What is compared."""
        return self.rdata, self.ttl, self.description, dict(self.labels)

    def document(self, with_dot: bool = True) -> Document:
        return {
            "id": self.id,
            "name": self.name if with_dot else self.name.rstrip("."),
            "ttl": self.ttl,
            "rrtype": self.rrtype,
            "rdata": [{"value": value} for value in self.rdata],
            "labels": dict(self.labels),
            "state": self.state,
            "description": self.description,
            "operator": self.operator,
        }


def name_of(text: t.Any) -> str:
    """Fully qualified, with or without the last dot."""
    if not isinstance(text, str) or not 1 <= len(text) <= 255:
        raise schema()
    try:
        return dns.name.from_text(text.lower()).to_text()
    except dns.exception.DNSException:
        raise Wrong(("invalid", "name")) from None


def fields_of(document: t.Any, wanted: t.Collection[str], allowed: t.Collection[str]) -> Document:
    """Of the right types; what is in them is not looked at yet."""
    if not isinstance(document, dict) or not set(wanted) <= set(document) or not set(document) <= set(allowed):
        raise schema()
    found = dict(document)
    if "ttl" in found and not _is_ttl(found["ttl"]):
        raise schema()
    if "description" in found and not (isinstance(found["description"], str) and len(found["description"]) <= 80):
        raise schema()
    if "rrtype" in found and found["rrtype"] not in TYPES:
        raise schema()
    if "rdata" in found:
        found["rdata"] = _values(found["rdata"])
    if "labels" in found:
        found["labels"] = _labels(found["labels"])
    return found


def _is_ttl(ttl: t.Any) -> bool:
    return ttl is None or (isinstance(ttl, int) and not isinstance(ttl, bool) and 1 <= ttl <= MOST_TTL)


def _values(rdata: t.Any) -> tuple[str, ...]:
    if not isinstance(rdata, list) or not rdata:
        raise schema()
    for one in rdata:
        if not isinstance(one, dict) or set(one) != {"value"} or not isinstance(one["value"], str):
            raise schema()
    return tuple(one["value"] for one in rdata)


def _labels(labels: t.Any) -> dict[str, str]:
    if not isinstance(labels, dict) or len(labels) > MOST_LABELS:
        raise schema()
    for key, value in labels.items():
        if not isinstance(value, str):
            raise Wrong(("invalid_type_value", "labels"))
        if not key or not LABEL_WORD.fullmatch(key):
            raise Wrong(("invalid_format_key", "labels"))
        if not LABEL_WORD.fullmatch(value):
            raise Wrong(("invalid_format_value", "labels"))
    return dict(labels)


def check_values(rrtype: str, rdata: t.Sequence[str], long_texts: bool = False) -> tuple[str, ...]:
    """As the service keeps them. ``long_texts``: a string of more than 255 characters is split, not refused."""
    if rrtype in SINGLE and len(rdata) != 1:
        raise Wrong(("multiple_rdata_found", "rdata"))
    kept = tuple(_checked(rrtype, value, long_texts) for value in rdata)
    if len(set(kept)) != len(kept):
        raise Wrong(("invalid", "rdata"))
    return kept


def _checked(rrtype: str, value: str, long_texts: bool) -> str:
    if rrtype == "TXT":
        if len(value) < 2 or value[0] != '"' or value[-1] != '"':
            raise Wrong(("invalid_quotes", "rdata"))
        if long_texts:
            value = _split(value)
    try:
        if rrtype == "ANAME":
            dns.name.from_text(value)
        else:
            rdata_of(rrtype, value)
    except (dns.exception.DNSException, ValueError):
        raise Wrong(("invalid", "rdata")) from None
    return value


def _split(value: str) -> str:
    inner = value[1:-1]
    if len(inner) <= 255 or '"' in inner or "\\" in inner:
        return value
    return " ".join(f'"{inner[at : at + 255]}"' for at in range(0, len(inner), 255))


def rdata_of(rrtype: str, value: str) -> dns.rdata.Rdata:
    kind = dns.rdatatype.from_text(rrtype)
    return dns.rdata.from_text(dns.rdataclass.IN, kind, value, dns.name.root, relativize=False)


def target_of(rrtype: str, value: str) -> str:
    """The name that it leads to, which has to be there (MX, NS); empty: none."""
    if rrtype not in ("MX", "NS"):
        return ""
    rdata: t.Any = rdata_of(rrtype, value)
    return str(rdata.exchange if rrtype == "MX" else rdata.target).lower()
