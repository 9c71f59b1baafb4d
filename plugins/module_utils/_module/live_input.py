# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders_info: what was seen on hosts, as its option ``live`` tells it.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.advice import InService, serial_of
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

__all__ = ["live_spec", "read_live"]

_KEYS = ("name", "ca_account", "renewal_id", "not_after")


def live_spec() -> dict[str, t.Any]:
    return {key: {"type": "str", "required": True} for key in _KEYS}


def read_live(raw: t.Iterable[t.Any], errors: InputCollector) -> list[InService]:
    """Whoever hands a long list on as one text passes by the module's own look at its options."""
    found = []
    for one in raw:
        read = _read(one)
        if isinstance(read, InService):
            found.append(read)
        else:
            name = str(one.get("name"))[:100] if isinstance(one, t.Mapping) else ""
            where, todo = f"option live, {name!r}", "Give it as certificates_info returns it"
            errors.add("bad_value", what="Cannot ask about a live certificate", where=where, why=read, todo=todo)
    return found


def _read(raw: t.Any) -> InService | str:
    """Or what is wrong with it."""
    if not isinstance(raw, t.Mapping) or not all(isinstance(raw.get(key), str) for key in _KEYS):
        return f"{', '.join(_KEYS)} are needed, each a text"
    name, account, identifier, ends = (raw[key] for key in _KEYS)
    serial, not_after = serial_of(identifier), _time(ends)
    why = item_name_error(name)
    if why is not None:
        return why
    if serial is None:
        return f"renewal_id {identifier[:200]!r} is no identifier (RFC 9773 4.1)"
    if not_after is None:
        return f"not_after {ends[:100]!r} is no time"
    return InService(name, account, identifier, serial, not_after)


def _time(text: str) -> datetime | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
