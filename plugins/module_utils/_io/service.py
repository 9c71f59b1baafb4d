# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling a service to take its new certificate, and running the user's own check. No shell, ever.

    {name}              systemd: try-reload-or-restart (a stopped service stays stopped: it will read the new files
                        when somebody starts it), else service(8): reload
    {argv}              a command, as a list
    {pid_file, signal}  a signal to the process of a pid file

Each of them is over in a bounded time, and the last lines that a command wrote are kept as the reason of a failure.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.deploy import ByName, BySignal, Reload
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import DeadlineError, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

#: A reload that starts new workers and drains none takes well under a second; systemd's own bound is 90 s.
TIMEOUT = 90.0
_KEPT_OUTPUT = 2000  # characters of a command's last output
_READ_OUTPUT = 65_536  # bytes of it that are looked at: a private key in it has to be seen whole to be left out
_MAX_PID_FILE = 64
#: A private key, also one without its end or without its beginning.
_ARMOUR = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)"
    r"|\A(?:(?!-----BEGIN ).)*-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----",
    re.DOTALL,
)


class Service:
    """The port: reload a service, run a check. Tests script it."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout

    def reload(self, how: Reload, *, start: bool = False) -> None:
        """Make the service read its files again, or raise LocalError ``reload_failed``.

        start: start a service that is down (it answered before, so our own reload stopped it)
        """
        if isinstance(how, BySignal):
            _send(how)
        elif isinstance(how, ByName):
            run_command(_service_command(how.name, start), self._timeout, "reload_failed", "Cannot reload the service")
        else:
            run_command(how.argv, self._timeout, "reload_failed", "Cannot reload the service")

    def check(self, argv: t.Sequence[str]) -> None:
        """Run the user's post-check, or raise LocalError ``post_check_failed``."""
        run_command(argv, self._timeout, "post_check_failed", "The post-check of the deployment says no")


def _service_command(name: str, start: bool) -> tuple[str, ...]:
    if os.path.isdir("/run/systemd/system"):  # sd_booted(3)
        return ("systemctl", "reload-or-restart" if start else "try-reload-or-restart", "--", name)
    if shutil.which("service"):
        return ("service", name, "restart" if start else "reload")
    raise LocalError(
        code="reload_failed",
        what="Cannot reload the service",
        where=f"service {name}",
        why="this host runs no systemd and has no service command",
        todo="Give the command that reloads it as reload.argv, or its pid_file and signal",
    )


def run_command(argv: t.Sequence[str], timeout: float, code: str, what: str) -> None:
    """Run a command to its end; anything but exit status 0 within the time is an error with the last output.

    Its output goes to a nameless file, not a pipe: a daemon that keeps its standard output open holds nobody up.
    """
    where = f"command {escaped(argv[0])}"  # its arguments may hold what is nobody's business
    with _nameless() as output:
        try:
            # run_command belongs to AnsibleModule, which is not here
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                list(argv), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/",
                close_fds=True, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as exc:
            raise LocalError(code=code, what=what, where=where, why=_words(exc), todo="Check the command") from exc
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired as exc:
            _end(process)
            raise DeadlineError(
                code=code,
                what=what,
                where=where,
                why=f"it did not end within {timeout:g} seconds; its last output: {_tail(output)}",
                todo="Run it by hand and see what it waits for",
            ) from exc
        if status != 0:
            why = f"{_status(status)}; its last output: {_tail(output)}"
            raise LocalError(code=code, what=what, where=where, why=why, todo="Run it by hand and see what it lacks")


def _nameless() -> t.IO[bytes]:
    """Where a command writes to. On a full disk its words are lost, but it is run: it may well be the way back."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that takes too long, with all that it started in its own session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _status(status: int) -> str:
    return f"it was ended by signal {-status}" if status < 0 else f"it ended with status {status}"


def _tail(output: t.IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _READ_OUTPUT))
    text = output.read(_READ_OUTPUT).decode("utf-8", "replace")
    return escaped(_ARMOUR.sub("(a private key, not shown)", text).strip()[-_KEPT_OUTPUT:]) or "none"


def _send(how: BySignal) -> None:
    where = f"pid file {how.pid_file}, signal {how.signal}"
    try:
        os.kill(_pid(how.pid_file), signal.Signals[f"SIG{how.signal}"])
    except (OSError, ValueError) as exc:
        raise LocalError(
            code="reload_failed",
            what="Cannot reload the service",
            where=where,
            why=_words(exc),
            todo="Check that the service runs and writes that pid file",
        ) from exc


def _pid(path: str) -> int:
    """The process of a pid file; neither a link nor a file that everyone may write decides whom root signals."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & stat.S_IWOTH:
            raise ValueError("it is no regular file, or everyone may write it")
        text = os.read(descriptor, _MAX_PID_FILE)
    finally:
        os.close(descriptor)
    first = text.split(b"\n", 1)[0].strip()
    if not first.isdigit() or int(first) < 2 or int(first) >= 2**31:
        raise ValueError("it holds no process id")
    return int(first)


def _words(exc: Exception) -> str:
    return (exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)) or type(exc).__name__
