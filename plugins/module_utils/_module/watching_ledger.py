# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger, looked at again and again: what has become due, is pending too long, or was issued.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import read_policy
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Run, Targets
from ansible_collections.inkan.tls.plugins.module_utils._core.run_input import plan_items
from ansible_collections.inkan.tls.plugins.module_utils._core.watching import (
    Since,
    Told,
    dues_of,
    events,
    known_items,
    notices,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_ledger_path, read_now
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.watching import Event, read_arguments, read_delay

_OF_THE_PLAN = ("renewal", "ca_accounts", "products", "sellers", "organizations")


class Doors(t.NamedTuple):
    """What certificate_orders_info and dcv_plan do, and the options that they take."""

    info: t.Callable[[dict[str, t.Any], bool], Result]
    info_spec: t.Callable[[], t.Mapping[str, t.Any]]
    plan: t.Callable[[dict[str, t.Any], bool, Clock], Result]
    plan_spec: t.Callable[[], t.Mapping[str, t.Any]]


class Ledger:
    """What is to be told of it since the last look."""

    def __init__(self, args: t.Mapping[str, t.Any], doors: Doors) -> None:
        errors = InputCollector()
        fields = read_arguments(args, "ledger", errors)
        self.delay = read_delay(fields)
        self.path = read_ledger_path({"ledger_path": fields.text("ledger_path")}, errors)
        self._clock = SystemClock(read_now({"now": fields.text("now")}, errors))
        self._pending = timedelta(hours=fields.number("pending_hours", 72, 0, 24 * 365))
        self._issued = self._clock.now() - timedelta(hours=fields.number("look_back_hours", 24, 0, 24 * 365))
        self._declared = fields.raw("certificates")
        self._plan = {key: fields.raw(key) for key in _OF_THE_PLAN}
        self._policy = read_policy(self._plan["renewal"], errors)
        fields.close()
        errors.refuse()
        self._told = Told()
        self._doors = doors
        self._planned({})  # wrong wishes end the rulebook at its start, not some day

    def look(self) -> list[Event]:
        now = self._clock.now()
        params = {**_defaults(self._doors.info_spec()), "ledger_path": self.path}
        found = self._doors.info(params, True)
        orders = {one.name: one.as_data() for one in found.items}
        since = Since(pending=now - self._pending, issued=self._issued)
        news = self._told.news(notices(orders, self._planned(orders), since), now)
        return events(news, {"ledger": self.path})

    def _planned(self, orders: dict[str, t.Any]) -> t.Mapping[str, t.Mapping[str, t.Any]]:
        """Results of dcv_plan by name, as role renew would have them if no host knew more than the ledger."""
        declared = known_items(orders) if self._declared is None else self._declared
        names = [one["name"] for one in declared if isinstance(one, dict) and isinstance(one.get("name"), str)]
        run = Run(plan={}, orders=orders, targets=dict.fromkeys(names, Targets((), (), (), ())), hosts={})
        items = plan_items(declared, run)
        if self._declared is None:
            return dues_of(items, self._policy, self._clock.now())
        given = {key: value for key, value in self._plan.items() if value is not None}
        options = {**_defaults(self._doors.plan_spec()), **given, "certificates": items, "only_results": True}
        return {one.name: one.as_data() for one in self._doors.plan(options, True, self._clock).items}


def _defaults(spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: option.get("default") for key, option in spec.items()}
