# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job E: the plan and the report of 10,000 certificates, as playbooks; the plan also as one process with only the work.

plan.py and report.py measure more of both (make bench JOBS=parts): memory, the parts of a report, how its page opens.
"""

from __future__ import annotations

import contextlib
import functools
import json
import pathlib
import re
import sys
import typing as t

import plan
from job_floor import PING
from lab_world import write_json
from measure import Case, Contestant, Finished, Timed, Unproven, needs_success
from plays_of_bench import environment, is_changed, is_unchanged, local, played

MANY = plan.MANY
_MOST_SHOWN = 100


def cases() -> list[Case]:
    planned = [
        PING,
        Contestant("one process with only the work", "floor", _plan_process),
        Contestant("inkan.tls.plan", "ours", functools.partial(_playbook, "plan")),
    ]
    reported = [PING, Contestant("inkan.tls.report", "ours", functools.partial(_playbook, "report"))]
    return [
        Case("E-plan", "E", f"plan {MANY:,} certificates", MANY, planned),
        Case("E-report", "E", f"report on {MANY:,} certificates", MANY, reported),
    ]


def _inventory(folder: pathlib.Path) -> pathlib.Path:
    hosts = plan.inventory(MANY, folder)
    hosts["all"]["hosts"]["localhost"] = local()
    hosts["all"]["vars"]["inkan_report_path"] = str(folder / "report")
    return write_json(folder / "many.json", hosts)


@contextlib.contextmanager
def _plan_process(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
    own = environment(folder, ours=True, forks=1)

    def check(done: Finished) -> None:
        needs_success(done)
        if "plan" not in json.loads(done.text()):
            raise Unproven("there is no plan")

    yield [Timed([sys.executable, plan.__file__, "--once", str(_inventory(folder))], check, own)]


@contextlib.contextmanager
def _playbook(name: str, folder: pathlib.Path) -> t.Iterator[list[Timed]]:
    hosts = _inventory(folder)
    if name == "plan":
        yield [played(folder, "inkan.tls.plan", hosts, _planned)]
        return
    first = played(folder, "inkan.tls.report", hosts, functools.partial(_reported, folder, True), label="first run")
    yield [
        first,
        played(folder, "inkan.tls.report", hosts, functools.partial(_reported, folder, False), label="second run"),
    ]


def _planned(done: Finished) -> None:
    is_unchanged(done)
    rest = re.search(r"And (\d+) more", done.text())  # below the few that the screen shows
    if rest is None or int(rest[1]) < MANY - _MOST_SHOWN:
        raise Unproven("the plan is not of all certificates")


def _reported(folder: pathlib.Path, first: bool, done: Finished) -> None:
    (is_changed if first else is_unchanged)(done)
    last = f"c{MANY - 1:05}"
    files = list((folder / "report").rglob("*"))
    if not any(last in one.read_text(encoding="utf-8", errors="replace") for one in files if one.is_file()):
        raise Unproven("the last certificate is not in the report")
