# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts attacks on the invariants of the design, and proves that each harness can fail.

    with tally.attack(Invariant.ONE_ORDER, "crash grid, digicert"):
        ...  # attack, then assert the invariant: an AssertionError counts as broken

    with tally.seeded("crash grid, digicert", "submit forgets its intent"):
        ...                                     # the same attack on a product made defect: the harness must find it

Every attack and every caught defect is a line of a file, so that workers side by side can be added up.
"""

from __future__ import annotations

import contextlib
import enum
import json
import typing as t
from collections import Counter
from pathlib import Path

import pytest


class Invariant(enum.Enum):
    """Those of the design, in its words; the value is the line of the table."""

    LIVE_PAIR = "1 live key and certificate match at every instant"
    ONE_ORDER = "2 at most one open order for a certificate and purpose"
    NOTHING_LEFT = "3 what we made is removed or listed, the rest untouched"
    NO_SECRET = "4 no secret anywhere but in its file"
    CHECK_MODE = "5 check mode writes nowhere"
    SECOND_RUN = "6 a second run with nothing to do writes nothing"
    HOSTILE_BYTES = "7 no byte from outside reaches path, shell, template, terminal"
    ONE_CLOCK = "8 decisions about time use one clock"
    HUMAN_STEP = "9 a pending human step holds up nothing"
    TLS_VERIFIED = "10 TLS is verified everywhere"
    NOTHING_LOST = "nothing lost: key, order, ledger, service"


class Tally:
    """Writes to ``file``, one JSON object a line."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @contextlib.contextmanager
    def attack(self, invariant: Invariant, harness: str) -> t.Iterator[None]:
        """One attack that the invariant must survive."""
        try:
            yield
        except BaseException:
            self._write(invariant=invariant.value, harness=harness, broken=True)
            raise
        self._write(invariant=invariant.value, harness=harness, broken=False)

    @contextlib.contextmanager
    def seeded(self, harness: str, defect: str) -> t.Iterator[None]:
        """The product has this defect now: a harness whose asserts all hold has not looked."""
        try:
            yield
        except AssertionError:
            self._write(harness=harness, defect=defect)
        else:
            pytest.fail(f"{harness} did not notice a seeded defect: {defect}")

    def _write(self, **line: object) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def table(files: t.Iterable[Path]) -> str:
    """The lines of all workers as one table: invariant, harness, attacks tried, broken, seeded defects caught."""
    tried: Counter[tuple[str, str]] = Counter()
    broken: Counter[tuple[str, str]] = Counter()
    defects: dict[str, set[str]] = {}
    for line in (json.loads(text) for file in files for text in file.read_text("utf-8").splitlines()):
        if "defect" in line:
            defects.setdefault(line["harness"], set()).add(line["defect"])
            continue
        cell = (line["invariant"], line["harness"])
        tried[cell] += 1
        broken[cell] += line["broken"]
    order = [invariant.value for invariant in Invariant]
    cells = sorted(tried, key=lambda cell: (order.index(cell[0]), cell[1]))
    lines = [f"{'invariant':64}{'harness':44}{'attacks':>8}{'broken':>8}{'defects caught':>16}"]
    said = ""
    for invariant, harness in cells:
        caught = len(defects.get(harness, ()))
        shown, said = ("" if invariant == said else invariant), invariant
        cell = (invariant, harness)
        lines.append(f"{shown:64}{harness:44}{tried[cell]:8}{broken[cell]:8}{caught:16}")
    caught = sum(len(found) for found in defects.values())
    lines.append(f"{'all':108}{tried.total():8}{broken.total():8}{caught:16}")
    return "\n".join(lines)


def blind_harnesses(files: t.Iterable[Path]) -> list[str]:
    """Harnesses that attacked and never proved that they can fail."""
    lines = [json.loads(text) for file in files for text in file.read_text("utf-8").splitlines()]
    proven = {line["harness"] for line in lines if "defect" in line}
    return sorted({line["harness"] for line in lines if "invariant" in line} - proven)


def broken_harnesses(files: t.Iterable[Path]) -> list[str]:
    """Those with an attack that an invariant did not survive, whatever became of the test around it."""
    lines = [json.loads(text) for file in files for text in file.read_text("utf-8").splitlines()]
    return sorted({line["harness"] for line in lines if line.get("broken")})
