# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""``tasks`` of a plan, read where certificate_orders takes them: bounded texts, known kinds, times with a zone.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._data.person_papers import PAPERS
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import STEPS

KEYS = ("kind", "what", "owner", "mail", "escalate_to", "where", "by", "lapses", "card", "papers", "facts")
_LONGEST = 2000
_MOST = 50
_PAPERS = frozenset(paper.key for paper in PAPERS)


def read_tasks(given: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[tuple[Task, ...], list[str]]:
    """With a sentence for everything that cannot be used."""
    wrong: list[str] = []
    found: dict[str, Task] = {}
    for one in given[:_MOST]:
        task = _task(one, wrong)
        if task is not None and task.kind in found:
            wrong.append(f"two tasks of the kind {task.kind}")
        elif task is not None:
            found[task.kind] = task
    if len(given) > _MOST:
        wrong.append(f"{len(given)} tasks, {_MOST} are possible")
    return tuple(found.values()), wrong


def _task(one: t.Mapping[str, t.Any], wrong: list[str]) -> Task | None:
    strange = sorted(str(key)[:40] for key in one if key not in KEYS)
    if strange:
        wrong.append(f"there is no key {', '.join(strange)}")
        return None
    kind = one.get("kind")
    if kind not in STEPS or STEPS[kind].derived:
        wrong.append(f"{escaped(str(kind), 40)!r} is no kind of a task")
        return None
    return Task(
        actor="customer",
        what=_text(one, "what") or STEPS[kind].title,
        owner=_text(one, "owner"),
        where=_text(one, "where"),
        due=_time(one, "by", wrong),
        facts=_words(one.get("facts")),
        kind=kind,
        mail=_text(one, "mail"),
        escalate_to=_text(one, "escalate_to"),
        lapses=_time(one, "lapses", wrong),
        card=_card(one.get("card")),
        papers=tuple(key for key in _words(one.get("papers")) if key in _PAPERS),
    )


def _text(one: t.Mapping[str, t.Any], key: str) -> str:
    return escaped(" ".join(str(one.get(key) or "").split()), _LONGEST)


def _time(one: t.Mapping[str, t.Any], key: str, wrong: list[str]) -> datetime | None:
    value = one.get(key)
    if not value:
        return None
    try:
        return parse_time(str(value))
    except ValueError as reason:
        wrong.append(f"{key}: {reason}")
        return None


def _words(value: t.Any) -> tuple[str, ...]:
    return tuple(escaped(str(one), 200) for one in value[:_MOST]) if isinstance(value, (list, tuple)) else ()


def _card(value: t.Any) -> tuple[tuple[str, str], ...]:
    pairs = list(value.items())[:_MOST] if isinstance(value, dict) else []
    return tuple((escaped(str(key), 40), escaped(" ".join(str(text).split()), _LONGEST)) for key, text in pairs if text)
