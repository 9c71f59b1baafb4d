# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a command as the operating system accounts it, and contestants in turn.

A contestant makes its own world for each run (set_up), says which commands are timed, and afterwards proves from the
servers' side that the work was done. Without that proof a run has no figure, but a reason.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time
import traceback
import typing as t
import uuid
from dataclasses import dataclass, field

_LAUNCHER = pathlib.Path(__file__).resolve().with_name("launcher.py")
_MARKER = "INKAN_BENCH_RUN"
_FOLDERS = re.compile(r"(?<![\w:/.])(?:/[^\s/\"':,]+)+/")  # of an absolute path; a URL's stay
LONGEST = 1800.0  # seconds of one run: what takes longer hangs
MOST_FAILED = 2  # runs of one contestant: a program that fails now and then still has figures, beside which it is told


class Unproven(Exception):
    """A run that did not do the work has no figure; its text is kept."""


class Finished(t.NamedTuple):
    """seconds: wall; cpu: user and system of all processes; memory: peak of the largest single process, in MB."""

    seconds: float
    cpu: float
    memory: float
    status: int
    log: pathlib.Path

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Timed:
    """One command that is timed. check: raises Unproven; label: what tells it from others of the same set-up."""

    argv: list[str]
    check: t.Callable[[Finished], None]
    environment: t.Mapping[str, str] = field(default_factory=dict)
    label: str = ""


SetUp = t.Callable[[pathlib.Path], contextlib.AbstractContextManager[t.Sequence[Timed]]]


class Contestant(t.NamedTuple):
    """kind: ours, peer, or floor (the least that anybody could take); peer: its row in peers.py.

    only_once: nothing but one run is asked for, whatever RUNS says, because it takes so long. size: 0: the case's.
    """

    name: str
    kind: str
    set_up: SetUp
    peer: str = ""
    only_once: bool = False
    size: int = 0


class Case(t.NamedTuple):
    """One line of the bench: the same work, done by each contestant. key: A50-dns; job: A; size: how many items."""

    key: str
    job: str
    title: str
    size: int
    contestants: t.Sequence[Contestant]


def clean_environment(folder: pathlib.Path) -> dict[str, str]:
    """Nothing of this user's or machine's settings reaches what is measured."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    path = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "TMPDIR": str(home)}


def run(argv: t.Sequence[str], folder: pathlib.Path, environment: t.Mapping[str, str], log: pathlib.Path) -> Finished:
    """Start to end of argv and of all that it waits for. All of it dies if it takes too long, or is interrupted."""
    marker = uuid.uuid4().hex
    figures = log.with_suffix(".figures")
    figures.unlink(missing_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_LAUNCHER), str(figures), *argv],
            cwd=folder,
            env={**clean_environment(folder), **environment, _MARKER: marker},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
        try:
            process.wait(LONGEST)
        except BaseException as why:  # too long, or interrupted: nothing of it may go on
            _kill(marker)
            process.wait()
            if isinstance(why, subprocess.TimeoutExpired):
                raise Unproven(f"it was stopped after {LONGEST:g} s") from None
            raise
    if not figures.exists():
        raise Unproven(f"it could not be started: {log.read_text(errors='replace')[-300:]}")
    seconds, cpu, memory, status = figures.read_text().split()
    return Finished(float(seconds), float(cpu), float(memory), int(status), log)


def _kill(marker: str) -> None:
    """Whatever has the marker in its environment: workers of Ansible leave session and process group."""
    wanted = f"{_MARKER}={marker}".encode()
    while numbers := _processes_with(wanted):
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.01)


def _processes_with(wanted: bytes) -> list[int]:
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def needs_success(done: Finished) -> None:
    if done.status != 0:
        raise Unproven(f"it ended with status {done.status}: ...{done.text()[-600:]}")


# A case, contestants in turn


@dataclass
class Row:
    who: str
    kind: str
    peer: str
    size: int
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # why each run had none of these

    def data(self) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {"who": self.who, "kind": self.kind, "peer": self.peer, "n": len(self.seconds)}
        if self.size:
            found["size"] = self.size
        if not self.seconds:
            return {**found, "refused": self.failed[-1]}
        if self.failed:
            found["failed"] = self.failed
        found.update(median=round(statistics.median(self.seconds), 3), least=round(min(self.seconds), 3))
        found.update(most=round(max(self.seconds), 3), cpu=round(statistics.median(self.cpu), 3))
        return {**found, "memory": round(max(self.memory), 1), "seconds": [round(one, 3) for one in self.seconds]}


def play_case(
    case: Case, runs: int, budget: float, folder: pathlib.Path, say: t.Callable[[str], None]
) -> list[dict[str, t.Any]]:
    """A B C, A B C, ... A contestant stops at ``runs``, or once it has used up its budget of seconds (n tells)."""
    rows: dict[str, Row] = {}
    spent = dict.fromkeys((one.name for one in case.contestants), 0.0)
    ended: dict[str, list[bool]] = {name: [] for name in spent}  # well, or not
    for number in range(runs):
        for place_number, one in enumerate(case.contestants):
            before = ended[one.name]
            is_spent = spent[one.name] >= budget or (one.only_once and True in before)
            if before.count(False) >= MOST_FAILED or (before and is_spent):
                continue
            begin = time.monotonic()
            place = folder / f"{case.key}-{place_number}-{number}"  # short: Ansible keeps sockets below it
            before.append(_once(one, place, rows))
            spent[one.name] += time.monotonic() - begin
            say(f"  {case.key} run {number + 1} of {one.name}: {time.monotonic() - begin:.1f} s with its world")
    return [row.data() for row in rows.values()]


def _once(one: Contestant, place: pathlib.Path, rows: dict[str, Row]) -> bool:
    place.mkdir(parents=True)
    label = ""
    try:
        with one.set_up(place) as timed:
            for part in timed:
                label = part.label
                row = rows.setdefault(f"{one.name} {label}", _row(one, label))
                done = run(part.argv, place, part.environment, place / f"timed-{label or 'run'}.log")
                part.check(done)
                row.seconds.append(done.seconds)
                row.cpu.append(done.cpu)
                row.memory.append(done.memory)
    except Exception as failure:  # noqa: BLE001 (whatever goes wrong with one contestant, the others go on)
        why = str(failure) if isinstance(failure, Unproven) else traceback.format_exc()[-900:]
        rows.setdefault(f"{one.name} {label}", _row(one, label)).failed.append(without_folders(why))
        return False
    return True


def without_folders(text: str) -> str:
    """What is published names files, and no folder of who measured."""
    return _FOLDERS.sub("", text)


def _row(one: Contestant, label: str) -> Row:
    return Row(f"{one.name}, {label}" if label else one.name, one.kind, one.peer, one.size)
