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
    (
        r"the order may have reached the CA, and this CA cannot be asked for it: ordering again could buy it twice",
        r"申請が認証局に届いたか分からず、照会もできないため、再申請していません",
    ),
    (r"(.*); a person answers with inkan_resolve", r"@1 (担当者が inkan_resolve で回答)"),
    (
        r"its order was given up: the next run without that word orders again what is declared",
        r"申請を打ち切りました。宣言が残っていれば、打ち切りの回答のない次の実行で改めて申請します",
    ),
    (r"A person's answer to its order would be carried out: (\w+)\.", r"担当者の回答 (\1) に従って申請を処理します。"),
    (r"the order is needs person: (.*)", r"担当者の判断待ち: @1"),
    (r"the order is validating: (.*)", r"認証中: @1"),
    (r"the order is issuing: (.*)", r"発行中: @1"),
    (r"the order is wanted: (.*)", r"公開待ち: @1"),
    (r"the order is intended: (.*)", r"送信中: @1"),
    (r"the order is ([a-z0-9 ]+): (.*)", r"申請 (\1): @2"),
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
    (r"[iI]ts last order was (\S+): (.*)", r"前回の申請の結果 (\1): \2"),
    (r"[iI]ts last order was refused\.?", r"前回の申請は否認されました"),
    (r"[iI]ts last order was expired\.?", r"前回の申請は期限切れです"),
    (r"[iI]ts last order was cancelled\.?", r"前回の申請は取り消されました"),
    (r"[iI]ts last order was (\S+)", r"前回の申請の結果: \1"),
    (
        r"it is not declared, and its order is still (\S+) at the CA; its tokens go when that ends",
        r"宣言されていませんが、申請が認証局に残っています (\1)。終了後にトークンを削除します",
    ),
    (
        r"it is not declared any more, and its contract goes on until somebody ends it: (.*)",
        r"宣言されていませんが、解約するまで契約が続きます: @1",
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
    (r"approve, as the CA asks for it", r"認証局の求めに応じて承認"),
    # _core/policy_renewal
    (r"it was forced", r"強制指定"),
    (r"there is no live certificate", r"有効な証明書がありません"),
    (r"the live certificate ended at (\S+)", r"証明書は \1 に期限切れになりました"),
    (r"the live certificate does not belong to the live key", r"証明書と秘密鍵が一致しません"),
    (r"the live certificate, serial (\S+), was revoked", r"証明書 (シリアル \1) は失効済みです"),
    (r"its CA suggests to renew it since (\S+) \(RFC 9773\)", r"認証局が \1 以降の更新を勧めています (RFC 9773)"),
    (
        r"its CA suggests to renew it since (\S+) \(RFC 9773\); the CA says why at (.*)",
        r"認証局が \1 以降の更新を勧めています (RFC 9773)。理由: \2",
    ),
    (r"the names differ from the live certificate \((.*)\)", r"名前が現在の証明書と異なります (\1)"),
    (r"the live key is (\S+), (\S+) is wanted", r"現在の鍵は \1、宣言は \2 です"),
    (r"its day of renewal was (\S+)", r"更新日 \1 を過ぎました"),
    (r"the seller takes renewals from (\S+) until (\S+) (.*)", r"販売元の更新受付期間は \1 から \2 までです \3"),
    (
        r"the seller renews it by itself since its window closed on (\S+) (.*)",
        r"受付が \1 に終了し、販売元が自動更新します \2",
    ),
    (r"there is a live certificate as wished", r"宣言どおりの証明書があります"),
    (r"there is a live certificate as wished, its day of renewal is (\S+)", r"宣言どおりの証明書があります。更新日 \1"),
    (
        r"the last validation is worth nothing from (\S+) on, and can be made anew without an order",
        r"前回の認証は \1 から無効です。申請なしで再認証できます",
    ),
    (r"the contract with the seller ends at (\S+)", r"販売元との契約が \1 に終了します"),
    (
        r"its method ends on (\S+), before its day of renewal, (\S+): this is the last time by it",
        r"更新日 \2 より前の \1 に認証方法が終了します。この方法での最後の更新です",
    ),
    (r"(.*), but renewals are frozen until (\S+): (.*)", r"@1 (\2 まで更新凍結中: \3)"),
    (r"an order is under way \((\S+)\)", r"申請が進行中です (\1)"),
    # _data/validity: switches of the rules
    (
        r"the CA validates DNSSEC in every DCV and CAA look-up",
        r"認証局は認証と CAA の問い合わせで必ず DNSSEC を検証します",
    ),
    (
        r"keep the DNSSEC chain of a signed zone whole: a broken one stops every validation; unsigned zones stay fine",
        r"署名したゾーンの DNSSEC の連鎖を保ってください。壊れると認証できません (署名のないゾーンは影響なし)",
    ),
    (r"no names that end in in-addr\.arpa or ip6\.arpa", r"in-addr.arpa と ip6.arpa の名前は使えません"),
    (r"use a name outside the reverse tree", r"逆引きツリー以外の名前を使ってください"),
    (
        r"the Authorization Domain Name is chosen by the algorithm of BR 3\.2\.2\.4 only: CNAME steps first, then"
        r" pruning",
        r"認証ドメイン名は BR 3.2.2.4 の手順 (CNAME をたどった後にラベルを削る) だけで決まります",
    ),
    (
        r"do not count on pruning first and following a CNAME then",
        r"ラベルを削ってから CNAME をたどる手順には頼らないでください",
    ),
    (
        r"five remote perspectives must see the record or file",
        r"5 か所の遠隔地点からレコードやファイルが見える必要があります",
    ),
    (
        r"serve it from every authoritative server and without geo-blocking before the CA is asked to look",
        r"認証局に確認を依頼する前に、すべての権威サーバーから、地域制限なしで公開してください",
    ),
    (
        r"every CA obeys accounturi and validationmethods of CAA records",
        r"すべての認証局が CAA の accounturi と validationmethods に従います",
    ),
    (
        r"where a CAA record has these parameters, check that they name this account and method",
        r"CAA レコードにこれらがある場合、このアカウントと方法を指しているか確認してください",
    ),
    (
        r"new certificates carry the extended key usage serverAuth only",
        r"新しい証明書の拡張鍵用途は serverAuth だけになります",
    ),
    (r"do not use this certificate as a TLS client certificate", r"TLS クライアント証明書として使わないでください"),
    (
        r"EV certificates carry the day on which the organization was formed",
        r"EV 証明書に組織の設立日が記載されます",
    ),
    (r"have it at hand, as its registration says", r"登記のとおりの設立日を用意してください"),
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
    (
        r"ask the seller which method replaces it, or order (.*)",
        r"代わりの認証方法を販売元に確認するか、\1 を申請してください",
    ),
    (r"choose another method", r"別の認証方法を選んでください"),
    (r"move to ACME, which Cybertrust offers at SureHandsOn", r"ACME (サイバートラストの SureHandsOn) に移行"),
    (r"move to file or registrar", r"ファイル認証またはレジストラでの認証に移行"),
    (r"move to (.*)", r"\1 に移行"),
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
