# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ca_accounts: open accounts at CAs, change their keys, close them. One result an item.

This file is private to the collection.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.advice import AccountFacts, AccountKeeping
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig, AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputCollector, PolicyError
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import require_durable
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from ansible_collections.inkan.tls.plugins.module_utils._module.order_errors import told_of
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import (
    ledger_spec,
    read_accounts,
    read_ledger_path,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Diff, ItemResult, Result

__all__ = ["accounts_spec", "keep_accounts"]

Factories = t.Mapping[str, AdapterFactory]


def accounts_spec() -> dict[str, t.Any]:
    return {
        **ledger_spec(),
        "ledger_durable": {"type": "bool", "default": False},
        "ca_accounts": {"type": "dict", "default": {}},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "deadline": {"type": "float", "default": 60.0},
        "accounts": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "state": {"type": "str", "choices": ["present", "closed"], "default": "present"},
                "key_since": {"type": "str", "no_log": False},
                "confirm": {"type": "str"},
            },
        },
    }


@dataclass(frozen=True)
class _Wish:
    config: AccountConfig
    closed: bool
    key_since: datetime | None


def keep_accounts(params: t.Mapping[str, t.Any], check_mode: bool, factories: Factories) -> Result:
    errors = InputCollector()
    path = read_ledger_path(params, errors)
    configs = read_accounts(params, factories, errors, os.path.dirname(path))
    wishes = _wishes(params["accounts"], configs, errors)
    errors.refuse()
    if not params["ledger_durable"]:
        require_durable(path)
    items, diffs = [], []
    for wish in wishes:
        item, diff = _kept(wish, check_mode, factories, path, params["deadline"])
        items.append(item)
        diffs += [diff] if item.changed else []
    return Result(items, diffs)


def _wishes(
    raw: t.Sequence[t.Mapping[str, t.Any]], configs: t.Mapping[str, AccountConfig], errors: InputCollector
) -> list[_Wish]:
    found: dict[str, _Wish] = {}
    for one in raw:
        name = one["name"]
        where = f'accounts "{name[:100]}"'
        config = configs.get(name)
        if config is None:
            why = "there is no such entry in ca_accounts, or it is wrong"
            errors.add(
                "ca_account_unknown",
                what="Cannot keep the CA account",
                where=where,
                why=why,
                todo="Correct the name, or add it",
            )
            continue
        if name in found:
            why = "two items have this name"
            errors.add(
                "duplicate_name", what="Cannot keep the CA account", where=where, why=why, todo="Name each account once"
            )
        closed = one["state"] == "closed"
        if closed and one["confirm"] != name:
            why = "a closed account can never be opened again, and confirm does not repeat its name"
            errors.add(
                "not_confirmed", what="Will not close the CA account", where=where, why=why, todo=f"Set confirm: {name}"
            )
        found[name] = _Wish(config, closed, _since(one["key_since"], where, errors))
    return list(found.values())


def _since(text: str | None, where: str, errors: InputCollector) -> datetime | None:
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as failure:
        why, todo = str(failure), "Write it as 2026-11-20, or with a time and its zone"
        errors.add("bad_value", what="Cannot keep the CA account", where=f"{where}, key_since", why=why, todo=todo)
        return None


def _kept(wish: _Wish, check_mode: bool, factories: Factories, path: str, deadline: float) -> tuple[ItemResult, Diff]:
    config = wish.config
    before: AccountFacts | None = None
    after: AccountFacts | None = None
    error: InkanError | None = None
    todo: list[str] = []
    try:
        adapter = factories[config.adapter].open(config, deadline=deadline)
        if not isinstance(adapter, AccountKeeping):
            raise _no_accounts(config)
        before = after = adapter.remembered_account()
        todo = _todo(wish, before)
        if "close" in todo:
            _refuse_open_orders(config.name, path)
        if not check_mode:
            after = _act(adapter, wish, todo)
    except InkanError as failure:
        error = told_of(failure, config.name, config.name, config.secrets.values())
    changed = error is None and (bool(todo) if check_mode else after != before)
    return _result(wish, after, todo, changed, error, check_mode), _diff(config.name, before, after, todo, check_mode)


def _todo(wish: _Wish, known: AccountFacts | None) -> list[str]:
    """What is to be done, as far as is known without asking the CA."""
    if known is not None and known.is_closed:
        return []
    if wish.closed:
        return ["close"]
    steps = [] if known is not None else ["open"]
    made = known.key_made_at if known is not None else None
    if wish.key_since is not None and made is not None and made < wish.key_since:
        steps.append("roll_key")
    return steps


def _act(adapter: AccountKeeping, wish: _Wish, todo: t.Sequence[str]) -> AccountFacts | None:
    known = adapter.remembered_account()
    if wish.closed:
        if "close" in todo:
            adapter.close_account()
        return adapter.remembered_account()
    if known is not None and known.is_closed:
        raise PolicyError(
            code="account_closed",
            what="Cannot use the CA account",
            where=f'CA account "{wish.config.name}"',
            why="it was closed from here, which no CA takes back",
            todo="Declare an account of another name",
        )
    adapter.open_account()
    if "roll_key" in todo:
        adapter.roll_key()
        adapter.open_account()
    return adapter.remembered_account()


def _refuse_open_orders(name: str, path: str) -> None:
    store = open_for_reading(path)
    if store is None:
        return
    with store:
        held = store.handles(name, only_open=True)
    if held:
        raise PolicyError(
            code="account_in_use",
            what="Will not close the CA account",
            where=f'CA account "{name}"',
            why=f"{len(held)} of its orders are open in the ledger",
            todo="Let them end, or cancel them, first",
        )


def _no_accounts(config: AccountConfig) -> InkanError:
    return PolicyError(
        code="account_not_kept",
        what="Cannot keep the CA account",
        where=f'CA account "{config.name}"',
        why=f"accounts of the adapter {config.adapter} are kept at the CA's portal",
        todo="Leave it out of accounts",
    )


def _result(
    wish: _Wish,
    after: AccountFacts | None,
    todo: t.Sequence[str],
    changed: bool,
    error: InkanError | None,
    check_mode: bool,
) -> ItemResult:
    unknown = KNOWN_AFTER_ORDER if check_mode and after is None and error is None else None
    words = {"open": "opened", "roll_key": "key_changed", "close": "closed"}
    done = words[todo[-1]] if todo else "updated" if changed else "kept"
    closed = wish.closed if not check_mode else bool(after and after.is_closed) or "close" in todo
    return ItemResult(
        name=wish.config.name,
        outcome="not_done" if error is not None else done,
        state=None if error is not None else "closed" if closed else "present",
        changed=changed,
        error=error,
        extra={
            "url": after.url if after is not None else unknown,
            "contact": list(after.contact) if after is not None else [],
            "dns_label": after.dns_label if after is not None else unknown,
            "key_made_at": render_time(after.key_made_at) if after is not None and after.key_made_at else None,
        },
    )


def _diff(
    name: str, before: AccountFacts | None, after: AccountFacts | None, todo: t.Sequence[str], check_mode: bool
) -> Diff:
    plan = "".join(f"next step: {step}\n" for step in todo) if check_mode else ""
    return Diff(f'CA account "{name}"', _text(before), _text(after) + plan)


def _text(facts: AccountFacts | None) -> str:
    if facts is None:
        return ""
    made = render_time(facts.key_made_at) if facts.key_made_at else "-"
    lines = [f"url: {facts.url}", f"contact: {', '.join(facts.contact) or '-'}", f"key made: {made}"]
    return "\n".join([*lines, f"closed: {facts.is_closed}"]) + "\n"
