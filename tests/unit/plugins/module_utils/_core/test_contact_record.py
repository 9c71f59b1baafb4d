# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What publishes a contact, and what of a CAA record set is policy."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.contact_record import (
    contact_record,
    last_days,
    policy_of,
)


def test_the_whole_rdata_is_the_address() -> None:
    assert contact_record("txt", "sub.example.jp", "certs@example.jp") == (
        "_validation-contactemail.sub.example.jp",
        "TXT",
        "certs@example.jp",
    )
    assert contact_record("caa", "example.jp", "certs@example.jp") == (
        "example.jp",
        "CAA",
        '0 contactemail "certs@example.jp"',
    )


@pytest.mark.parametrize(
    ("value", "is_policy"),
    [
        ('0 issue "ca.example.net"', True),
        ('0 issuewild ";"', True),
        ('0 issuevmc ";"', True),
        ('0 somethingnew "x"', True),
        ('128 iodef "mailto:a@example.jp"', True),
        ("nonsense", True),
        ('0 iodef "mailto:a@example.jp"', False),
        ('0 contactemail "a@example.jp"', False),
        ('1 contactphone "+81 3"', False),
    ],
)
def test_what_restricts_nobody_is_no_policy(value: str, is_policy: bool) -> None:
    assert policy_of([value]) == ([value] if is_policy else [])


def test_the_last_days_are_those_of_the_rule_book() -> None:
    assert last_days("txt") == "are discouraged since 2026-03-15 and not relied on from 2028-03-15 (BR 3.2.2.4.14)"
    assert "3.2.2.4.13" in last_days("caa")
