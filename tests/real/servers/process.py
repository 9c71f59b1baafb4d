# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A child process in the foreground: started, probed until ready, stopped by its process id, never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import typing as t

from plays.waiting import wait_for

PR_SET_PDEATHSIG = 1  # prctl(2): the kernel sends this signal when our parent dies, however it dies
_LIBC = ctypes.CDLL(None, use_errno=True)
_TAKEN: set[int] = set()
_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"


class Missing(Exception):
    """A program is not installed; ``package`` is the Debian package that has it."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is not installed: apt-get install --no-install-recommends {package}")
        self.program = program
        self.package = package


class NotReady(Exception):
    """A daemon ended, or did not answer before its deadline; the message ends with its last words."""


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":" + _SYSTEM_FOLDERS)
    if found is None:
        raise Missing(name, package)
    return found


def free_port(addresses: t.Sequence[str] = ("127.0.0.1",)) -> int:
    """A port that is free for TCP and UDP on all these addresses, below the range of outgoing connections."""
    for _attempt in range(200):
        port = random.randrange(10000, 32000)  # noqa: S311 (no secret: a port)
        if port not in _TAKEN and all(_is_free(address, port) for address in addresses):
            _TAKEN.add(port)
            return port
    raise RuntimeError("no free port found on loopback")


def _is_free(address: str, port: int) -> bool:
    with contextlib.ExitStack() as stack:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            one = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                one.bind((address, port))
            except OSError:
                return False
    return True


def answers(address: str, port: int) -> bool:
    """Somebody accepts TCP connections there."""
    try:
        with socket.create_connection((address, port), timeout=0.5):
            return True
    except OSError:
        return False


class Daemon:
    """Base of the servers: subclasses say ``argv`` and ``is_ready`` and write their configuration in ``prepare``."""

    stop_signal = signal.SIGTERM
    environment: t.Mapping[str, str] = {}

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log = self.directory / "daemon.log"
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Write the configuration."""

    def argv(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv(),
                cwd=self.directory,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent(self.stop_signal),
            )
        try:
            wait_for(self._ready_or_dead, f"{type(self).__name__} to answer")
        except BaseException:
            self.stop()
            raise

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise NotReady(f"{type(self).__name__} ended with status {self.process.returncode}:\n{self.last_words()}")
        return self.is_ready()

    def last_words(self, lines: int = 20) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __enter__(self) -> t.Any:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()


def _die_with_parent(number: int) -> t.Callable[[], None]:
    parent = os.getpid()

    def before_exec() -> None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return before_exec
