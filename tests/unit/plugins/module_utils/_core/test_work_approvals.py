# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role approve hands to modules, and what it says."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.work_approvals import (
    approval_items,
    approval_lines,
    done_items,
    done_lines,
)

SHOP = {"name": "shop", "organization": "example"}


@pytest.mark.parametrize(
    ("organization", "owner"),
    [
        pytest.param(
            {
                "responsible": {"name": "山田", "mail": "y@example.jp"},
                "technical": {"name": "鈴木", "mail": "s@example.jp"},
            },
            {"owner": "山田", "mail": "y@example.jp", "escalate_to": "s@example.jp"},
            id="with mailboxes",
        ),
        pytest.param(
            {"responsible": "山田", "technical": "鈴木"}, {"owner": "山田", "escalate_to": "鈴木"}, id="names alone"
        ),
        pytest.param({"technical": {"name": "鈴木"}}, {"escalate_to": "鈴木"}, id="a technician without a mailbox"),
        pytest.param({}, {}, id="nobody"),
    ],
)
def test_an_item_says_who_does_what_machines_cannot(organization: dict[str, t.Any], owner: dict[str, str]) -> None:
    (item,) = approval_items(["shop"], [SHOP], {"example": organization}, {}, {"answer": "refuse"})
    assert {key: item[key] for key in ("owner", "mail", "escalate_to") if key in item} == owner
    assert (item["name"], item["answer"]) == ("shop", "refuse")


def test_a_refusal_says_who_corrects_what_by_when_and_what_being_late_costs() -> None:
    task = {"what": "correct it", "owner": None, "by": "2026-11-23T00:00:00Z", "lapses": "2026-12-01T00:00:00Z"}
    (line,) = approval_lines([{"name": "shop", "outcome": "refused", "procedure": "Write to CPI.", "correction": task}])
    assert line == (
        "shop: refused. Write to CPI. You to correct it, by 2026-11-23T00:00:00Z, or the live certificate ends at"
        " 2026-12-01T00:00:00Z."
    )


def test_what_persons_have_done_becomes_an_intake() -> None:
    assert done_items(["shop", "old"], ["cancel"], [], None, "") == [
        {"name": "shop", "intake": {"done": ["cancel"]}},
        {"name": "old", "intake": {"done": ["cancel"]}},
    ]
    (item,) = done_items(["shop"], [], ["call"], "again", "鈴木")
    assert item["intake"] == {"reopen": ["call"], "note": "again", "who": "鈴木"}


def test_each_certificate_says_how_its_steps_stand() -> None:
    tasks = [
        {"id": "call", "state": "done", "told_by": "鈴木", "note": "on Monday"},
        {"id": "papers", "state": "open", "told_by": None, "note": None},
    ]
    said = [{"name": "shop", "tasks": tasks}, {"name": "none", "tasks": []}]
    assert done_lines([*said, {"name": "bad", "error": {"message": "no task 'fax'"}}]) == [
        "shop: call is done (鈴木: on Monday); papers is open.",
        "none: the ledger follows no step of it.",
        "bad: no task 'fax'",
    ]
