# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seller cancelled by itself is not bought again without its owner's word (CPI-5)."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Outcome, endings
from ansible_collections.inkan.tls.plugins.module_utils._core.plan import Planned
from ansible_collections.inkan.tls.plugins.module_utils._core.run_input import plan_items
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import a_run, order
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._core.saying import planned as said
from ansible_collections.inkan.tls.tests.unit.plugins.modules.planning import by_mail, planned

WHY = "nobody told of an approval within 25 days"
CANCELLED = {"state": "cancelled", "cancelled_by_seller": WHY}
SELLERS = {"key": {"made_by": "seller"}, "deploy": {"by": "seller"}}


def cpi(known: dict[str, t.Any], address: str = "admin@example.jp", **more: t.Any) -> Planned:
    return planned("cpi-dv", "www.example.jp", validation=by_mail(address), order=known, **SELLERS, **more)


@pytest.mark.parametrize("address", ["admin@example.jp", "postmaster@example.jp"])
def test_it_is_held_even_where_something_was_changed(address: str) -> None:
    due = cpi(CANCELLED, address).due
    assert due is not None and (due.outcome.value, due.code) == ("not_due", "order_cancelled")
    assert WHY in due.reason and "inkan_renewal.force" in due.reason


def test_its_owner_lifts_it_by_name() -> None:
    due = cpi(CANCELLED, renewal={"force": ["x"]}).due
    assert due is not None and (due.outcome.value, due.code) == ("due", "forced")


def test_what_we_cancelled_ourselves_is_ordered_again() -> None:
    due = cpi({"state": "cancelled"}).due
    assert due is not None and due.code == "no_certificate"


def test_the_ledgers_word_reaches_the_plan_and_the_end_of_the_run() -> None:
    problem = {"code": "cancelled_by_seller", "by": "ca", "text": WHY, "at": "2026-12-15T00:00:00Z"}
    known = order("cancelled", problem=problem)
    [item] = plan_items([{"name": "shop"}], a_run(known=known))
    assert item["order"]["cancelled_by_seller"] == WHY
    held = {"code": "order_cancelled", "reason": f"its last order was cancelled by the seller ({WHY})"}
    [ending] = endings(a_run(said("not_due", due=held), known))
    assert ending.outcome is Outcome.PENDING and WHY in ending.line()


def test_a_cancellation_of_another_kind_does_not() -> None:
    known = order("cancelled", problem={"code": "order_cancelled", "text": "by us"})
    [item] = plan_items([{"name": "shop"}], a_run(known=known))
    assert "cancelled_by_seller" not in item["order"]
