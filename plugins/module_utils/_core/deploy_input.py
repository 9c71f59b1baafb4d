# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of certificate_deployments to wishes; every mistake is collected, none is guessed away.

What is judged here is the shape of options. Whether a certificate fits its key, names, chain and dates is judged on
the host, an item at a time: a bad answer of one CA must not hold up the other certificates.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import (
    ByCommand,
    ByName,
    BySignal,
    Content,
    CopyWish,
    DeployWish,
    Look,
    Reload,
    Standing,
    Wish,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, is_address, item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

Raw = t.Mapping[str, t.Any]

#: Signals by which servers read their files again; none of them ends a process that knows it.
SIGNALS = ("HUP", "USR1", "USR2")
_PRIVATE_MODE = 0o600
_PUBLIC_MODE = 0o644
_PRIVATE_BITS = 0o660  # a private key is for its owner and a group, never for others, never executable
_PUBLIC_BITS = 0o664
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,254}")  # systemd.unit(5)
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")  # useradd(8), and numbers
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SERIAL = re.compile(r"[0-9a-f]{1,40}")  # 20 octets (RFC 5280 §4.1.2.2)
_MAX_SEALED_TEXT = 30_000
_MAX_ARGUMENTS = 200
_MAX_TIMEOUT = 600.0


def read_wishes(
    items: t.Sequence[Raw], state: str, store_path: str, check_mode: bool, errors: InputCollector
) -> list[Wish]:
    """The wishes of a call; those of items with an error are incomplete, so call ``errors.refuse()`` before use."""
    reader = _Reader(state, store_path, check_mode, errors)
    wishes = [reader.wish(item) for item in items]
    reader.refuse_doubles(wishes)
    return wishes


def read_now(text: str | None, wishes: t.Sequence[Wish], errors: InputCollector) -> datetime | None:
    """The moved clock of a lab; refused where a real service is looked at."""
    if not text:
        return None
    words = {"what": "Cannot use the option now", "where": "options"}
    looks = [wish.deploy.look.address for wish in wishes if wish.deploy.look]
    strangers = sorted({address for address in looks if not is_loopback(address)})
    if strangers:
        why = f"a moved clock is for a lab on loopback, and a handshake goes to {', '.join(strangers)}"
        errors.add("clock_moved", why=why, todo="Leave it out", **words)
    try:
        return parse_time(text)
    except ValueError as exc:
        errors.add("bad_value", why=str(exc), todo="Give a time such as 2026-11-20T00:00:00Z", **words)
        return None


class _Reader:
    def __init__(self, state: str, store_path: str, check_mode: bool, errors: InputCollector) -> None:
        self._needs_certificate = state in ("verify", "switch")
        self._store_path = store_path.rstrip("/")
        self._check_mode = check_mode
        self._errors = errors
        self._where = ""

    def _bad(self, option: str, why: str, todo: str, code: str = "bad_value") -> None:
        self._errors.add(code, what=f"Cannot use the option {option}", where=self._where, why=why, todo=todo)

    def wish(self, item: Raw) -> Wish:
        name = str(item["name"])
        self._where = f"item {name!r}"
        why = item_name_error(name)
        if why:
            self._bad("name", why, "Choose another name", "bad_name")
        return Wish(
            name=name,
            deploy=self._deploy(item.get("deploy") or {}),
            certificate=self._certificate(item),
            chain=tuple(item.get("chain") or ()),
            public_key_sha256=self._digest(item.get("public_key_sha256")),
            dns_names=self._names(item.get("dns_names") or ()),
            sealed_key=self._sealed(item.get("sealed_key")),
            to_serial=self._serial(item.get("to_serial")),
        )

    def refuse_doubles(self, wishes: t.Sequence[Wish]) -> None:
        names = [wish.name for wish in wishes]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._where = f"item {name!r}"
            self._bad("name", f"{names.count(name)} items have this name", "Give each item its own", "duplicate_name")
        paths = [copy.path for wish in wishes for copy in wish.deploy.copies]
        for path in sorted({path for path in paths if paths.count(path) > 1}):
            self._where = f"path {path}"
            self._bad("deploy.copies", "more than one copy has this path", "Give each copy its own", "duplicate_path")

    # -- the certificate and its key --------------------------------------------------------------------------------

    def _certificate(self, item: Raw) -> str | None:
        text = item.get("certificate")
        if text == KNOWN_AFTER_ORDER:
            if not self._check_mode:
                self._bad("certificate", f"{KNOWN_AFTER_ORDER} is possible in check mode only", "Give the PEM text")
            return None
        if text:
            return str(text)
        if self._needs_certificate:
            self._bad("certificate", "it is missing", "Give the PEM text of the leaf", "missing_value")
        return None

    def _digest(self, text: str | None) -> str | None:
        if not text or (text == KNOWN_AFTER_ORDER and self._check_mode):
            return None
        if not _SHA256.fullmatch(text):
            self._bad("public_key_sha256", "it is no SHA-256 in lower-case hex", "Take it from certificate_requests")
        return text

    def _names(self, names: t.Sequence[str]) -> tuple[str, ...]:
        for name in names:
            why = dns_name_error(name)
            if why:
                self._bad("dns_names", f"{name!r}: {why}", "Give A-labels in lower case", "bad_dns_name")
        return tuple(names)

    def _sealed(self, text: str | None) -> bytes | None:
        if not text or (text == KNOWN_AFTER_ORDER and self._check_mode):
            return None
        try:
            if len(text) > _MAX_SEALED_TEXT:
                raise ValueError
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            self._bad("sealed_key", "it is no base64 of a sealed key", "Take it from certificate_requests")
            return None

    def _serial(self, text: str | None) -> str | None:
        if text is not None and not _SERIAL.fullmatch(text):
            self._bad("to_serial", "it is no serial number in lower-case hex", "Take it from certificates_info")
        return text

    # -- the deployment ---------------------------------------------------------------------------------------------

    def _deploy(self, raw: Raw) -> DeployWish:
        if raw.get("by") == "seller":
            todo = "Leave it out here; its handshake alone tells when it is done"
            self._bad("deploy.by", "the seller installs this certificate, not this host", todo, "deployed_by_seller")
        owner, group = self._account(raw.get("owner"), "deploy.owner"), self._account(raw.get("group"), "deploy.group")
        mode = self._mode(raw.get("mode"), "deploy.mode", _PRIVATE_BITS)
        given = owner is not None or group is not None or mode is not None
        access = Standing(owner, group, _PRIVATE_MODE if mode is None else mode) if given else None
        return DeployWish(
            reload=self._reload(raw.get("reload")),
            access=access,
            copies=tuple(self._copy(copy, access) for copy in raw.get("copies") or ()),
            post_check=self._post_check(raw.get("post_check")),
            look=self._look(raw.get("handshake")),
        )

    def _reload(self, raw: t.Any) -> Reload | None:
        if raw is None or raw == "":
            return None
        if isinstance(raw, str):
            if not _UNIT.fullmatch(raw):
                self._bad("deploy.reload", f"{raw!r} is no service name", "Give the name of a unit, or {argv: [...]}")
            return ByName(raw)
        keys = set(raw) if isinstance(raw, dict) else set()
        if keys == {"argv"}:
            return ByCommand(self._argv(raw["argv"], "deploy.reload.argv"))
        if "pid_file" in keys and keys <= {"pid_file", "signal"}:
            return self._by_signal(raw)
        todo = "Give a service name, {argv: [...]}, or {pid_file: ..., signal: ...}"
        self._bad("deploy.reload", "it has none of the three shapes", todo, "bad_reload")
        return None

    def _by_signal(self, raw: Raw) -> BySignal:
        signal = str(raw.get("signal") or "HUP").upper()
        signal = signal[3:] if signal.startswith("SIG") else signal
        if signal not in SIGNALS:
            self._bad("deploy.reload.signal", f"{signal!r} is not one of {', '.join(SIGNALS)}", "Choose one of them")
        pid_file = str(raw["pid_file"])
        self._check_path(pid_file, "deploy.reload.pid_file")
        return BySignal(pid_file, signal)

    def _argv(self, raw: t.Any, option: str) -> tuple[str, ...]:
        if not isinstance(raw, (list, tuple)) or not 0 < len(raw) <= _MAX_ARGUMENTS:
            self._bad(option, "it is no list of a command and its arguments", "Write [command, argument, ...]")
            return ()
        argv = tuple(str(argument) for argument in raw)
        if not argv[0] or any("\0" in argument for argument in argv):
            self._bad(option, "the command is empty, or an argument holds a NUL character", "Correct the list")
        return argv

    def _post_check(self, raw: t.Any) -> tuple[str, ...] | None:
        if raw is None:
            return None
        if not isinstance(raw, dict) or set(raw) != {"argv"}:
            self._bad("deploy.post_check", "it is not of the shape {argv: [...]}", "Write it so", "bad_post_check")
            return None
        return self._argv(raw["argv"], "deploy.post_check.argv")

    def _look(self, raw: Raw | None) -> Look | None:
        if not raw:
            return None
        port, timeout, server_name = (
            int(raw.get("port") or 443),
            float(raw.get("timeout") or 10),
            raw.get("server_name"),
        )
        if not raw.get("address"):
            self._bad("deploy.handshake.address", "it is missing", "Give the address where the service listens")
        if not 0 < port < 65536:
            self._bad("deploy.handshake.port", "it is no port", "Give 1 to 65535")
        if not 0 < timeout <= _MAX_TIMEOUT:
            self._bad(
                "deploy.handshake.timeout", f"{timeout:g} is not possible", f"Give up to {_MAX_TIMEOUT:g} seconds"
            )
        if server_name and not is_address(server_name):
            why = dns_name_error(server_name, wildcard=False)
            if why:
                self._bad(
                    "deploy.handshake.server_name", f"{server_name!r}: {why}", "Give a plain name of the certificate"
                )
        return Look(str(raw.get("address") or ""), port, server_name or None, timeout)

    # -- files ------------------------------------------------------------------------------------------------------

    def _copy(self, raw: Raw, access: Standing | None) -> CopyWish:
        path, content = str(raw["path"]), Content(raw["content"])
        self._check_path(path, "deploy.copies.path")
        if self._store_path and (path + "/").startswith(self._store_path + "/"):
            self._bad("deploy.copies.path", f"{path} lies in the store", "Copy to another place, or use the live link")
        owner, group = (
            self._account(raw.get("owner"), "owner of a copy"),
            self._account(raw.get("group"), "group of a copy"),
        )
        bits = _PRIVATE_BITS if content.is_private else _PUBLIC_BITS
        mode = self._mode(raw.get("mode"), f"mode of {path}", bits)
        if mode is None:
            mode = (access.mode if access else _PRIVATE_MODE) if content.is_private else _PUBLIC_MODE
        if access is not None:
            owner, group = owner or access.owner, group or access.group
        return CopyWish(path, content, Standing(owner, group, mode))

    def _check_path(self, path: str, option: str) -> None:
        parts = path.split("/")[1:]
        if not path.startswith("/") or not path.isprintable() or any(part in ("", ".", "..") for part in parts):
            self._bad(
                option, f"{path!r} is no plain absolute path", "Begin it with /, without . and .. in it", "bad_path"
            )

    def _account(self, raw: t.Any, option: str) -> str | None:
        if raw is None or raw == "":
            return None
        if not _ACCOUNT.fullmatch(str(raw)):
            self._bad(option, f"{raw!r} is no name of a user or group", "Correct it")
        return str(raw)

    def _mode(self, raw: t.Any, option: str, possible: int) -> int | None:
        if raw is None or raw == "":
            return None
        text = f"{raw:o}" if isinstance(raw, int) else str(raw)
        if not re.fullmatch(r"0?o?[0-7]{3}", text):
            self._bad(option, f"{raw!r} is no file mode", 'Write it in octal and in quotes, as "0640"', "bad_mode")
            return None
        mode = int(text.replace("o", ""), 8)
        if mode & ~possible or not mode & 0o400:
            todo = f"Choose from 0400 to {possible:04o}"
            self._bad(option, f"{mode:04o} is too open, or unreadable for its owner", todo, "bad_mode")
        return mode
