# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Maildir on this machine: ``new`` and ``cur`` are read, nothing is moved from one to the other.

    settings: {path: /var/mail/certs}

The time of a letter is that of its file. Its id is the unique part of its name: a reader that moves it to ``cur`` and
adds flags does not make another letter of it.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t
from datetime import datetime, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import (
    MAX_LETTER,
    MAX_LETTERS,
    Letter,
    MailboxConfig,
)

_FOLDERS = ("cur", "new")


def settings_errors(config: MailboxConfig) -> list[str]:
    path = config.settings.get("path")
    errors = [f"settings.{key} is unknown; there is path" for key in sorted(set(config.settings) - {"path"})]
    if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
        errors.append("settings.path must be an absolute path")
    return errors + [f"secrets.{key} is unknown; a Maildir needs none" for key in sorted(config.secrets)]


class Maildir:
    def __init__(self, config: MailboxConfig) -> None:
        self._path: str = config.settings["path"]
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Maildir:
        self._root = self._stack.enter_context(Directory.open(self._path))
        return self

    def __exit__(self, *_reason: object) -> None:
        self._stack.close()

    def letters(self, *, since: datetime, known: t.Collection[str] = ()) -> t.Iterator[Letter]:
        """A letter that somebody takes away while we look is no letter of ours."""
        found: list[tuple[float, str, str, int]] = []
        for folder in _FOLDERS:
            found += self._listed(folder, since.timestamp())
        for when, folder, name, size in sorted(found)[-MAX_LETTERS:]:
            if name.partition(":")[0] in known:
                continue
            raw = self._read(folder, name)
            if raw is not None:
                received = datetime.fromtimestamp(when, timezone.utc)
                yield Letter(name.partition(":")[0], raw, received, size > MAX_LETTER)

    def _listed(self, folder: str, since: float) -> t.Iterator[tuple[float, str, str, int]]:
        below = self._root.child(folder)
        if below is None:
            raise LocalError(
                code="maildir_missing",
                what="This is no Maildir",
                where=self._path,
                why=f"it has no folder {folder}",
                todo="Correct settings.path of the mailbox",
            )
        with below:
            for name in os.listdir(below.fd):
                status = None if name.startswith(".") else below.stat(name)
                if status is not None and stat.S_ISREG(status.st_mode) and status.st_mtime >= since:
                    yield status.st_mtime, folder, name, status.st_size

    def _read(self, folder: str, name: str) -> bytes | None:
        below = self._root.child(folder)
        if below is None:
            return None
        with below:
            try:
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=below.fd)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise LocalError(
                    code="maildir_unreadable",
                    what="Cannot read a letter",
                    where=f"{self._path}/{folder}/{name}",
                    why=error.strerror or str(error),
                    todo="Let the user of the ledger host read the Maildir",
                ) from error
            with os.fdopen(fd, "rb") as file:
                return file.read(MAX_LETTER)
