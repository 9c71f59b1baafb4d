# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standing contacts: the mailboxes that CAs find in DNS, kept as declared whether or not a certificate is due.

Two kinds: the contact of a certificate (``validation.contact``, TXT or CAA) and the mailbox of a zone, which soa_rname
finds in ``inkan_dns_services`` itself. Neither belongs to an order, so neither is ever cleaned up with one.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Ending, Outcome, broken_run
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Item, Run, Said
from ansible_collections.inkan.tls.plugins.module_utils._core.work_standing import standing_of

#: Kinds of contact that a CA finds in a record of ours (BR 3.2.2.4.13, BR 3.2.2.4.14).
_PUBLISHED = ("txt", "caa")
_LONGEST_NAME = 200


def contact_items(run: Run) -> list[Item]:
    """dcv_contacts: every contact once, however many certificates share it.

    One certificate that wants its address to be the only one decides so for all records of that place: the addresses of
    the others are declared as well, and stay. Where this run does not know them all, nobody is alone.
    """
    every = [item for name in run.names() for item in _contacts(run, name)]
    alone = {_place(item) for item in every if item["exclusive"]} if _knows_all(run) else set()
    once = {item["name"]: item for item in every}
    return [{**item, "exclusive": _place(item) in alone} for item in once.values()]


def _knows_all(run: Run) -> bool:
    """Whether what no certificate of this run declares is declared by none: not so in a run for some of them, nor where
    the plan refuses one and so does not say where its contact stands."""
    return run.is_whole and not any(planned.get("error") for planned in run.plan.values())


def _contacts(run: Run, name: str) -> t.Iterator[Item]:
    """Those of one certificate. Two that share a contact give the same item, but for ``exclusive``."""
    contact = (run.wish(name).get("validation") or {}).get("contact") or {}
    kind, address = contact.get("kind"), contact.get("address")
    for domain in contact.get("domains") or () if kind in _PUBLISHED and address else ():
        yield {
            "name": _item_name(f"{address} ({kind}) of {domain}"),
            "domain": domain,
            "kind": kind,
            "address": address,
            "exclusive": bool(contact.get("exclusive")),
        }


def _item_name(text: str) -> str:
    """For errors and diffs; modules take no more than 200 characters (``names.shown_name_error``)."""
    return text if len(text) <= _LONGEST_NAME else f"c{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _place(item: Item) -> tuple[str, str]:
    return item["domain"], item["kind"]


# -- how it ended -----------------------------------------------------------------------------------------------------


def contact_endings(run: Run) -> list[Ending]:
    """One for each certificate, then one for each zone. Where a step told nothing at all, the run has an ending of its
    own, and those that nothing is known of have none."""
    broken = [broken_run(run)] if run.central_broken else []
    certificates = [ending for name in run.plan for ending in [_ending(run, name)] if ending is not None]
    zones = [_zone_ending(run, said) for said in run.central.get("mailboxes", {}).values()]
    return [*broken, *certificates, *zones]


def _ending(run: Run, name: str) -> Ending | None:
    refusal = run.plan[name].get("error")
    if refusal:
        return Ending(name, Outcome.REFUSED, (refusal["message"],))
    said = {**run.central.get("contacts", {}), **run.central.get("standing", {})}
    standing, is_early = standing_of(run, name)
    wanted = [*(item["name"] for item in _contacts(run, name)), *standing]
    if not said.keys() >= set(wanted):
        return None
    results = [said[one] for one in wanted]
    if is_early:
        return Ending(name, Outcome.IN_ORDER, ("Its standing record is known, and published, with its first order.",))
    errors = [result["error"]["message"] for result in results if result.get("error")]
    if errors:
        return Ending(name, Outcome.ERROR, tuple(dict.fromkeys(errors)))
    return _changed_or_not(run, name, results, [_place_of(result) for result in results])


def _place_of(said: Said) -> str:
    return f"{said['type']} {said['record']} {said['value']}."


def _zone_ending(run: Run, said: Said) -> Ending:
    if said.get("error"):
        return Ending(said["name"], Outcome.ERROR, (said["error"]["message"],))
    before = f", before it was {said['previous_rname']}" if said.get("changed") and said.get("previous_rname") else ""
    return _changed_or_not(
        run, said["name"], [said], [f"its mailbox is {said['mailbox']} (RNAME {said['rname']}{before})."]
    )


def _changed_or_not(run: Run, name: str, results: list[Said], sentences: list[str]) -> Ending:
    if not any(result.get("changed") for result in results):
        return Ending(name, Outcome.IN_ORDER, tuple(sentences))
    if run.check_mode:
        return Ending(name, Outcome.WOULD_CHANGE, tuple(sentences))
    return Ending(name, Outcome.CHANGED, tuple(sentences), spoken="changed")
