# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders_info: what the ledger knows, one result a certificate name; and what CAs advise about renewals.

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountKeeping, StandingRecords
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.advice import (
    FORGET_AFTER,
    AdviceKey,
    InService,
    Remembered,
    Subject,
    foreign,
    subjects,
    to_ask,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.loopback import is_loopback_url
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.people import CANCEL, due_reminders, retired_task
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import require_durable
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import (
    LedgerStore,
    open_for_reading,
    open_for_writing,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.advising import ask_cas
from ansible_collections.inkan.tls.plugins.module_utils._module.live_input import live_spec, read_live
from ansible_collections.inkan.tls.plugins.module_utils._module.noting_contacts import contact_data
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import (
    ledger_spec,
    read_accounts,
    read_ledger_path,
    read_now,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import entry_data, history_data, iso
from ansible_collections.inkan.tls.plugins.module_utils._module.people_view import mail_data, reminder_data, task_data
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result


def info_spec() -> dict[str, t.Any]:
    return {
        **ledger_spec(),
        "names": {"type": "list", "elements": "str"},
        "declared": {"type": "list", "elements": "str"},
        "history": {"type": "bool", "default": False},
        "require_durable": {"type": "bool", "default": False},
        "ca_accounts": {"type": "dict", "default": {}},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "accounts": {"type": "bool", "default": False},
        "contacts": {"type": "bool", "default": False},
        "deadline": {"type": "float", "default": 20.0},
        "live": {"type": "list", "elements": "dict", "default": [], "options": live_spec()},
    }


def read_orders(params: t.Mapping[str, t.Any], check_mode: bool, tools: InfoTools) -> Result:
    errors = InputCollector()
    path = read_ledger_path(params, errors)
    now = read_now(params, errors)
    names = _names(params["names"], errors)
    live = read_live(params["live"], errors)
    errors.refuse()
    if params["require_durable"]:
        require_durable(path)
    clock = tools.clock(now)
    extra: dict[str, t.Any] = (
        {"accounts": _accounts(params, path, tools.factories(clock))} if params["accounts"] else {}
    )
    store = open_for_reading(path)
    if store is None:
        extra.update({"contacts": None} if params["contacts"] else {})
        return Result([], extra={**extra, "live_advice": []} if live else extra)
    with store:
        found = store.entries(names, settled=params["history"])
        known = store.advice()
        if params["contacts"]:
            extra["contacts"] = [contact_data(one) for one in store.contacts()]
        seen = _foreign(live, names, found, store, clock.now())
    of_name = {name: subjects(entries, clock.now()) for name, entries in found.items()}
    if params["ca_accounts"] and not check_mode:
        may_ask = [subject for some in (*of_name.values(), *seen.values()) for subject in some]
        known = {**known, **_learned(params, path, may_ask, known, clock, tools)}
    if live:
        told = [{"name": name, "advice": _advice_of(some, known)} for name, some in seen.items()]
        extra["live_advice"] = [one for one in told if one["advice"]]
    order = [name for name in (names if names is not None else sorted(found)) if name in found]
    items = [_result(name, found[name], params["history"], of_name[name], known) for name in order]
    for item in items:
        item.extra.update(_of_people(item.name, found[item.name], params["declared"]))
    every = [entry for name in order for entry in found[name]]
    extra["reminders"] = [reminder_data(one) for one in due_reminders(every, clock.now(), params["declared"])]
    return Result(items, extra=extra)


def _foreign(
    live: t.Sequence[InService],
    names: t.Sequence[str] | None,
    found: t.Mapping[str, t.Sequence[Entry]],
    store: LedgerStore,
    now: datetime,
) -> dict[str, list[Subject]]:
    """What is settled long since is read only of names whose live certificate no newer order brought."""
    chosen = [one for one in live if names is None or one.name in names]
    left = foreign(chosen, found, now)
    return foreign([one for one in chosen if one.name in left], store.entries(left, settled=True), now) if left else {}


def _of_people(name: str, entries: t.Sequence[Entry], declared: t.Collection[str] | None) -> dict[str, t.Any]:
    """What an approval mail is expected of, and whether a contract has to be ended that nobody declares any more."""
    entry = newest(entries)
    task = retired_task(entries) if declared is not None and name not in declared else None
    return {
        "approval_mail": mail_data(entry, entries) if entry is not None and entry.is_open else None,
        "retired": task_data(task, CANCEL) if task is not None else None,
    }


def _accounts(
    params: t.Mapping[str, t.Any], path: str, factories: t.Mapping[str, AdapterFactory]
) -> dict[str, dict[str, t.Any]]:
    """Without asking a CA. What is wrong with an account certificate_orders tells."""
    found = {}
    for name, config in read_accounts(params, factories, InputCollector(), os.path.dirname(path)).items():
        try:
            adapter = factories[config.adapter].open(config, deadline=params["deadline"])
            facts = adapter.remembered_account() if isinstance(adapter, AccountKeeping) else None
        except InkanError:
            continue
        if facts is not None:
            found[name] = {
                "url": facts.url,
                "dns_label": facts.dns_label,
                "is_closed": facts.is_closed,
                "standing": _standing(facts.standing) if facts.standing is not None else None,
            }
    return found


def _standing(records: StandingRecords) -> dict[str, t.Any]:
    return {
        "issuer": records.issuer or None,
        "hash_prefix": records.holder.hash_prefix,
        "thumbprint": records.holder.thumbprint,
        "earlier": list(records.earlier),
        "days": records.days,
    }


@dataclass(frozen=True)
class InfoTools:
    """factories: made only where a CA is asked, for the adapters bring libraries along."""

    clock: t.Callable[[datetime | None], Clock]
    factories: t.Callable[[Clock], t.Mapping[str, AdapterFactory]]


def _learned(
    params: t.Mapping[str, t.Any],
    path: str,
    every: t.Sequence[Subject],
    known: t.Mapping[AdviceKey, Remembered],
    clock: Clock,
    tools: InfoTools,
) -> dict[AdviceKey, Remembered]:
    """Remembered before it is used: a CA is not asked again because a run was killed. Wrong settings are told by
    certificate_orders, and a ledger that cannot be written asks again in the next run."""
    if not to_ask((one for one in every if one.ca_account in params["ca_accounts"]), known, clock.now()):
        return {}
    factories = tools.factories(clock)
    accounts = read_accounts(params, factories, InputCollector(), os.path.dirname(path))
    if params["now"]:  # a real CA lives by the real time
        accounts = {name: one for name, one in accounts.items() if is_loopback_url(one.settings.get("directory"))}
    learned = ask_cas(every, known, accounts, factories, clock, params["deadline"])
    if learned:
        with contextlib.suppress(LocalError), open_for_writing(path) as store:
            store.remember_advice(learned, clock.now() - FORGET_AFTER)
    return learned


def _names(names: t.Sequence[str] | None, errors: InputCollector) -> list[str] | None:
    if names is None:
        return None
    for name in names:
        why = item_name_error(name)
        if why:
            errors.add(
                "bad_name", what="Cannot look up the name", where=f"names {name[:100]!r}", why=why, todo="Correct it"
            )
    return list(dict.fromkeys(names))


def _result(
    name: str,
    entries: list[Entry],
    history: bool,
    every: t.Sequence[Subject],
    known: t.Mapping[AdviceKey, Remembered],
) -> ItemResult:
    entry = newest(entries)
    data = entry_data(entry, entries)
    advice = _advice_of(every, known)
    data["advice"] = advice
    windows = {one["serial"]: one["suggested_window"] for one in advice}
    data["suggested_window"] = windows.get(data["serial"])
    if history:
        data["history"] = [
            {"reference": one.order.reference, "state": one.state.value, "facts": history_data(one)} for one in entries
        ]
    return ItemResult(name, "found", entry.state.value if entry else None, extra=data)


def _advice_of(every: t.Iterable[Subject], known: t.Mapping[AdviceKey, Remembered]) -> list[dict[str, t.Any]]:
    return [_advice(subject, known[subject.key]) for subject in every if subject.key in known]


def _advice(subject: Subject, one: Remembered) -> dict[str, t.Any]:
    window = {"start": iso(one.start), "end": iso(one.end), "explanation_url": one.url or None}
    return {
        "serial": subject.serial,
        "suggested_window": window if one.start is not None else None,
        "asked_at": iso(one.asked_at),
        "ask_again_at": iso(one.ask_again_at),
        "problem": one.problem or None,
    }
