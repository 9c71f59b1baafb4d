# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the tests find the lab, as the package ``lab`` below tests/, and the world and the story beside them; and how
pytest-xdist shares them out.
"""

from __future__ import annotations

import collections
import sys
import typing as t
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

#: files whose tests have a world each; the tests of every other file share one
WORLD_EACH = frozenset({"test_vices_of_worlds.py"})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> t.Any:
    """One worker plays a whole file, but for those of WORLD_EACH. (pytest 9.2 ignores xdist_group.)"""
    from xdist.scheduler import LoadScopeScheduling

    class Worlds(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return nodeid if Path(file).name in WORLD_EACH else file

    return Worlds(config, log)


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """The table of test_eyes.py, a line a class, also from workers: tests tell their class as a property."""
    counts: dict[str, collections.Counter[str]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == "class of situations":
                    counts.setdefault(value, collections.Counter())[outcome] += 1
    if counts:
        terminalreporter.section("what the eyes of the CA find")
    for name, count in counts.items():
        terminalreporter.write_line(f"{name:<45} {count['passed']:>3} right  {count['failed']:>3} wrong")
