# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of an order that no machine can do: opened when the order reaches them, closed and reopened by a person's word.

    open ── done (who, note) ──► done ── reopened ──► open;  opened again with other words: the new words stand
    its mail arrives: on which day, and to whom, stands beside it from then on

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task
from ansible_collections.inkan.tls.plugins.module_utils._core.times import render_time


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
    mailed_at: datetime | None = None
    mailed_to: tuple[str, ...] = ()

    @property
    def shown(self) -> Task:
        """With what its owner wants to know of the mail that it is about."""
        if self.mailed_at is None:
            return self.task
        to = f", to {', '.join(self.mailed_to)}" if self.mailed_to else ""
        return replace(self.task, what=f"{self.task.what}; its mail arrived on {render_time(self.mailed_at)}{to}")


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

    def mail(self, id_: str, at: datetime, to: tuple[str, ...]) -> None:
        known = self._stands.get(id_)
        if known is not None:
            self._stands[id_] = replace(known, mailed_at=at, mailed_to=to)

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
