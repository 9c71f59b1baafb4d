# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What certificate_orders_info is told of the hosts."""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.run import HostSaid, Run, Targets
from ansible_collections.inkan.tls.plugins.module_utils._core.work_live import live_items

SHOP = {"name": "shop", "ca_account": "acme"}
EARLY, LATE = "2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z"


def seen(**hosts: t.Any) -> Run:
    """Each host: what it has, or None for one that could not be reached."""
    said = {
        name: HostSaid(reached=live is not None, steps={"look": {"shop": {"live": live or None}}})
        for name, live in hosts.items()
    }
    where = tuple(hosts)
    return Run(plan={}, orders={}, targets={"shop": Targets(where, where, where, where)}, hosts=said)


def cert(renewal_id: str | None, not_after: str) -> dict[str, t.Any]:
    return {"renewal_id": renewal_id, "not_after": not_after, "serial": "1"}


def test_the_newest_that_a_host_has_is_asked_about() -> None:
    run = seen(web1=cert("a.AQ", EARLY), web2=cert("a.Ag", LATE), web3={})
    assert live_items(run, [SHOP], ["acme"]) == [{**SHOP, "renewal_id": "a.Ag", "not_after": LATE}]


def test_nobody_is_asked_where_nobody_can_answer() -> None:
    run = seen(web1=cert("a.AQ", EARLY))
    assert live_items(run, [SHOP], []) == live_items(run, [{**SHOP, "ca_account": "digicert"}], ["acme"]) == []
    assert live_items(seen(web1=cert(None, EARLY)), [SHOP], ["acme"]) == [], "it has no identifier"
    assert live_items(seen(web1=None), [SHOP], ["acme"]) == live_items(seen(web1={}), [SHOP], ["acme"]) == []


def test_what_the_plan_will_refuse_stops_nobody() -> None:
    run = seen(web1=cert("a.AQ", EARLY))
    strange = [
        "text",
        {},
        {"ca_account": "acme"},
        {"name": 7, "ca_account": "acme"},
        {"name": "x", "ca_account": "acme"},
    ]
    assert live_items(run, [*strange, {**SHOP, "ca_account": ["acme"]}, SHOP], ["acme"]) == live_items(
        run, [SHOP], ["acme"]
    )
