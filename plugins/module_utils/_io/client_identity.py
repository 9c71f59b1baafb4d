# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate and key by which a TLS client shows who it is, from texts into an SSL context.

OpenSSL takes them from a file only. Here it is a file in memory that has no name; where the system has none, a
temporary one that nobody else may read (0600) and that is gone before anything is sent.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError
from ansible_collections.inkan.tls.plugins.module_utils._io.files import telling

__all__ = ["ClientIdentity"]


@dataclass(frozen=True)
class ClientIdentity:
    """certificate: PEM, its chain may follow; private_key: PEM; password: of the key, if it is encrypted."""

    certificate: str = field(repr=False)
    private_key: str = field(repr=False)
    password: str = field(default="", repr=False)

    def load(self, context: ssl.SSLContext) -> None:
        content = f"{self.certificate.strip()}\n{self.private_key.strip()}\n".encode("utf-8", "replace")
        with telling("Cannot hand the client certificate to OpenSSL", "a file in memory"), _readable(content) as path:
            try:
                # never asks at a terminal: an encrypted key without its password is simply wrong
                context.load_cert_chain(path, password=lambda: self.password)
            except (ssl.SSLError, ValueError) as failure:
                raise _unusable(failure) from None


@contextlib.contextmanager
def _readable(content: bytes) -> t.Iterator[str]:
    fd = _in_memory()
    if fd is None:
        fd, path = tempfile.mkstemp(prefix="inkan-tls-")
        name = path
    else:
        path, name = f"/proc/self/fd/{fd}", ""
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            yield path
    finally:
        if name:
            os.unlink(name)


def _in_memory() -> int | None:
    if not hasattr(os, "memfd_create") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        fd = os.memfd_create("inkan-tls", os.MFD_CLOEXEC)
    except OSError:
        return None
    os.fchmod(fd, 0o600)
    return fd


def _unusable(failure: Exception) -> InputError:
    """OpenSSL's words are of reasons, never of content."""
    reason = getattr(failure, "reason", None) or type(failure).__name__
    return InputError(
        code="client_certificate_unusable",
        what="The client certificate and its key cannot be used",
        where="secrets client_certificate, client_key",
        why=str(reason),
        todo="Give both as PEM texts, the key of that very certificate, and client_key_password if it is encrypted",
    )
