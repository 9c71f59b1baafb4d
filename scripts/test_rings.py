# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs rings of tests and ends with one line of counts.

    scripts/venv dev python scripts/test_rings.py            all rings, two at a time (make test)
    scripts/venv dev python scripts/test_rings.py lint       one ring, its output as it comes (make lint)

A ring never stops the others. What cannot run on this machine is skipped aloud; REQUIRE_REAL=1 makes a skip a failure.
Each pytest test, sanity test, integration target, linter and molecule scenario is one check.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import typing as t
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LOGS = REPOSITORY / ".cache" / "logs"
MATRIX = LOGS / "contract-matrix.txt"  # written by tests/contract
ATTACKS = LOGS / "faults-table.txt"  # written by tests/faults
OUTPUT = REPOSITORY / "tests" / "output"
REQUIRE_REAL = os.environ.get("REQUIRE_REAL", "") not in ("", "0")
LONG_FAULTS = os.environ.get("FAULTS") == "long"
RING_LIMIT = (70 if LONG_FAULTS else 40) * 60  # seconds; a ring that hangs is killed, and says so
LINES_SHOWN = 50  # of the log of a failed ring: up to its end, and up to the end of each play that failed
FAILED_PLAY = re.compile(r" failed=[1-9]")
OLDEST_PYTHON = "3.9"  # the floor of code for targets (tests/config.yml)


@dataclass
class Count:
    """failed and skipped are named, so that the summary can say which; an excused skip stays one under REQUIRE_REAL."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)

    def add(self, other: Count) -> Count:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.excused += other.excused
        return self

    def strict(self) -> Count:
        """With REQUIRE_REAL a skip is a failure."""
        if not REQUIRE_REAL:
            return self
        return Count(self.passed, self.failed + [f"skipped: {name}" for name in self.skipped], [], self.excused)

    def __str__(self) -> str:
        return f"{self.passed} passed, {len(self.failed)} failed, {len(self.skipped) + len(self.excused)} skipped"


class Shell:
    """Runs the commands of one ring; ``log`` None: the terminal."""

    running: t.ClassVar[set[int]] = set()  # process groups

    def __init__(self, log: t.IO[str] | None) -> None:
        self._log = log

    @classmethod
    def stop_all(cls) -> None:
        for group in list(cls.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def say(self, text: str) -> None:
        print(text, file=self._log or sys.stdout, flush=True)

    def run(self, *command: str, cwd: Path = REPOSITORY) -> int:
        """The exit status; a command that runs too long is killed with all its children."""
        self.say("$ " + " ".join(command))
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True
        )
        self.running.add(process.pid)
        try:
            return process.wait(RING_LIMIT)
        except subprocess.TimeoutExpired:
            self.say(f"killed: it ran longer than {RING_LIMIT} s")
            return 1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self.running.discard(process.pid)

    def check(self, *command: str, cwd: Path = REPOSITORY) -> Count:
        """A command that is one check."""
        return Count(passed=1) if self.run(*command, cwd=cwd) == 0 else Count(failed=[" ".join(command[:3])])


def junit_count(files: t.Iterable[Path]) -> Count:
    count = Count()
    for case in (case for file in files for case in ET.parse(file).iter("testcase")):
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        if reasons := [*case.iterfind("failure"), *case.iterfind("error")]:
            count.failed.append(f"{name}: {why(reasons[0])}")
        elif case.find("skipped") is not None:
            count.skipped.append(name)
        else:
            count.passed += 1
    return count


def why(reason: ET.Element) -> str:
    """ansible-test announces ("failed with 1 error:") what its text names; pytest says it at once."""
    message, text = reason.get("message", ""), reason.text or ""
    return ((text if message.endswith(":") else message).splitlines() or [""])[0][:300]


def with_status(count: Count, status: int, what: str) -> Count:
    """A command that failed without naming a failed check, or that checked nothing, is itself the failure."""
    if (status and not count.failed) or not (count.passed or count.failed or count.skipped):
        count.failed.append(f"{what} ended with status {status}, {count.passed} checks passed")
    return count


def fresh(pattern: str, folder: Path = OUTPUT / "junit") -> t.Callable[[], list[Path]]:
    """Forgets the reports of earlier runs now; the answer finds those of this run."""
    for old in folder.glob(pattern):
        old.unlink()
    return lambda: sorted(folder.glob(pattern))


# --- the rings ---


def lint(shell: Shell) -> Count:
    count = Count()
    count.add(shell.check("ruff", "check", "."))
    count.add(shell.check("ruff", "format", "--check", "."))
    count.add(shell.check("yamllint", "-s", "."))
    count.add(shell.check("ansible-lint"))
    count.add(shell.check(sys.executable, "scripts/write_argument_specs.py", "--check"))
    count.add(shell.check("antsibull-changelog", "lint"))
    count.add(shell.check("antsibull-docs", "lint-collection-docs", "--plugin-docs", "."))
    count.add(shell.check("scripts/venv", "docs", "python", "scripts/docs_site.py"))
    if shutil.which("shellcheck"):
        count.add(shell.check("shellcheck", *shell_scripts()))
    else:
        count.skipped.append("shellcheck is not installed")
    return count


def shell_scripts() -> list[str]:
    """The tracked files that a shell reads."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]
    return [name for name in names if is_shell_script(REPOSITORY / name)]


def is_shell_script(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(100)
    return first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"/bash", b" bash", b" sh"))


def types(shell: Shell) -> Count:
    """mypy finds the collection by its full name, as the imports write it."""
    root = REPOSITORY / ".cache/dev/collections"
    settings = ["--config-file", str(REPOSITORY / "pyproject.toml"), "--cache-dir", str(REPOSITORY / ".cache/mypy")]
    return shell.check("mypy", *settings, "-p", "ansible_collections.inkan.tls.plugins", cwd=root)


def sanity(shell: Shell) -> Count:
    """A test that finds no file of its kind is none; a Python that is not on this machine is an excused skip."""
    reports = fresh("ansible-test-sanity-*.xml")
    status = shell.run("scripts/ansible-test", "sanity", "--color", "no", "--junit")
    idle = [report for report in reports() if "No tests applicable." in report.read_text("utf-8")]
    count = junit_count(report for report in reports() if report not in idle)
    count.excused, count.skipped = count.skipped, []
    return with_status(count, status, "ansible-test sanity")


def units(shell: Shell) -> Count:
    shell.run("scripts/awx_modules")  # without network its tests are skipped, aloud
    return pytest_ring(shell, "units", "-n", "2", "tests/unit")


def faults(shell: Shell) -> Count:
    """Every invariant of the design attacked on real processes; FAULTS=long tries all of each grid."""
    ATTACKS.unlink(missing_ok=True)
    shell.run("scripts/packages")
    return pytest_ring(shell, "faults", "-n", "2", "tests/faults")


def real(shell: Shell) -> Count:
    """The whole pipeline on real servers; root gets their packages installed."""
    if shell.run("scripts/packages") != 0:
        return Count(skipped=["real (the servers are not installed)"])
    return pytest_ring(shell, "real", "-n", "2", "--dist", "loadfile", "tests/real")


def contract(shell: Shell) -> Count:
    """Every CA adapter × verb × vice, every DNS service on its real server; what is not installed is skipped aloud."""
    MATRIX.unlink(missing_ok=True)
    shell.run("scripts/packages")
    return pytest_ring(shell, "contract", "tests/contract")


def journeys(shell: Shell) -> Count:
    """The lab's own tests, and the real playbooks in it, with each of its vices alone. Worlds share nothing."""
    shell.run("scripts/packages")
    return pytest_ring(shell, "journeys", "-n", "2", "tests/journeys")


def pytest_ring(shell: Shell, name: str, *words: str) -> Count:
    reports = fresh(f"{name}.xml", LOGS)
    status = shell.run(sys.executable, "-m", "pytest", "-q", f"--junit-xml={LOGS / name}.xml", *words)
    return with_status(junit_count(reports()), status, f"pytest {name}")


def floor(shell: Shell) -> Count:
    """The unit tests of modules again, on the oldest Python and the oldest cryptography of a target."""
    if not shutil.which(f"python{OLDEST_PYTHON}"):
        shell.say(f"skipped: no python{OLDEST_PYTHON} on this machine")
        return Count(excused=[f"floor (no python{OLDEST_PYTHON} here)"])
    forget_old_libraries()
    reports = fresh(f"python{OLDEST_PYTHON}-*.xml")
    status = shell.run("scripts/ansible-test", "units", "--color", "no", "--venv", "--python", OLDEST_PYTHON)
    count = junit_count(reports())
    count.excused, count.skipped = count.skipped, []  # what no target needs: the ACME adapter
    return with_status(count, status, "ansible-test units")


def forget_old_libraries() -> None:
    """ansible-test keeps its environment and only ever adds to it: other requirements need a new one."""
    wanted = (REPOSITORY / "tests/unit/requirements.txt").read_text("utf-8")
    stamp = OUTPUT / ".tmp" / "delegation" / "requirements.txt"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        shutil.rmtree(stamp.parent, ignore_errors=True)
        stamp.parent.mkdir(parents=True)
        stamp.write_text(wanted, "utf-8")


def integration(shell: Shell) -> Count:
    """Each target is one check. ansible-test writes down which passed, and what the others played until they failed."""
    command = ["scripts/ansible-test", "integration", "--color", "no", "--local"]
    listed = subprocess.run([*command, "--list-targets"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    passes, plays = fresh("integration-*.json", OUTPUT / "data"), fresh("*-*-*.xml")
    status = shell.run(*command, "--allow-destructive", "--continue-on-error")
    passed = {name for report in passes() for name in json.loads(report.read_text("utf-8"))["targets"]}
    played = {report.name.rsplit("-", 2)[0] for report in plays()}
    names = set(listed.stdout.split()) | played
    count = Count(len(passed), sorted(played - passed), sorted(names - played - passed))
    return with_status(count, status, "ansible-test integration")


def molecule(shell: Shell) -> Count:
    """The lab that the scenario opens is a process of its own: it is closed, whatever became of molecule."""
    passed = False
    try:
        count = shell.check("molecule", "test", "--scenario-name", "default")
        passed = not count.failed
        return count
    finally:
        if not passed:
            shell.run("molecule", "destroy", "--scenario-name", "default")


Ring = t.Callable[[Shell], Count]
#: two lanes side by side: ansible-test never runs beside itself
LANES: tuple[tuple[Ring, ...], ...] = ((sanity, floor, integration), (journeys, real))
#: what follows in the lane that is free first, the longest first
THEN: tuple[Ring, ...] = (faults, contract, lint, units, molecule, types)
STOPPED = threading.Event()  # by a signal
RINGS: dict[str, Ring] = {ring.__name__: ring for rings in (*LANES, THEN) for ring in rings}


def run_ring(name: str, shell: Shell) -> Count:
    try:
        return RINGS[name](shell).strict()
    except Exception as exc:  # noqa: BLE001 a ring that breaks must not hide the others
        shell.say(f"{type(exc).__name__}: {exc}")
        return Count(failed=[f"{name} broke: {type(exc).__name__}: {exc}"])


def run_logged(name: str, talk: threading.Lock) -> Count:
    log = LOGS / f"{name}.log"
    begin = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        count = run_ring(name, Shell(file))
    with talk:
        word = "FAILED" if count.failed else "ok"
        print(f"{word:7}{name:13}{count}   ({time.monotonic() - begin:.0f} s)", flush=True)
        if count.failed:
            lines = log.read_text("utf-8", "replace").splitlines()
            print("\n".join(f"    {line}" for line in [*count.failed, *telling(lines)]))
            print(f"    (all {len(lines)} lines: {log.relative_to(REPOSITORY)})", flush=True)
    return count


def telling(lines: t.Sequence[str]) -> list[str]:
    """After a play that failed, ansible-test plays the others: the log's end alone does not show why."""
    ends = [number for number, line in enumerate(lines) if FAILED_PLAY.search(line)]
    shown = {number for end in [*ends, len(lines) - 1] for number in range(end - LINES_SHOWN + 1, end + 1)}
    return [line for number, line in enumerate(lines) if number in shown]


def run_all() -> Count:
    talk = threading.Lock()
    print(f"Running {', '.join(RINGS)}; logs in {LOGS.relative_to(REPOSITORY)}", flush=True)
    total = Count()
    then = iter(THEN)
    with ThreadPoolExecutor(len(LANES)) as pool:
        lanes = [pool.submit(run_lane, lane, then, talk) for lane in LANES]
        try:
            for count in (count for lane in lanes for count in lane.result()):
                total.add(count)
        except KeyboardInterrupt:
            STOPPED.set()
            Shell.stop_all()
            raise
    return total


def run_lane(lane: tuple[Ring, ...], then: t.Iterator[Ring], talk: threading.Lock) -> list[Count]:
    """``then`` is shared by the lanes; taking the next of a tuple's iterator is one step for Python's threads."""
    rings = itertools.chain(lane, then)
    return [run_logged(ring.__name__, talk) for ring in rings if not STOPPED.is_set()]


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in RINGS]
    if unknown:
        print(f"no such ring: {', '.join(unknown)}; there are {', '.join(RINGS)}", file=sys.stderr)
        return 2
    os.environ["PATH"] += os.pathsep + "/usr/sbin" + os.pathsep + "/sbin"  # where servers live, also for ordinary users
    for stop in (signal.SIGINT, signal.SIGTERM):  # also where a shell started this with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    LOGS.mkdir(parents=True, exist_ok=True)
    if not names or "lint" in names or "sanity" in names:
        Shell(None).run("scripts/packages", "lint")  # what is still missing then, its ring says
    if not sys.stdout.isatty() or not names:
        os.environ.update(NO_COLOR="1", ANSIBLE_NOCOLOR="1")
    total = Count()
    if names:
        for name in names:
            total.add(run_ring(name, Shell(None)))
    else:
        total = run_all()
        for shown in (MATRIX, ATTACKS):
            if shown.exists():
                print(shown.read_text("utf-8"))
    for word, items in (("failed", total.failed), ("skipped", total.skipped + total.excused)):
        for item in items:
            print(f"{word}: {item}")
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("stopped")
