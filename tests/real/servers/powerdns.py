# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerDNS Authoritative Server on a SQLite file, with its HTTP API and dynamic updates, in a private folder.

with PowerDns(tmp_path / "pdns", zones={"example.test": {"www": [("A", "127.0.0.1")]}}) as server:
    …                                   # server.address, server.port, server.url, server.api_key
    server.call("GET", "/zones/example.test.")
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
import typing as t
import urllib.request

import dns.rdatatype
import dns.zone

from .bind import Records, secret
from .looking import Looking, is_served, zone_text
from .process import Daemon, Missing, free_port, program

BACKEND = "pdns-backend-sqlite3"
SCHEMA = pathlib.Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
API_KEY = "key-of-the-http-api"


class PowerDns(Daemon, Looking):
    """zones, keys   as those of Bind
    updaters     zone -> names of the keys that may update it; default: every key; (): none
    metadata     zone -> {kind: value}, as ``pdnsutil set-meta`` writes them
    policy       Lua script that judges each update, in place of everything else
    """

    def __init__(
        self,
        directory: pathlib.Path,
        zones: t.Mapping[str, Records] | None = None,
        keys: t.Mapping[str, str] | None = None,
        updaters: t.Mapping[str, t.Sequence[str]] | None = None,
        metadata: t.Mapping[str, t.Mapping[str, str]] | None = None,
        policy: str | None = None,
    ) -> None:
        super().__init__(pathlib.Path(directory))
        self.address = "127.0.0.1"
        self.port = free_port()
        self.api_port = free_port()
        self.api_key = API_KEY
        self.zones = dict(zones if zones is not None else {"example.test": {}})
        self.keys = dict(keys if keys is not None else {"upd": secret()})
        self.updaters = dict(updaters or {})
        self.metadata = {zone: dict(kinds) for zone, kinds in (metadata or {}).items()}
        self.policy = policy
        self.probe = next(iter(self.zones))

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.api_port}"

    def prepare(self) -> None:
        if not SCHEMA.exists():
            raise Missing("the SQLite backend of PowerDNS", BACKEND)
        policy = ""
        if self.policy is not None:
            (self.directory / "policy.lua").write_text(self.policy)
            policy = f"lua-dnsupdate-policy-script={self.directory}/policy.lua\n"
        text = _SERVER.format(
            directory=self.directory, address=self.address, port=self.port, api_port=self.api_port, key=self.api_key
        )
        (self.directory / "pdns.conf").write_text(text + policy)
        with contextlib.closing(sqlite3.connect(self.directory / "db", isolation_level=None)) as database:
            database.executescript(SCHEMA.read_text())
            for zone, records in self.zones.items():
                self._fill(database, zone, records)
            for name, value in self.keys.items():
                row = (name, "hmac-sha256", value)
                database.execute("INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, ?, ?)", row)

    def argv(self) -> list[str]:
        return [program("pdns_server", "pdns-server"), f"--config-dir={self.directory}"]

    def is_ready(self) -> bool:
        if not is_served(self.probe, self.address, self.port):
            return False
        with contextlib.suppress(OSError):
            return bool(self.call("GET", ""))
        return False

    def call(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """The API as curl calls it; raises urllib.error.HTTPError."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/servers/localhost{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-API-Key": self.api_key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def _fill(self, database: sqlite3.Connection, zone: str, records: Records) -> None:
        number = database.execute("INSERT INTO domains (name, type) VALUES (?, 'NATIVE')", (zone,)).lastrowid
        for row in _rows(zone, zone_text(records, [self.address])):
            database.execute(
                "INSERT INTO records (domain_id, name, type, content, ttl, prio, disabled, auth)"
                " VALUES (?, ?, ?, ?, ?, ?, 0, 1)",
                (number, *row),
            )
        kinds = {"SOA-EDIT-API": "DEFAULT", **self.metadata.get(zone, {})}
        keys = [("TSIG-ALLOW-DNSUPDATE", key) for key in self.updaters.get(zone, tuple(self.keys))]
        for kind, content in [*kinds.items(), *keys]:
            values = (number, kind, content)
            database.execute("INSERT INTO domainmetadata (domain_id, kind, content) VALUES (?, ?, ?)", values)


def _rows(zone: str, text: str) -> t.Iterator[tuple[str, str, str, int, int]]:
    """name without dot, type, content, TTL and preference, as PowerDNS stores them."""
    for name, ttl, rdata in dns.zone.from_text(text, zone, relativize=False).iterate_rdatas():
        type, content = dns.rdatatype.to_text(rdata.rdtype), rdata.to_text()
        preference = "0"
        if type == "MX":
            preference, content = content.split()
        if type in ("SOA", "NS", "CNAME", "MX"):
            content = " ".join(word.removesuffix(".") for word in content.split())
        yield name.to_text(omit_final_dot=True), type, content, ttl, int(preference)


#: the caches are off: what a zone looks like is asked right after it was changed behind the server's back, too
_SERVER = """\
launch=gsqlite3
gsqlite3-database={directory}/db
gsqlite3-dnssec=yes
local-address={address}
local-port={port}
socket-dir={directory}
daemon=no
guardian=no
receiver-threads=1
api=yes
api-key={key}
webserver=yes
webserver-address={address}
webserver-port={api_port}
dnsupdate=yes
security-poll-suffix=
zone-cache-refresh-interval=0
"""
