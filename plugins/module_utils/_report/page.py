# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for people: ``report.html``, one page that stands alone: nothing in it comes from elsewhere.

What needs attention comes first, then who has to act, then when what ends, what changed, the work and the rules ahead,
then every certificate. All of it is there without a script; the one in it filters the rows while somebody types.
The browser is told to run nothing but that script and to load nothing (Content-Security-Policy, by hash).

This file is private to the collection.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.charts import (
    Column,
    cliff_days,
    endings,
    endings_chart,
    work,
    work_chart,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.markup import Markup, join, tag
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Group, Load, Report, Share, people_tasks
from ansible_collections.inkan.tls.plugins.module_utils._report.page_rows import Table, cell, table
from ansible_collections.inkan.tls.plugins.module_utils._report.script import SCRIPT
from ansible_collections.inkan.tls.plugins.module_utils._report.style import STYLE
from ansible_collections.inkan.tls.plugins.module_utils._report.words import Words

#: below that many a page needs no filter
_FEW = 8


class Links(t.NamedTuple):
    """What lies beside the page: the page in the other language, and the other forms; file names."""

    language: str | None = None
    forms: tuple[str, ...] = ()


_ALONE = Links()


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_POLICY = (
    f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; base-uri 'none'; form-action 'none'"
)


def report_page(report: Report, language: str = "en", links: Links = _ALONE) -> str:
    words = Words(language)
    rows, find = Table(report, words), _find(report, words)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{words.say('title')}, {report.as_of or words.say('no_day')}"),
        Markup(f"<style>{STYLE}</style>"),
    )
    main = tag(
        "main",
        rows.group(Group.ATTENTION),
        rows.people() if report.rows else None,
        _timeline(report, words),
        rows.changed(),
        _load(report, words),
        rows.ahead(),
        find,
        *(rows.group(group) for group in Group if group is not Group.ATTENTION),
        id="content",
        tabindex="-1",
    )
    skip = tag("a", words.say("skip"), href="#content", class_="skip")
    body = tag(
        "body",
        skip,
        _header(report, words, links),
        main,
        _footer(words, links),
        Markup(f"<script>{SCRIPT}</script>") if find is not None else None,
    )
    return f'<!DOCTYPE html>\n<html lang="{language}">{head}{body}</html>\n'


def _header(report: Report, words: Words, links: Links) -> Markup:
    about = words.say("number", n=len(report.rows))
    if report.names is not None:
        about += f", {words.say('only', names=', '.join(report.names))}"
    if report.as_of:
        about = f"{words.say('as_of', day=report.as_of)} · {about}"
    other = "en" if words.language == "ja" else "ja"
    switch = (
        tag("a", words.say("language"), href=links.language, lang=other, hreflang=other) if links.language else None
    )
    calm = None if report.of(Group.ATTENTION) else tag("p", words.say("calm"), class_="calm")
    return tag(
        "header",
        tag("div", tag("h1", words.say("title")), switch, class_="top"),
        tag("p", about),
        tag("ul", *(_tile(report, group, words) for group in Group), class_="tiles"),
        calm,
        _undelivered(report, words),
        _contents(report, words),
    )


def _undelivered(report: Report, words: Words) -> Markup | None:
    """Who was not told of what is here has to look."""
    if not report.undelivered:
        return None
    items = tag("ul", *(tag("li", one) for one in report.undelivered), class_="plain")
    return tag("div", tag("p", words.say("undelivered")), items, class_="undelivered", role="note")


def _tile(report: Report, group: Group, words: Words) -> Markup:
    count = len(report.of(group))
    inner = join(tag("b", count), words.say(group.value))
    return tag("li", tag("a", inner, href=f"#{group.value}") if count else tag("span", inner), class_=group.value)


def _contents(report: Report, words: Words) -> Markup | None:
    """The way to what the tiles do not lead to."""
    there = {
        "people": bool(report.rows),
        "timeline": bool(_has_endings(report)),
        "changed": report.changes is not None,
        "load": _has_load(report),
        "ahead": any(row.cliffs for row in report.rows),
    }
    number = len(people_tasks(report))
    links = [
        tag("li", tag("a", words.say(key), f" ({number})" if key == "people" else None, href=f"#{key}"))
        for key, is_there in there.items()
        if is_there
    ]
    return tag("nav", tag("ul", *links), aria_label=words.say("sections")) if links else None


def _has_endings(report: Report) -> bool:
    return any(column.total for column in endings(report))


def _has_load(report: Report) -> bool:
    return report.load is not None and any(month.orders for month in report.load.months)


# -- charts -----------------------------------------------------------------------------------------------------------


def _timeline(report: Report, words: Words) -> Markup | None:
    if not _has_endings(report):
        return None
    columns = endings(report)
    kinds = [group.value for group in Group]
    legend = _legend([(kind, words.say(kind)) for kind in kinds] + [("cliff", words.say("cliffs_in"))])
    titles = [words.say("month"), *(words.say(kind) for kind in kinds), words.say("total"), words.say("cliffs_in")]
    days, rows = cliff_days(report), []
    for column in columns:
        dates = [day for day in days if day[:7] == column.month]
        if column.total or dates:
            rows.append(_numbers(column, kinds, words, titles, ", ".join(dates)))
    return _figure("timeline", words, endings_chart(report, words), legend, table(titles, rows, "numbers"))


def _load(report: Report, words: Words) -> Markup | None:
    load = report.load
    if load is None or not _has_load(report):
        return None
    kinds = ["machine", "approvals", "without_method"]
    shown = [kind for kind in kinds if kind == "machine" or any(getattr(month, kind) for month in load.months)]
    legend = _legend([(kind, words.say(f"load.{kind}")) for kind in shown] + [("cliff", words.say("cliffs_in"))])
    titles = [words.say("month"), *(words.say(f"load.{kind}") for kind in kinds), words.say("load.orders")]
    rows = [_numbers(column, kinds, words, titles) for column in work(load)]
    told = [tag("p", sentence, class_="soft") for sentence in load_sentences(load, words)]
    return _figure("load", words, work_chart(report, load, words), legend, table(titles, rows, "numbers"), *told)


def load_sentences(load: Load, words: Words) -> list[str]:
    """What the numbers rest on, and what moving off mail would save."""

    def told(key: str, share: Share) -> str:
        names = ", ".join(share.names[:5]) + (" …" if share.certificates > len(share.names[:5]) else "")
        numbers = {"n": share.certificates, "approvals": share.approvals, "lost": share.without_method}
        return words.say(key, names=names, methods=", ".join(load.methods), **numbers)

    found = [told("load.movable", load.movable)] if load.movable.certificates else []
    found += [told("load.stuck", load.stuck)] if load.stuck.certificates else []
    return [*(found or [words.say("load.free")]), words.say("load.basis")]


def _figure(key: str, words: Words, chart: Markup, legend: Markup, numbers: Markup, *more: Markup) -> Markup:
    title = words.say(key)
    # what is too wide for a narrow screen is scrolled, also by keyboard
    scrolled = tag("div", chart, class_="scroll", tabindex="0", role="region", aria_label=title)
    data = tag("details", tag("summary", words.say("as_table")), numbers, class_="fold")
    return tag("section", tag("h2", title), tag("div", legend, scrolled, class_="figure"), *more, data, id=key)


def _legend(kinds: t.Sequence[tuple[str, str]]) -> Markup:
    return tag("ul", *(tag("li", tag("i", class_=f"f-{kind}"), text) for kind, text in kinds), class_="legend")


def _numbers(column: Column, kinds: t.Sequence[str], words: Words, titles: t.Sequence[str], *more: str) -> Markup:
    parts = dict(column.parts)
    month = words.month(column.month) if column.month[:1].isdigit() else words.say(column.month)
    cells = [*(str(parts.get(kind) or "·") for kind in kinds), str(column.total), *more]
    data = (cell(title, join(one)) for title, one in zip(titles[1:], cells))
    return tag("tr", tag("th", month, scope="row", role="rowheader"), *data, role="row")


# -- the rest ---------------------------------------------------------------------------------------------------------


def _find(report: Report, words: Words) -> Markup | None:
    """The script shows it: without one it could do nothing."""
    if len(report.rows) < _FEW:
        return None
    return tag(
        "div",
        tag("label", words.say("find"), for_="find"),
        tag("input", type="search", id="find", autocomplete="off", spellcheck="false"),
        tag("output", for_="find", data_told=words.say("found", n="#", all="##")),
        role="search",
        class_="find",
        hidden="",
    )


def _footer(words: Words, links: Links) -> Markup:
    forms: list[str | Markup] = []
    for name in links.forms:
        forms += [" ", tag("a", name, href=name)]
    same = join(words.say("footer.same"), *forms, " · ") if forms else None
    return tag("footer", same, words.say("footer.times"))
