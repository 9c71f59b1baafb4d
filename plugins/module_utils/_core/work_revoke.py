# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocation: what the one step has to do, and how it ended for each certificate that a person named.

The rule book has no say here: a certificate that it would refuse today can be revoked all the same.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import (
    Ending,
    Outcome,
    broken_run,
    broken_steps,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Item, Run, Said

_NOTHING = (
    "the ledger holds no certificate of it, so nothing was revoked.",
    "Where it was got in another way, revoke it there.",
)


def revocation_items(run: Run, names: t.Sequence[str], reason: str) -> list[Item]:
    """certificate_orders, state revoked: the newest certificate of each name that the ledger knows."""
    return [{"name": name, "revoke_reason": reason} for name in names if name in run.orders]


def revocation_endings(run: Run) -> list[Ending]:
    """One for each certificate that was named."""
    if run.is_blocked or "revocations" in run.central_broken:
        return [broken_run(run)]
    undeclared = [name for name in run.central.get("revocations", {}) if name not in run.plan]
    return [_ending(run, name) for name in (*run.plan, *undeclared)]


def _ending(run: Run, name: str) -> Ending:
    said = run.central.get("revocations", {}).get(name, {})
    state = said.get("state") or run.order(name).get("state")
    outcome, spoken, sentences = _judge(run, name, said)
    return Ending(name, outcome, tuple(sentences), state, spoken=spoken)


def _judge(run: Run, name: str, said: Said) -> tuple[Outcome, str, t.Sequence[str]]:
    if said.get("error"):
        return Outcome.ERROR, "", [said["error"]["message"], *broken_steps(run)]
    if said.get("outcome") == "busy":
        return Outcome.PENDING, "", ["another run works on it; revoke it again when that has ended"]
    serial = said.get("serial")
    if not serial:
        return Outcome.ERROR, "", _NOTHING
    live = _still_live(run, name, serial)
    if run.check_mode and said.get("changed"):
        return Outcome.WOULD_CHANGE, "to be revoked", [f"serial {serial}.", *live]
    if said.get("changed"):
        return Outcome.CHANGED, "revoked", [f"serial {serial}.", *live]
    return Outcome.IN_ORDER, "revoked already", [f"serial {serial}.", *live]


def _still_live(run: Run, name: str, serial: str) -> list[str]:
    reached = run.reached(name) if name in run.targets else ()
    hosts = [host for host in reached if (run.hosts[host].said("look", name).get("live") or {}).get("serial") == serial]
    return [f"It is live on {', '.join(hosts)}: renew replaces it."] if hosts else []
