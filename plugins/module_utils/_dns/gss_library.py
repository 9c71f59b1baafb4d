# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the PyPI package gssapi: credentials of this machine, and a security context for one DNS server.

The package is loaded where a service asks for GSS-TSIG and nowhere else. Credentials are those that the user has (the
default cache), or come from a keytab; then the ticket is kept in memory, and no file is left behind. A keytab that is a
secret is in memory, too: Kerberos is given the path of a file that has no place on a disk.

This file is private to the collection.
"""

from __future__ import annotations

import os
import secrets
import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

__all__ = ["CAN_HOLD_KEYTAB", "Client", "Context", "open_context"]

#: SPNEGO (RFC 4178), which RFC 3645 §3.1.1 wants: Active Directory takes nothing else
_SPNEGO = "1.3.6.1.5.5.2"


#: Linux
CAN_HOLD_KEYTAB = hasattr(os, "memfd_create")


@dataclass(frozen=True)
class Client:
    """Who signs for which server; principal and keytab (a path, or what is in it) may be empty."""

    server_name: str
    principal: str = ""
    keytab: str = ""
    keytab_content: bytes = field(default=b"", repr=False)

    @property
    def service(self) -> str:
        return f"DNS/{self.server_name}"


class Context(t.Protocol):
    """What is needed of ``gssapi.SecurityContext``. Each call may raise InkanError."""

    @property
    def complete(self) -> bool: ...

    def step(self, token: bytes | None = None) -> bytes | None: ...

    def get_signature(self, message: bytes) -> bytes: ...

    def verify_signature(self, message: bytes, mic: bytes) -> t.Any: ...


def open_context(client: Client, where: str) -> Context:
    try:
        import gssapi  # type: ignore[import-not-found,unused-ignore]  # optional, and of no types here
    except ImportError as failure:
        raise _missing_library(where) from failure
    library: t.Any = gssapi
    failures: type[Exception] = library.exceptions.GSSError
    try:
        held = _held(client.keytab_content) if client.keytab_content else None
        path = f"/proc/self/fd/{held.fileno()}" if held is not None else client.keytab
        return _Guarded(_new_context(library, client, path), client, where, failures, held)
    except failures as failure:
        raise _failed(client, where, failure) from failure


def _held(content: bytes) -> t.BinaryIO:
    """In memory for as long as the file is open."""
    file = os.fdopen(os.memfd_create("keytab"), "wb", buffering=0)
    file.write(content)
    return t.cast("t.BinaryIO", file)


def _new_context(gssapi: t.Any, client: Client, keytab: str) -> t.Any:
    name = gssapi.Name(client.principal, gssapi.NameType.kerberos_principal) if client.principal else None
    store = None
    if keytab:
        store = {"client_keytab": f"FILE:{keytab}", "ccache": f"MEMORY:inkan-{secrets.token_hex(8)}"}
    return gssapi.SecurityContext(
        name=gssapi.Name(f"DNS@{client.server_name}", gssapi.NameType.hostbased_service),
        creds=gssapi.Credentials(name=name, usage="initiate", store=store),
        mech=gssapi.OID.from_int_seq(_SPNEGO),
        flags=[gssapi.RequirementFlag.mutual_authentication, gssapi.RequirementFlag.replay_detection],
        usage="initiate",
    )


class _Guarded:
    """Failures of the negotiation as errors of ours; those of a signature are judged by dnspython."""

    def __init__(
        self,
        context: t.Any,
        client: Client,
        where: str,
        failures: type[Exception],
        held: t.BinaryIO | None = None,
    ) -> None:
        self._context = context
        self._held = held  # Kerberos reads it when the first token is made
        self._client = client
        self._where = where
        self._failures = failures

    @property
    def complete(self) -> bool:
        return bool(self._context.complete)

    def step(self, token: bytes | None = None) -> bytes | None:
        try:
            return t.cast("bytes | None", self._context.step(token))
        except self._failures as failure:
            raise _failed(self._client, self._where, failure) from failure

    def get_signature(self, message: bytes) -> bytes:
        try:
            return t.cast(bytes, self._context.get_signature(message))
        except self._failures as failure:
            raise _failed(self._client, self._where, failure) from failure

    def verify_signature(self, message: bytes, mic: bytes) -> t.Any:
        return self._context.verify_signature(message, mic)


def _missing_library(where: str) -> InkanError:
    return LocalError(
        code="library_missing",
        what="GSS-TSIG needs a Python package that is not there",
        where=where,
        why="gssapi cannot be imported in the Python that runs the module",
        todo="pip install gssapi (it is built against the Kerberos library: libkrb5-dev, krb5-devel), or install"
        " python3-gssapi of the distribution; or use a TSIG key",
    )


def _failed(client: Client, where: str, failure: Exception) -> InkanError:
    who = client.principal or "the credentials at hand"
    source = f"keytab {client.keytab}" if client.keytab else "the default credential cache"
    if client.keytab_content:
        source = "the keytab in the secrets"
    return LocalError(
        code="tsig_gss_credentials",
        what=f"Kerberos gives no security context for {client.service}",
        where=f"{where}, {escaped(who, 120)} of {escaped(source, 200)}",
        why=escaped(str(failure), 400),
        todo="Try kinit (with -k -t and the keytab), then kvno with the server's principal. Compare the name in it with"
        " settings.server_name, and the clocks",
        reference="RFC 3645 §3.1",
    )
