# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between us and a server in a hostile network: an end of TCP, of TLS, or of DNS that misbehaves, and is
later nothing but a wire.

    with Front(pki, upstream) as front:
        front.mode = "wrong name"
        …
        front.heard                        # what it was told: application data, or anything where nothing is encrypted
        front.mode = "wire"                # from now on every byte goes to the upstream and back
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import struct
import threading
import time
import typing as t
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Address = tuple[str, int]
HOST = "127.0.0.1"
_RESET = struct.pack("ii", 1, 0)


class Pki:
    """Certificates good and bad. bundle: what clients trust, with others' roots if they are given."""

    def __init__(self, folder: Path, *others: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._root, root = self._authority("trusted")
        self._stranger, _stranger = self._authority("stranger")
        self.bundle = folder / "bundle.pem"
        pem = root.public_bytes(serialization.Encoding.PEM)
        self.bundle.write_bytes(pem + b"".join(other.read_bytes() for other in others))
        self._made: dict[str, ssl.SSLContext] = {}

    def context(self, kind: str) -> ssl.SSLContext:
        if kind not in self._made:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            if kind == "old TLS":
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.load_cert_chain(self._server(kind))
            self._made[kind] = context
        return self._made[kind]

    def _authority(self, name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(subject, subject, key.public_key(), 1).add_extension(x509.BasicConstraints(True, 0), True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        return key, builder.add_extension(usage, True).sign(key, hashes.SHA256())

    def _server(self, kind: str) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "front")])
        signer, issuer = self._root, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trusted")])
        if kind == "wrong CA":
            signer, issuer = self._stranger, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
        if kind == "self-signed":
            signer, issuer = key, subject
        builder = _builder(subject, issuer, key.public_key(), -1 if kind == "expired" else 1)
        names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(HOST)), x509.DNSName("localhost")]
        if kind == "wrong name":
            names = [x509.DNSName("api.elsewhere.example")]
        certificate = builder.add_extension(x509.SubjectAlternativeName(names), False).sign(signer, hashes.SHA256())
        file = self._folder / f"{kind}.pem"
        file.touch(0o600)
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return file


def _builder(subject: x509.Name, issuer: x509.Name, key: t.Any, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=10))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


#: The peer was not proven to be the one that is meant: no secret may be told to it.
UNPROVEN = (
    "wrong name",
    "expired",
    "self-signed",
    "wrong CA",
    "old TLS",
    "plain HTTP",
    "never accepted",
    "accepted, then silent",
    "reset at once",
    "reset at the hello",
    "a handshake that drips",
)
#: The right one, on a bad day: it has read what was asked.
PROVEN = ("trusted, then silent", "trusted, reset mid-answer", "trusted, closed mid-answer", "trusted, drips")
MODES = (*UNPROVEN, *PROVEN)


class Front:
    def __init__(self, pki: Pki, upstream: Address | None = None) -> None:
        self._pki, self._upstream = pki, upstream
        self.mode = "wire"
        self.heard = bytearray()
        #: connections that came in, and those that misbehaved
        self.struck = 0
        self._over = threading.Event()

    def __enter__(self) -> Front:
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join(10)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    def _accept(self) -> None:
        while not self._over.is_set():
            if self.mode == "never accepted":  # the kernel has said yes to the client all the same
                self.struck += bool(select.select([self._listener], [], [], 0.02)[0])
                self._over.wait(0.02)
                continue
            if select.select([self._listener], [], [], 0.02)[0] and self.mode != "never accepted":
                connection, _peer = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection, self.mode), daemon=True).start()

    def _serve(self, connection: socket.socket, mode: str) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            if mode == "wire":
                self._pump(connection)
                return
            self.struck += 1
            if mode.startswith("trusted"):
                self._trusted(connection, mode)
            elif mode in ("reset at once", "reset at the hello"):
                if mode == "reset at the hello":
                    connection.recv(4096)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            elif mode == "accepted, then silent":
                self._listen(connection)
            elif mode == "plain HTTP":
                self.heard += connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                self._listen(connection)
            elif mode == "a handshake that drips":
                self._drip_handshake(connection)
            else:
                with self._pki.context(mode).wrap_socket(connection, server_side=True) as tls:
                    self._listen(tls)

    def _listen(self, connection: socket.socket) -> None:
        """Until the client goes, or the test is over."""
        connection.settimeout(0.1)
        while not self._over.is_set():
            try:
                got = connection.recv(65536)
            except TimeoutError:
                continue
            if not got:
                return
            self.heard += got

    def _trusted(self, connection: socket.socket, mode: str) -> None:
        with self._pki.context("trusted").wrap_socket(connection, server_side=True) as tls:
            tls.settimeout(20)
            self.heard += tls.recv(65536)
            if mode == "trusted, then silent":
                self._listen(tls)
                return
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{")
            if mode == "trusted, drips":
                while not self._over.wait(0.1):
                    tls.sendall(b" ")
            if mode == "trusted, reset mid-answer":
                tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _drip_handshake(self, connection: socket.socket) -> None:
        """The server's half of the handshake, a byte at a time."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._pki.context("trusted").wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(connection.recv(65536))
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        for byte in outgoing.read():
            if self._over.wait(0.05):
                return
            connection.sendall(bytes([byte]))

    def _pump(self, connection: socket.socket) -> None:
        assert self._upstream is not None
        with socket.create_connection(self._upstream, 10) as upstream:
            ends = {connection: upstream, upstream: connection}
            while not self._over.is_set():
                for ready in select.select(list(ends), [], [], 0.1)[0]:
                    got = ready.recv(65536)
                    if not got:
                        return
                    ends[ready].sendall(got)


class DnsFront:
    """A DNS server of bad manners, on one port by UDP and TCP; mode "wire": all goes to the upstream."""

    MODES = (
        "silent",
        "TCP closed, UDP silent",
        "TCP closed, cut answers",
        "refused",
        "broken",
        "lame",
        "another id",
        "another question",
        "noise",
        "half a message",
        "TCP drips",
        "TCP reset",
        "no signature",
    )

    def __init__(self, upstream: Address) -> None:
        self._upstream = upstream
        self.mode = "wire"
        self.struck = 0
        self._over = threading.Event()

    def __enter__(self) -> DnsFront:
        self._tcp = socket.create_server((HOST, 0), backlog=32)
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((HOST, self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join(10)
        self._tcp.close()
        self._udp.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            for ready in select.select([self._tcp, self._udp], [], [], 0.02)[0]:
                with contextlib.suppress(OSError):
                    if ready is self._udp:
                        query, peer = self._udp.recvfrom(65536)
                        answer = self._answer(query, by_tcp=False)
                        if answer is not None:
                            self._udp.sendto(answer, peer)
                    else:
                        connection, _peer = self._tcp.accept()
                        threading.Thread(target=self._serve_tcp, args=(connection, self.mode), daemon=True).start()

    def _serve_tcp(self, connection: socket.socket, mode: str) -> None:
        with connection, contextlib.suppress(OSError, struct.error):
            if mode.startswith("TCP closed") or mode == "TCP reset":
                self.struck += 1
                if mode == "TCP reset":
                    connection.recv(65536)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            connection.settimeout(10)
            size = struct.unpack("!H", connection.recv(2))[0]
            query = b""
            while len(query) < size:
                query += connection.recv(size - len(query))
            answer = self._answer(query, by_tcp=True)
            if answer is None:
                self._over.wait(10)
                return
            framed = struct.pack("!H", len(answer)) + answer
            if mode == "half a message":
                connection.sendall(framed[: len(framed) // 2])
                return
            if mode != "TCP drips":
                connection.sendall(framed)
                return
            for byte in framed:
                if self._over.wait(0.2):
                    return
                connection.sendall(bytes([byte]))

    def _answer(self, query: bytes, *, by_tcp: bool) -> bytes | None:
        mode = self.mode
        if mode == "wire":
            return self._asked(query, by_tcp)
        self.struck += 1
        if mode in ("silent", "TCP closed, UDP silent") or (mode == "half a message" and not by_tcp):
            return None
        if mode == "noise":
            return query[:2] + b"\xff" * 40
        if mode in ("TCP drips", "half a message", "TCP reset"):
            return self._asked(query, by_tcp)
        asked = dns.message.from_wire(query, continue_on_error=True, keyring=False)
        answer = dns.message.make_response(asked)
        answer.tsig = None
        if mode == "TCP closed, cut answers":
            answer.flags |= dns.flags.TC
        elif mode in ("refused", "broken"):
            answer.set_rcode(dns.rcode.REFUSED if mode == "refused" else dns.rcode.SERVFAIL)
        elif mode == "another id":
            answer.id = (asked.id + 1) % 65536
        elif mode == "another question":
            other = dns.message.make_query("elsewhere.example.", "SOA", id=asked.id)
            answer = dns.message.make_response(other)
        elif mode == "no signature":
            answer.flags |= dns.flags.AA
        return answer.to_wire()

    def _asked(self, query: bytes, by_tcp: bool) -> bytes | None:
        if not by_tcp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(5)
                sock.connect(self._upstream)
                sock.send(query)
                return sock.recv(65536)
        with socket.create_connection(self._upstream, 5) as sock:
            sock.sendall(struct.pack("!H", len(query)) + query)
            file = sock.makefile("rb")
            return file.read(struct.unpack("!H", file.read(2))[0])


class Stopwatch:
    """A deadline that is missed by so much is none."""

    def __init__(self, deadline: float) -> None:
        self._most = deadline * 2 + 8.0  # a busy machine
        self._begin = time.monotonic()

    def must_be_in_time(self) -> None:
        took = time.monotonic() - self._begin
        assert took < self._most, f"it ended after {took:.1f} s"
