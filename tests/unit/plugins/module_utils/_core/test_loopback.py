# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is this machine, and what only looks like it."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import (
    foreign_endpoints,
    is_loopback,
    is_loopback_url,
)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_hosts_that_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example.test", "128.0.0.1", "::2", "0.0.0.1", "127.1"])
def test_hosts_that_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://127.8.9.1:14000/dir", True),
        ("https://[::1]/dir", True),
        ("http://localhost/", True),
        ("https://127.0.0.1.example.jp/", False),
        ("https://localhost.example.jp/", False),
        ("https://127.0.0.1@acme.example.jp/", False),
        ("127.0.0.1", False),
        ("https://[::1", False),
        ("", False),
        (None, False),
        (17, False),
    ],
)
def test_loopback_is_told_from_its_imitations(url: object, loopback: bool) -> None:
    assert is_loopback_url(url) is loopback


def test_every_endpoint_that_is_elsewhere_is_named() -> None:
    accounts = {
        "lab": {"settings": {"directory": "https://127.0.0.1:14000/dir"}},
        "real": {"settings": {"directory": "https://acme.example.jp/dir"}},
        "own": {"settings": {"url": "https://ca.example.jp/api"}},
        "lab of its own": {"settings": {"url": "https://127.0.0.1:14001/api"}},
        "empty": {},
    }
    services = {
        "bind": {"settings": {"server": "::1"}},
        "far": {"settings": {"server": "192.0.2.53"}},
        "api": {"settings": {"url": "http://localhost:8081"}},
        "hosted": {"settings": {"url": "https://dns.example.jp/"}},
        "a URL here": {"settings": {"server": "https://[::1]:8081/"}},
    }
    assert foreign_endpoints(accounts, services) == [
        'CA account "real" at https://acme.example.jp/dir',
        'CA account "own" at https://ca.example.jp/api',
        'CA account "empty" at None',
        'DNS service "far" at 192.0.2.53',
        'DNS service "hosted" at https://dns.example.jp/',
    ]
