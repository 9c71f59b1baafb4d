# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook for tests: started in an environment of its own, counted, and killed with all that it started.

plays = Plays(root, inventory)
play = plays.play("issue")
assert play.rc == 0, play.why()
"""

from __future__ import annotations

import base64
import collections
import contextlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t
import uuid
import zlib
from dataclasses import dataclass

from .waiting import wait_for

HERE = pathlib.Path(__file__).resolve().parent
COLLECTION = HERE.parent.parent
MARKER = "INKAN_TEST_PLAY"  # an environment variable that every process of one play carries

Variables = t.Mapping[str, t.Any]


@dataclass
class Play:
    """A finished ansible-playbook: what it returned and what the counting callback saw."""

    name: str
    rc: int
    stdout: str
    stderr: str
    events: list[dict[str, t.Any]]
    seconds: float
    log: pathlib.Path

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        return next((event["recap"] for event in reversed(self.events) if event["event"] == "stats"), {})

    @property
    def artifacts(self) -> dict[str, t.Any]:
        """What set_stats told of the whole run, as AWX keeps it with the job."""
        stats: dict[str, t.Any] = next((one for one in reversed(self.events) if one["event"] == "stats"), {})
        return dict(stats.get("custom", {}).get("_run", {}))

    @property
    def changed(self) -> dict[str, int]:
        return {host: numbers["changed"] for host, numbers in self.recap.items()}

    def starts(self) -> collections.Counter[tuple[str, str]]:
        """(host, task) -> how often a task was started on a host."""
        return self._count("start")

    def items(self) -> collections.Counter[tuple[str, str]]:
        """(host, task) -> loop items."""
        return self._count("item")

    def _count(self, kind: str) -> collections.Counter[tuple[str, str]]:
        return collections.Counter((event["host"], event["task"]) for event in self.events if event["event"] == kind)

    def results(self, action: str, **where: t.Any) -> list[dict[str, t.Any]]:
        """Batch results of a module (short name), over all its tasks and hosts, filtered by keys of the item."""
        found = []
        for event in self.events:
            if event["event"] == "result" and event.get("action", "").endswith("." + action):
                found += [{"_host": event["host"], **item} for item in _results(event)]
        return [item for item in found if all(item.get(key) == value for key, value in where.items())]

    def order_states(self) -> dict[str, str]:
        """Certificate -> the state of its newest order, by the last word that this play had from the ledger."""
        said = {"certificate_orders", "certificate_orders_info"}
        results = [
            item
            for event in self.events
            if event["event"] == "result" and event.get("action", "").rpartition(".")[2] in said
            for item in _results(event)
        ]
        return {item["name"]: item["state"] for item in results if item.get("state")}

    def failed_tasks(self) -> list[tuple[str, str]]:
        """(host, task) of what turned the run red: neither an ignored failure nor an ignored lost host."""
        red = [
            (event["host"], event["task"])
            for event in self.events
            if event["event"] == "result" and event["how"] == "failed"
        ]
        return red + [(host, "unreachable") for host, numbers in self.recap.items() if numbers["unreachable"]]

    def why(self) -> str:
        """For a failed assertion: the end of what was printed."""
        return f"{self.name}: rc {self.rc}, log {self.log}\n" + "\n".join(self.stdout.splitlines()[-60:]) + self.stderr


def _results(event: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Of many certificates they are one text: JSON by line, pressed."""
    found = event["result"].get("results") or []
    if isinstance(found, list):
        return found
    lines = zlib.decompress(base64.b64decode(found["packed_lines"])).decode().splitlines()
    return [json.loads(line) for line in lines]


class RunningPlay:
    """ansible-playbook under way, with every process that it starts findable by a marker."""

    def __init__(self, name: str, argv: list[str], environment: dict[str, str], log: pathlib.Path, cwd: pathlib.Path):
        self.name = name
        self.log = log
        self.marker = uuid.uuid4().hex
        self.counts = log.with_suffix(".jsonl")
        self._begin = time.monotonic()
        environment = {**environment, MARKER: self.marker, "INKAN_COUNTS_FILE": str(self.counts)}
        with log.open("wb") as out, log.with_suffix(".err").open("wb") as err:
            self.process = subprocess.Popen(
                argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )

    def wait(self, seconds: float = 240.0) -> Play:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"play {self.name} took more than {seconds:g} s\n{self._result().why()}") from None
        return self._result()

    def running(self) -> bool:
        return self.process.poll() is None

    def pids(self) -> list[int]:
        """Every process of this play, whatever its process group: found by the marker in its environment."""
        wanted = f"{MARKER}={self.marker}".encode()
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    if wanted in (folder / "environ").read_bytes().split(b"\0"):
                        found.append(int(folder.name))
        return found

    def kill(self) -> Play:
        """SIGKILL for all. They are stopped first: nobody may notice the death of another and react to it."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            seen: set[int] = set()
            while fresh := [pid for pid in self.pids() if pid not in seen]:
                for pid in fresh:
                    seen.add(pid)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
        self.process.wait(20)
        wait_for(lambda: not self.pids(), "all processes of the play to be gone")
        return self._result()

    def _result(self) -> Play:
        lines = self.counts.read_text().splitlines() if self.counts.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        error = self.log.with_suffix(".err").read_text(errors="replace")
        rc = self.process.returncode if self.process.returncode is not None else -1
        seconds = time.monotonic() - self._begin
        return Play(self.name, rc, self.log.read_text(errors="replace"), error, events, seconds, self.log)


class Plays:
    """Plays on one inventory; logs and temporary files lie below ``root``.

    collections_path  where inkan.tls is installed; else $INKAN_REAL_COLLECTIONS, else this checkout is used
    """

    def __init__(self, root: pathlib.Path, inventory: pathlib.Path, collections_path: str | None = None) -> None:
        # Not ANSIBLE_COLLECTIONS_PATH: pytest plugins set it as they need it.
        self._installed = collections_path or os.environ.get("INKAN_REAL_COLLECTIONS")
        self.root = root
        self.inventory = inventory
        self._numbers = itertools.count(1)
        self._running: list[RunningPlay] = []

    def start(self, playbook: str, *arguments: str, variables: Variables | None = None) -> RunningPlay:
        """playbook: or several, one after another in one process: ``plan+report``."""
        number = next(self._numbers)
        logs = self.root / "log"
        logs.mkdir(exist_ok=True)
        books = [f"inkan.tls.{one}" for one in playbook.split("+")]
        argv = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), *books, *arguments]
        if variables:
            extra = logs / f"{number:02}-{playbook}-variables.json"
            extra.write_text(json.dumps(variables))
            argv += ["-e", f"@{extra}"]
        running = RunningPlay(playbook, argv, self.environment(), logs / f"{number:02}-{playbook}.log", self.root)
        self._running.append(running)
        return running

    def play(self, playbook: str, *arguments: str, variables: Variables | None = None, seconds: float = 240.0) -> Play:
        return self.start(playbook, *arguments, variables=variables).wait(seconds)

    def kill(self) -> None:
        """Whatever still runs of them."""
        for play in self._running:
            if play.pids():
                play.kill()

    def environment(self) -> dict[str, str]:
        keep = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        (self.root / "tmp").mkdir(exist_ok=True)
        return {
            **keep,
            "PATH": str(pathlib.Path(sys.executable).parent) + ":" + os.environ.get("PATH", ""),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": self._collections(),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "inkan_counts",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_LOCAL_TEMP": str(self.root / "tmp"),
            "ANSIBLE_REMOTE_TMP": str(self.root / "tmp"),
            "ANSIBLE_INVENTORY": str(self.inventory),
            "ANSIBLE_CONFIG": str(self._settings()),
        }

    def _collections(self) -> str:
        """Where Ansible finds the collection: where it is said to be installed, else this checkout."""
        if self._installed:
            return self._installed
        link = self.root / "collections" / "ansible_collections" / "inkan" / "tls"
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(COLLECTION)
        return str(self.root / "collections")

    def _settings(self) -> pathlib.Path:
        """An empty file: no setting of this machine or user may reach the plays."""
        path = self.root / "ansible.cfg"
        path.touch()
        return path
