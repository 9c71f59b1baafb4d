# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a record may have got to that is not where it should be: at a name with the zone twice, or as another type.

Asked of one authoritative server only, when the time to wait is up.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._core.finding import Finding
from ansible_collections.inkan.tls.plugins.module_utils._core.names import owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Question
from ansible_collections.inkan.tls.plugins.module_utils._dns.resolver import Resolver
from ansible_collections.inkan.tls.plugins.module_utils._dns.visibility import Sighting, Wish
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import Executor

_OTHER_TYPES = {"TXT": "CNAME", "CNAME": "TXT", "CAA": "TXT"}


def add_hints(seen: t.Mapping[Wish, Sighting], resolver: Resolver, executor: Executor) -> dict[Wish, Sighting]:
    lost = [wish for wish, sighting in seen.items() if any(one.word == "record_missing" for one in sighting.findings)]
    hints = dict(zip(lost, executor.map(lambda wish: _hint(wish, seen[wish], resolver), lost)))
    return {wish: sighting.with_findings(hints.get(wish, ())) for wish, sighting in seen.items()}


def _hint(wish: Wish, sighting: Sighting, resolver: Resolver) -> list[Finding]:
    row = next(one for one in sighting.rows if one.word == "record_missing")
    place = f"{row.server} ({row.address})"
    try:
        zone = resolver.zone_of(row.record).name
        twice = f"{row.record}.{zone}"
        if not owner_name_error(twice) and wish.value in _values(Question(twice, wish.type), row.address, resolver):
            return [Finding("record_doubled_name", wish.shown, place, f"has it at {twice}")]
        other = _OTHER_TYPES[wish.type]
        values = _values(Question(row.record, other), row.address, resolver)
        if wish.value.rstrip(".").lower() in {value.rstrip(".").lower() for value in values}:
            return [Finding("record_other_type", wish.shown, place, f"has it as {other}")]
    except InkanError:
        return []
    return []


def _values(question: Question, address: str, resolver: Resolver) -> frozenset[str]:
    told = resolver.ask(question, address)
    return told.found.values if told.found is not None else frozenset()
