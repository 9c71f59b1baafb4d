# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a generation outside the store, and who may read the key inside it.

Each copy is written beside its place (0600 from its first byte), synced, and renamed over it. Copies that belong
together are first all written and then all renamed, private key first: between the first and the last rename, some
microseconds, a service that happens to start finds the new key beside the old certificate. Only a combined copy, and
the live link itself, have no such window.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import Content, CopyWish, Standing
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError

#: Larger files at the place of a copy are not compared, only replaced.
_MAX_READ = 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
#: One temporary name for each copy: what a killed run leaves, the next one removes.
_TEMPORARY = ".{}.inkan-new"
_ORDER = [Content.PRIVKEY, Content.COMBINED, Content.CERT, Content.FULLCHAIN, Content.CHAIN]


@dataclass(frozen=True)
class Copy:
    """A copy with its bytes."""

    wish: CopyWish
    content: bytes


def unknown_account(standing: Standing) -> str | None:
    """Why the owner or the group of ``standing`` cannot be used on this host, or None."""
    try:
        _owner(standing)
    except KeyError as exc:
        return str(exc.args[0])
    return None


def unusable_place(path: str) -> str | None:
    """Why no copy can be written at ``path``, or None."""
    try:
        if not stat.S_ISDIR(os.stat(os.path.dirname(path)).st_mode):
            return "its parent is no directory"
        facts = os.lstat(path)
    except FileNotFoundError:
        return None if os.path.isdir(os.path.dirname(path)) else "its directory does not exist"
    except OSError as exc:
        return exc.strerror or str(exc)
    return None if stat.S_ISREG(facts.st_mode) else "something else than a regular file is there (a link, perhaps)"


def misplaced(copies: t.Sequence[Copy]) -> list[Copy]:
    """The copies whose content, owner, group or mode on disk is not as wished, or that a killed run left unfinished."""
    return [copy for copy in copies if not _is_in_place(copy)]


def write_copies(copies: t.Sequence[Copy]) -> None:
    """Write those that are misplaced: all beside their places first, then all renamed."""
    with contextlib.ExitStack() as stack:
        staged = []
        for copy in sorted(misplaced(copies), key=lambda copy: _ORDER.index(copy.wish.content)):
            with _told(copy.wish.path):
                directory = os.open(os.path.dirname(copy.wish.path), _DIRECTORY)
                stack.callback(os.close, directory)
                staged.append((copy.wish.path, directory, _stage(directory, copy)))
        for path, directory, temporary in staged:
            with _told(path):
                os.rename(temporary, os.path.basename(path), src_dir_fd=directory, dst_dir_fd=directory)
        for path, directory, _temporary in staged:
            with _told(path):
                os.fsync(directory)


def _stage(directory: int, copy: Copy) -> str:
    temporary = _temporary(copy.wish.path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=directory)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=directory)
    try:
        with open(descriptor, "wb") as file:
            _stand(file.fileno(), copy.wish.standing)
            file.write(copy.content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    return temporary


def _temporary(path: str) -> str:
    return _TEMPORARY.format(os.path.basename(path))


def _is_in_place(copy: Copy) -> bool:
    path = copy.wish.path
    if os.path.lexists(os.path.join(os.path.dirname(path), _temporary(path))):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        if exc.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
            return False
        raise _unwritable(path, exc) from exc
    with open(descriptor, "rb") as file:
        return _stands(os.fstat(descriptor), copy.wish.standing) and file.read(_MAX_READ) == copy.content


# -- the key inside the store -----------------------------------------------------------------------------------------


def is_granted(directories: t.Sequence[str], key_path: str, standing: Standing) -> bool:
    """Whether ``standing`` holds for the key, and the directories above it can be passed."""
    with _told(key_path):
        passable = all(stat.S_IMODE(os.lstat(directory).st_mode) & 0o011 == 0o011 for directory in directories)
        return passable and _stands(os.lstat(key_path), standing)


def grant(directories: t.Sequence[str], key_path: str, standing: Standing) -> None:
    """Let ``standing`` hold for the key; the directories may be passed, not listed (0711): files guard themselves."""
    for directory in directories:
        with _told(directory), _opened(directory, _DIRECTORY) as descriptor:
            mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
            if mode | 0o011 != mode:
                os.fchmod(descriptor, mode | 0o011)
    with _told(key_path), _opened(key_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK) as descriptor:
        _stand(descriptor, standing)


@contextlib.contextmanager
def _opened(path: str, flags: int) -> t.Iterator[int]:
    descriptor = os.open(path, flags | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


# -- owner, group, mode -----------------------------------------------------------------------------------------------


def _owner(standing: Standing) -> tuple[int, int]:
    """uid and gid, -1 for "as it comes"; KeyError with a sentence for an unknown one."""
    return _id(standing.owner, _uid, "user"), _id(standing.group, _gid, "group")


def _uid(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _gid(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _id(name: str | None, look_up: t.Callable[[str], int], kind: str) -> int:
    if name is None:
        return -1
    try:
        return look_up(name)
    except KeyError:
        if name.isdigit():
            return int(name)
        raise KeyError(f"this host has no {kind} {name}") from None


def _stand(descriptor: int, standing: Standing) -> None:
    """Owner first: chown clears bits, and the mode may open the file to a group only once the group is right."""
    uid, gid = _owner(standing)
    if (uid, gid) != (-1, -1):
        os.fchown(descriptor, uid, gid)
    os.fchmod(descriptor, standing.mode)


def _stands(facts: os.stat_result, standing: Standing) -> bool:
    uid, gid = _owner(standing)
    return (
        stat.S_ISREG(facts.st_mode)
        and stat.S_IMODE(facts.st_mode) == standing.mode
        and uid in (-1, facts.st_uid)
        and gid in (-1, facts.st_gid)
    )


@contextlib.contextmanager
def _told(path: str) -> t.Iterator[None]:
    try:
        yield
    except KeyError as exc:
        raise _unwritable(path, OSError(errno.EINVAL, str(exc.args[0]))) from exc
    except OSError as exc:
        raise _unwritable(path, exc) from exc


def _unwritable(path: str, exc: OSError) -> LocalError:
    return LocalError(
        code="copy_not_written",
        what="Cannot write the deployed file",
        where=path,
        why=exc.strerror or str(exc),
        todo="Check its directory, its owner and the free space",
    )
