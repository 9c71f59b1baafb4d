# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A number that the CA gave out before the order: it is no order yet, and it outlives attempts to place one."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, Fact, Kind, Order, State
from ansible_collections.inkan.tls.plugins.module_utils._core.policy import Policy
from ansible_collections.inkan.tls.plugins.module_utils._core.steps import Action, next_step

NOW = datetime(2026, 11, 20, tzinfo=timezone.utc)
INTENT = Fact(Kind.SUBMIT_INTENDED, NOW)
RESERVED = Fact(Kind.RESERVED, NOW, handle="CE1")
ABSENT = Fact(Kind.SUBMIT_ABSENT, NOW)
SUBMITTED = Fact(Kind.SUBMITTED, NOW, handle="CE1")


def entry(*facts: Fact) -> Entry:
    order = Order(
        "shop", "web", "ik-1", "ca", "dv", "a.example.jp", ("a.example.jp",), "email", "", "", "", (), {}, NOW
    )
    return Entry(order, facts, 1)


@pytest.mark.parametrize(
    ("facts", "state", "action"),
    [
        ((INTENT, RESERVED), State.NONE, Action.SUBMIT),
        ((INTENT, RESERVED, INTENT), State.INTENDED, Action.FIND_LOST),
        ((INTENT, RESERVED, INTENT, ABSENT), State.NONE, Action.SUBMIT),
        ((INTENT, RESERVED, INTENT, SUBMITTED), State.VALIDATING, Action.LOOK),
    ],
    ids=["reserved", "reserved, then sent", "reserved, sent, and not there", "reserved, sent and there"],
)
def test_a_reserved_number_is_no_order(facts: tuple[Fact, ...], state: State, action: Action) -> None:
    found = entry(*facts)
    assert (found.state, next_step(found, NOW, Policy()).action) == (state, action)
    assert found.standing.reserved == "CE1"


def test_nothing_is_reserved_where_no_ca_does_so() -> None:
    assert entry(INTENT, SUBMITTED).standing.reserved == ""
