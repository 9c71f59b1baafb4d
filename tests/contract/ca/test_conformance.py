# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every adapter × every verb × every vice, by the table of ``vices``: the yardstick of CA adapters.

The adapters are driven through the real order loop against servers that really validate and issue; a proxy between
spoils what the table says. An adapter joins by a class in a file ``harness_NAME.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import spoils
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS
from harnesses import HARNESSES, WITHOUT_API
from playing import Cell, Outcome, World, capabilities_of, told_of_an_hour
from vices import FOREIGN, LATE, VERBS, VICES, End

CELLS = [
    Cell(harness.name, verb, vice)
    for harness in HARNESSES
    for verb in harness.verbs
    for vice in [
        *(vice.name for vice in VICES if verb in vice.verbs),
        *([FOREIGN] if verb in ("renew", "reissue") else []),
        *([LATE] if verb == "find" else []),
    ]
    if (verb, vice) not in harness.skipped
]


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_cell(cell: Cell, outcome: Outcome) -> None:
    assert not outcome.faults, "\n".join(outcome.faults)


@pytest.mark.parametrize("form", spoils.HOURS)
@pytest.mark.parametrize("verb", ["submit", "look"])
@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_patience_for_an_hour_is_told_with_its_time(
    world: World, harness: type, verb: str, form: str, tmp_path: Path
) -> None:
    """Longer than any call: the order stays as it is, and the error says when it is worth another try."""
    begun = datetime.now(timezone.utc)
    error, orders = told_of_an_hour(world.harness(harness.name), verb, form, world.tls, tmp_path)
    assert (error["retryable"], orders) == (
        True,
        0 if verb == "submit" else getattr(harness, "orders_when_looked", 1),
    )
    assert error["code"] and error["todo"]
    hour = datetime.fromisoformat(error["retry_at"]) - begun
    assert timedelta(minutes=59) < hour < timedelta(minutes=62)


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_a_verb_that_the_account_can_do_has_its_row(world: World, harness: type, tmp_path: Path) -> None:
    can = capabilities_of(world.harness(harness.name), world.tls, tmp_path)
    flags = {
        "reissue": can.reissuing,
        "resend": can.resending,
        "change_contact": can.changing_contact,
        "cancel": can.cancel,
        "revoke": can.revoke,
    }
    assert {verb: verb in harness.verbs for verb in flags} == flags


def test_every_adapter_is_held_against_the_table() -> None:
    assert set(ADAPTERS) - {harness.name for harness in HARNESSES} == set(WITHOUT_API)
    assert all(WITHOUT_API.values())


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_no_cell_is_left_out_without_a_reason(harness: type) -> None:
    assert set(harness.verbs) <= set(VERBS)
    assert all(harness.skipped.values())
    assert harness.codes.keys() <= {vice.name for vice in VICES if vice.end is End.CLEAR}
