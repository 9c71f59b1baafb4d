# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knot DNS with dynamic zones (RFC 2136, TSIG) in a private folder, on loopback.

with Knot(tmp_path / "knot", zones={"example.test": {"www": [("A", "127.0.0.1")]}}) as knot:
    …                                   # knot.address, knot.port, knot.key_name, knot.key_secret
    knot.records("_acme-challenge.www.example.test", "TXT")
"""

from __future__ import annotations

import pathlib
import typing as t

from .bind import Records, secret
from .looking import Looking, is_served, zone_text
from .process import Daemon, free_port, program

#: what a key may do where a zone has no rules of its own: everything
ALL_RIGHTS = "  - id: all-{key}\n    key: {key}\n    action: [update, transfer, query]\n"


class Knot(Daemon, Looking):
    """zones, keys   as those of Bind
    acl          zone -> its entries below ``acl:`` as text, each with an id; None: it refuses updates
    signed       zones that Knot signs by itself, with NSEC, or with NSEC3
    """

    def __init__(
        self,
        directory: pathlib.Path,
        zones: t.Mapping[str, Records] | None = None,
        keys: t.Mapping[str, str] | None = None,
        acl: t.Mapping[str, str | None] | None = None,
        signed: t.Collection[str] = (),
        nsec3: bool = False,
    ) -> None:
        super().__init__(pathlib.Path(directory))
        self.address = "127.0.0.1"
        self.port = free_port()
        self.zones = dict(zones if zones is not None else {"example.test": {}})
        self.keys = dict(keys if keys is not None else {"upd": secret()})
        self.acl = dict(acl or {})
        self.signed = frozenset(signed)
        self.nsec3 = nsec3
        self.probe = next(iter(self.zones))

    def prepare(self) -> None:
        for folder in ("zones", "db"):  # without the second every update is SERVFAIL
            (self.directory / folder).mkdir(exist_ok=True)
        for zone, records in self.zones.items():
            (self.directory / "zones" / f"{zone}.zone").write_text(zone_text(records, [self.address]))
        (self.directory / "knot.conf").write_text(self._configuration())

    def argv(self) -> list[str]:
        return [program("knotd", "knot"), "-c", str(self.directory / "knot.conf")]

    def is_ready(self) -> bool:
        return is_served(self.probe, self.address, self.port)

    def _configuration(self) -> str:
        keys = "".join(
            f"  - id: {name}\n    algorithm: hmac-sha256\n    secret: {value}\n" for name, value in self.keys.items()
        )
        rules = "".join(ALL_RIGHTS.format(key=key) for key in self.keys)
        rules += "".join(text for text in self.acl.values() if text)
        zones = "".join(self._zone_clause(zone) for zone in self.zones)
        return _SERVER.format(directory=self.directory, address=self.address, port=self.port) + (
            f"key:\n{keys}acl:\n{rules}{_NSEC3 if self.nsec3 else ''}zone:\n{zones}"
        )

    def _zone_clause(self, zone: str) -> str:
        text = self.acl.get(zone, "".join(ALL_RIGHTS.format(key=key) for key in self.keys))
        ids = [line.split()[2] for line in (text or "").splitlines() if line.strip().startswith("- id:")]
        rights = f"    acl: [{', '.join(ids)}]\n" if ids else ""
        signing = "    dnssec-signing: on\n" if zone in self.signed else ""
        signing += "    dnssec-policy: nsec3\n" if zone in self.signed and self.nsec3 else ""
        return (
            f"  - domain: {zone}\n    storage: {self.directory}/zones\n{rights}{signing}"
            "    zonefile-sync: -1\n    journal-content: changes\n"
        )


_NSEC3 = "policy:\n  - id: nsec3\n    nsec3: on\n"
_SERVER = """\
server:
    rundir: {directory}
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: {directory}/db
"""
