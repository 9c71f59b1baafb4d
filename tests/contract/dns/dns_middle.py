# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands between a DNS service and its server: counts writes, loses answers, and lets a rival write in between."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import socketserver
import ssl
import struct
import threading
import typing as t

from servers.process import free_port

Address = tuple[str, int]
OPCODE_UPDATE = 5


class Middle:
    """lose           so many answers to writes never come back, though the server did them
    swallow        so many writes never reach the server
    before_write   called once, when the next write is on its way
    """

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        self.port = free_port()
        self._servers: list[socketserver.BaseServer] = []
        self.reset()

    def reset(self) -> None:
        self.writes = 0
        self.lose = 0
        self.swallow = 0
        self.before_write: t.Callable[[], None] | None = None

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def serve(self, *servers: socketserver.BaseServer) -> None:
        self._servers += servers
        for server in servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def interrupt(self) -> None:
        before, self.before_write = self.before_write, None
        if before is not None:
            before()

    def pass_on(self, is_write: bool, send: t.Callable[[], bytes]) -> bytes | None:
        """The server's answer, or None where the connection ends without one."""
        if not is_write:
            return send()
        self.writes += 1
        self.interrupt()
        if self.swallow:
            self.swallow -= 1
            return None
        answer = send()
        if self.lose:
            self.lose -= 1
            return None
        return answer


# --- DNS -------------------------------------------------------------------------------------------------------------


class DnsMiddle(Middle):
    def __init__(self, target: Address) -> None:
        super().__init__()
        listen = (self.address, self.port)
        self.serve(_Udp(listen, _datagrams(self, target)), _Tcp(listen, _frames(self, target)))


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _is_update(message: bytes) -> bool:
    return message[2] >> 3 & 15 == OPCODE_UPDATE


def _datagrams(middle: Middle, target: Address) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            question, listener = self.request

            def send() -> bytes:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
                    upstream.settimeout(3)
                    upstream.sendto(question, target)
                    return upstream.recv(65535)

            with contextlib.suppress(OSError):
                answer = middle.pass_on(_is_update(question), send)
                if answer is not None:
                    listener.sendto(answer, self.client_address)

    return Handler


def _frames(middle: Middle, target: Address) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, struct.error):
                message = _frame(self.request)

                def send() -> bytes:
                    with socket.create_connection(target, timeout=3) as upstream:
                        upstream.sendall(struct.pack("!H", len(message)) + message)
                        return _frame(upstream)

                answer = middle.pass_on(_is_update(message), send)
                if answer is not None:
                    self.request.sendall(struct.pack("!H", len(answer)) + answer)

    return Handler


def _frame(sock: socket.socket) -> bytes:
    return _exactly(sock, struct.unpack("!H", _exactly(sock, 2))[0])


def _exactly(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = sock.recv(size - len(found))
        if not part:
            break
        found += part
    return found


# --- HTTP ------------------------------------------------------------------------------------------------------------

IsWrite = t.Callable[[str, str], bool]


class HttpMiddle(Middle):
    """is_write: by method and path. begins: what of several calls is the first of a write, where that is another one.
    tls: how the server is spoken to.
    """

    def __init__(
        self,
        target: Address,
        is_write: IsWrite,
        *,
        begins: IsWrite | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__()
        handler = _requests(self, target, is_write, begins or (lambda _method, _path: False), tls)
        server = http.server.ThreadingHTTPServer((self.address, self.port), handler)
        server.daemon_threads = True
        self.serve(server)

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"


def _requests(
    middle: Middle, target: Address, is_write: IsWrite, begins: IsWrite, tls: ssl.SSLContext | None
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))

            def send() -> bytes:
                upstream = (
                    http.client.HTTPConnection(*target, timeout=10)
                    if tls is None
                    else http.client.HTTPSConnection(*target, timeout=10, context=tls)
                )
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                upstream.request(self.command, self.path, body or None, headers)
                answer = upstream.getresponse()
                content = answer.read()
                upstream.close()
                kept = [
                    f"{name}: {value}"
                    for name, value in answer.getheaders()
                    if name.lower() not in ("connection", "content-length", "transfer-encoding")
                ]
                status = f"HTTP/1.1 {answer.status} {answer.reason}"
                return "\r\n".join([status, *kept, f"Content-Length: {len(content)}", "", ""]).encode() + content

            if begins(self.command, self.path):
                middle.interrupt()
            answer = middle.pass_on(is_write(self.command, self.path), send)
            if answer is None:
                self.close_connection = True
            else:
                self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, *_words: object) -> None:
            pass

    return Handler
