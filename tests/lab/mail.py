# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's mail server: takes every mail for everybody, and puts it into one Maildir an address.

    with MailSink(folder, clock, history, switches) as mail:
        send(mail.host, mail.port, "ca@seller.example", ["hostmaster@example.jp"], message)
        [letter] = mail.messages("hostmaster@example.jp")

Nothing of a mail is changed: three lines are put before it, as servers do (Return-Path, Delivered-To, Received). The
folder of an address is the address itself, in lower case; what is no harmless character of a file name is %-escaped.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import itertools
import re
import smtplib
import threading
import time
import typing as t
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from .clock import LabClock
from .history import History
from .vices import Switches

HOST = "127.0.0.1"
NAME = "mail.lab.example"  # what it calls itself, and where the MX records of the lab's zones point
LATE_SECONDS = 2.0
MAX_MAIL = 5_000_000
MAX_FOLDER = 200  # characters of a folder's name: file systems take 255 bytes
_URL = re.compile(r"https?://[!-;=?-~]+")  # ASCII without space, < and >


class Letter(t.NamedTuple):
    """A delivered mail. ``raw`` is byte for byte what came over SMTP."""

    address: str
    path: Path
    raw: bytes
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """What a person reads: the plain text, else the HTML as it is; lines end with a newline."""
        body = self.message.get_body(("plain", "html"))
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""

    @property
    def links(self) -> list[str]:
        """The URLs that a person can press on, each once, in their order."""
        found = []
        for part in self.message.walk():
            if part.get_content_type() == "text/plain":
                found += _URL.findall(part.get_content())
            elif part.get_content_type() == "text/html":
                found += _Links.of(part.get_content())
        return list(dict.fromkeys(found))


class MailSink:
    """host, port: of the SMTP server; folder: the Maildirs are below it."""

    def __init__(self, folder: Path, clock: LabClock, history: History, switches: Switches) -> None:
        self.folder = Path(folder)
        self.host = HOST
        self.port = 0
        self._clock = clock
        self._history = history
        self._switches = switches
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._late: list[tuple[_Mail, threading.Timer]] = []
        self._server: _Server | None = None
        #: host and port of another server that gets every mail, too (``border.Border``)
        self.relay: tuple[str, int] | None = None

    # Life

    def __enter__(self) -> MailSink:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = _Server(self, HOST, self.port, server_hostname=NAME, data_size_limit=MAX_MAIL, ident="lab")
        self._server.start()
        self.port = self._server.port

    def stop(self) -> None:
        """No mail is lost: what is late is delivered now."""
        server, self._server = self._server, None
        if server is not None:
            server.hang_up()
            server.stop()
        self.deliver_late()

    # What aiosmtpd calls, in its thread

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whoever it may be."""
        if not 3 <= len(address) <= 254 or "@" not in address[1:-1]:
            return "501 5.1.3 this is no address"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        for address in dict.fromkeys(one.lower() for one in envelope.rcpt_tos):
            self._take(_Mail(address, envelope.mail_from or "", content))
        return "250 2.0.0 OK"

    # Delivery

    def _take(self, mail: _Mail) -> None:
        if self._switches.is_on("mail_late"):
            timer = threading.Timer(LATE_SECONDS, self._is_due, (mail,))
            timer.daemon = True
            with self._lock:
                self._late.append((mail, timer))
            timer.start()
        else:
            self._deliver(mail)

    def _is_due(self, mail: _Mail) -> None:
        with self._lock:
            mine = [one for one in self._late if one[0] is mail]
            self._late = [one for one in self._late if one[0] is not mail]
        if mine:
            self._deliver(mail, late=True)

    def deliver_late(self) -> int:
        """What vice mail_late holds back is delivered at once; returns how many mails that were."""
        with self._lock:
            late, self._late = self._late, []
        for mail, timer in late:
            timer.cancel()
            self._deliver(mail, late=True)
        return len(late)

    def _deliver(self, mail: _Mail, late: bool = False) -> None:
        for time_ in range(2 if self._switches.is_on("mail_twice") else 1):
            path = self._write(mail)
            if self.relay is not None:
                send(*self.relay, mail.sender, [mail.address], mail.content)
            message = email.message_from_bytes(mail.content, policy=email.policy.default)
            self._history.add(
                "mail_delivered", address=mail.address, sender=mail.sender, subject=str(message["Subject"] or ""),
                message_id=str(message["Message-ID"] or ""), path=str(path), late=late, again=time_ > 0,
            )  # fmt: skip

    def _write(self, mail: _Mail) -> Path:
        """As Maildir has it: complete in tmp first, then a rename."""
        maildir = self.folder / folder_of(mail.address)
        for inside in ("tmp", "new", "cur"):
            (maildir / inside).mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            name = f"{time.time_ns()}.{next(self._numbers):06}.lab"
        received = f"Received: from lab by {NAME} with SMTP; {format_datetime(self._clock.now())}"
        head = f"Return-Path: <{mail.sender}>\r\nDelivered-To: {mail.address}\r\n{received}\r\n"
        (maildir / "tmp" / name).write_bytes(head.encode() + mail.content)
        return (maildir / "tmp" / name).rename(maildir / "new" / name)

    # For who reads

    def messages(self, address: str | None = None) -> list[Letter]:
        """What lies in the Maildir of this address, or in all, in the order of delivery."""
        folders = sorted(self.folder.iterdir()) if address is None else [self.folder / folder_of(address)]
        paths = [path for folder in folders for part in ("new", "cur") for path in (folder / part).glob("*")]
        return [_letter(path) for path in sorted(paths, key=lambda path: path.name)]


class _Mail(t.NamedTuple):
    address: str
    sender: str
    content: bytes


class _Server(Controller):
    """On any free port; it can hang up on everybody, as nothing else ends a server that has idle peers."""

    def __init__(self, *arguments: t.Any, **more: t.Any) -> None:
        super().__init__(*arguments, **more)
        self._connections: list[SMTP] = []

    def factory(self) -> SMTP:
        connection = super().factory()
        self._connections.append(connection)
        return connection

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    def hang_up(self) -> None:
        self.loop.call_soon_threadsafe(self._hang_up)

    def _hang_up(self) -> None:
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.abort()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def of(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and value and _URL.fullmatch(value)]


def folder_of(address: str) -> str:
    """The name of an address's folder: never a path, never hidden, and no two addresses share one."""
    name = quote(address.lower(), safe="@+=")
    name = name.replace(".", "%2E", 1) if name.startswith(".") else name
    if len(name) > MAX_FOLDER:
        name = f"{name[: MAX_FOLDER - 65]}~{hashlib.sha256(name.encode()).hexdigest()}"
    return name


def _letter(path: Path) -> Letter:
    delivered = path.read_bytes()
    head, raw = delivered.split(b"\r\n", 3)[:3], delivered.split(b"\r\n", 3)[3]
    address = head[1].decode().removeprefix("Delivered-To: ")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return Letter(address, path, raw, message)


def send(host: str, port: int, sender: str, recipients: Sequence[str], message: EmailMessage | bytes) -> None:
    """One mail by SMTP. Bytes go out as they are, but for the ends of their lines."""
    content = message if isinstance(message, bytes) else message.as_bytes(policy=email.policy.SMTP)
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    with smtplib.SMTP(host, port, timeout=10) as server:
        server.sendmail(sender, list(recipients), content, mail_options=[] if content.isascii() else ["BODY=8BITMIME"])
