# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told by notifications: a company's mail server and a chat's webhook, both with TLS, each with its vices.

    with PostOffice(certificate, private_key, starttls=True) as office:  ... office.port, office.mails
    with Hook(certificate, private_key) as hook:                         ... hook.url, hook.posts

A vice is played once and is gone: ``office.vices.append("lost")``. Mail server:

    lost       takes the mail and hangs up without a word        later      450 to every recipient
    silent     takes the mail and says nothing                   nobody     550 to recipients of nobody@…
    busy       450 to recipients of nobody@…                     refuses    554 to the mail

Webhook:

    lost       takes the message and hangs up     silent   takes it and says nothing
    500, 502   after it has taken the message     429      Retry-After: 3600, takes nothing
    302        to another path of its own         404      takes nothing
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
import typing as t
import warnings
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .clock import LabClock
from .http_server import HttpServer, Request, Response, Routes

USER, PASSWORD = "certs", "correct horse battery"
SECRET_PATH = "/services/T0/B0/a-secret-that-lets-anybody-send"


class Taken(t.NamedTuple):
    """A mail: who it was handed over for, byte for byte, and whether the connection was encrypted then."""

    recipients: tuple[str, ...]
    raw: bytes
    is_encrypted: bool

    @property
    def message(self) -> EmailMessage:
        return t.cast(EmailMessage, email.message_from_bytes(self.raw, policy=email.policy.default))

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


class PostOffice:
    """starttls: offers it, and wants it before anything else; implicit: TLS from the first byte; neither: in clear."""

    def __init__(
        self,
        certificate: Path,
        private_key: Path,
        *,
        starttls: bool = False,
        implicit: bool = False,
        login: bool = True,
    ) -> None:
        self.mails: list[Taken] = []
        self.vices: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, private_key)
        more: dict[str, t.Any] = {"tls_context": context, "require_starttls": True} if starttls else {}
        if login:
            more.update(authenticator=self._authenticated, auth_required=True, auth_require_tls=starttls)
        if implicit:
            more.update(ssl_context=context, auth_require_tls=False)
        self._server = _Server(self, "127.0.0.1", 0, **more)

    def __enter__(self) -> PostOffice:
        self._server.start()
        self.port = self._server.port
        return self

    def __exit__(self, *_reason: object) -> None:
        self._server.hang_up()
        self._server.stop(no_assert=True)

    def _authenticated(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: t.Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        vice = self.vices[0] if self.vices else ""
        if vice == "later":
            return "450 4.2.0 greylisted"
        if vice == "nobody" and address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if vice == "busy" and address.startswith("nobody@"):
            return "450 4.2.2 mailbox busy"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        vice = self.vices.pop(0) if self.vices else ""
        if vice == "refuses":
            return "554 5.7.1 this looks like spam"
        encrypted = session.ssl is not None or self._server.ssl_context is not None
        self.mails.append(Taken(tuple(envelope.rcpt_tos), envelope.original_content or b"", encrypted))
        if vice == "lost":
            assert server.transport is not None
            server.transport.abort()
        if vice == "silent":
            await asyncio.Event().wait()
        return "250 2.0.0 OK"


class _Server(Controller):
    """On any free port."""

    def __init__(self, *arguments: t.Any, **more: t.Any) -> None:
        super().__init__(*arguments, **more)
        self._connections: list[SMTP] = []

    def factory(self) -> SMTP:
        with warnings.catch_warnings():  # of a log-in without TLS: it takes TLS from the first byte for none
            warnings.simplefilter("ignore")
            self._connections.append(super().factory())
        return self._connections[-1]

    def _trigger_server(self) -> None:
        """Nothing connects to itself: with TLS from the first byte that would need a certificate that it trusts."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        self.smtpd = self.factory()
        self._factory_invoked.set()

    def hang_up(self) -> None:
        self.loop.call_soon_threadsafe(self._hang_up)

    def _hang_up(self) -> None:
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.abort()


class Hook:
    """posts: what it has taken, in order; a vice may follow. asked: every request that came, taken or not."""

    def __init__(self, certificate: Path, private_key: Path) -> None:
        self.posts: list[Request] = []
        self.asked: list[Request] = []
        self.vices: list[str] = []
        self._end = threading.Event()
        routes = Routes()
        routes.add("POST", SECRET_PATH, self._post)
        routes.add("POST", "/elsewhere", self._take)
        self._server = HttpServer(routes, clock=LabClock(), certificate=certificate, private_key=private_key)

    def __enter__(self) -> Hook:
        self._server.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._end.set()
        self._server.stop()
        assert self._server.failures == []

    @property
    def url(self) -> str:
        return f"https://localhost:{self._server.port}{SECRET_PATH}"

    def _take(self, request: Request) -> Response:
        self.posts.append(request)
        return Response(200, {"Content-Type": "text/plain"}, b"ok")

    def _post(self, request: Request) -> Response:
        self.asked.append(request)
        vice = self.vices.pop(0) if self.vices else ""
        if vice == "302":
            return Response(302, {"Location": "/elsewhere"})
        if vice == "429":
            return Response(429, {"Retry-After": "3600"})
        if vice == "404":
            return Response(404, {}, f"no webhook at {SECRET_PATH}".encode())
        taken = self._take(request)
        if vice == "lost":
            return Response(200, {}, b"", cut=0)
        if vice == "silent":
            self._end.wait()
        if vice in ("500", "502"):
            return Response(int(vice), {}, b"something broke")
        return taken
