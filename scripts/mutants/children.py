# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fork for one mutant: whatever it does, this process goes on."""

from __future__ import annotations

import os
import resource
import select
import signal
import typing as t

GIGABYTE = 1 << 30
PATIENCE = 6  # times the processor's seconds: the machine may be busy with other things


class Ending:
    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"
    UNTESTED = "untested"
    UNASKED = "unasked"  # the run was broken off


def in_child(work: t.Callable[[], int | None], limit: int) -> tuple[str, int | None]:
    """How it ended, and what ``work`` returned: the number of the test that told the mutant, or None."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _become_child(work, limit, writing)
    os.close(writing)
    try:
        return _ending(child, reading, limit)
    finally:
        os.close(reading)


def _become_child(work: t.Callable[[], int | None], limit: int, writing: int) -> t.NoReturn:
    status = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_AS, (3 * GIGABYTE, 3 * GIGABYTE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        found = work()
        if found is None:
            status = 0
        else:
            os.write(writing, str(found).encode())
    finally:
        os._exit(status)  # an exception of the run itself, too, is a test run that does not pass


def _ending(child: int, reading: int, limit: int) -> tuple[str, int | None]:
    handle = os.pidfd_open(child)
    try:
        waiting = select.poll()  # select takes no number above 1023, and the tests leave many files open
        waiting.register(handle, select.POLLIN)
        in_time = bool(waiting.poll(1000 * limit * PATIENCE))
    finally:
        os.close(handle)
    for target in (lambda: os.killpg(child, signal.SIGKILL), lambda: os.kill(child, signal.SIGKILL)):
        try:
            target()  # it, or what it has left behind
        except ProcessLookupError:
            continue
    _pid, status = os.waitpid(child, 0)
    if not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)):
        return Ending.TIMEOUT, None
    if status == 0:
        return Ending.SURVIVED, None
    said = os.read(reading, 20)
    return Ending.KILLED, int(said) if said else None
