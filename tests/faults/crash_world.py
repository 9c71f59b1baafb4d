# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every CA adapter with every way to prove a name, and what is attacked: one certificate, from nothing to issued.

The CAs are those of the lab, the accounts those of the contract suite's harnesses. What counts is their history.
"""

from __future__ import annotations

import contextlib
import http.server
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import types
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import yaml
from ansible_collections.inkan.tls.plugins.module_utils import _core
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from cryptography import x509
from desk import Ca
from desk import Clock as DeskClock
from harness import ZONE, Bench
from harness_atlas import AtlasHarness
from harness_digicert import DigicertHarness
from harness_globalsign_gcc import GccHarness
from harness_renge import RengeHarness
from harness_rest import RestHarness
from lab.lab import Lab
from power_cut import LOSSES, Disk, operations, recorder
from servers.pki import Authority

Data = dict[str, t.Any]
WEB = "127.0.0.99"
RUNS = 4
#: far beyond the lease of a call with this deadline
DEADLINE = 20.0
LEASE_OVER = 86400.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Way:
    """An adapter and a method. held: its CA cannot be asked, so that it may end with a person."""

    adapter: str
    method: str
    product: str
    variant: str = ""
    wildcard: bool = False
    options: t.Mapping[str, t.Any] = field(default_factory=dict)
    held: bool = False
    crawler: bool = False

    def __str__(self) -> str:
        return "-".join(filter(None, (self.adapter, self.variant, self.method)))


_HOSTMASTER = {"contact": {"kind": "constructed", "address": f"hostmaster@{ZONE}"}}
_AT_THE_NAME = {"contact": {"kind": "constructed", "address": "admin@{name}"}}
_DESK = {"validation_level": "dv", **_AT_THE_NAME}

WAYS: tuple[Way, ...] = (
    Way("acme", "dns-01", "acme", wildcard=True),
    Way("acme", "dns-01", "acme", variant="held", held=True),
    Way("acme", "http-01", "acme"),
    Way("acme", "dns-account-01", "acme"),
    Way("acme", "dns-persist-01", "acme"),
    Way("digicert", "dns", "digicert-dv", wildcard=True),
    Way("digicert", "dns-cname", "digicert-dv"),
    Way("digicert", "file", "digicert-dv"),
    Way("digicert", "email", "digicert-dv", options=_HOSTMASTER),
    Way("globalsign_atlas", "dns", "globalsign-atlas", wildcard=True),
    Way("globalsign_atlas", "file", "globalsign-atlas"),
    Way("globalsign_atlas", "email", "globalsign-atlas", options=_AT_THE_NAME),
    Way("globalsign_gcc", "dns", "globalsign-dv", wildcard=True),
    Way("globalsign_gcc", "file", "globalsign-dv"),
    Way("globalsign_gcc", "email", "globalsign-dv", options=_HOSTMASTER),
    Way("rest", "dns", "digicert-dv", wildcard=True),
    Way("rest", "dns", "digicert-dv", variant="held", held=True),
    Way("rest", "file", "jprs-dv", crawler=True),
    Way("rest", "registrar", "jprs-dv"),
    Way("rest", "email", "jprs-dv", options=_HOSTMASTER),
    Way("rest", "dns", "digicert-dv", variant="renge", wildcard=True),
    Way("portal", "email", "jprs-dv", options=_DESK),
    Way("portal", "file", "jprs-dv", options={"validation_level": "dv"}),
    Way("portal", "registrar", "jprs-dv", options={"validation_level": "dv"}),
)


class Player:
    """A process of ``crash_player``; log: it is recorded, for a power cut."""

    def __init__(self, log: Path | None = None) -> None:
        self.log = log
        command = [sys.executable, str(Path(__file__).with_name("crash_player.py"))]
        above = Path(next(iter(_core.__path__))).parents[5]  # the folder of ansible_collections
        self._process = subprocess.Popen(
            [*(recorder(log) if log else []), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(above)},
        )

    def tell(self, line: str) -> Data:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the player is gone"
        return t.cast("Data", json.loads(answer))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class Players:
    """So many at most, each started when it is needed first."""

    def __init__(self, most: int, folder: Path | None = None) -> None:
        self._folder = folder
        self._idle: queue.LifoQueue[Player | None] = queue.LifoQueue()
        for _number in range(most):
            self._idle.put(None)
        self._all: list[Player] = []

    @contextlib.contextmanager
    def one(self) -> t.Iterator[Player]:
        player = self._idle.get()
        if player is None:
            log = None if self._folder is None else self._folder / f"{next(_numbers)}" / "log"
            if log is not None:
                log.parent.mkdir(parents=True)
            player = Player(log)
            self._all.append(player)
        try:
            yield player
        finally:
            self._idle.put(player)

    def close(self) -> None:
        for player in self._all:
            player.close()


class Point(t.NamedTuple):
    """Where a run dies: at the n-th door, before or after it. loss: and the power is cut. used: the ledger is that of a
    run before, which made folders and a first backup, and so synced more than a run does later. kind: only doors that
    begin so count, for a run in which others come or go: a list at a CA grows by a page."""

    at: int
    side: str
    loss: str = ""
    used: bool = False
    kind: str = ""


NOWHERE = Point(0, "")


class Case:
    """One certificate of a way, with a ledger, a web server's folder and a name of its own."""

    def __init__(self, world: World, way: Way, defect: str = "") -> None:
        self._world, self._way, self._defect = world, way, defect
        self.name = f"k{next(_numbers)}"
        host = f"{self.name}.{ZONE}"
        self.names = [host, f"*.{host}"] if way.wildcard else [host]
        self.folder = world.folder / "cases" / self.name
        self.host = self.folder / "host"
        self.host.mkdir(parents=True)
        self.web = world.web / self.name
        (self.web / host).mkdir(parents=True)
        world.lab.dns.set(ZONE, host, "A", [WEB])
        world.lab.dns.set(ZONE, host, "MX", ["10 mail.lab.example."])
        csr = new_csr(new_private_key("ecdsa-p256"), wish_for(host, self.names, "ecdsa-p256")).decode()
        self._key = x509.load_pem_x509_csr(csr.encode()).public_key()
        options = json.loads(json.dumps(dict(way.options)).replace("{name}", host))
        item = {"name": self.name, "ca_account": "ca", "hosts": [], "product": way.product, "method": way.method}
        self.play: Data = {
            "ledger": str(self.host / "ledger" / "ledger.sqlite3"),
            "account": world.account(way),
            "item": {**item, "dns_names": self.names, "options": options, "common_name": host},
            "csr": csr,
            "web": str(self.web),
            "lab": world.facts,
            "deadline": DEADLINE,
            "crawler": way.crawler,
            "clerk": str(self.folder / "clerk.json"),
            "bundle": world.desk_ca.issue(csr) + world.desk_ca.intermediate if way.adapter == "portal" else "",
        }
        self.said: Data = {}
        self.doors: list[str] = []

    def close(self) -> None:
        """Its records go, else the zone would grow with every case and the lab become slow."""
        zone, host = self._world.lab.dns, self.names[0]
        for name, kind in {(name, kind) for name, kind, _value in zone.records(ZONE)}:
            if f".{name}".endswith(f".{host}"):
                zone.set(ZONE, name, kind, [])

    # runs

    def run(self, point: Point = NOWHERE, ahead: float = 0.0) -> bool:
        """One run; whether it came to its end."""
        players = self._world.recorded if point.loss else self._world.players
        if point.used and not (self.host / "ledger").exists():
            shutil.copytree(self._world.used[str(self._way)], self.host / "ledger")
        disk = Disk.read(self.host) if point.loss else None
        with players.one() as player:
            done = player.tell(self._asked(point, ahead))
            if disk is not None and done["status"] != 0:
                assert player.log is not None
                self._cut(disk, player.log, point, done["pid"])
        return self._heard(done)

    def overtaken(self, point: Point) -> bool:
        """A run sleeps at a door until its lease is over and another has done the work; then it goes on. Whether it
        got to that door."""
        with self._world.players.one() as player:
            sleeping = player.tell(self._asked(point, 0.0))
            slept = sleeping["status"] is None
            if slept:
                self.run(ahead=LEASE_OVER)
                sleeping = player.tell("go on")
        assert sleeping["status"] == 0
        return slept

    def _asked(self, point: Point, ahead: float) -> str:
        self._result = self.folder / f"result-{point.at}-{ahead}.json"
        self._result.unlink(missing_ok=True)
        kill = {"at": point.at, "side": point.side, "kind": point.kind}
        asked = {"play": self.play, "kill": kill, "defect": self._defect, "ahead": ahead, "result": str(self._result)}
        return json.dumps(asked)

    def _heard(self, done: Data) -> bool:
        if done["status"] != 0:
            assert done["status"] == -signal.SIGKILL, f"the run ended with {done['status']}"
            return False
        answer = json.loads(self._result.read_text())
        assert "failed" not in answer, answer["failed"]
        self.said, self.doors = answer["said"], answer["doors"]
        return True

    def _cut(self, disk: Disk, log: Path, point: Point, pid: int) -> None:
        for operation in operations(log, self.host, only=[pid]):
            disk.apply(operation)
        disk.write_to(self.host, LOSSES[point.loss])

    # what must be

    def attack(self, point: Point) -> bool:
        """Die there, run again, and see. Whether anybody died."""
        struck = self.overtaken(point) if point.side == "pause" else not self.run(point)
        self.ends_well()
        return struck

    def ends_well(self) -> None:
        for _run in range(RUNS):
            self.run()
            if self.said["state"] in ("issued", "needs_person"):
                break
        orders, problem = self.orders(), self.said["error"] or self.said["problem"]
        assert orders <= 1, f"{orders} orders for {self.names}"
        if self.said["state"] == "needs_person":
            assert self._way.held, f"a person is asked: {problem}"
            assert self.said["problem"]["code"] == "order_lost"
            return
        assert self.said["state"] == "issued", f"{self.said['state']} after {RUNS} runs: {problem}"
        assert orders == 1, "issued without an order"
        certificate = x509.load_pem_x509_certificate(self.said["certificate"].encode())
        assert certificate.public_key() == self._key, "issued for another key than ours"
        assert not self.left(), f"left behind: {self.left()}"
        self.run()
        assert (self.said["changed"], self.said["state"], self.orders()) == (False, "issued", 1)

    def orders(self) -> int:
        """Those that the CA made, by its own history."""
        if self._way.adapter == "portal":
            notes = Path(self.play["clerk"])
            return len(json.loads(notes.read_text())["applied"]) if notes.exists() else 0
        every = self._world.lab.history.events("order")
        return sum(set(one.get("names", ())) == set(self.names) and not one.get("reused") for one in every)

    def left(self) -> list[str]:
        """Records and files that were made for the order."""
        records = [
            f"{name} {kind}"
            for name, kind, _value in self._world.lab.dns.records(ZONE)
            if f".{name}".rstrip(".").endswith(f".{self.names[0]}") and kind in ("TXT", "CNAME")
            if not name.startswith("_validation-persist.")  # stands for good, by its method
        ]
        return records + [str(path) for path in self.web.rglob("*") if path.parent != self.web]


class World:
    """One lab with all CAs, a web server for token files, and the players."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack, side_by_side: int) -> None:
        self.folder = folder
        self.web = folder / "web"
        self.web.mkdir(parents=True)
        authority = Authority(folder / "pki")
        self.lab = stack.enter_context(
            Lab(folder / "lab", web=(), vices=(), also=("acme_ca", "atlas", "gcc", "renge", "approvals"))
        )
        bench = Bench(self.lab, folder, authority, stack)
        self._harnesses = {
            "digicert": DigicertHarness(bench),
            "globalsign_atlas": AtlasHarness(bench),
            "globalsign_gcc": GccHarness(bench),
            "rest": RestHarness(bench),
            "rest-renge": RengeHarness(bench),
        }
        self.facts = _facts(self.lab)
        #: by way, the folder of a ledger with another order
        self.used: dict[str, Path] = {}
        self.desk_ca = Ca(_Now())
        stack.enter_context(_serving(self.web, self.lab.facts()["http_port"]))
        self.players = Players(side_by_side + 1)  # one more: a sleeping run needs a second
        self.recorded = Players(side_by_side, folder / "recorded")
        stack.callback(self.recorded.close)
        stack.callback(self.players.close)

    def account(self, way: Way) -> Data:
        if way.adapter == "portal":
            settings = {"seller": "jprs", "owner": "certs@example.jp"}
            return {"adapter": "portal", "settings": settings, "secrets": {}}
        if way.adapter == "acme":
            ca = self.lab.facts()["acme_ca"]
            settings = {"directory": ca["url"], "ca_bundle": ca["ca"], "accept_terms": True}
            settings |= {"lost_order": "ask_person"} if way.held else {}
            return {"adapter": "acme", "settings": settings, "secrets": {}}
        harness = self._harnesses["rest-renge" if way.variant == "renge" else way.adapter]
        upstream = harness.upstream()
        tls = types.SimpleNamespace(ca_bundle=upstream.ca_bundle)
        straight = types.SimpleNamespace(url=f"https://{upstream.address}:{upstream.port}", tls=tls)
        account = harness.account(t.cast("t.Any", straight))._asdict()
        if way.adapter == "rest" and way.held:
            description = yaml.safe_load(account["settings"]["description"])
            description["calls"]["find"] = "impossible"
            account["settings"]["description"] = yaml.safe_dump(description, allow_unicode=True)
        return t.cast("Data", account)


class _Now(DeskClock):
    def now(self) -> datetime:
        return datetime.now(timezone.utc)


def _facts(lab: Lab) -> Data:
    facts = lab.facts()
    name = facts["dns"]
    return {
        "facts": {key: facts[key] for key in ("maildirs", "api_ca", "control_url")},
        "zones": name["zones"],
        "dns_settings": {
            "server": name["servers"][0],
            "port": name["port"],
            "key_name": name["key_name"],
            "key_algorithm": "hmac-sha256",
        },
        "dns_secret": name["key_secret"],
        "sight": {"resolvers": name["servers"], "dns_port": name["port"]},
    }


@contextlib.contextmanager
def _serving(folder: Path, port: int) -> t.Iterator[None]:
    """A folder a case, in it a folder a name."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            host = (self.headers.get("Host") or "").partition(":")[0]
            case = host.removesuffix(f".{ZONE}").rpartition(".")[2]
            self.directory = str(folder / case / host)
            return super().translate_path(path)

        def log_message(self, format: str, *args: object) -> None:
            """The lab's history is enough."""

    server = http.server.ThreadingHTTPServer((WEB, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
