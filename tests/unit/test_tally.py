# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tally of the ring `faults`: it counts what is broken, and it never lets a blind harness pass."""

from __future__ import annotations

import importlib.util
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
