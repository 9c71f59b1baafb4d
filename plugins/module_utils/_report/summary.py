# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report in a few numbers, for ``set_stats``: AWX keeps them with the job and can put them into its own notices.

No list grows with the estate, and nothing in it is secret: a job's artifacts are plain text.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.model import Group, Report, people_tasks


def report_summary(report: Report) -> dict[str, t.Any]:
    tasks = people_tasks(report)
    dates = [task.waiting.by for task in tasks if task.waiting.by]
    overdue = sum(1 for day in dates if report.as_of is not None and day[:10] < report.as_of)
    ends = sorted((row.not_after, row.name) for row in report.rows if row.not_after)
    changes = report.changes
    return {
        "as_of": report.as_of,
        "certificates": len(report.rows),
        "counts": {group.value: len(report.of(group)) for group in Group},
        "next_end": {"name": ends[0][1], "not_after": ends[0][0]} if ends else None,
        "people": {"tasks": len(tasks), "overdue": overdue, "next_by": min(dates, default=None)},
        "changed": {"day": changes.day, "certificates": len({one.name for one in changes.found})} if changes else None,
    }
