# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""TSIG on the server's side (RFC 8945): the verdict on a request, and the answers that refuse it. Real time only."""

from __future__ import annotations

import struct
import time
import typing as t

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.message import Message
from dns.rcode import Rcode

FUDGE = 300
#: of TSIG: as response codes some of these numbers mean something else
WORDS = {16: "BADSIG", 17: "BADKEY", 18: "BADTIME"}


class BadTsig(Exception):
    """The request was signed, and not so that this server takes it: ``answer`` says so to the peer."""

    def __init__(self, word: str, key_name: str, answer: bytes) -> None:
        super().__init__(word)
        self.word = word
        self.key_name = key_name
        self.answer = answer


def read_request(wire: bytes, ring: dict[dns.name.Name, dns.tsig.Key]) -> Message:
    """The message with one record an RRset, so that the order of an update stays. Raises BadTsig, DNSException."""
    try:
        return dns.message.from_wire(wire, keyring=ring, one_rr_per_rrset=True)
    except (dns.message.UnknownTSIGKey, dns.tsig.BadAlgorithm, dns.tsig.BadKey):
        raise _refusal(wire, Rcode.BADKEY, None) from None
    except dns.tsig.BadSignature:
        raise _refusal(wire, Rcode.BADSIG, None) from None
    except dns.tsig.BadTime:
        raise _refusal(wire, Rcode.BADTIME, ring) from None


def _refusal(wire: bytes, error: Rcode, ring: t.Mapping[dns.name.Name, dns.tsig.Key] | None) -> BadTsig:
    """NOTAUTH with a TSIG that names the error: signed for BADTIME (§5.2.3), else without a signature (§5.3.2)."""
    query = dns.message.from_wire(wire, keyring=t.cast(t.Any, _no_key))
    assert query.tsig is not None
    request: t.Any = query.tsig[0]
    response = dns.message.make_response(query)
    response.set_rcode(Rcode.NOTAUTH)
    octets = bytes(response.to_wire())
    other = int(time.time()).to_bytes(6, "big") if error == Rcode.BADTIME else b""
    rdata = request.replace(fudge=FUDGE, mac=b"", original_id=query.id, error=error, other=other)
    if ring is not None:
        key = ring[query.tsig.name]
        rdata, _context = t.cast(t.Any, dns.tsig.sign)(octets, key, rdata, request.time_signed, request.mac)
    answer = _with_tsig(octets, query.tsig.name, rdata.to_wire() or b"")
    return BadTsig(WORDS[error], query.tsig.name.to_text(omit_final_dot=True), answer)


def _no_key(_message: Message, _name: dns.name.Name) -> bool:
    """Read the signature without judging it."""
    return False


def _with_tsig(octets: bytes, name: dns.name.Name, rdata: bytes) -> bytes:
    record = (
        (name.to_wire() or b"") + struct.pack("!HHIH", dns.rdatatype.TSIG, dns.rdataclass.ANY, 0, len(rdata)) + rdata
    )
    additional = struct.unpack("!H", octets[10:12])[0] + 1
    return octets[:10] + struct.pack("!H", additional) + octets[12:] + record


def is_nonsense(wire: bytes) -> bool:
    """Too short for a header, or itself an answer: a server keeps silent."""
    return len(wire) < 12 or bool(wire[2] & 0x80)


def formerr(wire: bytes) -> bytes:
    """To what could not be read: its id and opcode."""
    return wire[:2] + bytes([0x80 | (wire[2] & 0x79), Rcode.FORMERR]) + bytes(8)
