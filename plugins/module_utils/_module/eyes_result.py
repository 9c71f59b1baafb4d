# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``dcv_check`` returns of an item.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.finding import sentences
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Sighting, Wish
from ansible_collections.inkan.tls.plugins.module_utils._io.web_look import FileSighting, FileWish
from ansible_collections.inkan.tls.plugins.module_utils._module.eyes import Check
from ansible_collections.inkan.tls.plugins.module_utils._module.results import ItemResult


def item_of(check: Check) -> ItemResult:
    findings = check.findings
    fatal = [one for one in findings if one.is_fatal]
    state = "not_visible" if fatal else "visible" if check.known else KNOWN_AFTER_ORDER
    return ItemResult(
        name=check.name,
        outcome=state,
        state=state,
        extra={
            "records": [_record_data(one, check.seen_records.get(one)) for one in check.records],
            "files": [_file_data(one, check.seen_files.get(one)) for one in check.files],
            "findings": [finding.as_data() for finding in findings],
            "lacking": sentences(fatal),
            "warnings": sentences(one for one in findings if not one.is_fatal),
        },
    )


def _record_data(wish: Wish, seen: Sighting | None) -> dict[str, t.Any]:
    rows = seen.rows if seen else ()
    return {
        "name": wish.name,
        "type": wish.type,
        "value": wish.value,
        "visible": seen.visible if seen else None,
        "servers": [
            {
                "server": row.server,
                "address": row.address,
                "record": row.record,
                "found": row.found,
                "answer": row.answer,
            }
            for row in rows
        ],
    }


def _file_data(wish: FileWish, seen: FileSighting | None) -> dict[str, t.Any]:
    visits = seen.visits if seen else ()
    telling = next((one for one in visits if one.found is False), visits[0] if visits else None)
    return {
        "url": wish.url,
        "found": seen.visible if seen else None,
        "status": telling.status if telling else None,
        "hops": [hop._asdict() for hop in telling.hops] if telling else [],
        "reason": telling.reason if telling else "; ".join(seen.lacking) if seen else "it was not looked for",
        "addresses": [
            {"address": one.address, "found": one.found, "status": one.status, "reason": one.reason} for one in visits
        ],
    }
