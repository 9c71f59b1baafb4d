# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""dcv_check from its options to its results, on a scripted internet with a scripted clock."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes import Ports
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules.dcv_check import run
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.internet import Internet, Recursor
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Server

NAME = "_acme-challenge.www.example.test"
URL = "http://www.example.test/.well-known/acme-challenge/tok"
ADDRESS = "192.0.2.11"


class World:
    """One name server, one web server; ``at``: what happens when the clock reaches a second."""

    def __init__(self) -> None:
        self.server = Server().put("example.test", "NS", "ns.example.test.").put("ns.example.test", "A", ADDRESS)
        self.server.put("www.example.test", "A", "192.0.2.80")
        self.internet = Internet({ADDRESS: self.server})
        self.body = b"tok.key"
        self.fetched = 0
        self.seconds = 0.0
        self.at: dict[float, t.Callable[[], object]] = {}

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=timezone.utc)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds
        for moment in [one for one in self.at if one <= self.seconds]:
            self.at.pop(moment)()

    def fetch(self, url: str, address: str, port: int, timeout: float) -> HttpResponse:
        self.fetched += 1
        return HttpResponse(200, {}, self.body, url)

    def call(
        self,
        *checks: dict[str, t.Any],
        deadline: int = 0,
        check_mode: bool = False,
        sight: dict[str, t.Any] | None = None,
    ) -> Result:
        options = {
            "sight": {"resolvers": [ADDRESS], "trust_anchors": [], "own_resolvers": [], **(sight or {})},
            "deadline": deadline,
            "checks": list(checks),
        }
        ports = Ports(self, lambda _sight: self.internet.exchange_to, SerialExecutor(), self.fetch)
        return run(options, check_mode, ports)


def check(name: str = "www", value: str = "v", files: t.Sequence[dict[str, str]] = ()) -> dict[str, t.Any]:
    records = [{"name": NAME, "type": "TXT", "value": value}] if value else []
    return {"name": name, "records": records, "files": list(files)}


def test_what_is_visible_is_told_server_by_server() -> None:
    world = World()
    world.server.put(NAME, "TXT", '"v"')
    result = world.call(check(files=[{"url": URL, "content": "tok.key"}]))
    assert result.items[0].as_data() == {
        "name": "www",
        "changed": False,
        "outcome": "visible",
        "state": "visible",
        "error": None,
        "records": [
            {
                "name": NAME,
                "type": "TXT",
                "value": "v",
                "visible": True,
                "servers": [
                    {
                        "server": "ns.example.test",
                        "address": ADDRESS,
                        "record": NAME,
                        "found": True,
                        "answer": 'has "v"',
                    }
                ],
            }
        ],
        "files": [
            {
                "url": URL,
                "found": True,
                "status": 200,
                "hops": [{"url": URL, "address": "192.0.2.80", "status": 200}],
                "reason": "serves the content",
                "addresses": [{"address": "192.0.2.80", "found": True, "status": 200, "reason": "serves the content"}],
            }
        ],
        "findings": [],
        "lacking": [],
        "warnings": [],
    }
    assert result.extra == {"looks": 1}
    json.dumps([one.as_data() for one in result.items])


def test_not_visible_is_an_answer_and_no_error() -> None:
    world = World()
    world.body = b"other"
    (item,) = world.call(check(files=[{"url": URL, "content": "tok.key"}])).items
    assert (item.state, item.outcome, item.error) == ("not_visible", "not_visible", None)
    assert item.extra["lacking"] == [
        f"TXT {NAME}: ns.example.test ({ADDRESS}) says NXDOMAIN",
        f"{URL}: 192.0.2.80 serves other content",
    ]
    assert [(one["code"], one["severity"], one["where"]) for one in item.extra["findings"]] == [
        ("record_missing", "fatal", f"TXT {NAME}, ns.example.test ({ADDRESS})"),
        ("file_other_content", "fatal", f"{URL}, 192.0.2.80"),
    ]


def test_it_looks_again_until_all_is_visible_and_only_at_what_is_not() -> None:
    world = World()
    world.at[5.0] = lambda: world.server.put(NAME, "TXT", '"v"')
    result = world.call(check(files=[{"url": URL, "content": "tok.key"}]), check("other", value="w"), deadline=5)
    assert [item.state for item in result.items] == ["visible", "not_visible"]
    assert world.fetched == 1
    assert world.seconds == 5.0
    assert result.extra["looks"] == 5


def test_it_stops_looking_when_all_is_visible() -> None:
    world = World()
    world.at[2.0] = lambda: world.server.put(NAME, "TXT", '"v"')
    assert world.call(check(), deadline=1000).items[0].state == "visible"
    assert world.seconds < 5


def test_check_mode_looks_once() -> None:
    world = World()
    assert world.call(check(), deadline=1000, check_mode=True).items[0].state == "not_visible"
    assert world.seconds == 0


def test_unknown_values_are_known_after_the_order() -> None:
    world = World()
    files = [
        {"url": "http://www.example.test/.well-known/acme-challenge/known_after_order", "content": "known_after_order"}
    ]
    items = world.call(check(value="known_after_order"), check("f", "", files), check_mode=True).items
    assert [(item.state, item.outcome) for item in items] == [("known_after_order", "known_after_order")] * 2
    assert world.internet.asked == []
    assert items[0].extra["records"][0]["visible"] is None
    with pytest.raises(InputErrors, match=r"known after the order"):
        world.call(check(value="known_after_order"))


def test_everything_wrong_is_refused_at_once() -> None:
    world = World()
    wrong = {
        "name": "",
        "records": [{"name": "no name", "type": "TXT", "value": ""}],
        "files": [{"url": "http://192.0.2.1/x", "content": " "}],
    }
    with pytest.raises(InputErrors) as errors:
        world.call(check(), check(), wrong)
    assert [error.code for error in errors.value.errors] == [
        "duplicate_name",
        "bad_name",
        "bad_record",
        "bad_value",
        "bad_url",
        "no_content",
    ]
    assert world.internet.asked == []


def test_an_item_that_wants_nothing_is_visible_without_a_look() -> None:
    world = World()
    result = world.call({"name": "x", "records": [], "files": []})
    assert (result.items[0].state, result.extra["looks"], world.internet.asked) == ("visible", 0, [])


def test_the_contact_in_a_caa_record_can_be_checked_among_other_properties() -> None:
    world = World()
    world.server.put("example.test", "CAA", '0 issue "ca.example.net"', '0 contactemail "certs@example.test"')
    record = {"name": "example.test", "type": "CAA", "value": "0 ContactEmail certs@example.test"}
    there, absent = world.call(
        {"name": "there", "records": [record], "files": []},
        {"name": "absent", "records": [{**record, "value": '0 contactemail "other@example.test"'}], "files": []},
    ).items
    assert (there.state, there.extra["records"][0]["value"]) == ("visible", '0 contactemail "certs@example.test"')
    assert absent.state == "not_visible"
    assert '0 contactemail "certs@example.test"' in absent.extra["lacking"][0]


def test_a_trust_anchor_that_nobody_can_be_asked_about_is_a_warning() -> None:
    world = World()
    world.server.put(NAME, "TXT", '"v"')
    anchor = ". IN DS 20326 8 2 " + "AB" * 32
    (item,) = world.call(check(), sight={"trust_anchors": [anchor]}).items
    assert item.state == "visible"
    assert {one["code"] for one in item.extra["findings"]} == {"dnssec_not_checked"}


def test_a_name_server_with_an_inner_address_is_a_warning_and_not_listened_to() -> None:
    world = World()
    world.server.put("example.test", "NS", "ns.example.test.", "office.example.test.")
    world.server.put("office.example.test", "A", "10.1.1.1").put(NAME, "TXT", '"v"')
    (item,) = world.call(check()).items
    assert item.state == "visible"
    assert [(one["code"], one["where"]) for one in item.extra["findings"]] == [
        ("view_private_server", f"TXT {NAME}, office.example.test (10.1.1.1)")
    ]


def test_a_mail_domain_that_cannot_be_looked_up_is_a_warning() -> None:
    world = World()
    contact = {"kind": "constructed", "domain": "example.test", "address": "admin@elsewhere.test"}
    (item,) = world.call({"name": "x", "records": [], "files": [], "contacts": [contact]}).items
    assert [one["code"] for one in item.extra["findings"]] == ["contact_unknown"]
    assert item.state == "visible"


def test_policies_are_looked_at_in_check_mode_before_values_are_known() -> None:
    world = World()
    world.server.put("www.example.test", "CAA", '0 issue ";"')
    wanted = {**check(value="known_after_order"), "dns_names": ["www.example.test"], "ca": "jprs"}
    (item,) = world.call(wanted, check_mode=True).items
    assert item.state == "not_visible"
    assert [one["code"] for one in item.extra["findings"]] == ["caa_forbids_all"]


def test_a_policy_is_not_waited_for() -> None:
    world = World()
    world.server.put("www.example.test", "CAA", '0 issue ";"')
    options = {"name": "x", "records": [], "files": [], "dns_names": ["www.example.test"], "ca": "jprs"}
    result = world.call(options, deadline=100)
    assert (result.items[0].state, result.extra["looks"], world.seconds) == ("not_visible", 1, 0)


def test_where_no_authoritative_server_can_be_reached_nothing_is_said_of_caa() -> None:
    """Files are fetched all the same, where port 53 to the outside is closed: resolvers know the addresses."""
    world = World()
    world.body = b"tok.key"
    resolver = Recursor([world.server])
    world.internet.servers = {"192.0.2.53": resolver}
    options = {**check("", value="", files=[{"url": URL, "content": "tok.key"}]), "name": "x", "ca": "jprs"}
    (item,) = world.call({**options, "dns_names": ["www.example.test"]}, sight={"resolvers": ["192.0.2.53"]}).items
    assert item.state == "visible"
    assert {one["code"] for one in item.extra["findings"]} == {"caa_not_judged"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"dns_names": ["no name"]}, "bad_dns_name"),
        ({"contacts": [{"kind": "txt", "domain": "a b", "address": "a@example.jp"}]}, "bad_dns_name"),
        ({"contacts": [{"kind": "txt", "domain": "example.jp", "address": "nobody"}]}, "bad_address"),
    ],
)
def test_names_and_contacts_are_judged_before_anything_is_asked(more: dict[str, t.Any], code: str) -> None:
    world = World()
    with pytest.raises(InputErrors) as errors:
        world.call({"name": "x", "records": [], "files": [], **more})
    assert [error.code for error in errors.value.errors] == [code]
    assert world.internet.asked == []
