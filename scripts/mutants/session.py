# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest session that runs all tests once, notes which test runs which lines, then tries the mutants of functions.

Each mutant gets a fork of this process in which the code of its function is exchanged; there the tests that run the
changed statement are run again until one fails. Nothing is imported anew, so that a mutant costs milliseconds.
"""

from __future__ import annotations

import functools
import gc
import sys
import time
import types
import typing as t
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from children import Ending, in_child
from operators import Mutant, Scope, Source, codes_within
from settings import Settings

TOOL = sys.monitoring.COVERAGE_ID
EVENTS = sys.monitoring.events

Done = t.Callable[[Path, Mutant, str], None]


class Notes:
    """Which test ran which lines, for how long."""

    def __init__(self) -> None:
        self.lines: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))  # file, line, tests
        self.at_import: set[tuple[str, Scope]] = set()
        self.seconds: dict[int, float] = {}
        self.test_files: dict[int, str] = {}


class Mutation:
    """The plugin: it takes the place of pytest's own loop over the tests."""

    def __init__(
        self, settings: Settings, mutants: dict[Path, list[Mutant]], sources: dict[Path, Source], last: bool, done: Done
    ) -> None:
        self._settings = settings
        self._mutants = mutants
        self._sources = sources
        self._is_last = last
        self._done = done
        self._package = f"{settings.package}/"
        self._test = -1
        self._items: list[pytest.Item] = []
        self._functions: dict[tuple[str, Scope], list[types.FunctionType]] = defaultdict(list)
        self._killers: dict[tuple[str, Scope], list[int]] = defaultdict(list)
        self._caches: list[t.Any] = []
        self._killed_by: dict[int, list[tuple[Path, Mutant]]] = defaultdict(list)
        self.notes = Notes()
        self.broken: dict[str, str] = {}  # tests that fail without a mutant, and what they say

    # --- watching ---

    def pytest_sessionstart(self) -> None:
        sys.monitoring.use_tool_id(TOOL, "mutants")
        sys.monitoring.register_callback(TOOL, EVENTS.PY_START, self._started_at_import)
        sys.monitoring.set_events(TOOL, EVENTS.PY_START)

    def _started_at_import(self, code: types.CodeType, _offset: int) -> t.Any:
        if self._package in code.co_filename:
            self.notes.at_import.add((Path(code.co_filename).name, Scope(code.co_qualname, code.co_firstlineno)))
        return sys.monitoring.DISABLE

    def _line(self, code: types.CodeType, line: int) -> t.Any:
        self.notes.lines[Path(code.co_filename).name][line].add(self._test)
        return sys.monitoring.DISABLE

    def _watch_lines(self) -> None:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.register_callback(TOOL, EVENTS.PY_START, None)
        sys.monitoring.register_callback(TOOL, EVENTS.LINE, self._line)
        for function in self._live_functions():
            for code in codes_within(function.__code__):
                sys.monitoring.set_local_events(TOOL, code, EVENTS.LINE)

    def _live_functions(self) -> t.Iterator[types.FunctionType]:
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and self._package in one.__code__.co_filename:
                yield one

    # --- running ---

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self._items = session.items
        self._watch_lines()
        for number, item in enumerate(self._items):
            self._test = number
            sys.monitoring.restart_events()
            said = self._failure(number)
            if said:
                self.broken[item.nodeid] = said
        sys.monitoring.free_tool_id(TOOL)
        self._know_functions()
        self._caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
        gc.collect()
        gc.freeze()  # a fork then copies less
        for path, mutants in self._mutants.items():
            self._try_file(path, mutants)
        self._check_killers()
        return True

    def _check_killers(self) -> None:
        """A test that fails without a mutant, too, when it is run once more, has killed nothing."""
        for number, killed in sorted(self._killed_by.items()):

            def run_again(number: int = number) -> int | None:
                return number if self._failure(number) else None

            if in_child(run_again, limit=60)[0] != Ending.SURVIVED:
                self.broken[self._items[number].nodeid] = "it fails when it is run once more"
                for path, mutant in killed:
                    self._done(path, mutant, Ending.SURVIVED)

    def _failure(self, number: int) -> str:
        item = self._items[number]
        following = self._items[number + 1] if number + 1 < len(self._items) else None
        reports = runtestprotocol(item, nextitem=following, log=False)
        self.notes.seconds[number] = sum(one.duration for one in reports)
        self.notes.test_files[number] = item.nodeid.partition("::")[0]
        return "".join(f"{one.longreprtext[-2000:]}\n" for one in reports if one.failed)

    def _know_functions(self) -> None:
        for function in self._live_functions():
            code = function.__code__
            self._functions[Path(code.co_filename).name, Scope(code.co_qualname, code.co_firstlineno)].append(function)

    def _try_file(self, path: Path, mutants: list[Mutant]) -> None:
        began = time.monotonic()
        functions = [one for one in mutants if one.scope is not None]
        for mutant in functions:
            ending = self._try(path, self._sources[path], mutant)
            if ending == Ending.UNASKED or (not self._is_last and ending in (Ending.SURVIVED, Ending.UNTESTED)):
                continue  # more tests are to come, or the other way
            if ending == Ending.SURVIVED and (path.name, mutant.scope) in self.notes.at_import:
                continue  # what import made of it is still the old: left to the other way
            self._done(path, mutant, ending)
        if functions:
            text = f"{path.stem}: {len(functions)} mutants, {time.monotonic() - began:.0f} s"
            print(text, file=sys.__stdout__, flush=True)

    def _try(self, path: Path, source: Source, mutant: Mutant) -> str:
        key = (path.name, t.cast("Scope", mutant.scope))
        tests = self._tests(path, mutant)
        functions = self._functions.get(key, [])
        if not tests or not functions:
            return Ending.SURVIVED if key in self.notes.at_import else Ending.UNTESTED
        code = source.function(mutant)
        if any(code.co_freevars != one.__code__.co_freevars for one in functions):
            return Ending.UNASKED  # it does not fit into the living function, as without its super(): the other way
        known = sum(self.notes.seconds[one] for one in tests)
        ending, killer = in_child(lambda: self._run(functions, code, tests), limit=self._settings.limit(known))
        if killer is not None:
            self._killed_by[killer].append((path, mutant))
            order = self._killers[key]
            if killer in order:
                order.remove(killer)
            order.insert(0, killer)
        return ending

    def _tests(self, path: Path, mutant: Mutant) -> list[int]:
        """Those that have lately killed come first, then the file's own, then of each file the quickest, and so on."""
        by_line = self.notes.lines.get(path.name, {})
        found = {test for line in mutant.lines for test in by_line.get(line, ())}
        lately = self._killers[path.name, t.cast("Scope", mutant.scope)]
        seen: Counter[str] = Counter()
        turns: dict[int, int] = {}
        for one in sorted(found, key=lambda one: self.notes.seconds[one]):
            turns[one] = seen[self.notes.test_files[one]]
            seen[self.notes.test_files[one]] += 1
        order = sorted(
            (one for one in found if self._items[one].nodeid not in self.broken),
            key=lambda one: (
                lately.index(one) if one in lately else len(lately),
                not self.notes.test_files[one].endswith(f"test_{path.stem}.py"),
                turns[one],
                self.notes.seconds[one],
            ),
        )
        return order[: self._settings.most_tests]

    def _run(self, functions: list[types.FunctionType], code: types.CodeType, tests: list[int]) -> int | None:
        """In the child: the test that tells it."""
        gc.disable()
        for function in functions:
            function.__code__ = code
        for remembered in self._caches:
            remembered.cache_clear()
        for number, test in enumerate(tests):
            following = self._items[tests[number + 1]] if number + 1 < len(tests) else None
            reports = runtestprotocol(self._items[test], nextitem=following, log=False)
            if any(report.failed for report in reports):
                return test
        return None
