# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web host of the lab, as a process of its own: python -m lab.web_server CONFIG.json (web_host.py starts it).

http serves the document root, https too, with the certificates of the store. SIGHUP: read the store again; what cannot
be used is not taken, and the old goes on. SIGTERM, or the end of standard input (its parent is gone): the end.

It talks with its parent by lines of JSON: on standard output {"event": …} and {"ask": number, "vice": …, "key": …},
on standard input {"answer": number, "yes": …}.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import sys
import threading
import time
import typing as t
from datetime import datetime, timezone
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from . import web_redirects
from .web_files import look_up
from .web_tls import BrokenPair, Pairs, read_pairs

HEAD_SECONDS = 5.0  # for a handshake, and again for the head of a request: who drips slower is hung up on
MAX_HEAD = 16_384
MAX_CONNECTIONS = 64
LATE_RELOAD_SECONDS = 1.0
SIGNALS = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}


class Configuration(t.NamedTuple):
    name: str
    address: str
    http_port: int
    https_port: int
    document_root: str
    store: str
    fallback: str
    redirects: str
    pid_file: str
    access_log: str
    reload_log: str


class Request(t.NamedTuple):
    scheme: str
    method: str
    #: path and query as they were sent
    target: str
    #: of the Host header, without port
    name: str


class Response(t.NamedTuple):
    status: int
    content: bytes = b""
    headers: t.Mapping[str, str] = {}

    def bytes(self, with_content: bool) -> bytes:
        headers = {
            "Date": formatdate(usegmt=True),
            "Content-Type": "text/plain; charset=utf-8",
            **self.headers,
            "Content-Length": str(len(self.content)),
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (self.content if with_content else b"")


def sorry(status: int, headers: t.Mapping[str, str] | None = None) -> Response:
    return Response(status, f"{status} {HTTPStatus(status).phrase}\n".encode(), headers or {})


class Parent:
    """The other end of the pipes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[threading.Event, list[bool]]] = {}

    def tell(self, **line: t.Any) -> None:
        with self._lock, contextlib.suppress(OSError):  # nobody listens any more
            os.write(sys.stdout.fileno(), json.dumps(line).encode() + b"\n")

    def strikes(self, vice: str, key: str) -> bool:
        number, answered, answer = next(self._numbers), threading.Event(), list[bool]()
        self._waiting[number] = answered, answer
        self.tell(ask=number, vice=vice, key=key)
        answered.wait(2)
        del self._waiting[number]
        return answer == [True]

    def listen(self) -> None:
        """Until the parent is gone."""
        for line in sys.stdin:
            message = json.loads(line)
            answered, answer = self._waiting.get(message["answer"], (threading.Event(), []))
            answer.append(message["yes"])
            answered.set()
        os.kill(os.getpid(), signal.SIGTERM)


class Log:
    """A file of JSON lines, with the real time: what happened here is not moved with the lab's clock."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def add(self, **facts: t.Any) -> None:
        line = {"real_time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), **facts}
        os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")


class WebServer:
    def __init__(self, configuration: Configuration, parent: Parent) -> None:
        self._is = configuration
        self._parent = parent
        self._access = Log(configuration.access_log)
        self._reloads = Log(configuration.reload_log)
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._pairs: Pairs | None = None

    # What it serves with

    def read_store(self, event: str) -> None:
        try:
            self._pairs = read_pairs(Path(self._is.store), Path(self._is.fallback))
            facts: dict[str, t.Any] = {"ok": True, "error": None}
        except BrokenPair as exc:
            facts = {"ok": False, "error": str(exc)}
            if self._pairs is None:
                raise SystemExit(f"{self._is.name}: {exc}") from exc
        served = [pair.facts() for pair in self._pairs.pairs]
        self._reloads.add(event=event, **facts, served=served)
        self._parent.tell(event=event, **facts, served=[f"{one['name']}={one['generation']}" for one in served])

    # Connections

    def listen(self, scheme: str) -> None:
        port = self._is.https_port if scheme == "https" else self._is.http_port
        listener = socket.create_server((self._is.address, port), backlog=64)
        threading.Thread(target=self._accept, args=(listener, scheme), name=scheme, daemon=True).start()

    def _accept(self, listener: socket.socket, scheme: str) -> None:
        while True:
            self._room.acquire()
            try:
                connection, (client, _port) = listener.accept()
            except OSError:  # the peer is gone already, or too many files are open
                self._room.release()
                time.sleep(0.05)
                continue
            threading.Thread(target=self._connection, args=(connection, scheme, client), daemon=True).start()

    def _connection(self, connection: socket.socket, scheme: str, client: str) -> None:
        try:
            connection.settimeout(HEAD_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                assert self._pairs is not None
                connection = self._pairs.context.wrap_socket(connection, server_side=True)
            self._talk(connection, scheme, client)
        except OSError:  # of a peer that hangs up, is too slow, or speaks no TLS
            pass
        finally:
            connection.close()
            self._room.release()

    def _talk(self, connection: socket.socket, scheme: str, client: str) -> None:
        head = _read_head(connection)
        if head is None:  # it only wanted a handshake
            return
        request = _parse(head, scheme)
        response = self._answer(request) if request else sorry(400)
        if request:
            location = response.headers.get("Location")
            facts = {**request._asdict(), "status": response.status, "client": client}
            self._access.add(**facts, **({"location": location} if location else {}))
        connection.settimeout(HEAD_SECONDS)
        connection.sendall(response.bytes(request is None or request.method != "HEAD"))
        connection.shutdown(socket.SHUT_WR)
        if response.status in (400, 405):  # what is still on its way, unread, would take the answer away from the peer
            connection.settimeout(0.5)
            while connection.recv(65_536):
                pass

    # Answers

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return sorry(405, {"Allow": "GET, HEAD"})
        try:
            rules = web_redirects.read_rules(Path(self._is.redirects))
        except (OSError, ValueError, TypeError) as exc:
            return Response(500, f"{self._is.redirects}: {exc}\n".encode())
        elsewhere = web_redirects.answer(rules, request.scheme, request.name, request.target)
        if elsewhere and elsewhere.page:
            return Response(200, elsewhere.page.encode(), {"Content-Type": "text/html; charset=utf-8"})
        if elsewhere:
            return sorry(elsewhere.status, {"Location": elsewhere.location})
        path = request.target.partition("?")[0]
        found = look_up(Path(self._is.document_root), path)
        if found.status != 200:
            return sorry(found.status)
        if "/.well-known/" in path and self._parent.strikes("web_token_fails_first", request.name + path):
            return sorry(503)
        return Response(200, found.content, {"Content-Type": found.type})

    # Life

    def run(self) -> None:
        """Signals come only here: they are blocked in every thread."""
        self.read_store("start")
        self.listen("http")
        self.listen("https")
        _write_pid(Path(self._is.pid_file))
        threading.Thread(target=self._parent.listen, name="parent", daemon=True).start()
        self._parent.tell(event="ready")
        while signal.sigwait(SIGNALS) == signal.SIGHUP:
            if self._parent.strikes("web_reload_late", "reload"):
                time.sleep(LATE_RELOAD_SECONDS)
            self.read_store("reload")
        Path(self._is.pid_file).unlink(missing_ok=True)


def _read_head(connection: socket.socket) -> bytes | None:
    """The head of a request, complete or as far as it goes; None: nothing came. OSError: not in time."""
    end, head = time.monotonic() + HEAD_SECONDS, b""
    while b"\r\n\r\n" not in head and len(head) <= MAX_HEAD:
        connection.settimeout(max(0.001, end - time.monotonic()))
        more = connection.recv(4096)
        if not more:
            break
        head += more
    return head or None


def _parse(head: bytes, scheme: str) -> Request | None:
    text, end, _rest = head.partition(b"\r\n\r\n")
    lines = text.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if not end or len(text) > MAX_HEAD or len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    headers = dict(reversed([(name.strip().lower(), value.strip()) for name, _unused, value in map(_colon, lines[1:])]))
    target = words[1]
    if target.startswith("http://"):  # absolute form, as to a proxy
        with contextlib.suppress(ValueError):
            parts = urlsplit(target)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.startswith("/"):
        return None
    return Request(scheme, words[0], target, headers.get("host", "").lower().partition(":")[0].rstrip("."))


def _colon(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _write_pid(path: Path) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{os.getpid()}\n")
    fresh.chmod(0o644)
    os.replace(fresh, path)


def main(path: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with open(path, encoding="utf-8") as file:
        configuration = Configuration(**json.load(file))
    parent = Parent()
    WebServer(configuration, parent).run()
    os._exit(0)  # its threads wait for peers


if __name__ == "__main__":
    main(sys.argv[1])
