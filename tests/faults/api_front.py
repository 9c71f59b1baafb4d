# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile TLS front before an HTTP API that itself speaks plain HTTP: who has got through TLS is led to the API.

with ApiFront(pki, (HOST, port)) as front:
    front.mode = "the answer to a write is lost"     # it took effect; nobody hears so
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import typing as t

from hostile_front import _RESET, MODES, Address, Front, Pki

LOST = "the answer to a write is lost"
API_MODES = (*MODES, LOST)
_WRITES = (b"PATCH ", b"POST ", b"PUT ", b"DELETE ")


class ApiFront(Front):
    """speaks_tls: what is behind it speaks TLS, and is trusted without a look."""

    def __init__(self, pki: Pki, upstream: Address, *, speaks_tls: bool = False) -> None:
        super().__init__(pki, upstream)
        self._speaks_tls = speaks_tls

    def _serve(self, connection: socket.socket, mode: str) -> None:
        if mode not in ("wire", LOST):
            super()._serve(connection, mode)
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            with self._pki.context("trusted").wrap_socket(connection, server_side=True) as client:
                self._lead(client, mode)

    def _lead(self, client: t.Any, mode: str) -> None:
        assert self._upstream is not None
        with contextlib.ExitStack() as stack:
            server: t.Any = stack.enter_context(socket.create_connection(self._upstream, 10))
            if self._speaks_tls:
                server = stack.enter_context(unverified().wrap_socket(server))
            ends, is_writing = {client: server, server: client}, False
            while not self._over.is_set():
                for ready in self._ready(list(ends)):
                    got = _read(ready)
                    if got is None:
                        continue
                    if not got:
                        return
                    is_writing = is_writing or (ready is client and got.startswith(_WRITES))
                    if ready is server and is_writing and mode == LOST:
                        self.struck += 1
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                        return
                    ends[ready].sendall(got)

    @staticmethod
    def _ready(ends: list[t.Any]) -> list[t.Any]:
        """What TLS has read already is not to be seen by select."""
        waiting = [one for one in ends if getattr(one, "pending", int)()]
        return waiting or select.select(ends, [], [], 0.1)[0]


def _read(end: t.Any) -> bytes | None:
    """None: what came was TLS's own (a ticket of its session), or half a record. Who waits here for more holds up the
    other direction."""
    end.settimeout(0)
    try:
        return t.cast(bytes, end.recv(65536))
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    finally:
        end.settimeout(20)


def unverified() -> t.Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
