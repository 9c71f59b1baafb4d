# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each service is started when its first case comes. A missing package skips, unless REQUIRE_REAL=1: then it fails."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "real"))  # servers
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # lab and plays
sys.path.insert(0, str(Path(__file__).resolve().parent))

from dns_harness import HARNESSES, Harness
from servers.absent import skipped_if_absent


@pytest.fixture(scope="module", params=HARNESSES, ids=lambda one: one.name)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Harness]:
    with skipped_if_absent(), request.param(tmp_path_factory.mktemp(request.param.name)) as harness:
        yield harness


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a service cannot pass is not asked of it; the suite says why."""
    items[:] = [item for item in items if not _is_excused(item)]


def _is_excused(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    kind = callspec.params.get("started") if callspec is not None else None
    return kind is not None and item.name.partition("[")[0].removeprefix("test_") in kind.excuses
