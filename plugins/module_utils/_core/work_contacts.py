# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standing contacts: the mailboxes that CAs find in DNS, kept as declared whether or not a certificate is due.

Two kinds: the contact of a certificate (``validation.contact``, TXT or CAA) and the mailbox of a zone, which soa_rname
finds in ``inkan_dns_services`` itself. Neither belongs to an order, so neither is ever cleaned up with one.

    declared, not there                     published, and noted in the ledger as ours
    declared, there                         left; a neighbour's stays a neighbour's, ours stays ours
    ours, declared by nobody                removed where it was published, and forgotten once it is gone
    not ours, declared by nobody            remains, and is told

What nobody declares only a run knows that knows all declarations. The ledger may be out of reach or not there yet:
contacts are published all the same, and none is removed.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import replace

from ansible_collections.inkan.tls.plugins.module_utils._core.contact_record import contact_record
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Ending, Outcome, broken_run
from ansible_collections.inkan.tls.plugins.module_utils._core.records import shown_value
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Item, Run, Said
from ansible_collections.inkan.tls.plugins.module_utils._core.work_standing import standing_of

#: Kinds of contact that a CA finds in a record of ours (BR 3.2.2.4.13, BR 3.2.2.4.14).
_PUBLISHED = ("txt", "caa")
_LONGEST_NAME = 200
#: addresses of others in one sentence
_MOST_SHOWN = 5


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
    the plan refuses one and so does not say where its contact stands. No certificate at all is a mistake."""
    return run.is_whole and bool(run.plan) and not any(planned.get("error") for planned in run.plan.values())


def old_contact_items(run: Run) -> list[Item]:
    """dcv_contacts, absent: of ours those that nobody declares any more. After those that are declared were published,
    for only then it is known where each of them stands."""
    if not _knows_all(run) or not _all_published(run):
        return []
    return [
        {
            "name": _old_name(ours),
            **{word: ours[word] for word in ("record", "kind", "address", "domain")},
        }
        for ours in _undeclared(run)
    ]


def _all_published(run: Run) -> bool:
    """Whether the step has told of every contact that is declared."""
    said = run.central.get("contacts", {})
    return all(item["name"] in said for item in contact_items(run))


def _undeclared(run: Run) -> list[Said]:
    """Of a contact that could not be published it is not known where it would stand: it spares all like it."""
    said = run.central.get("contacts", {}).values()
    places = {(one["record"], one["kind"], one["address"]) for one in said}
    unplaced = {(one["kind"], one["address"]) for one in said if one.get("error")}
    return [
        ours
        for ours in run.our_contacts or ()
        if (ours["record"], ours["kind"], ours["address"]) not in places
        and (ours["kind"], ours["address"]) not in unplaced
    ]


def noted_items(run: Run) -> list[Item]:
    """certificate_orders, contacts: what became ours in this run, and what of ours is gone."""
    new, old = run.central.get("contacts", {}).values(), run.central.get("old_contacts", {}).values()
    return [_noted(one, "present") for one in new if one.get("outcome") == "published" and not one.get("error")] + [
        _noted(one, "absent") for one in old if one.get("outcome") in ("removed", "already_absent")
    ]


def _noted(said: Said, state: str) -> Item:
    return {**{word: said[word] for word in ("record", "kind", "address", "domain")}, "state": state}


def _old_name(ours: Said) -> str:
    return _item_name(f"{ours['address']} ({ours['kind']}) at {ours['record']}")


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
    needed = {step: why for step, why in run.central_broken.items() if step != "known" or _needs_ledger(run)}
    broken = [broken_run(replace(run, central_broken=needed))] if needed else []
    certificates = [ending for name in run.plan for ending in [_ending(run, name)] if ending is not None]
    zones = [_zone_ending(run, said) for said in run.central.get("mailboxes", {}).values()]
    return [*broken, *certificates, *_old_endings(run), *zones, *_ledger_endings(run)]


def _needs_ledger(run: Run) -> bool:
    return any(standing_of(run, name) != ([], False) for name in run.names())


def _old_endings(run: Run) -> t.Iterator[Ending]:
    """Of ours that nobody declares: removed, or why not."""
    old = run.central.get("old_contacts", {})
    for ours in run.our_contacts or () if run.is_whole else ():
        said = old.get(_old_name(ours))
        if said is not None:
            yield _old_ending(run, _old_name(ours), ours, said)
        elif not _knows_all(run) and ours in _undeclared(run):
            why = f"{_ours(ours)}. It stays, for this run does not know all declarations."
            yield Ending(_old_name(ours), Outcome.IN_ORDER, (why,), spoken="kept")


def _old_ending(run: Run, name: str, ours: Said, said: Said) -> Ending:
    why = f"{_ours(ours)}, nobody declares it any more."
    if said.get("error"):
        # a zone that was given away: nothing can be done about it here
        is_away = said["error"].get("code") == "zone_not_found"
        outcome = Outcome.IN_ORDER if is_away else Outcome.ERROR
        return Ending(name, outcome, (why, said["error"]["message"]), spoken="left where it is" if is_away else "")
    if not said.get("changed"):
        return Ending(name, Outcome.IN_ORDER, (why,), spoken="gone already")
    if run.check_mode:
        return Ending(name, Outcome.WOULD_CHANGE, (why,), spoken="to be removed")
    return Ending(name, Outcome.CHANGED, (why,), spoken="removed")


def _ours(ours: Said) -> str:
    return f"published by us on {str(ours['since'])[:10]}"


def _ledger_endings(run: Run) -> t.Iterator[Ending]:
    """What cannot be told without it."""
    if "known" in run.central_broken:
        if not _needs_ledger(run):
            why = f"it could not be asked ({run.central_broken['known']})."
            yield Ending("ledger", Outcome.IN_ORDER, (why, _UNNOTED), spoken="left out")
        return
    problem = run.contacts_problem
    if problem:
        yield Ending("ledger", Outcome.IN_ORDER, (f"{problem}.", _UNNOTED), spoken="left out")
    elif run.is_whole and run.our_contacts is None and run.central.get("contacts"):
        why = "no contact that this run has found is known to be ours, and none was removed."
        yield Ending("ledger", Outcome.IN_ORDER, (why,), spoken="not there yet")


_UNNOTED = "Contacts are published without it; none is removed, and none of this run is known to be ours later."


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
    sentences = [_place_of(result) for result in results]
    if _knows_all(run):
        sentences += dict.fromkeys(told for result in results for told in _beside(run, result))
    return _changed_or_not(run, name, results, sentences)


def _beside(run: Run, said: Said) -> t.Iterator[str]:
    """Addresses that nobody declares and that stand there too: a CA may write to each of them."""
    others = said.get("others") or ()
    removed = {
        shown_value(said["type"], contact_record(ours["kind"], ours["domain"], ours["address"]).value)
        for ours in run.our_contacts or ()
        if (ours["record"], ours["kind"]) == (said["record"], said.get("kind"))
    }
    strange = [one for one in others if one not in removed]
    if strange:
        shown = ", ".join(escaped(one, 120) for one in strange[:_MOST_SHOWN])
        more = f" and {len(strange) - _MOST_SHOWN} more" if len(strange) > _MOST_SHOWN else ""
        whose = "not ours, and " if run.our_contacts is not None else ""
        yield f"Beside it remains {shown}{more}: {whose}nobody declares it."


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
