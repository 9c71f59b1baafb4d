# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sentences that the collection itself says, in Japanese. A sentence that has no row stays English.

Rows are patterns: what is in it of others' words (``.*``) is carried over as it is; ``@1`` is put in, itself
translated.
A test takes every sentence of ``_core/outcome``, ``_core/steps`` and ``_core/plan_cliffs`` through this table.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t

_ROWS: tuple[tuple[str, str], ...] = (
    # _core/outcome
    (r"its hosts, (.*), match no host of the inventory", r"ホスト指定 \1 に一致するホストがインベントリにありません"),
    (r"none of its hosts is part of this run", r"この実行の対象ホストがありません"),
    (
        r"(\S+) could not be reached; it gets its certificate in a later run",
        r"\1 に接続できません。次回以降の実行で配置します",
    ),
    (r"It would be ordered: (.*)\.", r"申請の対象です: @1。"),
    (r"A certificate issued now is valid until (\S+) at most\.", r"いま発行した場合の有効期限は最長で \1 です。"),
    (r"Its order would be carried on\.", r"申請を続行します。"),
    (r"It would be switched on (.*)\.", r"\1 で切り替えます。"),
    (r"the order is awaiting approval: (.*)", r"承認待ち: @1"),
    (r"the order is awaiting person: (.*)", r"担当者の作業待ち: @1"),
    (r"the order is needs person: (.*)", r"担当者の判断待ち: @1"),
    (r"the order is validating: (.*)", r"認証中: @1"),
    (r"the order is issuing: (.*)", r"発行中: @1"),
    (r"the order is wanted: (.*)", r"公開待ち: @1"),
    (r"the order is intended: (.*)", r"送信中: @1"),
    (r"you are to (.*), by (\S+)", r"お客様: @1 (期限 \2)"),
    (r"you are to (.*)", r"お客様: @1"),
    (r"a person is to (.*), by (\S+)", r"担当者: @1 (期限 \2)"),
    (r"a person is to (.*)", r"担当者: @1"),
    (r"the seller is to (.*), by (\S+)", r"販売元: @1 (期限 \2)"),
    (r"the seller is to install it, and nothing can be seen: (.*)", r"販売元の設置待ちです。確認できません: \1"),
    (r"the seller is to install serial (\S+); serial (\S+) is served", r"販売元の設置待ち: シリアル \1 (現在は \2)"),
    (r"the seller is to (.*)", r"販売元: @1"),
    (r"the CA is to (.*), by (\S+)", r"認証局: @1 (期限 \2)"),
    (r"the CA is to (.*)", r"認証局: @1"),
    (r"the next run is to (.*), by (\S+)", r"次回の実行: @1 (期限 \2)"),
    (r"the next run is to (.*)", r"次回の実行: @1"),
    (
        r"the next run hands its certificate over, for a person to register it",
        r"次回の実行で証明書を引き渡し、担当者が登録します",
    ),
    (r"it is due and could not be ordered in this run", r"時期が来ていますが、この実行では申請できませんでした"),
    (
        r"it is registered when the item that it is issued from has a certificate",
        r"元の証明書が発行された後に登録します",
    ),
    (r"there is no certificate yet; run issue", r"証明書がまだありません。issue を実行してください"),
    (r"the certificate is not live on every host yet", r"まだすべてのホストには配置されていません"),
    (r"[iI]ts last order was refused: (.*)", r"前回の申請は否認されました: \1"),
    (r"[iI]ts last order was expired: (.*)", r"前回の申請は期限切れです: \1"),
    (r"[iI]ts last order was cancelled: (.*)", r"前回の申請は取り消されました: \1"),
    (r"[iI]ts last order was refused\.?", r"前回の申請は否認されました"),
    (r"[iI]ts last order was expired\.?", r"前回の申請は期限切れです"),
    (r"[iI]ts last order was cancelled\.?", r"前回の申請は取り消されました"),
    (
        r"it is not declared, and its order is still (\S+) at the CA; its tokens go when that ends",
        r"宣言されていませんが、申請が認証局に残っています (\1)。終了後にトークンを削除します",
    ),
    # _core/steps
    (r"approve by the mail to (.*)", r"\1 宛のメールで承認"),
    (r"send the order", r"申請を送信"),
    (r"find out whether the order was made", r"申請が届いたかを確認"),
    (r"look at what is published", r"公開内容の確認"),
    (r"publish the records and files that the CA wants", r"認証局が求めるレコードとファイルの公開"),
    (r"ask the CA to go on", r"認証局に続行を依頼"),
    (r"validate", r"認証"),
    (r"issue the certificate", r"証明書の発行"),
    (r"decide", r"判断"),
    (r"deploy to (.*)", r"\1 への配置"),
    # _core/plan_cliffs
    (r"validation by (.*) is discouraged", r"認証方法 \1 は非推奨になります"),
    (r"validation by (.*) ends, earlier validations included", r"認証方法 \1 は終了します (過去の認証も無効)"),
    (
        r"certificates live at most (\d+) days, validations count for at most (\d+) days",
        r"証明書の有効期間は最長 \1 日、認証の再利用は最長 \2 日になります",
    ),
    (r"the identity of an organization counts for at most (\d+) days", r"組織の実在確認の再利用は最長 \1 日になります"),
    (r"the validation of (\S+) is worth nothing any more", r"\1 の認証は無効になります"),
    (r"(.*) is not sold any more", r"\1 は販売終了になります"),
    (r"the seller ends the method (\S+)", r"販売元が認証方法 \1 を終了します"),
    (r"the seller mails no contact of kind (\S+) any more", r"販売元が連絡先 (\1) への送信を終了します"),
    (
        r"the seller counts the validity of new certificates in another way: (.*)",
        r"販売元の有効期間の数え方が変わります: \1",
    ),
    (
        r"let renew run every day: it follows the lifetime of each certificate",
        r"renew を毎日実行してください。有効期間に追従します",
    ),
    (r"expect its examination, call and papers, again by then", r"審査・電話確認・書類の再実施を見込んでください"),
    (r"validate again before", r"それまでに再認証してください"),
    (r"ask the seller what takes its place", r"後継商品を販売元に確認してください"),
    (r"ask the seller which method replaces it", r"代わりの認証方法を販売元に確認してください"),
    (r"choose another kind of contact before", r"それまでに別の種類の連絡先を選んでください"),
    (r"move to (.*)", r"\1 への移行"),
)
_PATTERNS = tuple((re.compile(pattern), japanese) for pattern, japanese in _ROWS)
#: of a sentence within a sentence within …
_DEEPEST = 4


def in_japanese(text: str, depth: int = 0) -> str | None:
    """None: no row says it."""
    for pattern, japanese in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return _filled(found, japanese, depth)
    return None


def _filled(found: re.Match[str], japanese: str, depth: int) -> str:
    """Put together piece by piece: what is carried over is no template."""

    def inner(reference: re.Match[str]) -> str:
        said = found.group(int(reference.group(2)))
        if reference.group(1) == "@" and depth < _DEEPEST:
            return in_japanese(said, depth + 1) or said
        return said

    return re.sub(r"([@\\])(\d)", inner, japanese)


def patterns() -> t.Iterable[str]:
    return (pattern for pattern, _japanese in _ROWS)
