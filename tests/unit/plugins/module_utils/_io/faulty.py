# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that dies, or whose disk is full, at the n-th call that changes something."""

from __future__ import annotations

import errno
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._io.files import System


class Killed(BaseException):
    """SIGKILL: no handler may do anything afterwards."""


class DyingSystem(System):
    """Makes ``survives`` calls, then every further call raises Killed. ``log`` holds the names of the calls made.

    half_writes: the write that kills puts half of its content on the disk first.
    """

    def __init__(self, survives: int = 10**9, *, half_writes: bool = False) -> None:
        self.survives = survives
        self.half_writes = half_writes
        self.log: list[str] = []

    def _count(self, call: str) -> None:
        if len(self.log) >= self.survives:
            self.fail(call)
        self.log.append(call)

    def fail(self, call: str) -> None:
        raise Killed(call)

    def open(self, name: str, flags: int, mode: int, dir_fd: int) -> int:
        self._count("open")
        return super().open(name, flags, mode, dir_fd)

    def write(self, fd: int, content: bytes | memoryview) -> int:
        if self.half_writes and len(self.log) == self.survives:
            super().write(fd, content[: len(content) // 2])
        self._count("write")
        return super().write(fd, content)

    def fsync(self, fd: int) -> None:
        self._count("fsync")  # not really: a test has no power cut, and the disk is slow

    def fchmod(self, fd: int, mode: int) -> None:
        self._count("fchmod")
        super().fchmod(fd, mode)

    def fchown(self, fd: int, uid: int, gid: int) -> None:
        self._count("fchown")
        super().fchown(fd, uid, gid)

    def mkdir(self, name: str, mode: int, dir_fd: int) -> None:
        self._count("mkdir")
        super().mkdir(name, mode, dir_fd)

    def symlink(self, target: str, name: str, dir_fd: int) -> None:
        self._count("symlink")
        super().symlink(target, name, dir_fd)

    def rename(self, old: str, new: str, dir_fd: int) -> None:
        self._count("rename")
        super().rename(old, new, dir_fd)

    def unlink(self, name: str, dir_fd: int) -> None:
        self._count("unlink")
        super().unlink(name, dir_fd)

    def rmdir(self, name: str, dir_fd: int) -> None:
        self._count("rmdir")
        super().rmdir(name, dir_fd)


class FullDisk(DyingSystem):
    """From the n-th call on nothing new fits; removing still works, as on a real full disk."""

    def fail(self, call: str) -> None:
        if call in ("open", "write", "fsync", "mkdir", "symlink"):
            raise OSError(errno.ENOSPC, "No space left on device")


class HeldClock:
    """Time passes only by sleeping."""

    def __init__(self, now: t.Any) -> None:
        self._now = now
        self.slept = 0.0

    def now(self) -> t.Any:
        return self._now

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
