# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One DNS message to one server, its answer back: UDP and TCP, TSIG, and each failure told apart.

``Exchange`` is the door that tests script; ``WireExchange`` opens it. Whatever bytes come back, the outcome is a
message that answers the question, or an InkanError. TSIG and time limits use the real clock (RFC 8945 §10).

    no answer, connection refused             TransportError  dns_no_answer, dns_unreachable
    this machine has no way there (no IPv6)   TransportError  dns_no_route
    bytes that are no answer to our question  ProtocolError   dns_bad_answer
    TSIG: the server says                     RefusedError    tsig_bad_key, tsig_bad_signature, tsig_bad_time
    TSIG: not there, or does not hold         ProtocolError   tsig_missing, tsig_bad_answer

This file is private to the collection.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
import time
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns

#: RFC 9715 / DNS flag day 2020: what passes without fragments
EDNS_PAYLOAD = 1232
#: a lost datagram is asked for again so often, each time with its share of the time
UDP_TRIES = 3
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class Exchange(t.Protocol):
    """A server's address is the exchange's own affair."""

    def send(self, message: dns.message.Message) -> dns.message.Message:
        """The answer to ``message``, its TSIG judged; raises InkanError."""


ExchangeTo = t.Callable[[str], Exchange]


class TsigKey(t.NamedTuple):
    """What signs: names as given, for sentences; ``key`` for dnspython."""

    name: str
    algorithm: str
    key: dns.tsig.Key

    @property
    def ring(self) -> dict[dns.name.Name, dns.tsig.Key]:
        return {self.key.name: self.key}


class WireExchange:
    """Over the network. Queries go over UDP, and over TCP when the answer was cut off. Updates must not be repeated by
    a lost datagram (a compare-and-swap would fail the second time): they go over TCP, and over UDP only where no TCP
    connection comes about. always_tcp: for keys that take a repeated datagram for a replay (GSS-TSIG).
    """

    def __init__(
        self, address: str, port: int, timeout: float, key: TsigKey | None = None, always_tcp: bool = False
    ) -> None:
        self._address = address
        self._port = port
        self._timeout = timeout
        self._key = key
        self._always_tcp = always_tcp
        self.where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    def send(self, message: dns.message.Message) -> dns.message.Message:
        query = _signed_wire(message, self._key, self.where)
        ends = time.monotonic() + self._timeout
        if self._always_tcp:
            return self._judged(message, self._tcp(query, ends))
        if dns.opcode.from_flags(message.flags) == dns.opcode.UPDATE:
            return self._judged(message, self._update(query, ends))
        answer = self._judged(message, self._udp(query, ends))
        if answer.flags & dns.flags.TC:
            answer = self._judged(message, self._tcp(query, ends))
        return answer

    def over_tcp(self, query: bytes) -> bytes:
        """Octets for octets, nothing judged."""
        return self._tcp(query, time.monotonic() + self._timeout)

    def _update(self, query: bytes, ends: float) -> bytes:
        try:
            return self._tcp(query, ends)
        except TransportError as error:
            if error.sent or len(query) > EDNS_PAYLOAD:
                raise
            return self._udp(query, ends, tries=1)

    def _judged(self, message: dns.message.Message, wire: bytes) -> dns.message.Message:
        return parse_answer(message, wire, self._key, self.where)

    # --- transports ------------------------------------------------------------------------------------------------

    def _udp(self, query: bytes, ends: float, tries: int = UDP_TRIES) -> bytes:
        """A connected socket: the kernel drops what comes from elsewhere and tells us of a closed port."""
        sent = False
        try:
            with self._socket(socket.SOCK_DGRAM) as sock:
                sock.connect((self._address, self._port))
                for number in range(tries):
                    sock.send(query)
                    sent = True
                    share = (ends - time.monotonic()) / (tries - number)
                    answer = _datagram(sock, query[:2], time.monotonic() + share)
                    if answer is not None:
                        return answer
        except OSError as failure:
            raise self._unreachable(failure, sent=False) from failure
        raise self._no_answer(sent)

    def _tcp(self, query: bytes, ends: float) -> bytes:
        sent = False
        try:
            with self._socket(socket.SOCK_STREAM) as sock:
                sock.settimeout(max(ends - time.monotonic(), 0.001))
                sock.connect((self._address, self._port))
                sent = True
                sock.sendall(struct.pack("!H", len(query)) + query)
                size = struct.unpack("!H", _exactly(sock, 2, ends))[0]
                return _exactly(sock, size, ends)
        except (socket.timeout, TimeoutError) as failure:
            raise self._no_answer(sent) from failure
        except OSError as failure:
            raise self._unreachable(failure, sent) from failure

    def _socket(self, kind: int) -> socket.socket:
        family = socket.AF_INET6 if ipaddress.ip_address(self._address).version == 6 else socket.AF_INET
        return socket.socket(family, kind)

    def _no_answer(self, sent: bool) -> TransportError:
        return TransportError(
            code="dns_no_answer",
            what="The DNS server did not answer",
            where=f"server {self.where}",
            why=f"no answer within {self._timeout:g} seconds",
            todo="Check that it runs and that UDP and TCP reach it from this machine",
            sent=sent,
        )

    def _unreachable(self, failure: OSError, sent: bool) -> TransportError:
        error = TransportError(
            code="dns_no_route" if failure.errno in _NO_ROUTE else "dns_unreachable",
            what="The DNS server could not be reached",
            where=f"server {self.where}",
            why=failure.strerror or str(failure) or type(failure).__name__,
            todo="Check the address, the port and the firewall",
            sent=sent,
        )
        error.__cause__ = failure
        return error


def _datagram(sock: socket.socket, identity: bytes, ends: float) -> bytes | None:
    """The first datagram with our message id, or None when the time is up."""
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            return None
        sock.settimeout(left)
        try:
            answer = sock.recv(65535)
        except (socket.timeout, TimeoutError):
            return None
        if answer[:2] == identity and len(answer) >= 12:
            return answer


def _exactly(sock: socket.socket, size: int, ends: float) -> bytes:
    octets = bytearray()
    while len(octets) < size:
        left = ends - time.monotonic()
        if left <= 0:
            raise socket.timeout("time is up")
        sock.settimeout(left)
        part = sock.recv(size - len(octets))
        if not part:
            raise ConnectionError("the server closed the connection before its answer was complete")
        octets += part
    return bytes(octets)


# --- messages ----------------------------------------------------------------------------------------------------


def _signed_wire(message: dns.message.Message, key: TsigKey | None, where: str) -> bytes:
    if key is not None:
        message.use_tsig(key.ring, keyname=key.key.name, algorithm=key.key.algorithm)
    try:
        return message.to_wire(max_size=65535)
    except dns.exception.TooBig as failure:
        raise ProtocolError(
            code="dns_too_large",
            what="A DNS message cannot carry so many records at one name",
            where=f"server {where}",
            why="it has more than 65535 octets (RFC 1035 §4.2.2)",
            todo="Publish fewer or shorter values at one name",
        ) from failure


def parse_answer(message: dns.message.Message, wire: bytes, key: TsigKey | None, where: str) -> dns.message.Message:
    """``wire`` as the answer to ``message``; any bytes are possible."""
    try:
        answer = dns.message.from_wire(
            wire, keyring=key.ring if key else None, request_mac=message.mac if key else b"", ignore_trailing=True
        )
    except Exception as failure:  # a parser of hostile bytes: whatever it raises is a bad answer
        raise _answer_error(message, wire, failure, key, where) from failure
    if not message.is_response(answer):
        raise bad_answer(where, "it does not belong to our question")
    if key is not None and not answer.had_tsig:
        raise _unsigned(key, where, answer.rcode())
    return answer


def bad_answer(where: str, why: str) -> ProtocolError:
    return ProtocolError(
        code="dns_bad_answer",
        what="The DNS server's answer could not be used",
        where=f"server {where}",
        why=escaped(why, 200),
        todo="Look at the server; if a firewall or load balancer stands before it, look there, too",
    )


def _answer_error(
    message: dns.message.Message, wire: bytes, failure: Exception, key: TsigKey | None, where: str
) -> InkanError:
    if key is None:
        return bad_answer(where, f"{type(failure).__name__}: {failure}")
    if isinstance(failure, dns.tsig.PeerBadKey):
        return _bad_key(key, where)
    if isinstance(failure, dns.tsig.PeerBadSignature):
        return _bad_signature(key, where)
    if isinstance(failure, (dns.tsig.PeerBadTime, dns.tsig.BadTime)):
        return _bad_time(key, where, _server_time(wire), message)
    unsigned = _unsigned_rcode(wire)
    if unsigned is not None and isinstance(failure, dns.exception.FormError):
        return _unsigned(key, where, unsigned)
    if isinstance(failure, _TSIG_FAILURES):
        return ProtocolError(
            code="tsig_bad_answer",
            what="The signature of the DNS server's answer does not hold",
            where=f'server {where}, key "{key.name}"',
            why=f"{type(failure).__name__}: {escaped(str(failure), 200)}",
            todo="Check that name, algorithm and secret of the key are the server's, and that nobody rewrites answers",
        )
    return bad_answer(where, f"{type(failure).__name__}: {failure}")


#: our own judgement of the answer, and words of the server that have no sentence of their own (BADTRUNC)
_TSIG_FAILURES: tuple[type[Exception], ...] = (
    ()
    if dns is None
    else (
        dns.tsig.BadSignature,
        dns.tsig.BadKey,
        dns.tsig.BadAlgorithm,
        dns.tsig.PeerError,
        dns.message.UnknownTSIGKey,
    )
)


def _bad_key(key: TsigKey, where: str) -> RefusedError:
    return RefusedError(
        code="tsig_bad_key",
        what="The DNS server does not know the TSIG key",
        where=f'server {where}, key "{key.name}", algorithm {key.algorithm}',
        why="BADKEY: no key of this name with this algorithm",
        todo="Compare settings.key_name and settings.key_algorithm with the key statement of the server; Knot says so"
        " of a key, too, that no acl of the zone names",
        reference="RFC 8945 §5.2.1",
    )


def _bad_signature(key: TsigKey, where: str) -> RefusedError:
    return RefusedError(
        code="tsig_bad_signature",
        what="The DNS server knows the TSIG key, but not with this secret",
        where=f'server {where}, key "{key.name}", algorithm {key.algorithm}',
        why="BADSIG: our signature does not hold there",
        todo="Compare the secret key_secret with that of the server",
        reference="RFC 8945 §5.2.2",
    )


def _bad_time(key: TsigKey, where: str, server_time: int | None, message: dns.message.Message) -> RefusedError:
    why = "BADTIME: the clocks differ by more than the 300 seconds that TSIG allows"
    if server_time is not None and message.tsig is not None:
        ours: t.Any = message.tsig[0]
        skew = server_time - int(ours.time_signed)
        why += f"; the server's clock is {abs(skew)} seconds {'ahead of' if skew >= 0 else 'behind'} ours"
    return RefusedError(
        code="tsig_bad_time",
        what="The DNS server refused the TSIG signature for its time",
        where=f'server {where}, key "{key.name}"',
        why=why,
        todo="Set the clocks right on both machines (NTP); nothing is wrong with the key",
        retryable=True,
        reference="RFC 8945 §5.2.3",
    )


def _unsigned(key: TsigKey, where: str, rcode: int) -> ProtocolError:
    return ProtocolError(
        code="tsig_missing",
        what="The DNS server answered without a TSIG signature",
        where=f'server {where}, key "{key.name}"',
        why=f"the answer requires a TSIG, but does not have one; it says {dns.rcode.to_text(rcode)}",  # type: ignore[arg-type]
        todo="Check that the server knows this key (name, algorithm, secret), that the key may update the zone,"
        " and that the server serves the zone: servers differ in which of these they answer so",
    )


def _unjudged(wire: bytes) -> dns.message.Message | None:
    try:
        return dns.message.from_wire(wire, keyring=lambda _message, _name: False, ignore_trailing=True)
    except Exception:  # noqa: BLE001  hostile bytes again: there is nothing to tell then
        return None


def _unsigned_rcode(wire: bytes) -> int | None:
    answer = _unjudged(wire)
    return answer.rcode() if answer is not None and not answer.had_tsig else None


def _server_time(wire: bytes) -> int | None:
    """The server's clock, which ends an answer that says BADTIME: error, length and 48 bits (RFC 8945 §4.2, §5.2.3).

    Read from the octets, because dnspython (before 2.7) cannot be told to parse a TSIG without judging it.
    """
    return int.from_bytes(wire[-6:], "big") if wire[-10:-6] == b"\x00\x12\x00\x06" else None
