# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import platform
import time


def facts() -> dict[str, str]:
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{int((_first('/proc/meminfo', 'MemTotal') or '0 kB').split()[0]) / 1e6:.0f} GB",
        "system": _first("/etc/os-release", "PRETTY_NAME").strip('"') or platform.system(),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "ansible-core": importlib.metadata.version("ansible-core"),
        "cryptography": importlib.metadata.version("cryptography"),
    }


def busy(seconds: float = 1.0) -> float:
    """The share of the processors that others use now, while nothing of ours runs: 0 is idle, 1 is all."""
    before, idle_before = _ticks()
    time.sleep(seconds)
    after, idle_after = _ticks()
    return round(1 - (idle_after - idle_before) / max(1, after - before), 2)


def _ticks() -> tuple[int, int]:
    """All, and idle (waiting for a disk is idle too)."""
    numbers = [int(word) for word in pathlib.Path("/proc/stat").read_text(encoding="utf-8").split("\n")[0].split()[1:]]
    return sum(numbers[:8]), numbers[3] + numbers[4]


def _first(path: str, word: str) -> str:
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    for line in lines:
        key, _sign, value = line.replace("=", ":", 1).partition(":")
        if key.strip() == word:
            return value.strip()
    return ""
