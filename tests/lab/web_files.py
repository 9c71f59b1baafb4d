# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a document root as a web server does that runs as another user: what everyone may read, and nothing outside.

Each step is taken from the folder before it, and no link is followed: whoever writes below a document root decides
nothing about the rest of the machine.
"""

from __future__ import annotations

import os
import stat
import typing as t
from pathlib import Path
from urllib.parse import unquote_to_bytes

MAX_FILE = 1_048_576
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Found(t.NamedTuple):
    status: int
    content: bytes = b""
    type: str = "text/plain; charset=utf-8"


def look_up(document_root: Path, path: str) -> Found:
    """The file of a path as a request writes it, or of a folder its index.html. There is no listing."""
    parts = [part for part in unquote_to_bytes(path).split(b"/") if part]
    if any(part in (b".", b"..") or b"\0" in part for part in parts):
        return Found(400)
    try:
        folder = os.open(document_root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return _walk(folder, parts)
        finally:
            os.close(folder)
    except PermissionError:
        return Found(403)
    except OSError:  # not there, a link, or a file where a folder should be
        return Found(404)


def _walk(folder: int, parts: list[bytes]) -> Found:
    for number, part in enumerate(parts):
        status = os.stat(part, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode):
            return _read(folder, part) if number == len(parts) - 1 else Found(404)
        if not status.st_mode & stat.S_IXOTH:
            return Found(403)
        inside = os.open(part, _FOLDER, dir_fd=folder)
        os.dup2(inside, folder, inheritable=False)
        os.close(inside)
    return _read(folder, b"index.html")


def _read(folder: int, name: bytes) -> Found:
    file = os.open(name, _FILE, dir_fd=folder)
    with os.fdopen(file, "rb") as stream:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            return Found(404)
        if not status.st_mode & stat.S_IROTH:
            return Found(403)
        content = stream.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        return Found(500)
    return Found(200, content, "text/html; charset=utf-8" if name.endswith(b".html") else Found(0).type)
