# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standing records (dns-persist-01): kept for every declared certificate, written anew before they end, removed after.

    what stands for a name   issuer and account: of the account as the ledger host remembers it, where the CA's
                             directory says enough (draft 02); else as an order of this name wanted it; neither: the
                             first order publishes it
    what is removed          records of the ledger that nobody declares any more or that another one follows; those that
                             this role itself wrote in earlier steps of the grid, or by earlier keys of the account
    by the pipeline          those of the ledger whose certificate is validated otherwise now, or not declared

A neighbour's record at the same name, of another CA or account, is never touched.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t
from datetime import timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.names import validated_name
from ansible_collections.inkan.tls.plugins.module_utils._core.persist import (
    STANDING_TTL,
    Holder,
    Standing,
    owner_name,
    read_standing,
    until,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.run import Item, Run, Said

METHOD = "dns-persist-01"
#: Steps of the grid back to which what this role wrote is looked for.
_STEPS_BACK = 4

#: owner name and value
_Record = tuple[str, str]


def standing_items(run: Run) -> list[Item]:
    """dns_tokens, each with its own state. One name wanted by several certificates is kept once."""
    kept: dict[_Record, Item] = {}
    gone: dict[_Record, Item] = {}
    spared: set[str] = set()
    for name in run.names():
        if _is_standing(run, name):
            present, absent, unknown = _of_certificate(run, name)
            kept.update((one, _item(one, "present")) for one in present)
            gone.update((one, _item(one, "absent")) for one in absent)
            spared.update(unknown)
    for one in _remembered(run):
        if one[0] not in spared:
            gone[one] = _item(one, "absent")
    wanted = _wanted_now(run)
    return [*kept.values(), *(item for one, item in gone.items() if one not in kept and one not in wanted)]


def standing_of(run: Run, name: str) -> tuple[list[str], bool]:
    """The items of ``standing_items`` that keep the records of a certificate; and whether there is a name that only its
    first order can publish one for."""
    if not _is_standing(run, name):
        return [], False
    present, _absent, unknown = _of_certificate(run, name)
    return [_name_of(one, "present") for one in present], bool(unknown)


def useless_standing(run: Run) -> t.Iterator[tuple[str, Item]]:
    """With the name of the certificate: nobody declares that it is validated by them."""
    needed = {one for name in run.names() if _is_standing(run, name) for one in _records_of(run.order(name))}
    for name, order in run.orders.items():
        planned = run.plan.get(name)
        unknown = (planned is None and not run.is_whole) or (planned or {}).get("error") or run.in_progress(name)
        if not unknown and (planned is None or not _is_standing(run, name)):
            for record in order.get("standing") or ():
                if (record["name"], record["value"]) not in needed:
                    yield name, record


def kept_standing(run: Run, name: str, order: Said) -> Item:
    """What this role wrote for a certificate and the ledger does not know: owner name and value, a blank between."""
    if name not in run.plan or not run.central.get("standing") or not _is_standing(run, name):
        return {}
    said, known = run.central["standing"], set(_records_of(order))
    present, _absent, _unknown = _of_certificate(run, name)
    new = [
        " ".join(one)
        for one in present
        if one not in known and said.get(_name_of(one, "present"), {}).get("outcome") in ("published", "already_there")
    ]
    return {"standing": new} if new else {}


def removed_standing(run: Run, order: Said) -> list[str]:
    """Ids of the ledger's standing records of this certificate that are surely gone."""
    kept, left = run.central.get("standing", {}), run.central.get("leftover_records", {})
    found = []
    for record in order.get("standing") or ():
        said = left.get(record["id"]) or kept.get(_name_of((record["name"], record["value"]), "absent")) or {}
        if said.get("outcome") in ("removed", "already_absent"):
            found.append(record["id"])
    return found


def _is_standing(run: Run, name: str) -> bool:
    return (run.wish(name).get("validation") or {}).get("method") == METHOD


def _of_certificate(run: Run, name: str) -> tuple[list[_Record], list[_Record], list[str]]:
    """What is to stand, what may be left of earlier days, and the owner names that nothing can be said of."""
    wish = run.wish(name)
    account = run.accounts.get(str(wish.get("ca_account")), {})
    wide = {validated_name(one) for one in wish["dns_names"] if one.startswith("*.")}
    present: list[_Record] = []
    absent: list[_Record] = []
    unknown: list[str] = []
    for domain in dict.fromkeys(validated_name(one) for one in wish["dns_names"]):
        owner = owner_name(domain)
        every = _spellings(run, name, domain, owner, account)
        if not every or run.as_of is None:
            unknown.append(owner)
            continue
        days = int((account.get("standing") or {}).get("days") or 0)
        ends = [until(run.as_of - timedelta(days=days / 2 * back), days) for back in range(_STEPS_BACK + 1)]
        values = [one._replace(wildcard=domain in wide, until=end).value() for one in every for end in ends]
        present.append((owner, values[0]))
        absent += [(owner, value) for value in values[1:]]
    return present, absent, unknown


def _spellings(run: Run, name: str, domain: str, owner: str, account: Said) -> list[Standing]:
    """The record as it is to be now, then as earlier keys of the account would have it."""
    facts = account.get("standing") or {}
    holder = Holder(
        str(account.get("url") or ""), str(facts.get("thumbprint") or ""), str(facts.get("hash_prefix") or "")
    )
    if facts.get("issuer") and holder.url:
        thumbprints = [holder.thumbprint, *(facts.get("earlier") or () if holder.hash_prefix else ())]
        return [Standing(facts["issuer"], holder._replace(thumbprint=one).uri(domain)) for one in thumbprints]
    told = [read_standing(value) for place, value in _records_of(run.orders.get(name, {})) if place == owner]
    known = [one for one in told if one is not None]
    return [max(known, key=lambda one: (not one.until, one.until))] if known else []


def _records_of(order: Said) -> t.Iterator[_Record]:
    for record in order.get("standing") or ():
        yield record["name"], record["value"]


def _remembered(run: Run) -> list[_Record]:
    """All of the ledger's, where this run can tell what is not needed any more: it must know every declaration."""
    if not run.is_whole or any(planned.get("error") for planned in run.plan.values()):
        return []
    return [one for order in run.orders.values() for one in _records_of(order)]


def _wanted_now(run: Run) -> set[_Record]:
    """An open order waits for it."""
    return {
        (record["name"], record["value"])
        for order in run.orders.values()
        for record in (order.get("wanted") or {}).get("records") or ()
    }


def _item(record: _Record, state: str) -> Item:
    return {
        "name": _name_of(record, state),
        "record": record[0],
        "type": "TXT",
        "value": record[1],
        "ttl": STANDING_TTL,
        "state": state,
    }


def _name_of(record: _Record, state: str) -> str:
    """For errors and diffs, and to find the result again."""
    digest = hashlib.sha256("\0".join(record).encode()).hexdigest()[:16]
    return f"{state} {digest} {record[0]}"[:200]
