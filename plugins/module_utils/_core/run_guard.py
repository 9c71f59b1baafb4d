# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a run before it began: wishes that can only be mistakes.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import Entries, foreign_endpoints
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped


def refuse_undeclared_names(names: t.Any, declared: t.Collection[str] | None, errors: InputCollector) -> None:
    """``inkan_names`` is a list and may name declared certificates only; declared None: also those of the ledger."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        errors.add(
            "names_form",
            what="Cannot read which certificates the run is about",
            where="inkan_names",
            why="it is no list of names",
            todo='Write a list, on the command line -e \'{"inkan_names": ["shop"]}\'',
        )
        return
    unknown = [name for name in names if declared is not None and name not in declared]
    if unknown:
        _refuse_undeclared(errors, "inkan_names", unknown)


def refuse_undeclared_intake(intake: t.Any, declared: t.Collection[str], errors: InputCollector) -> None:
    """``inkan_intake`` tells of declared certificates; a contract's end (``done``) also of those that are no more."""
    if not isinstance(intake, dict):
        errors.add(
            "intake_form",
            what="Cannot read what was told",
            where="inkan_intake",
            why="it is no dictionary of certificates",
            todo="Write inkan_intake as {certificate: {…}}",
        )
        return
    unknown = [
        str(name)
        for name, told in intake.items()
        if name not in declared and not (isinstance(told, dict) and told.get("done") is not None)
    ]
    if unknown:
        _refuse_undeclared(errors, "inkan_intake", unknown)


def _refuse_undeclared(errors: InputCollector, variable: str, unknown: t.Sequence[str]) -> None:
    errors.add(
        "not_declared",
        what="The run is about certificates that nobody declares",
        where=variable,
        why=f"inkan_certificates has no {', '.join(escaped(name, 100) for name in unknown)}",
        todo="Declare it or correct the name",
    )


def refuse_moved_clock(now: t.Any, ca_accounts: Entries, dns_services: Entries, errors: InputCollector) -> None:
    """``inkan_now`` is for a lab: every endpoint must be loopback."""
    foreign = foreign_endpoints(ca_accounts, dns_services) if now is not None else []
    if foreign:
        errors.add(
            "moved_clock",
            what="The clock is moved, which only a lab can bear",
            where="inkan_now",
            why=f"{', '.join(foreign)} is not on loopback",
            todo="Remove inkan_now",
        )
