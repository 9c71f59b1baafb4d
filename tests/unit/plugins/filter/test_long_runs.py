# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of many certificates, whose lists go packed from task to task, comes to the same as with plain lists."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.action.run_guard import opened_of
from ansible_collections.inkan.tls.plugins.filter import run as filters
from ansible_collections.inkan.tls.plugins.filter.shard import in_shard
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import is_packed, pack_lines, unpacked
from ansible_collections.inkan.tls.plugins.modules import dcv_plan
from ansible_collections.inkan.tls.plugins.plugin_utils.on_controller import Door, answered, with_lists_packed

HOSTS = ["web1", "web2", "web3"]
GROUPS = {"all": HOSTS, "odd": ["web1", "web3"], "ungrouped": []}
NUMBER = 120
AS_OF = "2026-11-20T00:00:00Z"
RECORD = {
    "id": "r",
    "name": "_acme-challenge.c030.example.jp",
    "type": "TXT",
    "value": "token",
    "ttl": 60,
    "dns_name": "c030",
}
ENDS = ("2026-11-01T00:00:00Z", "2026-11-25T00:00:00Z", "2027-04-30T00:00:00Z")


def declared() -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = []
    for number in range(NUMBER):
        method: dict[str, t.Any] = {"method": "http-01", "document_root": "/srv", "hosts": "web1"}
        method = method if number % 3 else {"method": "dns-01"}
        item = {"name": f"c{number:03}", "common_name": f"c{number:03}.example.jp", "product": "acme"}
        found.append({**item, "ca_account": "acme", "validation": method, "hosts": ("all", "odd", "web2")[number % 3]})
    found[7]["product"] = "wrong"  # refused
    found[8]["hosts"] = "nowhere"
    found[9]["deploy"] = {"by": "seller"}
    return found


def looks(host: str) -> list[dict[str, t.Any]]:
    found: list[dict[str, t.Any]] = []
    for number in range(NUMBER):
        live: dict[str, t.Any] = {"serial": f"{number:x}", "not_before": "2026-08-01T00:00:00Z"}
        live.update(not_after=ENDS[number % 3], common_name=f"c{number:03}.example.jp", key_type="ecdsa-p256")
        live.update(dns_names=[f"c{number:03}.example.jp"], matches=True, issuer="CN=Test")
        live["renewal_id"] = f"AQIDBAU.{number:04}"
        error = {"code": "live_broken", "message": "it is broken"} if (number, host) == (20, "web1") else None
        item: dict[str, t.Any] = {
            "name": f"c{number:03}",
            "live": None if number % 10 == 4 else live,
            "has_keys": [],
            "error": error,
        }
        found.append(item)
    return found


def orders() -> list[dict[str, t.Any]]:
    open_one: dict[str, t.Any] = {
        "reference": "r1",
        "state": "validating",
        "dns_names": ["c030.example.jp"],
        "ca_account": "acme",
    }
    open_one.update(name="c030", product="acme", method="dns-01", created_at=AS_OF, wanted={"records": [RECORD]})
    gone = {
        "name": "gone",
        "reference": "r2",
        "state": "validating",
        "created_at": AS_OF,
        "dns_names": ["x.example.jp"],
    }
    return [open_one, gone]


def said(is_long: bool) -> dict[str, t.Any]:
    certificates = declared()
    opened = {"certificates": pack_lines(map(json.dumps, certificates))} if is_long else {}
    targets = filters.targets(opened.get("certificates", certificates), GROUPS, HOSTS)
    found = {"certificates": certificates, "opened": opened, "targets": targets, "inventory": HOSTS}
    found["advising"] = ["acme"]
    known: dict[str, t.Any] = {"results": orders()}
    found["known"] = with_lists_packed(known) if is_long else known
    items = unpacked(filters.plan_items(found, hostvars(is_long), HOSTS))
    door = Door(dcv_plan.argument_spec, dcv_plan.run)
    plan = answered(door, {"as_of": AS_OF, "load_until": "2029-12-31"}, False, {"certificates": items})
    return {**found, "plan": with_lists_packed(plan) if is_long else plan}


def hostvars(is_long: bool) -> dict[str, dict[str, t.Any]]:
    words: dict[str, t.Any] = {host: {"results": looks(host)} for host in HOSTS}
    return {host: {"__inkan_look": with_lists_packed(word) if is_long else word} for host, word in words.items()}


STEPS = ("orders", "checks", "records", "answers", "notices")
ASKED: dict[str, t.Callable[[dict[str, t.Any], dict[str, t.Any]], t.Any]] = {
    "endings": lambda run, hosts: unpacked(filters.endings(run, hosts, HOSTS)),
    "report": lambda run, hosts: filters.report_data(run, hosts, HOSTS),
    "has_work": lambda run, hosts: filters.has_work(run, hosts, HOSTS),
    "plan_items": lambda run, hosts: unpacked(filters.plan_items(run, hosts, HOSTS)),
    "look": lambda run, hosts: [unpacked(filters.work(run, "look", hosts, HOSTS, host)) for host in HOSTS],
    "served": lambda run, hosts: filters.work(run, "served", hosts, HOSTS),
    "live": lambda run, hosts: unpacked(filters.work(run, "live", hosts, HOSTS)),
    "prepare": lambda run, hosts: [unpacked(filters.work(run, "prepare", hosts, HOSTS, host)) for host in HOSTS],
    "requests": lambda run, hosts: [unpacked(filters.work(run, "requests", hosts, HOSTS, host)) for host in HOSTS],
    "switch": lambda run, hosts: [unpacked(filters.work(run, "switch", hosts, HOSTS, host)) for host in HOSTS],
    **{step: lambda run, hosts, step=step: unpacked(filters.work(run, step, hosts, HOSTS)) for step in STEPS},  # type: ignore[misc]
    **{
        output: lambda run, hosts, output=output: filters.plan_text(run["plan"], output)  # type: ignore[misc]
        for output in ("screen", "text", "json", "markdown")
    },
}


@pytest.fixture(scope="module")
def short() -> dict[str, t.Any]:
    return said(False)


@pytest.fixture(scope="module")
def long() -> dict[str, t.Any]:
    return said(True)


def test_the_lists_of_a_long_run_are_packed(long: dict[str, t.Any]) -> None:
    assert is_packed(long["plan"]["results"]) and is_packed(long["plan"]["plans"]) and is_packed(long["targets"]["of"])
    assert is_packed(filters.plan_items(long, hostvars(True), HOSTS))
    assert is_packed(filters.work(long, "look", hostvars(True), HOSTS, "web1"))
    assert is_packed(filters.work(long, "live", hostvars(True), HOSTS))
    for step in ("orders", "checks", "records", "answers"):
        assert is_packed(filters.work(long, step, hostvars(True), HOSTS)), step
    for step in ("prepare", "requests"):
        assert any(is_packed(filters.work(long, step, hostvars(True), HOSTS, host)) for host in HOSTS), step


def test_a_step_without_items_is_nothing_to_do_in_a_long_run_too(long: dict[str, t.Any]) -> None:
    assert filters.work(long, "leftover_files", hostvars(True), HOSTS, "web1") == []


def test_there_is_something_of_every_kind(short: dict[str, t.Any]) -> None:
    outcomes = {one["outcome"] for one in unpacked(filters.endings(short, hostvars(False), HOSTS))}
    assert outcomes >= {"refused", "error", "pending", "in_order"}
    assert {one["outcome"] for one in short["plan"]["results"]} == {"refused", "due", "not_due", "in_progress"}


@pytest.mark.parametrize("what", sorted(ASKED))
def test_packed_or_not_it_comes_to_the_same(what: str, short: dict[str, t.Any], long: dict[str, t.Any]) -> None:
    expected = ASKED[what](short, hostvars(False))
    assert ASKED[what](long, hostvars(True)) == expected
    assert expected, "nothing was compared"


# What is declared, as a run is opened


def rendered(value: t.Any) -> t.Any:
    return json.loads(json.dumps(value).replace("{{ root }}", "/srv"))


def test_only_what_has_a_template_is_rendered() -> None:
    seen: list[t.Any] = []

    def render(value: t.Any) -> t.Any:
        seen.append(value)
        return rendered(value)

    certificates = [{"name": "a", "x": "{{ root }}"}, {"name": "b", "x": "{ root }"}, {"name": "c", "x": {"y": {}}}]
    found = opened_of(certificates, render, None, None)
    assert seen == [certificates[0]]
    assert list(map(json.loads, found.chosen)) == [{"name": "a", "x": "/srv"}, *certificates[1:]]


@pytest.mark.parametrize(
    "text", ["{{ x }}", "{% if x %}y{% endif %}", "{# x #}", "#jinja2: variable_start_string:'<'\n<x"]
)
def test_whatever_ansible_may_render_is_given_to_it(text: str) -> None:
    found = opened_of([{"name": "a", "deep": [{"x": text}]}], lambda _value: {"name": "rendered"}, None, None)
    assert found.names == ["rendered"]


@pytest.mark.parametrize("names", [None, [], ["a", "c", "zz"]])
@pytest.mark.parametrize("shard", [None, "1/2", "2/2"])
def test_those_are_chosen_that_the_run_is_about(names: list[str] | None, shard: str | None) -> None:
    certificates: list[t.Any] = [*({"name": name} for name in "abcdef"), {"nmae": "typo"}, "text"]
    chosen = [one for one in certificates if names is None or (isinstance(one, dict) and one.get("name", "") in names)]
    found = opened_of(certificates, rendered, names, shard)
    assert list(map(json.loads, found.chosen)) == in_shard(chosen, shard)
    assert found.names == [*"abcdef", "", ""]


# How it ended


def test_the_lines_of_endings_are_chosen_by_their_outcomes_packed_or_not(
    short: dict[str, t.Any], long: dict[str, t.Any]
) -> None:
    plain, packed = (filters.endings(run, hostvars(run is long), HOSTS) for run in (short, long))
    assert is_packed(packed) and isinstance(plain, list)
    for ended in (plain, packed):
        assert filters.ending_lines(ended) == [one["line"] for one in plain]
        assert filters.ending_lines(ended, only=["refused"]) == [plain[7]["line"], plain[9]["line"]]
        in_order = [one["line"] for one in plain if one["outcome"] == "in_order"]
        others = filters.ending_lines(ended, but=["in_order"])
        assert in_order and len(others) + len(in_order) == len(plain) and not set(others) & set(in_order)


def test_the_names_of_results_are_told_packed_or_not(short: dict[str, t.Any], long: dict[str, t.Any]) -> None:
    for run in (short, long):
        assert filters.result_names(run["known"]["results"]) == ["c030", "gone"]


def test_every_filter_is_one_of_the_door_s_and_gives_what_its_function_gives() -> None:
    door = filters.FilterModule().filters()
    assert door["ending_lines"]([{"outcome": "error", "line": "a"}], only=["error"]) == ["a"]
    assert set(door) >= {"targets", "plan_items", "work", "endings", "report_data", "plan_text"}
