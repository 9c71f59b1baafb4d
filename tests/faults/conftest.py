# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ring that breaks things: its tally, and its two forms.

FAULTS=long (make faults) tries everything, within an hour; without it (make test) a spread of each grid is tried.
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "real"))  # servers, world
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # lab and plays
sys.path.insert(0, str(Path(__file__).resolve().parent))

from observer import Observer
from spread import LONG
from tally import Tally, blind_harnesses, broken_harnesses, table
from web_service import WebService

FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "logs" / "faults"
TABLE = FOLDER.parent / "faults-table.txt"  # read by scripts/test_rings.py


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: only in the long form of the ring (make faults)")
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.jsonl"):
            old.unlink()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the short form the long tests are not collected at all: they are no skip."""
    if LONG:
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)


def is_whole(config: pytest.Config) -> bool:
    """Whether the ring is run as it is, and no selection of it."""
    named = {Path(config.invocation_params.dir, one).resolve() for one in config.args if "::" not in one}
    return Path(__file__).resolve().parent in named and not config.option.keyword and not config.option.markexpr


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was broken fails the run, though a test may have swallowed it; a blind harness fails the whole ring."""
    files = sorted(FOLDER.glob("*.jsonl"))
    if hasattr(session.config, "workerinput") or session.exitstatus not in (0, 1):
        return
    if broken_harnesses(files) or (is_whole(session.config) and blind_harnesses(files)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: t.Any, config: pytest.Config) -> None:
    files = sorted(FOLDER.glob("*.jsonl"))
    if hasattr(config, "workerinput") or not files:
        return
    text = table(files)
    blind = blind_harnesses(files)
    if blind:
        text += f"\nno seeded defect was tried on: {', '.join(blind)}"
    TABLE.write_text(text + "\n", "utf-8")
    terminalreporter.write_line(text)


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Tally:
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return Tally(FOLDER / f"{worker}.jsonl")


@pytest.fixture(scope="module")
def observer() -> t.Iterator[Observer]:
    with Observer() as observer:
        yield observer


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[WebService]:
    with WebService(tmp_path_factory.mktemp("web") / "service") as web:
        yield web
