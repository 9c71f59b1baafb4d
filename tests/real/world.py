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

import contextlib
import json
import pathlib
import shutil
import sys
import typing as t
from dataclasses import dataclass, field

from ca_proxy import CaProxy
from plays.machine import Machine
from plays.play import Play, Plays, RunningPlay, Variables
from plays.traces import file_differences, files_of, ledger_differences, ledger_locked, ledger_rows
from servers.bind import Bind, Records, secret
from servers.nginx import Nginx, token_files
from servers.pebble import Pebble
from servers.pki import Authority
from servers.process import free_port

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


class Host(Machine):
    def __init__(self, name: str, root: pathlib.Path, nginx: Nginx) -> None:
        super().__init__(name, nginx.address, root, nginx.tls_dir, nginx.document_root)
        self.nginx = nginx

    def tokens(self) -> list[pathlib.Path]:
        return token_files(self.document_root)


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
        found += file_differences(self.files, other.files)
        found += [f"{host} was reloaded" for host, count in other.reloads.items() if self.reloads[host] != count]
        return found + (ledger_differences(self.ledger, other.ledger) if ledger else [])


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
        self.root = pathlib.Path(root).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.certificates = [dict(one) for one in (usual_certificates() if certificates is None else certificates)]
        self.unreachable = list(unreachable)
        self.variables: dict[str, t.Any] = dict(variables or {})
        self._stack = contextlib.ExitStack()
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
        self._plays = Plays(self.root, self.inventory, collections_path)

    # Life

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.bind)
            stack.enter_context(self.pebble)
            stack.enter_context(self.proxy)
            for host in self.hosts:
                stack.enter_context(host.nginx)
            stack.callback(self._plays.kill)
            self.write_inventory()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def _host(self, name: str, address: str) -> Host:
        root = self.root / name
        nginx = Nginx(root / "nginx", address, self.http_port, self.https_port, root / "htdocs", root / "store")
        return Host(name, root, nginx)

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
        variables = {**host.variables(), "lab_https_port": self.https_port, "lab_reload": str(host.nginx.reload)}
        if host.name in self.unreachable:
            variables.update(host.unreachable(free_port((host.address,))))
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

    def start(self, playbook: str, *arguments: str, variables: Variables | None = None) -> RunningPlay:
        return self._plays.start(playbook, *arguments, variables=variables)

    def play(self, playbook: str, *arguments: str, variables: Variables | None = None, seconds: float = 240.0) -> Play:
        return self._plays.play(playbook, *arguments, variables=variables, seconds=seconds)

    # Traces

    def snapshot(self) -> Snapshot:
        folders = [folder for host in self.hosts for folder in (host.store, host.document_root)]
        return Snapshot(
            ca=self.proxy.writes(),
            ca_requests=self.proxy.count(),
            dns=list(self.bind.updates()),
            serials={zone: self.bind.serial(zone) for zone in self.bind.zones},
            files=files_of(folders),
            reloads={host.name: len(host.nginx.reloads()) for host in self.hosts},
            ledger=self.ledger_rows(),
        )

    def ledger_rows(self) -> dict[str, list[t.Any]]:
        return ledger_rows(self.ledger)

    def ledger_locked(self) -> contextlib.AbstractContextManager[None]:
        return ledger_locked(self.ledger)

    def tokens_in_dns(self) -> list[t.Any]:
        """Records that only a validation may have put there."""
        return [record for zone in self.bind.zones for record in self.bind.contents(zone) if record[1] == "TXT"]

    def tokens_on_hosts(self) -> list[pathlib.Path]:
        return [path for host in self.hosts for path in host.tokens()]

    def served(self, host: str, server_name: str) -> t.Any:
        return self.host(host).nginx.served(server_name)

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
