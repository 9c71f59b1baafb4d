# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tally of the ring `faults`: it counts what is broken, and it never lets a blind harness pass."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_FILE = Path(__file__).resolve().parents[1] / "faults" / "tally.py"
_SPEC = importlib.util.spec_from_file_location("faults_tally", _FILE)
assert _SPEC is not None and _SPEC.loader is not None
tally = importlib.util.module_from_spec(_SPEC)
sys.modules["faults_tally"] = tally
_SPEC.loader.exec_module(tally)


def test_an_attack_that_held_and_one_that_did_not_are_both_counted(tmp_path: Path) -> None:
    file = tmp_path / "main.jsonl"
    count = tally.Tally(file)
    with count.attack(tally.Invariant.ONE_ORDER, "grid"):
        pass
    with pytest.raises(AssertionError), count.attack(tally.Invariant.ONE_ORDER, "grid"):
        raise AssertionError("two orders")
    line = tally.table([file]).splitlines()[1]
    assert line.split()[-4:] == ["grid", "2", "1", "0"]


def test_a_harness_that_does_not_notice_its_seeded_defect_fails(tmp_path: Path) -> None:
    count = tally.Tally(tmp_path / "main.jsonl")
    with pytest.raises(pytest.fail.Exception, match="did not notice"), count.seeded("grid", "no intent"):
        pass


def test_a_harness_without_a_caught_defect_is_named(tmp_path: Path) -> None:
    file = tmp_path / "main.jsonl"
    count = tally.Tally(file)
    with count.attack(tally.Invariant.LIVE_PAIR, "seeing"):
        pass
    with count.attack(tally.Invariant.LIVE_PAIR, "blind"):
        pass
    with count.seeded("seeing", "switch before verify"):
        raise AssertionError("a pair that does not match")
    assert tally.blind_harnesses([file]) == ["blind"]


_TEST = """
import contextlib
import pytest
from tally import Invariant

def test_attacks(tally):
    {swallowing}
        with tally.attack(Invariant.ONE_ORDER, "grid"):
            assert {held}, "two orders"

def test_the_attack_finds_a_defect(tally):
    with tally.seeded("{seeded}", "no intent"):
        assert {unnoticed}, "two orders"
"""
_AS = {"swallowing": "if True:", "held": True, "seeded": "grid", "unnoticed": False}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        pytest.param({}, 0, "1       0               1", id="all held, and its defect was caught"),
        pytest.param({"held": False}, 1, "1       1               1", id="an attack succeeds"),
        pytest.param(
            {"held": False, "swallowing": "with contextlib.suppress(AssertionError):"},
            1,
            "1       1               1",
            id="an attack succeeds, and its test swallows that",
        ),
        pytest.param({"unnoticed": True}, 1, "did not notice a seeded defect", id="a seeded defect is not caught"),
        pytest.param(
            {"seeded": "other"}, 1, "no seeded defect was tried on: grid", id="a harness has no seeded defect"
        ),
    ],
)
def test_the_ring_fails_by_its_table(tmp_path: Path, change: dict[str, object], status: int, said: str) -> None:
    """The conftest of the ring itself, in a process of its own, with one harness."""
    room = tmp_path / "tests" / "faults"
    room.mkdir(parents=True)
    for name in ("conftest.py", "tally.py", "spread.py", "observer.py", "web_service.py"):
        shutil.copy(_FILE.parent / name, room)
    (room / "test_one.py").write_text(_TEST.format(**{**_AS, **change}), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "--rootdir", str(tmp_path), "tests/faults"]
    of_ansible_test = "PYTEST_PLUGINS"  # which want every test below the collection
    environment = {name: value for name, value in os.environ.items() if name != of_ansible_test}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (run.returncode, said in run.stdout) == (status, True), run.stdout + run.stderr
    assert (tmp_path / ".cache" / "logs" / "faults-table.txt").read_text("utf-8").startswith("invariant")
