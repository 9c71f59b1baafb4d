# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fresh Python needs that is to find Ansible: ansible-test keeps it outside the environment of the tests."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

__all__ = ["python_path"]


def python_path(*first: str | Path) -> str:
    """The value of PYTHONPATH with these folders before that of Ansible."""
    spec = importlib.util.find_spec("ansible")
    assert spec is not None and spec.origin is not None
    return os.pathsep.join([*map(str, first), str(Path(spec.origin).parents[1])])
