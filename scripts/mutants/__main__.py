# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation testing of the core: changes one thing at a time in its code, and counts the changes that no test tells.

    make mutants                                       all files; minutes, more on a busy machine
    scripts/venv dev python scripts/mutants FILE...    only these (names of files of the package, without .py)

Prints a table by file; .cache/mutants/survivors.txt lists what survived. Timeouts and untested mutants are survivors.
Settings: [tool.mutants] in pyproject.toml. What is changed and what is not: operators.py.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import math
import os
import pickle
import random
import sys
import time
import typing as t
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from children import Ending
from imports import files_for, try_import, warm_up
from operators import Mutant, Source
from session import Mutation
from settings import REPOSITORY, Settings, read_settings
from table import figures, interval, survivors

FOLDER = REPOSITORY / ".cache" / "mutants"
FIGURES = REPOSITORY / "docs" / "mutants.txt"


class Results:
    """How each mutant ended, in a file that two processes write one after the other."""

    def __init__(self, file: Path, keep: bool = False) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        if not keep:
            file.write_text("", encoding="utf-8")

    def add(self, path: Path, number: int, mutant: Mutant, ending: str) -> None:
        line = {"file": path.stem, "number": number, "line": mutant.line, "what": mutant.what, "ending": ending}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def read(self) -> list[dict[str, t.Any]]:
        """Of each mutant the last that was said."""
        lines = [json.loads(line) for line in self._file.read_text("utf-8").splitlines()]
        return list({(line["file"], line["number"]): line for line in lines}.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="of the package, without .py; all when none is named")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of what is written")
    parser.add_argument("--write", action="store_true", help=f"the table to {FIGURES.relative_to(REPOSITORY)}, too")
    parser.add_argument("--sample", type=int, help="so many of all, the same share of each file")
    parser.add_argument("--left", action="store_true", help="only what a broken run left to do at import")
    parser.add_argument("--seed", type=int, default=10, help="of the sample")
    chosen = parser.parse_args()
    if sys.version_info < (3, 12):
        sys.exit("mutation testing needs Python 3.12 or newer: it watches lines by sys.monitoring")
    settings = read_settings()
    os.chdir(REPOSITORY)
    began = time.monotonic()
    sources = read_sources(settings, chosen.files)
    if chosen.sample:
        draw(sources, chosen.sample, chosen.seed)
    results = Results(chosen.folder / "results.jsonl", keep=chosen.left)
    warm_up()
    if chosen.left:
        notes = pickle.loads((chosen.folder / "notes").read_bytes())  # noqa: S301  # our own
    else:
        notes = run_sessions(settings, sources, results, chosen.folder / "notes")
    if notes is None:
        return 1
    run_imports(settings, sources, results, notes)
    lines = results.read()
    (chosen.folder / "survivors.txt").write_text(survivors(lines, sources), encoding="utf-8")
    text, good = figures(lines, settings.goal)
    minutes = (time.monotonic() - began) / 60
    if chosen.sample:
        text += f"\n{interval(lines)}, seed {chosen.seed}"
    text += f"\n{datetime.datetime.now(datetime.timezone.utc).date().isoformat()}, {minutes:.0f} minutes\n"
    (chosen.folder / "table.txt").write_text(text, encoding="utf-8")
    if chosen.write:
        FIGURES.write_text(text, encoding="utf-8")
    for name, said in notes["broken"].items():
        print(f"fails without any mutant, and counts for nothing: {name}\n{said}")
    print(text)
    return 0 if good and not notes["broken"] else 1


def read_sources(settings: Settings, names: list[str]) -> dict[Path, Source]:
    files = sorted((REPOSITORY / settings.package).glob("*.py"))
    known = {file.stem for file in files}
    if not known.issuperset(names):
        sys.exit(f"no files of {settings.package}: {', '.join(sorted(set(names) - known))}")
    chosen = [file for file in files if not names or file.stem in names]
    return {file: Source(file.read_text("utf-8"), str(file)) for file in chosen}


def draw(sources: dict[Path, Source], size: int, seed: int) -> None:
    """Leaves each file its share of a sample of this size, drawn by chance, the same with the same seed."""
    total = sum(len(source.mutants) for source in sources.values())
    for path, source in sources.items():
        share = min(len(source.mutants), math.ceil(size * len(source.mutants) / total))
        chance = random.Random(f"{seed} {path.stem}")  # noqa: S311  # a sample, no secret
        numbers = sorted(chance.sample(range(len(source.mutants)), share))
        source.mutants = tuple(source.mutants[number] for number in numbers)


def _in_process(work: t.Callable[[], t.Any], file: Path) -> t.Any:
    """``work`` in a process of its own, which may import what the forks of this one must import anew."""
    child = os.fork()
    if not child:
        status = 1
        try:
            found = work()
            if found is not None:
                file.write_bytes(pickle.dumps(found))
                status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    return None if status else pickle.loads(file.read_bytes())  # noqa: S301  # written by the line above


def run_sessions(
    settings: Settings, sources: dict[Path, Source], results: Results, file: Path
) -> dict[str, t.Any] | None:
    """The core's own tests first: they are few and quick, and tell most; then all."""
    left = {path.name: list(range(len(source.mutants))) for path, source in sources.items()}
    broken: dict[str, str] = {}
    notes = None
    for tests, last in ((settings.first_tests, False), (settings.tests, True)):
        mutants = {path: [sources[path].mutants[number] for number in left[path.name]] for path in sources}
        run = functools.partial(run_functions, settings, sources, mutants, results, tests, last)
        notes = _in_process(run, file)
        if notes is None:
            return None
        broken.update(notes["broken"])
        left = notes["rest"]
    file.write_bytes(pickle.dumps({**notes, "broken": broken}))
    return {**notes, "broken": broken}


def run_functions(
    settings: Settings,
    sources: dict[Path, Source],
    mutants: dict[Path, list[Mutant]],
    results: Results,
    tests: tuple[str, ...],
    last: bool,
) -> dict[str, t.Any] | None:
    """Tries the mutants of functions. Returns what the other ways need: what is left, which tests ran which file."""
    numbers = {id(one): number for source in sources.values() for number, one in enumerate(source.mutants)}
    left = {id(one) for row in mutants.values() for one in row}

    def done(path: Path, mutant: Mutant, ending: str) -> None:
        left.discard(id(mutant))
        results.add(path, numbers[id(mutant)], mutant, ending)

    plugin = Mutation(settings, mutants, sources, last, done)
    arguments = ["-q", "-p", "no:xdist", "-p", "no:terminalreporter", "-o", "cache_dir=.cache/mutants/pytest"]
    without = [f"--ignore={file}" for file in settings.without]
    status = pytest.main([*tests, *arguments, *without], plugins=[plugin])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        print(f"pytest ended with {status}")
        return None
    touches: dict[str, Counter[str]] = defaultdict(Counter)
    for name, lines in plugin.notes.lines.items():
        for test in set().union(*lines.values()):
            touches[name][plugin.notes.test_files[test]] += 1
    seconds: Counter[str] = Counter()
    for test, duration in plugin.notes.seconds.items():
        seconds[plugin.notes.test_files[test]] += duration
    rest = {path.name: [numbers[id(one)] for one in row if id(one) in left] for path, row in mutants.items()}
    return {"rest": rest, "touches": dict(touches), "seconds": dict(seconds), "broken": plugin.broken}


def run_imports(settings: Settings, sources: dict[Path, Source], results: Results, notes: dict[str, t.Any]) -> None:
    for path, source in sources.items():
        numbers = notes["rest"][path.name]
        if not numbers:
            continue
        tests = files_for(path, settings, notes["touches"])
        limit = settings.limit(4 + sum(notes["seconds"].get(one, 0) for one in tests))
        if tests and try_import(path, None, tests, limit) != Ending.SURVIVED:
            sys.exit(f"{path.name}: these tests do not pass without a mutant: {' '.join(tests)}")
        for number in numbers:
            mutant = source.mutants[number]
            results.add(path, number, mutant, try_import(path, source.whole(mutant), tests, limit))
        print(f"{path.stem}: {len(numbers)} at import", flush=True)


if __name__ == "__main__":
    sys.exit(main())
