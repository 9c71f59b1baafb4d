# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a lease, and whether that process still lives.

A process id alone says little: ids are used again, a reboot starts them anew, and a container counts its own. So a
process is named by machine, boot, process-id namespace, id and start time; only where all of these can be compared
may anyone say that it is gone.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t


class Process(t.NamedTuple):
    """machine: machine id and host name; boot: the kernel's boot id; namespace: of process ids; started: clock ticks
    since boot. Each is empty where the system does not tell."""

    machine: str
    boot: str
    namespace: str
    pid: int
    started: str


def this_process() -> Process:
    pid = os.getpid()
    machine = f"{_read('/etc/machine-id')} {os.uname().nodename}"
    return Process(machine, _read("/proc/sys/kernel/random/boot_id"), _namespace(), pid, _started(pid))


def is_gone(process: Process, *, here: Process) -> bool:
    """True only if ``process`` surely does not run any more; when in doubt its lease has to expire."""
    if process.machine != here.machine or not process.boot or not here.boot:
        return False
    if process.boot != here.boot:
        return True
    if process.namespace != here.namespace:
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is there, and belongs to somebody else
        pass
    return bool(process.started) and _started(process.pid) not in ("", process.started)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(200).strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Field 22 of proc(5) stat; the command in field 2 may hold spaces and brackets, so count from its last bracket.

    A zombie is gone: it holds no lock and will never write again.
    """
    fields = _read_stat(pid).rpartition(")")[2].split()
    if len(fields) < 20:
        return ""
    return "zombie" if fields[0] in ("Z", "X") else fields[19]


def _read_stat(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""
