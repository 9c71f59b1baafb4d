# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX runs them: ansible-runner on a private directory of its own, which is deleted when the job has ended.

    controller = Controller(root, execution_environment(), credentials, canaries)
    job = controller.launch("renew", now, inventory)
    done = job.wait()      # or job.kill(): SIGKILL for every process of it
    done.status, done.results("certificate_orders"), done.leaks

Nothing outlives a job but what it did on the hosts of the inventory. The playbook runs with the Python of an
environment that holds the declared requirements alone, and with the collection as it is built and installed.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from faults.canaries import Canaries, Leak
from lab.clock import iso_utc
from lab.inventory import DESCRIPTION
from plays.play import COLLECTION, RunningPlay

from .estate import Credentials, Data

_TELL = "import sys, os; print(sys.executable); print(os.environ['ANSIBLE_COLLECTIONS_PATH'])"
#: what ansible-runner writes with the environment of a job as it is. AWX keeps what is in ``command`` with its secrets
#: masked; by ``env.list`` podman is told the environment, and it goes with the private directory
MASKED_BY_AWX = frozenset({"command", "env.list"})
_BATCH = re.compile(r"inkan\.tls\.(\w+)")


class Environment(t.NamedTuple):
    """What stands for the image of an execution environment; with ``image``, that image itself, by podman."""

    python: pathlib.Path
    collections: pathlib.Path
    image: str = ""

    @property
    def programs(self) -> pathlib.Path:
        return self.python.parent

    def distributions(self) -> set[str]:
        """What can be imported there, by the names of packages."""
        wish = "from importlib.metadata import distributions as d; print(*sorted({x.name.lower() for x in d()}))"
        inside = ["podman", "run", "--rm", self.image] if self.image else []
        said = subprocess.run([*inside, str(self.python), "-c", wish], capture_output=True, text=True, check=True)
        return {re.sub(r"[-_.]+", "-", name) for name in said.stdout.split()}

    def place(self, private: pathlib.Path) -> pathlib.Path:
        """Where a job finds its private directory."""
        return pathlib.Path("/runner") if self.image else private

    def isolation(self, shared: t.Sequence[pathlib.Path]) -> list[str]:
        """Words for ansible-runner. Hosts of the lab are folders (``shared``) and processes of this machine; the file
        that describes its seller's API lies in this checkout."""
        if not self.image:
            return []
        words = ["--process-isolation", "--process-isolation-executable", "podman", "--container-image", self.image]
        words += [f"--container-option={word}" for word in ("--network=host", "--pid=host", "--user=root")]
        mounts = [*(f"{one}:{one}:Z" for one in shared), f"{DESCRIPTION}:{DESCRIPTION}:ro"]
        return [*words, *(word for one in mounts for word in ("--container-volume-mount", one))]

    def for_podman(self) -> dict[str, str]:
        kept = ("CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF") if self.image else ()
        return {name: os.environ[name] for name in kept if name in os.environ}


#: where ansible-builder and Debian put things
IN_IMAGE = (pathlib.Path("/usr/bin/python3"), pathlib.Path("/usr/share/ansible/collections"))


def execution_environment(folder: pathlib.Path, image: str = "") -> Environment:
    """Made where it is missing; the collection is built now, and copied: others may build it again meanwhile."""
    if image:
        return Environment(*IN_IMAGE, image)
    given = os.environ.get("AWX_PROOF_EE")
    if given:
        python, collections = given.split(":")
        return Environment(pathlib.Path(python), pathlib.Path(collections))
    command = [COLLECTION / "scripts" / "venv", "ee", "python", "-c", _TELL]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    collections = folder / "requirements_collections"
    shutil.copytree(said[1], collections)
    return Environment(pathlib.Path(said[0]), collections)


@dataclass
class Done:
    """A job that has ended: what AWX keeps of it."""

    id: int
    template: str
    status: str
    events: list[Data]
    stdout: str
    leaks: list[Leak]
    artifacts: Data = field(default_factory=dict)

    def results(self, action: str) -> list[Data]:
        """Batch results of a module or action of ours, over all its tasks and hosts."""
        found: list[Data] = []
        for event in self.events:
            told = event.get("event_data", {})
            if str(told.get("resolved_action", told.get("task_action", ""))).rpartition(".")[2] == action:
                result = told.get("res")
                found += (result.get("results") or []) if isinstance(result, dict) else []
        return [one for one in found if isinstance(one, dict) and "name" in one]

    def why(self) -> str:
        return f"job {self.id} ({self.template}): {self.status}\n" + "\n".join(self.stdout.splitlines()[-50:])


class Job:
    def __init__(self, number: int, template: str, private: pathlib.Path, running: RunningPlay, search: Canaries):
        self.number = number
        self.template = template
        self._private = private
        self._running = running
        self._canaries = search

    def is_running(self) -> bool:
        return self._running.running()

    def wait(self, adopt: t.Callable[[], object], seconds: float = 600) -> Done:
        self._running.wait(seconds)
        return self._end(adopt, "")

    def kill(self, adopt: t.Callable[[], object]) -> Done:
        """Every process of it at once, wherever it is; nobody cleans up but AWX, which deletes the directory."""
        self._running.kill()
        return self._end(adopt, "killed")

    def _end(self, adopt: t.Callable[[], object], status: str) -> Done:
        artifacts = self._private / "artifacts" / str(self.number)
        adopt()
        kept = [path for path in artifacts.rglob("*") if path.is_file() and path.name not in MASKED_BY_AWX]
        leaks = self._canaries.found([*kept, self._running.log, self._running.log.with_suffix(".err")])
        events = sorted((artifacts / "job_events").glob("[0-9]*.json"), key=lambda path: int(path.name.split("-")[0]))
        read = [_event(path) for path in events]
        stdout = artifacts / "stdout"
        told = next((one["event_data"] for one in reversed(read) if one.get("event") == "playbook_on_stats"), {})
        done = Done(
            self.number,
            self.template,
            status or (artifacts / "status").read_text("ascii"),
            read,
            stdout.read_text("utf-8", "replace") if stdout.exists() else "",
            leaks,
            told.get("artifact_data", {}),
        )
        shutil.rmtree(self._private)
        return done


def _event(path: pathlib.Path) -> Data:
    """A killed job leaves half a file."""
    try:
        return t.cast(Data, json.loads(path.read_text("utf-8")))
    except ValueError:
        return {}


class Controller:
    """Where AWX runs its jobs. ``jobs`` is the folder of private directories: empty when none runs."""

    def __init__(
        self, root: pathlib.Path, environment: Environment, credentials: Credentials, canaries: Canaries
    ) -> None:
        # As AWX, below the temporary folder: paths of sockets are short.
        self.jobs = pathlib.Path(tempfile.mkdtemp(prefix="awx_"))
        self._root = root
        self._logs = root / "log"
        self._logs.mkdir(exist_ok=True)
        self.environment = environment
        self._credentials = credentials
        self._canaries = canaries
        self.launched = 0

    def launch(
        self,
        template: str,
        now: datetime,
        inventory: Data,
        variables: Data | None = None,
        project: list[Data] | None = None,
    ) -> Job:
        """``project``: other plays than the collection's playbook of this name."""
        self.launched += 1
        number = self.launched
        private = self.jobs / f"awx_{number}_{uuid.uuid4().hex[:8]}"
        plays = project or [{"import_playbook": f"inkan.tls.{template}"}]
        self._write(private, number, template, now, inventory, variables or {}, plays)
        argv = [sys.executable, "-m", "ansible_runner", "run", str(private), "-p", f"{template}.yml"]
        argv += ["--ident", str(number), "--quiet", *self.environment.isolation([self._root])]
        running = RunningPlay(
            template,
            argv,
            {
                "PATH": f"{self.environment.programs}:/usr/bin:/bin",
                "HOME": str(private / "home"),
                "TMPDIR": str(private / "tmp"),
                "LC_ALL": "C.UTF-8",
                **self.environment.for_podman(),
            },
            self._logs / f"{number:04}-{template}.log",
            private,
        )
        return Job(number, template, private, running, self._canaries)

    def close(self) -> None:
        shutil.rmtree(self.jobs)

    def left(self) -> list[pathlib.Path]:
        return list(self.jobs.iterdir())

    # -- the private directory

    def _write(
        self,
        private: pathlib.Path,
        number: int,
        template: str,
        now: datetime,
        inventory: Data,
        variables: Data,
        plays: list[Data],
    ) -> None:
        for below in ("env", "inventory", "project", "home", "tmp", "credentials"):
            (private / below).mkdir(parents=True, mode=0o700)
        _file(private / "project" / f"{template}.yml", plays)
        _file(private / "inventory" / "hosts.json", inventory)
        _file(private / "env" / "envvars", self._envvars(private))
        _file(private / "env" / "settings", {"idle_timeout": 0, "job_timeout": 900, "suppress_env_files": True})
        extra = {
            **self._about(number, template),
            **self._credentials.variables,
            "inkan_now": iso_utc(now),
            **variables,
        }
        _file(private / "env" / "extravars", extra)

    def _about(self, number: int, template: str) -> Data:
        """What AWX tells each job of itself, twice."""
        facts: Data = {
            "job_id": number,
            "job_launch_type": "scheduled",
            "job_template_id": 7,
            "job_template_name": f"inkan {template}",
            "user_name": "admin",
            "user_email": "admin@example.jp",
            "schedule_id": 3,
            "schedule_name": f"{template} every day",
            "project_revision": "0" * 40,
            "execution_node": "node1",
        }
        return {f"{prefix}_{name}": value for prefix in ("awx", "tower") for name, value in facts.items()}

    def _envvars(self, private: pathlib.Path) -> dict[str, str]:
        injected = dict(self._credentials.environment)
        inside = self.environment.place(private)
        for name, content in self._credentials.files.items():
            _text(private / "credentials" / name.lower(), content)
            injected[name] = str(inside / "credentials" / name.lower())
        return {
            **injected,
            "ANSIBLE_COLLECTIONS_PATH": str(self.environment.collections),
            "ANSIBLE_HOME": str(inside / "home" / ".ansible"),
            "ANSIBLE_LOCAL_TEMP": str(inside / "tmp"),
            "ANSIBLE_REMOTE_TMP": str(self._logs.parent / "hosts-tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "ANSIBLE_HOST_KEY_CHECKING": "False",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "JOB_ID": "1",
            "AWX_PRIVATE_DATA_DIR": str(inside),
            "RUNNER_OMIT_EVENTS": "False",
        }


def _file(path: pathlib.Path, content: t.Any) -> None:
    _text(path, json.dumps(content, ensure_ascii=False))


def _text(path: pathlib.Path, content: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
