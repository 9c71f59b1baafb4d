# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of an order that no machine can do: opened when the order reaches them, closed and reopened by a person's word.

    open ── done (who, note) ──► done ── reopened ──► open;  opened again with other words: the new words stand

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task


@dataclass(frozen=True)
class TaskStand:
    """How one of them stands. at, by, note: of the person's newest word about it; None and "" until there is one."""

    id: str
    task: Task
    opened_at: datetime
    is_done: bool = False
    at: datetime | None = None
    by: str = ""
    note: str = ""


class TaskLog:
    """Built from facts, oldest first. A word about a task that was never opened is passed over."""

    def __init__(self) -> None:
        self._stands: dict[str, TaskStand] = {}

    def open(self, id_: str, task: Task, at: datetime) -> None:
        known = self._stands.get(id_)
        self._stands[id_] = replace(known, task=task) if known is not None else TaskStand(id_, task, at)

    def close(self, id_: str, at: datetime, by: str, note: str) -> None:
        self._say(id_, True, at, by, note)

    def reopen(self, id_: str, at: datetime, by: str, note: str) -> None:
        self._say(id_, False, at, by, note)

    def _say(self, id_: str, is_done: bool, at: datetime, by: str, note: str) -> None:
        known = self._stands.get(id_)
        if known is not None:
            self._stands[id_] = replace(known, is_done=is_done, at=at, by=by, note=note)

    def stands(self) -> dict[str, TaskStand]:
        return dict(self._stands)


def ids_meant(word: str, stands: t.Mapping[str, TaskStand]) -> list[str]:
    """The tasks that a person means: one by its id, or all of a kind."""
    if word in stands:
        return [word]
    return [id_ for id_, stand in stands.items() if stand.task.kind == word]
