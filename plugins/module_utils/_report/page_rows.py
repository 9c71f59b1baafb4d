# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the page: certificates by what they need, what waits for people, what changed, what lies ahead.

A thousand certificates stay readable: what is in order is folded by the month in which it ends.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from datetime import date
from itertools import groupby

from ansible_collections.inkan.tls.plugins.module_utils._report.charts import line, span_of
from ansible_collections.inkan.tls.plugins.module_utils._report.markup import Markup, join, tag
from ansible_collections.inkan.tls.plugins.module_utils._report.model import (
    LAST_DAYS,
    Change,
    Cliff,
    Group,
    Report,
    Row,
    Task,
    Waiting,
    all_cliffs,
    people_tasks,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.words import Words
from ansible_collections.inkan.tls.plugins.module_utils._report.words_errors import summary_of

#: over the column that tells what is the matter
_TOLD = {Group.ATTENTION: "wrong", Group.WAITING: "who", Group.DUE: "why", Group.IN_ORDER: "next"}
#: a moment, or a day
_MOMENT = re.compile(r"(?<![\w-])(\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?)(?![\w-])")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_NAMES = 4
_MOST_HOSTS = 5
_MOST_HIT = 12
_SHORT_SERIAL = 6
#: more rows of a group are folded by month, more tasks by who has them
MOST_ROWS = 60
_MOST_TASKS = 40
#: a fold that is open from the beginning, where what is in it is urgent
_MOST_OPEN = 100
_MOST_CHANGES = 40


def anchor(name: str) -> str:
    """The fragment of a certificate: its name where that can stand in a link as it is."""
    if _PLAIN.fullmatch(name):
        return f"c.{name}"
    return f"c.{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


class Table:
    """The table of one page: its words, its day, and how many days its lines stand for."""

    def __init__(self, report: Report, words: Words) -> None:
        self.report, self.words = report, words
        self.say = words.say
        self.span = span_of(report.rows)

    # -- certificates -------------------------------------------------------------------------------------------------

    def group(self, group: Group) -> Markup | None:
        rows = self.report.of(group)
        if not rows:
            return None
        body = self._rows(group, rows) if len(rows) <= MOST_ROWS else self._folds(group, rows)
        title = tag("h2", self.say(group.value), " ", tag("span", len(rows), class_="count"))
        return tag("section", title, body, id=group.value, class_=f"rows {group.value}")

    def _folds(self, group: Group, rows: t.Sequence[Row]) -> Markup:
        """By the month in which certificates end; rows come sorted by urgency, so they are sorted anew."""
        ordered = sorted(rows, key=lambda row: (_month(row), row.not_after or "", row.name))
        folds: list[Markup] = []
        for month, found in groupby(ordered, key=_month):
            own = list(found)
            known = month != _NEVER
            words = {"month": self.words.month(month)} if known else {}
            title = self.say("ending_in" if known else "ending_never", n=len(own), **words)
            is_open = group in (Group.ATTENTION, Group.WAITING) and not folds and len(own) <= _MOST_OPEN
            opened = {"open": ""} if is_open else {}
            folds.append(tag("details", tag("summary", title), self._rows(group, own), class_="fold", **opened))
        return join(*folds)

    def _rows(self, group: Group, rows: t.Sequence[Row]) -> Markup:
        keys = ("certificate", _TOLD[group], "validation", "hosts", "valid_until")
        titles = [self.say(key) for key in keys]
        return table(titles, [self._row(row, titles) for row in rows], "estate")

    def _row(self, row: Row, titles: t.Sequence[str]) -> Markup:
        cells = (self._told(row), self._validation(row), self._hosts(row), self._validity(row))
        name = tag("a", row.name, class_="name", href=f"#{anchor(row.name)}")
        first = tag("th", name, self._names(row.dns_names), scope="row", role="rowheader")
        data = [cell(title, one) for title, one in zip(titles[1:], cells)]
        return tag("tr", first, *data, role="row", id=anchor(row.name))

    def _names(self, names: t.Sequence[str]) -> Markup:
        shown = names if len(names) <= _MOST_NAMES else names[: _MOST_NAMES - 1]
        rest = names[len(shown) :]
        return join(
            *(tag("div", name, class_="names") for name in shown), more(self.say("more_names", n=len(rest)), rest)
        )

    def _told(self, row: Row) -> Markup:
        """Whoever has to act stands first; the sentences of the run say the rest, but not the same again."""
        if row.group is Group.IN_ORDER:
            renews = tag("div", self.say("renewal_from", day=row.renews_on)) if row.renews_on else None
            return join(renews, self._cancel(row), *self._sentences(row, soft=True))
        waiting = row.waiting
        if waiting is None:
            return join(*self._sentences(row), self._cancel(row))
        act = tag("div", self.who(waiting), ": ", self.ours(waiting.what))
        by = tag("div", *self._by(waiting.by), class_="soft") if waiting.by else None
        state = tag("div", self.words.state(row.state), class_="state") if row.state else None
        sentences = self._sentences(row, soft=row.group is Group.WAITING, but=waiting.what)
        if row.group is Group.ATTENTION:
            return join(*sentences, act, by, self._approval(row), self._cancel(row))
        return join(state, act, by, self._approval(row), *sentences, self._cancel(row))

    def _by(self, moment: str) -> t.Iterator[Markup]:
        before, _mark, after = self.say("by", time="\0").partition("\0")
        yield join(before, time_of(moment), after)

    def who(self, waiting: Waiting) -> Markup:
        owner = f" ({waiting.owner})" if waiting.owner else ""
        return tag("span", self.words.actor(waiting.actor), owner, class_="act")

    def _cancel(self, row: Row) -> Markup | None:
        return tag("div", self.say("cancel_by", day=row.cancel_by), class_="soft") if row.cancel_by else None

    def _sentences(self, row: Row, soft: bool = False, but: str | None = None) -> list[Markup]:
        """but: what was said already."""
        told = [sentence for sentence in row.sentences if but is None or but not in sentence]
        return [*self._summaries(row), *(self._sentence(sentence, "soft" if soft else None) for sentence in told)]

    def _summaries(self, row: Row) -> list[Markup]:
        """What went wrong in one line of Japanese: errors tell what exactly in English."""
        found = [summary_of(code) for code in row.codes] if self.words.language == "ja" else []
        return [tag("div", summary) for summary in dict.fromkeys(found) if summary]

    def _sentence(self, text: str, kind: str | None) -> Markup:
        """With a capital letter, and times that people read and no line breaks."""
        shown, language = self.words.told(text)
        return tag("div", *_with_times(_capital(shown)), class_=kind, lang=self._lang(language))

    def ours(self, text: str) -> Markup:
        """What is to be done, in this language where the collection has said it."""
        shown, language = self.words.told(text)
        lang = self._lang(language)
        return join(*_with_times(shown)) if lang is None else tag("span", *_with_times(shown), lang=lang)

    def _lang(self, language: str) -> str | None:
        return None if language == self.words.language else language

    def _approval(self, row: Row) -> Markup | None:
        if row.state != "awaiting_approval" or not row.mails:
            return None
        before, _mark, rest = self.say("choice", yes="\0", no="\1").partition("\0")
        middle, _mark, after = rest.partition("\1")
        return tag("div", before, japanese("承認する"), middle, japanese("承認しない"), after, class_="soft")

    def _validation(self, row: Row) -> Markup:
        if row.method is None:
            return join(tag("div", row.product) if row.product else None)
        key = f"method.{row.method}"
        sold = " · ".join(word for word in (row.product, row.ca_account) if word)
        return join(
            tag("div", self.say(key) if self.words.knows(key) else row.method),
            tag("div", row.contact, class_="soft") if row.contact else None,
            tag("div", self.say("ends", day=row.method_ends_on), class_="ends") if row.method_ends_on else None,
            tag("div", sold, class_="soft") if sold else None,
        )

    def _hosts(self, row: Row) -> Markup:
        if len(row.hosts) <= _MOST_HOSTS:
            return join(*(tag("div", host) for host in row.hosts))
        return join(more(self.say("n_hosts", n=len(row.hosts)), row.hosts))

    def _validity(self, row: Row) -> Markup:
        if row.not_after is None:
            return join(tag("div", self.say("none_yet"), class_="soft")) if row.hosts else join()
        left = row.days_left
        days = (
            tag("div", self._left(left), class_="urgent" if left <= LAST_DAYS else "soft") if left is not None else None
        )
        drawn = line(row, self.report.as_of, self.span) if self.report.as_of else None
        return join(
            tag("div", tag("time", row.not_after[:10], datetime=row.not_after)), days, drawn, self._serial(row.serial)
        )

    def _left(self, days: int) -> str:
        if days < 0:
            return self.say("ended", n=-days)
        return self.say("ends_today") if days == 0 else self.say("days_left", n=days)

    def _serial(self, serial: str | None) -> Markup | None:
        if serial is None or len(serial) <= _SHORT_SERIAL:
            return tag("div", self.say("serial", serial=serial), class_="soft") if serial else None
        return more(self.say("serial", serial=f"{serial[:_SHORT_SERIAL]}…"), [serial])

    # -- what waits for people ----------------------------------------------------------------------------------------

    def people(self) -> Markup:
        tasks = people_tasks(self.report)
        title = tag("h2", self.say("people"), " ", tag("span", len(tasks), class_="count"))
        if not tasks:
            body = tag("p", self.say("nobody"), class_="soft")
        elif len(tasks) <= _MOST_TASKS:
            body = self._tasks(tasks)
        else:
            body = join(*self._by_owner(tasks))
        return tag("section", title, body, id="people", class_="people")

    def _by_owner(self, tasks: t.Sequence[Task]) -> t.Iterator[Markup]:
        """Whoever has the first date stands first."""
        owned: dict[str, list[Task]] = {}
        for task in tasks:
            owned.setdefault(self.owner_of(task.waiting), []).append(task)
        for number, (who, own) in enumerate(owned.items()):
            first = own[0].waiting.by
            key = "group.people" if first else "group.people.none"
            summary = tag("summary", self.say(key, who=who, n=len(own), day=(first or "")[:10]))
            opened = {"open": ""} if number == 0 and len(own) <= _MOST_OPEN else {}
            yield tag("details", summary, self._tasks(own), class_="fold", **opened)

    def owner_of(self, waiting: Waiting) -> str:
        return waiting.owner or self.words.actor(waiting.actor)

    def _tasks(self, tasks: t.Sequence[Task]) -> Markup:
        titles = [self.say(key) for key in ("task.by", "task.who", "task.what", "certificate", "task.since")]
        return table(titles, [self._task(task, titles) for task in tasks], "tasks")

    def _task(self, task: Task, titles: t.Sequence[str]) -> Markup:
        row, waiting = task
        since = tag("time", row.since[:10], datetime=row.since) if row.since else None
        first = tag("th", *self._due(waiting.by), scope="row", role="rowheader")
        cells = (
            self._owner(waiting),
            self.ours(waiting.what),
            tag("a", row.name, href=f"#{anchor(row.name)}"),
            join(since),
        )
        return tag("tr", first, *(cell(title, join(one)) for title, one in zip(titles[1:], cells)), role="row")

    def _owner(self, waiting: Waiting) -> Markup:
        """Somebody who is named stands first."""
        actor = self.words.actor(waiting.actor)
        if not waiting.owner:
            return tag("span", actor, class_="act")
        return join(tag("div", waiting.owner, class_="act"), tag("div", actor, class_="soft"))

    def _due(self, by: str | None) -> t.Iterator[Markup]:
        if not by:
            yield tag("span", self.say("no_date"), class_="soft")
            return
        yield tag("time", by[:10], datetime=by, class_="name")
        days = days_between(self.report.as_of, by[:10])
        if days is not None:
            words = self.say("overdue") if days < 0 else self.say("today") if days == 0 else self.say("in_days", n=days)
            yield tag("div", words, class_="urgent" if days <= 2 else "soft")

    # -- what changed -------------------------------------------------------------------------------------------------

    def changed(self) -> Markup | None:
        changes = self.report.changes
        if changes is None:
            return None
        key = "changed.on" if changes.since != changes.day else "changed.on.same"
        head = tag("p", self.say(key, day=changes.day, since=changes.since), class_="soft")
        by_name = [(name, list(found)) for name, found in groupby(changes.found, key=lambda change: change.name)]
        items = [self._changed(name, found) for name, found in by_name]
        body = tag("ul", *items, class_="plain")
        if len(items) > _MOST_CHANGES:
            body = tag("details", tag("summary", self.say("n_changes", n=len(items))), body, class_="fold")
        return tag("section", tag("h2", self.say("changed")), head, body, id="changed", class_="changed")

    def _changed(self, name: str, changes: t.Iterable[Change]) -> Markup:
        known = any(row.name == name for row in self.report.rows) if len(self.report.rows) < 50 else True
        shown = tag("a", name, href=f"#{anchor(name)}", class_="name") if known else tag("span", name, class_="name")
        return tag("li", shown, " ", *(tag("span", self.change(change), class_="soft") for change in changes))

    def change(self, change: Change) -> str:
        return self.say(
            f"change.{change.kind}",
            before=self._side(change.kind, change.before),
            after=self._side(change.kind, change.after),
        )

    def _side(self, kind: str, word: str | None) -> str:
        if word is None:
            return self.say("none")
        if kind in ("group", "added"):
            return self.say(word) if self.words.knows(word) else word
        if kind == "state":
            return self.words.state(word)
        return word[:10] if kind == "certificate" else word

    # -- what lies ahead ----------------------------------------------------------------------------------------------

    def ahead(self) -> Markup | None:
        cliffs = all_cliffs(self.report.rows)
        if not cliffs:
            return None
        every = sum(1 for row in self.report.rows if row.cliffs)
        titles = [self.say(key) for key in ("ahead.from", "ahead.what", "ahead.do", "ahead.hit")]
        rows = [self._cliff(cliff, names, every, titles) for cliff, names in cliffs.items()]
        return tag("section", tag("h2", self.say("ahead")), table(titles, rows, "rules"), id="ahead", class_="ahead")

    def _cliff(self, cliff: Cliff, names: t.Sequence[str], every: int, titles: t.Sequence[str]) -> Markup:
        days = days_between(self.report.as_of, cliff.date)
        left = tag("div", self.say("in_days", n=days), class_="soft") if days is not None and days > 0 else None
        day = tag("time", cliff.date, datetime=cliff.date, class_="name")
        return tag(
            "tr",
            tag("th", day, left, scope="row", role="rowheader"),
            cell(titles[1], join(self.ours(cliff.what))),
            cell(titles[2], join(self.ours(cliff.do))),
            cell(titles[3], join(self._hit(names, every))),
            role="row",
        )

    def _hit(self, names: t.Sequence[str], every: int) -> str | Markup | None:
        if len(names) == every and every > 1:
            return self.say("all_of", n=every)
        if len(names) <= _MOST_HIT:
            return ", ".join(names)
        return more(self.say("some_of", n=len(names), all=every), names)


# -- pieces -----------------------------------------------------------------------------------------------------------

_NEVER = "9999-99"


def _month(row: Row) -> str:
    return row.not_after[:7] if row.not_after else _NEVER


def table(titles: t.Sequence[str], rows: t.Sequence[Markup], kind: str) -> Markup:
    """The roles say again what it is: shown as cards it would be no table for a screen reader."""
    heads = [
        tag("th", title, scope="col", role="columnheader", class_=f"c{number}")
        for number, title in enumerate(titles, 1)
    ]
    return tag(
        "table",
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        role="table",
        class_=kind,
    )


def cell(title: str, content: Markup) -> Markup:
    return tag("td", content, data_label=title, role="cell", class_=None if content else "none")


def more(summary: str, items: t.Sequence[str]) -> Markup | None:
    if not items:
        return None
    return tag("details", tag("summary", summary), *(tag("div", item, class_="names") for item in items))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_times(text: str) -> t.Iterator[str]:
    return (time_of(part) if _MOMENT.fullmatch(part) else part for part in _MOMENT.split(text))


def time_of(text: str) -> Markup:
    return tag("time", f"{text[:10]} {text[11:16]} UTC" if "T" in text else text, datetime=text)


def japanese(text: str) -> Markup:
    return tag("span", text, lang="ja")


def days_between(since: str | None, until: str) -> int | None:
    try:
        return (date.fromisoformat(until) - date.fromisoformat(since or "")).days
    except ValueError:
        return None
