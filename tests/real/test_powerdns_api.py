# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the HTTP API of a real PowerDNS can show: disabled records, comments, serials, copies, zones in zones."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDns as Service
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDnsFactory
from ansible_collections.inkan.tls.plugins.modules import dcv_contacts, soa_rname
from servers.absent import skipped_if_absent
from servers.powerdns import PowerDns
from servers.process import free_port

ZONE = "example.test"
PLAIN = "plain.test"
COPY = "copy.test"
EDITED = "edited.test"
INNER = f"inner.{ZONE}"
NAME = f"_acme-challenge.{ZONE}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[PowerDns]:
    zones: dict[str, dict[str, list[tuple[str, str]]]] = {ZONE: {}, PLAIN: {}, INNER: {}, EDITED: {}}
    edits = {PLAIN: {"SOA-EDIT-API": ""}, EDITED: {"SOA-EDIT": "EPOCH"}}
    with skipped_if_absent(), PowerDns(tmp_path_factory.mktemp("pdns"), zones=zones, metadata=edits) as started:
        nobody = f"127.0.0.1:{free_port()}"
        started.call("POST", "/zones", {"name": f"{COPY}.", "kind": "Slave", "masters": [nobody], "nameservers": []})
        yield started


def open_service(server: PowerDns, *zones: str) -> Service:
    secrets = {"api_key": server.api_key}
    config = ServiceConfig("trial", "powerdns", {"url": server.url, "timeout": 5}, secrets, zones or (ZONE,))
    return t.cast(Service, PowerDnsFactory().open(config))


def rrset(server: PowerDns, zone: str, name: str, type: str = "TXT") -> dict[str, t.Any]:
    sets = server.call("GET", f"/zones/{zone}.")["rrsets"]
    (found,) = [one for one in sets if (one["name"], one["type"]) == (f"{name}.", type)]
    return t.cast("dict[str, t.Any]", found)


def codes(receipts: t.Sequence[InkanError | None]) -> list[str | None]:
    return [error.code if error else None for error in receipts]


def test_disabled_records_and_comments_of_a_neighbour_survive(server: PowerDns) -> None:
    head = {"name": f"{NAME}.", "type": "TXT", "ttl": 77, "changetype": "REPLACE"}
    records = [{"content": '"theirs"', "disabled": False}, {"content": '"off for now"', "disabled": True}]
    comments = [{"content": "ask us before you touch it", "account": "them"}]
    server.call("PATCH", f"/zones/{ZONE}.", {"rrsets": [{**head, "records": records, "comments": comments}]})
    service = open_service(server)
    assert codes(service.add(ZONE, [Change(NAME, "TXT", "ours")])) == [None]
    service.replace(ZONE, service.get(ZONE, NAME, "TXT"), frozenset({"theirs", "newer"}), 77)
    assert codes(service.remove(ZONE, [Change(NAME, "TXT", "newer")])) == [None]
    found = rrset(server, ZONE, NAME)
    assert found["ttl"] == 77
    assert sorted(one["content"] for one in found["records"]) == ['"off for now"', '"theirs"']
    assert [one["content"] for one in found["comments"]] == ["ask us before you touch it"]


def test_the_serial_moves_with_each_change_where_the_server_moves_it(server: PowerDns) -> None:
    before = server.serial(ZONE)
    assert codes(open_service(server).add(ZONE, [Change(f"serial.{ZONE}", "TXT", "v")])) == [None]
    assert server.serial(ZONE) > before


def params(server: PowerDns, zones: t.Sequence[str]) -> dict[str, t.Any]:
    entry = {"service": "powerdns", "settings": {"url": server.url}, "zones": list(zones)}
    return {"dns_services": {"trial": entry}, "secrets": {"trial": {"api_key": server.api_key}}}


def stored_serial(server: PowerDns, zone: str) -> int:
    return int(rrset(server, zone, zone, "SOA")["records"][0]["content"].split()[2])


@pytest.mark.parametrize("zone", [ZONE, PLAIN, EDITED], ids=["SOA-EDIT-API DEFAULT", "no SOA-EDIT-API", "SOA-EDIT"])
def test_a_mailbox_is_set_once_and_the_serial_moves_on(server: PowerDns, zone: str) -> None:
    before = stored_serial(server, zone)
    options = {**params(server, [zone]), "mailboxes": [{"name": "a", "zone": zone, "mailbox": f"first.last@{zone}"}]}
    planned = soa_rname.run(options, check_mode=True)
    assert stored_serial(server, zone) == before
    (item,) = soa_rname.run(options, check_mode=False).items
    assert item.outcome == "set"
    assert {**item.as_data(), "serial": 0} == {**planned.items[0].as_data(), "serial": 0}  # the server's to choose
    (shown,) = server.records(zone, "SOA")
    assert shown.split()[:2] == [f"ns1.{zone}.", f"first\\.last.{zone}."]
    after = stored_serial(server, zone)
    assert after > before
    again = soa_rname.run(options, check_mode=False)
    assert (again.items[0].outcome, again.changed, stored_serial(server, zone)) == ("kept", False, after)


def test_contacts_come_once_and_go(server: PowerDns) -> None:
    plain = {"kind": "txt", "ttl": 300, "exclusive": False, "hide_policy": False, "state": None}
    contacts = [
        {**plain, "name": "a", "domain": ZONE, "address": f"certs@{ZONE}"},
        {**plain, "name": "b", "domain": ZONE, "address": f"certs@{ZONE}", "kind": "caa"},
    ]
    sight = {"resolvers": [server.address], "dns_port": server.port}
    options = {**params(server, [ZONE]), "sight": sight, "state": "present", "force": False, "contacts": contacts}
    assert [one.outcome for one in dcv_contacts.run(options, check_mode=False).items] == ["published"] * 2
    assert server.records(f"_validation-contactemail.{ZONE}") == [f"certs@{ZONE}"]
    assert server.records(ZONE, "CAA") == [f'0 contactemail "certs@{ZONE}"']
    serial = server.serial(ZONE)
    assert (dcv_contacts.run(options, check_mode=False).changed, server.serial(ZONE)) == (False, serial)
    gone = dcv_contacts.run({**options, "state": "absent"}, check_mode=False)
    assert [one.outcome for one in gone.items] == ["removed"] * 2
    assert server.records(ZONE, "CAA") == []


def test_a_zone_that_the_server_only_copies_is_not_written(server: PowerDns) -> None:
    (error,) = open_service(server, COPY).add(COPY, [Change(f"x.{COPY}", "TXT", "v")])
    assert error is not None
    assert (error.code, "secondary" in error.why) == ("dns_not_auth", True)


def test_a_name_in_a_zone_of_its_own_is_written_there_or_not_at_all(server: PowerDns) -> None:
    name = f"_acme-challenge.{INNER}"
    assert codes(open_service(server).add(ZONE, [Change(name, "TXT", "v")])) == ["zone_not_found"]
    assert open_service(server, ZONE, INNER).zone_for(name) == INNER
    assert codes(open_service(server, ZONE, INNER).add(INNER, [Change(name, "TXT", "v")])) == [None]
    assert server.records(name) == ["v"]


def test_an_soa_with_odd_letters_is_read_as_it_is(server: PowerDns) -> None:
    service = open_service(server, PLAIN)
    (before,) = service.soas([PLAIN])
    assert isinstance(before, Soa)
    rname = f"o'neil{{}}!#%&*/=?^`|~_-+x.{PLAIN}."
    assert service.set_rname(PLAIN, before, rname).has_rname(rname)


def test_a_server_that_stopped_is_told(tmp_path: pathlib.Path) -> None:
    with skipped_if_absent(), PowerDns(tmp_path, zones={ZONE: {}}) as server:
        service = open_service(server)
        assert codes(service.add(ZONE, [Change(NAME, "TXT", "v")])) == [None]
    (error,) = service.remove(ZONE, [Change(NAME, "TXT", "v")])
    assert error is not None
    assert (error.code, error.kind, error.did_change) == ("dns_unreachable", "transport", False)
