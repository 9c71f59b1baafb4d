# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web servers on many loopback addresses, by http and https, which say what a test put there, or nothing."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import threading
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer, ThreadingMixIn

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

POLL_SECONDS = 0.05
PORT_TRIES = 20


class Page(t.NamedTuple):
    """raw: the whole answer as it goes out, in place of the rest. silent: nothing, until the visitor goes."""

    status: int = 200
    body: bytes = b""
    location: str = ""
    kind: str = "text/plain"
    raw: bytes | None = None
    silent: bool = False


#: host and path -> page; also with the address before it, which is looked up first
Pages = dict[t.Union[tuple[str, str], tuple[str, str, str]], Page]


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = False
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    net: WebNet
    address: str
    tls: ssl.SSLContext | None = None

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A visitor that hangs up is no news."""


class _Visit(StreamRequestHandler):
    server: _Server
    timeout = 10

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        lines = []
        while (line := self.rfile.readline(4096)) not in (b"\r\n", b""):
            lines.append(line.decode("latin-1").rstrip())
        if not lines:
            return
        path = lines[0].split(" ")[1].partition("?")[0]
        host = next((line[5:].strip() for line in lines if line.lower().startswith("host:")), "")
        scheme = "https" if self.server.tls is not None else "http"
        page = self.server.net.page(scheme, self.server.address, host.partition(":")[0], path)
        if page.silent:
            self.rfile.read(1)  # until the visitor goes
        else:
            self.wfile.write(page.raw if page.raw is not None else _wire(page))

    def finish(self) -> None:
        super().finish()
        if self.server.tls is not None:
            with contextlib.suppress(OSError):
                self.request.close()


def _wire(page: Page) -> bytes:
    lines = [f"HTTP/1.1 {page.status} X", f"Content-Type: {page.kind}", f"Content-Length: {len(page.body)}"]
    lines += [f"Location: {page.location}"] if page.location else []
    head = "\r\n".join([*lines, "Connection: close", "", ""])
    return head.encode("latin-1") + page.body


class WebNet:
    """Context manager. plain: addresses that speak no TLS on the port for https."""

    def __init__(self, addresses: t.Sequence[str], plain: t.Collection[str], folder: Path) -> None:
        self.pages: Pages = {}
        tls = _tls(folder)
        self._servers: list[_Server] = []
        self.http_port = self._open(addresses, lambda _address: None)
        self.https_port = self._open(addresses, lambda address: None if address in plain else tls)

    def page(self, scheme: str, address: str, host: str, path: str) -> Page:
        at = f"{scheme}:{path}"
        for key in ((address, host, path), (host, at), (host, path), (host, "*")):
            found = self.pages.get(t.cast(t.Any, key))
            if found is not None:
                return found
        return Page(404, b"not found")

    def _open(self, addresses: t.Sequence[str], tls: t.Callable[[str], ssl.SSLContext | None]) -> int:
        for _try in range(PORT_TRIES):
            opened: list[_Server] = []
            port = 0
            try:
                for address in addresses:
                    family = socket.AF_INET6 if ":" in address else socket.AF_INET
                    made: t.Any = type("_Server", (_Server,), {"address_family": family})
                    server: _Server = made((address, port), _Visit)
                    opened.append(server)
                    server.net, server.address, server.tls = self, address, tls(address)
                    port = int(server.server_address[1])
            except OSError as failure:
                for one in opened:
                    one.server_close()
                if failure.errno != errno.EADDRINUSE:
                    raise
            else:
                self._servers += opened
                return port
        raise OSError(errno.EADDRINUSE, "no port is free on all addresses")

    def __enter__(self) -> WebNet:
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


def _tls(folder: Path) -> ssl.SSLContext:
    """By a certificate that nobody signed but its own key: a CA does not verify it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old.example")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "web.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
