# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The batch contract: what every plural module returns.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError


@dataclass
class ItemResult:
    """One item of RV(results): 1:1 with the input, in its order.

    Never holds the words failed, skipped, unreachable: ansible-core reads them in RV(results).
    """

    name: str
    outcome: str
    state: str | None = None
    changed: bool = False
    error: InkanError | None = None
    extra: dict[str, t.Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, t.Any]:
        return {
            "name": self.name,
            "changed": self.changed,
            "outcome": self.outcome,
            "state": self.state,
            "error": self.error.as_data() if self.error else None,
            **self.extra,
        }


@dataclass(frozen=True)
class Diff:
    """One entry of the top-level diff list; ``before`` and ``after`` are text, one fact a line."""

    header: str
    before: str
    after: str

    def as_data(self) -> dict[str, str]:
        return {
            "before_header": self.header,
            "after_header": self.header,
            "before": self.before,
            "after": self.after,
        }


@dataclass
class Result:
    """What a module's ``run`` returns; ``extra`` holds further top-level return keys (plain types)."""

    items: list[ItemResult]
    diff: list[Diff] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extra: dict[str, t.Any] = field(default_factory=dict)
    #: something changed that is no item's
    prepared: bool = False

    @property
    def changed(self) -> bool:
        return self.prepared or any(item.changed for item in self.items)

    @property
    def errors(self) -> list[ItemResult]:
        return [item for item in self.items if item.error is not None]
