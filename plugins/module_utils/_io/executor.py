# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on many things at once, with a bound. One worker means no threads, so that tests are deterministic.

The work must not raise for what it expects (it returns the failure as a value); what it does raise is a bug and comes
out of ``map``. Threads end before ``map`` returns, so nothing outlives a call.

This file is private to the collection.
"""

from __future__ import annotations

import concurrent.futures
import typing as t

#: Of work on files: what waits for the disk together is taken in one go, and more of them fight for the interpreter's
#: lock (of three and eight, eight took 1.4 times as long where syncing is quick).
FILE_WORKERS = 3
#: Of work that leaves that lock for long, as making RSA keys; a host has other things to do as well.
PROCESSOR_WORKERS = 8

A = t.TypeVar("A")
B = t.TypeVar("B")


class Executor(t.Protocol):
    def map(self, work: t.Callable[[A], B], items: t.Sequence[A]) -> list[B]:
        """The results in the order of the items."""


class SerialExecutor:
    """One after the other, in the caller's thread."""

    def map(self, work: t.Callable[[A], B], items: t.Sequence[A]) -> list[B]:
        return [work(item) for item in items]


class ThreadedExecutor:
    """At most ``workers`` at once. What ``work`` uses must be its own or safe to share."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def map(self, work: t.Callable[[A], B], items: t.Sequence[A]) -> list[B]:
        if len(items) < 2:
            return [work(item) for item in items]
        with concurrent.futures.ThreadPoolExecutor(min(self._workers, len(items))) as pool:
            return list(pool.map(work, items))


def executor_for(workers: int) -> Executor:
    return ThreadedExecutor(workers) if workers > 1 else SerialExecutor()
