# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as rows of a report: for each certificate how it stands, who has to act, and what will hit it.

A row tells how things stand, not what the run did: two runs on one day with nothing in between give the same report.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.outcome import Ending, Outcome, error_codes
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.run import OPEN, Run, Said
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._report.model import (
    LAST_DAYS,
    Cliff,
    Group,
    Load,
    Month,
    Report,
    Row,
    Share,
    Waiting,
)

_TROUBLE = frozenset({Outcome.REFUSED, Outcome.ERROR, Outcome.HOST_UNREACHABLE})
#: Why a certificate is due although its day has not come: visitors are turned away, or will be.
_BROKEN = frozenset({"expired", "key_mismatch", "revoked"})
#: Orders that came to nothing, and not because we wanted that.
_FAILED = frozenset({"refused", "expired"})


def read_report(
    run: Run, endings: t.Iterable[Ending], names: t.Sequence[str], load: t.Mapping[str, t.Any] | None = None
) -> Report:
    """names: those that were asked for; none means all. load: as dcv_plan returns it."""
    rows = [_row(run, ending) for ending in endings]
    rows.sort(key=_urgency)
    as_of = run.as_of.date().isoformat() if run.as_of else None
    return Report(as_of, tuple(names) or None, tuple(rows), read_load(load) if load else None)


def read_load(said: t.Mapping[str, t.Any]) -> Load:
    months = tuple(Month(**{key: one[key] for key in Month._fields}) for one in said["months"])
    return Load(months, _share(said["movable"]), tuple(said["movable"]["methods"]), _share(said["stuck"]))


def _share(said: t.Mapping[str, t.Any]) -> Share:
    return Share(said["certificates"], tuple(said["names"]), said["approvals"], said["without_method"])


def _urgency(row: Row) -> tuple[int, str, str]:
    by = row.waiting.by if row.waiting else None
    return list(Group).index(row.group), by or row.not_after or "9999", row.name


def _row(run: Run, ending: Ending) -> Row:
    name = ending.name
    planned, plan, order = run.plan.get(name, {}), run.plans.get(name, {}), run.order(name)
    wish = planned.get("certificate") or {}
    validation = wish.get("validation") or {}
    method = validation.get("method") or order.get("method")
    days_left = _days_left(run, ending.not_after)
    is_open = order.get("state") in OPEN
    # of what is declared no more somebody has to end the contract
    retired = {} if planned or is_open else order.get("retired") or {}
    return Row(
        name=name,
        group=_group(ending, planned, order, days_left),
        outcome=_lasting(ending.outcome).value,
        sentences=tuple(escaped(sentence) for sentence in ending.sentences),
        state=ending.state,
        common_name=_text(wish.get("common_name") or order.get("common_name")),
        dns_names=tuple(wish.get("dns_names") or order.get("dns_names") or _declared(run.own.get(name, {}))),
        product=plan.get("product") or order.get("product"),
        seller=plan.get("seller"),
        ca_account=wish.get("ca_account") or order.get("ca_account"),
        method=method,
        method_ends_on=next((one["ends_on"] for one in plan.get("methods") or () if one["method"] == method), None),
        validated_until=_validated_until(plan),
        contact=(validation.get("contact") or {}).get("address"),
        hosts=run.targets[name].all_hosts if name in run.targets else (),
        not_before=ending.not_before,
        not_after=ending.not_after,
        days_left=days_left,
        serial=ending.serial,
        issuer=escaped(ending.issuer, 300) if ending.issuer else None,
        renews_on=_renews_on(planned) if not is_open else None,
        cancel_by=_day(retired.get("by") or (plan.get("renewal") or {}).get("cancel_by")),
        waiting=_one_waiting(retired, _spoken(retired)) if retired else _waiting(order, planned),
        tasks=_tasks(order) if is_open else (),
        mails=_texts((order.get("wanted") or {}).get("mails")) if is_open else (),
        order=escaped(str(order["order"]), 200) if is_open and order.get("order") else None,
        since=order.get("created_at") if is_open else None,
        cliffs=tuple(Cliff(one["date"], one["what"], one["do"]) for one in plan.get("cliffs") or ()),
        codes=tuple(escaped(code, 100) for code in error_codes(run, name)),
    )


def _lasting(outcome: Outcome) -> Outcome:
    """What a run changed is in order afterwards."""
    return Outcome.IN_ORDER if outcome is Outcome.CHANGED else outcome


def _group(ending: Ending, planned: Said, order: Said, days_left: int | None) -> Group:
    if ending.outcome in _TROUBLE or order.get("state") == "needs_person" or (days_left or 0) < 0:
        return Group.ATTENTION
    if ending.outcome not in (Outcome.PENDING, Outcome.WOULD_CHANGE):
        return Group.IN_ORDER
    due = planned.get("due") or {}
    if order.get("state") in _FAILED or due.get("code") in _BROKEN:
        return Group.ATTENTION
    if ending.outcome is Outcome.WOULD_CHANGE:
        return Group.DUE
    return Group.ATTENTION if days_left is not None and days_left <= LAST_DAYS else Group.WAITING


def _declared(own: Said) -> list[str]:
    """The names of an item that the plan refused, as they were written."""
    more = own.get("dns_names")
    names = [own.get("common_name"), *(more if isinstance(more, (list, tuple)) else [more])]
    return [escaped(name, 300) for name in names if isinstance(name, str)]


def _days_left(run: Run, not_after: str | None) -> int | None:
    if not_after is None or run.as_of is None:
        return None
    return (parse_time(not_after).date() - run.as_of.date()).days


def _renews_on(planned: Said) -> str | None:
    return _day((planned.get("due") or {}).get("at"))


def _day(moment: t.Any) -> str | None:
    return str(moment)[:10] if moment else None


def _waiting(order: Said, planned: Said) -> Waiting | None:
    """What was refused waits for its correction, until the declaration is another one: then it is due."""
    waiting = order.get("waiting_for")
    if order.get("state") == "refused" and planned.get("outcome") == "due":
        return None
    return _one_waiting(waiting, waiting.get("what")) if waiting else None


def _tasks(order: Said) -> tuple[Waiting, ...]:
    """In the order in which they are done; the first is the one that is waited for."""
    return tuple(_one_waiting(task, _spoken(task)) for task in (order.get("wanted") or {}).get("tasks") or ())


def _spoken(task: Said) -> str:
    return f"{task['what']} ({task['where']})" if task.get("where") else str(task["what"])


def _validated_until(plan: Said) -> str | None:
    """The plan tells it among the changes ahead (``_core/plan_cliffs``), where the last validation is known."""
    cliffs = plan.get("cliffs") or ()
    return next((one["date"] for one in cliffs if one["what"].startswith("the validation of ")), None)


def _one_waiting(said: Said, what: t.Any) -> Waiting:
    owner = escaped(str(said.get("owner") or ""), 300)
    return Waiting(said.get("actor") or "ca", escaped(str(what or "act")), said.get("by"), owner)


def _text(value: t.Any) -> str | None:
    return escaped(str(value), 300) if value else None


def _texts(values: t.Iterable[t.Any] | None) -> tuple[str, ...]:
    return tuple(escaped(str(value), 300) for value in values or ())
