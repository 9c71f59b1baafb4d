# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standing record of dns-persist-01: its text, and the days between which it is written anew."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import (
    Holder,
    Standing,
    is_standing,
    owner_name,
    read_standing,
    until,
)

URL = "https://ca.example/acct/123"
NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("standing", "value"),
    [
        (Standing("authority.example", URL), f"authority.example; accounturi={URL}"),
        (Standing("ca1.example", URL, wildcard=True), f"ca1.example; accounturi={URL}; policy=wildcard"),
        (Standing("ca2.example", URL, until=1767225600), f"ca2.example; accounturi={URL}; persistUntil=1767225600"),
        (Standing("a.example", URL, True, 1), f"a.example; accounturi={URL}; policy=wildcard; persistUntil=1"),
    ],
)
def test_a_record_is_written_and_read_as_the_draft_has_it(standing: Standing, value: str) -> None:
    assert standing.value() == value
    assert read_standing(value) == standing


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ca.example",
        "ca.example;",
        f"ca.example; accounturi={URL};",
        f"; accounturi={URL}",
        f"ca.example; accounturi={URL}; ACCOUNTURI={URL}",
        f"ca.example; accounturi={URL}; persistUntil=soon",
        f"ca.example; accounturi={URL}; persistUntil=9999999999999",
        "ca.example; accounturi=",
        "v=spf1 -all",
    ],
)
def test_what_is_no_such_record_is_left_alone(value: str) -> None:
    assert read_standing(value) is None


def test_tags_are_compared_without_case() -> None:
    assert read_standing(f"CA.example;AccountURI={URL} ; POLICY=Wildcard; PERSISTUNTIL=7") == Standing(
        "ca.example", URL, True, 7
    )


def test_a_record_is_written_anew_long_before_it_ends() -> None:
    ends = []
    for hour in range(0, 24 * 400, 7):
        now = NOW + timedelta(hours=hour)
        end = until(now, 90)
        assert 45 * 86400 < end - now.timestamp() <= 90 * 86400
        ends.append(end)
    assert len(set(ends)) == 10 and ends == sorted(ends), "as few changes as possible, and never back"


def test_without_days_there_is_no_end() -> None:
    assert until(NOW, 0) == 0


def test_the_account_is_hashed_with_the_domain_as_in_the_drafts_examples() -> None:
    """draft-ietf-acme-dns-persist-02 §10.2; the second is of the domain "*", which stands for every domain."""
    holder = Holder(URL, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "https://ca.example/account-hash/")
    head = "https://ca.example/account-hash/sha-256/"
    assert holder.uri("example.com") == f"{head}5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
    assert holder.uri("*") == f"{head}NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug"
    assert Holder(URL).uri("example.com") == URL


def test_records_that_stand_are_told_by_their_label() -> None:
    assert is_standing(owner_name("shop.example.jp")) and is_standing("_Validation-Persist.example.jp")
    assert not is_standing("_acme-challenge.shop.example.jp") and not is_standing("_validation-persist-x.example.jp")
