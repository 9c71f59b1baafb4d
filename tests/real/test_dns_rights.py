# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of least privilege on the pages of the DNS services, put into real servers as they stand there.

Each key is enough for challenges, contacts (TXT and CAA) and the mailbox of the zone, and for nothing else.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import textwrap
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, DnsService, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDnsFactory
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136, Rfc2136Factory
from servers.absent import skipped_if_absent
from servers.bind import Bind, secret
from servers.knot import Knot
from servers.powerdns import PowerDns
from servers.process import Daemon, answers, free_port, program

PAGES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
ZONE = "example.jp"
OTHER = "other.example"
ZONES: dict[str, dict[str, list[tuple[str, str]]]] = {ZONE: {"www": [("A", "127.0.0.1")]}, OTHER: {}}
KEYS = {"inkan": secret("inkan")}

MAY = [
    Change(f"_acme-challenge.{ZONE}", "TXT", "token"),
    Change(f"_acme-challenge.www.{ZONE}", "TXT", "token"),
    Change(f"_validation-contactemail.{ZONE}", "TXT", f"certs@{ZONE}"),
    Change(ZONE, "CAA", f'0 contactemail "certs@{ZONE}"'),
]
MAY_NOT = [
    Change(f"_acme-challenge.shop.{ZONE}", "TXT", "token"),
    Change(f"x._acme-challenge.{ZONE}", "TXT", "token"),
    Change(ZONE, "TXT", "v=spf1 -all"),
    Change(f"_acme-challenge.{ZONE}", "CAA", '0 issue ";"'),
    Change(f"www.{ZONE}", "TXT", "token"),
    Change(f"www.{ZONE}", "CAA", '0 issue ";"'),
]


def block(page: str, language: str, first: str) -> str:
    """The code block of a page that begins with this comment."""
    text = (PAGES / f"{page}.rst").read_text("utf-8")
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", text)
    (one,) = [textwrap.dedent(part) for part in found if part.strip().startswith(first)]
    return one.strip() + "\n"


@contextlib.contextmanager
def bind(folder: pathlib.Path) -> t.Iterator[t.Any]:
    policy = re.search(r"update-policy \{(.*)\};", block("dns_rfc2136", "text", "# BIND"), re.DOTALL)
    assert policy is not None
    with Bind(folder, zones=ZONES, keys=KEYS, policy={ZONE: policy.group(1), OTHER: None}) as server:
        yield server


@contextlib.contextmanager
def knot(folder: pathlib.Path) -> t.Iterator[t.Any]:
    text = block("dns_rfc2136", "yaml", "# Knot")
    assert "the zone then has acl: [inkan-names, inkan-zone]" in text
    with Knot(folder, zones=ZONES, keys=KEYS, acl={ZONE: text.partition("acl:\n")[2], OTHER: None}) as server:
        yield server


@contextlib.contextmanager
def powerdns(folder: pathlib.Path) -> t.Iterator[t.Any]:
    with PowerDns(folder, zones=ZONES, keys=KEYS, policy=block("dns_rfc2136", "lua", "-- PowerDNS")) as server:
        yield server


@pytest.fixture(scope="module", params=[bind, knot, powerdns], ids=lambda one: one.__name__)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[t.Any]:
    with skipped_if_absent(), request.param(tmp_path_factory.mktemp(request.param.__name__)) as started:
        yield started


def update(server: t.Any, key_secret: str = "", *zones: str) -> Rfc2136:
    settings = {"server": server.address, "port": server.port, "key_name": "inkan", "timeout": 3}
    secrets = {"key_secret": key_secret or KEYS["inkan"]}
    config = ServiceConfig("least", "rfc2136", settings, secrets, zones or (ZONE,))
    return t.cast(Rfc2136, Rfc2136Factory().open(config))


def denied(server: t.Any) -> str:
    """PowerDNS says NOERROR to what its script denies, so only the read-back tells."""
    return "readback_missing" if isinstance(server, PowerDns) else "dns_refused"


def codes(receipts: t.Sequence[InkanError | None]) -> list[str | None]:
    return [error.code if error else None for error in receipts]


def test_the_rights_are_enough(server: t.Any) -> None:
    service = update(server)
    assert codes(service.add(ZONE, MAY)) == [None] * len(MAY)
    assert server.records(f"_acme-challenge.www.{ZONE}") == ["token"]
    assert codes(service.remove(ZONE, MAY)) == [None] * len(MAY)
    (before,) = service.soas([ZONE])
    assert isinstance(before, Soa)
    assert service.set_rname(ZONE, before, f"certs.{ZONE}.").rname == f"certs.{ZONE}."


@pytest.mark.parametrize("change", MAY_NOT, ids=lambda one: f"{one.type}-{one.name}")
def test_and_no_more_than_that(server: t.Any, change: Change) -> None:
    (error,) = update(server).add(ZONE, [change])
    assert error is not None and error.code == denied(server)
    assert denied(server) == "dns_refused" or "lua-dnsupdate-policy-script" in error.todo
    assert server.records(change.name, change.type) == []


def test_what_is_denied_does_not_take_what_is_allowed_with_it(server: t.Any) -> None:
    service = update(server)
    receipts = service.add(ZONE, [MAY_NOT[0], MAY[0], MAY_NOT[1]])
    assert codes(receipts) == [denied(server), None, denied(server)]
    assert codes(service.remove(ZONE, [MAY[0]])) == [None]


def test_the_key_says_nothing_in_another_zone(server: t.Any) -> None:
    (error,) = update(server, "", OTHER).add(OTHER, [Change(f"_acme-challenge.{OTHER}", "TXT", "token")])
    assert error is not None and error.code in ("dns_refused", "tsig_bad_key", denied(server))
    assert server.records(f"_acme-challenge.{OTHER}") == []


def test_a_key_of_that_name_with_another_secret_may_nothing(server: t.Any) -> None:
    (error,) = update(server, secret("forged")).add(ZONE, [MAY[0]])
    assert error is not None and error.code.startswith("tsig_")
    assert server.records(MAY[0].name) == []


# --- a proxy before the HTTP API


class Proxy(Daemon):
    """nginx with the lines of the page; only the addresses are those of this test."""

    def __init__(self, directory: pathlib.Path, api: PowerDns) -> None:
        super().__init__(directory)
        self.port = free_port()
        self.api = api

    def prepare(self) -> None:
        lines = block("dns_powerdns", "nginx", "# nginx")
        for page, here in (
            ("127.0.0.1:8081", f"127.0.0.1:{self.api.api_port}"),
            ("key-of-the-server", self.api.api_key),
        ):
            assert page in lines
            lines = lines.replace(page, here)
        folders = "".join(f"{kind}_temp_path {self.directory}/{kind}; " for kind in _TEMPORARY)
        (self.directory / "nginx.conf").write_text(
            f"daemon off; pid {self.directory}/nginx.pid; worker_processes 1; events {{}}\n"
            f"http {{ access_log off; {folders}\n server {{ listen 127.0.0.1:{self.port};\n{lines}\n}} }}\n"
        )

    def argv(self) -> list[str]:
        errors = str(self.directory / "error.log")
        return [program("nginx", "nginx-light"), "-p", str(self.directory), "-c", "nginx.conf", "-e", errors]

    def is_ready(self) -> bool:
        return answers("127.0.0.1", self.port)


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[PowerDns]:
    with skipped_if_absent(), PowerDns(tmp_path_factory.mktemp("api"), zones=ZONES) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(api: PowerDns, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("proxy"), api) as server:
        yield server


def through(proxy: Proxy, zone: str = ZONE, key: str = "key-for-inkan") -> DnsService:
    settings = {"url": f"http://127.0.0.1:{proxy.port}", "timeout": 5}
    return PowerDnsFactory().open(ServiceConfig("least", "powerdns", settings, {"api_key": key}, (zone,)))


def test_the_key_of_the_proxy_is_enough_for_its_zone(api: PowerDns, proxy: Proxy) -> None:
    service = through(proxy)
    assert codes(service.add(ZONE, MAY)) == [None] * len(MAY)
    assert api.records(MAY[1].name) == ["token"]
    assert codes(service.remove(ZONE, MAY)) == [None] * len(MAY)


@pytest.mark.parametrize(
    ("zone", "key"), [(OTHER, "key-for-inkan"), (ZONE, "another-key"), (ZONE, "key-of-the-http-api")]
)
def test_and_for_nothing_else(api: PowerDns, proxy: Proxy, zone: str, key: str) -> None:
    change = Change(f"_acme-challenge.no.{zone}", "TXT", "token")
    assert codes(through(proxy, zone, key).add(zone, [change])) == ["dns_refused"]
    assert api.records(change.name) == []
