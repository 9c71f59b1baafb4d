# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between our values (``_core/records``) and dnspython's RDATA, and how an answer section is read.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.records import (
    Caa,
    canonical_name,
    canonical_value,
    is_at_or_below,
    parse_caa,
    txt_strings,
    txt_value,
)
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import EDNS_PAYLOAD


def query_for(question: Question, recurse: bool, dnssec: bool = False) -> dns.message.Message:
    """dnssec: with signatures, and from a resolver also what it could not validate (RFC 4035 §3.2.2)."""
    name, rdtype = dns.name.from_text(question.name or "."), dns.rdatatype.from_text(question.type)
    message = dns.message.make_query(name, rdtype, use_edns=0, payload=EDNS_PAYLOAD, want_dnssec=dnssec)
    if not recurse:
        message.flags &= ~dns.flags.RD
    elif dnssec:
        message.flags |= dns.flags.CD
    return message


def to_rdata(type: str, value: str) -> dns.rdata.Rdata:
    """TXT and CAA are built from octets: no text form of TXT can hold more than 255 of them or a quote, and none of CAA
    an octet above 127 (facts: dnspython).
    """
    rdclass, rdtype = dns.rdataclass.IN, dns.rdatatype.from_text(type)
    if type == "TXT":
        return dns.rdtypes.ANY.TXT.TXT(rdclass, rdtype, txt_strings(value))
    caa = parse_caa(value) if type == "CAA" else None
    if caa is not None:
        make: t.Any = dns.rdtypes.ANY.CAA.CAA
        return t.cast(dns.rdata.Rdata, make(rdclass, rdtype, caa.flags, caa.tag.encode("ascii"), caa.content))
    if type == "CNAME":
        return dns.rdata.from_text(rdclass, rdtype, value + ".")
    return dns.rdata.from_text(rdclass, rdtype, value)


def value_of(rdata: dns.rdata.Rdata) -> str:
    type = dns.rdatatype.to_text(rdata.rdtype)
    if type == "TXT":
        strings: t.Iterable[bytes] = t.cast(t.Any, rdata).strings
        return txt_value(strings)
    if type == "CAA":
        caa = t.cast(t.Any, rdata)
        return Caa(caa.flags, caa.tag.decode("ascii", "replace").lower(), caa.value).text()
    return canonical_value(type, rdata.to_text())


def text_of(name: dns.name.Name) -> str:
    return canonical_name(name.to_text())


class Section(t.NamedTuple):
    """One RRset of an answer."""

    name: str
    type: str
    ttl: int
    rdatas: tuple[dns.rdata.Rdata, ...]

    @property
    def values(self) -> frozenset[str]:
        return frozenset(value_of(rdata) for rdata in self.rdatas)


def sections(rrsets: t.Iterable[dns.rrset.RRset]) -> list[Section]:
    """Class IN only; everything else is none of our business."""
    return [
        Section(text_of(one.name), dns.rdatatype.to_text(one.rdtype), one.ttl, tuple(one))
        for one in rrsets
        if one.rdclass == dns.rdataclass.IN
    ]


class Told(t.NamedTuple):
    """What an answer tells about one question.

    found      the RRset asked for, if it is there
    alias      the target, if a CNAME is in its place
    zone       the zone that the answer names (SOA of a negative answer, NS of a positive one), if it names one
    referral   NS names of a zone below, if the server only points there; with their glue in ``glue``
    message    the answer itself, for its signatures
    """

    rcode: str
    authoritative: bool
    found: Section | None
    alias: str | None
    zone: str | None
    referral: Section | None
    glue: t.Mapping[str, tuple[str, ...]]
    has_cname_beside: bool = False
    message: dns.message.Message | None = None


def read_answer(question: Question, answer: dns.message.Message) -> Told:
    name = question.name
    here = {one.type: one for one in sections(answer.answer) if one.name == name}
    found = here.get(question.type)
    cname = here.get("CNAME") if question.type != "CNAME" else None
    alias = min(cname.values) if cname is not None and found is None else None
    authority = [one for one in sections(answer.authority) if not one.name or is_at_or_below(name, one.name)]
    soa = next((one.name for one in authority if one.type == "SOA"), None)
    delegation = next((one for one in authority if one.type == "NS"), None)
    authoritative = bool(answer.flags & dns.flags.AA)
    rcode = dns.rcode.to_text(answer.rcode())
    is_referral = not authoritative and not answer.answer and soa is None and rcode == "NOERROR"
    own_ns = delegation.name if delegation is not None and authoritative and alias is None else None
    return Told(
        rcode=rcode,
        authoritative=authoritative,
        found=found,
        alias=alias,
        zone=None if alias is not None else name if found is not None and found.type == "SOA" else soa or own_ns,
        referral=delegation if is_referral else None,
        glue=_glue(answer) if is_referral else {},
        has_cname_beside=cname is not None and found is not None,
        message=answer,
    )


def _glue(answer: dns.message.Message) -> dict[str, tuple[str, ...]]:
    glue: dict[str, tuple[str, ...]] = {}
    for one in sections(answer.additional):
        if one.type in ("A", "AAAA"):
            glue[one.name] = glue.get(one.name, ()) + tuple(sorted(one.values))
    return glue
