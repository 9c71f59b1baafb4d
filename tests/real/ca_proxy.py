# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of an ACME CA that counts every request, and holds one where a test wants to kill.

Pebble builds its URLs from the Host header; it is passed through, so all URLs that a client sees lead through here.

    with CaProxy(authority, pebble) as proxy:
        with proxy.hold("newOrder", when="answer") as hold:
            …start the client…
            hold.wait()                     # the CA has the order, its answer is here and unread
            …kill the client…
            hold.drop()
        proxy.orders()                      # newOrder requests that the CA accepted
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import http.client
import http.server
import json
import re
import socket
import ssl
import struct
import termios
import threading
import typing as t
from dataclasses import dataclass, field

from plays.waiting import wait_for
from servers.pebble import Pebble
from servers.pki import Authority
from servers.process import free_port

#: what a path of Pebble means; "other" counts as a write too, so nothing can hide there
_KINDS = (
    (re.compile(r"^/dir$"), "directory"),
    (re.compile(r"^/nonce-plz$"), "newNonce"),
    (re.compile(r"^/sign-me-up$"), "newAccount"),
    (re.compile(r"^/order-plz$"), "newOrder"),
    (re.compile(r"^/my-order/"), "order"),
    (re.compile(r"^/authZ/"), "authorization"),
    (re.compile(r"^/chalZ/"), "challenge"),
    (re.compile(r"^/finalize-order/"), "finalize"),
    (re.compile(r"^/certZ/"), "certificate"),
    (re.compile(r"^/my-account/"), "account"),
    (re.compile(r"^/list-orderz/"), "orders"),
    (re.compile(r"^/revoke-cert$"), "revoke"),
)
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te", "trailer"}
#: how long a held request may stay: longer than any test waits, so that a hold never ends by itself
_HELD_SECONDS = 300.0

When = t.Literal["before", "answer"]


@dataclass
class Entry:
    """One request. ``payload``: what the JWS says (None: no JWS; "" is POST-as-GET)."""

    method: str
    path: str
    kind: str
    payload: t.Any
    status: int | None = None  # None: never answered by the CA
    answer: t.Any = None
    location: str | None = None

    @property
    def is_write(self) -> bool:
        """It changed something at the CA: a signed request with content that was accepted."""
        accepted = self.status is not None and self.status < 400
        return self.method == "POST" and self.payload not in (None, "") and accepted

    @property
    def names(self) -> tuple[str, ...]:
        identifiers = self.payload.get("identifiers", []) if isinstance(self.payload, dict) else []
        return tuple(sorted(identifier["value"] for identifier in identifiers))


@dataclass
class Hold:
    """One request that stands still. Ends by ``release`` (goes on) or ``drop`` (the connection is cut)."""

    kind: str
    when: When
    matches: t.Callable[[Entry], bool] = lambda _entry: True
    entry: Entry | None = None
    dropped: bool = False
    _reached: threading.Event = field(default_factory=threading.Event)
    _go: threading.Event = field(default_factory=threading.Event)
    _sent: threading.Event = field(default_factory=threading.Event)
    _socket: socket.socket | None = None

    def wait(self, seconds: float = 90.0) -> Entry:
        if not self._reached.wait(seconds):
            raise TimeoutError(f"no {self.kind} request came to the hold point within {seconds:g} s")
        assert self.entry is not None
        return self.entry

    @property
    def reached(self) -> bool:
        return self._reached.is_set()

    def release(self) -> None:
        self._go.set()

    def drop(self) -> None:
        self.dropped = True
        self._go.set()

    def wait_read(self, seconds: float = 15.0) -> None:
        """After ``release`` of an answer: until the client process has taken all of it out of its socket."""
        if not self._sent.wait(seconds):
            raise TimeoutError("the held answer was not sent")
        wait_for(self._is_read, "the client to read the answer", seconds)

    def _is_read(self) -> bool:
        assert self._socket is not None
        try:
            peer = self._socket.getpeername()
            mine = self._socket.getsockname()
            unacknowledged = struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
        except OSError:
            return True  # the client closed: it has read what it wanted
        return unacknowledged == 0 and _unread(peer, mine) == 0


class CaProxy:
    def __init__(self, authority: Authority, ca: Pebble, address: str = "127.0.0.1") -> None:
        self.ca = ca
        self.address = address
        self.port = free_port((address,))
        self.entries: list[Entry] = []
        self.connections = 0
        self._holds: list[Hold] = []
        self._lock = threading.Lock()
        self._upstream = ssl.create_default_context(cafile=str(ca.ca_bundle))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.server("ca-proxy", (address,)))
        self._server = _Server((address, self.port), _handler(self), context, self._connected)

    @property
    def directory_url(self) -> str:
        return f"https://{self.address}:{self.port}/dir"

    def __enter__(self) -> CaProxy:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        with self._lock:
            holds = list(self._holds)
        for hold in holds:
            hold.drop()
        self._server.shutdown()
        self._server.server_close()

    # What was asked

    def _connected(self) -> None:
        with self._lock:
            self.connections += 1

    def count(self) -> int:
        with self._lock:
            return len(self.entries)

    def since(self, mark: int) -> list[Entry]:
        with self._lock:
            return self.entries[mark:]

    def writes(self) -> list[tuple[str, str]]:
        """(kind, path) of every request that changed something at the CA."""
        return [(entry.kind, entry.path) for entry in self.since(0) if entry.is_write]

    def orders(self) -> list[Entry]:
        """The newOrder requests that made an order (201), also those whose answer never reached the client."""
        return [entry for entry in self.since(0) if entry.kind == "newOrder" and entry.status == 201]

    def orders_for(self, *names: str) -> list[Entry]:
        return [entry for entry in self.orders() if entry.names == tuple(sorted(names))]

    # Hold points

    @contextlib.contextmanager
    def hold(self, kind: str, when: When, matches: t.Callable[[Entry], bool] | None = None) -> t.Iterator[Hold]:
        """The next matching request stands still. ``answer``: a refusal (badNonce) does not count, the retry does."""
        hold = Hold(kind, when, matches or (lambda _entry: True))
        with self._lock:
            self._holds.append(hold)
        try:
            yield hold
        finally:
            hold.drop()
            with self._lock:
                if hold in self._holds:
                    self._holds.remove(hold)

    def pause(self, entry: Entry, when: When, connection: socket.socket) -> Hold | None:
        """Called by the handler: stand still if a test wants it here. The hold that stopped it, or None."""
        with self._lock:
            hold = next((one for one in self._holds if _stops(one, entry, when)), None)
            if hold is None:
                return None
            self._holds.remove(hold)
        hold.entry = entry
        hold._socket = connection
        hold._reached.set()
        hold._go.wait(_HELD_SECONDS)
        return hold


def _stops(hold: Hold, entry: Entry, when: When) -> bool:
    if hold.kind != entry.kind or hold.when != when or not hold.matches(entry):
        return False
    return when == "before" or (entry.status is not None and entry.status < 400)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], handler: type, context: ssl.SSLContext, connected: t.Callable[[], None]
    ) -> None:
        self._context = context
        self._connected = connected
        super().__init__(address, handler)

    def finish_request(self, request: t.Any, client_address: t.Any) -> None:
        """The TLS handshake belongs to the connection's own thread: a slow client must not stop the others."""
        self._connected()
        with contextlib.suppress(OSError):
            request.settimeout(600)
            with self._context.wrap_socket(request, server_side=True) as tls:
                super().finish_request(tls, client_address)

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A killed client is what this proxy is for."""


def _handler(proxy: CaProxy) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One segment an answer: header and body apart would cost 40 ms each (Nagle's algorithm and delayed ACK).
        wbufsize = -1
        disable_nagle_algorithm = True
        upstream: http.client.HTTPSConnection | None = None

        def finish(self) -> None:
            if self.upstream:
                self.upstream.close()
            super().finish()

        def log_message(self, format: str, *args: object) -> None:
            """The entries are the log."""

        def handle_one_method(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.split("?")[0]
            entry = Entry(self.command, path, _kind(path), _payload(body))
            with proxy._lock:
                proxy.entries.append(entry)
            hold = proxy.pause(entry, "before", self.connection)
            if hold and hold.dropped:
                self.close_connection = True
                return
            status, headers, answer = self._forward(body)
            entry.status, entry.location, entry.answer = status, _header(headers, "location"), _json(answer)
            hold = proxy.pause(entry, "answer", self.connection)
            if hold and hold.dropped:
                self.close_connection = True
                return
            self._answer(status, headers, answer)
            if hold:
                hold._sent.set()

        do_GET = do_POST = do_HEAD = handle_one_method

        def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            """Over one kept connection a client connection: never sent twice, the CA closes none that is in use."""
            if self.upstream is None:
                self.upstream = http.client.HTTPSConnection(
                    proxy.ca.address, proxy.ca.port, timeout=60, context=proxy._upstream
                )
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            self.upstream.request(self.command, self.path, body=body or None, headers=headers)
            answer = self.upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()

        def _answer(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.wfile.flush()

    return Handler


def _kind(path: str) -> str:
    return next((kind for pattern, kind in _KINDS if pattern.search(path)), "other")


def _payload(body: bytes) -> t.Any:
    envelope = _json(body)
    if not isinstance(envelope, dict) or "payload" not in envelope:
        return None
    text = envelope["payload"]
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return _json(raw) if raw else ""


def _json(body: bytes) -> t.Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _header(headers: list[tuple[str, str]], wanted: str) -> str | None:
    return next((value for name, value in headers if name.lower() == wanted), None)


def _unread(local: tuple[str, int], remote: tuple[str, int]) -> int:
    """Bytes that wait unread in the receive queue of the socket local -> remote; 0 also when it is closed."""
    wanted = _proc_address(local), _proc_address(remote)
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if (fields[1], fields[2]) == wanted:
                return int(fields[4].split(":")[1], 16)
    return 0


def _proc_address(address: tuple[str, int]) -> str:
    return f"{struct.unpack('=I', socket.inet_aton(address[0]))[0]:08X}:{address[1]:04X}"
