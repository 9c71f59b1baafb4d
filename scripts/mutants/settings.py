# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pyproject.toml says in [tool.mutants]."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import tomllib

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    package: str
    first_tests: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...]
    most_tests: int
    most_files: int
    seconds: int
    times: int
    goal: int
    guard_files: tuple[str, ...]
    guard_mutants: int
    guard_seed: int

    def for_guard(self) -> Settings:
        """Only the own tests of the files, and no others."""
        folder = REPOSITORY / self.first_tests[0]
        own = [path for name in self.guard_files for path in sorted(folder.glob(f"test_{name}*.py"))]
        tests = tuple(dict.fromkeys(str(path.relative_to(REPOSITORY)) for path in own))
        return replace(self, first_tests=tests, tests=())

    def limit(self, known: float) -> int:
        """Seconds of processor time for tests that need ``known`` seconds without a mutant."""
        return math.ceil(self.seconds + self.times * known)


def read_settings() -> Settings:
    table = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["mutants"]
    return Settings(
        package=table["package"],
        first_tests=tuple(table["first-tests"]),
        tests=tuple(table["tests"]),
        without=tuple(table["without"]),
        most_tests=table["most-tests"],
        most_files=table["most-files"],
        seconds=table["seconds"],
        times=table["times"],
        goal=table["goal"],
        guard_files=tuple(table["guard"]["files"]),
        guard_mutants=table["guard"]["mutants"],
        guard_seed=table["guard"]["seed"],
    )
