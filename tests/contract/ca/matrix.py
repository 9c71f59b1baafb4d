# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix adapter × verb × vice, as text."""

from __future__ import annotations

import typing as t
from pathlib import Path

from harnesses import WITHOUT_API
from playing import Cell
from vices import COLUMNS, FOREIGN, LATE, VERBS, VICES

MATRIX = Path(__file__).resolve().parents[3] / ".cache" / "logs" / "contract-matrix.txt"
_WIDE = 3


def render(words: t.Mapping[Cell, str]) -> str:
    """1, 2, 3: done after so many runs, with exactly the orders that were wished. A letter: see below the table."""
    codes = {code: chr(ord("a") + n) for n, code in enumerate(sorted({w for w in words.values() if _is_code(w)}))}
    lines = ["", "CA adapters × verbs × vices (1, 2, 3: done in so many runs, ordered once; letter: a clear error)", ""]
    for adapter in sorted({cell.adapter for cell in words}):
        lines.append(f"{adapter:16}" + " ".join(f"{name:>{max(_WIDE, len(name))}}" for name in COLUMNS))
        for verb in VERBS:
            row = [words.get(Cell(adapter, verb, name), "-") for name in COLUMNS]
            if any(word != "-" for word in row):
                shown = (f"{codes.get(w, w):>{max(_WIDE, len(name))}}" for w, name in zip(row, COLUMNS, strict=True))
                lines.append(f"  {verb:14}" + " ".join(shown))
        lines.append("")
    lines += [f"{adapter:16}every cell is left out: it {why}" for adapter, why in WITHOUT_API.items()] + [""]
    lines += [f"  {letter}  {code}" for code, letter in codes.items()]
    lines += ["", *(f"  {vice.name:8} {vice.what}" for vice in VICES)]
    lines.append(f"  {LATE:8} a lost order is in no list before a second one is made")
    lines.append(f"  {FOREIGN:8} the ledger's order is not one of this account")
    return "\n".join(lines) + "\n"


def _is_code(word: str) -> bool:
    return word != "FAIL" and not word.isdigit()
