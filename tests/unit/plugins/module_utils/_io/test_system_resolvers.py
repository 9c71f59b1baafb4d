# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""resolv.conf."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.inkan.tls.plugins.module_utils._io.system_resolvers import system_resolvers


def test_addresses_are_read_in_order_and_once(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.9\nsearch example.jp\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # note\n"
        "nameserver\nnameserver ns.example.jp\nnameserver fe80::1%eth0\nnameserver 192.0.2.1\n"
    )
    assert system_resolvers(str(path)) == ("192.0.2.1", "2001:db8::1")


def test_no_file_means_none(tmp_path: Path) -> None:
    assert system_resolvers(str(tmp_path / "absent")) == ()
