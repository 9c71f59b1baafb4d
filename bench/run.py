# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench: ours and what a user would pick instead, on the same servers, in turn; medians, ratios, spread, JSON.

    make bench                          every case, each contestant up to RUNS times within its BUDGET of seconds
    make bench JOBS="A50 C"             jobs (A A2 B C D E), or sizes of one (A50), or single cases (A50-dns)
    make bench RUNS=7 BUDGET=600        more of it
    make bench JOBS=list                the cases and who is in them
    make bench JOBS=shares              where the seconds of inkan.tls.issue go, task by task (all of it does that, too)
    make bench JOBS=parts               the parts of plans and reports (plan.py, report.py): printed, not kept
    make bench JOBS=table               the page of the newest results, written again

All of it takes about five hours on two idle cores, because some peers need minutes for one run: BUDGET bounds each
contestant of a case, and the number of runs is printed beside each median. BUDGET=60 brings it down to two and a half.

A finished case is merged into bench/results/<date>.json at once: what is interrupted goes on with --missing (make bench
MISSING=1), and one case alone can be measured again.
"""

from __future__ import annotations

import argparse
import datetime
import pathlib
import shutil
import signal
import sys
import tempfile
import typing as t

import job_issue
import job_keys
import job_many
import job_publish
import job_shares
import job_sweep
import machine
import peers
import plan
import report
import results
import table
from measure import Case, play_case


def cases() -> list[Case]:
    return [*job_issue.cases(), *job_sweep.cases(), *job_publish.cases(), *job_keys.cases(), *job_many.cases()]


def chosen(words: list[str]) -> list[Case]:
    every = cases()
    found = [case for case in every if not words or any(_means(word, case) for word in words)]
    unknown = [word for word in words if word != "shares" and not any(_means(word, case) for case in every)]
    if unknown:
        sys.exit(f"no job and no case is called {', '.join(unknown)}; make bench JOBS=list says what there is")
    return found


def _means(word: str, case: Case) -> bool:
    return word in (case.job, case.key, case.key.partition("-")[0])


def say(text: str) -> None:
    print(text, flush=True)


def measure_shares(runs: int, path: pathlib.Path) -> None:
    say("shares: where the seconds of inkan.tls.issue go")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        results.keep_shares(path, job_shares.measured(runs, pathlib.Path(folder), say))


def measure(wanted: list[Case], runs: int, budget: float, missing: bool, path: pathlib.Path) -> None:
    found = results.read(path)
    facts, versions = machine.facts(), peers.versions()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o711)
    try:
        for case in wanted:
            if missing and case.key in found.get("cases", {}):
                continue
            say(f"{case.key}: {case.title}")
            others = machine.busy()
            rows = play_case(case, runs, budget, folder, say)
            results.merge(path, case, rows, {"others": others}, facts, versions)
            say(table.text_of_case(results.read(path)["cases"][case.key]))
            for place in folder.iterdir():
                shutil.rmtree(place, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="*", help="jobs, or cases; list; table")
    parser.add_argument("--runs", type=int, default=5, help="of each contestant (default: 5)")
    parser.add_argument("--budget", type=float, default=240.0, help="seconds after which one starts no further run")
    parser.add_argument("--missing", action="store_true", help="only what has no result of this date yet")
    parser.add_argument("--results", type=pathlib.Path, help="another folder; the page is then not written")
    parser.add_argument("--only", default="", help="contestants whose names begin so (to try one)")
    parser.add_argument("--date", default=datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    options = parser.parse_args()
    path = (options.results or results.FOLDER) / f"{options.date}.json"
    if options.jobs == ["list"]:
        for case in cases():
            print(f"{case.key:12} {case.title}: {', '.join(one.name for one in case.contestants)}")
    elif options.jobs == ["parts"]:
        plan.main(max(1, options.runs))
        report.main(max(1, options.runs))
    elif options.jobs == ["table"]:
        table.write_page(results.newest())
    else:
        signal.signal(signal.SIGTERM, _end)
        wanted = [_with_only(case, options.only) for case in chosen(options.jobs)]
        measure(wanted, max(1, options.runs), options.budget, options.missing, path)
        is_there = options.missing and "shares" in results.read(path)
        if "shares" in options.jobs or not (options.jobs or is_there):
            measure_shares(max(1, options.runs), path)
        if path.parent == results.FOLDER:
            table.write_page(results.newest())


def _end(_number: int, _frame: t.Any) -> t.NoReturn:
    """Servers and programs under way are stopped on the way out."""
    sys.exit("ended from outside; what was measured is kept: --missing goes on")


def _with_only(case: Case, begin: str) -> Case:
    return case._replace(contestants=[one for one in case.contestants if one.name.startswith(begin)])


if __name__ == "__main__":
    main()
