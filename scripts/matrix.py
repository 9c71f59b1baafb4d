# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test on every supported ansible-core with every Python that is on this machine; ends with a table.

    scripts/venv dev python scripts/matrix.py [--pairs 2.21/3.13 ...] [--kinds sanity units integration]

A pair is an ansible-core and the Python that it runs on. With each one:

    sanity       all of ansible-test sanity
    units        tests/unit on this Python; the newest core also on each older Python that a target may have
    integration  all targets, modules on this Python; the newest core also those of modules on the oldest one

A Python that is missing is a row that says so. Environments and logs lie in .cache/matrix; nothing but PyPI is asked.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
import typing as t

from test_rings import OUTPUT, REPOSITORY, Count, forget_old_libraries, fresh, junit_count, with_status

PLACE = REPOSITORY / ".cache" / "matrix"
#: the cores that meta/runtime.yml promises, each with the Pythons that it runs on
PAIRS = ("2.19/3.11", "2.20/3.12", "2.21/3.12", "2.21/3.13")
WIDEST = "2.21/3.12"  # this pair tries the Pythons of targets, too
TARGETS = ("3.9", "3.10", "3.11", "3.13")
OLDEST = "3.9"
KINDS = ("sanity", "units", "integration")
#: what ansible-test of the pair needs in its own environment, beside the collection's libraries
TOOLS = ("coverage==7.10.7", "hypothesis", "jsonschema", "pytest", "pytest-xdist", "pytest-mock", "pytest-forked")
LIMIT = 40 * 60


@dataclasses.dataclass(frozen=True)
class Cell:
    """``python`` runs the modules; that of the pair runs ansible-core."""

    pair: str
    kind: str
    python: str

    @property
    def controller(self) -> str:
        return self.pair.split("/")[1]

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.pair.replace('/', '-')}-{self.python}"


class Row(t.NamedTuple):
    cell: Cell
    said: str
    ok: bool
    seconds: float


def main() -> int:
    options = parse()
    PLACE.mkdir(parents=True, exist_ok=True)
    subprocess.run([REPOSITORY / "scripts/packages", "lint"], cwd=REPOSITORY, check=False)
    rows = []
    for cell in (cell for pair in options.pairs for cell in cells(pair, options.kinds)):
        rows.append(play(cell))
        print(line(rows[-1]), flush=True)
    table = "\n".join([HEAD, *map(line, rows)])
    (PLACE / "table.md").write_text(table + "\n", "utf-8")
    print(f"\n{table}\n")
    print(f"{sum(row.ok for row in rows)} of {len(rows)} ok, {sum(row.seconds for row in rows) / 60:.0f} minutes")
    return 0 if all(row.ok for row in rows) else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ansible-test on every core and Python")
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=PAIRS)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    return parser.parse_args()


def cells(pair: str, kinds: t.Collection[str]) -> list[Cell]:
    own = pair.split("/")[1]
    found = [Cell(pair, kind, own) for kind in kinds]
    if pair == WIDEST:
        found += [Cell(pair, "units", python) for python in TARGETS if "units" in kinds]
        found += [Cell(pair, "integration", OLDEST)] if "integration" in kinds else []
    return found


# --- one cell ------------------------------------------------------------------------------------------------------


def play(cell: Cell) -> Row:
    begin = time.monotonic()
    missing = [python for python in (cell.controller, cell.python) if not shutil.which(f"python{python}")]
    if missing:
        return Row(cell, f"no python{missing[0]} on this machine", not os.environ.get("REQUIRE_REAL"), 0.0)
    try:
        count = DOINGS[cell.kind](cell, environment(cell.pair))
    except subprocess.SubprocessError as error:
        return Row(cell, f"broke: {error}", False, time.monotonic() - begin)
    for name in count.failed:
        print(f"    failed: {name}")
    return Row(cell, str(count), not count.failed, time.monotonic() - begin)


def environment(pair: str) -> dict[str, str]:
    """The variables of a virtual environment with this core, made where it is missing."""
    core, python = pair.split("/")
    folder = PLACE / f"core{core}-python{python}"
    wanted = [f"ansible-core=={core}.*", *TOOLS, "-r", str(REPOSITORY / "requirements/demo.in")]
    stamp, told = folder / "stamp", repr((wanted, (REPOSITORY / "requirements/demo.in").read_text("utf-8")))
    if not stamp.exists() or stamp.read_text("utf-8") != told:
        subprocess.run([f"python{python}", "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
        stamp.write_text(told, "utf-8")
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(folder), "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"}


def test(cell: Cell, variables: dict[str, str], *words: str) -> int:
    command = ["scripts/ansible-test", cell.kind, "--color", "no", *words]
    with (PLACE / f"{cell.name}.log").open("w", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        done = subprocess.run(command, cwd=REPOSITORY, env=variables, stdin=subprocess.DEVNULL, stdout=log,
                              stderr=log, timeout=LIMIT, check=False)  # fmt: skip
    return done.returncode


def sanity(cell: Cell, variables: dict[str, str]) -> Count:
    reports = fresh("ansible-test-sanity-*.xml")
    status = test(cell, variables, "--junit")
    idle = [report for report in reports() if "No tests applicable." in report.read_text("utf-8")]
    count = junit_count(report for report in reports() if report not in idle)
    return with_status(count, status, cell.name)


def units(cell: Cell, variables: dict[str, str]) -> Count:
    forget_old_libraries()
    reports = fresh(f"python{cell.python}-*.xml")
    status = test(cell, variables, "--venv", "--python", cell.python)
    return with_status(junit_count(reports()), status, cell.name)


def integration(cell: Cell, variables: dict[str, str]) -> Count:
    passes = fresh("integration-*.json", OUTPUT / "data")
    words = ["--local"]
    if cell.python != cell.controller:
        words = ["--controller", f"origin:python=venv/{cell.controller}",
                 "--target", f"controller:python=venv/{cell.python}"]  # fmt: skip
    status = test(cell, variables, *words, "--allow-destructive", "--continue-on-error")
    passed = {name for report in passes() for name in json.loads(report.read_text("utf-8"))["targets"]}
    return with_status(Count(len(passed)), status, cell.name)


DOINGS: dict[str, t.Callable[[Cell, dict[str, str]], Count]] = {
    "sanity": sanity, "units": units, "integration": integration,
}  # fmt: skip


# --- the table -----------------------------------------------------------------------------------------------------

HEAD = "| ansible-core | on Python | modules on | ansible-test | | seconds |\n| --- | --- | --- | --- | --- | --- |"


def line(row: Row) -> str:
    core, python = row.cell.pair.split("/")
    mark = "ok" if row.ok else "FAILED"
    return f"| {core} | {python} | {row.cell.python} | {row.cell.kind} | {mark}: {row.said} | {row.seconds:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
