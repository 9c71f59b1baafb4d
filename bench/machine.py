# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import platform


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


def load() -> float:
    """Other work on the machine, by the kernel's average over a minute: 0 is idle."""
    return round(os.getloadavg()[0], 2)


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
