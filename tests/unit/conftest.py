# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""For all unit tests: where the collection is imported from, and no network, no sleep.

ansible-test brings its own way of importing collections. Plain pytest gets a folder in .cache that leads back here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import socket
import sys
import time
import typing as t
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_SLEEP = 0.05  # seconds; subprocess.wait(timeout=…) polls in such steps


def _make_collection_importable() -> None:
    try:
        if importlib.util.find_spec("ansible_collections.inkan.tls") is not None:
            return
    except ImportError:
        pass
    root = REPOSITORY / ".cache" / "unit"
    link = root / "ansible_collections" / "inkan" / "tls"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        with contextlib.suppress(FileExistsError):  # another test process was quicker
            link.symlink_to(REPOSITORY)
    sys.path.insert(0, str(root))


_make_collection_importable()


@pytest.fixture(autouse=True)
def _no_network_and_no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that leaves this machine, or waits, is a test of another ring."""
    real_connect, real_sleep = socket.socket.connect, time.sleep

    def connect(self: socket.socket, address: t.Any) -> None:
        if self.family != socket.AF_UNIX and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a unit test connects to {address}")
        real_connect(self, address)

    def sleep(seconds: float) -> None:
        if seconds > LONGEST_SLEEP:
            raise AssertionError(f"a unit test sleeps {seconds} s")
        real_sleep(seconds)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(time, "sleep", sleep)
