# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an item of ``inkan_certificates`` says that its certificate is brought into service.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.fields import Fields

COPY_CONTENTS = ("privkey", "cert", "chain", "fullchain", "combined")
SIGNALS = ("HUP", "USR1", "USR2", "QUIT", "WINCH", "TERM")


@dataclass(frozen=True)
class Copy:
    path: str
    content: str
    owner: str | None
    group: str | None
    mode: str | None


@dataclass(frozen=True)
class Handshake:
    """None: the default that the plan fills in."""

    address: str
    port: int | None
    server_name: str | None
    timeout: int | None


@dataclass(frozen=True)
class Deploy:
    """reload: a service name, or a dictionary with argv, or with pid_file and signal. handshake None: turned off."""

    by: str
    reload: str | dict[str, t.Any] | None
    owner: str | None
    group: str | None
    mode: str | None
    copies: tuple[Copy, ...]
    post_check: dict[str, t.Any] | None
    handshake: Handshake | None


def read_deploy(fields: Fields) -> Deploy:
    deploy = Deploy(
        by=fields.one_of("by", ("us", "seller"), "us"),
        reload=_reload(fields),
        owner=fields.text("owner"),
        group=fields.text("group"),
        mode=fields.mode("mode"),
        copies=tuple(_copy(copy) for copy in fields.items("copies")),
        post_check=_command(fields.below("post_check")) if fields.has("post_check") else fields.raw("post_check"),
        handshake=_handshake(fields),
    )
    fields.close()
    return deploy


def _reload(fields: Fields) -> str | dict[str, t.Any] | None:
    value = fields.raw("reload")
    if value is None or isinstance(value, str):
        return fields.text("reload")
    inner = fields.at("reload", value)
    if inner.has("argv"):
        return _command(inner)
    pid_file = inner.path("pid_file")
    signal = inner.one_of("signal", SIGNALS, "HUP")
    if pid_file is None and isinstance(value, dict):
        inner.wrong("", value, "a service name, {argv: [...]} or {pid_file, signal} is needed")
    inner.raw("argv")
    inner.close()
    return {"pid_file": pid_file, "signal": signal}


def _command(fields: Fields) -> dict[str, t.Any]:
    argv = fields.raw("argv")
    if not (isinstance(argv, list) and argv and all(isinstance(word, str) and "\0" not in word for word in argv)):
        fields.wrong("argv", argv, "a list of texts is needed: the program and its arguments, no shell")
        argv = []
    fields.close()
    return {"argv": list(argv)}


def _copy(fields: Fields) -> Copy:
    path = fields.path("path")
    if path is None and not fields.has("path"):
        fields.wrong("path", None, "every copy needs one")
    copy = Copy(
        path=path or "",
        content=fields.one_of("content", COPY_CONTENTS, "fullchain"),
        owner=fields.text("owner"),
        group=fields.text("group"),
        mode=fields.mode("mode"),
    )
    if not fields.has("content"):
        fields.wrong("content", None, "every copy needs one", f"Choose from {', '.join(COPY_CONTENTS)}")
    fields.close()
    return copy


def _handshake(fields: Fields) -> Handshake | None:
    value = fields.raw("handshake")
    if value is False or (value is None and not fields.has("reload")):
        # without a reload nobody is known to serve it
        return None
    inner = fields.at("handshake", None if value is True else value)
    handshake = Handshake(
        address=inner.text("address") or "127.0.0.1",
        port=inner.number("port", 0, 1, 65535) or None,
        server_name=inner.text("server_name"),
        timeout=inner.number("timeout", 0, 1, 600) or None,
    )
    inner.close()
    return handshake
