# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo, act by act, as people play it: every step checks what it says (scripts/demo.py)."""

from __future__ import annotations

import importlib.util
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from world import LabWorld

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "demo.py"


def demo_module() -> t.Any:
    spec = importlib.util.spec_from_file_location("inkan_demo", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_demo_shows_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    demo, today = demo_module(), datetime.now(timezone.utc)
    days = demo.days_back(today)
    with LabWorld(tmp_path, now=today - timedelta(days=days)) as world:
        played = demo.Demo(world, demo.Stage())
        played.first_issue()
        played.renewal(days)
        assert world.lab.failures == []
        assert "All of it is true." in played.summary(1.0)
    assert "✘" not in capsys.readouterr().out
