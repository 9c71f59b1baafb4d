# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seconds of a playbook go, task by task: of what the callback wrote, medians and a table.

What a task takes begins when Ansible begins it and ends when it begins the next: its own start is in it. Standard
library only.
"""

from __future__ import annotations

import statistics
import typing as t

ANSIBLE = "Ansible's own start and end"
Data = dict[str, t.Any]
Seconds = dict[str, float]  # by task


def of_stamps(text: str, whole: float) -> Seconds:
    """text: lines of the callback; whole: seconds of the command, of which the tasks' are a part."""
    lines = [line.partition(" ") for line in text.splitlines()]
    moments = [float(moment) for moment, _space, _name in lines]
    found = {ANSIBLE: whole - (moments[-1] - moments[0])}
    for (_moment, _space, name), begin, end in zip(lines, moments, moments[1:]):
        found[name] = found.get(name, 0.0) + end - begin
    return found


def medians(found: t.Mapping[int, t.Sequence[Seconds]]) -> Data:
    tasks = dict.fromkeys(task for runs in found.values() for one in runs for task in one)
    rows = [
        [task, *(round(statistics.median(one.get(task, 0.0) for one in runs), 3) for runs in found.values())]
        for task in tasks
    ]
    return {"sizes": list(found), "rows": rows}


def lines(data: Data) -> list[list[str]]:
    """task, its seconds for each size, milliseconds for each one more between the two largest sizes; the sum last."""
    if not data:
        return []
    sizes, rows = data["sizes"], data["rows"]
    whole = ["together", *(sum(row[column] for row in rows) for column in range(1, len(sizes) + 1))]
    return [
        [
            row[0].removeprefix("inkan.tls."),
            *(f"{seconds:.2f} s" for seconds in row[1:]),
            f"{1000 * (row[-1] - row[-2]) / (sizes[-1] - sizes[-2]):.1f} ms",
        ]
        for row in [*rows, whole]
    ]
