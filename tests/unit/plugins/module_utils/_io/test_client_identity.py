# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS client's certificate and key, from texts into OpenSSL: no file of them is left, and none is ever readable."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._io import client_identity
from ansible_collections.inkan.tls.plugins.module_utils._io.client_identity import ClientIdentity
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import paper
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEY = ec.derive_private_key(3, ec.SECP256R1())
OURS = paper(1, "client.example.jp")


def pem_of(key: ec.EllipticCurvePrivateKey, password: str = "") -> str:
    kind = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind).decode()


def shown_by(identity: ClientIdentity) -> bytes | None:
    """What a server that asks for a certificate gets to see."""
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    identity.load(client)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ClientIdentity(OURS.certificate, pem_of(KEY)).load(server)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=OURS.certificate)
    near, far = socket.socketpair()
    seen: list[bytes | None] = []

    def serve() -> None:
        with server.wrap_socket(far, server_side=True) as accepted:
            seen.append(accepted.getpeercert(binary_form=True))
            accepted.send(b"!")

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(near) as connected:
        connected.recv(1)
    thread.join(10)
    return seen[0]


@pytest.mark.parametrize("password", ["", "of-the-key"])
def test_a_server_that_asks_gets_to_see_the_certificate(password: str) -> None:
    identity = ClientIdentity(OURS.certificate, pem_of(KEY, password), password)
    assert shown_by(identity) == ssl.PEM_cert_to_DER_cert(OURS.certificate)


@pytest.mark.parametrize("has_memory", [True, False], ids=["in memory", "by a temporary file"])
def test_nothing_is_left_and_nobody_else_may_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_memory: bool
) -> None:
    monkeypatch.setattr(client_identity.tempfile, "tempdir", str(tmp_path))
    if not has_memory:
        monkeypatch.setattr(client_identity, "_in_memory", lambda: None)
    modes: list[int] = []
    open_files = len(os.listdir("/proc/self/fd"))

    class Context:
        def load_cert_chain(self, path: str, password: t.Callable[[], str]) -> None:
            assert "PRIVATE KEY" in Path(path).read_text()
            modes.append(stat.S_IMODE(os.stat(path).st_mode) & 0o077)
            assert bool(list(tmp_path.iterdir())) is not has_memory

    ClientIdentity(OURS.certificate, pem_of(KEY)).load(t.cast(ssl.SSLContext, Context()))
    assert (modes, list(tmp_path.iterdir())) == ([0], [])
    assert len(os.listdir("/proc/self/fd")) == open_files


@pytest.mark.parametrize(
    ("certificate", "key", "password"),
    [
        (OURS.certificate, pem_of(ec.derive_private_key(9, ec.SECP256R1())), ""),
        (OURS.certificate, "no key at all", ""),
        ("no certificate", pem_of(KEY), ""),
        (OURS.certificate, pem_of(KEY, "of-the-key"), ""),
        (OURS.certificate, pem_of(KEY, "of-the-key"), "another-one"),
    ],
    ids=["another key", "no key", "no certificate", "no password", "a wrong password"],
)
def test_what_cannot_be_used_is_told_without_showing_it(certificate: str, key: str, password: str) -> None:
    with pytest.raises(InputError) as caught:
        ClientIdentity(certificate, key, password).load(ssl.create_default_context())
    assert caught.value.code == "client_certificate_unusable"
    assert key.split("\n")[1 if "\n" in key else 0] not in str(caught.value)
    assert key not in repr(ClientIdentity(certificate, key, password))
