# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP door against small scripted servers on loopback: what it sends, what it refuses, what it says was sent."""

from __future__ import annotations

import concurrent.futures
import http.server
import socket
import ssl
import subprocess
import threading
import typing as t
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import DeadlineError, LocalError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io import http as door
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Server:
    """Answers the n-th request with the n-th answer; None: close without a word; a list: piece by piece."""

    def __init__(self, answers: t.Sequence[t.Any], context: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.first_pieces: list[bytes] = []  # of each request: over TLS no more than one record
        self.connections = 0
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._serve(connection)
            except OSError:
                pass
            finally:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        while self.answers:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65536)
                if not piece:
                    return
                self.first_pieces += [piece] if not request else []
                request += piece
            head, _mark, body = request.partition(b"\r\n\r\n")
            length = next(
                (int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            while len(body) < length:
                body += connection.recv(65536)
            self.requests.append(head + b"\r\n\r\n" + body)
            answer = self.answers.pop(0)
            if answer is None:
                return
            for piece in answer if isinstance(answer, list) else [answer]:
                connection.sendall(piece)
            if b"onnection: close" in (answer[0] if isinstance(answer, list) else answer):
                return

    def close(self) -> None:
        # close() alone leaves a thread in accept() holding the port: shut it down first
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@contextmanager
def served(*answers: t.Any, context: ssl.SSLContext | None = None) -> t.Iterator[Server]:
    server = Server(answers, context)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -days 2"
        " -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(),
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def tls_context(pair: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair / "c.pem", pair / "k.pem")
    return context


def failure_of(client: DirectHttp, url: str, **words: t.Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        client.request("GET", url, **words)
    return caught.value


def test_one_connection_carries_two_requests_and_the_answer_is_read_whole() -> None:
    chunked = b"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\nLink: <a>\r\nLink: <b>\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with served(chunked, OK) as server:
        client = DirectHttp()
        first = client.request("POST", f"http://127.0.0.1:{server.port}/a?b=c", body=b"x" * 9, headers={"X-One": "1"})
        second = client.request("GET", f"http://127.0.0.1:{server.port}")
        client.close()
        assert (first.status, first.body, first.headers["link"]) == (404, b"abc", "<a>, <b>")
        assert second.body == b"hi"
        assert server.connections == 1
        assert server.requests[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
        assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.requests[0]
        assert server.requests[0].endswith(b"\r\n\r\nxxxxxxxxx")
        assert server.requests[1].startswith(b"GET / HTTP/1.1\r\n")


class Meeting(http.server.ThreadingHTTPServer):
    """Answers the first two requests when both have come: they cannot have come over one connection."""

    def __init__(self) -> None:
        self.connections = 0
        self.asked = 0
        self._both = threading.Barrier(2)
        super().__init__(("127.0.0.1", 0), Attendee)

    def process_request(self, request: t.Any, client_address: t.Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def meet(self) -> None:
        self.asked += 1
        if self.asked <= 2:
            self._both.wait(timeout=20)


class Attendee(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        t.cast(Meeting, self.server).meet()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: t.Any) -> None:
        """Nobody reads it."""


def test_threads_share_a_client_and_each_request_has_its_connection_alone() -> None:
    with Meeting() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client, url = DirectHttp(), f"http://127.0.0.1:{server.server_address[1]}/"
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda target: client.request("GET", target), [url, url]))
        assert [answer.status for answer in answers] == [200, 200]
        for _number in range(3):
            client.request("GET", url)
        client.close()
        server.shutdown()
        assert (server.connections, server.asked) == (2, 5)


def test_a_connection_that_the_server_closed_while_idle_is_not_used_again() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with served(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", closing, OK) as server:
        client = DirectHttp()
        url = f"http://127.0.0.1:{server.port}/"
        bodies = [client.request("GET", url).body for _turn in range(3)]
        assert bodies == [b"a", b"", b"hi"]
        assert server.connections == 2


def test_an_idle_connection_at_its_end_of_file_is_noticed() -> None:
    ours, theirs = socket.socketpair()
    assert not door._is_stale(ours)
    theirs.close()
    assert door._is_stale(ours)
    ours.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_never_followed(status: int) -> None:
    answer = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".encode()
    with served(answer) as server:
        assert (
            DirectHttp().request("GET", f"http://127.0.0.1:{server.port}/").headers["location"] == "http://127.0.0.1:1/"
        )


def test_connect_to_opens_another_address_and_keeps_the_host_header() -> None:
    with served(OK) as server:
        client = DirectHttp(as_ca_looks=True)
        client.request("GET", "http://www.example.test/.well-known/x", connect_to=("127.0.0.1", server.port))
        assert b"Host: www.example.test\r\n" in server.requests[0]


def test_tls_is_verified_with_the_given_bundle(pair: Path) -> None:
    with served(OK, context=tls_context(pair)) as server:
        client = DirectHttp(ca_bundle=str(pair / "c.pem"))
        assert client.request("GET", f"https://localhost:{server.port}/").body == b"hi"


def test_head_and_body_leave_together_so_that_the_server_wakes_once(pair: Path) -> None:
    with served(OK, context=tls_context(pair)) as server:
        url = f"https://localhost:{server.port}/"
        DirectHttp(ca_bundle=str(pair / "c.pem")).request("POST", url, body=b"all of it")
        assert [piece[-13:] for piece in server.first_pieces] == [b"\r\n\r\nall of it"]


def test_tls_that_is_not_trusted_is_refused_and_nothing_was_sent(pair: Path) -> None:
    with served(OK, context=tls_context(pair)) as server:
        failure = failure_of(DirectHttp(), f"https://localhost:{server.port}/")
        assert (failure.code, failure.sent, failure.retryable) == ("http_tls_unverified", False, False)
        assert server.requests == []


def test_tls_for_another_name_is_refused(pair: Path) -> None:
    with served(OK, context=tls_context(pair)) as server:
        client = DirectHttp(ca_bundle=str(pair / "c.pem"))
        failure = failure_of(client, "https://other.example.test/", connect_to=("127.0.0.1", server.port))
        assert failure.code == "http_tls_unverified"


def test_as_a_ca_looks_the_certificate_is_not_judged(pair: Path) -> None:
    with served(OK, context=tls_context(pair)) as server:
        client = DirectHttp(as_ca_looks=True)
        answer = client.request("GET", "https://www.example.test/", connect_to=("127.0.0.1", server.port))
        assert answer.body == b"hi"


def test_an_unreadable_bundle_is_a_local_error(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as caught:
        DirectHttp(ca_bundle=str(tmp_path / "none.pem")).request("GET", "https://localhost:1/")
    assert caught.value.code == "ca_bundle_unreadable"


@pytest.mark.parametrize(
    "url, code",
    [
        ("http://ca.example.test/directory", "http_not_https"),
        ("http://127.0.0.1.example.test/", "http_not_https"),
        ("http://192.0.2.1/", "http_not_https"),
        ("ftp://127.0.0.1/", "http_bad_url"),
        ("file:///etc/passwd", "http_bad_url"),
        ("https:///nothing", "http_bad_url"),
        ("https://user:secretsecret@localhost/", "http_bad_url"),
        ("https://localhost/a b", "http_bad_url"),
        ("https://localhost/\r\nX: y", "http_bad_url"),
        ("https://localhost:99999/", "http_bad_url"),
        ("https://[::1/", "http_bad_url"),
        ("https://例え.jp/", "http_bad_url"),
        ("", "http_bad_url"),
        ("https://localhost/" + "a" * 5000, "http_bad_url"),
    ],
)
def test_urls_that_are_refused_before_anything_is_opened(url: str, code: str) -> None:
    failure = failure_of(DirectHttp(), url)
    assert (failure.code, failure.sent) == (code, False)
    assert "secretsecret" not in failure.sentence()


def test_a_query_and_a_credential_never_show_in_an_error() -> None:
    with served(None) as server:
        url = f"http://127.0.0.1:{server.port}/path?apikey=hunter2hunter2"
        failure = failure_of(DirectHttp(), url, headers={"Authorization": "Bearer hunter2hunter2"})
        assert "hunter2" not in str(failure.as_data())
        assert "/path?…" in failure.sentence()


@pytest.mark.parametrize(
    "answer, code",
    [
        (None, "http_broken_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf", "http_broken_answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n9\r\nhalf", "http_broken_answer"),
        (b"garbage without end, Connection: close\r\n\r\n", "http_broken_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\nConnection: close\r\n\r\n", "http_too_large"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 101, "http_too_large"),
    ],
    ids=["silence", "half a body", "half a chunk", "no HTTP", "announced too large", "too large without a length"],
)
def test_a_broken_answer_may_have_had_its_effect(answer: bytes | None, code: str) -> None:
    with served(answer) as server:
        failure = failure_of(DirectHttp(max_body=100), f"http://127.0.0.1:{server.port}/")
        assert (failure.code, failure.sent) == (code, True)


def test_a_body_of_exactly_the_bound_is_taken() -> None:
    with served(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 100) as server:
        assert len(DirectHttp(max_body=100).request("GET", f"http://127.0.0.1:{server.port}/").body) == 100


def test_a_closed_port_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    failure = failure_of(DirectHttp(), f"http://127.0.0.1:{port}/")
    assert (failure.code, failure.sent) == ("http_no_connection", False)


def test_an_unknown_name_means_that_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: t.Any, **_words: t.Any) -> t.NoReturn:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failure = failure_of(DirectHttp(), "https://ca.example.test/")
    assert (failure.code, failure.sent) == ("http_no_address", False)


def test_a_deadline_that_is_over_sends_nothing() -> None:
    with pytest.raises(DeadlineError):
        DirectHttp().request("GET", "http://127.0.0.1:1/", timeout=0)


class DrippingSocket:
    """Takes everything, and answers with one byte a read, each after almost the longest time that was allowed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reads = 0
        self._timeout = 0.0
        self._answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000

    def settimeout(self, seconds: float) -> None:
        self._timeout = seconds

    def sendall(self, data: bytes) -> None:
        pass

    def recv_into(self, buffer: t.Any) -> int:
        self.now += min(2.0, self._timeout)
        buffer[:1] = self._answer[self.reads : self.reads + 1]
        self.reads += 1
        return 1

    def close(self) -> None:
        pass


def test_a_slow_drip_ends_at_the_limit_of_the_whole_request_and_not_of_each_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drip = DrippingSocket()
    client = DirectHttp(monotonic=lambda: drip.now)
    monkeypatch.setattr(client, "_open", lambda _origin, _ends: drip)
    failure = failure_of(client, "http://127.0.0.1/", timeout=9)
    assert (failure.code, failure.sent) == ("http_timeout", True)
    assert (drip.reads, drip.now) == (5, 9.0)


def test_a_header_with_a_line_break_is_refused_unsent() -> None:
    with served(OK) as server:
        failure = failure_of(DirectHttp(), f"http://127.0.0.1:{server.port}/", headers={"X-A": "a\r\nX-B: b"})
        assert (failure.code, failure.sent) == ("http_bad_request", False)
