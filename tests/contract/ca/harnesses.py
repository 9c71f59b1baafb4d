# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every harness of the suite: the class of each ``harness_NAME.py`` beside this file."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from harness import Harness


def _found() -> tuple[type[Harness], ...]:
    modules = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("harness_*.py"))]
    classes = [one for module in modules for _name, one in inspect.getmembers(module, inspect.isclass)]
    return tuple(one for one in classes if one.__module__.startswith("harness_") and one.__name__.endswith("Harness"))


HARNESSES = _found()

#: Adapters that no vice can meet, and where they are tried instead: they send no request, and get no answer.
WITHOUT_API = {
    "portal": "speaks to persons only; a clerk who is late, wrong or answers twice is in tests/contract/portal",
}
