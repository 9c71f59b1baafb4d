# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS servers on many loopback addresses at one port, over UDP and TCP. What comes in is handed on with its address."""

from __future__ import annotations

import errno
import io
import socket
import struct
import threading
import typing as t
from socketserver import DatagramRequestHandler, StreamRequestHandler, TCPServer, ThreadingMixIn, UDPServer

POLL_SECONDS = 0.05
PORT_TRIES = 20

#: wire, address, whether by UDP -> the answer's wire; None: not a byte
Respond = t.Callable[[bytes, str, bool], "bytes | None"]


class _Udp(ThreadingMixIn, UDPServer):
    daemon_threads = True
    block_on_close = False
    max_packet_size = 65535
    respond: Respond
    address: str


class _Tcp(ThreadingMixIn, TCPServer):
    allow_reuse_address = False
    daemon_threads = True
    block_on_close = False
    respond: Respond
    address: str

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A peer that hangs up is no news."""


class _Datagram(DatagramRequestHandler):
    server: _Udp

    def handle(self) -> None:
        answer = self.server.respond(self.rfile.read(), self.server.address, True)
        if answer is not None:
            self.wfile.write(answer)

    def finish(self) -> None:
        if t.cast(io.BytesIO, self.wfile).getvalue():
            super().finish()


class _Stream(StreamRequestHandler):
    server: _Tcp
    timeout = 5

    def handle(self) -> None:
        head = self.rfile.read(2)
        if len(head) == 2:
            wire = self.rfile.read(struct.unpack("!H", head)[0])
            answer = self.server.respond(wire, self.server.address, False)
            if answer is not None:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)


class DnsNet:
    """Context manager. only_udp: addresses where nothing listens on TCP."""

    def __init__(self, addresses: t.Sequence[str], only_udp: t.Collection[str], respond: Respond) -> None:
        self._servers = _opened(addresses, only_udp, respond)
        self.port: int = self._servers[0].server_address[1]

    def __enter__(self) -> DnsNet:
        self._threads = [
            threading.Thread(target=one.serve_forever, args=(POLL_SECONDS,), daemon=True) for one in self._servers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        stops = [threading.Thread(target=one.shutdown) for one in self._servers]
        for stop in stops:
            stop.start()
        for thread in (*stops, *self._threads):
            thread.join()
        for server in self._servers:
            server.server_close()


def _opened(addresses: t.Sequence[str], only_udp: t.Collection[str], respond: Respond) -> list[_Udp | _Tcp]:
    """One port that is free on all of them."""
    for _try in range(PORT_TRIES):
        opened: list[_Udp | _Tcp] = []
        port = 0
        try:
            for address in addresses:
                for kind, handler in ((_Udp, _Datagram), (_Tcp, _Stream)):
                    if kind is _Tcp and address in only_udp:
                        continue
                    server = _bound(kind, handler, address, port)
                    opened.append(server)
                    server.respond, server.address = respond, address
                    port = server.server_address[1]
        except OSError as failure:
            for one in opened:
                one.server_close()
            if failure.errno != errno.EADDRINUSE:
                raise
        else:
            return opened
    raise OSError(errno.EADDRINUSE, "no port is free on all addresses")


def _bound(kind: t.Any, handler: t.Any, address: str, port: int) -> _Udp | _Tcp:

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = type(kind.__name__, (kind,), {"address_family": family})
    return t.cast("_Udp | _Tcp", made((address, port), handler))
