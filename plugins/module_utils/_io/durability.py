# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Will a file that is written here still be there for the next run?

Not in the memory of a tmpfs, and not inside the container of an AWX or ansible-runner job, which is deleted at its end
(facts/awx-and-mail.md 1.1): an order that was paid for would be forgotten.

This file is private to the collection.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import PolicyError

_IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
#: What AWX and ansible-runner set for a job. Other runners (GitHub's, say) also use RUNNER_…, so those are spelled out.
_JOB_VARIABLES = re.compile(r"AWX_[A-Z_]+|RUNNER_(OMIT_EVENTS|ONLY_FAILED_EVENTS|ARTIFACT_DIR|IDENT)|JOB_ID")
_RUNNER_FOLDER = "/runner"


def require_durable(path: str) -> None:
    """Refuses a ledger at ``path`` that the next run would not find."""
    why = why_not_durable(path, environ=os.environ, mounts=read_mounts())
    if why:
        raise PolicyError(
            code="ledger_not_durable",
            what="Will not order",
            where=f"ledger {path}",
            why=f"{why}: orders, some of them paid for, would be forgotten",
            todo="Set inkan_ledger_host to a host that lasts, or inkan_ledger_durable: true if this place does last",
        )


def why_not_durable(
    path: str,
    *,
    environ: t.Mapping[str, str],
    mounts: str,
    is_folder: t.Callable[[str], bool] = os.path.isdir,
) -> str | None:
    """Why what is written to ``path`` will be lost, or None. mounts: the text of /proc/mounts ("" if there is none)."""
    kind = file_system_of(os.path.realpath(path), mounts)
    if kind in _IN_MEMORY:
        return f"it lies on a {kind}, which is memory and ends with the machine"
    variable = next((name for name in sorted(environ) if _JOB_VARIABLES.fullmatch(name)), None)
    if variable is not None:
        return f"this is the container of an AWX or ansible-runner job ({variable} is set), which is deleted at its end"
    if is_folder(_RUNNER_FOLDER):
        return "this is the container of an ansible-runner job (/runner is there), which is deleted at its end"
    return None


def file_system_of(path: str, mounts: str) -> str | None:
    """The type of the file system with the longest mount point above ``path``; of two at one place the later one."""
    best, found = -1, None
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _unescaped(fields[1])
        inside = path == point or path.startswith(point if point.endswith("/") else point + "/")
        if inside and len(point) >= best:
            best, found = len(point), fields[2]
    return found


def _unescaped(point: str) -> str:
    r"""proc(5) mounts writes a blank as ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), point)


def read_mounts() -> str:
    try:
        with open("/proc/mounts", encoding="utf-8", errors="surrogateescape") as file:
            return file.read(1 << 20)
    except OSError:
        return ""
