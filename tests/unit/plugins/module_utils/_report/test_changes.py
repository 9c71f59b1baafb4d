# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report tells of the one before it."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.changes import with_changes
from ansible_collections.inkan.tls.plugins.module_utils._report.model import (
    Change,
    Changes,
    Group,
    Report,
    Row,
    Waiting,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report, a_row

BEFORE = "2026-11-18"


def compared(old: t.Iterable[Row], new: t.Iterable[Row], **words: t.Any) -> Changes | None:
    before = Report(BEFORE, None, tuple(old), changes=words.get("told"))
    after = Report("2026-11-20", words.get("names"), tuple(new))
    return with_changes(after, before).changes


ROW = a_row(One("shop"))
TURN = Waiting("customer", "approve", "2026-12-01T00:00:00Z")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param([], [ROW], [Change("shop", "added", None, "in_order")], id="a new certificate"),
        pytest.param([ROW], [], [Change("shop", "removed", None, None)], id="one that is not declared any more"),
        pytest.param(
            [ROW],
            [replace(ROW, serial="2b", not_after="2027-06-01T00:00:00Z")],
            [Change("shop", "certificate", "2027-04-30T14:59:59Z", "2027-06-01T00:00:00Z")],
            id="another certificate",
        ),
        pytest.param(
            [ROW],
            [replace(ROW, group=Group.WAITING, state="validating")],
            [Change("shop", "group", "in_order", "waiting")],
            id="another group goes before another state",
        ),
        pytest.param(
            [replace(ROW, state="wanted")],
            [replace(ROW, state="validating", waiting=TURN)],
            [Change("shop", "state", "wanted", "validating")],
            id="another state goes before another turn",
        ),
        pytest.param(
            [replace(ROW, waiting=TURN)],
            [replace(ROW, waiting=TURN._replace(owner="tanaka"))],
            [Change("shop", "turn", "customer: approve", "tanaka: approve")],
            id="another owner",
        ),
    ],
)
def test_what_changed(old: list[Row], new: list[Row], found: list[Change]) -> None:
    assert compared(old, new) == Changes("2026-11-20", BEFORE, tuple(found))


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(ROW, id="nothing at all"),
        pytest.param(replace(ROW, days_left=159), id="days have passed"),
        pytest.param(replace(ROW, sentences=("other words",)), id="other words for it"),
        pytest.param(replace(ROW, waiting=None), id="nobody has to act, as before"),
    ],
)
def test_what_is_no_change_leaves_what_was_told_the_last_time(new: Row) -> None:
    told = Changes(BEFORE, "2026-11-17", (Change("shop", "added", None, "due"),))
    assert compared([ROW], [new], told=told) == told
    assert compared([ROW], [new]) is None


def test_certificates_that_were_not_asked_for_are_not_gone() -> None:
    other = replace(ROW, name="api")
    assert compared([ROW, other], [replace(ROW, group=Group.DUE)], names=("shop",)) == Changes(
        "2026-11-20", BEFORE, (Change("shop", "group", "in_order", "due"),)
    )
    assert compared([ROW, other], [ROW], names=("shop",)) is None


def test_the_first_report_tells_of_no_change() -> None:
    report = a_report(One("a"))
    assert with_changes(report, None) is report
