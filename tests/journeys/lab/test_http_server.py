# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's HTTPS server: routes, requests, answers that are played badly."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from lab.api_tls import ApiTls, make_api_tls
from lab.clock import LabClock
from lab.http_server import MAX_BODY, HttpServer, Request, Response, Routes

BODY = b"0123456789" * 10


class World(t.NamedTuple):
    server: HttpServer
    tls: ApiTls

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.tls.ca))
        return http.client.HTTPSConnection(self.server.address, self.server.port, timeout=5, context=context)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        connection = self.connect()
        connection.request(method, path, body, headers)
        return connection.getresponse()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    tls = make_api_tls(tmp_path_factory.mktemp("tls"))
    clock = LabClock(datetime(2026, 6, 23, 1, 0, tzinfo=timezone.utc))
    server = HttpServer(_routes(), clock=clock, certificate=tls.certificate, private_key=tls.private_key)
    with server:
        yield World(server, tls)


def _routes() -> Routes:
    def echo(request: Request) -> Response:
        return Response.of_json(
            {
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "agent": request.headers.get("user-agent"),
                "body": request.body.decode(),
                "number": request.match["number"],
                "client": request.client,
            },
            status=201,
            Retry_After="1",
        )

    routes = Routes()
    routes.add("POST", r"/orders/(?P<number>[^/]+)", echo)
    routes.add("GET", r"/orders/(?P<number>[^/]+)", echo)
    routes.add("GET", r"/whole", lambda _request: Response(body=BODY))
    routes.add("GET", r"/nothing", lambda _request: Response(body=BODY, cut=0))
    routes.add("GET", r"/half", lambda _request: Response(body=BODY, cut=50))
    routes.add("GET", r"/drip", lambda _request: Response(body=BODY, drip=0.4))
    routes.add("POST", r"/form", lambda request: Response.of_json(request.form()))
    routes.add("GET", r"/sjis", lambda _request: Response.of_html("<p>保守中", 503, "shift_jis"))
    routes.add("GET", r"/broken", lambda _request: Response.of_json(1 // 0))
    return routes


def test_a_handler_sees_the_request_and_its_answer_arrives(world: World) -> None:
    answer = world.ask("POST", "/orders/LS%2D1?a=1&b=&a=2", "本文".encode(), **{"User-Agent": "test"})
    assert (answer.status, answer.headers["Retry-After"]) == (201, "1")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Date"].startswith("Tue, 23 Jun 2026 01:00:"), "the lab's clock"
    assert answer.read().decode() == (
        '{"method": "POST", "path": "/orders/LS-1", "query": {"a": "2", "b": ""}, "agent": "test", "body": "本文",'
        ' "number": "LS-1", "client": "127.0.0.1"}'
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/whole/more", 404),
        ("POST", "/whole", 405),
        ("DELETE", "/orders/1", 405),
        ("GET", "/whole", 200),
    ],
)
def test_routes(world: World, method: str, path: str, status: int) -> None:
    assert world.ask(method, path).status == status


def test_the_methods_that_would_do_are_named(world: World) -> None:
    assert world.ask("DELETE", "/orders/1").headers["Allow"] == "GET, POST"


def test_head_has_the_length_and_no_body(world: World) -> None:
    answer = world.ask("HEAD", "/whole")
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "100", b"")


def test_one_connection_carries_many_requests(world: World) -> None:
    connection = world.connect()
    for _turn in range(3):
        connection.request("GET", "/whole")
        assert connection.getresponse().read() == BODY


def test_forms_and_other_character_sets(world: World) -> None:
    form = world.ask("POST", "/form", b"a=1&b=%E6%89%BF%E8%AA%8D")
    assert form.read().decode() == '{"a": "1", "b": "承認"}'
    page = world.ask("GET", "/sjis")
    assert page.headers["Content-Type"] == "text/html; charset=shift_jis"
    assert page.read().decode("shift_jis") == "<p>保守中"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Content-Length": str(MAX_BODY + 1)}, 413), ({"Content-Length": "-1"}, 400), ({"Transfer-Encoding": "x"}, 411)],
)
def test_bodies_that_are_refused_unread(world: World, headers: dict[str, str], status: int) -> None:
    connection = world.connect()
    connection.putrequest("POST", "/form")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == status


def test_not_a_byte_of_the_answer(world: World) -> None:
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        world.ask("GET", "/nothing")


def test_half_of_the_answer(world: World) -> None:
    answer = world.ask("GET", "/half")
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    assert caught.value.partial == BODY[:50]


def test_drop_by_drop(world: World) -> None:
    begin = time.monotonic()
    assert world.ask("GET", "/drip").read() == BODY
    assert time.monotonic() - begin >= 0.35


def test_a_broken_handler_is_told_to_the_test_and_the_peer(world: World) -> None:
    assert world.ask("GET", "/broken").status == 500
    [failure] = world.server.failures
    assert "ZeroDivisionError" in failure
    world.server.failures.clear()


def test_peers_that_do_not_speak_tls_hold_up_nobody(world: World) -> None:
    with socket.create_connection((world.server.address, world.server.port)) as silent:
        with socket.create_connection((world.server.address, world.server.port)) as loud:
            loud.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert world.ask("GET", "/whole").status == 200
        silent.close()
    assert world.server.failures == []


def test_who_does_not_know_the_authority_gets_nothing(world: World) -> None:
    connection = http.client.HTTPSConnection(
        world.server.address, world.server.port, timeout=5, context=ssl.create_default_context()
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/whole")


def test_the_private_key_is_private(world: World) -> None:
    assert Path(world.tls.private_key).stat().st_mode & 0o077 == 0
