# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval mail (ドメイン承認メール), sent to the host that the DNS names for the address."""

from __future__ import annotations

import typing as t
from html import escape
from urllib.parse import urlencode

from lab.clock import LabClock, jst
from lab.history import History
from lab.letters import Post, Words
from lab.looking import Resolver
from lab.vices import Switches

from .orders import Link, Order
from .products import PRODUCTS

SELLER = "ラボSSL"
SENDER = "approval@labssl.lab.example"

TEXT = """\
{address} ご担当者様

ラボSSLです。下記の内容でサーバー証明書のお申し込みを受け付けました。
証明書の発行には、ドメイン名を管理されている方の承認が必要です。
内容をお確かめのうえ、承認ページURLを開き、「承認する」または「承認しない」を
お選びください。

  商品            : {sold_as}
  お申し込み番号  : {order_id}
  コモンネーム    : {common_name}
  証明書の名前    : {names}

■承認ページURL
{url}

このURLの有効期限は {expires} です。
期限までに承認されなかったお申し込みは、取り消しとなります。
お心当たりのない場合は「承認しない」を選択してください。

----------------------------------------------------------------------
ラボSSL サーバー証明書窓口
このメールは送信専用です。ご返信いただいてもお答えできません。
"""

HTML = """\
<!DOCTYPE html>
<html lang="ja"><body>
<p>{address} ご担当者様</p>
<p>ラボSSLです。下記の内容でサーバー証明書のお申し込みを受け付けました。<br>
証明書の発行には、ドメイン名を管理されている方の承認が必要です。</p>
<table>
<tr><th>商品</th><td>{sold_as}</td></tr>
<tr><th>お申し込み番号</th><td>{order_id}</td></tr>
<tr><th>コモンネーム</th><td>{common_name}</td></tr>
<tr><th>証明書の名前</th><td>{names}</td></tr>
</table>
<p>承認ページURL: <a href="{url}">こちらから承認ページを開いてください</a></p>
<p>有効期限は {expires} です。お心当たりのない場合は「承認しない」を選択してください。</p>
<p><a href="{home}">ラボSSL</a></p>
</body></html>
"""


class ApprovalMailer:
    def __init__(
        self,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        resolver: Resolver,
        smtp_port: t.Callable[[], int],
    ) -> None:
        self._history = history
        self._post = Post(SELLER, SENDER, clock=clock, switches=switches, resolver=resolver, smtp_port=smtp_port)
        self.base_url = ""

    def url(self, order: Order, link: Link) -> str:
        return f"{self.base_url}/approval?{urlencode({'order': order.order_id, 'key': link.key})}"

    def send(self, order: Order, link: Link) -> None:
        host, why = self._post.send(self._words(order, link), link.address)
        facts = {"host": host} if not why else {"host": host, "why": why}
        self._history.add(
            "mail",
            order=order.order_id,
            to=link.address,
            subject=_subject(order),
            delivered=not why,
            **facts,
        )

    def _words(self, order: Order, link: Link) -> Words:
        facts = {
            "address": link.address,
            "sold_as": PRODUCTS[order.product].sold_as,
            "order_id": order.order_id,
            "common_name": order.common_name,
            "names": "、".join(order.names),
            "url": self.url(order, link),
            "home": f"{self.base_url}/",
            "expires": jst(order.expires_at).strftime("%Y年%m月%d日 %H:%M"),
        }
        html = HTML.format(**{key: escape(value) for key, value in facts.items()})
        return Words(_subject(order), TEXT.format(**facts), html)


def _subject(order: Order) -> str:
    return f"【{SELLER}】ドメイン承認メール（{order.common_name}）"
