# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""dns_tokens from its options to its results, on scripted servers."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import DnsService, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules.dns_tokens import Ports, run
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._dns.scripted import Nowhere, Server

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
NAME = "_acme-challenge.www.example.test"


def token(**words: t.Any) -> dict[str, t.Any]:
    plain = {"name": "a", "record": NAME, "type": "TXT", "value": "v", "ttl": 60, "exclusive": False, "state": None}
    return {**plain, **words}


def params(*tokens: dict[str, t.Any], **words: t.Any) -> dict[str, t.Any]:
    settings = {"server": "192.0.2.53", "key_name": "key"}
    plain = {
        "dns_services": {"primary": {"service": "rfc2136", "settings": settings, "zones": ["example.test"]}},
        "secrets": {"primary": {"key_secret": SECRET}},
        "sight": {},
        "state": "present",
        "tokens": list(tokens),
    }
    return {**plain, **words}


def call(server: Server, options: dict[str, t.Any], check_mode: bool = False) -> Result:
    def open_service(config: ServiceConfig) -> DnsService:
        return Rfc2136(config.name, config.zones, server, "192.0.2.53:53")

    return run(options, check_mode, Ports(open_service, lambda _sight: Nowhere()))


def refusals(options: dict[str, t.Any], check_mode: bool = False) -> list[tuple[str, str]]:
    server = Server()
    with pytest.raises(InputErrors) as errors:
        call(server, options, check_mode)
    assert (server.asked, server.updates) == ([], [])
    assert SECRET not in errors.value.sentence()
    return [(error.code, error.where) for error in errors.value.errors]


def test_check_mode_is_the_plan_of_the_run_and_the_second_run_changes_nothing() -> None:
    server = Server()
    options = params(token(record=NAME.upper() + "."))
    planned = call(server, options, check_mode=True)
    assert server.updates == []
    first = call(server, options)
    assert [one.as_data() for one in planned.items] == [one.as_data() for one in first.items]
    assert planned.diff == first.diff
    assert first.items[0].as_data() == {
        "name": "a",
        "changed": True,
        "outcome": "published",
        "state": "present",
        "error": None,
        "service": "primary",
        "zone": "example.test",
        "record": NAME,
        "type": "TXT",
        "value": "v",
    }
    assert [diff.as_data() for diff in first.diff] == [
        {
            "before_header": "zone example.test at primary",
            "after_header": "zone example.test at primary",
            "before": "",
            "after": f'{NAME}. 60 IN TXT "v"\n',
        }
    ]
    second = call(server, options)
    assert (second.changed, second.diff, second.items[0].outcome) == (False, [], "already_there")


def test_absent_removes_and_an_item_may_say_otherwise() -> None:
    server = Server().put(NAME, "TXT", '"v"')
    result = call(server, params(token(), token(name="b", value="w", state="present"), state="absent"))
    assert [(one.outcome, one.state, one.changed) for one in result.items] == [
        ("removed", "absent", True),
        ("published", "present", True),
    ]
    assert server.values(NAME) == ['"w"']
    assert call(server, params(token(), state="absent")).items[0].outcome == "already_absent"


def test_an_item_with_an_error_says_so_and_does_not_hide_the_others() -> None:
    server = Server(refuses={"bad.example.test"})
    result = call(
        server, params(token(record="bad.example.test"), token(name="b"), token(name="c", record="x.other.test"))
    )
    assert [(one.outcome, one.changed, one.state) for one in result.items] == [
        ("not_published", False, None),
        ("published", True, "present"),
        ("not_published", False, None),
    ]
    assert [one.error.code for one in result.items if one.error] == ["dns_refused", "zone_not_found"]
    json.dumps([one.as_data() for one in result.items])


def test_everything_wrong_is_refused_at_once_before_anything_is_asked() -> None:
    wrong = [
        token(name="twice"),
        token(name="twice", record="not a name"),
        token(name="", value=""),
        token(name="ttl", ttl=-1),
        token(name="unknown", value="known_after_order"),
        token(name="cname", type="CNAME", value="no name"),
    ]
    options = params(*wrong, sight={"resolvers": ["ns.example.test"]}, secrets={"primary": {"key_secret": "short"}})
    assert [code for code, _where in refusals(options)] == [
        "secret_too_short",
        "bad_setting",
        "resolver_no_address",
        "duplicate_name",
        "bad_record",
        "bad_name",
        "bad_value",
        "bad_ttl",
        "known_after_order",
        "bad_value",
    ]


def test_an_unknown_value_is_planned_in_check_mode() -> None:
    result = call(Server(), params(token(value="known_after_order")), check_mode=True)
    assert (result.items[0].outcome, result.changed) == ("published", True)
    assert result.diff[0].after == f'{NAME}. 60 IN TXT "known_after_order"\n'


def test_no_tokens_open_no_service() -> None:
    def refuse(_config: ServiceConfig) -> DnsService:
        raise AssertionError("opened")

    assert run(params(), False, Ports(refuse, lambda _sight: Nowhere())).items == []


def test_a_weak_key_is_warned_of() -> None:
    options = params(token())
    options["dns_services"]["primary"]["settings"]["key_algorithm"] = "hmac-sha1"
    assert "hmac-sha1" in call(Server(), options).warnings[0]
