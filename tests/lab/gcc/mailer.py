# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval mail: to the one address that was chosen, with a link that lives 30 days."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from lab.history import History
from lab.letters import Post, Words

from .book import CA
from .values import Link, Order

SENDER = ("GlobalSign", "support@globalsign.lab.example")
PATH = "/gcc/approval"
SUBJECT = "【GlobalSign】サーバ証明書の発行承認のお願い {name} ({order})"
TEXT = """\
{address} 様

下記のサーバ証明書について、発行のご承認をお願いいたします。

  注文番号     : {order}
  コモンネーム : {name}
  その他の名前 : {others}

承認ページURL
{url}

このURLの有効期限は、メールの送信から30日間です。
心当たりのない場合は、承認ページで「承認しない」を押してください。
"""
HTML = """\
<!DOCTYPE html>
<html lang="ja"><body><pre>{before}</pre><p>承認ページURL: <a href="{url}">{name}</a></p></body></html>
"""


class ApprovalMailer:
    def __init__(self, post: Post, history: History, base_url: str) -> None:
        self._post, self._history, self._base_url = post, history, base_url

    def send(self, order: Order, link: Link) -> None:
        words = self._words(order, link)
        host, why = self._post.send(words, link.address)
        facts = {"host": host} if not why else {"host": host, "why": why}
        self._history.add(
            "mail", ca=CA, order=order.id, to=link.address, subject=words.subject, delivered=not why, **facts
        )

    def _words(self, order: Order, link: Link) -> Words:
        facts = {
            "address": link.address,
            "order": order.id,
            "name": order.application.common_name,
            "others": ", ".join(order.application.names[1:]) or "-",
            "url": f"{self._base_url}{PATH}?{urlencode({'k': link.key})}",
        }
        text = TEXT.format(**facts)
        before = escape(text.partition("\n\n承認ページURL")[0])
        html = HTML.format(before=before, url=escape(facts["url"]), name=escape(facts["name"]))
        return Words(SUBJECT.format(**facts), text, html)
