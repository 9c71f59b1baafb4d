# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: issue, prove, deploy to one more host, nothing to do, renew with a new key, roll back.

BIND 9, Pebble and nginx are real.

make demo            all of it; what it leaves behind lies in .demo/ (inventory, logs, stores, ledger)
scripts/demo --keep  the servers stay up after the last act until Enter is pressed
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time
import typing as t

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))
sys.path.insert(0, str(REPOSITORY / "tests" / "real"))

from plays.waiting import wait_for  # noqa: E402
from servers.process import Missing, program  # noqa: E402
from world import Play, World, usual_certificates  # noqa: E402

PROGRAMS = {"named": "bind9", "pebble": "pebble", "nginx": "nginx-light"}
#: certificate -> (a name to ask for in the handshake, hosts that serve it at first)
SERVED = {
    "shop": ("www.shop.example.test", ("web1", "web2")),
    "api": ("api.example.test", ("web1",)),
    "wild": ("any.wild.example.test", ("web2",)),
}
JOINING = "web3"  # gets shop's certificate in a later act


class Failure(Exception):
    """The demo did not show what it says; the message tells what to read."""


class Stage:
    """One line a step: what is done, a mark, how long it took, and what came of it."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._live = sys.stdout.isatty()

    def paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text

    def step(self, title: str, work: t.Callable[[], str]) -> None:
        if self._live:
            print(f"  … {title}", end="", flush=True)
        begin = time.monotonic()
        try:
            came = work()
        except BaseException:
            self._line("✘", "31", title, begin, "")
            raise
        self._line("✔", "32", title, begin, came)

    def _line(self, mark: str, code: str, title: str, begin: float, came: str) -> None:
        if self._live:
            print("\r\033[K", end="")
        seconds = f"{time.monotonic() - begin:5.1f} s"
        print(f"  {self.paint(mark, code)} {title:<46}{self.paint(seconds, '2')}  {came}".rstrip(), flush=True)


class Demo:
    def __init__(self, world: World, stage: Stage) -> None:
        self.world = world
        self.stage = stage
        self.served = dict(SERVED)
        #: act -> certificate -> serial that every one of its hosts serves
        self.serials: dict[str, dict[str, str]] = {}
        self.changed: dict[str, dict[str, int]] = {}

    def run(self) -> None:
        step = self.stage.step
        step("plan: what would be done (--check --diff)", self.plan)
        step("issue: keys, orders, validation, deployment", lambda: self.played("issue"))
        step("prove: TLS handshakes verify against the CA", lambda: self.proven("issue"))
        step(f"deploy: {JOINING} joins and gets shop's certificate", self.joined)
        step("renew: a second run has nothing to do", self.nothing_to_do)
        step("renew: new keys and certificates, by force", lambda: self.played("renew", _force(list(SERVED))))
        step("prove: every serial has changed", lambda: self.proven("renew", differs_from="issue"))
        step("rollback: shop returns to the certificate before", lambda: self.played("rollback", _names(["shop"])))
        step("prove: shop's old serial is served again", self.rolled_back)
        step("look back: no token is left anywhere", self.clean)

    def plan(self) -> str:
        before = self.world.snapshot()
        play = self._play("issue", "--check", "--diff")
        differences = before.differences(self.world.snapshot(), ledger=True)
        if differences or self.world.proxy.count():
            raise Failure(f"check mode wrote something: {differences or self.world.proxy.entries}")
        due = sum(1 for item in play.results("dcv_plan") if item["outcome"] == "due")
        return f"{due} certificates are due; nothing was written"

    def played(self, playbook: str, variables: dict[str, t.Any] | None = None) -> str:
        orders = len(self.world.proxy.orders())
        play = self._play(playbook, variables=variables)
        self.changed[playbook] = play.changed
        return f"{len(self.world.proxy.orders()) - orders} orders; changed: {_counts(play.changed)}"

    def proven(self, act: str, differs_from: str | None = None) -> str:
        found = self._serve_the_same()
        if differs_from:
            same = [name for name, serial in found.items() if serial == self.serials[differs_from][name]]
            if same:
                raise Failure(f"still the old serial is served for: {', '.join(same)}")
        self.serials[act] = found
        return f"{sum(len(hosts) for _name, hosts in self.served.values())} handshakes, chain and name verified"

    def joined(self) -> str:
        """One more host is declared: the certificate goes to it, its key sealed, and nothing is ordered."""
        self.world.certificates = certificates()
        self.world.write_inventory()
        came = self.played("deploy")
        server_name, hosts = SERVED["shop"]
        self.served["shop"] = (server_name, (*hosts, JOINING))
        if self._serve_the_same() != self.serials["issue"]:
            raise Failure(f"{JOINING} does not serve what the others serve")
        return came

    def _serve_the_same(self) -> dict[str, str]:
        found = {}
        for name, (server_name, hosts) in self.served.items():
            # A reload is asynchronous: an old worker of nginx may answer a last connection.
            serials = wait_for(lambda: self._agreed(server_name, hosts), f"{name} to be served alike", 5)  # noqa: B023
            found[name] = serials
        return found

    def _agreed(self, server_name: str, hosts: t.Sequence[str]) -> str | None:
        root = self.world.pebble.root_pem()
        serials = {getattr(self.world.host(host).nginx.verified(server_name, root), "serial", None) for host in hosts}
        return serials.pop() if len(serials) == 1 else None

    def nothing_to_do(self) -> str:
        before = self.world.snapshot()
        play = self._play("renew")
        self.changed["again"] = play.changed
        differences = before.differences(self.world.snapshot(), ledger=True)
        if differences or any(play.changed.values()):
            raise Failure(f"the second run changed something: {differences or play.changed}")
        return f"changed: {_counts(play.changed)}; no write at the CA, in DNS, on hosts"

    def rolled_back(self) -> str:
        self.serials["rollback"] = found = self._serve_the_same()
        expected = {**self.serials["renew"], "shop": self.serials["issue"]["shop"]}
        if found != expected:
            raise Failure(f"served now: {found}, expected: {expected}")
        return "api and wild keep their new ones"

    def clean(self) -> str:
        left = [*self.world.tokens_in_dns(), *self.world.tokens_on_hosts()]
        if left:
            raise Failure(f"left over: {left}")
        published = sum(1 for update in self.world.bind.updates() if update.action == "adding")
        return f"{published} records were published and removed; {self.world.proxy.count()} requests at the CA"

    def _play(self, playbook: str, *arguments: str, variables: dict[str, t.Any] | None = None) -> Play:
        play = self.world.play(playbook, *arguments, variables=variables)
        if play.rc != 0:
            last = "\n".join([*play.stdout.splitlines()[-25:], *play.stderr.splitlines()[-10:]])
            raise Failure(f"ansible-playbook inkan.tls.{playbook} ended with {play.rc}:\n{last}\nwhole log: {play.log}")
        return play

    def summary(self, seconds: float) -> str:
        rows: list[tuple[str, ...]] = [("certificate", "hosts", "issued", "renewed", "after rollback")]
        for name, (_server_name, hosts) in self.served.items():
            serials = [_short(self.serials[act][name]) for act in ("issue", "renew", "rollback")]
            rows.append((name, " ".join(hosts), *serials))
        table = _table(rows, self.stage)
        changed = [("playbook", *sorted(self.changed["issue"]))]
        titles = {
            "issue": "issue",
            "deploy": "deploy",
            "again": "renew (nothing due)",
            "renew": "renew (forced)",
            "rollback": "rollback",
        }
        for act, title in titles.items():
            counts = self.changed[act]
            changed.append((title, *(str(counts.get(host, 0)) for host in changed[0][1:])))
        return (
            f"\n  Serial number that each certificate's hosts serve:\n\n{table}\n"
            f"\n  Changed tasks by host:\n\n{_table(changed, self.stage)}\n"
            f"\n  {self.stage.paint('All of it is true.', '1;32')} {seconds:.0f} s with the servers' start."
            f"\n  Inventory, logs, stores and ledger to look at: {self.world.root}\n"
        )


def certificates(**shop: t.Any) -> list[dict[str, t.Any]]:
    """The usual ones, shop on all web servers unless other words are given for it."""
    return [{**one, **(shop if one["name"] == "shop" else {})} for one in usual_certificates()]


def _installed() -> str | None:
    """Where scripts/venv has installed the collection; None: this checkout is used."""
    path = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")
    return path if (pathlib.Path(path) / "ansible_collections/inkan/tls").exists() else None


def _force(names: list[str]) -> dict[str, t.Any]:
    return {"inkan_renewal": {"force": names}}


def _names(names: list[str]) -> dict[str, t.Any]:
    return {"inkan_names": names}


def _counts(changed: t.Mapping[str, int]) -> str:
    return " ".join(f"{host}={number}" for host, number in sorted(changed.items()))


def _short(serial: str) -> str:
    return serial if len(serial) <= 16 else serial[:16]


def _table(rows: t.Sequence[t.Sequence[str]], stage: Stage) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([stage.paint(lines[0], "1"), *lines[1:]])


def install_servers(stage: Stage) -> None:
    """From Debian packages, where that is possible; else say plainly what is missing."""
    missing = []
    for name, package in PROGRAMS.items():
        try:
            program(name, package)
        except Missing:
            missing.append(package)
    if not missing:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failure(f"These servers are needed and not installed: {', '.join(missing)}. As root: {command}")
    stage.step(f"install {' '.join(missing)}", lambda: _install(command))


def _install(command: str) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["apt-get", "-qq", "update"], command.split()):
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the servers up until Enter is pressed")
    options = parser.parse_args()
    stage = Stage()
    begin = time.monotonic()
    folder = REPOSITORY / ".demo"
    shutil.rmtree(folder, ignore_errors=True)
    print("\n  inkan.tls: three certificates go all the way round, on BIND 9, Pebble and three nginx hosts\n")
    try:
        install_servers(stage)
        world = World(
            folder, hosts=3, certificates=certificates(hosts=list(SERVED["shop"][1])), collections_path=_installed()
        )
        with world:
            demo = Demo(world, stage)
            demo.run()
            print(demo.summary(time.monotonic() - begin))
            if options.keep:
                input("  The servers are up. Press Enter to end: ")
    except (Failure, TimeoutError, OSError) as exc:
        print(f"\n  {stage.paint('The demo failed.', '1;31')} {exc}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n  Stopped; no server is left running.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
