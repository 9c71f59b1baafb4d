# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rules of a name want of a TXT record there."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.record_rules import rule_error

CONTACT, PERSISTENT = "_validation-contactemail.example.jp", "_validation-persist.example.jp"
DOMAIN = ".".join(["d" * 60] * 3)
LONG = f"{'l' * 64}@{DOMAIN}.jp"  # 251 octets


@pytest.mark.parametrize(
    ("name", "type", "value"),
    [
        (CONTACT, "TXT", "admin@example.jp"),
        (CONTACT.upper(), "TXT", "admin@example.jp"),
        (CONTACT, "TXT", LONG),
        (CONTACT, "CNAME", "anything"),
        (PERSISTENT, "TXT", "ca.example; accounturi=https://ca.example/acct/1"),
        (PERSISTENT, "CNAME", "anything"),
        (f"x.{CONTACT}", "TXT", "anything"),
        ("example.jp", "TXT", "anything"),
    ],
)
def test_what_its_name_allows(name: str, type: str, value: str) -> None:
    assert rule_error(name, type, value) is None


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        (CONTACT, "mailto:admin@example.jp", "a contact is one mail address and nothing else"),
        (CONTACT.upper(), "a@example.jp b@example.jp", "a contact is one mail address and nothing else"),
        (PERSISTENT, "ca.example", "a persistent record is of the form"),
        (PERSISTENT, "admin@example.jp", "a persistent record is of the form"),
    ],
)
def test_what_its_name_does_not_allow(name: str, value: str, why: str) -> None:
    assert str(rule_error(name, "TXT", value)).startswith(why)
