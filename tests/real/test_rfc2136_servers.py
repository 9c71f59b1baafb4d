# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where servers that take updates differ: zones that they sign, views that the key chooses, serials at their end."""

from __future__ import annotations

import pathlib
import typing as t

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136, Rfc2136Factory
from servers.absent import skipped_if_absent
from servers.bind import Bind, secret
from servers.knot import Knot
from servers.powerdns import PowerDns

ZONE = "example.test"
SIGNED = "signed.test"
EDITED = "edited.test"
NAME = f"_acme-challenge.{ZONE}"


def open_service(server: t.Any, zone: str = ZONE, key: str = "upd") -> Rfc2136:
    settings = {"server": server.address, "port": server.port, "key_name": key, "timeout": 3}
    config = ServiceConfig("trial", "rfc2136", settings, {"key_secret": server.keys[key]}, (zone,))
    return t.cast(Rfc2136, Rfc2136Factory().open(config))


def soa_of(service: Rfc2136, zone: str) -> Soa:
    (soa,) = service.soas([zone])
    assert isinstance(soa, Soa)
    return soa


def codes(receipts: t.Sequence[InkanError | None]) -> list[str | None]:
    return [error.code if error else None for error in receipts]


def bind(folder: pathlib.Path) -> t.Any:
    return Bind(folder, zones={ZONE: {}, SIGNED: {}}, policy=dict.fromkeys((ZONE, SIGNED), "grant upd zonesub ANY;"))


def knot(folder: pathlib.Path) -> t.Any:
    return Knot(folder, zones={ZONE: {}, SIGNED: {}}, signed=[SIGNED])


def powerdns(folder: pathlib.Path) -> t.Any:
    return PowerDns(folder, zones={ZONE: {}, SIGNED: {}, EDITED: {}}, metadata={EDITED: {"SOA-EDIT": "EPOCH"}})


@pytest.fixture(scope="module", params=[bind, knot, powerdns], ids=lambda one: one.__name__)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[t.Any]:
    with skipped_if_absent(), request.param(tmp_path_factory.mktemp(request.param.__name__)) as started:
        yield started


# --- serials (RFC 1982)


def send_soa(server: t.Any, soa: Soa) -> None:
    ring = dns.tsigkeyring.from_text({"upd": ("hmac-sha256", server.keys["upd"])})
    message = dns.update.UpdateMessage(ZONE, keyring=ring, keyname="upd")
    message.add(f"{ZONE}.", soa.ttl, "SOA", " ".join(map(str, soa[:7])))
    assert dns.query.tcp(message, server.address, port=server.port, timeout=5).rcode() == dns.rcode.NOERROR


def test_a_serial_at_its_end_goes_on_from_the_start(server: t.Any) -> None:
    service = open_service(server)
    soa = soa_of(service, ZONE)
    for serial in (2**31 - 1, 2**32 - 2, 2**32 - 1):  # no step longer than half the circle
        soa = soa._replace(serial=serial)
        send_soa(server, soa)
    assert soa_of(service, ZONE).serial == 2**32 - 1
    after = service.set_rname(ZONE, soa_of(service, ZONE), f"first\\.last.{ZONE}.")
    assert (after.rname, after.serial) == (f"first\\.last.{ZONE}.", 1)
    assert codes(service.add(ZONE, [Change(f"x.{ZONE}", "TXT", "v")])) == [None]


# --- zones that the server signs


def test_a_zone_that_knot_signs_by_itself_takes_tokens_and_a_mailbox(tmp_path: pathlib.Path) -> None:
    with skipped_if_absent(), knot(tmp_path) as server:
        assert server.ask(SIGNED, "DNSKEY").answer
        service = open_service(server, SIGNED)
        assert codes(service.add(SIGNED, [Change(f"x.{SIGNED}", "TXT", "v")])) == [None]
        before = soa_of(service, SIGNED)
        after = service.set_rname(SIGNED, before, f"ours.{SIGNED}.")
        assert after == before._replace(rname=f"ours.{SIGNED}.", serial=after.serial)


def test_soa_edit_of_powerdns_shows_another_serial_and_the_error_says_so(tmp_path: pathlib.Path) -> None:
    """An update moves the stored serial to 20…, beyond the time of day that is served: what follows that is ignored."""
    with skipped_if_absent(), powerdns(tmp_path) as server:
        service = open_service(server, EDITED)
        assert codes(service.add(EDITED, [Change(f"x.{EDITED}", "TXT", "v")])) == [None]
        before = soa_of(service, EDITED)
        assert before.serial > 1_000_000_000
        with pytest.raises(InkanError) as error:
            service.set_rname(EDITED, before, f"ours.{EDITED}.")
        assert error.value.code == "readback_missing"
        assert "SOA-EDIT" in error.value.todo and "service powerdns" in error.value.todo
        assert soa_of(service, EDITED).rname == before.rname


# --- views


class Views(Bind):
    """Two views of one zone; the key chooses."""

    def _zone_clause(self, zone: str, primary: bool) -> str:
        text = super()._zone_clause(zone, primary)
        (self.directory / "primary" / "outside.zone").write_text(self._zone_text({"who": [("TXT", "outside")]}))
        outside = text.replace(f'"{zone}.zone"', '"outside.zone"')
        return (
            f'view "inside" {{ match-clients {{ key inside; }}; {text} }};\n'
            f'view "outside" {{ match-clients {{ any; }}; {outside} }};\n'
        )


def test_the_read_back_sees_the_view_that_the_key_writes_to(tmp_path: pathlib.Path) -> None:
    keys = {"inside": secret("inside"), "outside": secret("outside")}
    zones = {ZONE: {"who": [("TXT", "inside")]}}
    with skipped_if_absent(), Views(tmp_path, zones=zones, keys=keys) as server:
        inside, outside = open_service(server, key="inside"), open_service(server, key="outside")
        assert inside.get(ZONE, f"who.{ZONE}", "TXT").values == {"inside"}
        assert outside.get(ZONE, f"who.{ZONE}", "TXT").values == {"outside"}
        assert codes(inside.add(ZONE, [Change(NAME, "TXT", "for inside")])) == [None]
        assert server.records(NAME) == []  # the world sees the other view
        assert codes(outside.add(ZONE, [Change(NAME, "TXT", "for the world")])) == [None]
        assert server.records(NAME) == ["for the world"]
        assert inside.get(ZONE, NAME, "TXT").values == {"for inside"}
