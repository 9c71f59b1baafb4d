# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the seconds of inkan.tls.issue go: the same playbook for 1, 50 and 200 certificates, in turn."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import job_issue
from measure import run
from shares import Data, Seconds, medians, of_stamps

SIZES = (1, 50, 200)


def measured(runs: int, folder: pathlib.Path, say: t.Callable[[str], None]) -> Data:
    """The sizes in turn. sizes; rows: task, and the median for each size."""
    found: dict[int, list[Seconds]] = {size: [] for size in SIZES}
    for number in range(runs):
        for size in SIZES:
            found[size].append(_once(size, folder / f"shares-{size}-{number}"))
            say(f"  shares run {number + 1} of {size}: {sum(found[size][-1].values()):.1f} s")
    return medians(found)


def _once(size: int, folder: pathlib.Path) -> Seconds:
    folder.mkdir()
    stamps, callback = folder / "stamps", pathlib.Path(__file__).with_name("callback")
    told = {"ANSIBLE_CALLBACK_PLUGINS": str(callback), "ANSIBLE_CALLBACKS_ENABLED": "bench_stamps"}
    with job_issue.whole(folder, size, "dns", False) as (timed,):
        part = dataclasses.replace(timed, environment={**timed.environment, **told, "BENCH_STAMPS": str(stamps)})
        done = run(part.argv, folder, part.environment, folder / "timed.log")
        part.check(done)
    return of_stamps(stamps.read_text(encoding="utf-8"), done.seconds)
