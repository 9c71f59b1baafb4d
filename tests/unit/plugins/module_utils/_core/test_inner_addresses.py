# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that no CA reaches."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.inner_addresses import is_inner


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.31.255.255", "192.168.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.1.2.3"),
        *("::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
    ],
)
def test_inner(address: str) -> None:
    assert is_inner(address)


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "203.0.113.9", "172.32.0.1", "100.128.0.1", "2001:db8::1", "8.8.8.8", "::ffff:8.8.8.8"]
)
def test_outer(address: str) -> None:
    assert not is_inner(address)
