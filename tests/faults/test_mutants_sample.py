# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few mutants of the core, the same each time: tests that stop telling them are noticed before the long run is made.

The sample ([tool.mutants] guard in pyproject.toml) is of the functions that decide, and only their own tests are asked.
`make mutants` asks all of the core.
"""

from __future__ import annotations

import json
import subprocess
import sys
import typing as t
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring: Python 3.12")


def guard(folder: Path) -> tuple[int, Counter[str], str]:
    words: list[t.Any] = [sys.executable, "scripts/mutants", "--guard", "--folder", folder]
    run = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    lines = [json.loads(text) for text in (folder / "results.jsonl").read_text("utf-8").splitlines()]
    return run.returncode, Counter(line["ending"] for line in lines), run.stdout + run.stderr


def test_the_tests_of_what_decides_tell_85_of_100_changes(tmp_path: Path) -> None:
    status, endings, said = guard(tmp_path)
    assert 45 <= endings.total() <= 70, said
    assert endings["killed"] >= 0.85 * endings.total(), said
    assert status == 0, said
