# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each service is started when its first case comes. A missing package skips, unless REQUIRE_REAL=1: then it fails."""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "real"))  # servers
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # lab and plays
sys.path.insert(0, str(Path(__file__).resolve().parent))

from dns_harness import HARNESSES, Harness
from servers.process import Missing


@pytest.fixture(scope="module", params=HARNESSES, ids=lambda one: one.name)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Harness]:
    try:
        with request.param(tmp_path_factory.mktemp(request.param.name)) as harness:
            yield harness
    except Missing as missing:
        if os.environ.get("REQUIRE_REAL", "") not in ("", "0"):
            pytest.fail(f"{missing} (REQUIRE_REAL=1)", pytrace=False)
        pytest.skip(str(missing))
