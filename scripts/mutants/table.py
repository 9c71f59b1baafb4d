# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of a mutation run."""

from __future__ import annotations

import math
import typing as t
from collections import Counter, defaultdict
from pathlib import Path

from children import Ending

ORDER = (Ending.KILLED, Ending.SURVIVED, Ending.TIMEOUT, Ending.UNTESTED, Ending.UNASKED)
Line = dict[str, t.Any]


def figures(lines: list[Line], goal: int) -> tuple[str, bool]:
    """A table by file, and whether the whole reaches the goal. Whatever is not killed counts as a survivor."""
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        by_file[line["file"]][line["ending"]] += 1
    total = sum(by_file.values(), Counter[str]())
    rows = [_row(name, count) for name, count in sorted(by_file.items())]
    titles = ("killed", "survived", "timeouts", "untested", "unasked")
    head = f"{'file':24}{'mutants':>9}{''.join(f'{one:>10}' for one in titles)}{'killed %':>10}"
    good = bool(lines) and 100 * total[Ending.KILLED] >= goal * total.total()
    text = "\n".join([head, *rows, _row("all", total)]) + f"\ngoal: {goal} %"
    if total[Ending.UNASKED]:
        text += "; the run was broken off: what it had not asked (all of) its tests counts as a survivor here"
    return text, good


def _row(name: str, count: Counter[str]) -> str:
    killed, survived, timeouts, untested, unasked = (count[one] for one in ORDER)
    share = 100 * killed / max(count.total(), 1)
    return f"{name:24}{count.total():9}{killed:10}{survived:10}{timeouts:10}{untested:10}{unasked:10}{share:10.1f}"


def interval(lines: list[Line]) -> str:
    """What the sample says of all (Wilson's interval, 95 %; a sample by file is a little better than that)."""
    size, z = len(lines), 1.96
    share = sum(line["ending"] == Ending.KILLED for line in lines) / size
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    return f"a sample of {size}: of all, {100 * (middle - half):.1f} to {100 * (middle + half):.1f} % are killed (95 %)"


def survivors(lines: list[Line], sources: t.Mapping[Path, object]) -> str:
    """What no test tells, with the line that was changed."""
    texts = {path.stem: path.read_text("utf-8").splitlines() for path in sources}
    kept = sorted(
        (line for line in lines if line["ending"] != Ending.KILLED), key=lambda line: (line["file"], line["number"])
    )
    return "".join(
        f"{line['file']}.py:{line['line']}: {line['ending']}: {line['what']}: "
        f"{texts[line['file']][line['line'] - 1].strip()}\n"
        for line in kept
    )
