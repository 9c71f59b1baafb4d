# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates what servers answer, from a trust anchor down, as CAs must (BR 3.2.2.4, SC-085v2; RFC 4035).

    anchor (DS of the root) ─ DNSKEY of the root ─ DS of jp ─ DNSKEY of jp ─ DS of example.jp ─ … ─ the record

A zone is secure, insecure (no DS record above it, and that is proven: fine), bogus (fatal, with the record and why), or
unknown (nobody could be asked). Keys come from the resolvers; where these show something bogus, from the servers
themselves before anything is said. The record itself is only ever asked of the authoritative servers.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import threading
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.denial import Proofs
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import Told, text_of
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver

#: RFC 9904: what validators must know. Zones signed by anything else (SHA-1 too) count as unsigned.
ALGORITHMS = frozenset((8, 10, 13, 14, 15, 16))
_DIGESTS = {1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384}
#: a hostile zone could let us compute for ever (KeyTrap)
_MAX_SIGNATURES = 8
_MAX_KEYS = 32

Reason = tuple[str, str]


@dataclass(frozen=True)
class State:
    """Of a zone. keys: of a secure one. reason: code and words of a bogus or unknown one; both None: insecure."""

    zone: str
    keys: t.Any = None
    reason: Reason | None = None

    @property
    def is_secure(self) -> bool:
        return self.keys is not None


class _Bogus(Exception):
    def __init__(self, word: str, why: str) -> None:
        super().__init__(why)
        self.reason: Reason = (word, why)


#: how a question about keys is asked: of which zone
_Ask = t.Callable[[Question, str], Told]


@dataclass
class Validator:
    """For one look. Threads may share it."""

    resolver: Resolver
    anchors: t.Sequence[str]
    now: datetime
    _states: dict[str, State] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._trusted: dict[str, list[t.Any]] = {}
        for anchor in self.anchors:
            owner, _class, _type, rest = anchor.split(None, 3)
            rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DS, rest)
            self._trusted.setdefault(text_of(dns.name.from_text(owner)), []).append(rdata)

    # --- zones -----------------------------------------------------------------------------------------------------

    def state_of(self, zone: str) -> State:
        with self._locks.setdefault(zone, threading.Lock()):
            if zone not in self._states:
                self._states[zone] = self._find_state(zone)
            return self._states[zone]

    def _find_state(self, zone: str) -> State:
        try:
            if zone in self._trusted:
                return self._twice(zone, self._anchored)
            if not zone:
                return State(zone)  # above all anchors: nothing is known to be signed
            above = self.state_of(self.resolver.zone_above(zone))
            if not above.is_secure:
                return State(zone, reason=above.reason)
            return self._twice(zone, lambda name, ask: self._delegated(name, above, ask))
        except InkanError as error:
            return State(zone, reason=("dnssec_not_checked", error.sentence()))
        except ImportError as missing:
            return State(zone, reason=("dnssec_not_checked", f"a library is missing: {missing}"))

    def _twice(self, zone: str, find: t.Callable[[str, _Ask], State]) -> State:
        """By the resolvers, which may be behind or drop signatures; then by the servers themselves."""
        try:
            return find(zone, lambda question, _zone: self.resolver.told_by_resolver(question))
        except (_Bogus, InkanError):
            try:
                return find(zone, self.resolver.told_by_servers)
            except _Bogus as bogus:
                return State(zone, reason=bogus.reason)

    def _anchored(self, zone: str, ask: _Ask) -> State:
        try:
            return State(zone, self._keys(zone, self._trusted[zone], ask))
        except _Bogus as bogus:
            if bogus.reason[0] == "dnssec_no_ds_match":
                raise _Bogus("dnssec_anchor", bogus.reason[1]) from bogus
            raise

    def _delegated(self, zone: str, above: State, ask: _Ask) -> State:
        question = Question(zone, "DS")
        told = ask(question, above.zone)
        answer = _rrset(told, zone, dns.rdatatype.DS)
        if answer is None:
            self._prove_unsigned(zone, above, told)
            return State(zone)
        self._check(answer, told, above)
        known = [rdata for rdata in answer if rdata.algorithm in ALGORITHMS and rdata.digest_type in _DIGESTS]
        return State(zone, self._keys(zone, known, ask)) if known else State(zone)

    def _keys(self, zone: str, trusted: t.Sequence[t.Any], ask: _Ask) -> t.Any:
        """The DNSKEY records, signed by one that a DS record names."""
        told = ask(Question(zone, "DNSKEY"), zone)
        keys = _rrset(told, zone, dns.rdatatype.DNSKEY)
        shown = _shown(zone)
        if keys is None:
            raise _Bogus("dnssec_keys_missing", f"DNSKEY {shown} is not there, and a DS record above names a key")
        entries = [key for key in list(keys)[:_MAX_KEYS] if any(_fits(keys.name, key, ds) for ds in trusted)]
        if not entries:
            wanted = ", ".join(str(ds.key_tag) for ds in trusted)
            there = ", ".join(str(dns.dnssec.key_id(key)) for key in list(keys)[:_MAX_KEYS])
            why = f"DS {shown} names key {wanted}, the zone shows {there}: no digest fits"
            raise _Bogus("dnssec_no_ds_match", why)
        entry = dns.rrset.from_rdata_list(keys.name, keys.ttl, entries)
        reason = self._bad(keys, _signatures(told, keys), zone, entry)
        if reason is not None:
            word = "dnssec_keys_unsigned" if reason[0] in ("dnssec_unsigned", "dnssec_wrong_key") else reason[0]
            raise _Bogus(word, reason[1])
        return keys

    def _prove_unsigned(self, zone: str, above: State, told: Told) -> None:
        """That the zone above has no DS record for it."""
        if told.rcode not in ("NOERROR", "NXDOMAIN"):
            raise _Bogus("dnssec_delegation_unproven", f"DS {_shown(zone)}: {told.rcode}")
        proofs = self._proofs(told, above)
        name = dns.name.from_text(zone)
        denial = proofs.no_data(name, dns.rdatatype.DS)
        if not proofs or not denial.proven:
            why = denial.why if proofs else "no NSEC record comes with the answer"
            raise _Bogus("dnssec_delegation_unproven", f"that there is no DS {_shown(zone)}: {why}")

    # --- answers ---------------------------------------------------------------------------------------------------

    def judge(self, question: Question, told: Told, zone: str) -> Reason | None:
        """Why the answer of a server of ``zone`` is bogus, or None. What is unknown is told by ``state_of``."""
        state = self.state_of(zone)
        if not state.is_secure or told.rcode not in ("NOERROR", "NXDOMAIN") or told.referral is not None:
            return None
        try:
            rdtype = dns.rdatatype.from_text(question.type)
            found = _rrset(told, question.name, rdtype)
            found = found if found is not None else _rrset(told, question.name, dns.rdatatype.CNAME)
            if found is not None:
                self._check(_source(found, told), told, state)
            else:
                self._deny(question, rdtype, told, state)
        except _Bogus as bogus:
            return bogus.reason
        except ImportError:
            return None
        return None

    def _check(self, rrset: t.Any, told: Told, state: State) -> None:
        signatures = _signatures(told, rrset)
        reason = self._bad(rrset, signatures, state.zone, state.keys)
        if reason is not None:
            raise _Bogus(*reason)
        labels = min(signature.labels for signature in signatures)
        if labels < len(rrset.name) - 1 - (rrset.name.labels[0] == b"*"):
            denial = self._proofs(told, state).no_closer(rrset.name, labels)
            if not denial.proven:
                why = f"{_text(rrset)} comes from a wildcard: {denial.why}"
                raise _Bogus("dnssec_wildcard_unproven", why)

    def _deny(self, question: Question, rdtype: t.Any, told: Told, state: State) -> None:
        proofs = self._proofs(told, state)
        shown = f"that there is no {question.type} {_shown(question.name)}"
        if not proofs:
            raise _Bogus("dnssec_denial_missing", f"{shown}: no NSEC record comes with the answer")
        name = dns.name.from_text(question.name)
        denial = proofs.no_name(name) if told.rcode == "NXDOMAIN" else proofs.no_data(name, rdtype)
        if not denial.proven:
            raise _Bogus("dnssec_denial_wrong", f"{shown}: {denial.why}")

    def _proofs(self, told: Told, state: State) -> Proofs:
        """Those whose signatures are good; one that is not ends it."""
        message = t.cast(t.Any, told.message)
        kinds = (dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
        rrsets = [one for one in message.authority if one.rdtype in kinds]
        if told.alias is not None:  # a server that follows the CNAME adds proofs of other zones
            rrsets = [one for one in rrsets if any(text_of(by.signer) == state.zone for by in _signatures(told, one))]
        for rrset in rrsets:
            reason = self._bad(rrset, _signatures(told, rrset), state.zone, state.keys)
            if reason is not None:
                raise _Bogus(*reason)
        return Proofs(dns.name.from_text(state.zone or "."), rrsets)

    def _bad(self, rrset: t.Any, signatures: t.Sequence[t.Any], zone: str, keys: t.Any) -> Reason | None:
        """None where one signature is good; else the most telling reason."""
        if not signatures:
            return "dnssec_unsigned", f"{_text(rrset)} has no signature"
        reasons: list[Reason] = []
        for signature in signatures[:_MAX_SIGNATURES]:
            reason = self._why_bad(rrset, signature, zone, keys)
            if reason is None:
                return None
            reasons.append(reason)
        return min(reasons, key=lambda one: _ORDER.index(one[0]))

    def _why_bad(self, rrset: t.Any, signature: t.Any, zone: str, keys: t.Any) -> Reason | None:
        told = f"{_text(rrset)}, signature by key {signature.key_tag} of {_shown(text_of(signature.signer))}"
        if text_of(signature.signer) != zone:
            return "dnssec_wrong_key", f"{told}: the zone is {_shown(zone)}"
        tags = [key for key in list(keys)[:_MAX_KEYS] if dns.dnssec.key_id(key) == signature.key_tag]
        if not any(key.algorithm == signature.algorithm for key in tags):
            return "dnssec_wrong_key", f"{told}: no such key is trusted"
        if self.now.timestamp() > signature.expiration:
            return "dnssec_expired", f"{told}: expired at {_iso(signature.expiration)}"
        if self.now.timestamp() < signature.inception:
            return "dnssec_not_yet", f"{told}: begins at {_iso(signature.inception)}"
        try:
            signers = {signature.signer: keys}
            dns.dnssec.validate_rrsig(rrset, signature, signers, None, self.now.timestamp())
        except (dns.exception.DNSException, ValueError):
            return "dnssec_bad_signature", f"{told}: it does not fit"
        return None


_ORDER = ("dnssec_expired", "dnssec_not_yet", "dnssec_bad_signature", "dnssec_wrong_key", "dnssec_unsigned")


def _rrset(told: Told, name: str, rdtype: t.Any) -> t.Any | None:
    message = t.cast(t.Any, told.message)
    return next((one for one in message.answer if one.rdtype == rdtype and text_of(one.name) == name), None)


def _source(found: t.Any, told: Told) -> t.Any:
    """The DNAME, where a CNAME is made of one: only that is signed (RFC 6672 §5.3.1)."""
    if found.rdtype != dns.rdatatype.CNAME or _signatures(told, found):
        return found
    above = [one for one in t.cast(t.Any, told.message).answer if one.rdtype == dns.rdatatype.DNAME]
    for one in above:
        inside = found.name.is_subdomain(one.name) and found.name != one.name
        if inside and found[0].target == found.name.relativize(one.name).derelativize(one[0].target):
            return one
    return found


def _signatures(told: Told, rrset: t.Any) -> list[t.Any]:
    message = t.cast(t.Any, told.message)
    return [
        rdata
        for one in (*message.answer, *message.authority)
        if one.rdtype == dns.rdatatype.RRSIG and one.name == rrset.name and one.covers == rrset.rdtype
        for rdata in one
    ]


def _fits(owner: t.Any, key: t.Any, ds: t.Any) -> bool:
    """RFC 4034 §5.1.4; only a zone key that is not revoked (RFC 5011)."""
    if key.algorithm != ds.algorithm or ds.digest_type not in _DIGESTS or not key.flags & 0x100 or key.flags & 0x80:
        return False
    if dns.dnssec.key_id(key) != ds.key_tag:
        return False
    return bool(_DIGESTS[ds.digest_type](owner.to_digestable() + key.to_wire()).digest() == ds.digest)


def _text(rrset: t.Any) -> str:
    return f"{dns.rdatatype.to_text(rrset.rdtype)} {_shown(text_of(rrset.name))}"


def _shown(name: str) -> str:
    return escaped(name, 260) or "of the root"


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
