# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A budget of requests that all threads and processes of one machine share: one small file, locked while it is read.

    line 1   the boot that the instants belong to: seconds of ``monotonic`` start anew with each
    line 2   nobody sends before this instant: the other side asked for patience
    others   an instant each, at which a request was sent or will be

An instant is promised under the lock and waited for without it, so that a killed process wastes its own request at
most. The file is not synced: after a power cut the boot is another one.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.budget import Limit, earliest, kept
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory, telling
from ansible_collections.inkan.tls.plugins.module_utils._io.lock import this_process

__all__ = ["LONGEST_HOLD", "SharedBudget"]

#: Seconds. A Retry-After of a month is a mistake more often than a wish, and nobody would know how to end it.
LONGEST_HOLD = 3600.0

#: Whoever has the lock writes some kilobytes; one that was stopped by a signal must not stop the others for ever.
_LONGEST_LOCK = 10.0
_LARGEST = 1024 * 1024


class _Book(t.NamedTuple):
    held_until: float
    taken: list[float]


class SharedBudget:
    """folder: made (0700) if it is not there; name: of the file in it (0600).

    longest_hold: a pause that the other side asks for is kept for so many seconds at most; then it is asked again, and
    says so once more if it still means it. Whoever knows better lifts a pause by removing the file (``where``).
    """

    def __init__(
        self,
        folder: str,
        name: str,
        limits: t.Sequence[Limit],
        clock: Clock,
        *,
        longest_hold: float = LONGEST_HOLD,
        boot: str | None = None,
    ) -> None:
        self._folder = folder
        self._name = name
        self._limits = tuple(limits)
        self._clock = clock
        self._longest_hold = longest_hold
        self._boot = this_process().boot if boot is None else boot

    @property
    def where(self) -> str:
        return f"{self._folder}/{self._name}"

    def take(self, left: float) -> float:
        """Seconds to wait before one request may be sent. More than ``left``: nothing was promised."""

        def change(book: _Book, now: float) -> tuple[_Book, float]:
            at = max(earliest(book.taken, self._limits, now), book.held_until)
            if at - now > left:
                return book, at - now
            return _Book(book.held_until, [*book.taken, at]), at - now

        return self._change(change)

    def hold(self, seconds: float) -> None:
        """The other side wants no request before that."""

        def change(book: _Book, now: float) -> tuple[_Book, float]:
            return _Book(max(book.held_until, now + min(seconds, self._longest_hold)), book.taken), 0.0

        self._change(change)

    def _change(self, change: t.Callable[[_Book, float], tuple[_Book, float]]) -> float:
        where = self.where
        with Directory.make(self._folder) as folder:
            fd = folder.lock(self._name, wait=_LONGEST_LOCK, clock=self._clock)
            if fd is None:
                raise _stuck(where)
            try:
                with telling("Cannot count the requests", where):
                    now = self._clock.monotonic()
                    before = self._read(fd, now)
                    after, answer = change(before, now)
                    if after != before:
                        self._write(fd, after)
                    return answer
            finally:
                os.close(fd)

    def _read(self, fd: int, now: float) -> _Book:
        """What cannot be read counts as nothing: the other side counts, too."""
        lines = os.pread(fd, _LARGEST, 0).decode("ascii", "replace").splitlines()
        nothing = _Book(0.0, [])
        if len(lines) < 2 or lines[0] != self._boot:
            return nothing
        try:
            held, *taken = (float(line) for line in lines[1:])
        except ValueError:
            return nothing
        return _Book(min(held, now + self._longest_hold), kept(sorted(taken), self._limits, now))

    def _write(self, fd: int, book: _Book) -> None:
        lines = [self._boot, repr(book.held_until), *map(repr, book.taken)]
        content = ("\n".join(lines) + "\n").encode("ascii")
        os.pwrite(fd, content, 0)  # whoever is killed before the next line leaves too many instants, not none
        os.ftruncate(fd, len(content))


def _stuck(where: str) -> LocalError:
    return LocalError(
        code="budget_locked",
        what="Cannot count the requests",
        where=where,
        why=f"another process has held its lock for {_LONGEST_LOCK:g} seconds",
        todo="Look for a stopped process that has that file open",
        retryable=True,
    )
