# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who stands between us and a mail server that begins in clear, and wants to hear the password: it takes STARTTLS away,
answers in the server's place, slips answers in; later it is nothing but a wire.

    with MailFront(pki, upstream, "smtp") as front:     # or "imap"
        front.mode = "STARTTLS is not offered"
        …
        front.heard                                     # everything that was said in clear, or to an unproven server
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import typing as t

from hostile_front import _RESET, UNPROVEN, Address, Front, Pki

#: In clear, or TLS with somebody who is not proven: nothing secret may be said.
STRIPPED = (
    "STARTTLS is not offered",
    "STARTTLS is refused",
    "STARTTLS is taken, and no TLS follows",
    "silent after STARTTLS",
    "reset after STARTTLS",
    "wrong name",
    "expired",
    "self-signed",
    "wrong CA",
)
#: The right one in the end; what it seems to have said before counts for nothing.
SLIPPED = "answers slipped in before TLS"
#: A byte at a time, for some seconds: no single read takes long.
DRIPS = "a greeting that drips"
MAIL_MODES = (*STRIPPED, SLIPPED, DRIPS)

Answers = t.Callable[[bytes], "bytes | None"]


class MailFront(Front):
    """modes: MAIL_MODES, and "wire"."""

    def __init__(self, pki: Pki, upstream: Address, protocol: str, *, implicit: bool = False) -> None:
        """implicit: TLS from the first byte, with the modes of Front; a stranger plays the server all the same."""
        super().__init__(pki, upstream)
        self._protocol, self._is_implicit = protocol, implicit

    def _play(self, mode: str) -> _Play:
        return _Smtp(mode) if self._protocol == "smtp" else _Imap(mode)

    def _listen(self, connection: socket.socket) -> None:
        if self._is_implicit and isinstance(connection, ssl.SSLSocket) and self.mode in UNPROVEN:
            play = self._play(self.mode)
            play.is_past_it = True
            connection.settimeout(20)
            connection.sendall(play.greeting)
            self._talk(connection, play)
            return
        super()._listen(connection)

    def _serve(self, connection: socket.socket, mode: str) -> None:
        if self._is_implicit and mode == DRIPS:
            self.struck += 1
            with (
                contextlib.suppress(OSError),
                self._pki.context("trusted").wrap_socket(connection, server_side=True) as tls,
            ):
                self._drip(tls)
            return
        if self._is_implicit:
            super()._serve(connection, mode)
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            if mode == "wire":
                self._pump(connection)
                return
            self.struck += 1
            if mode == DRIPS:
                self._drip(connection)
                return
            play = self._play(mode)
            connection.sendall(play.greeting)
            line = self._talk(connection, play)
            if line is not None:
                self._after_starttls(connection, play, line, mode)

    def _drip(self, connection: socket.socket) -> None:
        connection.sendall(b"220-" if self._protocol == "smtp" else b"* OK ")
        for _byte in range(60):
            if self._over.wait(0.1):
                return
            connection.sendall(b".")

    def _talk(self, connection: socket.socket, play: _Play) -> bytes | None:
        """Until STARTTLS is asked for, which is given back; None: the client has gone."""
        while not self._over.is_set():
            line = connection.recv(65536)
            if not line:
                return None
            self.heard += line
            if b"STARTTLS" in line.upper() and not play.is_past_it:
                return line
            connection.sendall(play.answer(line))
        return None

    def _after_starttls(self, connection: socket.socket, play: _Play, line: bytes, mode: str) -> None:
        play.is_past_it = True
        if mode in ("STARTTLS is not offered", "STARTTLS is refused"):
            connection.sendall(play.no(line))
            self._talk(connection, play)
        elif mode == "STARTTLS is taken, and no TLS follows":
            connection.sendall(play.yes(line))
            self._talk(connection, play)
        elif mode == "silent after STARTTLS":
            self._listen(connection)
        elif mode == "reset after STARTTLS":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif mode == SLIPPED:
            connection.sendall(play.yes(line) + play.slipped(line))
            with self._pki.context("trusted").wrap_socket(connection, server_side=True) as tls:
                self._over.wait(30)
                tls.close()
        else:
            connection.sendall(play.yes(line))
            with self._pki.context(mode).wrap_socket(connection, server_side=True) as tls:
                self._talk(tls, play)


class _Play:
    """A mail server that takes every log-in."""

    is_past_it = False
    greeting = b""

    def answer(self, line: bytes) -> bytes:
        raise NotImplementedError

    def yes(self, line: bytes) -> bytes:
        raise NotImplementedError

    def no(self, line: bytes) -> bytes:
        raise NotImplementedError

    def slipped(self, line: bytes) -> bytes:
        raise NotImplementedError


class _Smtp(_Play):
    greeting = b"220 mail.example.jp ESMTP\r\n"

    def __init__(self, mode: str) -> None:
        self._offer = b"" if mode == "STARTTLS is not offered" else b"250-STARTTLS\r\n"

    def answer(self, line: bytes) -> bytes:
        word = line.split(b" ")[0].strip().upper()
        if word == b"EHLO":
            return b"250-mail.example.jp\r\n" + self._offer + b"250 AUTH PLAIN LOGIN\r\n"
        return {b"AUTH": b"235 welcome\r\n", b"DATA": b"354 go on\r\n"}.get(word, b"250 taken\r\n")

    def yes(self, line: bytes) -> bytes:
        return b"220 go ahead\r\n"

    def no(self, line: bytes) -> bytes:
        return b"454 no TLS just now\r\n"

    def slipped(self, line: bytes) -> bytes:
        return (
            b"250-x\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 taken\r\n250 taken\r\n354 go on\r\n250 taken\r\n221 bye\r\n"
        )


class _Imap(_Play):
    def __init__(self, mode: str) -> None:
        offer = b"" if mode == "STARTTLS is not offered" else b" STARTTLS"
        self._words = b"CAPABILITY IMAP4rev1" + offer + b" AUTH=PLAIN"
        self.greeting = b"* OK [" + self._words + b"] ready\r\n"

    def answer(self, line: bytes) -> bytes:
        tag, _blank, rest = line.partition(b" ")
        if rest.upper().startswith(b"CAPABILITY"):
            return b"* " + self._words + b"\r\n" + tag + b" OK done\r\n"
        if rest.upper().startswith(b"AUTHENTICATE"):
            return b"+ \r\n"
        return tag + b" OK done\r\n"

    def yes(self, line: bytes) -> bytes:
        return line.split(b" ")[0] + b" OK go ahead\r\n"

    def no(self, line: bytes) -> bytes:
        return line.split(b" ")[0] + b" NO no TLS just now\r\n"

    def slipped(self, line: bytes) -> bytes:
        """Tags are counted: the next ones are no secret."""
        found = re.match(rb"([A-Z]+)(\d+) ", line)
        assert found is not None
        tags = [found[1] + str(int(found[2]) + number).encode() for number in range(1, 8)]
        said = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n* OK [UIDVALIDITY 1] fine\r\n* 0 EXISTS\r\n"
        return said + b"".join(tag + b" OK done\r\n" for tag in tags)
