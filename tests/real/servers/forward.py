# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS forwarder from one loopback address and port to another, over UDP and TCP.

named listens only on addresses that an interface carries, and loopback carries just 127.0.0.1: a second server with
the same port needs either root (``ip address add``) or this.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading

Address = tuple[str, int]


class Forwarder:
    def __init__(self, listen: Address, target: Address) -> None:
        self._servers: list[socketserver.BaseServer] = [
            _Udp(listen, _datagram_handler(target)),
            _Tcp(listen, _stream_handler(target)),
        ]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _datagram_handler(target: Address) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            question, listener = self.request
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream, contextlib.suppress(OSError):
                upstream.settimeout(3)
                upstream.sendto(question, target)
                listener.sendto(upstream.recv(65535), self.client_address)

    return Handler


def _stream_handler(target: Address) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), socket.create_connection(target, timeout=3) as upstream:
                upstream.settimeout(None)
                back = threading.Thread(target=_copy, args=(upstream, self.request), daemon=True)
                back.start()
                _copy(self.request, upstream)
                back.join()

    return Handler


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
