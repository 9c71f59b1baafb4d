# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocation: what is asked for, and how it ended."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run
from ansible_collections.inkan.tls.plugins.module_utils._core.work_revoke import (
    revocation_endings,
    revocation_items,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import (
    a_run,
    host,
    look,
    order,
    planned,
)


def revoked(**changes: t.Any) -> dict[str, t.Any]:
    base = {"name": "shop", "outcome": "revoked", "state": "revoked", "changed": True, "serial": "2", "error": None}
    return {**base, **changes}


def run(said: dict[str, t.Any] | None, live: str = "2", **changes: t.Any) -> Run:
    hosts = {"web1": host(look=look(live)), "web2": host(look=look("1"))}
    found = a_run(changes.pop("plan", None), order("deployed"), hosts, revocations=[said] if said else [])
    return dataclasses.replace(found, **changes)


def test_only_what_the_ledger_knows_is_revoked_even_if_the_rule_book_refuses_it_today() -> None:
    refused = planned("refused", error={"message": "the method has ended"}, certificate=None)
    items = revocation_items(run(None, plan=refused), ["shop", "never-ordered"], "keyCompromise")
    assert items == [{"name": "shop", "revoke_reason": "keyCompromise"}]


@pytest.mark.parametrize(
    ("said", "check_mode", "outcome", "line"),
    [
        pytest.param(
            revoked(),
            False,
            Outcome.CHANGED,
            "shop is revoked: serial 2. It is live on web1: renew replaces it.",
            id="done",
        ),
        pytest.param(
            revoked(outcome="nothing_to_do", changed=False),
            False,
            Outcome.IN_ORDER,
            "shop is revoked already: serial 2. It is live on web1: renew replaces it.",
            id="again",
        ),
        pytest.param(
            revoked(outcome="nothing_to_do", state="deployed"),
            True,
            Outcome.WOULD_CHANGE,
            "shop is to be revoked: serial 2. It is live on web1: renew replaces it.",
            id="check mode",
        ),
        pytest.param(
            revoked(error={"message": "the CA said no."}, changed=False),
            False,
            Outcome.ERROR,
            "shop is in trouble: the CA said no.",
            id="refused by the CA",
        ),
        pytest.param(
            revoked(outcome="busy", changed=False),
            False,
            Outcome.PENDING,
            "shop is pending: another run works on it; revoke it again when that has ended",
            id="busy",
        ),
    ],
)
def test_how_a_revocation_ended(said: dict[str, t.Any], check_mode: bool, outcome: Outcome, line: str) -> None:
    (ending,) = revocation_endings(run(said, check_mode=check_mode))
    assert (ending.outcome, ending.line()) == (outcome, line)


@pytest.mark.parametrize("said", [None, revoked(outcome="nothing_to_do", serial=None, state="wanted", changed=False)])
def test_what_was_never_issued_cannot_be_revoked_and_that_is_an_error(said: dict[str, t.Any] | None) -> None:
    """Who asks for a revocation must not be told that all is well."""
    (ending,) = revocation_endings(run(said))
    assert ending.outcome is Outcome.ERROR and "nothing was revoked" in ending.line()


def test_a_replaced_certificate_is_not_said_to_be_live() -> None:
    (ending,) = revocation_endings(run(revoked(), live="3"))
    assert ending.sentences == ("serial 2.",)


@pytest.mark.parametrize("step", ["known", "plan", "revocations"])
def test_a_run_that_could_not_ask_says_so_once(step: str) -> None:
    (ending,) = revocation_endings(run(None, central_broken={step: "the ledger host is down"}))
    assert (ending.name, ending.outcome) == ("run", Outcome.ERROR) and "the ledger host is down" in ending.line()


def test_what_is_not_declared_any_more_is_revoked_and_told_of_too() -> None:
    done = run(revoked(name="gone"), plan=planned())
    assert [ending.line() for ending in revocation_endings(done) if ending.name == "gone"] == [
        "gone is revoked: serial 2."
    ]
