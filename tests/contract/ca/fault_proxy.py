# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of any CA's API that spoils what is asked of it, in the way and as often as a test says.

    with FaultProxy(tls, upstream, verb_of) as proxy:
        proxy.spoil("submit", lost_answer)
        …
        proxy.struck                       # how often it has struck
        proxy.passed("submit")             # what the CA itself answered: its effects, also those nobody heard of

The Host header is passed through, so a CA that makes its URLs from it leads back through here. One proxy belongs to one
test: nothing that another test does can use up its faults.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import ssl
import threading
import time
import typing as t
from dataclasses import dataclass, field, replace

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer"})
_DROPS = 20
ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str  # with its query
    headers: t.Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Answer:
    """cut: the connection closes after so many bytes of the body (0: without a byte of the answer)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    drip: float = 0.0
    cut: int | None = None

    def header(self, wanted: str) -> str | None:
        return next((value for name, value in self.headers if name.lower() == wanted), None)

    def with_headers(self, **headers: str) -> Answer:
        """Replaced, or added; ``Retry_After`` is Retry-After."""
        new = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in new)
        return replace(self, headers=(*kept, *new.items()))


Act = t.Callable[[], Answer]
#: What becomes of a request: whoever does not call the act has no effect at the CA.
Spoil = t.Callable[[Asked, Act], Answer]


class Upstream(t.NamedTuple):
    address: str
    port: int
    ca_bundle: str


class Tls(t.NamedTuple):
    """What the proxy shows its clients, and the bundle that they trust."""

    certificate: str
    private_key: str
    ca_bundle: str


@dataclass
class Fault:
    """times: how often it strikes yet; None: always."""

    verb: str
    spoil: Spoil
    times: int | None = 1
    struck: int = 0

    def takes(self, verb: str) -> bool:
        return self.verb in ("*", verb) and (self.times is None or self.struck < self.times)


@dataclass
class Passed:
    """A request that reached the CA, and what it said."""

    verb: str
    asked: Asked
    answer: Answer


@dataclass
class FaultProxy:
    tls: Tls
    upstream: Upstream
    #: the verb of the contract that a request belongs to; "" for those between (nonces, say)
    verb_of: t.Callable[[Asked], str]
    faults: list[Fault] = field(default_factory=list)
    log: list[Passed] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> FaultProxy:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.tls.certificate, self.tls.private_key)
        self._to_ca = ssl.create_default_context(cafile=self.upstream.ca_bundle)
        self._server = _Server((ADDRESS, 0), _handler(self), context)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"https://{ADDRESS}:{self._server.server_address[1]}"

    # What tests say and ask

    def spoil(self, verb: str, spoil: Spoil, times: int | None = 1) -> Fault:
        """verb "*": whatever is asked."""
        fault = Fault(verb, spoil, times)
        with self._lock:
            self.faults.append(fault)
        return fault

    def behave(self) -> None:
        with self._lock:
            self.faults.clear()

    def passed(self, verb: str) -> list[Passed]:
        with self._lock:
            return [one for one in self.log if one.verb == verb]

    # What the handler does

    def answer(self, asked: Asked, forward: Act) -> Answer:
        verb = self.verb_of(asked)
        with self._lock:
            self.asked.append(verb or asked.path)
            fault = next((one for one in self.faults if one.takes(verb)), None)
            if fault is not None:
                fault.struck += 1

        def act() -> Answer:
            answer = forward()
            with self._lock:
                self.log.append(Passed(verb, asked, answer))
            return answer

        return fault.spoil(asked, act) if fault is not None else act()

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.upstream.address, self.upstream.port, timeout=60, context=self._to_ca)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(address, handler)

    def finish_request(self, request: t.Any, client_address: t.Any) -> None:
        """The handshake belongs to the connection's own thread: a slow client must not stop the others."""
        with contextlib.suppress(OSError):
            request.settimeout(60)
            with self._context.wrap_socket(request, server_side=True) as tls:
                super().finish_request(tls, client_address)

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that went away is what some tests are about."""


def _handler(proxy: FaultProxy) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One segment an answer: head and body apart would cost 40 ms each (Nagle's algorithm and delayed ACK).
        wbufsize = -1
        disable_nagle_algorithm = True
        to_ca: http.client.HTTPSConnection | None = None

        def finish(self) -> None:
            if self.to_ca is not None:
                self.to_ca.close()
            super().finish()

        def log_message(self, format: str, *args: object) -> None:
            """The proxy's log is enough."""

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            self._send(proxy.answer(asked, lambda: self._forward(body)))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

        def _forward(self, body: bytes) -> Answer:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            for kept in (True, False):
                if self.to_ca is None:
                    self.to_ca, kept = proxy.connect(), False
                try:
                    self.to_ca.request(self.command, self.path, body=body or None, headers=headers)
                    answer = self.to_ca.getresponse()
                    break
                except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                    self.to_ca.close()
                    self.to_ca = None
                    if not kept:
                        raise
            pairs = tuple(pair for pair in answer.getheaders() if pair[0].lower() not in _HOP_BY_HOP)
            return Answer(answer.status, pairs, answer.read())

        def _send(self, answer: Answer) -> None:
            if answer.cut == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command == "HEAD":
                self.wfile.flush()
                return
            body = answer.body if answer.cut is None else answer.body[: answer.cut]
            if answer.drip:
                self._drip(body, answer.drip)
            else:
                self.wfile.write(body)
            self.wfile.flush()
            if answer.cut is not None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        def _drip(self, body: bytes, seconds: float) -> None:
            size = max(1, len(body) // _DROPS)
            for start in range(0, len(body), size):
                self.wfile.write(body[start : start + size])
                self.wfile.flush()
                time.sleep(seconds * size / max(len(body), 1))

    return Handler
