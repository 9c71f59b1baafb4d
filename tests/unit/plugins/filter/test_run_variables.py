# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters of the roles read of ``__inkan_run``: its entries, variables that it names, what is made of some."""

from __future__ import annotations

import multiprocessing
import typing as t
from pathlib import Path

import jinja2
import pytest
import yaml
from ansible_collections.inkan.tls.plugins.filter import run
from jinja2.utils import missing

REPOSITORY = Path(__file__).resolve().parents[4]
RUN = yaml.safe_load((REPOSITORY / "roles/plan/vars/main.yml").read_text("utf-8"))["__inkan_run"]


def played(expression: str, variables: dict[str, t.Any]) -> t.Any:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 (no page)
    environment.filters.update({f"inkan.tls.{name}": one for name, one in run.FilterModule().filters().items()})
    return environment.compile_expression(expression)(**variables)


def test_a_variable_is_read_by_its_name_and_one_that_is_not_there_says_nothing() -> None:
    said = {"variables": {"certificates": "__certificates", "known": "__known"}, "targets": {}}
    shop = {"name": "shop", "common_name": "www.example.jp", "product": "jprs-dv"}
    found = played("said | inkan.tls.plan_items({}, [])", {"said": said, "__certificates": [shop]})
    assert [one["name"] for one in found] == ["shop"]
    assert played("said | inkan.tls.plan_items({}, [])", {"said": said}) == []


def test_what_stands_in_the_run_itself_goes_before_the_variable() -> None:
    said = run._Said({"variables": {"plan": "__plan"}, "plan": {"a": 1}}, {"__plan": {"b": 2}}.__getitem__)
    assert said["plan"] == {"a": 1}
    assert said.get("plan") == {"a": 1}
    assert set(said) == {"variables", "plan", *run._MADE}
    assert len(said) == len(set(said))


def test_nothing_is_read_before_it_is_asked_for() -> None:
    def fails(name: str) -> t.Any:
        raise AssertionError(f"{name} was read")

    said = run._Said({"variables": {"plan": "__plan"}, "names": []}, fails)
    assert said["names"] == []
    assert said.get("no such") is None
    with pytest.raises(AssertionError, match="__plan was read"):
        said["plan"]


def test_the_roles_only_name_variables() -> None:
    variables = RUN["variables"]
    assert variables["plan"] == "__inkan_plan"
    assert all(name.isidentifier() and name.startswith(("__inkan_", "inkan_")) for name in variables.values())
    assert list(RUN) == ["variables"]
    assert not set(variables) & set(run._MADE)


MANY_ACCOUNTS = {
    "le": {"adapter": "acme", "settings": {"directory": "https://acme-v02.api.letsencrypt.org/directory"}},
    "own": {"adapter": "acme", "settings": {"directory": "https://ca.example/directory"}},
    "cpi": {"adapter": "portal"},
    "typo": "acme",
}


@pytest.mark.parametrize(
    ("key", "variables", "made"),
    [
        ("names", {"inkan_names": None, "inkan_shard": None}, []),
        ("names", {"inkan_names": ["shop"], "inkan_shard": None}, ["shop"]),
        ("names", {"inkan_names": None, "inkan_shard": "1/4"}, ["shard 1/4"]),
        ("names", {}, []),
        ("inventory", {"groups": {"all": ["web1"], "web": []}}, ["web1"]),
        ("https_port", {"inkan_sight": {"https_port": 8443}}, 8443),
        ("https_port", {"inkan_sight": {}}, 443),
        ("https_port", {}, 443),
        ("portals", {"inkan_ca_accounts": MANY_ACCOUNTS}, ["cpi"]),
        ("advising", {"inkan_ca_accounts": MANY_ACCOUNTS}, ["le", "own"]),
        ("ca_of_accounts", {"inkan_ca_accounts": MANY_ACCOUNTS}, {"le": "letsencrypt"}),
        ("portals", {"inkan_ca_accounts": ["cpi"]}, []),
        ("portals", {}, []),
        ("check_mode", {"ansible_check_mode": True}, True),
        ("check_mode", {"ansible_check_mode": False, "__inkan_only_looks": True}, True),
        ("check_mode", {"ansible_check_mode": False}, False),
        ("report", {"__inkan_report": {"failed": True}}, [{"failed": True}, {}]),
    ],
)
def test_what_is_made_of_variables(key: str, variables: dict[str, t.Any], made: t.Any) -> None:
    assert run._Said({}, lambda name: variables.get(name, missing))[key] == made


@pytest.mark.parametrize(("parent", "worked_out"), [(object(), ["web1", "web2"]), (None, ["web1", "web1", "web2"])])
def test_a_worker_s_task_asks_twice_and_has_it_worked_out_once(
    monkeypatch: pytest.MonkeyPatch, parent: object, worked_out: list[str]
) -> None:
    made: list[str | None] = []

    def work(_said: t.Any, step: str, _hostvars: t.Any, _hosts: t.Any, host: str | None = None) -> str:
        made.append(host)
        return f"{step} of {host}"

    monkeypatch.setattr(multiprocessing, "parent_process", lambda: parent)
    monkeypatch.setattr(run, "_ASKED", {})
    once = run._once_a_task(work)
    assert [once({}, "verify", {}, [], host) for host in ("web1", "web1", "web2")] == [
        "verify of web1",
        "verify of web1",
        "verify of web2",
    ]
    assert made == worked_out
