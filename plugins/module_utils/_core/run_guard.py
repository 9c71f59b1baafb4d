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

#: the words of ``policy.Resolve``, whose whole room need not travel with the guard (a test compares them)
ANSWERS = ("adopt", "resubmit", "give_up")


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


def refuse_wrong_answers(resolve: t.Any, declared: t.Collection[str], chosen: t.Any, errors: InputCollector) -> None:
    """``inkan_resolve`` answers for declared certificates that this run is about, in the words of the module.

    chosen: ``inkan_names``, None where the run is about all of them
    """
    if not isinstance(resolve, dict):
        _refuse_answer(errors, "", "it is no dictionary of certificates")
        return
    unknown = [str(name) for name in resolve if name not in declared]
    if unknown:
        _refuse_undeclared(errors, "inkan_resolve", unknown)
    left_out = [str(name) for name in resolve if isinstance(chosen, list) and name in declared and name not in chosen]
    if left_out:
        errors.add(
            "not_chosen",
            what="The run is not about certificates that an answer is given for",
            where="inkan_resolve",
            why=f"inkan_names leaves out {', '.join(escaped(name, 100) for name in left_out)}",
            todo="Name it in inkan_names too, or leave inkan_names out",
        )
    for name, told in resolve.items():
        why = answer_error(told)
        if why:
            _refuse_answer(errors, escaped(str(name), 100), why)


def answer_error(told: t.Any) -> str:
    """Why it is no answer of a person to an order that waits for one, or ""."""
    if not isinstance(told, dict):
        return "it is no dictionary"
    unknown = sorted(escaped(str(key), 100) for key in told if key not in ("resolve", "handle", "reference"))
    if unknown:
        return f"unknown is {', '.join(unknown)}"
    if told.get("resolve") not in ANSWERS:
        return f"resolve is none of {', '.join(ANSWERS)}"
    if any(told.get(key) is not None and not isinstance(told[key], str) for key in ("handle", "reference")):
        return "handle and reference are texts; put a number in quotes"
    if (told["resolve"] == "adopt") != bool(told.get("handle")):
        return "adopt needs the handle of the order at the CA, and nothing else has one"
    return ""


def _refuse_answer(errors: InputCollector, name: str, why: str) -> None:
    errors.add(
        "resolve_form",
        what="Cannot read an answer for an order that waits for a person",
        where=f"inkan_resolve, {name}" if name else "inkan_resolve",
        why=why,
        todo="Write inkan_resolve as {certificate: {resolve: resubmit}}; inkan_resolve_as needs inkan_names",
    )


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
