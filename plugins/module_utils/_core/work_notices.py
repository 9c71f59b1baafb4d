# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each certificate stands after a run, as module notifications reads it.

The order's state goes before what the run did: whoever looks, whether it renewed or only reported, must see the same,
or each kind of run would take back what the other has told:

    refused declaration, error           trouble       by the codes of the errors
    a host that could not be asked       unreachable   by its hosts
    an open order                        waiting for a person, or underway
    an order that came to nothing        refused
    a certificate that was revoked       revoked       by its serial number, while it is live or nothing is
    what a person has to do without one  waiting
    anything else                        in order, or underway where something is still to be done

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.notices import (
    IN_ORDER,
    REFUSED,
    REVOKED,
    THE_RUN,
    TROUBLE,
    UNDERWAY,
    UNREACHABLE,
    WAITING,
    is_name,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import (
    Ending,
    Outcome,
    broken_steps,
    codes,
    endings,
    is_mail_there,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.run import OPEN, Item, Run, Said

#: who of those that an order waits for is a person
_PEOPLE = frozenset({"customer", "person", "seller"})
_ENDED = frozenset({"refused", "expired"})
_HELD = frozenset({"order_refused", "order_cancelled"})


def notice_items(run: Run) -> list[Item]:
    """One for the run itself, then one for each of its endings."""
    if run.is_blocked:  # nothing is known of any certificate
        return [_of_run(run, ())]
    found = endings(run)
    nameless = [ending for ending in found if not is_name(ending.name)]
    return [_of_run(run, nameless), *(_of_ending(run, ending) for ending in found if is_name(ending.name))]


def _of_run(run: Run, nameless: t.Sequence[Ending]) -> Item:
    """nameless: refused declarations that not even their name can tell of."""
    marks = [*sorted(run.central_broken), *sorted(ending.name for ending in nameless)]
    if not marks:
        return {"name": THE_RUN, "condition": IN_ORDER}
    sentences = [*broken_steps(run), *(sentence for ending in nameless for sentence in ending.sentences)]
    return {"name": THE_RUN, "condition": TROUBLE, "mark": ",".join(marks), "sentences": sentences}


def _of_ending(run: Run, ending: Ending) -> Item:
    order = run.order(ending.name)
    condition, mark, more = _condition(run, ending, order)
    item = {
        "name": ending.name,
        "condition": condition,
        "mark": mark,
        "sentences": list(ending.sentences) if condition != IN_ORDER else [],
        "serial": ending.serial,
        "not_before": ending.not_before,
        "not_after": ending.not_after,
        "order": order.get("order_number") or order.get("order") if order.get("state") in OPEN else None,
        "is_new": ending.outcome is Outcome.CHANGED,
        **more,
    }
    return {key: value for key, value in item.items() if value is not None}


def _condition(run: Run, ending: Ending, order: Said) -> tuple[str, str, Item]:
    """The condition, its mark, and what of the item is another than usual."""
    state, reference = order.get("state"), str(order.get("reference") or "")
    if ending.outcome in (Outcome.REFUSED, Outcome.ERROR):
        return TROUBLE, ",".join(codes(run, ending.name)), {}
    if ending.outcome is Outcome.HOST_UNREACHABLE:
        hosts = [host for host in run.targets[ending.name].hosts if not run.hosts[host].reached]
        return UNREACHABLE, ",".join(sorted(hosts)), {}
    if state in OPEN:
        return _of_order(order, reference, is_mail_there(run, ending.name, order))
    due = (run.plan.get(ending.name) or {}).get("due") or {}
    if state in _ENDED or due.get("code") in _HELD:
        return REFUSED, f"{reference} {state}", {"order": order.get("order"), **_corrected_by(order)}
    revoked = _revoked(run, order, ending)
    if revoked:
        return REVOKED, revoked, {}
    if ending.outcome is Outcome.PENDING and run.seller_deploys(ending.name):
        return WAITING, f"{reference} install", {"actor": "seller"}
    if ending.outcome in (Outcome.PENDING, Outcome.WOULD_CHANGE):
        return UNDERWAY, "", {}
    return IN_ORDER, "", {}


def _of_order(order: Said, reference: str, is_mailed: bool) -> tuple[str, str, Item]:
    """is_mailed: the approval mail is there: its owner hears of that, too."""
    waiting = order.get("waiting_for") or {}
    if waiting.get("actor") not in _PEOPLE:
        return UNDERWAY, "", {}
    owner, what = str(waiting.get("owner") or ""), str(waiting.get("what") or "")
    # an order that needs a person tells why in the CA's words, which may be others each time it is asked
    step = what if order.get("state") != "needs_person" else str((order.get("problem") or {}).get("code") or "")
    there = ["its approval mail is there"] if is_mailed else []
    sentences = [*([what] if what else []), *there]
    more = {"actor": waiting["actor"], "owner": owner, "due": waiting.get("by"), "sentences": sentences}
    return WAITING, " ".join((reference, str(order.get("state")), owner, step, *(["mail"] if is_mailed else []))), more


def _corrected_by(order: Said) -> Item:
    """Who has to correct what was refused, and by when, where that is followed."""
    waiting = order.get("waiting_for") or {}
    return (
        {"actor": waiting["actor"], "owner": str(waiting.get("owner") or ""), "due": waiting.get("by")}
        if waiting
        else {}
    )


def _revoked(run: Run, order: Said, ending: Ending) -> str:
    """The serial number of a revoked certificate that nothing has taken the place of; in this very run, or before."""
    now = run.central.get("revocations", {}).get(ending.name, {})
    is_done = not now.get("error") and now.get("outcome") != "busy"
    serials = [*(order.get("revoked_serials") or ()), *([now["serial"]] if is_done and now.get("serial") else [])]
    if ending.serial:
        return ending.serial if ending.serial in serials else ""
    return str(order.get("serial") or "") if order.get("state") == "revoked" else ""
