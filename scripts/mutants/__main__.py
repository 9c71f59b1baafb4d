# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutation testing of the core: changes one thing at a time in its code, and counts the changes that no test tells.

    make mutants                                       all files; minutes, more on a busy machine
    scripts/venv dev python scripts/mutants FILE...    only these (names of files of the package, without .py)
    ... --sample 1500 --seed 10 [--again]              a share of each file; --again: only what is not yet killed
    ... --guard                                        a few mutants of the files that their own tests tell best

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
LARGEST = 1500

_DEAD = compile("raise ImportError", "dead", "exec")  # a file that cannot be imported: every test tells it

Chosen = dict[Path, list[int]]  # numbers of mutants


class Results:
    """How each mutant ended, in a file that several processes write one after the other."""

    def __init__(self, file: Path, keep: bool = False) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        if not keep or not file.exists():
            file.write_text("", encoding="utf-8")

    def add(self, path: Path, number: int, mutant: Mutant, ending: str) -> None:
        line = self._line(path.stem, number, mutant, ending)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    @staticmethod
    def _line(file: str, number: int, mutant: Mutant, ending: str) -> dict[str, t.Any]:
        return {"file": file, "number": number, "line": mutant.line, "what": mutant.what, "ending": ending}

    def read(self, chosen: Chosen, sources: dict[Path, Source]) -> list[dict[str, t.Any]]:
        """Of each chosen mutant the last that was said, unless its file has changed since."""
        mutants = {(path.stem, number): sources[path].mutants[number] for path, row in chosen.items() for number in row}
        found: dict[tuple[str, int], dict[str, t.Any]] = {}
        for text in self._file.read_text("utf-8").splitlines():
            line = json.loads(text)
            mutant = mutants.get((line["file"], line["number"]))
            if mutant is not None and (mutant.line, mutant.what) == (line["line"], line["what"]):
                found[line["file"], line["number"]] = line
        unasked = {key: self._line(*key, one, Ending.UNASKED) for key, one in mutants.items() if key not in found}
        return [*found.values(), *unasked.values()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="of the package, without .py; all when none is named")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of what is written")
    parser.add_argument("--write", action="store_true", help=f"the table to {FIGURES.relative_to(REPOSITORY)}, too")
    parser.add_argument("--sample", type=int, help="so many of all, the same share of each file")
    parser.add_argument("--seed", type=int, default=10, help="of the sample")
    parser.add_argument("--again", action="store_true", help="ask only what the run before has not killed")
    parser.add_argument("--table", action="store_true", help="ask nothing: the table of what the folder has")
    parser.add_argument("--guard", action="store_true", help="[tool.mutants.guard] of pyproject.toml")
    options = parser.parse_args()
    if sys.version_info < (3, 12):
        sys.exit("mutation testing needs Python 3.12 or newer: it watches lines by sys.monitoring")
    settings = read_settings()
    if options.guard:
        settings, options.files = settings.for_guard(), list(settings.guard_files)
        options.sample, options.seed = settings.guard_mutants, settings.guard_seed
    os.chdir(REPOSITORY)
    return run(options, settings)


def run(options: argparse.Namespace, settings: Settings) -> int:
    began = time.monotonic()
    sources = read_sources(settings, options.files)
    chosen = draw(sources, options.sample or 0, options.seed, only_functions=options.guard)
    results = Results(options.folder / "results.jsonl", keep=options.again or options.table)
    flaws = "" if options.table else ask(settings, sources, chosen, results, options.folder)
    lines = results.read(chosen, sources)
    (options.folder / "survivors.txt").write_text(survivors(lines, sources), encoding="utf-8")
    text, good = figures(lines, settings.goal)
    if options.sample:
        text += f"\n{interval(lines)}; seed {options.seed}"
    text += f"\n{datetime.datetime.now(datetime.timezone.utc).date().isoformat()}\n"
    (options.folder / "table.txt").write_text(text, encoding="utf-8")
    if options.write:
        FIGURES.write_text(text, encoding="utf-8")
    print(f"{text}{flaws}{(time.monotonic() - began) / 60:.0f} minutes")
    return 0 if good and not flaws else 1


def ask(settings: Settings, sources: dict[Path, Source], chosen: Chosen, results: Results, folder: Path) -> str:
    """Tries all that is not known to be killed. Returns what speaks against the figures, or nothing."""
    killed = {
        (line["file"], line["number"]) for line in results.read(chosen, sources) if line["ending"] == Ending.KILLED
    }
    left = {path.name: [one for one in row if (path.stem, one) not in killed] for path, row in chosen.items()}
    warm_up()
    notes = run_sessions(settings, sources, left, results, folder / "notes")
    if notes is None:
        return "the tests cannot be run\n"
    unfit = run_imports(settings, sources, results, notes)
    broken = notes["broken"].items()
    return unfit + "".join(
        f"fails without any mutant, and counts for nothing: {name}\n{said}\n" for name, said in broken
    )


def read_sources(settings: Settings, names: list[str]) -> dict[Path, Source]:
    files = sorted((REPOSITORY / settings.package).glob("*.py"))
    known = {file.stem for file in files}
    if not known.issuperset(names):
        sys.exit(f"no files of {settings.package}: {', '.join(sorted(set(names) - known))}")
    chosen = [file for file in files if not names or file.stem in names]
    return {file: Source(file.read_text("utf-8"), str(file)) for file in chosen}


def draw(sources: dict[Path, Source], size: int, seed: int, only_functions: bool = False) -> Chosen:
    """Numbers of mutants: each file's share of a sample of this size, the same with the same seed; all for size 0.

    A smaller sample is the beginning of one of LARGEST: a run can be made longer, and keeps what it has.
    """
    possible = {
        path: [number for number, one in enumerate(source.mutants) if one.scope is not None or not only_functions]
        for path, source in sources.items()
    }
    total = sum(map(len, possible.values()))
    chosen: Chosen = {}
    for path, numbers in possible.items():
        share, most = (min(len(numbers), math.ceil(one * len(numbers) / total)) for one in (size, max(size, LARGEST)))
        chance = random.Random(f"{seed} {path.stem}")  # noqa: S311  # a sample, no secret
        chosen[path] = chance.sample(numbers, most)[:share] if size else numbers
    return chosen


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
    settings: Settings, sources: dict[Path, Source], left: dict[str, list[int]], results: Results, file: Path
) -> dict[str, t.Any] | None:
    """The core's own tests first: they are few and quick, and tell most; then the others, of what is left."""
    known: dict[str, t.Any] = {"touches": defaultdict(Counter), "seconds": Counter(), "broken": {}}
    rounds = [(settings.first_tests, settings.without)]
    if settings.tests:
        rounds.append((settings.tests, (*settings.without, *settings.first_tests)))
    for tests, without in rounds:
        mutants = {path: [sources[path].mutants[number] for number in left[path.name]] for path in sources}
        last = (tests, without) == rounds[-1]
        run = functools.partial(run_functions, settings, sources, mutants, results, tests, without, last)
        notes = _in_process(run, file)
        if notes is None:
            return None
        left = notes["rest"]
        for name, count in notes["touches"].items():
            known["touches"][name].update(count)
        known["seconds"].update(notes["seconds"])
        known["broken"].update(notes["broken"])
    return {**known, "rest": left}


def run_functions(
    settings: Settings,
    sources: dict[Path, Source],
    mutants: dict[Path, list[Mutant]],
    results: Results,
    tests: tuple[str, ...],
    without: tuple[str, ...],
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
    ignored = [f"--ignore={file}" for file in without]
    status = pytest.main([*tests, *arguments, *ignored], plugins=[plugin])
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


def run_imports(settings: Settings, sources: dict[Path, Source], results: Results, notes: dict[str, t.Any]) -> str:
    """Tries what is left in forks that import the file anew. Returns what makes its kills worthless, or nothing."""
    asked: dict[str, None] = {}
    seconds = notes["seconds"]
    for path, source in sources.items():
        numbers = notes["rest"][path.name]
        tests = files_for(path, settings, notes["touches"])
        limit = settings.limit(4 + sum(seconds.get(one, 0) for one in tests))
        if numbers and tests and try_import(path, _DEAD, tests[:1], limit) == Ending.SURVIVED:
            return f"{path.name}: a change at import does not reach {tests[0]}\n"
        for number in numbers:
            mutant = source.mutants[number]
            results.add(path, number, mutant, try_import(path, source.whole(mutant), tests, limit))
        if numbers:
            asked.update(dict.fromkeys(tests))
            print(f"{path.stem}: {len(numbers)} at import", flush=True)
    limit = settings.limit(4 + sum(seconds.get(one, 0) for one in asked))
    if asked and try_import(next(iter(sources)), None, list(asked), limit) != Ending.SURVIVED:
        return f"these tests do not pass without a mutant: {' '.join(asked)}\n"
    return ""


if __name__ == "__main__":
    sys.exit(main())
