# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the suite plays with one DNS service: a server that it starts, a middle before it, and a neighbour beside it.

A service joins by a class here and a word in ``HARNESSES``. It says how the service is configured, writes as somebody
else would (``plant``), and looks as everybody can (``shown``, ``ttl``): never with the code that is on trial.
"""

from __future__ import annotations

import pathlib
import ssl
import typing as t
import urllib.parse

import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import DnsService, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.registry import FACTORIES
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import dns_tokens
from dns_later_powerdns import LaterPowerDns
from dns_middle import DnsMiddle, HttpMiddle, Middle
from lab.lab import Lab
from servers.bind import Bind, secret
from servers.knot import Knot
from servers.looking import Looking, Records
from servers.powerdns import PowerDns

MAIN = "example.test"
TOKENS = "tokens.test"
#: where our key has a right on one name only, or none at all
NARROW = "narrow.test"
GOOD = f"_acme-challenge.good.{NARROW}"
#: declared, but served by nobody
UNSERVED = "unserved.test"
BULK = tuple(f"bulk{number}.test" for number in range(10))

#: what was there before us, and must be there after every case
NEIGHBOURS: Records = {
    "@": [("MX", f"10 mail.{MAIN}."), ("CAA", '0 issue "ca.example.net"'), ("TXT", '"v=spf1 -all"')],
    "mail": [("A", "192.0.2.1")],
    "_acme-challenge": [("TXT", '"somebody else"')],
    "alias": [("CNAME", f"mail.{MAIN}.")],
    "_acme-challenge.shop": [("CNAME", f"shop.{TOKENS}.")],
    "cut": [("TXT", '"one string" " and another"'), ("TXT", '"neighbour"')],
    "sub": [("NS", "ns.elsewhere.test.")],
}
ZONES: t.Mapping[str, Records] = {MAIN: NEIGHBOURS, TOKENS: {}, NARROW: {}, **{zone: {} for zone in BULK}}


class Harness:
    """excuses: case -> why this service cannot pass it; its documentation says so, too."""

    name: t.ClassVar[str]
    service: t.ClassVar[str]
    excuses: t.ClassVar[t.Mapping[str, str]] = {}
    middle: Middle
    settings: t.Mapping[str, t.Any]
    secrets: t.Mapping[str, str]
    #: as ``secrets``, but refused by the server
    wrong_secrets: t.Mapping[str, str]
    #: the name in NARROW that may be written, None: none may
    good: str | None = GOOD

    def __enter__(self) -> Harness:
        raise NotImplementedError

    def __exit__(self, *_exc: object) -> None:
        raise NotImplementedError

    def open(self, *zones: str, secrets: t.Mapping[str, str] | None = None) -> DnsService:
        """Through the middle."""
        factory = FACTORIES[self.service]
        config = ServiceConfig("trial", self.service, self.settings, secrets or self.secrets, zones or (MAIN,))
        assert factory.settings_errors(config) == []
        return factory.open(config)

    def denied(self) -> DnsService:
        """That may not write NARROW, but for ``good``."""
        return self.open(NARROW)

    def tokens(
        self,
        zones: t.Sequence[str],
        tokens: t.Sequence[dict[str, t.Any]],
        state: str = "present",
        check_mode: bool = False,
    ) -> Result:
        """A run of the module dns_tokens."""
        plain = {"type": "TXT", "ttl": 60, "exclusive": False, "state": None}
        service = {"service": self.service, "settings": dict(self.settings), "zones": list(zones)}
        params = {
            "dns_services": {"trial": service},
            "secrets": {"trial": dict(self.secrets)},
            "sight": {"resolvers": ["127.0.0.1"], "dns_port": self.resolver_port()},
            "state": state,
            "force": False,
            "tokens": [{**plain, **token} for token in tokens],
        }
        return dns_tokens.run(params, check_mode)

    def resolver_port(self) -> int:
        return self.middle.port

    def cost(self, batches: int, values: int) -> int:
        """How many writes so many batches are that add or remove so many values."""
        return batches

    def plant(self, zone: str, name: str, type: str, *values: str, ttl: int = 60) -> None:
        """Add as somebody else does, who is not seen by the middle."""
        raise NotImplementedError

    def shown(self, name: str, type: str = "TXT") -> list[str]:
        raise NotImplementedError

    def ttl(self, name: str, type: str = "TXT") -> int | None:
        raise NotImplementedError

    def serial(self, zone: str) -> int:
        raise NotImplementedError


class Eyes(Looking):
    def __init__(self, address: str, port: int) -> None:
        self.address, self.port, self.keys = address, port, {}


class UpdateHarness(Harness):
    """A server that takes RFC 2136 updates; the neighbour has a key of its own."""

    service = "rfc2136"
    KEYS: t.ClassVar[t.Mapping[str, str]] = {"upd": secret(), "neighbour": secret("neighbour")}
    wrong_secrets: t.Mapping[str, str] = {"key_secret": secret("wrong")}

    def __init__(self, folder: pathlib.Path) -> None:
        self.server = self.make(folder)
        self._eyes = Eyes(self.server.address, self.server.port)
        self.secrets = {"key_secret": secret()}

    def make(self, folder: pathlib.Path) -> t.Any:
        raise NotImplementedError

    def __enter__(self) -> Harness:
        self.server.__enter__()
        self.middle = DnsMiddle((self.server.address, self.server.port))
        self.settings = {"server": self.middle.address, "port": self.middle.port, "key_name": "upd", "timeout": 3}
        return self

    def __exit__(self, *_exc: object) -> None:
        self.middle.close()
        self.server.__exit__(None, None, None)

    def plant(self, zone: str, name: str, type: str, *values: str, ttl: int = 60) -> None:
        ring = dns.tsigkeyring.from_text({"neighbour": ("hmac-sha256", self.KEYS["neighbour"])})
        message = dns.update.UpdateMessage(zone, keyring=ring, keyname="neighbour")
        for value in values:
            message.add(f"{name}.", ttl, type, value)
        answer = dns.query.tcp(message, self.server.address, port=self.server.port, timeout=5)
        assert answer.rcode() == dns.rcode.NOERROR, answer

    def shown(self, name: str, type: str = "TXT") -> list[str]:
        return self._eyes.records(name, type)

    def ttl(self, name: str, type: str = "TXT") -> int | None:
        return self._eyes.ttl(name, type)

    def serial(self, zone: str) -> int:
        return self._eyes.serial(zone)


class BindHarness(UpdateHarness):
    name = "rfc2136-bind"

    def make(self, folder: pathlib.Path) -> t.Any:
        rights = f"grant upd name {GOOD}. TXT; grant neighbour zonesub ANY;"
        return Bind(folder, zones=ZONES, keys=self.KEYS, policy={NARROW: rights})


_KNOT_NARROW = """\
  - id: narrow
    key: upd
    action: [update, query]
    update-type: [TXT]
    update-owner: name
    update-owner-match: equal
    update-owner-name: [_acme-challenge.good]
"""


class KnotHarness(UpdateHarness):
    name = "rfc2136-knot"

    def make(self, folder: pathlib.Path) -> t.Any:
        return Knot(folder, zones=ZONES, keys=self.KEYS, acl={NARROW: _KNOT_NARROW})


class PowerDnsUpdateHarness(UpdateHarness):
    name = "rfc2136-powerdns"
    good = None  # finer rights need a script, which then judges everything

    def make(self, folder: pathlib.Path) -> t.Any:
        return PowerDns(folder, zones=ZONES, keys=self.KEYS, updaters={NARROW: ["neighbour"]})


class PowerDnsHarness(Harness):
    """The HTTP API of the PowerDNS that Debian has (4.7)."""

    name = "powerdns-4.7"
    service = "powerdns"
    good = None  # the key of the API may do everything: who has no right has no key
    wrong_secrets: t.Mapping[str, str] = {"api_key": "not-the-key-of-the-api"}
    #: facts: before EXTEND and PRUNE the last writer wins, and nothing of the API can prevent it
    excuses: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(
        (
            "a_neighbour_who_writes_in_the_last_moment_keeps_its_record",
            "a_neighbour_who_writes_in_the_last_moment_of_a_swap_keeps_its_record",
        ),
        "Before 4.9.12 and 5.0.2 the last writer wins",
    )

    def __init__(self, folder: pathlib.Path) -> None:
        self.server = PowerDns(folder, zones=ZONES)
        self._eyes = Eyes(self.server.address, self.server.port)
        self.secrets = {"api_key": self.server.api_key}

    def __enter__(self) -> Harness:
        self.server.__enter__()
        self.middle = HttpMiddle((self.server.address, self.before_server()), lambda method, _path: method == "PATCH")
        self.settings = {"url": self.middle.url, "timeout": 5}
        return self

    def __exit__(self, *_exc: object) -> None:
        self.middle.close()
        self.server.__exit__(None, None, None)

    def before_server(self) -> int:
        """The port that the middle passes calls on to."""
        return self.server.api_port

    def denied(self) -> DnsService:
        return self.open(NARROW, secrets=self.wrong_secrets)

    def plant(self, zone: str, name: str, type: str, *values: str, ttl: int = 60) -> None:
        path = f"/zones/{zone}."
        there = [
            one for one in self.server.call("GET", path)["rrsets"] if (one["name"], one["type"]) == (f"{name}.", type)
        ]
        records = [
            *(there[0]["records"] if there else []),
            *({"content": value, "disabled": False} for value in values),
        ]
        head = {"name": f"{name}.", "type": type, "ttl": there[0]["ttl"] if there else ttl, "changetype": "REPLACE"}
        self.server.call("PATCH", path, {"rrsets": [{**head, "records": records}]})

    def shown(self, name: str, type: str = "TXT") -> list[str]:
        return self._eyes.records(name, type)

    def ttl(self, name: str, type: str = "TXT") -> int | None:
        return self._eyes.ttl(name, type)

    def serial(self, zone: str) -> int:
        return self._eyes.serial(zone)


class LaterPowerDnsHarness(PowerDnsHarness):
    """With EXTEND and PRUNE."""

    name = "powerdns-5.0.2-played"
    excuses: t.ClassVar[t.Mapping[str, str]] = {}

    def before_server(self) -> int:
        self._later = LaterPowerDns(self.server)
        return self._later.port

    def __exit__(self, *_exc: object) -> None:
        self._later.close()
        super().__exit__()


class LexiconHarness(PowerDnsHarness):
    """dns-lexicon with its driver for PowerDNS, on a real one."""

    name = "lexicon-powerdns"
    service = "lexicon"
    wrong_secrets: t.Mapping[str, str] = {"auth_token": "not-the-key-of-the-api"}
    excuses: t.ClassVar[t.Mapping[str, str]] = {
        **dict.fromkeys(PowerDnsHarness.excuses, "Nothing compares and swaps"),
        "a_hundred_records_in_ten_zones_are_one_update_a_zone": "One call writes one value",
        **dict.fromkeys(
            (
                "a_mailbox_is_set_and_everything_else_stays",
                "a_serial_that_moved_after_the_look_loses_nothing",
                "a_mailbox_that_somebody_else_set_is_left_alone",
            ),
            "Set the mailbox of a zone: SOA has no meaning that the drivers share",
        ),
    }

    def __enter__(self) -> Harness:
        super().__enter__()
        self.settings = {"driver": "powerdns", "options": {"pdns_server": self.middle.url}, "timeout": 5}
        self.secrets = {"auth_token": self.server.api_key}
        return self

    def resolver_port(self) -> int:
        return self.server.port

    def cost(self, batches: int, values: int) -> int:
        return values


class DpfHarness(Harness):
    """The lab's simulator of the IIJ DNS Platform Service; a write is a publication."""

    name = "iij-dpf-played"
    service = "iij_dpf"
    good = None  # a token may edit all records of its contracts
    wrong_secrets: t.Mapping[str, str] = {"access_token": "not-a-token-of-iij-id"}
    excuses: t.ClassVar[t.Mapping[str, str]] = {
        "a_write_that_never_arrived_is_an_error_and_not_repeated": "is seen not to be done, and made again",
    }

    def __init__(self, folder: pathlib.Path) -> None:
        self._lab = Lab(folder / "lab", also=("dpf",), vices=(), web=())

    def __enter__(self) -> Harness:
        self._lab.__enter__()
        self._dpf = self._lab.also["dpf"]
        self._eyes = Eyes(self._lab.dns.address, self._lab.dns.port)
        for zone, records in ZONES.items():
            self._dpf.add_zone(zone)
            for owner in records:
                self._fill(zone, owner, records[owner])
        facts = self._lab.facts()["dpf"]
        parts = urllib.parse.urlsplit(facts["url"])
        self.middle = HttpMiddle(
            (parts.hostname or "", parts.port or 0),
            lambda method, path: method == "PATCH" and path.endswith("/changes"),
            begins=lambda method, _path: method != "GET",
            tls=ssl.create_default_context(cafile=facts["ca"]),
        )
        speed = {"requests_per_second": 10_000, "burst": 10_000, "job_interval": 0.02, "timeout": 5}
        self.settings = {"url": self.middle.url + parts.path, **speed}
        self.secrets = {"access_token": facts["token"]}
        return self

    def _fill(self, zone: str, owner: str, records: t.Sequence[tuple[str, str]]) -> None:
        name = zone if owner == "@" else f"{owner}.{zone}"
        for type in dict.fromkeys(type for type, _value in records):
            self._dpf.put(zone, name, type, [value for kind, value in records if kind == type], ttl=60)

    def __exit__(self, *_exc: object) -> None:
        self.middle.close()
        self._lab.__exit__()

    def resolver_port(self) -> int:
        return self._lab.dns.port

    def denied(self) -> DnsService:
        return self.open(NARROW, secrets=self.wrong_secrets)

    def plant(self, zone: str, name: str, type: str, *values: str, ttl: int = 60) -> None:
        there = [
            value
            for owner, kind, found in self._dpf.records(zone)
            if (owner, kind) == (f"{name}.", type)
            for value in found
        ]
        self._dpf.put(zone, name, type, list(dict.fromkeys([*there, *values])), ttl=self.ttl(name, type) or ttl)

    def shown(self, name: str, type: str = "TXT") -> list[str]:
        return self._eyes.records(name, type)

    def ttl(self, name: str, type: str = "TXT") -> int | None:
        return self._eyes.ttl(name, type)

    def serial(self, zone: str) -> int:
        return self._eyes.serial(zone)


HARNESSES: tuple[type[Harness], ...] = (
    BindHarness,
    KnotHarness,
    PowerDnsUpdateHarness,
    PowerDnsHarness,
    LaterPowerDnsHarness,
    LexiconHarness,
    DpfHarness,
)
