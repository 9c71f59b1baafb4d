# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own mail server at the border: it says of each mail who it is from, as RFC 8601 has it, and takes out what
the mail says of itself under its name.

    with Border(deliver, trusted={"127.0.0.1": {"jprs.jp", "digitalcertvalidation.com"}}) as border:
        submit(border.port, "info@jprs.jp", ["admin@example.jp"], raw)                       # dmarc=pass
        submit(border.port, "info@jprs.jp", ["admin@example.jp"], raw, source="127.0.0.66")  # dmarc=fail

Who may send for a domain is told by the address that a mail comes from, as SPF does.
"""

from __future__ import annotations

import email
import email.policy
import email.utils
import itertools
import re
import smtplib
import time
import typing as t

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
NAME = "mx.lab.example"
MAX_MAIL = 16_000_000
STRANGER = "127.0.0.66"
_OURS = re.compile(
    rb"^authentication-results:[ \t]*" + re.escape(NAME.encode()) + rb"\b.*?(?:\r\n(?![ \t]))", re.I | re.M | re.S
)

#: name of the letter, address, bytes
Deliver = t.Callable[[str, str, bytes], object]


class Border:
    def __init__(self, deliver: Deliver, trusted: t.Mapping[str, t.Collection[str]]) -> None:
        self._deliver = deliver
        self._trusted = trusted
        self._numbers = itertools.count(1)
        self._server: _Server | None = None
        self.port = 0

    def __enter__(self) -> Border:
        self._server = _Server(self, HOST, 0, server_hostname=NAME, data_size_limit=MAX_MAIL, ident="border")
        self._server.start()
        self.port = self._server.port
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._server is not None:
            self._server.stop()

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        peer = str(session.peer[0]) if session.peer else "?"
        head, mark, body = raw.partition(b"\r\n\r\n")
        head = _OURS.sub(b"", head + b"\r\n").rstrip(b"\r\n")
        for address in envelope.rcpt_tos:
            lines = [
                f"Return-Path: <{envelope.mail_from}>",
                f"Delivered-To: {address}",
                f"Authentication-Results: {NAME}; {self._results(peer, raw)}",
                f"Received: from [{peer}] by {NAME} with ESMTP; {email.utils.formatdate()}",
            ]
            delivered = ("\r\n".join(lines) + "\r\n").encode() + head + mark + body
            self._deliver(f"{time.time_ns()}.{next(self._numbers)}.border", address.lower(), delivered)
        return "250 2.0.0 OK"

    def _results(self, peer: str, raw: bytes) -> str:
        head = raw.partition(b"\r\n\r\n")[0]
        message = email.message_from_bytes(head, policy=email.policy.compat32)
        addresses = email.utils.getaddresses([str(one) for one in message.get_all("From", [])])
        domain = addresses[0][1].rpartition("@")[2].lower() if addresses else ""
        passed = domain in self._trusted.get(peer, ())
        word = "pass" if passed else "fail"
        return f"spf={word} smtp.mailfrom={domain or 'none'}; dmarc={word} header.from={domain or 'none'}"


class _Server(Controller):
    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def submit(port: int, sender: str, recipients: t.Sequence[str], raw: bytes, source: str = HOST) -> None:
    """Bytes go out as they are, but for the ends of their lines. source: the address that it comes from."""
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    with smtplib.SMTP(HOST, port, timeout=20, source_address=(source, 0)) as server:
        server.sendmail(sender, list(recipients), content, mail_options=[] if content.isascii() else ["BODY=8BITMIME"])
