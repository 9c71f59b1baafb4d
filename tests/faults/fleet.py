# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers as a test sees them (``controllers``), the CA that they share, and what must be true in the end."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import typing as t
from datetime import datetime
from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils import _core
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import CLOSING, Kind
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lab.lab import Lab
from plays.waiting import wait_for

Data = dict[str, t.Any]
ZONE = "example.jp"
_numbers = itertools.count(1)


class Controller:
    def __init__(self, pid: int, result: Path) -> None:
        self.pid = pid
        self._result = result

    def items(self, seconds: float = 90.0) -> list[Data]:
        return t.cast("list[Data]", self.answer(seconds)["results"])

    def answer(self, seconds: float = 90.0) -> t.Any:
        wait_for(self._result.exists, f"the controller {self.pid}", seconds)
        text = self._result.read_text().strip()
        answer = json.loads(text.splitlines()[-1]) if text.endswith(("}", "]")) else {"msg": text}
        assert isinstance(answer, list) or "results" in answer, answer
        return answer

    def has_stopped(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
        return False

    def wait_until_stopped(self) -> None:
        wait_for(lambda: self.has_stopped() or self._result.exists(), "the controller stops")
        assert self.has_stopped(), f"it ended before the place was reached: {self.answer()}"

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class Fleet:
    """``with Fleet(folder) as fleet``: nobody of it is left behind, nobody stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._all: list[Controller] = []

    def __enter__(self) -> Fleet:
        above = Path(next(iter(_core.__path__))).parents[5]  # the folder of ansible_collections
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("controllers.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(above)},
        )
        return self

    def __exit__(self, *_exc: object) -> None:
        for controller in self._all:
            if controller.has_stopped():
                os.kill(controller.pid, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def start(self, module: str, params: Data, **more: t.Any) -> Controller:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        result = self._folder / f"answer-{next(_numbers)}"
        asked = {"module": module, "params": params, "result": str(result), **more}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        controller = Controller(int(self._process.stdout.readline()), result)
        self._all.append(controller)
        return controller


class Work:
    """So many certificates, one ledger, one store, and the account that all of it is ordered with."""

    def __init__(self, fleet: Fleet, lab: Lab, folder: Path, count: int) -> None:
        self.fleet, self._lab = fleet, lab
        self._run = next(_numbers)
        self.names = [f"w{self._run}-{number}" for number in range(count)]
        self.ledger = folder / "ledger" / "ledger.sqlite3"
        self.store = folder / "store"
        self.csrs: dict[str, str] = {}
        facts = lab.facts()["digicert"]
        self._account = {
            "adapter": "digicert",
            "settings": {"url": facts["url"], "ca_bundle": facts["ca"], "timeout": 10, "skip_approval": True},
        }
        self._secrets = {"api_key": facts["key"]}

    # calls

    def make_keys(self, controllers: int, **more: t.Any) -> list[list[Data]]:
        """All controllers on all certificates of the one store."""
        items = [{"name": name, "common_name": self.dns_name(name)} for name in self.names]
        params = {"store_path": str(self.store), "certificates": items}
        answers = [self.fleet.start("certificate_requests", params, **more) for _controller in range(controllers)]
        told = [controller.items() for controller in answers]
        self.csrs = {item["name"]: item["csr"] for item in told[0]}
        return told

    def order(self, names: t.Sequence[str], *, now: datetime | None = None, **more: t.Any) -> Controller:
        return self.call(names, {"until": "wanted"}, now=now, csr=True, **more)

    def ask(self, names: t.Sequence[str], *, now: datetime | None = None, **more: t.Any) -> Controller:
        return self.call(names, {}, now=now, visible=True, **more)

    def call(
        self,
        names: t.Sequence[str],
        module: Data,
        *,
        now: datetime | None = None,
        csr: bool = False,
        visible: bool = False,
        deadline: float = 60.0,
        **more: t.Any,
    ) -> Controller:
        items = [self._item(name, csr) for name in names]
        for item in items:
            item["visible"] = visible
        params = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"ca": self._account},
            "secrets": {"ca": self._secrets},
            "deadline": deadline,
            "certificates": items,
            **({"now": now.isoformat()} if now else {}),
            **module,
        }
        return self.fleet.start("certificate_orders", params, **more)

    def _item(self, name: str, csr: bool) -> Data:
        item = {
            "name": name,
            "ca_account": "ca",
            "product": "digicert-dv",
            "method": "dns",
            "dns_names": [self.dns_name(name)],
            "hosts": ["web1"],
        }
        return {**item, "csr": self.csrs[name]} if csr else item

    def deploy(self, controllers: int, issued: t.Mapping[str, Data]) -> list[list[Data]]:
        items = [
            {
                "name": name,
                "certificate": of["certificate"],
                "chain": of["chain"],
                "public_key_sha256": of["public_key_sha256"],
                "dns_names": [self.dns_name(name)],
            }
            for name, of in issued.items()
        ]
        told = []
        for state in ("verify", "switch"):
            params = {"store_path": str(self.store), "state": state, "certificates": items}
            running = [self.fleet.start("certificate_deployments", params) for _controller in range(controllers)]
            told += [controller.items() for controller in running]
        return told

    def dns_name(self, name: str) -> str:
        return f"{name}.{ZONE}"

    def publish(self) -> None:
        """Everything that any order of the ledger wants."""
        store = open_for_reading(str(self.ledger))
        assert store is not None
        with store:
            entries = [entry for found in store.entries().values() for entry in found]
        found: dict[tuple[str, str], list[str]] = {}
        for entry in entries:
            for record in entry.standing.wanted.records:
                found.setdefault((record.name, record.type), []).append(record.value)
        for (name, kind), values in found.items():
            self._lab.dns.set(ZONE, name, kind, values)

    def finish(self, runs: int = 4) -> dict[str, Data]:
        """One controller goes on alone, until all is issued. By name, what it says."""
        for _run in range(runs):
            said = {item["name"]: item for item in self.order(self.names).items()}
            if all(item["certificate"] for item in said.values()):
                return said
            self.publish()
            said = {item["name"]: item for item in self.ask(self.names).items()}
            if all(item["certificate"] for item in said.values()):
                return said
        states = {name: (one["state"], one["error"]) for name, one in said.items()}
        raise AssertionError(f"not issued: {states}")

    # what must be

    def orders_at_the_ca(self) -> dict[str, int]:
        events = self._lab.history.events("order", ca="digicert")
        return {name: sum(self.dns_name(name) in one["names"] for one in events) for name in self.names}

    def must_be_consistent(self) -> None:
        """By the CA's history, the file itself, and the rules that facts follow."""
        assert self.orders_at_the_ca() == dict.fromkeys(self.names, 1)
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger:
            assert ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert ledger.execute("PRAGMA foreign_key_check").fetchall() == []
            assert ledger.execute("SELECT name FROM leases WHERE owner <> ''").fetchall() == []
        store = open_for_reading(str(self.ledger))
        assert store is not None
        with store:
            entries = store.entries(settled=True)
        assert sorted(entries) == sorted(self.names)
        for name, found in entries.items():
            (entry,) = found
            kinds = [fact.kind for fact in entry.facts]
            assert kinds.count(Kind.SUBMITTED) == 1, f"{name}: {kinds}"
            assert kinds.count(Kind.DOWNLOADED) == 1, f"{name}: {kinds}"
            assert sum(kind in CLOSING for kind in kinds) == 1, f"{name}: {kinds}"
            assert kinds.index(Kind.SUBMIT_INTENDED) < kinds.index(Kind.SUBMITTED) < kinds.index(Kind.DOWNLOADED)
            certificate = entry.standing.certificate
            assert certificate is not None
            csr = x509.load_pem_x509_csr(self.csrs[name].encode())
            assert x509.load_pem_x509_certificate(certificate.pem.encode()).public_key() == csr.public_key()

    def keys_must_be_there(self) -> None:
        """That of each CSR, once, in its store; and where a pair is live, it is one."""
        for name in self.names:
            wanted = x509.load_pem_x509_csr(self.csrs[name].encode()).public_key()
            keys = [_public(path) for path in (self.store / name / "generations").glob("*/privkey.pem")]
            assert keys.count(wanted) == 1, f"{name}: {len(keys)} keys, the one that was ordered with is lost"
            live = self.store / name / "live"
            if live.exists():
                certificate = x509.load_pem_x509_certificate((live / "cert.pem").read_bytes())
                assert _public(live / "privkey.pem") == certificate.public_key() == wanted


def _public(path: Path) -> t.Any:
    return serialization.load_pem_private_key(path.read_bytes(), None).public_key()
