# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pyproject.toml says in [tool.mutants]."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
    )
