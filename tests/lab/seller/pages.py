# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The approval page (承認ページ), where a person presses 承認する or 承認しない. Looking at it approves nothing."""

from __future__ import annotations

import typing as t
from html import escape

from lab.clock import jst
from lab.http_server import Request, Response, Routes

from .desk import NOT_IN_TIME, Desk
from .orders import Link, Order
from .products import PRODUCTS

PATH = "/approval"
OVER = {
    "cancelled": "このお申し込みは取り消されています。",
    "expired": f"このお申し込みは終了しています（{NOT_IN_TIME}）。",
    "rejected": "このお申し込みは、すでに「承認しない」が選択されています。",
}
ANSWERED = "このお申し込みは、すでに承認されています。"

LAYOUT = """\
<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>{title} - ラボSSL</title></head>
<body><h1>{title}</h1>
{body}
</body></html>
"""

QUESTION = """\
<p>次のサーバー証明書の発行について、ドメイン名を管理されている方の承認をお願いします。</p>
<table>
<tr><th>商品</th><td>{sold_as}</td></tr>
<tr><th>お申し込み番号</th><td>{order_id}</td></tr>
<tr><th>証明書の名前</th><td>{names}</td></tr>
<tr><th>承認メールの送付先</th><td>{address}</td></tr>
<tr><th>有効期限</th><td>{expires}</td></tr>
</table>
<form method="post" action="/approval">
<input type="hidden" name="order" value="{order_id}">
<input type="hidden" name="key" value="{key}">
<button type="submit" name="answer" value="approve">承認する</button>
<button type="submit" name="answer" value="refuse">承認しない</button>
</form>
<p>内容に誤りがあるとき、またはお申し込みを取りやめるときは「承認しない」を押してください。</p>
"""


class Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, routes: Routes) -> None:
        routes.add("GET", PATH, self._show)
        routes.add("POST", PATH, self._press)

    def _show(self, request: Request) -> Response:
        self._desk.expire()
        found = self._find(request.query)
        if found is None:
            return _unknown()
        order, link = found
        if order.state != "mail_sent":
            return _page("ドメイン承認", f"<p>{OVER.get(order.state, ANSWERED)}</p>")
        facts = {
            "sold_as": PRODUCTS[order.product].sold_as,
            "order_id": order.order_id,
            "names": "、".join(order.names),
            "address": link.address,
            "expires": jst(order.expires_at).strftime("%Y年%m月%d日 %H:%M"),
            "key": link.key,
        }
        return _page("ドメイン承認", QUESTION.format(**{key: escape(value) for key, value in facts.items()}))

    def _press(self, request: Request) -> Response:
        form = request.form()
        found = self._find(form)
        if found is None:
            return _unknown()
        if form.get("answer") not in ("approve", "refuse"):
            return _page("ドメイン承認", "<p>「承認する」または「承認しない」を選択してください。</p>", 400)
        approved = form["answer"] == "approve"
        order, link = found
        changed = self._desk.answer(order, link, approved)
        if changed is None:
            now = self._desk.orders.get(order.order_id) or order
            return _page("ドメイン承認", f"<p>{OVER.get(now.state, ANSWERED)}</p>", 409)
        if approved:
            return _page("承認を受け付けました", "<p>ありがとうございました。証明書を発行いたします。</p>")
        return _page("承認しない旨を受け付けました", "<p>このお申し込みの証明書は発行されません。</p>")

    def _find(self, words: t.Mapping[str, str]) -> tuple[Order, Link] | None:
        return self._desk.find_link(words.get("order", ""), words.get("key", ""))


def _unknown() -> Response:
    return _page("ページが見つかりません", "<p>承認ページURLをご確認ください。</p>", 404)


def _page(title: str, body: str, status: int = 200) -> Response:
    return Response.of_html(LAYOUT.format(title=title, body=body), status)
