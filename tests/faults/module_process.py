# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module in a process of its own, which is killed at any of its effects.

    ended = run_module(certificate_deployments, params)                  # all of it: ended.operations were counted
    ended = run_module(certificate_deployments, params, Strike(17, "before"))
    assert ended.was_killed

What counts is what the operating system is asked for: every open for writing, write, fsync, rename, link, removal and
change of mode or owner, whoever in the process asks, and every command and signal to a service. It runs under
umask 000, so that a file which is made open to all is open to all.
"""

from __future__ import annotations

import functools
import io
import json
import os
import signal
import subprocess
import sys
import traceback
import types
import typing as t
from dataclasses import dataclass

import pytest
from ansible.module_utils.testing import patch_module_args

#: functions of os whose calls count
EFFECTS = (
    "write", "pwrite", "fsync", "fdatasync", "truncate", "ftruncate", "rename", "replace", "link", "symlink", "unlink",
    "remove", "mkdir", "rmdir", "chmod", "fchmod", "chown", "fchown", "lchown", "kill",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Moment = t.Literal["before", "within", "after"]
Seed = t.Callable[[pytest.MonkeyPatch], None]
Watcher = t.Callable[[str, tuple[t.Any, ...], dict[str, t.Any], t.Any], None]


class Strike(t.NamedTuple):
    """Kill at the operation with this number (from 0). within: a write has put half of its bytes on the disk."""

    number: int
    moment: Moment


@dataclass(frozen=True)
class Ended:
    status: int
    answer: dict[str, t.Any]
    operations: tuple[str, ...]
    words: str

    @property
    def was_killed(self) -> bool:
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    def item(self, number: int = 0) -> dict[str, t.Any]:
        assert "results" in self.answer, f"no results: {self.answer.get('msg')}\n{self.words}"
        found: dict[str, t.Any] = self.answer["results"][number]
        return found

    def code(self, number: int = 0) -> str | None:
        """Of the item's error."""
        error = self.item(number)["error"]
        return error["code"] if error else None


def strikes(operations: t.Sequence[str]) -> list[Strike]:
    """Every way to kill a run that does these operations."""
    found = []
    for number, operation in enumerate(operations):
        found.append(Strike(number, "before"))
        if operation == "write":
            found.append(Strike(number, "within"))
        found.append(Strike(number, "after"))
    return found


def run_module(
    module: types.ModuleType,
    params: dict[str, t.Any],
    strike: Strike | None = None,
    *,
    seed: Seed | None = None,
    uid: int | None = None,
    before: t.Callable[[], None] | None = None,
    watcher: Watcher | None = None,
) -> Ended:
    """seed: makes the product defect, in that process only; uid: runs as this user; before: what else is done there;
    watcher: is told every operation that was done."""
    (said, out), (done, counted) = os.pipe(), os.pipe()  # no files: their size may be limited
    child = os.fork()
    if child == 0:
        _be_the_module(module, params, strike, out, counted, (seed, uid, before, watcher))
    text, operations = _content(said, out), _content(done, counted)
    _pid, status = os.waitpid(child, 0)
    words, _newline, last = text.rstrip().rpartition("\n")
    answer = json.loads(last) if last.startswith("{") else {}
    return Ended(status, answer, tuple(operations.split()), words if answer else text)


def _content(reading: int, writing: int) -> str:
    os.close(writing)
    with open(reading, "rb") as pipe:
        return pipe.read().decode("utf-8", "replace")


def _be_the_module(
    module: types.ModuleType, params: dict[str, t.Any], strike: Strike | None, out: int, counted: int, more: t.Any
) -> t.NoReturn:
    seed, uid, before, watcher = more
    status = 70
    try:
        os.umask(0)
        sys.stdout = sys.stderr = io.TextIOWrapper(io.FileIO(os.dup(out), "w"), "utf-8", write_through=True)
        if before is not None:
            before()
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        if seed is not None:
            seed(pytest.MonkeyPatch())
        _Counter(strike, counted, watcher).install()
        with patch_module_args(params):
            module.main()
        status = 0
    except SystemExit as exc:
        status = int(exc.code or 0)
    except BaseException:  # noqa: BLE001 nothing may go back to the test's own code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


class _Counter:
    def __init__(self, strike: Strike | None, file: int, watcher: Watcher | None) -> None:
        self._strike, self._file, self._watcher = strike, file, watcher
        self._number = -1
        self._write = os.write

    def install(self) -> None:
        for name in EFFECTS:
            setattr(os, name, self._counted(name, getattr(os, name)))
        plain = os.open
        counted = self._counted("open", plain)

        @functools.wraps(plain)
        def opened(path: t.Any, flags: int, *more: t.Any, **options: t.Any) -> int:
            return int((counted if flags & _WRITING else plain)(path, flags, *more, **options))

        os.open = opened  # type: ignore[assignment]
        subprocess.Popen = self._command()  # type: ignore[misc]

    def _counted(self, name: str, original: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        @functools.wraps(original)
        def call(*words: t.Any, **options: t.Any) -> t.Any:
            number = self._begin(name)
            if self._strike == Strike(number, "within"):
                original(words[0], bytes(words[1])[: len(words[1]) // 2])
                _die()
            try:
                value = original(*words, **options)
                if self._watcher is not None:
                    self._watcher(name, words, options, value)
                return value
            finally:
                self._end(number)

        return call

    def _command(self) -> type[subprocess.Popen[bytes]]:
        counter = self

        class Counted(subprocess.Popen):  # type: ignore[type-arg]
            def __init__(self, *words: t.Any, **options: t.Any) -> None:
                self._counted_as = counter._begin("command")
                super().__init__(*words, **options)

            def wait(self, timeout: float | None = None) -> int:
                status = super().wait(timeout)
                counter._end(self._counted_as)
                return int(status)

        return Counted

    def _begin(self, name: str) -> int:
        self._number += 1
        self._write(self._file, f"{name}\n".encode())
        if self._strike == Strike(self._number, "before"):
            _die()
        return self._number

    def _end(self, number: int) -> None:
        if self._strike == Strike(number, "after"):
            _die()


def _die() -> t.NoReturn:
    os.kill.__wrapped__(os.getpid(), signal.SIGKILL)  # type: ignore[attr-defined]
    raise AssertionError("still alive")
