# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones that are signed wrongly: their records, the chain to them, and the proof that something is not there."""

from __future__ import annotations

import typing as t

from .case import Book, may_issue, wants
from .net import SERVERS, VALUE, Net, Signer, Zone, text_of

signatures = Book("a DNSSEC signature that does not hold")
chain = Book("a chain of trust that is broken")
denial = Book("an absence that is not proven")

Options = dict[str, t.Any]


def _signed(net: Net, flaws: t.Mapping[str, str] | None = None, denies: str = "nsec", **more: t.Any) -> Zone:
    """A signed zone; flaws: type -> what is wrong with the signatures of its sets."""
    origin = net.fresh()
    signer = Signer(origin, lambda _name, type: (flaws or {}).get(type, ""), denies)
    return net.zone(origin, signer=signer, **more)


def _challenge(net: Net, flaw: str) -> Options:
    zone = _signed(net, {"TXT": flaw})
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@signatures.row("it has expired", ("dnssec_expired", "TXT _acme-challenge.www", "expired at"))
def expired(net: Net) -> Options:
    return _challenge(net, "expired")


@signatures.row("the signer's clock is ahead", ("dnssec_not_yet", "begins at"))
def future(net: Net) -> Options:
    return _challenge(net, "future")


@signatures.row("the record came behind the signer's back", ("dnssec_unsigned", "has no signature"))
def unsigned(net: Net) -> Options:
    return _challenge(net, "none")


@signatures.row("the record was changed after it was signed", ("dnssec_bad_signature", "does not fit"))
def corrupt(net: Net) -> Options:
    return _challenge(net, "corrupt")


@signatures.row("it is by a key that was taken out too early", ("dnssec_wrong_key", "no such key"))
def ghost(net: Net) -> Options:
    return _challenge(net, "ghost")


@signatures.row("one of two servers has an old copy whose signature has expired", ("dnssec_expired", SERVERS["b"]))
def old_copy(net: Net) -> Options:
    zone = _signed(net)
    zone.put("_acme-challenge.www", "TXT", VALUE)
    old = net.variant(zone, "b")
    old.signer = _like(zone, lambda _name, type: "expired" if type == "TXT" else "")
    return wants(zone)


@signatures.row("the CNAME is good, what it leads to has expired", ("dnssec_expired", "TXT tokens"))
def behind_alias(net: Net) -> Options:
    tokens = _signed(net, {"TXT": "expired"})
    tokens.put("tokens", "TXT", VALUE)
    zone = _signed(net)
    zone.put("_acme-challenge.www", "CNAME", f"tokens.{text_of(tokens)}.")
    return wants(zone)


def _like(zone: Zone, flaw: t.Callable[[str, str], str]) -> Signer:
    """A signer with the same keys."""
    known = t.cast(Signer, zone.signer)
    other = Signer.__new__(Signer)
    other.__dict__.update(known.__dict__, flaw=flaw)
    return other


# --- the chain -------------------------------------------------------------------------------------------------------


@chain.row("the registrar has the DS record of the last key", ("dnssec_no_ds_match", "no digest fits"))
def old_ds(net: Net) -> Options:
    origin = net.fresh()
    zone = net.zone(origin, signer=Signer(origin), ds=Signer(origin).ds())
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@chain.row("the zone moved to a host that does not sign", ("dnssec_keys_missing", "DNSKEY"))
def moved(net: Net) -> Options:
    origin = net.fresh()
    zone = net.zone(origin, ds=Signer(origin).ds())
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@chain.row("the keys are signed by the wrong one of them", ("dnssec_keys_unsigned", "DNSKEY"))
def by_zsk(net: Net) -> Options:
    zone = _signed(net, {"DNSKEY": "by_zsk"})
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@chain.row("the signature of the keys has expired", ("dnssec_expired", "DNSKEY"))
def keys_expired(net: Net) -> Options:
    zone = _signed(net, {"DNSKEY": "expired"})
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@chain.row("the zone above let the signature of the DS record expire", ("dnssec_expired", "DS dept."))
def ds_expired(net: Net) -> Options:
    above = _signed(net, {"DS": "expired"})
    origin = f"dept.{text_of(above)}"
    zone = net.zone(origin, ("c",), Signer(origin), above=above)
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@chain.row("the zone above does not prove that there is no DS record", ("dnssec_delegation_unproven", "no DS dept."))
def unproven(net: Net) -> Options:
    above = _signed(net, denies="none")
    zone = net.zone(f"dept.{text_of(above)}", ("c",), above=above)
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone)


@chain.row("the root that answers is not the one of the trust anchor", ("dnssec_anchor", "of the root"))
def other_root(net: Net) -> Options:
    zone = _signed(net)
    zone.put("_acme-challenge.www", "TXT", VALUE)
    return wants(zone, sight={"trust_anchors": [f". IN DS {Signer('.').ds()}"]})


# --- what is not there -----------------------------------------------------------------------------------------------


@denial.row("the server sends no NSEC record", ("dnssec_denial_missing", "no CAA www", "no NSEC record comes"))
def no_nsec(net: Net) -> Options:
    zone = _signed(net, denies="none")
    zone.put("www", "A", "192.0.2.1")
    return may_issue(zone)


@denial.row("the NSEC record is that of another name", ("dnssec_denial_wrong", "no CAA www"))
def other_nsec(net: Net) -> Options:
    zone = _signed(net, denies="wrong")
    zone.put("a", "A", "192.0.2.1").put("www", "A", "192.0.2.1")
    return may_issue(zone)


@denial.row("the NSEC record says that CAA records are there", ("dnssec_denial_wrong", "has CAA"))
def lying_nsec(net: Net) -> Options:
    zone = _signed(net, denies="lies")
    zone.put("www", "A", "192.0.2.1")
    return may_issue(zone)


@denial.row("the signature of the NSEC record has expired", ("dnssec_expired", "NSEC"))
def nsec_expired(net: Net) -> Options:
    zone = _signed(net, {"NSEC": "expired"})
    zone.put("www", "A", "192.0.2.1")
    return may_issue(zone)


@denial.row("NSEC3 records come without a signature", ("dnssec_unsigned", "NSEC3"))
def nsec3_unsigned(net: Net) -> Options:
    zone = _signed(net, {"NSEC3": "none"}, denies="nsec3")
    zone.put("www", "A", "192.0.2.1")
    return may_issue(zone)


@denial.row("a wildcard gives the record, and nothing says that the name is not there", ("dnssec_wildcard_unproven",))
def wildcard(net: Net) -> Options:
    zone = _signed(net, denies="none")
    zone.put("*.www", "TXT", VALUE)
    return wants(zone)


@denial.row("a name that does not exist is denied by one of two servers only", ("dnssec_denial_missing", SERVERS["b"]))
def one_denies(net: Net) -> Options:
    zone = _signed(net)
    other = net.variant(zone, "b")
    other.signer = _like(zone, lambda _name, _type: "")
    other.signer.denies = "none"
    return may_issue(zone, "shop")


CASES = [*signatures.cases, *chain.cases, *denial.cases]
