# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole small world for the real playbooks: BIND, Pebble behind a counting proxy, web hosts, an inventory on disk.

    with World(tmp_path, hosts=3) as world:
        play = world.play("issue")
        assert play.rc == 0, play.why()
        world.host("web1").nginx.served("shop.example.test")

Everything on a 'host' is its own directory, nginx and loopback address; Ansible reaches it by the local connection.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import typing as t
import uuid
from dataclasses import dataclass, field

from ca_proxy import CaProxy
from servers.bind import Bind, Records, secret
from servers.nginx import Nginx, token_files
from servers.pebble import Pebble
from servers.pki import Authority
from servers.process import free_port, wait_for

HERE = pathlib.Path(__file__).resolve().parent
COLLECTION = HERE.parent.parent
MARKER = "INKAN_REAL_PLAY"  # an environment variable that every process of one play carries

Variables = t.Mapping[str, t.Any]
Certificate = t.Mapping[str, t.Any]


# Certificates as a user would declare them. What differs from host to host is a variable of the host.

DEPLOY: Variables = {
    "reload": {"argv": ["{{ lab_reload }}"]},
    "handshake": {"address": "{{ lab_address }}", "port": "{{ lab_https_port | int }}"},
}


def by_dns(name: str, *names: str, hosts: t.Any = "webservers", **more: t.Any) -> dict[str, t.Any]:
    """A certificate validated by dns-01; names default to <name>.example.test."""
    return _certificate(name, names, {"method": "dns-01"}, hosts, more)


def by_http(name: str, *names: str, hosts: t.Any = "web1", **more: t.Any) -> dict[str, t.Any]:
    """A certificate validated by http-01 on the hosts that serve it."""
    validation = {"method": "http-01", "document_root": "{{ lab_document_root }}", "hosts": hosts}
    return _certificate(name, names, validation, hosts, more)


def _certificate(
    name: str, names: t.Sequence[str], validation: Variables, hosts: t.Any, more: Variables
) -> dict[str, t.Any]:
    first, *others = names or (f"{name}.example.test",)
    return {
        "name": name,
        "common_name": first,
        "dns_names": others,
        "product": "acme",
        "ca_account": "pebble",
        "validation": dict(validation),
        "key": {"type": "ecdsa-p256"},
        "hosts": hosts,
        "deploy": dict(DEPLOY),
        **more,
    }


def usual_certificates() -> list[dict[str, t.Any]]:
    return [
        by_dns("shop", "shop.example.test", "www.shop.example.test"),
        by_http("api"),
        by_dns("wild", "*.wild.example.test", "wild.example.test", hosts="web2", key={"type": "rsa-2048"}),
    ]


@dataclass
class Host:
    name: str
    address: str
    root: pathlib.Path
    nginx: Nginx

    @property
    def store(self) -> pathlib.Path:
        return self.nginx.tls_dir

    @property
    def document_root(self) -> pathlib.Path:
        return self.nginx.document_root

    @property
    def starts(self) -> int:
        """How often a module process was started here (the interpreter counts itself)."""
        path = self.root / "starts"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def generations(self, name: str) -> list[str]:
        folder = self.store / name / "generations"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def live(self, name: str) -> pathlib.Path | None:
        link = self.store / name / "live"
        return link.resolve() if link.is_symlink() else None

    def tokens(self) -> list[pathlib.Path]:
        return token_files(self.document_root)


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
                found += [{"_host": event["host"], **item} for item in event["result"].get("results") or []]
        return [item for item in found if all(item.get(key) == value for key, value in where.items())]

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


@dataclass
class Snapshot:
    """Every trace that a write leaves: at the CA, in DNS, on hosts, in the ledger."""

    ca: list[tuple[str, str]]
    ca_requests: int
    dns: list[t.Any]
    serials: dict[str, int]
    files: dict[str, tuple[t.Any, ...]]
    reloads: dict[str, int]
    ledger: dict[str, list[t.Any]] = field(default_factory=dict)

    def differences(self, other: Snapshot, ledger: bool = False) -> list[str]:
        """What was written between self and other, one sentence each. ledger: count its rows too."""
        found = [f"CA: {kind} {path}" for kind, path in other.ca[len(self.ca) :]]
        found += [f"DNS: {update}" for update in other.dns[len(self.dns) :]]
        found += [
            f"serial of {zone}: {self.serials[zone]} -> {new}"
            for zone, new in other.serials.items()
            if self.serials[zone] != new
        ]
        for path in sorted(set(self.files) | set(other.files)):
            if self.files.get(path) != other.files.get(path):
                found.append(f"file {path}: {self.files.get(path)} -> {other.files.get(path)}")
        found += [f"{host} was reloaded" for host, count in other.reloads.items() if self.reloads[host] != count]
        if ledger and self.ledger != other.ledger:
            found += [
                f"ledger {table}: {row}"
                for table in sorted(set(self.ledger) | set(other.ledger))
                for row in other.ledger.get(table, [])
                if row not in self.ledger.get(table, [])
            ] or ["ledger rows are gone"]
        return found


class World:
    """Servers, hosts and inventory; one ``with`` starts and stops all of it.

    certificates    inkan_certificates (default: shop, api, wild)
    unreachable     names of hosts that Ansible cannot reach (ssh to a closed port); they get an nginx all the same
    zones, policy   more zones for BIND, and its update policy (None refuses)
    variables       more, or other, variables of group_vars/all
    collections_path  where inkan.tls is installed (default: this checkout is used)
    """

    def __init__(
        self,
        root: pathlib.Path,
        hosts: int = 3,
        certificates: t.Sequence[Certificate] | None = None,
        zones: t.Mapping[str, Records] | None = None,
        policy: t.Mapping[str, str | None] | None = None,
        unreachable: t.Sequence[str] = (),
        pebble_env: t.Mapping[str, str] | None = None,
        variables: Variables | None = None,
        collections_path: str | None = None,
    ) -> None:
        # Not ANSIBLE_COLLECTIONS_PATH: pytest plugins set it as they need it.
        self._installed = collections_path or os.environ.get("INKAN_REAL_COLLECTIONS")
        self.root = pathlib.Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.certificates = [dict(one) for one in (usual_certificates() if certificates is None else certificates)]
        self.unreachable = list(unreachable)
        self.variables: dict[str, t.Any] = dict(variables or {})
        self._stack = contextlib.ExitStack()
        self._numbers = itertools.count(1)
        self._running: list[RunningPlay] = []
        addresses = [f"127.0.0.{number}" for number in range(1, hosts + 1)]
        self.http_port, self.https_port = free_port(addresses), free_port(addresses)
        self.hosts = [self._host(f"web{number}", address) for number, address in enumerate(addresses, 1)]
        self.authority = Authority(self.root / "pki")
        self.bind = Bind(
            self.root / "bind",
            zones={"example.test": self._addresses(), **(zones or {})},
            keys={"inkan": secret("inkan")},
            policy=policy,
        )
        self.pebble = Pebble(
            self.root / "pebble",
            f"{self.bind.address}:{self.bind.port}",
            self.http_port,
            env=pebble_env,
            authority=self.authority,
        )
        self.proxy = CaProxy(self.authority, self.pebble)
        self.ledger = self.root / "ledger" / "ledger.sqlite3"
        self.inventory = self.root / "inventory"

    # Life

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.bind)
            stack.enter_context(self.pebble)
            stack.enter_context(self.proxy)
            for host in self.hosts:
                stack.enter_context(host.nginx)
            stack.callback(self._kill_plays)
            self.write_inventory()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def _kill_plays(self) -> None:
        for play in self._running:
            if play.pids():
                play.kill()

    def _host(self, name: str, address: str) -> Host:
        root = self.root / name
        nginx = Nginx(root / "nginx", address, self.http_port, self.https_port, root / "htdocs", root / "store")
        wrapper = root / "python"
        # Module processes count themselves: what a callback counts is what Ansible believes it started.
        wrapper.write_text(f'#!/bin/sh\necho >> "{root}/starts"\nexec "{sys.executable}" "$@"\n')
        wrapper.chmod(0o755)
        return Host(name, address, root, nginx)

    def host(self, name: str) -> Host:
        return next(host for host in self.hosts if host.name == name)

    def _addresses(self) -> Records:
        """An address for every name of example.test that a CA may fetch files from: the first host that serves it."""
        records: dict[str, list[tuple[str, str]]] = {}
        for certificate in self.certificates:
            names = [certificate["common_name"], *certificate.get("dns_names", [])]
            hosts = certificate.get("hosts")
            host = (
                self.host(hosts)
                if isinstance(hosts, str) and hosts.startswith("web") and hosts[3:].isdigit()
                else self.hosts[0]
            )
            for name in names:
                owner = name.removesuffix(".example.test")
                if owner != name and not name.startswith("*."):
                    records[owner] = [("A", host.address)]
        return records

    # Inventory

    def write_inventory(self) -> None:
        """(Again) from ``certificates``, ``unreachable`` and ``variables``: change them and call this."""
        (self.inventory / "group_vars").mkdir(parents=True, exist_ok=True)
        hosts = {host.name: self._host_variables(host) for host in self.hosts}
        tree = {"all": {"children": {"webservers": {"hosts": hosts}}}}
        (self.inventory / "hosts.json").write_text(json.dumps(tree, indent=1))
        (self.inventory / "group_vars" / "all.json").write_text(json.dumps(self.group_variables(), indent=1))

    def _host_variables(self, host: Host) -> dict[str, t.Any]:
        variables: dict[str, t.Any] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": str(host.root / "python"),
            "inkan_store_path": str(host.store),
            "lab_address": host.address,
            "lab_https_port": self.https_port,
            "lab_document_root": str(host.document_root),
            "lab_reload": str(host.nginx.reload),
        }
        if host.name in self.unreachable:
            closed = free_port((host.address,))
            options = "-o ConnectTimeout=5 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes"
            variables.update(
                ansible_connection="ssh",
                ansible_host=host.address,
                ansible_port=closed,
                ansible_ssh_common_args=options,
            )
        return variables

    def group_variables(self) -> dict[str, t.Any]:
        variables: dict[str, t.Any] = {
            "inkan_certificates": self.certificates,
            "inkan_ca_accounts": {
                "pebble": {
                    "adapter": "acme",
                    "settings": {
                        "directory": self.proxy.directory_url,
                        "ca_bundle": str(self.authority.bundle),
                        "eab_kid": self.pebble.eab_kid,
                        "accept_terms": True,
                        "contact": [],
                    },
                    "secrets": {"eab_hmac_key": self.pebble.eab_hmac_key},
                }
            },
            "inkan_dns_services": {
                "bind": {
                    "service": "rfc2136",
                    "settings": {
                        "server": self.bind.address,
                        "port": self.bind.port,
                        "key_name": self.bind.key_name,
                        "key_algorithm": "hmac-sha256",
                    },
                    "secrets": {"key_secret": self.bind.key_secret},
                    "zones": list(self.bind.zones),
                }
            },
            "inkan_sight": {
                "resolvers": [self.bind.address],
                "dns_port": self.bind.port,
                "http_port": self.http_port,
                "https_port": self.https_port,
                "ca_bundle": str(self.root / "issuing-root.pem"),
            },
            "inkan_ledger_path": str(self.ledger),
            "inkan_ledger_python": sys.executable,
            "inkan_ledger_durable": True,
            "inkan_deadline": 60,
        }
        (self.root / "issuing-root.pem").write_text(self.pebble.root_pem())
        return {**variables, **self.variables}

    # Plays

    def _collections(self) -> str:
        """Where Ansible finds the collection: where it is said to be installed, else this checkout."""
        if self._installed:
            return self._installed
        link = self.root / "collections" / "ansible_collections" / "inkan" / "tls"
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(COLLECTION)
        return str(self.root / "collections")

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

    def _settings(self) -> pathlib.Path:
        """An empty file: no setting of this machine or user may reach the plays."""
        path = self.root / "ansible.cfg"
        path.touch()
        return path

    def start(self, playbook: str, *arguments: str, variables: Variables | None = None) -> RunningPlay:
        number = next(self._numbers)
        logs = self.root / "log"
        logs.mkdir(exist_ok=True)
        argv = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), f"inkan.tls.{playbook}", *arguments]
        if variables:
            extra = logs / f"{number:02}-{playbook}-variables.json"
            extra.write_text(json.dumps(variables))
            argv += ["-e", f"@{extra}"]
        running = RunningPlay(playbook, argv, self.environment(), logs / f"{number:02}-{playbook}.log", self.root)
        self._running.append(running)
        return running

    def play(self, playbook: str, *arguments: str, variables: Variables | None = None, seconds: float = 240.0) -> Play:
        return self.start(playbook, *arguments, variables=variables).wait(seconds)

    # Traces

    def snapshot(self) -> Snapshot:
        folders = [folder for host in self.hosts for folder in (host.store, host.document_root)]
        return Snapshot(
            ca=self.proxy.writes(),
            ca_requests=self.proxy.count(),
            dns=list(self.bind.updates()),
            serials={zone: self.bind.serial(zone) for zone in self.bind.zones},
            files={path: trace for folder in folders for path, trace in _traces(folder)},
            reloads={host.name: len(host.nginx.reloads()) for host in self.hosts},
            ledger=self.ledger_rows(),
        )

    def ledger_rows(self) -> dict[str, list[t.Any]]:
        """Every row of every table, read only; {} while there is no ledger."""
        if not self.ledger.exists():
            return {}
        with contextlib.closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, timeout=10)) as connection:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}  # noqa: S608

    @contextlib.contextmanager
    def ledger_locked(self) -> t.Iterator[None]:
        """While inside, nobody else can write to the ledger."""
        with contextlib.closing(sqlite3.connect(self.ledger, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def tokens_in_dns(self) -> list[t.Any]:
        """Records that only a validation may have put there."""
        return [record for zone in self.bind.zones for record in self.bind.contents(zone) if record[1] == "TXT"]

    def tokens_on_hosts(self) -> list[pathlib.Path]:
        return [path for host in self.hosts for path in host.tokens()]

    def served(self, host: str, server_name: str) -> t.Any:
        return self.host(host).nginx.served(server_name)

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def _traces(folder: pathlib.Path) -> t.Iterator[tuple[str, tuple[t.Any, ...]]]:
    """(path, what changes with any write): also directories, whose time tells of a temporary file in them."""
    if not folder.exists():
        return
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            content = ""
        yield str(path), (content, status.st_mtime_ns, oct(status.st_mode), status.st_uid, status.st_ino)
