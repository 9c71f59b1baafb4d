# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs: whatever is not a GET is done later, one after the other in each zone, and asked for by its request_id."""

from __future__ import annotations

import secrets
import threading
import time
import typing as t
from dataclasses import dataclass

from lab.vices import Switches

from .wrongs import Document, Wrong

RUNNING, SUCCESSFUL, FAILED = "RUNNING", "SUCCESSFUL", "FAILED"
SLOW_SECONDS = 2.0
STRANGE = "RETICULATING"


@dataclass
class Job:
    id: str
    zone: str
    #: does it; gives the path of what came of it
    act: t.Callable[[], str]
    #: in real seconds
    due: float
    status: str = RUNNING
    path: str = ""
    error: tuple[str, str] = ("", "")
    looks: int = 0


class Jobs:
    def __init__(self, lock: threading.RLock, switches: Switches) -> None:
        self._lock, self._switches = lock, switches
        self._jobs: dict[str, Job] = {}

    def add(self, zone: str, act: t.Callable[[], str]) -> Job:
        slow = SLOW_SECONDS if self._switches.is_on("dpf_job_slow") else 0
        job = Job(new_request_id(), zone, act, time.monotonic() + slow)
        with self._lock:
            self._jobs[job.id] = job
        return job

    def work(self) -> None:
        """All that is due is done when this returns; a zone's job waits for the one before it."""
        with self._lock:
            held: set[str] = set()
            for job in [job for job in self._jobs.values() if job.status == RUNNING]:
                if job.due > time.monotonic() or job.zone in held or self._switches.is_on("dpf_job_never_ends"):
                    held.add(job.zone)
                else:
                    self._do(job)

    def _do(self, job: Job) -> None:
        if self._switches.strikes("dpf_job_fails_first", job.zone):
            job.status, job.error = FAILED, ("SystemError", "System error occurred.")
            return
        try:
            job.path = job.act()
            job.status = SUCCESSFUL
        except Wrong as wrong:
            job.status, job.error = FAILED, ("Bad Request", f"There are invalid parameters ({wrong})")

    def shown(self, id: str, base: str) -> Document:
        with self._lock:
            job = self._jobs.get(id)
            if job is None or self._switches.strikes("dpf_job_missing_first", id):
                raise Wrong(("not_found", "request_id"))
            job.looks += 1
            found: Document = {"request_id": job.id, "status": job.status}
            if job.looks == 1 and self._switches.is_on("dpf_job_running_first"):
                return {**found, "status": RUNNING}
            if self._switches.strikes("dpf_job_strange_status", id):
                return {**found, "status": STRANGE}
            if job.status == SUCCESSFUL:
                found["resources_url"] = base + job.path
            elif job.status == FAILED:
                found["error_type"], found["error_message"] = job.error
            return found


def new_request_id() -> str:
    return secrets.token_hex(16)
