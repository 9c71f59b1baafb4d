# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of module notifications, read into values; everything that is wrong with them is told at once.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.channels import SERVICES, Channel, read_channels
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import (
    CONDITIONS,
    KINDS,
    THE_RUN,
    USUAL,
    Seen,
    is_name,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time, render_time
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import ledger_spec, read_ledger_path

__all__ = ["NotifyCall", "notifications_spec", "read_notify_call"]

_MOST_SENTENCES = 12
_TIMES = ("not_before", "not_after", "due")


def notifications_spec() -> dict[str, t.Any]:
    return {
        **ledger_spec(),
        "ledger_durable": {"type": "bool", "default": False},
        "deadline": {"type": "float", "default": 30.0},
        "secrets": {"type": "dict", "default": {}, "no_log": True},
        "tried_all": {"type": "bool", "default": True},
        "complete": {"type": "bool", "default": False},
        "declared": {"type": "list", "elements": "str"},
        "channels": {"type": "list", "elements": "dict", "required": True, "options": _channel_spec()},
        "certificates": {"type": "list", "elements": "dict", "required": True, "options": _certificate_spec()},
    }


def _channel_spec() -> dict[str, t.Any]:
    return {
        "name": {"type": "str", "required": True},
        "service": {"type": "str", "choices": list(SERVICES), "required": True},
        "settings": {"type": "dict", "default": {}},
        "on": {"type": "list", "elements": "str", "choices": list(KINDS), "default": list(USUAL)},
        "certificates": {"type": "list", "elements": "str", "default": ["*"]},
        "language": {"type": "str", "choices": ["en", "ja"], "default": "en"},
    }


def _certificate_spec() -> dict[str, t.Any]:
    text = {"type": "str"}
    return {
        "name": {"type": "str", "required": True},
        "condition": {"type": "str", "choices": list(CONDITIONS), "required": True},
        "mark": {"type": "str", "default": ""},
        "sentences": {"type": "list", "elements": "str", "default": []},
        **dict.fromkeys(("serial", "not_before", "not_after", "order", "actor", "due"), text),
        "owner": {"type": "str", "default": ""},
        "is_new": {"type": "bool", "default": False},
    }


@dataclass(frozen=True)
class NotifyCall:
    channels: tuple[Channel, ...]
    seen: tuple[Seen, ...]
    path: str
    deadline: float
    tried_all: bool
    complete: bool
    declared: tuple[str, ...] | None


def read_notify_call(params: t.Mapping[str, t.Any], errors: InputCollector) -> NotifyCall:
    channels = read_channels(params["channels"], params["secrets"], errors)
    seen: dict[str, Seen] = {}
    for number, raw in enumerate(params["certificates"], 1):
        where = f'certificates, item {number} "{escaped(raw["name"], 80)}"'
        for why in _reasons(raw, seen):
            todo = "Correct the item"
            errors.add("bad_condition", what="Cannot read a condition", where=where, why=why, todo=todo)
        if not errors.errors:
            seen[raw["name"]] = _seen(raw)
    path = read_ledger_path(params, errors)
    return NotifyCall(
        channels=tuple(channels),
        seen=tuple(seen.values()),
        path=path,
        deadline=params["deadline"],
        tried_all=params["tried_all"],
        complete=params["complete"],
        declared=tuple(params["declared"]) if params["declared"] is not None else None,
    )


def _reasons(raw: t.Mapping[str, t.Any], seen: t.Collection[str]) -> t.Iterator[str]:
    if raw["name"] != THE_RUN and not is_name(raw["name"]):
        yield f"name must be that of a certificate, or {THE_RUN}"
    if raw["name"] in seen:
        yield "two items have this name"
    for key in _TIMES:
        try:
            _moment(raw.get(key))
        except ValueError as failure:
            yield f"{key}: {failure}"


def _moment(text: str | None) -> datetime | None:
    return parse_time(text) if text else None


def _seen(raw: t.Mapping[str, t.Any]) -> Seen:
    """Bounded here: the ledger keeps it until it is delivered."""
    due = _moment(raw["due"])
    return Seen(
        name=raw["name"],
        condition=raw["condition"],
        mark=_text(raw["mark"], 1000),
        sentences=tuple(_text(one, 600) for one in raw["sentences"][:_MOST_SENTENCES]),
        serial=_text(raw["serial"], 64) or None,
        not_before=_moment(raw["not_before"]),
        not_after=_moment(raw["not_after"]),
        order=_text(raw["order"], 200) or None,
        actor=_text(raw["actor"], 20) or None,
        owner=_text(raw["owner"], 300),
        due=render_time(due) if due else None,
        is_new=raw["is_new"],
    )


def _text(value: str | None, most: int) -> str:
    """What the ledger can keep: no half of a surrogate pair, no control character."""
    bounded = (value or "")[:most].encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter >= " " else " " for letter in bounded)
