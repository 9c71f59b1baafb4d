# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few numbers for AWX."""

from __future__ import annotations

import json
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._report.model import Change, Changes, Waiting
from ansible_collections.inkan.tls.plugins.module_utils._report.summary import report_summary
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report


def test_the_numbers() -> None:
    report = a_report(One("a"), One("b", "2027-01-02T00:00:00Z"))
    late, soon = (Waiting("customer", "approve", day) for day in ("2026-11-19T00:00:00Z", "2026-12-01T00:00:00Z"))
    changes = Changes("2026-11-20", "2026-11-18", (Change("a", "added", None, "due"), Change("a", "state", None, "x")))
    rows = tuple(replace(row, waiting=one) for row, one in zip(report.rows, (late, soon)))
    assert report_summary(replace(report, rows=rows, changes=changes)) == {
        "as_of": "2026-11-20",
        "certificates": 2,
        "counts": {"attention": 0, "waiting": 0, "due": 0, "in_order": 2},
        "next_end": {"name": "b", "not_after": "2027-01-02T00:00:00Z"},
        "people": {"tasks": 2, "overdue": 1, "next_by": "2026-11-19T00:00:00Z"},
        "changed": {"day": "2026-11-20", "certificates": 1},
    }
    assert report_summary(a_report())["next_end"] is None


def test_it_does_not_grow_with_the_estate() -> None:
    few, many = (len(json.dumps(report_summary(estate(number)))) for number in (20, 400))
    assert many < few + 40 and many < 500
    assert len(json.dumps(report_summary(hostile_report("x" * 10)))) < 500
