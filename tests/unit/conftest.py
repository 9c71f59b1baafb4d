# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit test that leaves this machine, or waits, is a test of another ring; a result that is not documented fails."""

from __future__ import annotations

import contextlib
import ipaddress
import resource
import socket
import time
import typing as t

import hypothesis
import pytest

# A gate must not fall by chance: the same examples each time, however busy the machine is. It leaves no folder behind.
hypothesis.settings.register_profile("gate", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("gate")


def pytest_configure(config: pytest.Config) -> None:
    """ansible-test forks for every test, each of which makes anew what its file needs, keys and catalogues: that is
    nearly three times the work. In one process the stores that tests kill leave more folders open than it allows."""
    forking = config.pluginmanager.get_plugin("ansible_forked")
    if forking is not None:
        config.pluginmanager.unregister(forking)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pytest_collection() -> None:
    """Before the tests import the modules."""
    with contextlib.suppress(ImportError):  # no PyYAML where only module code is tested
        from ansible_collections.inkan.tls.tests.unit.documented import watch_modules

        watch_modules()


LONGEST_SLEEP = 0.05  # seconds; subprocess.wait(timeout=…) polls in such steps


@pytest.fixture(autouse=True)
def _no_network_and_no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
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
