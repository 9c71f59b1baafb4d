# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox (RNAME) of a zone's SOA record, set by dynamic update.

What servers do, measured, and what this file does about it:

    an SOA whose serial is not later is ignored with NOERROR     the serial goes one step on; every write is read back
    a policy without a list of types leaves SOA out (BIND)       a message of its own, so that it takes nothing with it
    the TTL that is sent is adopted (BIND, Knot)                 it is sent as it was seen, like every other field
    the served SOA is not the stored one (inline-signing, and    the old SOA is the prerequisite; where it does not hold
    PowerDNS with SOA-EDIT), so no prerequisite ever holds       although nothing moved, the update goes without it
    a signed zone shows the update a moment later                the read-back is patient

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.rname import labels_of, name_text
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa, is_later, next_serial
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.rcodes import UNWRITTEN, answer_lost, rcode_error
from ansible_collections.inkan.tls.plugins.module_utils._dns.rdata import query_for, read_answer
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import Exchange, bad_answer

#: a busy zone moves its serial between look and write: so often it is looked at anew
MAX_TRIES = 5
#: seconds before each further look for what was written: BIND signs a small zone within a tenth of a second
PAUSES = (0.1, 0.2, 0.5, 1.0)

_GRANT = (
    "Allow SOA at {zone} to this key: BIND's update-policy leaves SOA out where a rule names no types, so it needs one"
    " more rule, for example: grant KEY name {zone}. SOA; Knot's acl needs SOA in update-type, and the zone in"
    " update-owner-name"
)

Pause = t.Callable[[float], None]


def no_pause(_seconds: float) -> None:
    pass


class SoaEditor:
    """One zone at one server."""

    def __init__(self, zone: str, exchange: Exchange, where: str, pause: Pause = no_pause) -> None:
        self._zone = zone
        self._exchange = exchange
        self._where = f"{where}, zone {zone}"
        self._pause = pause

    def read(self) -> Soa:
        question = Question(self._zone, "SOA")
        told = read_answer(question, self._exchange.send(query_for(question, recurse=False)))
        if told.rcode != "NOERROR":
            raise rcode_error(told.rcode, self._where, f"Cannot read SOA {self._zone}")
        if told.found is None or not told.authoritative or len(told.found.rdatas) != 1:
            raise bad_answer(self._where, f"it has no authoritative answer with one SOA record at {self._zone}")
        return soa_of(told.found.rdatas[0], told.found.ttl)

    def set_rname(self, expected: Soa, rname: str) -> Soa:
        seen = expected
        error: InkanError | None = None
        for _try in range(MAX_TRIES):
            error = self._send(seen, rname, guarded=True)
            if error is None or error.code != "rrset_changed":
                return self._settled(seen, rname, error)
            now = self.read()
            if now.has_rname(rname):
                return now
            if not now.has_rname(expected.rname):
                raise self._lost(expected, now)
            if now == seen:  # what is served is not what the server compares with
                return self._settled(seen, rname, self._send(seen, rname, guarded=False))
            seen = now
        raise t.cast(InkanError, error)

    # --- one write -------------------------------------------------------------------------------------------------

    def _send(self, seen: Soa, rname: str, guarded: bool) -> InkanError | None:
        owner = dns.name.from_text(self._zone)
        new = seen.with_rname(rname)
        message = dns.update.UpdateMessage(owner)
        if guarded:
            message.present(owner, _rdata(seen))
        message.add(owner, new.ttl, _rdata(new))
        try:
            answer = self._exchange.send(message)
        except InkanError as error:
            denied = error.code == "tsig_bad_key"  # what Knot says where its acl denies it; the look had the same key
            return self._refusal("REFUSED") if denied else error
        rcode = dns.rcode.to_text(answer.rcode())
        return None if rcode == "NOERROR" else self._refusal(rcode)

    def _settled(self, seen: Soa, rname: str, error: InkanError | None) -> Soa:
        """What the server shows after the write, which alone says whether it was done."""
        if error is not None and not answer_lost(error):
            raise error
        try:
            now = self._patient_read(seen, rname)
        except InkanError as unread:
            unread.did_change = error is None
            raise unread if error is None else error from unread
        if now.has_rname(rname):
            return now
        if error is not None:
            raise error
        if not now.has_rname(seen.rname) and is_later(now.serial, seen.serial):
            raise self._lost(seen, now)
        raise self._unkept(seen, now)

    def _patient_read(self, seen: Soa, rname: str) -> Soa:
        now = self.read()
        for seconds in PAUSES:
            if now.has_rname(rname) or not now.has_rname(seen.rname):
                break
            self._pause(seconds)
            now = self.read()
        return now

    # --- sentences -------------------------------------------------------------------------------------------------

    def _refusal(self, rcode: str) -> InkanError:
        error = rcode_error(rcode, self._where, f"Cannot set the mailbox of zone {self._zone}", UNWRITTEN)
        if rcode == "REFUSED":
            error.todo = _GRANT.format(zone=self._zone)
        return error

    def _lost(self, expected: Soa, now: Soa) -> RefusedError:
        return RefusedError(
            code="rname_changed",
            what=f"Cannot set the mailbox of zone {self._zone}",
            where=self._where,
            why=f"somebody else changed it in the meantime, from {_shown(expected.rname)} to {_shown(now.rname)}",
            todo="Find out who else sets it, then run again",
            retryable=True,
        )

    def _unkept(self, seen: Soa, now: Soa) -> ProtocolError:
        sent = next_serial(seen.serial)
        return ProtocolError(
            code="readback_missing",
            what=f"Cannot set the mailbox of zone {self._zone}",
            where=self._where,
            why=f"the server said NOERROR and shows {_shown(now.rname)} with serial {now.serial} (we sent {sent})",
            todo="A server ignores an SOA whose serial is not later than the stored one: look whether it serves another"
            " serial than it stores (PowerDNS: SOA-EDIT; there use the service powerdns), and whether settings.server"
            " is the primary server",
            retryable=True,
            did_change=True,
            reference="RFC 2136 §3.4.2.2",
        )


def _shown(name: str) -> str:
    return escaped(name, 260)


def _rdata(soa: Soa) -> dns.rdata.Rdata:
    names = [dns.name.Name((*labels_of(one), b"")) for one in (soa.mname, soa.rname)]
    numbers = (soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum)
    make: t.Any = dns.rdtypes.ANY.SOA.SOA
    return t.cast(dns.rdata.Rdata, make(dns.rdataclass.IN, dns.rdatatype.SOA, *names, *numbers))


def soa_of(rdata: dns.rdata.Rdata, ttl: int) -> Soa:
    one = t.cast(t.Any, rdata)
    mname, rname = (name_text(name.labels[:-1]) for name in (one.mname, one.rname))
    return Soa(mname, rname, one.serial, one.refresh, one.retry, one.expire, one.minimum, ttl)
