# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token files below a document root.

The root itself may be a link to a neighbour (``current -> releases/42``), never to a place outside the folder it stands
in. It is walked from that folder component by component, and so is everything below it: no link is followed on the way,
also none that is planted between look and effect.

Who writes holds a shared lock on the folder; who gets the exclusive one, before writing or after removing, knows that a
temporary file there was left by a killed run. The kernel drops the locks of the dead.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import MAX_CONTENT, FileToken, Found
from ansible_collections.inkan.tls.plugins.module_utils._io.files import SYSTEM, Directory, System

_PUBLIC = 0o755
#: Another process may remove a folder that it left empty between our opening and our writing.
_TRIES = 5


def open_root(path: str, system: System = SYSTEM) -> Directory:
    """The document root, or document_root_missing, document_root_no_directory, document_root_escapes."""
    if not os.path.lexists(path):
        raise _refused("missing", path, "it does not exist", "Create it, or correct validation.document_root")
    if not os.path.isdir(path):
        raise _refused("no_directory", path, "it is no directory", "Correct validation.document_root")
    parent = os.path.realpath(os.path.dirname(path.rstrip("/")) or "/")
    inside = os.path.relpath(os.path.realpath(path), parent)
    if inside.split("/", maxsplit=1)[0] == "..":
        why = f"it is a link to {os.path.realpath(path)}, outside {parent}"
        raise _refused("escapes", path, why, "Name the folder itself as document root")
    try:
        return _walk(Directory.open(parent, system=system), [part for part in inside.split("/") if part != "."])
    except LocalError as error:
        raise _as_escape(error, path) from error


def _walk(here: Directory, parts: t.Sequence[str]) -> Directory:
    for part in parts:
        with here:
            below = here.child(part)
        if below is None:
            raise _refused("missing", f"{here.path}/{part}", "it is gone", "Run again")
        here = below
    return here


def look(root: Directory, token: FileToken, uid: int, gid: int) -> Found:
    with _Folders(root, token, create=False) as folder:
        if folder is None:
            closed = _closed(root.path, "/".join((root.path, *token.folders)))
            return Found(closed=closed, left=_left(root, token))
        try:
            content = folder.read(token.file, MAX_CONTENT)
        except LocalError as error:
            if error.code == "file_too_large":
                return Found(too_large=True)
            raise _as_escape(error, folder.path) from error
        return Found(
            content,
            access_differs=_access_differs(folder.stat(token.file), token, uid, gid),
            closed=_closed(root.path, folder.path),
            left=content is None and _left(root, token),
        )


def _left(root: Directory, token: FileToken) -> bool:
    """Whether a killed run left something of ours where the token is not: ``take`` removes it."""
    first, second = token.folders
    above = root.child(first)
    if above is None:
        return False
    with above:
        below = above.child(second)
        if below is None:
            return not above.names() and _is_ours(root, first)
        with below:
            if below.has_leftovers():
                return _locked(below, fcntl.LOCK_EX)
            return not below.names() and _is_ours(above, second)


def put(root: Directory, token: FileToken, uid: int, gid: int) -> None:
    for left in reversed(range(_TRIES)):
        try:
            _put(root, token, uid, gid)
            break
        except LocalError as error:
            if error.code != "path_missing" or not left:
                raise


def _put(root: Directory, token: FileToken, uid: int, gid: int) -> None:
    with _Folders(root, token, create=True) as folder:
        if folder is not None and token.content is not None:
            _sweep(folder)
            _locked(folder, fcntl.LOCK_SH)
            folder.write(token.file, token.content, mode=token.mode, uid=uid, gid=gid)


def take(root: Directory, token: FileToken) -> None:
    """Remove the file, and the folders it was in where they are empty now and such as ``put`` makes them."""
    with _Folders(root, token, create=False) as folder:
        if folder is not None:
            folder.remove(token.file)
            _sweep(folder)
    first, second = token.folders
    above = root.child(first)
    if above is not None:
        with above:
            _remove_ours(above, second)
        _remove_ours(root, first)


def _sweep(folder: Directory) -> None:
    """What a killed run left half-written, unless somebody is writing just now."""
    if _locked(folder, fcntl.LOCK_EX):
        folder.sweep()


def _remove_ours(above: Directory, name: str) -> None:
    if _is_ours(above, name):
        above.remove_empty(name)


def _is_ours(above: Directory, name: str) -> bool:
    """Whether a folder is such as ``put`` makes them."""
    found = above.stat(name)
    return found is not None and stat.S_IMODE(found.st_mode) == _PUBLIC and found.st_uid == os.geteuid()


def _locked(folder: Directory, kind: int) -> bool:
    """Whether the lock was got; nobody waits for it. It ends when the folder is closed."""
    with contextlib.suppress(OSError):  # held by another one, or a file system without locks
        fcntl.flock(folder.fd, kind | fcntl.LOCK_NB)
        return True
    return False


class _Folders:
    """The folder of a token, opened step by step, or None."""

    def __init__(self, root: Directory, token: FileToken, *, create: bool) -> None:
        self._root, self._token, self._create = root, token, create
        self._folder: Directory | None = None

    def __enter__(self) -> Directory | None:
        first, second = self._token.folders
        try:
            above = self._open(self._root, first)
            if above is not None:
                with above:
                    self._folder = self._open(above, second)
        except LocalError as error:
            raise _as_escape(error, self._token.document_root) from error
        return self._folder

    def _open(self, above: Directory, name: str) -> Directory | None:
        return above.made_child(name, mode=_PUBLIC) if self._create else above.child(name)

    def __exit__(self, *_reason: object) -> None:
        if self._folder is not None:
            self._folder.close()


def _access_differs(found: os.stat_result | None, token: FileToken, uid: int, gid: int) -> bool:
    if found is None:
        return False
    other_owner = uid not in (-1, found.st_uid) or gid not in (-1, found.st_gid)
    return other_owner or stat.S_IMODE(found.st_mode) != token.mode


def _closed(root: str, folder: str) -> str:
    """The first folder from / to where the file lies that nobody but its owner may enter; "": none.

    A folder below the root that belongs to who owns the root is left out, unless that is root: it may be the very user
    that the web server runs as.
    """
    server = os.stat(root).st_uid
    path = ""
    for part in os.path.realpath(folder).split("/"):
        path += f"/{part}" if part else ""
        with contextlib.suppress(OSError):
            found = os.stat(path or "/")
            if not found.st_mode & 0o011 and not found.st_uid == server != 0:
                return path
    return ""


def _as_escape(error: LocalError, root: str) -> InkanError:
    """A link where a folder or file of ours should be is an escape, not just a file error."""
    if error.code != "path_is_link":
        return error
    return _refused("escapes", root, f"{error.where} is a link", "Make it a real folder or file")


def _refused(word: str, path: str, why: str, todo: str) -> LocalError:
    return LocalError(
        code=f"document_root_{word}",
        what="The document root cannot be used",
        where=path,
        why=why,
        todo=todo,
    )
