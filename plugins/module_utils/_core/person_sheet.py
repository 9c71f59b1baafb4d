# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person has to have at hand, as data and as Markdown in English and Japanese: the card for a call, the papers.

Pure; what it is given is a task as certificate_orders tells it (``results[].tasks``).

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import date

from ansible_collections.inkan.tls.plugins.module_utils._data.person_papers import PAPERS
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import CALLS, STEPS

__all__ = ["LANGUAGES", "months_before", "papers_data", "task_markdown"]

LANGUAGES = ("en", "ja")
_PAPERS = {paper.key: paper for paper in PAPERS}
#: labels of a card, in its order; absent ones are left out
_CARD: tuple[tuple[str, str, str], ...] = (
    ("number", "Number", "電話番号"),
    ("number_from", "Where the number comes from", "電話番号の出典"),
    ("organization", "Organization", "申請組織名"),
    ("CN", "CN", "コモンネーム (CN)"),
    ("O", "O", "組織名 (O)"),
    ("L", "L", "市区町村名 (L)"),
    ("ST", "ST", "都道府県名 (ST)"),
    ("C", "C", "国名 (C)"),
    ("responsible", "Person responsible (申請責任者)", "申請責任者"),
    ("absences", "Absent", "不在の日"),
    ("languages", "Languages", "対応できる言語"),
    ("asks", "Asked about", "確認される内容"),
)
_HEAD: tuple[tuple[str, str, str], ...] = (
    ("owner", "Owner", "担当"),
    ("mail", "Mail", "メール"),
    ("by", "Due", "期限"),
    ("lapses", "The live certificate ends", "現在の証明書の有効期限"),
    ("where", "Ask", "問い合わせ先"),
)
_AWAY = (
    "If the person responsible is away: brief whoever answers the phone, and ask for a call back or for another time.",
    "申請責任者が不在の場合は、電話に出る方へ事前に伝え、折り返しまたは再度の電話を依頼する。",
)
_KEEP = (
    "Papers go to whom they are for; none of them is kept here.",
    "書類は提出先へ直接提出する。ここには保存されない。",
)
_FORMS = {"copy": ("copy", "コピー"), "original": ("original", "原本")}
_YEARS = {
    "first": ("first year", "1年目"),
    "later": ("from the second year on", "2年目以降"),
    "": ("every year", "毎年"),
}


def papers_data(keys: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """The list by year, with what makes a paper too old; of papers with one ``one_of`` any one does."""
    found = []
    for paper in (_PAPERS[key] for key in keys if key in _PAPERS):
        found.append(
            {
                "key": paper.key,
                "what": paper.what,
                "what_ja": paper.what_ja,
                "form": paper.form,
                "year": paper.year or None,
                "one_of": paper.group or None,
                "max_age_months": paper.months,
                "must_be_valid": paper.valid,
                "newest": paper.newest,
                "to": paper.to or None,
                "facts": list(paper.facts),
            }
        )
    return found


def months_before(day: date, months: int) -> date:
    """The oldest day that is not more than so many months before: on the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return _last_possible(year, month + 1, day.day)


def _last_possible(year: int, month: int, day: int) -> date:
    for last in range(day, 27, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    return date(year, month, min(day, 28))


def task_markdown(task: t.Mapping[str, t.Any], language: str = "en", day: date | None = None) -> str:
    """day: when the papers are handed in; with it the age limits are days, not months."""
    place = LANGUAGES.index(language)
    rule = STEPS.get(str(task.get("kind")))
    title = (rule.title, rule.title_ja)[place] if rule is not None else str(task.get("kind") or "")
    parts = [f"## {_md(title)}", _md(str(task.get("what") or "")), _table(_HEAD, task, place)]
    card = task.get("card") or {}
    if card:
        parts += [f"### {('Card for the call', '電話確認のメモ')[place]}", _table(_CARD, _spoken(card, place), place)]
        parts.append(_AWAY[place])
    papers = task.get("papers") or []
    if papers:
        parts += [f"### {('Papers', '必要書類')[place]}", _papers(papers, place, day), _KEEP[place]]
    return "\n\n".join(part for part in parts if part) + "\n"


def _spoken(card: t.Mapping[str, t.Any], place: int) -> dict[str, t.Any]:
    """Our own words of a card in the language that is asked for; the user's words stay."""
    if place == 0:
        return dict(card)
    words = {rule.number_from: rule.number_from_ja for rule in CALLS}
    words.update({"; ".join(rule.asks): "、".join(rule.asks_ja) for rule in CALLS if rule.asks})
    return {key: words.get(str(value), value) for key, value in card.items()}


def _table(labels: t.Sequence[tuple[str, str, str]], values: t.Mapping[str, t.Any], place: int) -> str:
    rows = [f"| {_md(label[1 + place])} | {_md(str(values[label[0]]))} |" for label in labels if values.get(label[0])]
    return (
        "\n".join([f"| {('Item', '項目')[place]} | {('Value', '内容')[place]} |", "|---|---|", *rows]) if rows else ""
    )


def _papers(papers: t.Sequence[t.Mapping[str, t.Any]], place: int, day: date | None) -> str:
    lines, group = [], None
    for paper in papers:
        if paper.get("one_of") and paper["one_of"] != group:
            lines.append(("- one of:", "- 次のいずれか:")[place])
        group = paper.get("one_of")
        what = str(paper["what_ja" if place else "what"])
        limits = "; ".join(_limits(paper, place, day))
        lines.append(f"{'  ' if group else ''}- {_md(what)} ({_md(limits)})")
    return "\n".join(lines)


def _limits(paper: t.Mapping[str, t.Any], place: int, day: date | None) -> t.Iterator[str]:
    yield _FORMS[str(paper["form"])][place]
    yield _YEARS[str(paper.get("year") or "")][place]
    months = paper.get("max_age_months")
    if months and day is not None:
        oldest = months_before(day, int(months)).isoformat()
        yield (f"issued on {oldest} or later", f"{oldest}以降に発行されたもの")[place]
    elif months:
        yield (f"at most {months} months old", f"発行から{months}か月以内")[place]
    if paper.get("must_be_valid"):
        yield ("within its validity", "有効期限内")[place]
    if paper.get("newest"):
        yield ("the newest", "最新のもの")[place]
    if paper.get("to"):
        yield (f"to {paper['to']}", f"提出先: {paper['to']}")[place]


def _md(text: str) -> str:
    """No text ends a cell, opens a link or is HTML."""
    plain = " ".join(text.split()).replace("&", "&amp;")
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#!" else letter for letter in plain)
