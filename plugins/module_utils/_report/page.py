# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for people: ``report.html``, one page that stands alone. No script, nothing from elsewhere.

What needs attention comes first, then who has to act, then the rest. The changes of the rules that lie ahead are told
once for all certificates that they hit.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.markup import Markup, join, tag
from ansible_collections.inkan.tls.plugins.module_utils._report.rows import (
    LAST_DAYS,
    Cliff,
    Group,
    Report,
    Row,
    all_cliffs,
)
from ansible_collections.inkan.tls.plugins.module_utils._report.style import STYLE


class _Words(t.NamedTuple):
    title: str
    told: str  # over the column that tells what is the matter


_GROUPS = {
    Group.ATTENTION: _Words("Needs attention", "What is wrong"),
    Group.WAITING: _Words("Waiting", "Who has to act"),
    Group.DUE: _Words("Due", "Why"),
    Group.IN_ORDER: _Words("In order", "Next"),
}
_ACTORS = {"customer": "You", "person": "A person", "seller": "The seller", "ca": "The CA", "us": "The next run"}
#: As the sellers' pages have them.
_METHODS = {"email": ("mail", "メール認証"), "file": ("file", "ファイル認証"), "dns": ("DNS record", None)}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)")
_MOST_NAMES = 4
_MOST_HOSTS = 5
_MOST_HIT = 12
_SHORT_SERIAL = 6


def report_page(report: Report) -> str:
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"Certificates, {report.as_of or 'no day'}"),
        Markup(f"<style>{STYLE}</style>"),
    )
    sections = [_section(report, group) for group in Group if report.of(group)]
    body = tag("body", _header(report), tag("main", *sections, _ahead(report)), _footer())
    return f'<!DOCTYPE html>\n<html lang="en">{head}{body}</html>\n'


def _header(report: Report) -> Markup:
    count = len(report.rows)
    about = f"{count} certificate{'' if count == 1 else 's'}"
    if report.names is not None:
        about += f", only {', '.join(report.names)}"
    as_of = f"As of {report.as_of}. {about}." if report.as_of else f"{about}."
    calm = None if report.of(Group.ATTENTION) else tag("p", "Nothing needs attention.", class_="calm")
    return tag(
        "header",
        tag("h1", "Certificates", _japanese("証明書")),
        tag("p", as_of),
        tag("nav", tag("ul", *(_tile(report, group) for group in Group)), aria_label="Groups"),
        calm,
    )


def _tile(report: Report, group: Group) -> Markup:
    count = len(report.of(group))
    words = join(tag("b", count), _GROUPS[group].title)
    inner = tag("a", words, href=f"#{group.value}") if count else tag("span", words)
    return tag("li", inner, class_=group.value)


def _section(report: Report, group: Group) -> Markup:
    words = _GROUPS[group]
    titles = (
        ("Certificate", None),
        (words.told, None),
        ("Validation", None),
        ("Hosts", None),
        ("Valid until", "有効期限"),
    )
    heads = [_head(number, *title) for number, title in enumerate(titles, 1)]
    rows = [_row(row, [title for title, _japanese_title in titles]) for row in report.of(group)]
    return tag("section", tag("h2", words.title), _table(heads, rows), id=group.value, class_=group.value)


def _head(number: int, title: str, japanese: str | None = None) -> Markup:
    words = join(title, _japanese(japanese) if japanese else None)
    return tag("th", words, scope="col", role="columnheader", class_=f"c{number}")


def _table(heads: t.Sequence[Markup], rows: t.Sequence[Markup]) -> Markup:
    """The roles say again what it is: shown as cards it would be no table for a screen reader."""
    return tag(
        "table",
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        role="table",
    )


def _row(row: Row, titles: t.Sequence[str]) -> Markup:
    cells = (_told(row), _validation(row), _hosts(row), _validity(row))
    first = tag("th", tag("span", row.name, class_="name"), _names(row.dns_names), scope="row", role="rowheader")
    return tag("tr", first, *(_cell(title, cell) for title, cell in zip(titles[1:], cells)), role="row")


def _cell(title: str, content: Markup) -> Markup:
    return tag("td", content, data_label=title, role="cell", class_=None if content else "none")


def _names(names: t.Sequence[str]) -> Markup:
    shown = names if len(names) <= _MOST_NAMES else names[: _MOST_NAMES - 1]
    more = names[len(shown) :]
    return join(*(tag("div", name, class_="names") for name in shown), _more(f"and {len(more)} more names", more))


def _more(summary: str, items: t.Sequence[str]) -> Markup | None:
    if not items:
        return None
    return tag("details", tag("summary", summary), *(tag("div", item, class_="names") for item in items))


# -- the cells --------------------------------------------------------------------------------------------------------


def _told(row: Row) -> Markup:
    """Whoever has to act stands first; the sentences of the run say the rest, but not the same again."""
    if row.group is Group.IN_ORDER:
        renews = tag("div", f"Renewal from {row.renews_on}") if row.renews_on else None
        return join(renews, *_sentences(row, soft=True))
    waiting = row.waiting
    if waiting is None:
        return join(*_sentences(row))
    by = tag("div", "by ", _moment(waiting.by), class_="soft") if waiting.by else None
    who = tag("span", _ACTORS.get(waiting.actor, "The CA"), class_="act")
    act = tag("div", who, f" ({waiting.owner})" if waiting.owner else None, ": ", waiting.what)
    sentences = _sentences(row, soft=row.group is Group.WAITING, but=waiting.what)
    if row.group is Group.ATTENTION:
        return join(*sentences, act, by, _approval(row))
    return join(act, by, _approval(row), *sentences)


def _sentences(row: Row, soft: bool = False, but: str | None = None) -> list[Markup]:
    """but: what was said already."""
    told = [sentence for sentence in row.sentences if but is None or but not in sentence]
    return [tag("div", _sentence(sentence), class_="soft" if soft else None) for sentence in told]


def _sentence(text: str) -> Markup:
    """With a capital letter, and times that people read and no line breaks."""
    parts = _MOMENT.split(text[:1].upper() + text[1:])
    return join(*(_moment(part) if _MOMENT.fullmatch(part) else part for part in parts))


def _moment(text: str) -> Markup:
    return tag("time", _minute(text), datetime=text)


def _approval(row: Row) -> Markup | None:
    if row.state != "awaiting_approval" or not row.mails:
        return None
    choice = join("On the page of the mail, ", _japanese("承認する"), " approves; ", _japanese("承認しない"))
    return tag("div", choice, ", where it is offered, refuses (CPI-4).", class_="soft")


def _validation(row: Row) -> Markup:
    if row.method is None:
        return join(tag("div", row.product) if row.product else None)
    english, japanese = _METHODS.get(row.method, (row.method, None))
    sold = " · ".join(word for word in (row.product, row.ca_account) if word)
    return join(
        tag("div", english, join(" ", _japanese(japanese)) if japanese else None),
        tag("div", row.contact, class_="soft") if row.contact else None,
        tag("div", f"ends {row.method_ends_on}", class_="ends") if row.method_ends_on else None,
        tag("div", sold, class_="soft") if sold else None,
    )


def _hosts(row: Row) -> Markup:
    if len(row.hosts) <= _MOST_HOSTS:
        return join(*(tag("div", host) for host in row.hosts))
    return join(_more(f"{len(row.hosts)} hosts", row.hosts))


def _validity(row: Row) -> Markup:
    if row.not_after is None:
        return join(tag("div", "none yet", class_="soft")) if row.hosts else join()
    left = tag("div", _left(row.days_left), class_=_left_class(row.days_left)) if row.days_left is not None else None
    return join(tag("div", tag("time", row.not_after[:10], datetime=row.not_after)), left, _serial(row.serial))


def _serial(serial: str | None) -> Markup | None:
    if serial is None or len(serial) <= _SHORT_SERIAL:
        return tag("div", f"serial {serial}", class_="soft") if serial else None
    return _more(f"serial {serial[:_SHORT_SERIAL]}…", [serial])


def _left(days: int) -> str:
    if days < 0:
        return f"ended {-days} day{'' if days == -1 else 's'} ago"
    return "ends today" if days == 0 else f"{days} day{'' if days == 1 else 's'} left"


def _left_class(days: int) -> str:
    return "urgent" if days <= LAST_DAYS else "soft"


def _minute(moment: str) -> str:
    """``2026-11-20 00:00 UTC`` of ``2026-11-20T00:00:00Z``."""
    return f"{moment[:10]} {moment[11:16]} UTC"


# -- what lies ahead --------------------------------------------------------------------------------------------------


def _ahead(report: Report) -> Markup | None:
    cliffs = all_cliffs(report.rows)
    if not cliffs:
        return None
    every = sum(1 for row in report.rows if row.cliffs)
    titles = ("From", "What changes", "What to do", "Certificates")
    heads = [_head(number, title) for number, title in enumerate(titles, 1)]
    rows = [_cliff_row(cliff, names, every, titles) for cliff, names in cliffs.items()]
    return tag("section", tag("h2", "Changes of the rules ahead"), _table(heads, rows), id="ahead", class_="ahead")


def _cliff_row(cliff: Cliff, names: t.Sequence[str], every: int, titles: t.Sequence[str]) -> Markup:
    hit = join(_hit(names, every))
    return tag(
        "tr",
        tag("th", tag("time", cliff.date, datetime=cliff.date, class_="name"), scope="row", role="rowheader"),
        _cell(titles[1], join(cliff.what)),
        _cell(titles[2], join(cliff.do)),
        _cell(titles[3], hit),
        role="row",
    )


def _hit(names: t.Sequence[str], every: int) -> str | Markup | None:
    if len(names) == every and every > 1:
        return f"all {every}"
    if len(names) <= _MOST_HIT:
        return ", ".join(names)
    return _more(f"{len(names)} of {every}", names)


def _footer() -> Markup:
    data = tag("a", "report.json", href="report.json")
    return tag("footer", "The same for programs: ", data, ". Times are UTC. Written by inkan.tls.")


def _japanese(text: str) -> Markup:
    return tag("span", text, lang="ja")
