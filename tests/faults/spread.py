# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cases of a grid the short form of the ring plays."""

from __future__ import annotations

import os
import typing as t

T = t.TypeVar("T")
LONG = os.environ.get("FAULTS") == "long"


def spread(cases: t.Sequence[T], short: int) -> t.Sequence[T]:
    """All cases in the long form; else at most ``short``, evenly from first to last, the same ones each time."""
    if LONG or len(cases) <= short:
        return cases
    step = (len(cases) - 1) / max(short - 1, 1)
    return [cases[round(number * step)] for number in range(short)]
