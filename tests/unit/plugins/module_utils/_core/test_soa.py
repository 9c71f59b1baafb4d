# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOA records: what a new mailbox changes, and the circle of serial numbers."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.soa import Soa, is_later, next_serial

SOA = Soa("ns1.example.jp.", "root.example.jp.", 2026112001, 3600, 600, 86400, 300, 900)


def test_another_mailbox_and_a_later_serial_and_nothing_else() -> None:
    new = SOA.with_rname("cert\\.admin.example.jp.")
    assert new == SOA._replace(rname="cert\\.admin.example.jp.", serial=2026112002)
    assert new.line("example.jp") == (
        "example.jp. 900 IN SOA ns1.example.jp. cert\\.admin.example.jp. 2026112002 3600 600 86400 300\n"
    )


def test_a_mailbox_is_the_same_in_both_cases() -> None:
    assert SOA.has_rname("ROOT.example.JP")
    assert not SOA.has_rname("root.sub.example.jp.")


@pytest.mark.parametrize(
    ("serial", "after"), [(0, 1), (1, 2), (2**31 - 1, 2**31), (2**32 - 2, 2**32 - 1), (2**32 - 1, 1)]
)
def test_a_serial_goes_one_step_on_and_is_never_zero(serial: int, after: int) -> None:
    assert next_serial(serial) == after
    assert is_later(after, serial)
    assert not is_later(serial, after)


@pytest.mark.parametrize(
    ("one", "other", "later"),
    [
        (5, 5, False),
        (2**31 - 1, 0, True),
        (2**31, 0, False),
        (0, 2**31, False),
        (2**31 + 1, 0, False),
        (0, 2**31 + 1, True),
        (1, 2**32 - 1, True),
    ],
)
def test_later_is_the_shorter_way_round(one: int, other: int, later: bool) -> None:
    assert is_later(one, other) is later
