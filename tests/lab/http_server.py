# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTPS server with a table of routes, for the seller's API and pages and for the pages of the lab itself.

An answer can be played badly: not a byte of it (cut=0), half of it (cut=n), or drop by drop (drip=seconds).
Handlers run in threads, several at a time.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import sys
import threading
import time
import traceback
import typing as t
from dataclasses import dataclass, field
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from urllib.parse import parse_qsl, unquote, urlsplit

from .clock import LabClock

MAX_BODY = 1_048_576
IDLE_SECONDS = 30
HANDSHAKE_SECONDS = 5
DROPS = 20


@dataclass(frozen=True)
class Request:
    method: str
    #: without the query, percent-decoded
    path: str
    #: the last value of each word
    query: t.Mapping[str, str]
    #: names in lower case
    headers: t.Mapping[str, str]
    body: bytes
    #: of the route's expression on the path
    match: re.Match[str]
    #: address of the peer
    client: str
    #: the certificate that it showed, in DER; empty: none
    certificate: bytes = b""
    #: the query as it came: a word may be there several times
    pairs: tuple[tuple[str, str], ...] = ()

    def json(self) -> t.Any:
        """The body. ValueError if it is not JSON in UTF-8."""
        return json.loads(self.body.decode("utf-8"))

    def form(self) -> dict[str, str]:
        """The fields of a form that a browser sent, the last value of each."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    status: int = 200
    headers: t.Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: the body takes so many seconds
    drip: float = 0
    #: 0: the connection closes without a byte; n: after the head (which promises all) and n bytes of the body
    cut: int | None = None

    @classmethod
    def of_json(cls, document: t.Any, status: int = 200, **headers: str) -> Response:
        """Header names are written with underscores: Retry_After="1"."""
        body = json.dumps(document, ensure_ascii=False).encode("utf-8")
        return cls(status, {"Content-Type": "application/json; charset=utf-8", **_dashed(headers)}, body)

    @classmethod
    def of_html(cls, page: str, status: int = 200, charset: str = "utf-8", **headers: str) -> Response:
        body = page.encode(charset)
        return cls(status, {"Content-Type": f"text/html; charset={charset}", **_dashed(headers)}, body)


def _dashed(headers: t.Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


Handler = t.Callable[[Request], Response]


class Routes:
    """Tried in the order in which they were added; an expression must fit the whole path."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, expression: str, handler: Handler) -> None:
        self._routes.append((method, re.compile(expression), handler))

    def find(self, method: str, path: str) -> tuple[Handler, re.Match[str]] | Response:
        """HEAD is answered by GET. No route: 404, or 405 where another method has one."""
        allowed = []
        for known, expression, handler in self._routes:
            match = expression.fullmatch(path)
            if match is None:
                continue
            if known == method or (known, method) == ("GET", "HEAD"):
                return handler, match
            allowed.append(known)
        if allowed:
            return Response(405, {"Allow": ", ".join(sorted(set(allowed)))}, b"")
        return Response(404, {"Content-Type": "text/plain; charset=utf-8"}, b"There is nothing here.\n")


class HttpServer:
    """Context manager. ``failures`` holds the tracebacks of handlers that broke: a test wants none."""

    def __init__(
        self,
        routes: Routes,
        *,
        clock: LabClock,
        certificate: Path,
        private_key: Path,
        address: str = "127.0.0.1",
        port: int = 0,
        clients: Path | None = None,
        asks_clients: t.Callable[[], bool] = lambda: True,
    ) -> None:
        """``clients``: only peers with a certificate by this authority are let in, as long as ``asks_clients``."""
        self.failures: list[str] = []
        open_to_all = _context(certificate, private_key)
        context = open_to_all if clients is None else _context(certificate, private_key, clients)
        self._server = _Server((address, port), _Connection)
        self._server.lab = _Lab(routes, clock, lambda: context if asks_clients() else open_to_all, self.failures)
        self.address = str(self._server.server_address[0])
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="lab-https", daemon=True)

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> HttpServer:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()


def _context(certificate: Path, private_key: Path, clients: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class _Lab(t.NamedTuple):
    routes: Routes
    clock: LabClock
    #: for the next connection
    context: t.Callable[[], ssl.SSLContext]
    failures: list[str]


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False  # an idle connection must not hold up the end
    request_queue_size = 64
    lab: _Lab

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Peers that hang up or distrust the certificate are no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.lab.failures.append(traceback.format_exc())


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "lab"
    sys_version = ""
    timeout = IDLE_SECONDS
    server: _Server

    def setup(self) -> None:
        """The handshake is this thread's business: a slow peer holds up nobody else."""
        self.request.settimeout(HANDSHAKE_SECONDS)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = self.server.lab.context().wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)
        self.request.close()  # the wrapped socket: nobody else holds it

    def log_message(self, format: str, *args: t.Any) -> None:
        """The history tells what matters."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.lab.clock.now(), usegmt=True)

    def _serve(self) -> None:
        body = self._read_body()
        if isinstance(body, Response):
            self.close_connection = True
            self._send(body)
        else:
            self._send(self._answer(body))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _read_body(self) -> bytes | Response:
        if self.headers.get("Transfer-Encoding"):
            return Response(411)
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit():
            return Response(400)
        return Response(413) if int(length) > MAX_BODY else self.rfile.read(int(length))

    def _answer(self, body: bytes) -> Response:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        found = self.server.lab.routes.find(self.command, path)
        if isinstance(found, Response):
            return found
        handler, match = found
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            peer = self.request.getpeercert(binary_form=True) or b""
            client = self.client_address[0]
            return handler(Request(self.command, path, dict(pairs), headers, body, match, client, peer, pairs))
        except Exception:  # noqa: BLE001 - whatever a handler does wrong, its peer gets an answer and the test the words
            self.server.lab.failures.append(traceback.format_exc())
            return Response(500, {"Content-Type": "text/plain"}, b"The lab itself is broken: see its failures.\n")

    def _send(self, response: Response) -> None:
        if response.cut is not None:
            self.close_connection = True
        if response.cut == 0:
            return
        body = b"" if self.command == "HEAD" else response.body[: response.cut]
        head = self._head(response)
        if response.drip <= 0:
            self.wfile.write(head + body)
            return
        self.wfile.write(head)
        size = max(1, -(-len(body) // DROPS))
        for start in range(0, len(body), size):
            time.sleep(response.drip / DROPS)
            self.wfile.write(body[start : start + size])

    def _head(self, response: Response) -> bytes:
        phrases = {status.value: status.phrase for status in HTTPStatus}
        lines = [f"HTTP/1.1 {response.status} {phrases.get(response.status, 'Strange')}"]
        headers = {"Date": self.date_time_string(), "Content-Length": str(len(response.body)), **response.headers}
        if self.close_connection:
            headers["Connection"] = "close"
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
