# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is anything to do is told once, and is what the steps themselves would say one after another."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t
from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core import run as runs
from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core.run import HostSaid, Run
from ansible_collections.inkan.tls.plugins.module_utils._core.work_approvals import awaited_names
from ansible_collections.inkan.tls.plugins.module_utils._core.work_at_all import has_work
from ansible_collections.inkan.tls.plugins.module_utils._core.work_portal import hand_over_items
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    FILE,
    KEY,
    OLD_KEY,
    RECORD,
    a_run,
    host,
    look,
    order,
    planned,
)

STATES = (None, "wanted", "validating", "awaiting_approval", "refused", "issued", "deploy_pending", "deployed")
TOKENS = {"none": {}, "wanted": {"wanted": {"records": [RECORD], "files": [FILE]}}, "leftovers": {
    "leftovers": {"records": [RECORD], "files": [FILE]}
}}  # fmt: skip


def quiet() -> Run:
    """Nothing is due: the live certificate is the newest of the ledger."""
    hosts = {name: host(look=look("2", (KEY,))) for name in ("web1", "web2")}
    return a_run(planned("not_due"), order("deployed"), hosts)


def each_step(run: Run) -> list[t.Any]:
    """Every item of every step, as the tasks of role issue ask for them."""
    central = (
        *(works.order_items, works.record_items, works.check_items, works.answer_items, works.leftover_record_items),
        *(works.observation_items, awaited_names),
    )
    of_a_host = (
        *(works.prepare_items, works.request_items, works.file_items, works.verify_items, works.switch_items),
        *(works.leftover_file_items, hand_over_items),
    )
    found = [item for step in central for item in step(run)]
    return found + [item for step in of_a_host for name in run.hosts for item in step(run, name)]


def test_where_nothing_is_due_there_is_nothing_to_do() -> None:
    assert has_work(quiet()) is False and each_step(quiet()) == []


@pytest.mark.parametrize("outcome", ["not_due", "due", "in_progress"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("tokens", TOKENS)
def test_it_is_told_whenever_any_step_has_an_item(outcome: str, state: str | None, tokens: str) -> None:
    """Lives of a certificate, on hosts that hold the newest, an older one or none, or cannot be reached."""
    places = {
        "newest": host(look=look("2", (KEY,))),
        "older": host(look=look("1", (OLD_KEY,))),
        "none": host(look=look(None, (KEY,))),
        "lost": host(False),
    }
    known = order(state, **TOKENS[tokens]) if state else None
    for first, second in itertools.product(places, repeat=2):
        run = a_run(planned(outcome), known, {"web1": places[first], "web2": places[second]})
        run = dataclasses.replace(run, as_of=datetime(2026, 12, 20, tzinfo=timezone.utc))
        items = each_step(run)
        assert has_work(run) or not items, (first, second, items)


def test_without_the_word_of_the_ledger_nothing_is_done() -> None:
    run = dataclasses.replace(a_run(planned("due")), central_broken={"known": "the ledger is damaged"})
    assert run.is_blocked and has_work(run) is False


@pytest.mark.parametrize("step", ["orders", "answers", "leftover_records", "observations"])
def test_what_an_earlier_role_of_the_play_has_said_is_said_anew(step: str) -> None:
    run = quiet()
    said = dataclasses.replace(run, central={**run.central, step: {"shop": {"name": "shop"}}})
    assert has_work(said)
    assert has_work(dataclasses.replace(run, central_broken={step: "it ended without results"}))


def test_so_is_what_hosts_have_said() -> None:
    run = quiet()
    for before in (HostSaid(steps={"switch": {"shop": {"name": "shop"}}}), HostSaid(broken={"files": "no disk"})):
        assert has_work(dataclasses.replace(run, hosts={**run.hosts, "web1": before}))


def test_a_file_that_only_another_host_knows_the_folder_of_is_work() -> None:
    """Each host reads ``document_root`` from its own words; this one has none."""
    known = order("deployed", options={}, leftovers={"records": [], "files": [FILE]})
    run = dataclasses.replace(quiet(), orders={"shop": known})
    assert works.leftover_file_items(run, "web1") == []
    assert has_work(run)


def test_states_of_orders_are_those_of_the_ledger() -> None:
    assert {state for state in STATES if state} <= runs.DEPLOYABLE | runs.OPEN | {"refused"}


def test_what_look_and_plan_have_said_themselves_is_not_said_before() -> None:
    words = {step: {"shop": {"name": "shop"}} for step in ("known", "plan", "served")}
    run = dataclasses.replace(quiet(), central=words)
    assert has_work(run) is False
    blocked = dataclasses.replace(run, central_broken={"known": "the ledger is damaged"})
    assert has_work(blocked) is False
    assert has_work(dataclasses.replace(run, central={**words, "records": {"r1": {"name": "r1"}}}))
