# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two authoritative DNS servers on 127.0.0.1 and 127.0.0.2, at one port, over UDP and TCP.

The first takes updates (RFC 2136) that are signed with the lab's key (TSIG, hmac-sha256); the second follows. What they
answer is in dns_answers.py, what an update does in dns_update.py, the zones are in dns_store.py.
"""

from __future__ import annotations

import base64
import errno
import io
import secrets
import struct
import threading
import typing as t
from socketserver import DatagramRequestHandler, StreamRequestHandler, TCPServer, ThreadingMixIn, UDPServer

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig
from dns.message import Message
from dns.opcode import Opcode
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.update import UpdateMessage

from .dns_answers import fill
from .dns_store import DnsData, ZoneStore
from .dns_tsig import BadTsig, formerr, is_nonsense, read_request
from .dns_update import Refused, updated, zone_named
from .dns_zone import Zone, differences, shown_name
from .history import History
from .vices import Switches

ADDRESSES = ("127.0.0.1", "127.0.0.2")
NAMES = ("ns1.lab.example", "ns2.lab.example")
KEY_NAME = "lab-update"
#: RFC 9715: what passes everywhere without fragments
PAYLOAD = 1232
CLASSIC_PAYLOAD = 512
TCP_IDLE_SECONDS = 10
PORT_TRIES = 20
POLL_SECONDS = 0.05
#: what comes truncated while dns_truncates is on
LONG_TYPES = (RdataType.TXT, RdataType.CAA)


class Peer(t.NamedTuple):
    """Where a message came in."""

    #: 0 is the first server
    server: int
    udp: bool


class DnsServers:
    """Context manager. ``data`` and its short forms read and set what the servers tell."""

    def __init__(self, zones: t.Iterable[Zone], *, history: History, switches: Switches) -> None:
        self._store = ZoneStore(zones, switches)
        self._history = history
        self._switches = switches
        self.data = DnsData(self._store, NAMES)
        self.key_name = KEY_NAME
        self.key_secret = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
        owner = dns.name.from_text(KEY_NAME)
        self._ring = {owner: dns.tsig.Key(owner, self.key_secret, dns.tsig.HMAC_SHA256)}
        self.addresses = ADDRESSES
        self.address = ADDRESSES[0]
        self._servers = _open_servers(self._respond)
        self.port: int = self._servers[0].server_address[1]
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="lab-dns", daemon=True)
            for server in self._servers
        ]
        self.zones = self.data.zones
        self.records = self.data.records
        self.serial = self.data.serial
        self.set = self.data.set
        self.add_zone = self.data.add_zone

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """All at once: each looks up from its socket only now and then."""
        stops = [threading.Thread(target=server.shutdown) for server in self._servers]
        for stop in stops if self._threads[0].is_alive() else []:
            stop.start()
        for thread in [thread for thread in stops + self._threads if thread.is_alive()]:
            thread.join()
        for server in self._servers:
            server.server_close()

    def __enter__(self) -> DnsServers:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    # --- messages --------------------------------------------------------------------------------------------------

    def _respond(self, wire: bytes, peer: Peer) -> bytes | None:
        """None: not a byte."""
        if is_nonsense(wire):
            return None
        try:
            request = read_request(wire, self._ring)
        except BadTsig as refusal:
            self._refuse(peer, Refused(Rcode.NOTAUTH, refusal.word), refusal.key_name)
            return refusal.answer
        except dns.exception.DNSException:
            return formerr(wire)
        response = dns.message.make_response(request, our_payload=PAYLOAD)
        response.flags &= ~dns.flags.RA
        if not self._answer(request, response, peer):
            return None
        return _wire(response, request, peer)

    def _answer(self, request: Message, response: Message, peer: Peer) -> bool:
        """Fills in the response; False: nothing is to be sent."""
        if isinstance(request, UpdateMessage):
            return self._update(request, response, peer)
        if request.opcode() != Opcode.QUERY:
            response.set_rcode(Rcode.NOTIMP)
        elif request.edns > 0:
            response.set_rcode(Rcode.BADVERS)
        elif len(request.question) != 1:
            response.set_rcode(Rcode.FORMERR)
        elif peer.udp and request.question[0].rdtype in LONG_TYPES and self._switches.is_on("dns_truncates"):
            response.flags |= dns.flags.TC | dns.flags.AA
        else:
            fill(response, self._store.first() if peer.server == 0 else self._store.second())
        return True

    def _update(self, request: UpdateMessage, response: Message, peer: Peer) -> bool:
        key = shown_name(request.keyname) if request.had_tsig and request.keyname is not None else None
        try:
            zone = zone_named(request, self._store.first())
            self._check_may_update(request, zone, peer)
            before, after = self._store.change(zone.origin, lambda current: updated(current, request))
        except Refused as refusal:
            response.set_rcode(refusal.rcode)
            self._refuse(peer, refusal, key)
            return True
        adds, removes = differences(before, after)
        shown = shown_name(zone.origin)
        lost = self._switches.strikes("dns_update_answer_lost", shown)
        facts = {"vice": "dns_update_answer_lost"} if lost else {}
        self._history.add(
            "dns_update", zone=shown, adds=adds, removes=removes, server=ADDRESSES[peer.server], key=key, **facts
        )
        return not lost

    def _check_may_update(self, request: UpdateMessage, zone: Zone, peer: Peer) -> None:
        if not request.had_tsig:
            raise Refused(Rcode.REFUSED, "the update is not signed")
        if peer.server != 0:
            raise Refused(Rcode.REFUSED, "the second server takes no updates")
        if self._switches.strikes("dns_servfail_first", shown_name(zone.origin)):
            raise Refused(Rcode.SERVFAIL, "dns_servfail_first")

    def _refuse(self, peer: Peer, refusal: Refused, key: str | None) -> None:
        self._history.add(
            "dns_refusal", server=ADDRESSES[peer.server], rcode=Rcode.to_text(refusal.rcode), why=refusal.why, key=key
        )


def _wire(response: Message, request: Message, peer: Peer) -> bytes:
    if not peer.udp:
        return response.to_wire(max_size=65535, prefer_truncation=True)
    size = min(PAYLOAD, max(CLASSIC_PAYLOAD, request.payload)) if request.edns >= 0 else CLASSIC_PAYLOAD
    return response.to_wire(max_size=size, prefer_truncation=True)


# --- sockets -------------------------------------------------------------------------------------------------------

Respond = t.Callable[[bytes, Peer], "bytes | None"]


class _Tcp(ThreadingMixIn, TCPServer):
    allow_reuse_address = False  # two labs at once must not share a port
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    respond: Respond
    peer: Peer

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A peer that hangs up is no news."""


class _Udp(UDPServer):
    max_packet_size = 65535
    respond: Respond
    peer: Peer

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """As above."""


class _TcpConnection(StreamRequestHandler):
    server: _Tcp
    timeout = TCP_IDLE_SECONDS
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """One message after the other until the peer goes, or one stays without an answer."""
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            wire = self.rfile.read(struct.unpack("!H", head)[0])
            answer = self.server.respond(wire, self.server.peer)
            if answer is None:
                return
            self.wfile.write(struct.pack("!H", len(answer)) + answer)


class _UdpDatagram(DatagramRequestHandler):
    server: _Udp

    def handle(self) -> None:
        answer = self.server.respond(self.rfile.read(), self.server.peer)
        if answer is not None:
            self.wfile.write(answer)

    def finish(self) -> None:
        if t.cast(io.BytesIO, self.wfile).getvalue():
            super().finish()


def _open_servers(respond: Respond) -> list[_Tcp | _Udp]:
    """UDP and TCP on both addresses on one port, which must be free four times."""
    for _try in range(PORT_TRIES):
        opened: list[_Tcp | _Udp] = []
        try:
            port = 0
            for number, address in enumerate(ADDRESSES):
                for server_class, handler in ((_Tcp, _TcpConnection), (_Udp, _UdpDatagram)):
                    server: _Tcp | _Udp = server_class((address, port), handler)
                    opened.append(server)
                    server.respond, server.peer = respond, Peer(number, server_class is _Udp)
                    port = server.server_address[1]
        except OSError as failure:
            for server in opened:
                server.server_close()
            if failure.errno != errno.EADDRINUSE:
                raise
        else:
            return opened
    raise OSError(errno.EADDRINUSE, "no port is free on both addresses")
