# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan for programs: what dcv_plan says, in one document. Keys are added, never renamed, as long as ``schema`` stays.

Two plans of one day are the same document, so moments that count from the run itself are told as days.

This file is private to the collection.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.packed import by_name, plans_of

SCHEMA = 1


def plan_json(said: t.Mapping[str, t.Any]) -> str:
    """said: what the task that called dcv_plan has registered."""
    return json.dumps(plan_data(said), indent=1, ensure_ascii=False) + "\n"


def plan_data(said: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    results = by_name(said)
    plans = plans_of(said, results)
    told = [one for name, one in results.items() if name in plans]
    outcomes = [str(one.get("outcome")) for one in told]
    return {
        "schema": SCHEMA,
        "as_of": str(said["as_of"])[:10] if said.get("as_of") else None,
        "counts": {outcome: outcomes.count(outcome) for outcome in ("refused", "due", "in_progress", "not_due")},
        "certificates": [_certificate(one, plans[one["name"]]) for one in told],
        "load": said.get("load"),
    }


def _certificate(result: t.Mapping[str, t.Any], plan: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    validity = dict(plan.get("validity") or {})
    if validity.get("not_after"):
        validity["not_after"] = str(validity["not_after"])[:10]
    wish = result.get("certificate") or {}
    return {
        **plan,
        "validity": validity,
        "outcome": result.get("outcome"),
        "state": result.get("state"),
        "due": result.get("due"),
        "names": list(wish.get("dns_names") or ()),
        "method": wish.get("method"),
        "ca_account": wish.get("ca_account"),
    }
