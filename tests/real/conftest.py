# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers for whole test files. A missing package skips, unless REQUIRE_REAL=1: then it fails."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # plays
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # servers and world

from servers.process import Missing, program

PACKAGES = {"named": "bind9", "pebble": "pebble", "nginx": "nginx-light"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real: needs real servers (bind9, pebble, nginx-light) on this machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = pathlib.Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.real)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or with REQUIRE_REAL=1 fail, what has no server to run against."""
    if item.get_closest_marker("real") is None:
        return
    for name, package in PACKAGES.items():
        try:
            program(name, package)
        except Missing as missing:
            if os.environ.get("REQUIRE_REAL") == "1":
                pytest.fail(f"{missing} (REQUIRE_REAL=1)", pytrace=False)
            pytest.skip(str(missing))
