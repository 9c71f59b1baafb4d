# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as Markdown, for a wiki, a ticket or a chat: ``report.md``. It is also what a diff shows.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._report.model import (
    Group,
    Load,
    Report,
    Row,
    Waiting,
    all_cliffs,
    people_tasks,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.page import load_sentences
from ansible_collections.inkan.tls.plugins.module_utils._report.page_rows import Table
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_markdown import plain, rows_of
from ansible_collections.inkan.tls.plugins.module_utils._report.words import Words

_MOST_NAMES = 8


def report_markdown(report: Report, language: str = "en") -> str:
    return "\n\n".join(_parts(report, Words(language))) + "\n"


def _parts(report: Report, words: Words) -> t.Iterator[str]:
    say = words.say
    yield f"# {say('title')}"
    yield _text(f"{say('as_of', day=report.as_of or say('no_day'))}: {say('number', n=len(report.rows))}")
    yield "\n".join(f"- {say(group.value)}: {len(report.of(group))}" for group in Group)
    if report.undelivered:
        yield _text(say("undelivered"))
        yield "\n".join(f"- {_text(one)}" for one in report.undelivered)
    yield f"## {say('people')}"
    yield _people(report, words)
    yield from _changes(report, words)
    for group in Group:
        if report.of(group):
            yield f"## {say(group.value)}"
            yield _rows(report.of(group), words)
    yield from _ahead(report, words)
    yield from _load(report.load, words) if report.load else ()


def _people(report: Report, words: Words) -> str:
    tasks = people_tasks(report)
    if not tasks:
        return words.say("nobody")
    heads = [words.say(key) for key in ("task.by", "task.who", "task.what", "certificate")]
    lines = [
        (
            _day(task.waiting.by) or words.say("no_date"),
            _who(task.waiting, words),
            _ours(task.waiting.what, words),
            task.row.name,
        )
        for task in tasks
    ]
    return _table(heads, lines)


def _changes(report: Report, words: Words) -> t.Iterator[str]:
    if report.changes is None:
        return
    day, since, found = report.changes
    yield f"## {words.say('changed')}"
    yield _text(words.say("changed.on" if day != since else "changed.on.same", day=day, since=since))
    told = Table(report, words)
    yield "\n".join(f"- **{_text(change.name)}** {_text(told.change(change))}" for change in found)


def _rows(rows: t.Sequence[Row], words: Words) -> str:
    heads = [words.say(key) for key in ("certificate", "valid_until", "who", "validation", "hosts")]
    return _table(heads, [_row(row, words) for row in rows])


def _row(row: Row, words: Words) -> tuple[str, ...]:
    names = ", ".join(row.dns_names[:_MOST_NAMES]) + (" …" if len(row.dns_names) > _MOST_NAMES else "")
    told = [_ours(sentence, words) for sentence in row.sentences]
    if row.waiting:
        told = [f"{_who(row.waiting, words)}: {_ours(row.waiting.what, words)}", *told]
    elif row.renews_on and row.group is Group.IN_ORDER:
        told = [words.say("renewal_from", day=row.renews_on), *told]
    method = words.say(f"method.{row.method}") if words.knows(f"method.{row.method}") else row.method or ""
    hosts = ", ".join(row.hosts[:_MOST_NAMES]) + (" …" if len(row.hosts) > _MOST_NAMES else "")
    return f"{row.name} ({names})", _day(row.not_after) or words.say("none_yet"), _sentences(told), method, hosts


def _sentences(told: t.Sequence[str]) -> str:
    ends = (".", "。")
    return "".join(f"{text} " if text.endswith(ends) else f"{text}; " for text in told).rstrip(" ;")


def _ahead(report: Report, words: Words) -> t.Iterator[str]:
    cliffs = all_cliffs(report.rows)
    if not cliffs:
        return
    yield f"## {words.say('ahead')}"
    heads = [words.say(key) for key in ("ahead.from", "ahead.what", "ahead.do", "ahead.hit")]
    lines = [
        (cliff.date, _ours(cliff.what, words), _ours(cliff.do, words), str(len(names)))
        for cliff, names in cliffs.items()
    ]
    yield _table(heads, lines)


def _load(load: Load, words: Words) -> t.Iterator[str]:
    if not any(month.orders for month in load.months):
        return
    yield f"## {words.say('load')}"
    heads = [words.say(key) for key in ("month", "load.orders", "load.approvals", "load.without_method")]
    lines = [(words.month(one.month), *(str(number) for number in one[1:])) for one in load.months]
    yield rows_of(heads, lines, "---:")
    yield from (_text(sentence) for sentence in load_sentences(load, words))


# -- pieces -----------------------------------------------------------------------------------------------------------


def _who(waiting: Waiting, words: Words) -> str:
    return words.actor(waiting.actor) + (f" ({waiting.owner})" if waiting.owner else "")


def _ours(text: str, words: Words) -> str:
    return words.told(text)[0]


def _day(moment: str | None) -> str:
    return moment[:10] if moment else ""


def _text(text: str) -> str:
    return plain(escaped(text))


def _table(heads: t.Sequence[str], lines: t.Sequence[t.Sequence[str]]) -> str:
    return rows_of(heads, [[escaped(cell) for cell in line] for line in lines])
