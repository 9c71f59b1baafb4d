# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate does a TLS server really serve?

One connection, one handshake, no application data. Verification is off on purpose, and only here: nothing is sent
and nothing is trusted; the caller compares the exact certificate, byte for byte or by its SHA-256, with the one on
disk. A verified handshake would tell less: it could not look at a certificate that is expired, self-made or of a
private CA, which is just what one wants to see.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError

#: A leaf certificate of a public CA has 1 to 3 kB; OpenSSL itself bounds a chain at 100 kB.
MAX_CERTIFICATE = 100_000


class Handshake(t.Protocol):
    """How :func:`served_certificate` looks to those who are given it as a port."""

    def __call__(self, address: str, port: int, server_name: str | None, timeout: float) -> bytes: ...


def served_certificate(address: str, port: int, server_name: str | None, timeout: float) -> bytes:
    """The leaf certificate (DER) that ``address``:``port`` serves to a client that asks for ``server_name`` (SNI).

    server_name  A-label name; None or an IP literal: no SNI is sent (RFC 6066 §3)
    timeout      seconds for the connection, and again for the handshake

    Raises TransportError: ``tls_no_connection``, ``tls_handshake_failed``.
    """
    where = f"{_bracketed(address)}:{port}, server name {server_name or 'none'}"
    try:
        connection = socket.create_connection((address, port), timeout=timeout)
    except (OSError, ValueError) as exc:  # ValueError: an address that is no name (an empty or overlong label)
        raise TransportError(
            code="tls_no_connection",
            what="Cannot connect to the TLS server",
            where=where,
            why=_reason(exc),
            todo="Check that the service runs and listens there",
            sent=False,
        ) from exc
    with connection:
        return _leaf(connection, _sni(server_name), where)


def fingerprint(der: bytes) -> str:
    """Lower-case hex SHA-256 of a certificate's DER."""
    return hashlib.sha256(der).hexdigest()


def _leaf(connection: socket.socket, sni: str | None, where: str) -> bytes:
    try:
        with _context().wrap_socket(connection, server_hostname=sni) as secured:
            der = secured.getpeercert(binary_form=True)
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError; ValueError: a name that cannot be sent
        raise _no_handshake(where, _reason(exc)) from exc
    if not der or len(der) > MAX_CERTIFICATE:
        raise _no_handshake(where, "the server sent no certificate of a plausible size")
    return der


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # see the head of this file
    return context


def _sni(server_name: str | None) -> str | None:
    if not server_name:
        return None
    try:
        ipaddress.ip_address(server_name)
    except ValueError:
        return server_name
    return None


def _no_handshake(where: str, why: str) -> TransportError:
    return TransportError(
        code="tls_handshake_failed",
        what="The TLS handshake did not come to an end",
        where=where,
        why=why,
        todo="Check that the service speaks TLS on that port and knows that name",
    )


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _reason(exc: Exception) -> str:
    if isinstance(exc, socket.timeout):
        return "no answer in time"
    return str(exc).strip() or type(exc).__name__
