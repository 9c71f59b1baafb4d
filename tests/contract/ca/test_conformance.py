# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every adapter × every verb × every vice, by the table of ``vices``: the yardstick of CA adapters.

The adapters are driven through the real order loop against servers that really validate and issue; a proxy between
spoils what the table says. An adapter joins by a class in a file ``harness_NAME.py``.
"""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import spoils
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import ADAPTERS
from fault_proxy import Tls
from harness import Bench, Harness
from harnesses import HARNESSES, WITHOUT_API
from lab.lab import Lab
from playing import MOMENTS, Cell, Outcome, World, aged, capabilities_of, told_of_an_hour
from servers.pki import Authority
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


#: Harnesses whose CA's values end.
AGING = [harness for harness in HARNESSES if hasattr(harness, "value_days")]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Bench]:
    """A lab whose clock may be moved: nobody else plays there."""
    folder = tmp_path_factory.mktemp("aging")
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab(folder / "lab", web=(), vices=(), also={one for h in AGING for one in h.also}))
        yield Bench(lab, folder, Authority(folder / "pki"), stack)
        assert lab.failures == []


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("harness", AGING, ids=lambda harness: harness.name)
def test_a_value_that_expires_mid_order_ends_issued_with_one_order(
    bench: Bench, harness: type[Harness], moment: str, tmp_path: Path
) -> None:
    """As long as its CA accepts what it wants published, and a day: then another value is wanted."""
    days = getattr(harness, "value_days", 0) + 1
    certificate, private_key = bench.authority.server("fault-proxy")
    tls = Tls(str(certificate), str(private_key), str(bench.authority.bundle))
    outcome = aged(harness(bench), moment, bench.lab.clock, days, tls, tmp_path)
    assert not outcome.faults, "\n".join(outcome.faults)


def test_every_adapter_is_held_against_the_table() -> None:
    assert set(ADAPTERS) - {harness.name for harness in HARNESSES} == set(WITHOUT_API)
    assert all(WITHOUT_API.values())


@pytest.mark.parametrize("harness", HARNESSES, ids=lambda harness: harness.name)
def test_no_cell_is_left_out_without_a_reason(harness: type) -> None:
    assert set(harness.verbs) <= set(VERBS)
    assert all(harness.skipped.values())
    assert harness.codes.keys() <= {vice.name for vice in VICES if vice.end is End.CLEAR}
