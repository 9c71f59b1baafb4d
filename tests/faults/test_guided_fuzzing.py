# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""atheris over every border, guided by coverage (fuzz/run.py): a quarter of an hour in sum, in the long form only.

What it once found, and the shortest inputs that led to something new, lie in fuzz/corpus: the short form plays them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.borders import BORDERS
from tally import Invariant, Tally

HARNESS = "guided fuzzing"
RUN = Path(__file__).resolve().parent / "fuzz" / "run.py"
#: for all borders together, the time that processes need to begin included
BOUND = 900
_LINE = re.compile(r"(.{40}) *(\S+) inputs  (held|BROKEN)")


@pytest.mark.long
def test_no_border_is_broken_in_a_quarter_of_an_hour(tally: Tally) -> None:
    pytest.importorskip("atheris")
    run = subprocess.run(
        [sys.executable, str(RUN), "--seconds", str(BOUND)],
        capture_output=True,
        text=True,
        timeout=2 * BOUND,
        check=False,
    )
    print(run.stdout)
    said = {name.strip(): word for name, _inputs, word in _LINE.findall(run.stdout)}
    assert said.keys() == {border.name for border in BORDERS}, run.stdout + run.stderr
    for name, word in said.items():
        with tally.attack(Invariant.HOSTILE_BYTES, HARNESS):
            assert word == "held", f"{name}: {run.stdout}"


@pytest.mark.long
def test_a_defect_is_found_by_it(tmp_path: Path, tally: Tally) -> None:
    pytest.importorskip("atheris")
    room = "ansible_collections.inkan.tls.plugins.module_utils._core"
    words = ["--one", "texts of DNS", "--defect", "a record is shown as it came", "--room", room]
    subprocess.run(
        [sys.executable, str(RUN), *words, "--seconds", "60", "--folder", str(tmp_path)],
        capture_output=True,
        timeout=300,
        check=False,
    )
    with tally.seeded(HARNESS, "a record is shown as it came"):
        assert list((tmp_path / "broken").iterdir()) == []
