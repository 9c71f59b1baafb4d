# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS and the look at files over real sockets on loopback, with servers that behave badly on purpose."""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import socket
import ssl
import struct
import threading
import time
import typing as t

import dns.flags
import dns.message
import dns.rrset
import dns.update
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.sight import Sight
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.web_look import FileWish, look
from servers.pki import Authority

LOOPBACK = "127.0.0.1"
Udp = t.Callable[[socket.socket, bytes, t.Any, int], None]
Tcp = t.Callable[[socket.socket, bytes], None]


def answer_to(wire: bytes, *values: str, truncated: bool = False) -> bytes:
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query)
    if truncated:
        response.flags |= dns.flags.TC
    elif values:
        response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *values))
    return response.to_wire(max_size=65535)


def framed(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire


@contextlib.contextmanager
def server(udp: Udp | None = None, tcp: Tcp | None = None) -> t.Iterator[int]:
    """A port where datagrams go to ``udp`` (with their number), and connections and first message to ``tcp``."""
    stopped = threading.Event()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        listener.bind((LOOPBACK, 0))
        port = listener.getsockname()[1]
        datagrams.bind((LOOPBACK, port))
        if tcp is not None:
            listener.listen(4)

        def serve_udp() -> None:
            with contextlib.suppress(OSError):
                for number in range(100):
                    wire, peer = datagrams.recvfrom(65535)
                    if stopped.is_set():
                        return
                    if udp is not None:
                        udp(datagrams, wire, peer, number)

        def serve_tcp() -> None:
            with contextlib.suppress(OSError):
                while tcp is not None:
                    connection, _peer = listener.accept()
                    with connection, contextlib.suppress(OSError, struct.error):
                        size = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
                        tcp(connection, connection.recv(size, socket.MSG_WAITALL))

        threads = [threading.Thread(target=work, daemon=True) for work in (serve_udp, serve_tcp)]
        for thread in threads:
            thread.start()
        try:
            yield port
        finally:
            stopped.set()
            for sock in (listener, datagrams):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(2)


def ask(port: int, timeout: float = 1.0) -> dns.message.Message:
    return WireExchange(LOOPBACK, port, timeout).send(dns.message.make_query("example.test.", "TXT"))


def send_update(port: int, timeout: float = 1.0) -> dns.message.Message:
    update = dns.update.UpdateMessage("example.test.")
    update.add("a.example.test.", 60, "TXT", "v")
    return WireExchange(LOOPBACK, port, timeout).send(update)


def test_a_lost_datagram_is_asked_for_again() -> None:
    def second_time(sock: socket.socket, wire: bytes, peer: t.Any, number: int) -> None:
        if number == 1:
            sock.sendto(answer_to(wire, '"v"'), peer)

    with server(second_time) as port:
        assert len(ask(port).answer) == 1


def test_an_answer_with_another_id_is_waited_past() -> None:
    def forged_first(sock: socket.socket, wire: bytes, peer: t.Any, _number: int) -> None:
        reply = answer_to(wire, '"true"')
        sock.sendto(bytes([reply[0] ^ 1]) + reply[1:], peer)
        sock.sendto(b"", peer)
        sock.sendto(reply, peer)

    with server(forged_first) as port:
        assert ask(port).answer[0][0].strings == (b"true",)


def test_what_is_cut_off_is_asked_for_over_tcp() -> None:
    def cut(sock: socket.socket, wire: bytes, peer: t.Any, _number: int) -> None:
        sock.sendto(answer_to(wire, truncated=True), peer)

    def whole(sock: socket.socket, wire: bytes) -> None:
        sock.sendall(framed(answer_to(wire, *(f'"{number}{"x" * 250}"' for number in range(40)))))

    with server(cut, whole) as port:
        assert len(ask(port).answer[0]) == 40


def test_silence_ends_at_the_time_limit() -> None:
    with server() as port:
        start = time.monotonic()
        with pytest.raises(InkanError) as error:
            ask(port, 0.4)
    assert (error.value.code, time.monotonic() - start < 2) == ("dns_no_answer", True)


def test_a_closed_port_is_told_at_once() -> None:
    with server() as port:
        pass
    start = time.monotonic()
    with pytest.raises(InkanError) as error:
        ask(port, 5)
    assert (error.value.code, time.monotonic() - start < 2) == ("dns_unreachable", True)


def test_an_update_goes_over_tcp_once() -> None:
    seen = []

    def take(sock: socket.socket, wire: bytes) -> None:
        seen.append(wire)
        sock.sendall(framed(answer_to(wire)))

    with server(lambda *_words: seen.append(b"udp"), take) as port:
        assert send_update(port).rcode() == 0
    assert len(seen) == 1
    assert seen[0] != b"udp"


def test_an_update_goes_over_udp_once_where_tcp_is_closed() -> None:
    seen = []

    def take(sock: socket.socket, wire: bytes, peer: t.Any, _number: int) -> None:
        seen.append(wire)
        sock.sendto(answer_to(wire), peer)

    with server(take) as port:
        assert send_update(port).rcode() == 0
    assert len(seen) == 1


def drip(sock: socket.socket, wire: bytes) -> None:
    for octet in framed(answer_to(wire)):
        sock.sendall(bytes([octet]))
        time.sleep(0.1)


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda sock, wire: sock.close(),
        lambda sock, wire: sock.sendall(framed(answer_to(wire))[:9]),
        lambda sock, wire: sock.sendall(struct.pack("!H", 65535) + b"x" * 100),
        lambda sock, wire: sock.sendall(framed(b"\xff" * 500)),
        lambda sock, wire: sock.sendall(framed(b"")),
        drip,
    ],
    ids=["closes", "half an answer", "promises more", "garbage", "nothing", "drips"],
)
def test_a_bad_answer_to_an_update_is_an_error_that_says_it_was_sent(misbehave: Tcp) -> None:
    start = time.monotonic()
    with server(None, misbehave) as port, pytest.raises(InkanError) as error:
        send_update(port, 0.6)
    assert time.monotonic() - start < 3
    assert error.value.code in ("dns_bad_answer", "dns_no_answer", "dns_unreachable")
    assert getattr(error.value, "sent", True)


def test_a_file_is_found_behind_a_redirect_to_https_with_host_and_name(tmp_path: pathlib.Path) -> None:
    """The certificate is for another name and from an unknown CA: a CA looks all the same."""
    seen: list[tuple[str, str | None]] = []
    names: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            secure = isinstance(self.connection, ssl.SSLSocket)
            seen.append(("https" if secure else "http", self.headers["Host"]))
            self.send_response(200 if secure else 308)
            if not secure:
                self.send_header("Location", f"https://shop.example.test{self.path}")
            self.end_headers()
            self.wfile.write(b"tok.key")

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    certificate, key = Authority(tmp_path).server("other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    plain = http.server.HTTPServer((LOOPBACK, 0), Handler)
    secure = http.server.HTTPServer((LOOPBACK, 0), Handler)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    for one in (plain, secure):
        threading.Thread(target=one.serve_forever, daemon=True).start()

    class Book:
        def addresses(self, _host: str) -> list[str]:
            return [LOOPBACK]

    wish = FileWish("http://www.example.test/.well-known/acme-challenge/tok", "tok.key")
    sight = Sight(http_port=plain.server_port, https_port=secure.server_port, may_be_private=True)
    try:
        sighting = look([wish], Book(), sight, SerialExecutor())[wish]
    finally:
        for one in (plain, secure):
            one.shutdown()
            one.server_close()
    assert sighting.visible, sighting
    assert seen == [("http", "www.example.test"), ("https", "shop.example.test")]
    assert names == ["shop.example.test"]
