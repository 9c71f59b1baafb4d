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
        "force": False,
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


# --- what looks like a mistake


def holding(there: dict[str, dict[str, list[str]]]) -> Server:
    server = Server()
    for name, types in there.items():
        for type, found in types.items():
            server.put(name, type, *(f'"{value}"' for value in found))
    return server


def values(server: Server, name: str) -> set[str]:
    return {value.strip('"') for value in server.values(name)}


def outcomes(result: Result) -> list[tuple[str, str | None]]:
    return [(one.outcome, one.error.code if one.error else None) for one in result.items]


SPF = {"www.example.test": {"TXT": ["v=spf1 -all"]}}
MANY = {NAME: {"TXT": [f"other {number}" for number in range(11)]}}


@pytest.mark.parametrize(
    ("there", "record", "code"),
    [(SPF, "www.example.test", "exclusive_at_host"), (MANY, NAME, "too_many_removed")],
    ids=["a name of a host", "more values than anybody would mean"],
)
def test_an_exclusive_value_that_takes_too_much_is_refused_until_it_is_forced(
    there: dict[str, dict[str, list[str]]], record: str, code: str
) -> None:
    server = holding(there)
    wish = token(record=record, exclusive=True)
    for check_mode in (True, False):
        result = call(server, params(wish, token(name="b", record="_other.example.test")), check_mode)
        assert outcomes(result) == [("not_published", code), ("published", None)]
    assert values(server, record) == set(there[record]["TXT"]), "and what was refused is still there"
    assert outcomes(call(server, params(wish, force=True))) == [("published", None)]
    assert values(server, record) == {"v"}


def test_an_exclusive_value_among_few_is_what_was_asked_for() -> None:
    server = holding({NAME: {"TXT": [f"other {number}" for number in range(10)]}})
    assert outcomes(call(server, params(token(exclusive=True)))) == [("published", None)]


def test_values_that_are_named_may_go_however_many_they_are() -> None:
    server = holding(MANY)
    named = [token(name=f"n{number}", value=f"other {number}", state="absent") for number in range(11)]
    assert {outcome for outcome, _code in outcomes(call(server, params(*named)))} == {"removed"}


def test_a_cname_at_the_top_of_a_zone_is_refused_even_if_it_is_forced() -> None:
    wish = token(record="example.test", type="CNAME", value="elsewhere.example.net")
    assert outcomes(call(holding({}), params(wish, force=True))) == [("not_published", "apex_cname")]


@pytest.mark.parametrize(
    ("record", "value", "words"),
    [
        ("_validation-contactemail.example.test", "certs@example.jp", None),
        ("_validation-contactemail.example.test", "Certs <certs@example.jp>", "one mail address"),
        ("_validation-contactemail.example.test", "a@example.jp, b@example.jp", "one mail address"),
        ("_Validation-Contactemail.example.test", "mailto:certs@example.jp", "one mail address"),
        ("_validation-persist.www.example.test", "ca.example; accounturi=https://ca.example/1", None),
        ("_validation-persist.www.example.test", "ca.example", "persistent record"),
        ("_validation-persist.www.example.test", "ca.example; accounturi=a; accounturi=b", "persistent record"),
        ("_acme-challenge.www.example.test", "anything at all", None),
    ],
)
def test_what_no_ca_reads_at_such_a_name_is_not_published(record: str, value: str, words: str | None) -> None:
    wish = params(token(record=record, value=value))
    if words is None:
        assert outcomes(call(holding({}), wish)) == [("published", None)]
        return
    with pytest.raises(InputErrors, match=words):
        call(holding({}), wish)
    gone = params(token(record=record, value=value, state="absent"))
    assert outcomes(call(holding({}), gone)) == [("already_absent", None)], "it may always be removed"
