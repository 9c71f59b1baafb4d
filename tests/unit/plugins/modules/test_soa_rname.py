# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""soa_rname from its options to its results, on scripted servers."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import DnsService, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.inkan.tls.plugins.module_utils._module.dns_call import Ports
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import soa_rname
from ansible_collections.inkan.tls.plugins.modules.soa_rname import run
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Nowhere, Server

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
ZONE, OTHER = "example.test", "other.test"


def mailbox(**words: t.Any) -> dict[str, t.Any]:
    return {"name": "a", "zone": ZONE, "mailbox": f"first.last@{ZONE}", **words}


def params(*mailboxes: dict[str, t.Any], zones: t.Sequence[t.Any] = (ZONE,), **words: t.Any) -> dict[str, t.Any]:
    settings = {"server": "192.0.2.53", "key_name": "key"}
    plain = {
        "dns_services": {"primary": {"service": "rfc2136", "settings": settings, "zones": list(zones)}},
        "secrets": {"primary": {"key_secret": SECRET}},
        "mailboxes": list(mailboxes),
    }
    return {**plain, **words}


def call(server: Server, options: dict[str, t.Any], check_mode: bool = False) -> Result:
    def open_service(config: ServiceConfig) -> DnsService:
        return Rfc2136(config.name, config.zones, server, "192.0.2.53:53")

    return run(options, check_mode, Ports(open_service, lambda _sight: Nowhere()))


def refusals(options: dict[str, t.Any]) -> list[str]:
    server = Server()
    with pytest.raises(InputErrors) as errors:
        call(server, options)
    assert (server.asked, server.updates) == ([], [])
    assert errors.value.sentence().replace("\n", "").isprintable()
    return [error.code for error in errors.value.errors]


def test_check_mode_is_the_plan_of_the_run_and_the_second_run_changes_nothing() -> None:
    server = Server(serial=41)
    options = params(mailbox(zone="EXAMPLE.test.", mailbox="first.last@Example.TEST"))
    planned = call(server, options, check_mode=True)
    assert server.updates == []
    first = call(server, options)
    assert [one.as_data() for one in planned.items] == [one.as_data() for one in first.items]
    assert planned.diff == first.diff
    assert first.items[0].as_data() == {
        "name": "a",
        "changed": True,
        "outcome": "set",
        "state": "present",
        "error": None,
        "service": "primary",
        "zone": ZONE,
        "mailbox": f"first.last@{ZONE}",
        "rname": f"first\\.last.{ZONE}.",
        "previous_rname": f"mail.{ZONE}.",
        "serial": 42,
    }
    assert [diff.as_data() for diff in first.diff] == [
        {
            "before_header": f"SOA of {ZONE} at primary",
            "after_header": f"SOA of {ZONE} at primary",
            "before": f"{ZONE}. 60 IN SOA ns.{ZONE}. mail.{ZONE}. 41 1 1 1 60\n",
            "after": f"{ZONE}. 60 IN SOA ns.{ZONE}. first\\.last.{ZONE}. 42 1 1 1 60\n",
        }
    ]
    second = call(server, options)
    assert (second.changed, second.diff, second.items[0].outcome) == (False, [], "kept")
    assert second.items[0].extra["serial"] == 42
    assert len(server.updates) == 1


def test_the_mailbox_may_be_given_as_an_rname() -> None:
    server = Server()
    result = call(server, params(mailbox(mailbox=f"first\\.last.{ZONE}.")))
    assert result.items[0].extra["mailbox"] == f"first.last@{ZONE}"
    assert server.rname() == f"first\\.last.{ZONE}."


@pytest.mark.parametrize(
    "text",
    [
        "first.last@日本語.jp",
        "first.last@xn--wgv71a119e.jp.",
        "first.last@ＸＮ--WGV71A119E.JP",
        "first.last@日本語。jp",
        "first\\.last.日本語.jp",
        "first\\046last.日本語.jp.",
        "first\\.last.xn--wgv71a119e.jp.",
    ],
)
def test_names_may_be_written_as_people_write_them(text: str) -> None:
    zone = "xn--wgv71a119e.jp"
    server = Server(zones=[zone])
    (item,) = call(server, params(mailbox(zone="日本語.jp", mailbox=text), zones=[zone])).items
    assert (item.outcome, item.extra["mailbox"]) == ("set", f"first.last@{zone}")
    assert server.rname(zone) == f"first\\.last.{zone}."


def test_without_idna_names_are_in_alabels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soa_rname, "IDNA_ERROR", "no idna")
    with pytest.raises(InputErrors) as errors:
        call(Server(), params(mailbox(mailbox="first.last@日本語.jp")))
    assert "the Python package idna" in errors.value.sentence()
    assert call(Server(), params(mailbox())).items[0].outcome == "set"


def test_without_a_list_the_declared_mailboxes_are_kept() -> None:
    zones = [{"name": ZONE, "rname": f"hostmaster@{ZONE}"}, {"name": OTHER}, "third.test"]
    server = Server(zones=[ZONE, OTHER, "third.test"])
    result = call(server, params(zones=zones, mailboxes=None))
    assert [(one.name, one.outcome) for one in result.items] == [(ZONE, "set")]
    assert call(server, params(zones=zones, mailboxes=[])).items == []


def test_the_mailboxes_of_the_zones_are_judged_like_any_other() -> None:
    assert refusals(params(zones=[{"name": ZONE, "rname": "no mailbox"}], mailboxes=None)) == ["bad_mailbox"]


def test_a_zone_that_refuses_does_not_hold_up_another() -> None:
    server = Server(zones=[ZONE, OTHER], refuses={ZONE})
    items = [mailbox(), mailbox(name="b", zone=OTHER), mailbox(name="c", zone=f"sub.{ZONE}")]
    result = call(server, params(*items, zones=[ZONE, OTHER]))
    assert [(one.outcome, one.state, one.changed) for one in result.items] == [
        ("not_set", None, False),
        ("set", "present", True),
        ("not_set", None, False),
    ]
    assert [one.error.code for one in result.items if one.error] == ["dns_refused", "zone_not_found"]
    assert [diff.header for diff in result.diff] == [f"SOA of {OTHER} at primary"]
    json.dumps([one.as_data() for one in result.items])


def test_a_service_without_this_ability_says_so() -> None:
    def open_service(_config: ServiceConfig) -> DnsService:
        return t.cast(DnsService, object())

    result = run(params(mailbox()), False, Ports(open_service, lambda _sight: Nowhere()))
    assert result.items[0].error is not None
    assert result.items[0].error.code == "rname_not_settable"


def test_everything_wrong_is_refused_at_once_before_anything_is_asked() -> None:
    wrong = [
        mailbox(name=""),
        mailbox(name="twice", zone="a.test"),
        mailbox(name="twice", zone="a.test."),
        mailbox(name="zone", zone="no zone"),
        mailbox(name="long", zone="b.test", mailbox="x" * 64 + "@example.test"),
        mailbox(name="mail", zone="c.test", mailbox="\x1b[31m\n@example.test"),
        mailbox(name="utf8", zone="d.test", mailbox="証明書@example.test"),
        mailbox(name="none", zone="e.test", mailbox="."),
        mailbox(name="wide", zone="日本 語.test", mailbox="admin@日本 語.test"),
    ]
    assert refusals(params(*wrong)) == [
        "bad_name",
        "duplicate_name",
        "zone_twice",
        "bad_zone",
        *["bad_mailbox"] * 4,
        "bad_zone",
        "bad_mailbox",
    ]


def test_it_is_said_once_that_no_ca_reads_it() -> None:
    (warning,) = call(Server(zones=[ZONE, OTHER]), params(mailbox(), mailbox(name="b", zone=OTHER))).warnings
    assert "2025-07-15" in warning and "3.2.2.4.12" in warning
    assert call(Server(), params()).warnings == []
