# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._io.handshake import fingerprint, served_certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _self_signed(directory: Path, name: str, *, expired: bool = False) -> tuple[Path, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.datetime(2001 if expired else 2100, 1, 1, tzinfo=datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    path = directory / f"{name}.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path, certificate.public_bytes(serialization.Encoding.DER)


def _serve_once(context: ssl.SSLContext) -> int:
    """A TLS server on loopback for one connection; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        with listener:
            connection, _peer = listener.accept()
            with connection:
                connection.settimeout(5)
                with contextlib.suppress(OSError):
                    context.wrap_socket(connection, server_side=True).close()

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


@pytest.fixture
def two_names(tmp_path: Path) -> t.Iterator[tuple[ssl.SSLContext, list[str | None], dict[str, bytes]]]:
    asked: list[str | None] = []
    contexts: dict[str, ssl.SSLContext] = {}
    ders: dict[str, bytes] = {}
    for name in ("shop.example.jp", "default.example.jp"):
        path, ders[name] = _self_signed(tmp_path, name, expired=name.startswith("default"))
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(path)

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        asked.append(name)
        if name in contexts:
            connection.context = contexts[name]

    contexts["default.example.jp"].sni_callback = choose
    yield contexts["default.example.jp"], asked, ders


def test_the_certificate_of_the_asked_name_comes_back(two_names: t.Any) -> None:
    context, asked, ders = two_names
    port = _serve_once(context)
    der = served_certificate("127.0.0.1", port, "shop.example.jp", 5)
    assert der == ders["shop.example.jp"]
    assert asked == ["shop.example.jp"]
    assert fingerprint(der) != fingerprint(ders["default.example.jp"])


@pytest.mark.parametrize("server_name", [None, "", "127.0.0.1", "::1"])
def test_without_a_dns_name_no_server_name_is_sent_and_an_expired_certificate_is_still_seen(
    two_names: t.Any, server_name: str | None
) -> None:
    context, asked, ders = two_names
    port = _serve_once(context)
    assert served_certificate("127.0.0.1", port, server_name, 5) == ders["default.example.jp"]
    assert asked == [None]


def test_a_closed_port_is_told_as_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError) as caught:
        served_certificate("127.0.0.1", port, "shop.example.jp", 1)
    assert caught.value.code == "tls_no_connection"
    assert f"127.0.0.1:{port}" in caught.value.where
    assert caught.value.retryable


@pytest.mark.parametrize("address", ["a..example.jp", "a" * 70 + ".example.jp", "a\0b"])
def test_an_address_that_cannot_be_is_told_as_no_connection(address: str) -> None:
    with pytest.raises(TransportError) as caught:
        served_certificate(address, 443, "shop.example.jp", 1)
    assert caught.value.code == "tls_no_connection"


def test_a_silent_server_is_left_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TransportError) as caught:
        served_certificate("127.0.0.1", listener.getsockname()[1], "shop.example.jp", 0.2)
    assert caught.value.code == "tls_handshake_failed"
    assert "no answer in time" in caught.value.why


def test_a_server_that_speaks_no_tls_is_told_as_a_failed_handshake() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            connection, _peer = listener.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    with pytest.raises(TransportError) as caught:
        served_certificate("127.0.0.1", listener.getsockname()[1], "shop.example.jp", 5)
    assert caught.value.code == "tls_handshake_failed"


def test_a_name_that_cannot_be_sent_is_told_as_a_failed_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(TransportError) as caught:
        served_certificate("127.0.0.1", listener.getsockname()[1], ".example.jp", 1)
    assert caught.value.code == "tls_handshake_failed"
