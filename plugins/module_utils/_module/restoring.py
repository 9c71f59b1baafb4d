# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders, where a person has a backup put in the ledger's place.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_restore import (
    EMPTY,
    NEWEST,
    Plan,
    plan_restore,
    restore,
)
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_writing
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import Call
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, Result

RESTORE_SPEC: dict[str, t.Any] = {"type": "str"}


def read_restore(params: t.Mapping[str, t.Any]) -> str:
    """ "": nothing is to be restored."""
    wanted = str(params.get("restore") or "")
    errors = InputCollector()
    if wanted and params["certificates"]:
        errors.add(
            "restore_beside_work",
            what="Cannot restore the ledger",
            where="restore",
            why="certificates are given, too: a person should look at what was restored first",
            todo="Give an empty list of certificates",
        )
    if wanted not in ("", NEWEST, EMPTY) and not os.path.isabs(wanted):
        errors.add(
            "restore_path_relative",
            what="Cannot restore the ledger",
            where=f"restore {wanted}",
            why=f"it is neither {NEWEST} nor an absolute path",
            todo="Give newest, or the path of a backup on the host that keeps the ledger",
        )
    errors.refuse()
    return wanted


def run_restore(call: Call, wanted: str, clock: Clock | None = None) -> Result:
    """A ledger that is whole stays as it is, so the same call may be made again."""
    now = (clock or SystemClock()).now()
    plan = plan_restore(call.ledger_path, wanted, now)
    if plan is None:
        return Result([], extra={"restored": None})
    aside = ""
    if not call.check_mode:
        aside = restore(call.ledger_path, plan, now)
        open_for_writing(call.ledger_path).close()
    backup = plan.backup.path or "an empty ledger"
    after = f"{backup}, made at {_time(plan)}, with {plan.backup.orders} orders\n"
    data = {
        "backup": plan.backup.path or None,
        "made_at": _time(plan),
        "orders": plan.backup.orders,
        "why": plan.why,
        "put_aside": aside or None,
    }
    return Result(
        [], [Diff(call.ledger_path, f"cannot be used: {plan.why}\n", after)], extra={"restored": data}, prepared=True
    )


def _time(plan: Plan) -> str:
    return plan.backup.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
