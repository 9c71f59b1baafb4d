# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a report in English and Japanese. What others said (CAs, sellers, persons) stays as they said it.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.words_said import in_japanese

LANGUAGES = ("en", "ja")

#: key -> English, Japanese. "{n|one|more}" is not needed in Japanese; English has a key for one where it differs.
_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Certificates", "証明書の状況"),
    "as_of": ("As of {day}", "{day} 現在"),
    "no_day": ("no day", "日付なし"),
    "number": ("{n} certificates", "証明書 {n} 件"),
    "number.one": ("1 certificate", "証明書 1 件"),
    "only": ("only {names}", "対象: {names} のみ"),
    "undelivered": ("Not everybody could be told of it:", "通知できなかった送り先があります:"),
    "calm": ("Nothing needs attention.", "対応が必要な問題はありません。"),
    "sections": ("Sections", "目次"),
    "language": ("日本語", "English"),  # of the other page
    "skip": ("Skip to the content", "本文へ移動"),
    # groups
    "attention": ("Needs attention", "要対応"),
    "waiting": ("Waiting", "待機中"),
    "due": ("Due", "更新・発行の時期"),
    "in_order": ("In order", "正常"),
    # columns
    "certificate": ("Certificate", "証明書"),
    "wrong": ("What is wrong", "問題"),
    "who": ("Who has to act", "誰が何をするか"),
    "why": ("Why", "理由"),
    "next": ("Next", "次の予定"),
    "validation": ("Validation", "認証方法"),
    "hosts": ("Hosts", "ホスト"),
    "valid_until": ("Valid until", "有効期限"),
    # people
    "people": ("Waiting for people", "人の対応待ち"),
    "nobody": ("Nothing waits for a person.", "人の対応を待っているものはありません。"),
    "task.by": ("By", "期限"),
    "task.who": ("Who", "担当"),
    "task.what": ("What to do", "すること"),
    "task.since": ("Waiting since", "受付日"),
    "no_date": ("no date", "期限なし"),
    "overdue": ("overdue", "期限超過"),
    "today": ("today", "本日"),
    "in_days": ("in {n} days", "あと {n} 日"),
    "in_days.one": ("in 1 day", "あと 1 日"),
    "actor.customer": ("You", "お客様"),
    "actor.person": ("A person", "担当者"),
    "actor.seller": ("The seller", "販売元"),
    "actor.ca": ("The CA", "認証局"),
    "actor.us": ("The next run", "次回の実行"),
    "by": ("by {time}", "期限 {time}"),
    "group.people": ("{who}: {n} tasks, the first by {day}", "{who}: {n} 件、最初の期限 {day}"),
    "group.people.none": ("{who}: {n} tasks", "{who}: {n} 件"),
    # cells
    "renewal_from": ("Renewal from {day}", "更新開始 {day}"),
    "cancel_by": ("to stop it, cancel by {day}", "解約期限 {day}"),
    "more_names": ("and {n} more names", "ほか {n} 件の名前"),
    "n_hosts": ("{n} hosts", "{n} ホスト"),
    "ends": ("ends {day}", "{day} に終了"),
    "none_yet": ("none yet", "未発行"),
    "serial": ("serial {serial}", "シリアル {serial}"),
    "days_left": ("{n} days left", "残り {n} 日"),
    "days_left.one": ("1 day left", "残り 1 日"),
    "ends_today": ("ends today", "本日まで"),
    "ended": ("ended {n} days ago", "{n} 日前に失効"),
    "ended.one": ("ended 1 day ago", "昨日失効"),
    "method.email": ("mail", "メール認証"),
    "method.file": ("file", "ファイル認証"),
    "method.dns": ("DNS record", "DNS 認証"),
    "choice": (
        "On the page of the mail, {yes} approves; {no}, where it is offered, refuses (CPI-4).",
        "メールのリンク先で {yes} を選ぶと承認、{no}(ある場合)を選ぶと否認です (CPI-4)。",
    ),
    "ending_in": ("{n} end in {month}", "{month}が期限: {n} 件"),
    "ending_in.one": ("1 ends in {month}", "{month}が期限: 1 件"),
    "ending_never": ("{n} without a certificate", "証明書なし {n} 件"),
    # time line
    "timeline": ("When certificates end", "有効期限の分布"),
    "timeline.alt": (
        "Certificates by the month in which they end, coloured by state; changes of the rules as dashed lines.",
        "有効期限の月ごとの証明書数。色は状態、破線はルール変更日。",
    ),
    "month": ("Month", "月"),
    "total": ("All", "合計"),
    "as_table": ("The numbers as a table", "数値を表で見る"),
    "cliffs_in": ("Changes of the rules", "ルール変更"),
    "later": ("later", "以降"),
    "before": ("ended", "期限切れ"),
    # changes
    "changed": ("What changed last", "前回からの変更"),
    "changed.on": ("On {day}, since the report of {since}:", "{since} のレポートから {day} までの変更:"),
    "changed.on.same": ("On {day}:", "{day} の変更:"),
    "change.added": ("new: {after}", "追加: {after}"),
    "change.removed": ("not declared any more", "宣言から削除"),
    "change.certificate": (
        "another certificate is live, valid until {after} (before: {before})",
        "証明書が入れ替わりました。有効期限 {after} (以前: {before})",
    ),
    "change.group": ("{before} → {after}", "{before} → {after}"),
    "change.state": ("order: {before} → {after}", "申請: {before} → {after}"),
    "change.turn": ("now {after}", "現在: {after}"),
    "n_changes": ("{n} certificates", "証明書 {n} 件"),
    "n_changes.one": ("1 certificate", "証明書 1 件"),
    "none": ("none", "なし"),
    # load
    "load": ("The work ahead", "今後の作業量"),
    "load.alt": (
        "Orders of each month: by machine, approved by hand, and without a method of validation.",
        "月ごとの申請数。自動、手動承認、認証方法なしの内訳。",
    ),
    "load.machine": ("by machine", "自動"),
    "load.approvals": ("approved by hand", "手動承認"),
    "load.without_method": ("method has ended", "認証方法の終了後"),
    "load.orders": ("Orders", "申請数"),
    "load.basis": (
        "Each certificate is renewed as it is declared now, as late as the policy lets it, and lives as long as its"
        " seller and the rules of the day allow.",
        "各証明書を現在の宣言のまま、方針が許す限り遅く更新し、その日の販売元とルールが許す最長の期間とした場合の見込みです。",
    ),
    "load.movable": (
        "{n} certificates ({names}) are approved by hand and could move to {methods}: that saves {approvals} approvals"
        " and keeps {lost} later orders possible.",
        "{n} 件 ({names}) は手動承認ですが、{methods} に移行できます。承認 {approvals} 回を減らし、"
        "終了後の申請 {lost} 件を可能なままにします。",
    ),
    "load.stuck": (
        "{n} certificates ({names}) can be validated by mail only: {approvals} approvals by hand, and {lost} orders"
        " without a method when it ends. Ask the seller, or take a product that has another method.",
        "{n} 件 ({names}) はメール認証しかできません。手動承認 {approvals} 回、終了後の申請 {lost} 件。"
        "販売元に問い合わせるか、別の方法がある商品に替えてください。",
    ),
    "load.free": (
        "No certificate is validated by mail: nobody has to approve an order.",
        "メール認証の証明書はありません。手動承認は不要です。",
    ),
    # cliffs
    "ahead": ("Changes of the rules ahead", "今後のルール変更"),
    "ahead.from": ("From", "適用日"),
    "ahead.what": ("What changes", "変更内容"),
    "ahead.do": ("What to do", "対応"),
    "ahead.hit": ("Certificates", "対象"),
    "all_of": ("all {n}", "全 {n} 件"),
    "some_of": ("{n} of {all}", "{all} 件中 {n} 件"),
    # filter
    "find": ("Find a certificate", "証明書を検索"),
    "found": ("{n} of {all} certificates", "{all} 件中 {n} 件"),
    "footer.same": ("The same report:", "同じ内容:"),
    "footer.times": ("Times are UTC. Written by inkan.tls.", "時刻は UTC。inkan.tls が作成。"),
    # calendar
    "ics.name": ("Certificates (inkan.tls)", "証明書 (inkan.tls)"),
    "ics.expiry": ("Certificate {name} ends", "証明書 {name} の有効期限"),
    "ics.renewal": ("Certificate {name}: renewal begins", "証明書 {name} の更新開始"),
    "ics.due": ("{who}: {name}: {what}", "{who}: {name}: {what}"),
    "ics.cancel": ("Certificate {name}: last day to cancel its contract", "証明書 {name} の解約期限"),
    "ics.cliff": ("Rule: {what}", "ルール変更: {what}"),
    # states of an order
    "state.intended": ("being sent", "送信中"),
    "state.wanted": ("publish what the CA wants", "公開待ち"),
    "state.awaiting_approval": ("awaiting approval", "承認待ち"),
    "state.awaiting_person": ("awaiting a person", "担当者の作業待ち"),
    "state.validating": ("being validated", "認証中"),
    "state.issuing": ("being issued", "発行中"),
    "state.issued": ("issued", "発行済み"),
    "state.deploy_pending": ("to be deployed", "配置待ち"),
    "state.deployed": ("deployed", "配置済み"),
    "state.needs_person": ("needs a person", "担当者の判断待ち"),
    "state.refused": ("refused", "否認"),
    "state.expired": ("expired", "期限切れ"),
    "state.cancelled": ("cancelled", "取消済み"),
    "state.revoked": ("revoked", "失効済み"),
    "state.rolled_back": ("rolled back", "以前の版に戻しました"),
    "state.none": ("none", "なし"),
}


class Words:
    """One language. ``ja.say("days_left", n=3)``"""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"there is no language {language!r}")
        self.language = language
        self._column = LANGUAGES.index(language)

    def say(self, key: str, /, **values: object) -> str:
        if values.get("n") == 1 and f"{key}.one" in _WORDS:
            key = f"{key}.one"
        return _WORDS[key][self._column].format(**values)

    def knows(self, key: str) -> bool:
        return key in _WORDS

    def told(self, text: str) -> tuple[str, str]:
        """A sentence of ours in this language, and the language that it then has; others' words stay as they are."""
        if self.language == "en":
            return text, "en"
        found = in_japanese(text)
        return (text, "en") if found is None else (found, "ja")

    def state(self, word: str | None) -> str:
        key = f"state.{word or 'none'}"
        return self.say(key) if self.knows(key) else str(word).replace("_", " ")

    def actor(self, actor: str) -> str:
        key = f"actor.{actor}"
        return self.say(key if self.knows(key) else "actor.ca")

    def month(self, month: str) -> str:
        """``2027-03``, as people write it."""
        if self.language == "ja":
            return f"{month[:4]}年{int(month[5:7])}月"
        return f"{_MONTHS[int(month[5:7]) - 1]} {month[:4]}"

    def short_month(self, month: str) -> str:
        return f"{int(month[5:7])}月" if self.language == "ja" else _MONTHS[int(month[5:7]) - 1]


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def keys() -> t.Iterable[str]:
    return _WORDS


def both(key: str) -> tuple[str, str]:
    return _WORDS[key]
