# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a notification says, in English and Japanese, before it takes the form of a mail or a chat message.

Texts of others are made fit to send here (``_core/notice_text``), whatever form they take afterwards.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.inkan.tls.plugins.module_utils._core.notice_text import fit_to_send
from ansible_collections.inkan.tls.plugins.module_utils._core.notices import EXPIRED, KINDS, THE_RUN, Event
from ansible_collections.inkan.tls.plugins.module_utils._report.words_said import in_japanese

#: kind -> as the heading of its news, and as a word of the subject
_HEADS = {
    "trouble": ("In trouble", "in trouble", "障害", "障害"),
    "expiring": ("Running out, and not renewed", "running out", "期限が近く、未更新", "期限間近"),
    "refused": ("Refused", "refused", "否認・取消", "否認・取消"),
    "unreachable": ("A host could not be reached", "not on every host", "接続できないホストあり", "接続不可"),
    "waiting": ("Waiting for a person", "waiting for a person", "担当者の作業待ち", "作業待ち"),
    "reminder": ("Reminder", "reminded of", "再通知", "再通知"),
    "revoked": ("Revoked", "revoked", "失効", "失効"),
    "resolved": ("Needs nobody any more", "resolved", "解消", "解消"),
    "issued": ("A new certificate is live", "renewed", "新しい証明書を配置", "更新済み"),
}
_WORDS = {
    "en": {
        "run": "the run itself",
        "expired": "The certificate has expired.",
        "who": "Who",
        "due": "By",
        "order": "Order",
        "until": "Valid until",
        "serial": "Serial number",
        "more": "and {} more: see the report",
        "again": "An earlier attempt to send this may have reached you: it is the same message, {}.",
        "foot": "Sent by inkan.tls when something changed. It approves nothing, and holds no links.",
        "certificates": "{} certificates",
    },
    "ja": {
        "run": "実行全体",
        "expired": "証明書の有効期限が切れました。",
        "who": "担当",
        "due": "期限",
        "order": "申請番号",
        "until": "有効期限",
        "serial": "シリアル番号",
        "more": "ほか {} 件: レポートを参照してください",
        "again": "以前の送信が届いている可能性があります。同じ通知です ({})。",
        "foot": "状態が変わったときに inkan.tls が送信します。リンクは含まず、この通知で承認はできません。",
        "certificates": "証明書 {} 件",
    },
}
_ACTORS = {
    "en": {"customer": "you", "person": "a person", "seller": "the seller", "ca": "the CA", "us": "the next run"},
    "ja": {"customer": "お客様", "person": "担当者", "seller": "販売元", "ca": "認証局", "us": "次回の実行"},
}
#: what being late costs (``_core/people.Reminder.costs``)
_LATE = tuple(
    (re.compile(f"it is late: {english}"), f"期限を過ぎています: {japanese}")
    for english, japanese in (
        ("the contract is renewed and charged for another term", "契約が更新され、次の期間の料金が発生します"),
        ("the service stays without its certificate", "証明書のない状態が続きます"),
        (r"the live certificate ends at ([\dTZ:-]+)", r"使用中の証明書の有効期限は \1 です"),
    )
)


@dataclass(frozen=True)
class Paragraph:
    """One piece of news. lines: what explains it, fit to send; still to be escaped for the form it takes."""

    kind: str
    name: str
    head: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """A message in one language, without a form. again: said where an earlier attempt may have arrived."""

    title: str
    paragraphs: tuple[Paragraph, ...]
    again: str
    foot: str
    more: str


def letter(
    events: t.Sequence[Event], language: str, *, number: str, may_be_again: bool, secrets: t.Sequence[str] = ()
) -> Letter:
    """Most urgent first, then by name."""
    words = _WORDS[language]
    ordered = sorted(events, key=lambda event: (KINDS.index(event.kind), event.name, event.at))
    return Letter(
        _title(ordered, language),
        tuple(_paragraph(event, language, secrets) for event in ordered),
        words["again"].format(number) if may_be_again else "",
        words["foot"],
        words["more"],
    )


def _title(events: t.Sequence[Event], language: str) -> str:
    """``shop: waiting for a person``, or counts by kind; only names and words of ours."""
    place = 1 if language == "en" else 3
    if len(events) == 1:
        return f"{_name(events[0].name, language)}: {_HEADS[events[0].kind][place]}"
    names = {event.name for event in events}
    counts = [(kind, len({event.name for event in events if event.kind == kind})) for kind in KINDS]
    said = ", ".join(f"{count} {_HEADS[kind][place]}" for kind, count in counts if count)
    if len(names) == 1:
        return f"{_name(events[0].name, language)}: {', '.join(_HEADS[kind][place] for kind, count in counts if count)}"
    return f"{_WORDS[language]['certificates'].format(len(names))}: {said}"


def _name(name: str, language: str) -> str:
    return _WORDS[language]["run"] if name == THE_RUN else fit_to_send(name, keep=(name,), most=64)


def _paragraph(event: Event, language: str, secrets: t.Sequence[str]) -> Paragraph:
    return Paragraph(
        event.kind,
        _name(event.name, language),
        _HEADS[event.kind][0 if language == "en" else 2],
        tuple(_lines(event, language, secrets)),
    )


def _japanese(text: str) -> str:
    """Sentence by sentence; what nobody has translated stays as it is."""
    return "; ".join(in_japanese(one) or _late(one) or one for one in text.split("; "))


def _late(text: str) -> str | None:
    for english, japanese in _LATE:
        found = english.fullmatch(text)
        if found is not None:
            return found.expand(japanese)
    return None


def _lines(event: Event, language: str, secrets: t.Sequence[str]) -> t.Iterator[str]:
    words, keep = _WORDS[language], (event.serial, event.order, event.name)

    def fit(text: str) -> str:
        return fit_to_send(_japanese(text) if language == "ja" else text, secrets, keep=keep)

    if event.level == EXPIRED:
        yield words["expired"]
    yield from (fit(sentence) for sentence in event.sentences)
    who = [_ACTORS[language].get(event.actor, "")] if event.actor else []
    who += [fit(event.owner)] if event.owner else []
    facts = (
        ("who", ", ".join(one for one in who if one)),
        ("due", event.due),
        ("order", event.order),
        ("until", event.not_after),
        ("serial", event.serial if event.kind in ("issued", "revoked") else None),
    )
    yield from (f"{words[key]}: {fit(value)}" for key, value in facts if value)
