# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""BIND 9 with dynamic zones (RFC 2136, TSIG), its update and query logs readable as data.

    with Bind(tmp_path / "bind", zones={"example.test": {"www": [("A", "127.0.0.1")]}}, keys={"upd": secret}) as bind:
        …                                   # bind.address, bind.port
        bind.updates()                      # what was written, in order
        bind.records("_acme-challenge.www.example.test", "TXT")

``secondary="127.0.0.2"`` adds a second server that follows the first by NOTIFY and AXFR; both are NS of every zone.
"""

from __future__ import annotations

import base64
import hashlib
import pathlib
import re
import typing as t

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
from plays.waiting import wait_for

from .forward import Forwarder
from .process import Daemon, free_port, program

Records = t.Mapping[str, t.Sequence[tuple[str, str]]]

#: named.conf words of a zone's update-policy; None as a zone's policy: it refuses every update
GRANT = "grant {key} zonesub ANY;"


class Update(t.NamedTuple):
    """One line of BIND's update log: ``action`` is ``adding`` or ``deleting`` (then without a value)."""

    key: str
    zone: str
    action: str
    name: str
    type: str
    value: str


class Query(t.NamedTuple):
    name: str
    type: str


def secret(text: str = "inkan") -> str:
    """A TSIG secret (base64 of 32 bytes), the same for the same text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _Named(Daemon):
    """One named process on one address."""

    def __init__(self, directory: pathlib.Path, address: str, port: int) -> None:
        super().__init__(directory)
        self.address = address
        self.port = port
        self.configuration = ""
        self.probe = "."

    def prepare(self) -> None:
        (self.directory / "named.conf").write_text(self.configuration)

    def argv(self) -> list[str]:
        # -n 1: one worker thread is plenty, and many named run beside each other on few cores
        return [program("named", "bind9"), "-f", "-n", "1", "-c", str(self.directory / "named.conf")]

    def is_ready(self) -> bool:
        query = dns.message.make_query(self.probe, "SOA")
        try:
            answer = dns.query.udp(query, self.address, port=self.port, timeout=0.3)
        except (dns.exception.DNSException, OSError):
            return False
        return answer.rcode() == dns.rcode.NOERROR and bool(answer.answer)


class Bind:
    """A primary, and if asked for a secondary, that serve ``zones``.

    zones     zone -> {owner name, relative to the zone, "@" the zone itself: [(type, value)]}
    keys      TSIG key name -> base64 secret; key_algorithms overrides hmac-sha256 for some
    policy    zone -> update-policy text, or None: the zone refuses updates; default: every key may do anything
    inline_signing  zones that BIND signs by itself, beside the zone that it keeps
    gssapi_keytab   a keytab with which the primary takes GSS-TSIG; environment: of its processes, to know the realm
    """

    def __init__(
        self,
        directory: pathlib.Path,
        address: str = "127.0.0.1",
        port: int | None = None,
        zones: t.Mapping[str, Records] | None = None,
        keys: t.Mapping[str, str] | None = None,
        policy: t.Mapping[str, str | None] | None = None,
        secondary: str | None = None,
        key_algorithms: t.Mapping[str, str] | None = None,
        soa_mname: str = "ns1",
        inline_signing: t.Collection[str] = (),
        gssapi_keytab: pathlib.Path | None = None,
        environment: t.Mapping[str, str] | None = None,
    ) -> None:
        self.directory = pathlib.Path(directory)
        self.address = address
        self.secondary_address = secondary
        self.addresses = [address] + ([secondary] if secondary else [])
        self.port = port or free_port(self.addresses)
        self._forwarder: Forwarder | None = None
        self.zones = dict(zones if zones is not None else {"example.test": {}})
        self.keys = dict(keys if keys is not None else {"upd": secret()})
        self.key_algorithms = dict(key_algorithms or {})
        self.policy = dict(policy or {})
        self.soa_mname = soa_mname
        self.inline_signing = frozenset(inline_signing)
        self.gssapi_keytab = gssapi_keytab
        self._servers = [_Named(self.directory / "primary", address, self.port)]
        if secondary:
            self._servers.append(_Named(self.directory / "secondary", address, free_port([address])))
        for server in self._servers:
            server.environment = environment or {}

    @property
    def key_name(self) -> str:
        return next(iter(self.keys))

    @property
    def key_secret(self) -> str:
        return self.keys[self.key_name]

    def __enter__(self) -> Bind:
        for zone, records in self.zones.items():
            path = self._servers[0].directory / f"{zone}.zone"
            path.write_text(self._zone_text(records))
        self._servers[0].configuration = self._configuration(self._servers[0], primary=True)
        try:
            for server in self._servers:
                server.probe = next(iter(self.zones), ".")
                if server is not self._servers[0]:
                    server.configuration = self._configuration(server, primary=False)
                    self._forwarder = Forwarder((str(self.secondary_address), self.port), (server.address, server.port))
                server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        for server in self._servers:
            server.stop()
        if self._forwarder:
            self._forwarder.close()
            self._forwarder = None

    def stop_secondary(self) -> None:
        self._servers[1].stop()

    def start_secondary(self) -> None:
        self._servers[1].start()

    # What it knows and what it was told

    def ask(self, name: str, type: str, address: str | None = None) -> dns.message.Message:
        """One question over TCP, answer as dnspython parsed it."""
        query = dns.message.make_query(name, type)
        return dns.query.tcp(query, address or self.address, port=self.port, timeout=3)

    def records(self, name: str, type: str = "TXT", address: str | None = None) -> list[str]:
        """Values at exactly this name, sorted; TXT without quotes, character-strings joined."""
        wanted = dns.rdatatype.from_text(type)
        values = []
        for rrset in self.ask(name, type, address).answer:
            if rrset.rdtype == wanted and rrset.name.to_text(omit_final_dot=True).lower() == name.rstrip(".").lower():
                values += [_presentation(rdata) for rdata in rrset]
        return sorted(values)

    def serial(self, zone: str, address: str | None = None) -> int:
        answer = self.ask(zone, "SOA", address)
        return next(
            int(rdata.serial) for rrset in answer.answer for rdata in rrset if rdata.rdtype == dns.rdatatype.SOA
        )

    def contents(self, zone: str) -> list[tuple[str, str, str]]:
        """The whole zone by AXFR (signed with the first key), without SOA: sorted (name, type, value)."""
        import dns.tsigkeyring
        import dns.zone

        algorithm = self.key_algorithms.get(self.key_name, "hmac-sha256")
        ring = dns.tsigkeyring.from_text({self.key_name: (algorithm, self.key_secret)})
        transfer = dns.query.xfr(
            self.address, zone, port=self.port, keyring=ring, keyname=self.key_name, lifetime=5, relativize=False
        )
        found = dns.zone.from_xfr(transfer, relativize=False, check_origin=False)
        lines = [
            (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdata.rdtype), _presentation(rdata))
            for name, _ttl, rdata in found.iterate_rdatas()
            if rdata.rdtype != dns.rdatatype.SOA
        ]
        return sorted(lines)

    def updates(self, zone: str | None = None) -> list[Update]:
        """Every record added or removed by an update so far, in order."""
        found = [
            Update(key, domain, "adding" if action == "adding" else "deleting", *what)
            for key, domain, action, *what in _UPDATE.findall(self._log_text("update.log"))
        ]
        return [update for update in found if zone is None or update.zone == zone]

    def refused(self) -> list[str]:
        """Lines about updates that were denied and signatures that did not hold."""
        text = self._log_text("update.log") + self._log_text("security.log") + self._log_text("general.log")
        return [line for line in text.splitlines() if re.search(r"denied|BADKEY|BADSIG|BADTIME|tsig|REFUSED", line)]

    def queries(self, secondary: bool = False) -> list[Query]:
        text = self._log_text("query.log", self._servers[1 if secondary else 0])
        return [Query(*match.groups()) for match in _QUERY.finditer(text)]

    def asked_as_resolver(self) -> list[Query]:
        return [Query(*match.groups()) for match in _ASKED_AS_RESOLVER.finditer(self._log_text("query.log"))]

    def wait_in_step(self, zone: str, seconds: float = 15.0) -> None:
        """Until the secondary has the primary's serial."""
        assert self.secondary_address
        wait_for(
            lambda: self.serial(zone) == self.serial(zone, self.secondary_address),
            f"the secondary to follow {zone}",
            seconds,
        )

    def _log_text(self, name: str, server: _Named | None = None) -> str:
        path = (server or self._servers[0]).directory / name
        return path.read_text(errors="replace") if path.exists() else ""

    # Configuration

    def _zone_text(self, records: Records) -> str:
        names = [f"ns{number}" for number, _address in enumerate(self.addresses, 1)]
        lines = ["$TTL 60", f"@ IN SOA {self.soa_mname} hostmaster 1 3600 600 86400 5"]
        lines += [f"@ IN NS {name}" for name in names]
        lines += [f"{name} IN A {address}" for name, address in zip(names, self.addresses)]
        lines += [f"{owner} IN {type} {value}" for owner, values in records.items() for type, value in values]
        return "\n".join(lines) + "\n"

    def _configuration(self, server: _Named, primary: bool) -> str:
        keys = "".join(
            f'key "{name}" {{ algorithm {self.key_algorithms.get(name, "hmac-sha256")}; secret "{value}"; }};\n'
            for name, value in self.keys.items()
        )
        zones = "".join(self._zone_clause(zone, primary) for zone in self.zones)
        gss = f'    tkey-gssapi-keytab "{self.gssapi_keytab}";\n' if self.gssapi_keytab else ""
        options = _OPTIONS.format(directory=server.directory, port=server.port, address=server.address, gss=gss)
        return options + keys + zones

    def _zone_clause(self, zone: str, primary: bool) -> str:
        if not primary:
            upstream = f"primaries {{ {self.address} port {self.port}; }};"
            return f'zone "{zone}" {{ type secondary; file "{zone}.zone"; {upstream} allow-notify {{ any; }}; }};\n'
        grants = self.policy.get(zone, " ".join(GRANT.format(key=key) for key in self.keys))
        policy = f"update-policy {{ {grants} }};" if grants else "allow-update { none; };"
        notify = "notify no;"
        if self.secondary_address:
            second = self._servers[1]
            notify = f"notify explicit; notify-delay 0; also-notify {{ {second.address} port {second.port}; }};"
        signing = "dnssec-policy default; inline-signing yes;" if zone in self.inline_signing else ""
        return f'zone "{zone}" {{ type primary; file "{zone}.zone"; {policy} {notify} {signing} }};\n'


# Without `controls`, `session-keyfile` and friends in the private directory, two named on one machine collide.
_OPTIONS = """\
controls {{ }};
options {{
    directory "{directory}";
    pid-file "{directory}/named.pid";
    session-keyfile "{directory}/session.key";
    managed-keys-directory "{directory}";
    lock-file none;
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    allow-transfer {{ any; }};
    max-refresh-time 5; min-refresh-time 1; max-retry-time 1; min-retry-time 1;
{gss}}};
logging {{
    channel updates {{ file "{directory}/update.log"; severity info; print-category yes; print-time iso8601-utc; }};
    channel queries {{ file "{directory}/query.log"; severity info; print-time iso8601-utc; }};
    channel security {{ file "{directory}/security.log"; severity info; print-category yes; print-time iso8601-utc; }};
    channel general {{ file "{directory}/general.log"; severity info; print-category yes; print-time iso8601-utc; }};
    category update {{ updates; }};
    category update-security {{ updates; }};
    category security {{ security; }};
    category queries {{ queries; }};
    category default {{ general; }};
}};
"""

_UPDATE = re.compile(
    r"update: client [^\n]*?/key ([^:\s]+): updating zone '([^'/]+)/IN': (adding|deleting|delete)"
    r" (?:an RR|rrset|all rrsets) (?:at|from) (?:name )?'?([^'\s]+)'? ?(\S*) ?([^\n]*)"
)
_QUERY = re.compile(r"query: (\S+) IN (\S+) ")
#: "+": recursion is desired, as one asks a resolver
_ASKED_AS_RESOLVER = re.compile(r"query: (\S+) IN (\S+) \+")


def _presentation(rdata: t.Any) -> str:
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("utf-8", "surrogateescape")
    return str(rdata.to_text())
