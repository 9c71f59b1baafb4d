# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that know nobody, and say so with every word that they were sent: headers, query, body, passwords."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import threading
import typing as t
import urllib.parse
from pathlib import Path

from lab.clock import LabClock
from lab.http_server import HttpServer, Request, Response, Routes


def echo(request: Request) -> Response:
    """As JSON or XML, whatever was asked in: words as they came, decoded, and encoded once more."""
    heads = {name: value for name, value in request.headers.items() if name != "host"}
    decoded = [base64.b64decode(value.split()[-1]).decode("latin-1") for value in heads.values() if "asic " in value]
    body = request.body.decode("utf-8", "replace")
    secret = [value for name, value in heads.items() if name.startswith("x-") or "key" in name or "auth" in name]
    told = f"who is {secret} {decoded} {request.path} {request.pairs} {body} {urllib.parse.quote(body)} {heads}"
    if body.lstrip().startswith("<"):
        return Response(500, {"Content-Type": "text/xml"}, f"<fault><faultstring>{told}</faultstring></fault>".encode())
    error = {"code": "access_denied", "message": told, "detail": told, "error": told, "type": "unauthorized"}
    document = {**error, "errors": [error], "title": told, "description": told}
    return Response(401, {"Content-Type": "application/json"}, json.dumps(document).encode())


@contextlib.contextmanager
def echoing_http(certificate: Path, private_key: Path) -> t.Iterator[str]:
    routes = Routes()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        routes.add(method, "/.*", echo)
    server = HttpServer(routes, clock=LabClock(), certificate=certificate, private_key=private_key)
    with server:
        yield f"https://localhost:{server.port}"
    assert server.failures == []


class EchoingLines(threading.Thread):
    """A server of lines, TLS from the first byte: IMAP, or SMTP. It refuses whoever logs in, with all that was said."""

    def __init__(self, kind: str, certificate: Path, private_key: Path) -> None:
        super().__init__(name=f"echo-{kind}", daemon=True)
        self._kind = kind
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, private_key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[str] = []

    def __enter__(self) -> EchoingLines:
        self.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.join()

    def run(self) -> None:
        while True:
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), self._context.wrap_socket(connection, server_side=True) as secured:
                self._talk(secured)

    def _talk(self, connection: ssl.SSLSocket) -> None:
        connection.settimeout(10)
        imap = self._kind == "imap"
        connection.sendall(b"* OK IMAP4rev1\r\n" if imap else b"220 mail\r\n")
        with connection.makefile("rb") as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").strip()
                self.heard.append(line)
                connection.sendall((self._imap(line) if imap else self._smtp(line)).encode())

    def _imap(self, line: str) -> str:
        tag, _blank, rest = line.partition(" ")
        if rest.upper().startswith("CAPABILITY"):
            return f"* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n{tag} OK done\r\n"
        if rest.upper().startswith("LOGOUT"):
            return f"* BYE bye\r\n{tag} OK done\r\n"
        return f"{tag} NO [AUTHENTICATIONFAILED] nobody may {rest}\r\n"

    def _smtp(self, line: str) -> str:
        if line.upper().startswith("EHLO"):
            return "250-mail\r\n250 AUTH PLAIN LOGIN\r\n"
        if line.upper().startswith("QUIT"):
            return "221 bye\r\n"
        if line.upper().startswith("AUTH LOGIN"):
            return "334 UGFzc3dvcmQ6\r\n"
        words = [decoded(word) for word in line.split()]
        return f"535 5.7.8 nobody may {line}, that is {' '.join(words)}\r\n"


def decoded(word: str) -> str:
    with contextlib.suppress(ValueError):
        return base64.b64decode(word, validate=True).decode("utf-8", "replace").replace("\0", " ")
    return word
