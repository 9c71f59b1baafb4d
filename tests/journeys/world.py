# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with an inventory of ours and the real playbooks on it: what the demo and the journeys are played in.

with LabWorld(tmp_path, certificates=story.certificates()) as world:
    play = world.play("issue")
    world.press(story.CONTACT)            # somebody reads the approval mail and presses 承認する
    world.pass_time(hours=6)              # the crawler comes round
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import sys
import typing as t
from dataclasses import dataclass, field
from datetime import datetime

import story
from lab.clock import iso_utc
from lab.human import press
from lab.inventory import inventory
from lab.lab import Lab
from lab.web_host import WebHost
from plays.machine import Machine
from plays.play import Play, Plays, RunningPlay, Variables
from plays.traces import file_differences, files_of, ledger_differences, ledger_rows
from plays.waiting import wait_for

#: what stays in DNS when no order needs anything: the contacts that the owner declared
STANDING = story.CONTACT_LABEL + "."


@dataclass
class Snapshot:
    """Every trace that a write leaves: at the seller, in DNS, on hosts, in the ledger, in the report."""

    writes: list[t.Any]
    serials: dict[str, int]
    files: dict[str, tuple[t.Any, ...]]
    reloads: dict[str, int]
    ledger: dict[str, list[t.Any]] = field(default_factory=dict)

    def differences(self, other: Snapshot, ledger: bool = False) -> list[str]:
        """What was written between self and other, one sentence each. ledger: count its rows too."""
        found = [f"{event['kind']}: {event}" for event in other.writes[len(self.writes) :]]
        found += [
            f"serial of {zone}: {self.serials[zone]} -> {new}"
            for zone, new in other.serials.items()
            if self.serials[zone] != new
        ]
        found += file_differences(self.files, other.files)
        found += [f"{host} was reloaded" for host, count in other.reloads.items() if self.reloads[host] != count]
        return found + (ledger_differences(self.ledger, other.ledger) if ledger else [])


class LabWorld:
    """Lab, hosts and inventory; one ``with`` starts and stops all of it.

    certificates      inkan_certificates (default: those of the story)
    now               where the lab's clock, and that of the playbooks, starts (default: the real time, not moved)
    vices             names of the lab's vices (None: those that it has by default)
    zones             more zones of the lab's DNS, and their records
    variables         more, or other, variables for all hosts
    collections_path  where inkan.tls is installed (default: this checkout is used)
    also              more simulators of the lab (lab.also)
    """

    def __init__(
        self,
        root: pathlib.Path,
        certificates: t.Sequence[story.Certificate] | None = None,
        *,
        now: datetime | None = None,
        vices: t.Iterable[str] | None = None,
        web: t.Sequence[str] = ("web1", "web2"),
        zones: t.Mapping[str, t.Iterable[tuple[str, str, str]]] | None = None,
        variables: Variables | None = None,
        collections_path: str | None = None,
        also: t.Collection[str] = (),
    ) -> None:
        self.root = pathlib.Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.certificates = list(story.certificates() if certificates is None else certificates)
        self.variables: dict[str, t.Any] = dict(variables or {})
        self.moved = now is not None
        self.lab = Lab(self.root / "lab", now=now, vices=vices, web=web, zones=zones, also=also)
        self.inventory = self.root / "inventory.json"
        self.report = self.root / "report"
        self.plays = Plays(self.root, self.inventory, collections_path)
        self.machines: dict[str, Machine] = {}
        self._stack = contextlib.ExitStack()
        self._first: list[tuple[str, str, str]] = []

    # Life

    def __enter__(self) -> LabWorld:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.lab)
            stack.callback(self.plays.kill)
            self._first = self._records()
            self.machines = {name: self._machine(name, host) for name, host in self.lab.web.items()}
            self.write_inventory()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def _machine(self, name: str, host: WebHost) -> Machine:
        return Machine(name, host.address, self.root / name, host.store, host.document_root)

    # Inventory

    @property
    def ledger(self) -> pathlib.Path:
        return self.root / "ledger" / "ledger.sqlite3"

    def write_inventory(self) -> None:
        """(Again) from ``certificates`` and ``variables``, with the lab's time: change them and call this."""
        facts = self.lab.facts()
        tree = inventory(facts, iso_utc(self.lab.clock.now()) if self.moved else None)
        zones = [{"name": zone, "rname": story.MAILBOXES.get(zone)} for zone in facts["dns"]["zones"]]
        tree["all"]["vars"].update(
            {
                "inkan_certificates": self.certificates,
                "inkan_ledger_path": str(self.ledger),
                "inkan_ledger_python": sys.executable,
                "inkan_report_path": str(self.report),
                **self.variables,
            }
        )
        tree["all"]["vars"]["inkan_dns_services"]["lab"]["zones"] = [
            zone if zone["rname"] else zone["name"] for zone in zones
        ]
        for name, host in tree["all"]["children"]["webservers"]["hosts"].items():
            host.update({**self.machines[name].variables(), "lab_https_port": facts["https_port"]})
        self.inventory.write_text(json.dumps(tree, indent=1, ensure_ascii=False))

    def declare(self, certificate: story.Certificate) -> None:
        """Instead of the one of the same name."""
        names = [one["name"] for one in self.certificates]
        self.certificates[names.index(certificate["name"])] = certificate

    # Plays, time and people

    def play(self, playbook: str, *arguments: str, variables: Variables | None = None, seconds: float = 240.0) -> Play:
        self.write_inventory()
        return self.plays.play(playbook, *arguments, variables=variables, seconds=seconds)

    def start(self, playbook: str, *arguments: str, variables: Variables | None = None) -> RunningPlay:
        self.write_inventory()
        return self.plays.start(playbook, *arguments, variables=variables)

    def pass_time(self, **how_long: float) -> None:
        """Hours or days; whatever the lab does by itself meanwhile has then been done."""
        self.lab.clock.advance(**how_long)
        self.lab.seller.tick()

    def press(self, address: str, button: str = "承認する") -> None:
        """Somebody reads the newest approval mail to this address, opens its page and presses a button."""
        wait_for(lambda: self.lab.mail.messages(address), f"a mail to {address}", 10)
        press(self.lab, address, button)

    # Traces

    def snapshot(self) -> Snapshot:
        lab = self.lab
        writes = [event for event in lab.history.events() if _is_write(event)]
        folders = [folder for machine in self.machines.values() for folder in (machine.store, machine.document_root)]
        return Snapshot(
            writes=writes,
            serials={zone: lab.dns.serial(zone) for zone in lab.dns.zones()},
            files=files_of([*folders, self.report]),
            reloads={name: len(host.reloads()) for name, host in lab.web.items()},
            ledger=ledger_rows(self.ledger),
        )

    def orders(self, **where: t.Any) -> list[dict[str, t.Any]]:
        """Orders that the seller accepted, oldest first."""
        return self.lab.history.events("order", **where)

    def tokens_in_dns(self) -> list[tuple[str, str, str]]:
        """What was not there at the start, of whatever type; not the standing contacts, nor the SOA of a zone."""
        return [one for one in self._records() if one not in self._first and not one[0].startswith(STANDING)]

    def contacts_in_dns(self) -> list[tuple[str, str, str]]:
        return [one for one in self._records() if one[0].startswith(STANDING)]

    def _records(self) -> list[tuple[str, str, str]]:
        every = [record for zone in self.lab.dns.zones() for record in self.lab.dns.records(zone)]
        return [record for record in every if record[1] != "SOA"]

    def tokens_on_hosts(self) -> list[pathlib.Path]:
        return [path for host in self.lab.web.values() for path in host.tokens()]

    def served(self) -> dict[str, set[str]]:
        """Certificate -> the serials that its hosts prove, in handshakes verified against the seller's root."""
        root = pathlib.Path(self.lab.facts()["issuing_ca"]).read_text("ascii")
        return {
            name: {self.lab.web[host].verified(server_name, root).serial for host in hosts}
            for name, (server_name, hosts) in story.SERVED.items()
        }


def _is_write(event: t.Mapping[str, t.Any]) -> bool:
    """A request that may have an effect at the seller, or an update of a zone."""
    return event["kind"] == "dns_update" or (event["kind"] == "request" and event["method"] != "GET")
