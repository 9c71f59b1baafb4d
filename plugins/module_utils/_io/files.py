# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, reached from an open directory and never through a link; written whole and durable, or not at all.

    with Directory.open("/var/www/html") as root:
        with root.child(".well-known", create=True, mode=0o755) as folder:
            folder.write("token.txt", b"…", mode=0o644)

* A name is one path component: it can hold no ``/`` and no ``..``. Each component is opened relative to the directory
  before it with O_NOFOLLOW, so nobody who may write below can lead us elsewhere by planting a link in time.
* ``write`` fills a temporary file of mode 0600 beside the target, gives it owner and mode, syncs it, renames it over
  the target and syncs the directory. A kill or a full disk at any call leaves the old file or the new one, and at
  worst a temporary file that ``sweep`` removes.
* Reading is bounded, and of regular files only: a FIFO in the way would hang a run.

Every OSError leaves as a LocalError: path_missing, path_is_link, path_no_directory, path_no_file, permission_denied,
disk_full, read_only_file_system, file_too_large, unsafe_path, file_error.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import pwd
import secrets
import stat
import types
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock

TEMPORARY_PREFIX = ".inkan-tmp-"
_SWEEP_DEPTH = 4  # a half-made generation is one level deep; anything deeper is not ours
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK_PAUSE = 0.05

_TODO = {
    "path_missing": "Create it, or correct the path",
    "path_is_link": "Give the real path: a link could be turned elsewhere while we work",
    "path_no_directory": "Give the path of a directory",
    "path_no_file": "Remove what is in the way: only a regular file is read",
    "permission_denied": "Run the task as a user who may, usually with become",
    "disk_full": "Make room on that file system and run again",
    "read_only_file_system": "Mount it for writing, or give another path",
    "file_error": "Look at the file system of that host and run again",
}
_CODES = {
    errno.ENOENT: "path_missing",
    errno.ELOOP: "path_is_link",
    errno.ENOTDIR: "path_no_directory",
    errno.EISDIR: "path_no_file",
    errno.ENXIO: "path_no_file",
    errno.EACCES: "permission_denied",
    errno.EPERM: "permission_denied",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only_file_system",
}


class System:
    """The calls that change something. Tests put one in its place that dies, or runs out of disk, at the n-th call."""

    def open(self, name: str, flags: int, mode: int, dir_fd: int) -> int:
        return os.open(name, flags, mode, dir_fd=dir_fd)

    def write(self, fd: int, content: bytes | memoryview) -> int:
        return os.write(fd, content)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def fchmod(self, fd: int, mode: int) -> None:
        os.fchmod(fd, mode)

    def fchown(self, fd: int, uid: int, gid: int) -> None:
        os.fchown(fd, uid, gid)

    def mkdir(self, name: str, mode: int, dir_fd: int) -> None:
        os.mkdir(name, mode, dir_fd=dir_fd)

    def symlink(self, target: str, name: str, dir_fd: int) -> None:
        os.symlink(target, name, dir_fd=dir_fd)

    def rename(self, old: str, new: str, dir_fd: int) -> None:
        os.rename(old, new, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)

    def unlink(self, name: str, dir_fd: int) -> None:
        os.unlink(name, dir_fd=dir_fd)

    def rmdir(self, name: str, dir_fd: int) -> None:
        os.rmdir(name, dir_fd=dir_fd)


SYSTEM = System()


def local_error(exc: OSError, what: str, where: str) -> LocalError:
    """The error of our own machine, as one sentence with a code."""
    code = _CODES.get(exc.errno or 0, "file_error")
    why = os.strerror(exc.errno) if exc.errno else type(exc).__name__
    return LocalError(
        code=code, what=what, where=where, why=why, todo=_TODO[code], retryable=code in ("disk_full", "file_error")
    )


@contextlib.contextmanager
def telling(what: str, where: str) -> t.Iterator[None]:
    """OSError inside becomes LocalError."""
    try:
        yield
    except OSError as exc:
        raise local_error(exc, what, where) from exc


class Directory:
    """An open directory. ``path`` is for messages only: everything goes through the file descriptor."""

    def __init__(self, fd: int, path: str, system: System = SYSTEM) -> None:
        self.fd = fd
        self.path = path
        self._system = system

    # -- opening ---------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, path: str, *, system: System = SYSTEM) -> Directory:
        """Open a path that the user named. Its last component may be no link; those above are the user's word."""
        with telling("Cannot open the directory", path):
            if stat.S_ISLNK(os.lstat(path).st_mode):
                raise OSError(errno.ELOOP, "link")  # open() says ENOTDIR of a link, which helps nobody
            return cls(os.open(path, _OPEN_DIRECTORY), path, system)

    @classmethod
    def make(cls, path: str, *, mode: int = 0o700, system: System = SYSTEM) -> Directory:
        """As ``open``; what is missing of the path is made first: parents 0755, the last component ``mode``."""
        path = os.path.abspath(path)
        if os.path.lexists(path):
            return cls.open(path, system=system)
        parent, name = os.path.split(path)
        with cls.make(parent, mode=0o755, system=system) as above:
            return above.made_child(name, mode=mode)

    def child(self, name: str) -> Directory | None:
        """The directory ``name`` in this one, or None. A link or a file in its place is an error."""
        path = self._path(name)
        try:
            return Directory(os.open(name, _OPEN_DIRECTORY, dir_fd=self.fd), path, self._system)
        except FileNotFoundError:
            return None
        except OSError as exc:
            if exc.errno == errno.ENOTDIR and self.link_target(name) is not None:
                exc = OSError(errno.ELOOP, "link")
            raise local_error(exc, "Cannot open the directory", path) from exc

    def made_child(
        self, name: str, *, mode: int = 0o700, uid: int = -1, gid: int = -1, durable: bool = True
    ) -> Directory:
        """``child``, made durably if it is not there. An existing one keeps its owner and mode.

        durable=False: its name will be changed and synced by ``rename``.
        """
        found = self.child(name)
        if found is not None:
            return found
        path = self._path(name)
        with telling("Cannot make the directory", path):
            with contextlib.suppress(FileExistsError):  # another process was quicker
                self._system.mkdir(name, mode, self.fd)
            made = self.child(name)
            if made is None:
                raise OSError(errno.ENOENT, "gone again")
            try:
                self._dress(made.fd, mode, uid, gid)
                if durable:
                    self._system.fsync(self.fd)
            except BaseException:
                made.close()
                raise
        return made

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Directory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()

    def is_same(self, other: Directory) -> bool:
        """Whether both are one directory, however they were named."""
        return os.path.samestat(os.fstat(self.fd), os.fstat(other.fd))

    # -- looking ---------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """What is in it, sorted; temporary leftovers are not counted."""
        with telling("Cannot list the directory", self.path):
            return sorted(name for name in os.listdir(self.fd) if not name.startswith(TEMPORARY_PREFIX))

    def has_leftovers(self) -> bool:
        """Whether ``sweep`` would remove anything."""
        with telling("Cannot list the directory", self.path):
            return any(name.startswith(TEMPORARY_PREFIX) for name in os.listdir(self.fd))

    def stat(self, name: str) -> os.stat_result | None:
        """lstat, or None."""
        path = self._path(name)
        with telling("Cannot look at the file", path):
            try:
                return os.stat(name, dir_fd=self.fd, follow_symlinks=False)
            except FileNotFoundError:
                return None

    def link_target(self, name: str) -> str | None:
        """Where the link ``name`` leads, as written; None if there is none or it is no link."""
        self._path(name)
        try:
            return os.readlink(name, dir_fd=self.fd)
        except OSError:
            return None

    def read(self, name: str, limit: int) -> bytes | None:
        """The content of a regular file of at most ``limit`` bytes, or None if there is none."""
        path = self._path(name)
        with telling("Cannot read the file", path):
            try:
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.fd)
            except FileNotFoundError:
                return None
            try:
                return _read_all(fd, path, limit)
            finally:
                os.close(fd)

    # -- changing --------------------------------------------------------------------------------------------------

    def write(
        self, name: str, content: bytes, *, mode: int = 0o600, uid: int = -1, gid: int = -1, durable: bool = True
    ) -> None:
        """Put ``content`` in the place of ``name``, whole and durable or not at all.

        durable=False: whole, but after a power cut it may be that there still is what was: until ``sync``.
        """
        path = self._path(name)
        temporary = temporary_name()
        with telling("Cannot write the file", path):
            try:
                self._fill(temporary, content, mode, uid, gid)
                self._system.rename(temporary, name, self.fd)
                if durable:
                    self._system.fsync(self.fd)
            except BaseException:
                self._forget(temporary)
                raise

    def create(self, name: str, content: bytes, *, mode: int = 0o600, uid: int = -1, gid: int = -1) -> None:
        """A new file, its content synced, its name not: for what is renamed afterwards, alone or with its directory."""
        path = self._path(name)
        with telling("Cannot write the file", path):
            self._fill(name, content, mode, uid, gid)

    def link(self, name: str, target: str) -> None:
        """Let the link ``name`` lead to ``target`` from one instant to the next, and durably."""
        path = self._path(name)
        temporary = temporary_name()
        with telling("Cannot switch the link", path):
            try:
                self._system.symlink(target, temporary, self.fd)
                self._system.rename(temporary, name, self.fd)
                self._system.fsync(self.fd)
            except BaseException:
                self._forget(temporary)
                raise

    def rename(self, old: str, new: str) -> None:
        """Rename durably. A file or an empty directory at ``new`` is replaced: look first."""
        self._path(old)
        with telling("Cannot rename", self._path(new)):
            self._system.rename(old, new, self.fd)
            self._system.fsync(self.fd)

    def remove(self, name: str) -> bool:
        """Remove a file or link durably; False if there was none."""
        with telling("Cannot remove the file", self._path(name)):
            try:
                self._system.unlink(name, self.fd)
            except FileNotFoundError:
                return False
            self._system.fsync(self.fd)
            return True

    def remove_empty(self, name: str) -> bool:
        """Remove a directory if it is there and empty; whether it was."""
        with telling("Cannot remove the directory", self._path(name)):
            try:
                self._system.rmdir(name, self.fd)
            except OSError as exc:
                if exc.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                    return False
                raise
            self._system.fsync(self.fd)
            return True

    def remove_tree(self, name: str) -> None:
        """Remove a directory of files at once to the eye (it is renamed first), then really."""
        if self.stat(name) is None:
            return
        gone = temporary_name()
        self.rename(name, gone)
        with telling("Cannot remove the directory", self._path(name)):
            self._clear(gone, _SWEEP_DEPTH)
            self._system.fsync(self.fd)

    def sweep(self) -> None:
        """Remove temporary files, links and directories that a killed run left here. Hold the lock of the place."""
        with telling("Cannot remove the leftovers of a killed run", self.path):
            for name in os.listdir(self.fd):
                if name.startswith(TEMPORARY_PREFIX):
                    self._clear(name, _SWEEP_DEPTH)

    def set_access(self, name: str, *, mode: int, uid: int = -1, gid: int = -1) -> bool:
        """Give a file or directory its mode, and its owner and group unless -1; whether anything differed."""
        path = self._path(name)
        with telling("Cannot set owner and mode", path):
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.fd)
            try:
                return self._dress(fd, mode, uid, gid)
            finally:
                os.close(fd)

    def set_own_access(self, *, mode: int) -> bool:
        """The same for this directory itself."""
        with telling("Cannot set the mode", self.path):
            return self._dress(self.fd, mode, -1, -1)

    def sync(self) -> None:
        """Make the names in this directory durable."""
        with telling("Cannot sync the directory", self.path):
            self._system.fsync(self.fd)

    def lock(self, name: str, *, wait: float, clock: Clock) -> int | None:
        """An exclusive lock by the file ``name``: a descriptor to close, or None after ``wait`` seconds.

        The kernel drops it when the process dies, however it dies.
        """
        with telling("Cannot lock", self._path(name)):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = self._system.open(name, flags, 0o600, self.fd)
            try:
                held = _flock_within(fd, wait, clock)
            except BaseException:
                os.close(fd)
                raise
            if not held:
                os.close(fd)
                return None
            return fd

    def hold(self, *, wait: float, clock: Clock) -> bool:
        """An exclusive lock on this directory itself until it is closed: for places where no lock file may lie."""
        with telling("Cannot lock", self.path):
            return _flock_within(self.fd, wait, clock)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        if not name or name in (".", "..") or "/" in name or "\0" in name:
            raise LocalError(
                code="unsafe_path",
                what="Refusing a file name",
                where=self.path,
                why=f"{name!r} is not one plain path component",
                todo="Give a name without slashes",
            )
        return f"{self.path.rstrip('/')}/{name}"

    def _fill(self, name: str, content: bytes, mode: int, uid: int, gid: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = self._system.open(name, flags, 0o600, self.fd)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[self._system.write(fd, rest) :]
            self._dress(fd, mode, uid, gid)
            self._system.fsync(fd)
        finally:
            os.close(fd)

    def _dress(self, fd: int, mode: int, uid: int, gid: int) -> bool:
        now = os.fstat(fd)
        other_owner = (uid not in (-1, now.st_uid)) or (gid not in (-1, now.st_gid))
        other_mode = stat.S_IMODE(now.st_mode) != mode
        if other_owner:  # before the mode: chown clears set-id bits
            self._system.fchown(fd, uid, gid)
        if other_mode:
            self._system.fchmod(fd, mode)
        return other_owner or other_mode

    def _clear(self, name: str, depth: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            try:
                self._system.unlink(name, self.fd)
            except OSError as exc:
                # Linux says EISDIR of a directory, POSIX EPERM
                if exc.errno not in (errno.EISDIR, errno.EPERM) or depth == 0:
                    raise
                with Directory(os.open(name, _OPEN_DIRECTORY, dir_fd=self.fd), name, self._system) as below:
                    for inner in os.listdir(below.fd):
                        below._clear(inner, depth - 1)
                self._system.rmdir(name, self.fd)

    def _forget(self, temporary: str) -> None:
        with contextlib.suppress(OSError):
            self._system.unlink(temporary, self.fd)


def temporary_name() -> str:
    return TEMPORARY_PREFIX + secrets.token_hex(8)


def _flock_within(fd: int, wait: float, clock: Clock) -> bool:
    until = clock.monotonic() + wait
    while not _flocked(fd):
        if clock.monotonic() >= until:
            return False
        clock.sleep(_LOCK_PAUSE)
    return True


def _flocked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _read_all(fd: int, path: str, limit: int) -> bytes:
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EISDIR, "no regular file")
    content = b""
    while len(content) <= limit:
        part = os.read(fd, limit + 1 - len(content))
        if not part:
            return content
        content += part
    raise LocalError(
        code="file_too_large",
        what="Cannot read the file",
        where=path,
        why=f"it has {found.st_size} bytes, {limit} are possible",
        todo="Look what put it there",
    )


def owner_ids(owner: str | None, group: str | None, *, where: str = "") -> tuple[int, int]:
    """uid and gid of names or numbers; -1 for None. InputError ``unknown_owner`` or ``unknown_group``."""
    return _lookup(owner, where, "owner"), _lookup(group, where, "group")


def _lookup(name: str | None, where: str, kind: str) -> int:
    if name is None:
        return -1
    if name.isascii() and name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid if kind == "owner" else grp.getgrnam(name).gr_gid
    except KeyError:
        raise InputError(
            code=f"unknown_{kind}",
            what=f"Cannot set the {kind}",
            where=where,
            why=f"this host knows no {'user' if kind == 'owner' else 'group'} {name!r}",
            todo="Create it, or correct the name",
        ) from None
