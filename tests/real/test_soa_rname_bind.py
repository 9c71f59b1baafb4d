# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""soa_rname and dcv_contacts against real BIND 9: SOA rules, policies, signed zones, and a hurry of others."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa, next_serial
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136, Rfc2136Factory
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result
from ansible_collections.inkan.tls.plugins.modules import dcv_check, dcv_contacts, soa_rname
from servers.bind import Bind, secret

ZONE, SIGNED, NARROW, LEAST, CAA_ZONE = "example.test", "signed.test", "narrow.test", "least.test", "caa.test"
SERVED = ("served.test", "raced.test")


@pytest.fixture(scope="module")
def bind(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Bind]:
    policy = [("CAA", '0 issue "ca.example.net"'), ("CAA", '0 contactemail "theirs@caa.test"')]
    zones: dict[str, dict[str, list[tuple[str, str]]]] = {
        **{zone: {} for zone in (ZONE, SIGNED, NARROW, LEAST, *SERVED)},
        CAA_ZONE: {"@": policy, "own": [("CAA", '0 issue "ca.example.org"')]},
    }
    rules = {
        NARROW: "grant upd zonesub;",
        LEAST: f"grant upd name _validation-contactemail.{LEAST}. TXT; grant upd name {LEAST}. SOA;",
    }
    directory = tmp_path_factory.mktemp("bind")
    with Bind(directory, zones=zones, policy=rules, inline_signing=[SIGNED]) as server:
        yield server


def settings(bind: Bind) -> dict[str, t.Any]:
    return {"server": bind.address, "port": bind.port, "key_name": "upd", "timeout": 3}


def open_service(bind: Bind, *zones: str) -> Rfc2136:
    config = ServiceConfig("primary", "rfc2136", settings(bind), {"key_secret": secret()}, zones or (ZONE,))
    return t.cast(Rfc2136, Rfc2136Factory().open(config))


def seen(service: Rfc2136, zone: str = ZONE) -> Soa:
    (soa,) = service.soas([zone])
    assert isinstance(soa, Soa)
    return soa


def shared(bind: Bind, zones: t.Sequence[str]) -> dict[str, t.Any]:
    return {
        "dns_services": {"primary": {"service": "rfc2136", "settings": settings(bind), "zones": list(zones)}},
        "secrets": {"primary": {"key_secret": secret()}},
    }


def set_mailbox(bind: Bind, zone: str, mailbox: str, check_mode: bool = False) -> Result:
    options = {**shared(bind, [zone]), "mailboxes": [{"name": "a", "zone": zone, "mailbox": mailbox}]}
    return soa_rname.run(options, check_mode)


def publish(bind: Bind, zones: t.Sequence[str], *contacts: dict[str, t.Any], **more: t.Any) -> Result:
    plain = {"kind": "txt", "ttl": 3600, "exclusive": False, "hide_policy": False, "state": None}
    sight = {"resolvers": [bind.address], "dns_port": bind.port}
    named = [{"name": str(number), **plain, **one} for number, one in enumerate(contacts)]
    return dcv_contacts.run(
        {**shared(bind, zones), "sight": sight, "state": "present", "force": False, "contacts": named, **more},
        check_mode=False,
    )


def code_of(item: ItemResult) -> str | None:
    return item.error.code if item.error else None


# --- the mailbox of a zone


def test_a_mailbox_with_a_dot_is_set_once_and_every_other_field_stays(bind: Bind) -> None:
    before = bind.records(ZONE, "SOA")
    planned = set_mailbox(bind, ZONE, f"first.last@{ZONE}", check_mode=True)
    assert bind.records(ZONE, "SOA") == before
    first = set_mailbox(bind, ZONE, f"first.last@{ZONE}")
    assert [one.as_data() for one in first.items] == [one.as_data() for one in planned.items]
    assert first.diff == planned.diff
    assert bind.records(ZONE, "SOA") == [f"ns1.{ZONE}. first\\.last.{ZONE}. 2 3600 600 86400 5"]
    assert bind.ask(ZONE, "SOA").answer[0].ttl == 60
    second = set_mailbox(bind, ZONE, f"first.last@{ZONE}")
    assert (second.items[0].outcome, second.changed, bind.serial(ZONE)) == ("kept", False, 2)


@pytest.mark.parametrize("local", ["tls+acme", "a.b.c", "x" * 63, "o'neil{}!#%&*/=?^`|~_-"])
def test_every_local_part_comes_back_as_it_was_sent(bind: Bind, local: str) -> None:
    assert set_mailbox(bind, ZONE, f"{local}@{ZONE}").items[0].outcome == "set"
    assert set_mailbox(bind, ZONE, f"{local}@{ZONE}").items[0].outcome == "kept"


def test_a_mailbox_that_somebody_else_set_after_the_look_is_left_alone(bind: Bind) -> None:
    zone = "raced.test"
    slow, quick = open_service(bind, zone), open_service(bind, zone)
    look = seen(slow, zone)
    quick.set_rname(zone, seen(quick, zone), f"theirs.{zone}.")
    with pytest.raises(InkanError) as error:
        slow.set_rname(zone, look, f"ours.{zone}.")
    assert error.value.code == "rname_changed"
    assert f"theirs.{zone}." in error.value.why
    assert f"theirs.{zone}." in bind.records(zone, "SOA")[0]


def test_a_serial_that_moved_after_the_look_loses_nothing(bind: Bind) -> None:
    zone = "served.test"
    slow = open_service(bind, zone)
    look = seen(slow, zone)
    open_service(bind, zone).add(zone, [Change(f"x.{zone}", "TXT", "neighbour")])
    after = slow.set_rname(zone, look, f"ours.{zone}.")
    assert (after.rname, after.serial) == (f"ours.{zone}.", next_serial(next_serial(look.serial)))
    assert bind.records(f"x.{zone}") == ["neighbour"]


def test_a_policy_without_types_leaves_soa_out_and_the_error_has_the_rule(bind: Bind) -> None:
    before = bind.records(NARROW, "SOA")
    (item,) = set_mailbox(bind, NARROW, f"ours@{NARROW}").items
    assert (code_of(item), item.changed) == ("dns_refused", False)
    assert item.error is not None and f"grant KEY name {NARROW}. SOA" in item.error.todo
    assert bind.records(NARROW, "SOA") == before
    assert publish(bind, [NARROW], {"domain": NARROW, "address": "a@narrow.test"}).items[0].outcome == "published"


def test_the_rules_of_least_privilege_are_enough(bind: Bind) -> None:
    assert set_mailbox(bind, LEAST, f"ours@{LEAST}").items[0].outcome == "set"
    good, bad = publish(
        bind, [LEAST], {"domain": LEAST, "address": "a@least.test"}, {"domain": f"x.{LEAST}", "address": "a@least.test"}
    ).items
    assert (good.outcome, code_of(bad)) == ("published", "dns_refused")


def test_a_zone_that_the_server_signs_by_itself_takes_it_without_prerequisite(bind: Bind) -> None:
    """The served serial is not the stored one: no prerequisite with the served SOA holds."""
    service = open_service(bind, SIGNED)
    assert bind.records(SIGNED, "RRSIG") or bind.ask(SIGNED, "DNSKEY").answer
    service.add(SIGNED, [Change(f"x.{SIGNED}", "TXT", "moves the serials apart")])
    before = seen(service, SIGNED)
    (item,) = set_mailbox(bind, SIGNED, f"first.last@{SIGNED}").items
    assert (item.outcome, item.error) == ("set", None)
    after = seen(service, SIGNED)
    assert after == before._replace(rname=f"first\\.last.{SIGNED}.", serial=after.serial)
    assert set_mailbox(bind, SIGNED, f"first.last@{SIGNED}").changed is False


# --- contacts


def test_contacts_come_once_are_seen_by_every_server_and_go(bind: Bind) -> None:
    items = [{"domain": ZONE, "address": "certs@example.test"}, {"domain": ZONE, "address": "more@example.test"}]
    caa = {"domain": ZONE, "kind": "caa", "address": "certs@example.test"}
    assert {one.outcome for one in publish(bind, [ZONE], *items, caa).items} == {"published"}
    serial = bind.serial(ZONE)
    assert publish(bind, [ZONE], *items, caa).changed is False
    assert bind.serial(ZONE) == serial
    name = f"_validation-contactemail.{ZONE}"
    assert bind.records(name) == ["certs@example.test", "more@example.test"]
    records = [
        {"name": name, "type": "TXT", "value": "certs@example.test"},
        {"name": ZONE, "type": "CAA", "value": '0 contactemail "certs@example.test"'},
    ]
    look = {
        "sight": {"resolvers": [bind.address], "dns_port": bind.port},
        "deadline": 0,
        "checks": [{"name": "contacts", "records": records, "files": []}],
    }
    assert dcv_check.run(look, check_mode=False).items[0].state == "visible"
    assert {one.outcome for one in publish(bind, [ZONE], *items, caa, state="absent").items} == {"removed"}
    assert bind.records(name) == bind.records(ZONE, "CAA") == []


def test_exclusive_takes_over_the_contacts_of_a_caa_set_and_nothing_else(bind: Bind) -> None:
    ours = {"domain": CAA_ZONE, "kind": "caa", "address": "ours@caa.test", "exclusive": True}
    assert publish(bind, [CAA_ZONE], ours).items[0].outcome == "published"
    assert bind.records(CAA_ZONE, "CAA") == ['0 contactemail "ours@caa.test"', '0 issue "ca.example.net"']
    assert publish(bind, [CAA_ZONE], ours).changed is False


def test_a_first_record_below_a_policy_is_refused_and_a_second_is_not(bind: Bind) -> None:
    sub = {"domain": f"sub.{CAA_ZONE}", "kind": "caa", "address": "ours@caa.test"}
    own = {**sub, "domain": f"own.{CAA_ZONE}"}
    refused, taken = publish(bind, [CAA_ZONE], sub, own).items
    assert (code_of(refused), taken.outcome) == ("caa_policy_hidden", "published")
    assert bind.records(f"sub.{CAA_ZONE}", "CAA") == []
    assert bind.records(f"own.{CAA_ZONE}", "CAA") == ['0 contactemail "ours@caa.test"', '0 issue "ca.example.org"']
    assert publish(bind, [CAA_ZONE], {**sub, "hide_policy": True}).items[0].outcome == "published"
