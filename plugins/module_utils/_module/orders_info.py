# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders_info: what the ledger knows, one result a certificate name.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Entry, newest
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._io.durability import require_durable
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import (
    ledger_spec,
    read_ledger_path,
    read_now,
)
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import entry_data, history_data
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult, Result


def info_spec() -> dict[str, t.Any]:
    return {
        **ledger_spec(),
        "names": {"type": "list", "elements": "str"},
        "history": {"type": "bool", "default": False},
        "require_durable": {"type": "bool", "default": False},
    }


def read_orders(params: t.Mapping[str, t.Any]) -> Result:
    errors = InputCollector()
    path = read_ledger_path(params, errors)
    read_now(params, errors)
    names = _names(params["names"], errors)
    errors.refuse()
    if params["require_durable"]:
        require_durable(path)
    store = open_for_reading(path)
    if store is None:
        return Result([])
    with store:
        found = store.entries(names, settled=params["history"])
    order = names if names is not None else sorted(found)
    return Result([_result(name, found[name], params["history"]) for name in order if name in found])


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


def _result(name: str, entries: list[Entry], history: bool) -> ItemResult:
    entry = newest(entries)
    data = entry_data(entry, entries)
    if history:
        data["history"] = [
            {"reference": one.order.reference, "state": one.state.value, "facts": history_data(one)} for one in entries
        ]
    return ItemResult(name, "found", entry.state.value if entry else None, extra=data)
