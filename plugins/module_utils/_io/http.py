# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only door to HTTP: one request, one response, nothing behind the caller's back.

What it does not do, on purpose: follow redirects, retry, decompress, keep cookies, read ``.netrc`` or proxy variables.
The status code is the caller's business.

How a failure is told, so that nobody orders twice after a lost answer:

    URL refused, name unknown, connection or TLS failed,          TransportError, sent false: nothing of the request
    time up while connecting                                      can have reached the server
    time already up before anything was tried                     DeadlineError: nothing was sent
    anything after the first byte was handed to the kernel        TransportError, sent true: it may have had its effect

One instance belongs to one thread: connections are kept alive per origin and not locked. Workers make their own.
The time limit covers the whole request, however slowly the other side drips; only the look-up of a name by the
operating system's resolver cannot be interrupted and keeps to that resolver's own limits.

This file is private to the collection.
"""

# pylint reads Python's own package http in place of this file: pylint: disable=unused-import
from __future__ import annotations

import http.client
import io
import re
import select
import socket
import ssl
import threading
import time
import typing as t
import urllib.parse

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    DeadlineError,
    InkanError,
    LocalError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import bare_url, escaped
from ansible_collections.inkan.tls.plugins.module_utils._io.client_identity import ClientIdentity

__all__ = ["DirectHttp"]

#: The largest answer of any API spoken here is a certificate chain or an order list, some 100 KiB; ten times that.
MAX_BODY = 1024 * 1024
#: Seconds a kept connection may idle: middleboxes forget silent flows after some minutes, servers close much earlier
#: and are noticed (``_is_stale``).
_MAX_IDLE = 60.0
#: Kept connections in all; a sweep over many web servers must not collect file descriptors.
_MAX_KEPT = 16
_USER_AGENT = "inkan.tls (Ansible collection)"
#: RFC 3986 §2: what a URL is made of. Excludes blanks, controls, quotes and non-ASCII.
_URL_SHAPE = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]{1,4096}")

Address = tuple[str, int]


class _Origin(t.NamedTuple):
    secure: bool
    host: str
    port: int
    connect_to: Address | None

    @property
    def label(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class _TimeUp(OSError):
    """The request's own limit was reached."""


class _TimedReader(io.RawIOBase):
    """Reads a socket so that each read gets only the time that is left of the whole request."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        self._wire.arm()
        return self._wire.sock.recv_into(buffer)


class _Wire:
    """What http.client sees instead of a socket. ``touched``: bytes of the present request may have left."""

    def __init__(self, sock: socket.socket, monotonic: t.Callable[[], float]) -> None:
        self.sock = sock
        self._monotonic = monotonic
        self.ends = 0.0
        self.touched = False
        self._unsent: list[bytes] = []

    def arm(self) -> None:
        left = self.ends - self._monotonic()
        if left <= 0:
            raise _TimeUp("time is up")
        self.sock.settimeout(left)

    def sendall(self, data: bytes) -> None:
        """Kept until ``flush``: http.client gives head and body apart, which would wake the other side twice."""
        self._unsent.append(data)

    def flush(self) -> None:
        self.arm()
        self.touched = True
        self.sock.sendall(b"".join(self._unsent))
        self._unsent.clear()

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self))

    def close(self) -> None:
        """http.client closes before the body is read; the owner closes ``sock`` itself."""


class _TooLarge(http.client.HTTPException):
    """The answer exceeds the size bound."""

    def __init__(self, bound: int) -> None:
        super().__init__(f"more than {bound} bytes")


class _Kept(t.NamedTuple):
    origin: _Origin
    connection: http.client.HTTPConnection
    wire: _Wire
    since: float


class DirectHttp:
    """HttpClient of ``_core/ports`` over http.client. Threads may share one: each request has its connection alone.

    ca_bundle     PEM file that replaces the system's trusted CAs
    as_ca_looks   behave as a CA that fetches a validation file: plain http to any host, and no verification of
                  certificates (BR 3.2.2.4.18 and .19 demand none; the page may be why a certificate is wanted).
                  Never set it for anything that carries a credential.
    identity      shown to a server that asks for a client certificate
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        as_ca_looks: bool = False,
        max_body: int = MAX_BODY,
        monotonic: t.Callable[[], float] = time.monotonic,
        identity: ClientIdentity | None = None,
    ) -> None:
        self._ca_bundle = ca_bundle
        self._identity = identity
        self._as_ca_looks = as_ca_looks
        self._max_body = max_body
        self._monotonic = monotonic
        self._tls: ssl.SSLContext | None = None
        self._kept: list[_Kept] = []  # idle ones, the longest first
        self._keeping = threading.Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 30.0,
        connect_to: Address | None = None,
    ) -> HttpResponse:
        """connect_to: the address and port to open instead of the URL's; host header and TLS name stay the URL's."""
        origin, target = self._parse(url, connect_to)
        what = f"{method} {bare_url(url)}"
        ends = self._monotonic() + timeout
        if timeout <= 0:
            raise DeadlineError(
                code="http_no_time_left",
                what=f"{what} was not sent",
                where=origin.label,
                why="the time for all requests together is used up",
                todo="Give the run a longer deadline, or run again",
            )
        kept = self._connection(origin, what, ends)
        kept.wire.ends, kept.wire.touched = ends, False
        try:
            response = self._exchange(kept, method, target, headers or {}, body, url)
        except BaseException as failure:
            kept.wire.sock.close()
            if isinstance(failure, (OSError, http.client.HTTPException, ValueError)):
                raise _told(failure, what, origin, kept.wire.touched, timeout) from failure
            raise
        return response

    def close(self) -> None:
        """Close every kept connection; the client stays usable."""
        with self._keeping:
            for kept in self._kept:
                kept.wire.sock.close()
            self._kept.clear()

    # --- the URL -------------------------------------------------------------------------------------------------

    def _parse(self, url: str, connect_to: Address | None) -> tuple[_Origin, str]:
        reason, parts = _url_error(url)
        if parts is None:
            raise _refused_url(url, "http_bad_url", reason)
        host = (parts.hostname or "").lower()
        secure = parts.scheme == "https"
        if not secure and not self._as_ca_looks and not is_loopback(host):
            raise _refused_url(url, "http_not_https", "only https is spoken, except to loopback addresses")
        port = parts.port or (443 if secure else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _Origin(secure, host, port, connect_to), target

    # --- connections ---------------------------------------------------------------------------------------------

    def _connection(self, origin: _Origin, what: str, ends: float) -> _Kept:
        kept = self._idle(origin)
        if kept is not None:
            return kept
        tls = self._tls_context() if origin.secure else None
        try:
            sock = self._open(origin, ends)
        except (OSError, ValueError) as failure:
            raise _not_connected(failure, what, origin) from failure
        try:
            if tls is not None:
                sock.settimeout(max(ends - self._monotonic(), 0.001))
                sock = tls.wrap_socket(sock, server_hostname=origin.host)
        except (OSError, ValueError) as failure:
            sock.close()
            raise _no_tls(failure, what, origin) from failure
        return self._dressed(sock, origin)

    def _dressed(self, sock: socket.socket, origin: _Origin) -> _Kept:
        wire = _Wire(sock, self._monotonic)
        connection = http.client.HTTPConnection(origin.host, origin.port)
        connection.default_port = 443 if origin.secure else 80  # decides whether the host header names the port
        connection.auto_open = 0  # never reconnect by itself
        connection.sock = t.cast(socket.socket, wire)
        return _Kept(origin, connection, wire, self._monotonic())

    def _idle(self, origin: _Origin) -> _Kept | None:
        """The one that was used last, if it still stands."""
        with self._keeping:
            for kept in [one for one in reversed(self._kept) if one.origin == origin]:
                self._kept.remove(kept)
                if self._monotonic() - kept.since <= _MAX_IDLE and not _is_stale(kept.wire.sock):
                    return kept
                kept.wire.sock.close()
        return None

    def _open(self, origin: _Origin, ends: float) -> socket.socket:
        """The first address that answers; a silent one gets only its share of the time."""
        host, port = origin.connect_to or (origin.host, origin.port)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        last: OSError = OSError("the name has no address")
        for number, (family, kind, protocol, _canonical, address) in enumerate(found):
            left = ends - self._monotonic()
            if left <= 0:
                raise _TimeUp("time is up")
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(left / (len(found) - number))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as failure:
                sock.close()
                last = failure
        raise last

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            try:
                context = ssl.create_default_context(cafile=self._ca_bundle)
            except OSError as failure:  # ssl.SSLError is one
                raise LocalError(
                    code="ca_bundle_unreadable",
                    what="The CA bundle cannot be used",
                    where=str(self._ca_bundle),
                    why=str(failure),
                    todo="Name a readable PEM file that holds at least one CA certificate",
                ) from failure
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._as_ca_looks:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self._identity is not None:
                self._identity.load(context)
            self._tls = context
        return self._tls

    # --- the exchange --------------------------------------------------------------------------------------------

    def _exchange(
        self, kept: _Kept, method: str, target: str, headers: t.Mapping[str, str], body: bytes | None, url: str
    ) -> HttpResponse:
        kept.connection.request(method, target, body=body, headers={"User-Agent": _USER_AGENT, **headers})
        kept.wire.flush()
        response = kept.connection.getresponse()
        content = self._body(response)
        answer = HttpResponse(response.status, _joined(response.getheaders()), content, url)
        if response.will_close or not response.isclosed():
            kept.wire.sock.close()
        else:
            self._keep(kept)
        return answer

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        if response.length is not None and response.length > self._max_body:
            raise _TooLarge(self._max_body)
        content = response.read(self._max_body + 1)
        if len(content) > self._max_body:
            raise _TooLarge(self._max_body)
        if response.length:  # read(n) of http.client returns a short body without a word
            raise http.client.IncompleteRead(content, response.length)
        return content

    def _keep(self, kept: _Kept) -> None:
        with self._keeping:
            self._kept.append(kept._replace(since=self._monotonic()))
            while len(self._kept) > _MAX_KEPT:
                self._kept.pop(0).wire.sock.close()


def _url_error(url: str) -> tuple[str, urllib.parse.SplitResult | None]:
    if not _URL_SHAPE.fullmatch(url):
        return "it is empty, too long or has characters that a URL cannot have", None
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as failure:
        return str(failure), None
    if parts.scheme not in ("http", "https"):
        return "only https and http are spoken", None
    if not parts.hostname or port == 0:
        return "it names no host", None
    if "@" in parts.netloc:
        return "it carries a user name or password", None
    return "", parts


def _is_stale(sock: socket.socket) -> bool:
    """An idle connection with something to read was closed by the other side, or is out of step."""
    poller = select.poll()
    poller.register(sock, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(poller.poll(0))


def _joined(headers: t.Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def _refused_url(url: str, code: str, why: str) -> TransportError:
    return TransportError(
        code=code,
        what="The request was not sent",
        where=bare_url(url),
        why=why,
        todo="Check the address",
        sent=False,
        retryable=False,
    )


def _not_connected(failure: Exception, what: str, origin: _Origin) -> TransportError:
    host, port = origin.connect_to or (origin.host, origin.port)
    if isinstance(failure, socket.gaierror):
        code, todo = "http_no_address", "Check the name and the resolver of this machine"
    elif isinstance(failure, (socket.timeout, _TimeUp)):
        code, todo = "http_connect_timeout", "Check the route and the firewall (likely a firewall drops the packets)"
    else:
        code, todo = "http_no_connection", "Check that the service runs there and is reachable from this machine"
    return TransportError(
        code=code,
        what=f"{what} was not sent, {host} port {port} could not be reached",
        where=origin.label,
        why=escaped(str(failure) or type(failure).__name__),
        todo=todo,
        sent=False,
    )


def _no_tls(failure: Exception, what: str, origin: _Origin) -> TransportError:
    unverified = isinstance(failure, ssl.SSLCertVerificationError)
    return TransportError(
        code="http_tls_unverified" if unverified else "http_no_tls",
        what=f"{what} was not sent, no trusted TLS connection",
        where=origin.label,
        why=escaped(str(failure) or type(failure).__name__),
        todo="Check the server's certificate, or name the CA bundle that it belongs to" if unverified else "Try again",
        sent=False,
        retryable=not unverified,
    )


def _told(failure: Exception, what: str, origin: _Origin, touched: bool, timeout: float) -> InkanError:
    """The failure of an exchange on an open connection."""
    words: dict[str, t.Any] = {"where": origin.label, "sent": touched}
    if isinstance(failure, (socket.timeout, _TimeUp)):
        return TransportError(
            code="http_timeout",
            what=f"{what} got no full answer within {timeout:g} seconds",
            why="",
            todo="Try again; if it stays, look at the server and at what lies between",
            **words,
        )
    if isinstance(failure, _TooLarge):
        return TransportError(code="http_too_large", what=f"{what} got too long an answer", why=str(failure), **words)
    if not touched:
        return TransportError(
            code="http_bad_request", what=f"{what} was not sent", why=escaped(str(failure)), retryable=False, **words
        )
    return TransportError(
        code="http_broken_answer",
        what=f"{what} got no answer, or half of one",
        why=escaped(f"{type(failure).__name__}: {failure}"),
        todo="Try again; if it stays, look at the server and at what lies between",
        **words,
    )
